//! Random moves by random people never leave the definition's graph, and are never made by someone whom the
//! definition does not let: judged by a plain reading of the definition, not by the engine's own rules.

use std::collections::BTreeSet;

use db::testing::TestPlace;
use kernel::AccountId;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use standard::{Action, Relation, Workflow};

use super::{
    CITY, COUNTY, House, Lending, OTHER_COUNTY, PROVINCE, Person, SCHOOL, house, standard,
};
use crate::{Act, CaseId};

/// Each person: post, place in the tree, as a plain list from the school upwards.
const PEOPLE: [(&str, Option<kernel::UnitId>); 9] = [
    ("information_officer", Some(SCHOOL)),
    ("information_officer", Some(SCHOOL)),
    ("statistician", Some(SCHOOL)),
    ("statistician", Some(COUNTY)),
    ("statistician", Some(OTHER_COUNTY)),
    ("statistician", Some(CITY)),
    ("planner", Some(CITY)),
    ("system_administrator", Some(PROVINCE)),
    ("system_administrator", None),
];

const MOVES: [&str; 7] = [
    "pass", "return", "lend", "refuse", "again", "withdraw", "burn",
];

/// The case's unit is the school; how far up each unit stands.
fn height(unit: Option<kernel::UnitId>) -> Option<usize> {
    match unit {
        None => Some(9),
        Some(unit) => [SCHOOL, COUNTY, CITY, PROVINCE]
            .iter()
            .position(|known| *known == unit),
    }
}

/// What the definition lets, read plainly.
fn may(
    workflow: &Workflow,
    state: &str,
    step: &str,
    (post, unit): (&str, Option<kernel::UnitId>),
    account: AccountId,
    applicant: AccountId,
    passed: &BTreeSet<AccountId>,
) -> bool {
    let Some(step) = workflow.moves.iter().find(|known| known.name == step) else {
        return false;
    };
    let definition = standard();
    let actions: &[Action] = &definition.post(post).unwrap().actions;
    let by_who = step.who.iter().any(|who| {
        let related = match who.relation {
            Relation::Applicant => return account == applicant,
            Relation::Same => height(unit) == Some(0),
            Relation::Above => height(unit).is_some_and(|height| height > 0),
            Relation::Within => height(unit).is_some(),
            Relation::Node => unit.is_none(),
        };
        related
            && (who.posts.is_empty() || who.posts.iter().any(|known| known == post))
            && who.action.is_none_or(|action| actions.contains(&action))
    });
    step.from.iter().any(|from| from == state)
        && by_who
        && !(step.not_applicant && account == applicant)
        && !(step.not_after.contains(&"pass".to_owned()) && passed.contains(&account))
}

async fn play(house: &House, people: &[Person], moves: &[(usize, usize)]) {
    let definition = standard();
    let workflow = definition.workflow("loan").unwrap();
    let case: CaseId = house.begin(&people[0]).await;
    let applicant = people[0].id;
    let mut state = "check".to_owned();
    let mut passed = BTreeSet::new();
    for (number, (who, step)) in moves.iter().enumerate() {
        let (person, step) = (&people[*who], MOVES[*step]);
        let act = Act {
            step: step.to_owned(),
            version: house.version(case).await,
            key: format!("k{number}"),
            note: "注".to_owned(),
            fields: None,
            grant: Some(person.grant),
        };
        let allowed = may(
            workflow,
            &state,
            step,
            PEOPLE[*who],
            person.id,
            applicant,
            &passed,
        );
        let done = house.workflow.act(&person.permit, case, &act, None).await;
        assert_eq!(
            done.is_ok(),
            allowed,
            "{:?} {step} in {state}: {done:?}",
            PEOPLE[*who]
        );
        if allowed {
            state.clone_from(&workflow.step(step).unwrap().to);
            if step == "pass" {
                passed.insert(person.id);
            }
        }
        let now_is = house.state(case).await;
        assert_eq!(now_is, state);
    }
    // The history is a walk along the definition's edges.
    let view = house.workflow.case(&super::operator(), case).await.unwrap();
    let mut at = "check".to_owned();
    for event in &view.events {
        if let (Some(step), Some(from), Some(to)) = (&event.step, &event.from, &event.to) {
            let step = workflow.step(step).unwrap();
            assert!(*from == at && step.from.contains(from) && step.to == *to);
            at.clone_from(to);
        }
    }
    assert_eq!(at, state);
}

#[test]
fn random_moves_stay_within_the_definition() {
    let place = TestPlace::sqlite().unwrap();
    db::testing::run(place, |place| async move {
        let house = house(place).await;
        let answers = (0..200).map(|_| Lending::done("loan")).collect();
        house.workflow.register("test.lend", Lending::new(answers));
        let mut people = Vec::new();
        for (number, (post, unit)) in PEOPLE.iter().enumerate() {
            people.push(house.person(&format!("p{number}"), post, *unit).await);
        }
        let strategy = prop::collection::vec((0..PEOPLE.len(), 0..MOVES.len()), 1..40);
        let mut runner = TestRunner::new(Config {
            failure_persistence: None,
            ..Config::with_cases(1)
        });
        for _ in 0..16 {
            let moves = strategy.new_tree(&mut runner).unwrap().current();
            play(&house, &people, &moves).await;
        }
    });
}

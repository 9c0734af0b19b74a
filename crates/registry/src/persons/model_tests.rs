//! Any sequence of change sets and reversals over persons, with erasures between them, reads as a naive model says: at
//! every pair of clocks, on both engines.

use std::collections::{BTreeMap, BTreeSet};

use db::on_both_engines;
use kernel::{Clocks, CommitNumber, Day, RecordId, UnitId, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::Persons;
use super::model::{PERSON, Refusal};
use super::tests::with_schools;
use crate::api::Registry;
use crate::ledger::{Action, Change, ChangeSet, LedgerError, Outcome, Source, Target};
use crate::testing::permit;

/// Days from which the changes of a test speak.
const HORIZON: i32 = 16;
const PERSONS: usize = 3;

#[derive(Debug, Clone)]
enum Deed {
    /// A change of one person: first day, length, what.
    Commit(usize, i32, Option<i32>, Said),
    /// Reverses the last commit of a person.
    Reverse(usize),
    Erase(usize),
}

#[derive(Debug, Clone)]
enum Said {
    Name(u8),
    Note(Option<u8>),
    End,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let said = prop_oneof![
        4 => (0u8..3).prop_map(Said::Name),
        3 => prop::option::of(0u8..3).prop_map(Said::Note),
        1 => Just(Said::End),
    ];
    let row = (0..PERSONS, 0i32..12, prop::option::of(1i32..6), said);
    prop_oneof![
        8 => row.prop_map(|(person, from, length, said)| Deed::Commit(person, from, length, said)),
        2 => (0..PERSONS).prop_map(Deed::Reverse),
        1 => (0..PERSONS).prop_map(Deed::Erase),
    ]
}

/// What a person is on a day: name (`personal`) and note (`sensitive`).
type Days = BTreeMap<(usize, i32), (Option<String>, Option<String>)>;

fn change(registry: &Registry, target: Target, from: i32, to: Option<i32>, said: &Said) -> Change {
    let table = registry.ledger().table(PERSON).unwrap();
    let (field, value) = match said {
        Said::Name(name) => ("name", Value::from(format!("名{name}"))),
        Said::Note(note) => ("health_note", note.map(|note| format!("注{note}")).into()),
        Said::End => ("name", Value::Null),
    };
    let mut patch = vec![None; table.width()];
    patch[table.position(field).unwrap()] = Some(value);
    Change {
        target,
        unit: UnitId::new(0),
        from: Day::new(from),
        to: to.map(Day::new),
        action: match said {
            Said::End => Action::End,
            _ => Action::Assert(patch),
        },
    }
}

async fn play(registry: &Registry, deeds: &[Deed]) {
    let ledger = registry.ledger();
    let admin = permit();
    let ids = ledger.reserve_records(&admin, PERSONS).await.unwrap();
    let first = ledger.head().await.unwrap().number;
    let mut now = Days::new();
    let mut after: BTreeMap<CommitNumber, Days> = [(first, Days::new())].into();
    let mut of: BTreeMap<usize, Vec<CommitNumber>> = BTreeMap::new();
    let mut erased: BTreeSet<usize> = BTreeSet::new();
    for deed in deeds {
        match deed {
            Deed::Commit(person, from, length, said) => {
                let end = length.map(|length| from + length);
                let days = *from..end.unwrap_or(HORIZON).min(HORIZON);
                let is_known = now.keys().any(|(known, _)| known == person);
                let target = match is_known || erased.contains(person) {
                    true => Target::Existing(ids[*person]),
                    false => Target::New(ids[*person]),
                };
                let set = ChangeSet {
                    dataset: PERSON.to_owned(),
                    changes: vec![change(registry, target, *from, end, said)],
                    source: Source::default(),
                    based_on: None,
                    idempotency_key: None,
                    more_follows: true,
                };
                let outcome = ledger.commit(&admin, set).await;
                if erased.contains(person) {
                    assert!(outcome.is_err(), "{outcome:?}");
                    continue;
                }
                let mut told = now.clone();
                for day in days {
                    match said {
                        Said::End => {
                            told.remove(&(*person, day));
                        }
                        Said::Name(name) => {
                            told.entry((*person, day)).or_default().0 = Some(format!("名{name}"));
                        }
                        Said::Note(note) => {
                            told.entry((*person, day)).or_default().1 =
                                note.map(|note| format!("注{note}"));
                        }
                    }
                }
                match outcome.unwrap() {
                    Outcome::Committed { number, .. } => {
                        of.entry(*person).or_default().push(number);
                        now = told;
                        after.insert(number, now.clone());
                    }
                    other => {
                        assert_eq!(other, Outcome::Unchanged);
                        assert_eq!(now, told, "a change that says something was not written");
                    }
                }
            }
            Deed::Reverse(person) => {
                let Some(number) = of.get(person).and_then(|commits| commits.last()).copied()
                else {
                    continue;
                };
                let outcome = ledger.reverse(&admin, number, "test").await.unwrap();
                let Outcome::Committed {
                    number: written, ..
                } = outcome
                else {
                    panic!("{outcome:?}");
                };
                let (_, old) = after.range(..number).next_back().unwrap();
                let old = old.clone();
                now.retain(|(known, _), _| known != person);
                now.extend(old.into_iter().filter(|((known, _), _)| known == person));
                of.entry(*person).or_default().push(written);
                after.insert(written, now.clone());
            }
            Deed::Erase(person) => {
                let persons = Persons::new(registry, &admin).unwrap();
                let outcome = persons.erase(ids[*person], "without_basis").await;
                match of.contains_key(person) {
                    // Nobody is there to be erased.
                    false => assert!(
                        matches!(outcome, Err(LedgerError::NoRecord(..))),
                        "{outcome:?}"
                    ),
                    true if erased.contains(person) => {
                        assert!(
                            matches!(outcome, Ok(Err(Refusal::Erased) | Ok(()))),
                            "{outcome:?}"
                        );
                    }
                    true => {
                        assert!(matches!(outcome, Ok(Ok(()))), "{outcome:?}");
                        erased.insert(*person);
                    }
                }
            }
        }
    }
    for (commit, expected) in &after {
        assert_eq!(
            &states(registry, &ids, &erased, *commit).await,
            &forgotten(expected, &erased),
            "as known at commit {commit}"
        );
    }
    let report = ledger.verify(|_, _| true).await.unwrap();
    assert_eq!(report.findings, Vec::new());
}

/// What is left of a state: of an erased person that there was one.
fn forgotten(days: &Days, erased: &BTreeSet<usize>) -> Days {
    let mut left = days.clone();
    for ((person, _), said) in &mut left {
        if erased.contains(person) {
            *said = (None, None);
        }
    }
    left
}

async fn states(
    registry: &Registry,
    ids: &[RecordId],
    erased: &BTreeSet<usize>,
    commit: CommitNumber,
) -> Days {
    let ledger = registry.ledger();
    let table = ledger.table(PERSON).unwrap();
    let [name, note] = ["name", "health_note"].map(|field| table.position(field).unwrap());
    let mut days = Days::new();
    for day in 0..HORIZON {
        let clocks = Clocks {
            as_of: Day::new(day),
            as_known_on: commit,
        };
        for (place, id) in ids.iter().enumerate() {
            let found = ledger
                .records_in_full(&permit(), PERSON, clocks, &[*id])
                .await
                .unwrap();
            if let Some(version) = found.first() {
                let filled = version.sealed.iter().any(|part| part.digest.is_some());
                assert_eq!(version.is_erased(), filled && erased.contains(&place));
                let text = |place: usize| version.values[place].as_text().map(str::to_owned);
                days.insert((place, day), (text(name), text(note)));
            }
        }
    }
    days
}

on_both_engines! {
    async fn any_sequence_of_changes_reversals_and_erasures_reads_as_the_naive_model_says(place: &TestPlace) {
        let registry = with_schools(place).await;
        let mut runner = TestRunner::deterministic();
        let strategy = prop::collection::vec(any_deed(), 4..14);
        for _ in 0..8 {
            let deeds = strategy.new_tree(&mut runner).unwrap().current();
            play(&registry, &deeds).await;
        }
    }
}

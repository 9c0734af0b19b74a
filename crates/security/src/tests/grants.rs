//! What the rules of posts refuse, on whatever way a post would come to someone, and what a grant narrows.

use std::sync::Arc;

use kernel::{AccountId, CommitNumber, Day, UnitId};
use standard::UnitLevel;

use super::{House, house, operator};
use crate::api::put_units;
use crate::{
    Action, Denied, FixedDirectory, GrantFault, GrantId, NewAccount, NewGrant, NewServiceAccount,
    Permit, Security, SecurityError, Sensitivity, UnitLife, UnitStretch,
};

/// Province 1, counties 2 and 3, and a school in each: 20 and 30.
pub(super) const PLACES: [(i64, Option<i64>, UnitLevel, &str); 5] = [
    (1, None, UnitLevel::Province, "省教育厅"),
    (2, Some(1), UnitLevel::County, "东县教育局"),
    (3, Some(1), UnitLevel::County, "西县教育局"),
    (20, Some(2), UnitLevel::Institution, "东县一小"),
    (30, Some(3), UnitLevel::Institution, "西县一小"),
];

/// Plants [`PLACES`] and gives the house its directory.
pub(super) async fn plant(house: &House) {
    let lives: Vec<UnitLife> = PLACES
        .iter()
        .map(|(unit, parent, ..)| UnitLife {
            unit: UnitId::new(*unit),
            stretches: vec![UnitStretch {
                from: Day::BEGINNING,
                to: None,
                parent: parent.map(UnitId::new),
            }],
        })
        .collect();
    let security = &house.security;
    let mut tx = security.0.ledger.write().await.unwrap();
    put_units(&mut tx, CommitNumber::new(1), &lives, &[])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    security.reload_units().await.unwrap();
    let known = PLACES.map(|(unit, _, level, name)| (UnitId::new(unit), level, name));
    security.set_directory(Arc::new(FixedDirectory::new(security, &known)));
}

pub(super) async fn account(security: &Security, permit: &Permit, login: &str) -> AccountId {
    let new = NewAccount {
        login: login.to_owned(),
        display: "王某".to_owned(),
        password: Some("Wei-he-2026-liu".to_owned()),
    };
    security.create_account(permit, new).await.unwrap().0
}

pub(super) fn at(post: &str, unit: i64) -> NewGrant {
    NewGrant::of(post, Some(UnitId::new(unit)))
}

/// The permit of a new account that holds a post for a unit.
pub(super) async fn holder(security: &Security, login: &str, post: &str, unit: i64) -> Permit {
    let id = account(security, &operator(), login).await;
    let grant = security
        .give(&operator(), id, &at(post, unit))
        .await
        .unwrap();
    security.permit_for_grant(grant).await.unwrap()
}

#[track_caller]
fn refused(answer: Result<GrantId, SecurityError>, fault: &GrantFault) {
    match answer {
        Err(SecurityError::Grant(found)) => assert_eq!(&found, fault),
        other => panic!("{other:?} is not {fault:?}"),
    }
}

db::on_both_engines! {
    async fn a_post_is_given_at_its_levels_by_those_who_may_and_not_beside_what_it_excludes(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let security = &house.security;
        let li = account(security, &operator(), "li").await;
        let give = async |permit: &Permit, new: NewGrant| security.give(permit, li, &new).await;
        let only = |name: &str| name.to_owned();

        refused(give(&operator(), at("clerk", 2)).await, &GrantFault::WrongLevel(only("clerk")));
        refused(give(&operator(), NewGrant::of("clerk", None)).await, &GrantFault::WrongLevel(only("clerk")));
        refused(give(&operator(), at("clerk", 77)).await, &GrantFault::WrongLevel(only("clerk")));
        give(&operator(), at("clerk", 20)).await.unwrap();
        refused(give(&operator(), at("clerk", 20)).await, &GrantFault::Twice(only("clerk")));
        give(&operator(), NewGrant { line: Some(only("finance")), ..at("clerk", 20) }).await.unwrap();

        let east = holder(security, "east", "administrator", 2).await;
        refused(give(&east, at("auditor", 2)).await, &GrantFault::MayNotGive(only("auditor")));
        give(&east, at("administrator", 20)).await.unwrap();
        refused(
            give(&operator(), at("auditor", 3)).await,
            &GrantFault::Excluded(only("auditor"), only("administrator")),
        );
        let oneself = security.give(&east, east.actor().account().unwrap(), &at("planner", 2)).await;
        refused(oneself, &GrantFault::ToOneself);
    }

    async fn a_grant_has_days_and_barred_accounts_get_none(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let security = &house.security;
        let li = account(security, &operator(), "li").await;
        let day = |number| Day::from_ymd(2026, 11, number).ok();
        let new = |from, until| NewGrant { from, until, ..at("planner", 2) };
        for past in [new(None, day(23)), new(day(26), day(26)), new(day(28), day(25))] {
            refused(security.give(&operator(), li, &past).await, &GrantFault::NoDay);
        }
        let grant = security.give(&operator(), li, &new(day(25), day(27))).await.unwrap();
        let mut held = Vec::new();
        for _ in 23..28 {
            held.push(security.permit_for_grant(grant).await.is_ok());
            house.clock.advance(24 * 3_600_000);
        }
        assert_eq!(held, [false, false, true, true, false]);

        security.disable(&operator(), li).await.unwrap();
        refused(security.give(&operator(), li, &at("planner", 3)).await, &GrantFault::Barred);
    }

    async fn a_grant_narrows_datasets_and_sensitivity_and_never_widens_them(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let security = &house.security;
        let li = account(security, &operator(), "li").await;
        let permit = async |new: NewGrant| {
            let grant = security.give(&operator(), li, &new).await.unwrap();
            let permit = security.permit_for_grant(grant).await.unwrap();
            security.end_grant(&operator(), grant).await.unwrap();
            permit
        };
        let whole = permit(at("planner", 2)).await;
        assert!(whole.sees_dataset("institution") && whole.writes_dataset("budget"));
        assert!(whole.sees_field(Sensitivity::Internal) && !whole.sees_field(Sensitivity::Personal));
        assert_eq!((whole.line(), whole.datasets()), (None, None));

        let finance = permit(NewGrant { line: Some("finance".to_owned()), ..at("planner", 2) }).await;
        assert!(finance.sees_dataset("budget") && !finance.sees_dataset("institution"));
        assert!(finance.sees_dataset("division") && finance.writes_dataset("division"));
        assert_eq!(finance.line(), Some("finance"));

        let one = permit(NewGrant {
            line: Some("finance".to_owned()),
            datasets: Some(vec!["institution".to_owned(), "budget".to_owned()]),
            sees: Some(Sensitivity::Public),
            ..at("planner", 2)
        }).await;
        assert!(one.writes_dataset("budget") && !one.sees_dataset("institution"));
        assert!(one.sees_dataset("division") && !one.writes_dataset("division"));
        assert!(!one.sees_field(Sensitivity::Internal));

        let more = permit(NewGrant { sees: Some(Sensitivity::Sensitive), ..at("planner", 2) }).await;
        assert_eq!(more.sensitivity(), Sensitivity::Internal);

        let line = NewGrant { line: Some("fishery".to_owned()), ..at("planner", 2) };
        assert!(matches!(security.give(&operator(), li, &line).await, Err(SecurityError::NoLine(..))));
        let dataset = NewGrant { datasets: Some(vec!["fish".to_owned()]), ..at("planner", 2) };
        assert!(matches!(security.give(&operator(), li, &dataset).await, Err(SecurityError::NoDataset(_))));
    }

    async fn who_is_narrowed_gives_nothing_wider(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let security = &house.security;
        let east = account(security, &operator(), "east").await;
        let narrow = NewGrant { datasets: Some(vec!["budget".to_owned()]), ..at("administrator", 2) };
        let grant = security.give(&operator(), east, &narrow).await.unwrap();
        let permit = security.permit_for_grant(grant).await.unwrap();
        let li = account(security, &permit, "li").await;
        for wider in [
            at("planner", 20),
            NewGrant { line: Some("finance".to_owned()), ..at("planner", 20) },
            NewGrant { datasets: Some(vec!["budget".to_owned(), "institution".to_owned()]), ..at("planner", 20) },
        ] {
            refused(security.give(&permit, li, &wider).await, &GrantFault::Wider);
        }
        let same = NewGrant { datasets: Some(vec!["budget".to_owned()]), ..at("planner", 20) };
        security.give(&permit, li, &same).await.unwrap();
    }

    async fn an_account_without_posts_belongs_to_its_unit_and_one_with_posts_to_who_may_give_them(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let security = &house.security;
        let east = holder(security, "east", "administrator", 2).await;
        let west = holder(security, "west", "administrator", 3).await;
        let li = account(security, &east, "li").await;
        assert!(security.account_named(&east, "li").await.is_ok());
        assert!(matches!(security.account_named(&west, "li").await, Err(SecurityError::NoAccount(_))));
        assert!(matches!(security.disable(&west, li).await, Err(SecurityError::NoAccount(_))));

        // An auditor's account is no matter of an administrator's, though the unit is.
        let auditor = holder(security, "audit", "auditor", 2).await;
        let id = auditor.actor().account().unwrap();
        assert!(matches!(security.set_password(&east, id, None).await, Err(SecurityError::NoAccount(_))));
        let seen: Vec<String> = security.list_accounts(&east).await.unwrap()
            .into_iter().map(|one| one.account.login).collect();
        assert_eq!(seen, ["east", "li"]);
    }

    async fn a_service_account_has_no_password_and_ends_on_its_day(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let security = &house.security;
        let east = holder(security, "east", "administrator", 2).await;
        let new = |home, day| NewServiceAccount {
            login: "feed".to_owned(),
            display: "上报接口".to_owned(),
            home: Some(UnitId::new(home)),
            expires: Day::from_ymd(2026, 11, day).unwrap(),
        };
        let beyond = security.create_service_account(&east, new(3, 30)).await;
        assert!(matches!(beyond, Err(SecurityError::Denied(Denied::Hidden))));
        let past = security.create_service_account(&east, new(2, 23)).await;
        assert!(matches!(past, Err(SecurityError::Grant(GrantFault::NoDay))));
        let feed = security.create_service_account(&east, new(2, 25)).await.unwrap();
        let grant = security.give(&east, feed, &at("planner", 2)).await.unwrap();
        assert_eq!(security.service_account(feed).await.unwrap().grants.len(), 1);
        let person = east.actor().account().unwrap();
        assert!(security.service_account(person).await.is_err());
        assert!(security.permit_for_grant(grant).await.unwrap().allows(Action::Export));
        house.clock.advance(2 * 24 * 3_600_000);
        assert!(security.service_account(feed).await.is_err());
        assert!(matches!(security.permit_for_grant(grant).await, Err(SecurityError::NoGrant)));
    }
}

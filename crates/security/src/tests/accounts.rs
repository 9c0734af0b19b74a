use kernel::{CommitNumber, Day, UnitId};

use super::{house, operator};
use crate::api::put_units;
use crate::{
    Action, Denied, GrantId, NewAccount, PasswordFault, Permit, Security, SecurityError, UnitLife,
    UnitStretch,
};

fn new(login: &str) -> NewAccount {
    NewAccount {
        login: login.to_owned(),
        display: "王某".to_owned(),
        password: Some("Wei-he-2026-liu".to_owned()),
    }
}

/// Province 1 over counties 2 and 3.
async fn province(security: &Security) {
    let life = |unit: i64, parent: Option<i64>| UnitLife {
        unit: UnitId::new(unit),
        stretches: vec![UnitStretch {
            from: Day::BEGINNING,
            to: None,
            parent: parent.map(UnitId::new),
        }],
    };
    let lives = [life(1, None), life(2, Some(1)), life(3, Some(1))];
    let mut tx = security.0.ledger.write().await.unwrap();
    put_units(&mut tx, CommitNumber::new(1), &lives, &[])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    security.reload_units().await.unwrap();
}

async fn administrator_of(security: &Security, login: &str, unit: i64) -> Permit {
    let (id, _) = security
        .create_account(&operator(), new(login))
        .await
        .unwrap();
    let unit = Some(UnitId::new(unit));
    let grant = security
        .grant(&operator(), id, "administrator", unit, None)
        .await
        .unwrap();
    security.permit_for_grant(grant).await.unwrap()
}

db::on_both_engines! {
    async fn accounts_are_made_listed_and_barred(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        let (id, generated) = security.create_account(&operator(), new(" Wang.Mou ")).await.unwrap();
        assert_eq!(generated, None);
        let taken = security.create_account(&operator(), new("wang.mou")).await;
        assert!(matches!(taken, Err(SecurityError::LoginTaken(_))));
        let weak = NewAccount { password: Some("short".to_owned()), ..new("li") };
        let weak = security.create_account(&operator(), weak).await;
        assert!(matches!(weak, Err(SecurityError::PasswordFault(PasswordFault::TooShort))));
        let strange = security.create_account(&operator(), new("li wei")).await;
        assert!(matches!(strange, Err(SecurityError::LoginFault(_))));

        let nowhere = security.grant(&operator(), id, "emperor", None, None).await.unwrap_err();
        assert!(nowhere.to_string().contains("planner, statistician, registrar, leader, guard, watcher, clerk, administrator, auditor"), "{nowhere}");
        let grant = security.grant(&operator(), id, "planner", None, None).await.unwrap();
        let listed = security.list_accounts(&operator()).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].account.login, "wang.mou");
        assert_eq!(listed[0].grants[0].id, grant);

        let permit = security.permit_for_grant(grant).await.unwrap();
        assert_eq!(permit.post(), Some("planner"));
        assert!(permit.allows(Action::Export) && !permit.allows(Action::Edit));
        assert!(permit.reaches_everything());
        assert_eq!(permit.actor().to_string(), format!("account:{id}"));

        security.disable(&operator(), id).await.unwrap();
        let barred = security.permit_for_grant(grant).await;
        assert!(matches!(barred, Err(SecurityError::NoGrant)));
        security.set_enabled(&operator(), id, true).await.unwrap();
        security.end_grant(&operator(), grant).await.unwrap();
        let ended = security.permit_for_grant(grant).await;
        assert!(matches!(ended, Err(SecurityError::NoGrant)));
        assert!(security.permit_for_grant(GrantId(99)).await.is_err());
    }

    async fn a_grant_ends_on_its_day(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        let (id, _) = security.create_account(&operator(), new("wang")).await.unwrap();
        let until = Some(Day::from_ymd(2026, 11, 25).unwrap());
        let grant = security.grant(&operator(), id, "planner", None, until).await.unwrap();
        house.clock.advance(24 * 3_600_000);
        assert!(security.permit_for_grant(grant).await.is_ok());
        house.clock.advance(24 * 3_600_000);
        assert!(security.permit_for_grant(grant).await.is_err());
    }

    async fn nobody_manages_beyond_their_own_subtree(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        province(security).await;
        let county = administrator_of(security, "county.two", 2).await;
        let (teacher, _) = security.create_account(&county, new("teacher")).await.unwrap();
        let give = async |unit: Option<i64>| {
            security.grant(&county, teacher, "planner", unit.map(UnitId::new), None).await
        };
        assert!(give(Some(2)).await.is_ok());
        for beyond in [Some(1), Some(3), Some(77), None] {
            assert!(matches!(give(beyond).await, Err(SecurityError::Denied(Denied::Hidden))));
        }

        let head = administrator_of(security, "province.head", 1).await;
        let above = security.account_named(&head, "province.head").await.unwrap();
        assert!(matches!(
            security.set_password(&county, above.id, None).await,
            Err(SecurityError::NoAccount(_))
        ));
        assert!(matches!(
            security.account_named(&county, "province.head").await,
            Err(SecurityError::NoAccount(_))
        ));
        let seen: Vec<String> = security.list_accounts(&county).await.unwrap()
            .into_iter().map(|one| one.account.login).collect();
        assert_eq!(seen, ["county.two", "teacher"]);
        assert!(security.put_setting(&head, "map_review_number", "x").await.is_err());
    }

    async fn the_first_start_makes_one_account_with_a_password_of_its_own(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        let first = security.first_account(&["administrator", "planner"]).await.unwrap().unwrap();
        assert_eq!(first.login, "admin");
        assert_eq!(first.password.reveal().len(), 19);
        assert!(!format!("{first:?}").contains(first.password.reveal()));
        assert_eq!(security.first_account(&["administrator"]).await.unwrap(), None);
    }

    async fn the_audit_log_hangs_together_and_shows_tampering(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        security.put_setting(&operator(), "map_review_number", "陕S(2026)001号").await.unwrap();
        let (id, _) = security.create_account(&operator(), new("wang")).await.unwrap();
        security.grant(&operator(), id, "planner", None, None).await.unwrap();
        assert_eq!(security.verify_audit().await.unwrap(), 3);
        let entries = security.audit_entries(0, 10).await.unwrap();
        let told: Vec<String> = entries.iter()
            .map(|entry| format!("{} {} {} {}", entry.actor, entry.action, entry.subject, entry.outcome))
            .collect();
        assert_eq!(told, [
            "operator:cli setting_changed setting:map_review_number done",
            "operator:cli account_created account:1 done",
            "operator:cli grant_given account:1 grant:1 done",
        ]);

        let mut tx = security.0.work.write().await.unwrap();
        tx.execute("UPDATE audit SET actor = 'nobody' WHERE number = 2", &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(security.verify_audit().await, Err(SecurityError::AuditBroken(2))));
        let mut tx = security.0.work.write().await.unwrap();
        tx.execute("DELETE FROM audit WHERE number > 1", &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(security.verify_audit().await, Err(SecurityError::AuditBroken(2))));
    }

    async fn entries_written_at_once_get_one_order(place: &TestPlace) {
        let house = house(place).await;
        let mut running = Vec::new();
        for number in 0..12 {
            let security = house.security.clone();
            running.push(tokio::spawn(async move {
                security.put_setting(&operator(), &format!("s{number}"), "x").await
            }));
        }
        for one in running {
            one.await.unwrap().unwrap();
        }
        assert_eq!(house.security.verify_audit().await.unwrap(), 12);
    }
}

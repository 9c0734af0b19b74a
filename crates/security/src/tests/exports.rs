//! Exports, alerts, and persons who ask who looked: by the API, on both engines.

use kernel::{AccountId, CommitNumber, Day, RecordId, UnitId};
use standard::Sensitivity;

use super::{House, house, operator};
use crate::api::put_units;
use crate::{
    AuditFilter, Denied, Export, ExportState, NewAccount, Permit, Reading, Relation, Security,
    SecurityError, UnitLife, UnitStretch,
};

const HOUR: i64 = 3_600_000;

/// Province 1 over counties 2 and 3.
pub(super) async fn province(security: &Security) {
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

pub(super) async fn holder(
    security: &Security,
    login: &str,
    post: &str,
    unit: Option<i64>,
) -> (AccountId, Permit) {
    let account = NewAccount {
        login: login.to_owned(),
        display: format!("某{login}"),
        password: Some("Wei-he-2026-liu".to_owned()),
    };
    let (id, _) = security.create_account(&operator(), account).await.unwrap();
    let unit = unit.map(UnitId::new);
    let grant = security
        .grant(&operator(), id, post, unit, None)
        .await
        .unwrap();
    (id, security.permit_for_grant(grant).await.unwrap())
}

pub(super) fn persons(count: i64) -> Vec<RecordId> {
    (1..=count).map(RecordId::new).collect()
}

fn export<'a>(persons: &'a [RecordId], selection: &'a str) -> Export<'a> {
    Export {
        dataset: "person",
        selection,
        persons,
        records: persons.len(),
        level: Sensitivity::Personal,
        in_full: true,
        purpose: "enrolment",
        reason: "",
    }
}

async fn read(house: &House, permit: &Permit, count: i64) {
    let persons = persons(count);
    let reading = Reading {
        dataset: "person",
        persons: &persons,
        purpose: "enrolment",
        reason: "",
        level: Sensitivity::Personal,
        in_full: true,
    };
    house
        .security
        .record_reading(permit, reading)
        .await
        .unwrap();
}

db::on_both_engines! {
    async fn a_small_export_is_recorded_under_a_trace_number(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        let (_, registrar) = holder(security, "reg", "registrar", None).await;
        let few = persons(100);
        let ticket = security.begin_export(&registrar, &export(&few, "q=1"), None).await.unwrap();
        assert!(ticket.trace().starts_with("20261123-000001-"), "{}", ticket.trace());
        assert_eq!(ticket.trace().len(), 20);
        assert_eq!(ticket.file_name("persons", "csv"), format!("persons-{}.csv", ticket.trace()));
        let filter = AuditFilter { trace: Some(ticket.trace().to_owned()), ..AuditFilter::default() };
        let found = security.audit_search(&operator(), &filter, None, 10).await.unwrap();
        assert_eq!(found.entries.len(), 1);
        assert_eq!((found.entries[0].action.as_str(), found.entries[0].detail.as_ref().unwrap().persons), ("exported", Some(100)));

        let aimless = Export { purpose: "", ..export(&few, "q=1") };
        assert!(matches!(security.begin_export(&registrar, &aimless, None).await, Err(SecurityError::NoPurpose)));
        let (_, clerk) = holder(security, "stat", "statistician", None).await;
        assert!(matches!(security.begin_export(&clerk, &export(&few, "q=1"), None).await, Err(SecurityError::Denied(Denied::Action(_)))));
        let (_, planner) = holder(security, "plan", "planner", None).await;
        assert!(matches!(security.begin_export(&planner, &export(&few, "q=1"), None).await, Err(SecurityError::Denied(Denied::Hidden))));
    }

    async fn a_large_export_waits_for_a_leader_and_its_download_expires(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        province(security).await;
        let (_, registrar) = holder(security, "reg", "registrar", Some(2)).await;
        let (_, other) = holder(security, "reg2", "registrar", Some(2)).await;
        let (_, leader) = holder(security, "lead", "leader", Some(2)).await;
        let (_, stranger) = holder(security, "lead3", "leader", Some(3)).await;
        let many = persons(101);
        let asked = export(&many, "class=7");
        let refused = security.begin_export(&registrar, &asked, None).await;
        assert!(matches!(refused, Err(SecurityError::ApprovalNeeded(100))));
        let id = security.ask_export(&registrar, &asked, "基教股", "/people.csv?q=1").await.unwrap().id;
        assert!(security.begin_export(&registrar, &asked, Some(id)).await.is_err());

        // A leader elsewhere does not see it; whoever asked does not decide.
        assert_eq!(security.exports_to_decide(&stranger).await.unwrap(), []);
        assert!(matches!(security.decide_export(&stranger, id, true).await, Err(SecurityError::Denied(Denied::Hidden))));
        assert!(matches!(security.decide_export(&registrar, id, true).await, Err(SecurityError::Denied(Denied::Action(_)))));
        assert_eq!(security.exports_to_decide(&leader).await.unwrap().len(), 1);
        security.decide_export(&leader, id, true).await.unwrap();
        security.decide_export(&leader, id, true).await.unwrap();
        assert!(matches!(security.decide_export(&leader, id, false).await, Err(SecurityError::Settled)));
        assert_eq!(security.exports_to_decide(&leader).await.unwrap(), []);

        // What was approved, and nothing else.
        let ticket = security.begin_export(&registrar, &asked, Some(id)).await.unwrap();
        assert!(ticket.trace().contains("-000001-"));
        let own = security.own_exports(&registrar).await.unwrap();
        assert_eq!((own[0].trace.as_str(), own[0].recipient.as_str()), (ticket.trace(), "基教股"));
        let more = persons(102);
        for wrong in [
            export(&many, "class=8"),
            export(&more, "class=7"),
            Export { level: Sensitivity::Sensitive, ..asked },
            Export { dataset: "guardian", ..asked },
        ] {
            assert!(matches!(security.begin_export(&registrar, &wrong, Some(id)).await, Err(SecurityError::ApprovalNeeded(_))), "{wrong:?}");
        }
        assert!(security.begin_export(&other, &asked, Some(id)).await.is_err());
        let fewer = Export { in_full: false, ..export(&more[..101], "class=7") };
        assert!(security.begin_export(&registrar, &fewer, Some(id)).await.is_ok());
        let own = security.own_exports(&registrar).await.unwrap();
        assert_eq!((own[0].state, own[0].downloads), (ExportState::Approved, 2));

        house.clock.advance(7 * 24 * HOUR);
        assert!(matches!(security.begin_export(&registrar, &asked, Some(id)).await, Err(SecurityError::ApprovalNeeded(_))));
        assert_eq!(security.own_exports(&registrar).await.unwrap()[0].state, ExportState::Expired);

        // One that is refused, and one that nobody decides.
        let id = security.ask_export(&registrar, &asked, "基教股", "/people.csv?q=1").await.unwrap().id;
        security.decide_export(&leader, id, false).await.unwrap();
        assert!(security.begin_export(&registrar, &asked, Some(id)).await.is_err());
        let id = security.ask_export(&registrar, &asked, "基教股", "/people.csv?q=1").await.unwrap().id;
        assert!(security.withdraw_export(leader.actor().account().unwrap(), id).await.is_err());
        house.clock.advance(14 * 24 * HOUR);
        assert!(matches!(security.decide_export(&leader, id, true).await, Err(SecurityError::Settled)));
        let states: Vec<ExportState> = security.own_exports(&registrar).await.unwrap().iter().map(|one| one.state).collect();
        assert_eq!(states, [ExportState::Expired, ExportState::Refused, ExportState::Expired]);

        security.put_setting(&operator(), "export_approval_above", "500").await.unwrap();
        assert!(security.begin_export(&registrar, &asked, None).await.is_ok());
        let loose = security.put_setting(&operator(), "export_approval_above", "-1").await;
        assert!(matches!(loose, Err(SecurityError::SettingRefused { name: "export_approval_above", .. })));
        let short = security.put_setting(&operator(), "audit_keep_months", "5").await;
        assert!(matches!(short, Err(SecurityError::SettingRefused { .. })));
        assert!(security.verify_audit().await.is_ok());
    }

    async fn two_leaders_who_decide_at_once_decide_once(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        let (_, registrar) = holder(security, "reg", "registrar", None).await;
        let (_, first) = holder(security, "one", "leader", None).await;
        let (_, second) = holder(security, "two", "leader", None).await;
        let many = persons(200);
        let id = security.ask_export(&registrar, &export(&many, "all"), "基教股", "/people.csv?q=1").await.unwrap().id;
        let (left, right) = tokio::join!(
            security.decide_export(&first, id, true),
            security.decide_export(&second, id, false),
        );
        assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
        let own = security.own_exports(&registrar).await.unwrap();
        let state = if left.is_ok() { ExportState::Approved } else { ExportState::Refused };
        assert_eq!(own[0].state, state);
    }

    async fn unusual_reading_is_raised_once_and_closed_with_a_word(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        province(security).await;
        security.use_alerts(standard::embedded().unwrap().alerts());
        let (_, registrar) = holder(security, "reg", "registrar", Some(2)).await;
        let (_, quiet) = holder(security, "quiet", "registrar", Some(2)).await;
        let (_, guard) = holder(security, "guard", "guard", None).await;
        let (_, elsewhere) = holder(security, "guard3", "guard", Some(3)).await;
        // Five ordinary days of work at noon, a weekend, then a Monday that is not ordinary.
        for _ in 0..5 {
            read(&house, &registrar, 12).await;
            read(&house, &quiet, 30).await;
            house.clock.advance(24 * HOUR);
        }
        assert_eq!(security.scan_readings().await.unwrap(), 0);
        house.clock.advance(48 * HOUR);
        for _ in 0..4 {
            read(&house, &registrar, 60).await;
            house.clock.advance(HOUR / 10);
        }
        read(&house, &quiet, 30).await;
        assert_eq!(security.scan_readings().await.unwrap(), 2);
        assert_eq!(security.scan_readings().await.unwrap(), 0);
        let open = security.alerts_open(&guard).await.unwrap();
        let told: Vec<(&str, i64, Option<i64>)> = open.iter()
            .map(|alert| (alert.rule.as_str(), alert.persons, alert.usual)).collect();
        assert_eq!(told, [("own_pattern", 240, Some(12)), ("many_in_an_hour", 240, None)]);
        assert!(open.iter().all(|alert| alert.actor == registrar.actor().to_string()));

        // Nobody but the person responsible sees them.
        assert!(security.alerts_open(&elsewhere).await.unwrap().is_empty());
        assert!(matches!(security.alerts_open(&registrar).await, Err(SecurityError::Denied(_))));
        assert!(matches!(security.close_alert(&elsewhere, open[0].id, "x").await, Err(SecurityError::Denied(Denied::Hidden))));
        assert!(matches!(security.close_alert(&guard, open[0].id, "  ").await, Err(SecurityError::NoNote)));
        security.close_alert(&guard, open[0].id, "核实为入学审核").await.unwrap();
        assert_eq!(security.alerts_open(&guard).await.unwrap().len(), 1);
        assert_eq!(security.alerts(&guard).await.unwrap()[1].note, "核实为入学审核");
        assert_eq!(security.scan_readings().await.unwrap(), 0);
        assert!(security.verify_audit().await.is_ok());
    }

    async fn a_guardian_sees_who_looked_and_nobody_else_does(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        province(security).await;
        let (_, registrar) = holder(security, "reg", "registrar", Some(2)).await;
        let (parent, _) = holder(security, "parent", "planner", Some(3)).await;
        let (manager, administrator) = holder(security, "boss", "administrator", Some(2)).await;
        read(&house, &registrar, 3).await;
        house.clock.advance(HOUR);
        let child = RecordId::new(2);
        let unit = UnitId::new(2);
        let beyond = security.link_person(&administrator, parent, child, UnitId::new(3), Relation::Guardian).await;
        assert!(matches!(beyond, Err(SecurityError::Denied(Denied::Hidden))));
        let own = security.link_person(&administrator, manager, child, unit, Relation::Own).await;
        assert!(matches!(own, Err(SecurityError::OwnMatter)));
        let unable = security.link_person(&registrar, parent, child, unit, Relation::Guardian).await;
        assert!(matches!(unable, Err(SecurityError::Denied(Denied::Action(_)))));
        let link = security.link_person(&administrator, parent, child, unit, Relation::Guardian).await.unwrap();
        let again = security.link_person(&administrator, parent, child, unit, Relation::Guardian).await.unwrap();
        assert_eq!(link, again);

        let mut browser = super::browser::Browser::new(security);
        browser.sign_in("parent", "Wei-he-2026-liu").await;
        let page = browser.get("/account/readings").await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("岗位registrar") && page.text.contains("enrolment"), "{}", page.text);
        assert!(!page.text.contains("某reg"), "names of colleagues are not shown: {}", page.text);
        security.put_setting(&operator(), "show_reader_names", "1").await.unwrap();
        assert!(browser.get("/account/readings").await.text.contains("某reg"));
        // A record that the account is not tied to is like one that is not there.
        for other in ["3", "999", "x"] {
            let hidden = browser.get(&format!("/account/readings?person={other}")).await;
            assert_eq!(hidden.status, 404, "{other}");
        }
        security.unlink_person(&administrator, link, unit).await.unwrap();
        let page = browser.get("/account/readings?person=2").await;
        assert_eq!(page.status, 404);
        assert!(browser.get("/account/readings").await.text.contains("还没有关联"));
    }
}

use kernel::{CommitNumber, RecordId};
use standard::Sensitivity;

use super::{house, operator};
use crate::{
    AuditAction, AuditFault, AuditFaultKind, Config, LedgerHead, Note, Outcome, Parts, Permit,
    Reading, Security, SecurityError, Subject, SystemRandom,
};

const DAY: i64 = 86_400_000;

fn ids(numbers: std::ops::Range<i64>) -> Vec<RecordId> {
    numbers.map(RecordId::new).collect()
}

fn reading(persons: &[RecordId]) -> Reading<'_> {
    Reading {
        dataset: "person",
        persons,
        purpose: "enrolment",
        reason: "transfer",
        level: Sensitivity::Personal,
        in_full: true,
    }
}

async fn run(security: &Security, sql: &str) {
    let mut tx = security.0.work.write().await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn fault(security: &Security) -> Option<(i64, AuditFaultKind)> {
    let report = security.audit_report().await.unwrap();
    report
        .fault
        .map(|AuditFault { number, kind }| (number, kind))
}

async fn count(security: &Security, sql: &str) -> i64 {
    let mut tx = security.0.work.read().await.unwrap();
    tx.fetch_one(sql, &[]).await.unwrap().int("n").unwrap()
}

/// Six entries: a setting, a reading of three persons, a setting, a reading of one, two settings.
async fn filled(security: &Security) {
    security.put_setting(&operator(), "a", "1").await.unwrap();
    security
        .record_reading(&operator(), reading(&ids(1..4)))
        .await
        .unwrap();
    security.put_setting(&operator(), "b", "1").await.unwrap();
    security
        .record_reading(&operator(), reading(&ids(2..3)))
        .await
        .unwrap();
    security.put_setting(&operator(), "c", "1").await.unwrap();
    security.put_setting(&operator(), "d", "1").await.unwrap();
    assert_eq!(security.verify_audit().await.unwrap(), 6);
}

db::on_both_engines! {
    async fn a_bulk_reading_is_one_entry_and_a_row_for_each_person(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        let mut persons = ids(1..1001);
        persons.push(RecordId::new(7));
        let recorded = security.record_reading(&operator(), reading(&persons)).await.unwrap();
        assert_eq!((recorded.number(), recorded.at()), (1, house.now()));
        assert_eq!(count(security, "SELECT count(*) AS n FROM audit").await, 1);
        assert_eq!(count(security, "SELECT count(*) AS n FROM audit_person").await, 1000);
        let entries = security.audit_entries(0, 10).await.unwrap();
        let detail = entries[0].detail.as_ref().unwrap();
        assert_eq!(
            (entries[0].action.as_str(), entries[0].subject.as_str()),
            ("personal_read", "dataset:person")
        );
        assert_eq!((detail.persons, detail.records), (Some(1000), Some(1001)));
        assert_eq!((&*detail.purpose, &*detail.reason, &*detail.level), ("enrolment", "transfer", "personal"));
        assert_eq!(detail.in_full, Some(true));
        assert_eq!(security.verify_audit().await.unwrap(), 1);

        let named = Reading { reason: "999999190001010014", ..reading(&persons[..1]) };
        security.record_reading(&operator(), named).await.unwrap();
        let entry = security.audit_entries(1, 1).await.unwrap().remove(0);
        assert_eq!(entry.detail.unwrap().reason, "withheld");

        let aimless = Reading { purpose: " ", ..reading(&persons) };
        let refused = security.record_reading(&operator(), aimless).await;
        assert!(matches!(refused, Err(SecurityError::NoPurpose)));
        let masked = Reading { in_full: false, purpose: "", ..reading(&persons[..1]) };
        assert_eq!(security.record_reading(&operator(), masked).await.unwrap().number(), 3);
        assert_eq!(security.audit_entries(2, 1).await.unwrap()[0].subject, "person:1");
    }

    async fn every_way_of_breaking_the_chain_is_found_where_it_is(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        filled(security).await;
        let kept = ["audit", "audit_head", "audit_person", "audit_segment"];
        for table in kept {
            run(security, &format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
        }
        let cases: [(&str, i64, AuditFaultKind); 20] = [
            ("UPDATE audit SET actor = 'nobody' WHERE number = 3", 3, AuditFaultKind::Changed),
            ("UPDATE audit SET at = at + 1 WHERE number = 1", 1, AuditFaultKind::Changed),
            ("UPDATE audit SET purpose = 'other' WHERE number = 2", 2, AuditFaultKind::Changed),
            ("UPDATE audit SET in_full = 0 WHERE number = 2", 2, AuditFaultKind::Changed),
            ("UPDATE audit SET persons = 1 WHERE number = 2", 2, AuditFaultKind::Changed),
            ("UPDATE audit SET format = NULL WHERE number = 3", 3, AuditFaultKind::Changed),
            ("UPDATE audit SET post = 'planner' WHERE number = 6", 6, AuditFaultKind::Changed),
            ("UPDATE audit SET hash = (SELECT hash FROM kept_audit WHERE number = 4) WHERE number = 5", 5, AuditFaultKind::Changed),
            ("DELETE FROM audit WHERE number = 4", 4, AuditFaultKind::Missing),
            ("DELETE FROM audit WHERE number = 1", 1, AuditFaultKind::Missing),
            ("DELETE FROM audit WHERE number = 6", 6, AuditFaultKind::End),
            ("DELETE FROM audit", 1, AuditFaultKind::End),
            ("UPDATE audit_head SET number = 5", 7, AuditFaultKind::End),
            ("UPDATE audit_head SET hash = 'x'", 7, AuditFaultKind::End),
            ("UPDATE audit SET number = 40 WHERE number = 6", 6, AuditFaultKind::Missing),
            ("DELETE FROM audit_person WHERE number = 2 AND person = 3", 2, AuditFaultKind::Persons),
            ("UPDATE audit_person SET person = 9 WHERE number = 4", 4, AuditFaultKind::Persons),
            ("INSERT INTO audit_person (person, number) VALUES (1, 3)", 3, AuditFaultKind::Persons),
            ("INSERT INTO audit_person (person, number) VALUES (1, 77)", 77, AuditFaultKind::Persons),
            ("INSERT INTO audit_segment (last_number, first_number, hash, first_at, last_at, dropped) VALUES (2, 2, 'x', 0, 0, 0)", 2, AuditFaultKind::Dropped),
        ];
        for (sql, number, kind) in cases {
            run(security, sql).await;
            assert_eq!(fault(security).await, Some((number, kind)), "{sql}");
            assert!(matches!(security.verify_audit().await, Err(SecurityError::AuditBroken(at)) if at == number));
            for table in kept {
                run(security, &format!("DELETE FROM {table}")).await;
                run(security, &format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
            }
            assert_eq!(fault(security).await, None, "put back after {sql}");
        }
        // Two entries that changed places, and a beginning that was cut off with a segment made up for it.
        run(security, "UPDATE audit SET number = -1 WHERE number = 3").await;
        run(security, "UPDATE audit SET number = 3 WHERE number = 5").await;
        run(security, "UPDATE audit SET number = 5 WHERE number = -1").await;
        assert_eq!(fault(security).await, Some((3, AuditFaultKind::Changed)));
        for table in kept {
            run(security, &format!("DELETE FROM {table}")).await;
            run(security, &format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
        }
        run(security, "INSERT INTO audit_segment (last_number, first_number, hash, first_at, last_at, dropped) \
                       SELECT 2, 1, hash, 0, 0, 0 FROM audit WHERE number = 2").await;
        run(security, "DELETE FROM audit WHERE number <= 2").await;
        run(security, "DELETE FROM audit_person WHERE number <= 2").await;
        assert_eq!(fault(security).await, Some((2, AuditFaultKind::Dropped)));
    }

    async fn entries_of_format_1_stay_valid_and_are_gone_on_from(place: &TestPlace) {
        let work = place.open("work").await.unwrap();
        let ledger = place.open("ledger").await.unwrap();
        db::migrate(&work, &crate::store::WORK_MIGRATIONS[..1]).await.unwrap();
        db::migrate(&ledger, crate::store::LEDGER_MIGRATIONS).await.unwrap();
        let parts = || Parts {
            ledger: ledger.clone(),
            work: work.clone(),
            posts: Vec::new(),
            lines: Vec::new(),
            datasets: Vec::new(),
            clock: std::sync::Arc::new(kernel::SystemClock),
            random: std::sync::Arc::new(SystemRandom),
            config: Config::for_tests(),
        };
        // As an earlier release wrote them, and as this one does into a folder that it must not renew.
        let earlier = Security::open_to_read(parts()).await.unwrap();
        for name in ["a", "b"] {
            earlier.audit_alone(operator().actor(), AuditAction::Exported, &Subject::dataset(name), Outcome::Done, None).await.unwrap();
        }
        earlier.record_reading(&operator(), reading(&ids(1..3))).await.unwrap();
        assert_eq!(earlier.verify_audit().await.unwrap(), 3);
        assert!(earlier.audit_entries(0, 9).await.unwrap().iter().all(|entry| entry.detail.is_none()));

        let security = Security::open(parts()).await.unwrap();
        security.record_reading(&operator(), reading(&ids(1..3))).await.unwrap();
        assert_eq!(security.verify_audit().await.unwrap(), 4);
        let formats: Vec<bool> = security.audit_entries(0, 9).await.unwrap().iter().map(|entry| entry.detail.is_some()).collect();
        assert_eq!(formats, [false, false, false, true]);
        run(&security, "UPDATE audit SET format = 2 WHERE number = 2").await;
        assert_eq!(fault(&security).await, Some((2, AuditFaultKind::Changed)));
    }

    async fn whole_months_past_their_retention_leave_and_the_rest_verifies(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        let job = Permit::for_job("sweep").unwrap();
        let head = LedgerHead { number: CommitNumber::new(5), hash: [7; 32] };
        security.keep_ledger_head(&head).await.unwrap();
        filled_after_a_head(security).await;
        house.clock.advance(40 * DAY);
        security.record_reading(&operator(), reading(&ids(5..8))).await.unwrap();
        assert_eq!(security.prune_audit(&job).await.unwrap(), None);

        // Less than the law asks for is taken for the default.
        put_straight(security, "audit_keep_months", "3").await;
        house.clock.advance(5 * 31 * DAY);
        assert_eq!(security.prune_audit(&job).await.unwrap(), None);
        put_straight(security, "audit_keep_months", "6").await;
        house.clock.advance(31 * DAY);
        let before = security.audit_report().await.unwrap();
        let pruned = security.prune_audit(&job).await.unwrap().unwrap();
        assert_eq!((pruned.first, pruned.last), (1, 7));
        assert_eq!(security.prune_audit(&job).await.unwrap(), None);
        let report = security.audit_report().await.unwrap();
        assert_eq!((report.fault, report.dropped, report.entries), (None, 7, 3));
        assert_eq!(report.number, before.number + 2);
        assert_eq!(security.last_ledger_head().await.unwrap(), Some(head));
        assert_eq!(count(security, "SELECT count(*) AS n FROM audit_person").await, 3);

        // A second segment after the first; then a forged hash of it.
        house.clock.advance(62 * DAY);
        let pruned = security.prune_audit(&job).await.unwrap().unwrap();
        assert_eq!((pruned.first, pruned.last), (8, 8));
        assert_eq!(fault(security).await, None);
        run(security, "UPDATE audit_segment SET hash = 'x' WHERE last_number = 8").await;
        assert_eq!(fault(security).await, Some((9, AuditFaultKind::Changed)));
        house.clock.advance(400 * DAY);
        assert!(matches!(security.prune_audit(&job).await, Err(SecurityError::AuditBroken(9))));
    }

    async fn two_writers_get_one_order_and_one_that_is_killed_leaves_nothing(place: &TestPlace) {
        let house = house(place).await;
        let mut running = Vec::new();
        for writer in 0..2_i64 {
            let security = house.security.clone();
            running.push(tokio::spawn(async move {
                for turn in 0..15_i64 {
                    let persons = ids(writer * 100..writer * 100 + turn + 1);
                    security.record_reading(&operator(), reading(&persons)).await.unwrap();
                }
            }));
        }
        for one in running {
            one.await.unwrap();
        }
        let security = &house.security;
        assert_eq!(security.verify_audit().await.unwrap(), 30);

        // Gone before it committed: what was to be done and its entry are both not there.
        let mut tx = security.0.work.write().await.unwrap();
        crate::store::put_setting(&mut tx, "half", "x", "operator:cli", house.now()).await.unwrap();
        let note = Note::done(AuditAction::SettingChanged, Subject::setting("half")).persons(&ids(1..9));
        security.note(&mut tx, &operator(), note).await.unwrap();
        drop(tx);
        assert_eq!(security.verify_audit().await.unwrap(), 30);
        assert_eq!(security.setting("half").await.unwrap(), None);
        security.record_reading(&operator(), reading(&ids(1..2))).await.unwrap();
        assert_eq!(security.verify_audit().await.unwrap(), 31);
    }

    async fn what_cannot_be_recorded_is_not_done(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        security.put_setting(&operator(), "a", "1").await.unwrap();
        run(security, "ALTER TABLE audit RENAME TO audit_away").await;
        assert!(security.put_setting(&operator(), "a", "2").await.is_err());
        assert!(security.record_reading(&operator(), reading(&ids(1..2))).await.is_err());
        run(security, "ALTER TABLE audit_away RENAME TO audit").await;
        assert_eq!(security.setting("a").await.unwrap().as_deref(), Some("1"));
        assert_eq!(security.verify_audit().await.unwrap(), 1);
    }
}

async fn filled_after_a_head(security: &Security) {
    security.put_setting(&operator(), "a", "1").await.unwrap();
    for _ in 0..5 {
        security
            .record_reading(&operator(), reading(&ids(1..4)))
            .await
            .unwrap();
    }
}

/// Sets what a page would refuse.
async fn put_straight(security: &Security, name: &str, value: &str) {
    let mut tx = security.0.work.write().await.unwrap();
    let now = security.0.clock.now();
    crate::store::put_setting(&mut tx, name, value, "test", now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

//! What a verification finds besides the chain: units, definitions, record ids, a lost end.

use db::on_both_engines;
use kernel::{CommitNumber, Day, RecordId, UnitId, Value};
use security::LedgerHead;
use standard::{SourceFile, Standard};

use super::*;
use crate::testing::{noon, permit, registry, registry_of};

async fn findings(ledger: &Ledger) -> Vec<Finding> {
    ledger.verify(|_, _| true).await.unwrap().findings
}

/// Changes the ledger's tables behind its back.
async fn tamper(ledger: &Ledger, statements: &[&str]) {
    let mut tx = ledger.db().write().await.unwrap();
    for sql in statements {
        tx.execute(sql, &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The unit of that code.
async fn unit(ledger: &Ledger, code: &str) -> UnitId {
    crate::intake::context::unit_named(ledger, &permit(), code)
        .await
        .unwrap()
}

/// Commits one new division, and answers the head after it.
async fn commit_one(ledger: &Ledger, name: &str) -> LedgerHead {
    let table = ledger.table("division").unwrap();
    let record = ledger.reserve_records(&permit(), 1).await.unwrap()[0];
    let mut patch = vec![None; table.width()];
    patch[table.position("name").unwrap()] = Some(Value::from(name));
    let set = ChangeSet {
        dataset: "division".to_owned(),
        changes: vec![Change {
            target: Target::New(record),
            unit: COMMON,
            from: Day::new(0),
            to: None,
            action: Action::Assert(patch),
        }],
        source: Source::default(),
        based_on: None,
        idempotency_key: None,
        more_follows: false,
    };
    ledger.commit(&permit(), set).await.unwrap();
    ledger.head_to_keep().await.unwrap()
}

/// Takes the last commits away so that nothing within the ledger shows it: as an older copy of it would be.
async fn put_back_to(ledger: &Ledger, number: CommitNumber) {
    let number = number.get();
    let statements = [
        format!("DELETE FROM d_division WHERE since > {number}"),
        format!("DELETE FROM commit_log WHERE number > {number}"),
        format!(
            "UPDATE head SET number = {number}, hash = (SELECT hash FROM commit_log WHERE number = {number}), \
             time = (SELECT time FROM commit_log WHERE number = {number})"
        ),
    ];
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    tamper(ledger, &statements).await;
}

fn with_overlay(files: &[(&str, &str)]) -> Standard {
    let overlay: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| SourceFile {
            path: (*path).to_owned(),
            bytes: text.as_bytes().to_vec(),
        })
        .collect();
    Standard::load_with_overlay(&standard::embedded_files(), &overlay).unwrap()
}

/// A field of the operator's own, in a file that has the path of one of the release.
const OVERLAY: [(&str, &str); 1] = [(
    "datasets/division.toml",
    "name = \"division\"\n[[field]]\nname = \"our_note\"\ntitle = { zh = \"本地备注\", en = \"Local note\" }\n\
     kind = \"text\"\nsource = \"ours\"\n",
)];

on_both_engines! {
    async fn the_table_of_units_must_say_what_the_records_say(place: &TestPlace) {
        let registry = registry(place).await;
        let ledger = registry.ledger();
        assert_eq!(findings(ledger).await, []);
        let mut found = Vec::new();
        for (code, fault) in [
            ("610113", UnitFault::Parent),
            ("610114", UnitFault::Missing),
            ("610115", UnitFault::Validity),
            ("610116", UnitFault::Validity),
            ("610102", UnitFault::Validity),
        ] {
            let unit = unit(ledger, code).await;
            found.push(Finding::Unit { unit, fault });
        }
        let [yanta, lost, ended, later, closed] = [0, 1, 2, 3, 4].map(|place: usize| match found[place] {
            Finding::Unit { unit, .. } => unit.get(),
            _ => 0,
        });
        let statements = [
            // Whoever holds the post of another county would see the schools of this one.
            format!("UPDATE unit SET parent = {lost} WHERE id = {yanta}"),
            format!("DELETE FROM unit WHERE id = {lost}"),
            format!("UPDATE unit SET effective_to = 20000 WHERE id = {ended}"),
            format!("UPDATE unit SET since = since + 1 WHERE id = {later}"),
            format!("UPDATE unit SET until = since + 1 WHERE id = {closed}"),
            format!("INSERT INTO unit (id, since, effective_from, effective_to, until, parent) \
                     VALUES (999999, 2, 0, NULL, NULL, {yanta})"),
        ];
        tamper(ledger, &statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
        found.push(Finding::Unit { unit: UnitId::new(999_999), fault: UnitFault::Extra });
        found.sort_by_key(|finding| match finding {
            Finding::Unit { unit, .. } => *unit,
            _ => UnitId::new(0),
        });
        assert_eq!(findings(ledger).await, found);
    }

    async fn a_unit_moved_renamed_and_put_back_stays_in_step(place: &TestPlace) {
        let registry = registry(place).await;
        let ledger = registry.ledger();
        let (school, from, to) = (unit(ledger, "610113").await, unit(ledger, "610100").await, unit(ledger, "610300").await);
        let table = ledger.table("education_unit").unwrap();
        let mut last = CommitNumber::NONE;
        for (field, value, day) in [
            ("name", Value::from("雁塔区教育和体育局"), 19_000),
            ("parent", Value::from(to), 20_000),
            ("parent", Value::from(from), 20_000),
            ("parent", Value::from(to), 18_000),
        ] {
            let mut patch = vec![None; table.width()];
            patch[table.position(field).unwrap()] = Some(value);
            let set = ChangeSet {
                dataset: "education_unit".to_owned(),
                changes: vec![Change {
                    target: Target::Existing(RecordId::new(school.get())),
                    unit: school,
                    from: Day::new(day),
                    to: None,
                    action: Action::Assert(patch),
                }],
                source: Source::default(),
                based_on: None,
                idempotency_key: None,
                more_follows: false,
            };
            ledger.commit(&permit(), set).await.unwrap();
            last = ledger.head().await.unwrap().number;
            assert_eq!(findings(ledger).await, [], "{field}");
        }
        ledger.reverse(&permit(), last, "test").await.unwrap();
        assert_eq!(findings(ledger).await, []);
    }

    async fn a_record_id_that_would_be_given_twice_is_found(place: &TestPlace) {
        let registry = registry(place).await;
        let ledger = registry.ledger();
        let next = ledger.head().await.unwrap().next_record;
        let highest = RecordId::new(next - 1);
        tamper(ledger, &[&format!("UPDATE head SET next_record = {highest}")]).await;
        let finding = Finding::NextRecord { next: highest.get(), highest };
        assert_eq!(findings(ledger).await, [finding]);
    }

    async fn definitions_that_are_gone_or_altered_are_found_and_put_back(place: &TestPlace) {
        let registry = registry(place).await;
        let ledger = registry.ledger();
        let hash = ledger.standard().hash().to_owned();
        let files = ledger.standard().files().len();
        tamper(ledger, &["UPDATE definition_file SET content = (SELECT content FROM definition_file \
             WHERE path = 'version.toml') WHERE path = 'posts.toml'"]).await;
        assert_eq!(findings(ledger).await, [Finding::Definitions { hash: hash.clone(), files }]);
        tamper(ledger, &["DELETE FROM definition_file"]).await;
        assert_eq!(findings(ledger).await, [Finding::Definitions { hash, files: 0 }]);
        // The program has them still: the next start keeps them again.
        let again = crate::testing::registry(place).await;
        assert_eq!(findings(again.ledger()).await, []);
    }

    async fn the_definitions_of_an_overlay_can_be_read_back(place: &TestPlace) {
        let ours = with_overlay(&OVERLAY);
        let registry = registry_of(place, noon(), ours.clone()).await;
        let ledger = registry.ledger();
        assert_eq!(findings(ledger).await, []);
        let mut tx = ledger.db().read().await.unwrap();
        let kept = store_verify::definition_files(&mut tx, ours.hash()).await.unwrap();
        drop(tx);
        let of_path = |path: &str| kept.iter().find(|file| file.path == path).map(|file| file.bytes.clone());
        assert_eq!(of_path("overlay/datasets/division.toml").as_deref(), Some(OVERLAY[0].1.as_bytes()));
        assert!(of_path("datasets/division.toml").is_some_and(|bytes| bytes != OVERLAY[0].1.as_bytes()));
        assert_eq!(Standard::hash_of(&kept), ours.hash());

        // An earlier program lost the file of the overlay; the next start keeps it.
        tamper(ledger, &["DELETE FROM definition_file WHERE path = 'overlay/datasets/division.toml'"]).await;
        assert_eq!(findings(ledger).await.len(), 1);
        let again = registry_of(place, noon(), ours).await;
        assert_eq!(findings(again.ledger()).await, []);
    }

    async fn a_ledger_is_verified_and_read_under_other_definitions_than_its_own(place: &TestPlace) {
        let registry = registry_of(place, noon(), with_overlay(&OVERLAY)).await;
        let table = registry.ledger().table("division").unwrap();
        let note = table.position("our_note").unwrap();
        let record = registry.ledger().reserve_records(&permit(), 1).await.unwrap()[0];
        let mut patch = vec![None; table.width()];
        patch[note] = Some(Value::from("甲"));
        let set = ChangeSet {
            dataset: "division".to_owned(),
            changes: vec![Change { target: Target::New(record), unit: COMMON, from: Day::new(0), to: None, action: Action::Assert(patch) }],
            source: Source::default(),
            based_on: None,
            idempotency_key: None,
            more_follows: false,
        };
        registry.ledger().commit(&permit(), set).await.unwrap();
        let head = registry.ledger().head().await.unwrap();

        // The folder of the overlay is not there: what it added is still covered.
        let plain = std::sync::Arc::new(standard::embedded().unwrap());
        let (db, security) = (registry.ledger().db().clone(), registry.security().clone());
        let reading = Ledger::open_to_read(db.clone(), plain, security.clone(), noon()).await.unwrap();
        assert_eq!(findings(&reading).await, []);
        assert_eq!(reading.head().await.unwrap(), head, "nothing was adopted");

        // A later release has a field and a dataset more: they are empty, and nothing is made.
        let more = with_overlay(&[
            OVERLAY[0],
            ("datasets/ours.toml", "name = \"division\"\n[[field]]\nname = \"our_second_note\"\n\
              title = { zh = \"备注二\", en = \"Second note\" }\nkind = \"text\"\nsource = \"ours\"\n"),
        ]);
        let reading = Ledger::open_to_read(db.clone(), std::sync::Arc::new(more), security, noon()).await.unwrap();
        let version = reading.record(&permit(), "division", record, Clocks::latest(Day::new(1))).await.unwrap().unwrap();
        let table = reading.table("division").unwrap();
        assert_eq!(version.values[table.position("our_note").unwrap()], Value::from("甲"));
        assert!(version.values[table.position("our_second_note").unwrap()].is_null());
        let stored = db::stored_tables(&mut db.read().await.unwrap(), "d_division").await.unwrap();
        assert!(stored.iter().flat_map(|table| &table.columns).all(|(name, _)| name != "our_second_note"));
        let lost = DatasetTable::of(reading.standard().dataset("division").unwrap()).limited_to_stored(&[]);
        let mut tx = db.read().await.unwrap();
        let mut count = 0;
        store::at_clocks(&mut tx, &lost, Clocks::latest(Day::new(1)), |_| count += 1).await.unwrap();
        store::all_open(&mut tx, &lost, |_| count += 1).await.unwrap();
        assert!(store::record_at(&mut tx, &lost, record, Clocks::latest(Day::new(1))).await.unwrap().is_none());
        assert_eq!(count, 0);
    }

    async fn an_older_ledger_beside_a_newer_work_database_is_said_to_be_short(place: &TestPlace) {
        let registry = registry(place).await;
        let ledger = registry.ledger();
        let first = commit_one(ledger, "甲").await;
        let kept = commit_one(ledger, "乙").await;
        let last = commit_one(ledger, "丙").await;
        assert_eq!(ledger.check_expected(&kept).await.unwrap(), None);
        assert_eq!(findings(ledger).await, []);

        put_back_to(ledger, first.number).await;
        let short = Finding::Short { ends: first.number, written: last.number };
        assert_eq!(findings(ledger).await, std::slice::from_ref(&short));
        let expected = ledger.check_expected(&kept).await.unwrap();
        assert_eq!(expected, Some(Finding::NotAsExpected(kept.number)));
        // A start does not take the shorter one for the state that was kept.
        let again = crate::testing::registry(place).await;
        assert_eq!(findings(again.ledger()).await, [short]);

        // What is committed from there on has the numbers of what is gone.
        let other = commit_one(ledger, "丁").await;
        assert_eq!(other.number, kept.number);
        assert_ne!(other.hash, kept.hash);
        let found = findings(ledger).await;
        assert_eq!(found, [
            Finding::NotAsKept(kept.number),
            Finding::Short { ends: other.number, written: last.number },
        ]);
        let expected = ledger.check_expected(&kept).await.unwrap();
        assert_eq!(expected, Some(Finding::NotAsExpected(kept.number)));

        // It was meant so, and work had gone on before anybody said it.
        let later = commit_one(ledger, "庚").await;
        registry.security().ledger_was_put_back(&permit(), &later).await.unwrap();
        assert_eq!(findings(ledger).await, []);
        commit_one(ledger, "戊").await;
        let end = commit_one(ledger, "己").await;
        assert_eq!(findings(ledger).await, []);
        assert_eq!(registry.security().last_ledger_head().await.unwrap(), Some(end));
        registry.security().verify_audit().await.unwrap();
    }

    async fn a_head_that_a_killed_program_did_not_keep_is_kept_at_the_next_start(place: &TestPlace) {
        let registry = registry(place).await;
        let ledger = registry.ledger();
        let before = commit_one(ledger, "甲").await;
        let work = place.open("work").await.unwrap();
        let mut tx = work.write().await.unwrap();
        // As if it had ended between the commit and the note of it.
        tx.execute("DELETE FROM audit WHERE subject = $1", &[format!("commit:{before}").into()]).await.unwrap();
        tx.commit().await.unwrap();
        assert_ne!(registry.security().last_ledger_head().await.unwrap(), Some(before));
        let again = crate::testing::registry(place).await;
        assert_eq!(again.security().last_ledger_head().await.unwrap(), Some(before));
    }
}

//! The ledger against a naive model, on both engines.

use std::collections::BTreeMap;

use db::on_both_engines;
use kernel::{Clocks, CommitNumber, Day, RecordId, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::testing::{permit, registry};

const DATASET: &str = "division";
/// Days from which the changes of a test speak.
const HORIZON: i32 = 24;

/// What one step of a test does.
#[derive(Debug, Clone)]
enum Deed {
    /// Rows of a change set: record (a small number), first day, length, name or note or the end.
    Commit(Vec<(usize, i32, Option<i32>, Said)>),
    /// Reverses the commit so many steps ago.
    Reverse(usize),
}

#[derive(Debug, Clone)]
enum Said {
    Name(u8),
    Note(u8),
    NoNote,
    End,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let said = prop_oneof![
        4 => (0u8..3).prop_map(Said::Name),
        3 => (0u8..3).prop_map(Said::Note),
        1 => Just(Said::NoNote),
        1 => Just(Said::End),
    ];
    let row = (0usize..3, 0i32..20, prop::option::of(1i32..8), said);
    prop_oneof![
        5 => prop::collection::vec(row, 1..4).prop_map(Deed::Commit),
        1 => (0usize..4).prop_map(Deed::Reverse),
    ]
}

/// The naive model: for each commit, for each record, a table of days.
type Days = BTreeMap<(usize, i32), (String, Option<String>)>;

struct Model {
    after: BTreeMap<i64, Days>,
    touched: BTreeMap<i64, Vec<usize>>,
    now: Days,
}

fn tell(days: &mut Days, (record, from, length, said): &(usize, i32, Option<i32>, Said)) {
    let end = length.map_or(HORIZON, |length| (from + length).min(HORIZON));
    for day in *from..end {
        let key = (*record, day);
        match said {
            Said::End => {
                days.remove(&key);
            }
            Said::Name(name) => {
                let entry = days.entry(key).or_insert_with(|| (String::new(), None));
                entry.0 = format!("name {name}");
            }
            Said::Note(note) => {
                let entry = days.entry(key).or_insert_with(|| (String::new(), None));
                entry.1 = Some(format!("note {note}"));
            }
            Said::NoNote => {
                days.entry(key).or_insert_with(|| (String::new(), None)).1 = None;
            }
        }
    }
}

fn change(ledger: &Ledger, target: Target, row: &(usize, i32, Option<i32>, Said)) -> Change {
    let table = ledger.table(DATASET).unwrap();
    let mut patch = vec![None; table.width()];
    let action = match &row.3 {
        Said::End => Action::End,
        said => {
            let (field, value) = match said {
                Said::Name(name) => ("name", Value::from(format!("name {name}"))),
                Said::Note(note) => ("note", Value::from(format!("note {note}"))),
                _ => ("note", Value::Null),
            };
            patch[table.position(field).unwrap()] = Some(value);
            Action::Assert(patch)
        }
    };
    Change {
        target,
        unit: COMMON,
        from: Day::new(row.1),
        to: row.2.map(|length| Day::new(row.1 + length)),
        action,
    }
}

async fn states(ledger: &Ledger, ids: &[RecordId], commit: CommitNumber) -> Days {
    let table = ledger.table(DATASET).unwrap();
    let (name, note) = (
        table.position("name").unwrap(),
        table.position("note").unwrap(),
    );
    let mut days = Days::new();
    for day in 0..HORIZON {
        let clocks = Clocks {
            as_of: Day::new(day),
            as_known_on: commit,
        };
        for (place, id) in ids.iter().enumerate() {
            if let Some(version) = ledger
                .record(&permit(), DATASET, *id, clocks)
                .await
                .unwrap()
            {
                let text = |place: usize| version.values[place].as_text().map(str::to_owned);
                days.insert((place, day), (text(name).unwrap_or_default(), text(note)));
            }
        }
    }
    days
}

async fn play(ledger: &Ledger, deeds: &[Deed]) {
    let ids = ledger.reserve_records(&permit(), 3).await.unwrap();
    let mut made: Vec<usize> = Vec::new();
    let mut model = Model {
        after: BTreeMap::new(),
        touched: BTreeMap::new(),
        now: Days::new(),
    };
    let first = ledger.head().await.unwrap().number;
    model.after.insert(first.get(), Days::new());
    for deed in deeds {
        let before = model.now.clone();
        match deed {
            Deed::Commit(rows) => {
                let mut changes = Vec::new();
                for row in rows {
                    let known = made.contains(&row.0);
                    changes.push(change(
                        ledger,
                        if known {
                            Target::Existing(ids[row.0])
                        } else {
                            Target::New(ids[row.0])
                        },
                        row,
                    ));
                }
                let set = ChangeSet {
                    dataset: DATASET.to_owned(),
                    changes,
                    source: Source {
                        reason: "test".to_owned(),
                        ..Source::default()
                    },
                    based_on: None,
                    idempotency_key: None,
                    more_follows: false,
                };
                let outcome = match ledger.commit(&permit(), set.clone()).await {
                    Ok(outcome) => outcome,
                    // A record whose every day was ended is no longer there to be changed.
                    Err(LedgerError::NoRecord(record, _)) => {
                        let place = ids.iter().position(|id| *id == record).unwrap();
                        assert!(!before.keys().any(|(known, _)| *known == place));
                        made.retain(|known| *known != place);
                        continue;
                    }
                    Err(error) => panic!("{error}"),
                };
                let mut now = before.clone();
                for row in rows {
                    tell(&mut now, row);
                }
                match outcome {
                    Outcome::Committed { number, .. } => {
                        let touched = rows.iter().map(|row| row.0).collect();
                        model.touched.insert(number.get(), touched);
                        model.now = now;
                        made.extend(rows.iter().map(|row| row.0));
                    }
                    Outcome::Unchanged => {
                        assert_eq!(now, before, "a change that says something was not written")
                    }
                    Outcome::AlreadyCommitted(_) => panic!("no key was given"),
                }
                let again = ledger
                    .commit(
                        &permit(),
                        ChangeSet {
                            changes: Vec::new(),
                            ..set
                        },
                    )
                    .await
                    .unwrap();
                assert_eq!(again, Outcome::Unchanged);
            }
            Deed::Reverse(back) => {
                let head = ledger.head().await.unwrap().number.get();
                let number = head - i64::try_from(*back).unwrap();
                let Some(touched) = model.touched.get(&number).cloned() else {
                    continue;
                };
                let mut later = model.touched.range(number + 1..);
                let outcome = ledger
                    .reverse(&permit(), CommitNumber::new(number), "test")
                    .await;
                match outcome {
                    Ok(_) => {
                        let old = model
                            .after
                            .range(..number)
                            .next_back()
                            .map(|(_, days)| days.clone())
                            .unwrap();
                        let mut now = before.clone();
                        now.retain(|(record, _), _| !touched.contains(record));
                        now.extend(
                            old.into_iter()
                                .filter(|((record, _), _)| touched.contains(record)),
                        );
                        model.now = now;
                        let written = ledger.head().await.unwrap().number.get();
                        model.touched.insert(written, touched);
                    }
                    Err(LedgerError::Conflict { records, .. }) => {
                        assert!(!records.is_empty());
                        assert!(later.any(|(_, others)| {
                            others.iter().any(|record| touched.contains(record))
                        }));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
        let head = ledger.head().await.unwrap().number;
        model.after.insert(head.get(), model.now.clone());
    }
    for (commit, expected) in &model.after {
        let found = states(ledger, &ids, CommitNumber::new(*commit)).await;
        assert_eq!(&found, expected, "as known at commit {commit}");
    }
    let report = ledger.verify(|_, _| true).await.unwrap();
    assert_eq!(report.findings, Vec::new());
}

on_both_engines! {
    async fn any_sequence_of_change_sets_and_reversals_reads_as_the_naive_model_says(place: &TestPlace) {
        let registry = registry(place).await;
        let mut runner = TestRunner::deterministic();
        let strategy = prop::collection::vec(any_deed(), 1..10);
        for _ in 0..8 {
            let deeds = strategy.new_tree(&mut runner).unwrap().current();
            play(registry.ledger(), &deeds).await;
        }
    }

    async fn a_change_set_is_committed_once_for_its_key(place: &TestPlace) {
        let registry = registry(place).await;
        let ledger = registry.ledger();
        let ids = ledger.reserve_records(&permit(), 1).await.unwrap();
        let row = (0, 0, None, Said::Name(1));
        let set = ChangeSet {
            dataset: DATASET.to_owned(),
            changes: vec![change(ledger, Target::New(ids[0]), &row)],
            source: Source::default(),
            based_on: None,
            idempotency_key: Some("once".to_owned()),
            more_follows: false,
        };
        let Outcome::Committed { number, .. } = ledger.commit(&permit(), set.clone()).await.unwrap() else {
            panic!("not committed");
        };
        assert_eq!(ledger.commit(&permit(), set).await.unwrap(), Outcome::AlreadyCommitted(number));
        assert_eq!(ledger.head().await.unwrap().number, number);
    }

    async fn the_second_of_two_authors_is_told_of_the_first(place: &TestPlace) {
        let registry = registry(place).await;
        let ledger = registry.ledger();
        let ids = ledger.reserve_records(&permit(), 1).await.unwrap();
        let set = |target, said, based_on| ChangeSet {
            dataset: DATASET.to_owned(),
            changes: vec![change(ledger, target, &(0, 0, None, said))],
            source: Source::default(),
            based_on,
            idempotency_key: None,
            more_follows: false,
        };
        ledger.commit(&permit(), set(Target::New(ids[0]), Said::Name(1), None)).await.unwrap();
        let seen = ledger.head().await.unwrap().number;
        let target = Target::Existing(ids[0]);
        ledger.commit(&permit(), set(target, Said::Name(2), Some(seen))).await.unwrap();
        let refused = ledger.commit(&permit(), set(target, Said::Note(1), Some(seen))).await;
        assert!(matches!(refused, Err(LedgerError::Conflict { records, .. }) if records == ids));
    }

    async fn verify_names_what_was_tampered_with(place: &TestPlace) {
        let registry = registry(place).await;
        let ledger = registry.ledger();
        let whole = ledger.verify(|_, _| true).await.unwrap();
        assert_eq!(whole.findings, Vec::new());
        assert!(whole.versions > 100, "the seeds are there");
        let mut tx = ledger.db().write().await.unwrap();
        tx.execute("UPDATE d_division SET name = $1 WHERE code = '610113' AND until IS NULL", &["别处".into()])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let found = ledger.verify(|_, _| true).await.unwrap().findings;
        assert!(matches!(found.as_slice(), [Finding::Root(_)]), "{found:?}");
        let mut tx = ledger.db().write().await.unwrap();
        tx.execute("UPDATE d_division SET since = 0 WHERE code = '610114' AND until IS NULL", &[]).await.unwrap();
        tx.execute("UPDATE d_division SET until = 0 WHERE code = '610115' AND until IS NULL", &[]).await.unwrap();
        tx.commit().await.unwrap();
        let found = ledger.verify(|_, _| true).await.unwrap().findings;
        let orphans = Finding::Orphans { dataset: DATASET.to_owned(), versions: 2 };
        assert!(found.contains(&orphans), "no commit has the number 0: {found:?}");
        let mut tx = ledger.db().write().await.unwrap();
        tx.execute("UPDATE commit_log SET reason = 'x' WHERE number = 1", &[]).await.unwrap();
        tx.execute("DELETE FROM d_division WHERE code = '610102'", &[]).await.unwrap();
        tx.commit().await.unwrap();
        let found = ledger.verify(|_, _| true).await.unwrap().findings;
        assert!(found.contains(&Finding::Hash(CommitNumber::new(1))), "{found:?}");
        assert!(found.iter().any(|finding| matches!(finding, Finding::Count { .. })), "{found:?}");
    }

    async fn a_division_that_changed_its_code_is_one_record_with_two_versions(place: &TestPlace) {
        let registry = registry(place).await;
        let ledger = registry.ledger();
        let table = ledger.table(DATASET).unwrap();
        let code = table.position("code").unwrap();
        let read = async |day: Day| {
            let mut found = Vec::new();
            ledger
                .read(&permit(), DATASET, Clocks::latest(day), |version| {
                    if matches!(version.values[code].as_text(), Some("610322" | "610305")) {
                        found.push((version.record, version.values[code].as_text().unwrap().to_owned()));
                    }
                })
                .await
                .unwrap();
            found
        };
        let then = read(Day::from_ymd(2018, 9, 1).unwrap()).await;
        let now = read(Day::from_ymd(2025, 9, 1).unwrap()).await;
        assert_eq!((then.len(), now.len()), (1, 1));
        assert_eq!(then[0].0, now[0].0);
        assert_eq!((then[0].1.as_str(), now[0].1.as_str()), ("610322", "610305"));
    }
}

//! On both engines. The persons cannot exist: the division 000000 of their numbers is none.

use std::path::Path;
use std::sync::Arc;

use ::crypto::Suite;
use db::testing::TestPlace;
use kernel::{Day, FixedClock, RecordId};
use standard::{Scope, Sensitivity};

use super::store;
use super::{
    Erasure, HeldKeys, KeySettings, KeySource, Keyring, Lookup, MasterKeyId, MasterKeys, Opened,
    PeopleError, Place, RotationStage,
};
use crate::permit::{Actor, DatasetReach, Gives, Permit, PermitParts, Reach};
use crate::tests::operator;
use crate::{Config, Parts, Security, SecurityError, SystemRandom};

const KIND: &str = "citizen_id";

async fn open_with(place: &TestPlace, keys: KeySettings) -> Result<Security, SecurityError> {
    Security::open(Parts {
        ledger: place.open("ledger").await.unwrap(),
        work: place.open("work").await.unwrap(),
        posts: Vec::new(),
        lines: Vec::new(),
        datasets: Vec::new(),
        clock: Arc::new(FixedClock::at_noon(Day::from_ymd(2026, 11, 23).unwrap())),
        random: Arc::new(SystemRandom),
        config: Config {
            keys,
            ..Config::for_tests()
        },
    })
    .await
}

fn in_file(file: &Path) -> KeySettings {
    KeySettings {
        source: KeySource::File(file.to_owned()),
        ..KeySettings::default()
    }
}

async fn open(place: &TestPlace, file: &Path) -> Security {
    open_with(place, in_file(file)).await.unwrap()
}

fn id(number: i64) -> RecordId {
    RecordId::new(number)
}

fn number_of(person: i64) -> String {
    format!("00000020100506{person:04}")
}

fn place_of(person: i64) -> Place<'static> {
    Place {
        dataset: "person",
        record: id(person),
        level: Sensitivity::Sensitive,
    }
}

/// Persons with a key, an identifier and a blob, in one transaction; the blobs by person.
async fn fill(security: &Security, persons: std::ops::Range<i64>) -> Vec<(i64, super::Sealed)> {
    let people = security.people();
    let ids: Vec<RecordId> = persons.clone().map(id).collect();
    let mut tx = security.0.ledger.write().await.unwrap();
    let ring = people.make_keys(&mut tx, &ids).await.unwrap();
    let numbers: Vec<String> = persons.clone().map(number_of).collect();
    let lookups: Vec<Lookup<'_>> = ids
        .iter()
        .zip(&numbers)
        .map(|(person, value)| Lookup {
            person: *person,
            kind: KIND,
            value,
        })
        .collect();
    people.add_lookups(&mut tx, &lookups).await.unwrap();
    tx.commit().await.unwrap();
    persons
        .zip(&numbers)
        .map(|(person, value)| {
            let sealed = ring.seal(id(person), &place_of(person), value.as_bytes());
            (person, sealed.unwrap())
        })
        .collect()
}

async fn ring_of(security: &Security, persons: &[i64]) -> Result<Keyring, SecurityError> {
    let ids: Vec<RecordId> = persons.iter().copied().map(id).collect();
    let mut tx = security.0.ledger.read().await.unwrap();
    security.people().keyring(&mut tx, &ids).await
}

async fn found(security: &Security, value: &str) -> Vec<RecordId> {
    let mut tx = security.0.ledger.read().await.unwrap();
    let values = ["nobody's", value];
    let people = security.people();
    let found = people.find(&mut tx, KIND, &values).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], []);
    found[1].clone()
}

/// Everything that was filled reads as it was written.
/// What the audit log says of erasures.
async fn erasures_in_log(security: &Security) -> Vec<String> {
    let entries = security.audit_entries(0, 1_000).await.unwrap();
    entries
        .into_iter()
        .filter(|entry| entry.action.starts_with("person_erased"))
        .map(|entry| {
            let reason = entry.detail.unwrap().reason;
            format!(
                "{} {} {reason} {}",
                entry.action, entry.outcome, entry.actor
            )
        })
        .collect()
}

async fn reads(security: &Security, blobs: &[(i64, super::Sealed)]) {
    let persons: Vec<i64> = blobs.iter().map(|(person, _)| *person).collect();
    let ring = ring_of(security, &persons).await.unwrap();
    for (person, sealed) in blobs {
        let value = number_of(*person);
        let Opened::Plain(plain) = ring
            .open(id(*person), &place_of(*person), &sealed.blob)
            .unwrap()
        else {
            panic!("{person} was erased");
        };
        assert_eq!(&**plain, value.as_bytes());
        let digest = ring.digest(id(*person), &place_of(*person), &plain);
        assert_eq!(digest.unwrap(), sealed.digest);
        assert_eq!(found(security, &value).await, [id(*person)]);
    }
}

fn people_error(error: SecurityError) -> PeopleError {
    match error {
        SecurityError::People(error) => error,
        other => panic!("{other}"),
    }
}

db::on_both_engines! {
    async fn what_is_sealed_opens_in_its_place_only(place: &TestPlace) {
        let security = open_with(place, Config::for_tests().keys).await.unwrap();
        let blobs = fill(&security, 1..4).await;
        reads(&security, &blobs).await;
        let ring = ring_of(&security, &[1, 2, 9]).await.unwrap();
        let blob = &blobs[0].1.blob;
        assert!(!blob.windows(6).any(|part| part == b"000000"));
        let elsewhere = [
            Place { dataset: "pupil", ..place_of(1) },
            Place { record: id(2), ..place_of(1) },
            Place { level: Sensitivity::Personal, ..place_of(1) },
        ];
        for wrong in elsewhere {
            assert!(ring.open(id(1), &wrong, blob).is_err());
            let digest = ring.digest(id(1), &wrong, number_of(1).as_bytes()).unwrap();
            assert_ne!(digest, blobs[0].1.digest);
        }
        assert!(ring.open(id(2), &place_of(1), blob).is_err());
        let unknown = ring.open(id(9), &place_of(9), blob).unwrap_err();
        assert_eq!(people_error(unknown), PeopleError::NoKey(id(9)));
        // The same bytes never look the same, and their digest always does.
        let again = ring.seal(id(1), &place_of(1), number_of(1).as_bytes()).unwrap();
        assert_ne!(&again.blob, blob);
        assert_eq!(again.digest, blobs[0].1.digest);
        let other = ring.seal(id(2), &place_of(1), number_of(1).as_bytes()).unwrap();
        assert_ne!(other.digest, again.digest);
    }

    async fn keys_and_lookups_are_made_once(place: &TestPlace) {
        let security = open_with(place, Config::for_tests().keys).await.unwrap();
        let blobs = fill(&security, 1..3).await;
        fill(&security, 1..5).await;
        reads(&security, &blobs).await;
        let status = security.people().key_status(&operator()).await.unwrap();
        assert_eq!(status.wrapped, [(MasterKeyId(1), 4)]);
        assert_eq!(status.lookups, [(1, 4)]);
        // One identifier of two persons: both are candidates. One person may have two identifiers.
        let people = security.people();
        let mut tx = security.0.ledger.write().await.unwrap();
        let first = number_of(1);
        let shared = Lookup { person: id(2), kind: KIND, value: &first };
        people.add_lookups(&mut tx, &[shared, shared]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(found(&security, &first).await, [id(1), id(2)]);
        assert_eq!(found(&security, &number_of(2)).await, [id(2)]);
        let mut tx = security.0.ledger.write().await.unwrap();
        people.remove_lookups(&mut tx, &[shared]).await.unwrap();
        people.remove_lookups(&mut tx, &[shared]).await.unwrap();
        let other_kind = people.find(&mut tx, "student_code", &[&first]).await.unwrap();
        assert_eq!(other_kind, [Vec::new()]);
        let keyless = Lookup { person: id(77), kind: KIND, value: "x" };
        let refused = people.add_lookups(&mut tx, &[keyless]).await.unwrap_err();
        assert_eq!(people_error(refused), PeopleError::NoKey(id(77)));
        tx.commit().await.unwrap();
        assert_eq!(found(&security, &first).await, [id(1)]);
    }

    async fn a_person_who_was_erased_is_gone_and_is_told_apart(place: &TestPlace) {
        let security = open_with(place, Config::for_tests().keys).await.unwrap();
        let blobs = fill(&security, 1..4).await;
        let people = security.people();
        let reason = || Erasure { reason: "pipl_47_1".to_owned() };
        let mut tx = security.0.ledger.write().await.unwrap();
        let named = Erasure { reason: "张三要求".to_owned() };
        let refused = people.erase(&mut tx, &operator(), id(2), named).await.unwrap_err();
        assert_eq!(people_error(refused), PeopleError::Reason);
        let nobody = people.erase(&mut tx, &operator(), id(9), reason()).await.unwrap_err();
        assert_eq!(people_error(nobody), PeopleError::NoKey(id(9)));
        people.erase(&mut tx, &operator(), id(2), reason()).await.unwrap();
        people.erase(&mut tx, &operator(), id(2), reason()).await.unwrap();
        tx.commit().await.unwrap();
        people.keep_erasures().await.unwrap();
        people.keep_erasures().await.unwrap();
        assert_eq!(erasures_in_log(&security).await, ["person_erased done pipl_47_1 operator:cli"]);
        reads(&security, &[blobs[0].clone(), blobs[2].clone()]).await;
        assert_eq!(found(&security, &number_of(2)).await, []);
        let ring = ring_of(&security, &[1, 2]).await.unwrap();
        assert!(ring.is_erased(id(2)) && !ring.is_erased(id(1)));
        assert_eq!(ring.open(id(2), &place_of(2), &blobs[1].1.blob).unwrap(), Opened::Erased);
        let sealing = ring.seal(id(2), &place_of(2), b"new").unwrap_err();
        assert_eq!(people_error(sealing), PeopleError::Erased(id(2)));
        let mut tx = security.0.ledger.write().await.unwrap();
        let ring = people.make_keys(&mut tx, &[id(2), id(4)]).await.unwrap();
        assert!(ring.is_erased(id(2)) && !ring.is_erased(id(4)));
        let list = people.erased(&mut tx).await.unwrap();
        assert_eq!((list.len(), list[0].person, list[0].reason.as_str()), (1, id(2), "pipl_47_1"));
        assert_eq!(list[0].by, "operator:cli");
    }

    async fn an_end_between_the_commit_of_an_erasure_and_its_list_is_made_up_for_at_the_start(place: &TestPlace) {
        let security = open_with(place, Config::for_tests().keys).await.unwrap();
        fill(&security, 1..4).await;
        let reason = || Erasure { reason: "pipl_47_1".to_owned() };
        // An end before the commit: nothing happened.
        let mut torn = security.0.ledger.write().await.unwrap();
        security.people().erase(&mut torn, &operator(), id(1), reason()).await.unwrap();
        drop(torn);
        let mut tx = security.0.ledger.write().await.unwrap();
        security.people().erase(&mut tx, &operator(), id(2), reason()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(erasures_in_log(&security).await, [] as [String; 0]);
        drop(security);
        for _ in 0..2 {
            let security = open_with(place, Config::for_tests().keys).await.unwrap();
            assert_eq!(erasures_in_log(&security).await, ["person_erased done pipl_47_1 operator:cli"]);
            let ring = ring_of(&security, &[1, 2]).await.unwrap();
            assert!(ring.is_erased(id(2)) && !ring.is_erased(id(1)));
            assert!(security.verify_audit().await.is_ok());
        }
    }

    async fn an_erasure_is_done_again_after_an_older_ledger_was_restored(place: &TestPlace) {
        let security = open_with(place, Config::for_tests().keys).await.unwrap();
        let blobs = fill(&security, 1..4).await;
        let only = std::collections::BTreeSet::from([id(2)]);
        let mut tx = security.0.ledger.read().await.unwrap();
        let old_key = store::keys(&mut tx, &only).await.unwrap();
        let old_identifiers = store::identifiers_of(&mut tx, id(2)).await.unwrap();
        drop(tx);
        let people = security.people();
        let mut tx = security.0.ledger.write().await.unwrap();
        let reason = Erasure { reason: "pipl_47_1".to_owned() };
        people.erase(&mut tx, &operator(), id(2), reason).await.unwrap();
        tx.commit().await.unwrap();
        people.keep_erasures().await.unwrap();
        // What a backup from before the erasure holds of this person.
        let mut tx = security.0.ledger.write().await.unwrap();
        tx.execute("DELETE FROM person_erased", &[]).await.unwrap();
        store::insert_keys(&mut tx, &old_key).await.unwrap();
        store::insert_identifiers(&mut tx, &old_identifiers).await.unwrap();
        let lookup = Lookup { person: id(2), kind: KIND, value: &number_of(2) };
        store::delete_identifiers(&mut tx, id(2)).await.unwrap();
        people.add_lookups(&mut tx, &[lookup]).await.unwrap();
        tx.commit().await.unwrap();
        reads(&security, &blobs).await;
        drop(security);

        let security = open_with(place, Config::for_tests().keys).await.unwrap();
        reads(&security, &[blobs[0].clone(), blobs[2].clone()]).await;
        let log = erasures_in_log(&security).await;
        let again = ["begun", "done"].map(|outcome| format!("person_erased_again {outcome} pipl_47_1 operator:cli"));
        assert_eq!(log, ["person_erased done pipl_47_1 operator:cli", &again[0], &again[1]]);
        assert!(ring_of(&security, &[2]).await.unwrap().is_erased(id(2)));
        assert_eq!(found(&security, &number_of(2)).await, []);

        // A ledger that lost the person altogether gives the record id to somebody else, who stays.
        let mut tx = security.0.ledger.write().await.unwrap();
        tx.execute("DELETE FROM person_erased", &[]).await.unwrap();
        tx.commit().await.unwrap();
        let newcomer = fill(&security, 2..3).await;
        drop(security);
        let security = open_with(place, Config::for_tests().keys).await.unwrap();
        reads(&security, &newcomer).await;
        let mut tx = security.0.ledger.read().await.unwrap();
        assert_eq!(security.people().erased(&mut tx).await.unwrap(), []);
    }

    async fn a_rotation_of_the_master_key_survives_an_end_at_every_batch(place: &TestPlace) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys/master-keys");
        let security = open(place, &file).await;
        let mut blobs = fill(&security, 1..24).await;
        let form = security.seal_for_room("form", b"answers").unwrap();
        let begun = security.people().rotate_master(&operator(), Some(Suite::Sm)).await.unwrap();
        assert_eq!((begun.target, begun.total, begun.done), (2, 23, 0));
        let again = security.people().rotate_master(&operator(), None).await.unwrap_err();
        assert_eq!(people_error(again), PeopleError::RotationRuns);
        drop(security);
        let mut steps = 0;
        loop {
            assert!(steps < 100, "a rotation of 23 persons by fives has no end");
            // Another process each time, which knows nothing but what was committed.
            let security = open(place, &file).await;
            reads(&security, &blobs).await;
            // Writing goes on: a new person, sealed by the new suite, in the range that is done and beyond it.
            blobs.extend(fill(&security, 100 + steps..101 + steps).await);
            assert_eq!(blobs.last().unwrap().1.blob[0], Suite::Sm.number());
            let mut torn = security.0.ledger.write().await.unwrap();
            torn.execute("DELETE FROM person_key", &[]).await.unwrap();
            drop(torn);
            let rotation = security.people().rotation_step(5).await.unwrap().unwrap();
            steps += 1;
            if rotation.stage == RotationStage::Done {
                assert_eq!(rotation.done, rotation.total);
                break;
            }
        }
        assert!(steps >= 6, "{steps}");
        let security = open(place, &file).await;
        assert!(security.people().rotation_step(5).await.unwrap().is_none());
        reads(&security, &blobs).await;
        let status = security.people().key_status(&operator()).await.unwrap();
        assert_eq!((status.suite, status.master), (Suite::Sm, MasterKeyId(2)));
        assert_eq!(status.wrapped, [(MasterKeyId(2), i64::try_from(blobs.len()).unwrap())]);
        assert_eq!(security.people().check_keys(&operator(), |_| {}).await.unwrap(), i64::try_from(blobs.len()).unwrap());
        // What was sealed under the node's key before opens, and is wrapped by the new master key.
        assert_eq!(security.open_for_room("form", &form).unwrap(), b"answers");
        assert_eq!(security.people().node_key_master().await.unwrap(), Some(MasterKeyId(2)));
        // Now the old master key is of no use any more, and the ledger reads without it.
        let used = security.people().forget_master(&operator(), MasterKeyId(2)).await.unwrap_err();
        assert!(matches!(people_error(used), PeopleError::StillUsed { .. }));
        security.people().forget_master(&operator(), MasterKeyId(1)).await.unwrap();
        drop(security);
        reads(&open(place, &file).await, &blobs).await;
    }

    async fn a_rotation_of_the_lookup_key_survives_an_end_at_every_batch(place: &TestPlace) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master-keys");
        let security = open(place, &file).await;
        let mut blobs = fill(&security, 1..24).await;
        security.people().rotate_lookups(&operator()).await.unwrap();
        drop(security);
        let mut steps = 0;
        let mut stages = Vec::new();
        loop {
            assert!(steps < 100, "a rotation of 23 persons by fives has no end");
            let security = open(place, &file).await;
            reads(&security, &blobs).await;
            blobs.extend(fill(&security, 100 + steps..101 + steps).await);
            // Taking away works in every stage as well.
            let gone = number_of(1);
            let lookup = Lookup { person: id(1), kind: KIND, value: &gone };
            let mut tx = security.0.ledger.write().await.unwrap();
            security.people().remove_lookups(&mut tx, &[lookup]).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(found(&security, &gone).await, []);
            let mut tx = security.0.ledger.write().await.unwrap();
            security.people().add_lookups(&mut tx, &[lookup]).await.unwrap();
            tx.commit().await.unwrap();
            let rotation = security.people().rotation_step(5).await.unwrap().unwrap();
            steps += 1;
            stages.push(rotation.stage);
            if rotation.finished.is_some() {
                break;
            }
        }
        stages.dedup();
        assert_eq!(stages, [RotationStage::Build, RotationStage::Purge, RotationStage::Done]);
        let security = open(place, &file).await;
        reads(&security, &blobs).await;
        let status = security.people().key_status(&operator()).await.unwrap();
        assert_eq!(status.lookup, 2);
        assert_eq!(status.lookups, [(2, i64::try_from(blobs.len()).unwrap())]);
    }

    async fn a_ledger_with_persons_does_not_open_without_its_master_key(place: &TestPlace) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master-keys");
        drop(open(place, &file).await);
        // Secrets of sign-in may be sealed already, so the key may not be lost without persons either.
        std::fs::remove_file(&file).unwrap();
        let missing = open_with(place, in_file(&file)).await.unwrap_err();
        assert!(matches!(people_error(missing), PeopleError::MasterMissing { .. }));
        assert!(!file.exists(), "no other key takes the place of the lost one");
        // Where nothing was sealed under it, nothing is lost: keys are made anew.
        let mut work = place.open("work").await.unwrap().write().await.unwrap();
        work.execute("DELETE FROM node_key", &[]).await.unwrap();
        work.commit().await.unwrap();
        let security = open(place, &file).await;
        let blobs = fill(&security, 1..3).await;
        drop(security);
        let copy = std::fs::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let missing = open_with(place, in_file(&file)).await.unwrap_err();
        assert!(matches!(people_error(missing), PeopleError::MasterMissing { .. }));
        assert!(!file.exists(), "no other key takes the place of the lost one");
        let other = tempfile::tempdir().unwrap();
        let other = other.path().join("master-keys");
        let elsewhere = TestPlace::sqlite().unwrap();
        drop(open(&elsewhere, &other).await);
        elsewhere.remove().await.unwrap();
        std::fs::copy(&other, &file).unwrap();
        let wrong = open_with(place, in_file(&file)).await.unwrap_err();
        assert!(matches!(people_error(wrong), PeopleError::WrongMaster { .. }));
        std::fs::write(&file, &copy).unwrap();
        reads(&open(place, &file).await, &blobs).await;
    }

    async fn only_the_whole_node_rotates(place: &TestPlace) {
        let security = open_with(place, Config::for_tests().keys).await.unwrap();
        let county = Permit::of(PermitParts {
            actor: Actor::Operator("cli"),
            grant: None,
            post: None,
            line: None,
            reach: Reach::Units(vec![(kernel::UnitId::new(1), Scope::Subtree)]),
            actions: standard::Action::CHOICES.iter().map(|(_, action)| *action).collect(),
            gives: Gives::All,
            datasets: DatasetReach::All,
            common: Arc::default(),
            sees: Sensitivity::Sensitive,
        });
        for refused in [
            security.people().rotate_master(&county, None).await.map(drop),
            security.people().rotate_lookups(&county).await.map(drop),
            security.people().forget_master(&county, MasterKeyId(1)).await,
            security.people().key_status(&county).await.map(drop),
        ] {
            assert!(matches!(refused, Err(SecurityError::Denied(_))));
        }
    }
}

#[tokio::test]
async fn the_erasure_list_beside_the_master_keys_outlives_both_databases() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master-keys");
    let place = TestPlace::sqlite().unwrap();
    let security = open(&place, &file).await;
    let blobs = fill(&security, 1..4).await;
    security.0.ledger.checkpoint().await.unwrap();
    security.0.work.checkpoint().await.unwrap();
    let files = ["ledger", "work"].map(|name| {
        let url = place.address(name).0;
        std::path::PathBuf::from(url.strip_prefix("sqlite://").unwrap())
    });
    let backup = files.clone().map(|file| std::fs::read(file).unwrap());
    let mut tx = security.0.ledger.write().await.unwrap();
    let reason = Erasure {
        reason: "pipl_47_1".to_owned(),
    };
    let people = security.people();
    people
        .erase(&mut tx, &operator(), id(2), reason)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    people.keep_erasures().await.unwrap();
    security.0.ledger.close().await;
    security.0.work.close().await;
    drop((people, security));
    for (file, bytes) in files.iter().zip(backup) {
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
        }
        std::fs::write(file, bytes).unwrap();
    }
    let security = open(&place, &file).await;
    assert!(ring_of(&security, &[2]).await.unwrap().is_erased(id(2)));
    reads(&security, &[blobs[0].clone(), blobs[2].clone()]).await;
    drop(security);
    place.remove().await.unwrap();
}

#[tokio::test]
async fn the_databases_hold_no_value_and_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master-keys");
    let place = TestPlace::sqlite().unwrap();
    let security = open(&place, &file).await;
    fill(&security, 1..4).await;
    security.0.ledger.checkpoint().await.unwrap();
    let url = place.address("ledger").0;
    let bytes = std::fs::read(url.strip_prefix("sqlite://").unwrap()).unwrap();
    let keys = super::FileKeys::new(file);
    let master = keys.key(MasterKeyId(1)).unwrap().unwrap();
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(holds(b"person_identifier"));
    assert!(!holds(number_of(1).as_bytes()));
    assert!(!holds(master.expose()));
    let ring = ring_of(&security, &[1]).await.unwrap();
    assert!(!holds(ring.key(id(1)).unwrap().secret.expose()));
    let hash = ::crypto::digest(Suite::International, number_of(1).as_bytes());
    assert!(!holds(&hash[..8]));
    drop(security);
    place.remove().await.unwrap();
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_or_that_was_changed_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys/master-keys");
    let keys = super::FileKeys::new(file.clone());
    assert_eq!(keys.current(), Ok(None));
    let now = kernel::Millis(0);
    assert_eq!(keys.add(&SystemRandom, now), Ok(MasterKeyId(1)));
    assert_eq!(keys.add(&SystemRandom, now), Ok(MasterKeyId(2)));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# 渭河主密钥"), "{text}");
    let again = super::FileKeys::new(file.clone());
    assert_eq!(again.current(), Ok(Some(MasterKeyId(2))));
    let first = again.key(MasterKeyId(1)).unwrap().unwrap();
    let second = again.key(MasterKeyId(2)).unwrap().unwrap();
    assert_ne!(first.expose(), second.expose());
    assert!(again.key(MasterKeyId(3)).unwrap().is_none());
    // A process that holds the file already finds a key that another one adds.
    keys.add(&SystemRandom, now).unwrap();
    assert!(again.key(MasterKeyId(3)).unwrap().is_some());
    assert!(again.remove(MasterKeyId(3)).is_err());

    let refused = |text: &str| {
        std::fs::write(&file, text).unwrap();
        matches!(
            super::FileKeys::new(file.clone()).current(),
            Err(PeopleError::Master { .. })
        )
    };
    let digits = ::crypto::Zeroizing::new(crate::crypto::hex(first.expose()));
    let changed = text.replace(&**digits, &"0".repeat(64));
    assert_ne!(changed, text);
    assert!(refused(&changed));
    assert!(refused(&text.replace("current 2", "current 7")));
    assert!(refused(&text.replace("current 2", "")));
    assert!(refused("something else"));
    assert!(!refused(&text));
    let open_to_the_group = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(&file, open_to_the_group).unwrap();
    assert!(refused(&text));
}

#[test]
fn keys_are_never_printed() {
    let keys = KeySettings {
        source: KeySource::Held(Arc::new(HeldKeys::for_tests())),
        ..KeySettings::default()
    };
    let shown = format!("{keys:?} {:?}", HeldKeys::for_tests());
    assert!(!shown.contains("90") && !shown.contains("5a"), "{shown}");
}

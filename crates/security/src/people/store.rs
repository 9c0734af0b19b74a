//! The only place of this part with SQL. Everything but the kept erasure list stands in the ledger database.

use std::collections::BTreeSet;

use ::crypto::Suite;
use db::bulk::{self, BulkRows};
use db::{DbError, Row, Tx};
use kernel::{Millis, RecordId, Value};

use super::master::MasterKeyId;
use super::model::{
    Erased, IdentifierRow, KeyRow, LookupKeyRow, LookupRow, NodeKeyRow, Rotation, RotationKind,
    RotationStage, State,
};

// State

fn suite_of(row: &Row) -> Result<Suite, DbError> {
    let number = row.int("suite")?;
    u8::try_from(number)
        .ok()
        .and_then(Suite::of_number)
        .ok_or_else(|| DbError::query(format!("there is no suite of algorithms {number} here")))
}

fn suite_value(suite: Suite) -> Value {
    Value::Int(i64::from(suite.number()))
}

fn state_of(row: &Row) -> Result<State, DbError> {
    Ok(State {
        suite: suite_of(row)?,
        realm: row.text("realm")?.to_owned(),
        master: MasterKeyId(row.int("master")?),
        lookup: row.int("lookup")?,
        next_lookup: row.opt_int("next_lookup")?,
    })
}

pub(super) async fn state(ledger: &mut Tx) -> Result<Option<State>, DbError> {
    let sql =
        "SELECT suite, realm, master, lookup, next_lookup FROM person_key_state WHERE one = 1";
    let row = ledger.fetch_optional(sql, &[]).await?;
    row.as_ref().map(state_of).transpose()
}

/// The state, and its row locked until the transaction ends.
pub(super) async fn lock_state(ledger: &mut Tx) -> Result<Option<State>, DbError> {
    let sql = "UPDATE person_key_state SET suite = suite WHERE one = 1 \
               RETURNING suite, realm, master, lookup, next_lookup";
    let row = ledger.fetch_optional(sql, &[]).await?;
    row.as_ref().map(state_of).transpose()
}

pub(super) async fn put_state(ledger: &mut Tx, state: &State) -> Result<(), DbError> {
    ledger
        .execute(
            "INSERT INTO person_key_state (one, suite, realm, master, lookup, next_lookup) \
             VALUES (1, $1, $2, $3, $4, $5) ON CONFLICT (one) DO UPDATE SET suite = excluded.suite, \
             realm = excluded.realm, master = excluded.master, lookup = excluded.lookup, \
             next_lookup = excluded.next_lookup",
            &[
                suite_value(state.suite),
                state.realm.as_str().into(),
                state.master.0.into(),
                state.lookup.into(),
                state.next_lookup.into(),
            ],
        )
        .await?;
    Ok(())
}

pub(super) async fn holds_keys(ledger: &mut Tx) -> Result<bool, DbError> {
    let row = ledger
        .fetch_optional("SELECT person FROM person_key LIMIT 1", &[])
        .await?;
    Ok(row.is_some())
}

// Keys of persons

const KEY_COLUMNS: [&str; 5] = ["person", "mark", "suite", "master", "wrapped"];

fn key_of(row: &Row) -> Result<KeyRow, DbError> {
    Ok(KeyRow {
        person: RecordId::new(row.int("person")?),
        mark: row.int("mark")?,
        suite: suite_of(row)?,
        master: MasterKeyId(row.int("master")?),
        wrapped: row.bytes("wrapped")?.to_vec(),
    })
}

fn ids(persons: &BTreeSet<RecordId>) -> Result<BulkRows, DbError> {
    let mut keys = BulkRows::with_capacity(1, persons.len());
    for person in persons {
        keys.push([(*person).into()])?;
    }
    Ok(keys)
}

/// The keys of some persons, by person.
pub(super) async fn keys(
    ledger: &mut Tx,
    persons: &BTreeSet<RecordId>,
) -> Result<Vec<KeyRow>, DbError> {
    let mut found = Vec::with_capacity(persons.len());
    let wanted = ids(persons)?;
    bulk::for_each_by_keys(
        ledger,
        "person_key",
        &KEY_COLUMNS,
        &["person"],
        &wanted,
        "",
        |row| {
            found.push(key_of(&row)?);
            Ok(())
        },
    )
    .await?;
    found.sort_unstable_by_key(|row| row.person);
    Ok(found)
}

pub(super) async fn insert_keys(ledger: &mut Tx, rows: &[KeyRow]) -> Result<(), DbError> {
    let mut values = BulkRows::with_capacity(KEY_COLUMNS.len(), rows.len());
    for row in rows {
        values.push([
            row.person.into(),
            row.mark.into(),
            suite_value(row.suite),
            row.master.0.into(),
            row.wrapped.as_slice().into(),
        ])?;
    }
    bulk::insert(ledger, "person_key", &KEY_COLUMNS, &values).await?;
    Ok(())
}

/// Deletes a key. Its bytes are overwritten first, so that they do not stay behind in a free page.
pub(super) async fn delete_key(ledger: &mut Tx, row: &KeyRow) -> Result<(), DbError> {
    let nothing = vec![0_u8; row.wrapped.len()];
    ledger
        .execute(
            "UPDATE person_key SET wrapped = $1 WHERE person = $2",
            &[nothing.into(), row.person.into()],
        )
        .await?;
    ledger
        .execute(
            "DELETE FROM person_key WHERE person = $1",
            &[row.person.into()],
        )
        .await?;
    Ok(())
}

/// The last of the next rows after a person and up to another; `None` where there are none.
pub(super) async fn last_key_of(
    ledger: &mut Tx,
    after: i64,
    upto: i64,
    most: i64,
) -> Result<Option<i64>, DbError> {
    let sql = "SELECT max(person) AS last FROM (SELECT person FROM person_key \
               WHERE person > $1 AND person <= $2 ORDER BY person LIMIT $3) part";
    let row = ledger
        .fetch_one(sql, &[after.into(), upto.into(), most.into()])
        .await?;
    row.opt_int("last")
}

/// The keys after a person up to another.
pub(super) async fn keys_between(
    ledger: &mut Tx,
    after: i64,
    last: i64,
) -> Result<Vec<KeyRow>, DbError> {
    let sql = "SELECT person, mark, suite, master, wrapped FROM person_key \
               WHERE person > $1 AND person <= $2 ORDER BY person";
    let rows = ledger.fetch_all(sql, &[after.into(), last.into()]).await?;
    rows.iter().map(key_of).collect()
}

pub(super) async fn delete_keys_between(
    ledger: &mut Tx,
    after: i64,
    last: i64,
) -> Result<(), DbError> {
    let sql = "DELETE FROM person_key WHERE person > $1 AND person <= $2";
    ledger.execute(sql, &[after.into(), last.into()]).await?;
    Ok(())
}

/// How many keys of persons, and how many of lookups, each master key wraps.
pub(super) async fn wrapped_by(ledger: &mut Tx) -> Result<Vec<(MasterKeyId, i64)>, DbError> {
    let sql = "SELECT master, count(*) AS keys FROM person_key GROUP BY master ORDER BY master";
    let rows = ledger.fetch_all(sql, &[]).await?;
    rows.iter()
        .map(|row| Ok((MasterKeyId(row.int("master")?), row.int("keys")?)))
        .collect()
}

pub(super) async fn count_wrapped_by(ledger: &mut Tx, master: MasterKeyId) -> Result<i64, DbError> {
    let sql = "SELECT (SELECT count(*) FROM person_key WHERE master = $1) + \
               (SELECT count(*) FROM lookup_key WHERE master = $1) AS keys";
    ledger.fetch_one(sql, &[master.0.into()]).await?.int("keys")
}

/// How many keys of persons there are, and the last person who has one.
pub(super) async fn count_keys(ledger: &mut Tx) -> Result<(i64, Option<i64>), DbError> {
    let sql = "SELECT count(*) AS keys, max(person) AS last FROM person_key";
    let row = ledger.fetch_one(sql, &[]).await?;
    Ok((row.int("keys")?, row.opt_int("last")?))
}

// Lookup keys

pub(super) async fn lookup_keys(ledger: &mut Tx) -> Result<Vec<LookupKeyRow>, DbError> {
    let sql = "SELECT version, realm, suite, master, wrapped FROM lookup_key ORDER BY version";
    let rows = ledger.fetch_all(sql, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(LookupKeyRow {
                version: row.int("version")?,
                realm: row.text("realm")?.to_owned(),
                suite: suite_of(row)?,
                master: MasterKeyId(row.int("master")?),
                wrapped: row.bytes("wrapped")?.to_vec(),
            })
        })
        .collect()
}

pub(super) async fn insert_lookup_key(
    ledger: &mut Tx,
    row: &LookupKeyRow,
    now: Millis,
) -> Result<(), DbError> {
    ledger
        .execute(
            "INSERT INTO lookup_key (version, realm, suite, master, wrapped, made) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                row.version.into(),
                row.realm.as_str().into(),
                suite_value(row.suite),
                row.master.0.into(),
                row.wrapped.as_slice().into(),
                now.into(),
            ],
        )
        .await?;
    Ok(())
}

/// The node's key in the work database.
pub(super) async fn node_key(work: &mut Tx) -> Result<Option<NodeKeyRow>, DbError> {
    let sql = "SELECT suite, master, wrapped FROM node_key WHERE one = 1";
    let row = work.fetch_optional(sql, &[]).await?;
    row.map(|row| {
        Ok(NodeKeyRow {
            suite: suite_of(&row)?,
            master: MasterKeyId(row.int("master")?),
            wrapped: row.bytes("wrapped")?.to_vec(),
        })
    })
    .transpose()
}

/// Keeps the node's key where there is none yet: of two programs that begin at once, one is first.
pub(super) async fn insert_node_key(
    work: &mut Tx,
    row: &NodeKeyRow,
    now: Millis,
) -> Result<(), DbError> {
    let values = [
        suite_value(row.suite),
        row.master.0.into(),
        row.wrapped.as_slice().into(),
        now.into(),
    ];
    let sql = "INSERT INTO node_key (one, suite, master, wrapped, made) VALUES (1, $1, $2, $3, $4) \
               ON CONFLICT (one) DO NOTHING";
    work.execute(sql, &values).await?;
    Ok(())
}

pub(super) async fn rewrap_node_key(
    work: &mut Tx,
    master: MasterKeyId,
    wrapped: &[u8],
) -> Result<(), DbError> {
    let sql = "UPDATE node_key SET master = $1, wrapped = $2 WHERE one = 1";
    work.execute(sql, &[master.0.into(), wrapped.into()])
        .await?;
    Ok(())
}

pub(super) async fn rewrap_lookup_key(
    ledger: &mut Tx,
    version: i64,
    master: MasterKeyId,
    wrapped: &[u8],
) -> Result<(), DbError> {
    ledger
        .execute(
            "UPDATE lookup_key SET master = $1, wrapped = $2 WHERE version = $3",
            &[master.0.into(), wrapped.into(), version.into()],
        )
        .await?;
    Ok(())
}

pub(super) async fn last_lookup_version(ledger: &mut Tx) -> Result<i64, DbError> {
    let row = ledger
        .fetch_one(
            "SELECT coalesce(max(version), 0) AS last FROM lookup_key",
            &[],
        )
        .await?;
    row.int("last")
}

pub(super) async fn delete_lookup_keys_before(
    ledger: &mut Tx,
    version: i64,
) -> Result<(), DbError> {
    let sql = "DELETE FROM lookup_key WHERE version < $1";
    ledger.execute(sql, &[version.into()]).await?;
    Ok(())
}

// Lookups

const LOOKUP_COLUMNS: [&str; 3] = ["version", "hash", "person"];

fn lookup_of(row: &Row) -> Result<LookupRow, DbError> {
    Ok(LookupRow {
        version: row.int("version")?,
        hash: row.int("hash")?,
        person: RecordId::new(row.int("person")?),
    })
}

/// Lookups of one version with these hashes.
pub(super) async fn lookups_among(
    ledger: &mut Tx,
    version: i64,
    hashes: &BTreeSet<i64>,
) -> Result<Vec<LookupRow>, DbError> {
    let mut keys = BulkRows::with_capacity(2, hashes.len());
    for hash in hashes {
        keys.push([version.into(), (*hash).into()])?;
    }
    let mut found = Vec::new();
    bulk::for_each_by_keys(
        ledger,
        "person_lookup",
        &LOOKUP_COLUMNS,
        &["version", "hash"],
        &keys,
        "",
        |row| {
            found.push(lookup_of(&row)?);
            Ok(())
        },
    )
    .await?;
    Ok(found)
}

/// Inserts those that are not there yet, in the order of the table.
pub(super) async fn insert_missing_lookups(
    ledger: &mut Tx,
    rows: &BTreeSet<LookupRow>,
) -> Result<(), DbError> {
    let values = |row: &LookupRow| -> [Value; 3] {
        [row.version.into(), row.hash.into(), row.person.into()]
    };
    let mut keys = BulkRows::with_capacity(LOOKUP_COLUMNS.len(), rows.len());
    for row in rows {
        keys.push(values(row))?;
    }
    let mut there = BTreeSet::new();
    bulk::for_each_by_keys(
        ledger,
        "person_lookup",
        &LOOKUP_COLUMNS,
        &LOOKUP_COLUMNS,
        &keys,
        "",
        |row| {
            there.insert(lookup_of(&row)?);
            Ok(())
        },
    )
    .await?;
    let mut missing = BulkRows::with_capacity(LOOKUP_COLUMNS.len(), rows.len());
    for row in rows.difference(&there) {
        missing.push(values(row))?;
    }
    bulk::insert(ledger, "person_lookup", &LOOKUP_COLUMNS, &missing).await?;
    Ok(())
}

pub(super) async fn delete_lookup(ledger: &mut Tx, row: &LookupRow) -> Result<(), DbError> {
    ledger
        .execute(
            "DELETE FROM person_lookup WHERE version = $1 AND hash = $2 AND person = $3",
            &[row.version.into(), row.hash.into(), row.person.into()],
        )
        .await?;
    Ok(())
}

/// Deletes at most so many lookups of the versions before one; answers how many there were.
pub(super) async fn purge_lookups(ledger: &mut Tx, before: i64, most: i64) -> Result<u64, DbError> {
    let sql = "SELECT min(version) AS version FROM person_lookup WHERE version < $1";
    let row = ledger.fetch_one(sql, &[before.into()]).await?;
    let Some(version) = row.opt_int("version")? else {
        return Ok(0);
    };
    let sql = "SELECT max(hash) AS last FROM \
               (SELECT hash FROM person_lookup WHERE version = $1 ORDER BY hash LIMIT $2) part";
    let row = ledger
        .fetch_one(sql, &[version.into(), most.into()])
        .await?;
    let last = row.opt_int("last")?;
    let sql = "DELETE FROM person_lookup WHERE version = $1 AND hash <= $2";
    ledger.execute(sql, &[version.into(), last.into()]).await
}

pub(super) async fn lookups_by_version(ledger: &mut Tx) -> Result<Vec<(i64, i64)>, DbError> {
    let sql =
        "SELECT version, count(*) AS lookups FROM person_lookup GROUP BY version ORDER BY version";
    let rows = ledger.fetch_all(sql, &[]).await?;
    rows.iter()
        .map(|row| Ok((row.int("version")?, row.int("lookups")?)))
        .collect()
}

// Identifiers

const IDENTIFIER_COLUMNS: [&str; 3] = ["person", "tag", "sealed"];

fn identifier_of(row: &Row) -> Result<IdentifierRow, DbError> {
    Ok(IdentifierRow {
        person: RecordId::new(row.int("person")?),
        tag: row.int("tag")?,
        sealed: row.bytes("sealed")?.to_vec(),
    })
}

/// Which of these are there.
pub(super) async fn identifiers_among(
    ledger: &mut Tx,
    wanted: &[(RecordId, i64)],
) -> Result<Vec<(RecordId, i64)>, DbError> {
    let mut keys = BulkRows::with_capacity(2, wanted.len());
    for (person, tag) in wanted {
        keys.push([(*person).into(), (*tag).into()])?;
    }
    let mut found = Vec::new();
    bulk::for_each_by_keys(
        ledger,
        "person_identifier",
        &["person", "tag"],
        &["person", "tag"],
        &keys,
        "",
        |row| {
            found.push((RecordId::new(row.int("person")?), row.int("tag")?));
            Ok(())
        },
    )
    .await?;
    Ok(found)
}

pub(super) async fn insert_identifiers(
    ledger: &mut Tx,
    rows: &[IdentifierRow],
) -> Result<(), DbError> {
    let mut values = BulkRows::with_capacity(IDENTIFIER_COLUMNS.len(), rows.len());
    for row in rows {
        values.push([
            row.person.into(),
            row.tag.into(),
            row.sealed.as_slice().into(),
        ])?;
    }
    bulk::insert(ledger, "person_identifier", &IDENTIFIER_COLUMNS, &values).await?;
    Ok(())
}

pub(super) async fn identifiers_of(
    ledger: &mut Tx,
    person: RecordId,
) -> Result<Vec<IdentifierRow>, DbError> {
    identifiers_between(ledger, person.get() - 1, person.get()).await
}

/// The identifiers of the persons after one up to another, by person.
pub(super) async fn identifiers_between(
    ledger: &mut Tx,
    after: i64,
    last: i64,
) -> Result<Vec<IdentifierRow>, DbError> {
    let sql = "SELECT person, tag, sealed FROM person_identifier \
               WHERE person > $1 AND person <= $2 ORDER BY person, tag";
    let rows = ledger.fetch_all(sql, &[after.into(), last.into()]).await?;
    rows.iter().map(identifier_of).collect()
}

/// The person of the last of the next rows after a person and up to another; `None` where there are none.
pub(super) async fn last_identified_of(
    ledger: &mut Tx,
    after: i64,
    upto: i64,
    most: i64,
) -> Result<Option<i64>, DbError> {
    let sql = "SELECT max(person) AS last FROM (SELECT person FROM person_identifier \
               WHERE person > $1 AND person <= $2 ORDER BY person LIMIT $3) part";
    let row = ledger
        .fetch_one(sql, &[after.into(), upto.into(), most.into()])
        .await?;
    row.opt_int("last")
}

/// How many identifiers there are, and the last person who has one.
pub(super) async fn count_identifiers(ledger: &mut Tx) -> Result<(i64, Option<i64>), DbError> {
    let sql = "SELECT count(*) AS identifiers, max(person) AS last FROM person_identifier";
    let row = ledger.fetch_one(sql, &[]).await?;
    Ok((row.int("identifiers")?, row.opt_int("last")?))
}

pub(super) async fn delete_identifier(
    ledger: &mut Tx,
    person: RecordId,
    tag: i64,
) -> Result<(), DbError> {
    ledger
        .execute(
            "DELETE FROM person_identifier WHERE person = $1 AND tag = $2",
            &[person.into(), tag.into()],
        )
        .await?;
    Ok(())
}

pub(super) async fn delete_identifiers(ledger: &mut Tx, person: RecordId) -> Result<(), DbError> {
    ledger
        .execute(
            "DELETE FROM person_identifier WHERE person = $1",
            &[person.into()],
        )
        .await?;
    Ok(())
}

// The erasure list

/// Its table in the ledger.
pub(super) const ERASED: &str = "person_erased";
/// Its copy in the work database.
pub(super) const KEPT: &str = "person_erased_kept";

pub(super) async fn erased(tx: &mut Tx, table: &'static str) -> Result<BTreeSet<Erased>, DbError> {
    let sql = format!(
        "SELECT person, mark, erased, reason, erased_by FROM {table} ORDER BY person, mark"
    );
    let rows = tx.fetch_all(&sql, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(Erased {
                person: RecordId::new(row.int("person")?),
                mark: row.int("mark")?,
                at: Millis(row.int("erased")?),
                reason: row.text("reason")?.to_owned(),
                by: row.text("erased_by")?.to_owned(),
            })
        })
        .collect()
}

/// Which of some persons were erased.
pub(super) async fn erased_among(
    ledger: &mut Tx,
    persons: &BTreeSet<RecordId>,
) -> Result<BTreeSet<RecordId>, DbError> {
    let mut found = BTreeSet::new();
    let wanted = ids(persons)?;
    bulk::for_each_by_keys(
        ledger,
        ERASED,
        &["person"],
        &["person"],
        &wanted,
        "",
        |row| {
            found.insert(RecordId::new(row.int("person")?));
            Ok(())
        },
    )
    .await?;
    Ok(found)
}

pub(super) async fn count_erased(ledger: &mut Tx) -> Result<i64, DbError> {
    let row = ledger
        .fetch_one("SELECT count(*) AS persons FROM person_erased", &[])
        .await?;
    row.int("persons")
}

/// Whether the entry was not there yet.
pub(super) async fn insert_erased(
    tx: &mut Tx,
    table: &'static str,
    entry: &Erased,
) -> Result<bool, DbError> {
    let written = tx
        .execute(
            &format!(
                "INSERT INTO {table} (person, mark, erased, reason, erased_by) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (person, mark) DO NOTHING"
            ),
            &[
                entry.person.into(),
                entry.mark.into(),
                entry.at.into(),
                entry.reason.as_str().into(),
                entry.by.as_str().into(),
            ],
        )
        .await?;
    Ok(written > 0)
}

// Rotations

const ROTATION: &str = "SELECT number, kind, target, stage, cursor, last, done, total, started, \
                        started_by, finished FROM key_rotation";

fn rotation_of(row: &Row) -> Result<Rotation, DbError> {
    Ok(Rotation {
        number: row.int("number")?,
        kind: RotationKind::parse(row.text("kind")?),
        target: row.int("target")?,
        stage: RotationStage::parse(row.text("stage")?),
        cursor: row.int("cursor")?,
        last: row.int("last")?,
        done: row.int("done")?,
        total: row.int("total")?,
        started: Millis(row.int("started")?),
        by: row.text("started_by")?.to_owned(),
        finished: row.opt_int("finished")?.map(Millis),
    })
}

/// The last rotations, the last one first.
pub(super) async fn rotations(ledger: &mut Tx, most: i64) -> Result<Vec<Rotation>, DbError> {
    let sql = format!("{ROTATION} ORDER BY number DESC LIMIT $1");
    let rows = ledger.fetch_all(&sql, &[most.into()]).await?;
    rows.iter().map(rotation_of).collect()
}

pub(super) async fn unfinished_rotation(ledger: &mut Tx) -> Result<Option<Rotation>, DbError> {
    let sql = format!("{ROTATION} WHERE finished IS NULL ORDER BY number LIMIT 1");
    let row = ledger.fetch_optional(&sql, &[]).await?;
    row.as_ref().map(rotation_of).transpose()
}

pub(super) async fn insert_rotation(ledger: &mut Tx, rotation: &Rotation) -> Result<(), DbError> {
    ledger
        .execute(
            "INSERT INTO key_rotation (number, kind, target, stage, cursor, last, done, total, \
             started, started_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &[
                rotation.number.into(),
                rotation.kind.as_str().into(),
                rotation.target.into(),
                rotation.stage.as_str().into(),
                rotation.cursor.into(),
                rotation.last.into(),
                rotation.done.into(),
                rotation.total.into(),
                rotation.started.into(),
                rotation.by.as_str().into(),
            ],
        )
        .await?;
    Ok(())
}

pub(super) async fn put_progress(ledger: &mut Tx, rotation: &Rotation) -> Result<(), DbError> {
    ledger
        .execute(
            "UPDATE key_rotation SET stage = $1, cursor = $2, done = $3, finished = $4 \
             WHERE number = $5",
            &[
                rotation.stage.as_str().into(),
                rotation.cursor.into(),
                rotation.done.into(),
                rotation.finished.map(|at| at.0).into(),
                rotation.number.into(),
            ],
        )
        .await?;
    Ok(())
}

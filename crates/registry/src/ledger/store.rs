//! The ledger's tables and every statement on them.

use db::bulk::BulkRows;
use db::{Migration, Row, Tx};
use kernel::{Clocks, CommitNumber, Day, Millis, RecordId, UnitId, Value};

use security::LedgerHead;
use standard::SourceFile;

use super::error::LedgerError;
use super::model::{Commit, Origin, Source, Version};
use super::tables::DatasetTable;

/// The ledger's own tables; the datasets' tables are made from the definitions ([`DatasetTable`]).
pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    name: "ledger-1",
    sql: include_str!("sql/ledger_1.sql"),
}];

/// The one row that orders all writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of the last commit; 0 before the first.
    pub number: CommitNumber,
    /// Its time.
    pub time: Millis,
    /// Its hash.
    pub hash: [u8; 32],
    /// The next free record id.
    pub next_record: i64,
    /// This node's name.
    pub node: String,
}

impl Head {
    /// As it is kept outside the ledger.
    pub(super) fn as_kept(&self) -> LedgerHead {
        LedgerHead {
            number: self.number,
            hash: self.hash,
        }
    }
}

const HEAD_COLUMNS: &str = "number, time, hash, next_record, node";

/// Makes the head row of a new ledger.
pub(super) async fn start(tx: &mut Tx, node: &str, no_parent: [u8; 32]) -> Result<(), LedgerError> {
    tx.execute(
        "INSERT INTO head (id, number, time, hash, next_record, node) VALUES (1, 0, 0, $1, 1, $2) \
         ON CONFLICT (id) DO NOTHING",
        &[Value::Bytes(no_parent.to_vec()), node.into()],
    )
    .await?;
    Ok(())
}

/// The head as this transaction sees it.
pub(super) async fn head(tx: &mut Tx) -> Result<Head, LedgerError> {
    let row = tx
        .fetch_one(
            &format!("SELECT {HEAD_COLUMNS} FROM head WHERE id = 1"),
            &[],
        )
        .await?;
    head_of(&row)
}

/// Whether there is a head; false before the first start of a ledger came to its end.
pub(super) async fn has_head(tx: &mut Tx) -> Result<bool, LedgerError> {
    let tables = db::stored_tables(tx, "head").await?;
    if !tables.iter().any(|table| table.name == "head") {
        return Ok(false);
    }
    let row = tx
        .fetch_optional("SELECT id FROM head WHERE id = 1", &[])
        .await?;
    Ok(row.is_some())
}

/// The head, locked: whoever holds it is the one writer until the transaction ends.
pub(super) async fn lock_head(tx: &mut Tx) -> Result<Head, LedgerError> {
    let row = tx
        .fetch_one(
            &format!("UPDATE head SET number = number WHERE id = 1 RETURNING {HEAD_COLUMNS}"),
            &[],
        )
        .await?;
    head_of(&row)
}

fn head_of(row: &Row) -> Result<Head, LedgerError> {
    Ok(Head {
        number: CommitNumber::new(row.int("number")?),
        time: Millis::new(row.int("time")?),
        hash: hash_of(row, "hash")?,
        next_record: row.int("next_record")?,
        node: row.text("node")?.to_owned(),
    })
}

/// Moves the head to a commit that was just written.
pub(super) async fn move_head(tx: &mut Tx, commit: &Commit) -> Result<(), LedgerError> {
    tx.execute(
        "UPDATE head SET number = $1, time = $2, hash = $3 WHERE id = 1",
        &[
            commit.number.into(),
            commit.time.into(),
            commit.hash.to_vec().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Takes `count` record ids; ids that are then not used leave a gap, which means nothing.
pub(super) async fn reserve_records(tx: &mut Tx, count: i64) -> Result<i64, LedgerError> {
    let row = tx
        .fetch_one(
            "UPDATE head SET next_record = next_record + $1 WHERE id = 1 RETURNING next_record",
            &[count.into()],
        )
        .await?;
    Ok(row.int("next_record")? - count)
}

const COMMIT_COLUMNS: &str = "number, time, actor, dataset, unit, reason, source_kind, source_name, import_id, \
     origin_node, origin_number, origin_hash, reverses, definitions_version, definitions_hash, opened, closed, \
     idempotency_key, root, parent, node, hash";

/// Writes an entry of the commit log.
pub(super) async fn insert_commit(tx: &mut Tx, commit: &Commit) -> Result<(), LedgerError> {
    let origin = commit.source.origin.as_ref();
    tx.execute(
        &format!(
            "INSERT INTO commit_log ({COMMIT_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
             $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)"
        ),
        &[
            commit.number.into(),
            commit.time.into(),
            commit.actor.as_str().into(),
            commit.dataset.as_str().into(),
            commit.unit.into(),
            commit.source.reason.as_str().into(),
            commit.source.kind.as_str().into(),
            commit.source.name.as_str().into(),
            commit.source.import.into(),
            origin.map(|origin| origin.node.as_str()).into(),
            origin.map(|origin| origin.number).into(),
            origin.map(|origin| origin.hash.to_vec()).into(),
            commit.source.reverses.into(),
            commit.definitions.0.as_str().into(),
            commit.definitions.1.as_str().into(),
            commit.opened.into(),
            commit.closed.into(),
            commit.idempotency_key.as_deref().into(),
            commit.root.to_vec().into(),
            commit.parent.to_vec().into(),
            commit.node.as_str().into(),
            commit.hash.to_vec().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Commits in the order of their numbers, from `first` on, at most `most`.
pub(super) async fn commits_from(
    tx: &mut Tx,
    first: CommitNumber,
    most: i64,
) -> Result<Vec<Commit>, LedgerError> {
    let rows = tx
        .fetch_all(
            &format!("SELECT {COMMIT_COLUMNS} FROM commit_log WHERE number >= $1 ORDER BY number LIMIT $2"),
            &[first.into(), most.into()],
        )
        .await?;
    rows.iter().map(commit_of).collect()
}

/// The latest commits first, `most` of them up to and with `last`.
pub(super) async fn commits_before(
    tx: &mut Tx,
    last: CommitNumber,
    most: i64,
) -> Result<Vec<Commit>, LedgerError> {
    let rows = tx
        .fetch_all(
            &format!("SELECT {COMMIT_COLUMNS} FROM commit_log WHERE number <= $1 ORDER BY number DESC LIMIT $2"),
            &[last.into(), most.into()],
        )
        .await?;
    rows.iter().map(commit_of).collect()
}

/// The highest number of an import that a commit names; 0 where none does.
pub(super) async fn last_import(tx: &mut Tx) -> Result<i64, LedgerError> {
    let row = tx
        .fetch_one("SELECT max(import_id) AS last FROM commit_log", &[])
        .await?;
    Ok(row.opt_int("last")?.unwrap_or(0))
}

/// A commit to a dataset after `seen` that is not of this import.
pub(super) async fn commit_of_others(
    tx: &mut Tx,
    dataset: &str,
    seen: CommitNumber,
    import: Option<i64>,
) -> Result<Option<CommitNumber>, LedgerError> {
    let row = tx
        .fetch_optional(
            "SELECT number FROM commit_log WHERE number > $1 AND dataset = $2 \
             AND (import_id IS NULL OR import_id <> $3) ORDER BY number LIMIT 1",
            &[seen.into(), dataset.into(), import.unwrap_or(0).into()],
        )
        .await?;
    Ok(row
        .map(|row| row.int("number"))
        .transpose()?
        .map(CommitNumber::new))
}

/// The commits of one import, in order.
pub(super) async fn commits_of_import(
    tx: &mut Tx,
    import: i64,
) -> Result<Vec<Commit>, LedgerError> {
    let rows = tx
        .fetch_all(
            &format!(
                "SELECT {COMMIT_COLUMNS} FROM commit_log WHERE import_id = $1 ORDER BY number"
            ),
            &[import.into()],
        )
        .await?;
    rows.iter().map(commit_of).collect()
}

/// Reversals of the commits of an import: the commit that was reversed, and the one that reverses it; with
/// the reversals of those, and so on.
pub(super) async fn reversals_of_import(
    tx: &mut Tx,
    import: i64,
) -> Result<Vec<(CommitNumber, CommitNumber)>, LedgerError> {
    let rows = tx
        .fetch_all(
            "WITH RECURSIVE undone (reversed, number) AS ( \
             SELECT c.number, r.number FROM commit_log c JOIN commit_log r ON r.reverses = c.number \
             WHERE c.import_id = $1 \
             UNION \
             SELECT r.reverses, r.number FROM undone u JOIN commit_log r ON r.reverses = u.number) \
             SELECT reversed, number FROM undone ORDER BY number",
            &[import.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                CommitNumber::new(row.int("reversed")?),
                CommitNumber::new(row.int("number")?),
            ))
        })
        .collect()
}

/// One commit.
pub(super) async fn commit(
    tx: &mut Tx,
    number: CommitNumber,
) -> Result<Option<Commit>, LedgerError> {
    let row = tx
        .fetch_optional(
            &format!("SELECT {COMMIT_COLUMNS} FROM commit_log WHERE number = $1"),
            &[number.into()],
        )
        .await?;
    row.as_ref().map(commit_of).transpose()
}

/// The commit that carries an idempotency key.
pub(super) async fn commit_with_key(
    tx: &mut Tx,
    key: &str,
) -> Result<Option<CommitNumber>, LedgerError> {
    let row = tx
        .fetch_optional(
            "SELECT number FROM commit_log WHERE idempotency_key = $1",
            &[key.into()],
        )
        .await?;
    Ok(row
        .map(|row| row.int("number"))
        .transpose()?
        .map(CommitNumber::new))
}

/// The last commit made before an instant; [`CommitNumber::NONE`] when there was none.
pub(super) async fn commit_before_instant(
    tx: &mut Tx,
    instant: Millis,
) -> Result<CommitNumber, LedgerError> {
    let row = tx
        .fetch_one(
            "SELECT max(number) AS number FROM commit_log WHERE time < $1",
            &[instant.into()],
        )
        .await?;
    Ok(CommitNumber::new(row.opt_int("number")?.unwrap_or(0)))
}

/// The last commit up to `known_on` that touched a dataset; [`CommitNumber::NONE`] when none did.
pub(super) async fn last_commit_of(
    tx: &mut Tx,
    dataset: &str,
    known_on: CommitNumber,
) -> Result<CommitNumber, LedgerError> {
    let row = tx
        .fetch_one(
            "SELECT max(number) AS number FROM commit_log WHERE dataset = $1 AND number <= $2",
            &[dataset.into(), known_on.into()],
        )
        .await?;
    Ok(CommitNumber::new(row.opt_int("number")?.unwrap_or(0)))
}

/// Keeps the text of the definitions that a commit adopts, unless it is kept already. Files under a hash
/// are what that hash was computed over, so others that stand under it are replaced.
pub(super) async fn keep_definitions(
    tx: &mut Tx,
    hash: &str,
    files: &[SourceFile],
) -> Result<(), LedgerError> {
    let kept = tx
        .fetch_all(
            "SELECT path FROM definition_file WHERE hash = $1",
            &[hash.into()],
        )
        .await?;
    let mut kept: Vec<&str> = kept
        .iter()
        .map(|row| row.text("path"))
        .collect::<Result<_, _>>()?;
    let mut wanted: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    kept.sort_unstable();
    wanted.sort_unstable();
    if kept == wanted {
        return Ok(());
    }
    tx.execute(
        "DELETE FROM definition_file WHERE hash = $1",
        &[hash.into()],
    )
    .await?;
    for file in files {
        tx.execute(
            "INSERT INTO definition_file (hash, path, content) VALUES ($1, $2, $3)",
            &[
                hash.into(),
                file.path.as_str().into(),
                file.bytes.as_slice().into(),
            ],
        )
        .await?;
    }
    Ok(())
}

fn commit_of(row: &Row) -> Result<Commit, LedgerError> {
    let origin = match (
        row.opt_text("origin_node")?,
        row.opt_int("origin_number")?,
        row.opt_bytes("origin_hash")?,
    ) {
        (Some(node), Some(number), Some(hash)) => Some(Origin {
            node: node.to_owned(),
            number,
            hash: fixed(hash, "origin_hash")?,
        }),
        _ => None,
    };
    Ok(Commit {
        number: CommitNumber::new(row.int("number")?),
        time: Millis::new(row.int("time")?),
        actor: row.text("actor")?.to_owned(),
        dataset: row.text("dataset")?.to_owned(),
        unit: row.opt_int("unit")?.map(UnitId::new),
        source: Source {
            reason: row.text("reason")?.to_owned(),
            kind: row.text("source_kind")?.to_owned(),
            name: row.text("source_name")?.to_owned(),
            import: row.opt_int("import_id")?,
            origin,
            reverses: row.opt_int("reverses")?.map(CommitNumber::new),
        },
        definitions: (
            row.text("definitions_version")?.to_owned(),
            row.text("definitions_hash")?.to_owned(),
        ),
        opened: row.int("opened")?,
        closed: row.int("closed")?,
        idempotency_key: row.opt_text("idempotency_key")?.map(str::to_owned),
        root: hash_of(row, "root")?,
        parent: hash_of(row, "parent")?,
        node: row.text("node")?.to_owned(),
        hash: hash_of(row, "hash")?,
    })
}

fn hash_of(row: &Row, column: &str) -> Result<[u8; 32], LedgerError> {
    fixed(row.bytes(column)?, column)
}

fn fixed(bytes: &[u8], column: &str) -> Result<[u8; 32], LedgerError> {
    bytes
        .try_into()
        .map_err(|_| LedgerError::Damaged(format!("{column} is not 32 bytes long")))
}

/// How many ids stand in one IN list.
const IDS_A_STATEMENT: usize = 500;

/// The open versions of records, ordered by record and day.
pub(super) async fn open_versions(
    tx: &mut Tx,
    table: &DatasetTable,
    records: &[RecordId],
) -> Result<Vec<Version>, LedgerError> {
    let mut versions = Vec::new();
    for ids in records.chunks(IDS_A_STATEMENT) {
        let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE record_id IN ({}) AND until IS NULL ORDER BY record_id, effective_from",
            table.select_list(),
            table.sql_name(),
            places.join(", "),
        );
        let parameters: Vec<Value> = ids.iter().map(|record| (*record).into()).collect();
        for row in tx.fetch_all(&sql, &parameters).await? {
            versions.push(table.version(row)?);
        }
    }
    Ok(versions)
}

/// All versions of one record, latest commit first.
pub(super) async fn history(
    tx: &mut Tx,
    table: &DatasetTable,
    record: RecordId,
) -> Result<Vec<Version>, LedgerError> {
    let sql = format!(
        "SELECT {} FROM {} WHERE record_id = $1 ORDER BY since DESC, effective_from DESC",
        table.select_list(),
        table.sql_name(),
    );
    tx.fetch_all(&sql, &[record.into()])
        .await?
        .into_iter()
        .map(|row| table.version(row))
        .collect()
}

/// The condition of a read at two clocks; `$1` is the commit, `$2` the day.
const AT_CLOCKS: &str = "since <= $1 AND (until IS NULL OR until > $1) \
     AND effective_from <= $2 AND (effective_to IS NULL OR effective_to > $2)";

/// What a dataset holds at two clocks, version by version, in the order of record ids.
pub(super) async fn at_clocks(
    tx: &mut Tx,
    table: &DatasetTable,
    clocks: Clocks,
    each: impl FnMut(Version) + Send,
) -> Result<(), LedgerError> {
    let sql = format!(
        "SELECT {} FROM {} WHERE {AT_CLOCKS} ORDER BY record_id",
        table.select_list(),
        table.sql_name(),
    );
    each_version(
        tx,
        table,
        &sql,
        &[clocks.as_known_on.into(), clocks.as_of.into()],
        each,
    )
    .await
}

/// How many records a dataset holds at two clocks.
pub(super) async fn count(
    tx: &mut Tx,
    table: &DatasetTable,
    clocks: Clocks,
) -> Result<u64, LedgerError> {
    let sql = format!(
        "SELECT count(*) AS number FROM {} WHERE {AT_CLOCKS}",
        table.sql_name(),
    );
    let row = tx
        .fetch_one(&sql, &[clocks.as_known_on.into(), clocks.as_of.into()])
        .await?;
    Ok(row
        .opt_int("number")?
        .and_then(|number| u64::try_from(number).ok())
        .unwrap_or(0))
}

/// The first day from which a dataset holds anything, as known at a commit.
pub(super) async fn first_day(
    tx: &mut Tx,
    table: &DatasetTable,
    known_on: CommitNumber,
) -> Result<Option<Day>, LedgerError> {
    let sql = format!(
        "SELECT min(effective_from) AS first FROM {} WHERE since <= $1 AND (until IS NULL OR until > $1)",
        table.sql_name(),
    );
    let row = tx.fetch_one(&sql, &[known_on.into()]).await?;
    let first = row.opt_int("first")?;
    Ok(first.and_then(|day| i32::try_from(day).ok()).map(Day::new))
}

/// Every open version of a dataset.
pub(super) async fn all_open(
    tx: &mut Tx,
    table: &DatasetTable,
    each: impl FnMut(Version) + Send,
) -> Result<(), LedgerError> {
    let sql = format!(
        "SELECT {} FROM {} WHERE until IS NULL ORDER BY record_id, effective_from",
        table.select_list(),
        table.sql_name(),
    );
    each_version(tx, table, &sql, &[], each).await
}

/// The values of some fields in every open version that has all of them.
pub(super) async fn each_key(
    tx: &mut Tx,
    table: &DatasetTable,
    places: &[usize],
    mut each: impl FnMut(RecordId, &[Value]) + Send,
) -> Result<(), LedgerError> {
    let columns: Vec<String> = places
        .iter()
        .filter(|place| table.level_of(**place).is_none())
        .filter_map(|place| table.fields().get(*place))
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let present: Vec<String> = columns
        .iter()
        .map(|column| format!(" AND {column} IS NOT NULL"))
        .collect();
    let sql = format!(
        "SELECT record_id, {} FROM {} WHERE until IS NULL{}",
        columns.join(", "),
        table.sql_name(),
        present.concat(),
    );
    tx.for_each(&sql, &[], |row| {
        let record = RecordId::new(row.int("record_id")?);
        each(record, row.values().get(1..).unwrap_or_default());
        Ok(())
    })
    .await?;
    Ok(())
}

/// One record at two clocks.
pub(super) async fn record_at(
    tx: &mut Tx,
    table: &DatasetTable,
    record: RecordId,
    clocks: Clocks,
) -> Result<Option<Version>, LedgerError> {
    let sql = format!(
        "SELECT {} FROM {} WHERE {AT_CLOCKS} AND record_id = $3",
        table.select_list(),
        table.sql_name(),
    );
    tx.fetch_optional(
        &sql,
        &[
            clocks.as_known_on.into(),
            clocks.as_of.into(),
            record.into(),
        ],
    )
    .await?
    .map(|row| table.version(row))
    .transpose()
}

/// The versions that commits `first..=last` wrote.
pub(super) async fn versions_written(
    tx: &mut Tx,
    table: &DatasetTable,
    first: CommitNumber,
    last: CommitNumber,
    each: impl FnMut(Version) + Send,
) -> Result<(), LedgerError> {
    versions_between(tx, table, "since", first, last, each).await
}

/// The versions that commits `first..=last` closed.
pub(super) async fn versions_closed(
    tx: &mut Tx,
    table: &DatasetTable,
    first: CommitNumber,
    last: CommitNumber,
    each: impl FnMut(Version) + Send,
) -> Result<(), LedgerError> {
    versions_between(tx, table, "until", first, last, each).await
}

async fn versions_between(
    tx: &mut Tx,
    table: &DatasetTable,
    column: &str,
    first: CommitNumber,
    last: CommitNumber,
    each: impl FnMut(Version) + Send,
) -> Result<(), LedgerError> {
    let sql = format!(
        "SELECT {} FROM {} WHERE {column} >= $1 AND {column} <= $2",
        table.select_list(),
        table.sql_name(),
    );
    each_version(tx, table, &sql, &[first.into(), last.into()], each).await
}

/// Records among these that a commit after `seen` touched.
pub(super) async fn touched_after(
    tx: &mut Tx,
    table: &DatasetTable,
    records: &[RecordId],
    seen: CommitNumber,
) -> Result<Vec<RecordId>, LedgerError> {
    let mut touched = Vec::new();
    for ids in records.chunks(IDS_A_STATEMENT) {
        let places: Vec<String> = (2..=ids.len() + 1)
            .map(|place| format!("${place}"))
            .collect();
        let sql = format!(
            "SELECT DISTINCT record_id FROM {} WHERE record_id IN ({}) AND (since > $1 OR until > $1) \
             ORDER BY record_id",
            table.sql_name(),
            places.join(", "),
        );
        let mut parameters: Vec<Value> = vec![seen.into()];
        parameters.extend(ids.iter().map(|record| Value::from(*record)));
        for row in tx.fetch_all(&sql, &parameters).await? {
            touched.push(RecordId::new(row.int("record_id")?));
        }
    }
    Ok(touched)
}

/// Versions whose stretch of effective time overlaps another open one of the same record; there must
/// be none. Returns the records.
pub(super) async fn overlapping(
    tx: &mut Tx,
    table: &DatasetTable,
) -> Result<Vec<RecordId>, LedgerError> {
    let name = table.sql_name();
    let sql = format!(
        "SELECT DISTINCT a.record_id AS record_id FROM {name} a JOIN {name} b ON a.record_id = b.record_id \
         WHERE a.until IS NULL AND b.until IS NULL AND a.effective_from < b.effective_from \
         AND (a.effective_to IS NULL OR a.effective_to > b.effective_from) ORDER BY record_id LIMIT 100"
    );
    tx.fetch_all(&sql, &[])
        .await?
        .iter()
        .map(|row| Ok(RecordId::new(row.int("record_id")?)))
        .collect()
}

/// A key of a version.
pub(super) type VersionKey = (RecordId, CommitNumber, Day);

/// Closes versions: sets their `until`, the one change that a written version can see.
pub(super) async fn close(
    tx: &mut Tx,
    table: &DatasetTable,
    until: CommitNumber,
    keys: &[VersionKey],
) -> Result<u64, LedgerError> {
    let mut rows = BulkRows::with_capacity(3, keys.len());
    for (record, since, from) in keys {
        rows.push([Value::from(*record), (*since).into(), (*from).into()])?;
    }
    Ok(db::bulk::update_by_keys(
        tx,
        table.table_name(),
        "until",
        &until.into(),
        &["record_id", "since", "effective_from"],
        &rows,
    )
    .await?)
}

/// Gives each row of a statement over a dataset's table as a version.
async fn each_version(
    tx: &mut Tx,
    table: &DatasetTable,
    sql: &str,
    parameters: &[Value],
    mut each: impl FnMut(Version) + Send,
) -> Result<(), LedgerError> {
    let mut fault = None;
    tx.for_each(sql, parameters, |row| {
        match table.version(row) {
            Ok(version) => each(version),
            Err(error) => fault = Some(error),
        }
        Ok(())
    })
    .await?;
    fault.map_or(Ok(()), Err)
}

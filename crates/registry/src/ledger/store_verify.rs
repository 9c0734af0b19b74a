//! The statements of a verification that nothing else asks.

use db::Tx;
use kernel::{CommitNumber, Day, RecordId, UnitId};
use security::UnitStretch;
use standard::SourceFile;

use super::error::LedgerError;
use super::tables::DatasetTable;
use super::unit_rules::{KnownStretch, Lives};

/// The highest record id of a dataset; `None` where it holds nothing.
pub(super) async fn highest_record(
    tx: &mut Tx,
    table: &DatasetTable,
) -> Result<Option<RecordId>, LedgerError> {
    let sql = format!("SELECT max(record_id) AS last FROM {}", table.sql_name());
    let row = tx.fetch_one(&sql, &[]).await?;
    Ok(row.opt_int("last")?.map(RecordId::new))
}

/// The hashes of the definitions that commits were made under.
pub(super) async fn definition_hashes(tx: &mut Tx) -> Result<Vec<String>, LedgerError> {
    let rows = tx
        .fetch_all(
            "SELECT DISTINCT definitions_hash FROM commit_log ORDER BY definitions_hash",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(row.text("definitions_hash")?.to_owned()))
        .collect()
}

/// The files that are kept under a hash.
pub(super) async fn definition_files(
    tx: &mut Tx,
    hash: &str,
) -> Result<Vec<SourceFile>, LedgerError> {
    let rows = tx
        .fetch_all(
            "SELECT path, content FROM definition_file WHERE hash = $1 ORDER BY path",
            &[hash.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(SourceFile {
                path: row.text("path")?.to_owned(),
                bytes: row.bytes("content")?.to_vec(),
            })
        })
        .collect()
}

/// What the versions of a dataset say of the lives of its records, which are units, from `first` to `last`;
/// the parent stands in the field `parent`, where there is one.
pub(super) async fn lives(
    tx: &mut Tx,
    table: &DatasetTable,
    parent: Option<usize>,
    (first, last): (UnitId, UnitId),
    lives: &mut Lives,
) -> Result<(), LedgerError> {
    let parent = parent
        .and_then(|place| table.fields().get(place))
        .map_or_else(|| "NULL".to_owned(), |(name, _)| format!("\"{name}\""));
    let sql = format!(
        "SELECT record_id, since, until, effective_from, effective_to, {parent} AS above FROM {} \
         WHERE record_id >= $1 AND record_id <= $2",
        table.sql_name()
    );
    let day = |days: i64| {
        i32::try_from(days)
            .map(Day::new)
            .map_err(|_| db::DbError::query(format!("{days} is not a calendar day")))
    };
    tx.for_each(&sql, &[first.into(), last.into()], |row| {
        let known = KnownStretch {
            stretch: UnitStretch {
                from: day(row.int("effective_from")?)?,
                to: row.opt_int("effective_to")?.map(day).transpose()?,
                parent: row.opt_int("above")?.map(UnitId::new),
            },
            since: CommitNumber::new(row.int("since")?),
            until: row.opt_int("until")?.map(CommitNumber::new),
        };
        let unit = UnitId::new(row.int("record_id")?);
        lives.entry(unit).or_default().push(known);
        Ok(())
    })
    .await?;
    Ok(())
}

/// What a table that is not there holds.
pub(super) const NOTHING: &str = "(SELECT 0 AS record_id, 0 AS unit_id, 0 AS since, 0 AS until, \
     0 AS effective_from, 0 AS effective_to WHERE 1 = 0) AS absent";

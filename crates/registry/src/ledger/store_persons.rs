//! The SQL of all that is held on one person.

use db::Tx;
use kernel::{RecordId, Value};

use super::error::LedgerError;
use super::model::Version;
use super::tables::DatasetTable;

/// The versions of a person's records, all or those that stand, the latest commit first: of the record itself, or of
/// those whose field at a place names it.
pub(super) async fn versions_of_person(
    tx: &mut Tx,
    table: &DatasetTable,
    person: RecordId,
    standing_only: bool,
) -> Result<Vec<Version>, LedgerError> {
    let Some(column) = table.person_column() else {
        return Ok(Vec::new());
    };
    let standing = if standing_only {
        " AND until IS NULL"
    } else {
        ""
    };
    let sql = format!(
        "SELECT {} FROM {} WHERE {column} = $1{standing} \
         ORDER BY record_id, since DESC, effective_from DESC",
        table.select_list(),
        table.sql_name(),
    );
    tx.fetch_all(&sql, &[person.into()])
        .await?
        .into_iter()
        .map(|row| table.version(row))
        .collect()
}

/// Takes away what is sealed of a person: the one change of a written version besides setting its `until`. The digests
/// stay, for the chain covers them.
pub(super) async fn forget(
    tx: &mut Tx,
    table: &DatasetTable,
    person: RecordId,
) -> Result<(), LedgerError> {
    let (Some(column), Some(emptied)) = (table.person_column(), table.blobs_emptied()) else {
        return Ok(());
    };
    let sql = format!(
        "UPDATE {} SET {emptied} WHERE {column} = $1",
        table.sql_name()
    );
    tx.execute(&sql, &[person.into()]).await?;
    Ok(())
}

/// Those of some persons of whom something sealed is stored.
pub(super) async fn persons_with_parts(
    tx: &mut Tx,
    table: &DatasetTable,
    persons: &[RecordId],
) -> Result<Vec<RecordId>, LedgerError> {
    let (Some(column), Some(filled)) = (table.person_column(), table.blobs_filled()) else {
        return Ok(Vec::new());
    };
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (1..=persons.len())
        .map(|place| format!("${place}"))
        .collect();
    let sql = format!(
        "SELECT DISTINCT {column} AS person FROM {} WHERE {column} IN ({}) AND ({filled})",
        table.sql_name(),
        places.join(", "),
    );
    let values: Vec<Value> = persons.iter().map(|person| Value::from(*person)).collect();
    let rows = tx.fetch_all(&sql, &values).await?;
    rows.iter()
        .map(|row| Ok(RecordId::new(row.int("person")?)))
        .collect()
}

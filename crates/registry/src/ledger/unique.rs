//! Keys that no two records hold, such as the code of a school.

use std::collections::HashMap;

use db::Tx;
use kernel::{RecordId, Value, name_key};

use super::error::LedgerError;
use super::model::Version;
use super::store;
use super::tables::DatasetTable;

/// A key that a version about to be written holds.
struct Claim {
    record: RecordId,
    /// The record holds it in the store already: it is not taken anew.
    is_held: bool,
    /// So does another record.
    is_taken: bool,
}

/// Refuses versions that would give a record a unique key which another record holds, on whatever days and
/// under whatever unit. What a record holds already it may keep.
///
/// # Errors
/// [`LedgerError::KeyTaken`]; those of the store.
pub(super) async fn refuse_taken_keys(
    tx: &mut Tx,
    table: &DatasetTable,
    opened: &[Version],
) -> Result<(), LedgerError> {
    for fields in table.unique_keys() {
        let names = || {
            let name = |place: &usize| table.fields().get(*place).map(|(name, _)| name.clone());
            LedgerError::KeyTaken(fields.iter().filter_map(name).collect())
        };
        let mut claims: HashMap<String, Claim> = HashMap::new();
        for version in opened {
            let values = fields.iter().map(|place| version.values.get(*place));
            let Some(key) = key_of(values) else { continue };
            let claim = claims.entry(key).or_insert(Claim {
                record: version.record,
                is_held: false,
                is_taken: false,
            });
            if claim.record != version.record {
                return Err(names());
            }
        }
        if claims.is_empty() {
            continue;
        }
        store::each_key(tx, table, fields, |record, values| {
            let Some(claim) = key_of(values.iter().map(Some)).and_then(|key| claims.get_mut(&key))
            else {
                return;
            };
            if claim.record == record {
                claim.is_held = true;
            } else {
                claim.is_taken = true;
            }
        })
        .await?;
        if claims
            .values()
            .any(|claim| claim.is_taken && !claim.is_held)
        {
            return Err(names());
        }
    }
    Ok(())
}

/// The values of a key as they are compared; `None` where one of them is empty.
fn key_of<'v>(values: impl Iterator<Item = Option<&'v Value>>) -> Option<String> {
    let mut key = String::new();
    for value in values {
        match value? {
            Value::Int(number) => key.push_str(&number.to_string()),
            Value::Text(text) if !text.is_empty() => key.push_str(&name_key(text)),
            Value::Text(_) | Value::Null | Value::Bytes(_) => return None,
        }
        key.push('\u{1f}');
    }
    Some(key)
}

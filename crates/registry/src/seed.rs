//! The records that come with the definitions: divisions, education units and their changes, committed
//! into a ledger that does not hold them yet.

use std::collections::HashMap;

use kernel::{Day, RecordId, UnitId, Value, decimal};
use security::Permit;
use standard::{Dataset, Field, FieldKind, SeedRow, UnitRule};

use crate::ledger::{
    Action, COMMON, Change, ChangeSet, Ledger, LedgerError, Outcome, Source, Target,
};

/// Commits the seeds of datasets that hold nothing yet. Answers how many records were written.
///
/// # Errors
/// Those of the ledger; a seed that does not fit the definitions is a fault of the definitions.
pub async fn plant(ledger: &Ledger, permit: &Permit) -> Result<u64, LedgerError> {
    let mut keys: HashMap<String, HashMap<String, RecordId>> = HashMap::new();
    let mut written = 0;
    let standard = ledger.standard();
    for dataset in standard.datasets() {
        let rows = standard.seed(&dataset.name);
        if rows.is_empty() {
            continue;
        }
        if ledger
            .last_commit_of(&dataset.name, kernel::CommitNumber::LATEST)
            .await?
            .get()
            > 0
        {
            keys.insert(
                dataset.name.clone(),
                held_keys(ledger, permit, &dataset.name).await?,
            );
            continue;
        }
        let mut names: Vec<&str> = rows.iter().map(|row| row.record.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let ids = ledger.reserve_records(permit, names.len()).await?;
        keys.insert(
            dataset.name.clone(),
            names
                .iter()
                .map(|name| (*name).to_owned())
                .zip(ids)
                .collect(),
        );
        let changes = rows
            .iter()
            .map(|row| change_of(dataset, row, &keys))
            .collect::<Result<Vec<_>, _>>()?;
        let set = ChangeSet {
            dataset: dataset.name.clone(),
            changes,
            source: Source {
                reason: format!("definitions {}", standard.version()),
                kind: "definitions".to_owned(),
                name: format!("seed/{}.csv", dataset.name),
                ..Source::default()
            },
            based_on: None,
            idempotency_key: Some(format!("seed:{}", dataset.name)),
            more_follows: false,
        };
        if let Outcome::Committed { .. } = ledger.commit(permit, set).await? {
            written += names.len() as u64;
        }
    }
    Ok(written)
}

/// Seeds of a dataset that was planted before, by their code: the key that seeds use.
async fn held_keys(
    ledger: &Ledger,
    permit: &Permit,
    dataset: &str,
) -> Result<HashMap<String, RecordId>, LedgerError> {
    let code = ledger.table(dataset)?.position("code");
    let mut keys = HashMap::new();
    ledger
        .read_open(permit, dataset, |version| {
            if let Some(code) = code
                .and_then(|place| version.values.get(place))
                .and_then(Value::as_text)
            {
                keys.insert(code.to_owned(), version.record);
            }
        })
        .await?;
    Ok(keys)
}

fn change_of(
    dataset: &Dataset,
    row: &SeedRow,
    keys: &HashMap<String, HashMap<String, RecordId>>,
) -> Result<Change, LedgerError> {
    let wrong = |what: String| {
        LedgerError::Definitions(format!("seed/{}.csv:{}: {what}", dataset.name, row.line))
    };
    let record = keys
        .get(&dataset.name)
        .and_then(|own| own.get(&row.record))
        .copied()
        .ok_or_else(|| wrong(format!("no id for `{}`", row.record)))?;
    let mut patch = Vec::new();
    for field in dataset.stored_fields() {
        let value = match row.value(&field.name) {
            None => None,
            Some(text) => Some(
                value_of(field, text, keys)
                    .ok_or_else(|| wrong(format!("`{text}` is not a value of `{}`", field.name)))?,
            ),
        };
        patch.push(value);
    }
    let unit = match &dataset.unit {
        UnitRule::Root => COMMON,
        UnitRule::SelfUnit { .. } => UnitId::new(record.get()),
        UnitRule::OfField(name) => dataset
            .stored_fields()
            .position(|field| field.name == *name)
            .and_then(|place| patch.get(place))
            .and_then(|value| value.as_ref().and_then(Value::as_int))
            .map_or(COMMON, UnitId::new),
    };
    Ok(Change {
        target: Target::New(record),
        unit,
        from: row.effective_from.unwrap_or(Day::BEGINNING),
        to: row.effective_to,
        action: Action::Assert(patch),
    })
}

fn value_of(
    field: &Field,
    text: &str,
    keys: &HashMap<String, HashMap<String, RecordId>>,
) -> Option<Value> {
    match &field.kind {
        FieldKind::Ref(target) => {
            let known = keys.get(target)?;
            if !field.many {
                return known.get(text).map(|record| (*record).into());
            }
            let mut records: Vec<i64> = text
                .split('|')
                .map(|key| known.get(key).map(|record| record.get()))
                .collect::<Option<_>>()?;
            records.sort_unstable();
            let texts: Vec<String> = records.iter().map(ToString::to_string).collect();
            Some(Value::Text(texts.join("|")))
        }
        FieldKind::Text | FieldKind::Code(_) => Some(text.into()),
        FieldKind::Int { .. } => text.parse::<i64>().ok().map(Value::Int),
        FieldKind::Decimal { .. } | FieldKind::Lon | FieldKind::Lat => {
            decimal::parse_decimal_rounded(text, field.kind.scale()?)
                .ok()
                .map(Value::Int)
        }
        FieldKind::Bool => match text {
            "true" | "yes" | "1" => Some(Value::Int(1)),
            "false" | "no" | "0" => Some(Value::Int(0)),
            _ => None,
        },
        FieldKind::Date => Day::parse(text).ok().map(Value::from),
        FieldKind::Geometry => None,
    }
}

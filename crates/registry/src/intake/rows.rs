//! What a row of a file asserts of its record.

use kernel::{Day, UnitId, Value};
use standard::{Dataset, EffectiveRule, Field, FieldKind, UnitRule};

use super::cells::stored_value;
use super::typing::{Batch, staged_schema};
use crate::ledger::{COMMON, Version};

/// Reads rows of one dataset's batches. Where each field's column is was looked up once.
pub(super) struct RowReader<'a> {
    /// Stored fields in their order, with their column; geometries have none.
    fields: Vec<(&'a Field, Option<usize>)>,
}

impl<'a> RowReader<'a> {
    /// For the batches of a dataset.
    pub(super) fn new(dataset: &'a Dataset) -> Self {
        let schema = staged_schema(dataset);
        let fields = dataset
            .stored_fields()
            .map(|field| (field, schema.position(&field.name)))
            .collect();
        Self { fields }
    }

    /// Stored fields in their order, each with its column among those of a batch.
    pub(super) fn fields(&self) -> &[(&'a Field, Option<usize>)] {
        &self.fields
    }

    /// What a row asserts, one entry for each stored field. Values that were only inferred do not speak
    /// of a record that is held.
    pub(super) fn patch(&self, batch: &Batch, row: usize, held: bool) -> Vec<Option<Value>> {
        let number = u32::try_from(row).unwrap_or(u32::MAX);
        let field_of = |(position, (field, column)): (usize, &(&Field, Option<usize>))| {
            let cleared = batch.cleared.get(position);
            if cleared.is_some_and(|rows| rows.binary_search(&number).is_ok()) {
                return Some(Value::Null);
            }
            if field.kind == FieldKind::Geometry {
                let geometry = batch.geometries.get(row).cloned().flatten();
                return geometry.map(Value::Bytes);
            }
            if held && batch.is_inferred(position, number) {
                return None;
            }
            let value = stored_value(field, &batch.table, (*column)?, row);
            (!value.is_null()).then_some(value)
        };
        self.fields.iter().enumerate().map(field_of).collect()
    }
}

/// Leaves a day that is held as it is where the row only says its month.
pub(super) fn keep_known_days(
    batch: &Batch,
    row: usize,
    patch: &mut [Option<Value>],
    versions: &[Version],
) {
    let number = u32::try_from(row).unwrap_or(u32::MAX);
    let month = |value: &Value| {
        let day = i32::try_from(value.as_int()?).ok().map(Day::new)?;
        let (year, month, _) = day.ymd();
        Some((year, month))
    };
    for (_, position) in batch.month_only.range((number, 0)..=(number, usize::MAX)) {
        let Some(said) = patch.get_mut(*position) else {
            continue;
        };
        let said_month = said.as_ref().and_then(month);
        let is_known = |version: &Version| {
            let held = version.values.get(*position).and_then(month);
            held.is_some() && held == said_month
        };
        if versions.iter().any(is_known) {
            *said = None;
        }
    }
}

/// From when to when a row holds: what the row itself says in the field `by`, else what was said of the
/// whole file, else the dataset's rule.
pub(super) fn period(
    dataset: &Dataset,
    said: Option<Day>,
    by: Option<&str>,
    patch: &[Option<Value>],
    today: Day,
) -> (Day, Option<Day>) {
    let own = by
        .and_then(|name| dataset.stored_fields().position(|field| field.name == name))
        .and_then(|position| patch.get(position))
        .and_then(Option::as_ref)
        .and_then(Value::as_int)
        .and_then(|days| i32::try_from(days).ok())
        .map(Day::new);
    if let Some(day) = own.or(said) {
        return (day, None);
    }
    match &dataset.default_effective {
        EffectiveRule::Beginning => (Day::BEGINNING, None),
        EffectiveRule::Today => (today, None),
        EffectiveRule::Period(field) => {
            let value = dataset
                .stored_fields()
                .position(|each| each.name == *field)
                .and_then(|position| patch.get(position))
                .and_then(Option::as_ref);
            let start = match value {
                Some(Value::Text(text)) => text
                    .parse::<kernel::SchoolYear>()
                    .ok()
                    .map(kernel::SchoolYear::first_day),
                Some(Value::Int(year)) => i32::try_from(*year)
                    .ok()
                    .and_then(|year| Day::from_ymd(year, 1, 1).ok()),
                _ => None,
            };
            (start.unwrap_or(Day::BEGINNING), None)
        }
    }
}

/// The unit of a row, where the row or what is held says it.
pub(super) fn unit_of(
    dataset: &Dataset,
    patch: &[Option<Value>],
    versions: &[Version],
) -> Option<UnitId> {
    match &dataset.unit {
        UnitRule::Root => Some(COMMON),
        UnitRule::SelfUnit { .. } => versions
            .first()
            .map(|version| UnitId::new(version.record.get())),
        UnitRule::OfField(name) => {
            let position = dataset
                .stored_fields()
                .position(|field| field.name == *name)?;
            patch
                .get(position)
                .and_then(Option::as_ref)
                .or_else(|| {
                    versions
                        .first()
                        .and_then(|version| version.values.get(position))
                })
                .and_then(Value::as_int)
                .map(UnitId::new)
        }
    }
}

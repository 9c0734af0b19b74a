//! Rows held against what is held: completed with it, checked, compared.

use std::collections::BTreeMap;

use columns::{Cell, Checker, ColumnBuilder, Table};
use kernel::{Day, RecordId, Value};
use standard::{Check, Dataset};

use super::Step;
use super::cells::cell_of;
use super::context::Context;
use super::error::IntakeError;
use super::owners::{Rights, Saying};
use super::plan::{Class, Plan};
use super::prepare::{Fate, Link, Links, Preparation};
use super::rows::{RowReader, keep_known_days, period, unit_of};
use super::typing::{Batch, column_type};
use super::work::Work;
use crate::ledger::{Action, COMMON, Change, Target, Version};

/// Holds rows against the versions that are held.
pub(super) struct Comparison<'c> {
    pub preparation: &'c Preparation<'c>,
    pub links: &'c Links,
    pub context: &'c Context,
    pub checker: Option<&'c Checker>,
    pub checks: &'c [&'c Check],
    pub reader: RowReader<'c>,
    pub rights: Rights,
}

/// So many examples of new and changed rows are kept.
const EXAMPLES: usize = 50;

impl Comparison<'_> {
    /// Goes through the file batch by batch; answers the rows as the set checks want them.
    pub(super) async fn run(
        &self,
        work: &mut Work<'_>,
        fates: &mut [Fate],
        plan: &mut Plan,
    ) -> Result<Vec<Table>, IntakeError> {
        let ledger = self.preparation.ledger;
        let rows_before = work.rows_before;
        let batches = work.batches;
        let mut completed = Vec::with_capacity(batches.len());
        for (batch, before) in batches.iter().zip(rows_before) {
            let range = *before..before + batch.table.rows();
            let records: Vec<RecordId> = fates
                .get(range.clone())
                .unwrap_or_default()
                .iter()
                .filter_map(|fate| fate.record)
                .collect();
            let mut held: BTreeMap<RecordId, Vec<Version>> = BTreeMap::new();
            for version in ledger
                .open_versions_in_full(self.preparation.permit, &work.dataset.name, &records)
                .await?
            {
                held.entry(version.record).or_default().push(version);
            }
            let own_fates = fates.get(range.clone()).unwrap_or_default();
            let table = self.completed(work.dataset, batch, own_fates, &held)?;
            if let Some(checker) = self.checker {
                let (checker, staged) = (checker.clone(), table.clone());
                let findings = tokio::task::spawn_blocking(move || checker.row_findings(&staged))
                    .await
                    .map_err(|error| IntakeError::Stopped(error.to_string()))??;
                for finding in findings {
                    if let Some(check) = self.checks.get(finding.check as usize) {
                        work.take_finding(before + finding.row as usize, check, finding.unjudged);
                    }
                }
            }
            completed.push(table);
            for row in range {
                let Some(fate) = fates.get_mut(row) else {
                    continue;
                };
                let versions = fate.record.and_then(|record| held.remove(&record));
                self.compare(work, row, row - before, batch, fate, versions, plan);
            }
            self.preparation.progress.tell(
                Step::Compare,
                (before + batch.table.rows()) as u64,
                plan.rows,
            )?;
        }
        Ok(completed)
    }

    /// The rows of a batch as the checks must see them: what a row leaves blank is what its record
    /// already holds, except where the row clears it.
    fn completed(
        &self,
        dataset: &Dataset,
        batch: &Batch,
        fates: &[Fate],
        held: &BTreeMap<RecordId, Vec<Version>>,
    ) -> Result<Table, IntakeError> {
        let mut table = batch.table.clone();
        if held.is_empty() {
            return Ok(table);
        }
        let day = self
            .preparation
            .options
            .effective
            .unwrap_or_else(|| self.preparation.ledger.clock().today());
        for (position, field) in dataset.stored_fields().enumerate() {
            let (Some(kind), Some(column)) =
                (column_type(field), batch.table.position(&field.name))
            else {
                continue;
            };
            let mut builder = ColumnBuilder::new(kind);
            let mut filled = false;
            for (row, fate) in fates.iter().enumerate() {
                let number = u32::try_from(row).unwrap_or(u32::MAX);
                let own = batch.table.cell(column, row);
                let speaks = own != Cell::Null && !batch.is_inferred(position, number);
                let cleared = batch
                    .cleared
                    .get(position)
                    .is_some_and(|rows| rows.binary_search(&number).is_ok());
                let version =
                    fate.record
                        .and_then(|record| held.get(&record))
                        .and_then(|versions| {
                            versions
                                .iter()
                                .find(|version| {
                                    version.from <= day && version.to.is_none_or(|to| day < to)
                                })
                                .or(versions.last())
                        });
                match version {
                    Some(version) if !speaks && !cleared => {
                        let value = version.values.get(position).unwrap_or(&Value::Null);
                        builder.append(&cell_of(field, value));
                        filled = true;
                    }
                    _ => builder.append(&own),
                }
            }
            if filled {
                table = table.with_column(column, builder)?;
            }
        }
        Ok(table)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one row with all that is known of it"
    )]
    fn compare(
        &self,
        work: &mut Work<'_>,
        row: usize,
        place: usize,
        batch: &Batch,
        fate: &mut Fate,
        versions: Option<Vec<Version>>,
        plan: &mut Plan,
    ) {
        if fate.class != Class::New || work.refused.get(row).copied().unwrap_or(false) {
            return;
        }
        self.require(work, row, place, batch, versions.as_deref());
        if work.refused.get(row).copied().unwrap_or(false) {
            return;
        }
        let Some(versions) = versions else {
            if self.refuse_on_new(work, row, place, batch) {
                return;
            }
            let new = Class::New.as_str();
            if plan.examples.get(new).map_or(0, Vec::len) < EXAMPLES {
                let example = work.example(row, String::new(), String::new());
                plan.examples
                    .entry(new.to_owned())
                    .or_default()
                    .push(example);
            }
            return;
        };
        let mut patch = self.reader.patch(batch, place, true);
        keep_known_days(batch, place, &mut patch, &versions);
        let options = self.preparation.options;
        let by = options.effective_field.as_deref();
        let (from, to) = period(
            work.dataset,
            options.effective,
            by,
            &patch,
            self.preparation.ledger.clock().today(),
        );
        let unit = versions.first().map_or(COMMON, |version| version.unit);
        let change = Change {
            target: Target::Existing(
                versions
                    .first()
                    .map_or(RecordId::default(), |version| version.record),
            ),
            unit: unit_of(work.dataset, &patch, &versions).unwrap_or(unit),
            from,
            to,
            action: Action::Assert(patch),
        };
        let mut differences = crate::ledger::differences(&versions, &change);
        for (position, link) in self.links.get(&row).into_iter().flatten() {
            let Link::Record(record) = link else { continue };
            let held = versions
                .first()
                .and_then(|version| version.values.get(*position));
            if held != Some(&Value::from(*record)) {
                differences.push((
                    *position,
                    held.cloned().unwrap_or_default(),
                    Value::from(*record),
                ));
            }
        }
        if self.refuse_on_held(work, row, from, &differences) {
            return;
        }
        if differences.is_empty() && crate::ledger::says_nothing_new(&versions, &change) {
            fate.class = Class::Unchanged;
            return;
        }
        fate.class = Class::Changed;
        let changes = work.explainer.field_changes(&differences, self.context);
        for change in &changes {
            *plan.changed_fields.entry(change.field.clone()).or_default() += 1;
        }
        let examples = plan
            .examples
            .entry(Class::Changed.as_str().to_owned())
            .or_default();
        if examples.len() < EXAMPLES {
            let mut example = work.example(row, String::new(), String::new());
            example.record = fate.record;
            example.changes = changes;
            examples.push(example);
        }
    }

    /// Refuses a new record for what may not be said of some fields.
    fn refuse_on_new(&self, work: &mut Work<'_>, row: usize, place: usize, batch: &Batch) -> bool {
        if self.rights.watched().is_empty() {
            return false;
        }
        let patch = self.reader.patch(batch, place, true);
        let said: Vec<(usize, Value, String)> = self
            .rights
            .watched()
            .iter()
            .filter_map(|position| {
                let value = patch.get(*position)?.clone()?;
                let (field, _) = self.reader.fields().get(*position)?;
                let shown = work.explainer.shown(field, &value, Some(self.context));
                Some((*position, value, shown))
            })
            .collect();
        if said.is_empty() {
            return false;
        }
        let options = self.preparation.options;
        let (from, _) = period(
            work.dataset,
            options.effective,
            options.effective_field.as_deref(),
            &patch,
            self.preparation.ledger.clock().today(),
        );
        let number = u32::try_from(place).unwrap_or(u32::MAX);
        let types = work
            .dataset
            .stored_fields()
            .position(|field| field.name == "type");
        let saying = Saying {
            row,
            from,
            is_new: true,
            type_is_inferred: types.is_some_and(|types| batch.is_inferred(types, number)),
            said: &said,
        };
        self.rights.refuse(work, &saying)
    }

    /// Refuses a change of fields that may not be changed.
    fn refuse_on_held(
        &self,
        work: &mut Work<'_>,
        row: usize,
        from: Day,
        differences: &[(usize, Value, Value)],
    ) -> bool {
        let watched = self.rights.watched();
        if watched.is_empty() {
            return false;
        }
        let said: Vec<(usize, Value, String)> = differences
            .iter()
            .filter(|(position, _, _)| watched.contains(position))
            .filter_map(|(position, _, value)| {
                let (field, _) = self.reader.fields().get(*position)?;
                let shown = work.explainer.shown(field, value, Some(self.context));
                Some((*position, value.clone(), shown))
            })
            .collect();
        let saying = Saying {
            row,
            from,
            is_new: false,
            type_is_inferred: false,
            said: &said,
        };
        !said.is_empty() && self.rights.refuse(work, &saying)
    }

    /// A new record needs its required fields; a held one has them.
    fn require(
        &self,
        work: &mut Work<'_>,
        row: usize,
        place: usize,
        batch: &Batch,
        versions: Option<&[Version]>,
    ) {
        for (position, (field, column)) in self.reader.fields().iter().enumerate() {
            if !field.required {
                continue;
            }
            let in_row = match *column {
                Some(column) => !batch.table.is_null(column, place),
                None => batch.geometries.get(place).is_some_and(Option::is_some),
            };
            let linked = || {
                self.links
                    .get(&row)
                    .is_some_and(|links| links.iter().any(|(p, _)| *p == position))
            };
            let held = || {
                versions.is_some_and(|versions| {
                    versions.iter().any(|version| {
                        version
                            .values
                            .get(position)
                            .is_some_and(|value| !value.is_null())
                    })
                })
            };
            if !in_row && !linked() && !held() {
                work.refuse(
                    row,
                    "CELL-REQUIRED",
                    &field.name,
                    String::new(),
                    String::new(),
                );
            }
        }
    }
}

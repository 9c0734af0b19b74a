//! From an open file to a plan: typing, matching, checks, comparing. Nothing is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{Clocks, Day, RecordId, UnitId, Value};
use security::Permit;
use standard::{Dataset, Lang, MissingRule, UnitRule};

use super::checks::checker_for;
use super::compare::Comparison;
use super::context::{Context, KeyIndex};
use super::derive::Deriver;
use super::error::IntakeError;
use super::explain::{Explainer, filled};
use super::mapping::{ColumnUse, Columns, Head, Mapping};
use super::owners::{Level, Rights};
use super::plan::{CauseBook, Class, Detail, Missing, Plan};
use super::rows::RowReader;
use super::single::Single;
use super::typing::{Batch, Typist};
use super::work::Work;
use super::{Options, Progress, Step};
use crate::ledger::{COMMON, Ledger, Looked, Version, lookup_key, may_write_under};
use crate::read::{FileAbout, RawReader};

/// Everything that a commit of the file needs, and the plan that people see.
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    pub(super) dataset: Arc<Dataset>,
    pub(super) batches: Vec<Batch>,
    pub(super) fates: Vec<Fate>,
    /// References to records of the same file.
    pub(super) links: Links,
    pub(super) missing: Vec<(RecordId, Version)>,
    pub(super) rows_before: Vec<usize>,
    pub(super) refusals: Vec<Refusal>,
}

/// Why a row is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub row: usize,
    pub code: String,
    pub field: String,
    pub value: String,
    pub detail: Detail,
    /// The values that the sentence of its cause speaks of.
    pub values: BTreeMap<String, String>,
}

/// References within the file: row → places among the stored fields, and where each leads.
pub(super) type Links = HashMap<usize, Vec<(usize, Link)>>;

/// Where a reference within the file leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// To a record that is held.
    Record(RecordId),
    /// To another row of the file.
    Row(usize),
}

/// What was found of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    pub class: Class,
    /// The record that it speaks of, where that is one that is held.
    pub record: Option<RecordId>,
}

impl Prepared {
    /// The refused rows and those under review as a table in the reader's language: the file's own cells,
    /// then what is wrong and what to do. It can be mended and imported again as it is.
    pub fn refused_table(&self, standard: &standard::Standard, lang: Lang) -> Vec<Vec<String>> {
        let explainer = Explainer::new(standard, &self.dataset);
        // What an earlier answer said of the rows goes.
        let own: Vec<usize> = (0..self.plan.columns.len())
            .filter(|column| {
                let header = self.plan.columns.get(*column).map(|(header, _)| header);
                header.is_some_and(|header| {
                    ![Lang::Zh, Lang::En]
                        .iter()
                        .any(|lang| answer_headers(*lang).contains(&header.as_str()))
                })
            })
            .collect();
        let mut header: Vec<String> = own
            .iter()
            .filter_map(|column| self.plan.columns.get(*column))
            .map(|(header, _)| header.clone())
            .collect();
        header.extend(answer_headers(lang).map(str::to_owned));
        let mut table = vec![header];
        let mut refusals: Vec<&Refusal> = self.refusals.iter().collect();
        refusals.sort_by_key(|refusal| refusal.row);
        for refusal in refusals {
            let Some((batch, place)) = self.locate(refusal.row) else {
                continue;
            };
            let text = explainer.cause(&refusal.code, &refusal.field);
            let pick = |(zh, en): &(String, String)| {
                let sentence = if lang == Lang::Zh { zh } else { en };
                filled(sentence, |name| refusal.values.get(name).cloned())
            };
            let mut cells: Vec<String> = own
                .iter()
                .map(|column| batch.raw.cell(*column, place).to_owned())
                .collect();
            cells.extend([
                batch
                    .source_rows
                    .get(place)
                    .map_or(String::new(), ToString::to_string),
                refusal.code.clone(),
                pick(&text.message),
                refusal.value.clone(),
                refusal.detail.get(lang).to_owned(),
                pick(&text.repair),
            ]);
            table.push(cells);
        }
        table
    }

    /// The held records that the file would change.
    pub fn changed_records(&self) -> Vec<RecordId> {
        let changed = self
            .fates
            .iter()
            .filter(|fate| fate.class == Class::Changed);
        changed.filter_map(|fate| fate.record).collect()
    }

    /// The batch and the row within it of a row of the file.
    pub(super) fn locate(&self, row: usize) -> Option<(&Batch, usize)> {
        locate(&self.batches, &self.rows_before, row)
    }
}

/// The headers of the columns that say what is wrong with a row. None is a header that a dataset knows: the
/// mended table is imported again as it is.
pub(super) fn answer_headers(lang: Lang) -> [&'static str; 6] {
    match lang {
        Lang::Zh => [
            "退回行号",
            "退回代码",
            "退回原因",
            "退回的值",
            "退回说明",
            "处理建议",
        ],
        Lang::En => [
            "refused row",
            "refusal code",
            "refusal",
            "refused value",
            "refusal detail",
            "what to do",
        ],
    }
}

pub(super) fn locate<'b>(
    batches: &'b [Batch],
    rows_before: &[usize],
    row: usize,
) -> Option<(&'b Batch, usize)> {
    let place = rows_before
        .partition_point(|before| *before <= row)
        .checked_sub(1)?;
    let batch = batches.get(place)?;
    Some((batch, row - rows_before.get(place)?))
}

/// Reads, checks and compares a file.
pub(super) struct Preparation<'a> {
    pub ledger: &'a Ledger,
    pub permit: &'a Permit,
    pub dataset: Arc<Dataset>,
    pub options: &'a Options,
    pub mapping: Mapping,
    pub progress: Progress,
    /// The one row of a form, and whom it speaks of.
    pub single: Option<Single>,
}

impl Preparation<'_> {
    /// Does it all.
    ///
    /// # Errors
    /// Only what stops the whole file; rows at fault are part of the plan.
    pub(super) async fn run(self, reader: RawReader, file: &str) -> Result<Prepared, IntakeError> {
        let day = self
            .options
            .effective
            .unwrap_or_else(|| self.ledger.clock().today());
        let context = Arc::new(Context::load(self.ledger, self.permit, &self.dataset, day).await?);
        let head = Head {
            file,
            row: reader.about().header_row.unwrap_or(1),
            headers: reader.headers().unwrap_or_default(),
        };
        let columns = Columns::recognise(&self.dataset, head, &self.mapping)?;
        self.refuse_unseen(&columns)?;
        let reading = describe(reader.about());
        let batches = self.type_all(reader, &context, columns.clone()).await?;
        let mut rows_before = Vec::with_capacity(batches.len());
        let mut rows = 0;
        for batch in &batches {
            rows_before.push(rows);
            rows += batch.table.rows();
        }
        let explainer = Explainer::new(self.ledger.standard(), &self.dataset).knowing(&context);
        let mut work = Work {
            dataset: &self.dataset,
            batches: &batches,
            rows_before: &rows_before,
            refused: vec![false; rows],
            refusals: Vec::new(),
            causes: CauseBook::default(),
            notices: CauseBook::default(),
            explainer: &explainer,
        };
        work.take_flaws();
        self.progress.tell(Step::Check, 0, rows as u64)?;
        let looked = looked_for(&self.dataset, &batches);
        let keys = KeyIndex::load(self.ledger, self.permit, &self.dataset, &looked).await?;
        let mut fates = match self.single {
            Some(single) => work.match_single(single, &keys, &context),
            None => work.match_rows(&keys, &context),
        };
        let links = work.link(&context, &fates);
        let mut plan = Plan {
            dataset: self.dataset.name.clone(),
            file: file.to_owned(),
            effective: self.options.effective,
            based_on: context.based_on,
            rows: rows as u64,
            columns: columns
                .uses
                .iter()
                .map(|(header, usage)| {
                    let field = match usage {
                        ColumnUse::Field(place) => self
                            .dataset
                            .fields
                            .get(*place)
                            .map_or(String::new(), |field| field.name.clone()),
                        ColumnUse::Ignored => String::new(),
                    };
                    (header.clone(), field)
                })
                .collect(),
            reading,
            ..Plan::default()
        };
        self.refuse_out_of_reach(&context, &mut work, &mut fates)
            .await?;
        let checks = self.ledger.standard().checks_for(&self.dataset.name);
        let checker = if checks.is_empty() {
            None
        } else {
            let planned = checker_for(self.ledger.standard(), &self.dataset, Some(&context));
            Some(planned.map_err(|faults| IntakeError::Checks(format!("{faults:?}")))?)
        };
        let comparison = Comparison {
            preparation: &self,
            links: &links,
            context: &context,
            checker: checker.as_ref(),
            checks: &checks,
            reader: RowReader::new(&self.dataset),
            rights: Rights::new(
                Level::of(self.ledger, self.permit).await?,
                &self.dataset,
                self.datum()?.code(),
                self.single.is_some(),
            ),
        };
        let completed = comparison.run(&mut work, &mut fates, &mut plan).await?;
        if let (Some(checker), false) = (&checker, completed.is_empty()) {
            let staged = columns::Table::concat(&completed)?;
            for finding in checker.set_findings(&staged, &[]).await? {
                if let Some(check) = checks.get(finding.check as usize) {
                    work.take_finding(finding.row as usize, check, finding.unjudged);
                }
            }
        }
        for (row, refused) in work.refused.iter().enumerate() {
            if let (true, Some(fate)) = (*refused, fates.get_mut(row)) {
                fate.class = Class::Refused;
            }
        }
        let missing = self.missing(&fates, &mut plan, &explainer, day).await?;
        for class in Class::ALL {
            let count = fates.iter().filter(|fate| fate.class == class).count() as u64;
            plan.counts.insert(class.as_str().to_owned(), count);
        }
        let refusals = work.refusals;
        plan.causes = work.causes.into_causes();
        plan.notices = work.notices.into_causes();
        Ok(Prepared {
            plan,
            dataset: Arc::clone(&self.dataset),
            batches,
            fates,
            links,
            missing,
            rows_before,
            refusals,
        })
    }

    /// Stops a file with columns of personal data that the permit does not see.
    fn refuse_unseen(&self, columns: &Columns) -> Result<(), IntakeError> {
        let unseen: Vec<(String, String)> = columns
            .uses
            .iter()
            .filter_map(|(_, usage)| match usage {
                ColumnUse::Field(place) => self.dataset.fields.get(*place),
                ColumnUse::Ignored => None,
            })
            .filter(|field| {
                field.sensitivity.is_sealed() && !self.permit.sees_field(field.sensitivity)
            })
            .map(|field| (field.title.zh.clone(), field.title.en.clone()))
            .collect();
        if unseen.is_empty() {
            Ok(())
        } else {
            Err(IntakeError::Unseen(unseen))
        }
    }

    /// The datum of the file's coordinates.
    fn datum(&self) -> Result<kernel::Datum, IntakeError> {
        let said = self.options.datum.or(self.mapping.datum()?);
        Ok(said.unwrap_or(kernel::Datum::Cgcs2000))
    }

    /// Types the whole file, away from the threads that serve people.
    async fn type_all(
        &self,
        mut reader: RawReader,
        context: &Arc<Context>,
        columns: Columns,
    ) -> Result<Vec<Batch>, IntakeError> {
        let dataset = Arc::clone(&self.dataset);
        let standard = Arc::clone(self.ledger.standard());
        let mapping = self.mapping.clone();
        let datum = self.datum()?;
        let context = Arc::clone(context);
        let progress = self.progress.clone();
        let task = tokio::task::spawn_blocking(move || -> Result<Vec<Batch>, IntakeError> {
            let typist = Typist::new(
                &dataset,
                &standard,
                &columns,
                &mapping,
                &context.references,
                datum,
            );
            let deriver = Deriver::new(&dataset, &standard, &context);
            let typed = Mutex::new(BTreeMap::new());
            // While this thread reads, the others type what was read.
            rayon::in_place_scope(|scope| -> Result<(), IntakeError> {
                let (typist, deriver, typed) = (&typist, &deriver, &typed);
                let mut rows = 0;
                let mut place = 0_usize;
                while let Some(chunk) = reader.next_chunk()? {
                    rows += chunk.len();
                    scope.spawn(move |_| {
                        let batch = typist
                            .batch(chunk)
                            .and_then(|batch| deriver.derive(batch, datum.code()));
                        let mut typed = typed.lock().unwrap_or_else(PoisonError::into_inner);
                        typed.insert(place, batch);
                    });
                    place += 1;
                    progress.tell(Step::Read, rows as u64, 0)?;
                }
                Ok(())
            })?;
            let typed = typed.into_inner().unwrap_or_else(PoisonError::into_inner);
            Ok(typed.into_values().collect::<Result<Vec<Batch>, _>>()?)
        });
        task.await
            .map_err(|error| IntakeError::Stopped(error.to_string()))?
    }

    /// Refuses rows under units that the permit does not reach.
    async fn refuse_out_of_reach(
        &self,
        context: &Context,
        work: &mut Work<'_>,
        fates: &mut [Fate],
    ) -> Result<(), IntakeError> {
        if self.permit.reaches_everything() {
            return Ok(());
        }
        let units = self.ledger.security().units();
        for (row, fate) in fates.iter().enumerate() {
            let Some((batch, place)) = locate(work.batches, work.rows_before, row) else {
                continue;
            };
            let unit = match &self.dataset.unit {
                UnitRule::Root => Some(COMMON),
                UnitRule::OfField(field)
                | UnitRule::SelfUnit {
                    parent_field: field,
                } => work.int(batch, field, place).map(UnitId::new),
            };
            let reached = match (unit, fate.record) {
                (Some(unit), _) => may_write_under(self.permit, &units, &self.dataset.name, unit),
                // A held record that the permit can read is judged again when it is written.
                (None, Some(_)) => true,
                (None, None) => false,
            };
            if !reached {
                work.refuse(row, "ROW-OUT-OF-REACH", "", String::new(), String::new());
            }
        }
        let _ = context;
        Ok(())
    }

    /// Records that a complete list does not have.
    async fn missing(
        &self,
        fates: &[Fate],
        plan: &mut Plan,
        explainer: &Explainer<'_>,
        day: Day,
    ) -> Result<Vec<(RecordId, Version)>, IntakeError> {
        let Some(unit) = self.options.complete_for else {
            return Ok(Vec::new());
        };
        plan.complete_for = Some(unit.to_string());
        let listed: BTreeSet<RecordId> = fates.iter().filter_map(|fate| fate.record).collect();
        let units = self.ledger.security().units();
        let table = self.ledger.table(&self.dataset.name)?;
        let close = match &self.dataset.missing {
            MissingRule::Close { field, value } => {
                table.position(field).map(|place| (place, field, value))
            }
            MissingRule::Keep => None,
        };
        // A row that is refused or under review may be the very record that seems to be missing, and a list
        // without a single row of the unit is not its list: nothing is closed then.
        let is_doubtful = fates
            .iter()
            .any(|fate| matches!(fate.class, Class::Refused | Class::Review));
        let is_its_list = !matches!(self.dataset.unit, UnitRule::SelfUnit { .. })
            || listed
                .iter()
                .any(|record| units.contains(unit, UnitId::new(record.get())));
        // Closing is a change of that field like any other.
        let level = Level::of(self.ledger, self.permit).await?;
        let may_close = |field: &str| {
            let field = self.dataset.field(field);
            field.is_some_and(|field| level.may_change(field))
        };
        let close = close.filter(|(_, field, _)| !is_doubtful && is_its_list && may_close(field));
        let mut missing: Vec<(RecordId, Version)> = Vec::new();
        self.ledger
            .read(
                self.permit,
                &self.dataset.name,
                Clocks::latest(day),
                |version| {
                    let closed = close.is_some_and(|(place, _, value)| {
                        version.values.get(place).and_then(Value::as_text) == Some(value)
                    });
                    if units.contains(unit, version.unit)
                        && !listed.contains(&version.record)
                        && !closed
                    {
                        missing.push((version.record, version));
                    }
                },
            )
            .await?;
        plan.missing_count = missing.len() as u64;
        for (record, version) in missing.iter().take(500) {
            plan.missing.push(Missing {
                record: *record,
                label: explainer.label_of(&version.values),
                proposal: close.map(|(_, field, value)| (field.clone(), value.clone())),
            });
        }
        Ok(if close.is_some() { missing } else { Vec::new() })
    }
}

/// The values of a file by which persons are looked for.
fn looked_for(dataset: &Dataset, batches: &[Batch]) -> Looked {
    let mut looked = Looked::new();
    let fields = dataset
        .match_keys
        .iter()
        .flat_map(|key| &key.fields)
        .filter_map(|name| dataset.field(name));
    for field in fields {
        let Some(kind) = &field.lookup else { continue };
        let values = looked.entry(kind.clone()).or_default();
        for batch in batches {
            if let Some(column) = batch.table.position(&field.name) {
                values.extend(batch.table.texts(column).flatten().filter_map(lookup_key));
            }
        }
    }
    looked
}

/// How a file was read, for people.
fn describe(about: &FileAbout) -> Vec<(String, String)> {
    let mut said = vec![("kind".to_owned(), about.kind.name().to_owned())];
    if let Some(encoding) = about.encoding {
        said.push(("encoding".to_owned(), encoding.to_string()));
    }
    if let Some(delimiter) = about.delimiter {
        said.push(("delimiter".to_owned(), delimiter.to_string()));
    }
    if let Some(sheet) = &about.sheet {
        said.push(("sheet".to_owned(), sheet.clone()));
    }
    if let Some(row) = about.header_row {
        said.push(("header_row".to_owned(), row.to_string()));
    }
    said
}

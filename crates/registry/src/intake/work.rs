//! What is found of the rows: refusals, notices, records that rows speak of.

use std::collections::{BTreeMap, HashMap};

use columns::ColumnType;
use kernel::RecordId;
use standard::{Dataset, Severity};

use super::context::{Context, KeyHash, KeyIndex, KeyMap, KeyPart, Match, key_hash};
use super::explain::Explainer;
use super::plan::{CauseBook, Class, Detail, RowExample};
use super::prepare::{Fate, Link, Links, Refusal, locate};
use super::typing::{Batch, staged_schema};

/// What is found while the rows are gone through.
pub(super) struct Work<'w> {
    pub dataset: &'w Dataset,
    pub batches: &'w [Batch],
    pub rows_before: &'w [usize],
    pub refused: Vec<bool>,
    pub refusals: Vec<Refusal>,
    pub causes: CauseBook,
    pub notices: CauseBook,
    pub explainer: &'w Explainer<'w>,
}

/// Where the match keys of a dataset stand in its batches.
pub(super) struct KeyColumns {
    /// The columns that any key has, each once.
    columns: Vec<(usize, ColumnType)>,
    /// For each key, the strongest first, the places of its columns among those; `None` where one of its
    /// fields is no column.
    keys: Vec<Option<Vec<usize>>>,
}

/// The hashed keys of the rows of a batch: for each row as many as the dataset has, the strongest first, `None`
/// for one that the row does not fill.
pub(super) struct RowKeys {
    keys: Vec<Option<KeyHash>>,
    levels: usize,
}

impl RowKeys {
    /// The keys of a row.
    pub(super) fn of_row(&self, row: usize) -> &[Option<KeyHash>] {
        let start = row * self.levels;
        self.keys
            .get(start..start + self.levels)
            .unwrap_or_default()
    }
}

impl KeyColumns {
    pub(super) fn new(dataset: &Dataset) -> Self {
        let schema = staged_schema(dataset);
        let mut columns: Vec<(usize, ColumnType)> = Vec::new();
        let mut place_of = |name: &String| {
            let position = schema.position(name)?;
            let column = (position, schema.column_type(position)?);
            let known = columns.iter().position(|each| *each == column);
            known.or_else(|| {
                columns.push(column);
                Some(columns.len() - 1)
            })
        };
        let keys = dataset.match_keys.iter();
        let keys = keys
            .map(|key| key.fields.iter().map(&mut place_of).collect())
            .collect();
        Self { columns, keys }
    }

    /// The hashed keys of the rows of a batch.
    pub(super) fn of_batch(&self, batch: &Batch) -> RowKeys {
        let table = &batch.table;
        let mut keys = Vec::with_capacity(table.rows() * self.keys.len());
        let mut parts: Vec<KeyPart<'_>> = Vec::with_capacity(self.columns.len());
        for row in 0..table.rows() {
            parts.clear();
            parts.extend(self.columns.iter().map(|(column, kind)| {
                match kind {
                    ColumnType::Text => table
                        .text(*column, row)
                        .map_or(KeyPart::None, KeyPart::of_text),
                    ColumnType::Int => table.int(*column, row).map_or(KeyPart::None, KeyPart::Int),
                    ColumnType::Day => table
                        .day(*column, row)
                        .map_or(KeyPart::None, |day| KeyPart::Int(i64::from(day))),
                    ColumnType::Real | ColumnType::Bool => KeyPart::None,
                }
            }));
            keys.extend(self.keys.iter().enumerate().map(|(level, places)| {
                let own = places
                    .as_ref()?
                    .iter()
                    .map(|place| parts.get(*place).unwrap_or(&KeyPart::None));
                key_hash(level, own)
            }));
        }
        RowKeys {
            keys,
            levels: self.keys.len(),
        }
    }
}

impl Work<'_> {
    pub(super) fn int(&self, batch: &Batch, field: &str, row: usize) -> Option<i64> {
        batch
            .table
            .position(field)
            .and_then(|column| batch.table.int(column, row))
    }

    pub(super) fn example(
        &self,
        row: usize,
        value: String,
        detail: impl Into<Detail>,
    ) -> RowExample {
        let located = locate(self.batches, self.rows_before, row);
        let label = located.map_or(String::new(), |(batch, place)| {
            self.explainer.row_label(batch, place)
        });
        let number = located
            .and_then(|(batch, place)| batch.source_rows.get(place))
            .copied()
            .unwrap_or(0);
        RowExample {
            row: number,
            label,
            record: None,
            changes: Vec::new(),
            value,
            detail: detail.into(),
            values: BTreeMap::new(),
            candidates: Vec::new(),
        }
    }

    pub(super) fn refuse(
        &mut self,
        row: usize,
        code: &str,
        field: &str,
        value: String,
        detail: impl Into<Detail>,
    ) {
        let example = self.example(row, value, detail);
        self.refuse_as(row, code, field, example);
    }

    /// Refuses a row with an example made by the caller.
    pub(super) fn refuse_as(&mut self, row: usize, code: &str, field: &str, example: RowExample) {
        if let Some(refused) = self.refused.get_mut(row) {
            *refused = true;
        }
        self.refusals.push(Refusal {
            row,
            code: code.to_owned(),
            field: field.to_owned(),
            value: example.value.clone(),
            detail: example.detail.clone(),
            values: example.values.clone(),
        });
        let explainer = self.explainer;
        self.causes
            .add(code, field, || explainer.cause(code, field), example);
    }

    pub(super) fn notice(
        &mut self,
        row: usize,
        code: &str,
        field: &str,
        value: String,
        detail: impl Into<Detail>,
    ) {
        let example = self.example(row, value, detail);
        let explainer = self.explainer;
        self.notices
            .add(code, field, || explainer.cause(code, field), example);
    }

    pub(super) fn take_flaws(&mut self) {
        let batches = self.batches;
        for (batch, before) in batches.iter().zip(self.rows_before) {
            for flaw in &batch.flaws {
                let of = flaw.field.and_then(|place| self.dataset.fields.get(place));
                let field = of.map_or("", |field| field.name.as_str());
                let text = self.explainer.faulty(of, &flaw.text);
                let row = before + flaw.row as usize;
                if flaw.fault.refuses() {
                    self.refuse(row, flaw.fault.code(), field, text, flaw.detail.clone());
                } else {
                    self.notice(row, flaw.fault.code(), field, text, flaw.detail.clone());
                }
            }
        }
    }

    pub(super) fn take_finding(&mut self, row: usize, check: &standard::Check, unjudged: bool) {
        let is_refused = check.severity == Severity::MustFix;
        let located = locate(self.batches, self.rows_before, row);
        let value = located.map_or(String::new(), |(batch, place)| {
            self.explainer.cell(batch, &check.field, place)
        });
        let detail = if unjudged {
            "?".to_owned()
        } else {
            String::new()
        };
        let mut example = self.example(row, value, detail);
        // The values of a refused row stand in the file of refused rows too.
        let is_shown = is_refused || self.notices.wants_example(&check.code, &check.field);
        if let (true, Some((batch, place))) = (is_shown, located) {
            example.values = self.explainer.values_said(check, batch, place);
        }
        if is_refused {
            self.refuse_as(row, &check.code, &check.field, example);
            return;
        }
        let explainer = self.explainer;
        self.notices.add(
            &check.code,
            &check.field,
            || explainer.cause(&check.code, &check.field),
            example,
        );
    }

    /// The hashed keys of every row, batch by batch, worked out on all cores.
    fn all_keys(&self, columns: &KeyColumns) -> Vec<RowKeys> {
        use rayon::prelude::*;
        let batches = self.batches.par_iter();
        batches.map(|batch| columns.of_batch(batch)).collect()
    }

    /// Finds the record of each row, and rows that speak of the same one.
    pub(super) fn match_rows(&mut self, keys: &KeyIndex, context: &Context) -> Vec<Fate> {
        let mut fates = Vec::with_capacity(self.refused.len());
        let own = context.references.get(&self.dataset.name);
        let all_keys = self.all_keys(&KeyColumns::new(self.dataset));
        let filled = |keys: &RowKeys| keys.keys.iter().flatten().count();
        let mut seen_keys: KeyMap<u32> = KeyMap::default();
        seen_keys.reserve(all_keys.iter().map(filled).sum());
        let mut seen_records: HashMap<RecordId, usize> = HashMap::new();
        let batches = self.batches;
        let located = batches.iter().zip(&all_keys).flat_map(|(batch, keys)| {
            let rows = 0..batch.table.rows();
            rows.map(move |place| (batch, place, keys.of_row(place)))
        });
        for (row, (batch, place, row_keys)) in located.enumerate() {
            let already = self.refused.get(row).copied().unwrap_or(false);
            let mut fate = Fate {
                class: Class::New,
                record: None,
            };
            match keys.find(row_keys) {
                Match::One(record) => fate.record = Some(record),
                Match::Nothing => {}
                Match::NoKey if already => fate.class = Class::Refused,
                Match::NoKey => {
                    fate.class = Class::Refused;
                    let fields = self.explainer.key_fields();
                    self.refuse(row, "ROW-NO-KEY", "", String::new(), fields);
                }
                Match::Many(records) => {
                    fate.class = Class::Review;
                    let candidates: Vec<(RecordId, String)> = records
                        .iter()
                        .take(5)
                        .map(|record| {
                            let name = own.map(|own| own.called(*record));
                            (*record, name.unwrap_or_else(|| record.to_string()))
                        })
                        .collect();
                    let names: Vec<&str> =
                        candidates.iter().map(|(_, name)| name.as_str()).collect();
                    let mut example = self.example(row, String::new(), names.join("、"));
                    example.candidates = candidates;
                    self.refusals.push(Refusal {
                        row,
                        code: "ROW-AMBIGUOUS".to_owned(),
                        field: String::new(),
                        value: String::new(),
                        detail: example.detail.clone(),
                        values: BTreeMap::new(),
                    });
                    let explainer = self.explainer;
                    self.causes.add(
                        "ROW-AMBIGUOUS",
                        "",
                        || explainer.cause("ROW-AMBIGUOUS", ""),
                        example,
                    );
                }
            }
            if let Some(level) = keys.taken_elsewhere(row_keys, fate.record) {
                fate.class = Class::Refused;
                self.refuse_taken(row, batch, place, level);
            }
            // Within the file the strongest key that the row fills is the row's own.
            let own_key = row_keys.iter().flatten().next().copied();
            let earlier = fate
                .record
                .and_then(|record| seen_records.get(&record))
                .copied()
                .or_else(|| {
                    let row = own_key.and_then(|key| seen_keys.get(&key))?;
                    Some(*row as usize)
                });
            match earlier {
                Some(earlier) if fate.class != Class::Refused => {
                    fate.class = Class::Refused;
                    let number = locate(self.batches, self.rows_before, earlier)
                        .and_then(|(batch, place)| batch.source_rows.get(place))
                        .copied()
                        .unwrap_or(0);
                    let label = self.explainer.row_label(batch, place);
                    let detail = Detail {
                        zh: format!("与第 {number} 行重复"),
                        en: format!("same as row {number}"),
                    };
                    self.refuse(row, "ROW-DUPLICATE", "", label, detail);
                }
                _ => {
                    if let Some(record) = fate.record {
                        seen_records.entry(record).or_insert(row);
                    }
                    let number = u32::try_from(row).unwrap_or(u32::MAX);
                    for key in row_keys.iter().flatten() {
                        seen_keys.entry(*key).or_insert(number);
                    }
                }
            }
            fates.push(fate);
        }
        fates
    }

    /// Resolves references to records of the same file.
    pub(super) fn link(&mut self, context: &Context, fates: &[Fate]) -> Links {
        let mut links = Links::new();
        if self.batches.iter().all(|batch| batch.pending.is_empty()) {
            return links;
        }
        let mut by_text: HashMap<String, Vec<usize>> = HashMap::new();
        for (batch, before) in self.batches.iter().zip(self.rows_before) {
            for name in ["code", "name"] {
                let Some(column) = batch.table.position(name) else {
                    continue;
                };
                for (place, text) in batch.table.texts(column).enumerate() {
                    if let Some(text) = text {
                        by_text
                            .entry(kernel::name_key(text).into_owned())
                            .or_default()
                            .push(before + place);
                    }
                }
            }
        }
        let stored: Vec<usize> = self
            .dataset
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.is_stored())
            .map(|(place, _)| place)
            .collect();
        let batches = self.batches;
        for (batch, before) in batches.iter().zip(self.rows_before) {
            for pending in &batch.pending {
                let row = before + pending.row as usize;
                let Some(position) = stored.iter().position(|place| *place == pending.field) else {
                    continue;
                };
                let holders = by_text
                    .get(kernel::name_key(&pending.text).as_ref())
                    .cloned()
                    .unwrap_or_default();
                let name = self
                    .dataset
                    .fields
                    .get(pending.field)
                    .map_or("", |field| field.name.as_str());
                match holders.as_slice() {
                    [only] if *only != row => {
                        let link = fates
                            .get(*only)
                            .and_then(|fate| fate.record)
                            .map_or(Link::Row(*only), Link::Record);
                        links.entry(row).or_default().push((position, link));
                    }
                    [] | [_] => self.refuse(
                        row,
                        "CELL-REFERENCE",
                        name,
                        self.explainer
                            .faulty(self.dataset.fields.get(pending.field), &pending.text),
                        String::new(),
                    ),
                    many => {
                        let detail = many.len().to_string();
                        self.refuse(
                            row,
                            "CELL-REFERENCE-AMBIGUOUS",
                            name,
                            self.explainer
                                .faulty(self.dataset.fields.get(pending.field), &pending.text),
                            detail,
                        );
                    }
                }
            }
        }
        let _ = context;
        links
    }
}

//! A dataset as a file: CSV that can be imported again, or JSON.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use kernel::{Clocks, CommitNumber, Day, Value, format_decimal_short};
use registry::Registry;
use registry::ledger::{LedgerError, Version};
use registry::write::CsvWriter;
use security::Permit;
use serde_json::Value as Json;
use standard::{Dataset, Field, FieldKind, Lang, Standard};

use crate::arguments::FileFormat;

/// How a dataset is to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) format: FileFormat,
    /// Field names as headers, codes without their names.
    pub(crate) names: bool,
    pub(crate) lang: Lang,
}

/// What records of other datasets are called.
#[derive(Debug, Default)]
pub(crate) struct References(HashMap<String, HashMap<i64, Called>>);

#[derive(Debug, Clone)]
struct Called {
    /// Its code, or its name where it has none.
    code: String,
    name: String,
}

impl References {
    /// Reads what the records that a dataset refers to are called at two clocks.
    pub(crate) async fn read(
        registry: &Registry,
        permit: &Permit,
        dataset: &Dataset,
        clocks: Clocks,
    ) -> Result<Self, LedgerError> {
        let mut references = Self::default();
        for field in dataset.stored_fields() {
            let FieldKind::Ref(target) = &field.kind else {
                continue;
            };
            let Some(target) = registry.standard().dataset(target) else {
                continue;
            };
            if references.0.contains_key(&target.name) {
                continue;
            }
            let place = |name: &str| target.stored_fields().position(|field| field.name == name);
            let (code, name) = (place("code"), place(&target.display));
            let mut called: HashMap<i64, Called> = HashMap::new();
            let known_now = clocks.as_known_on == CommitNumber::LATEST;
            let mut take = |version: Version| {
                let text = |place: Option<usize>| {
                    let value = place
                        .and_then(|place| version.values.get(place))
                        .and_then(Value::as_text);
                    value.filter(|text| !text.is_empty()).map(str::to_owned)
                };
                let name = text(name).unwrap_or_default();
                let entry = Called {
                    code: text(code).unwrap_or_else(|| name.clone()),
                    name,
                };
                let holds =
                    version.from <= clocks.as_of && version.to.is_none_or(|to| to > clocks.as_of);
                // A record that had ended by that day is still what others refer to.
                if holds || !called.contains_key(&version.record.get()) {
                    called.insert(version.record.get(), entry);
                }
            };
            if known_now {
                registry
                    .ledger()
                    .read_open(permit, &target.name, &mut take)
                    .await?;
            } else {
                registry
                    .ledger()
                    .read(permit, &target.name, clocks, &mut take)
                    .await?;
            }
            references.0.insert(target.name.clone(), called);
        }
        Ok(references)
    }

    fn called(&self, dataset: &str, record: i64) -> Option<&Called> {
        self.0.get(dataset).and_then(|records| records.get(&record))
    }
}

/// Writes records one by one.
pub(crate) struct Exporter<'a, W: Write> {
    standard: &'a Standard,
    fields: Vec<(usize, &'a Field)>,
    references: References,
    shape: Shape,
    target: Target<W>,
    count: u64,
}

enum Target<W: Write> {
    Csv(CsvWriter<W>),
    Json(W),
}

impl<'a, W: Write> Exporter<'a, W> {
    /// Starts a file with its header. Outlines are not written: they are no table.
    pub(crate) fn start(
        standard: &'a Standard,
        dataset: &'a Dataset,
        permit: &Permit,
        references: References,
        shape: Shape,
        target: W,
    ) -> std::io::Result<Self> {
        let fields: Vec<(usize, &Field)> = dataset
            .stored_fields()
            .enumerate()
            .filter(|(_, field)| {
                field.kind != FieldKind::Geometry && permit.sees_field(field.sensitivity)
            })
            .collect();
        let target = match shape.format {
            FileFormat::Csv => Target::Csv(CsvWriter::new(target)?),
            FileFormat::Json => Target::Json(target),
        };
        let mut exporter = Self {
            standard,
            fields,
            references,
            shape,
            target,
            count: 0,
        };
        exporter.header()?;
        Ok(exporter)
    }

    fn header(&mut self) -> std::io::Result<()> {
        let mut headers = Vec::new();
        for (_, field) in &self.fields {
            if self.shape.names {
                headers.push(field.name.clone());
                continue;
            }
            let title = field.title.get(self.shape.lang);
            headers.push(title.to_owned());
            if has_names(field) {
                headers.push(match self.shape.lang {
                    Lang::Zh => format!("{title}(名称)"),
                    Lang::En => format!("{title} (name)"),
                });
            }
        }
        match &mut self.target {
            Target::Csv(writer) => writer.write_row(headers.iter().map(String::as_str)),
            Target::Json(target) => target.write_all(b"["),
        }
    }

    /// Writes a record.
    pub(crate) fn write(&mut self, version: &Version) -> std::io::Result<()> {
        let is_first = self.count == 0;
        self.count += 1;
        if self.shape.format == FileFormat::Json {
            let object: BTreeMap<&str, Json> = self
                .fields
                .iter()
                .map(|(place, field)| {
                    (
                        field.name.as_str(),
                        self.json(field, value_at(version, *place)),
                    )
                })
                .collect();
            let line = serde_json::to_string(&object).unwrap_or_default();
            let Target::Json(target) = &mut self.target else {
                return Ok(());
            };
            target.write_all(if is_first { b"\n" } else { b",\n" })?;
            return target.write_all(line.as_bytes());
        }
        let mut cells = Vec::with_capacity(self.fields.len() * 2);
        for (place, field) in &self.fields {
            let value = value_at(version, *place);
            cells.push(self.cell(field, value));
            if !self.shape.names && has_names(field) {
                cells.push(self.name(field, value));
            }
        }
        let Target::Csv(writer) = &mut self.target else {
            return Ok(());
        };
        writer.write_row(cells.iter().map(String::as_str))
    }

    /// Ends the file and answers how many records it holds.
    pub(crate) fn finish(self) -> std::io::Result<u64> {
        match self.target {
            Target::Csv(writer) => {
                writer.finish()?.flush()?;
            }
            Target::Json(mut target) => {
                target.write_all(if self.count == 0 { b"]\n" } else { b"\n]\n" })?;
                target.flush()?;
            }
        }
        Ok(self.count)
    }

    /// A value as the intake reads it again.
    fn cell(&self, field: &Field, value: &Value) -> String {
        match (&field.kind, value) {
            (_, Value::Null | Value::Bytes(_)) => String::new(),
            (FieldKind::Ref(dataset), value) => {
                self.each_reference(dataset, value, |called| called.code.clone(), "|")
            }
            (_, Value::Text(text)) => text.clone(),
            (FieldKind::Bool, Value::Int(truth)) => match (*truth != 0, self.shape.names) {
                (true, true) => "true".to_owned(),
                (false, true) => "false".to_owned(),
                (true, false) => "是".to_owned(),
                (false, false) => "否".to_owned(),
            },
            (FieldKind::Date, Value::Int(days)) => day(*days),
            (kind, Value::Int(number)) => kind.scale().map_or_else(
                || number.to_string(),
                |scale| format_decimal_short(*number, scale),
            ),
        }
    }

    /// What a code or a record is called.
    fn name(&self, field: &Field, value: &Value) -> String {
        match (&field.kind, value) {
            (FieldKind::Ref(dataset), value) => {
                self.each_reference(dataset, value, |called| called.name.clone(), "、")
            }
            (FieldKind::Code(set), Value::Text(codes)) => {
                let Some(set) = self.standard.code_set(set) else {
                    return String::new();
                };
                let names: Vec<&str> = codes
                    .split('|')
                    .map(|code| set.name_of(code, self.shape.lang))
                    .collect();
                names.join("、")
            }
            _ => String::new(),
        }
    }

    fn each_reference(
        &self,
        dataset: &str,
        value: &Value,
        part: impl Fn(&Called) -> String,
        between: &str,
    ) -> String {
        let records: Vec<i64> = match value {
            Value::Int(record) => vec![*record],
            Value::Text(records) => records
                .split('|')
                .filter_map(|record| record.parse().ok())
                .collect(),
            Value::Null | Value::Bytes(_) => Vec::new(),
        };
        let parts: Vec<String> = records
            .iter()
            .filter_map(|record| self.references.called(dataset, *record).map(&part))
            .collect();
        parts.join(between)
    }

    fn json(&self, field: &Field, value: &Value) -> Json {
        let text = self.cell(field, value);
        match (&field.kind, value) {
            (_, Value::Null | Value::Bytes(_)) => Json::Null,
            (FieldKind::Bool, Value::Int(truth)) => Json::Bool(*truth != 0),
            (FieldKind::Int { .. }, Value::Int(number)) => Json::from(*number),
            (FieldKind::Decimal { .. } | FieldKind::Lon | FieldKind::Lat, Value::Int(_)) => {
                text.parse::<f64>().map_or(Json::Null, Json::from)
            }
            _ if field.many => text
                .split('|')
                .filter(|part| !part.is_empty())
                .map(Json::from)
                .collect(),
            _ => Json::String(text),
        }
    }
}

fn has_names(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Code(_) | FieldKind::Ref(_))
}

fn value_at(version: &Version, place: usize) -> &Value {
    version.values.get(place).unwrap_or(&Value::Null)
}

fn day(days: i64) -> String {
    i32::try_from(days).map_or_else(|_| days.to_string(), |days| Day::new(days).to_string())
}

//! `GET /institutions.csv`: what the list shows, all its pages, as a table for spreadsheet programs.

use std::collections::HashMap;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;
use security::{AuditAction, Note, RequirePermit, Subject, Visit};
use standard::Lang;
use ui::Shell;

use super::failure::Failure;
use super::institution_list::Question;
use super::lang;
use super::shown::Showing;
use crate::api::Registry;
use crate::lists::{Found, Headline, Institutions, ListColumn, Ratio};
use crate::write::CsvWriter;

/// Rows that are sent at once.
const PART: usize = 1_000;

pub(super) async fn send(
    State(registry): State<Registry>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    match table(&registry, &permit, &visit, &shell).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

async fn table(
    registry: &Registry,
    permit: &RequirePermit,
    visit: &Visit,
    shell: &Shell,
) -> Result<Response, Failure> {
    let question = Question::of(registry, permit, &shell.url).await?;
    let found = question
        .list
        .find(&question.filter, &question.order, None)
        .await?;
    registry
        .security()
        .note_alone(
            permit,
            Note::done(AuditAction::Exported, Subject::dataset("institution"))
                .dataset("institution")
                .records(found.len())
                .address(Some(&visit.address())),
        )
        .await?;
    let day = question.asked.clocks.as_of;
    let keys = question
        .columns
        .iter()
        .map(|column| column.key().to_owned())
        .collect();
    let export = Export::new(
        registry.clone(),
        question.list,
        found,
        keys,
        lang(&shell.text),
    );
    let parts = stream::unfold(export, |mut export| async move {
        export.part().map(|part| (part, export))
    });
    let name = format!("attachment; filename=\"institutions-{day}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// A table on its way out.
struct Export {
    registry: Registry,
    list: Institutions,
    found: Vec<Found>,
    keys: Vec<String>,
    lang: Lang,
    latest: HashMap<i64, usize>,
    next: usize,
    writer: Option<CsvWriter<Vec<u8>>>,
}

/// The column that says whether a row is synthetic; it is always there.
const ORIGIN: &str = "origin";

impl Export {
    fn new(
        registry: Registry,
        mut list: Institutions,
        found: Vec<Found>,
        keys: Vec<String>,
        lang: Lang,
    ) -> Export {
        let latest = list.latest_rows();
        if keys.iter().any(|key| key == "parent") {
            list.labels.institutions = parents(&list);
        }
        Export {
            registry,
            list,
            found,
            keys,
            lang,
            latest,
            next: 0,
            writer: None,
        }
    }

    /// The next rows; the first part begins with the header.
    fn part(&mut self) -> Option<std::io::Result<Bytes>> {
        if self.writer.is_some() && self.next >= self.found.len() {
            return None;
        }
        Some(self.write_part().map(Bytes::from))
    }

    fn write_part(&mut self) -> std::io::Result<Vec<u8>> {
        let standard = std::sync::Arc::clone(self.registry.standard());
        let Some(dataset) = standard.dataset("institution") else {
            return Ok(Vec::new());
        };
        let year = standard.dataset("institution_year");
        let mut columns: Vec<ListColumn<'_>> = Vec::with_capacity(self.keys.len() + 1);
        for key in self
            .keys
            .iter()
            .map(String::as_str)
            .filter(|key| *key != ORIGIN)
            .chain([ORIGIN])
        {
            let ratio = [Ratio::ClassSize, Ratio::PupilsPerTeacher]
                .into_iter()
                .find(|ratio| ratio.figure() == key);
            let column = dataset
                .field(key)
                .map(ListColumn::Own)
                .or_else(|| year.and_then(|year| year.field(key)).map(ListColumn::Year))
                .or_else(|| ratio.map(|ratio| ListColumn::Ratio(ratio, &standard)));
            columns.extend(column);
        }
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let mut writer = CsvWriter::new(Vec::new())?;
                writer.write_row(columns.iter().map(|column| column.title(self.lang)))?;
                writer
            }
        };
        let showing = Showing {
            standard: &standard,
            labels: &self.list.labels,
            lang: self.lang,
        };
        for found in self.found.iter().skip(self.next).take(PART) {
            let Some(row) = self.list.row_of(*found) else {
                continue;
            };
            let headline = self
                .latest
                .get(&found.record)
                .filter(|_| self.list.is_operating(row))
                .map(|row| self.list.headline_at(*row));
            let cells: Vec<String> = columns
                .iter()
                .map(|column| match column {
                    ListColumn::Own(field) => showing.text_at(field, self.list.view.table(), row),
                    ListColumn::Year(field) => year_text(&field.name, headline.as_ref()),
                    ListColumn::Ratio(ratio, _) => ratio_text(*ratio, headline.as_ref()),
                })
                .collect();
            writer.write_row(cells.iter().map(String::as_str))?;
        }
        self.next = (self.next + PART).min(self.found.len());
        let part = writer.take();
        self.writer = Some(writer);
        Ok(part)
    }
}

fn parents(list: &Institutions) -> HashMap<i64, String> {
    let table = list.view.table();
    let (Some(record), Some(name), Some(parent)) = (
        list.view.column("record_id"),
        list.view.column("name"),
        list.view.column("parent"),
    ) else {
        return HashMap::new();
    };
    let wanted: std::collections::HashSet<i64> = list
        .view
        .rows()
        .filter_map(|row| table.int(parent, row))
        .collect();
    list.view
        .rows()
        .filter_map(|row| {
            let own = table.int(record, row).filter(|own| wanted.contains(own))?;
            Some((own, table.text(name, row)?.to_owned()))
        })
        .collect()
}

fn year_text(field: &str, headline: Option<&Headline>) -> String {
    let Some(headline) = headline else {
        return String::new();
    };
    let number = |number: Option<i64>| number.map_or(String::new(), |number| number.to_string());
    match field {
        "school_year" => headline.school_year.clone(),
        "pupils" => number(headline.pupils),
        "classes" => number(headline.classes),
        "fulltime_teachers" => number(headline.teachers),
        "building_area" => headline.area.map_or(String::new(), |area| area.to_string()),
        _ => String::new(),
    }
}

fn ratio_text(ratio: Ratio, headline: Option<&Headline>) -> String {
    let number = headline.and_then(|headline| match ratio {
        Ratio::ClassSize => headline.class_size(),
        Ratio::PupilsPerTeacher => headline.pupils_per_teacher(),
    });
    // Rounded as on the page; without separators, for programs.
    number.map_or(String::new(), |number| {
        ui::format::real(number, 1).replace(',', "")
    })
}

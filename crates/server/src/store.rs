//! Questions of the home page, put to the columns that the registry keeps.

use columns::{Cell, Table};
use kernel::Clocks;
use registry::Registry;
use registry::ledger::LedgerError;
use security::Permit;
use standard::{Dataset, FieldKind, Figure, Measure};

/// A figure over what a permit reaches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Total {
    /// Its value now.
    pub(crate) now: i64,
    /// Its value a year before, where the dataset is kept by school year.
    pub(crate) before: Option<i64>,
    /// The school year it is of.
    pub(crate) period: Option<String>,
}

/// Why a figure has no value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FigureError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Columns(#[from] columns::ColumnsError),
}

/// The figures that are plain totals: no denominator, all kinds, of datasets that belong to units.
pub(crate) fn plain_totals(figures: &[Figure]) -> impl Iterator<Item = &Figure> {
    figures.iter().filter(|figure| {
        let of = figure.numerator.dataset.as_str();
        figure.denominator.is_none()
            && figure.kinds.is_empty()
            && matches!(of, "institution" | "institution_year")
    })
}

/// The value of a plain total; `None` where nothing is held.
pub(crate) async fn total(
    registry: &Registry,
    permit: &Permit,
    measure: &Measure,
    clocks: Clocks,
) -> Result<Option<Total>, FigureError> {
    let Some(dataset) = registry.standard().dataset(&measure.dataset) else {
        return Ok(None);
    };
    let view = registry.view(permit, &measure.dataset, clocks).await?;
    if view.is_empty() {
        return Ok(None);
    }
    let value = match &measure.sum {
        Some(field) => format!("sum(\"{field}\")"),
        None => "count(*)".to_owned(),
    };
    let (condition, mut parameters) = condition(dataset, measure);
    if dataset.field("school_year").is_none() {
        let sql = format!("SELECT {value} AS value FROM rows WHERE {condition}");
        let answer = view.query(&sql, &parameters).await?;
        let now = whole(&answer, 0).unwrap_or(0);
        return Ok(Some(Total {
            now,
            before: None,
            period: None,
        }));
    }
    let sql = format!(
        "SELECT school_year, {value} AS value FROM rows WHERE {condition} GROUP BY school_year \
         ORDER BY school_year DESC LIMIT 2"
    );
    let answer = view.query(&sql, &std::mem::take(&mut parameters)).await?;
    let Some(now) = whole(&answer, 0) else {
        return Ok(None);
    };
    let period = answer
        .position("school_year")
        .and_then(|column| answer.text(column, 0))
        .map(str::to_owned);
    Ok(Some(Total {
        now,
        before: whole(&answer, 1),
        period,
    }))
}

fn whole(answer: &Table, row: usize) -> Option<i64> {
    if row >= answer.rows() {
        return None;
    }
    answer
        .position("value")
        .and_then(|column| answer.int(column, row))
}

fn condition(dataset: &Dataset, measure: &Measure) -> (String, Vec<Cell>) {
    let mut parts = vec!["true".to_owned()];
    let mut parameters = Vec::new();
    for (field, value) in &measure.filters {
        let is_bool = dataset
            .field(field)
            .is_some_and(|field| field.kind == FieldKind::Bool);
        if is_bool {
            parts.push(format!("\"{field}\" = {}", value == "true"));
        } else {
            parameters.push(Cell::Text(value.clone()));
            parts.push(format!("\"{field}\" = ${}", parameters.len()));
        }
    }
    (parts.join(" AND "), parameters)
}

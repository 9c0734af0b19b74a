//! Questions of the home page, put to the columns that the registry keeps.

use columns::{Cell, Table};
use kernel::{Clocks, Day, SchoolYear};
use registry::Registry;
use registry::ledger::LedgerError;
use security::Permit;
use standard::{Dataset, FieldKind, Figure, Measure};

/// The dataset of institutions.
const INSTITUTION: &str = "institution";
/// A figure over what a permit reaches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Total {
    /// Its value now.
    pub(crate) now: i64,
    /// Its value a year before, where anything was held then.
    pub(crate) before: Option<i64>,
    /// The school year it is of, or the first and the last.
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
            && matches!(of, INSTITUTION | "institution_year")
    })
}

/// The value of a plain total; `None` where nothing is held. What counts is what counts on maps and in lists:
/// what operates on the day, with its latest school year that has begun.
pub(crate) async fn total(
    registry: &Registry,
    permit: &Permit,
    measure: &Measure,
    clocks: Clocks,
) -> Result<Option<Total>, FigureError> {
    let Some((now, period)) = at(registry, permit, measure, clocks).await? else {
        return Ok(None);
    };
    // Numbers of a school year are held against those of the year before it, at its own beginning.
    let school_year: Option<SchoolYear> = period.as_ref().and_then(|period| period.parse().ok());
    let day = school_year.map_or(clocks.as_of, SchoolYear::first_day);
    let earlier = Clocks {
        as_of: year_before(day),
        ..clocks
    };
    // While some have reported the new school year and others not, there is no one year to hold it against.
    if period.is_some() && school_year.is_none() {
        return Ok(Some(Total {
            now,
            before: None,
            period,
        }));
    }
    let before = at(registry, permit, measure, earlier).await?;
    let is_earlier = |before: &(i64, Option<String>)| period.is_none() || before.1 != period;
    Ok(Some(Total {
        now,
        before: before.filter(is_earlier).map(|(before, _)| before),
        period,
    }))
}

/// The same day of the year before; 28 February for 29 February.
fn year_before(day: Day) -> Day {
    let (year, month, of_month) = day.ymd();
    Day::from_ymd(year - 1, month, of_month)
        .or_else(|_| Day::from_ymd(year - 1, month, of_month - 1))
        .unwrap_or(day)
}

/// The same value on one day, and the school year that is in it, or the first and the last.
async fn at(
    registry: &Registry,
    permit: &Permit,
    measure: &Measure,
    clocks: Clocks,
) -> Result<Option<(i64, Option<String>)>, FigureError> {
    let Some(dataset) = registry.standard().dataset(&measure.dataset) else {
        return Ok(None);
    };
    let view = registry.view(permit, &measure.dataset, clocks).await?;
    if view.is_empty() {
        return Ok(None);
    }
    let value = match &measure.sum {
        Some(field) => format!("sum(n.\"{field}\")"),
        None => "count(*)".to_owned(),
    };
    let (condition, parameters) = condition(dataset, measure);
    if dataset.name == INSTITUTION {
        let sql =
            format!("SELECT {value} AS value FROM rows n WHERE n.\"operating\" AND {condition}");
        let answer = view.query(&sql, &parameters).await?;
        return Ok(whole(&answer).map(|value| (value, None)));
    }
    let institutions = registry.view(permit, INSTITUTION, clocks).await?;
    let sql = format!(
        "SELECT {value} AS value, CASE WHEN min(n.\"school_year\") = max(n.\"school_year\") \
         THEN max(n.\"school_year\") ELSE min(n.\"school_year\") || ' – ' || max(n.\"school_year\") END AS period FROM rows n \
         JOIN institutions i ON i.record_id = n.\"institution\" \
         WHERE n.\"latest\" AND i.\"operating\" AND {condition}"
    );
    let others = [("institutions", &institutions)];
    let answer = view.query_with(&others, &sql, &parameters).await?;
    let period = answer
        .position("period")
        .and_then(|column| answer.text(column, 0))
        .map(str::to_owned);
    Ok(whole(&answer).map(|value| (value, period)))
}

fn whole(answer: &Table) -> Option<i64> {
    if answer.rows() == 0 {
        return None;
    }
    answer
        .position("value")
        .and_then(|column| answer.int(column, 0))
}

fn condition(dataset: &Dataset, measure: &Measure) -> (String, Vec<Cell>) {
    let mut parts = vec!["true".to_owned()];
    let mut parameters = Vec::new();
    for (field, value) in &measure.filters {
        let is_bool = dataset
            .field(field)
            .is_some_and(|field| field.kind == FieldKind::Bool);
        if is_bool {
            parts.push(format!("n.\"{field}\" = {}", value == "true"));
        } else {
            parameters.push(Cell::Text(value.clone()));
            parts.push(format!("n.\"{field}\" = ${}", parameters.len()));
        }
    }
    (parts.join(" AND "), parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_before_is_the_same_day_also_around_the_beginning_of_a_school_year() {
        let before = |day: &str| year_before(Day::parse(day).unwrap()).to_string();
        assert_eq!(before("2024-08-31"), "2023-08-31");
        assert_eq!(before("2025-09-01"), "2024-09-01");
        assert_eq!(before("2024-02-29"), "2023-02-28");
    }
}

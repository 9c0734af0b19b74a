//! Which institutions count on a day, and with which of their years: one rule for lists, for the home page
//! and for maps, so that they add up to the same.
//!
//! - An institution counts while it operates: its status has `operating = yes` in the code set
//!   `institution_status`, or it has no status.
//! - It counts with its latest school year that has begun on the day.
//!
//! Held tables say so in the columns `operating` and `latest` ([`crate::held`]); nothing else decides it.

use std::collections::HashMap;

use kernel::{Day, SchoolYear, Value};
use standard::{Dataset, FieldKind, Standard};

use crate::ledger::Version;

/// The code set of statuses.
const STATUSES: &str = "institution_status";

/// How the status of a record says whether it operates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operating {
    /// The place of the status among the stored fields.
    place: usize,
    /// The statuses of what does not operate.
    idle: Vec<String>,
}

impl Operating {
    /// Of a dataset; `None` where its records have no such status.
    pub(crate) fn of(standard: &Standard, dataset: &Dataset) -> Option<Operating> {
        let place = status_place(dataset)?;
        let idle = standard.code_set(STATUSES).map_or_else(Vec::new, |set| {
            set.entries
                .iter()
                .filter(|entry| entry.extra("operating").is_some_and(|word| word != "yes"))
                .map(|entry| entry.code.clone())
                .collect()
        });
        Some(Operating { place, idle })
    }

    /// Whether a record with these values operates.
    pub(crate) fn holds(&self, values: &[Value]) -> bool {
        let status = values.get(self.place).and_then(Value::as_text);
        status.is_none_or(|status| !self.idle.iter().any(|idle| idle == status))
    }
}

/// The place of the status among the stored fields, where a dataset has one.
pub(crate) fn status_place(dataset: &Dataset) -> Option<usize> {
    dataset
        .stored_fields()
        .position(|field| matches!(&field.kind, FieldKind::Code(set) if set == STATUSES))
}

/// The places of institution and school year, where the records are school years of institutions.
pub(crate) fn year_places(dataset: &Dataset) -> Option<(usize, usize)> {
    let place = |name: &str| dataset.stored_fields().position(|field| field.name == name);
    Some((place("institution")?, place("school_year")?))
}

/// Which rows are the latest school year of their institution that has begun on the day.
pub(crate) fn latest_years(
    versions: &[(i64, Version)],
    (institution, year): (usize, usize),
    day: Day,
) -> Vec<bool> {
    let mut best: HashMap<i64, (i32, usize)> = HashMap::new();
    for (row, (_, version)) in versions.iter().enumerate() {
        let owner = version.values.get(institution).and_then(Value::as_int);
        let year = version
            .values
            .get(year)
            .and_then(Value::as_text)
            .and_then(|text| text.parse::<SchoolYear>().ok());
        if let (Some(owner), Some(year)) = (owner, year.filter(|year| year.first_day() <= day)) {
            let entry = best.entry(owner).or_insert((year.start_year(), row));
            if entry.0 < year.start_year() {
                *entry = (year.start_year(), row);
            }
        }
    }
    let mut latest = vec![false; versions.len()];
    for (_, row) in best.into_values() {
        if let Some(flag) = latest.get_mut(row) {
            *flag = true;
        }
    }
    latest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_suspended_or_planned_does_not_count_and_what_says_nothing_does() {
        let standard = &standard::embedded().unwrap();
        let dataset = standard.dataset("institution").unwrap();
        let operating = Operating::of(standard, dataset).unwrap();
        let mut values = vec![Value::Null; dataset.stored_fields().count()];
        assert!(operating.holds(&values));
        for (status, counts) in [
            ("open", true),
            ("planned", false),
            ("suspended", false),
            ("merged", false),
            ("closed", false),
        ] {
            values[operating.place] = status.into();
            assert_eq!(operating.holds(&values), counts, "{status}");
        }
        assert_eq!(
            Operating::of(standard, standard.dataset("division").unwrap()),
            None
        );
    }
}

//! Lists of institutions at two clocks: filtered, sorted, counted and added up in columns, so that a page
//! of a million institutions is two questions and fifty look-ups.
//!
//! What a permit does not reach is cut off before any question is asked ([`crate::held`]).

mod columns;
mod filter;
mod names;
mod store;

use std::collections::HashMap;

use ::columns::ColumnsError;
use kernel::Clocks;
use security::Permit;

use crate::api::Registry;
use crate::held::View;
use crate::ledger::LedgerError;

pub use columns::{ListColumn, Ratio};
pub use filter::{CodeFilter, FILTERED_CODES, Filter, Place};
pub use names::{Labels, Names};

/// Institutions with their latest school year, the divisions and the units, all at the same clocks and
/// within one permit.
pub struct Institutions {
    /// The institutions.
    pub view: View,
    /// Their school years.
    pub years: View,
    /// Divisions and units by name.
    pub labels: Labels,
    clocks: Clocks,
}

/// What the rows of a list add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// Institutions.
    pub institutions: u64,
    /// Of these synthetic ones.
    pub synthetic: u64,
    /// Of these such as operate on the day; only they have the numbers that follow ([`crate::held`]).
    pub operating: u64,
    /// Of these such as are counted as schools: teaching sites and the like are not.
    pub schools: u64,
    /// Pupils of the latest school year.
    pub pupils: Option<i64>,
    /// Classes.
    pub classes: Option<i64>,
    /// Full-time teachers.
    pub teachers: Option<i64>,
    /// Building area in square metres.
    pub area: Option<f64>,
    /// Pupils over classes, of institutions that have both.
    pub class_size: Option<f64>,
    /// Pupils over full-time teachers, of institutions that have both.
    pub pupils_per_teacher: Option<f64>,
}

/// The headline of an institution in one school year.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Headline {
    /// Such as `2025-2026`.
    pub school_year: String,
    /// Pupils.
    pub pupils: Option<i64>,
    /// Classes.
    pub classes: Option<i64>,
    /// Full-time teachers.
    pub teachers: Option<i64>,
    /// Building area in square metres.
    pub area: Option<f64>,
}

impl Headline {
    /// Pupils per class.
    pub fn class_size(&self) -> Option<f64> {
        over(self.pupils, self.classes)
    }

    /// Pupils per full-time teacher.
    pub fn pupils_per_teacher(&self) -> Option<f64> {
        over(self.pupils, self.teachers)
    }
}

fn over(part: Option<i64>, whole: Option<i64>) -> Option<f64> {
    match (part, whole) {
        (Some(part), Some(whole)) if whole > 0 => Some(part as f64 / whole as f64),
        _ => None,
    }
}

/// A record of the list and where its unit stands in the tree, which together find its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The record.
    pub record: i64,
    /// See [`crate::held`].
    pub position: i64,
}

/// How a list is sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Key of a [`ListColumn`].
    pub key: String,
    /// Largest first.
    pub descending: bool,
}

impl Institutions {
    /// What the permit reaches at two clocks.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn open(
        registry: &Registry,
        permit: &Permit,
        clocks: Clocks,
    ) -> Result<Institutions, LedgerError> {
        let view = registry.view(permit, "institution", clocks).await?;
        let years = registry.view(permit, "institution_year", clocks).await?;
        let labels = Labels::open(registry, permit, clocks).await?;
        Ok(Institutions {
            view,
            years,
            labels,
            clocks,
        })
    }

    /// The clocks.
    pub fn clocks(&self) -> Clocks {
        self.clocks
    }

    /// What the institutions of a filter add up to.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn totals(&self, filter: &Filter) -> Result<Totals, ColumnsError> {
        store::totals(self, filter).await
    }

    /// The institutions of a filter in order; `part` is how many to pass over and how many to take.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn find(
        &self,
        filter: &Filter,
        order: &Order,
        part: Option<(u64, u64)>,
    ) -> Result<Vec<Found>, ColumnsError> {
        store::find(self, filter, order, part).await
    }

    /// The row of an institution in [`Institutions::view`].
    pub fn row_of(&self, found: Found) -> Option<usize> {
        let table = self.view.table();
        let (position, record) = (
            self.view.column("unit_position")?,
            self.view.column("record_id")?,
        );
        let (mut low, mut high) = (0, table.rows());
        while low < high {
            let middle = low + (high - low) / 2;
            let here = (table.int(position, middle)?, table.int(record, middle)?);
            match here.cmp(&(found.position, found.record)) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// Whether the institution in a row operates on the day.
    pub fn is_operating(&self, row: usize) -> bool {
        let column = self.view.column("operating");
        column.is_none_or(|column| self.view.table().bool(column, row) != Some(false))
    }

    /// The latest school year of some institutions; those that do not operate on the day have none.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn headlines(&self, found: &[Found]) -> Result<HashMap<i64, Headline>, ColumnsError> {
        let records: Vec<i64> = found
            .iter()
            .filter(|each| {
                self.row_of(**each)
                    .is_some_and(|row| self.is_operating(row))
            })
            .map(|each| each.record)
            .collect();
        store::headlines(&self.years, &records).await
    }

    /// All school years of an institution that have begun, the latest first.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn years_of(&self, record: i64) -> Result<Vec<Headline>, ColumnsError> {
        store::years_of(&self.years, record).await
    }

    /// For a whole table: the row of the latest school year of every institution.
    pub fn latest_rows(&self) -> HashMap<i64, usize> {
        let table = self.years.table();
        let (Some(institution), Some(latest)) = (
            self.years.column("institution"),
            self.years.column("latest"),
        ) else {
            return HashMap::new();
        };
        self.years
            .rows()
            .filter(|row| table.bool(latest, *row) == Some(true))
            .filter_map(|row| Some((table.int(institution, row)?, row)))
            .collect()
    }

    /// The headline in a row of [`Institutions::years`].
    pub fn headline_at(&self, row: usize) -> Headline {
        store::headline(self.years.table(), row)
    }

    /// Names of institutions, for the references to other institutions that a page shows.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn names_of(&self, records: &[i64]) -> Result<HashMap<i64, String>, ColumnsError> {
        store::names(&self.view, records).await
    }

    /// The institutions that belong to one: teaching sites, attached classes, campuses.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn below(&self, record: i64) -> Result<Vec<Found>, ColumnsError> {
        let filter = Filter {
            parent: Some(record),
            ..Filter::default()
        };
        let order = Order {
            key: "name".to_owned(),
            descending: false,
        };
        self.find(&filter, &order, Some((0, 200))).await
    }
}

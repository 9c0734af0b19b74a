//! Divisions, units and institutions by name, as references on pages show them.

use std::collections::HashMap;

use kernel::Clocks;
use security::Permit;

use crate::api::Registry;
use crate::held::View;
use crate::ledger::LedgerError;

/// The records of a held dataset by record id and by code, with those above and below them.
pub struct Names {
    view: View,
    rows: HashMap<i64, usize>,
    code: Option<usize>,
    name: Option<usize>,
    parent: Option<usize>,
    level: Option<usize>,
    record: Option<usize>,
}

impl Names {
    /// The records of a view.
    pub fn of(view: View) -> Names {
        let record = view.column("record_id");
        let rows = view
            .rows()
            .filter_map(|row| Some((view.table().int(record?, row)?, row)))
            .collect();
        Names {
            rows,
            code: view.column("code"),
            name: view.column("name"),
            parent: view.column("parent"),
            level: view.column("level"),
            record,
            view,
        }
    }

    fn text(&self, column: Option<usize>, record: i64) -> Option<&str> {
        self.view.table().text(column?, *self.rows.get(&record)?)
    }

    /// The name of a record.
    pub fn name(&self, record: i64) -> Option<&str> {
        self.text(self.name, record)
    }

    /// The code of a record.
    pub fn code(&self, record: i64) -> Option<&str> {
        self.text(self.code, record)
    }

    /// The level of a division.
    pub fn level(&self, record: i64) -> Option<&str> {
        self.text(self.level, record)
    }

    /// The record above.
    pub fn parent(&self, record: i64) -> Option<i64> {
        self.view
            .table()
            .int(self.parent?, *self.rows.get(&record)?)
    }

    /// The record of a code.
    pub fn by_code(&self, code: &str) -> Option<i64> {
        let table = self.view.table();
        self.view
            .rows()
            .find(|row| self.code.and_then(|column| table.text(column, *row)) == Some(code))
            .and_then(|row| table.int(self.record?, row))
    }

    /// The records directly below one (`None`: those above which there is none), by code.
    pub fn children(&self, parent: Option<i64>) -> Vec<i64> {
        let table = self.view.table();
        let mut found: Vec<i64> = self
            .view
            .rows()
            .filter(|row| {
                let above = self.parent.and_then(|column| table.int(column, *row));
                match (above, parent) {
                    (Some(above), None) => !self.rows.contains_key(&above),
                    (above, parent) => above == parent,
                }
            })
            .filter_map(|row| table.int(self.record?, row))
            .collect();
        found.sort_by_key(|record| self.code(*record).unwrap_or_default().to_owned());
        found
    }

    /// All records in the order of the view.
    pub fn all(&self) -> Vec<i64> {
        let table = self.view.table();
        self.view
            .rows()
            .filter_map(|row| table.int(self.record?, row))
            .collect()
    }

    /// From the top down to the record itself.
    pub fn path(&self, record: i64) -> Vec<i64> {
        let mut path = vec![record];
        let mut current = record;
        while let Some(above) = self
            .parent(current)
            .filter(|above| self.rows.contains_key(above))
        {
            if path.contains(&above) {
                break;
            }
            path.push(above);
            current = above;
        }
        path.reverse();
        path
    }

    /// The name with the names above it, those of province and prefecture left out: 雁塔区 小寨路街道.
    pub fn short(&self, record: i64) -> Option<String> {
        let own = self.name(record)?;
        let above: Vec<&str> = self
            .path(record)
            .into_iter()
            .filter(|each| {
                *each != record
                    && !matches!(self.level(*each), Some("province" | "prefecture") | None)
            })
            .filter_map(|each| self.name(each))
            .collect();
        Some(above.into_iter().chain([own]).collect::<Vec<_>>().join(" "))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The view.
    pub fn view(&self) -> &View {
        &self.view
    }
}

/// What references on a page are called.
pub struct Labels {
    /// Divisions.
    pub divisions: Names,
    /// Education units.
    pub units: Names,
    /// Institutions, as far as the page needs them.
    pub institutions: HashMap<i64, String>,
}

impl Labels {
    /// Divisions and units at two clocks.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn open(
        registry: &Registry,
        permit: &Permit,
        clocks: Clocks,
    ) -> Result<Labels, LedgerError> {
        Ok(Labels {
            divisions: Names::of(registry.view(permit, "division", clocks).await?),
            units: Names::of(registry.view(permit, "education_unit", clocks).await?),
            institutions: HashMap::new(),
        })
    }

    /// The name of a record of a dataset.
    pub fn of(&self, dataset: &str, record: i64) -> Option<String> {
        match dataset {
            "division" => self.divisions.short(record),
            "education_unit" => self.units.name(record).map(str::to_owned),
            "institution" => self.institutions.get(&record).cloned(),
            _ => None,
        }
    }
}

//! Institutions as the map needs them: where each lies, what kind it is, whether it is open.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use columns::Table;
use registry::held::View;
use security::UnitTree;
use shape::{Point, Tile};
use standard::Standard;

use crate::layers::{PlaceNumber, Scene};
use crate::model::{KindOfType, Kinds};
use crate::tiles::points::{Cluster, PointIndex};

/// The dataset of institutions.
pub(crate) const INSTITUTION: &str = "institution";

/// One institution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct School {
    /// The record.
    pub(crate) record: i64,
    /// The division it lies in, where that is known on the day.
    pub(crate) place: Option<PlaceNumber>,
    /// The position, where it has one.
    pub(crate) at: Option<Point>,
    /// Its place in the code set of kinds.
    pub(crate) kind: u8,
    /// Operating on the day, as the registry says for lists and maps alike.
    pub(crate) is_open: bool,
    /// Synthetic rather than real.
    pub(crate) is_synthetic: bool,
}

/// All institutions of a day in the order of the held table, whoever may see them.
#[derive(Debug)]
pub(crate) struct SchoolTable {
    /// Differs for every table that was ever made.
    pub(crate) id: u64,
    schools: Vec<School>,
    by_record: HashMap<i64, u32>,
    points: PointIndex,
    /// The tree that the rows are ordered by; held so that no other tree takes its address.
    _units: Arc<UnitTree>,
}

/// A table and the rows of it that are within reach: who has the same sees the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    table: u64,
    rows: Arc<[Range<u32>]>,
}

/// What a permit reaches of them.
#[derive(Debug, Clone)]
pub(crate) struct Schools {
    table: Arc<SchoolTable>,
    view: View,
    rows: Arc<[Range<u32>]>,
}

impl SchoolTable {
    /// Reads the whole table that a view looks at.
    pub(crate) fn new(
        id: u64,
        view: &View,
        standard: &Standard,
        scene: &Scene,
        units: Arc<UnitTree>,
    ) -> Self {
        let table = view.table();
        let kinds = KindOfType::new(standard);
        let [record, division, lon, lat, school_type, operating, origin] = [
            "record_id",
            "division",
            "lon",
            "lat",
            "type",
            "operating",
            "origin",
        ]
        .map(|column| view.column(column));
        let text = |column: Option<usize>, row| column.and_then(|column| table.text(column, row));
        let int = |column: Option<usize>, row| column.and_then(|column| table.int(column, row));
        let real = |column: Option<usize>, row| column.and_then(|column| table.real(column, row));
        let school = |row: usize| School {
            record: int(record, row).unwrap_or_default(),
            place: int(division, row).and_then(|division| scene.places.by_record(division)),
            at: real(lon, row)
                .zip(real(lat, row))
                .map(|(lon, lat)| Point::new(lon, lat)),
            kind: kinds.of(text(school_type, row)),
            is_open: operating.is_none_or(|column| table.bool(column, row) != Some(false)),
            is_synthetic: text(origin, row) == Some("synthetic"),
        };
        let schools: Vec<School> = (0..table.rows()).map(school).collect();
        let numbered = || (0_u32..).zip(&schools);
        let by_record = numbered()
            .map(|(row, school)| (school.record, row))
            .collect();
        let points = PointIndex::new(
            numbered()
                .filter(|(_, school)| school.is_open)
                .filter_map(|(row, school)| Some((row, school.at?))),
        );
        Self {
            id,
            schools,
            by_record,
            points,
            _units: units,
        }
    }

    /// Bytes that it takes, about.
    pub(crate) fn memory(&self) -> usize {
        self.schools.len() * (size_of::<School>() + 40) + self.points.len() * 28
    }
}

/// The rows that a view reaches.
pub(crate) fn rows_of(view: &View) -> Arc<[Range<u32>]> {
    let row = |row: u64| u32::try_from(row).unwrap_or(u32::MAX);
    view.ranges()
        .iter()
        .map(|range| row(range.start)..row(range.end))
        .collect()
}

/// Whether a row is among ascending ranges.
pub(crate) fn holds(ranges: &[Range<u32>], row: u32) -> bool {
    let after = ranges.partition_point(|range| range.end <= row);
    ranges.get(after).is_some_and(|range| range.contains(&row))
}

impl Schools {
    /// What a view reaches of a table that was made from the same held rows.
    pub(crate) fn new(table: Arc<SchoolTable>, view: View) -> Self {
        let rows = rows_of(&view);
        Self { table, view, rows }
    }

    /// See [`SchoolTable::id`].
    pub(crate) fn table_id(&self) -> u64 {
        self.table.id
    }

    /// The table and the rows of it: who has the same sees the same.
    pub(crate) fn scope(&self) -> Scope {
        Scope {
            table: self.table.id,
            rows: Arc::clone(&self.rows),
        }
    }

    /// Whether a row is within reach.
    pub(crate) fn reach(&self, row: u32) -> bool {
        holds(&self.rows, row)
    }

    /// The institutions within reach, with their rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &School)> {
        self.rows
            .iter()
            .flat_map(|range| range.clone())
            .filter_map(|row| Some((row, self.get(row)?)))
    }

    /// All institutions with their rows, within reach or not: to find out what is not.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &School)> {
        (0_u32..).zip(&self.table.schools)
    }

    /// The institution of a row, within reach or not.
    pub(crate) fn get(&self, row: u32) -> Option<&School> {
        self.table.schools.get(row as usize)
    }

    /// The row of a record, within reach or not.
    pub(crate) fn any_row_of(&self, record: i64) -> Option<u32> {
        self.table.by_record.get(&record).copied()
    }

    /// The row of a record within reach.
    pub(crate) fn row_of(&self, record: i64) -> Option<u32> {
        self.table
            .by_record
            .get(&record)
            .copied()
            .filter(|row| self.reach(*row))
    }

    /// The held table, for further columns.
    pub(crate) fn columns(&self) -> &Table {
        self.view.table()
    }

    /// The name in a row.
    pub(crate) fn name(&self, row: u32) -> &str {
        let column = self.view.column("name");
        column
            .and_then(|column| self.view.table().text(column, row as usize))
            .unwrap_or_default()
    }

    /// What is drawn of a tile: open institutions of some kinds with coordinates, within reach.
    pub(crate) fn clusters(&self, tile: Tile, kinds: &Kinds) -> Vec<Cluster> {
        let keep = |row: u32| {
            self.reach(row) && self.get(row).is_some_and(|school| kinds.hold(school.kind))
        };
        self.table.points.clusters(tile, &keep)
    }

    /// How many open institutions of some kinds lie within a place (or anywhere), with and without
    /// coordinates.
    pub(crate) fn on_map(&self, kinds: &Kinds, within: Option<Range<PlaceNumber>>) -> OnMap {
        let mut found = OnMap::default();
        for (_, school) in self
            .iter()
            .filter(|(_, school)| school.is_open && kinds.hold(school.kind))
        {
            let is_within = match (&within, school.place) {
                (None, _) => true,
                (Some(range), Some(place)) => range.contains(&place),
                (Some(_), None) => false,
            };
            if is_within {
                match school.at {
                    Some(_) => found.shown += 1,
                    None => found.without_coordinates += 1,
                }
            }
        }
        found
    }
}

/// How many institutions a map can show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct OnMap {
    /// With coordinates: what all points add up to.
    pub(crate) shown: u32,
    /// Without.
    pub(crate) without_coordinates: u32,
}

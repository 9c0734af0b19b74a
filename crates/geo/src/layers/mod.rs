//! What the map is drawn from at a pair of clocks: the divisions in force and their outlines.

mod outlines;
mod places;

use std::sync::atomic::{AtomicU64, Ordering};

use kernel::{Clocks, Value};
use registry::Registry;
use security::Permit;
use shape::{Bounds, Geometry, MultiPolygon, Point, wkb};

use outlines::Imported;
pub(crate) use outlines::Outlines;
pub(crate) use places::{Division, Place, PlaceNumber, Places};

use crate::error::GeoError;
use crate::model::Level;

/// The dataset of divisions.
pub(crate) const DIVISION: &str = "division";
/// The dataset of outlines.
pub(crate) const BOUNDARY: &str = "division_boundary";

static SCENES: AtomicU64 = AtomicU64::new(0);

/// The divisions of a day and their outlines. Both are common: every reader has the same scene.
#[derive(Debug)]
pub(crate) struct Scene {
    /// Differs for every scene that was ever made; caches name scenes by it.
    pub(crate) id: u64,
    /// The divisions.
    pub(crate) places: Places,
    outlines: Outlines,
}

impl Scene {
    /// Reads divisions and outlines.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) async fn read(
        registry: &Registry,
        permit: &Permit,
        clocks: Clocks,
    ) -> Result<Self, GeoError> {
        let divisions = read_divisions(registry, permit, clocks).await?;
        let outlines = read_outlines(registry, permit, clocks).await?;
        Ok(tokio::task::spawn_blocking(move || Self::new(divisions, outlines)).await?)
    }

    fn new(divisions: Vec<Division>, outlines: Vec<(i64, MultiPolygon, bool)>) -> Self {
        let places = Places::new(divisions);
        let imported = outlines
            .into_iter()
            .filter_map(|(record, region, schematic)| {
                Some(Imported {
                    place: places.by_record(record)?,
                    region,
                    schematic,
                })
            })
            .collect();
        let outlines = Outlines::new(&places, imported);
        Self {
            id: SCENES.fetch_add(1, Ordering::Relaxed),
            places,
            outlines,
        }
    }

    /// The outlines of a level for a zoom.
    pub(crate) fn outlines(&self, level: Level, zoom: u8) -> Vec<(PlaceNumber, &MultiPolygon)> {
        self.outlines.of_level(&self.places, level, zoom)
    }

    /// See [`Outlines::borders`].
    pub(crate) fn borders(&self, level: Level, zoom: u8) -> &[shape::coverage::Border] {
        self.outlines.borders(level, zoom)
    }

    /// See [`Outlines::label`].
    pub(crate) fn label(&self, number: PlaceNumber) -> Option<Point> {
        self.outlines.label(&self.places, number)
    }

    /// See [`Outlines::is_schematic`].
    pub(crate) fn is_schematic(&self, number: PlaceNumber) -> bool {
        self.outlines.is_schematic(number)
    }

    /// Works out the outlines of townships, where that has not been done.
    pub(crate) fn prepare(&self, level: Level) {
        if level == Level::Township {
            self.outlines.prepare_townships(&self.places);
        }
    }

    /// The box around a place; of one without an outline around what lies within it.
    pub(crate) fn bounds(&self, number: PlaceNumber) -> Option<Bounds> {
        self.outlines.bounds(number).or_else(|| {
            let seats: Vec<Point> = self
                .places
                .range(number)
                .filter_map(|each| self.places.get(each).and_then(|place| place.seat))
                .collect();
            Bounds::around(&seats).map(|bounds| widened(&bounds))
        })
    }

    /// The box around everything.
    pub(crate) fn everything(&self) -> Option<Bounds> {
        self.outlines.everything()
    }

    /// Bytes that it takes, about.
    pub(crate) fn memory(&self) -> usize {
        self.places.memory() + self.outlines.memory()
    }
}

/// Points alone make a narrow box.
fn widened(bounds: &Bounds) -> Bounds {
    const MARGIN: f64 = 0.02;
    Bounds {
        west: bounds.west - MARGIN,
        south: bounds.south - MARGIN,
        east: bounds.east + MARGIN,
        north: bounds.north + MARGIN,
    }
}

async fn read_divisions(
    registry: &Registry,
    permit: &Permit,
    clocks: Clocks,
) -> Result<Vec<Division>, GeoError> {
    let view = registry.view(permit, DIVISION, clocks).await?;
    let table = view.table();
    let [record, code, name, level, kind, parent, lon, lat] = [
        "record_id",
        "code",
        "name",
        "level",
        "kind",
        "parent",
        "lon",
        "lat",
    ]
    .map(|column| view.column(column));
    let text = |column: Option<usize>, row| column.and_then(|column| table.text(column, row));
    let int = |column: Option<usize>, row| column.and_then(|column| table.int(column, row));
    let real = |column: Option<usize>, row| column.and_then(|column| table.real(column, row));
    let division = |row: usize| {
        Some(Division {
            record: int(record, row)?,
            code: text(code, row)?.to_owned(),
            name: text(name, row).unwrap_or_default().to_owned(),
            level: Level::of_code(text(level, row)?)?,
            kind: text(kind, row).map(str::to_owned),
            parent: int(parent, row),
            seat: real(lon, row)
                .zip(real(lat, row))
                .map(|(lon, lat)| Point::new(lon, lat)),
        })
    };
    Ok(view.rows().filter_map(division).collect())
}

/// Whose outline, the region, whether it is schematic.
async fn read_outlines(
    registry: &Registry,
    permit: &Permit,
    clocks: Clocks,
) -> Result<Vec<(i64, MultiPolygon, bool)>, GeoError> {
    let table = registry.ledger().table(BOUNDARY)?;
    let [division, geometry, schematic] =
        ["division", "geometry", "schematic"].map(|field| table.position(field));
    let mut found = Vec::new();
    let mut damaged = 0_usize;
    registry
        .ledger()
        .read(permit, BOUNDARY, clocks, |version| {
            let value = |place: Option<usize>| place.and_then(|place| version.values.get(place));
            let Some(record) = value(division).and_then(Value::as_int) else {
                return;
            };
            let Some(Value::Bytes(bytes)) = value(geometry) else {
                return;
            };
            match wkb::decode(bytes) {
                Ok(Geometry::MultiPolygon(region)) => {
                    let schematic = value(schematic).and_then(Value::as_int) == Some(1);
                    found.push((record, region, schematic));
                }
                Ok(Geometry::Point(_)) => {}
                Err(_) => damaged += 1,
            }
        })
        .await?;
    if damaged > 0 {
        tracing::warn!(
            damaged,
            "outlines that cannot be read were left out of the map"
        );
    }
    Ok(found)
}

//! Figures whose numbers another room gives, unit by unit: what this room does not know of, but can draw.

use futures::future::BoxFuture;
use kernel::UnitId;
use security::Permit;
use standard::Figure;

use crate::api::{Geo, Moment};
use crate::error::GeoError;
use crate::layers::PlaceNumber;
use crate::schools::Schools;

/// What a unit gives to a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnitNumber {
    /// The unit: an office or an institution.
    pub unit: UnitId,
    /// Its part of what is divided.
    pub numerator: f64,
    /// Its part of what that is divided by.
    pub denominator: f64,
}

/// A figure of another room, always one number over another.
pub trait UnitFigure: Send + Sync {
    /// Its definition. Its name differs from those of all other figures.
    fn figure(&self) -> &Figure;

    /// Whether a reader may see it at all; to others there is no such figure.
    fn may(&self, permit: &Permit) -> bool;

    /// The numbers of all units within the permit's reach, as of now.
    ///
    /// # Errors
    /// A sentence for the log.
    fn numbers<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Result<Vec<UnitNumber>, String>>;
}

/// The numbers of one such figure, each at the place where its unit stands.
pub(crate) struct Placed {
    /// The figure's name.
    pub(crate) figure: String,
    /// The place, numerator and denominator of each unit whose place is known.
    pub(crate) numbers: Vec<(PlaceNumber, f64, f64)>,
    /// Units of which it is not known where they stand.
    pub(crate) nowhere: (f64, f64, u32),
}

impl Placed {
    /// Asks for a figure's numbers. They are those of now, so a map of another day has none.
    pub(crate) async fn read(
        geo: &Geo,
        given: &dyn UnitFigure,
        permit: &Permit,
        moment: &Moment,
        schools: &Schools,
    ) -> Result<Self, GeoError> {
        let mut placed = Self {
            figure: given.figure().name.clone(),
            numbers: Vec::new(),
            nowhere: (0.0, 0.0, 0),
        };
        let is_now = moment.clocks.as_of == geo.registry().today() && moment.known_on.is_none();
        if !is_now {
            return Ok(placed);
        }
        let numbers = given.numbers(permit).await.map_err(GeoError::Task)?;
        let places = &moment.scene.places;
        let offices = geo
            .registry()
            .view(permit, "education_unit", moment.clocks)
            .await?;
        let (record, divisions) = (offices.column("record_id"), offices.column("divisions"));
        let table = offices.table();
        let office_places: std::collections::HashMap<i64, PlaceNumber> = (0..table.rows())
            .filter_map(|row| {
                let text = table.text(divisions?, row)?;
                let own: Vec<PlaceNumber> = text
                    .split('|')
                    .filter_map(|record| places.by_record(record.parse().ok()?))
                    .collect();
                Some((table.int(record?, row)?, places.around(&own)?))
            })
            .collect();
        for number in numbers {
            let id = number.unit.get();
            let place = office_places.get(&id).copied().or_else(|| {
                let row = schools.row_of(id)?;
                schools.get(row)?.place
            });
            match place {
                Some(place) => {
                    placed
                        .numbers
                        .push((place, number.numerator, number.denominator));
                }
                None => {
                    placed.nowhere.0 += number.numerator;
                    placed.nowhere.1 += number.denominator;
                    placed.nowhere.2 += 1;
                }
            }
        }
        Ok(placed)
    }
}

//! How much of a place a permit covers, so that the numbers of a part never pass for those of the whole.

use registry::held::View;
use security::Permit;
use serde::Serialize;

use crate::api::{Geo, Moment};
use crate::error::GeoError;
use crate::layers::{PlaceNumber, Places};
use crate::model::Kinds;
use crate::schools::Schools;

/// How much of a place a reader's permit covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Coverage {
    /// All of it.
    #[default]
    Whole,
    /// Institutions there are, or may be, that the permit does not reach: the numbers are of the own units.
    Part,
    /// Nothing of it: there is no number to show.
    Outside,
}

impl Coverage {
    /// Whether everything is covered.
    pub(crate) fn is_whole(&self) -> bool {
        *self == Self::Whole
    }

    /// The message that says it; `None` where nothing need be said.
    pub(crate) fn key(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Part => Some("geo-part"),
            Self::Outside => Some("geo-outside"),
        }
    }
}

/// The places that the units of a permit stand for; `None` where the permit reaches everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ground(Option<Own>);

#[derive(Debug, Clone, Default)]
struct Own {
    /// By place: it is, or lies in, a division of a unit within reach.
    inside: Vec<bool>,
    /// By place: it is, or has in it, such a division.
    around: Vec<bool>,
}

impl Ground {
    /// Of a permit at a moment.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) async fn read(
        geo: &Geo,
        permit: &Permit,
        moment: &Moment,
    ) -> Result<Self, GeoError> {
        if permit.reaches_everything() {
            return Ok(Self::default());
        }
        let units = geo
            .registry()
            .view(permit, "education_unit", moment.clocks)
            .await?;
        let places = &moment.scene.places;
        Ok(Self(Some(Own::of(places, &divisions_of(&units, places)))))
    }

    /// How much of every place is covered, for institutions of some kinds; empty where all of all is.
    pub(crate) fn of_places(
        &self,
        places: &Places,
        schools: &Schools,
        kinds: &Kinds,
    ) -> Vec<Coverage> {
        let Some(own) = &self.0 else {
            return Vec::new();
        };
        let mut reached = vec![false; places.len()];
        let mut beyond = vec![false; places.len()];
        for (row, school) in schools.all() {
            if !school.is_open || !kinds.hold(school.kind) {
                continue;
            }
            let marks = if schools.reach(row) {
                &mut reached
            } else {
                &mut beyond
            };
            let place = school.place.and_then(|place| marks.get_mut(place as usize));
            if let Some(mark) = place {
                *mark = true;
            }
        }
        pass_up(places, &mut reached);
        pass_up(places, &mut beyond);
        let at = |marks: &[bool], place: usize| marks.get(place).copied().unwrap_or(false);
        (0..places.len())
            .map(|place| {
                if at(&own.inside, place) && !at(&beyond, place) {
                    Coverage::Whole
                } else if at(&own.inside, place) || at(&own.around, place) || at(&reached, place) {
                    Coverage::Part
                } else {
                    Coverage::Outside
                }
            })
            .collect()
    }
}

impl Own {
    fn of(places: &Places, divisions: &[PlaceNumber]) -> Self {
        let mut inside = vec![false; places.len()];
        let mut around = vec![false; places.len()];
        for division in divisions {
            for place in places.range(*division) {
                if let Some(mark) = inside.get_mut(place as usize) {
                    *mark = true;
                }
            }
            if let Some(mark) = around.get_mut(*division as usize) {
                *mark = true;
            }
        }
        pass_up(places, &mut around);
        Self { inside, around }
    }
}

/// The places of the divisions of the units that a view reaches.
fn divisions_of(units: &View, places: &Places) -> Vec<PlaceNumber> {
    let Some(column) = units.column("divisions") else {
        return Vec::new();
    };
    units
        .rows()
        .filter_map(|row| units.table().text(column, row))
        .flat_map(|records| records.split('|'))
        .filter_map(|record| places.by_record(record.parse().ok()?))
        .collect()
}

/// Marks every place above a marked one.
fn pass_up(places: &Places, marks: &mut [bool]) {
    let above: Vec<Option<PlaceNumber>> = places.iter().map(|(_, place)| place.above).collect();
    for (number, above) in above.into_iter().enumerate().rev() {
        if marks.get(number) != Some(&true) {
            continue;
        }
        if let Some(mark) = above.and_then(|above| marks.get_mut(above as usize)) {
            *mark = true;
        }
    }
}

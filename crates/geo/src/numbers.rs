//! What the figures of a moment are worked out from, within one permit.

use std::ops::Range;
use std::sync::Arc;

use kernel::{CommitNumber, Day};
use registry::Nothing;
use registry::held::View;
use security::Permit;
use standard::Figure;

use crate::api::{Geo, Moment};
use crate::coverage::{Coverage, Ground};
use crate::error::GeoError;
use crate::figures::given_units::Placed;
use crate::figures::{self, Evaluation, POPULATION, Sources, YEARS};
use crate::layers::PlaceNumber;
use crate::model::Kinds;
use crate::schools::{INSTITUTION, Schools, holds, rows_of};

/// Institutions, their latest school years, the population of divisions.
pub(crate) struct Numbers {
    pub(crate) schools: Schools,
    pub(crate) years: Years,
    population: View,
    ground: Ground,
    placed: Vec<Placed>,
    /// Why there is no institution, or no school year of one, where there is none.
    pub(crate) nothing: Option<(&'static str, Nothing)>,
}

impl Numbers {
    /// Reads what the permit reaches.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) async fn read(
        geo: &Geo,
        permit: &Permit,
        moment: &Moment,
    ) -> Result<Self, GeoError> {
        let registry = geo.registry();
        let population = registry.view(permit, POPULATION, moment.clocks).await?;
        let ground = Ground::read(geo, permit, moment).await?;
        loop {
            let units = registry.security().units();
            let schools = geo.schools(permit, moment).await?;
            let view = registry.view(permit, YEARS, moment.clocks).await?;
            // Rows of both are ordered by the tree of units: it must be the same one.
            if !Arc::ptr_eq(&units, &registry.security().units()) {
                continue;
            }
            let empty = if schools.iter().next().is_none() {
                Some(INSTITUTION)
            } else if view.is_empty() {
                Some(YEARS)
            } else {
                None
            };
            let nothing = match empty {
                None => None,
                Some(dataset) => Some((
                    dataset,
                    registry.why_nothing(permit, dataset, moment.clocks).await?,
                )),
            };
            let latest = geo.latest_years(moment, &schools, &view);
            let years = Years {
                rows: rows_of(&view),
                view,
                latest,
            };
            let mut placed = Vec::new();
            for given in geo.unit_figures(permit) {
                placed.push(Placed::read(geo, given, permit, moment, &schools).await?);
            }
            return Ok(Self {
                schools,
                years,
                population,
                ground,
                placed,
                nothing,
            });
        }
    }

    /// How much of a place the permit covers, whatever kind of institution.
    pub(crate) fn coverage(&self, moment: &Moment, place: PlaceNumber) -> Coverage {
        let places = &moment.scene.places;
        let all = self.ground.of_places(places, &self.schools, &Kinds::all());
        all.get(place as usize).copied().unwrap_or_default()
    }

    /// A figure for every place.
    pub(crate) fn evaluate(&self, moment: &Moment, figure: &Figure, kinds: &Kinds) -> Evaluation {
        let sources = Sources {
            scene: &moment.scene,
            schools: &self.schools,
            years: &self.years,
            population: &self.population,
            ground: &self.ground,
            placed: &self.placed,
        };
        figures::evaluate(figure, kinds, &sources)
    }
}

/// The latest school year of one institution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latest {
    /// The row of the institution.
    pub(crate) school: u32,
    /// The row of the year.
    pub(crate) row: u32,
    /// The calendar year in which it begins.
    pub(crate) first: Option<i32>,
}

/// What the latest years of a day depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LatestKey {
    pub(crate) as_of: Day,
    pub(crate) years: CommitNumber,
    /// The table of institutions.
    pub(crate) schools: u64,
}

/// The latest school years, whoever may see them.
#[derive(Debug)]
pub(crate) struct LatestYears(Vec<Latest>);

impl LatestYears {
    /// Those of the whole table that a view looks at.
    pub(crate) fn new(view: &View, schools: &Schools) -> Self {
        let table = view.table();
        let columns = ["institution", "latest", "school_year"].map(|name| table.position(name));
        let [Some(institution), Some(latest), Some(year)] = columns else {
            return Self(Vec::new());
        };
        let entry = |(row, is_latest): (u32, Option<bool>)| {
            if is_latest != Some(true) {
                return None;
            }
            let owner = table.int(institution, row as usize)?;
            let words = table.text(year, row as usize);
            Some(Latest {
                school: schools.any_row_of(owner)?,
                row,
                first: words.and_then(|words| words.get(..4)?.parse().ok()),
            })
        };
        Self(
            (0_u32..)
                .zip(table.bools(latest))
                .filter_map(entry)
                .collect(),
        )
    }

    /// Bytes that it takes, about.
    pub(crate) fn memory(&self) -> usize {
        self.0.len() * size_of::<Latest>()
    }
}

/// School years within one permit.
pub(crate) struct Years {
    view: View,
    rows: Arc<[Range<u32>]>,
    latest: Arc<LatestYears>,
}

impl Years {
    /// The held table.
    pub(crate) fn columns(&self) -> &columns::Table {
        self.view.table()
    }

    /// The latest year of every institution within reach.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &Latest> {
        self.latest
            .0
            .iter()
            .filter(|latest| holds(&self.rows, latest.row))
    }
}

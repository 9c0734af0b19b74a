//! What a map shows: the state that stands in its address, is sent for figures and panels, and is
//! written into every link.

use kernel::Day;
use security::Permit;
use standard::Figure;
use ui::{Url, WrongDay};

use crate::api::{Geo, Moment};
use crate::error::GeoError;
use crate::figures;
use crate::layers::PlaceNumber;
use crate::model::{Kinds, Level};

/// A state. Places are those of the moment.
#[derive(Clone)]
pub(crate) struct MapState<'a> {
    pub(crate) moment: &'a Moment,
    pub(crate) figure: &'a Figure,
    /// What the reader's map shows when nothing is chosen.
    pub(crate) home: Option<PlaceNumber>,
    /// The level that is coloured.
    pub(crate) level: Level,
    /// The kinds of institution.
    pub(crate) kinds: Kinds,
    /// The place whose panel is open.
    pub(crate) place: Option<PlaceNumber>,
    /// The place that was gone into.
    pub(crate) within: Option<PlaceNumber>,
    /// Whether institutions are drawn.
    pub(crate) points: bool,
    today: Day,
    figures: Vec<&'a Figure>,
    usual_kinds: Kinds,
}

/// The two clocks that an address asks for. A day may be left out, but not be wrong.
pub(crate) fn clocks_of(url: &Url) -> Result<(Option<Day>, Option<Day>), GeoError> {
    let day = |key: &'static str| match url.get(key) {
        None => Ok(None),
        Some(said) => Day::parse(said)
            .map(Some)
            .map_err(|_| GeoError::Day(WrongDay::new(key, said))),
    };
    Ok((day("as_of")?, day("known_on")?))
}

/// The kinds that an address asks for, for programs.
pub(crate) fn strict_kinds(url: &Url, geo: &Geo) -> Result<Kinds, GeoError> {
    let text = url.get("kind").unwrap_or_default();
    Kinds::parse(text, geo.standard()).ok_or_else(|| {
        GeoError::Address(format!(
            "kind is \"all\" or codes of institution_kind joined by commas, not {text:?}"
        ))
    })
}

impl<'a> MapState<'a> {
    /// What an address says. What it does not say, or says of things that are not there on the day, is as
    /// the map opens.
    pub(crate) async fn read(
        geo: &'a Geo,
        permit: &Permit,
        moment: &'a Moment,
        url: &Url,
    ) -> Result<Self, GeoError> {
        let standard = geo.standard();
        let places = &moment.scene.places;
        let mut shown = figures::shown(standard);
        shown.extend(
            geo.unit_figures(permit)
                .into_iter()
                .map(|given| given.figure()),
        );
        let opening = shown
            .iter()
            .find(|figure| figure.opens)
            .or(shown.first())
            .copied();
        let asked = url
            .get("figure")
            .and_then(|name| shown.iter().find(|figure| figure.name == name).copied());
        let figure = asked
            .or(opening)
            .ok_or_else(|| GeoError::NoSuch("figure in the definitions".to_owned()))?;
        let home = geo.home(permit, moment).await?;
        let inside_home =
            |number: &PlaceNumber| home.is_none_or(|home| places.range(home).contains(number));
        let place = match url.get("place") {
            Some(code) => geo.place(permit, moment, code).await?,
            None => None,
        };
        let within = match url.get("within") {
            Some(code) => geo
                .place(permit, moment, code)
                .await?
                .filter(inside_home)
                .filter(|number| Some(*number) != home),
            None => None,
        };
        let whole = within.or(home);
        let level = url
            .get("level")
            .and_then(Level::of_layer)
            .filter(|level| {
                home.and_then(|home| places.get(home))
                    .is_none_or(|home| *level >= home.level)
            })
            .unwrap_or_else(|| opening_level(places.level_of(whole)));
        let usual_kinds = Kinds::of_codes(&figure.kinds, standard);
        let kinds = url
            .get("kind")
            .and_then(|text| Kinds::parse(text, standard))
            .unwrap_or_else(|| usual_kinds.clone());
        Ok(Self {
            moment,
            figure,
            home,
            level,
            kinds,
            place,
            within,
            points: url.get("points") == Some("1"),
            today: geo.registry().today(),
            figures: shown,
            usual_kinds,
        })
    }

    /// The place whose parts are shown. A place that is not wider than the level shown is not gone into.
    pub(crate) fn whole(&self) -> Option<PlaceNumber> {
        let places = &self.moment.scene.places;
        let is_wider = |number: &PlaceNumber| {
            places
                .level_of(Some(*number))
                .is_none_or(|level| level < self.level || level == Level::Township)
        };
        self.within.filter(is_wider).or(self.home)
    }

    /// The places that are coloured.
    pub(crate) fn shown(&self) -> Vec<PlaceNumber> {
        self.moment.scene.places.of_level(self.whole(), self.level)
    }

    /// The figures to choose from.
    pub(crate) fn figures(&self) -> &[&'a Figure] {
        &self.figures
    }

    /// The levels to choose from: those within the reader's home.
    pub(crate) fn levels(&self) -> Vec<Level> {
        let places = &self.moment.scene.places;
        let home = places.level_of(self.home);
        Level::MAPPED
            .into_iter()
            .filter(|level| home.is_none_or(|home| *level > home || home == Level::Township))
            .filter(|level| *level == self.level || !places.of_level(self.home, *level).is_empty())
            .collect()
    }

    /// With another figure; kinds that were not chosen become those that are usual for it.
    pub(crate) fn with_figure(&self, figure: &'a Figure, standard: &standard::Standard) -> Self {
        let usual_kinds = Kinds::of_codes(&figure.kinds, standard);
        let kinds = if self.kinds == self.usual_kinds {
            usual_kinds.clone()
        } else {
            self.kinds.clone()
        };
        Self {
            figure,
            kinds,
            usual_kinds,
            ..self.clone()
        }
    }

    /// With the panel of a place open.
    pub(crate) fn with_place(&self, place: Option<PlaceNumber>) -> Self {
        Self {
            place,
            ..self.clone()
        }
    }

    /// With another level coloured.
    pub(crate) fn with_level(&self, level: Level) -> Self {
        Self {
            level,
            ..self.clone()
        }
    }

    /// Gone into a place: its parts are shown and its panel is open.
    pub(crate) fn inside(&self, place: PlaceNumber) -> Self {
        let is_home = self.home == Some(place);
        let opening = opening_level(self.moment.scene.places.level_of(Some(place)));
        let level = self
            .level_inside(place)
            .filter(|_| !is_home)
            .unwrap_or(opening);
        Self {
            place: Some(place),
            within: (!is_home).then_some(place),
            level,
            ..self.clone()
        }
    }

    /// The level that [`MapState::inside`] shows, where there is one below.
    pub(crate) fn level_inside(&self, place: PlaceNumber) -> Option<Level> {
        let places = &self.moment.scene.places;
        let below = places.level_of(Some(place))?.below()?;
        (!places.of_level(Some(place), below).is_empty()).then_some(below)
    }

    fn code(&self, place: Option<PlaceNumber>) -> String {
        place
            .and_then(|number| self.moment.scene.places.get(number))
            .map(|place| place.code.clone())
            .unwrap_or_default()
    }

    /// Every key with its value, as the map element wants it.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
        vec![
            ("level", self.level.layer().to_owned()),
            ("figure", self.figure.name.clone()),
            ("kind", self.kinds.param().to_owned()),
            ("as_of", self.moment.clocks.as_of.to_string()),
            ("known_on", day(self.moment.known_on)),
            ("place", self.code(self.place)),
            ("within", self.code(self.within)),
            (
                "points",
                if self.points {
                    "1".to_owned()
                } else {
                    String::new()
                },
            ),
        ]
    }

    /// An address of this state; what is as the map opens is left out.
    pub(crate) fn address(&self, path: &str) -> Url {
        let usual_level =
            opening_level(self.moment.scene.places.level_of(self.within.or(self.home)));
        let opening = self
            .figures
            .iter()
            .find(|figure| figure.opens)
            .or(self.figures.first());
        let mut url = Url::parse(path);
        for (key, value) in self.pairs() {
            let is_usual = match key {
                "level" => self.level == usual_level,
                "figure" => opening.is_some_and(|figure| figure.name == self.figure.name),
                "kind" => self.kinds == self.usual_kinds,
                "as_of" => self.moment.clocks.as_of == self.today,
                _ => value.is_empty(),
            };
            if !is_usual {
                url = url.with(key, value);
            }
        }
        url
    }

    /// The two clocks as they stand in addresses of other pages.
    pub(crate) fn clocks_at(&self, path: &str) -> Url {
        clocks_at(self.moment, self.today, path)
    }
}

/// An address with the two clocks of a moment, as far as they are not those of now.
pub(crate) fn clocks_at(moment: &Moment, today: Day, path: &str) -> Url {
    let mut url = Url::parse(path);
    if moment.clocks.as_of != today {
        url = url.with("as_of", moment.clocks.as_of);
    }
    if let Some(day) = moment.known_on {
        url = url.with("known_on", day);
    }
    url
}

/// The level that is shown first within a place of a level: a province by its counties.
fn opening_level(whole: Option<Level>) -> Level {
    match whole {
        None | Some(Level::Province | Level::City) => Level::County,
        Some(Level::County | Level::Township | Level::Village) => Level::Township,
    }
}

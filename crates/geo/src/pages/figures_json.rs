//! `GET /map/figures.json?level=county&figure=…&as_of=…&known_on=…&kind=…&within=…`: the values that the
//! map colours its places by. The form is that of `ui::MapFrame`, with parts and totals beside each value.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use security::{Permit, RequirePermit};
use serde::Serialize;
use ui::{Shell, Text};

use super::send;
use crate::api::Geo;
use crate::coverage::Coverage;
use crate::drawn::{Drawn, joined, lang, norms, notes, value_words};
use crate::error::GeoError;
use crate::figures::Sums;
use crate::numbers::Numbers;
use crate::schools::OnMap;
use crate::state::{MapState, clocks_of, strict_kinds};

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) figure: String,
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) decimals: u8,
    pub(crate) classes: Vec<Class>,
    pub(crate) values: BTreeMap<String, Value>,
    /// Places without a value.
    pub(crate) missing: usize,
    /// What the legend calls them.
    pub(crate) missing_label: String,
    pub(crate) note: String,
    /// Over everything shown.
    pub(crate) total: Parts,
    /// Institutions of these kinds within reach: what the points add up to, and those that have none.
    pub(crate) points: OnMap,
    pub(crate) norms: Vec<NormValue>,
    pub(crate) as_of: String,
    /// The commit that the numbers are of.
    pub(crate) commit: i64,
    /// Whether synthetic institutions are among those counted.
    pub(crate) synthetic: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Class {
    pub(crate) from: Option<f64>,
    pub(crate) to: Option<f64>,
    pub(crate) label: String,
    pub(crate) colour: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Value {
    pub(crate) text: String,
    /// Counts from 1.
    pub(crate) class: Option<usize>,
    pub(crate) name: String,
    /// Where the permit does not cover the whole place, that it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// Left out where there are so many places that only a script reads them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) href: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<[f64; 2]>,
    #[serde(flatten)]
    pub(crate) parts: Parts,
}

/// A value with what it was worked out from.
#[derive(Debug, Serialize)]
pub(crate) struct Parts {
    pub(crate) value: Option<f64>,
    /// How much of the place the permit covers: `whole`, `part`, or `outside`, where there are no numbers.
    pub(crate) coverage: Coverage,
    pub(crate) numerator: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) denominator: Option<f64>,
    /// Institutions counted.
    pub(crate) used: Option<u32>,
    /// Institutions that should be counted and lack a number.
    pub(crate) lacking: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(crate) struct NormValue {
    pub(crate) title: String,
    pub(crate) value: f64,
    pub(crate) source: String,
}

pub(super) async fn send(
    State(geo): State<Geo>,
    permit: RequirePermit,
    shell: Shell,
    headers: HeaderMap,
) -> Response {
    match figures(&geo, &permit, &shell).await {
        Ok(answer) => match serde_json::to_vec(&answer) {
            Ok(body) => send::bytes(&headers, "application/json", body),
            Err(error) => GeoError::Task(error.to_string()).as_json(),
        },
        Err(error) => error.as_json(),
    }
}

pub(crate) async fn figures(
    geo: &Geo,
    permit: &Permit,
    shell: &Shell,
) -> Result<Figures, GeoError> {
    let url = &shell.url;
    strict_kinds(url, geo)?;
    let (as_of, known_on) = clocks_of(url)?;
    let moment = geo.moment(permit, as_of, known_on).await?;
    let state = MapState::read(geo, permit, &moment, url).await?;
    geo.prepare(&moment.scene, state.level).await?;
    let numbers = Numbers::read(geo, permit, &moment).await?;
    Ok(answer(geo, &shell.text, &state, &numbers))
}

fn answer(geo: &Geo, text: &Text, state: &MapState<'_>, numbers: &Numbers) -> Figures {
    let lang = lang(text);
    let drawn = Drawn::new(state, numbers);
    let scene = &state.moment.scene;
    let parts = |sums: &Sums, coverage: Coverage| {
        let is_covered = coverage != Coverage::Outside;
        Parts {
            value: drawn.evaluation.value(sums).filter(|_| is_covered),
            coverage,
            numerator: is_covered.then_some(sums.numerator),
            denominator: (is_covered && drawn.evaluation.is_ratio()).then_some(sums.denominator),
            used: is_covered.then_some(sums.used),
            lacking: is_covered.then_some(sums.missing),
        }
    };
    let is_short = drawn.places.len() <= super::picture::MOST_PLACES;
    let values = drawn
        .places
        .iter()
        .filter_map(|(number, value)| {
            let place = scene.places.get(*number)?;
            let coverage = drawn.evaluation.coverage(*number);
            let entry = Value {
                text: value_words(state.figure, *value),
                class: value.map(|value| drawn.classes.index(value) + 1),
                name: place.name.clone(),
                note: coverage.key().map(|key| text.get(key)),
                href: is_short.then(|| state.with_place(Some(*number)).address("/map").to_string()),
                at: scene
                    .label(*number)
                    .map(|point| [rounded(point.lon), rounded(point.lat)]),
                parts: parts(&drawn.evaluation.sums(*number), coverage),
            };
            Some((place.code.clone(), entry))
        })
        .collect();
    Figures {
        figure: state.figure.title.get(lang).to_owned(),
        name: state.figure.name.clone(),
        unit: state.figure.unit.get(lang).to_owned(),
        decimals: state.figure.decimals,
        classes: drawn
            .classes
            .list()
            .iter()
            .map(|class| Class {
                from: class.from,
                to: class.to,
                label: class.label.clone(),
                colour: class.colour,
            })
            .collect(),
        values,
        missing: drawn.missing(),
        missing_label: text.get(drawn.missing_key()),
        note: joined(text, &notes(text, geo, state, numbers, &drawn)),
        total: parts(&drawn.total, drawn.coverage),
        points: numbers.schools.on_map(&state.kinds, None),
        norms: norms(state.figure, &state.kinds)
            .into_iter()
            .map(|norm| NormValue {
                title: norm.title.get(lang).to_owned(),
                value: norm.value,
                source: norm.source.clone(),
            })
            .collect(),
        as_of: state.moment.clocks.as_of.to_string(),
        commit: state.moment.clocks.as_known_on.get(),
        synthetic: drawn.evaluation.synthetic > 0,
    }
}

/// A metre is enough for a label.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e5).round() / 1e5
}

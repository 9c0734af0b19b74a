//! A map as it is drawn: the places of a state with the value and the colour of each.

use std::collections::HashSet;

use maud::html;
use registry::Nothing;
use standard::{Figure, Lang};
use ui::{Cell, Language, Stat, Text, Tone, format};

use crate::api::Geo;
use crate::coverage::Coverage;
use crate::figures::classes::Classes;
use crate::figures::{self, Evaluation, Span, Sums};
use crate::layers::PlaceNumber;
use crate::model::Kinds;
use crate::numbers::Numbers;
use crate::schools::INSTITUTION;
use crate::state::MapState;

/// A state with its values.
pub(crate) struct Drawn {
    pub(crate) evaluation: Evaluation,
    /// The places that are coloured, each with its value.
    pub(crate) places: Vec<(PlaceNumber, Option<f64>)>,
    pub(crate) classes: Classes,
    /// What all of it comes to.
    pub(crate) total: Sums,
    /// How much of all of it the permit covers.
    pub(crate) coverage: Coverage,
}

impl Drawn {
    /// Works out what a state shows.
    pub(crate) fn new(state: &MapState<'_>, numbers: &Numbers) -> Self {
        let evaluation = numbers.evaluate(state.moment, state.figure, &state.kinds);
        let places: Vec<(PlaceNumber, Option<f64>)> = state
            .shown()
            .into_iter()
            .map(|number| (number, evaluation.of_place(number)))
            .collect();
        let classes = Classes::new(state.figure, places.iter().filter_map(|(_, value)| *value));
        let total = evaluation.total(&state.moment.scene.places, state.whole());
        let coverage = evaluation.coverage_of(state.whole());
        Self {
            evaluation,
            places,
            classes,
            total,
            coverage,
        }
    }

    /// How many of the places have no value.
    pub(crate) fn missing(&self) -> usize {
        self.places
            .iter()
            .filter(|(_, value)| value.is_none())
            .count()
    }

    /// How many of these the permit covers nothing of.
    pub(crate) fn outside(&self) -> usize {
        self.places
            .iter()
            .filter(|(number, _)| self.evaluation.coverage(*number) == Coverage::Outside)
            .count()
    }

    /// What the legend calls places without a value.
    pub(crate) fn missing_key(&self) -> &'static str {
        match self.outside() {
            0 => "ui-no-value",
            outside if outside == self.missing() => "geo-outside",
            _ => "geo-no-value-or-outside",
        }
    }

    /// How many places each class has.
    pub(crate) fn counts(&self) -> Vec<i64> {
        let mut counts = vec![0; self.classes.list().len()];
        for value in self.places.iter().filter_map(|(_, value)| *value) {
            if let Some(count) = counts.get_mut(self.classes.index(value)) {
                *count += 1;
            }
        }
        counts
    }

    /// What no place of the level has: institutions of which only a wider place is known.
    pub(crate) fn not_in_places(&self) -> Sums {
        let mut rest = self.total;
        for (number, _) in &self.places {
            let sums = self.evaluation.sums(*number);
            rest.numerator -= sums.numerator;
            rest.denominator -= sums.denominator;
            rest.used = rest.used.saturating_sub(sums.used);
            rest.missing = rest.missing.saturating_sub(sums.missing);
        }
        rest
    }

    /// The places, to look up.
    pub(crate) fn set(&self) -> HashSet<PlaceNumber> {
        self.places.iter().map(|(number, _)| *number).collect()
    }
}

/// The language of definitions for the language of a page.
pub(crate) fn lang(text: &Text) -> Lang {
    match text.language() {
        Language::Chinese => Lang::Zh,
        Language::English => Lang::En,
    }
}

/// A value as it reads.
pub(crate) fn value_words(figure: &Figure, value: Option<f64>) -> String {
    value.map_or_else(
        || "–".to_owned(),
        |value| format::real(value, usize::from(figure.decimals)),
    )
}

/// The cell of a value of a place of which so much is covered.
pub(crate) fn value_cell(
    text: &Text,
    figure: &Figure,
    value: Option<f64>,
    coverage: Coverage,
) -> Cell {
    let words = value.map(|value| value_words(figure, Some(value)));
    match (words, coverage) {
        (_, Coverage::Outside) => Cell::text(text.get("geo-outside")),
        (None, _) => Cell::Missing,
        (Some(words), Coverage::Whole) => Cell::Number(words),
        (Some(words), Coverage::Part) => {
            Cell::Markup(html! { (words) " " (ui::badge(Tone::Explain, &text.get("geo-part"))) })
        }
    }
}

/// A figure of a place of which so much is covered.
pub(crate) fn stat(
    text: &Text,
    figure: &Figure,
    value: Option<f64>,
    coverage: Coverage,
    href: Option<String>,
) -> Stat {
    let unit = figure.unit.get(lang(text));
    let (value, unit) = match coverage {
        Coverage::Whole => (value_words(figure, value), unit.to_owned()),
        Coverage::Part => (
            value_words(figure, value),
            format!("{unit} · {}", text.get("geo-part")),
        ),
        Coverage::Outside => ("–".to_owned(), text.get("geo-outside")),
    };
    Stat {
        label: figure.title.get(lang(text)).to_owned(),
        value,
        unit,
        change: None,
        href,
    }
}

/// A whole number of institutions as it reads.
pub(crate) fn count_words(count: u32) -> String {
    format::integer(i64::from(count))
}

/// The kinds of a state in words.
pub(crate) fn kinds_words(text: &Text, geo: &Geo, kinds: &Kinds) -> String {
    kinds
        .words(geo.standard(), lang(text))
        .unwrap_or_else(|| text.get("geo-kinds-all"))
}

/// What a reader must know about the numbers, in short sentences: the 口径 without the definition.
pub(crate) fn notes(
    text: &Text,
    geo: &Geo,
    state: &MapState<'_>,
    numbers: &Numbers,
    drawn: &Drawn,
) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(nothing_words(text, geo, state, numbers));
    let evaluation = &drawn.evaluation;
    notes.extend(drawn.coverage.key().map(|key| text.get(key)));
    let outside = u32::try_from(drawn.outside()).unwrap_or(u32::MAX);
    if outside > 0 {
        notes.push(text.with("geo-note-outside", &[("count", &count_words(outside))]));
    }
    if let Some(span) = evaluation.span {
        let key = if span.of_school {
            "geo-note-school-year"
        } else {
            "geo-note-year"
        };
        notes.push(text.with(key, &[("year", &span_words(text, span))]));
    }
    if figures::is_of_institutions(state.figure) {
        notes.push(text.with(
            "geo-note-kinds",
            &[("kinds", &kinds_words(text, geo, &state.kinds))],
        ));
        notes.push(text.with(
            "geo-note-used",
            &[("count", &count_words(drawn.total.used))],
        ));
        if drawn.total.missing > 0 {
            notes.push(text.with(
                "geo-note-missing",
                &[("count", &count_words(drawn.total.missing))],
            ));
        }
        let nowhere = evaluation.nowhere.used + evaluation.nowhere.missing;
        if nowhere > 0 {
            notes.push(text.with("geo-note-nowhere", &[("count", &count_words(nowhere))]));
        }
    } else if drawn.total.missing > 0 {
        notes.push(text.with(
            "geo-note-counties-missing",
            &[("count", &count_words(drawn.total.missing))],
        ));
    }
    let on_map = numbers.schools.on_map(&state.kinds, None);
    if on_map.without_coordinates > 0 {
        notes.push(text.with(
            "geo-note-no-coordinates",
            &[("count", &count_words(on_map.without_coordinates))],
        ));
    }
    if evaluation.synthetic > 0 {
        notes.push(text.get("geo-note-synthetic"));
    }
    notes.push(text.with(
        "geo-note-as-of",
        &[("day", &state.moment.clocks.as_of.to_string())],
    ));
    let commit = format::integer(state.moment.clocks.as_known_on.get());
    notes.push(text.with("geo-note-commit", &[("number", &commit)]));
    notes
}

/// That what the figure is of is not there yet on the day, or was not known by then.
pub(crate) fn nothing_words(
    text: &Text,
    geo: &Geo,
    state: &MapState<'_>,
    numbers: &Numbers,
) -> Option<String> {
    let (dataset, why) = numbers.nothing?;
    if dataset != INSTITUTION && dataset != state.figure.numerator.dataset {
        return None;
    }
    let title = geo.standard().dataset(dataset)?.title.get(lang(text));
    match (why, state.moment.known_on) {
        (Nothing::Before(first), _) => {
            let (day, first) = (state.moment.clocks.as_of.to_string(), first.to_string());
            let said = [("dataset", title), ("day", &day), ("first", &first)];
            Some(text.with("geo-nothing-before", &said))
        }
        (Nothing::NotKnown, Some(day)) => {
            let said = [("dataset", title), ("day", &day.to_string())];
            Some(text.with("geo-nothing-known", &said))
        }
        _ => None,
    }
}

/// The years of a span as they read.
pub(crate) fn span_words(text: &Text, span: Span) -> String {
    let reads = |year: i32| {
        if span.of_school {
            format::school_year(year)
        } else {
            year.to_string()
        }
    };
    if span.first == span.last {
        return reads(span.last);
    }
    text.with(
        "geo-note-span",
        &[("first", &reads(span.first)), ("last", &reads(span.last))],
    )
}

/// The notes as one line.
pub(crate) fn joined(text: &Text, notes: &[String]) -> String {
    notes.join(if lang(text) == Lang::Zh { ";" } else { "; " })
}

/// The line under a figure: what it is, for which day and years, from where, by which commit.
pub(crate) fn definition_line(text: &Text, figure: &Figure) -> String {
    let lang = lang(text);
    text.with(
        "geo-definition",
        &[
            ("figure", figure.title.get(lang)),
            ("about", figure.about.get(lang)),
            ("source", &figure.source),
        ],
    )
}

/// The values that rules ask for of the kinds that are shown: title, value and rule.
pub(crate) fn norms<'f>(figure: &'f Figure, kinds: &Kinds) -> Vec<&'f standard::Norm> {
    let chosen: Vec<&str> = kinds.codes().collect();
    figure
        .norms
        .iter()
        .filter(|norm| {
            norm.kind
                .as_deref()
                .is_none_or(|kind| kinds.is_all() || chosen.contains(&kind))
        })
        .collect()
}

/// The one value that the places can be held against; none where several kinds have several.
pub(crate) fn single_norm<'f>(figure: &'f Figure, kinds: &Kinds) -> Option<&'f standard::Norm> {
    let is_for = |norm: &&standard::Norm| {
        norm.kind
            .as_deref()
            .is_none_or(|kind| kinds.codes().eq(std::iter::once(kind)))
    };
    figure.norms.iter().find(is_for)
}

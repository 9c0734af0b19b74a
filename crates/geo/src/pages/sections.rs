//! Parts that several pages share: the line that stands on every map, controls, legend, breadcrumb.

use maud::{Markup, html};
use ui::{AsOf, Choice, Crumb, Field, FormState, Input, LegendClass, Text, Tone};

use crate::api::{Geo, Moment};
use crate::drawn::{Drawn, joined, kinds_words, lang, notes};
use crate::error::GeoError;
use crate::figures;
use crate::layers::PlaceNumber;
use crate::model::{Kinds, kind_codes};
use crate::numbers::Numbers;
use crate::state::MapState;

/// 审图号 and 示意图,不作为划界依据: on every map and its prints.
pub(crate) async fn review_line(geo: &Geo, text: &Text) -> Result<String, GeoError> {
    let number = geo.review_number().await?;
    let number = if number.is_empty() {
        text.get("geo-review-missing")
    } else {
        number
    };
    Ok(text.with("geo-review", &[("number", &number)]))
}

/// The control for 业务时点, with the second clock in words.
pub(super) fn as_of(moment: &Moment) -> AsOf {
    AsOf {
        known_on: moment.known_on.map(|day| day.to_string()),
        ..AsOf::day(moment.clocks.as_of.to_string())
    }
}

/// Figure, level, kinds, points: a form that asks for the map again.
pub(super) fn controls(geo: &Geo, text: &Text, state: &MapState<'_>, path: &str) -> Markup {
    let lang = lang(text);
    let figures = state
        .figures()
        .iter()
        .map(|figure| Choice::new(&figure.name, figure.title.get(lang)))
        .collect();
    let levels = state
        .levels()
        .into_iter()
        .map(|level| Choice::new(level.layer(), text.get(level_key(level))))
        .collect();
    let held = FormState::new()
        .with("figure", &state.figure.name)
        .with("level", state.level.layer())
        .with("kind", state.kinds.param())
        .with("points", if state.points { "1" } else { "" });
    let select = |name: &str, label: &str, choices: Vec<Choice>| {
        Field::new(name, text.get(label))
            .input(Input::Select {
                choices,
                empty: None,
            })
            .render(text, &held)
    };
    let kept = state.pairs().into_iter().filter(|(key, value)| {
        ["as_of", "known_on", "place", "within"].contains(key) && !value.is_empty()
    });
    html! {
        form method="get" action=(path) data-live="" {
            (select("figure", "geo-figure", figures))
            (select("level", "geo-level", levels))
            (select("kind", "geo-kind", kind_choices(geo, text, state)))
            @if path == "/map" { (Field::new("points", text.get("geo-points")).input(Input::Box).render(text, &held)) }
            @for (key, value) in kept { input type="hidden" name=(key) value=(value); }
            button type="submit" data-no-script="" { (text.get("ui-apply")) }
        }
    }
}

/// The message with the name of a level.
pub(super) fn level_key(level: crate::Level) -> &'static str {
    use crate::Level;
    match level {
        Level::Province => "geo-level-province",
        Level::City => "geo-level-city",
        Level::County => "geo-level-county",
        Level::Township => "geo-level-township",
        Level::Village => "geo-level-village",
    }
}

/// All, the usual kinds of the figures, each kind alone, and what is chosen now.
fn kind_choices(geo: &Geo, text: &Text, state: &MapState<'_>) -> Vec<Choice> {
    let standard = geo.standard();
    let mut offered = vec![Kinds::all()];
    let usual = figures::shown(standard)
        .into_iter()
        .map(|figure| Kinds::of_codes(&figure.kinds, standard));
    let single = kind_codes(standard)
        .into_iter()
        .filter_map(|code| Kinds::parse(code, standard));
    for kinds in usual.chain(single).chain([state.kinds.clone()]) {
        if !offered.contains(&kinds) {
            offered.push(kinds);
        }
    }
    offered
        .into_iter()
        .map(|kinds| Choice::new(kinds.param(), kinds_words(text, geo, &kinds)))
        .collect()
}

/// The legend of a state, with what must be known beside it.
pub(super) fn legend(
    geo: &Geo,
    text: &Text,
    state: &MapState<'_>,
    numbers: &Numbers,
    drawn: &Drawn,
) -> Markup {
    let lang = lang(text);
    let counts = drawn.counts();
    let mut classes: Vec<LegendClass> = drawn
        .classes
        .list()
        .iter()
        .zip(counts)
        .map(|(class, count)| LegendClass {
            class: class.fill,
            label: class.label.clone(),
            count: Some(count),
        })
        .collect();
    if drawn.missing() > 0 {
        let count = i64::try_from(drawn.missing()).ok();
        classes.push(LegendClass {
            class: "fill-missing",
            label: text.get(drawn.missing_key()),
            count,
        });
    }
    let gap = if lang == standard::Lang::Zh { "" } else { " " };
    let title = format!(
        "{}{gap}({})",
        state.figure.title.get(lang),
        state.figure.unit.get(lang)
    );
    html! {
        (ui::legend(&title, &classes))
        p.hint { (joined(text, &notes(text, geo, state, numbers, drawn))) }
    }
}

/// The way to a place, each step a map.
pub(super) fn crumbs(state: &MapState<'_>, last: Option<PlaceNumber>) -> Vec<Crumb> {
    steps(state, last)
        .into_iter()
        .map(|step| {
            if step.is_last {
                Crumb::here(step.name)
            } else {
                Crumb::link(step.name, step.href)
            }
        })
        .collect()
}

/// The same as a list that a script puts in the place of the breadcrumb.
pub(super) fn crumb_list(state: &MapState<'_>, last: Option<PlaceNumber>) -> Markup {
    html! {
        ol data-crumbs="" {
            @for step in steps(state, last) {
                li {
                    @if step.is_last { span aria-current="page" { (step.name) } }
                    @else { a href=(step.href) data-place=(step.code) data-level=(step.level) { (step.name) } }
                }
            }
        }
    }
}

struct CrumbStep {
    name: String,
    code: String,
    href: String,
    level: &'static str,
    is_last: bool,
}

fn steps(state: &MapState<'_>, last: Option<PlaceNumber>) -> Vec<CrumbStep> {
    let places = &state.moment.scene.places;
    let Some(last) = last.or(state.home) else {
        return Vec::new();
    };
    let path = places.path(last);
    // The reader's own map begins at home.
    let from = state
        .home
        .and_then(|home| path.iter().position(|number| *number == home))
        .unwrap_or(0);
    let step = |number: &PlaceNumber| {
        let place = places.get(*number)?;
        let inside = state.inside(*number);
        Some(CrumbStep {
            name: place.name.clone(),
            code: place.code.clone(),
            href: inside.address("/map").to_string(),
            level: inside.level.layer(),
            is_last: *number == last,
        })
    };
    path.iter().skip(from).filter_map(step).collect()
}

/// The badge of synthetic numbers.
pub(super) fn synthetic_badge(text: &Text, drawn: &Drawn) -> Option<Markup> {
    (drawn.evaluation.synthetic > 0)
        .then(|| ui::badge(Tone::Explain, &text.get("ui-badge-synthetic")))
}

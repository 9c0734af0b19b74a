//! The still map: SVG with the colours, links and titles of the map that a script draws.

use std::fmt::Write as _;

use maud::{Markup, html};
use shape::{Bounds, MultiPolygon, Point, Tile, mercator};
use standard::Lang;
use ui::{Text, colour, format};

use crate::coverage::Coverage;
use crate::drawn::{Drawn, lang, value_words};
use crate::layers::{PlaceNumber, Scene};
use crate::model::Level;
use crate::numbers::Numbers;
use crate::state::MapState;

/// The longer side in units of the picture is at most this; outlines are generalised to two units.
const LONGEST: f64 = 1320.0;
/// Units of the picture for a pixel of a tile of 512.
const UNITS: f64 = 2.0;
/// With more places than this the outlines are drawn with half the detail.
const MOST_DETAILED: usize = 60;
/// More places than this have no room for names.
const MOST_NAMES: usize = 30;
/// More than this make a page too heavy.
pub(super) const MOST_PLACES: usize = 260;

/// The window of the picture.
struct Window {
    zoom: u8,
    west: f64,
    north: f64,
    width: f64,
    height: f64,
}

impl Window {
    fn around(bounds: &Bounds) -> Self {
        let (west, north) = mercator::to_square(Point::new(bounds.west, bounds.north));
        let (east, south) = mercator::to_square(Point::new(bounds.east, bounds.south));
        let side = (east - west).max(south - north).max(1e-6) * 512.0 * UNITS;
        let zoom = (LONGEST / side).log2().floor().clamp(0.0, 14.0) as u8;
        let scale = scale(zoom);
        let margin = 4.0;
        Self {
            zoom,
            west: west * scale - margin,
            north: north * scale - margin,
            width: (east - west) * scale + 2.0 * margin,
            height: (south - north) * scale + 2.0 * margin,
        }
    }

    /// A position in whole units of the picture.
    fn place(&self, point: Point) -> (i64, i64) {
        let (x, y) = mercator::to_square(point);
        let scale = scale(self.zoom);
        (
            (x * scale - self.west).round() as i64,
            (y * scale - self.north).round() as i64,
        )
    }

    fn view_box(&self) -> String {
        format!("0 0 {:.0} {:.0}", self.width.ceil(), self.height.ceil())
    }
}

fn scale(zoom: u8) -> f64 {
    512.0 * UNITS * f64::from(zoom).exp2()
}

/// The picture of a state; `None` where no place of it has an outline.
pub(super) fn picture(
    text: &Text,
    state: &MapState<'_>,
    drawn: &Drawn,
    numbers: &Numbers,
) -> Option<Markup> {
    let scene = &state.moment.scene;
    let shown = drawn.set();
    let bounds = state
        .whole()
        .and_then(|whole| scene.bounds(whole))
        .or_else(|| scene.everything())?;
    let window = Window::around(&bounds);
    let detail = window.zoom - u8::from(shown.len() > MOST_DETAILED && window.zoom > 0);
    let outlines: Vec<(PlaceNumber, &MultiPolygon)> = scene
        .outlines(state.level, detail)
        .into_iter()
        .filter(|(number, _)| shown.contains(number))
        .collect();
    if outlines.is_empty() {
        return None;
    }
    let unit = state.figure.unit.get(lang(text));
    // The unit stands once, not in a hundred titles.
    let label = format!(
        "{}({unit}) {}",
        state.figure.title.get(lang(text)),
        state.moment.clocks.as_of
    );
    let shape = |number: PlaceNumber, region: &MultiPolygon| {
        let Some(place) = scene.places.get(number) else {
            return html! {};
        };
        let value = drawn
            .places
            .iter()
            .find(|(known, _)| *known == number)
            .and_then(|(_, value)| *value);
        let words = match value {
            Some(_) => format!("{} {}", place.name, value_words(state.figure, value)),
            None => format!("{} {}", place.name, text.get("ui-no-value")),
        };
        let words = match drawn.evaluation.coverage(number) {
            Coverage::Whole => words,
            Coverage::Part => format!("{words} ({})", text.get("geo-part")),
            Coverage::Outside => format!("{} {}", place.name, text.get("geo-outside")),
        };
        html! {
            a href=(state.with_place(Some(number)).address("")) {
                path class=(drawn.classes.fill(value)) d=(outline(region, &window))
                    stroke-dasharray=[scene.is_schematic(number).then_some("4 3")] { title { (words) } }
            }
        }
    };
    let wide_borders = if state.level >= Level::County && state.within.is_none() {
        borders(scene, &window, detail)
    } else {
        String::new()
    };
    Some(html! {
        svg viewBox=(window.view_box()) role="group" aria-label=(label) {
            g stroke=(colour::LINE) stroke-width="1" stroke-linejoin="round" {
                @for (number, region) in &outlines { (shape(*number, region)) }
            }
            @if !wide_borders.is_empty() {
                path d=(wide_borders) fill="none" stroke=(colour::OUTLINE) stroke-width="2" pointer-events="none" {}
            }
            @if outlines.len() <= MOST_NAMES { (names(scene, &outlines, &window)) }
            @if state.points { (points(state, numbers, &window, &bounds)) }
        }
    })
}

/// The rings of a region as a path of whole units.
fn outline(region: &MultiPolygon, window: &Window) -> String {
    let mut path = String::new();
    for ring in region.rings() {
        let mut points: Vec<(i64, i64)> = ring.iter().map(|point| window.place(*point)).collect();
        points.dedup();
        if points.len() > 3 {
            line(&mut path, &points);
            path.push('z');
        }
    }
    path
}

/// The borders between cities and round the whole, each once.
fn borders(scene: &Scene, window: &Window, detail: u8) -> String {
    let mut path = String::new();
    for border in scene.borders(Level::City, detail) {
        let mut points: Vec<(i64, i64)> = border
            .line
            .iter()
            .map(|point| window.place(*point))
            .collect();
        points.dedup();
        if points.len() > 1 {
            line(&mut path, &points);
        }
    }
    path
}

/// Appends a line in as few letters as SVG allows: a minus needs no blank before it.
fn line(path: &mut String, points: &[(i64, i64)]) {
    let mut at: Option<(i64, i64)> = None;
    for (x, y) in points {
        let (command, x_step, y_step) = match at {
            None => ("M", *x, *y),
            Some((from_x, from_y)) => ("", x - from_x, y - from_y),
        };
        path.push_str(command);
        number(path, x_step);
        number(path, y_step);
        if at.is_none() {
            path.push('l');
        }
        at = Some((*x, *y));
    }
}

fn number(path: &mut String, number: i64) {
    let follows_number = path.ends_with(|last: char| last.is_ascii_digit());
    if follows_number && number >= 0 {
        path.push(' ');
    }
    // Writing to a string cannot fail.
    let _ = write!(path, "{number}");
}

fn names(scene: &Scene, outlines: &[(PlaceNumber, &MultiPolygon)], window: &Window) -> Markup {
    html! {
        g font-size="20" text-anchor="middle" pointer-events="none" stroke="#fff" stroke-width="4" paint-order="stroke" {
            @for (number, _) in outlines {
                @if let (Some(place), Some(at)) = (scene.places.get(*number), scene.label(*number)) {
                    @let (x, y) = window.place(at);
                    text x=(x) y=(y) { (place.name) }
                }
            }
        }
    }
}

/// Institutions as on the map, clustered tile by tile, so that their numbers add up.
fn points(state: &MapState<'_>, numbers: &Numbers, window: &Window, bounds: &Bounds) -> Markup {
    let first = Tile::at(Point::new(bounds.west, bounds.north), window.zoom);
    let last = Tile::at(Point::new(bounds.east, bounds.south), window.zoom);
    let tiles = (first.y..=last.y).flat_map(|y| {
        (first.x..=last.x).map(move |x| Tile {
            z: window.zoom,
            x,
            y,
        })
    });
    let mut circles = Vec::new();
    for tile in tiles {
        for cluster in numbers.schools.clusters(tile, &state.kinds) {
            let unit = |tile: u32, at: i32, from: f64| {
                ((f64::from(tile) + f64::from(at) / 4096.0) * 512.0 * UNITS - from).round() as i64
            };
            let [x, y] = cluster.at;
            circles.push(Circle {
                x: unit(tile.x, x, window.west),
                y: unit(tile.y, y, window.north),
                count: cluster.count,
                first: cluster.first,
            });
        }
    }
    let (many, single): (Vec<Circle>, Vec<Circle>) =
        circles.into_iter().partition(|circle| circle.count > 1);
    let radius = |count: u32| (10.0 + f64::from(count).sqrt() * 1.4).min(40.0).round();
    html! {
        g fill="#fff" fill-opacity="0.9" stroke="#0b5f6b" stroke-width="2" {
            @for circle in &many { circle cx=(circle.x) cy=(circle.y) r=(radius(circle.count)) {} }
        }
        g font-size="18" text-anchor="middle" {
            @for circle in &many { text x=(circle.x) y=(circle.y + 6) { (format::integer(i64::from(circle.count))) } }
        }
        g fill="#0b5f6b" stroke="#fff" {
            @for circle in &single {
                @if let Some(school) = numbers.schools.get(circle.first) {
                    a href=(state.clocks_at(&format!("/institutions/{}", school.record))) {
                        circle cx=(circle.x) cy=(circle.y) r="6" { title { (numbers.schools.name(circle.first)) } }
                    }
                }
            }
        }
    }
}

/// Institutions of one cell of the picture.
struct Circle {
    x: i64,
    y: i64,
    count: u32,
    first: u32,
}

/// The picture's place while there is none: what will be here and how to start.
pub(super) fn empty(text: &Text, lang: Lang) -> Markup {
    let action = html! { a href="/imports/new?dataset=division_boundary" lang=(if lang == Lang::Zh { "zh-CN" } else { "en" }) { (text.get("geo-no-outlines-import")) } };
    ui::empty_state(
        &text.get("geo-no-outlines-title"),
        &text.get("geo-no-outlines"),
        Some(action),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_steps_in_whole_units() {
        let mut path = String::new();
        line(&mut path, &[(10, 20), (12, 18), (9, 18)]);
        assert_eq!(path, "M10 20l2-2-3 0");
    }

    #[test]
    fn the_window_holds_its_bounds() {
        let bounds = Bounds {
            west: 105.49,
            south: 31.70,
            east: 111.25,
            north: 39.59,
        };
        let window = Window::around(&bounds);
        let (x, y) = window.place(Point::new(bounds.east, bounds.south));
        assert!(
            x as f64 <= window.width && y as f64 <= window.height && window.height <= LONGEST + 8.0
        );
        assert_eq!(window.place(Point::new(bounds.west, bounds.north)), (4, 4));
    }
}

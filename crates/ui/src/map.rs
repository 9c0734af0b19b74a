//! The frame of a map page: controls and legend, the map with its still picture, the panel. What the
//! map shows is the caller's; the element `<weihe-map>` draws it (web/src/map).
//!
//! The configuration is JSON:
//!
//! ```json
//! {
//!   "bounds": [105.49, 31.70, 111.25, 39.59],
//!   "home": "610000",
//!   "tiles": "/tiles/{layer}/{z}/{x}/{y}.mvt?as_of={as_of}",
//!   "areas": ["province", "city", "county", "township"],
//!   "areaZooms": { "province": [0, 8], "city": [0, 8], "county": [0, 10], "township": [0, 12] },
//!   "points": { "layer": "institution", "zooms": [0, 14], "kinds": ["primary", "junior"] },
//!   "figures": "/map/figures.json",
//!   "panel": "/map/place/{code}",
//!   "pointPage": "/schools/{id}",
//!   "state": { "level": "county", "figure": "class-size", "as_of": "2025-09-01", "place": "", "within": "", "points": "1" }
//! }
//! ```
//!
//! Every key of `state` stands in the address of the page under the same name (an empty value is left
//! out), is sent to `figures` and `panel`, and may be changed by a field of the same name in a `data-live`
//! form of the page (the controls, the bar's 业务时点). `{key}` in `tiles` is filled from the state, and
//! the tiles are asked for again when it changes. Of the keys the map itself knows: `level`, the layer that
//! is coloured; `place`, the place whose panel is open; `within`, the place that was gone into; `points`,
//! `1` when points are shown.
//!
//! `figures` answers `{figure, unit, decimals, classes:[{from,to,label,colour}], values:{code:{value,text,
//! class,name,href,at:[lon,lat]}}, missing, note}`: `class` counts from 1 and is null where there is no
//! value; a code that is not in `values` lies outside of `within` and is drawn pale; `at` is where the
//! label goes (no `at`, no label). In tiles a cluster of points has `count`, a single point `id`, `name` and
//! `type` (coloured by its place in `kinds`); an area has `code`, `name` and `schematic` (dashed lines).
//!
//! `panel` answers a fragment. An element in it with `data-bounds="w,s,e,n"` says where the place is; an
//! `ol data-crumbs` replaces the breadcrumb. A link with `data-place="code"`, anywhere on the page, opens
//! the panel of that place; with `data-level="township"` it goes into it. Both carry an ordinary `href` to
//! the same state, for readers without a script.

use maud::{Markup, PreEscaped, html};

use crate::assets::asset_url;
use crate::show::swatch;
use crate::text::Text;

/// A map page's parts. Use it with [`crate::Page::filling`] and [`crate::Island::Map`].
#[derive(Clone, Debug)]
pub struct MapFrame {
    /// The configuration as JSON text.
    pub config: String,
    /// A GET form with the controls (figure, level, kind), rendered with `data-live`.
    pub controls: Markup,
    /// [`legend`] as of now, and what else stands in the left column.
    pub legend: Markup,
    /// The panel of the chosen place, or of the whole.
    pub panel: Markup,
    /// The still picture (SVG) with the same colours and links.
    pub picture: Markup,
    /// The address of the same thing as a list.
    pub list: Option<(String, String)>,
    /// What must stand on every map: 审图号 and 示意图,不作为划界依据.
    pub review: String,
}

impl MapFrame {
    /// The map page's work.
    pub fn render(&self, text: &Text) -> Markup {
        // A JSON block is data to the browser; `<` could end it.
        let config = self.config.replace('<', "\\u003c");
        html! {
            div.map-frame {
                section.map-left aria-label=(text.get("ui-map-legend")) {
                    (self.controls)
                    div data-map-legend="" { (self.legend) }
                    @if let Some((label, href)) = &self.list { p.map-list { a href=(href) data-key="l" data-map-list="" { (label) } } }
                }
                weihe-map
                    data-worker=(asset_url("map-worker.js"))
                    data-label=(text.get("ui-map-label")) data-help=(text.get("ui-map-help"))
                    data-plain=(text.get("ui-map-plain")) data-failed=(text.get("ui-map-tiles-failed"))
                    data-no-value=(text.get("ui-no-value")) data-legend-hint=(text.get("ui-map-legend-hint"))
                    data-zoom-in=(text.get("ui-map-zoom-in")) data-zoom-out=(text.get("ui-map-zoom-out")) data-home=(text.get("ui-map-home")) {
                    script type="application/json" { (PreEscaped(config)) }
                    div.map-picture { (self.picture) }
                    p.map-review { (self.review) }
                }
                section.map-panel data-map-panel="" tabindex="-1" aria-label=(text.get("ui-map-panel")) aria-live="polite" { (self.panel) }
            }
        }
    }
}

/// One class of a legend.
#[derive(Clone, Debug)]
pub struct LegendClass {
    /// `fill-seq-1`, `fill-missing`, …
    pub class: &'static str,
    /// `40–45 人`
    pub label: String,
    /// How many places are in it.
    pub count: Option<i64>,
}

/// The legend as a list; where the script runs it becomes the filter too.
pub fn legend(title: &str, classes: &[LegendClass]) -> Markup {
    html! {
        p.legend-title { (title) }
        ul.legend {
            @for class in classes {
                li { span.legend-class {
                    (swatch(class.class)) span { (class.label) }
                    @if let Some(count) = class.count { span.count { (crate::format::integer(count)) } }
                } }
            }
        }
    }
}

//! Page layout, components, forms, messages and assets. This crate knows no business noun.
//!
//! # How to write a page
//!
//! A handler takes the [`Shell`] (the reader's language, the address, what stands round the page) and
//! returns a [`Page`]. Words come from the room's `messages/zh-CN.ftl` and `messages/en.ftl`.
//!
//! ```
//! use ui::maud::{Markup, html};
//! use ui::{AsOf, Cell, Column, Crumb, Page, Pager, Row, Shell, Sort, Table};
//!
//! async fn list(shell: Shell) -> Page {
//!     let text = shell.text.clone();
//!     let url = shell.url.clone();
//!     let table = Table::new("学校")
//!         .column(Column::text("name", "名称").sortable())
//!         .column(Column::number("pupils", "学生数").unit("人").sortable())
//!         .row(Row::new(vec![Cell::link("/schools/1", "雁塔区第一小学"), Cell::integer(1203)]))
//!         .totals(vec![Cell::text("1 所"), Cell::integer(1203)])
//!         .sorted(Sort::from_url(&url, "name"), &url);
//!     let body = html! {
//!         div #results data-region="" {
//!             (table.render(&text))
//!             (Pager { page: 1, size: 50, total: 1 }.render(&text, &url))
//!         }
//!     };
//!     shell
//!         .page("学校")
//!         .crumbs(vec![Crumb::link("陕西省", "/places/610000"), Crumb::here("雁塔区")])
//!         .as_of(AsOf::day("2025-09-01"))
//!         .body(body)
//!         .source_line(html! { "口径:在册学校" })
//! }
//!
//! // What the program does once: the catalogue and the reader's frame go into the request extensions.
//! # use std::sync::Arc;
//! # use ui::axum::{Extension, Router, routing::get};
//! let catalogue = ui::Catalogue::new(vec![/* registry::messages(), geo_room::messages(), … */]);
//! assert!(catalogue.problems().is_empty());
//! let app: Router = Router::new()
//!     .route("/schools", get(list))
//!     .merge(ui::router())
//!     .layer(Extension(ui::Frame::default()))
//!     .layer(Extension(catalogue));
//! ```
//!
//! A room declares `pub fn messages() -> ui::RoomMessages { ui::messages!("registry") }`.
//!
//! # Without and with a script
//!
//! Everything works as plain links and forms. Attributes let the small script `app.js` do the same
//! without loading the whole page; the server answers a request with the header `weihe-fragment` with
//! the work area only ([`Page`] does this itself).
//!
//! | attribute | on | effect |
//! |---|---|---|
//! | `data-live` | a GET form | sent when a field changes (text after 300 ms); fills the elements of the page that carry an `id` and `data-region`, and the address |
//! | `data-region` + `id` | any element | replaced by the element of the same id in the answer; if the page has none, the whole work area is |
//! | `data-live-links` | any element | links inside do the same (pager, sort, chips) |
//! | `data-key="/"` | a field or link | that key focuses or follows it |
//! | `data-no-script` | any element | hidden when the script runs |
//! | `data-confirm="…"` | a submit button | asks first |
//! | `data-print` | a button | prints |
//!
//! Every form that changes something is a POST whose first field is [`Frame::form_field`]
//! (`shell.frame.form_field()`), the reader's token against forged requests.
//!
//! Nothing is ever inline: no `style`, no `on…`. Lengths and colours are classes or SVG attributes.

pub mod assets;
mod cascade;
pub mod colour;
mod error_page;
mod field;
mod form;
pub mod format;
pub mod gallery;
mod icon;
mod layout;
mod list;
mod map;
mod page;
#[cfg(test)]
mod served;
mod shell;
mod show;
mod steps;
mod table;
mod text;
mod upload;
mod url;
pub mod watermark;
mod wrong_day;

pub use assets::asset_url;
pub use axum;
pub use cascade::{Cascade, CascadeLevel};
pub use error_page::ErrorPage;
pub use field::{Choice, Field, Input};
pub use form::{Fault, FieldFault, FormState, error_summary};
pub use icon::{Icon, icon};
pub use language::{OverHttps, language_cookie};
pub use list::{Chip, FilterBar, Pager, chips};
pub use map::{LegendClass, MapFrame, legend};
pub use maud;
pub use page::{AsOf, CONTENT_SECURITY_POLICY, Cache, Crumb, Island, Page, secure};
pub use shell::{
    FRAGMENT_HEADER, Frame, NavItem, OperationId, PostLine, SearchBox, Shell, UserMenu,
};
pub use show::{
    Change, NormBar, Slip, Stat, Tone, badge, button, choice_button, code, empty_state, key_values,
    link_button, norm_bar, notice, post_button, print_button, section, slips, stats, swatch,
};
pub use steps::{
    Event, PlanNumber, Progress, Step, StepState, Tab, plan_numbers, progress, steps, tabs,
    timeline,
};
pub use table::{Cell, Column, Row, Sort, Table};
pub use text::{Catalogue, Language, RoomMessages, Text, cookie};
pub use upload::FileDrop;
pub use url::Url;
pub use wrong_day::WrongDay;

use axum::Router;

/// The routes of this crate, none of which needs a sign-in: `/assets/{file}` and `/language`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    assets::router().route("/language", axum::routing::get(language::switch))
}

mod language;

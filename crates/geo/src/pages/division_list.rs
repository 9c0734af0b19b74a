//! `GET /divisions`: the divisions of a day, and how to find one by code or name.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use security::{Permit, RequirePermit};
use ui::{Cell, Column, Field, FormState, Icon, Input, Page, Row, Shell, Table, Text, Url};

use super::sections;
use crate::api::{Geo, Moment};
use crate::coverage::Coverage;
use crate::drawn::{lang, value_cell};
use crate::error::GeoError;
use crate::figures::{self, Evaluation};
use crate::layers::PlaceNumber;
use crate::model::{Kinds, Level};
use crate::numbers::Numbers;
use crate::state::{clocks_at, clocks_of};

/// Divisions that a search shows.
const MOST_FOUND: usize = 200;

pub(super) async fn show(State(geo): State<Geo>, permit: RequirePermit, shell: Shell) -> Response {
    match page(&geo, &permit, shell.clone()).await {
        Ok(Ok(page)) => page.into_response(),
        Ok(Err(address)) => Redirect::to(&address.to_string()).into_response(),
        Err(error) => error.as_page(shell),
    }
}

/// The page, or the address of the one division that was meant.
pub(crate) async fn page(
    geo: &Geo,
    permit: &Permit,
    shell: Shell,
) -> Result<Result<Page, Url>, GeoError> {
    let text = shell.text.clone();
    let (as_of, known_on) = clocks_of(&shell.url)?;
    let moment = geo.moment(permit, as_of, known_on).await?;
    let places = &moment.scene.places;
    let at = |path: &str| clocks_at(&moment, geo.registry().today(), path);
    let asked = shell
        .url
        .get("q")
        .map(str::trim)
        .filter(|asked| !asked.is_empty());
    if let Some(code) = asked.filter(|asked| asked.bytes().all(|byte| byte.is_ascii_digit()))
        && geo.place(permit, &moment, code).await?.is_some()
    {
        return Ok(Err(at(&format!("/divisions/{code}"))));
    }
    let numbers = Numbers::read(geo, permit, &moment).await?;
    let shown: Vec<PlaceNumber> = match asked {
        Some(words) => places
            .iter()
            .filter(|(_, place)| place.name.contains(words) || place.code.starts_with(words))
            .map(|(number, _)| number)
            .take(MOST_FOUND)
            .collect(),
        None => {
            let home = geo.home(permit, &moment).await?;
            let wide = places.of_level(home, Level::City);
            let narrow = || places.of_level(home, Level::County);
            if wide.is_empty() { narrow() } else { wide }
        }
    };
    let columns = Columns::new(geo, &moment, &numbers);
    let table = columns.table(&text, &moment, &text.get("geo-divisions"), &shown, &at);
    let search = Field::new("q", text.get("geo-search"))
        .input(Input::Search)
        .render(
            &text,
            &FormState::new().with("q", asked.unwrap_or_default()),
        );
    let body = html! {
        form.filters method="get" action="/divisions" data-live="" {
            (search)
            @for (key, value) in at("").pairs() { input type="hidden" name=(key) value=(value); }
            button type="submit" data-no-script="" { (text.get("ui-filter")) }
        }
        div #divisions data-region="" {
            (table)
            @if shown.len() == MOST_FOUND { p.hint { (text.count("geo-first-found", MOST_FOUND as i64)) } }
        }
    };
    Ok(Ok(shell
        .page(text.get("geo-divisions"))
        .as_of(sections::as_of(&moment))
        .tool(ui::link_button(
            &text.get("geo-as-map"),
            &at("/map").to_string(),
            Some(Icon::Map),
            false,
        ))
        .body(body)
        .source_line(
            html! { (text.get("geo-divisions-source")) " " (commit_words(&text, &moment)) },
        )))
}

/// 业务时点 and commit in words.
pub(super) fn commit_words(text: &Text, moment: &Moment) -> String {
    let commit = ui::format::integer(moment.clocks.as_known_on.get());
    let as_of = text.with(
        "geo-note-as-of",
        &[("day", &moment.clocks.as_of.to_string())],
    );
    format!(
        "{as_of} · {}",
        text.with("geo-note-commit", &[("number", &commit)])
    )
}

/// Figures that lists of divisions show.
pub(super) struct Columns<'a> {
    figures: Vec<(&'a standard::Figure, Evaluation)>,
}

impl<'a> Columns<'a> {
    /// Every figure, with the kinds that are usual for it.
    pub(super) fn new(geo: &'a Geo, moment: &Moment, numbers: &Numbers) -> Self {
        let standard = geo.standard();
        let evaluated = figures::shown(standard).into_iter().map(|figure| {
            let kinds = Kinds::of_codes(&figure.kinds, standard);
            (figure, numbers.evaluate(moment, figure, &kinds))
        });
        Self {
            figures: evaluated.collect(),
        }
    }

    /// The figures with their values for one place, and how much of it each covers.
    pub(super) fn of(
        &self,
        number: PlaceNumber,
    ) -> impl Iterator<Item = (&'a standard::Figure, Option<f64>, Coverage)> {
        self.figures.iter().map(move |(figure, evaluation)| {
            let coverage = evaluation.coverage(number);
            (*figure, evaluation.of_place(number), coverage)
        })
    }

    /// Whether synthetic institutions are among those counted.
    pub(super) fn is_synthetic(&self) -> bool {
        self.figures
            .iter()
            .any(|(_, evaluation)| evaluation.synthetic > 0)
    }

    /// A list of divisions with their figures.
    pub(super) fn table(
        &self,
        text: &Text,
        moment: &Moment,
        caption: &str,
        shown: &[PlaceNumber],
        at: &dyn Fn(&str) -> Url,
    ) -> Markup {
        let lang = lang(text);
        let places = &moment.scene.places;
        let row = |number: &PlaceNumber| {
            let place = places.get(*number)?;
            let above = place
                .above
                .and_then(|above| places.get(above))
                .map(|above| above.name.clone());
            let mut cells = vec![
                Cell::link(
                    at(&format!("/divisions/{}", place.code)).to_string(),
                    &place.name,
                ),
                Cell::Markup(ui::code(&place.code)),
                Cell::text(text.get(sections::level_key(place.level))),
                Cell::maybe_text(above),
                Cell::integer(i64::try_from(places.children(*number).len()).unwrap_or(i64::MAX)),
            ];
            let values = self.of(*number);
            cells.extend(
                values.map(|(figure, value, coverage)| value_cell(text, figure, value, coverage)),
            );
            Some(Row::new(cells))
        };
        let mut table = Table::new(caption)
            .column(Column::text("name", text.get("geo-name")))
            .column(Column::text("code", text.get("geo-code")).narrow())
            .column(Column::text("level", text.get("geo-level")).narrow())
            .column(Column::text("above", text.get("geo-above")).narrow())
            .column(Column::number("below", text.get("geo-below")));
        for (figure, _) in &self.figures {
            table = table.column(
                Column::number(&figure.name, figure.title.get(lang))
                    .unit(figure.unit.get(lang))
                    .hint(figure.about.get(lang)),
            );
        }
        table.rows(shown.iter().filter_map(row)).render(text)
    }
}

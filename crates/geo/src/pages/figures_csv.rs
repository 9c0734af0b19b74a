//! `GET /map/figures.csv`: the list of the map as a file.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use registry::write::CsvWriter;
use security::{AuditAction, Note, Permit, RequirePermit, Subject};
use standard::Action;
use ui::{Shell, Sort};

use super::table::lines;
use crate::api::Geo;
use crate::coverage::Coverage;
use crate::drawn::{Drawn, kinds_words, lang, span_words};
use crate::error::GeoError;
use crate::figures;
use crate::numbers::Numbers;
use crate::state::{MapState, clocks_of};

pub(super) async fn send(State(geo): State<Geo>, permit: RequirePermit, shell: Shell) -> Response {
    match file(&geo, &permit, &shell).await {
        Ok((name, bytes)) => {
            let taken = Note::done(AuditAction::Exported, Subject::dataset("figures"));
            let noted = geo.registry().security().note_alone(&permit, taken).await;
            if let Err(error) = noted {
                return GeoError::from(error).as_page(shell);
            }
            let mut response = bytes.into_response();
            let headers = response.headers_mut();
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/csv; charset=utf-8"),
            );
            headers.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("private, no-store"),
            );
            if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
                headers.insert(header::CONTENT_DISPOSITION, value);
            }
            response
        }
        Err(error) => error.as_page(shell),
    }
}

/// Its name and its bytes.
pub(crate) async fn file(
    geo: &Geo,
    permit: &Permit,
    shell: &Shell,
) -> Result<(String, Vec<u8>), GeoError> {
    permit
        .require(Action::Export)
        .map_err(security::SecurityError::from)?;
    let text = &shell.text;
    let (as_of, known_on) = clocks_of(&shell.url)?;
    let moment = geo.moment(permit, as_of, known_on).await?;
    let state = MapState::read(geo, permit, &moment, &shell.url).await?;
    let numbers = Numbers::read(geo, permit, &moment).await?;
    let drawn = Drawn::new(&state, &numbers);
    let lines = lines(&state, &drawn, &Sort::from_url(&shell.url, "-value"));
    let lang = lang(text);
    let head = [
        "geo-code",
        "geo-name",
        "geo-above",
        "geo-figure",
        "geo-value",
        "geo-unit",
        "geo-numerator",
        "geo-denominator",
        "geo-used",
        "geo-lacking",
        "geo-kind",
        "geo-years",
        "ui-as-of",
        "geo-commit",
        "geo-coverage",
        "geo-nature",
    ]
    .map(|key| text.get(key));
    let years = drawn
        .evaluation
        .span
        .map(|span| span_words(text, span))
        .unwrap_or_default();
    let is_ratio = drawn.evaluation.is_ratio();
    let kinds = if figures::is_of_institutions(state.figure) {
        kinds_words(text, geo, &state.kinds)
    } else {
        String::new()
    };
    let nature = if drawn.evaluation.synthetic > 0 {
        text.get("ui-badge-synthetic")
    } else {
        String::new()
    };
    let fail = |error: std::io::Error| GeoError::Task(error.to_string());
    let mut writer = CsvWriter::new(Vec::new()).map_err(fail)?;
    writer
        .write_row(head.iter().map(String::as_str))
        .map_err(fail)?;
    let decimals = usize::from(state.figure.decimals);
    // Plain numbers: programs read them.
    let whole = |number: f64| format!("{number:.0}");
    for line in &lines {
        let above = line
            .place
            .above
            .and_then(|above| moment.scene.places.get(above));
        let is_outside = line.coverage == Coverage::Outside;
        let of_own = |words: String| if is_outside { String::new() } else { words };
        let cells = [
            line.place.code.clone(),
            line.place.name.clone(),
            above.map(|above| above.name.clone()).unwrap_or_default(),
            state.figure.title.get(lang).to_owned(),
            line.value
                .map(|value| format!("{value:.decimals$}"))
                .unwrap_or_default(),
            state.figure.unit.get(lang).to_owned(),
            of_own(whole(line.sums.numerator)),
            of_own(if is_ratio {
                whole(line.sums.denominator)
            } else {
                String::new()
            }),
            of_own(line.sums.used.to_string()),
            of_own(line.sums.missing.to_string()),
            kinds.clone(),
            years.clone(),
            moment.clocks.as_of.to_string(),
            moment.clocks.as_known_on.to_string(),
            text.get(line.coverage.key().unwrap_or("geo-whole")),
            nature.clone(),
        ];
        writer
            .write_row(cells.iter().map(String::as_str))
            .map_err(fail)?;
    }
    let name = format!(
        "{}-{}-{}.csv",
        state.figure.name,
        state.level.layer(),
        moment.clocks.as_of
    );
    Ok((name, writer.finish().map_err(fail)?))
}

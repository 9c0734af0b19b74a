//! `GET /tiles/{layer}.json?as_of=…`: what a map program must know of a layer (TileJSON 3.0).

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use security::{Permit, RequirePermit};
use serde_json::{Value, json};
use ui::{Shell, Url};

use super::send;
use crate::api::Geo;
use crate::drawn::lang;
use crate::error::GeoError;
use crate::state::clocks_of;
use crate::tiles::Layer;

pub(super) async fn send(
    State(geo): State<Geo>,
    permit: RequirePermit,
    Path(file): Path<String>,
    shell: Shell,
    headers: HeaderMap,
) -> Response {
    match describe(&geo, &permit, &file, &shell, &headers).await {
        Ok(value) => send::bytes(&headers, "application/json", value.to_string().into_bytes()),
        Err(error) => error.as_json(),
    }
}

pub(crate) async fn describe(
    geo: &Geo,
    permit: &Permit,
    file: &str,
    shell: &Shell,
    headers: &HeaderMap,
) -> Result<Value, GeoError> {
    let layer = file.strip_suffix(".json").and_then(Layer::parse);
    let layer = layer.ok_or_else(|| GeoError::NoSuch("layer of tiles of this name".to_owned()))?;
    let url = &shell.url;
    let (as_of, known_on) = clocks_of(url)?;
    let moment = geo.moment(permit, as_of, known_on).await?;
    let bounds = moment.scene.everything();
    let (first, last) = layer.zooms();
    let (fields, description) = match layer {
        Layer::Areas(_) => (
            json!({ "code": "String", "name": "String", "schematic": "Boolean" }),
            shell.text.get("geo-review-schematic"),
        ),
        Layer::Institutions => (
            json!({ "count": "Number", "id": "Number", "name": "String", "type": "String" }),
            geo.standard()
                .dataset("institution")
                .map_or_else(String::new, |dataset| {
                    dataset.title.get(lang(&shell.text)).to_owned()
                }),
        ),
    };
    let mut answer = json!({
        "tilejson": "3.0.0",
        "name": layer.name(),
        "description": description,
        "scheme": "xyz",
        "tiles": [tiles_address(geo, layer, url, headers)],
        "minzoom": first,
        "maxzoom": last,
        "attribution": super::sections::review_line(geo, &shell.text).await?,
        "vector_layers": [{ "id": layer.name(), "fields": fields, "minzoom": first, "maxzoom": last }],
    });
    if let (Some(bounds), Some(object)) = (bounds, answer.as_object_mut()) {
        object.insert(
            "bounds".to_owned(),
            json!([bounds.west, bounds.south, bounds.east, bounds.north]),
        );
    }
    Ok(answer)
}

/// Whole, as the format asks; the braces stay as they are.
fn tiles_address(geo: &Geo, layer: Layer, url: &Url, headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let origin = if host.is_empty() {
        String::new()
    } else {
        let scheme = if geo.registry().security().config().https {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{host}")
    };
    let query = url
        .keeping(&["as_of", "known_on", "kind"])
        .at("")
        .to_string();
    format!(
        "{origin}/tiles/{}/{{z}}/{{x}}/{{y}}.mvt{query}",
        layer.name()
    )
}

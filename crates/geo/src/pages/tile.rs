//! `GET /tiles/{layer}/{z}/{x}/{y}.mvt?as_of=2025-09-01&known_on=&kind=`: one vector tile.

use std::io::Read;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use security::{Permit, RequirePermit};
use shape::Tile;
use std::sync::Arc;
use ui::{Shell, Url};

use super::send;
use crate::api::Geo;
use crate::error::GeoError;
use crate::state::{clocks_of, strict_kinds};
use crate::tiles::{self, Layer, StoredTile, TileKey};

/// Where a tile is, as its address says.
pub(crate) type Address = (String, String, String, String);

pub(super) async fn send(
    State(geo): State<Geo>,
    permit: RequirePermit,
    Path(address): Path<Address>,
    shell: Shell,
    headers: HeaderMap,
) -> Response {
    match tile(&geo, &permit, &address, &shell.url).await {
        Ok(stored) => answer(&headers, &stored),
        Err(error) => error.as_json(),
    }
}

/// The tile of an address, from the cache or made now.
pub(crate) async fn tile(
    geo: &Geo,
    permit: &Permit,
    address: &Address,
    url: &Url,
) -> Result<Arc<StoredTile>, GeoError> {
    let (layer, tile) =
        parse(address).ok_or_else(|| GeoError::NoSuch("tile at this address".to_owned()))?;
    let (as_of, known_on) = clocks_of(url)?;
    let moment = geo.moment(permit, as_of, known_on).await?;
    let kinds = strict_kinds(url, geo)?;
    let schools = match layer {
        Layer::Institutions => Some(geo.schools(permit, &moment).await?),
        Layer::Areas(_) => None,
    };
    let scope = schools
        .as_ref()
        .map(|schools| (schools.scope(), kinds.param().to_owned()));
    let key = TileKey {
        layer,
        tile,
        scene: moment.scene.id,
        scope,
    };
    if let Some(stored) = geo.tiles().get(&key) {
        return Ok(stored);
    }
    let standard = Arc::clone(geo.standard());
    let scene = Arc::clone(&moment.scene);
    let made = tokio::task::spawn_blocking(move || {
        let bytes = match (layer, &schools) {
            (Layer::Areas(level), _) => tiles::areas(&scene, level, tile),
            (Layer::Institutions, Some(schools)) => {
                tiles::institutions(schools, &kinds, &standard, tile)
            }
            (Layer::Institutions, None) => Vec::new(),
        };
        StoredTile::of(&bytes)
    });
    let stored = Arc::new(
        made.await?
            .map_err(|error| GeoError::Task(error.to_string()))?,
    );
    geo.tiles().put(key, Arc::clone(&stored), stored.memory());
    Ok(stored)
}

fn parse((layer, z, x, file): &Address) -> Option<(Layer, Tile)> {
    let layer = Layer::parse(layer)?;
    let y = file.strip_suffix(".mvt")?;
    let tile = Tile::new(z.parse().ok()?, x.parse().ok()?, y.parse().ok()?)?;
    let (first, last) = layer.zooms();
    (first..=last).contains(&tile.z).then_some((layer, tile))
}

pub(crate) fn answer(headers: &HeaderMap, tile: &StoredTile) -> Response {
    if send::is_held(headers, &tile.etag) {
        return send::validated(StatusCode::NOT_MODIFIED, &tile.etag, Body::empty());
    }
    if tile.gzip.is_empty() {
        return send::validated(StatusCode::NO_CONTENT, &tile.etag, Body::empty());
    }
    let is_gzip = send::accepts_gzip(headers);
    let body = if is_gzip {
        Ok(tile.gzip.clone())
    } else {
        unpacked(&tile.gzip)
    };
    let Ok(body) = body else {
        return GeoError::Task("a kept tile could not be unpacked".to_owned()).as_json();
    };
    let mut response = send::validated(StatusCode::OK, &tile.etag, Body::from(body));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/vnd.mapbox-vector-tile"),
    );
    if is_gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// A tile for a reader that does not take gzip.
pub(crate) fn unpacked(gzip: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(gzip).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tiles_that_there_are_have_an_address() {
        let ask = |layer: &str, z: &str, x: &str, file: &str| {
            parse(&(
                layer.to_owned(),
                z.to_owned(),
                x.to_owned(),
                file.to_owned(),
            ))
        };
        assert_eq!(
            ask("county", "2", "3", "1.mvt"),
            Some((
                Layer::Areas(crate::Level::County),
                Tile { z: 2, x: 3, y: 1 }
            ))
        );
        assert!(ask("institution", "14", "13152", "6520.mvt").is_some());
        assert!(ask("county", "13", "1", "1.mvt").is_none());
        assert!(ask("county", "2", "4", "1.mvt").is_none());
        assert!(ask("village", "2", "1", "1.mvt").is_none());
        assert!(ask("county", "2", "1", "1.pbf").is_none());
    }
}

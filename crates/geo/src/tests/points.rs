//! The numbers of a complete set of tiles add up to those of the table, at every zoom.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use mvt_reader::Reader;
use mvt_reader::feature::Value;
use security::Permit;
use shape::{Bounds, Point, Tile};
use ui::Url;

use super::house::{FENGXIANG, House};
use crate::pages::figures_json::figures;
use crate::pages::tile::{answer, tile, unpacked};

/// What the points of all tiles of a zoom over a box stand for.
pub(super) async fn sum_at(
    house: &House,
    permit: &Permit,
    z: u8,
    bounds: &Bounds,
    query: &str,
) -> u64 {
    let first = Tile::at(Point::new(bounds.west, bounds.north), z);
    let last = Tile::at(Point::new(bounds.east, bounds.south), z);
    let url = Url::parse(&format!("/tiles?{query}"));
    let mut sum = 0;
    for y in first.y..=last.y {
        for x in first.x..=last.x {
            let address = (
                "institution".to_owned(),
                z.to_string(),
                x.to_string(),
                format!("{y}.mvt"),
            );
            let stored = tile(&house.geo, permit, &address, &url).await.unwrap();
            if stored.gzip.is_empty() {
                continue;
            }
            let reader = Reader::new(unpacked(&stored.gzip).unwrap()).unwrap();
            for feature in reader.get_features(0).unwrap() {
                let properties = feature.properties.unwrap();
                sum += match properties.get("count") {
                    Some(Value::UInt(count)) => *count,
                    Some(other) => panic!("count is {other:?}"),
                    None => {
                        assert!(
                            ["id", "name", "type"]
                                .iter()
                                .all(|key| properties.contains_key(*key))
                        );
                        1
                    }
                };
            }
        }
    }
    sum
}

const BOX: Bounds = Bounds {
    west: 107.29,
    south: 34.10,
    east: 107.72,
    north: 34.31,
};

#[tokio::test]
async fn tiles_add_up_to_the_table_at_every_zoom() {
    let house = House::small().await;
    for query in ["kind=", "kind=primary,junior", "kind=kindergarten"] {
        let shell = house.shell(&format!("/map/figures.json?figure=pupils&{query}"));
        let points = figures(&house.geo, &house.permit, &shell)
            .await
            .unwrap()
            .points;
        for z in 0..=14 {
            assert_eq!(
                sum_at(&house, &house.permit, z, &BOX, query).await,
                u64::from(points.shown),
                "{query} z{z}"
            );
        }
    }
    assert_eq!(sum_at(&house, &house.permit, 14, &BOX, "").await, 5);
}

#[tokio::test]
async fn a_county_sees_its_own_points() {
    let house = House::small().await;
    let planner = house.planner_of(FENGXIANG).await;
    for z in [0, 7, 14] {
        assert_eq!(sum_at(&house, &planner, z, &BOX, "").await, 4);
        // What one reader got is not what the next one gets.
        assert_eq!(sum_at(&house, &house.permit, z, &BOX, "").await, 5);
    }
}

#[tokio::test]
async fn a_tile_that_the_browser_has_is_not_sent_again() {
    let house = House::small().await;
    let address = (
        "county".to_owned(),
        "0".to_owned(),
        "0".to_owned(),
        "0.mvt".to_owned(),
    );
    let stored = tile(&house.geo, &house.permit, &address, &Url::parse("/tiles"))
        .await
        .unwrap();
    let first = answer(&HeaderMap::new(), &stored);
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(first.headers()[header::CACHE_CONTROL], "private, no-cache");
    assert!(first.headers().get(header::CONTENT_ENCODING).is_none());
    let mut asks = HeaderMap::new();
    asks.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    assert_eq!(
        answer(&asks, &stored).headers()[header::CONTENT_ENCODING],
        "gzip"
    );
    asks.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
    assert_eq!(answer(&asks, &stored).status(), StatusCode::NOT_MODIFIED);

    // A changed outline changes the validator, another reader does not.
    let again = tile(
        &house.geo,
        &house.planner_of(FENGXIANG).await,
        &address,
        &Url::parse("/tiles"),
    )
    .await
    .unwrap();
    assert_eq!(again.etag, stored.etag);
    house
        .outline("610113", super::house::square(108.9, 34.1, 0.3))
        .await;
    let changed = tile(&house.geo, &house.permit, &address, &Url::parse("/tiles"))
        .await
        .unwrap();
    assert_ne!(changed.etag, stored.etag);

    // Where there is nothing, nothing is sent.
    let nowhere = (
        "county".to_owned(),
        "10".to_owned(),
        "0".to_owned(),
        "0.mvt".to_owned(),
    );
    let empty = tile(&house.geo, &house.permit, &nowhere, &Url::parse("/tiles"))
        .await
        .unwrap();
    assert_eq!(
        answer(&HeaderMap::new(), &empty).status(),
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn a_new_school_is_in_the_next_tile() {
    let house = House::small().await;
    assert_eq!(sum_at(&house, &house.permit, 3, &BOX, "").await, 5);
    house
        .schools(vec![super::house::NewSchool {
            division: FENGXIANG,
            unit: FENGXIANG,
            name: "新小学",
            kind: "211",
            status: "open",
            at: Some((107.6, 34.2)),
            years: Vec::new(),
        }])
        .await;
    assert_eq!(sum_at(&house, &house.permit, 3, &BOX, "").await, 6);
}

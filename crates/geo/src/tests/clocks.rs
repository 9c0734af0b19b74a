//! Boundaries, codes and numbers are those of the day.

use super::house::{FENGXIANG, House};
use crate::pages::figures_json::figures;
use crate::pages::tile::{tile, unpacked};
use mvt_reader::Reader;
use mvt_reader::feature::Value;
use ui::Url;

async fn codes_in_tile(house: &House, query: &str) -> Vec<(String, String)> {
    let point = shape::Point::new(107.75, 34.25);
    let at = shape::Tile::at(point, 10);
    let address = (
        "county".to_owned(),
        "10".to_owned(),
        at.x.to_string(),
        format!("{}.mvt", at.y),
    );
    let url = Url::parse(&format!("/tiles?{query}"));
    let stored = tile(&house.geo, &house.permit, &address, &url)
        .await
        .unwrap();
    let reader = Reader::new(unpacked(&stored.gzip).unwrap()).unwrap();
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => format!("{other:?}"),
    };
    let mut found: Vec<(String, String)> = reader
        .get_features(0)
        .unwrap()
        .iter()
        .filter_map(|feature| {
            let properties = feature.properties.as_ref()?;
            Some((text(&properties["code"]), text(&properties["name"])))
        })
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn fengxiang_is_a_county_in_2018_and_a_district_in_2022() {
    let house = House::small().await;
    let of = |code: &str, name: &str| vec![(code.to_owned(), name.to_owned())];
    assert_eq!(
        codes_in_tile(&house, "as_of=2018-01-01").await,
        of("610322", "凤翔县")
    );
    assert_eq!(
        codes_in_tile(&house, "as_of=2022-01-01").await,
        of("610305", "凤翔区")
    );

    // The code that the reader holds from another day still finds the place.
    let shell = house.shell("/map/figures.json?as_of=2018-01-01&within=610305&level=township");
    assert_eq!(
        figures(&house.geo, &house.permit, &shell)
            .await
            .unwrap()
            .values
            .len(),
        2
    );
}

#[tokio::test]
async fn the_school_year_is_the_last_that_had_begun() {
    let house = House::small().await;
    let ask = async |day: &str| {
        figures(
            &house.geo,
            &house.permit,
            &house.shell(&format!("/map/figures.json?as_of={day}")),
        )
        .await
        .unwrap()
    };
    let before = ask("2020-01-01").await;
    // Only one school had reported by then; the other two of these kinds lack a number.
    let fengxiang = &before.values["610322"].parts;
    assert_eq!(
        (fengxiang.value, fengxiang.used, fengxiang.lacking),
        (Some(50.0), 1, 2)
    );
    assert_eq!(
        ask("2025-09-01").await.values[FENGXIANG].parts.value,
        Some(42.0)
    );
}

#[tokio::test]
async fn what_was_not_known_is_not_shown() {
    let house = House::small().await;
    let shell = house.shell("/map/figures.json?known_on=2025-01-01");
    let answer = figures(&house.geo, &house.permit, &shell).await.unwrap();
    assert!(answer.values.is_empty());
    assert_eq!(answer.commit, 0);
}

#[tokio::test]
async fn days_on_which_nothing_changes_share_a_scene() {
    let house = House::small().await;
    let scene = async |day: &str| {
        let day = Some(super::house::day(day));
        house
            .geo
            .moment(&house.permit, day, None)
            .await
            .unwrap()
            .scene
            .id
    };
    assert_eq!(scene("2022-01-01").await, scene("2025-12-31").await);
    assert_ne!(scene("2022-01-01").await, scene("2021-01-28").await);
    let before = scene("2022-01-01").await;
    house
        .outline("610113", super::house::square(108.9, 34.1, 0.3))
        .await;
    assert_ne!(before, scene("2022-01-01").await);
}

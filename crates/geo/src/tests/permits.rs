//! What a permit does not reach is in no number.

use super::house::{FENGXIANG, House, WEIBIN};
use crate::pages::figures_json::figures;
use crate::pages::{figures_csv, map};

#[tokio::test]
async fn the_map_of_a_county_begins_in_the_county() {
    let house = House::small().await;
    let planner = house.planner_of(FENGXIANG).await;
    let answer = figures(&house.geo, &planner, &house.shell("/map/figures.json"))
        .await
        .unwrap();
    let codes: Vec<&str> = answer.values.keys().map(String::as_str).collect();
    assert_eq!(codes, ["610305100", "610305101"]);
    assert_eq!(answer.total.value, Some(42.0));
    // Gone elsewhere by hand, the address shows the own county still.
    let shell = house.shell(&format!("/map/figures.json?level=county&within={WEIBIN}"));
    let elsewhere = figures(&house.geo, &planner, &shell).await.unwrap();
    assert!(
        elsewhere
            .values
            .keys()
            .all(|code| code.starts_with("610305"))
    );
    let html = map::page(&house.geo, &planner, house.shell("/map"))
        .await
        .unwrap()
        .to_html();
    assert!(html.contains("\"home\":\"610305\""));
    assert!(!html.contains("渭滨"));
}

#[tokio::test]
async fn an_export_asks_for_the_right_to_export() {
    let house = House::small().await;
    let (name, bytes) = figures_csv::file(
        &house.geo,
        &house.permit,
        &house.shell("/map/figures.csv?sort=code"),
    )
    .await
    .unwrap();
    assert_eq!(name, "mean_class_size-county-2026-03-02.csv");
    let text = String::from_utf8(bytes).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("610305,"))
        .unwrap();
    assert!(
        line.contains("凤翔区,宝鸡市,平均班额,42.0,人/班,210,5,2,1"),
        "{line}"
    );
    assert!(line.contains("合成数据"));
}

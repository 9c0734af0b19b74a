//! Pages say what they must and lead where they should.

use super::house::{FENGXIANG, House};
use crate::pages::{division_list, division_show, map, panel, table, tile_json};

#[tokio::test]
async fn the_map_page_has_everything_without_a_script() {
    let house = House::small().await;
    let html = map::page(&house.geo, &house.permit, house.shell("/map?points=1"))
        .await
        .unwrap()
        .to_html();
    assert!(html.contains("审图号:未填写 · 示意图,不作为划界依据"));
    assert!(html.contains("<title>凤翔区 42.0</title>"));
    assert!(
        html.contains("href=\"?place=610305"),
        "links of the picture"
    );
    assert!(html.contains("平均班额") && html.contains("生师比"));
    assert!(html.contains("/map/table?"));
    assert!(html.contains("合成数据"));
    assert!(!html.contains('⟨'), "a message is missing");
    assert!(!html.contains("style="), "nothing inline");
    house
        .registry
        .security()
        .put_setting(&house.permit, "map_review_number", "陕S(2026)001号")
        .await
        .unwrap();
    let html = map::page(&house.geo, &house.permit, house.shell("/map"))
        .await
        .unwrap()
        .to_html();
    assert!(html.contains("审图号:陕S(2026)001号"));
    let english = map::page(&house.geo, &house.permit, house.english("/map"))
        .await
        .unwrap()
        .to_html();
    assert!(!english.contains('⟨') && english.contains("Average class size"));
}

#[tokio::test]
async fn a_map_without_outlines_says_how_to_start() {
    let house = House::empty().await;
    let html = map::page(&house.geo, &house.permit, house.shell("/map"))
        .await
        .unwrap()
        .to_html();
    assert!(
        html.contains("还没有区划边界") && html.contains("/imports/new?dataset=division_boundary")
    );
}

#[tokio::test]
async fn the_list_has_the_numbers_of_the_map_and_its_total() {
    let house = House::small().await;
    let html = table::page(
        &house.geo,
        &house.permit,
        house.shell("/map/table?within=610300&level=county"),
    )
    .await
    .unwrap()
    .to_html();
    assert!(
        html.contains("凤翔区") && html.contains("42.0") && html.contains("46.4"),
        "{html}"
    );
    assert!(html.contains("口径") || html.contains("来源"));
    assert!(!html.contains('⟨'));
    let townships = table::page(
        &house.geo,
        &house.permit,
        house.shell(&format!("/map/table?within={FENGXIANG}")),
    )
    .await
    .unwrap()
    .to_html();
    // The secondary school is only known to lie in the county.
    assert!(townships.contains("未分到本级"));
}

#[tokio::test]
async fn the_panel_of_a_place_says_where_it_stands() {
    let house = House::small().await;
    let shell = house.shell("/map/place/610305?within=610300&level=county");
    let html = panel::fragment(&house.geo, &house.permit, FENGXIANG, &shell)
        .await
        .unwrap()
        .into_string();
    assert!(
        html.contains("data-bounds=\"107.50000,34.00000,108.00000,34.50000\""),
        "{html}"
    );
    assert!(html.contains("由高到低第 2 位"), "{html}");
    assert!(html.contains("data-level=\"township\""));
    assert!(html.contains("城关镇中心小学") && html.contains("45.0"));
    assert!(html.contains("<ol data-crumbs"));
    assert!(html.contains("/divisions/610305"));
    let gone = panel::fragment(&house.geo, &house.permit, "999999", &shell)
        .await
        .unwrap_err();
    assert_eq!(gone.status().as_u16(), 404);
}

#[tokio::test]
async fn a_division_tells_its_history() {
    let house = House::small().await;
    let show = async |code: &str, query: &str| {
        let shell = house.shell(&format!("/divisions/{code}?{query}"));
        division_show::page(&house.geo, &house.permit, code, shell)
            .await
            .unwrap()
            .to_html()
    };
    let html = show("610305", "").await;
    for words in [
        "凤翔县",
        "610322",
        "2021-01-28",
        "自始",
        "城关镇",
        "凤翔中学",
        "平均班额",
    ] {
        assert!(html.contains(words), "{words}");
    }
    assert!(
        !html.contains("旧小学"),
        "a closed school is not among the open ones"
    );
    let old = show("610322", "").await;
    assert!(old.contains("代码 610322 在所选业务时点为 610305 凤翔区"));
    let township = show("610305100", "").await;
    assert!(township.contains("示意"));
    let missing =
        division_show::page(&house.geo, &house.permit, "1", house.shell("/divisions/1")).await;
    assert_eq!(missing.unwrap_err().status().as_u16(), 404);
}

#[tokio::test]
async fn divisions_are_found_by_name_and_by_code() {
    let house = House::small().await;
    let ask = async |query: &str| {
        division_list::page(
            &house.geo,
            &house.permit,
            house.shell(&format!("/divisions?{query}")),
        )
        .await
        .unwrap()
    };
    let html = ask("").await.unwrap().to_html();
    assert!(html.contains("宝鸡市") && !html.contains('⟨'));
    assert!(ask("q=虢王").await.unwrap().to_html().contains("虢王镇"));
    assert_eq!(
        ask("q=610322").await.unwrap_err().to_string(),
        "/divisions/610322"
    );
}

#[tokio::test]
async fn a_layer_describes_itself() {
    let house = House::small().await;
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("host", "map.example".parse().unwrap());
    let shell = house.shell("/tiles/county.json?as_of=2018-01-01");
    let json = tile_json::describe(&house.geo, &house.permit, "county.json", &shell, &headers)
        .await
        .unwrap();
    assert_eq!(json["tilejson"], "3.0.0");
    assert_eq!(
        json["tiles"][0],
        "http://map.example/tiles/county/{z}/{x}/{y}.mvt?as_of=2018-01-01"
    );
    assert_eq!(json["vector_layers"][0]["id"], "county");
    assert_eq!(json["maxzoom"], 12);
}

//! What a permit does not reach is in no number.

use super::house::{FENGXIANG, House, WEIBIN};
use crate::pages::figures_json::figures;
use crate::pages::tile::{tile, unpacked};
use crate::pages::{division_show, figures_csv, map, panel, table};

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

/// What pages say to a county's planner of the own county, of the city and the province around it, and of
/// the county beside it.
#[tokio::test]
async fn a_part_is_not_the_whole_and_what_is_outside_has_no_number() {
    let house = House::small().await;
    let planner = house.planner_of(FENGXIANG).await;
    let panel = async |code: &str| {
        let shell = house.shell(&format!("/map/place/{code}?figure=pupils"));
        panel::fragment(&house.geo, &planner, code, &shell)
            .await
            .unwrap()
            .into_string()
    };
    // 90 + 50 + 120 + 60 pupils of the own county; the whole city has 620.
    let own = panel(FENGXIANG).await;
    assert!(own.contains("<b>320</b>") && !own.contains("仅含"), "{own}");
    for wider in ["610000", "610300"] {
        let part = panel(wider).await;
        assert!(
            part.contains("<b>320</b>") && part.contains("人 · 仅含本单位数据"),
            "{part}"
        );
    }
    let beside = panel(WEIBIN).await;
    assert!(beside.contains("无权查看"), "{beside}");
    for zero in ["<b>0</b>", "<b>0.0</b>", ">0<"] {
        assert!(!beside.contains(zero), "{beside}");
    }

    let page = async |code: &str| {
        let shell = house.shell(&format!("/divisions/{code}"));
        division_show::page(&house.geo, &planner, code, shell)
            .await
            .unwrap()
            .to_html()
    };
    assert!(!page(FENGXIANG).await.contains("仅含"));
    let city = page("610300").await;
    assert!(
        city.contains("仅含本单位数据") && city.contains("无权查看"),
        "{city}"
    );
    let beside = page(WEIBIN).await;
    assert!(
        beside.contains("无权查看") && !beside.contains("没有在办"),
        "{beside}"
    );
}

/// A bureau that stands for parts of two counties sees the map of their city.
#[tokio::test]
async fn counties_beside_those_of_a_reader_have_no_number_in_any_form() {
    let mut house = House::small().await;
    house.two_county_bureau().await;
    let planner = house.planner_of("BJGX").await;
    let ask = |path: &str| house.shell(&format!("{path}?figure=institutions&level=county"));
    let answer = figures(&house.geo, &planner, &ask("/map/figures.json"))
        .await
        .unwrap();
    let json = serde_json::to_value(&answer).unwrap();
    // Its own school; the four of the county's bureau are not its own.
    let own = &json["values"][FENGXIANG];
    assert_eq!(own["value"], 1.0);
    assert_eq!(own["coverage"], "part");
    assert_eq!(own["note"], "仅含本单位数据");
    let other = &json["values"]["610303"];
    assert_eq!(other["coverage"], "outside");
    for key in ["value", "numerator", "used", "lacking", "class"] {
        assert!(other[key].is_null(), "{key}: {other}");
    }
    assert_eq!(other["note"], "无权查看");
    assert_eq!(json["total"]["value"], 2.0);
    assert_eq!(json["total"]["coverage"], "part");
    assert_eq!(json["missing_label"], "无权查看");
    assert!(answer.note.contains("仅含本单位数据"), "{}", answer.note);

    let (_, bytes) = figures_csv::file(&house.geo, &planner, &ask("/map/figures.csv"))
        .await
        .unwrap();
    let csv = String::from_utf8(bytes).unwrap();
    let line = |code: &str| csv.lines().find(|line| line.starts_with(code)).unwrap();
    assert!(line(FENGXIANG).contains(",仅含本单位数据,"), "{csv}");
    assert!(
        line("610303").contains(",学校(机构)数,,所,,,,,") && line("610303").contains(",无权查看,"),
        "{csv}"
    );

    let list = table::page(&house.geo, &planner, ask("/map/table"))
        .await
        .unwrap()
        .to_html();
    assert!(
        list.contains("无权查看") && list.contains("仅含本单位数据"),
        "{list}"
    );
    let map = map::page(&house.geo, &planner, ask("/map"))
        .await
        .unwrap()
        .to_html();
    assert!(
        map.contains("<title>凤翔区 1 (仅含本单位数据)</title>"),
        "{map}"
    );
}

/// A post of one school sees its county by that school only, and the map says so.
#[tokio::test]
async fn a_school_is_a_part_of_its_county() {
    let house = House::small().await;
    let planner = house.planner_of_school("城关镇中心小学").await;
    let shell = house.shell("/map?figure=pupils");
    let map = map::page(&house.geo, &planner, shell)
        .await
        .unwrap()
        .to_html();
    assert!(map.contains("仅含本单位数据"), "{map}");
    let answer = figures(
        &house.geo,
        &planner,
        &house.shell("/map/figures.json?figure=pupils&level=township"),
    )
    .await
    .unwrap();
    let json = serde_json::to_value(&answer).unwrap();
    assert_eq!(json["values"]["610305100"]["value"], 90.0);
    assert_eq!(json["values"]["610305100"]["coverage"], "part");
    assert_eq!(json["values"]["610305101"]["coverage"], "outside");
}

/// Tiles carry outlines and names, and of institutions only those within reach.
#[tokio::test]
async fn tiles_carry_no_figures_and_no_institutions_out_of_reach() {
    let house = House::small().await;
    let planner = house.planner_of(FENGXIANG).await;
    let features = async |layer: &str| {
        let address = (
            layer.to_owned(),
            "0".to_owned(),
            "0".to_owned(),
            "0.mvt".to_owned(),
        );
        let stored = tile(&house.geo, &planner, &address, &ui::Url::parse("/tiles"))
            .await
            .unwrap();
        let reader = mvt_reader::Reader::new(unpacked(&stored.gzip).unwrap()).unwrap();
        reader.get_features(0).unwrap()
    };
    for feature in features("county").await {
        let mut keys: Vec<String> = feature.properties.unwrap().into_keys().collect();
        keys.retain(|key| !["code", "name", "schematic"].contains(&key.as_str()));
        assert_eq!(keys, [] as [&str; 0]);
    }
    let counted: i64 = features("institution")
        .await
        .into_iter()
        .map(|feature| match feature.properties.unwrap().get("count") {
            Some(mvt_reader::feature::Value::Int(count)) => *count,
            Some(mvt_reader::feature::Value::UInt(count)) => i64::try_from(*count).unwrap(),
            _ => 1,
        })
        .sum();
    // Four of the own county; the one of 渭滨 with a position is not among them.
    assert_eq!(counted, 4);
}

//! Boundaries, codes and numbers are those of the day.

use super::house::{FENGXIANG, House};
use crate::pages::figures_json::figures;
use crate::pages::tile::{tile, unpacked};
use crate::pages::{division_list, division_show, figures_csv, map, panel, table};
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
        (Some(50.0), Some(1), Some(2))
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
    let words = "到掌握时点 2025-01-01 为止还没有学校(机构)数据入库";
    assert!(answer.note.contains(words), "{}", answer.note);
}

#[tokio::test]
async fn a_day_before_the_first_school_says_so() {
    let house = House::small().await;
    let words = "业务时点 1999-12-31 还没有学校(机构)数据,最早的从 2010-09-01 起";
    let shell = |path: &str| house.shell(&format!("{path}?as_of=1999-12-31"));
    let answer = figures(&house.geo, &house.permit, &shell("/map/figures.json"))
        .await
        .unwrap();
    assert!(answer.note.contains(words), "{}", answer.note);
    let html = map::page(&house.geo, &house.permit, shell("/map"))
        .await
        .unwrap()
        .to_html();
    assert!(html.contains(words), "{html}");
    // On a day with schools, but before their first school year.
    let shell = house.shell("/map/figures.json?as_of=2015-01-01");
    let answer = figures(&house.geo, &house.permit, &shell).await.unwrap();
    let words = "业务时点 2015-01-01 还没有学校(机构)年度概况数据,最早的从 2019-09-01 起";
    assert!(answer.note.contains(words), "{}", answer.note);
    let shell = house.shell("/map/figures.json?as_of=2015-01-01&figure=institutions");
    let answer = figures(&house.geo, &house.permit, &shell).await.unwrap();
    assert!(!answer.note.contains("还没有"), "{}", answer.note);
}

#[tokio::test]
async fn what_is_no_day_is_refused_on_every_page() {
    let house = House::small().await;
    for (key, said) in [("as_of", "yesterday"), ("known_on", "2025-02-30")] {
        let shell = |path: &str| house.shell(&format!("{path}?figure=pupils&{key}={said}"));
        let (geo, permit) = (&house.geo, &house.permit);
        let at = ("institution".into(), "0".into(), "0".into(), "0.mvt".into());
        let refused = [
            map::page(geo, permit, shell("/map")).await.map(drop),
            table::page(geo, permit, shell("/map/table"))
                .await
                .map(drop),
            panel::fragment(geo, permit, FENGXIANG, &shell("/map/place"))
                .await
                .map(drop),
            figures(geo, permit, &shell("/map/figures.json"))
                .await
                .map(drop),
            figures_csv::file(geo, permit, &shell("/map/figures.csv"))
                .await
                .map(drop),
            tile(geo, permit, &at, &shell("/tiles").url).await.map(drop),
            division_list::page(geo, permit, shell("/divisions"))
                .await
                .map(drop),
            division_show::page(geo, permit, FENGXIANG, shell("/divisions"))
                .await
                .map(drop),
        ];
        for answer in refused {
            let error = answer.unwrap_err();
            assert_eq!(
                (error.code(), error.status().as_u16()),
                ("geo.address", 400)
            );
            let page = error.as_page(shell("/map"));
            assert_eq!(page.status().as_u16(), 400);
            let body = axum::body::to_bytes(page.into_body(), usize::MAX)
                .await
                .unwrap();
            let html = String::from_utf8(body.to_vec()).unwrap();
            assert!(html.contains(&format!("“{said}”不是日期")), "{html}");
            assert!(
                html.contains(r#"<input type="hidden" name="figure" value="pupils">"#),
                "{html}"
            );
        }
    }
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

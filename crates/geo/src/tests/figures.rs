//! Figures against sums made by hand.

use super::house::{FENGXIANG, House, WEIBIN, day};
use crate::pages::figures_json::figures;

#[tokio::test]
async fn mean_class_size_counts_only_pairs_of_compulsory_schools_that_are_open() {
    let house = House::small().await;
    let answer = figures(&house.geo, &house.permit, &house.shell("/map/figures.json"))
        .await
        .unwrap();
    assert_eq!(
        (answer.name.as_str(), answer.unit.as_str()),
        ("mean_class_size", "人/班")
    );
    // 凤翔: (90 + 120) / (2 + 3); one primary school lacks its classes; the kindergarten is not counted.
    let fengxiang = &answer.values[FENGXIANG];
    assert_eq!(fengxiang.parts.value, Some(42.0));
    assert_eq!(
        (fengxiang.parts.numerator, fengxiang.parts.denominator),
        (Some(210.0), Some(5.0))
    );
    assert_eq!(
        (fengxiang.parts.used, fengxiang.parts.lacking),
        (Some(2), Some(1))
    );
    assert_eq!(
        (fengxiang.text.as_str(), fengxiang.name.as_str()),
        ("42.0", "凤翔区")
    );
    // 渭滨: (200 + 100) / (4 + 2).
    assert_eq!(answer.values[WEIBIN].parts.value, Some(50.0));
    assert_eq!(answer.total.value, Some(510.0 / 11.0));
    // All other counties have nothing.
    assert_eq!(answer.missing, answer.values.len() - 2);
    assert_eq!(answer.classes.len(), 2);
    assert_eq!(
        (fengxiang.class, answer.values[WEIBIN].class),
        (Some(1), Some(2))
    );
    assert_eq!(answer.classes[0].label, "42.0");
    assert_eq!(
        fengxiang.at.map(|[lon, _]| (lon * 100.0).round()),
        Some(10775.0)
    );
    assert!(
        answer.synthetic
            && answer.note.contains("学年 2025–2026")
            && answer.note.contains("合成数据"),
        "{}",
        answer.note
    );
    assert_eq!(
        (answer.points.shown, answer.points.without_coordinates),
        (4, 1)
    );
    assert!(answer.note.contains("1 所无坐标"), "{}", answer.note);
}

#[tokio::test]
async fn other_figures_kinds_and_levels() {
    let house = House::small().await;
    let ask = async |query: &str| {
        figures(
            &house.geo,
            &house.permit,
            &house.shell(&format!("/map/figures.json?{query}")),
        )
        .await
        .unwrap()
    };
    let ratio = ask("figure=pupils_per_teacher").await;
    // (90 + 50 + 120) / (9 + 5 + 16)
    assert_eq!(ratio.values[FENGXIANG].parts.value, Some(260.0 / 30.0));
    let count = ask("figure=institutions").await;
    assert_eq!(count.values[FENGXIANG].parts.value, Some(4.0));
    assert_eq!(count.values["610113"].parts.value, Some(0.0));
    let pupils = ask("figure=pupils&kind=kindergarten").await;
    assert_eq!(pupils.values[FENGXIANG].parts.value, Some(60.0));
    assert_eq!(pupils.values[WEIBIN].parts.value, None);
    let cities = ask("figure=pupils&level=city").await;
    assert_eq!(
        cities.values["610300"].parts.value,
        Some(90.0 + 50.0 + 120.0 + 60.0 + 300.0)
    );
    let townships = ask(&format!("figure=pupils&level=township&within={FENGXIANG}")).await;
    assert_eq!(townships.values.len(), 2);
    assert_eq!(townships.values["610305100"].parts.value, Some(90.0));
    assert!(townships.values["610305100"].at.is_some());
    // The two at county level are in the whole, not in a township.
    assert_eq!(townships.total.value, Some(320.0));
    let inside = ask("within=610300").await;
    assert!(inside.values.keys().all(|code| code.starts_with("6103")));
}

#[tokio::test]
async fn population_is_that_of_the_last_census_and_adds_up() {
    let house = House::small().await;
    let row = |code: &str, year: i64, kind: &str, number: i64| {
        vec![
            ("division", kernel::Value::Int(house.divisions[code])),
            ("year", kernel::Value::Int(year)),
            ("kind", kind.into()),
            ("population", kernel::Value::Int(number)),
        ]
    };
    for (year, number) in [(2010, 480_000), (2020, 390_000)] {
        let from = kernel::Day::from_ymd(year, 1, 1).unwrap();
        house
            .commit(
                "division_population",
                from,
                vec![row(FENGXIANG, i64::from(year), "census", number)],
                None,
            )
            .await;
    }
    let rows = vec![
        row(WEIBIN, 2020, "census", 450_000),
        row(WEIBIN, 2020, "registered", 1),
    ];
    house
        .commit("division_population", day("2020-01-01"), rows, None)
        .await;
    let ask = async |query: &str| {
        figures(
            &house.geo,
            &house.permit,
            &house.shell(&format!("/map/figures.json?figure=population&{query}")),
        )
        .await
        .unwrap()
    };
    let now = ask("").await;
    assert_eq!(now.values[FENGXIANG].parts.value, Some(390_000.0));
    assert_eq!(now.values["610113"].parts.value, None);
    let cities = ask("level=city").await;
    assert_eq!(cities.values["610300"].parts.value, Some(840_000.0));
    let before = ask("as_of=2015-01-01").await;
    assert_eq!(before.values["610322"].parts.value, Some(480_000.0));
    assert!(before.note.contains("2010 年"), "{}", before.note);
}

#[tokio::test]
async fn a_wrong_kind_or_day_is_said_to_be_wrong() {
    let house = House::empty().await;
    for query in ["kind=castle", "as_of=yesterday"] {
        let error = figures(
            &house.geo,
            &house.permit,
            &house.shell(&format!("/map/figures.json?{query}")),
        )
        .await
        .unwrap_err();
        assert_eq!(
            (error.code(), error.status().as_u16()),
            ("geo.address", 400)
        );
    }
}

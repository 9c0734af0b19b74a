//! What counts is decided once: lists, map and home page add up to the same.

use std::collections::HashMap;

use db::testing::TestPlace;
use kernel::Day;
use registry::lists::{Filter, Institutions, Totals};
use serde_json::Value;
use testkit::TestApp;

/// The values of a figure for every county, and for everything.
async fn of_the_map(app: &TestApp, figure: &str, day: &str) -> (Vec<(String, Value)>, Value) {
    let client = app.signed_in("planner", None).await;
    let address = format!("/map/figures.json?figure={figure}&level=county&kind=all&as_of={day}");
    let answer = client.fetch(&address).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let counties = answer["values"].as_object().unwrap();
    assert_eq!(counties.len(), 107);
    let values = counties
        .iter()
        .map(|(code, value)| (code.clone(), value["value"].clone()))
        .collect();
    (values, answer["total"]["value"].clone())
}

fn is_same(shown: &Value, added: Option<f64>) -> bool {
    match (shown.as_f64(), added) {
        (Some(shown), Some(added)) => (shown - added).abs() < 1e-9,
        (shown, added) => shown.is_none() && added.is_none(),
    }
}

type Added = fn(&Totals) -> Option<f64>;

/// Each figure of the map with what the list says of it.
const FIGURES: [(&str, Added); 4] = [
    ("pupils", |totals| totals.pupils.map(|pupils| pupils as f64)),
    ("institutions", |totals| Some(totals.schools as f64)),
    ("mean_class_size", |totals| totals.class_size),
    ("pupils_per_teacher", |totals| totals.pupils_per_teacher),
];

#[tokio::test]
async fn in_every_county_of_the_demo_province_the_list_adds_up_to_the_map() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let registry = app.app.registry();
    demo::load(registry, &app.permit(), |_, _, _| true)
        .await
        .unwrap();
    let today = registry.today().to_string();
    for day in [today.as_str(), "2021-10-01"] {
        let clocks = registry
            .clocks(Some(Day::parse(day).unwrap()), None)
            .await
            .unwrap();
        let list = Institutions::open(registry, &app.permit(), clocks)
            .await
            .unwrap();
        let totals = async |code: Option<&str>| {
            let filter = Filter {
                division: code.map(|code| list.labels.divisions.by_code(code).unwrap()),
                ..Filter::default()
            };
            list.totals(&filter).await.unwrap()
        };
        let whole = totals(None).await;
        // Closed schools are in the list; they are what once made the two differ.
        assert!(whole.operating < whole.institutions, "{whole:?}");
        let counties = of_the_map(&app, "pupils", day).await.0;
        let mut by_county: HashMap<String, Totals> = HashMap::new();
        for (code, _) in counties {
            let own = totals(Some(&code)).await;
            by_county.insert(code, own);
        }
        for (figure, added) in FIGURES {
            let (counties, total) = of_the_map(&app, figure, day).await;
            assert!(
                is_same(&total, added(&whole)),
                "{figure} on {day}: the map says {total}, the list {whole:?}"
            );
            for (code, shown) in counties {
                let own = &by_county[&code];
                assert!(
                    is_same(&shown, added(own)),
                    "{figure} in {code} on {day}: the map says {shown}, the list {own:?}"
                );
            }
        }
    }
    let (_, pupils) = of_the_map(&app, "pupils", &today).await;
    let home = app.signed_in("planner", None).await.get("/").await;
    let shown: Vec<String> = home
        .words(".stats dd b")
        .iter()
        .map(|words| words.replace(',', ""))
        .collect();
    let pupils = format!("{:.0}", pupils.as_f64().unwrap());
    assert!(shown.contains(&pupils), "{pupils} is not in {shown:?}");
    app.stop().await;
    place.remove().await.unwrap();
}

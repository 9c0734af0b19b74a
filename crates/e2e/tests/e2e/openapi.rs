//! The OpenAPI document: current, whole, and true.

use db::testing::TestPlace;
use security::{Method, describe};
use testkit::TestApp;

/// Files for pages: no program asks for them.
const OF_PAGES: [&str; 2] = ["/assets/{file}", "/language"];

#[tokio::test]
async fn the_document_that_is_committed_is_the_one_that_is_served() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let answer = app.visitor().fetch("/api/openapi.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    let committed = std::fs::read_to_string(testfiles::root().join("docs/openapi.json"));
    assert!(
        committed.unwrap_or_default() == answer.text(),
        "docs/openapi.json is stale; run `cargo xtask gen` and commit what it writes"
    );
    let (_, table) = app.app.router().unwrap();
    assert_eq!(describe::faults(&table), [] as [String; 0]);
    app.stop().await;
    place.remove().await.unwrap();
}

/// Every address that says by its form or by its answer that it is no page is described.
#[tokio::test]
async fn every_route_that_is_no_page_is_described() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let (_, table) = app.app.router().unwrap();
    let reader = app.signed_in("planner", None).await;
    let mut forgotten = Vec::new();
    for route in table.iter() {
        if route.operation.is_some() || OF_PAGES.contains(&route.path) {
            continue;
        }
        let is_for_programs = ["/api/", "/tiles/", "/oauth/", "/.well-known/"]
            .iter()
            .any(|start| route.path.starts_with(start));
        let is_file = route.path.rsplit('/').next().is_some_and(|last| {
            last.ends_with(".json") || last.ends_with(".csv") || last.ends_with(".geojson")
        });
        let mut is_data = false;
        if route.method == Method::Get && !route.path.contains('{') {
            let answer = reader.fetch(route.path).await;
            let kind = answer.header("content-type");
            is_data = answer.status.is_success() && !kind.starts_with("text/html");
        }
        if is_for_programs || is_file || is_data {
            forgotten.push(format!("{} {}", route.method.as_str(), route.path));
        }
    }
    assert_eq!(
        forgotten,
        [] as [String; 0],
        "describe them beside their handlers"
    );
    app.stop().await;
    place.remove().await.unwrap();
}

/// What the document says of an answer is so: the kinds of what is read without parameters.
#[tokio::test]
async fn answers_are_of_the_kind_that_is_described() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let reader = app.signed_in("planner", None).await;
    let document = reader.fetch("/api/openapi.json").await.json();
    let mut looked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        if path.contains('{') || methods["get"].is_null() {
            continue;
        }
        let answer = reader.fetch(path).await;
        let status = answer.status.as_u16().to_string();
        let described = &methods["get"]["responses"][&status];
        assert!(described.is_object(), "{path} answers {status}");
        if status == "200" {
            let kinds = described["content"].as_object().unwrap();
            let kind = answer.header("content-type");
            assert!(kinds.contains_key(kind), "{path} answers {kind}");
            looked += 1;
        }
    }
    assert!(looked >= 5, "{looked}");
    app.stop().await;
    place.remove().await.unwrap();
}

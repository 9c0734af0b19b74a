use axum::http::StatusCode;

use super::someone;
use crate::testing::registry;

db::on_both_engines! {
    async fn the_dictionary_says_all_that_the_definitions_say(place: &TestPlace) {
        let registry = registry(place).await;
        let mut browser = someone(&registry, "liu", "visitor", None).await;
        let index = browser.get("/dictionary").await.fine();
        let standard = registry.standard();
        for dataset in standard.datasets() {
            assert!(index.has(&format!("href=\"/dictionary/{}\"", dataset.name)));
            let page = browser.get(&format!("/dictionary/{}", dataset.name)).await.fine();
            for field in &dataset.fields {
                assert!(page.has(&field.title.zh), "{} {}", dataset.name, field.name);
            }
            let checks = browser.get(&format!("/dictionary/checks?dataset={}", dataset.name)).await.fine();
            for check in standard.checks_for(&dataset.name) {
                assert!(checks.has(&check.code), "{}", check.code);
            }
        }
        for set in standard.code_sets() {
            assert!(index.has(&format!("href=\"/dictionary/codes/{}\"", set.name)));
            let page = browser.get(&format!("/dictionary/codes/{}", set.name)).await.fine();
            let first = &set.entries[0];
            assert!(page.has(&first.code) && page.has(&first.name.zh), "{}", set.name);
        }
        let found = browser.get("/dictionary/codes/school_type?q=%E8%81%8B%E6%A0%A1").await.fine();
        assert!(!found.has("初级中学"), "{}", found.text);
        for path in ["/dictionary/nothing", "/dictionary/codes/nothing"] {
            assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND);
        }
        let json: serde_json::Value = serde_json::from_str(&browser.get("/dictionary.json").await.text).unwrap();
        assert_eq!(json["datasets"].as_array().unwrap().len(), standard.datasets().len());
        assert_eq!(json["hash"], standard.hash());
    }
}

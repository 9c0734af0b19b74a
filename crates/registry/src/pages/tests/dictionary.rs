use axum::http::StatusCode;
use serde_json::Value;

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

    async fn the_dictionary_for_programs_leaves_nothing_out_in_either_language(place: &TestPlace) {
        let registry = registry(place).await;
        let mut browser = someone(&registry, "liu", "visitor", None).await;
        let json: Value = serde_json::from_str(&browser.get("/dictionary.json").await.text).unwrap();
        let standard = registry.standard();
        let named = |list: &Value, key: &str| -> Vec<String> {
            list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
        };
        fn names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
            names.cloned().collect()
        }
        assert_eq!(named(&json["datasets"], "name"), names(standard.datasets().iter().map(|one| &one.name)));
        assert_eq!(named(&json["code_sets"], "name"), names(standard.code_sets().iter().map(|one| &one.name)));
        assert_eq!(named(&json["checks"], "code"), names(standard.checks().iter().map(|one| &one.code)));
        assert_eq!(named(&json["figures"], "name"), names(standard.figures().iter().map(|one| &one.name)));
        assert_eq!(named(&json["functions"], "name"), names(standard.functions().iter().map(|one| &one.name)));
        assert_eq!(named(&json["posts"], "name"), names(standard.posts().iter().map(|one| &one.name)));
        assert_eq!(named(&json["lines"], "name"), names(standard.lines().iter().map(|one| &one.name)));
        for (shown, dataset) in json["datasets"].as_array().unwrap().iter().zip(standard.datasets()) {
            assert_eq!(named(&shown["fields"], "name"), names(dataset.fields.iter().map(|one| &one.name)));
            assert!(!shown["default_effective"].is_null() && !shown["missing"].is_null(), "{shown}");
        }
        for (shown, set) in json["code_sets"].as_array().unwrap().iter().zip(standard.code_sets()) {
            assert_eq!(named(&shown["entries"], "code"), names(set.entries.iter().map(|one| &one.code)));
            assert_eq!(named(&shown["extra"], "name"), names(set.extra.iter().map(|one| &one.name)));
        }
        for (shown, figure) in json["figures"].as_array().unwrap().iter().zip(standard.figures()) {
            assert_eq!(shown["norms"].as_array().unwrap().len(), figure.norms.len());
        }
        let mut one_sided = Vec::new();
        one_language("", &json, &mut one_sided);
        assert_eq!(one_sided, [] as [&str; 0]);
    }

    async fn figures_say_how_they_are_worked_out(place: &TestPlace) {
        let registry = registry(place).await;
        let mut browser = someone(&registry, "liu", "visitor", None).await;
        let page = browser.get("/dictionary").await.fine();
        for words in [
            "学校(机构)年度概况中在校生数合计 ÷ 学校(机构)年度概况中班数合计",
            "学校(机构)条数,计校数为是",
            "mean_class_size",
            "GB 50099-2011 3.0.1",
        ] {
            assert!(page.has(words), "{words} is not in {}", page.text);
        }
        let fields = browser.get("/dictionary/institution").await.fine();
        assert!(fields.has(r#"href="/dictionary/codes/school_type">办学类型</a>"#), "{}", fields.text);
    }
}

/// Where a label has one of its two languages only.
fn one_language(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let (Some(zh), Some(en)) = (map.get("zh"), map.get("en"))
                && (zh == "") != (en == "")
            {
                found.push(path.to_owned());
            }
            for (key, value) in map {
                one_language(&format!("{path}/{key}"), value, found);
            }
        }
        Value::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                one_language(&format!("{path}/{place}"), value, found);
            }
        }
        _ => {}
    }
}

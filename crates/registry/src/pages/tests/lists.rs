use axum::http::{StatusCode, header};

use super::browser::Browser;
use super::{school, someone, unit, with_schools};

/// The names in the rows of a list, in their order.
fn names(html: &str) -> Vec<String> {
    html.split("scope=\"row\">")
        .skip(1)
        .filter_map(|row| row.split("</th>").next())
        .filter_map(|cell| cell.split_once("</a>"))
        .filter_map(|(link, _)| link.rsplit('>').next())
        .map(str::to_owned)
        .collect()
}

/// The first column of a CSV after its header.
fn first_column(csv: &str) -> Vec<String> {
    csv.lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap().to_owned())
        .collect()
}

db::on_both_engines! {
    async fn a_list_is_filtered_sorted_and_added_up(place: &TestPlace) {
        let registry = with_schools(place).await;
        let mut browser = someone(&registry, "liu", "statistician", None).await;

        let all = browser.get("/institutions?sort=name").await.fine();
        let found = names(&all.text);
        assert_eq!(found.len(), 4, "{found:?}");
        // The suspended school stands in the list, but its 450 pupils of last year are no pupils of today.
        assert!(all.has("合计 4 所") && all.has("2,103") && !all.has(">450<"), "{}", all.text);
        assert!(all.has("在办 3 所,其中计校数 3 所"), "{}", all.text);
        assert!(all.has("合成数据"), "{}", all.text);
        // 2,103 pupils in 48 classes; 134 teachers.
        assert!(all.has("43.8") && all.has("15.7"), "{}", all.text);

        let initials = browser.get("/institutions?q=fxqdg").await.fine();
        assert_eq!(names(&initials.text), ["凤翔区东关初级中学"]);
        let part = browser.get("/institutions?q=%E7%BF%A0%E5%8D%8E&sort=-name").await.fine();
        assert_eq!(names(&part.text), ["雁塔区翠华路小学曲江校区", "雁塔区翠华路小学"]);
        let code = browser.get("/institutions?q=2161000002").await.fine();
        assert_eq!(names(&code.text), ["雁塔区电子城小学"]);
        let wildcard = browser.get("/institutions?q=%25").await.fine();
        assert_eq!(names(&wildcard.text), [] as [&str; 0]);

        let count = async |browser: &mut Browser, query: &str| {
            names(&browser.get(&format!("/institutions?{query}")).await.fine().text).len()
        };
        assert_eq!(count(&mut browser, "division=610113").await, 3);
        assert_eq!(count(&mut browser, "city=610100").await, 3);
        assert_eq!(count(&mut browser, "city=610300&county=610113").await, 1);
        assert_eq!(count(&mut browser, "division=999999").await, 0);
        assert_eq!(count(&mut browser, "unit=610300").await, 1);
        assert_eq!(count(&mut browser, "stage=2").await, 3);
        assert_eq!(count(&mut browser, "type=311").await, 1);
        assert_eq!(count(&mut browser, "kind=primary&status=open").await, 2);
        assert_eq!(count(&mut browser, "status=suspended").await, 1);
        assert_eq!(count(&mut browser, "origin=real").await, 0);
        assert_eq!(count(&mut browser, "as_of=2019-01-01").await, 0);

        let by_pupils = browser.get("/institutions?sort=-pupils&col=pupils&col=school_year").await.fine();
        assert_eq!(names(&by_pupils.text)[0], "雁塔区翠华路小学");
        assert!(by_pupils.has("2025-2026") && !by_pupils.has("1,150"));
        let before = browser.get("/institutions?as_of=2025-08-31&sort=-pupils").await.fine();
        assert!(before.has("1,150"), "{}", before.text);
        for key in ["mean_class_size", "-pupils_per_teacher", "division", "code", "founded", "nonsense"] {
            browser.get(&format!("/institutions?sort={key}")).await.fine();
        }
    }

    async fn a_day_that_is_none_is_refused_and_a_day_before_all_data_is_said(place: &TestPlace) {
        let registry = with_schools(place).await;
        let mut browser = someone(&registry, "liu", "statistician", None).await;
        let record = school(&registry, "雁塔区翠华路小学").await;
        for path in ["/institutions", "/institutions.csv", &format!("/institutions/{record}"), &format!("/institutions/{record}/edit")] {
            for query in ["kind=primary&as_of=yesterday", "kind=primary&known_on=2025-13-01"] {
                let refused = browser.get(&format!("{path}?{query}")).await;
                assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path}?{query}");
                let kept = r#"<input type="hidden" name="kind" value="primary">"#;
                assert!(refused.has("不是日期") && refused.has("registry.day") && refused.has(kept), "{}", refused.text);
            }
        }
        let json = browser.get("/institutions/places.json?parent=610100&as_of=yesterday").await;
        assert_eq!(json.status, StatusCode::BAD_REQUEST);
        assert!(json.text.contains(r#""code":"registry.day""#), "{}", json.text);

        let before = browser.get("/institutions?as_of=2019-01-01").await.fine();
        assert!(before.has("业务时点 2019-01-01 还没有学校(机构)数据") && before.has("最早的数据从 2020-09-01 起"), "{}", before.text);
        let unknown = browser.get("/institutions?known_on=2019-01-01").await.fine();
        assert!(unknown.has("掌握时点 2019-01-01 还没有学校(机构)数据"), "{}", unknown.text);
    }

    async fn the_export_holds_what_the_list_shows(place: &TestPlace) {
        let registry = with_schools(place).await;
        let mut browser = someone(&registry, "liu", "planner", None).await;
        for query in ["sort=name", "q=yt&sort=-pupils&col=pupils&col=unit&col=parent", "status=closed"] {
            let list = browser.get(&format!("/institutions?{query}")).await.fine();
            let csv = browser.get(&format!("/institutions.csv?{query}")).await;
            assert_eq!(csv.status, StatusCode::OK);
            assert!(csv.headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains("institutions-2026-03-02.csv"));
            assert_eq!(first_column(&csv.text), names(&list.text), "{}", csv.text);
            assert!(csv.text.starts_with("\u{feff}学校(机构)名称,"), "{}", csv.text);
            assert!(csv.text.lines().next().unwrap().ends_with("数据性质"), "{}", csv.text);
            assert!(csv.text.lines().skip(1).all(|line| line.ends_with("合成数据")), "{}", csv.text);
        }
        let entries = registry.security().audit_entries(0, 1000).await.unwrap();
        assert_eq!(entries.iter().filter(|entry| entry.action == "exported").count(), 3);
        let mut visitor = someone(&registry, "bai", "visitor", None).await;
        assert_eq!(visitor.get("/institutions.csv").await.status, StatusCode::FORBIDDEN);
    }

    async fn what_is_out_of_reach_does_not_exist(place: &TestPlace) {
        let registry = with_schools(place).await;
        let yanta = unit(&registry, "610113").await;
        let mut browser = someone(&registry, "yan", "statistician", Some(yanta)).await;
        let list = browser.get("/institutions").await.fine();
        assert!(list.has("雁塔区翠华路小学") && !list.has("凤翔区东关初级中学"), "{}", list.text);
        // The school years of the own schools, and no others.
        assert!(list.has("1,203") && list.has("仅含本单位数据"), "{}", list.text);
        let beside = browser.get("/institutions?division=610305").await.fine();
        assert!(beside.has("其他单位的无权查看"), "{}", beside.text);
        // The log shows the commits of the own unit, with its name.
        let log = browser.get("/commits").await.fine();
        assert!(log.has("雁塔区教育局") && !log.has("凤翔区教育局"), "{}", log.text);
        assert!(log.has("《学校.csv》") && log.has("《学年.csv》"), "{}", log.text);
        let own = school(&registry, "雁塔区翠华路小学").await;
        let other = school(&registry, "凤翔区东关初级中学").await;
        browser.get(&format!("/institutions/{own}")).await.fine();
        for path in [format!("/institutions/{other}"), format!("/institutions/{other}/edit"), "/institutions/x".to_owned()] {
            assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    async fn a_school_shows_its_year_its_place_and_what_belongs_to_it(place: &TestPlace) {
        let registry = with_schools(place).await;
        let mut browser = someone(&registry, "liu", "planner", None).await;
        let record = school(&registry, "雁塔区翠华路小学").await;
        let page = browser.get(&format!("/institutions/{record}")).await.fine();
        for words in ["1,203", "43.0", "18.8", "西安市 › 雁塔区", "108.9512345", "曲江校区", "合成数据", "2024-2025", "≤ 45", "《学校.csv》", "服务器管理员"] {
            assert!(page.has(words), "{words} is not in {}", page.text);
        }
        assert!(page.has("2020-09-01"), "{}", page.text);
        let earlier = browser.get(&format!("/institutions/{record}?as_of=2019-01-01")).await.fine();
        assert!(earlier.has("在这个业务时点没有这条记录"), "{}", earlier.text);
        // What a suspended school had is not of this year.
        let suspended = school(&registry, "雁塔区电子城小学").await;
        let page = browser.get(&format!("/institutions/{suspended}")).await.fine();
        assert!(page.has("停办前最近一学年数字") && !page.has("本学年数字"), "{}", page.text);
        let places = browser.get("/institutions/places.json?parent=610100").await;
        assert!(places.has(r#"{"value":"610113","label":"雁塔区"}"#), "{}", places.text);
    }
}

//! `GET /`

use registry::imports::Request;
use testkit::TestApp;
use testkit::fixtures::institution;

db::on_both_engines! {
    async fn it_shows_what_changed_in_ones_own_units_only(place: &TestPlace) {
        let app = TestApp::start(place).await;
        app.load(&[institution("雁塔路小学", "610113"), institution("莲湖路小学", "610104")]).await;
        let county = app.signed_in("statistician", Some("610113")).await;
        let page = county.get("/").await;
        assert_eq!(page.status, 200, "{}", page.text());
        let units = page.words("table.data tbody td:nth-child(4)");
        assert!(units.iter().any(|unit| unit.contains("雁塔")), "{units:?}");
        assert!(!units.iter().any(|unit| unit.contains("莲湖")), "{units:?}");
        assert!(page.words(".post")[0].contains("雁塔区"), "{:?}", page.words(".post"));
        app.stop().await;
    }

    async fn it_counts_what_the_permit_reaches(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let open = |name, county| institution(name, county).with("counted", "是");
        app.load(&[open("甲小学", "610113"), open("乙小学", "610113"), open("丙小学", "610104")]).await;
        let county = app.signed_in("statistician", Some("610113")).await.get("/").await;
        assert_eq!(county.words(".stats dd b"), ["2"], "{}", county.text());
        let city = app.signed_in("planner", Some("610100")).await.get("/").await;
        assert_eq!(city.words(".stats dd b"), ["3"]);
        app.stop().await;
    }

    async fn pupils_are_held_against_those_of_the_school_year_before(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let put = async |dataset: &str, effective: &str, text: &str| {
            let path = app.folder().join("file.csv");
            std::fs::write(&path, text).unwrap();
            let request = Request { effective: effective.to_owned(), ..Request::default() };
            let finished = app.import_file(dataset, &path, &request).await.unwrap();
            assert!(!finished.plan.has_refusals(), "{:?}", finished.plan.causes);
        };
        let head = "name,type,division,unit,status\n";
        put("institution", "2020-09-01", &format!("{head}甲小学,211,610113,610113,open\n乙小学,211,610113,610113,open\n")).await;
        put("institution", "2025-08-20", &format!("{head}乙小学,211,610113,610113,closed\n")).await;
        let years = "institution,school_year,pupils\n甲小学,2024-2025,100\n甲小学,2025-2026,110\n乙小学,2024-2025,50\n";
        put("institution_year", "", years).await;
        // The closed school counts no more, but it did a year ago: 110 after 150.
        let page = app.signed_in("planner", None).await.get("/").await;
        assert_eq!(page.words(".stats dd b"), ["1", "110"], "{}", page.text());
        let stats = page.words(".stats dd");
        assert!(stats[0].contains("−1") && stats[1].contains("−40"), "{stats:?}");
        // Years later, without new numbers, the same two years are compared.
        app.clock.set(kernel::Day::parse("2029-03-02").unwrap().start());
        let page = app.signed_in("planner", None).await.get("/").await;
        assert!(page.words(".stats dd")[1].contains("−40"), "{}", page.text());
        app.stop().await;
    }

    async fn someone_without_a_post_is_told_what_to_do(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let client = app.signed_in("planner", None).await;
        let security = app.app.security();
        let accounts = security.list_accounts(&app.permit()).await.unwrap();
        security.end_grant(&app.permit(), accounts[0].grants[0].id).await.unwrap();
        let page = client.get("/").await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("这个账号目前没有岗位"), "{}", page.text());
        assert_eq!(page.words("nav.side a span").first().map(String::as_str), Some("首页"));
        app.stop().await;
    }

    async fn a_refused_row_waits_to_be_put_right(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let text = "name,division,unit,code\n甲小学,610113,610113,12\n乙小学,610113,610113,\n";
        app.import("institution", "mixed.csv", text).await.unwrap();
        let province = app.signed_in("statistician", None).await.get("/").await;
        let todo = province.words("table.data tbody th");
        assert!(todo.iter().any(|words| words.contains("mixed.csv")), "{todo:?}");
        app.stop().await;
    }
}

//! `GET /settings` and `POST /settings`

use testkit::TestApp;

db::on_both_engines! {
    async fn an_administrator_of_the_whole_node_sets_what_stands_on_pages(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let client = app.signed_in("system_administrator", None).await;
        let page = client.get("/settings").await;
        assert_eq!(page.status, 200, "{}", page.text());
        let fields = [("deployment_name", "陕西省教育厅"), ("map_review_number", "陕S(2026)001号"), ("banner", "今晚维护")];
        let saved = client.form("/settings", &fields).await;
        assert_eq!((saved.status.as_u16(), saved.location()), (303, "/settings?saved=1"));
        let page = client.get("/settings?saved=1").await;
        assert_eq!(page.attribute("input[name=map_review_number]", "value").as_deref(), Some("陕S(2026)001号"));
        assert_eq!(page.words(".banner"), ["今晚维护"]);
        assert_eq!(page.words(".post"), ["陕西省教育厅 · 系统管理员"]);
        let audit = app.app.security().audit_entries(0, 1000).await.unwrap();
        let changed: Vec<&str> = audit
            .iter()
            .filter(|entry| entry.action == "setting_changed")
            .map(|entry| entry.subject.as_str())
            .collect();
        assert_eq!(changed, ["setting:deployment_name", "setting:map_review_number", "setting:banner"]);
        app.stop().await;
    }

    async fn a_setting_that_is_too_long_keeps_what_was_typed(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let client = app.signed_in("system_administrator", None).await;
        let long = "长".repeat(61);
        let answer = client.form("/settings", &[("deployment_name", &long)]).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.attribute("input[name=deployment_name]", "value"), Some(long));
        assert_eq!(answer.words(".summary a"), ["部署名称:最多 60 个字"]);
        app.stop().await;
    }

    async fn an_administrator_of_one_unit_does_not_set_them(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let county = app.signed_in("system_administrator", Some("610113")).await;
        assert_eq!(county.form("/settings", &[("banner", "x")]).await.status, 403);
        let planner = app.signed_in("planner", None).await;
        assert_eq!(planner.get("/settings").await.status, 403);
        app.stop().await;
    }
}

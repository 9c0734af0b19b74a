use super::browser::Browser;
use super::{COUNTY, OTHER_COUNTY, SCHOOL, house};

db::on_both_engines! {
    async fn an_application_goes_through_the_pages_without_a_script(place: &TestPlace) {
        let house = house(place).await;
        house.person("head", "cio", Some(COUNTY)).await;
        house.account("newcomer").await;
        house.person("stranger", "cio", Some(OTHER_COUNTY)).await;
        // Someone without a post applies for one.
        let mut newcomer = Browser::of(&house, "newcomer").await;
        let start = newcomer.get("/cases/new").await.text();
        assert!(start.contains("/cases/new/grant_application"));
        assert!(!start.contains("export_approval") && !start.contains("incident_escalation"));
        assert_eq!(newcomer.get("/cases/new/export_approval").await.status, 404);
        assert_eq!(newcomer.get("/cases/new/incident_escalation").await.status, 404);
        assert_eq!(newcomer.get("/cases/new/nothing").await.status, 404);

        let key = newcomer.get("/cases/new/grant_application").await.field("key");
        let wrong = [("key", key.as_str()), ("unit", "99"), ("post", "statistician"), ("reason", "")];
        let wrong = newcomer.post("/cases/new/grant_application", &wrong).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.text().contains("没有这个单位") && wrong.text().contains("请填写"));
        assert_eq!(wrong.field("key"), key, "the form is the same form");
        let right = [
            ("key", key.as_str()),
            ("unit", "6"),
            ("post", "statistician"),
            ("reason", "<b>接替</b>前任"),
        ];
        let begun = newcomer.post("/cases/new/grant_application", &right).await;
        assert_eq!(begun.location(), "/cases/1?done=begun");
        let twice = newcomer.post("/cases/new/grant_application", &right).await;
        assert_eq!(twice.location(), "/cases/1?done=begun", "one case");
        let case = newcomer.get("/cases/1").await.text();
        assert!(case.contains("&lt;b&gt;接替&lt;/b&gt;前任") && case.contains("撤回"));
        assert!(!case.contains("value=\"approve\""));

        let mut stranger = Browser::of(&house, "stranger").await;
        let hidden = stranger.get("/cases/1").await;
        let none = stranger.get("/cases/2").await;
        assert_eq!((hidden.status.as_u16(), none.status.as_u16()), (404, 404));
        assert_eq!(hidden.text().replace("cases%2F1", ""), none.text().replace("cases%2F2", ""));
        assert_eq!(stranger.get("/cases/x").await.status, 404);

        let mut head = Browser::of(&house, "head").await;
        let inbox = head.get("/inbox").await.text();
        assert!(inbox.contains("/cases/1") && inbox.contains("岗位申请"));
        let page = head.get("/cases/1").await;
        assert!(page.text().contains("测试newcomer"));
        let (version, key) = (page.field("version"), page.field("key"));
        let act = |step: &'static str, note: &'static str| {
            [("move", step), ("note", note)]
        };
        let form = |step: &'static str, note: &'static str| {
            let [step, note] = act(step, note);
            vec![("version", version.clone()), ("key", key.clone()), (step.0, step.1.to_owned()), (note.0, note.1.to_owned())]
        };
        let no_note = form("refuse", " ");
        let no_note: Vec<(&str, &str)> = no_note.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = head.post("/cases/1/move", &no_note).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains("请填写意见"));
        let approve = form("approve", "同意");
        let approve: Vec<(&str, &str)> = approve.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(head.post("/cases/1/move", &approve).await.location(), "/cases/1?done=moved");
        // The button pressed twice.
        assert_eq!(head.post("/cases/1/move", &approve).await.location(), "/cases/1?done=moved");
        // An old page of somebody else, with another key.
        let mut late = approve.clone();
        late[1] = ("key", "0123");
        let late = head.post("/cases/1/move", &late).await;
        assert_eq!(late.status, 409);
        assert!(late.text().contains("刚刚被别人办理过"));

        let done = head.get("/cases/1").await.text();
        assert!(done.contains("已批准") && done.contains("已落实") && done.contains("grant:"));
        let notices = newcomer.get("/inbox?tab=notices").await.text();
        assert!(notices.contains("你的申请已办结") && notices.contains("全部标为已读"));
        newcomer.post("/inbox/notices", &[]).await;
        assert!(!newcomer.get("/inbox?tab=notices").await.text().contains("全部标为已读"));
        for tab in ["todo", "returned", "overdue", "mine", "notices", "other"] {
            let page = newcomer.get(&format!("/inbox?tab={tab}&page=9")).await;
            assert_eq!(page.status, 200);
            assert!(!page.text().contains('⟨'), "{tab}: a message is missing");
        }
    }

    async fn a_returned_application_is_mended_on_its_page(place: &TestPlace) {
        let house = house(place).await;
        house.person("head", "cio", Some(COUNTY)).await;
        house.person("teacher", "visitor", Some(SCHOOL)).await;
        let mut teacher = Browser::of(&house, "teacher").await;
        let key = teacher.get("/cases/new/grant_application").await.field("key");
        let fields = [("key", key.as_str()), ("unit", "6"), ("post", "planner"), ("reason", "x")];
        teacher.post("/cases/new/grant_application", &fields).await;
        let mut head = Browser::of(&house, "head").await;
        let page = head.get("/cases/1").await;
        let (version, key) = (page.field("version"), page.field("key"));
        let fields = [
            ("version", version.as_str()),
            ("key", key.as_str()),
            ("move", "return"),
            ("note", "写明理由\r\n和期限"),
        ];
        head.post("/cases/1/move", &fields).await;
        let page = teacher.get("/cases/1").await;
        assert!(page.text().contains("<p>写明理由</p><p>和期限</p>"));
        assert_eq!(page.field("unit"), "6");
        let (version, key) = (page.field("version"), page.field("key"));
        let fields = |reason: &'static str| {
            [
                ("version".to_owned(), version.clone()),
                ("key".to_owned(), key.clone()),
                ("move".to_owned(), "resubmit".to_owned()),
                ("unit".to_owned(), "6".to_owned()),
                ("post".to_owned(), "planner".to_owned()),
                ("until".to_owned(), "2027-01-01".to_owned()),
                ("reason".to_owned(), reason.to_owned()),
            ]
        };
        let empty = fields("");
        let empty: Vec<(&str, &str)> = empty.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(teacher.post("/cases/1/move", &empty).await.status, 422);
        let full = fields("接替前任一年");
        let full: Vec<(&str, &str)> = full.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(teacher.post("/cases/1/move", &full).await.location(), "/cases/1?done=moved");
        let page = head.get("/cases/1").await.text();
        assert!(page.contains("接替前任一年") && page.contains("2027-01-01"));
    }
}

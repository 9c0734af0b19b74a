//! The pages as a browser takes them, without a script.

use axum::http::StatusCode;
use db::testing::TestPlace;

use super::browser::{Answer, Browser};
use super::{COUNTY, House, SCHOOL};

async fn house() -> (House, TestPlace) {
    let place = TestPlace::sqlite().unwrap();
    (House::new(&place).await, place)
}

fn is_whole(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(
        !answer.text.contains('⟨'),
        "a message is missing: {}",
        answer.text
    );
    assert!(!answer.text.contains("style="), "nothing inline");
}

#[tokio::test]
async fn every_page_answers_in_both_languages_and_is_closed_to_others() {
    let (house, place) = house().await;
    house.permit("county", "test_security", COUNTY).await;
    house.permit("reader", "test_reader", COUNTY).await;
    let mut browser = Browser::signed_in(&house, "county").await;
    let pages = [
        "/assurance",
        "/assurance/units",
        "/assurance/units?only=missing&q=第一",
        "/assurance/units/4?duty=cio",
        "/assurance/systems",
        "/assurance/systems/new",
        "/assurance/incidents",
        "/assurance/incidents/new",
        "/assurance/reports",
        "/assurance/reports/new",
        "/assurance/trainings",
        "/assurance/accountability",
        "/assurance/accountability?state=open&q=x",
        "/assurance/accounts",
        "/assurance/accounts?what=training",
    ];
    for page in pages {
        let page = page.replace("第一", "%E7%AC%AC%E4%B8%80");
        browser.cookie("lang", "zh-CN");
        let chinese = browser.get(&page).await;
        is_whole(&chinese);
        browser.cookie("lang", "en");
        let english = browser.get(&page).await;
        is_whole(&english);
        assert!(chinese.text.contains("网络安全责任") && english.text.contains("Security duties"));
    }
    browser.cookie("lang", "zh-CN");
    for hidden in [
        "/assurance/units/5",
        "/assurance/units/99",
        "/assurance/units/x",
        "/assurance/units?unit=2",
        "/assurance/systems/1",
        "/assurance/incidents/1",
        "/assurance/reports/1",
        "/assurance/systems/new?unit=5",
    ] {
        let answer = browser.get(hidden).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{hidden}");
        assert!(
            !answer.text.contains("邻县") && !answer.text.contains("某市"),
            "{hidden}"
        );
    }
    house.permit("head", "test_head", COUNTY).await;
    let mut head = Browser::signed_in(&house, "head").await;
    for page in [
        "/assurance",
        "/assurance/units/4?duty=cio",
        "/assurance/systems",
        "/assurance/reports",
        "/assurance/trainings",
    ] {
        let page = head.get(page).await;
        is_whole(&page);
        let work = page.text.split("<main").nth(1).unwrap().to_owned();
        assert!(
            !work.contains("method=\"post\""),
            "sees and changes nothing: {work}"
        );
    }
    assert_eq!(
        head.get("/assurance/systems/new").await.status,
        StatusCode::FORBIDDEN
    );
    let mut reader = Browser::signed_in(&house, "reader").await;
    assert_eq!(reader.get("/assurance").await.status, StatusCode::FORBIDDEN);
    place.remove().await.unwrap();
}

#[tokio::test]
async fn a_duty_is_named_on_a_form_that_keeps_what_was_typed() {
    let (house, place) = house().await;
    house.permit("officer", "test_officer", SCHOOL).await;
    let mut browser = Browser::signed_in(&house, "officer").await;
    let at = "/assurance/units/4";
    let open = "/assurance/units/4?duty=cio";
    let wrong = browser
        .form(
            open,
            at,
            &[
                ("duty", "cio"),
                ("name", "王某"),
                ("from", "2026-13-01"),
                ("phone", "x"),
            ],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("value=\"王某\"") && wrong.text.contains("href=\"#field-phone\""),
        "{}",
        wrong.text
    );
    let right = browser
        .form(
            open,
            at,
            &[
                ("duty", "cio"),
                ("name", "王某"),
                ("post", "校长"),
                ("phone", "029-00000000"),
                ("from", "2026-03-01"),
            ],
        )
        .await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{}", right.text);
    let page = browser.get(&right.location).await;
    is_whole(&page);
    assert!(
        page.text.contains("王某") && page.text.contains("首席信息官"),
        "{}",
        page.text
    );
    let without_token = browser
        .post(
            at,
            &[("duty", "cio"), ("name", "李某"), ("from", "2026-03-01")],
        )
        .await;
    assert_eq!(without_token.status, StatusCode::FORBIDDEN);
    let escaped = browser
        .form(
            open,
            at,
            &[
                ("duty", "cio"),
                ("name", "<script>x</script>"),
                ("post", "校长"),
                ("from", "2026-03-02"),
            ],
        )
        .await;
    let page = browser.get(&escaped.location).await;
    assert!(!page.text.contains("<script>x") && page.text.contains("&lt;script&gt;x"));
    place.remove().await.unwrap();
}

#[tokio::test]
async fn a_system_is_registered_listed_and_exported() {
    let (house, place) = house().await;
    house.permit("county", "test_security", COUNTY).await;
    let mut browser = Browser::signed_in(&house, "county").await;
    let new = "/assurance/systems/new?unit=4";
    let fields = [
        ("unit", "4"),
        ("name", "=学校网站"),
        ("kind", "website"),
        ("domain", "SCHOOL.example.cn"),
        ("addresses", "192.0.2.7,192.0.2.8"),
        ("level", "3"),
        ("assessed", "2025-02-01"),
    ];
    let answer = browser.form(new, "/assurance/systems/new", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let page = browser.get(&answer.location).await;
    is_whole(&page);
    assert!(
        page.text.contains("测评应于 2026-02-01 前完成"),
        "{}",
        page.text
    );
    assert!(page.text.contains("192.0.2.7 192.0.2.8") && page.text.contains("school.example.cn"));

    let list = browser.get("/assurance/systems?gap=overdue&level=3").await;
    is_whole(&list);
    assert!(list.text.contains("=学校网站"));
    let list = browser.get("/assurance/systems?gap=soon").await;
    assert!(!list.text.contains("=学校网站"));
    let file = browser.get("/assurance/systems.csv?gap=overdue").await;
    assert!(
        file.text.contains("\r\n'=学校网站,第一小学,网站"),
        "{}",
        file.text
    );
    let entries = house.security.audit_entries(0, 1000).await.unwrap();
    assert!(entries.iter().any(|entry| entry.action == "exported"));

    let after = page.field("after");
    let change = [
        ("after", after.as_str()),
        ("name", "学校门户"),
        ("kind", "website"),
    ];
    let answer = browser
        .form("/assurance/systems/1", "/assurance/systems/1", &change)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let stale = browser
        .form("/assurance/systems/1", "/assurance/systems/1", &change)
        .await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    place.remove().await.unwrap();
}

#[tokio::test]
async fn an_incident_shows_the_time_left_and_takes_its_reports() {
    let (house, place) = house().await;
    house.permit("officer", "test_officer", SCHOOL).await;
    house.permit("county", "test_security", COUNTY).await;
    let mut browser = Browser::signed_in(&house, "officer").await;
    let new = "/assurance/incidents/new";
    let fields = [
        ("unit", "4"),
        ("title", "网页被改"),
        ("kind", "attack"),
        ("level", "iii"),
        ("found_day", "2026-03-05"),
        ("found_time", "11:50"),
    ];
    let answer = browser.form(new, new, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let page = browser.get(&answer.location).await;
    is_whole(&page);
    assert!(page.text.contains("还剩 0 小时 20 分"), "{}", page.text);
    house.clock.advance(25 * 60_000);
    let list = browser.get("/assurance/incidents?overdue=1").await;
    is_whole(&list);
    assert!(list.text.contains("已超 0 小时 5 分"), "{}", list.text);

    let after = page.field("after");
    let at = answer.location.clone();
    let empty = browser
        .form(
            &at,
            &at,
            &[("op", "report"), ("after", &after), ("report", "urgent")],
        )
        .await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let sent = browser
        .form(
            &at,
            &at,
            &[
                ("op", "report"),
                ("after", &after),
                ("report", "urgent"),
                ("text", "已断网"),
            ],
        )
        .await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let page = browser.get(&at).await;
    is_whole(&page);
    assert!(page.text.contains("迟报") && page.text.contains("已断网"));
    let case = [
        ("op", "case"),
        ("after", &page.field("after")),
        ("step", "opened"),
        ("who", "信息中心"),
        ("text", "未打补丁"),
    ];
    let opened = browser.form(&at, &at, &case).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);
    let page = browser.get(&at).await;
    is_whole(&page);
    assert!(page.text.contains("问责 1"), "{}", page.text);

    let mut county = Browser::signed_in(&house, "county").await;
    let page = county.get("/assurance").await;
    is_whole(&page);
    assert!(page.text.contains("报来安全事件"), "{}", page.text);
    assert!(page.text.contains("未结的问责案件"), "{}", page.text);
    let open = county.get("/assurance/accountability?state=open").await;
    is_whole(&open);
    assert!(
        open.text.contains("信息中心")
            && open.text.contains("未打补丁")
            && open.text.contains("#case-1"),
        "{}",
        open.text
    );
    let decided = [
        ("op", "case"),
        ("after", &browser.get(&at).await.field("after")),
        ("step", "decided"),
        ("case", "1"),
        ("text", "约谈负责人"),
    ];
    let decided = browser.form(&at, &at, &decided).await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.text);
    let open = county.get("/assurance/accountability?state=open").await;
    assert!(!open.text.contains("信息中心"), "{}", open.text);
    let all = county.get("/assurance/accountability").await;
    assert!(
        all.text.contains("已处理") && all.text.contains("约谈负责人"),
        "{}",
        all.text
    );
    place.remove().await.unwrap();
}

#[tokio::test]
async fn a_zero_report_is_one_click() {
    let (house, place) = house().await;
    house.permit("county", "test_security", COUNTY).await;
    house.permit("officer", "test_officer", SCHOOL).await;
    let mut county = Browser::signed_in(&house, "county").await;
    let new = "/assurance/reports/new";
    let fields = [
        ("unit", "3"),
        ("title", "国庆值守"),
        ("from", "2026-03-05"),
        ("to", "2026-03-06"),
        ("hour", "18:00"),
        ("below", "all"),
    ];
    let set = county.form(new, new, &fields).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.text);
    let mut officer = Browser::signed_in(&house, "officer").await;
    let page = officer.get("/assurance/reports").await;
    is_whole(&page);
    assert!(page.text.contains("今日无事(零报告)"), "{}", page.text);
    let hidden =
        ["csrf", "schedule", "unit", "day", "incidents"].map(|name| (name, page.field(name)));
    let fields: Vec<(&str, &str)> = hidden
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let filed = officer.post("/assurance/reports", &fields).await;
    assert_eq!(filed.status, StatusCode::SEE_OTHER, "{}", filed.text);
    let page = county.get(&set.location).await;
    is_whole(&page);
    assert!(
        page.text.contains("第一小学") && page.text.contains("已报"),
        "{}",
        page.text
    );
    let own_view = officer.get(&set.location).await;
    is_whole(&own_view);
    place.remove().await.unwrap();
}

#[tokio::test]
async fn attendance_and_drills_are_recorded_on_forms() {
    let (house, place) = house().await;
    house.permit("county", "test_security", COUNTY).await;
    house.permit("officer", "test_officer", SCHOOL).await;
    house.permit("second", "test_officer", SCHOOL).await;
    house
        .permit("stranger", "test_officer", super::OTHER_COUNTY)
        .await;
    let mut browser = Browser::signed_in(&house, "county").await;
    let at = "/assurance/trainings";
    let attended = |login| {
        vec![
            ("op", "attended"),
            ("unit", "3"),
            ("login", login),
            ("course", "test_course"),
            ("day", "2026-03-01"),
            ("hours", "4"),
        ]
    };
    let answer = browser.form(at, at, &attended("officer")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    // Several at once; where one of them is wrong, nobody is recorded.
    let mixed = browser.form(at, at, &attended("second, nobody")).await;
    assert_eq!(mixed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        house
            .assurance
            .attendances(&super::operator())
            .await
            .unwrap()
            .len(),
        1
    );
    let several = browser
        .form(at, at, &attended("second\u{ff0c}officer"))
        .await;
    assert_eq!(several.status, StatusCode::SEE_OTHER, "{}", several.text);
    assert_eq!(
        house
            .assurance
            .attendances(&super::operator())
            .await
            .unwrap()
            .len(),
        3
    );
    let (stranger, nobody) = (
        browser.form(at, at, &attended("stranger")).await,
        browser.form(at, at, &attended("nobody")).await,
    );
    assert_eq!(stranger.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        stranger.text.replace("stranger", ""),
        nobody.text.replace("nobody", ""),
        "an account out of reach is like none"
    );
    assert_eq!(
        browser.form(at, at, &attended("county")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let drill = [
        ("op", "drill"),
        ("unit", "3"),
        ("title", "断网演练"),
        ("day", "2026-03-02"),
        ("people", "12"),
    ];
    assert_eq!(
        browser.form(at, at, &drill).await.status,
        StatusCode::SEE_OTHER
    );
    let page = browser.get(at).await;
    is_whole(&page);
    assert!(
        page.text.contains("断网演练")
            && page.text.contains("测试课程")
            && page.text.contains("officer")
    );
    place.remove().await.unwrap();
}

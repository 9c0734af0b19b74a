//! What goes wrong has a page.

use db::testing::TestPlace;
use testkit::TestApp;

#[tokio::test]
async fn addresses_and_methods_that_are_not_there_are_said_in_the_readers_language() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let client = app.signed_in("planner", None).await;
    let missing = client.get("/no/such/page").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.words("h1"), ["没有这个页面"]);
    assert!(
        !missing.words("nav.side a").is_empty(),
        "the reader's navigation stays"
    );
    let method = client.form("/healthz", &[]).await;
    assert_eq!(method.status, 405);
    assert_eq!(method.words("h1"), ["这个地址不能这样打开"]);
    let english = client
        .get_with(
            "/no/such/page",
            &[("accept", "text/html"), ("accept-language", "en")],
        )
        .await;
    assert_eq!(english.words("h1"), ["There is no such page"]);
    let program = client.fetch("/no/such/file.json").await;
    assert_eq!(
        (program.status.as_u16(), program.text().as_str()),
        (404, "")
    );
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn every_answer_has_an_operation_id_and_the_headers_that_keep_it_to_itself() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let client = app.visitor();
    let first = client.get("/signin").await;
    let second = client.get("/no/such/page").await;
    for answer in [&first, &second] {
        assert_eq!(answer.header("x-operation-id").len(), 12);
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
    }
    assert_ne!(
        first.header("x-operation-id"),
        second.header("x-operation-id")
    );
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_too_long_is_refused() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let client = app.signed_in("planner", None).await;
    let asked = |times: usize| format!("/institutions?{}", "type=999&".repeat(times));
    assert_eq!(client.get(&asked(100)).await.status, 200);
    let refused = client.get(&asked(1_000)).await;
    assert_eq!(refused.status, 414);
    assert_eq!(refused.words("h1"), ["网址太长"]);
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn a_form_that_is_too_large_changes_nothing() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let client = app.signed_in("system_administrator", None).await;
    let long = "x".repeat(3 * 1024 * 1024);
    let answer = client.form("/settings", &[("banner", &long)]).await;
    assert_eq!(answer.status, 413);
    assert_eq!(app.app.display().banner, "");
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn pages_are_compressed() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let http = reqwest::Client::builder()
        .no_gzip()
        .no_proxy()
        .build()
        .unwrap();
    let request = http
        .get(format!("{}/signin", app.url()))
        .header("accept-encoding", "gzip");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn over_https_the_cookie_of_the_language_is_of_this_host() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start_with(&place, |settings| settings.security.https = true).await;
    let client = app.visitor();
    let switched = client.get("/language?to=en&back=%2Fsignin").await;
    assert_eq!(
        (switched.status.as_u16(), switched.location()),
        (303, "/signin")
    );
    let cookie = switched.header("set-cookie");
    let is_kept = cookie.starts_with("__Host-lang=en; Path=/; ") && cookie.ends_with("; Secure");
    assert!(is_kept, "{cookie}");
    let english = client
        .get_with(
            "/signin",
            &[("accept", "text/html"), ("cookie", "__Host-lang=en")],
        )
        .await;
    assert_eq!(english.attribute("html", "lang").as_deref(), Some("en"));
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn pages_and_styles_say_in_which_letters_they_are() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let client = app.visitor();
    let page = client.get("/signin").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let style = page.attribute("link[rel=stylesheet]", "href").unwrap();
    let style = client.fetch(&style).await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    app.stop().await;
    place.remove().await.unwrap();
}

//! `GET /metrics`

use db::testing::TestPlace;
use testkit::TestApp;
use testkit::fixtures::institution;

db::on_both_engines! {
    async fn requests_commits_and_rows_are_counted(place: &TestPlace) {
        let app = TestApp::start(place).await;
        app.load(&[institution("雁塔路小学", "610113")]).await;
        let client = app.visitor();
        client.get("/institutions/1?q=%E7%8E%8B").await;
        let answer = client.fetch("/metrics").await;
        assert_eq!(answer.status, 200);
        let text = answer.text();
        let head = app.app.registry().ledger().head().await.unwrap().number;
        for line in [
            "weihe_request_duration_seconds_count{method=\"GET\",route=\"/institutions/{id}\",status=\"303\"} 1",
            "weihe_rows{dataset=\"institution\"} 1",
            "weihe_imports{state=\"done\"} 1",
            &format!("weihe_head_commit {head}"),
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is missing:\n{text}");
        }
        // What someone typed is in no label.
        assert!(!text.contains("%E7"));
        app.stop().await;
    }
}

#[tokio::test]
async fn it_is_not_there_for_other_machines() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let answer = app
        .visitor()
        .get_with("/metrics", &[("x-forwarded-for", "192.0.2.1")])
        .await;
    assert_eq!(answer.status, 404);
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn with_a_token_only_who_knows_it_reads() {
    let place = TestPlace::sqlite().unwrap();
    let token = |settings: &mut server::Settings| settings.metrics_token = Some("river".to_owned());
    let app = TestApp::start_with(&place, token).await;
    let client = app.visitor();
    assert_eq!(client.fetch("/metrics").await.status, 404);
    let answer = client
        .get_with("/metrics", &[("authorization", "Bearer river")])
        .await;
    assert_eq!(answer.status, 200);
    app.stop().await;
    place.remove().await.unwrap();
}

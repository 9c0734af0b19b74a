//! `GET /healthz`

use testkit::TestApp;

db::on_both_engines! {
    async fn it_answers_to_anyone_while_both_databases_do(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let answer = app.visitor().fetch("/healthz").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["status"], "ok");
        assert_eq!(answer.header("cache-control"), "no-store");
        let [(_, _), (_, work)] = app.app.databases();
        work.close().await;
        let answer = app.visitor().fetch("/healthz").await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.json()["ledger"], "ok");
        assert_eq!(answer.json()["work"], "unreachable");
        app.stop().await;
    }
}

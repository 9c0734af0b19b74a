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

    async fn it_is_unhealthy_without_the_ledger(place: &TestPlace) {
        let app = TestApp::start(place).await;
        assert_eq!(app.visitor().fetch("/healthz").await.status, 200);
        let [(_, ledger), _] = app.app.databases();
        ledger.close().await;
        let answer = app.visitor().fetch("/healthz").await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.json()["status"], "unreachable");
        assert_eq!(answer.json()["ledger"], "unreachable");
        assert_eq!(answer.json()["work"], "ok");
        app.stop().await;
    }
}

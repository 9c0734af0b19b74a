//! Signing in and out.

use testkit::TestApp;

db::on_both_engines! {
    async fn a_page_leads_to_sign_in_and_back_to_itself(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let login = app.account("planner", Some("610113")).await;
        let mut client = app.visitor();
        let asked = client.get("/institutions?q=x").await;
        assert_eq!(asked.status, 303);
        assert_eq!(asked.location(), "/signin?next=%2Finstitutions%3Fq%3Dx");
        let wrong = client.try_sign_in(&login, "not this one").await;
        assert_eq!(wrong.status, 422);
        client.sign_in(&login, "Wei-He river 2026").await;
        assert_eq!(client.get("/").await.status, 200);
        app.stop().await;
    }

    async fn signing_out_ends_the_session(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let client = app.signed_in("planner", None).await;
        let out = client.form("/signout", &[]).await;
        assert_eq!(out.status, 303, "{}", out.text());
        assert_eq!(client.get("/").await.status, 303);
        app.stop().await;
    }

    async fn the_session_of_a_barred_account_ends(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let client = app.signed_in("planner", None).await;
        let accounts = app.app.security().list_accounts(&app.permit()).await.unwrap();
        app.app.security().disable(&app.permit(), accounts[0].account.id).await.unwrap();
        assert_eq!(client.get("/").await.status, 303);
        app.stop().await;
    }
}

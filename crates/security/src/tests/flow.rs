use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use db::testing::TestPlace;

use super::browser::Browser;
use super::{House, house, operator};
use crate::web::{SESSION_COOKIE, VISITOR_COOKIE};
use crate::{NewAccount, SecurityError};

pub(crate) const PASSWORD: &str = "Wei-he-2026-liu";

pub(crate) async fn with_account(place: &TestPlace, posts: &[&str]) -> House {
    let house = house(place).await;
    let account = NewAccount {
        login: "wang".to_owned(),
        display: "王某".to_owned(),
        password: Some(PASSWORD.to_owned()),
    };
    let (id, _) = house
        .security
        .create_account(&operator(), account)
        .await
        .unwrap();
    for post in posts {
        house
            .security
            .grant(&operator(), id, post, None, None)
            .await
            .unwrap();
    }
    house
}

async fn outcomes(house: &House) -> Vec<String> {
    let entries = house.security.audit_entries(0, 1000).await.unwrap();
    entries
        .iter()
        .filter(|entry| entry.action.starts_with("sign_"))
        .map(|entry| format!("{} {} {}", entry.action, entry.subject, entry.outcome))
        .collect()
}

db::on_both_engines! {
    async fn one_signs_in_works_and_signs_out(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut browser = Browser::new(&house.security);

        let asked = browser.get("/schools?page=2&q=x").await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER);
        assert_eq!(asked.location(), "/signin?next=%2Fschools%3Fpage%3D2%26q%3Dx");
        let page = browser.get(asked.location()).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("value=\"/schools?page=2&amp;q=x\""), "{}", page.text);
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        assert!(page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("default-src 'none'"));
        assert_eq!(page.headers["x-content-type-options"], "nosniff");

        let sent = [
            ("csrf", &*page.token()), ("next", "/schools"), ("login", "WANG"), ("password", PASSWORD),
        ];
        let answer = browser.post("/signin", &sent).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/schools"));
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("weihe_session=") && cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
        assert_eq!(browser.cookie(VISITOR_COOKIE), None);

        assert!(browser.get("/schools").await.text.starts_with("account:1 "));
        let page = browser.get("/account").await;
        assert!(page.text.contains("岗位planner") && page.text.contains("192.0.2.1"), "{}", page.text);

        let token = page.token();
        let session = browser.cookie(SESSION_COOKIE).unwrap().clone();
        let out = browser.post("/signout", &[("csrf", &token)]).await;
        assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/signin"));
        assert_eq!(browser.cookie(SESSION_COOKIE), None);
        browser.put_cookie(SESSION_COOKIE, &session);
        assert_eq!(browser.get("/schools").await.status, StatusCode::SEE_OTHER);
        assert_eq!(outcomes(&house).await, ["sign_in session:1 done", "sign_out session:1 done"]);
        assert!(house.security.verify_audit().await.is_ok());
    }

    async fn unknown_names_and_wrong_passwords_look_the_same(place: &TestPlace) {
        let house = with_account(place, &[]).await;
        let mut texts = Vec::new();
        for (login, password) in [("wang", "wrong"), ("nobody", "wrong"), ("no body", "wrong")] {
            let mut browser = Browser::new(&house.security);
            let answer = browser.sign_in(login, password).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(browser.cookie(SESSION_COOKIE), None);
            let token = answer.token();
            texts.push(answer.text.replace(&token, "").replace(login, "NAME"));
        }
        assert_eq!(texts[0], texts[1]);
        assert_eq!(texts[1], texts[2]);
        assert_eq!(outcomes(&house).await, ["sign_in account:1 refused", "sign_in  refused", "sign_in  refused"]);
    }

    async fn wrong_passwords_lock_the_name_at_that_address_only(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut attacker = Browser::new(&house.security).at("198.51.100.7");
        for _ in 0..5 {
            assert_eq!(attacker.sign_in("wang", "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let locked = attacker.sign_in("wang", PASSWORD).await;
        assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(locked.text.contains("请在 1 分钟后再试"), "{}", locked.text);

        let mut owner = Browser::new(&house.security);
        assert_eq!(owner.sign_in("wang", PASSWORD).await.status, StatusCode::SEE_OTHER);
        house.clock.advance(31_000);
        assert_eq!(attacker.sign_in("wang", "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        house.clock.advance(31_000);
        assert_eq!(attacker.sign_in("wang", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    }

    async fn guessing_from_everywhere_does_not_lock_the_owner_out(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut owner = Browser::new(&house.security).at("192.0.2.8");
        assert_eq!(owner.sign_in("wang", PASSWORD).await.status, StatusCode::SEE_OTHER);
        for address in 0..60 {
            let mut attacker = Browser::new(&house.security).at(&format!("198.51.100.{address}"));
            attacker.sign_in("wang", "wrong").await;
        }
        let mut late = Browser::new(&house.security).at("203.0.113.1");
        assert_eq!(late.sign_in("wang", "wrong").await.status, StatusCode::TOO_MANY_REQUESTS);
        let mut owner = Browser::new(&house.security).at("192.0.2.8");
        assert_eq!(owner.sign_in("wang", PASSWORD).await.status, StatusCode::SEE_OTHER);
    }

    async fn a_session_ends_by_idling_by_age_and_with_its_account(place: &TestPlace) {
        const MINUTE: i64 = 60_000;
        let house = with_account(place, &["planner"]).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        for _ in 0..3 {
            house.clock.advance(29 * MINUTE);
            assert_eq!(browser.get("/schools").await.status, StatusCode::OK);
        }
        house.clock.advance(31 * MINUTE);
        assert_eq!(browser.get("/schools").await.status, StatusCode::SEE_OTHER);

        browser.sign_in("wang", PASSWORD).await;
        for _ in 0..24 {
            assert_eq!(browser.get("/schools").await.status, StatusCode::OK);
            house.clock.advance(30 * MINUTE);
        }
        assert_eq!(browser.get("/schools").await.status, StatusCode::SEE_OTHER);

        browser.sign_in("wang", PASSWORD).await;
        let account = house.security.account_named(&operator(), "wang").await.unwrap();
        house.security.disable(&operator(), account.id).await.unwrap();
        assert_eq!(browser.get("/schools").await.status, StatusCode::SEE_OTHER);
        assert_eq!(browser.sign_in("wang", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        house.security.sweep().await.unwrap();
    }

    async fn a_post_without_its_token_or_from_elsewhere_changes_nothing(place: &TestPlace) {
        let house = with_account(place, &["statistician"]).await;
        let mut browser = Browser::new(&house.security);
        let bare = browser.post("/signin", &[("login", "wang"), ("password", PASSWORD)]).await;
        assert_eq!(bare.status, StatusCode::FORBIDDEN);
        browser.sign_in("wang", PASSWORD).await;
        let page = browser.get("/schools").await;
        let token = page.text.split(' ').nth(1).unwrap().to_owned();

        let right = browser.post("/schools", &[("csrf", &token)]).await;
        assert_eq!((right.status, right.text.as_str()), (StatusCode::OK, "saved"));
        let none = browser.post("/schools", &[("name", "x")]).await;
        assert_eq!(none.status, StatusCode::FORBIDDEN);
        assert!(none.text.contains("security.form_expired"), "{}", none.text);
        for site in ["cross-site", "same-site"] {
            let elsewhere = browser.post_from(site, "/schools", &[("csrf", &token)]).await;
            assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
        }
        let mut other = Browser::new(&house.security);
        other.sign_in("wang", PASSWORD).await;
        assert_eq!(other.post("/schools", &[("csrf", &token)]).await.status, StatusCode::FORBIDDEN);

        let json = Request::post("/schools").header("x-weihe-csrf", &token)
            .header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
        assert_eq!(browser.send(json).await.status, StatusCode::OK);
        let large = "x".repeat(3 * 1024 * 1024);
        let large = browser.post("/schools", &[("csrf", &token), ("big", &large)]).await;
        assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn an_upload_carries_its_token_first_and_arrives_whole(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let token = browser.get("/schools").await.text.split(' ').nth(1).unwrap().to_owned();
        let part = |name: &str, value: &str| {
            format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let upload = |first: String, second: String| {
            let body = format!("{first}{second}--B--\r\n").into_bytes();
            // In small chunks, as a slow line delivers it.
            let chunks: Vec<Result<Vec<u8>, std::io::Error>> =
                body.chunks(20).map(|chunk| Ok(chunk.to_vec())).collect();
            Request::post("/upload").header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
                .body(Body::from_stream(futures::stream::iter(chunks))).unwrap()
        };
        let file = "x".repeat(100_000);
        let whole = browser.send(upload(part("csrf", &token), part("file", &file))).await;
        assert_eq!(whole.text, "csrf:43 file:100000");
        let late = browser.send(upload(part("file", &file), part("csrf", &token))).await;
        assert_eq!(late.status, StatusCode::FORBIDDEN);
    }

    async fn what_no_table_names_does_not_answer(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut browser = Browser::new(&house.security);
        assert_eq!(browser.get("/healthz").await.text, "ok");
        assert_eq!(browser.get("/forgotten").await.status, StatusCode::NOT_FOUND);
        browser.sign_in("wang", PASSWORD).await;
        let forgotten = browser.get("/forgotten").await;
        assert_eq!(forgotten.status, StatusCode::NOT_FOUND);
        assert!(!forgotten.text.contains("secret"));
        assert_eq!(browser.get("/nowhere").await.status, StatusCode::NOT_FOUND);

        let token = browser.get("/schools").await.text.split(' ').nth(1).unwrap().to_owned();
        let forbidden = browser.post("/schools", &[("csrf", &token)]).await;
        assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
        assert!(forbidden.text.contains("security.not_allowed"));
        assert_eq!(browser.post("/healthz", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }

    async fn what_a_post_may_not_do_and_what_another_site_sends_is_on_record(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let token = browser.get("/schools").await.text.split(' ').nth(1).unwrap().to_owned();
        assert_eq!(browser.post("/schools", &[("csrf", &token)]).await.status, StatusCode::FORBIDDEN);
        let forged = browser.post_from("cross-site", "/upload", &[("csrf", &token)]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        let entries = house.security.audit_entries(0, 1000).await.unwrap();
        let told: Vec<String> = entries
            .iter()
            .filter(|entry| entry.outcome == "refused")
            .map(|entry| format!("{} {} {} {}", entry.actor, entry.action, entry.subject, entry.address))
            .collect();
        assert_eq!(told, [
            "account:1 access_refused route:POST /schools 192.0.2.1",
            "account:1 forged_request  192.0.2.1",
        ]);
        let refusal = entries.iter().find(|entry| entry.action == "access_refused").unwrap();
        let detail = refusal.detail.as_ref().unwrap();
        assert_eq!((detail.post.as_str(), detail.session.is_some()), ("planner", true));
    }

    async fn programs_are_told_in_json(place: &TestPlace) {
        let house = with_account(place, &[]).await;
        let mut browser = Browser::new(&house.security);
        let tile = browser.get("/tiles/3").await;
        assert_eq!(tile.status, StatusCode::UNAUTHORIZED);
        assert!(tile.text.starts_with("{\"code\":\"security.not_signed_in\""), "{}", tile.text);
        browser.sign_in("wang", PASSWORD).await;
        // No post, so no action, yet signed in.
        assert_eq!(browser.get("/").await.status, StatusCode::OK);
        assert_eq!(browser.get("/tiles/3").await.status, StatusCode::FORBIDDEN);
        assert!(browser.get("/account").await.text.contains("目前没有岗位"));
    }

    async fn one_changes_the_password_posts_and_sessions(place: &TestPlace) {
        let house = with_account(place, &["planner", "statistician"]).await;
        let mut elsewhere = Browser::new(&house.security);
        elsewhere.sign_in("wang", PASSWORD).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let token = browser.get("/account").await.token();
        assert_eq!(browser.post("/schools", &[("csrf", &token)]).await.status, StatusCode::FORBIDDEN);
        let switched = browser.post("/account/post", &[("csrf", &token), ("grant", "2")]).await;
        assert_eq!(switched.location(), "/");
        assert_eq!(browser.post("/schools", &[("csrf", &token)]).await.status, StatusCode::OK);

        let change = async |browser: &mut Browser, present: &str, wanted: &str, again: &str| {
            let fields = [("csrf", &*token), ("present", present), ("wanted", wanted), ("again", again)];
            browser.post("/account/password", &fields).await
        };
        let weak = change(&mut browser, PASSWORD, "short", "short").await;
        assert!(weak.text.contains("比密码要求的短") && weak.text.contains("至少 10 个字符"), "{}", weak.text);
        let differs = change(&mut browser, PASSWORD, "Jing-he-2026-qing", "Jing-he").await;
        assert!(differs.text.contains("两次输入的新密码不一样"));
        let wrong = change(&mut browser, "wrong", "Jing-he-2026-qing", "Jing-he-2026-qing").await;
        assert!(wrong.text.contains("现密码不对"));
        assert_eq!(elsewhere.get("/schools").await.status, StatusCode::OK);
        let done = change(&mut browser, PASSWORD, "Jing-he-2026-qing", "Jing-he-2026-qing").await;
        assert_eq!(done.location(), "/account?done=password");
        assert_eq!(browser.get("/account?done=password").await.status, StatusCode::OK);
        assert_eq!(elsewhere.get("/schools").await.status, StatusCode::SEE_OTHER);

        let stale = browser.post("/account/sessions", &[("csrf", &token), ("session", "3")]).await;
        assert_eq!(stale.status, StatusCode::FORBIDDEN, "the session has a new token");
        let token = browser.get("/account").await.token();
        elsewhere.sign_in("wang", "Jing-he-2026-qing").await;
        let foreign = browser.post("/account/sessions", &[("csrf", &token), ("session", "3")]).await;
        assert_eq!(foreign.location(), "/account");
        assert_eq!(elsewhere.get("/schools").await.status, StatusCode::SEE_OTHER);
    }

    async fn a_long_password_is_taken_and_looked_at_as_it_was_typed(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let account = house.security.account_named(&operator(), "wang").await.unwrap();
        let long = format!(" {}Wei-he ", "liu-shui-".repeat(14).get(..119).unwrap());
        assert_eq!(long.chars().count(), 127);
        house.security.set_password(&operator(), account.id, Some(long.clone())).await.unwrap();
        for wrong in [long.trim(), &long.to_lowercase(), long.get(..64).unwrap(), PASSWORD] {
            let answer = Browser::new(&house.security).sign_in("wang", wrong).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        assert_eq!(Browser::new(&house.security).sign_in("wang", &long).await.status, StatusCode::SEE_OTHER);
    }

    async fn signing_in_again_ends_the_session_before_it(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let former = browser.cookie(SESSION_COOKIE).unwrap().clone();
        // As from a sign-in page that was left open in another tab.
        let token = browser.get("/account").await.token();
        let fields = [("csrf", token.as_str()), ("login", "wang"), ("password", PASSWORD)];
        assert_eq!(browser.post("/signin", &fields).await.status, StatusCode::SEE_OTHER);
        assert_ne!(browser.cookie(SESSION_COOKIE).unwrap(), &former);
        assert_eq!(browser.get("/schools").await.status, StatusCode::OK);
        let mut thief = Browser::new(&house.security);
        thief.put_cookie(SESSION_COOKIE, &former);
        assert_eq!(thief.get("/schools").await.status, StatusCode::SEE_OTHER);
        let told = ["sign_in session:1 done", "sign_in session:2 done", "sign_out session:1 done"];
        assert_eq!(outcomes(&house).await, told);
    }

    async fn the_note_of_the_demo_stands_on_the_sign_in_page(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut browser = Browser::new(&house.security);
        assert!(!browser.get("/signin").await.text.contains("演示"));
        house.security.put_setting(&operator(), "signin_note", "演示省,数据均为合成数据").await.unwrap();
        assert!(browser.get("/signin").await.text.contains("演示省"));
        browser.sign_in("wang", PASSWORD).await;
        assert_eq!(browser.get("/signin?next=//evil.example").await.location(), "/");
        let jobless = house.security.permit_for_grant(crate::GrantId(9)).await;
        assert!(matches!(jobless, Err(SecurityError::NoGrant)));
    }
}

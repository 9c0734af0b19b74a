//! What keeps a browser's owner safe from other sites, and the program from callers that ask too often.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use db::testing::TestPlace;

use super::browser::Browser;
use super::{house_with, operator};
use crate::rules::rate::Rates;
use crate::{Config, NewAccount};

const PASSWORD: &str = "Wei-he-2026-liu";

async fn with_account(place: &TestPlace, change: impl FnOnce(&mut Config)) -> super::House {
    let house = house_with(place, change).await;
    for login in ["wang", "li"] {
        let account = NewAccount {
            login: login.to_owned(),
            display: login.to_owned(),
            password: Some(PASSWORD.to_owned()),
        };
        let permit = operator();
        let (id, _) = house
            .security
            .create_account(&permit, account)
            .await
            .unwrap();
        let granted = house.security.grant(&permit, id, "planner", None, None);
        granted.await.unwrap();
    }
    house
}

/// Of any answer, whatever became of the request.
const HEADERS: [(&str, &str); 8] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-permitted-cross-domain-policies", "none"),
    ("permissions-policy", "camera=()"),
    ("content-security-policy", "default-src 'none'"),
];

db::on_both_engines! {
    async fn every_answer_carries_the_headers_that_keep_it_to_itself(place: &TestPlace) {
        let house = with_account(place, |config| config.https = true).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let mut strange = Browser::new(&house.security);
        for (path, status) in [
            ("/signin", StatusCode::OK), ("/healthz", StatusCode::OK), ("/schools", StatusCode::SEE_OTHER),
            ("/tiles/1", StatusCode::UNAUTHORIZED), ("/none", StatusCode::NOT_FOUND), ("/forgotten", StatusCode::NOT_FOUND),
            ("/signin/with/none", StatusCode::NOT_FOUND),
        ] {
            let answer = strange.get(path).await;
            assert_eq!(answer.status, status, "{path}");
            for (name, value) in HEADERS {
                let given = answer.headers.get(name).map_or("", |given| given.to_str().unwrap());
                assert!(given.contains(value), "{path}: {name}: {given}");
            }
            let for_a_year = "max-age=31536000; includeSubDomains";
            assert_eq!(answer.headers[header::STRICT_TRANSPORT_SECURITY], for_a_year, "{path}");
            // Nothing opens it to another origin.
            assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{path}");
        }
        for path in ["/signin", "/account", "/account/identities"] {
            let page = browser.get(path).await;
            let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
            for allowed in ["unsafe", "http:", "https:", "*"] {
                assert!(!policy.contains(allowed), "{policy}");
            }
            for shut in ["frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "form-action 'self'"] {
                assert!(policy.contains(shut), "{policy}");
            }
            for inline in ["<style", " style=\"", "javascript:", " onclick", " onload", " onsubmit"] {
                assert!(!page.text.contains(inline), "{path} holds {inline}");
            }
            let scripts = page.text.matches("<script").count();
            assert_eq!(scripts, page.text.matches(" src=\"/assets/").count(), "{path}");
        }
    }

    async fn over_https_cookies_belong_to_this_host_and_nothing_else(place: &TestPlace) {
        let house = with_account(place, |config| config.https = true).await;
        let mut browser = Browser::new(&house.security);
        let page = browser.get("/signin").await;
        let visitor = page.headers[header::SET_COOKIE].to_str().unwrap();
        assert!(visitor.starts_with("__Host-weihe_visitor="), "{visitor}");
        let answer = browser.sign_in("wang", PASSWORD).await;
        let cookies: Vec<&str> = answer.headers.get_all(header::SET_COOKIE).iter()
            .map(|cookie| cookie.to_str().unwrap()).collect();
        let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-weihe_session=")).unwrap();
        for flag in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(session.contains(flag), "{session}");
        }
        assert!(!session.contains("Domain"), "{session}");
        assert_eq!(browser.get("/schools").await.status, StatusCode::OK);
        // A cookie that another host of the domain could have set is none of ours.
        let (_, token) = session.split(';').next().unwrap().split_once('=').unwrap();
        let mut forged = Browser::new(&house.security);
        forged.put_cookie("weihe_session", token);
        assert_eq!(forged.get("/schools").await.status, StatusCode::SEE_OTHER);
    }

    async fn methods_that_no_route_has_are_refused_and_nothing_comes_back(place: &TestPlace) {
        let house = with_account(place, |_| {}).await;
        let mut browser = Browser::new(&house.security);
        for method in ["TRACE", "OPTIONS", "PATCH", "PROPFIND"] {
            for path in ["/signin", "/healthz", "/schools"] {
                let request = Request::builder().method(method).uri(path).header("x-echo", "told back");
                let answer = browser.send(request.body(Body::empty()).unwrap()).await;
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                assert!(!answer.text.contains("told back"), "{method} {path}");
            }
        }
    }

    async fn sign_in_leads_to_this_program_only(place: &TestPlace) {
        let house = with_account(place, |_| {}).await;
        for next in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"] {
            let mut browser = Browser::new(&house.security);
            let token = browser.get("/signin").await.token();
            let sent = [("csrf", token.as_str()), ("next", next), ("login", "wang"), ("password", PASSWORD)];
            let answer = browser.post("/signin", &sent).await;
            assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"), "{next}");
        }
    }

    async fn who_asks_too_often_waits_and_others_do_not(place: &TestPlace) {
        let rates = Rates { ordinary: 12, heavy: 2, visitors: 40 };
        let house = with_account(place, |config| config.rates = rates).await;
        let (mut often, mut other) = (Browser::new(&house.security), Browser::new(&house.security));
        often.sign_in("wang", PASSWORD).await;
        other.sign_in("li", PASSWORD).await;
        let mut answers = Vec::new();
        for _ in 0..14 {
            answers.push(often.get("/schools").await);
        }
        let refused = answers.iter().find(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS).unwrap();
        let wait: u64 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=5).contains(&wait), "{wait}");
        assert!(refused.text.contains("请求太频繁") && refused.text.contains("security.too_often"), "{}", refused.text);
        assert_eq!(other.get("/schools").await.status, StatusCode::OK);
        // What works long is counted by itself.
        let mut heavy = Vec::new();
        for _ in 0..4 {
            heavy.push(other.get("/export").await.status);
        }
        assert_eq!(heavy[..2], [StatusCode::OK; 2]);
        assert!(heavy[2..].contains(&StatusCode::TOO_MANY_REQUESTS), "{heavy:?}");
        assert_eq!(other.get("/schools").await.status, StatusCode::OK);

        let mut strange = Browser::new(&house.security).at("198.51.100.7");
        let mut statuses = Vec::new();
        for _ in 0..44 {
            let request = Request::get("/signin").header(header::ACCEPT, "application/json");
            statuses.push(strange.send(request.body(Body::empty()).unwrap()).await.status);
        }
        assert!(statuses[..40].iter().all(|status| *status == StatusCode::OK), "{statuses:?}");
        assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS));
        let mut neighbour = Browser::new(&house.security).at("198.51.100.8");
        assert_eq!(neighbour.get("/signin").await.status, StatusCode::OK);
    }
}

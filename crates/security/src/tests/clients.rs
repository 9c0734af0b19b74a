//! Programs that are let in: made by an administrator, with tokens by OAuth 2 client credentials.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use kernel::Day;
use standard::Action;

use super::browser::{Answer, Browser};
use super::{House, house, operator};
use crate::clients::{ClientSecret, NewClient};
use crate::web::SESSION_COOKIE;
use crate::{NewAccount, SecurityError};

const PASSWORD: &str = "Wei-he-2026-liu";

fn program(login: &str, scopes: &[Action]) -> NewClient {
    NewClient {
        login: login.to_owned(),
        display: "教学系统".to_owned(),
        post: "planner".to_owned(),
        unit: None,
        datasets: Some(vec!["institution".to_owned()]),
        scopes: scopes.iter().copied().collect(),
        expires: Day::from_ymd(2027, 1, 1).unwrap(),
    }
}

async fn made(house: &House, login: &str) -> ClientSecret {
    let new = program(login, &[Action::Read, Action::Export]);
    house
        .security
        .create_client(&operator(), new)
        .await
        .unwrap()
}

async fn post_form(
    browser: &mut Browser,
    path: &str,
    basic: Option<&ClientSecret>,
    form: &str,
) -> Answer {
    let mut request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(secret) = basic {
        let pair = format!("{}:{}", secret.client, secret.reveal());
        let basic = base64::engine::general_purpose::STANDARD.encode(pair);
        request = request.header(header::AUTHORIZATION, format!("Basic {basic}"));
    }
    browser
        .send(request.body(Body::from(form.to_owned())).unwrap())
        .await
}

const GRANT: &str = "grant_type=client_credentials";

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("{}", answer.text))
}

async fn token(browser: &mut Browser, secret: &ClientSecret, form: &str) -> String {
    let answer = post_form(browser, "/oauth/token", Some(secret), form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    json(&answer)["access_token"].as_str().unwrap().to_owned()
}

async fn with_token(browser: &mut Browser, method: &str, path: &str, token: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    browser.send(request.body(Body::empty()).unwrap()).await
}

async fn audited(house: &House) -> Vec<String> {
    let entries = house.security.audit_entries(0, 1000).await.unwrap();
    entries
        .iter()
        .filter(|entry| entry.action.starts_with("client_") || entry.action.starts_with("token_"))
        .map(|entry| format!("{} {}", entry.action, entry.outcome))
        .collect()
}

db::on_both_engines! {
    async fn a_program_gets_a_token_and_reads_with_it(place: &TestPlace) {
        let house = house(place).await;
        let secret = made(&house, "teaching").await;
        assert!(secret.client.starts_with("wc-") && secret.reveal().len() == 43);
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        let mut program = Browser::new(&house.security);
        let answer = post_form(&mut program, "/oauth/token", Some(&secret), GRANT).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        let given = json(&answer);
        assert_eq!((given["token_type"].as_str(), given["expires_in"].as_i64()), (Some("Bearer"), Some(3600)));
        assert_eq!(given["scope"], "read export");
        let token = given["access_token"].as_str().unwrap();

        let read = with_token(&mut program, "GET", "/data", token).await;
        assert_eq!((read.status, read.text.as_str()), (StatusCode::OK, "teaching institution:true budget:false division:true"));
        // What changes something needs no token of a form; nobody else's browser can send this one.
        assert_eq!(with_token(&mut program, "POST", "/data", token).await.text, "written");
        // Pages are for people, and what the scopes leave out is left out.
        let page = with_token(&mut program, "GET", "/schools", token).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.text.contains("security.not_for_programs"), "{}", page.text);
        let narrow = self::token(&mut program, &secret, &format!("{GRANT}&scope=read")).await;
        assert_eq!(with_token(&mut program, "GET", "/data", &narrow).await.status, StatusCode::OK);
        assert_eq!(with_token(&mut program, "POST", "/data", &narrow).await.status, StatusCode::FORBIDDEN);
        assert_eq!(program.cookie(SESSION_COOKIE), None);

        house.clock.advance(3_601_000);
        let late = with_token(&mut program, "GET", "/data", token).await;
        assert_eq!(late.status, StatusCode::UNAUTHORIZED);
        assert_eq!(late.headers[header::WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
        assert_eq!(late.headers[header::CONTENT_TYPE], "application/json");
        house.security.sweep().await.unwrap();
        assert_eq!(audited(&house).await, ["client_created done", "token_issued done", "token_issued done"]);
        assert!(house.security.verify_audit().await.is_ok());
    }

    async fn a_request_for_a_token_that_is_wrong_is_told_in_the_words_of_the_standard(place: &TestPlace) {
        let house = house(place).await;
        let secret = made(&house, "teaching").await;
        let mut program = Browser::new(&house.security);
        let id = &secret.client;
        let in_form = format!("{GRANT}&client_id={id}&client_secret={}", secret.reveal());
        assert_eq!(post_form(&mut program, "/oauth/token", None, &in_form).await.status, StatusCode::OK);
        let cases: [(Option<&ClientSecret>, String, u16, &str); 8] = [
            (None, GRANT.to_owned(), 401, "invalid_client"),
            (None, format!("{GRANT}&client_id={id}&client_secret=wrong"), 401, "invalid_client"),
            (None, format!("{GRANT}&client_id=wc-0&client_secret=wrong"), 401, "invalid_client"),
            (Some(&secret), in_form, 400, "invalid_request"),
            (Some(&secret), String::new(), 400, "invalid_request"),
            (Some(&secret), "grant_type=password".to_owned(), 400, "unsupported_grant_type"),
            (Some(&secret), format!("{GRANT}&scope=edit"), 400, "invalid_scope"),
            (Some(&secret), format!("{GRANT}&scope=everything"), 400, "invalid_scope"),
        ];
        for (basic, form, status, word) in cases {
            let answer = post_form(&mut program, "/oauth/token", basic, &form).await;
            assert_eq!((answer.status.as_u16(), json(&answer)["error"].as_str()), (status, Some(word)), "{form}");
            assert_eq!(answer.headers.contains_key(header::WWW_AUTHENTICATE), status == 401);
        }
        let request = Request::post("/oauth/token").header(header::CONTENT_TYPE, "application/json");
        let answer = program.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!((answer.status.as_u16(), json(&answer)["error"].as_str()), (400, Some("invalid_request")));
        let about = json(&program.get("/.well-known/oauth-authorization-server").await);
        assert_eq!(about["token_endpoint"], "http://weihe.example/oauth/token");
    }

    async fn guessing_a_secret_locks_the_guesser_out_and_not_the_program(place: &TestPlace) {
        let house = house(place).await;
        let secret = made(&house, "teaching").await;
        let mut program = Browser::new(&house.security).at("192.0.2.9");
        token(&mut program, &secret, GRANT).await;
        let mut guesser = Browser::new(&house.security).at("198.51.100.7");
        let guess = format!("{GRANT}&client_id={}&client_secret=guess", secret.client);
        let mut last = StatusCode::OK;
        for _ in 0..8 {
            let answer = post_form(&mut guesser, "/oauth/token", None, &guess).await;
            last = answer.status;
            if last == StatusCode::TOO_MANY_REQUESTS {
                assert!(answer.headers.contains_key(header::RETRY_AFTER));
            }
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
        let right = post_form(&mut guesser, "/oauth/token", Some(&secret), GRANT).await;
        assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
        token(&mut program, &secret, GRANT).await;
    }

    async fn what_is_taken_back_is_good_for_nothing(place: &TestPlace) {
        let house = house(place).await;
        let (one, other) = (made(&house, "one").await, made(&house, "other").await);
        let mut program = Browser::new(&house.security);
        let (first, second) = (token(&mut program, &one, GRANT).await, token(&mut program, &one, GRANT).await);
        // Another program cannot take it back.
        let foreign = post_form(&mut program, "/oauth/revoke", Some(&other), &format!("token={first}")).await;
        assert_eq!(foreign.status, StatusCode::OK);
        assert_eq!(with_token(&mut program, "GET", "/data", &first).await.status, StatusCode::OK);
        let own = post_form(&mut program, "/oauth/revoke", Some(&one), &format!("token={first}")).await;
        assert_eq!(own.status, StatusCode::OK);
        assert_eq!(with_token(&mut program, "GET", "/data", &first).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(with_token(&mut program, "GET", "/data", &second).await.status, StatusCode::OK);

        let renewed = house.security.rotate_client(&operator(), &one.client).await.unwrap();
        assert_eq!(with_token(&mut program, "GET", "/data", &second).await.status, StatusCode::UNAUTHORIZED);
        let old = post_form(&mut program, "/oauth/token", Some(&one), GRANT).await;
        assert_eq!(old.status, StatusCode::UNAUTHORIZED);
        let third = token(&mut program, &renewed, GRANT).await;

        house.security.end_client(&operator(), &one.client).await.unwrap();
        assert_eq!(with_token(&mut program, "GET", "/data", &third).await.status, StatusCode::UNAUTHORIZED);
        let ended = post_form(&mut program, "/oauth/token", Some(&renewed), GRANT).await;
        assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
        let again = house.security.rotate_client(&operator(), &one.client).await;
        assert!(matches!(again, Err(SecurityError::NoAccount(_))));

        // One whose account has expired, or whose post was taken back, is let in no more.
        let fourth = token(&mut program, &other, GRANT).await;
        house.clock.advance(60 * 86_400_000);
        assert_eq!(with_token(&mut program, "GET", "/data", &fourth).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(post_form(&mut program, "/oauth/token", Some(&other), GRANT).await.status, StatusCode::UNAUTHORIZED);
        let wide = house.security.create_client(&operator(), program_with(&[Action::Edit])).await;
        assert!(matches!(wide, Err(SecurityError::NoScope(_))));
        let none = house.security.create_client(&operator(), program_with(&[])).await;
        assert!(matches!(none, Err(SecurityError::NoScope(_))));
    }

    async fn an_administrator_makes_renews_and_ends_programs_on_a_page(place: &TestPlace) {
        let house = house(place).await;
        let account = NewAccount {
            login: "wang".to_owned(),
            display: "王某".to_owned(),
            password: Some(PASSWORD.to_owned()),
        };
        let (id, _) = house.security.create_account(&operator(), account).await.unwrap();
        house.security.grant(&operator(), id, "administrator", None, None).await.unwrap();
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let page = browser.get("/clients").await;
        assert_eq!(page.status, StatusCode::OK);
        let csrf = page.token();
        let mut fields = vec![
            ("csrf", csrf.as_str()), ("display", "教学系统"), ("login", "teaching"), ("post", "planner"),
            ("scopes", "read"), ("datasets", "institution"), ("expires", "2026-11-01"),
        ];
        let past = browser.post("/clients", &fields).await;
        assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", past.text);
        assert!(past.text.contains("value=\"teaching\""));
        fields[6] = ("expires", "2027-01-01");
        let made = browser.post("/clients", &fields).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        assert_eq!(made.headers[header::CACHE_CONTROL], "no-store");
        let codes: Vec<&str> = made.text.split("<span class=\"code\">").skip(1)
            .map(|rest| rest.split('<').next().unwrap()).collect();
        let (client, secret) = (codes[0].to_owned(), codes[1].to_owned());
        let form = format!("{GRANT}&client_id={client}&client_secret={secret}");
        let mut program = Browser::new(&house.security);
        assert_eq!(post_form(&mut program, "/oauth/token", None, &form).await.status, StatusCode::OK);
        // The secret is not shown again.
        assert!(!browser.get("/clients").await.text.contains(&secret));
        let renewed = browser.post(&format!("/clients/{client}/rotate"), &[("csrf", &csrf)]).await;
        assert!(renewed.status == StatusCode::OK && !renewed.text.contains(&secret));
        assert_eq!(post_form(&mut program, "/oauth/token", None, &form).await.status, StatusCode::UNAUTHORIZED);
        let ended = browser.post(&format!("/clients/{client}/end"), &[("csrf", &csrf)]).await;
        assert_eq!(ended.location(), "/clients");
        let unknown = browser.post("/clients/wc-0/end", &[("csrf", &csrf)]).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        let taken = browser.post("/clients", &fields).await;
        assert!(taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.text.contains("已有"), "{}", taken.text);
        assert_eq!(audited(&house).await, [
            "client_created done", "token_issued done", "client_rotated done", "token_issued refused", "client_ended done",
        ]);
    }
}

fn program_with(scopes: &[Action]) -> NewClient {
    NewClient {
        scopes: scopes.iter().copied().collect::<BTreeSet<_>>(),
        ..program("wide", &[])
    }
}

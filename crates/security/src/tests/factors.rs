use axum::http::StatusCode;
use kernel::{AccountId, Millis};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::browser::{Answer, Browser};
use super::device::{Device, ORIGIN, Quirk};
use super::flow::{PASSWORD, with_account};
use super::{House, house_with, operator};
use crate::factors::webauthn::CeremonyFault;
use crate::web::{SECOND_COOKIE, SESSION_COOKIE};
use crate::{
    FactorFault, FactorKind, HttpGateway, MailGateway, MailSecurity, NewAccount, PasswordFault,
    SecurityError,
};

const DAY: i64 = 24 * 3_600_000;

async fn set(house: &House, pairs: &[(&str, &str)]) {
    let pairs: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    house
        .security
        .put_policy(&operator(), &pairs)
        .await
        .unwrap();
}

/// The code that an authenticator with this secret (as the page spells it) shows.
fn code_of(spelled: &str, now: Millis) -> String {
    let secret = totp_rs::Secret::try_from_base32(spelled.replace(' ', "")).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let code = totp.generate(u64::try_from(now.get()).unwrap() / 1000);
    code.to_string()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split(after).next().unwrap()
}

/// All texts that the page shows as codes.
fn codes(answer: &Answer) -> Vec<String> {
    answer
        .text
        .split("class=\"code\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

/// Adds an authenticator; its secret and the recovery codes.
async fn add_totp(house: &House, browser: &mut Browser) -> (String, Vec<String>) {
    let token = browser.get("/account/factors").await.token();
    let begun = browser
        .post(
            "/account/factors/totp",
            &[("csrf", &token), ("totp_label", "手机")],
        )
        .await;
    assert_eq!(begun.location(), "/account/factors/totp");
    let page = browser.get("/account/factors/totp").await;
    assert!(page.text.contains("<svg"), "{}", page.text);
    let spelled = codes(&page).remove(0);
    let wrong = browser
        .post(
            "/account/factors/totp/check",
            &[("csrf", &token), ("totp", "000000")],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = code_of(&spelled, house.now());
    let added = browser
        .post(
            "/account/factors/totp/check",
            &[("csrf", &token), ("totp", &code)],
        )
        .await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    (spelled, codes(&added))
}

async fn second(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    let token = browser.get("/signin/second").await.token();
    let mut all = vec![("csrf", token.as_str()), ("next", "/schools")];
    all.extend_from_slice(fields);
    browser.post("/signin/second", &all).await
}

async fn actions(house: &House) -> Vec<String> {
    let entries = house.security.audit_entries(0, 1000).await.unwrap();
    entries
        .iter()
        .map(|entry| format!("{} {} {}", entry.action, entry.subject, entry.outcome))
        .collect()
}

/// A mail server or gateway that takes whatever comes and hands it over.
async fn http_receiver(answer: &'static str) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    let (given, taken) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let given = given.clone();
            tokio::spawn(async move {
                let mut text = String::new();
                let mut part = [0_u8; 4096];
                loop {
                    let read = stream.read(&mut part).await.unwrap();
                    text.push_str(&String::from_utf8_lossy(&part[..read]));
                    let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                        let length = head
                            .lines()
                            .find_map(|line| {
                                line.to_lowercase()
                                    .strip_prefix("content-length: ")
                                    .map(str::to_owned)
                            })
                            .and_then(|length| length.parse().ok());
                        body.len() >= length.unwrap_or(0)
                    });
                    if read == 0 || whole {
                        break;
                    }
                }
                given.send(text).unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
        }
    });
    (url, taken)
}

async fn mail_receiver() -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (given, taken) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let given = given.clone();
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                write.write_all(b"220 test\r\n").await.unwrap();
                let (mut letter, mut in_data) = (String::new(), false);
                while let Ok(Some(line)) = lines.next_line().await {
                    if in_data {
                        if line == "." {
                            in_data = false;
                            given.send(std::mem::take(&mut letter)).unwrap();
                            write.write_all(b"250 taken\r\n").await.unwrap();
                        } else {
                            letter.push_str(&line);
                            letter.push('\n');
                        }
                        continue;
                    }
                    let answer: &[u8] = match line.split(' ').next().unwrap_or_default() {
                        "DATA" => {
                            in_data = true;
                            b"354 go on\r\n"
                        }
                        "QUIT" => b"221 bye\r\n",
                        "RCPT" => {
                            letter.push_str(&line);
                            letter.push('\n');
                            b"250 ok\r\n"
                        }
                        _ => b"250 ok\r\n",
                    };
                    write.write_all(answer).await.unwrap();
                }
            });
        }
    });
    (port, taken)
}

const TAKEN: &str =
    "HTTP/1.1 200 OK\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{\"code\":\"0\"}";
const REFUSED: &str =
    "HTTP/1.1 200 OK\r\ncontent-length: 12\r\nconnection: close\r\n\r\n{\"code\":\"17\"}";
const ELSEWHERE: &str = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

fn gateway(url: &str) -> HttpGateway {
    HttpGateway {
        url: url.to_owned(),
        headers: "Authorization: Bearer gate\nX-App: weihe".to_owned(),
        content_type: "application/json".to_owned(),
        body: r#"{"mobile":"{address}","content":"code {code} for {minutes} minutes"}"#.to_owned(),
        success: "\"code\":\"0".to_owned(),
    }
}

db::on_both_engines! {
    async fn a_code_of_the_authenticator_is_the_second_step(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut elsewhere = Browser::new(&house.security);
        elsewhere.sign_in("wang", PASSWORD).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let (secret, recovery) = add_totp(&house, &mut browser).await;
        assert_eq!(recovery.len(), 10);
        assert_eq!(elsewhere.get("/schools").await.status, StatusCode::SEE_OTHER, "other sessions end");
        let page = browser.get("/account").await;
        assert!(page.text.contains("验证器动态码") && page.text.contains("手机"), "{}", page.text);

        // The step of the proof is used: the same code does not sign in.
        let mut browser = Browser::new(&house.security);
        let first = browser.sign_in("wang", PASSWORD).await;
        assert_eq!(first.status, StatusCode::SEE_OTHER);
        assert!(first.location().starts_with("/signin/second"), "{}", first.location());
        assert_eq!(browser.cookie(SESSION_COOKIE), None);
        for path in ["/", "/schools", "/account", "/account/factors", "/tiles/3"] {
            let answer = browser.get(path).await;
            assert!(answer.status == StatusCode::SEE_OTHER || answer.status == StatusCode::UNAUTHORIZED, "{path}");
        }
        // Nor does the cookie of the second step open a session.
        let pending = browser.cookie(SECOND_COOKIE).unwrap().clone();
        let mut thief = Browser::new(&house.security);
        thief.put_cookie(SESSION_COOKIE, &pending);
        assert_eq!(thief.get("/schools").await.status, StatusCode::SEE_OTHER);
        let used = second(&mut browser, &[("method", "totp"), ("totp", &code_of(&secret, house.now()))]).await;
        assert_eq!(used.status, StatusCode::UNPROCESSABLE_ENTITY);
        house.clock.advance(30_000);
        let code = code_of(&secret, house.now());
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        let done = second(&mut browser, &[("method", "totp"), ("totp", &spaced)]).await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/schools"));
        assert_eq!(browser.cookie(SECOND_COOKIE), None);
        assert_eq!(browser.get("/schools").await.status, StatusCode::OK);
        assert!(browser.get("/account").await.text.contains("本次登录用了两种验证方式"));
        assert_eq!(browser.get("/signin/second").await.location(), "/");
        let mut stranger = Browser::new(&house.security);
        let asked = stranger.get("/signin/second").await;
        assert!(asked.text.contains("第二步超过时间") && asked.text.contains("action=\"/signin\""), "{}", asked.text);
        let told = actions(&house).await;
        for wanted in [
            "factor_added account:1 factor:1 done", "recovery_made account:1 done",
            "second_factor account:1 refused", "sign_in session:3 done",
        ] {
            assert!(told.iter().any(|one| one == wanted), "{wanted} in {told:?}");
        }
        house.security.sweep().await.unwrap();
    }

    async fn wrong_codes_end_the_second_step_and_lock_the_name(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let (secret, _) = add_totp(&house, &mut browser).await;
        house.clock.advance(60_000);
        let mut attacker = Browser::new(&house.security).at("198.51.100.7");
        attacker.sign_in("wang", PASSWORD).await;
        for _ in 0..4 {
            let wrong = second(&mut attacker, &[("method", "totp"), ("totp", "123456")]).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
        }
        let right = second(&mut attacker, &[("method", "totp"), ("totp", &code_of(&secret, house.now()))]).await;
        assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "the name is locked there");
        assert_eq!(attacker.sign_in("wang", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
        let mut owner = Browser::new(&house.security);
        owner.sign_in("wang", PASSWORD).await;
        // It takes five minutes, no more.
        house.clock.advance(301_000);
        let late = second_without_page(&mut owner, &code_of(&secret, house.now())).await;
        assert!(late.location().starts_with("/signin?"), "{}", late.location());
        owner.sign_in("wang", PASSWORD).await;
        let done = second(&mut owner, &[("method", "totp"), ("totp", &code_of(&secret, house.now()))]).await;
        assert_eq!(done.location(), "/schools");
    }

    async fn recovery_codes_serve_once_and_an_administrator_resets_what_is_lost(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let (_, recovery) = add_totp(&house, &mut browser).await;
        let typed = recovery[3].replace('-', " ").to_uppercase();
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let done = second(&mut browser, &[("method", "recovery"), ("recovery", &typed)]).await;
        assert_eq!(done.location(), "/schools");
        assert!(browser.get("/account/factors").await.text.contains("还有 9 个恢复码"));
        let mut again = Browser::new(&house.security);
        again.sign_in("wang", PASSWORD).await;
        let used = second(&mut again, &[("method", "recovery"), ("recovery", &typed)]).await;
        assert_eq!(used.status, StatusCode::UNPROCESSABLE_ENTITY);

        let token = browser.get("/account/factors").await.token();
        let fresh = browser.post("/account/factors/recovery", &[("csrf", &token)]).await;
        assert_eq!(codes(&fresh).len(), 10);
        let mut again = Browser::new(&house.security);
        again.sign_in("wang", PASSWORD).await;
        let former = second(&mut again, &[("method", "recovery"), ("recovery", &recovery[5])]).await;
        assert_eq!(former.status, StatusCode::UNPROCESSABLE_ENTITY);

        // Another password leaves the second step as it was.
        let (security, id) = (&house.security, AccountId::new(1));
        let other = "Luo-he-2026-tao".to_owned();
        security.set_password(&operator(), id, Some(other.clone())).await.unwrap();
        let mut again = Browser::new(&house.security);
        assert!(again.sign_in("wang", &other).await.location().starts_with("/signin/second"));
        // The wrong codes before hold the name back for half a minute.
        house.clock.advance(31_000);
        let done = second(&mut again, &[("method", "recovery"), ("recovery", &codes(&fresh)[0])]).await;
        assert_eq!(done.location(), "/schools");
        security.set_password(&operator(), id, Some(PASSWORD.to_owned())).await.unwrap();
        for turn in 1..3 {
            let mut browser = Browser::new(&house.security);
            browser.sign_in("wang", PASSWORD).await;
            second(&mut browser, &[("method", "recovery"), ("recovery", &codes(&fresh)[turn])]).await;
        }
        assert_eq!(security.sessions_of(&operator(), id).await.unwrap().len(), 2);
        assert_eq!(security.factors_of(&operator(), id).await.unwrap().len(), 1);
        assert_eq!(security.reset_factors(&operator(), id).await.unwrap(), 1);
        assert_eq!(browser.get("/schools").await.status, StatusCode::SEE_OTHER);
        assert!(security.factors_of(&operator(), id).await.unwrap().is_empty());
        let mut browser = Browser::new(&house.security);
        assert_eq!(browser.sign_in("wang", PASSWORD).await.location(), "/");
        assert_eq!(security.end_sessions(&operator(), id).await.unwrap(), 1);
        assert_eq!(browser.get("/schools").await.status, StatusCode::SEE_OTHER);
        let nobody = security.sessions_of(&operator(), AccountId::new(9)).await;
        assert!(matches!(nobody, Err(SecurityError::NoAccount(_))));
    }

    async fn factors_are_changed_after_the_password_only_and_the_last_one_asked_for_stays(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        set(&house, &[("signin_second_factor_posts", "planner"), ("signin_second_factor_days", "14")]).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let page = browser.get("/account").await;
        assert!(page.text.contains("请在 2026-12-07 前添加第二验证方式"), "{}", page.text);
        house.clock.advance(11 * 60_000);
        let token = page.token();
        let late = browser.post("/account/factors/totp", &[("csrf", &token)]).await;
        assert_eq!(late.location(), "/account/confirm?next=/account/factors");
        let session = browser.cookie(SESSION_COOKIE).unwrap().clone();
        let confirm = async |browser: &mut Browser, password: &str| {
            let token = browser.get("/account/confirm?next=/account/factors").await.token();
            let fields = [("csrf", token.as_str()), ("next", "/account/factors"), ("present", password)];
            browser.post("/account/confirm", &fields).await
        };
        assert_eq!(confirm(&mut browser, "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(confirm(&mut browser, PASSWORD).await.location(), "/account/factors");
        assert_ne!(browser.cookie(SESSION_COOKIE).unwrap(), &session, "a new token");
        let mut thief = Browser::new(&house.security);
        thief.put_cookie(SESSION_COOKIE, &session);
        assert_eq!(thief.get("/schools").await.status, StatusCode::SEE_OTHER);

        add_totp(&house, &mut browser).await;
        let token = browser.get("/account/factors").await.token();
        let last = browser.post("/account/factors/remove", &[("csrf", &token), ("factor", "1")]).await;
        assert!(last.text.contains("请先添加另一种"), "{}", last.text);
        house.clock.advance(60_000);
        add_more(&house, &mut browser).await;
        let gone = browser.post("/account/factors/remove", &[("csrf", &token), ("factor", "1")]).await;
        assert_eq!(gone.location(), "/account/factors?done=1");
        let foreign = browser.post("/account/factors/remove", &[("csrf", &token), ("factor", "77")]).await;
        assert_eq!(foreign.location(), "/account/factors?done=1");
        assert_eq!(house.security.factors_of(&operator(), AccountId::new(1)).await.unwrap().len(), 1);
    }

    async fn after_the_days_only_the_enrolment_page_answers(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        set(&house, &[("signin_second_factor_posts", "*"), ("signin_second_factor_days", "2"), ("signin_password_days", "0")]).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        assert_eq!(browser.get("/schools").await.status, StatusCode::OK);
        house.clock.advance(2 * DAY);
        browser.sign_in("wang", PASSWORD).await;
        for path in ["/", "/schools", "/account", "/account/password"] {
            assert_eq!(browser.get(path).await.location(), "/account/factors", "{path}");
        }
        let tile = browser.get("/tiles/3").await;
        assert_eq!(tile.status, StatusCode::FORBIDDEN);
        assert!(tile.text.starts_with("{\"code\":\"security.owes_factor\""), "{}", tile.text);
        assert_eq!(browser.get("/healthz").await.text, "ok");
        add_totp(&house, &mut browser).await;
        assert_eq!(browser.get("/schools").await.status, StatusCode::OK);
        let token = browser.get("/account").await.token();
        assert_eq!(browser.post("/signout", &[("csrf", &token)]).await.location(), "/signin");
    }

    async fn a_first_or_old_password_is_changed_before_anything_else(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let account = NewAccount { login: "li".to_owned(), display: "李某".to_owned(), password: None };
        let (_, generated) = house.security.create_account(&operator(), account).await.unwrap();
        let generated = generated.unwrap().reveal().to_owned();
        let mut browser = Browser::new(&house.security);
        browser.sign_in("li", &generated).await;
        assert_eq!(browser.get("/schools").await.location(), "/account/password");
        assert_eq!(browser.get("/account/factors").await.location(), "/account/password");
        let change = async |browser: &mut Browser, present: &str, wanted: &str| {
            let page = browser.get("/account/password").await;
            assert_eq!(page.status, StatusCode::OK);
            let fields = [("csrf", &*page.token()), ("present", present), ("wanted", wanted), ("again", wanted)];
            browser.post("/account/password", &fields).await
        };
        let same = change(&mut browser, &generated, &generated).await;
        assert!(same.text.contains("最近用过"), "{}", same.text);
        assert!(same.text.contains("请先修改密码"));
        let done = change(&mut browser, &generated, "Jing-he-2026-qing").await;
        assert_eq!(done.location(), "/account?done=password");
        assert_eq!(browser.get("/account").await.status, StatusCode::OK);

        // The last two may not come again; after 90 days another one is due.
        set(&house, &[("signin_password_past", "2")]).await;
        house.clock.advance(1000);
        assert_eq!(change(&mut browser, "Jing-he-2026-qing", "Ba-he-2026-liu-ye").await.location(), "/account?done=password");
        let reused = change(&mut browser, "Ba-he-2026-liu-ye", "Jing-he-2026-qing").await;
        assert_eq!(reused.status, StatusCode::UNPROCESSABLE_ENTITY);
        house.clock.advance(90 * DAY);
        browser.sign_in("li", "Ba-he-2026-liu-ye").await;
        assert_eq!(browser.get("/").await.location(), "/account/password");
        let done = change(&mut browser, "Ba-he-2026-liu-ye", "Chan-he-2027-chun").await;
        assert_eq!(done.location(), "/account?done=password");
        assert_eq!(browser.get("/").await.status, StatusCode::OK);

        set(&house, &[("signin_first_change", "all"), ("signin_password_shortest", "18"), ("signin_refused_words", "weihe2027")]).await;
        let too_short = house.security.set_password(&operator(), AccountId::new(1), Some("Feng-he-2027".to_owned())).await;
        assert!(matches!(too_short, Err(SecurityError::PasswordFault(PasswordFault::TooShort))));
        house.security.set_password(&operator(), AccountId::new(1), Some("Feng-he-2027-xia-tian".to_owned())).await.unwrap();
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", "Feng-he-2027-xia-tian").await;
        assert_eq!(browser.get("/").await.location(), "/account/password");
    }

    async fn a_passkey_is_a_second_factor_and_signs_in_alone(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        assert_eq!(browser.get("/account/factors/passkey").await.location(), "/account/factors");
        set(&house, &[("signin_site", ORIGIN)]).await;
        let mut device = Device::new(1);
        let add = async |browser: &mut Browser, device: &mut Device, quirk: Quirk| {
            let page = browser.get("/account/factors/passkey").await;
            let json = device.create(&page.options(), quirk);
            let fields = [("csrf", &*page.token()), ("method", "passkey"), ("credential", &*json), ("label", "办公电脑")];
            browser.post("/account/factors/passkey", &fields).await
        };
        for quirk in [
            Quirk { origin: Some("https://evil.example"), ..Quirk::default() },
            Quirk { rp_id: Some("evil.example"), ..Quirk::default() },
            Quirk { unverified: true, ..Quirk::default() },
            Quirk { wrong_type: true, ..Quirk::default() },
        ] {
            let refused = add(&mut browser, &mut device, quirk).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{quirk:?}");
            assert!(refused.text.contains("通行密钥没有通过验证"), "{}", refused.text);
        }
        let added = add(&mut browser, &mut device, Quirk::default()).await;
        assert_eq!(codes(&added).len(), 10, "{}", added.text);
        let twice = add(&mut browser, &mut device, Quirk::default()).await;
        assert!(twice.text.contains("已经属于一个账号"), "{}", twice.text);

        // As the second step.
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let page = browser.get("/signin/second").await;
        let json = device.get(&page.options(), Quirk { bad_signature: true, ..Quirk::default() });
        let wrong = second(&mut browser, &[("method", "passkey"), ("credential", &json)]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let json = device.get(&wrong.options(), Quirk::default());
        let done = second(&mut browser, &[("method", "passkey"), ("credential", &json)]).await;
        assert_eq!(done.location(), "/schools", "{}", done.text);

        // Alone, from the sign-in page: each challenge once, in the browser that asked, while it is fresh.
        let alone = async |browser: &mut Browser, json: &str| {
            let token = browser.get("/signin").await.token();
            let fields = [("csrf", token.as_str()), ("next", "/schools"), ("credential", json)];
            browser.post("/signin/passkey", &fields).await
        };
        let mut browser = Browser::new(&house.security);
        let options = browser.get("/signin").await.options();
        let json = device.get(&options, Quirk::default());
        let mut other = Browser::new(&house.security);
        other.get("/signin").await;
        assert_eq!(alone(&mut other, &json).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(alone(&mut browser, &json).await.location(), "/schools");
        assert_eq!(browser.get("/schools").await.status, StatusCode::OK);
        assert!(browser.get("/account").await.text.contains("本次登录用了两种验证方式"));

        let mut browser = Browser::new(&house.security).at("192.0.2.44");
        let options = browser.get("/signin").await.options();
        let json = device.get(&options, Quirk::default());
        house.clock.advance(301_000);
        assert_eq!(alone(&mut browser, &json).await.status, StatusCode::UNPROCESSABLE_ENTITY, "too late");
        let options = browser.get("/signin").await.options();
        device.counter = 1;
        let json = device.get(&options, Quirk::default());
        assert_eq!(alone(&mut browser, &json).await.status, StatusCode::UNPROCESSABLE_ENTITY, "a copy of the key");
        let options = browser.get("/signin").await.options();
        let json = Device::new(9).get(&options, Quirk::default());
        assert_eq!(alone(&mut browser, &json).await.status, StatusCode::UNPROCESSABLE_ENTITY, "an unknown key");
        assert_eq!(alone(&mut browser, "{}").await.status, StatusCode::UNPROCESSABLE_ENTITY);

        set(&house, &[("signin_passkey_alone", "0")]).await;
        assert!(!browser.get("/signin").await.text.contains("data-options"));
        assert_eq!(alone(&mut browser, &json).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn codes_go_to_proved_addresses_through_the_gateway(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let security = &house.security;
        let (url, mut messages) = http_receiver(TAKEN).await;
        security.put_sms_gateway(&operator(), Some(gateway(&url))).await.unwrap();
        let mut browser = Browser::new(security);
        browser.sign_in("wang", PASSWORD).await;
        let token = browser.get("/account/factors").await.token();
        let bad = browser.post("/account/factors/address", &[("csrf", &token), ("kind", "sms"), ("address", "not-a-number")]).await;
        assert!(bad.text.contains("手机号或邮箱不能用"), "{}", bad.text);
        let none = browser.post("/account/factors/address", &[("csrf", &token), ("kind", "mail"), ("address", "wang@edu.example")]).await;
        assert!(none.text.contains("还没有设置发送通道"), "{}", none.text);
        let begun = browser.post("/account/factors/address", &[("csrf", &token), ("kind", "sms"), ("address", "138 0000 0000")]).await;
        assert_eq!(begun.location(), "/account/factors/address?kind=sms");
        let message = messages.recv().await.unwrap();
        assert!(message.starts_with("POST /send HTTP/1.1") && message.to_lowercase().contains("authorization: bearer gate"), "{message}");
        assert!(message.contains("\"mobile\":\"13800000000\""), "{message}");
        let code = between(&message, "code ", " for 5 minutes").to_owned();
        assert!(browser.get("/account/factors/address?kind=sms").await.text.contains("138****0000"));
        let added = browser.post("/account/factors/address/check", &[("csrf", &token), ("kind", "sms"), ("code", &code)]).await;
        assert_eq!(codes(&added).len(), 10, "{}", added.text);

        house.clock.advance(60_000);
        let mut browser = Browser::new(security);
        browser.sign_in("wang", PASSWORD).await;
        let page = browser.get("/signin/second").await;
        assert!(page.text.contains("138****0000") && !page.text.contains("13800000000"), "{}", page.text);
        let ask = async |browser: &mut Browser| {
            let token = browser.get("/signin/second").await.token();
            browser.post("/signin/second/send", &[("csrf", &token), ("factor", "1"), ("next", "/schools")]).await
        };
        let asked = ask(&mut browser).await;
        assert_eq!(asked.location(), "/signin/second?next=%2Fschools&sent=1");
        let code = between(&messages.recv().await.unwrap(), "code ", " for").to_owned();
        let often = ask(&mut browser).await;
        assert!(often.text.contains("发送太频繁"), "{}", often.text);
        let wrong = second(&mut browser, &[("method", "sent"), ("factor", "1"), ("code", "x")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let done = second(&mut browser, &[("method", "sent"), ("factor", "1"), ("code", &code)]).await;
        assert_eq!(done.location(), "/schools", "{}", done.text);
        let mut again = Browser::new(security);
        again.sign_in("wang", PASSWORD).await;
        let used = second(&mut again, &[("method", "sent"), ("factor", "1"), ("code", &code)]).await;
        assert_eq!(used.status, StatusCode::UNPROCESSABLE_ENTITY, "a code serves once");

        // What the gateway does not take is told; no redirect is followed.
        for answer in [REFUSED, ELSEWHERE] {
            let (url, _messages) = http_receiver(answer).await;
            security.put_sms_gateway(&operator(), Some(gateway(&url))).await.unwrap();
            house.clock.advance(16 * 60_000);
            let mut browser = Browser::new(security);
            browser.sign_in("wang", PASSWORD).await;
            let failed = ask(&mut browser).await;
            assert!(failed.text.contains("验证码没有发出去"), "{}", failed.text);
        }
        // Without a gateway it is no factor any more: the password alone signs in.
        security.put_sms_gateway(&operator(), None).await.unwrap();
        let mut browser = Browser::new(security);
        assert_eq!(browser.sign_in("wang", PASSWORD).await.location(), "/");
        let mut tx = security.0.work.read().await.unwrap();
        for row in tx.fetch_all("SELECT secret FROM factor", &[]).await.unwrap() {
            assert!(!row.bytes("secret").unwrap().windows(5).any(|part| part == b"13800"));
        }
    }

    async fn a_sent_code_runs_out_after_five_minutes_and_five_tries(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let security = &house.security;
        let (port, mut letters) = mail_receiver().await;
        let mail = MailGateway {
            host: "127.0.0.1".to_owned(),
            port,
            security: MailSecurity::None,
            from: "渭河 <noreply@edu.example>".to_owned(),
            subject: "登录验证码".to_owned(),
            body: "code={code}=end".to_owned(),
            ..MailGateway::default()
        };
        security.put_mail_gateway(&operator(), Some(mail)).await.unwrap();
        let mut browser = Browser::new(security);
        browser.sign_in("wang", PASSWORD).await;
        let token = browser.get("/account/factors").await.token();
        let begin = async |browser: &mut Browser| {
            browser.post("/account/factors/address", &[("csrf", &token), ("kind", "mail"), ("address", "wang@edu.example")]).await
        };
        let check = async |browser: &mut Browser, code: &str| {
            browser.post("/account/factors/address/check", &[("csrf", &token), ("kind", "mail"), ("code", code)]).await
        };
        assert_eq!(begin(&mut browser).await.location(), "/account/factors/address?kind=mail");
        let letter = letters.recv().await.unwrap();
        assert!(letter.contains("RCPT TO:<wang@edu.example>"), "{letter}");
        let code = between(&letter, "code=", "=end").to_owned();
        assert_eq!(code.len(), 6, "{letter}");
        for _ in 0..5 {
            assert_eq!(check(&mut browser, "000000x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(check(&mut browser, &code).await.status, StatusCode::UNPROCESSABLE_ENTITY, "five tries");
        house.clock.advance(61_000);
        begin(&mut browser).await;
        let code = between(&letters.recv().await.unwrap(), "code=", "=end").to_owned();
        house.clock.advance(301_000);
        assert_eq!(check(&mut browser, &code).await.status, StatusCode::UNPROCESSABLE_ENTITY, "five minutes");
        begin(&mut browser).await;
        let code = between(&letters.recv().await.unwrap(), "code=", "=end").to_owned();
        assert_eq!(codes(&check(&mut browser, &code).await).len(), 10);
        let own = security.factors_of(&operator(), AccountId::new(1)).await.unwrap();
        assert_eq!(own.iter().map(|factor| factor.kind).collect::<Vec<_>>(), [FactorKind::Mail]);
    }

    async fn a_certificate_counts_in_its_days_and_from_a_trusted_proxy_only(place: &TestPlace) {
        let house = house_with(place, |config| config.trusted_proxies = vec!["192.0.2.1".parse().unwrap()]).await;
        let account = NewAccount { login: "wang".to_owned(), display: "王某".to_owned(), password: Some(PASSWORD.to_owned()) };
        house.security.create_account(&operator(), account).await.unwrap();
        let certificate = |until: i32| {
            let mut params = rcgen::CertificateParams::new(vec!["ukey.example".to_owned()]).unwrap();
            params.distinguished_name.push(rcgen::DnType::CommonName, "UKey 7");
            params.not_before = rcgen::date_time_ymd(2026, 1, 1);
            params.not_after = rcgen::date_time_ymd(until, 1, 1);
            let key = rcgen::KeyPair::generate().unwrap();
            params.self_signed(&key).unwrap().der().to_vec()
        };
        let (own, foreign, old) = (certificate(2027), certificate(2027), certificate(2026));
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let token = browser.get("/account/factors").await.token();
        let fields = [("csrf", token.as_str()), ("certificate_label", "UKey")];
        let none = browser.post("/account/factors/certificate", &fields).await;
        assert!(none.text.contains("没有出示"), "{}", none.text);
        let ended = browser.post_with_certificate("/account/factors/certificate", &fields, &old).await;
        assert_eq!(ended.status, StatusCode::UNPROCESSABLE_ENTITY);
        let added = browser.post_with_certificate("/account/factors/certificate", &fields, &own).await;
        assert_eq!(codes(&added).len(), 10, "{}", added.text);
        assert!(browser.get("/account/factors").await.text.contains("CN=UKey 7"));

        let step = async |browser: &mut Browser, der: &[u8]| {
            let token = browser.get_with_certificate("/signin/second", der).await.token();
            let fields = [("csrf", token.as_str()), ("method", "certificate"), ("next", "/account")];
            browser.post_with_certificate("/signin/second", &fields, der).await
        };
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        assert_eq!(step(&mut browser, &foreign).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(step(&mut browser, &own).await.location(), "/account");
        // The same header from elsewhere is nothing but words.
        let mut liar = Browser::new(&house.security).at("203.0.113.5");
        liar.sign_in("wang", PASSWORD).await;
        assert!(liar.get_with_certificate("/signin/second", &own).await.text.contains("没有出示客户端证书"));
        assert_eq!(step(&mut liar, &own).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        // After its end it counts no more.
        house.clock.advance(40 * DAY);
        let mut browser = Browser::new(&house.security);
        assert_eq!(browser.sign_in("wang", PASSWORD).await.location(), "/");
    }

    async fn the_policy_is_set_on_its_page_with_every_mistake_told(place: &TestPlace) {
        let house = with_account(place, &["administrator"]).await;
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let page = browser.get("/settings/signin").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.text.contains('⟨') && page.text.contains("system_administrator"), "{}", page.text);
        let token = page.token();
        let send = async |browser: &mut Browser, days: &str, site: &str| {
            let fields = [
                ("csrf", token.as_str()), ("signin_second_factor_posts", "planner"), ("signin_second_factor_days", days),
                ("signin_passkey_alone", "1"), ("signin_password_shortest", "12"), ("signin_password_kinds", "3"),
                ("signin_password_past", "4"), ("signin_password_days", "180"), ("signin_first_change", "all"),
                ("signin_refused_words", ""), ("signin_site", site),
            ];
            browser.post("/settings/signin", &fields).await
        };
        let wrong = send(&mut browser, "soon", "http://192.0.2.1").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text.contains("请填写天数") && wrong.text.contains("不能用 IP 地址"), "{}", wrong.text);
        assert_eq!(house.security.policy().password_shortest, 10);
        assert_eq!(send(&mut browser, "7", ORIGIN).await.location(), "/settings/signin?saved=1");
        let policy = house.security.policy();
        assert_eq!((policy.second_factor_days, policy.password_shortest, policy.only_cryptographic), (7, 12, false));

        let sms = [("csrf", token.as_str()), ("url", "ftp:x"), ("headers", ""), ("content_type", "application/json"), ("body", "x"), ("success", "")];
        let wrong = browser.post("/settings/signin/sms", &sms).await;
        assert!(wrong.text.contains("请填写 http:"), "{}", wrong.text);
        let mail = [
            ("csrf", token.as_str()), ("host", "smtp.example"), ("port", "465"), ("security", "tls"), ("user", "u"),
            ("password", "Secret-9"), ("from", "noreply@edu.example"), ("subject", "x"), ("mail_body", "{code}"),
        ];
        assert_eq!(browser.post("/settings/signin/mail", &mail).await.location(), "/settings/signin?saved=1");
        let page = browser.get("/settings/signin").await;
        assert!(page.text.contains("smtp.example") && !page.text.contains("Secret-9"));
        let mut again = mail.to_vec();
        again[5].1 = "";
        browser.post("/settings/signin/mail", &again).await;
        let kept = house.security.mail_gateway(&operator()).await.unwrap().unwrap();
        assert_eq!(kept.password, "Secret-9");
        let told = actions(&house).await;
        assert!(told.iter().any(|one| one == "setting_changed setting:signin_gateway_mail done"), "{told:?}");
    }

    async fn one_ends_all_other_sessions(place: &TestPlace) {
        let house = with_account(place, &["planner"]).await;
        let mut others = Vec::new();
        for _ in 0..3 {
            let mut other = Browser::new(&house.security);
            other.sign_in("wang", PASSWORD).await;
            others.push(other);
        }
        let mut browser = Browser::new(&house.security);
        browser.sign_in("wang", PASSWORD).await;
        let page = browser.get("/account").await;
        assert!(page.text.contains("退出其他所有设备"));
        browser.post("/account/sessions/others", &[("csrf", &page.token())]).await;
        for other in &mut others {
            assert_eq!(other.get("/schools").await.status, StatusCode::SEE_OTHER);
        }
        let page = browser.get("/account").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.text.contains("退出其他所有设备"));
    }
}

/// Posts the second step of one whose page would not open any more.
async fn second_without_page(browser: &mut Browser, code: &str) -> Answer {
    let token = browser.get("/signin").await.token();
    let fields = [("csrf", token.as_str()), ("method", "totp"), ("totp", code)];
    browser.post("/signin/second", &fields).await
}

/// A second authenticator beside the first.
async fn add_more(house: &House, browser: &mut Browser) {
    let token = browser.get("/account/factors").await.token();
    browser
        .post("/account/factors/totp", &[("csrf", &token)])
        .await;
    let spelled = codes(&browser.get("/account/factors/totp").await).remove(0);
    let code = code_of(&spelled, house.now());
    let added = browser
        .post(
            "/account/factors/totp/check",
            &[("csrf", &token), ("totp", &code)],
        )
        .await;
    assert_eq!(added.location(), "/account/factors?done=1");
}

#[test]
fn faults_of_factors_have_their_sentences() {
    let catalogue = ui::Catalogue::new(vec![crate::messages()]);
    let text = catalogue.text(ui::Language::English);
    for fault in [
        FactorFault::NotConfirmed,
        FactorFault::WrongCode,
        FactorFault::Address,
        FactorFault::NoGateway,
        FactorFault::NotSent,
        FactorFault::TooOften,
        FactorFault::NoCertificate,
        FactorFault::Taken,
        FactorFault::Passkey,
        FactorFault::Last,
        FactorFault::TooMany,
    ] {
        assert!(text.has(fault.code()), "{}", fault.code());
    }
    assert_eq!(
        SecurityError::from(CeremonyFault::Origin).code(),
        FactorFault::Passkey.code()
    );
}

//! Sign-in through identity services: a certified OpenID provider on loopback, and crooked ones
//! (`web/test/identity-provider.mjs`).

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use db::testing::TestPlace;
use kernel::{Clock as _, FixedClock, SystemClock};
use standard::{Action, Scope};

use super::browser::{Answer, Browser};
use super::{operator, post};
use crate::identity::IdentitySettings;
use crate::web::SESSION_COOKIE;
use crate::{Config, NewAccount, Parts, Security, SystemRandom};

const PASSWORD: &str = "Wei-he-2026-liu";
const ADDRESS: &str = "https://weihe.example";

/// The services, ended when this goes out of scope.
struct Services {
    child: Child,
    /// Kept open: who writes into a closed pipe ends.
    _said: BufReader<ChildStdout>,
    origin: String,
}

impl Services {
    /// `None` where the machine lacks what they need; on the build server that is a failure.
    fn start(test: &str) -> Option<Self> {
        let web = testfiles::root().join("web");
        if !web.join("node_modules/oidc-provider").is_dir() {
            let why = "web/node_modules is not installed; run `cargo xtask web`";
            assert!(testfiles::variable("WEIHE_REQUIRE_ALL").is_none(), "{why}");
            testfiles::skipped(test, why);
            return None;
        }
        let mut child = Command::new("node")
            .arg("test/identity-provider.mjs")
            .args([
                format!("{ADDRESS}/signin/with/real/back"),
                format!("{ADDRESS}/signin"),
            ])
            .current_dir(web)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let origins: serde_json::Value = serde_json::from_str(&line).unwrap();
        let origin = origins["origin"].as_str().unwrap().to_owned();
        Some(Self {
            child,
            _said: said,
            origin,
        })
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.stop();
    }
}

struct House {
    security: Security,
    clock: Arc<FixedClock>,
}

/// A program that knows these services by name, each with more settings.
async fn house(place: &TestPlace, services: &[(&str, String, &str)]) -> House {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "a secret of the tests").unwrap();
    let mut text = format!("address = \"{ADDRESS}\"\n");
    for (name, issuer, more) in services {
        text.push_str(&format!(
            "[[provider]]\nname = \"{name}\"\ntitle = {{ zh = \"省统一身份认证\", en = \"Province\" }}\n\
             issuer = \"{issuer}\"\nclient_id = \"weihe\"\nclient_secret_file = \"secret\"\n\
             scopes = [\"profile\"]\n{more}\n"
        ));
    }
    let file = folder.path().join("identity.toml");
    std::fs::write(&file, text).unwrap();
    // The services live in the time of the machine.
    let clock = Arc::new(FixedClock::new(SystemClock.now()));
    let mut config = Config::for_tests();
    config.identity = IdentitySettings::read(&file).unwrap();
    let security = Security::open(Parts {
        ledger: place.open("ledger").await.unwrap(),
        work: place.open("work").await.unwrap(),
        posts: vec![post("planner", &[Action::Read], Scope::Subtree)],
        lines: Vec::new(),
        datasets: Vec::new(),
        clock: Arc::<FixedClock>::clone(&clock),
        random: Arc::new(SystemRandom),
        config,
    })
    .await
    .unwrap();
    House { security, clock }
}

impl House {
    async fn account(&self, login: &str) {
        let account = NewAccount {
            login: login.to_owned(),
            display: login.to_owned(),
            password: Some(PASSWORD.to_owned()),
        };
        let permit = operator();
        let (id, _) = self
            .security
            .create_account(&permit, account)
            .await
            .unwrap();
        let granted = self.security.grant(&permit, id, "planner", None, None);
        granted.await.unwrap();
    }

    async fn audited(&self, action: &str) -> usize {
        let entries = self.security.audit_entries(0, 1000).await.unwrap();
        entries
            .iter()
            .filter(|entry| entry.action == action)
            .count()
    }
}

/// Signs in at the service as a browser would, as `login`. Answers where the service sends the browser.
async fn at_service(address: &str, login: &str) -> String {
    let http = reqwest::Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let mut response = http.get(address).send().await.unwrap();
    for _ in 0..12 {
        let here = response.url().clone();
        if response.status().is_redirection() {
            let location = response.headers()["location"].to_str().unwrap().to_owned();
            if let Some(path) = location.strip_prefix(ADDRESS) {
                return path.to_owned();
            }
            let next = here.join(&location).unwrap();
            response = http.get(next).send().await.unwrap();
            continue;
        }
        let page = response.text().await.unwrap();
        let (_, rest) = page
            .split_once("action=\"")
            .unwrap_or_else(|| panic!("{page}"));
        let action = here.join(rest.split('"').next().unwrap()).unwrap();
        let fields = [("prompt", "login"), ("login", login), ("password", "any")];
        response = http.post(action).form(&fields).send().await.unwrap();
    }
    panic!("the service leads nowhere");
}

/// Through a service and back.
async fn through(browser: &mut Browser, service: &str, login: &str, next: &str) -> Answer {
    let there = browser
        .get(&format!("/signin/with/{service}?next={next}"))
        .await;
    assert_eq!(there.status, StatusCode::SEE_OTHER, "{}", there.text);
    let back = at_service(there.location(), login).await;
    browser.get(&back).await
}

fn is_in(browser: &Browser) -> bool {
    browser.cookie(SESSION_COOKIE).is_some()
}

db::on_both_engines! {
    async fn one_links_an_account_signs_in_through_the_service_and_leaves(place: &TestPlace) {
        let Some(services) = Services::start("security::tests::identity::one_links") else { return };
        let real = format!("{}/real", services.origin);
        let house = house(place, &[("real", real.clone(), "scan = true\nsign_out = true")]).await;
        house.account("wang").await;
        // Sharing the address of mail with someone of the service must not make one that account.
        house.account("shared@example.invalid").await;

        let mut browser = Browser::new(&house.security);
        let page = browser.get("/signin?next=%2Fschools").await;
        assert!(page.text.contains("用省统一身份认证登录") && page.text.contains("扫码登录"), "{}", page.text);
        assert!(page.text.contains("/signin/with/real?next=%2Fschools"), "{}", page.text);
        let unknown = through(&mut browser, "real", "wang", "/schools").await;
        assert_eq!(unknown.status, StatusCode::FORBIDDEN);
        assert!(unknown.text.contains("还没有绑定") && unknown.text.contains("name=\"password\""), "{}", unknown.text);
        assert!(unknown.text.contains("value=\"/account/identities\""), "{}", unknown.text);
        assert!(!is_in(&browser));

        browser.sign_in("wang", PASSWORD).await;
        let token = browser.get("/account/identities").await.token();
        let sent = [("csrf", token.as_str()), ("provider", "real"), ("present", "wrong")];
        assert_eq!(browser.post("/account/identities", &sent).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let sent = [("csrf", token.as_str()), ("provider", "real"), ("present", PASSWORD)];
        let way = browser.post("/account/identities", &sent).await;
        assert_eq!(way.status, StatusCode::OK);
        let (_, rest) = way.text.split_once(&format!("href=\"{real}/auth")).unwrap();
        let address = format!("{real}/auth{}", rest.split('"').next().unwrap().replace("&amp;", "&"));
        for needed in ["code_challenge_method=S256", "nonce=", "state=", "response_type=code"] {
            assert!(address.contains(needed), "{address}");
        }
        let back = at_service(&address, "someone").await;
        let linked = browser.get(&back).await;
        assert_eq!(linked.location(), "/account/identities?done=linked");
        assert_eq!(house.audited("identity_linked").await, 1);
        browser.post("/signout", &[("csrf", &token)]).await;

        let mut browser = Browser::new(&house.security);
        let entered = through(&mut browser, "real", "someone", "/schools%3Fpage=2").await;
        assert_eq!((entered.status, entered.location()), (StatusCode::SEE_OTHER, "/schools?page=2"));
        let page = browser.get("/schools").await;
        assert!(page.text.starts_with("account:1 "), "{}", page.text);

        let token = browser.get("/account/identities").await.token();
        let out = browser.post("/signout", &[("csrf", &token)]).await;
        assert_eq!(out.location(), "/signin?left=real");
        let page = browser.get(out.location()).await;
        assert!(page.text.contains("href=\"/signin/with/real/leave\""), "{}", page.text);
        let leave = browser.get("/signin/with/real/leave").await;
        assert!(leave.location().starts_with(&format!("{real}/session/end?client_id=weihe")), "{}", leave.location());

        through(&mut browser, "real", "someone", "/").await;
        let token = browser.get("/account/identities").await.token();
        browser.post("/account/identities/end", &[("csrf", &token), ("provider", "real")]).await;
        assert_eq!(house.audited("identity_unlinked").await, 1);
        let mut browser = Browser::new(&house.security);
        assert_eq!(through(&mut browser, "real", "someone", "/").await.status, StatusCode::FORBIDDEN);
        assert!(!is_in(&browser) && house.security.verify_audit().await.is_ok());
        house.security.sweep().await.unwrap();
    }

    async fn the_operators_rule_finds_the_account_by_a_claim(place: &TestPlace) {
        let Some(services) = Services::start("security::tests::identity::the_operators_rule") else { return };
        let real = format!("{}/real", services.origin);
        let house = house(place, &[("real", real, "login_claim = \"employee\"")]).await;
        house.account("wang").await;
        let mut browser = Browser::new(&house.security);
        // The claim says WANG, in the service's user information.
        assert_eq!(through(&mut browser, "real", "wang", "/schools").await.location(), "/schools");
        assert!(browser.get("/schools").await.text.starts_with("account:1 "));
        assert_eq!(house.audited("identity_linked").await, 1);

        let mut stranger = Browser::new(&house.security);
        let refused = through(&mut stranger, "real", "nobody", "/").await;
        assert!(refused.status == StatusCode::FORBIDDEN && refused.text.contains("还没有绑定"), "{}", refused.text);

        let account = house.security.account_named(&operator(), "wang").await.unwrap();
        house.security.disable(&operator(), account.id).await.unwrap();
        let mut browser = Browser::new(&house.security);
        let barred = through(&mut browser, "real", "wang", "/").await;
        assert!(barred.status == StatusCode::FORBIDDEN && barred.text.contains("已停用"), "{}", barred.text);
        house.security.set_enabled(&operator(), account.id, true).await.unwrap();
        assert!(house.security.end_identities(&operator(), account.id).await.unwrap());
        assert!(!house.security.end_identities(&operator(), account.id).await.unwrap());
    }

    async fn a_person_is_one_account_and_an_account_one_person_of_a_service(place: &TestPlace) {
        let Some(services) = Services::start("security::tests::identity::a_person_is_one") else { return };
        let real = format!("{}/real", services.origin);
        let house = house(place, &[("real", real.clone(), "")]).await;
        house.account("wang").await;
        house.account("li").await;
        for (login, person, expected) in [
            ("wang", "someone", "done=linked"),
            ("li", "someone", "已绑定其他账号"),
            ("wang", "another", "已绑定其他账号"),
            ("li", "another", "done=linked"),
        ] {
            let mut browser = Browser::new(&house.security);
            browser.sign_in(login, PASSWORD).await;
            let token = browser.get("/schools").await.text.split(' ').nth(1).unwrap().to_owned();
            let sent = [("csrf", token.as_str()), ("provider", "real"), ("present", PASSWORD)];
            let way = browser.post("/account/identities", &sent).await;
            if way.status == StatusCode::OK {
                let (_, rest) = way.text.split_once(&format!("href=\"{real}/auth")).unwrap();
                let address = format!("{real}/auth{}", rest.split('"').next().unwrap().replace("&amp;", "&"));
                let back = browser.get(&at_service(&address, person).await).await;
                let said = format!("{} {}", back.location(), back.text);
                assert!(said.contains(expected), "{login} {person}: {said}");
            }
        }
        assert_eq!(house.audited("identity_linked").await, 2);
    }

    async fn what_is_not_to_be_believed_lets_nobody_in(place: &TestPlace) {
        let Some(services) = Services::start("security::tests::identity::what_is_not") else { return };
        // Kind, status, and a word of the sentence. Where a token is believed the person is only not linked.
        const KINDS: [(&str, u16, &str); 19] = [
            ("good", 403, "还没有绑定"),
            ("clock-a-little-off", 403, "还没有绑定"),
            ("just-expired", 403, "还没有绑定"),
            ("issuer", 403, "未通过核验"),
            ("audience", 403, "未通过核验"),
            ("second-audience", 403, "未通过核验"),
            ("nonce", 403, "未通过核验"),
            ("expired", 403, "未通过核验"),
            ("future", 403, "未通过核验"),
            ("old", 403, "未通过核验"),
            ("unsigned", 403, "未通过核验"),
            ("secret-as-key", 403, "未通过核验"),
            ("foreign-key", 403, "未通过核验"),
            ("redirects", 403, "未通过核验"),
            ("leads-elsewhere", 503, "配置有误"),
            ("mixed-up", 403, "已过期"),
            ("denies", 403, "没有在"),
            ("says-another-issuer", 503, "配置有误"),
            ("silent", 503, "没有应答"),
        ];
        let known: Vec<(&str, String, &str)> = KINDS
            .iter()
            .map(|(kind, _, _)| (*kind, format!("{}/crooked/{kind}", services.origin), ""))
            .collect();
        let house = house(place, &known).await;
        for (kind, status, word) in KINDS {
            let mut browser = Browser::new(&house.security);
            let there = browser.get(&format!("/signin/with/{kind}")).await;
            let answer = if there.status == StatusCode::SEE_OTHER {
                let back = at_service(there.location(), "").await;
                browser.get(&back).await
            } else {
                there
            };
            assert!(!is_in(&browser), "{kind}");
            assert_eq!(answer.status.as_u16(), status, "{kind}: {}", answer.text);
            assert!(answer.text.contains(word), "{kind}: {}", answer.text);
            assert!(answer.text.contains("name=\"password\""), "{kind}: {}", answer.text);
        }
        let mut browser = Browser::new(&house.security);
        for address in ["/signin/with/none", "/signin/with/none/back?state=x&code=y", "/signin/with/none/leave"] {
            assert_eq!(browser.get(address).await.status, StatusCode::NOT_FOUND, "{address}");
        }
    }

    async fn only_the_browser_that_set_out_comes_back_once_and_in_time(place: &TestPlace) {
        let Some(services) = Services::start("security::tests::identity::only_the_browser") else { return };
        let real = format!("{}/real", services.origin);
        let house = house(place, &[("real", real, "login_claim = \"employee\"")]).await;
        house.account("wang").await;
        let mut browser = Browser::new(&house.security);
        let there = browser.get("/signin/with/real?next=//evil.example").await;
        let back = at_service(there.location(), "wang").await;

        let mut other = Browser::new(&house.security);
        other.get("/signin").await;
        let stolen = other.get(&back).await;
        assert!(stolen.status == StatusCode::FORBIDDEN && stolen.text.contains("已过期"), "{}", stolen.text);
        // It is used up now.
        assert_eq!(browser.get(&back).await.status, StatusCode::FORBIDDEN);
        assert!(!is_in(&browser) && !is_in(&other));

        let there = browser.get("/signin/with/real?next=//evil.example").await;
        let back = at_service(there.location(), "wang").await;
        let entered = browser.get(&back).await;
        assert_eq!((entered.status, entered.location()), (StatusCode::SEE_OTHER, "/"));
        assert!(is_in(&browser));
        assert_eq!(browser.get("/signin/with/real?next=/schools").await.location(), "/schools");

        let mut late = Browser::new(&house.security);
        let there = late.get("/signin/with/real").await;
        let back = at_service(there.location(), "wang").await;
        house.clock.advance(11 * 60_000);
        assert_eq!(late.get(&back).await.status, StatusCode::FORBIDDEN);
        assert!(!is_in(&late));
    }

    async fn another_site_leads_to_the_sign_in_page_and_no_further(place: &TestPlace) {
        // Nothing listens there: whoever is sent on is told that the service does not answer.
        let house = house(place, &[("real", "http://127.0.0.1:1/real".to_owned(), "")]).await;
        let mut browser = Browser::new(&house.security);
        for (site, status) in [
            ("cross-site", StatusCode::SEE_OTHER),
            ("same-site", StatusCode::SEE_OTHER),
            ("same-origin", StatusCode::SERVICE_UNAVAILABLE),
            ("none", StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let request = Request::get("/signin/with/real?next=/schools").header("sec-fetch-site", site);
            let request = request.header(header::ACCEPT, "text/html").body(Body::empty()).unwrap();
            let answer = browser.send(request).await;
            assert_eq!(answer.status, status, "{site}: {}", answer.text);
            if status == StatusCode::SEE_OTHER {
                assert_eq!(answer.location(), "/signin?next=%2Fschools", "{site}");
            }
        }
    }

    async fn a_service_that_is_down_leaves_the_sign_in_by_name_as_it_is(place: &TestPlace) {
        let Some(mut services) = Services::start("security::tests::identity::a_service_that_is_down") else { return };
        let real = format!("{}/real", services.origin);
        let house = house(place, &[("real", real, "login_claim = \"employee\"")]).await;
        house.account("wang").await;
        let mut browser = Browser::new(&house.security);
        let there = browser.get("/signin/with/real").await;
        let back = at_service(there.location(), "wang").await;
        services.stop();
        let down = browser.get(&back).await;
        assert!(down.status == StatusCode::SERVICE_UNAVAILABLE && down.text.contains("没有应答"), "{}", down.text);
        // What it said of itself is kept; once that is too old it is asked in vain.
        assert_eq!(browser.get("/signin/with/real").await.status, StatusCode::SEE_OTHER);
        house.clock.advance(25 * 3_600_000);
        let down = browser.get("/signin/with/real").await;
        assert!(down.status == StatusCode::SERVICE_UNAVAILABLE && down.text.contains("没有应答"), "{}", down.text);
        assert_eq!(browser.sign_in("wang", PASSWORD).await.status, StatusCode::SEE_OTHER);
        assert!(is_in(&browser));
    }
}

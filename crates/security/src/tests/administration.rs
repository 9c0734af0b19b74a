//! How people come to accounts and posts, and how posts go on, through the pages as a browser takes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;
use db::Tx;
use futures::future::{BoxFuture, FutureExt as _};
use kernel::{AccountId, UnitId};

use super::browser::{Answer, Browser};
use super::flow::PASSWORD;
use super::grants::{account, at, plant};
use super::{House, house, operator};
use crate::administration::{BulkRow, PassFault, Passing, PersonName, PlannedRow, WorkInHand};
use crate::{Grant, GrantId, Permit, Security, SecurityError};

const DAY: i64 = 24 * 3_600_000;
const NEW_PASSWORD: &str = "Jing-he-2026-qing";

/// A person with a post, who can sign in with [`PASSWORD`].
async fn person(house: &House, login: &str, post: &str, unit: i64) -> (AccountId, GrantId) {
    let security = &house.security;
    let id = account(security, &operator(), login).await;
    let grant = security.give(&operator(), id, &at(post, unit)).await;
    (id, grant.unwrap())
}

async fn signed_in(house: &House, login: &str) -> Browser {
    let mut browser = Browser::new(&house.security);
    let answer = browser.sign_in(login, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{login}");
    browser
}

/// Sends a form with the token of the reader's session.
async fn send(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let token = browser.get("/account").await.token();
    let mut all = vec![("csrf", token.as_str())];
    all.extend(fields);
    browser.post(path, &all).await
}

/// The activation codes on a page of slips.
fn codes(page: &Answer) -> Vec<String> {
    let words = page.text.split(['<', '>']);
    let is_code = |word: &&str| word.len() == 19 && word.matches('-').count() == 3;
    words.filter(is_code).map(str::to_owned).collect()
}

async fn activate(house: &House, code: &str, password: &str) -> Answer {
    let mut browser = Browser::new(&house.security);
    let token = browser.get("/activate").await.token();
    let fields = [
        ("csrf", token.as_str()),
        ("code", code),
        ("wanted", password),
        ("again", password),
    ];
    browser.post("/activate", &fields).await
}

async fn holds(security: &Security, account: AccountId) -> Vec<(String, Option<i64>)> {
    let one = security.account(&operator(), account).await.unwrap();
    let grants = one.grants.into_iter();
    grants
        .map(|grant| (grant.post, grant.unit.map(UnitId::get)))
        .collect()
}

async fn told(house: &House) -> Vec<String> {
    let entries = house.security.audit_entries(0, 1000).await.unwrap();
    let told = entries.iter();
    told.map(|entry| format!("{} {}", entry.action, entry.subject))
        .collect()
}

/// Work that goes with a post, some of it only after a failure.
#[derive(Default)]
struct Papers {
    passed: AtomicU64,
    failures: AtomicU64,
    after: AtomicU64,
}

impl WorkInHand for Papers {
    fn label(&self) -> &'static str {
        "security-posts"
    }

    fn count<'a>(
        &'a self,
        _work: &'a mut Tx,
        _giver: AccountId,
        grants: &'a [Grant],
    ) -> BoxFuture<'a, Result<u64, PassFault>> {
        async move { Ok(grants.len() as u64) }.boxed()
    }

    fn pass<'a>(
        &'a self,
        _work: &'a mut Tx,
        passing: &'a Passing,
    ) -> BoxFuture<'a, Result<u64, PassFault>> {
        let passed = passing.grants.len() as u64;
        self.passed.fetch_add(passed, Ordering::SeqCst);
        async move { Ok(passed) }.boxed()
    }

    fn pass_after<'a>(
        &'a self,
        _permit: &'a Permit,
        passing: &'a Passing,
    ) -> BoxFuture<'a, Result<u64, PassFault>> {
        async move {
            if self.failures.load(Ordering::SeqCst) > 0 {
                self.failures.fetch_sub(1, Ordering::SeqCst);
                return Err(PassFault("not now".to_owned()));
            }
            assert_eq!(passing.units, [Some(UnitId::new(2))]);
            Ok(self.after.fetch_add(1, Ordering::SeqCst))
        }
        .boxed()
    }
}

db::on_both_engines! {
    async fn an_account_is_made_with_a_post_and_its_holder_sets_the_password(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        person(&house, "east", "administrator", 2).await;
        let mut east = signed_in(&house, "east").await;
        let form = east.get("/accounts/new").await;
        assert!(form.text.contains("岗位clerk") && !form.text.contains("岗位auditor"), "{}", form.text);

        let new = async |east: &mut Browser, login: &str, unit: &str, post: &str| {
            let fields = [("login", login), ("display", "李某"), ("unit", unit), ("post", post)];
            send(east, "/accounts/new", &fields).await
        };
        for (login, unit, post, fault) in [
            ("li wei", "20", "clerk", "用户名为 2 至 64 个"),
            ("east", "20", "clerk", "已有人使用这个用户名"),
            ("li", "30", "clerk", "没有这个单位"),
            ("li", "东县", "clerk", "2 东县教育局; 20 东县一小"),
            ("li", "2", "clerk", "这个单位不设这个岗位"),
            ("li", "2", "auditor", "您的岗位不能授予这个岗位"),
        ] {
            let refused = new(&mut east, login, unit, post).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{login} {unit} {post}");
            assert!(refused.text.contains(fault), "{fault}: {}", refused.text);
        }
        let made = new(&mut east, "Li", "东县一小", "clerk").await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        assert_eq!(made.headers["cache-control"], "no-store");
        let [code] = codes(&made).try_into().unwrap();

        // Nobody has a password for it, and the code is not to be guessed from what it looks like.
        let mut li = Browser::new(&house.security);
        assert_eq!(li.sign_in("li", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(activate(&house, "AAAA-BBBB-CCCC-DDDD", NEW_PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let weak = activate(&house, &code, "short").await;
        assert!(weak.text.contains("比密码要求的短"), "{}", weak.text);
        let typed = code.to_lowercase().replace('-', " ");
        let done = activate(&house, &typed, NEW_PASSWORD).await;
        assert!(done.text.contains("请用用户名 li 登录"), "{}", done.text);
        let again = activate(&house, &code, NEW_PASSWORD).await;
        assert!(again.text.contains("激活码不对、已用过或已过期"), "{}", again.text);
        assert_eq!(li.sign_in("li", NEW_PASSWORD).await.status, StatusCode::SEE_OTHER);
        // The holder chose it, so it need not be changed first.
        assert_eq!(li.get("/schools").await.status, StatusCode::OK);
        let log = told(&house).await;
        for entry in ["account_created account:2", "grant_given account:2 grant:2", "account_invited account:2", "password_set account:2"] {
            assert!(log.contains(&entry.to_owned()), "{entry}: {log:?}");
        }
        assert!(!log.iter().any(|entry| entry.contains(&code)));
    }

    async fn the_list_holds_what_one_manages_and_is_searched_by_initials(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let (west, _) = person(&house, "west", "administrator", 3).await;
        let (auditor, _) = person(&house, "watch", "auditor", 2).await;
        let (li, _) = person(&house, "li", "clerk", 20).await;
        house.clock.advance(91 * DAY);
        person(&house, "east", "administrator", 2).await;
        let mut east = signed_in(&house, "east").await;
        let list = east.get("/accounts").await;
        let rows = |page: &Answer| page.text.matches("href=\"/accounts/").count();
        assert!(list.text.contains("东县一小") && !list.text.contains("west") && !list.text.contains("watch"), "{}", list.text);
        // Those to make and to make by file, and two accounts.
        assert_eq!(rows(&list), 4);
        for (query, found) in [
            ("q=wm", 4), ("q=WANG", 2), ("q=王某", 4), ("q=li", 3), ("post=clerk", 3), ("post=planner", 2),
            ("state=disabled", 2), ("kind=service", 2), ("care=unused", 3), ("care=factor", 4),
            ("page=2", 4), ("sort=-used", 4), ("sort=name", 4),
        ] {
            let page = east.get(&format!("/accounts?{query}")).await;
            assert_eq!((query, rows(&page)), (query, found), "{}", page.text);
        }
        assert_eq!(east.get(&format!("/accounts/{li}")).await.status, StatusCode::OK);
        let absent = east.get("/accounts/987").await;
        assert_eq!(absent.status, StatusCode::NOT_FOUND);
        for hidden in [west, auditor] {
            for answer in [
                east.get(&format!("/accounts/{hidden}")).await,
                send(&mut east, &format!("/accounts/{hidden}/invite"), &[]).await,
                send(&mut east, &format!("/accounts/{hidden}/state"), &[("state", "disabled")]).await,
                send(&mut east, &format!("/accounts/{hidden}/end-sessions"), &[]).await,
                send(&mut east, &format!("/accounts/{hidden}/reset-factors"), &[]).await,
                send(&mut east, &format!("/accounts/{hidden}/grants"), &[("post", "planner"), ("unit", "2")]).await,
            ] {
                assert_eq!(answer.status, StatusCode::NOT_FOUND);
                let said = &answer.text;
                assert!(!said.contains("west") && !said.contains("watch"), "{said}");
            }
        }
        // Who does not manage accounts has no such pages.
        person(&house, "zhao", "planner", 2).await;
        let mut planner = signed_in(&house, "zhao").await;
        for path in ["/accounts", "/accounts/new"] {
            assert_eq!(planner.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    }

    async fn posts_are_given_and_taken_back_on_the_page_of_the_account(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let (own, _) = person(&house, "east", "administrator", 2).await;
        let (li, clerk) = person(&house, "li", "clerk", 20).await;
        let mut east = signed_in(&house, "east").await;
        let page = format!("/accounts/{li}/grants");
        for (post, unit, until, fault) in [
            ("clerk", "20", "", "已有这个岗位"),
            ("planner", "3", "", "没有这个单位"),
            ("planner", "20", "2026-11-23", "没有今天以后的日子"),
            ("auditor", "20", "", "不能授予这个岗位"),
        ] {
            let refused = send(&mut east, &page, &[("post", post), ("unit", unit), ("until", until)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(refused.text.contains(fault), "{fault}: {}", refused.text);
        }
        let given = send(&mut east, &page, &[("post", "planner"), ("unit", ""), ("until", "2026-12-31")]).await;
        assert_eq!(given.location(), format!("/accounts/{li}?done=given"));
        assert!(east.get(given.location()).await.text.contains("已授予岗位"));
        assert_eq!(holds(&house.security, li).await, [("clerk".to_owned(), Some(20)), ("planner".to_owned(), Some(2))]);
        let end = format!("/accounts/{li}/end-grant");
        // A grant is ended on the page of its own account only.
        assert_eq!(send(&mut east, &end, &[("grant", "1")]).await.status, StatusCode::FORBIDDEN);
        let ended = send(&mut east, &end, &[("grant", &clerk.0.to_string())]).await;
        assert_eq!(ended.location(), format!("/accounts/{li}?done=ended"));
        assert_eq!(holds(&house.security, li).await, [("planner".to_owned(), Some(2))]);
        assert_eq!(holds(&house.security, own).await.len(), 1);
    }

    async fn a_lost_password_and_lost_factors_are_mended_by_who_manages_the_account(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let (own, _) = person(&house, "east", "administrator", 2).await;
        let (li, _) = person(&house, "li", "clerk", 20).await;
        let mut east = signed_in(&house, "east").await;
        let mut clerk = signed_in(&house, "li").await;
        let at = |path: &str| format!("/accounts/{li}/{path}");

        let ended = send(&mut east, &at("end-sessions"), &[]).await;
        assert_eq!(ended.location(), format!("/accounts/{li}?done=sessions"));
        assert_eq!(clerk.get("/schools").await.status, StatusCode::SEE_OTHER);
        let reset = send(&mut east, &at("reset-factors"), &[]).await;
        assert_eq!(reset.location(), format!("/accounts/{li}?done=factors"));

        let first = send(&mut east, &at("invite"), &[]).await;
        let second = send(&mut east, &at("invite"), &[]).await;
        let (first, second) = (codes(&first).remove(0), codes(&second).remove(0));
        let mut late = Browser::new(&house.security);
        assert_eq!(late.sign_in("li", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(east.get(&format!("/accounts/{li}")).await.text.contains("待激活"));
        // The earlier code is void, and the former password does not come back.
        assert_eq!(activate(&house, &first, NEW_PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let former = activate(&house, &second, PASSWORD).await;
        assert!(former.text.contains("最近用过"), "{}", former.text);
        assert_eq!(activate(&house, &second, NEW_PASSWORD).await.status, StatusCode::OK);
        assert_eq!(late.sign_in("li", NEW_PASSWORD).await.status, StatusCode::SEE_OTHER);

        let third = codes(&send(&mut east, &at("invite"), &[]).await).remove(0);
        house.clock.advance(14 * DAY);
        assert_eq!(activate(&house, &third, "Ba-he-2026-chang").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        house.security.sweep().await.unwrap();

        let mut east = signed_in(&house, "east").await;
        let barred = send(&mut east, &at("state"), &[("state", "disabled")]).await;
        assert_eq!(barred.location(), format!("/accounts/{li}?done=state"));
        assert_eq!(send(&mut east, &at("invite"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        send(&mut east, &at("state"), &[("state", "active")]).await;
        assert_eq!(send(&mut east, &at("invite"), &[]).await.status, StatusCode::OK);

        // What is done to others needs no password, so it is not done to oneself.
        for path in ["invite", "end-sessions", "reset-factors"] {
            let refused = send(&mut east, &format!("/accounts/{own}/{path}"), &[]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        }
        let refused = send(&mut east, &format!("/accounts/{own}/state"), &[("state", "disabled")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(east.get("/schools").await.status, StatusCode::OK);
        assert!(house.security.verify_audit().await.is_ok());
    }

    async fn the_first_start_has_a_code_that_appoints_three_people_once(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        let mut browser = Browser::new(security);
        assert!(browser.get("/signin").await.text.contains("href=\"/setup\""));
        let (void, _) = security.setup_code().await.unwrap().unwrap();
        let (code, until) = security.setup_code().await.unwrap().unwrap();
        assert_eq!(until, house.now().add(DAY));
        assert!(!format!("{code:?}").contains(code.reveal()));
        let token = browser.get("/setup").await.token();
        let set_up = async |browser: &mut Browser, code: &str, last: &str| {
            let fields = [
                ("csrf", token.as_str()), ("code", code),
                ("manage_settings_login", "xitong"), ("manage_settings_display", "系统"),
                ("manage_security_login", "anquan"), ("manage_security_display", "安全"),
                ("read_audit_login", last), ("read_audit_display", "审计"),
            ];
            browser.post("/setup", &fields).await
        };
        for (code, last, fault) in [
            (void.reveal(), "shenji", "激活码不对"),
            ("", "shenji", "请填写"),
            (code.reveal(), "Xitong", "用户名不能相同"),
            (code.reveal(), "shen ji", "用户名为 2 至 64 个"),
        ] {
            let refused = set_up(&mut browser, code, last).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(refused.text.contains(fault), "{fault}: {}", refused.text);
        }
        let done = set_up(&mut browser, code.reveal(), "shenji").await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        let codes = codes(&done);
        assert_eq!(codes.len(), 3);
        assert_eq!(browser.get("/setup").await.status, StatusCode::NOT_FOUND);
        assert_eq!(set_up(&mut browser, code.reveal(), "shenji").await.status, StatusCode::NOT_FOUND);
        assert_eq!(security.setup_code().await.unwrap(), None);
        assert!(!browser.get("/signin").await.text.contains("href=\"/setup\""));
        let mut posts = Vec::new();
        for login in ["xitong", "anquan", "shenji"] {
            let one = security.account_named(&operator(), login).await.unwrap();
            posts.extend(holds(security, one.id).await.into_iter().map(|(post, _)| post));
        }
        assert_eq!(posts, ["administrator", "guard", "watcher"]);
        activate(&house, &codes[0], NEW_PASSWORD).await;
        assert_eq!(browser.sign_in("xitong", NEW_PASSWORD).await.status, StatusCode::SEE_OTHER);
        assert_eq!(browser.get("/accounts").await.status, StatusCode::OK);
    }

    async fn a_set_up_code_lasts_a_day(place: &TestPlace) {
        let house = house(place).await;
        let (code, _) = house.security.setup_code().await.unwrap().unwrap();
        house.clock.advance(DAY);
        let three = ["one", "two", "three"].map(|login| PersonName {
            login: login.to_owned(),
            display: login.to_owned(),
        });
        let late = house.security.set_up(code.reveal(), &three).await;
        assert!(matches!(late, Err(SecurityError::NoCode)));
        assert!(house.security.is_new().await.unwrap());
    }

    async fn a_deputy_stands_in_for_some_days_and_no_longer_than_the_post(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let (_, post) = person(&house, "east", "planner", 2).await;
        let (li, _) = person(&house, "li", "clerk", 20).await;
        person(&house, "west", "planner", 3).await;
        let mut east = signed_in(&house, "east").await;
        let grant = post.0.to_string();
        let ask = async |east: &mut Browser, deputy: &str, from: &str, until: &str| {
            let fields = [("grant", grant.as_str()), ("deputy", deputy), ("from", from), ("until", until)];
            send(east, "/account/deputies", &fields).await
        };
        for (deputy, until, fault) in [
            ("west", "2026-12-01", "没有这个用户名的同事"),
            ("nobody", "2026-12-01", "没有这个用户名的同事"),
            ("east", "2026-12-01", "不能为自己办理"),
            ("li", "2026-11-23", "没有今天以后的日子"),
            ("li", "", "请填写"),
        ] {
            let refused = ask(&mut east, deputy, "", until).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{deputy} {until}");
            assert!(refused.text.contains(fault), "{fault}: {}", refused.text);
        }
        let set = ask(&mut east, "li", "2026-11-25", "2026-11-28").await;
        assert_eq!(set.location(), "/account/succession?done=deputy");
        let page = east.get(set.location()).await;
        assert!(page.text.contains("自 2026-11-25 起, 至 2026-11-28 前有效"), "{}", page.text);

        let deputy = GrantId(post.0 + 3);
        let mut held = Vec::new();
        for _ in 23..29 {
            held.push(house.security.permit_for_grant(deputy).await.is_ok());
            house.clock.advance(DAY);
        }
        assert_eq!(held, [false, false, true, true, true, false]);

        let mut east = signed_in(&house, "east").await;
        ask(&mut east, "li", "", "2026-12-20").await;
        let second = GrantId(deputy.0 + 1);
        assert!(house.security.permit_for_grant(second).await.is_ok());
        // A deputy passes nothing on.
        let mut stand_in = signed_in(&house, "li").await;
        let passed_on = [("grant", &*second.0.to_string()), ("deputy", "east"), ("from", ""), ("until", "2026-12-10")];
        let refused = send(&mut stand_in, "/account/deputies", &passed_on).await;
        assert!(refused.text.contains("代理的岗位不能再转给他人"), "{}", refused.text);
        let ended = send(&mut east, "/account/deputies/end", &[("grant", &second.0.to_string())]).await;
        assert_eq!(ended.location(), "/account/succession?done=deputy-ended");
        assert!(house.security.permit_for_grant(second).await.is_err());
        let foreign = send(&mut east, "/account/deputies/end", &[("grant", "2")]).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);

        ask(&mut east, "li", "", "2026-12-20").await;
        let third = GrantId(second.0 + 1);
        house.security.end_grant(&operator(), post).await.unwrap();
        assert!(house.security.permit_for_grant(third).await.is_err());
        assert_eq!(holds(&house.security, li).await, [("clerk".to_owned(), Some(20))]);
    }

    async fn a_hand_over_passes_posts_and_work_when_the_successor_accepts(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let security = &house.security;
        let papers = Arc::new(Papers::default());
        papers.failures.store(1, Ordering::SeqCst);
        security.add_work(Arc::<Papers>::clone(&papers));
        let (east, post) = person(&house, "east", "planner", 2).await;
        let (li, _) = person(&house, "li", "clerk", 20).await;
        let (stranger, _) = person(&house, "west", "planner", 3).await;
        let mut giver = signed_in(&house, "east").await;
        let grant = post.0.to_string();
        let offer = async |giver: &mut Browser, successor: &str| {
            send(giver, "/account/handovers", &[("grants", &*grant), ("successor", successor)]).await
        };
        let none = send(&mut giver, "/account/handovers", &[("successor", "li")]).await;
        assert!(none.text.contains("请填写"), "{}", none.text);
        assert!(offer(&mut giver, "west").await.text.contains("没有这个用户名的同事"));
        assert_eq!(offer(&mut giver, "li").await.location(), "/account/succession?done=offered");

        // Nothing changed yet; somebody else cannot decide, and cannot see it.
        assert_eq!(holds(security, li).await, [("clerk".to_owned(), Some(20))]);
        let decide = async |browser: &mut Browser, slip: &str, decision: &str| {
            send(browser, "/account/handovers/decide", &[("slip", slip), ("decision", decision)]).await
        };
        let mut other = signed_in(&house, "west").await;
        for decision in ["accept", "refuse"] {
            assert_eq!(decide(&mut other, "1", decision).await.status, StatusCode::NOT_FOUND);
        }
        assert!(!other.get("/account/succession").await.text.contains("交接单:"));
        assert_eq!(decide(&mut giver, "1", "accept").await.status, StatusCode::NOT_FOUND);

        let mut taker = signed_in(&house, "li").await;
        let page = taker.get("/account/succession").await;
        assert!(page.text.contains("交接单:王某 → 王某") && page.text.contains("待接收"), "{}", page.text);
        assert_eq!(decide(&mut taker, "1", "refuse").await.location(), "/account/succession?done=decided");
        assert_eq!(decide(&mut taker, "1", "accept").await.status, StatusCode::NOT_FOUND);
        offer(&mut giver, "li").await;
        decide(&mut giver, "2", "refuse").await;
        assert_eq!(decide(&mut taker, "2", "accept").await.status, StatusCode::NOT_FOUND);

        offer(&mut giver, "li").await;
        assert_eq!(decide(&mut taker, "3", "accept").await.location(), "/account/succession?done=decided");
        assert_eq!(holds(security, east).await, []);
        assert_eq!(holds(security, li).await, [("clerk".to_owned(), Some(20)), ("planner".to_owned(), Some(2))]);
        assert_eq!(holds(security, stranger).await.len(), 1);
        assert!(giver.get("/account").await.text.contains("目前没有岗位"));
        assert_eq!(papers.passed.load(Ordering::SeqCst), 1);
        // What failed after the posts had passed is done by the sweep, once.
        assert_eq!(papers.after.load(Ordering::SeqCst), 0);
        security.sweep().await.unwrap();
        security.sweep().await.unwrap();
        assert_eq!(papers.after.load(Ordering::SeqCst), 1);
        let log = told(&house).await;
        for entry in ["handover_offered handover:3", "handover_decided handover:3", "grant_ended account:1 grant:1"] {
            assert!(log.contains(&entry.to_owned()), "{entry}: {log:?}");
        }
    }

    async fn what_the_rules_refuse_is_not_handed_over_either(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let security = &house.security;
        let (east, first) = person(&house, "east", "administrator", 2).await;
        let second = security.give(&operator(), east, &at("planner", 2)).await.unwrap();
        let (audit, _) = person(&house, "audit", "auditor", 2).await;
        let (heir, _) = person(&house, "heir", "planner", 2).await;
        let mut giver = signed_in(&house, "east").await;
        let offer = async |giver: &mut Browser, grant: GrantId, successor: &str| {
            let fields = [("grants", &*grant.0.to_string()), ("successor", successor)];
            send(giver, "/account/handovers", &fields).await
        };
        let accept = async |login: &str, slip: &str| {
            let mut taker = signed_in(&house, login).await;
            send(&mut taker, "/account/handovers/decide", &[("slip", slip), ("decision", "accept")]).await
        };
        // Of the three administrators nobody is two.
        offer(&mut giver, first, "audit").await;
        let refused = accept("audit", "1").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("三员分立"), "{}", refused.text);
        assert_eq!(holds(security, audit).await, [("auditor".to_owned(), Some(2))]);
        assert_eq!(holds(security, east).await.len(), 2, "nothing of it was done");

        // Who holds the same post already goes on with that.
        offer(&mut giver, second, "heir").await;
        assert_eq!(accept("heir", "2").await.location(), "/account/succession?done=decided");
        assert_eq!(holds(security, heir).await, [("planner".to_owned(), Some(2))]);
        assert_eq!(holds(security, east).await, [("administrator".to_owned(), Some(2))]);

        // What was offered by someone who was barred since, or long ago, or of a post that ended, is void.
        offer(&mut giver, first, "heir").await;
        security.set_enabled(&operator(), east, false).await.unwrap();
        assert_eq!(accept("heir", "3").await.status, StatusCode::NOT_FOUND);
        security.set_enabled(&operator(), east, true).await.unwrap();
        house.clock.advance(30 * DAY);
        assert_eq!(accept("heir", "3").await.status, StatusCode::NOT_FOUND);
        security.sweep().await.unwrap();
        let mut giver = signed_in(&house, "east").await;
        assert!(giver.get("/account/succession").await.text.contains("已撤回"));
        offer(&mut giver, first, "heir").await;
        security.end_grant(&operator(), first).await.unwrap();
        assert_eq!(accept("heir", "4").await.status, StatusCode::NOT_FOUND);
        assert_eq!(holds(security, heir).await.len(), 1);
    }

    async fn a_file_of_accounts_is_a_plan_first_and_made_whole_or_not_at_all(place: &TestPlace) {
        let house = house(place).await;
        plant(&house).await;
        let security = &house.security;
        let (_, grant) = person(&house, "east", "administrator", 2).await;
        let permit = security.permit_for_grant(grant).await.unwrap();
        let row = |unit: &str, login: &str, post: &str, until: &str| BulkRow {
            unit: unit.to_owned(),
            display: "王某".to_owned(),
            login: login.to_owned(),
            post: post.to_owned(),
            line: String::new(),
            until: until.to_owned(),
        };
        let good = vec![
            row("东县一小", "one", "岗位clerk", ""),
            row("20", "Two", "clerk", "2027-07-01"),
            row("2", "three", "", ""),
        ];
        let mut rows = good.clone();
        rows.extend([
            row("东县一小", "EAST", "clerk", ""),
            row("西县一小", "four", "clerk", ""),
            row("20", "one", "clerk", ""),
            row("20", "f", "emperor", ""),
            row("2", "five", "clerk", "2026-01-01"),
            row("20", "six", "auditor", "soon"),
            BulkRow { display: String::new(), line: "fishery".to_owned(), ..row("20", "seven", "clerk", "") },
        ]);
        let plan = security.plan_accounts(&permit, rows.clone()).await.unwrap();
        assert_eq!((plan.new_accounts(), plan.existing(), plan.refused()), (3, 1, 6));
        let causes: Vec<(String, usize, usize)> = plan.causes().into_iter()
            .map(|(fault, count, first)| (fault.as_str().to_owned(), count, first)).collect();
        let cause = |name: &str, count, first| (name.to_owned(), count, first);
        assert_eq!(causes, [
            cause("no-unit", 1, 5), cause("login", 1, 7), cause("twice", 1, 6), cause("no-name", 1, 10),
            cause("no-post", 1, 7), cause("may-not-give", 1, 9), cause("wrong-level", 1, 8), cause("no-line", 1, 10),
            cause("day", 2, 8),
        ]);
        assert!(matches!(plan.rows[3].1, PlannedRow::Existing));
        assert!(matches!(security.make_accounts(&permit, rows, 3).await, Err(SecurityError::PlanChanged)));
        let too_many = vec![BulkRow::default(); 2001];
        assert!(matches!(security.plan_accounts(&permit, too_many).await, Err(SecurityError::TooManyRows(2000))));

        // Something else than was shown is not done.
        assert!(matches!(security.make_accounts(&permit, good.clone(), 2).await, Err(SecurityError::PlanChanged)));
        assert_eq!(security.list_accounts(&permit).await.unwrap().len(), 1);
        let made = security.make_accounts(&permit, good.clone(), 3).await.unwrap();
        assert_eq!(made.iter().map(|one| one.login.as_str()).collect::<Vec<_>>(), ["one", "two", "three"]);
        assert_eq!(holds(security, made[1].account).await, [("clerk".to_owned(), Some(20))]);
        assert_eq!(holds(security, made[2].account).await, []);
        assert_eq!(activate(&house, made[0].code.reveal(), NEW_PASSWORD).await.status, StatusCode::OK);
        let again = security.plan_accounts(&permit, good).await.unwrap();
        assert_eq!((again.new_accounts(), again.existing(), again.refused()), (0, 3, 0));
    }
}

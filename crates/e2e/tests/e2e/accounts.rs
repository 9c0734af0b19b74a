//! From a county's list of people to the first sign-in, and a post that goes to a successor: over HTTP.

use testkit::fixtures::{csv, institution};
use testkit::{Answer, Client, Part, TestApp};

const PASSWORD: &str = "Jing-he-2026-qing";

/// The slips of a page: the user name and the code of each.
fn slips(page: &Answer) -> Vec<(String, String)> {
    let values = page.words(".slip dd");
    // Name, user name, code, page to activate, last day.
    values
        .chunks(5)
        .map(|slip| (slip[1].clone(), slip[2].clone()))
        .collect()
}

async fn upload(client: &Client, text: &str) -> Answer {
    let file = Part::text(text.to_owned()).file_name("people.csv");
    client
        .multipart("/accounts/bulk", |form| form.part("file", file))
        .await
}

/// Sends a form of the page as it stands.
async fn confirm(client: &Client, page: &Answer) -> Answer {
    let mut values = page.form_values();
    values.retain(|(name, _)| name != "csrf");
    let fields: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    client.form("/accounts/bulk/make", &fields).await
}

async fn activate(app: &TestApp, code: &str) -> Answer {
    let visitor = app.visitor();
    let page = visitor.get(&format!("/activate?code={code}")).await;
    assert_eq!(
        page.attribute("input[name=code]", "value").as_deref(),
        Some(code)
    );
    let token = page.attribute("input[name=csrf]", "value").unwrap();
    let fields = [
        ("csrf", token.as_str()),
        ("code", code),
        ("wanted", PASSWORD),
        ("again", PASSWORD),
    ];
    visitor.form_without_token("/activate", &fields).await
}

async fn signed_in(app: &TestApp, login: &str) -> Client {
    let mut client = app.visitor();
    client.sign_in(login, PASSWORD).await;
    client
}

db::on_both_engines! {
    async fn a_countys_schools_get_accounts_by_file_and_their_people_sign_in(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let schools = [("雁塔路小学", "610113"), ("长乐路小学", "610113"), ("碑林路小学", "610103")];
        app.load(&schools.map(|(name, county)| institution(name, county))).await;
        let county = app.signed_in("system_administrator", Some("610113")).await;
        let empty = county.get("/accounts/bulk").await;
        assert!(empty.text().contains("统计员"), "{}", empty.text());

        let head = "学校名称,姓名,用户名,岗位,有效期至\n";
        let faulty = format!(
            "{head}雁塔路小学,王某,yt.wang,校长(园长),\n碑林路小学,李某,bl.li,学校信息员,\n长乐路小学,赵某,cl zhao,督学,2020-01-01\n"
        );
        let plan = upload(&county, &faulty).await;
        assert_eq!(plan.status, 200, "{}", plan.text());
        let text = plan.text();
        for said in ["本岗位范围内没有这个单位:1 行,首见第 3 行", "用户名不合要求", "首见第 4 行", "须先参加培训"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("/accounts/bulk/make"), "{text}");

        let right = format!(
            "{head}雁塔路小学,王某,yt.wang,校长(园长),\n长乐路小学,赵某,cl.zhao,统计员,2027-07-01\n"
        );
        let plan = upload(&county, &right).await;
        let made = confirm(&county, &plan).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let slips = slips(&made);
        assert_eq!(slips.iter().map(|(login, _)| login.as_str()).collect::<Vec<_>>(), ["yt.wang", "cl.zhao"]);
        // The same form once more makes nothing.
        let twice = confirm(&county, &plan).await;
        assert_eq!(twice.status, 409, "{}", twice.text());
        let plan = upload(&county, &right).await;
        assert!(plan.text().contains("已有账号") && !plan.text().contains("/accounts/bulk/make"));

        for (_, code) in &slips {
            assert_eq!(activate(&app, code).await.status, 200);
            assert_eq!(activate(&app, code).await.status, 422);
        }
        let officer = signed_in(&app, "cl.zhao").await;
        assert!(officer.get("/institutions?q=长乐路").await.text().contains("长乐路小学"));
        assert!(!officer.get("/institutions?q=雁塔路").await.text().contains("雁塔路小学"));
        assert_eq!(officer.get("/accounts").await.status, 403);

        // The head adds a colleague with a post that a head may give, and no other.
        let head = signed_in(&app, "yt.wang").await;
        let page = head.get("/accounts/new").await;
        let posts = page.attributes("select[name=post] option", "value");
        assert!(posts.contains(&"homeroom_teacher".to_owned()) && !posts.contains(&"cio".to_owned()), "{posts:?}");
        let add = async |post: &str| {
            let fields = [("login", "yt.li"), ("display", "李某"), ("unit", ""), ("post", post)];
            head.form("/accounts/new", &fields).await
        };
        assert_eq!(add("school_head").await.status, 422);
        let added = add("homeroom_teacher").await;
        assert_eq!(added.status, 200, "{}", added.text());
        let list = head.get("/accounts").await.text();
        assert!(list.contains("yt.li") && !list.contains("cl.zhao"), "{list}");
        app.stop().await;
    }

    async fn a_post_an_import_and_a_case_go_to_the_successor(place: &TestPlace) {
        let app = TestApp::start(place).await;
        let security = app.app.security();
        let county = app.unit("610113").await;
        let mut people = Vec::new();
        for login in ["giver", "taker"] {
            let person = security::administration::NewPerson {
                login: login.to_owned(),
                display: login.to_owned(),
                home: Some(county),
                grant: (login == "giver").then(|| security::NewGrant::of("statistician", Some(county))),
            };
            let made = security.enrol(&app.permit(), &person).await.unwrap();
            assert_eq!(activate(&app, made.code.reveal()).await.status, 200);
            people.push(signed_in(&app, login).await);
        }
        let [giver, taker] = people.try_into().ok().unwrap();

        // A file that waits for a decision.
        let file = Part::text(csv(&[institution("雁塔路小学", "610113")])).file_name("schools.csv");
        let sent = giver.multipart("/imports", |form| form.text("dataset", "institution").part("file", file)).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        let import = sent.location().to_owned();
        let number = import.rsplit('/').next().unwrap().parse().unwrap();
        app.settled(number).await;
        assert_eq!(taker.get(&import).await.status, 403);

        let page = giver.get("/account/succession").await;
        let grant = page.attribute("input[name=grants]", "value").unwrap();
        let offered = giver.form("/account/handovers", &[("grants", &grant), ("successor", "taker")]).await;
        assert_eq!(offered.location(), "/account/succession?done=offered", "{}", offered.text());
        let slip = taker.get("/account/succession").await;
        assert!(slip.text().contains("未完成的入库 1 个"), "{}", slip.text());
        let accepted = taker.form("/account/handovers/decide", &[("slip", "1"), ("decision", "accept")]).await;
        assert_eq!(accepted.location(), "/account/succession?done=decided", "{}", accepted.text());

        // The successor goes on with the file; who gave the post away no longer sees it.
        assert_eq!(giver.get(&import).await.status, 403);
        assert_eq!(taker.get(&import).await.status, 200);
        let approved = taker.form(&format!("{import}/approve"), &[]).await;
        assert_eq!(approved.status, 303, "{}", approved.text());
        app.settled(number).await;
        assert!(taker.get("/institutions?q=雁塔路").await.text().contains("雁塔路小学"));
        app.stop().await;
    }
}

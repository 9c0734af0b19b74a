//! Persons as a browser meets them: masked, in full for a purpose, out of reach, given out, erased.

use axum::http::StatusCode;
use db::on_both_engines;
use db::testing::TestPlace;
use kernel::{RecordId, UnitId};

use super::browser::Browser;
use super::someone;
use crate::api::Registry;
use crate::persons::tests::{found, impossible_id, people, with_schools};
use crate::testing::permit;

/// What no masked page may hold.
const PLAIN: [&str; 5] = ["欧阳不在", "13900000017", "无名村", "花生", "2015-03-04"];

struct World {
    registry: Registry,
    ouyang: RecordId,
    sima: RecordId,
    browser: Browser,
}

/// Two persons of two schools, and somebody with a post at the first.
async fn world(place: &TestPlace, post: &str) -> World {
    let registry = with_schools(place).await;
    super::take_in(&registry, "person", "名单.csv", &people()).await;
    let [ouyang] = found(&registry, &permit(), "欧阳不在").await[..] else {
        panic!()
    };
    let [sima] = found(&registry, &permit(), "司马乌有").await[..] else {
        panic!()
    };
    let school = super::school(&registry, "甲小学").await;
    let browser = someone(&registry, "wang", post, Some(UnitId::new(school))).await;
    World {
        registry,
        ouyang,
        sima,
        browser,
    }
}

fn masked(text: &str) {
    for plain in PLAIN
        .iter()
        .copied()
        .chain([impossible_id("20150304", 1).as_str()])
    {
        assert!(!text.contains(plain), "{plain} in {text}");
    }
}

on_both_engines! {
    async fn a_list_and_a_page_are_masked_and_full_is_asked_for(place: &TestPlace) {
        let mut world = world(place, "keeper").await;
        let (browser, ouyang) = (&mut world.browser, world.ouyang);
        let list = browser.get("/people").await.fine();
        masked(&list.text);
        for words in ["欧*", "619999", "2015***", "甲小学", "共 1 人"] {
            assert!(list.has(words), "{words} in {}", list.text);
        }
        assert_eq!(list.headers["cache-control"], "no-store");
        let token = list.input("csrf");
        let one = browser.get(&format!("/people/{ouyang}")).await.fine();
        masked(&one.text);
        assert!(one.has("139****0017") && one.has("某省某市某县***"), "{}", one.text);

        let full = format!("/people/{ouyang}/full");
        let without = browser.post(&full, &[("csrf", &token), ("purpose", "enrolment")]).await;
        assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
        masked(&without.text);
        let sentence = browser.post(&full, &[("csrf", &token), ("purpose", "enrolment"), ("reference", "家长要求")]).await;
        assert_eq!(sentence.status, StatusCode::UNPROCESSABLE_ENTITY);
        masked(&sentence.text);
        let shown = browser.post(&full, &[("csrf", &token), ("purpose", "emergency"), ("reference", "120-7")]).await.fine();
        for plain in PLAIN {
            assert!(shown.has(plain), "{plain} in {}", shown.text);
        }
        assert_eq!(shown.headers["cache-control"], "no-store");
        // For that answer only.
        masked(&browser.get(&format!("/people/{ouyang}")).await.fine().text);
        // Without the token of the form nothing is shown.
        assert_eq!(browser.post(&full, &[("purpose", "emergency"), ("reference", "120-7")]).await.status, StatusCode::FORBIDDEN);
    }

    async fn somebody_out_of_reach_is_answered_like_nobody(place: &TestPlace) {
        let mut world = world(place, "keeper").await;
        let (browser, sima) = (&mut world.browser, world.sima);
        let token = browser.get("/people").await.input("csrf");
        let asked = [("csrf", token.as_str()), ("purpose", "emergency"), ("reference", "120-7"), ("reason", "without_basis"), ("typed", "1"), ("format", "json")];
        let statement = [("csrf", token.as_str()), ("purpose", "extra_service"), ("state", "given"), ("said_on", "2026-01-01"), ("given_by", "甲"), ("relation", "母亲")];
        for path in ["", "/all", "/erase"] {
            let theirs = browser.get(&format!("/people/{sima}{path}")).await;
            let nobodys = browser.get(&format!("/people/999999{path}")).await;
            assert_eq!((theirs.status, nobodys.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{path}");
            assert_eq!(theirs.text.replace(&sima.to_string(), "999999"), nobodys.text);
        }
        for (path, fields) in [("/full", &asked[..]), ("/all", &asked[..]), ("/erase", &asked[..]), ("/consent", &statement[..])] {
            for record in [sima, RecordId::new(999_999)] {
                let answer = browser.post(&format!("/people/{record}{path}"), fields).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path} {record} {}", answer.text);
                assert!(!answer.has("司马"), "{}", answer.text);
            }
        }
        let looked = browser.post("/people", &[("csrf", &token), ("q", "司马乌有")]).await.fine();
        assert!(looked.has("没有找到"));
        // The one exception.
        let exact = [("csrf", token.as_str()), ("name", "司马乌有"), ("number", &impossible_id("20100506", 2)), ("purpose", "enrolment"), ("reference", "ZX-1")];
        let answer = browser.post("/people/exact", &exact).await.fine();
        assert!(answer.has("乙小学") && answer.has("在册"), "{}", answer.text);
        assert!(!answer.has("司马") && !answer.has("2010"), "{}", answer.text);
        let wrong = browser.post("/people/exact", &[exact[0], ("name", "司马"), exact[2], exact[3], exact[4]]).await.fine();
        assert!(wrong.has("没有查到") && !wrong.has("乙小学"));
    }

    async fn columns_that_a_post_does_not_see_are_not_there(place: &TestPlace) {
        let mut world = world(place, "caller").await;
        let (browser, ouyang) = (&mut world.browser, world.ouyang);
        let one = browser.get(&format!("/people/{ouyang}")).await.fine();
        assert!(one.has("家庭住址") && !one.has("健康提示"), "{}", one.text);
        let token = one.input("csrf");
        let full = browser.post(&format!("/people/{ouyang}/full"), &[("csrf", &token), ("purpose", "emergency"), ("reference", "120-7")]).await.fine();
        assert!(full.has("欧阳不在") && !full.has("健康提示") && !full.has("花生"), "{}", full.text);
        // This post does not give out and does not erase.
        let refused = browser.post(&format!("/people/{ouyang}/all"), &[("csrf", &token), ("purpose", "enrolment"), ("reference", "1")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(browser.get(&format!("/people/{ouyang}/erase")).await.status, StatusCode::FORBIDDEN);
        let mut plain = someone(&world.registry, "li", "statistician", None).await;
        assert_eq!(plain.get("/people").await.status, StatusCode::FORBIDDEN);
    }

    async fn everything_is_given_out_and_erased_in_two_steps(place: &TestPlace) {
        let mut world = world(place, "keeper").await;
        let (browser, ouyang) = (&mut world.browser, world.ouyang);
        let token = browser.get("/people").await.input("csrf");
        let statement = [("csrf", token.as_str()), ("purpose", "extra_service"), ("state", "given"), ("said_on", "2026-01-01"), ("given_by", "欧阳监护"), ("relation", "母亲")];
        let stated = browser.post(&format!("/people/{ouyang}/consent"), &statement).await;
        assert_eq!(stated.location(), format!("/people/{ouyang}"), "{}", stated.text);
        let all = format!("/people/{ouyang}/all");
        let asked = [("csrf", token.as_str()), ("purpose", "data_subject_request"), ("reference", "CY-1")];
        let page = browser.post(&all, &asked).await.fine();
        assert!(page.has("欧阳不在") && page.has("花生") && page.has("欧阳监护"), "{}", page.text);
        let file = browser.post(&all, &[asked[0], asked[1], asked[2], ("format", "json")]).await;
        let json: serde_json::Value = serde_json::from_str(&file.text).unwrap();
        assert_eq!(json["records"][0]["versions"][0]["fields"]["name"]["value"], "欧阳不在");
        assert_eq!(json["records"][1]["versions"][0]["fields"]["given_by"]["value"], "欧阳监护");

        let erase = format!("/people/{ouyang}/erase");
        let early = browser.post(&erase, &[("csrf", &token), ("reason", "retention_over")]).await;
        assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(early.has("保存期限未满"));
        let second = browser.post(&erase, &[("csrf", &token), ("reason", "without_basis")]).await.fine();
        assert!(second.has("name=\"typed\""), "{}", second.text);
        let wrong = browser.post(&erase, &[("csrf", &token), ("reason", "without_basis"), ("typed", "1")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let done = browser.post(&erase, &[("csrf", &token), ("reason", "without_basis"), ("typed", &ouyang.to_string())]).await;
        assert_eq!(done.location(), format!("/people/{ouyang}"), "{}", done.text);
        let gone = browser.get(&format!("/people/{ouyang}")).await.fine();
        assert!(gone.has("已删除"));
        let list = browser.get("/people").await.fine();
        assert!(list.has("已删除") && !list.has("欧*"), "{}", list.text);
        let report = world.registry.ledger().verify(|_, _| true).await.unwrap();
        assert_eq!(report.findings, []);
    }
}

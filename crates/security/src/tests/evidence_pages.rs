//! The pages of evidence as browsers see them.

use axum::http::{StatusCode, header};
use db::testing::TestPlace;
use kernel::RecordId;
use standard::Sensitivity;

use super::browser::Browser;
use super::exports::{holder, persons, province};
use super::{House, house, operator};
use crate::{AuditFilter, Reading, Security};

const PASSWORD: &str = "Wei-he-2026-liu";

async fn signed(security: &Security, login: &str) -> Browser {
    let mut browser = Browser::new(security);
    let answer = browser.sign_in(login, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    browser
}

async fn with_readings(place: &TestPlace) -> House {
    let house = house(place).await;
    let security = &house.security;
    province(security).await;
    let (_, two) = holder(security, "reg.two", "registrar", Some(2)).await;
    let (_, three) = holder(security, "reg.three", "registrar", Some(3)).await;
    holder(security, "watch", "watcher", None).await;
    holder(security, "watch.two", "watcher", Some(2)).await;
    for (permit, count) in [(&two, 3), (&three, 5)] {
        let persons = persons(count);
        let reading = Reading {
            dataset: "person",
            persons: &persons,
            purpose: "enrolment",
            reason: "",
            level: Sensitivity::Personal,
            in_full: true,
        };
        security.record_reading(permit, reading).await.unwrap();
    }
    house
}

db::on_both_engines! {
    async fn only_the_audit_administrator_sees_the_log(place: &TestPlace) {
        let house = with_readings(place).await;
        let security = &house.security;
        for (login, post) in [("boss", "administrator"), ("guard", "guard"), ("lead", "leader"), ("reg", "registrar")] {
            holder(security, login, post, None).await;
            let mut browser = signed(security, login).await;
            for path in ["/audit", "/audit.csv", "/audit?verify=1"] {
                let answer = browser.get(path).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{login} {path}");
                assert!(!answer.text.contains("personal_read"));
            }
        }
        let mut browser = signed(security, "watch").await;
        let page = browser.get("/audit").await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        assert!(page.text.contains("查阅个人信息") && page.text.contains("某reg.two"), "{}", page.text);
        assert!(page.text.contains("还没有核验过"));
        let page = browser.get("/audit?verify=1").await;
        assert!(page.text.contains("审计记录完整"), "{}", page.text);
        let mut tx = security.0.work.write().await.unwrap();
        tx.execute("UPDATE audit SET purpose = 'x' WHERE action = 'personal_read'", &[]).await.unwrap();
        tx.commit().await.unwrap();
        let page = browser.get("/audit?verify=1").await;
        assert!(page.text.contains("被改动、插入或移动过"), "{}", page.text);
        assert!(browser.get("/audit").await.text.contains("请保留现场"));
    }

    async fn the_log_is_searched_by_what_stands_in_the_address(place: &TestPlace) {
        let house = with_readings(place).await;
        let security = &house.security;
        let mut browser = signed(security, "watch").await;
        let mut rows = async |query: &str| -> usize {
            let page = browser.get(&format!("/audit?{query}")).await;
            assert_eq!(page.status, StatusCode::OK, "{query}");
            page.text.matches(" id=\"e").count()
        };
        assert_eq!(rows("action=personal_read").await, 2);
        assert_eq!(rows("action=personal_read&actor=REG.two").await, 1);
        assert_eq!(rows("actor=job:import").await, 0);
        assert_eq!(rows("actor=unknown").await, 0);
        assert_eq!(rows("action=personal_read&from=2026-11-23&to=2026-11-23").await, 2);
        assert_eq!(rows("action=personal_read&from=2026-11-24").await, 0);
        assert_eq!(rows("action=personal_read&to=2026-11-22").await, 0);
        assert_eq!(rows("action=sign_in&address=192.0.2.").await, 1);
        assert_eq!(rows("action=sign_in&address=198.51.").await, 0);
        assert_eq!(rows("action=sign_in&outcome=refused").await, 0);
        // Persons 1 to 3 were read by both, 4 and 5 by one; each search for a person is on record itself.
        assert_eq!(rows("person=2&action=personal_read").await, 2);
        assert_eq!(rows("person=5&action=personal_read").await, 1);
        assert_eq!(rows("person=6").await, 0);
        assert_eq!(rows("action=audit_read&subject=person:").await, 3);
        assert_eq!(rows("trace=20261123-000001-AAAA").await, 0);
        let wrong = browser.get("/audit?from=2026-13-01&person=x").await;
        assert_eq!(browser.get("/audit.csv?person=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(browser.get("/audit.csv?subject=%00%27&actor=%00").await.status, StatusCode::OK);
        assert!(wrong.text.contains("请按 2025-09-01 的格式填写日期") && wrong.text.contains("请填写数字"), "{}", wrong.text);
    }

    async fn a_county_auditor_sees_the_county_only(place: &TestPlace) {
        let house = with_readings(place).await;
        let security = &house.security;
        let mut browser = signed(security, "watch.two").await;
        signed(security, "reg.two").await;
        signed(security, "reg.three").await;
        let page = browser.get("/audit").await;
        assert!(page.text.contains("某reg.two"), "{}", page.text);
        assert!(!page.text.contains("某reg.three") && !page.text.contains("operator:cli"), "{}", page.text);
        let file = browser.get("/audit.csv").await;
        assert!(!file.text.contains("operator:cli"));
    }

    async fn the_log_is_paged_and_taken_out_whole_and_that_is_on_record(place: &TestPlace) {
        let house = with_readings(place).await;
        let security = &house.security;
        for number in 0..1_100 {
            security.put_setting(&operator(), &format!("s{number}"), "x").await.unwrap();
        }
        let mut browser = signed(security, "watch").await;
        let page = browser.get("/audit?action=setting_changed").await;
        assert_eq!(page.text.matches(" id=\"e").count(), 50);
        let (_, rest) = page.text.split_once("before=").unwrap();
        let before = rest.split('"').next().unwrap();
        let next = browser.get(&format!("/audit?action=setting_changed&before={before}")).await;
        assert_eq!(next.text.matches(" id=\"e").count(), 50);
        assert!(!next.text.contains(&format!(" id=\"e{before}\"")));

        let file = browser.get("/audit.csv?action=setting_changed").await;
        assert_eq!(file.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
        assert!(file.headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains("audit-2026-11-23.csv"));
        let lines: Vec<&str> = file.text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines.len(), 1_101);
        assert!(lines[0].starts_with("number,at,actor,action,subject"));
        assert!(lines[1].contains(",operator:cli,setting_changed,setting:s1099,done,"), "{}", lines[1]);
        let filter = AuditFilter { action: Some("exported".to_owned()), ..AuditFilter::default() };
        let noted = security.audit_search(&operator(), &filter, None, 10).await.unwrap();
        assert_eq!(noted.entries[0].subject, "dataset:audit");
        let detail = noted.entries[0].detail.as_ref().unwrap();
        // In which post and session, and from where: the request says it, not whoever writes the entry.
        assert_eq!((detail.post.as_str(), detail.session.is_some(), detail.grant.is_some()), ("watcher", true, true));
        assert_eq!(noted.entries[0].address, "192.0.2.1");
        assert!(security.verify_audit().await.is_ok());
    }

    async fn an_administrator_ties_accounts_to_persons_within_reach(place: &TestPlace) {
        struct Kept;
        impl crate::Records for Kept {
            fn unit_of<'a>(
                &'a self, permit: &'a crate::Permit, person: RecordId,
            ) -> futures::future::BoxFuture<'a, Option<kernel::UnitId>> {
                // Persons 1 to 9 are of county 2, where the permit of the test holds its post; 10 and on are not.
                let within = permit.units() == [kernel::UnitId::new(2)] && (1..10).contains(&person.get());
                Box::pin(async move { within.then_some(kernel::UnitId::new(2)) })
            }
            fn unit_called<'a>(
                &'a self,
                _permit: &'a crate::Permit,
                _text: &'a str,
            ) -> futures::future::BoxFuture<'a, Option<kernel::UnitId>> {
                Box::pin(std::future::ready(None))
            }

            fn unit_names<'a>(
                &'a self, units: &'a [kernel::UnitId],
            ) -> futures::future::BoxFuture<'a, std::collections::HashMap<kernel::UnitId, String>> {
                Box::pin(async move { units.iter().map(|unit| (*unit, format!("某县{unit}"))).collect() })
            }
        }
        let house = with_readings(place).await;
        let security = &house.security;
        security.use_records(std::sync::Arc::new(Kept));
        holder(security, "boss", "administrator", Some(2)).await;
        holder(security, "parent", "planner", Some(3)).await;
        let mut boss = signed(security, "boss").await;
        let token = boss.get("/person-links").await.token();
        let mut tie = async |person: &str, login: &str, relation: &str| {
            let fields = [("csrf", token.as_str()), ("person", person), ("login", login), ("relation", relation)];
            boss.post("/person-links", &fields).await
        };
        let beyond = tie("12", "parent", "guardian").await;
        let absent = tie("999", "parent", "guardian").await;
        for refused in [&beyond, &absent] {
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(refused.text.contains("本岗位范围内没有这份档案"), "{}", refused.text);
        }
        assert!(tie("2", "nobody.at.all", "own").await.text.contains("没有这个用户名"));
        assert!(tie("2", "boss", "own").await.text.contains("不能处理自己的事项"));
        assert!(tie("x", "", "friend").await.text.contains("请填写数字"));
        let done = tie("2", "parent", "guardian").await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/person-links?person=2"));
        let page = boss.get("/person-links?person=2").await;
        assert!(page.text.contains("某parent") && page.text.contains("监护人"), "{}", page.text);

        let mut parent = signed(security, "parent").await;
        let looks = parent.get("/account/readings").await;
        assert!(looks.text.contains("某县2") && looks.text.contains("某县3"), "{}", looks.text);
        assert_eq!(parent.get("/person-links").await.status, StatusCode::FORBIDDEN);
        let stray = boss.post("/person-links/1/end", &[("csrf", &token), ("person", "3")]).await;
        assert_eq!(stray.status, StatusCode::NOT_FOUND);
        let ended = boss.post("/person-links/1/end", &[("csrf", &token), ("person", "2")]).await;
        assert_eq!(ended.status, StatusCode::SEE_OTHER);
        assert!(parent.get("/account/readings").await.text.contains("还没有关联"));
    }

    async fn the_security_administrator_looks_into_alerts(place: &TestPlace) {
        let house = house(place).await;
        let security = &house.security;
        security.use_alerts(standard::embedded().unwrap().alerts());
        let (_, registrar) = holder(security, "reg", "registrar", None).await;
        holder(security, "guard", "guard", None).await;
        let mut guard = signed(security, "guard").await;
        assert!(guard.get("/alerts").await.text.contains("没有待核实的预警"));
        let many = persons(2_000);
        let reading = Reading {
            dataset: "person", persons: &many, purpose: "enrolment", reason: "",
            level: Sensitivity::Personal, in_full: true,
        };
        security.record_reading(&registrar, reading).await.unwrap();
        assert_eq!(security.scan_readings().await.unwrap(), 2);
        let page = guard.get("/alerts").await;
        assert!(page.text.contains("短时间大量查阅") && page.text.contains("某reg"), "{}", page.text);
        let token = page.token();
        let silent = guard.post("/alerts/1", &[("csrf", &token), ("note", " ")]).await;
        assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
        let done = guard.post("/alerts/1", &[("csrf", &token), ("note", "checked")]).await;
        assert_eq!(done.location(), "/alerts");
        assert!(guard.get("/alerts").await.text.contains("checked"));
        assert_eq!(guard.post("/alerts/77", &[("csrf", &token), ("note", "x")]).await.status, StatusCode::NOT_FOUND);
        let mut other = signed(security, "reg").await;
        assert_eq!(other.get("/alerts").await.status, StatusCode::FORBIDDEN);
    }
}

//! What is looked at on the node and of the holders of posts.

use kernel::Millis;
use security::Permit;
use workflow::NoticeKind;

use super::browser::Browser;
use super::{COUNTY, House, OTHER_COUNTY, PROVINCE, SCHOOL, day, operator};
use crate::holders::Owed;
use crate::{Attended, Finding, Seen};

const DAY: i64 = 86_400_000;

async fn finding(house: &House, permit: &Permit, name: &str) -> Option<Finding> {
    let found = house.assurance.find(permit).await.unwrap();
    found
        .findings
        .into_iter()
        .find(|finding| finding.name == name)
}

async fn count(house: &House, permit: &Permit, name: &str) -> i64 {
    finding(house, permit, name).await.unwrap().count
}

db::on_both_engines! {
    async fn what_a_verification_found_outlives_the_program(place: &TestPlace) {
        let house = House::new(place).await;
        let all = operator();
        let county = house.permit("county", "test_security", COUNTY).await;
        assert_eq!(count(&house, &all, "chains_unverified").await, 2, "unknown is not whole");
        assert!(finding(&house, &county, "chains_unverified").await.is_none(), "the node is not the county's");
        assert!(house.assurance.verify_chains(&county).await.is_err());

        assert!(house.assurance.must_verify().await.unwrap());
        assert!(house.assurance.verify_chains(&all).await.unwrap());
        assert!(!house.assurance.must_verify().await.unwrap());
        for name in ["chains_unverified", "ledger_broken", "audit_broken"] {
            assert_eq!(count(&house, &all, name).await, 0, "{name}");
        }

        let broken = Seen { looked_at: 7, faults: 3, first_fault: "commit 5".to_owned(), head: "7:ab".to_owned() };
        house.node.seen.lock().unwrap().insert("ledger", Ok(broken));
        house.node.seen.lock().unwrap().insert("audit", Err("gone".to_owned()));
        assert!(house.assurance.verify_chains(&all).await.unwrap());
        let again = house.opened_again().await;
        let found = again.find(&all).await.unwrap().findings;
        let ledger = found.iter().find(|finding| finding.name == "ledger_broken").unwrap();
        assert_eq!((ledger.count, ledger.href.as_deref()), (3, Some("/assurance/node")));
        let unverified = found.iter().find(|finding| finding.name == "chains_unverified").unwrap();
        assert_eq!(unverified.count, 1, "one that could not be gone through says nothing");
        let kept = again.checks(10).await.unwrap();
        assert_eq!(kept.len(), 4);
        assert_eq!(kept[1].seen.first_fault, "commit 5");

        house.clock.advance(4 * DAY);
        assert!(house.assurance.must_verify().await.unwrap());
        assert_eq!(count(&house, &all, "chains_unverified").await, 2);
    }

    async fn certificates_are_told_of_before_they_end(place: &TestPlace) {
        let house = House::new(place).await;
        let all = operator();
        assert_eq!(count(&house, &all, "certificates_ending").await, 0);
        let now = house.assurance.now();
        *house.node.until.lock().unwrap() = vec![now.add(29 * DAY), now.add(31 * DAY), Millis::new(0)];
        let ending = finding(&house, &all, "certificates_ending").await.unwrap();
        assert_eq!((ending.count, ending.severity), (2, crate::Severity::Urgent));
    }

    async fn holders_who_owe_something_are_listed_within_reach(place: &TestPlace) {
        let house = House::new(place).await;
        let county = house.permit("county", "test_security", COUNTY).await;
        let officer = house.permit("officer", "test_officer", SCHOOL).await;
        let other = house.permit("other", "test_security", OTHER_COUNTY).await;
        let province = house.permit("province", "test_security", PROVINCE).await;

        // Training that was never recorded, as of posts given before the rule.
        assert_eq!(count(&house, &county, "trainings_missing").await, 2);
        assert_eq!(count(&house, &other, "trainings_missing").await, 1);
        assert_eq!(count(&house, &province, "trainings_missing").await, 4);
        let attended = Attended {
            account: officer.actor().account().unwrap(),
            course: "test_course".to_owned(),
            unit: COUNTY,
            day: day("2026-03-01"),
            hours: 4,
        };
        house.assurance.record_attendance(&county, "", &attended).await.unwrap();
        assert_eq!(count(&house, &county, "trainings_missing").await, 1);
        assert_eq!(count(&house, &officer, "trainings_missing").await, 0);

        assert_eq!(count(&house, &county, "grants_unused").await, 0);
        assert_eq!(count(&house, &county, "factors_missing").await, 0, "no policy asks these posts");
        let policy = [("signin_second_factor_posts".to_owned(), "test_officer test_security".to_owned())];
        house.security.put_policy(&operator(), &policy).await.unwrap();
        assert_eq!(count(&house, &county, "factors_missing").await, 2);
        assert_eq!(count(&house, &officer, "factors_missing").await, 1);
        let reminded = house.assurance.remind(&county, "", Owed::Factor).await.unwrap();
        assert_eq!(reminded, 2);
        assert!(house.assurance.remind(&county, "", Owed::Unused).await.is_err());
        let workflow = house.assurance.0.workflow.clone().unwrap();
        let (told, _, _) = workflow.notices(&officer, 0, 10).await.unwrap();
        assert_eq!((told[0].kind, told[0].link.as_str()), (NoticeKind::Due, "/account/factors"));
        assert_eq!(workflow.notices(&other, 0, 10).await.unwrap().1, 0, "out of reach");

        house.clock.advance(181 * DAY);
        assert_eq!(count(&house, &county, "grants_unused").await, 2);
        assert_eq!(count(&house, &officer, "grants_unused").await, 1);
        let owing = house.assurance.owing(&county).await.unwrap();
        assert!(owing.iter().all(|one| one.held.login == "county" || one.held.login == "officer"));
        let course = owing.iter().find(|one| one.owed == Owed::Training).unwrap();
        assert_eq!(course.courses[0].name, "test_course");

        let at_rest = ["signin_second_factor_posts", "signin_password_days"];
        let at_rest = at_rest.map(|name| (name.to_owned(), if name.ends_with("days") { "0" } else { "" }.to_owned()));
        house.security.put_policy(&operator(), &at_rest).await.unwrap();
        let mut browser = Browser::signed_in(&house, "county").await;
        let page = browser.get("/assurance/accounts?what=unused").await.text;
        assert!(page.contains("officer") && page.contains("从未使用") && !page.contains(">other<"), "{page}");
        assert_eq!(browser.get("/assurance/node").await.status, 404);
    }
}

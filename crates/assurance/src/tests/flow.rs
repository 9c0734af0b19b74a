//! What the room promises, on both engines.

use security::{Permit, SecurityError};

use super::{CITY, COUNTY, House, OTHER_COUNTY, PROVINCE, SCHOOL, day, operator};
use crate::error::AssuranceError;
use crate::incidents::{IncidentBody, Opening};
use crate::reports::model::Below;
use crate::reports::{NewReport, Schedule};
use crate::{Attended, Holder, NewDuty, System};

const HERE: &str = "192.0.2.1";

fn new_duty(duty: &str, name: &str) -> NewDuty {
    NewDuty {
        duty: duty.to_owned(),
        holder: Holder {
            name: name.to_owned(),
            post: "校长".to_owned(),
            phone: "029-00000000".to_owned(),
        },
        from: day("2026-03-01"),
        until: None,
    }
}

fn is_hidden<T: std::fmt::Debug>(answer: Result<T, AssuranceError>) -> bool {
    matches!(
        answer,
        Err(AssuranceError::Security(SecurityError::Denied(
            security::Denied::Hidden
        )))
    )
}

fn opening(house: &House, level: &str) -> Opening {
    Opening {
        title: "网页被改".to_owned(),
        kind: "attack".to_owned(),
        level: level.to_owned(),
        found: house.assurance.now(),
        ..Opening::default()
    }
}

async fn count_of(house: &House, permit: &Permit, name: &str) -> i64 {
    let found = house.assurance.find(permit).await.unwrap();
    assert_eq!(found.unknown, [] as [&str; 0]);
    found
        .findings
        .iter()
        .find(|finding| finding.name == name)
        .unwrap_or_else(|| panic!("no finding {name}"))
        .count
}

db::on_both_engines! {
    async fn who_answers_for_a_unit_is_kept_by_the_unit_and_those_above_it(place: &TestPlace) {
        let house = House::new(place).await;
        let officer = house.permit("officer", "test_officer", SCHOOL).await;
        let county = house.permit("county", "test_security", COUNTY).await;
        let other = house.permit("other", "test_security", OTHER_COUNTY).await;
        let reader = house.permit("reader", "test_reader", PROVINCE).await;
        let assurance = &house.assurance;

        assurance.name_duty(&officer, HERE, SCHOOL, &new_duty("cio", "甲")).await.unwrap();
        assurance.name_duty(&county, HERE, SCHOOL, &new_duty("information_officer", "乙")).await.unwrap();
        let held = assurance.holders(&county, SCHOOL, day("2026-03-05")).await.unwrap();
        assert_eq!(held.keys().collect::<Vec<_>>(), ["cio", "information_officer"]);
        assert_eq!(held["cio"].name, "甲");

        assert!(is_hidden(assurance.name_duty(&other, HERE, SCHOOL, &new_duty("cio", "丙")).await));
        assert!(is_hidden(assurance.holders(&other, SCHOOL, day("2026-03-05")).await));
        assert!(is_hidden(assurance.name_duty(&officer, HERE, COUNTY, &new_duty("cio", "丙")).await));
        assert!(is_hidden(assurance.name_duty(&operator(), HERE, kernel::UnitId::new(99), &new_duty("cio", "丙")).await));
        assert!(is_hidden(assurance.name_duty(&officer, HERE, SCHOOL, &new_duty("castellan", "丙")).await));
        let refused = assurance.holders(&reader, SCHOOL, day("2026-03-05")).await.unwrap_err();
        assert_eq!(refused.code(), "security.not_allowed");

        assurance.end_duty(&officer, HERE, SCHOOL, "cio", day("2026-03-04")).await.unwrap();
        let again = house.opened_again().await;
        let held = again.holders(&county, SCHOOL, day("2026-03-05")).await.unwrap();
        assert!(!held.contains_key("cio"), "another process sees it too");
        assert_eq!(again.holders(&county, SCHOOL, day("2026-03-03")).await.unwrap()["cio"].name, "甲");

        let (missing, of) = assurance.missing_by_unit(&county).await.unwrap();
        assert_eq!(of, 5);
        assert_eq!(missing, [(COUNTY, 5), (SCHOOL, 4)]);
        assert_eq!(count_of(&house, &county, "units_without_duty").await, 2);
        assert_eq!(count_of(&house, &officer, "units_without_duty").await, 1);

        let entries = house.security.audit_entries(0, 1000).await.unwrap();
        let subjects: Vec<&str> = entries.iter()
            .filter(|entry| entry.action == "duty_changed")
            .map(|entry| entry.subject.as_str())
            .collect();
        assert_eq!(subjects, ["duty:4"; 3], "ids, never names");
        assert!(house.security.verify_audit().await.is_ok());
    }

    async fn the_register_is_changed_by_one_at_a_time_and_found_by_those_in_reach(place: &TestPlace) {
        let house = House::new(place).await;
        let county = house.permit("county", "test_security", COUNTY).await;
        let other = house.permit("other", "test_security", OTHER_COUNTY).await;
        let assurance = &house.assurance;
        let mut system = System {
            unit: SCHOOL,
            name: "学校网站".to_owned(),
            kind: "website".to_owned(),
            level: Some(3),
            ..System::default()
        };
        let number = assurance.register_system(&county, HERE, &system).await.unwrap();
        assert!(is_hidden(assurance.register_system(&other, HERE, &system).await));
        assert!(is_hidden(assurance.system(&other, number).await));
        assert!(is_hidden(assurance.system(&county, number + 1).await));
        assert_eq!(count_of(&house, &county, "systems_unassessed").await, 1);
        assert_eq!(count_of(&house, &county, "systems_unfiled").await, 1);
        assert_eq!(count_of(&house, &county, "drills_missing").await, 1);
        assert_eq!(count_of(&house, &other, "systems_unassessed").await, 0);

        let seen = assurance.system(&county, number).await.unwrap();
        system.assessed = Some(day("2026-01-10"));
        assurance.change_system(&county, HERE, number, seen.last, &system).await.unwrap();
        let late = assurance.change_system(&county, HERE, number, seen.last, &system).await.unwrap_err();
        assert_eq!(late.code(), "assurance.changed");
        assert_eq!(count_of(&house, &county, "systems_unassessed").await, 0);
        let moved = System { unit: OTHER_COUNTY, ..system.clone() };
        let last = assurance.system(&county, number).await.unwrap().last;
        assert!(is_hidden(assurance.change_system(&county, HERE, number, last, &moved).await));
        assert!(is_hidden(assurance.change_system(&other, HERE, number, last, &system).await));
        let history = assurance.history::<crate::systems::Systems>(number).await.unwrap();
        assert_eq!(history.len(), 2, "what it was stays");
    }

    async fn an_overdue_report_is_told_above_once_also_after_a_restart(place: &TestPlace) {
        let house = House::new(place).await;
        let officer = house.permit("officer", "test_officer", SCHOOL).await;
        let county = house.permit("county", "test_security", COUNTY).await;
        let other = house.permit("other", "test_security", OTHER_COUNTY).await;
        let assurance = &house.assurance;
        let number = assurance.open_incident(&officer, HERE, SCHOOL, opening(&house, "iii")).await.unwrap();
        assert!(is_hidden(assurance.open_incident(&other, HERE, SCHOOL, opening(&house, "iii")).await));
        assert!(is_hidden(assurance.incident(&other, number).await));
        let kinds = |notices: Vec<crate::store::Notice>| -> Vec<String> {
            notices.into_iter().map(|notice| notice.kind).collect()
        };
        assert_eq!(kinds(assurance.notices(&county).await.unwrap()), ["incident_opened"]);
        assert_eq!(kinds(assurance.notices(&officer).await.unwrap()), [] as [&str; 0]);

        assert_eq!(assurance.escalate_incidents().await.unwrap(), 0);
        house.clock.advance(31 * 60_000);
        assert_eq!(assurance.escalate_incidents().await.unwrap(), 1);
        let again = house.opened_again().await;
        assert_eq!(again.escalate_incidents().await.unwrap(), 0, "told once");
        house.clock.advance(4 * 3_600_000);
        assert_eq!(again.escalate_incidents().await.unwrap(), 1, "the next deadline");
        assert_eq!(
            kinds(assurance.notices(&county).await.unwrap()),
            ["incident_overdue", "incident_overdue", "incident_opened"]
        );
        assert_eq!(count_of(&house, &county, "incidents_overdue").await, 1);

        let act = async |body: IncidentBody| {
            let last = assurance.incident(&officer, number).await.unwrap().last;
            assurance.act_on_incident(&officer, HERE, number, last, &body).await
        };
        let report = |report: &str| IncidentBody::Reported {
            report: report.to_owned(),
            text: "已处置".to_owned(),
        };
        act(report("urgent")).await.unwrap();
        act(report("progress")).await.unwrap();
        assert_eq!(count_of(&house, &county, "incidents_overdue").await, 0);
        let close = || IncidentBody::Closed { conclusion: "完成".to_owned() };
        assert_eq!(act(close()).await.unwrap_err().code(), "assurance.state");
        act(IncidentBody::Ended { at: house.assurance.now() }).await.unwrap();
        assert_eq!(act(close()).await.unwrap_err().code(), "assurance.state", "the final report is owed");
        act(report("final")).await.unwrap();
        act(report("final")).await.unwrap();
        act(close()).await.unwrap();
        let closed = assurance.incident(&officer, number).await.unwrap();
        assert_eq!(closed.reports.iter().filter(|version| version.report == "final").count(), 2);
        assert_eq!(act(report("final")).await.unwrap_err().code(), "assurance.state");
        let stale = assurance.act_on_incident(&officer, HERE, number, 1, &report("final")).await;
        assert_eq!(stale.unwrap_err().code(), "assurance.changed");
        assert_eq!(count_of(&house, &county, "incidents_open").await, 0);
    }

    async fn a_zero_report_is_owed_by_those_below_and_missing_ones_are_told(place: &TestPlace) {
        let house = House::new(place).await;
        let officer = house.permit("officer", "test_officer", SCHOOL).await;
        let county = house.permit("county", "test_security", COUNTY).await;
        let city = house.permit("city", "test_security", CITY).await;
        let other = house.permit("other", "test_officer", OTHER_COUNTY).await;
        let assurance = &house.assurance;
        let today = day("2026-03-05");
        let schedule = Schedule {
            title: "值守".to_owned(),
            from: today,
            to: day("2026-03-07"),
            minute: 18 * 60,
            below: Below::All,
        };
        assert!(is_hidden(assurance.set_schedule(&county, HERE, CITY, schedule.clone()).await));
        let number = assurance.set_schedule(&city, HERE, CITY, schedule).await.unwrap();
        assert_eq!(assurance.schedules_in_reach(&officer).await.unwrap().len(), 1, "those below see it");
        let province = house.permit("province", "test_officer", PROVINCE).await;
        assert_eq!(assurance.schedules_in_reach(&province).await.unwrap(), []);

        let file = async |permit: &Permit, unit, on| {
            let new = NewReport { schedule: number, unit, day: on, incidents: 0, note: String::new() };
            assurance.file_report(permit, HERE, &new).await
        };
        file(&officer, SCHOOL, today).await.unwrap();
        assert!(is_hidden(file(&officer, COUNTY, today).await));
        assert_eq!(file(&city, CITY, today).await.unwrap_err().code(), "assurance.state", "owes none");
        assert_eq!(file(&officer, SCHOOL, day("2026-03-06")).await.unwrap_err().code(), "assurance.state");
        assert_eq!(count_of(&house, &city, "reports_missing").await, 0, "there is time");
        assert_eq!(assurance.escalate_reports().await.unwrap(), 0);

        house.clock.advance(6 * 3_600_000 + 1);
        assert_eq!(count_of(&house, &city, "reports_missing").await, 2, "both counties");
        assert_eq!(count_of(&house, &officer, "reports_missing").await, 0);
        assert_eq!(count_of(&house, &other, "reports_missing").await, 1);
        let owed = assurance.reports_by_unit(&city).await.unwrap();
        assert_eq!(owed.iter().map(|each| each.missing).sum::<i64>(), count_of(&house, &city, "reports_missing").await);
        assert!(owed.iter().all(|each| each.owed == 1 && each.unit != CITY));
        assert_eq!(assurance.escalate_reports().await.unwrap(), 1, "both are below the city");
        assert_eq!(house.opened_again().await.escalate_reports().await.unwrap(), 0);
        let notices = assurance.notices(&city).await.unwrap();
        assert_eq!((notices[0].kind.as_str(), notices[0].subject), ("report_missing", number));

        assert!(is_hidden(assurance.end_schedule(&officer, HERE, number).await), "only who set it ends it");
        assurance.end_schedule(&city, HERE, number).await.unwrap();
        assert_eq!(count_of(&house, &city, "reports_missing").await, 0);
    }

    async fn an_incident_is_acknowledged_above_or_goes_further_up(place: &TestPlace) {
        let house = House::new(place).await;
        let officer = house.permit("officer", "test_officer", SCHOOL).await;
        let county = house.permit("county", "test_security", COUNTY).await;
        let city = house.permit("city", "test_security", CITY).await;
        let other = house.permit("other", "test_security", OTHER_COUNTY).await;
        let (assurance, workflow) = (&house.assurance, house.assurance.0.workflow.clone().unwrap());
        let number = assurance.open_incident(&officer, HERE, SCHOOL, opening(&house, "iii")).await.unwrap();
        assert!(assurance.escalation_of(&other, number).await.unwrap().is_none());
        let case = assurance.escalation_of(&county, number).await.unwrap().unwrap();
        assert_eq!((case.state.as_str(), case.asked, case.unit), ("reported", 1, SCHOOL));
        assert_eq!(case.link, Some(format!("/assurance/incidents/{number}")));
        // The case tells the county once; the city is not flooded.
        let told = async |permit: &Permit| workflow.notices(permit, 0, 10).await.unwrap().1;
        assert_eq!((told(&county).await, told(&city).await), (1, 0));
        assert_eq!(count_of(&house, &county, "cases_overdue").await, 0);

        // The first word is due after 30 minutes.
        house.clock.advance(31 * 60_000);
        workflow.run_timers().await.unwrap();
        let case = assurance.escalation_of(&city, number).await.unwrap().unwrap();
        assert_eq!((case.level, case.asked), (1, 2));
        assert_eq!(told(&city).await, 1);
        for permit in [&county, &city] {
            assert_eq!(count_of(&house, permit, "cases_overdue").await, 1);
        }
        assert_eq!(count_of(&house, &other, "cases_overdue").await, 0);
        let act = |step: &str, version| workflow::Act {
            step: step.to_owned(),
            version,
            key: format!("{step}-{version}"),
            note: "已处置".to_owned(),
            fields: None,
            grant: None,
        };
        assert!(workflow.act(&officer, case.id, &act("acknowledge", case.version), None).await.is_err(), "nobody acknowledges the own incident");
        workflow.act(&county, case.id, &act("acknowledge", case.version), None).await.unwrap();
        assert_eq!(count_of(&house, &city, "cases_overdue").await, 0);
        let case = assurance.escalation_of(&county, number).await.unwrap().unwrap();
        workflow.act(&county, case.id, &act("close", case.version), None).await.unwrap();

        assert_eq!(workflow.inbox(&county, workflow::Box::ToDo, 0, 10).await.unwrap().1, 0);

        // One whose case the program did not come to begin is put before the county by the job.
        let body = IncidentBody::Opened(opening(&house, "iv"));
        let event = crate::api::NewEvent {
            subject: None,
            unit: SCHOOL,
            body: &body,
            after: None,
            action: security::AuditAction::IncidentChanged,
        };
        let second = assurance.append::<crate::incidents::Incidents, _>(&officer, HERE, event).await.unwrap();
        assert!(assurance.escalation_of(&county, second).await.unwrap().is_none());
        assurance.escalate_incidents().await.unwrap();
        assert_eq!(assurance.escalation_of(&county, second).await.unwrap().unwrap().asked, 1);
    }

    async fn a_guarded_post_is_given_only_after_the_training(place: &TestPlace) {
        let house = House::new(place).await;
        let county = house.permit("county", "test_security", COUNTY).await;
        let other = house.permit("other", "test_security", OTHER_COUNTY).await;
        let account = house.account("wang").await;
        let grant = async || {
            house.security.grant(&operator(), account, "test_guarded", Some(SCHOOL), None).await
        };
        let refused = grant().await.unwrap_err();
        assert_eq!(refused.code(), "assurance.not_trained", "the command line is no way round");
        assert!(refused.to_string().contains("test_course"), "{refused}");
        let SecurityError::GrantRefused(why) = &refused else {
            panic!("{refused}");
        };
        let words = ui::Catalogue::new(vec![crate::messages()]);
        for (language, title, other) in [
            (ui::Language::Chinese, "测试课程", "Test course"),
            (ui::Language::English, "Test course", "测试课程"),
        ] {
            let said = why.say(&words.text(language));
            assert!(said.contains(title) && !said.contains(other), "{said}");
        }

        let attended = |hours| Attended {
            account,
            course: "test_course".to_owned(),
            unit: COUNTY,
            day: day("2026-03-01"),
            hours,
        };
        let assurance = &house.assurance;
        assert!(is_hidden(assurance.record_attendance(&other, HERE, &attended(4)).await));
        assurance.record_attendance(&county, HERE, &attended(3)).await.unwrap();
        assert_eq!(grant().await.unwrap_err().code(), "assurance.not_trained", "three of four hours");
        let second = assurance.record_attendance(&county, HERE, &attended(1)).await.unwrap();
        let given = grant().await.unwrap();
        house.security.end_grant(&operator(), given).await.unwrap();
        assert!(is_hidden(assurance.withdraw_attendance(&other, HERE, second).await));
        assurance.withdraw_attendance(&county, HERE, second).await.unwrap();
        assert_eq!(assurance.withdraw_attendance(&county, HERE, second).await.unwrap_err().code(), "assurance.state");
        assert_eq!(grant().await.unwrap_err().code(), "assurance.not_trained");

        let own = Attended {
            account: county.actor().account().unwrap(),
            ..attended(4)
        };
        assert_eq!(assurance.record_attendance(&county, HERE, &own).await.unwrap_err().code(), "assurance.state");
        let in_future = Attended { day: day("2026-03-06"), ..attended(4) };
        assert_eq!(assurance.record_attendance(&county, HERE, &in_future).await.unwrap_err().code(), "assurance.state");
        let first = Permit::for_operator("first-start").unwrap();
        house.security.grant(&first, account, "test_guarded", None, None).await.unwrap();
    }
}

use super::{CITY, COUNTY, SCHOOL, house, operator};
use crate::{Box as Part, EventKind, NoticeKind};

const DAY: i64 = 86_400_000;

db::on_both_engines! {
    async fn a_limit_reminds_then_asks_one_level_up(place: &TestPlace) {
        let house = house(place).await;
        let school = house.person("school", "information_officer", Some(SCHOOL)).await;
        let county = house.person("county", "statistician", Some(COUNTY)).await;
        let city = house.person("city", "statistician", Some(CITY)).await;
        let case = house.begin(&school).await;
        // Wednesday 25 November: five working days end with Wednesday 2 December.
        let timer = house.workflow.timers(&operator(), case).await.unwrap();
        assert_eq!(timer.due.unwrap().to_string(), "2026-12-03 00:00");
        assert_eq!(timer.next.unwrap().to_string(), "2026-12-02 00:00");
        assert_eq!(house.workflow.run_timers().await.unwrap(), 0);

        house.clock.set(timer.next.unwrap());
        // Two workers at once remind once.
        let (one, two) = futures::join!(house.workflow.run_timers(), house.workflow.run_timers());
        assert!(one.is_ok() && two.is_ok());
        let view = house.workflow.case(&operator(), case).await.unwrap();
        assert_eq!(view.events.iter().filter(|event| event.kind == EventKind::Reminded).count(), 1);

        house.clock.set(timer.due.unwrap());
        assert_eq!(house.workflow.inbox_count(&city.permit).await.unwrap(), 0);
        house.workflow.run_timers().await.unwrap();
        assert_eq!(house.workflow.inbox_count(&city.permit).await.unwrap(), 1);
        assert_eq!(house.workflow.inbox_count(&county.permit).await.unwrap(), 1);
        let (overdue, _) = house.workflow.inbox(&city.permit, Part::Overdue, 0, 10).await.unwrap();
        assert_eq!(overdue.len(), 1);
        assert!(overdue[0].is_overdue);
        let (notices, _, _) = house.workflow.notices(&city.permit, 0, 10).await.unwrap();
        assert_eq!(notices[0].kind, NoticeKind::Escalated);

        // Nobody further up: it is said once, and not for ever.
        for _ in 0..20 {
            house.clock.advance(10 * DAY);
            house.workflow.run_timers().await.unwrap();
        }
        let view = house.workflow.case(&operator(), case).await.unwrap();
        assert_eq!(view.events.last().unwrap().kind, EventKind::Overdue);
        assert_eq!(view.events.len(), 4);
        house.act(&city, case, "pass", "").await.unwrap();
    }

    async fn a_case_that_nobody_mends_lapses(place: &TestPlace) {
        let house = house(place).await;
        let school = house.person("school", "information_officer", Some(SCHOOL)).await;
        let county = house.person("county", "statistician", Some(COUNTY)).await;
        let case = house.begin(&school).await;
        house.act(&county, case, "return", "缺").await.unwrap();
        house.clock.advance(48 * 3_600_000 - 1);
        house.workflow.run_timers().await.unwrap();
        assert_eq!(house.state(case).await, "back");
        house.clock.advance(1);
        house.workflow.run_timers().await.unwrap();
        assert_eq!(house.state(case).await, "lapsed");
        let view = house.workflow.case(&school.permit, case).await.unwrap();
        assert_eq!(view.events.last().unwrap().actor, "job:workflow");
        assert!(view.moves.is_empty());
    }

    async fn a_post_that_was_given_later_is_asked_too(place: &TestPlace) {
        let house = house(place).await;
        let school = house.person("school", "information_officer", Some(SCHOOL)).await;
        let case = house.begin(&school).await;
        assert_eq!(house.workflow.case(&school.permit, case).await.unwrap().asked, 0);
        // Where there was nobody, whoever comes first finds it.
        let city = house.person("city", "statistician", Some(CITY)).await;
        assert_eq!(house.workflow.inbox_count(&city.permit).await.unwrap(), 1);
        assert_eq!(house.workflow.case(&school.permit, case).await.unwrap().asked, 1);
        // The nearest are asked, once it is looked again.
        house.workflow.ask_again().await.unwrap();
        let county = house.person("county", "statistician", Some(COUNTY)).await;
        assert_eq!(house.workflow.inbox_count(&county.permit).await.unwrap(), 0);
        house.workflow.ask_again().await.unwrap();
        assert_eq!(house.workflow.inbox_count(&county.permit).await.unwrap(), 1);
        assert_eq!(house.workflow.inbox_count(&city.permit).await.unwrap(), 0);
    }
}

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kernel::UnitId;
use security::administration::{Passing, WorkInHand as _};

use super::{
    CITY, COUNTY, House, Lending, OTHER_CITY, OTHER_COUNTY, PROVINCE, Person, SCHOOL, fields,
    house, operator,
};
use crate::error::FieldCode;
use crate::succession::CasesInHand;
use crate::{Act, Box as Part, EffectFault, EventKind, NoticeKind, Opening, WorkflowError};

struct Cast {
    school: Person,
    county: Person,
    city: Person,
    stranger: Person,
}

async fn cast(house: &House) -> Cast {
    Cast {
        school: house
            .person("school", "information_officer", Some(SCHOOL))
            .await,
        county: house.person("county", "statistician", Some(COUNTY)).await,
        city: house.person("city", "statistician", Some(CITY)).await,
        stranger: house
            .person("stranger", "statistician", Some(OTHER_COUNTY))
            .await,
    }
}

async fn todo(house: &House, who: &Person) -> u64 {
    house.workflow.inbox_count(&who.permit).await.unwrap()
}

fn code(result: Result<i64, WorkflowError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "done")
}

db::on_both_engines! {
    async fn a_case_goes_its_way_and_every_move_is_kept(place: &TestPlace) {
        let house = house(place).await;
        let cast = cast(&house).await;
        let lending = Lending::new(vec![Lending::done("loan:1")]);
        house.workflow.register("test.lend", lending.clone());

        let case = house.begin(&cast.school).await;
        assert_eq!((todo(&house, &cast.county).await, todo(&house, &cast.city).await), (1, 0));
        assert_eq!(todo(&house, &cast.school).await, 0, "taking back is no task");
        assert_eq!(code(house.act(&cast.county, case, "return", " ").await), "workflow.no_note");
        house.act(&cast.county, case, "return", "写明型号").await.unwrap();
        let (returned, _) = house.workflow.inbox(&cast.school.permit, Part::Returned, 0, 10).await.unwrap();
        assert_eq!(returned.len(), 1);
        assert_eq!(todo(&house, &cast.school).await, 1);

        let again = Act {
            step: "again".to_owned(),
            version: house.version(case).await,
            key: "k1".to_owned(),
            note: String::new(),
            fields: Some(fields(&[("what", "投影仪 X1")])),
            grant: None,
        };
        house.workflow.act(&cast.school.permit, case, &again, None).await.unwrap();
        house.act(&cast.county, case, "pass", "").await.unwrap();
        // Who passed it may not lend it, though the post would let them.
        assert_eq!(code(house.act(&cast.county, case, "lend", "").await), "workflow.same_person");
        assert_eq!(todo(&house, &cast.county).await, 1, "the county may still return or refuse");
        house.act(&cast.city, case, "lend", "同意").await.unwrap();

        let view = house.workflow.case(&cast.school.permit, case).await.unwrap();
        assert_eq!(view.state, "lent");
        assert_eq!(view.fields, fields(&[("what", "投影仪 X1")]));
        let told: Vec<(EventKind, Option<&str>, Option<&str>)> = view
            .events
            .iter()
            .map(|event| (event.kind, event.step.as_deref(), event.note.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                (EventKind::Begun, None, None),
                (EventKind::Moved, Some("return"), Some("写明型号")),
                (EventKind::Moved, Some("again"), None),
                (EventKind::Moved, Some("pass"), None),
                (EventKind::Moved, Some("lend"), Some("同意")),
                (EventKind::Carried, None, None),
            ]
        );
        assert_eq!(view.events[5].detail.as_deref(), Some("loan:1"));
        assert_eq!(view.events[4].post.as_deref(), Some("statistician"));
        assert_eq!(view.events[4].unit, Some(CITY));
        assert_eq!(lending.asked.load(Ordering::SeqCst), 1);
        let (notices, _, unseen) = house.workflow.notices(&cast.school.permit, 0, 10).await.unwrap();
        let kinds: Vec<NoticeKind> = notices.iter().map(|notice| notice.kind).collect();
        assert_eq!(kinds, [NoticeKind::Ended, NoticeKind::Moved, NoticeKind::Returned]);
        assert_eq!(unseen, 3);
        house.workflow.see_notices(&cast.school.permit, Some(case)).await.unwrap();
        assert_eq!(house.workflow.notices(&cast.school.permit, 0, 10).await.unwrap().2, 0);
    }

    async fn a_case_out_of_reach_does_not_exist(place: &TestPlace) {
        let house = house(place).await;
        let cast = cast(&house).await;
        let case = house.begin(&cast.school).await;
        let other = house.person("other", "statistician", Some(OTHER_CITY)).await;
        let neighbour = house.person("neighbour", "information_officer", Some(SCHOOL)).await;
        for hidden in [&cast.stranger, &other, &neighbour] {
            let seen = house.workflow.case(&hidden.permit, case).await;
            assert!(matches!(seen, Err(WorkflowError::Hidden)));
            let never = house.workflow.case(&hidden.permit, crate::CaseId(999)).await;
            assert!(matches!(never, Err(WorkflowError::Hidden)));
            assert_eq!(code(house.act(hidden, case, "pass", "").await), "security.not_found");
        }
        // Those above see it, and may move it, though the nearest are asked.
        assert!(house.workflow.case(&cast.city.permit, case).await.is_ok());
        let province = house.person("province", "statistician", Some(PROVINCE)).await;
        house.act(&province, case, "pass", "").await.unwrap();
    }

    async fn the_applicant_never_decides(place: &TestPlace) {
        let house = house(place).await;
        let county = house.person("county", "statistician", Some(COUNTY)).await;
        let opening = Opening {
            workflow: "loan".to_owned(),
            unit: Some(SCHOOL),
            fields: fields(&[("what", "x")]),
            ..Opening::default()
        };
        let case = house.workflow.open_case(&county.permit, opening).await.unwrap();
        assert_eq!(code(house.act(&county, case, "pass", "").await), "workflow.own_case");
        assert_eq!(todo(&house, &county).await, 0);
        // Nor does the successor.
        let heir = house.person("heir", "statistician", Some(COUNTY)).await;
        assert_eq!(todo(&house, &heir).await, 1);
        assert_eq!(house.workflow.hand_over(&operator(), county.id, heir.id, &[Some(COUNTY)]).await.unwrap(), 1);
        assert_eq!(code(house.act(&heir, case, "pass", "").await), "workflow.own_case");
        assert_eq!(code(house.act(&county, case, "pass", "").await), "workflow.own_case");
        assert_eq!(code(house.act(&county, case, "withdraw", "").await), "workflow.not_you");
        house.act(&heir, case, "withdraw", "").await.unwrap();
        assert_eq!(house.state(case).await, "withdrawn");
    }

    async fn cases_of_a_post_go_to_its_successor_and_what_one_asked_for_oneself_stays(place: &TestPlace) {
        let house = house(place).await;
        let county = house.person("county", "statistician", Some(COUNTY)).await;
        let heir = house.person("heir", "statistician", Some(COUNTY)).await;
        let loan = Opening {
            workflow: "loan".to_owned(),
            unit: Some(SCHOOL),
            fields: fields(&[("what", "x")]),
            ..Opening::default()
        };
        let loan = house.workflow.open_case(&county.permit, loan).await.unwrap();
        let own = Opening {
            workflow: "grant_application".to_owned(),
            fields: fields(&[("unit", "6"), ("post", "planner"), ("reason", "x")]),
            ..Opening::default()
        };
        let own = house.workflow.open_case(&county.permit, own).await.unwrap();
        let cases = CasesInHand(Arc::downgrade(&house.workflow.0));
        let one = house.security.account(&operator(), county.id).await.unwrap();
        let mut tx = house.workflow.0.work.read().await.unwrap();
        assert_eq!(cases.count(&mut tx, county.id, &one.grants).await, Ok(1));
        drop(tx);
        let passing = |units: &[Option<UnitId>]| Passing {
            giver: county.id,
            taker: heir.id,
            grants: HashMap::new(),
            units: units.to_vec(),
        };
        let pass = async |units: &[Option<UnitId>]| cases.pass_after(&operator(), &passing(units)).await;
        assert_eq!(pass(&[Some(OTHER_COUNTY)]).await, Ok(0));
        assert_eq!(pass(&[Some(COUNTY)]).await, Ok(1));
        assert_eq!(pass(&[None]).await, Ok(0), "once");
        assert_eq!(code(house.act(&county, loan, "withdraw", "").await), "workflow.not_you");
        house.act(&heir, loan, "withdraw", "").await.unwrap();
        house.act(&county, own, "withdraw", "").await.unwrap();

        let mut tx = house.workflow.0.work.write().await.unwrap();
        cases.tell(&mut tx, heir.id, "/account/succession").await.unwrap();
        tx.commit().await.unwrap();
        let (notices, ..) = house.workflow.notices(&heir.permit, 0, 10).await.unwrap();
        assert!(notices.iter().any(|notice| notice.link == "/account/succession"));
        drop(house);
        assert!(cases.0.upgrade().is_none(), "it keeps no room alive");
    }

    async fn a_move_sent_twice_happens_once_and_two_people_at_once_are_told(place: &TestPlace) {
        let house = house(place).await;
        let cast = cast(&house).await;
        let second = house.person("second", "statistician", Some(COUNTY)).await;
        let case = house.begin(&cast.school).await;
        let version = house.version(case).await;
        let act = |step: &str, key: &str| Act {
            step: step.to_owned(),
            version,
            key: key.to_owned(),
            note: "n".to_owned(),
            fields: None,
            grant: None,
        };
        let (pass, again, back) = (act("pass", "a"), act("pass", "a"), act("return", "b"));
        let results = futures::join!(
            house.workflow.act(&cast.county.permit, case, &pass, None),
            house.workflow.act(&cast.county.permit, case, &again, None),
            house.workflow.act(&second.permit, case, &back, None),
        );
        let moved = [&results.0, &results.1, &results.2];
        let lost = moved
            .iter()
            .filter(|result| matches!(result, Err(WorkflowError::Moved)))
            .count();
        let events = house.workflow.case(&operator(), case).await.unwrap().events;
        assert_eq!(events.len(), 2, "{results:?}");
        let won_by_second = events[1].step.as_deref() == Some("return");
        assert_eq!(lost, if won_by_second { 2 } else { 1 }, "{results:?}");
        // Sent again much later, the same move is still the same move.
        let winner = if won_by_second { (&second, &back) } else { (&cast.county, &pass) };
        house.workflow.act(&winner.0.permit, case, winner.1, None).await.unwrap();
        assert_eq!(house.workflow.case(&operator(), case).await.unwrap().events.len(), 2);
    }

    async fn what_another_room_does_is_tried_again_and_its_no_is_kept(place: &TestPlace) {
        let house = house(place).await;
        let cast = cast(&house).await;
        let lending = Lending::new(vec![
            Err(EffectFault::Later("away".to_owned())),
            Lending::done("loan:7"),
            Err(EffectFault::Refused("test.no")),
        ]);
        house.workflow.register("test.lend", lending.clone());
        let case = house.begin(&cast.school).await;
        house.act(&cast.county, case, "pass", "").await.unwrap();
        house.act(&cast.city, case, "lend", "").await.unwrap();
        assert_eq!(house.workflow.carry_out_waiting().await.unwrap(), 0, "not before its time");
        house.clock.advance(60_000);
        assert_eq!(house.workflow.carry_out_waiting().await.unwrap(), 1);
        assert_eq!(house.workflow.carry_out_waiting().await.unwrap(), 0, "once");
        assert_eq!(lending.asked.load(Ordering::SeqCst), 2);
        assert_eq!(house.state(case).await, "lent");

        let case = house.begin(&cast.school).await;
        house.act(&cast.county, case, "pass", "").await.unwrap();
        house.act(&cast.city, case, "lend", "").await.unwrap();
        let view = house.workflow.case(&operator(), case).await.unwrap();
        assert_eq!(view.state, "not_lent");
        let last = view.events.last().unwrap();
        assert_eq!((last.kind, last.detail.as_deref()), (EventKind::NotCarried, Some("test.no")));
    }

    async fn a_room_begins_a_case_once_for_each_origin(place: &TestPlace) {
        let house = house(place).await;
        let opening = Opening {
            workflow: "incident_escalation".to_owned(),
            unit: Some(COUNTY),
            fields: fields(&[("incident", "5"), ("level", "iii")]),
            origin: Some("incident:5".to_owned()),
            link: Some("//elsewhere.example".to_owned()),
            due: Some(kernel::Clock::now(&*house.clock).add(1000)),
            ..Opening::default()
        };
        let first = house.workflow.open_case(&operator(), opening.clone()).await.unwrap();
        let second = house.workflow.open_case(&operator(), opening.clone()).await.unwrap();
        assert_eq!(first, second);
        assert_eq!(house.workflow.case_of(&operator(), "incident:5").await.unwrap(), Some(first));
        let timer = house.workflow.timers(&operator(), first).await.unwrap();
        assert_eq!((timer.state.as_str(), timer.left), ("reported", Some(1000)));
        assert_eq!(house.workflow.case(&operator(), first).await.unwrap().link, None);
        // A person does not begin it from the start page.
        let county = house.person("county", "statistician", Some(COUNTY)).await;
        assert!(house.workflow.beginnable(&county.permit, "incident_escalation").is_err());
    }

    async fn a_form_is_checked_whole(place: &TestPlace) {
        let house = house(place).await;
        let cast = cast(&house).await;
        let opening = Opening {
            workflow: "loan".to_owned(),
            fields: fields(&[("what", ""), ("days", "31"), ("x", "y")]),
            ..Opening::default()
        };
        let Err(WorkflowError::Form(faults)) =
            house.workflow.open_case(&cast.school.permit, opening).await
        else {
            panic!("a form without what it needs");
        };
        let faults: Vec<(&str, FieldCode)> =
            faults.iter().map(|(field, code)| (field.as_str(), *code)).collect();
        assert_eq!(
            faults,
            [("x", FieldCode::Unknown), ("what", FieldCode::Required), ("days", FieldCode::Number)]
        );
    }

    async fn forms_and_notes_are_sealed_at_rest(place: &TestPlace) {
        let house = house(place).await;
        let cast = cast(&house).await;
        let case = house.begin(&cast.school).await;
        house.act(&cast.county, case, "return", "写明型号").await.unwrap();
        let work = place.open("work").await.unwrap();
        let mut tx = work.read().await.unwrap();
        let row = tx.fetch_one("SELECT fields FROM workflow_case", &[]).await.unwrap();
        let blob = row.bytes("fields").unwrap();
        assert_eq!(blob.first(), Some(&1));
        let plain = "投影仪".as_bytes();
        assert!(!blob.windows(plain.len()).any(|part| part == plain));
        let row = tx
            .fetch_one("SELECT note FROM workflow_event WHERE note IS NOT NULL", &[])
            .await
            .unwrap();
        let note = "写明型号".as_bytes();
        assert!(!row.bytes("note").unwrap().windows(note.len()).any(|part| part == note));
    }
}

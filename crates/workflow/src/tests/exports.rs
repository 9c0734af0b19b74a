//! Exports of many persons: asked for, decided by one case, fetched once approved.

use kernel::RecordId;
use security::{Export, ExportId, ExportState, Sensitivity};

use super::browser::Browser;
use super::{COUNTY, House, PROVINCE, Person, fields, house, operator};
use crate::{CaseId, Opening, WorkflowError};

fn persons(count: i64) -> Vec<RecordId> {
    (1..=count).map(RecordId::new).collect()
}

fn export(persons: &[RecordId]) -> Export<'_> {
    Export {
        dataset: "institution",
        selection: "q=1",
        persons,
        records: persons.len(),
        level: Sensitivity::Internal,
        in_full: false,
        purpose: "enrolment",
        reason: "",
    }
}

struct Cast {
    planner: Person,
    chief: Person,
    above: Person,
}

async fn cast(house: &House) -> Cast {
    Cast {
        planner: house.person("planner", "planner", Some(COUNTY)).await,
        chief: house.person("chief", "cio", Some(COUNTY)).await,
        above: house.person("above", "cio", Some(PROVINCE)).await,
    }
}

async fn ask(house: &House, cast: &Cast, count: i64) -> CaseId {
    let many = persons(count);
    let asked = export(&many);
    house
        .workflow
        .ask_export(&cast.planner.permit, &asked, "基教股", "/people.csv?q=1")
        .await
        .unwrap()
}

async fn state(house: &House, cast: &Cast) -> ExportState {
    house
        .security
        .own_exports(&cast.planner.permit)
        .await
        .unwrap()[0]
        .state
}

db::on_both_engines! {
    async fn one_case_decides_and_the_applicant_gets_the_file(place: &TestPlace) {
        let house = house(place).await;
        let cast = cast(&house).await;
        let many = persons(150);
        let case = ask(&house, &cast, 150).await;
        let refused = house.security.begin_export(&cast.planner.permit, &export(&many), None).await;
        assert!(refused.is_err(), "more than a hundred wait for a leader");

        // The inbox of the leader of the unit shows it, and nobody else's.
        let view = house.workflow.case(&cast.chief.permit, case).await.unwrap();
        assert_eq!((view.asked, view.fields["persons"].as_str(), view.fields["recipient"].as_str()), (1, "150", "基教股"));
        let (told, _, unseen) = house.workflow.notices(&cast.chief.permit, 0, 10).await.unwrap();
        assert_eq!((told.len(), unseen), (1, 1));
        assert_eq!(house.workflow.notices(&cast.above.permit, 0, 10).await.unwrap().1, 0);
        assert_eq!(house.workflow.exports_to_decide(&cast.chief.permit).await.unwrap()[0].1, Some(case));

        // Never the own request, also with the post for it.
        let own = house.security.grant(&operator(), cast.planner.id, "cio", Some(COUNTY), None).await.unwrap();
        let own = Person { id: cast.planner.id, grant: own, permit: house.security.permit_for_grant(own).await.unwrap() };
        assert!(matches!(house.act(&own, case, "approve", "").await, Err(WorkflowError::Refused("workflow.own_case"))));
        assert_eq!(state(&house, &cast).await, ExportState::Asked);

        house.act(&cast.chief, case, "approve", "").await.unwrap();
        assert_eq!(house.state(case).await, "approved");
        assert_eq!(state(&house, &cast).await, ExportState::Approved);
        let (told, _, _) = house.workflow.notices(&cast.planner.permit, 0, 10).await.unwrap();
        assert_eq!(told[0].kind.as_str(), "ended", "the applicant is told");
        let id = house.security.own_exports(&cast.planner.permit).await.unwrap()[0].id;
        let ticket = house.security.begin_export(&cast.planner.permit, &export(&many), Some(id)).await.unwrap();
        let mut browser = Browser::of(&house, "planner").await;
        let page = browser.get("/exports").await;
        assert!(page.text().contains(ticket.trace()) && page.text().contains(&format!("/exports/{}/file", id.0)), "{}", page.text());
    }

    async fn a_refusal_says_why_and_closes_the_export(place: &TestPlace) {
        let house = house(place).await;
        let cast = cast(&house).await;
        let case = ask(&house, &cast, 150).await;
        assert!(house.act(&cast.chief, case, "refuse", " ").await.is_err());
        house.act(&cast.chief, case, "refuse", "超出办理需要").await.unwrap();
        assert_eq!((house.state(case).await.as_str(), state(&house, &cast).await), ("refused", ExportState::Refused));
        assert_eq!(house.workflow.exports_to_decide(&cast.chief.permit).await.unwrap(), []);

        let case = ask(&house, &cast, 160).await;
        house.act(&cast.planner, case, "withdraw", "").await.unwrap();
        assert_eq!((house.state(case).await.as_str(), state(&house, &cast).await), ("withdrawn", ExportState::Withdrawn));
        assert!(house.workflow.export_file(&cast.planner.permit, ExportId(2)).await.is_err());
    }

    async fn who_lost_the_post_meanwhile_opens_nothing(place: &TestPlace) {
        let house = house(place).await;
        let cast = cast(&house).await;
        let case = ask(&house, &cast, 150).await;
        // The post ends between the decision and what follows from it.
        house.security.end_grant(&operator(), cast.chief.grant).await.unwrap();
        house.act(&cast.chief, case, "approve", "").await.unwrap();
        assert_eq!(house.state(case).await, "not_opened");
        assert_eq!(state(&house, &cast).await, ExportState::Asked);
    }

    async fn a_request_whose_case_was_lost_is_put_before_a_leader_again(place: &TestPlace) {
        let house = house(place).await;
        let cast = cast(&house).await;
        let many = persons(150);
        let asked = export(&many);
        house.security.ask_export(&cast.planner.permit, &asked, "基教股", "/x").await.unwrap();
        assert_eq!(house.workflow.begin_exports().await.unwrap(), 1);
        assert_eq!(house.workflow.begin_exports().await.unwrap(), 0);
        let (request, case) = house.workflow.exports(&cast.planner.permit).await.unwrap().remove(0);
        let view = house.workflow.case(&cast.planner.permit, case.unwrap()).await.unwrap();
        assert_eq!((view.applicant, view.unit), (Some(cast.planner.id), COUNTY));
        assert_eq!(view.fields["request"], request.id.0.to_string());
        house.act(&cast.chief, case.unwrap(), "approve", "").await.unwrap();
        assert_eq!(state(&house, &cast).await, ExportState::Approved);
    }

    async fn an_approval_has_a_trace_and_an_end(place: &TestPlace) {
        let house = house(place).await;
        let admin = house.person("admin", "system_administrator", Some(COUNTY)).await;
        let planner = house.person("planner", "planner", Some(COUNTY)).await;
        let opening = Opening {
            workflow: "pass".to_owned(),
            fields: fields(&[("what", "核对")]),
            ..Opening::default()
        };
        let case = house.workflow.open_case(&planner.permit, opening).await.unwrap();
        assert_eq!(house.workflow.approved(&planner.permit, case).await.unwrap(), None);
        house.act(&admin, case, "give", "").await.unwrap();
        let approval = house.workflow.approved(&planner.permit, case).await.unwrap().unwrap();
        assert!(approval.trace.starts_with("W20261125-1-"), "{}", approval.trace);
        assert_eq!(approval.applicant, Some(planner.id));
        assert_eq!(approval.approved_by, Some(admin.id));
        assert_eq!(approval.fields["what"], "核对");
        assert_eq!(approval.valid_until.to_string(), "2026-12-03 00:00");
        house.clock.set(approval.valid_until);
        assert_eq!(house.workflow.approved(&planner.permit, case).await.unwrap(), None);
    }
}

use super::{CITY, COUNTY, OTHER_COUNTY, SCHOOL, fields, house, operator};
use crate::{EventKind, Opening, WorkflowError};

fn application(unit: &str, post: &str) -> Opening {
    Opening {
        workflow: "grant_application".to_owned(),
        fields: fields(&[("unit", unit), ("post", post), ("reason", "接替前任")]),
        ..Opening::default()
    }
}

db::on_both_engines! {
    async fn an_approved_application_gives_the_post_in_the_name_of_who_approved(place: &TestPlace) {
        let house = house(place).await;
        let admin = house.person("admin", "cio", Some(COUNTY)).await;
        let applicant = house.person("teacher", "visitor", Some(SCHOOL)).await;
        let case = house
            .workflow
            .open_case(&applicant.permit, application("6", "information_officer"))
            .await
            .unwrap();
        assert_eq!(house.workflow.inbox_count(&admin.permit).await.unwrap(), 1);
        house.act(&admin, case, "approve", "").await.unwrap();
        let view = house.workflow.case(&applicant.permit, case).await.unwrap();
        assert_eq!(view.state, "approved");
        let given = house.security.holders(&[Some(SCHOOL)]).await.unwrap();
        let grant = given.iter().find(|grant| grant.post == "information_officer").unwrap();
        assert_eq!(grant.account, applicant.id);
        assert_eq!(grant.given_by, format!("account:{}", admin.id));
        assert_eq!(view.events.last().unwrap().detail, Some(format!("grant:{}", grant.id.0)));
    }

    async fn who_lost_the_post_meanwhile_gives_nothing(place: &TestPlace) {
        let house = house(place).await;
        let admin = house.person("admin", "cio", Some(COUNTY)).await;
        let applicant = house.person("teacher", "visitor", Some(SCHOOL)).await;
        let case = house
            .workflow
            .open_case(&applicant.permit, application("6", "statistician"))
            .await
            .unwrap();
        house.security.end_grant(&operator(), admin.grant).await.unwrap();
        house.act(&admin, case, "approve", "").await.unwrap();
        let view = house.workflow.case(&applicant.permit, case).await.unwrap();
        assert_eq!(view.state, "not_granted");
        let last = view.events.last().unwrap();
        assert_eq!((last.kind, last.detail.as_deref()), (EventKind::NotCarried, Some("security.no_grant")));
        let given = house.security.holders(&[Some(SCHOOL)]).await.unwrap();
        assert!(given.iter().all(|grant| grant.post != "statistician"));
    }

    async fn an_application_is_decided_at_the_unit_it_is_for(place: &TestPlace) {
        let house = house(place).await;
        let elsewhere = house.person("elsewhere", "cio", Some(OTHER_COUNTY)).await;
        let above = house.person("above", "cio", Some(CITY)).await;
        let nobody = house.account("nobody").await;
        let visitor = house.person("visitor", "visitor", Some(OTHER_COUNTY)).await;
        let case = house
            .workflow
            .open_case(&visitor.permit, application("6", "statistician"))
            .await
            .unwrap();
        assert!(matches!(
            house.workflow.case(&elsewhere.permit, case).await,
            Err(WorkflowError::Hidden)
        ));
        house.act(&above, case, "refuse", "不需要").await.unwrap();
        assert_eq!(house.state(case).await, "refused");
        let unknown = house
            .workflow
            .open_case(&visitor.permit, application("99", "planner"))
            .await;
        assert!(matches!(unknown, Err(WorkflowError::Form(_))));
        assert_ne!(nobody, visitor.id);
    }

    async fn who_manages_accounts_does_not_decide_and_who_decides_gives_no_more_than_the_post_says(place: &TestPlace) {
        let house = house(place).await;
        let admin = house.person("admin", "system_administrator", Some(COUNTY)).await;
        let leader = house.person("leader", "cio", Some(COUNTY)).await;
        let applicant = house.person("teacher", "visitor", Some(SCHOOL)).await;
        let open = async |post: &str| {
            house.workflow.open_case(&applicant.permit, application("6", post)).await.unwrap()
        };
        let case = open("statistician").await;
        assert_eq!(house.workflow.inbox_count(&admin.permit).await.unwrap(), 0);
        assert!(house.act(&admin, case, "approve", "").await.is_err());
        house.act(&leader, case, "approve", "").await.unwrap();
        assert_eq!(house.state(case).await, "approved");
        // The first person responsible is named by others than the one below the same post.
        let case = open("cio").await;
        house.act(&leader, case, "approve", "").await.unwrap();
        assert_eq!(house.state(case).await, "not_granted");
        let given = house.security.holders(&[Some(SCHOOL)]).await.unwrap();
        let posts: Vec<&str> = given.iter().map(|grant| grant.post.as_str()).collect();
        assert!(posts.contains(&"statistician") && !posts.contains(&"cio"), "{posts:?}");
    }
}

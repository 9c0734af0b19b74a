//! What a grant reaches of datasets, and units by name.

use std::sync::Arc;

use kernel::{Clocks, UnitId};
use security::{GrantFault, NewAccount, NewGrant, Permit, SecurityError, UnitLevel};

use super::{import, import_as};
use crate::api::Registry;
use crate::imports::Request;
use crate::intake::{Class, IntakeError};
use crate::testing::{permit, permit_of, registry};

async fn unit(registry: &Registry, text: &str) -> UnitId {
    crate::intake::context::unit_named(registry.ledger(), &permit(), text)
        .await
        .unwrap()
}

async fn narrowed(registry: &Registry, datasets: &[&str]) -> Permit {
    let security = registry.security();
    let account = NewAccount {
        login: format!("narrow-{}", datasets.len()),
        ..NewAccount::default()
    };
    let (account, _) = security.create_account(&permit(), account).await.unwrap();
    let new = NewGrant {
        datasets: Some(datasets.iter().map(|name| (*name).to_owned()).collect()),
        ..NewGrant::of("statistician", None)
    };
    let grant = security.give(&permit(), account, &new).await.unwrap();
    security.permit_for_grant(grant).await.unwrap()
}

db::on_both_engines! {
    async fn units_are_found_by_name_code_and_initials_within_reach(place: &TestPlace) {
        let registry = registry(place).await;
        let security = Arc::new(registry.security().clone());
        let yanta = unit(&registry, "610113").await;
        let facts = security.unit_facts(&[yanta, UnitId::new(9_999_999)]).await.unwrap();
        assert_eq!(facts.len(), 1);
        assert_eq!((facts[&yanta].code.as_str(), facts[&yanta].level), ("610113", UnitLevel::County));

        let city = permit_of(&registry, "planner", "610100").await;
        let county = permit_of(&registry, "planner", "610305").await;
        let names = async |permit: &Permit, text: &str| -> Vec<String> {
            let found = security.search_units(permit, text, 20).await.unwrap();
            found.into_iter().map(|one| one.facts.code).collect()
        };
        assert_eq!(names(&city, "雁塔").await, ["610113"]);
        assert_eq!(names(&city, "ytq").await, ["610113"]);
        assert_eq!(names(&city, "610113").await, ["610113"]);
        assert_eq!(names(&county, "雁塔").await, [] as [String; 0]);
        let texts = ["610113".to_owned(), "雁塔区教育局".to_owned(), "无".to_owned()];
        let named = security.units_named(&city, &texts).await.unwrap();
        assert_eq!(texts.map(|text| named[&text].len()), [1, 1, 0]);
        let named = security.units_named(&county, &["610113".to_owned()]).await.unwrap();
        assert!(named["610113"].is_empty());
    }

    async fn a_post_of_schools_is_not_held_in_a_county(place: &TestPlace) {
        let registry = registry(place).await;
        let (account, _) = registry.security().create_account(&permit(), NewAccount {
            login: "head".to_owned(),
            ..NewAccount::default()
        }).await.unwrap();
        let at = NewGrant::of("school_head", Some(unit(&registry, "610113").await));
        let refused = registry.security().give(&permit(), account, &at).await;
        assert!(matches!(refused, Err(SecurityError::Grant(GrantFault::WrongLevel(_)))), "{refused:?}");
    }

    async fn a_dataset_beyond_the_grant_holds_nothing_and_takes_nothing(place: &TestPlace) {
        let registry = registry(place).await;
        let file = "学校名称,区县,办学类型\n雁塔区二中,雁塔区,311\n";
        import(&registry, "institution", file, Request::default()).await;
        let clocks = Clocks::latest(registry.today());
        let counted = async |permit: &Permit, dataset: &str| {
            let rows = registry.view(permit, dataset, clocks).await.unwrap().len();
            let mut read = 0;
            registry.ledger().read(permit, dataset, clocks, |_| read += 1).await.unwrap();
            assert_eq!(rows, read, "{dataset}");
            rows
        };
        let years = narrowed(&registry, &["institution_year"]).await;
        assert_eq!(counted(&years, "institution").await, 0);
        assert!(counted(&years, "division").await > 100);
        let both = narrowed(&registry, &["institution", "institution_year"]).await;
        assert_eq!(counted(&both, "institution").await, 1);
        assert_eq!(registry.ledger().count(&both, "institution", clocks).await.unwrap(), 1);
        assert!(registry.ledger().count(&years, "institution", clocks).await.is_err());

        let refused = import_as(
            &years, &registry, "institution", "b.csv", "学校名称,区县,办学类型\n雁塔区三中,雁塔区,311\n", Request::default(),
        ).await;
        assert!(matches!(refused, Err(IntakeError::UnknownDataset { .. })), "{refused:?}");
        let sent = import_as(
            &both, &registry, "institution", "c.csv", "学校名称,区县,办学类型\n雁塔区三中,雁塔区,311\n", Request::default(),
        ).await.unwrap();
        assert_eq!(sent.1.plan.count(Class::New), 1, "{:?}", sent.1.plan.causes);
    }
}

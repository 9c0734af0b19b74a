//! The code of a school stands once in the whole ledger.

use db::on_both_engines;
use kernel::Clocks;

use super::{codes, import, import_as, institutions, one, text};
use crate::imports::Request;
use crate::intake::{self, Class, IntakeError, TypedRow};
use crate::ledger::{LedgerError, Outcome};
use crate::testing::{permit, permit_of, registry};

const FAR: &str = "学校标识码,学校名称,区县,办学类型\n3161000001,凤翔区南关中学,凤翔区,311\n";

fn typed(code: &str, name: &str) -> TypedRow {
    let cell = |field: &str, text: &str| (field.to_owned(), text.to_owned());
    TypedRow {
        cells: vec![
            cell("name", name),
            cell("code", code),
            cell("division", "610113"),
            cell("type", "311"),
        ],
        reason: "批复".to_owned(),
        ..TypedRow::default()
    }
}

on_both_engines! {
    async fn a_code_of_a_school_out_of_reach_is_refused_and_nothing_is_said_of_that_school(place: &TestPlace) {
        let registry = registry(place).await;
        import(&registry, "institution", FAR, Request::default()).await;
        import(&registry, "institution", "学校名称,区县,办学类型\n雁塔区旧中学,雁塔区,311\n", Request::default()).await;
        let county = permit_of(&registry, "statistician", "610113").await;
        let before = registry.ledger().head().await.unwrap();
        let file = "学校标识码,学校名称,区县,办学类型\n3161000001,雁塔区新中学,雁塔区,311\n3161000001,雁塔区旧中学,雁塔区,311\n";
        for row in [1, 2] {
            let lines: Vec<&str> = file.lines().collect();
            let one_row = format!("{}\n{}\n", lines[0], lines[row]);
            let (id, finished) = import_as(&county, &registry, "institution", "a.csv", one_row, Request::default()).await.unwrap();
            assert_eq!(codes(&finished.plan), ["CELL-TAKEN"], "{:?}", finished.plan.causes);
            assert_eq!(finished.plan.causes[0].field, "code");
            let refused = registry.imports().refused_file(id, standard::Lang::Zh);
            let said = format!("{:?} {}", finished.plan, std::fs::read_to_string(refused).unwrap());
            assert!(said.contains("3161000001") && !said.contains("凤翔"), "{said}");
        }
        assert_eq!(registry.ledger().head().await.unwrap(), before);

        let prepared = intake::prepare_row(registry.ledger(), &county, "institution", &typed("3161000001", "雁塔区新中学")).await.unwrap();
        assert_eq!(codes(&prepared.plan), ["CELL-TAKEN"]);
        assert!(!format!("{:?}", prepared.plan).contains("凤翔"));
        let free = intake::prepare_row(registry.ledger(), &county, "institution", &typed("3161000002", "雁塔区新中学")).await.unwrap();
        assert_eq!(free.plan.count(Class::New), 1, "{:?}", free.plan.causes);
    }

    async fn a_code_that_another_program_gives_away_between_plan_and_commit_is_not_given_twice(place: &TestPlace) {
        let (own, other) = (registry(place).await, registry(place).await);
        let county = permit_of(&own, "statistician", "610113").await;
        let row = typed("3161000001", "雁塔区新中学");
        let prepared = intake::prepare_row(own.ledger(), &county, "institution", &row).await.unwrap();
        assert!(!prepared.plan.has_refusals(), "{:?}", prepared.plan.causes);
        import(&other, "institution", FAR, Request::default()).await;
        let taken = intake::commit_row(own.ledger(), &county, &prepared, &row).await;
        assert!(matches!(taken, Err(IntakeError::Ledger(LedgerError::KeyTaken(_)))), "{taken:?}");
        assert_eq!(text(&own, &one(&own, "2026-03-02").await, "name"), Some("凤翔区南关中学"));
    }

    async fn of_two_programs_that_import_one_code_for_two_schools_at_once_one_is_refused(place: &TestPlace) {
        let (own, other) = (registry(place).await, registry(place).await);
        let near = permit_of(&own, "statistician", "610113").await;
        let far = permit_of(&own, "statistician", "610305").await;
        let file = "学校标识码,学校名称,区县,办学类型\n3161000001,雁塔区新中学,雁塔区,311\n";
        let (first, second) = tokio::join!(
            import_as(&near, &own, "institution", "a.csv", file, Request::default()),
            import_as(&far, &other, "institution", "b.csv", FAR, Request::default()),
        );
        let refused = [first.unwrap().1.plan, second.unwrap().1.plan].iter().filter(|plan| codes(plan) == ["CELL-TAKEN"]).count();
        assert_eq!((institutions(&own, own.today()).await.len(), refused), (1, 1));
    }

    async fn a_reversal_does_not_bring_back_a_code_that_is_another_s_by_now(place: &TestPlace) {
        let registry = registry(place).await;
        import(&registry, "institution", FAR, Request::default()).await;
        let school = one(&registry, "2026-03-02").await;
        let mut row = typed("3161000009", "");
        row.cells.retain(|(field, _)| field == "code");
        row.target = Some(school.record);
        row.from = Some(school.from);
        let prepared = intake::prepare_row(registry.ledger(), &permit(), "institution", &row).await.unwrap();
        let (_, outcome) = intake::commit_row(registry.ledger(), &permit(), &prepared, &row).await.unwrap();
        let Outcome::Committed { number, .. } = outcome else { panic!("{outcome:?}") };
        let (_, plan) = import(&registry, "institution", "学校标识码,学校名称,区县,办学类型\n3161000001,雁塔区新中学,雁塔区,311\n", Request::default()).await;
        assert_eq!(plan.count(Class::New), 1, "{:?}", plan.causes);
        let back = registry.ledger().reverse(&permit(), number, "误改").await;
        assert!(matches!(back, Err(LedgerError::KeyTaken(_))), "{back:?}");
        let now = registry.ledger().record(&permit(), "institution", school.record, Clocks::latest(registry.today())).await.unwrap().unwrap();
        assert_eq!(text(&registry, &now, "code"), Some("3161000009"));
        assert_eq!(registry.ledger().verify(|_, _| true).await.unwrap().findings, Vec::new());
    }
}

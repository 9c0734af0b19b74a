//! `owner`, `valid_from` and `closed` of the definitions, at the way in.

use db::on_both_engines;

use super::{codes, import, import_as, on, one, text};
use crate::api::Registry;
use crate::imports::Request;
use crate::intake::{self, Class, Plan, TypedRow};
use crate::testing::{permit, permit_of, registry, registry_where};

const HELD: &str =
    "学校标识码,学校名称,区县,办学类型,地址\n3161000001,雁塔区一中,雁塔区,311,甲路 1 号\n";

async fn sent(registry: &Registry, post: &str, unit: &str, file: &str) -> Plan {
    let permit = permit_of(registry, post, unit).await;
    let sent = import_as(
        &permit,
        registry,
        "institution",
        "a.csv",
        file,
        Request::default(),
    );
    sent.await.unwrap().1.plan
}

on_both_engines! {
    async fn a_county_changes_what_is_a_county_s_and_not_what_is_the_province_s(place: &TestPlace) {
        let registry = registry(place).await;
        import(&registry, "institution", HELD, on("2020-09-01")).await;
        // The code is as it is held, the address is the school's own.
        let plan = sent(&registry, "statistician", "610113", &HELD.replace("1 号", "9 号")).await;
        assert_eq!((plan.count(Class::Changed), codes(&plan).len()), (1, 0), "{:?}", plan.causes);

        let county = permit_of(&registry, "planner", "610113").await;
        assert_eq!(intake::Level::of(registry.ledger(), &county).await.unwrap(), intake::Level::County);
        let other_unit = "学校标识码,学校名称,区县,主管教育局\n3161000001,雁塔区一中,雁塔区,西安市教育局\n";
        let city = sent(&registry, "statistician", "610100", other_unit).await;
        assert_eq!(codes(&city), ["FIELD-OWNER"], "{:?}", city.causes);
        assert_eq!(city.causes[0].field, "unit");
        assert!(city.causes[0].examples[0].detail.zh.contains("省级"), "{:?}", city.causes);
        let (_, province) = import(&registry, "institution", other_unit, Request::default()).await;
        assert_eq!(province.count(Class::Changed), 1, "{:?}", province.causes);
    }

    async fn a_code_is_filled_in_by_the_province_and_stated_first_by_whoever_adds_the_school(place: &TestPlace) {
        let registry = registry(place).await;
        import(&registry, "institution", "学校名称,区县,办学类型\n雁塔区二中,雁塔区,311\n", Request::default()).await;
        let file = "学校标识码,学校名称,区县,办学类型\n3161000002,雁塔区二中,雁塔区,311\n3161000003,雁塔区三中,雁塔区,311\n";
        let plan = sent(&registry, "statistician", "610113", file).await;
        assert_eq!((plan.count(Class::New), plan.count(Class::Refused)), (1, 1), "{:?}", plan.causes);
        assert_eq!((codes(&plan), plan.causes[0].examples[0].label.as_str()), (vec!["FIELD-OWNER"], "雁塔区二中"));
    }

    async fn a_school_changes_its_own_fields_alone(place: &TestPlace) {
        let registry = registry(place).await;
        import(&registry, "institution", HELD, on("2020-09-01")).await;
        let renamed = HELD.replace("雁塔区一中", "雁塔区第一中学").replace("1 号", "2 号");
        let plan = sent(&registry, "information_officer", "3161000001", &renamed).await;
        assert_eq!(codes(&plan), ["FIELD-OWNER"], "{:?}", plan.causes);
        assert_eq!(plan.causes[0].field, "name");
        let permit = permit_of(&registry, "information_officer", "雁塔区一中").await;
        let row = |field: &str, said: &str, school: &crate::ledger::Version| TypedRow {
            target: Some(school.record),
            cells: vec![(field.to_owned(), said.to_owned())],
            from: Some(registry.today()),
            reason: "核对".to_owned(),
            ..TypedRow::default()
        };
        let school = one(&registry, "2026-03-02").await;
        let name = intake::prepare_row(registry.ledger(), &permit, "institution", &row("name", "某校", &school)).await.unwrap();
        assert_eq!(codes(&name.plan), ["FIELD-OWNER"]);
        let own = row("phone", "029-85230001", &school);
        let prepared = intake::prepare_row(registry.ledger(), &permit, "institution", &own).await.unwrap();
        intake::commit_row(registry.ledger(), &permit, &prepared, &own).await.unwrap();
        assert_eq!(text(&registry, &one(&registry, "2026-03-02").await, "phone"), Some("029-85230001"));
    }

    async fn what_the_program_writes_is_not_typed_by_a_person(place: &TestPlace) {
        let registry = registry(place).await;
        let file = "学校名称,区县,办学类型,数据性质\n雁塔区甲小学,雁塔区,211,合成数据\n雁塔区乙小学,雁塔区,211,真实数据\n雁塔区丙小学,雁塔区,211,\n";
        let plan = sent(&registry, "statistician", "610113", file).await;
        assert_eq!((plan.count(Class::New), codes(&plan)), (2, vec!["FIELD-OWNER"]), "{:?}", plan.causes);
        assert_eq!(plan.causes[0].examples[0].label, "雁塔区甲小学");
        // An operator at the machine may: exports are restored so, and the demo is marked so.
        let (_, operators) = import(&registry, "institution", file, Request::default()).await;
        assert_eq!(operators.count(Class::New), 1, "{:?}", operators.causes);
    }

    async fn a_closed_field_takes_no_new_values_from_its_day_on(place: &TestPlace) {
        let registry = registry_where(place, "institution", "max_length = 180\n", "max_length = 180\nclosed = \"2025-01-01\"\n").await;
        let (_, before) = import(&registry, "institution", HELD, on("2020-09-01")).await;
        assert_eq!(before.count(Class::New), 1, "{:?}", before.causes);
        let moved = HELD.replace("1 号", "9 号");
        let (_, late) = import(&registry, "institution", &moved, on("2025-09-01")).await;
        assert_eq!(codes(&late), ["FIELD-CLOSED"], "{:?}", late.causes);
        let (_, same) = import(&registry, "institution", HELD, on("2025-09-01")).await;
        assert_eq!(same.count(Class::Unchanged), 1, "{:?}", same.causes);
        let (_, new) = import(&registry, "institution", &HELD.replace("一中", "二中").replace("000001", "000002"), on("2025-09-01")).await;
        assert_eq!(codes(&new), ["FIELD-CLOSED"], "{:?}", new.causes);
        let (_, early) = import(&registry, "institution", &moved, on("2024-09-01")).await;
        assert_eq!(early.count(Class::Changed), 1, "{:?}", early.causes);
    }

    async fn a_field_takes_no_values_before_its_first_day(place: &TestPlace) {
        let registry = registry_where(place, "institution", "max_length = 180\n", "max_length = 180\nvalid_from = \"2025-01-01\"\n").await;
        let (_, early) = import(&registry, "institution", HELD, on("2020-09-01")).await;
        assert_eq!(codes(&early), ["FIELD-NOT-YET"], "{:?}", early.causes);
        let (_, later) = import(&registry, "institution", HELD, on("2025-09-01")).await;
        assert_eq!(later.count(Class::New), 1, "{:?}", later.causes);
        let row = TypedRow {
            target: Some(one(&registry, "2026-03-02").await.record),
            cells: vec![("address".to_owned(), "乙路".to_owned())],
            from: Some(super::day("2024-01-01")),
            reason: "核对".to_owned(),
            ..TypedRow::default()
        };
        let form = intake::prepare_row(registry.ledger(), &permit(), "institution", &row).await.unwrap();
        assert_eq!(codes(&form.plan), ["FIELD-NOT-YET"]);
    }
}

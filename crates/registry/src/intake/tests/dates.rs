//! Dates of which only the month is known.

use db::on_both_engines;
use kernel::Value;

use super::{codes, import, institutions};
use crate::imports::Request;
use crate::intake::Class;
use crate::testing::registry;

on_both_engines! {
    async fn a_month_is_taken_as_its_first_day_where_the_definition_says_so(place: &TestPlace) {
        let registry = registry(place).await;
        let mut file = String::from("学校名称,区县,建校年月\n");
        for (number, month) in ["2015-09", "201509", "2015年9月", "2015.9", "2015/09", "2015-09-01"].iter().enumerate() {
            file += &format!("第{number}小学,雁塔区,{month}\n");
        }
        let (_, plan) = import(&registry, "institution", &file, Request::default()).await;
        assert_eq!((plan.count(Class::New), plan.count(Class::Refused)), (6, 0), "{:?}", plan.causes);
        let notice = plan.notices.iter().find(|cause| cause.code == "CELL-MONTH").unwrap();
        assert_eq!((notice.rows, notice.field.as_str(), notice.severity.as_str()), (5, "founded", "notice"));
        assert_eq!(notice.examples[0].detail.zh, "2015-09-01");
        let founded = registry.ledger().table("institution").unwrap().position("founded").unwrap();
        let first = super::day("2015-09-01");
        assert!(institutions(&registry, registry.today()).await.iter().all(|version| version.values[founded] == Value::from(first)));
        let (_, again) = import(&registry, "institution", &file, Request::default()).await;
        assert_eq!(again.count(Class::Unchanged), 6, "{:?}", again.causes);
    }

    async fn a_month_does_not_take_the_place_of_a_day_of_that_month_that_is_known(place: &TestPlace) {
        let registry = registry(place).await;
        let exact = "学校标识码,学校名称,区县,建校年月,地址\n2161000001,甲小学,雁塔区,2015-09-15,甲路 1 号\n";
        import(&registry, "institution", exact, Request::default()).await;
        let (_, same) = import(&registry, "institution", &exact.replace("2015-09-15", "2015.09"), Request::default()).await;
        assert_eq!(same.count(Class::Unchanged), 1, "{:?}", same.changed_fields);
        // Also where the row says something else that is new.
        let moved = exact.replace("2015-09-15", "2015.09").replace("1 号", "2 号");
        let (_, plan) = import(&registry, "institution", &moved, Request::default()).await;
        assert_eq!(plan.changed_fields.keys().collect::<Vec<_>>(), ["address"]);
        let founded = registry.ledger().table("institution").unwrap().position("founded").unwrap();
        let held = institutions(&registry, registry.today()).await;
        assert!(held.iter().all(|version| version.values[founded] == Value::from(super::day("2015-09-15"))));
        // Another month is another day.
        let (_, other) = import(&registry, "institution", &moved.replace("2015.09", "2015.08"), Request::default()).await;
        assert_eq!(other.changed_fields.keys().collect::<Vec<_>>(), ["founded"]);
    }

    async fn a_month_that_may_be_another_and_a_bare_year_are_refused_each_by_its_cause(place: &TestPlace) {
        let registry = registry(place).await;
        let file = "学校名称,区县,建校年月,撤销日期\n甲小学,雁塔区,2015.1,\n乙小学,雁塔区,2015,\n丙小学,雁塔区,201513,\n丁小学,雁塔区,,2019-08\n";
        let (_, plan) = import(&registry, "institution", file, Request::default()).await;
        assert_eq!(plan.count(Class::Refused), 4, "{:?}", plan.causes);
        let mut found: Vec<(&str, &str, u64)> = plan.causes.iter().map(|cause| (cause.code.as_str(), cause.field.as_str(), cause.rows)).collect();
        found.sort_unstable();
        assert_eq!(found, [("CELL-DATE", "closed", 1), ("CELL-DATE", "founded", 2), ("CELL-DATE-DOUBTFUL", "founded", 1)], "{:?}", codes(&plan));
    }
}

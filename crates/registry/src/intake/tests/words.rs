//! What people read of a plan, and the refused rows that they mend.

use db::on_both_engines;
use standard::Lang;

use super::{codes, import, try_import};
use crate::imports::Request;
use crate::intake::{Class, Plan};
use crate::testing::registry;

fn cause<'p>(plan: &'p Plan, code: &str) -> &'p crate::intake::Cause {
    let all = plan.causes.iter().chain(&plan.notices);
    all.clone()
        .find(|cause| cause.code == code)
        .unwrap_or_else(|| panic!("no {code} in {:?}", codes(plan)))
}

on_both_engines! {
    async fn a_sentence_names_the_values_of_one_row_and_leaves_those_of_several_open(place: &TestPlace) {
        let registry = registry(place).await;
        let one = "学校标识码,学校名称,区县,经度,纬度\n99,甲小学,雁塔区,10895.3,34.2\n";
        let (_, plan) = import(&registry, "institution", one, Request::default()).await;
        assert!(cause(&plan, "INST-001").message.0.starts_with("标识码“99”不合编法"), "{:?}", plan.causes);
        assert_eq!(cause(&plan, "INST-022").message.0, "坐标疑似丢了小数点(经度 10895.3,纬度 34.2)");
        assert_eq!(cause(&plan, "INST-022").message.1, "A decimal point seems to be lost (longitude 10895.3, latitude 34.2)");
        let two = format!("{one}98,乙小学,雁塔区,10896.3,34.2\n");
        let (_, plan) = import(&registry, "institution", &two, Request::default()).await;
        assert_eq!(cause(&plan, "INST-022").message.0, "坐标疑似丢了小数点(经度 …,纬度 …)");
        for cause in plan.causes.iter().chain(&plan.notices) {
            let said = format!("{:?}{:?}", cause.message, cause.repair);
            assert!(!said.contains('{') && !said.contains("“学校(机构)标识码”不合"), "{said}");
        }
    }

    async fn examples_name_schools_and_places_and_no_numbers_of_records(place: &TestPlace) {
        let registry = registry(place).await;
        let schools = "学校标识码,学校名称,区县,经度,纬度\n2161000001,渭河小学,西安市,108.95,34.22\n";
        let (_, plan) = import(&registry, "institution", schools, Request::default()).await;
        assert_eq!(cause(&plan, "INST-030").examples[0].value, "西安市");
        assert!(cause(&plan, "INST-030").message.0.contains("西安市"), "{:?}", plan.notices);
        let years = "标识码,学年,在校生数,班数\n2161000001,2025-2026,9000,2\n";
        let (_, plan) = import(&registry, "institution_year", years, Request::default()).await;
        let said: Vec<&str> = plan.causes.iter().chain(&plan.notices).flat_map(|cause| &cause.examples).map(|example| example.label.as_str()).collect();
        assert!(!said.is_empty() && said.iter().all(|label| *label == "渭河小学 2025-2026"), "{said:?}");
        let twice = "学校名称,区县\n甲小学,雁塔区\n甲小学,雁塔区\n";
        let (_, plan) = import(&registry, "institution", twice, Request::default()).await;
        let detail = &cause(&plan, "ROW-DUPLICATE").examples[0].detail;
        assert_eq!((detail.zh.as_str(), detail.en.as_str()), ("与第 2 行重复", "same as row 2"));
        let (_, plan) = import(&registry, "institution", "学校名称,地址\n,某路\n", Request::default()).await;
        let detail = &cause(&plan, "ROW-NO-KEY").examples[0].detail;
        assert!(detail.zh.contains("学校(机构)名称+所在区划") && detail.en.contains("Name+Division"), "{detail:?}");
    }

    async fn an_ambiguous_row_names_its_candidates_by_code_and_says_how_to_settle_it(place: &TestPlace) {
        let registry = registry(place).await;
        let two = "学校标识码,学校名称,区县,办学类型\n2161000001,渭河小学,雁塔区,211\n2161000002,渭河小学,雁塔区,211\n";
        import(&registry, "institution", two, Request::default()).await;
        let row = "学校名称,区县,办学类型,地址\n渭河小学,雁塔区,211,某路\n";
        let (id, plan) = import(&registry, "institution", row, Request::default()).await;
        assert_eq!(plan.count(Class::Review), 1, "{:?}", plan.causes);
        let review = cause(&plan, "ROW-AMBIGUOUS");
        let names: Vec<&str> = review.examples[0].candidates.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["渭河小学(2161000001)", "渭河小学(2161000002)"]);
        assert!(review.repair.0.contains("补上标识码") && review.repair.0.contains("直接更正"), "{:?}", review.repair);
        // It is handed back with the refused rows, and with its code it is taken.
        let back = std::fs::read_to_string(registry.imports().refused_file(id, Lang::Zh)).unwrap();
        assert!(back.contains("某路") && back.contains("2161000002"), "{back}");
        let settled = "学校标识码,学校名称,区县,办学类型,地址\n2161000002,渭河小学,雁塔区,211,某路\n";
        let (_, plan) = import(&registry, "institution", settled, Request::default()).await;
        assert_eq!(plan.count(Class::Changed), 1, "{:?}", plan.causes);
    }

    async fn refused_rows_come_back_in_both_languages_and_are_taken_when_mended(place: &TestPlace) {
        let registry = registry(place).await;
        let file = "学校名称,区县,办学类型,备注\n甲小学,雁塔区,没有这种类型,原有备注\n";
        let (id, plan) = import(&registry, "institution", file, Request::default()).await;
        assert_eq!(plan.count(Class::Refused), 1);
        let read = |lang| std::fs::read_to_string(registry.imports().refused_file(id, lang)).unwrap();
        let (zh, en) = (read(Lang::Zh), read(Lang::En));
        assert!(zh.contains("退回原因") && zh.contains("“办学类型”不在代码表中"), "{zh}");
        assert!(en.contains("what to do") && en.contains("“Type” is not in the code set") && !en.contains("处理建议"), "{en}");
        for table in [zh, en] {
            let mended = table.replace("没有这种类型", "211");
            let (_, again) = try_import(&registry, "institution", "a.csv", &mended, Request::default()).await.unwrap();
            assert!(!again.plan.has_refusals(), "{:?}", again.plan.causes);
            let school = super::one(&registry, "2026-03-02").await;
            assert_eq!(super::text(&registry, &school, "note"), Some("原有备注"));
        }
        // Refused again, a row carries the last answer alone.
        let (id, _) = try_import(&registry, "institution", "a.csv", read(Lang::Zh), Request::default()).await.unwrap();
        let again = std::fs::read_to_string(registry.imports().refused_file(id, Lang::Zh)).unwrap();
        assert_eq!(again.matches("退回原因").count(), 1, "{again}");
    }
}

#[test]
fn no_dataset_takes_the_answer_on_a_refused_row_for_a_field() {
    for dataset in standard::embedded().unwrap().datasets() {
        for header in [Lang::Zh, Lang::En]
            .into_iter()
            .flat_map(crate::intake::prepare::answer_headers)
        {
            assert!(
                dataset.recognise(header).is_none(),
                "{} knows {header}",
                dataset.name
            );
        }
    }
}

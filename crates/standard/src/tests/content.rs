//! What the definitions of the release say.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Day;

use super::release;
use crate::{
    Action, Certainty, CheckKind, Classes, FieldKind, Lang, Resolution, SeedRow, Severity,
    Standard, Storage, UnitLevel, UnitRule, embedded_files,
};

fn current<'s>(standard: &'s Standard, dataset: &str) -> Vec<&'s SeedRow> {
    standard
        .seed(dataset)
        .iter()
        .filter(|row| row.effective_to.is_none())
        .collect()
}

fn count(rows: &[&SeedRow], field: &str, value: &str) -> usize {
    rows.iter()
        .filter(|row| row.value(field) == Some(value))
        .count()
}

#[test]
fn datasets_are_defined() {
    let names: Vec<String> = release()
        .datasets()
        .iter()
        .map(|dataset| dataset.name.clone())
        .collect();
    assert_eq!(
        names,
        [
            "division",
            "division_change",
            "division_boundary",
            "division_population",
            "education_unit",
            "institution",
            "institution_year",
            "person",
            "guardian_consent",
        ]
    );
}

#[test]
fn divisions_are_107_counties_10_cities_and_the_province() {
    let standard = release();
    let rows = current(&standard, "division");
    assert_eq!(rows.len(), 118);
    for (level, number) in [("county", 107), ("prefecture", 10), ("province", 1)] {
        assert_eq!(count(&rows, "level", level), number, "{level}");
    }
    for (kind, number) in [("district", 31), ("county_city", 7), ("county", 69)] {
        assert_eq!(count(&rows, "kind", kind), number, "{kind}");
    }
}

#[test]
fn divisions_of_september_2018_are_107_counties_too() {
    let standard = release();
    let day = Day::parse("2018-09-30").unwrap();
    let then: Vec<&SeedRow> = standard
        .seed("division")
        .iter()
        .filter(|row| {
            row.effective_from.is_none_or(|from| from <= day)
                && row.effective_to.is_none_or(|to| to > day)
        })
        .collect();
    for (kind, number) in [("district", 30), ("county_city", 5), ("county", 72)] {
        assert_eq!(count(&then, "kind", kind), number, "{kind}");
    }
}

#[test]
fn every_superseded_division_code_resolves() {
    let standard = release();
    let codes = standard.code_set("division").unwrap();
    let changes = standard.seed("division_change");
    assert_eq!(changes.len(), 13);
    for change in changes {
        let (old, new) = (
            change.value("old_code").unwrap(),
            change.value("new_code").unwrap(),
        );
        assert_eq!(codes.resolve(old), Resolution::Superseded { old, new });
        assert_eq!(
            codes.resolve(change.value("old_name").unwrap()),
            Resolution::Superseded { old, new }
        );
        assert_eq!(codes.resolve(new), Resolution::Exact(new));
        assert_eq!(
            codes.resolve(change.value("new_name").unwrap()),
            Resolution::ByName(new)
        );
        let version = standard
            .seed("division")
            .iter()
            .find(|row| row.value("code") == Some(new))
            .unwrap();
        assert_eq!(
            version.effective_from.map(|day| day.to_string()).as_deref(),
            change.value("changed_on"),
            "{new}: both seeds give one date"
        );
    }
}

#[test]
fn division_codes_of_other_lengths_resolve() {
    let standard = release();
    let codes = standard.code_set("division").unwrap();
    for (text, code) in [
        ("61", "610000"),
        ("6101", "610100"),
        ("610113", "610113"),
        ("610113.0", "610113"),
        ("'610113", "610113"),
        ("６１０１１３", "610113"),
        ("610113000000", "610113"),
        ("雁塔区", "610113"),
        ("610113 雁塔区", "610113"),
        ("雁塔区(610113)", "610113"),
        ("610113000", "610113"),
    ] {
        assert_eq!(codes.resolve(text).code(), Some(code), "{text}");
    }
    for text in ["", "610113001", "华阳县", "999999", "-"] {
        assert_eq!(codes.resolve(text), Resolution::Unknown, "{text}");
    }
    assert_eq!(codes.suggestion("雁搭区").unwrap().code, "610113");
}

#[test]
fn education_units_are_a_tree() {
    let standard = release();
    let rows = current(&standard, "education_unit");
    for (kind, number) in [
        ("province", 1),
        ("city", 10),
        ("direct", 4),
        ("county", 103),
        ("zone", 6),
    ] {
        assert_eq!(count(&rows, "kind", kind), number, "{kind}");
    }
    let above: BTreeMap<&str, Option<&str>> = rows
        .iter()
        .map(|row| (row.record.as_str(), row.value("parent")))
        .collect();
    assert_eq!(above.len(), rows.len(), "one open version for each unit");
    assert_eq!(above.values().filter(|parent| parent.is_none()).count(), 1);
    for unit in above.keys() {
        let mut current = *unit;
        let mut steps = 0;
        while let Some(parent) = above[current] {
            current = parent;
            steps += 1;
            assert!(
                steps <= 2,
                "{unit} is more than two levels below the province"
            );
        }
        assert_eq!(current, "610000");
    }
    for direct in ["610403", "610581", "610822", "610881"] {
        assert_eq!(above[direct], Some("610000"));
    }
    assert_eq!(above["610113"], Some("610100"));
    assert_eq!(above["619901"], Some("610100"));
}

#[test]
fn every_county_has_one_bureau() {
    let standard = release();
    let counties: BTreeSet<&str> = current(&standard, "division")
        .iter()
        .filter(|row| row.value("level") == Some("county"))
        .map(|row| row.record.as_str())
        .collect();
    let units = current(&standard, "education_unit");
    let bureaux: Vec<&str> = units
        .iter()
        .filter(|row| matches!(row.value("kind"), Some("county" | "direct")))
        .filter_map(|row| row.value("divisions"))
        .collect();
    assert_eq!(bureaux.len(), 107);
    assert_eq!(bureaux.into_iter().collect::<BTreeSet<_>>(), counties);
}

#[test]
fn school_types_know_their_category_stages_and_kind() {
    let standard = release();
    let types = standard.code_set("school_type").unwrap();
    assert_eq!(types.entries.len(), 54);
    let twelve_year = types.entry("345").unwrap();
    assert_eq!(twelve_year.extra("category"), Some("34"));
    assert_eq!(twelve_year.extra_many("stages"), ["2", "3", "4"]);
    assert_eq!(twelve_year.extra("kind"), Some("senior"));
    let site = types.entry("218").unwrap();
    assert_eq!(
        (site.extra("counts_as_school"), site.extra("campus_kind")),
        (Some("no"), Some("teaching_site"))
    );
    assert_eq!(types.name_of("312", Lang::En), "Nine-year school");
    for (text, code) in [
        ("小学", "211"),
        ("完全小学", "211"),
        ("九年一贯制", "312"),
        ("211-小学", "211"),
        ("特教学校", "514"),
    ] {
        assert_eq!(types.resolve(text).code(), Some(code), "{text}");
    }
    assert_eq!(
        types.resolve("中学"),
        Resolution::Ambiguous(vec!["311", "341", "342"])
    );
    for entry in &types.entries {
        if let Some(category) = entry.extra("category") {
            assert_eq!(category, &entry.code[..2], "INST-003 relies on this");
        }
    }
}

#[test]
fn cells_with_several_stages_resolve() {
    let standard = release();
    let stages = standard.code_set("stage").unwrap();
    let codes = |text: &str| -> Vec<String> {
        stages
            .resolve_many(text)
            .into_iter()
            .filter_map(|(_, meaning)| meaning.code().map(str::to_owned))
            .collect()
    };
    assert_eq!(codes("小学、初中"), ["2", "3"]);
    assert_eq!(codes("小学部+初中部+高中部"), ["2", "3", "4"]);
    assert_eq!(codes("2|3"), ["2", "3"]);
    let types = standard.code_set("school_type").unwrap();
    assert_eq!(types.resolve_many("其他普通高教机构(分校/大专班)").len(), 1);
}

#[test]
fn short_numbers_get_their_zero_back_and_open_sponsors_pass() {
    let standard = release();
    assert_eq!(
        standard.code_set("ethnic").unwrap().resolve("1"),
        Resolution::Exact("01")
    );
    assert_eq!(
        standard.code_set("ethnic").unwrap().resolve("汉"),
        Resolution::ByName("01")
    );
    let sponsors = standard.code_set("sponsor").unwrap();
    assert_eq!(sponsors.resolve("360"), Resolution::Exact("360"));
    assert_eq!(
        sponsors.resolve("教育部门"),
        Resolution::Ambiguous(vec!["811", "821", "831"])
    );
    assert_eq!(sponsors.resolve("845"), Resolution::Unknown);
    assert_eq!(
        standard.code_set("sex").unwrap().resolve("男").code(),
        Some("1")
    );
}

#[test]
fn headers_of_real_files_are_recognised() {
    let standard = release();
    let institution = standard.dataset("institution").unwrap();
    for (header, field) in [
        ("学校标识码", "code"),
        ("*学校（机构）标识码", "code"),
        ("学校名称(全称)", "name"),
        ("NAME", "name"),
        ("所在区县", "division"),
        ("县（区）", "division"),
        ("经度（度）", "lon"),
        ("lat", "lat"),
        ("办学类型", "type"),
        ("XXBXLXM", "type"),
        ("联系 电话", "phone"),
        ("所在乡镇", "township_name"),
    ] {
        assert_eq!(
            institution
                .recognise(header)
                .map(|found| found.name.as_str()),
            Some(field),
            "{header}"
        );
    }
    assert!(institution.recognise("血型").is_none());
}

#[test]
fn a_county_column_beside_a_code_column_becomes_the_hint() {
    let standard = release();
    let institution = standard.dataset("institution").unwrap();
    let names = |headers: &[&str]| -> Vec<String> {
        institution
            .assign(headers)
            .into_iter()
            .map(|field| field.map_or("-".to_owned(), |field| field.name.clone()))
            .collect()
    };
    assert_eq!(
        names(&["name", "province", "city", "area"]),
        ["name", "province_name", "city_name", "division"]
    );
    assert_eq!(
        names(&["行政区划代码", "区县", "学校名称"]),
        ["division", "county_name", "name"]
    );
    assert_eq!(
        names(&["区县", "行政区划代码", "学校名称"]),
        ["county_name", "division", "name"]
    );
    let boundary = standard.dataset("division_boundary").unwrap();
    let names: Vec<Option<&str>> = boundary
        .assign(&["code", "province", "city", "district", "level"])
        .into_iter()
        .map(|field| field.map(|field| field.name.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            Some("division"),
            Some("province_name"),
            Some("city_name"),
            Some("county_name"),
            None
        ]
    );
    let year = standard.dataset("institution_year").unwrap();
    let names: Vec<Option<&str>> = year
        .assign(&["学校标识码", "学校名称", "学年", "在校生（人）"])
        .into_iter()
        .map(|field| field.map(|field| field.name.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            Some("institution"),
            Some("institution_name"),
            Some("school_year"),
            Some("pupils")
        ]
    );
}

#[test]
fn fields_know_their_storage() {
    let standard = release();
    let institution = standard.dataset("institution").unwrap();
    for (field, storage) in [
        ("code", Storage::Text),
        ("stages", Storage::Text),
        ("former_names", Storage::Text),
        ("unit", Storage::Integer),
        ("lon", Storage::Integer),
        ("counted", Storage::Integer),
        ("founded", Storage::Integer),
    ] {
        assert_eq!(
            institution.field(field).unwrap().storage(),
            storage,
            "{field}"
        );
    }
    let boundary = standard.dataset("division_boundary").unwrap();
    assert_eq!(
        boundary.field("geometry").unwrap().storage(),
        Storage::Bytes
    );
    assert_eq!(
        standard
            .dataset("education_unit")
            .unwrap()
            .field("divisions")
            .unwrap()
            .storage(),
        Storage::Text
    );
    let area = &standard
        .dataset("institution_year")
        .unwrap()
        .field("building_area")
        .unwrap()
        .kind;
    assert_eq!(
        *area,
        FieldKind::Decimal {
            scale: 2,
            min: Some(0),
            max: Some(500_000_000)
        }
    );
    assert!(!institution.field("county_name").unwrap().is_stored());
    let at_home = UnitRule::SelfUnit {
        parent_field: "unit".into(),
    };
    assert_eq!(institution.unit, at_home);
}

#[test]
fn checks_are_many_and_of_each_severity() {
    let standard = release();
    assert!(standard.checks().len() >= 30, "{}", standard.checks().len());
    for severity in [Severity::MustFix, Severity::Explain, Severity::Notice] {
        assert!(
            standard
                .checks()
                .iter()
                .any(|check| check.severity == severity)
        );
    }
    assert!(
        standard
            .checks()
            .iter()
            .filter(|check| check.kind == CheckKind::Set)
            .count()
            >= 10
    );
    for dataset in standard.datasets() {
        assert!(
            !standard.checks_for(&dataset.name).is_empty(),
            "{}",
            dataset.name
        );
    }
}

/// What is only general knowledge or our own must not refuse a row on a rule that a source might settle
/// otherwise; a proposal that refuses is one of plain logic.
#[test]
fn rules_of_general_knowledge_seldom_refuse() {
    let standard = release();
    let refusing: Vec<&str> = standard
        .checks()
        .iter()
        .filter(|check| {
            check.severity == Severity::MustFix && check.confidence == crate::Confidence::General
        })
        .map(|check| check.code.as_str())
        .collect();
    assert_eq!(refusing, ["DIV-011", "INST-021", "INST-024", "INST-040"]);
}

#[test]
fn the_map_opens_on_class_size_and_pupils_per_teacher() {
    let standard = release();
    let opening: Vec<&str> = standard
        .figures()
        .iter()
        .filter(|figure| figure.opens)
        .map(|figure| figure.name.as_str())
        .collect();
    assert_eq!(opening, ["mean_class_size", "pupils_per_teacher"]);
    let size = standard.figure("mean_class_size").unwrap();
    assert_eq!(size.kinds, ["primary", "junior"]);
    assert_eq!(size.classes, Classes::Quantile { count: 5 });
    assert_eq!(
        size.denominator.as_ref().unwrap().sum.as_deref(),
        Some("classes")
    );
    assert_eq!(standard.figures().len(), 5);
}

#[test]
fn posts_may_do_what_they_are_for() {
    let standard = release();
    let allows = |post: &str, action| standard.post(post).unwrap().allows(action);
    assert!(allows("statistician", Action::Import) && allows("statistician", Action::Reverse));
    assert!(
        !allows("system_administrator", Action::Edit)
            && allows("system_administrator", Action::ManageAccounts)
    );
    assert!(!allows("visitor", Action::Export) && allows("visitor", Action::Read));
    assert!(allows("audit_administrator", Action::ReadAudit));
    assert!(allows("security_administrator", Action::ManageSecurity));
    assert!(allows("cio", Action::Approve) && !allows("cio", Action::ManageSecurity));
}

#[test]
fn the_three_administrators_exclude_one_another_and_give_none_of_each_other() {
    let standard = release();
    let three = ["system", "security", "audit"].map(|name| format!("{name}_administrator"));
    for one in &three {
        let post = standard.post(one).unwrap();
        for other in three.iter().filter(|other| *other != one) {
            assert!(
                post.excludes(standard.post(other).unwrap()),
                "{one} {other}"
            );
            assert!(!post.may_grant.contains(other), "{one} {other}");
        }
        assert!(!post.excludes(standard.post("planner").unwrap()));
        assert!(!post.actions.contains(&Action::Edit));
    }
    let audits = standard
        .posts()
        .iter()
        .filter(|post| post.allows(Action::ReadAudit));
    assert_eq!(audits.count(), 1);
}

#[test]
fn posts_are_held_where_their_offices_are() {
    let standard = release();
    let levels = |post: &str| standard.post(post).unwrap().levels.clone();
    assert_eq!(levels("school_head"), [UnitLevel::Institution]);
    assert_eq!(levels("homeroom_teacher"), [UnitLevel::Institution]);
    assert!(!levels("supervision_officer").contains(&UnitLevel::Institution));
    for office in [
        "planner",
        "statistician",
        "registrar",
        "personnel_officer",
        "subsidy_officer",
    ] {
        for level in [UnitLevel::Province, UnitLevel::City, UnitLevel::County] {
            assert!(levels(office).contains(&level), "{office}");
        }
    }
    let head = standard.post("school_head").unwrap();
    for given in &head.may_grant {
        let given = standard.post(given).unwrap();
        assert!(given.is_held_at(UnitLevel::Institution), "{}", given.name);
        assert!(!given.allows(Action::ManageAccounts), "{}", given.name);
    }
    assert!(standard.line("basic").is_some() && standard.line("subsidy").is_some());
    assert!(standard.lines().iter().all(|line| line.datasets.is_none()));
}

#[test]
fn types_are_guessed_from_names() {
    let standard = release();
    let rules = standard.type_rules();
    for (name, code, certainty) in [
        ("西安市莲湖区青年路小学", "211", Certainty::Certain),
        ("西安远东一小", "211", Certainty::Likely),
        ("麦禾营初级中学", "311", Certainty::Certain),
        ("陇县第二高级中学", "342", Certainty::Certain),
        ("曳湖高中", "342", Certainty::Certain),
        ("米脂姬岔九年一贯制学校", "312", Certainty::Certain),
        ("铜川市印台区阿庄中小学", "312", Certainty::Likely),
        ("佛坪县幼儿园", "111", Certainty::Certain),
        ("千阳县职教中心", "361", Certainty::Likely),
        ("西安铁道技师学院", "366", Certainty::Likely),
        ("杨凌职业技术学院(北校区)", "415", Certainty::Certain),
        ("西安航空职业技术学院北校区", "415", Certainty::Certain),
        ("西安交通大学(兴庆校区)", "411", Certainty::Likely),
        ("西安美术学院", "412", Certainty::Uncertain),
        ("西安医学高等专科学校", "414", Certainty::Certain),
        ("周至三中", "311", Certainty::Uncertain),
        ("某某镇王家村教学点", "218", Certainty::Certain),
        ("宝鸡市特殊教育学校", "514", Certainty::Likely),
        ("商洛电大", "426", Certainty::Likely),
    ] {
        let guess = rules.school_type(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((guess.code, guess.certainty), (code, certainty), "{name}");
    }
    for name in ["佛坪县行政学校", "中国联通中学代理点", "右任书院"] {
        assert_eq!(rules.school_type(name), None, "{name}");
    }
    assert_eq!(
        rules.campus_kind("西安交通大学(兴庆校区)").unwrap().code,
        "campus"
    );
    assert!(rules.campus_kind("西安美术学院").is_none());
}

#[test]
fn everything_has_a_source_and_both_languages() {
    let standard = release();
    for dataset in standard.datasets() {
        for field in dataset.stored_fields() {
            assert!(
                !field.source.is_empty() && !field.title.en.is_empty(),
                "{}.{}",
                dataset.name,
                field.name
            );
        }
    }
    for set in standard.code_sets() {
        assert!(!set.source.is_empty(), "{}", set.name);
    }
}

#[test]
fn the_hash_names_the_content() {
    let files = embedded_files();
    let first = Standard::load(&files).unwrap();
    let mut reversed = files.clone();
    reversed.reverse();
    assert_eq!(first.hash(), Standard::load(&reversed).unwrap().hash());
    assert_eq!(first.hash().len(), 64);
    let mut changed = files;
    changed
        .iter_mut()
        .find(|file| file.path == "posts.toml")
        .unwrap()
        .bytes
        .push(b'\n');
    assert_ne!(first.hash(), Standard::load(&changed).unwrap().hash());
}

//! The definitions against the tables of the domain folder and real names, where these are at hand.

use std::collections::BTreeMap;

use super::release;

/// A file beside the project; `None`, said aloud, when it is absent.
fn shared(path: &str) -> Option<String> {
    testfiles::shared_text("standard: real_files", path)
}

fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn divisions_are_those_of_the_domain_table() {
    let Some(text) = shared("domain/divisions.csv") else {
        return;
    };
    let standard = release();
    for row in rows(&text) {
        let seed = standard
            .seed("division")
            .iter()
            .find(|seed| seed.value("code") == Some(&row["code"]))
            .unwrap();
        assert_eq!(seed.value("name"), Some(row["name"].as_str()));
        assert_eq!(seed.value("parent").unwrap_or(""), row["parent"]);
        assert_eq!(seed.effective_to, None);
    }
}

#[test]
fn divisions_of_2018_all_resolve() {
    let Some(text) = shared("domain/divisions_2018.csv") else {
        return;
    };
    let standard = release();
    let codes = standard.code_set("division").unwrap();
    for row in rows(&text) {
        assert!(
            codes.resolve(&row["code"]).code().is_some(),
            "{}",
            row["code"]
        );
        assert!(
            codes.resolve(&row["name"]).code().is_some(),
            "{}",
            row["name"]
        );
    }
}

#[test]
fn codes_are_those_of_the_domain_tables() {
    let standard = release();
    for (file, column, set) in [
        ("school_type_codes.csv", "code3", "school_type"),
        ("school_category_codes.csv", "code2", "school_category"),
        ("urban_rural_codes.csv", "code", "urban_rural"),
        ("ethnic_codes.csv", "code", "ethnic"),
        ("enrolment_change_codes.csv", "code", "enrolment_change"),
        ("student_status_codes.csv", "code", "student_status"),
        ("staff_category_codes.csv", "code", "staff_category"),
    ] {
        let Some(text) = shared(&format!("domain/{file}")) else {
            return;
        };
        let set = standard.code_set(set).unwrap();
        let rows = rows(&text);
        assert_eq!(set.entries.len(), rows.len(), "{file}");
        for row in rows {
            assert_eq!(
                set.entry(&row[column]).map(|entry| entry.name.zh.as_str()),
                Some(row["name"].as_str())
            );
        }
    }
}

#[test]
fn nearly_every_real_school_name_gets_a_type() {
    let Some(text) = shared("data/schools/shaanxi_schools_names_pg7go_1046.json") else {
        return;
    };
    let standard = release();
    let names: Vec<&str> = text
        .split("\"name\": \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(names.len(), 1046);
    let mut by_code: BTreeMap<&str, usize> = BTreeMap::new();
    let mut without = Vec::new();
    for name in &names {
        match standard.type_rules().school_type(name) {
            Some(guess) => *by_code.entry(guess.code).or_default() += 1,
            None => without.push(*name),
        }
    }
    println!("{by_code:?}\n{} without: {without:?}", without.len());
    assert!(without.len() <= 15, "{without:?}");
}

#[test]
fn real_county_names_resolve() {
    let Some(text) = shared("data/population/shaanxi_county_population_clebeech.csv") else {
        return;
    };
    let standard = release();
    let codes = standard.code_set("division").unwrap();
    for row in rows(&text) {
        assert!(
            codes.resolve(&row["CountyCode"]).code().is_some(),
            "{row:?}"
        );
    }
}

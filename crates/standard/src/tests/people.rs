//! What definitions say of persons: every mistake with what to write, and masks that show no more than they say.

use super::{SCHOOL, file, release, small, small_with};
use crate::{LegalBasis, PersonRule, Sensitivity, Standard};

const MASKS: &str = "[[mask]]\nname = \"m\"\ntitle = { zh = \"掩\", en = \"Mask\" }\nkeep_first = 1\nhidden = 2\nsource = \"test\"\nconfidence = \"proposal\"\n";
const PURPOSES: &str = "[[purpose]]\nname = \"roll\"\ntitle = { zh = \"学籍\", en = \"Roll\" }\nabout = { zh = \"学籍\", en = \"Roll\" }\nbasis = \"statutory_duty\"\nsees = \"personal\"\nlaw = \"test\"\nsource = \"test\"\nconfidence = \"proposal\"\n";

/// The small set with its dataset changed, masks and purposes beside it: the mistakes, as sentences.
fn told(changes: &[(&str, &str)], purposes: &str) -> Vec<String> {
    let mut text = SCHOOL.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the test replaces nothing: {from}");
        text = text.replacen(from, to, 1);
    }
    let mut files = small_with("datasets/school.toml", &text);
    files.push(file("masks.toml", MASKS));
    files.push(file("purposes.toml", purposes));
    let problems = Standard::load(&files).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.what).collect()
}

const PERSONAL: (&str, &str) = ("sensitivity = \"internal\"", "sensitivity = \"personal\"");
const PERSON: (&str, &str) = (
    "unit = \"root\"",
    "unit = \"root\"\nperson = { self = true }\npurposes = [\"roll\"]\nretention = { years = 5, from = \"ended\", source = \"test\", confidence = \"proposal\" }",
);

#[test]
fn a_dataset_of_persons_without_a_mistake() {
    assert_eq!(told(&[PERSONAL, PERSON], PURPOSES), Vec::<String>::new());
    let plain = Standard::load(&small()).unwrap();
    assert!(!plain.dataset("school").unwrap().holds_personal_data());
}

#[test]
fn personal_data_needs_a_person_a_purpose_and_a_period() {
    assert_eq!(
        told(&[PERSONAL], PURPOSES),
        ["`colour` is personal data and the dataset says of no person"]
    );
    let bare = (
        "unit = \"root\"",
        "unit = \"root\"\nperson = { self = true }",
    );
    assert_eq!(
        told(&[PERSONAL, bare], PURPOSES),
        [
            "`school` holds personal data and does not say how long",
            "`school` holds personal data and names no purpose",
        ]
    );
    let both = (
        "person = { self = true }",
        "person = { self = true, field = \"name\" }",
    );
    assert_eq!(
        told(&[PERSONAL, PERSON, both], PURPOSES),
        ["`person` says either that the records are persons or which field names theirs"]
    );
    let of_field = ("person = { self = true }", "person = { field = \"name\" }");
    assert_eq!(
        told(&[PERSONAL, PERSON, of_field], PURPOSES),
        ["`name` does not name the person of a record"]
    );
    let unknown = ("purposes = [\"roll\"]", "purposes = [\"rol\"]");
    assert_eq!(
        told(&[PERSONAL, PERSON, unknown], PURPOSES),
        ["purpose `rol` is not defined"]
    );
}

#[test]
fn masks_lookups_and_keys_of_personal_fields_are_checked() {
    let mask = ("codes = \"colour\"", "codes = \"colour\"\nmask = \"n\"");
    assert_eq!(
        told(&[PERSONAL, PERSON, mask], PURPOSES),
        ["mask `n` is not defined"]
    );
    let plain = (
        "max_length = 20",
        "max_length = 20\nmask = \"m\"\nlookup = \"name\"",
    );
    assert_eq!(
        told(&[plain], PURPOSES),
        [
            "`lookup` does not fit `name`",
            "`mask` does not fit `name`, which is no personal data",
        ]
    );
    let sealed = (
        "max_length = 20",
        "max_length = 20\nsensitivity = \"personal\"",
    );
    let unique = (
        "match_keys = [[\"name\"]]",
        "match_keys = [[\"name\"]]\nunique_keys = [[\"name\"]]",
    );
    assert_eq!(
        told(&[PERSON, sealed, unique], PURPOSES),
        [
            "no field of the match key [\"name\"] has a lookup",
            "the unique key [\"name\"] holds personal data",
        ]
    );
}

#[test]
fn a_purpose_that_rests_on_consent_says_who_gives_it_for_children() {
    let consent = PURPOSES.replace("statutory_duty", "consent");
    assert_eq!(
        told(&[], &consent),
        ["purpose `roll` rests on consent and does not say up to which age a guardian gives it"]
    );
    let basis = PURPOSES.replace("statutory_duty", "duty");
    assert_eq!(told(&[], &basis), ["`basis = \"duty\"` is not known"]);
}

#[test]
fn the_masks_of_the_release_show_no_more_than_they_say() {
    let standard = release();
    let person = standard.dataset("person").unwrap();
    assert_eq!(person.person, Some(PersonRule::Itself));
    let masked = |field: &str, value: &str| standard.masked(person.field(field).unwrap(), value);
    assert_eq!(masked("name", "王小明"), "王*");
    assert_eq!(masked("name", "王"), "***");
    assert_eq!(
        masked("document_number", "61999920150230123X"),
        "619999**********3X"
    );
    assert_eq!(masked("document_number", "12345678"), "***");
    assert_eq!(masked("guardian_phone", "13900000000"), "139****0000");
    assert_eq!(masked("birth_date", "2015-03-04"), "2015***");
    assert_eq!(
        masked("address", "某省某市某县某村 1 号"),
        "某省某市某县***"
    );
    assert_eq!(masked("address", "幸福小区 3 号"), "***");
    assert_eq!(masked("health_note", "花生过敏"), "***");
    assert_eq!(masked("ethnic_group", "汉族"), "***");
    assert_eq!(masked("sex", "女性"), "女性");
    assert_eq!(masked("school", "甲小学"), "甲小学");
    assert_eq!(masked("health_note", ""), "");
}

#[test]
fn every_purpose_of_the_release_has_a_basis_and_personal_data_has_purposes() {
    let standard = release();
    let extra = standard.purpose("extra_service").unwrap();
    assert_eq!(
        (extra.basis, extra.guardian_consent_under),
        (LegalBasis::Consent, Some(14))
    );
    for dataset in standard.datasets() {
        let sealed = dataset
            .stored_fields()
            .any(|field| field.sensitivity >= Sensitivity::Personal);
        assert_eq!(sealed, dataset.holds_personal_data());
        assert_eq!(sealed, dataset.retention.is_some(), "{}", dataset.name);
    }
    assert!(standard.erasure_reason("retention_over").is_some());
}

//! An overlay adds or tightens; it never loosens.

use super::{file, small};
use crate::{CodeEntry, FieldKind, Problem, Sensitivity, Severity, SourceFile, Standard};

fn load(overlay: &[SourceFile]) -> Result<Standard, Vec<Problem>> {
    Standard::load_with_overlay(&small(), overlay)
}

/// What an overlay of `school` that says `text` of the field `name` is told.
fn told(field: &str, text: &str) -> Vec<(u32, String)> {
    let text = format!("name = \"school\"\n[[field]]\nname = \"{field}\"\n{text}\n");
    load(&[file("datasets/school.toml", &text)])
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|problem| (problem.line, problem.what))
        .collect()
}

#[test]
fn an_overlay_tightens() {
    let overlay = [
        file(
            "datasets/ours.toml",
            r#"name = "school"
[[field]]
name = "colour"
aliases = ["色"]
required = true
sensitivity = "personal"
[[field]]
name = "pupils"
max = 3000
[[field]]
name = "motto"
title = { zh = "校训", en = "Motto" }
kind = "text"
source = "ours"
"#,
        ),
        file("codes/colour.csv", "code,name_zh,name_en\nb,蓝,Blue\n"),
        file(
            "checks/ours.toml",
            "[[check]]\ncode = \"S-1\"\nseverity = \"must_fix\"\n",
        ),
    ];
    let standard = load(&overlay).unwrap();
    let school = standard.dataset("school").unwrap();
    let colour = school.field("colour").unwrap();
    assert!(colour.required);
    assert_eq!(colour.sensitivity, Sensitivity::Personal);
    assert_eq!(school.recognise("色").unwrap().name, "colour");
    assert_eq!(
        school.field("pupils").unwrap().kind,
        FieldKind::Int {
            min: Some(0),
            max: Some(3000)
        }
    );
    assert!(school.field("motto").is_some());
    assert_eq!(standard.check("S-1").unwrap().severity, Severity::MustFix);
    let codes: Vec<&CodeEntry> = standard.code_set("colour").unwrap().current().collect();
    assert_eq!(codes.len(), 3);
    assert_ne!(standard.hash(), Standard::load(&small()).unwrap().hash());
}

#[test]
fn an_overlay_does_not_loosen() {
    for (field, text, what) in [
        (
            "name",
            "required = false",
            "an overlay may not drop `required` of `name`",
        ),
        (
            "colour",
            "sensitivity = \"public\"",
            "an overlay may not lower the sensitivity of `colour` from internal to public",
        ),
        (
            "name",
            "kind = \"int\"",
            "an overlay may not change the kind of `name` from text to int",
        ),
        (
            "name",
            "max_length = 30",
            "an overlay may not loosen `max_length` of `name`",
        ),
        (
            "pupils",
            "max = 6000",
            "an overlay may not loosen `max` of `pupils`",
        ),
        (
            "pupils",
            "min = -1",
            "an overlay may not loosen `min` of `pupils`",
        ),
        (
            "colour",
            "codes = \"shades\"",
            "an overlay may not change `codes` of `colour`",
        ),
        (
            "name",
            "closed = \"2026-01-01\"",
            "an overlay may not close `name`",
        ),
        ("name", "remove = true", "`remove` is not known here"),
    ] {
        assert_eq!(told(field, text), vec![(4, what.to_owned())]);
    }
}

#[test]
fn an_overlay_does_not_change_what_others_rely_on() {
    let post = "[[post]]\nname = \"reader\"\ntitle = { zh = \"读\", en = \"R\" }\n";
    let check = "[[check]]\ncode = \"S-1\"\nseverity = \"notice\"\n";
    for (path, text, line) in [
        ("posts.toml", post, 2),
        ("checks/ours.toml", check, 3),
        (
            "codes/colour.csv",
            "code,name_zh,name_en\nr,深红,Dark red\n",
            2,
        ),
        ("version.toml", "version = \"2\"\n", 1),
        ("functions.toml", "", 1),
    ] {
        let problems = load(&[file(path, text)]).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].file.as_str(), problems[0].line), (path, line));
    }
}

#[test]
fn a_new_required_field_would_refuse_old_files() {
    let text = "name = \"school\"\n[[field]]\nname = \"motto\"\ntitle = { zh = \"训\", en = \"M\" }\nkind = \"text\"\nsource = \"x\"\nrequired = true\n";
    let problems = load(&[file("datasets/school.toml", text)]).unwrap_err();
    assert_eq!(problems[0].what, "new field `motto` is required");
}

#[test]
fn the_files_that_are_kept_are_those_of_both_layers_and_give_the_hash() {
    let base = small();
    let before = Standard::load(&base).unwrap();
    assert_eq!(Standard::hash_of(before.files()), before.hash());

    // One has the path of a file of the release, and one is no definition.
    let overlay = [
        file(
            "datasets/school.toml",
            "name = \"school\"\n[[field]]\nname = \"colour\"\nrequired = true\n",
        ),
        file("README.md", "ours"),
    ];
    let standard = load(&overlay).unwrap();
    let paths: Vec<&str> = standard
        .files()
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert!(paths.contains(&"datasets/school.toml"), "{paths:?}");
    assert!(paths.contains(&"overlay/datasets/school.toml"), "{paths:?}");
    assert_eq!(paths.len(), before.files().len() + 1, "{paths:?}");
    assert_eq!(Standard::hash_of(standard.files()), standard.hash());
    assert_ne!(standard.hash(), before.hash());
    assert_ne!(Standard::hash_of(&base), standard.hash());
}

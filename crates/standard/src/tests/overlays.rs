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
    assert_eq!(colour.sensitivity, Sensitivity::Internal);
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
            "colour",
            "sensitivity = \"personal\"",
            "an overlay may not raise the sensitivity of `colour` to personal: sealed fields stand elsewhere in the ledger",
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
        ("posts.toml", post, 3),
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

/// The posts of the small set and one that may do more.
const OFFICES: &str = r#"[[post]]
name = "reader"
title = { zh = "读者", en = "Reader" }
about = { zh = "读", en = "Reads" }
actions = ["read"]
scope = "own"
sees = "public"
levels = ["county", "institution"]

[[post]]
name = "head"
title = { zh = "主管", en = "Head" }
about = { zh = "管", en = "Heads" }
actions = ["read", "edit", "manage_accounts"]
scope = "subtree"
sees = "personal"
levels = ["city", "county"]
may_grant = ["reader"]
"#;

fn with_offices(overlay: &str) -> Result<Standard, Vec<crate::Problem>> {
    let base = super::small_with("posts.toml", OFFICES);
    Standard::load_with_overlay(
        &base,
        &[file("posts.toml", overlay), file("assurance.toml", COURSE)],
    )
}

const COURSE: &str = r#"[[course]]
name = "keeping"
title = { zh = "保管培训", en = "Keeping" }
about = { zh = "培训", en = "Training" }
hours = 2
source = "test"
confidence = "proposal"
"#;

#[test]
fn an_overlay_narrows_a_post_and_adds_others() {
    let overlay = r#"[[post]]
name = "head"
actions = ["read"]
levels = ["county"]
scope = "own"
sees = "internal"
excludes = ["reader", "keeper"]

[[post]]
name = "keeper"
title = { zh = "保管", en = "Keeper" }
about = { zh = "管", en = "Keeps" }
actions = ["read", "manage_security"]
scope = "subtree"
sees = "internal"
levels = ["province"]
training = ["keeping"]
"#;
    let standard = with_offices(overlay).unwrap();
    let head = standard.post("head").unwrap();
    assert_eq!(head.actions, [crate::Action::Read]);
    assert_eq!(head.levels, [crate::UnitLevel::County]);
    assert_eq!(
        (head.scope, head.sees),
        (crate::Scope::Own, crate::Sensitivity::Internal)
    );
    assert!(head.may_grant.is_empty());
    let reader = standard.post("reader").unwrap();
    assert!(reader.excludes(head) && head.excludes(reader));
    assert!(
        standard
            .post("keeper")
            .unwrap()
            .allows(crate::Action::ManageSecurity)
    );
}

#[test]
fn an_overlay_never_widens_a_post() {
    for (line, what) in [
        (
            "actions = [\"read\", \"reverse\"]",
            "`actions` gains `reverse`",
        ),
        ("levels = [\"province\"]", "`levels` gains `province`"),
        ("sees = \"sensitive\"", "`sees` gains `sensitive`"),
        (
            "may_grant = [\"reader\", \"head\"]",
            "`may_grant` gains `head`",
        ),
    ] {
        let problems = with_offices(&format!("[[post]]\nname = \"head\"\n{line}\n")).unwrap_err();
        assert!(
            problems[0].what.ends_with(what) && problems[0].line == 3,
            "{problems:?}"
        );
    }
    let wider = "[[post]]\nname = \"reader\"\nscope = \"subtree\"\n";
    assert_eq!(
        with_offices(wider).unwrap_err()[0].what,
        "an overlay may not widen post `reader`: `scope` gains `subtree`"
    );
}

#[test]
fn no_security_post_without_the_training_before_it() {
    let keeper = |training: &str| {
        format!(
            r#"[[post]]
name = "keeper"
title = {{ zh = "保管", en = "Keeper" }}
about = {{ zh = "管", en = "Keeps" }}
actions = ["read", "manage_security"]
scope = "own"
sees = "internal"
levels = ["institution"]
{training}
"#
        )
    };
    for (training, what) in [
        ("", "post `keeper` keeps security and asks for no training"),
        (
            "training = [\"keepin\"]",
            "post `keeper` asks for the course `keepin`, which there is not",
        ),
    ] {
        let problems = with_offices(&keeper(training)).unwrap_err();
        assert_eq!(problems[0].what, what);
    }
    let trained = "[[post]]\nname = \"reader\"\ntraining = [\"keeping\"]\n";
    let standard = with_offices(&(keeper("training = [\"keeping\"]") + trained)).unwrap();
    for post in ["keeper", "reader"] {
        let before = standard.courses_before(post);
        assert_eq!(before[0].name, "keeping", "an overlay asks for more");
    }
    assert!(standard.courses_before("head").is_empty());
}

#[test]
fn no_post_joins_what_the_three_administrators_keep_apart() {
    let joined = r#"[[post]]
name = "master"
title = { zh = "全管", en = "Master" }
about = { zh = "管", en = "All" }
actions = ["read", "manage_settings", "read_audit"]
scope = "subtree"
sees = "internal"
levels = ["province"]
"#;
    let problems = with_offices(joined).unwrap_err();
    assert_eq!(
        problems[0].what,
        "post `master` joins manage_settings and read_audit"
    );
}

#[test]
fn an_overlay_narrows_a_line_of_business() {
    let mut base = small();
    let line = "[[line]]\nname = \"basic\"\ntitle = { zh = \"基教\", en = \"Basic\" }\nsource = \"x\"\nconfidence = \"proposal\"\n";
    base.push(file("lines.toml", line));
    let narrowed = |datasets: &str| {
        let overlay = format!("[[line]]\nname = \"basic\"\ndatasets = [\"{datasets}\"]\n");
        Standard::load_with_overlay(&base, &[file("lines.toml", &overlay)])
    };
    let standard = narrowed("school").unwrap();
    assert_eq!(
        standard.line("basic").unwrap().datasets,
        Some(vec!["school".to_owned()])
    );
    let problems = narrowed("shcool").unwrap_err();
    assert_eq!(problems[0].what, "dataset `shcool` is not defined");
}

//! Each kind of mistake is found with its file, its line and what to write instead.

use super::{CHECKS, INDEX, POSTS, SCHOOL, file, small, small_with};
use crate::{Problem, SourceFile, Standard};

fn problems(files: &[SourceFile]) -> Vec<Problem> {
    Standard::load(files).err().unwrap_or_default()
}

/// Replaces `from` in `text` of the file at `path` and expects exactly one problem.
#[track_caller]
fn one(path: &str, text: &str, from: &str, to: &str, line: u32, what: &str, instead: &str) {
    assert!(text.contains(from), "the test replaces nothing: {from}");
    expect(
        &small_with(path, &text.replacen(from, to, 1)),
        path,
        line,
        what,
        instead,
    );
}

#[track_caller]
fn expect(files: &[SourceFile], path: &str, line: u32, what: &str, instead: &str) {
    let found = problems(files);
    let wanted = Problem {
        file: path.into(),
        line,
        what: what.into(),
        instead: instead.into(),
    };
    assert_eq!(found, vec![wanted]);
}

const SCHOOL_FILE: &str = "datasets/school.toml";
const CHECK_FILE: &str = "checks/school.toml";

#[test]
fn the_small_set_is_right() {
    assert_eq!(problems(&small()), vec![]);
}

#[test]
fn a_misspelt_key() {
    one(
        SCHOOL_FILE,
        SCHOOL,
        "required",
        "requried",
        16,
        "`requried` is not known here",
        "write `required`",
    );
}

#[test]
fn a_missing_key() {
    one(
        SCHOOL_FILE,
        SCHOOL,
        "source = \"test\"\n",
        "",
        1,
        "`source` is missing",
        "write `source = \"…\"`",
    );
}

#[test]
fn a_value_of_the_wrong_type() {
    one(
        SCHOOL_FILE,
        SCHOOL,
        "required = true",
        "required = \"yes\"",
        16,
        "`required` is a string where true or false is wanted",
        "write `required = true`",
    );
}

#[test]
fn broken_toml() {
    let text = SCHOOL.replacen("kind = \"text\"", "kind = \"text", 1);
    let found = problems(&small_with(SCHOOL_FILE, &text));
    assert!(
        found
            .iter()
            .any(|problem| problem.line == 15 && problem.what.starts_with("this is not TOML")),
        "{found:?}"
    );
}

#[test]
fn an_unknown_kind() {
    one(
        SCHOOL_FILE,
        SCHOOL,
        "kind = \"int\"\nmin = 0\nmax = 5000",
        "kind = \"itn\"",
        31,
        "`kind = \"itn\"` is not known",
        "write `int`",
    );
}

#[test]
fn an_unknown_code_set() {
    one(
        SCHOOL_FILE,
        SCHOOL,
        "codes = \"colour\"",
        "codes = \"color\"",
        21,
        "code set `color` is not defined",
        "write `colour`",
    );
}

#[test]
fn an_unknown_dataset() {
    one(
        SCHOOL_FILE,
        SCHOOL,
        "kind = \"code\"\ncodes = \"colour\"",
        "kind = \"ref\"\nto = \"scool\"",
        21,
        "dataset `scool` is not defined",
        "write `school`",
    );
}

#[test]
fn an_unknown_match_field() {
    one(
        SCHOOL_FILE,
        SCHOOL,
        "[[\"name\"]]",
        "[[\"nmae\"]]",
        1,
        "`school` has no field `nmae`",
        "write `name`",
    );
}

#[test]
fn a_field_twice() {
    let text = format!(
        "{SCHOOL}\n[[field]]\nname = \"colour\"\ntitle = {{ zh = \"色\", en = \"C\" }}\nkind = \"text\"\nsource = \"t\"\n"
    );
    expect(
        &small_with(SCHOOL_FILE, &text),
        SCHOOL_FILE,
        37,
        "field `colour` is defined twice",
        "keep one; the other stands on line 21",
    );
}

#[test]
fn an_alias_of_two_fields() {
    let found = problems(&small_with(
        SCHOOL_FILE,
        &SCHOOL.replacen("\"学生\"", "\"校名\"", 1),
    ));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].line, found[0].what.as_str()),
        (29, "`校名` names both `name` and `pupils`")
    );
}

#[test]
fn a_name_that_the_ledger_uses() {
    let text = format!(
        "{SCHOOL}\n[[field]]\nname = \"until\"\ntitle = {{ zh = \"止\", en = \"End\" }}\nkind = \"text\"\nsource = \"t\"\n"
    );
    expect(
        &small_with(SCHOOL_FILE, &text),
        SCHOOL_FILE,
        37,
        "`until` is a name of the ledger",
        "write `until_of` or another name",
    );
}

#[test]
fn a_field_without_a_source() {
    let text = SCHOOL.replacen("max = 5000\nsource = \"test\"\n", "max = 5000\n", 1);
    let found = problems(&small_with(SCHOOL_FILE, &text));
    assert_eq!(
        (found[0].line, found[0].what.as_str()),
        (28, "field `pupils` names no source")
    );
}

#[test]
fn a_dataset_twice() {
    expect(
        &[small(), vec![file("datasets/school_again.toml", SCHOOL)]].concat(),
        "datasets/school_again.toml",
        1,
        "dataset `school` is defined twice",
        "keep one; the other stands at datasets/school.toml:1",
    );
}

#[test]
fn an_unknown_column_in_a_check() {
    one(
        CHECK_FILE,
        CHECKS,
        "pupils = 0",
        "pupil = 0",
        10,
        "check `S-1` uses column `pupil`, which does not exist",
        "write `pupils`",
    );
}

#[test]
fn an_unknown_function_in_a_check() {
    one(
        CHECK_FILE,
        CHECKS,
        "good(",
        "godo(",
        11,
        "check `S-1` uses function `godo`, which does not exist",
        "write `good`",
    );
}

#[test]
fn an_unknown_placeholder() {
    one(
        CHECK_FILE,
        CHECKS,
        "{name}",
        "{nam}",
        2,
        "`school` has no field `nam`",
        "write `name`",
    );
}

#[test]
fn a_query_as_a_row_check() {
    one(
        CHECK_FILE,
        CHECKS,
        "pupils = 0\nAND good(name)",
        "SELECT row_no FROM staged",
        10,
        "row check `S-1` is a query",
        "write `kind = \"set\"`, or only the condition",
    );
}

#[test]
fn an_unknown_severity() {
    one(
        CHECK_FILE,
        CHECKS,
        "\"explain\"",
        "\"must fix\"",
        3,
        "`severity = \"must fix\"` is not known",
        "write `must_fix`",
    );
}

#[test]
fn an_unknown_action() {
    one(
        "posts.toml",
        POSTS,
        "\"read\"",
        "\"raed\"",
        5,
        "action `raed` is not known",
        "write `read`",
    );
}

#[test]
fn a_post_that_names_an_unknown_one_or_no_level() {
    let unknown = POSTS.replace("sees", "excludes = [\"writer\"]\nsees");
    expect(
        &small_with("posts.toml", &unknown),
        "posts.toml",
        2,
        "post `writer` is not defined",
        "write one of: reader",
    );
    let nowhere = POSTS.replace("levels = [\"county\", \"institution\"]\n", "");
    let problems = Standard::load(&small_with("posts.toml", &nowhere)).unwrap_err();
    assert_eq!(problems[0].what, "`levels` is missing");
}

#[test]
fn a_code_twice() {
    expect(
        &small_with(
            "codes/colour.csv",
            "code,name_zh,name_en\nr,红,Red\nr,红,Red\n",
        ),
        "codes/colour.csv",
        3,
        "code `r` stands twice",
        "keep one; the other stands on line 2",
    );
}

#[test]
fn a_row_of_another_length() {
    expect(
        &small_with("codes/colour.csv", "code,name_zh,name_en\nr,红,Red\ng,绿\n"),
        "codes/colour.csv",
        3,
        "the row has 2 cells, the header 3",
        "give each column a cell, blank where there is nothing; quote cells with commas",
    );
}

#[test]
fn an_unknown_successor() {
    expect(
        &small_with(
            "codes/colour.csv",
            "code,name_zh,name_en,successors\nr,红,Red,green\ngreens,绿,Green,\n",
        ),
        "codes/colour.csv",
        2,
        "`green` is no code of `colour`",
        "write `greens`",
    );
}

#[test]
fn an_unknown_code_column() {
    expect(
        &small_with(
            "codes/colour.csv",
            "code,name_zh,name_en,valid_form\nr,红,Red,\n",
        ),
        "codes/colour.csv",
        1,
        "column `valid_form` is not known",
        "write `valid_from`, or declare it as `[[set.extra]]`",
    );
}

#[test]
fn a_set_without_rows() {
    let index = format!(
        "{INDEX}\n[[set]]\nname = \"shape\"\ntitle = {{ zh = \"形\", en = \"Shapes\" }}\nsource = \"t\"\nconfidence = \"seen\"\n"
    );
    expect(
        &small_with("codes/index.toml", &index),
        "codes/index.toml",
        8,
        "code set `shape` has no codes",
        "write codes/shape.csv with the columns code,name_zh,name_en",
    );
}

#[test]
fn a_day_that_is_none() {
    let index = format!("{INDEX}valid_from = \"2025-02-30\"\n");
    expect(
        &small_with("codes/index.toml", &index),
        "codes/index.toml",
        6,
        "`2025-02-30` is not a day",
        "write `valid_from = \"2026-01-31\"`",
    );
}

#[test]
fn a_file_of_no_kind() {
    expect(
        &small_with("post.toml", ""),
        "post.toml",
        1,
        "no definition file has this name",
        "write `posts.toml`",
    );
}

#[test]
fn a_file_that_is_not_utf8() {
    let mut files = small();
    files.push(SourceFile {
        path: "codes/x.csv".into(),
        bytes: b"code\n\xd0\xc2\n".to_vec(),
    });
    expect(
        &files,
        "codes/x.csv",
        2,
        "the file is not UTF-8",
        "save it as UTF-8",
    );
}

#[test]
fn a_missing_version() {
    let files: Vec<SourceFile> = small()
        .into_iter()
        .filter(|file| file.path != "version.toml")
        .collect();
    let found = problems(&files);
    assert_eq!((found.len(), found[0].file.as_str()), (1, "version.toml"));
}

#[test]
fn a_seed_with_faults() {
    let seed = "record,name,colour,pupils,effective_from,effective_to\n\
        a,甲,r,1,,2020-01-01\n\
        a,甲乙,x,many,2019-01-01,\n\
        b,,r,1,,\n";
    let found = problems(&small_with("seed/school.csv", seed));
    let seen: Vec<(u32, &str)> = found
        .iter()
        .map(|problem| (problem.line, problem.what.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            (3, "`many` in `pupils` is no whole number"),
            (3, "`x` is no code of `colour`"),
            (3, "two versions of `a` hold at once"),
            (4, "`name` is required and blank"),
        ]
    );
}

#[test]
fn all_problems_are_found_at_once() {
    let text = SCHOOL.replacen("required", "requried", 1).replacen(
        "\"colour\"\nsens",
        "\"colur\"\nsens",
        1,
    );
    let found = problems(&small_with(SCHOOL_FILE, &text));
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        found[1].to_string(),
        "standard/datasets/school.toml:21: code set `colur` is not defined; write `colour`"
    );
}

#[test]
fn a_unique_key_that_is_no_match_key() {
    one(
        SCHOOL_FILE,
        SCHOOL,
        "match_keys = [[\"name\"]]",
        "match_keys = [[\"name\"]]\nunique_keys = [[\"colour\"]]",
        6,
        "`unique_keys` names [\"colour\"], which is no match key",
        "write one of the lists of `match_keys`, or remove it",
    );
}

#[test]
fn a_precision_of_what_is_no_date() {
    one(
        SCHOOL_FILE,
        SCHOOL,
        "max = 5000",
        "max = 5000\nprecision = \"month\"",
        34,
        "`precision` does not fit a field of kind `int`",
        "remove `precision`",
    );
}

//! Tests of the loader and of the definitions of the release.

mod content;
mod mistakes;
mod overlays;
mod people;
mod real_files;

use crate::{SourceFile, Standard, embedded};

/// The definitions of the release.
fn release() -> Standard {
    embedded().unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{} problems:\n{}", lines.len(), lines.join("\n"));
    })
}

/// A file of the definitions folder.
fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        bytes: text.as_bytes().to_vec(),
    }
}

/// A small set of definitions without a mistake.
fn small() -> Vec<SourceFile> {
    vec![
        file(
            "version.toml",
            "version = \"1\"\nabout = { zh = \"测试\", en = \"Test\" }\n",
        ),
        file("datasets/school.toml", SCHOOL),
        file("codes/index.toml", INDEX),
        file(
            "codes/colour.csv",
            "code,name_zh,name_en,aliases,successors\nr,红,Red,红色,\ng,绿,Green,,\n",
        ),
        file("checks/school.toml", CHECKS),
        file("functions.toml", FUNCTIONS),
        file("posts.toml", POSTS),
    ]
}

/// The small set with one file replaced or added.
fn small_with(path: &str, text: &str) -> Vec<SourceFile> {
    let mut files: Vec<SourceFile> = small()
        .into_iter()
        .filter(|known| known.path != path)
        .collect();
    files.push(file(path, text));
    files
}

const SCHOOL: &str = r#"name = "school"
title = { zh = "学校", en = "School" }
about = { zh = "学校", en = "A school" }
unit = "root"
match_keys = [["name"]]
default_effective = "today"
missing = "keep"
source = "test"
confidence = "proposal"

[[field]]
name = "name"
title = { zh = "名称", en = "Name" }
aliases = ["校名"]
kind = "text"
required = true
max_length = 20
source = "test"

[[field]]
name = "colour"
title = { zh = "颜色", en = "Colour" }
kind = "code"
codes = "colour"
sensitivity = "internal"
source = "test"

[[field]]
name = "pupils"
title = { zh = "学生", en = "Pupils" }
kind = "int"
min = 0
max = 5000
source = "test"
"#;

const INDEX: &str = r#"[[set]]
name = "colour"
title = { zh = "颜色", en = "Colours" }
source = "test"
confidence = "proposal"
"#;

const CHECKS: &str = r#"[[check]]
code = "S-1"
severity = "explain"
kind = "row"
dataset = "school"
field = "pupils"
message = { zh = "{name} 没有学生", en = "{name} has no pupils" }
repair = { zh = "补填", en = "Fill it in" }
sql = '''
pupils = 0
AND good(name)
'''
source = "test"
confidence = "proposal"
"#;

const FUNCTIONS: &str = r#"[[function]]
name = "good"
arguments = ["text"]
returns = "bool"
about = { zh = "好", en = "Good" }
"#;

const POSTS: &str = r#"[[post]]
name = "reader"
title = { zh = "读者", en = "Reader" }
about = { zh = "读", en = "Reads" }
actions = ["read"]
scope = "own"
sees = "public"
levels = ["county", "institution"]
"#;

//! `weihe standard check`: mistakes in definitions, each with its file, its line and what to write.

use std::path::Path;

use serde_json::json;
use server::{OpenError, definitions};
use standard::Problem;

use crate::Outcome;
use crate::arguments::Common;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn check(common: &Common, output: &Output) -> Result<Outcome, Failure> {
    // Without its folder the operator's own definitions would be passed over in silence.
    if let Some(named) = common.data.as_deref().filter(|folder| !folder.is_dir()) {
        let folder = named.display().to_string();
        return Err(Failure::Worded {
            code: "cli.folder".to_owned(),
            key: "cli-no-folder",
            about: vec![("folder", folder)],
        });
    }
    let overlay = common
        .overlay
        .clone()
        .or_else(|| definitions::overlay_of(&common.folder()));
    let (problems, counts) = match definitions::load(overlay.as_deref()) {
        Ok(standard) => {
            let counts = [
                standard.datasets().len(),
                standard.checks().len(),
                standard.code_sets().len(),
            ];
            // Those of the release alone are planned here and nowhere else.
            (definitions::unusable_checks(&standard), Some(counts))
        }
        Err(OpenError::Definitions(problems)) => (problems, None),
        Err(error) => return Err(error.into()),
    };
    let told: Vec<_> = problems
        .iter()
        .map(|problem| {
            let file = shown_file(overlay.as_deref(), problem);
            json!({ "file": file, "line": problem.line, "what": problem.what, "instead": problem.instead })
        })
        .collect();
    output.tell(&json!({ "problems": told }));
    let text = &output.text;
    for problem in &problems {
        let file = shown_file(overlay.as_deref(), problem);
        output.say(text.with(
            "cli-problem",
            &[
                ("file", &file),
                ("line", &problem.line.to_string()),
                ("what", &problem.what),
                ("instead", &problem.instead),
            ],
        ));
    }
    if !problems.is_empty() {
        output.say(text.with("cli-problems", &[("count", &problems.len().to_string())]));
        return Ok(Outcome::Attention);
    }
    if let Some([datasets, checks, sets]) = counts {
        let [datasets, checks, sets] = [datasets, checks, sets].map(|count| count.to_string());
        output.say(text.with(
            "cli-definitions-right",
            &[
                ("datasets", &datasets),
                ("checks", &checks),
                ("sets", &sets),
            ],
        ));
    }
    Ok(Outcome::Done)
}

/// Where a problem stands: in the overlay where it has such a file, in the release otherwise.
fn shown_file(overlay: Option<&Path>, problem: &Problem) -> String {
    match overlay
        .map(|folder| folder.join(&problem.file))
        .filter(|file| file.exists())
    {
        Some(file) => file.display().to_string(),
        None => format!("standard/{}", problem.file),
    }
}

//! The definitions that the program works under: those of the release, and an operator's folder that adds
//! or tightens.

use std::path::{Path, PathBuf};

use standard::{Problem, SourceFile, Standard};

use crate::error::OpenError;

/// The name of the folder within the data folder that is an operator's overlay, where there is one.
pub const OVERLAY_FOLDER: &str = "standard";

/// A folder of definitions that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the folder of definitions {path} cannot be read: {cause}")]
pub struct OverlayUnreadable {
    path: String,
    cause: std::io::Error,
}

/// The operator's overlay of a data folder, where it has one.
#[must_use]
pub fn overlay_of(data: &Path) -> Option<PathBuf> {
    let folder = data.join(OVERLAY_FOLDER);
    folder.is_dir().then_some(folder)
}

/// The definitions of the release with an overlay, every check's SQL planned where there is one (a test
/// holds that those of the release can be planned).
///
/// # Errors
/// [`OpenError::Definitions`] with every mistake, [`OpenError::Overlay`] where the folder cannot be read.
pub fn load(overlay: Option<&Path>) -> Result<Standard, OpenError> {
    let Some(folder) = overlay else {
        return standard::embedded().map_err(OpenError::Definitions);
    };
    let files = files_of(folder)?;
    let standard = Standard::load_with_overlay(&standard::embedded_files(), &files)
        .map_err(OpenError::Definitions)?;
    let problems = unusable_checks(&standard);
    if problems.is_empty() {
        Ok(standard)
    } else {
        Err(OpenError::Definitions(problems))
    }
}

/// Every check whose SQL cannot be used, as a problem of its file and line.
#[must_use]
pub fn unusable_checks(standard: &Standard) -> Vec<Problem> {
    let mut problems = Vec::new();
    for dataset in standard.datasets() {
        let checks = standard.checks_for(&dataset.name);
        let Err(faults) = registry::intake::checker_for(standard, dataset, None) else {
            continue;
        };
        for fault in faults {
            let Some(check) = checks.get(fault.check) else {
                continue;
            };
            let instead = fault.instead.map_or_else(
                || "correct the SQL of this check".to_owned(),
                |name| format!("write `{name}`"),
            );
            problems.push(Problem {
                file: check.at.file.to_string(),
                line: check.sql_line,
                what: format!("check {}: {}", check.code, fault.what),
                instead,
            });
        }
    }
    problems
}

/// The definition files of a folder, by path.
///
/// # Errors
/// [`OverlayUnreadable`].
pub fn files_of(folder: &Path) -> Result<Vec<SourceFile>, OverlayUnreadable> {
    let mut files = Vec::new();
    collect(folder, folder, &mut files)?;
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn collect(
    root: &Path,
    folder: &Path,
    files: &mut Vec<SourceFile>,
) -> Result<(), OverlayUnreadable> {
    let unreadable = |cause| OverlayUnreadable {
        path: folder.display().to_string(),
        cause,
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_hidden {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let within = path.strip_prefix(root).unwrap_or(&path);
        files.push(SourceFile {
            path: within.to_string_lossy().replace('\\', "/"),
            bytes: std::fs::read(&path).map_err(|cause| OverlayUnreadable {
                path: path.display().to_string(),
                cause,
            })?,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_of_the_release_can_be_planned() {
        let standard = standard::embedded().unwrap();
        assert_eq!(unusable_checks(&standard), []);
    }
}

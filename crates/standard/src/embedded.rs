//! The definitions of the release, inside the binary.

use include_dir::{Dir, include_dir};

use crate::problem::Problem;
use crate::read::SourceFile;
use crate::standard::Standard;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../standard");

/// The definition files of the release.
pub fn embedded_files() -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect(&FILES, &mut files);
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files
}

fn collect(folder: &Dir<'_>, files: &mut Vec<SourceFile>) {
    for file in folder.files() {
        files.push(SourceFile {
            path: file.path().to_string_lossy().replace('\\', "/"),
            bytes: file.contents().to_vec(),
        });
    }
    for inner in folder.dirs() {
        collect(inner, files);
    }
}

/// The definitions of the release, read and checked. Takes a few tens of milliseconds; keep the result.
///
/// # Errors
/// The mistakes in the embedded files; a test holds that there are none.
pub fn embedded() -> Result<Standard, Vec<Problem>> {
    Standard::load(&embedded_files())
}

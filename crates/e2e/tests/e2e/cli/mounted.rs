//! Commands among mounts of their own: a disk that is full, a folder that cannot be written. Tests run as
//! root, whom no bits of a file hold back; a mount does.

use std::path::Path;
use std::process::{Command, Output};

use testkit::program::binary;

/// A shell in which mounts can be made that nobody else sees; `None` where the machine does not allow it,
/// and the test is listed as skipped.
pub(super) fn shell(test: &str) -> Option<Shell> {
    let allowed = Command::new("unshare")
        .args(["--mount", "sh", "-c", "mount -t tmpfs none /mnt"])
        .output()
        .is_ok_and(|tried| tried.status.success());
    if allowed {
        return Some(Shell(()));
    }
    testfiles::skipped(
        test,
        "mounts of one's own are not allowed here (unshare --mount)",
    );
    None
}

/// Such a shell.
pub(super) struct Shell(());

impl Shell {
    /// Runs a script: `$WEIHE` is the program, `$1` and on are the paths.
    pub(super) fn run(&self, script: &str, paths: &[&Path]) -> Output {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, "sh"]);
        command.args(paths).env("WEIHE", binary());
        for name in [
            "WEIHE_DATA",
            "WEIHE_DATABASE",
            "WEIHE_LANG",
            "WEIHE_OVERLAY",
            "WEIHE_LOG",
        ] {
            command.env_remove(name);
        }
        let ran = command.output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        ran
    }
}

/// What a script wrote into a file.
pub(super) fn written(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

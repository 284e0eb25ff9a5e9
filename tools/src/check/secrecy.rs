//! Who else can read a private key: other users of the machine, and everybody who has the repository.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::finding::{Place, Report};

/// Checks a file that holds a private key.
pub(crate) fn check(path: &Path, report: &mut Report) {
    let place = Place::whole(path.display().to_string());
    check_mode(path, &place, report);
    // A symbolic link is in the work tree of its target.
    let Ok(real) = path.canonicalize() else { return };
    let (Some(folder), Some(name)) = (real.parent(), real.file_name()) else { return };
    if git(folder, &[OsStr::new("rev-parse"), OsStr::new("--is-inside-work-tree")]) != Some(0) {
        return;
    }
    let file: OsString = [OsStr::new("./"), name].into_iter().collect();
    // The name may hold what would be a pattern.
    let literally = [OsStr::new("--literal-pathspecs"), OsStr::new("ls-files")];
    let listed =
        [&literally[..], &[OsStr::new("--error-unmatch"), OsStr::new("--"), &file]].concat();
    let ignored = [OsStr::new("check-ignore"), OsStr::new("--quiet"), OsStr::new("--"), &file];
    if git(folder, &listed) == Some(0) {
        report.warning(
            "key-in-git",
            &place,
            "holds a private key and is tracked by git: who has the repository has the key",
            "git rm --cached it, add it to .gitignore; if it was ever pushed, revoke the certificate",
        );
        return;
    }
    match git(folder, &ignored) {
        Some(0) => report.ok("key-in-git", &place, "is in a git work tree and ignored by git"),
        Some(1) => report.warning(
            "key-in-git",
            &place,
            "holds a private key, is in a git work tree and not ignored: `git add .` commits it",
            "add it to .gitignore, or keep it outside of the work tree",
        ),
        _ => {}
    }
}

fn check_mode(path: &Path, place: &Place, report: &mut Report) {
    let Ok(metadata) = path.metadata() else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_file() && mode & 0o077 != 0 {
        report.warning(
            "key-mode",
            place,
            format!("holds a private key and has mode {mode:04o}: other users may read it"),
            format!("chmod 600 {}", path.display()),
        );
    }
}

/// The exit status of git in a folder. `None`: there is no git, or it was ended by a signal.
fn git(folder: &Path, arguments: &[&OsStr]) -> Option<i32> {
    Command::new("git")
        .args(arguments)
        .current_dir(folder)
        // Inside a hook these name the repository of the hook.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?
        .code()
}

//! What the scripts say on a machine on which the build cannot work, and what they leave behind.
#![allow(clippy::unwrap_used, reason = "a test fails where its own set-up fails")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Status and complaint of the script on a machine whose cargo says this about itself.
fn set_up(cargo_says: &str) -> (Option<i32>, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("setup").join(cargo_says);
    fs::create_dir_all(&folder).unwrap();
    let cargo = folder.join("cargo");
    fs::write(&cargo, format!("#!/bin/sh\necho '{cargo_says}'\n")).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/setup.sh");
    let output = Command::new(script).arg("demo").env("PATH", path).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_old_compiler_is_named_before_anything_is_built() {
    // Debian 12's own, and one that ends with an error of its own.
    for (says, version) in
        [("cargo 1.63.0", "1.63.0"), ("cargo 1.84.1 (a 2025)", "1.84.1"), ("", "unknown")]
    {
        let (status, complaint) = set_up(says);
        assert_eq!(status, Some(1), "{says}: {complaint}");
        assert!(
            complaint.contains(&format!("of Rust {version}, and 1.85 or newer is needed")),
            "{complaint}"
        );
    }
    for says in ["cargo 1.85.0 (b 2025)", "cargo 1.100.0-nightly (c 2027)", "cargo 2.0.0"] {
        assert_eq!(set_up(says), (Some(0), String::new()), "{says}");
    }
}

/// Waits for something that is soon the case.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn an_interrupted_script_takes_what_it_watches_with_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interrupted");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let pid = folder.join("pid");
    // A compiler that a build tool has started.
    let compiler = "echo $$ >pid.new; mv pid.new pid; exec sleep 1000";
    let script = format!(
        ". {}/scripts/steps.sh; trap stop_watched EXIT; trap 'exit 130' INT TERM; \
         watched log waiting sh -c \"sh -c '{}'; true\"",
        env!("CARGO_MANIFEST_DIR"),
        compiler.replace('$', "\\$")
    );
    for signal in ["-INT", "-TERM"] {
        // A test that runs in the background may have been started with the signal ignored.
        let mut shell = Command::new("env")
            .args(["--default-signal=INT", "bash"])
            .args(["-c", &script])
            .current_dir(&folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until("the compiler starts", || pid.exists());
        let process = Path::new("/proc").join(fs::read_to_string(&pid).unwrap().trim());
        assert!(process.exists());
        let sent = Command::new("kill").args([signal, &shell.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(shell.wait().unwrap().code(), Some(130));
        until("the compiler ends", || !process.exists());
        fs::remove_file(&pid).unwrap();
    }
}

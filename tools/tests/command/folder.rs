//! Folders for tests, under Cargo's target folder, and one set of certificates for all of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

pub(crate) const PRODUCT_KEY: &str = "a1Test00000";

/// Runs the command to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_linksdk-x509")).args(arguments).output().unwrap()
}

/// What a command wrote to standard error, with its lines joined.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A path in UTF-8, as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder that is empty at the start of the test.
pub(crate) fn empty(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The certificates of a platform with the devices dev-one and dev-two, and faulty ones.
pub(crate) fn pki() -> &'static Path {
    static PKI: OnceLock<PathBuf> = OnceLock::new();
    PKI.get_or_init(|| {
        let folder = empty("pki");
        let output = run(&[
            "pki",
            "--out",
            text(&folder),
            "--product-key",
            PRODUCT_KEY,
            "--device",
            "dev-one",
            "--device",
            "dev-two",
            "--with-faults",
        ]);
        assert!(output.status.success(), "{}", complaint(&output));
        folder
    })
}

//! What is different when somebody looks: progress, and lines that fit.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

use crate::folder::{self, text};

/// Runs the command on a terminal with 80 columns; what it showed there.
fn on_terminal(words: &[&str]) -> String {
    let command =
        format!("stty cols 80; {} {}", env!("CARGO_BIN_EXE_linksdk-x509"), words.join(" "));
    let mut script = Command::new("script");
    script.args(["--quiet", "--flush", "--command", &command, "/dev/null"]);
    let output = script.stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A server whose second connection, which is the first handshake, waits for the third.
fn mute_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || drop([listener.accept(), listener.accept(), listener.accept()]));
    port
}

#[test]
fn waiting_is_shown_and_wiped_off_and_lines_are_folded() {
    let place = format!("127.0.0.1:{}", mute_server());
    let (certificate, key) = (folder::pki().join("dev-one.crt"), folder::pki().join("dev-one.key"));
    let words = ["--cert", text(&certificate), "--key", text(&key), "--connect", &place];
    let shown = on_terminal(&[&["check", "--timeout", "3"], words.as_slice()].concat());
    assert!(shown.contains("\rWaiting for the TLS 1.3 handshake, "), "{shown:?}");
    assert!(shown.contains(&place) && shown.contains("\nresult"), "{shown}");
    // A line is what stands behind the last return to its beginning.
    for line in shown.lines().map(|line| line.trim_end_matches('\r')) {
        let line = line.rsplit('\r').next().unwrap();
        let name = line.split_whitespace().any(|word| word.chars().count() > 60);
        assert!(line.chars().count() <= 80 || name, "{line}");
        assert!(!line.contains("Waiting"), "{line:?}");
    }
}

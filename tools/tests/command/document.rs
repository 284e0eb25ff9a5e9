//! docs/x509-tool.md: its commands are run, its tables of fields are compared with what is printed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::check::{check, file};
use crate::folder::{self, complaint, text};
use crate::simulator::Simulator;

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/x509-tool.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_commands_of_the_document_work_in_their_order() {
    let folder = folder::empty("document");
    let tool = Path::new(env!("CARGO_BIN_EXE_linksdk-x509")).parent().unwrap();
    let path = format!("{}:{}", text(tool), std::env::var("PATH").unwrap());
    let document = document();
    let scripts: Vec<&str> =
        document.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(scripts.len() >= 4);
    for script in &scripts {
        // The same path to the file's own end: nothing of it stays.
        let output = Command::new("bash")
            .args(["-euc", &format!("{script}\nwait\n")])
            .current_dir(&folder)
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}\n{}", complaint(&output));
    }
    for command in ["pki", "embed", "check", "simulate"] {
        let line = format!("linksdk-x509 {command} ");
        assert!(scripts.iter().any(|script| script.contains(&line)), "{command}");
    }
    let failing = Command::new("bash").args(["-euc", "false\nwait\n"]).output().unwrap();
    assert!(!failing.status.success());
}

/// The names in the first column of the table that begins with this heading.
fn fields(document: &str, heading: &str) -> BTreeSet<String> {
    let (_, table) = document.split_once(&format!("| {heading} | holds |\n")).unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|')).skip(1);
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_tables_of_fields_are_complete() {
    let simulator = Simulator::start("document-json", &[]);
    let endpoint = format!("localhost:{}", simulator.port);
    let (certificate, key) = (file("device-unknown-ca.crt"), file("device-unknown-ca.key"));
    let ca = file("platform-ca.crt");
    let (_, object) =
        check(&["--cert", &certificate, "--key", &key, "--ca", &ca, "--connect", &endpoint]);
    let document = document();
    let connection = &object["connection"];
    let handshake = &connection["handshakes"][0];
    for (heading, object) in [
        ("field", &object),
        ("field of a finding", &object["findings"][0]),
        ("field of `connection`", connection),
        ("field of a handshake", handshake),
    ] {
        assert_eq!(fields(&document, heading), keys(object), "{heading}");
    }
    for (row, object) in [
        ("| `addresses` |", &connection["addresses"][0]),
        ("| `steps` |", &connection["steps"][0]),
        ("| `server_certificates` |", &handshake["server_certificates"][0]),
        ("| `error` |", &handshake["error"]),
    ] {
        let row = document.lines().find(|line| line.starts_with(row)).unwrap();
        for key in keys(object) {
            assert!(row.contains(&format!("`{key}`")), "{key} in {row}");
        }
    }
}

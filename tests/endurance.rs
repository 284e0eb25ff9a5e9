//! Holds docs/endurance.md and docs/coverage.md to what the programs do: the schedule causes every
//! fault that the simulator has, the documents name what is checked, and the floor is kept.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails where what it compares cannot be read"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn text(path: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Commands of the control port that cause no fault, or one that another command causes, too.
const NO_FAULTS: &[&str] = &["connections", "subscriptions", "quit", "drop-after-connack"];

/// The words that begin the lines of the control port's help, alternatives ("a | b") included.
fn commands(help: &str) -> Vec<&str> {
    let lines = help.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    lines
        .flat_map(|line| line.trim().split("  ").next().unwrap().split(" | "))
        .map(|command| command.split(' ').next().unwrap())
        .filter(|command| !NO_FAULTS.contains(command))
        .collect()
}

/// The faults of the simulator that the schedule does not cause.
fn not_caused(schedule: &str) -> Vec<String> {
    let control = text("tools/src/simulate/control.rs");
    let help = control.split("HELP: &str").nth(1).unwrap().split("\";").next().unwrap();
    let commands = commands(help);
    assert!(commands.len() > 14, "{commands:?}");
    let fault = text("tools/src/simulate/fault.rs");
    let parse = fault.split("fn parse").nth(1).unwrap().split("#[cfg(test)]").next().unwrap();
    let words: Vec<_> = parse
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"))
        .map(|(word, _)| word)
        .collect();
    assert!(words.len() > 10, "{words:?}");
    let is_missing = |word: &&str| {
        let after = |end: char| schedule.contains(&format!("\"{word}{end}"));
        !after('"') && !after(' ')
    };
    commands.into_iter().chain(words).filter(is_missing).map(str::to_owned).collect()
}

#[test]
fn the_schedule_causes_every_fault_of_the_simulator() {
    let schedule = text("tests/soak/schedule.py");
    assert_eq!(not_caused(&schedule), Vec::<String>::new());
    let without = schedule.replace("\"half-close\"", "\"\"").replace("puback", "");
    assert_eq!(not_caused(&without), ["half-close", "puback", "half-close"]);
}

/// What checks.py calls its checks, as far as `document` does not.
fn checks_not_named(document: &str) -> Vec<String> {
    let checks = text("tests/soak/checks.py");
    let named = checks.split("yield \"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let named: Vec<_> = named.collect();
    assert!(named.len() > 10, "{named:?}");
    named
        .into_iter()
        .filter(|name| !document.contains(&format!("| {name} |")))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_document_names_every_check_of_the_endurance_run() {
    let document = text("docs/endurance.md");
    assert_eq!(checks_not_named(&document), Vec::<String>::new());
    let without = document.replace("| acknowledged twice |", "");
    assert_eq!(checks_not_named(&without), ["acknowledged twice"]);
}

/// The percentage that the last row of the table of docs/coverage.md gives, and the files in it.
fn coverage(document: &str) -> (f64, Vec<String>) {
    let table = document.split("<!-- table -->").nth(1).unwrap();
    let table = table.split("<!-- end of table -->").next().unwrap();
    let mut rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| src/") || line.starts_with("| all "))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let all = rows.pop().unwrap();
    assert_eq!(all[1], "all");
    let files = rows.iter().map(|row| row[1].to_owned()).collect();
    (all[4].trim_end_matches(" %").parse().unwrap(), files)
}

/// All sources below `folder` that are no tests, as paths from the root.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let below = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            found.push(below.to_str().unwrap().to_owned());
        }
    }
}

#[test]
fn the_table_of_coverage_has_the_sources_that_there_are_and_is_above_the_floor() {
    let (share, files) = coverage(&text("docs/coverage.md"));
    assert!(share >= 90.0, "{share}");
    let mut there = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut there);
    let gone: Vec<_> = files.iter().filter(|file| !there.contains(file)).collect();
    assert_eq!(gone, Vec::<&String>::new(), "scripts/coverage.sh document writes the table");
    // Some files only say what others are; a table of few files is none.
    assert!(files.len() * 10 > there.len() * 8, "{} of {}", files.len(), there.len());
}

#[test]
fn reviewers_find_both() {
    let readme = text("README.md");
    let (_, reviewers) = readme.split_once("For reviewers:").unwrap();
    for document in ["docs/endurance.md", "docs/coverage.md"] {
        assert!(reviewers.contains(&format!("[{document}]({document})")), "{document}");
    }
}

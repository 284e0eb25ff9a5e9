//! Holds the documents: every test that a table of docs/ names exists, and so does every file that a document links to.
#![allow(clippy::unwrap_used, reason = "a test fails where its documents cannot be read")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of all files below `folder` with one of these endings.
fn texts(folder: &Path, endings: &[&str]) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            all.push_str(&texts(&path, endings));
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            all.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
    all
}

/// The words in backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The tests that the last column of each table row names.
fn tests_cited(document: &str) -> Vec<&str> {
    let rows = document.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next()).flat_map(quoted).collect()
}

/// Whether a test of that name exists: a Rust test, a module that `cargo test` filters by, or the
/// first part of a C test's name.
fn exists(name: &str, rust: &str, cmake: &str) -> bool {
    if let Some(filter) = name.strip_prefix("cargo test ") {
        return filter.split("::").all(|module| rust.contains(&format!("mod {module};")));
    }
    let c_test = name.split('.').next().unwrap_or(name);
    rust.contains(&format!("fn {name}(")) || cmake.contains(c_test)
}

#[test]
fn every_test_that_a_table_cites_exists() {
    let root = root();
    let rust = texts(&root.join("src"), &[".rs"]) + &texts(&root.join("tests"), &[".rs"]);
    let cmake = texts(&root.join("tests/c"), &["CMakeLists.txt", ".cmake"]);
    for document in
        ["docs/differences.md", "docs/engines.md", "docs/robustness.md", "docs/threat-model.md"]
    {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let rows = text.lines().filter(|line| line.starts_with("| ")).count();
        let cited = tests_cited(&text);
        assert!(cited.len() > rows / 2 && rows > 20, "{} of {rows} rows", cited.len());
        let missing: Vec<_> =
            cited.into_iter().filter(|name| !exists(name, &rust, &cmake)).collect();
        assert_eq!(missing, Vec::<&str>::new(), "{document}");
    }
    assert!(!exists("no_such_test", &rust, &cmake));
}

#[test]
fn every_row_of_the_engines_the_faults_and_the_threats_names_a_test() {
    for (document, heading) in [
        ("docs/engines.md", "| feature"),
        ("docs/differences.md", "| what"),
        ("docs/robustness.md", "| fault"),
        ("docs/threat-model.md", "| threat"),
    ] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let (rows, without) = rows_without_test(&text, heading);
        assert!(rows > 20, "{document}: {rows} rows");
        assert_eq!(without, Vec::<&str>::new(), "{document}");
    }
    let control = "| feature | test |\n| one | `a_test` |\n| two | none |\n";
    assert_eq!(rows_without_test(control, "| feature"), (2, vec!["| two | none |"]));
}

#[test]
fn every_table_has_a_head_and_as_many_cells_in_each_row() {
    let mut documents = vec![root().join("README.md")];
    documents.extend(fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut tables = 0;
    for document in documents.iter().filter(|path| path.extension().is_some_and(|e| e == "md")) {
        let (found, faults) = table_faults(&fs::read_to_string(document).unwrap());
        assert_eq!(faults, Vec::<String>::new(), "{}", document.display());
        tables += found;
    }
    assert!(tables > 20, "{tables}");
    // An empty line ends a table; what follows is text. A bar inside backquotes is a bar.
    let control = "| a | b |\n|---|---|\n| 1 | `\\|` |\n\n| 2 | 3 |\n\n| c |\n|---|\n| 4 | 5 |\n";
    assert_eq!(table_faults(control), (2, vec!["| 2 | 3 |".to_owned(), "| 4 | 5 |".to_owned()]));
}

/// How many tables a document has, and the lines that do not fit theirs.
fn table_faults(document: &str) -> (usize, Vec<String>) {
    let cells = |row: &str| row.replace("\\|", "").matches('|').count();
    let is_ruler = |row: &str| row.chars().all(|c| "|-: ".contains(c)) && row.contains("---");
    let (mut tables, mut faults) = (0, Vec::new());
    let mut in_code = false;
    let mut table: Option<usize> = None;
    let lines: Vec<&str> = document.lines().collect();
    for (line, next) in lines.iter().zip(lines.iter().skip(1).chain([&""])) {
        in_code ^= line.trim_start().starts_with("```");
        table = match table {
            _ if in_code || !line.starts_with('|') => None,
            None if is_ruler(next) => {
                tables += 1;
                Some(cells(line))
            }
            Some(width) if cells(line) == width => table,
            _ => {
                faults.push((*line).to_owned());
                table
            }
        };
    }
    (tables, faults)
}

/// How many rows the tables have from the first one with this heading on, and which of them name no
/// test. Tables before that one tell of something else.
fn rows_without_test<'a>(document: &'a str, heading: &str) -> (usize, Vec<&'a str>) {
    let rows: Vec<_> = document
        .lines()
        .skip_while(|line| !line.starts_with(heading))
        .filter(|line| line.starts_with("| ") && !line.starts_with(heading))
        .collect();
    (rows.len(), rows.into_iter().filter(|row| tests_cited(row).is_empty()).collect())
}

#[test]
fn the_table_of_errors_lists_every_code_and_no_other() {
    let document = fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let mut listed: Vec<String> = document
        .lines()
        .filter(|line| line.starts_with("| -0x") || line.starts_with("| 0 "))
        .map(|line| line.split('|').skip(1).take(2).map(str::trim).collect::<Vec<_>>().join(" "))
        .collect();
    let mut known: Vec<String> = linksdk_hal::state::ALL
        .iter()
        .map(|(name, code)| match code {
            0 => format!("0 {name}"),
            code => format!("-0x{:04X} {name}", -code),
        })
        .collect();
    listed.sort();
    known.sort();
    assert_eq!(listed, known);
}

/// The words of a text that name something in `src/`, with the folder of the one before where only
/// a file name stands ("src/os/tcp.rs, dns.rs").
fn sources_named(text: &str) -> Vec<PathBuf> {
    let mut folder = PathBuf::from("src");
    let mut named = Vec::new();
    for line in text.lines() {
        for word in line.split(|c: char| !c.is_ascii_alphanumeric() && !"_./".contains(c)) {
            let word = word.trim_end_matches('.');
            if word.starts_with("src/") {
                let path = PathBuf::from(word.trim_end_matches('/'));
                folder = if word.ends_with(".rs") {
                    path.parent().unwrap().to_owned()
                } else {
                    path.clone()
                };
                named.push(path);
            } else if word.len() > 3 && word.ends_with(".rs") && !word.contains('/') {
                named.push(folder.join(word));
            }
        }
    }
    named
}

#[test]
fn the_picture_of_the_architecture_shows_what_is_there() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let picture = text.split("```").nth(1).unwrap();
    let missing = |picture: &str| -> Vec<PathBuf> {
        let mut named = sources_named(picture);
        named.retain(|path| {
            // Files of one line may be in the folder above: rooms that are a file.
            let name = path.file_name().unwrap();
            !root().join(path).exists() && !root().join("src").join(name).exists()
        });
        named
    };
    assert!(sources_named(picture).len() > 20, "{:?}", sources_named(picture));
    assert_eq!(missing(picture), Vec::<PathBuf>::new());
    assert_eq!(missing("src/os/tcp.rs, gone.rs"), [PathBuf::from("src/os/gone.rs")]);
}

#[test]
fn make_help_names_every_target() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let (_, rest) = makefile.split_once("\n.PHONY: ").unwrap();
    let targets: Vec<&str> = rest.lines().next().unwrap().split(' ').collect();
    let output = Command::new("make").arg("help").current_dir(root()).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    let named: Vec<&str> =
        help.lines().filter_map(|line| line.strip_prefix("make ")?.split(' ').next()).collect();
    // The first line is that of `make` alone.
    let ordinary = ["all", "build", "help"];
    let missing: Vec<_> = targets
        .iter()
        .filter(|target| !ordinary.contains(target) && !named.contains(target))
        .collect();
    assert!(targets.len() > 10 && missing.is_empty(), "{missing:?}");
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let root = root();
    let mut checked = 0;
    let mut names: Vec<_> =
        ["README.md", "CHANGELOG.md", "SECURITY.md"].map(|name| root.join(name)).into();
    for entry in fs::read_dir(root.join("docs")).unwrap() {
        names.push(entry.unwrap().path());
    }
    for name in names {
        let text = fs::read_to_string(&name).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !target.starts_with("http") {
                let target = name.parent().unwrap().join(target);
                assert!(target.exists(), "{name:?} links to {target:?}");
                checked += 1;
            }
        }
    }
    assert!(checked > 3);
}

#[test]
fn the_guide_to_other_targets_names_what_there_is() {
    let root = root();
    let document = fs::read_to_string(root.join("docs/cross.md")).unwrap();
    let mut checked = 0;
    for entry in fs::read_dir(root.join("cmake/toolchains")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (_, rest) = text.split_once("set(LINKSDK_RUST_TARGET ").unwrap();
        let target = rest.split(' ').next().unwrap();
        assert!(document.contains(&format!("| `{name}` | `{target}` |")), "{name}, {target}");
        checked += 1;
    }
    assert!(checked >= 2, "{checked}");
    // What the build says, as the table of symptoms quotes it.
    let build = texts(&root.join("cmake"), &[".cmake"])
        + &fs::read_to_string(root.join("CMakeLists.txt")).unwrap();
    for said in
        ["LINKSDK_RUST_TARGET must name the Rust target", "add it to LINKSDK_NATIVE_LIBRARIES"]
    {
        assert!(build.contains(said) && document.contains(said), "{said}");
    }
}

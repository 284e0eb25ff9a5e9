//! The export lists against the headers and docs/exports.md. Archives, objects and the shared library are compared with the
//! same lists by tests/c/symbols.py.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const PROFILES: [&str; 3] = ["hal", "mqtt", "sdk"];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

fn exports(profile: &str) -> Vec<String> {
    let text = read(&format!("cmake/exports/{profile}.txt"));
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// Each export with the profiles that have it.
fn profiles_of_exports() -> BTreeMap<String, Vec<&'static str>> {
    let mut all: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for profile in PROFILES {
        for name in exports(profile) {
            all.entry(name).or_default().push(profile);
        }
    }
    all
}

/// A header without comments, without directives, and without what only C++ sees.
fn bare(header: &str) -> String {
    let mut text = String::new();
    for (i, part) in header.split("/*").enumerate() {
        text.push_str(if i == 0 { part } else { part.split_once("*/").unwrap().1 });
    }
    let mut kept = String::new();
    let mut only_cpp = false;
    for line in text.replace("\\\n", " ").lines() {
        let directive = line.trim_start().strip_prefix('#').map(str::trim);
        match directive {
            Some("ifdef __cplusplus") => only_cpp = true,
            Some(word) if word.starts_with("endif") => only_cpp = false,
            Some(_) => {}
            None if only_cpp => {}
            None => kept.extend([line, "\n"]),
        }
    }
    kept
}

/// The functions and variables that a header declares.
fn declared(header: &str) -> BTreeSet<String> {
    let mut outside = String::new();
    let mut depth = 0;
    for character in bare(header).chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth == 0 => outside.push(character),
            _ => {}
        }
    }
    let statements = outside.split(';').map(str::trim);
    let named = statements.filter(|text| !text.is_empty() && !text.starts_with("typedef"));
    named
        .filter_map(|text| {
            let before = match text.split_once('(') {
                Some((before, _)) => before,
                None => text.strip_prefix("extern")?,
            };
            before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next()
        })
        .map(str::to_owned)
        .collect()
}

/// Each declared name with the headers that declare it.
fn declarations() -> BTreeMap<String, BTreeSet<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/compat");
    let mut headers = vec![("linksdk_hal.h".to_owned(), read("include/linksdk_hal.h"))];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        headers.push((name, fs::read_to_string(path).unwrap()));
    }
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (header, text) in headers {
        for name in declared(&text) {
            all.entry(name).or_default().insert(header.clone());
        }
    }
    all
}

#[test]
fn each_profile_contains_the_one_before_it() {
    let lists = PROFILES.map(exports);
    for list in &lists {
        assert!(list.is_sorted() && list.len() > 20, "{list:?}");
        assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), list.len(), "a name comes twice");
    }
    for pair in lists.windows(2) {
        let missing: Vec<_> = pair[0].iter().filter(|name| !pair[1].contains(name)).collect();
        assert_eq!(missing, Vec::<&String>::new());
    }
}

/// Without an exception: what no header declares nobody can call, and what is declared links.
#[test]
fn headers_declare_what_is_exported_and_nothing_else() {
    let declared: Vec<_> = declarations().into_keys().collect();
    let exported: Vec<_> = profiles_of_exports().into_keys().collect();
    assert_eq!(declared, exported);
    let other = read("include/linksdk_hal.h").replace(" linksdk_last_error(", " linksdk_another(");
    let other = self::declared(&other);
    assert!(other.contains("linksdk_another") && !other.contains("linksdk_last_error"));
}

#[test]
fn a_header_says_which_profiles_have_a_function() {
    let header = read("include/linksdk_hal.h");
    let ours: Vec<_> = declared(&header).into_iter().collect();
    for (name, profiles) in profiles_of_exports() {
        if name.starts_with("linksdk_") {
            assert!(ours.contains(&name), "{name} is not in linksdk_hal.h");
            let declaration =
                header.find(&format!(" {name}(")).or(header.find(&format!("*{name}(")));
            let comment = header[..declaration.unwrap()].rsplit("/**").next().unwrap();
            let comment = comment.replace("\n * ", " ");
            let expected = match profiles.as_slice() {
                ["sdk"] => "Profile sdk only",
                ["mqtt", "sdk"] => "Profiles mqtt and sdk only",
                _ => "",
            };
            assert!(comment.contains(expected), "{name}: '{expected}' is not said");
            let restricted =
                comment.contains("Profile sdk only") || comment.contains("Profiles mqtt");
            assert_eq!(restricted, !expected.is_empty(), "{name} is in {profiles:?}");
        }
    }
}

/// Each name of docs/exports.md with its profiles; what is wrong with a row in the second.
fn listed(page: &str) -> (BTreeMap<String, Vec<&str>>, Vec<String>) {
    let declarations = declarations();
    let mut listed = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let header = cells[3].trim_matches('`');
        for name in cells[0].split_whitespace().map(|word| word.trim_matches('`')) {
            if !declarations.get(name).is_some_and(|headers| headers.contains(header)) {
                wrong.push(format!("{name} is not in {header}"));
            }
            if listed.insert(name.to_owned(), cells[1].split_whitespace().collect()).is_some() {
                wrong.push(format!("{name} comes twice"));
            }
        }
    }
    (listed, wrong)
}

#[test]
fn the_page_of_exports_lists_each_with_its_profiles_and_its_header() {
    let page = read("docs/exports.md");
    assert_eq!(listed(&page), (profiles_of_exports(), Vec::new()));
    for (is, other) in [
        ("`HAL_SSL_Read` ", ""),
        ("`HAL_SSL_Read`", "`HAL_SSL_Write`"),
        ("| hal mqtt sdk | bounds", "| mqtt sdk | bounds"),
        ("| `dev_sign_api.h` |", "| `mqtt_api.h` |"),
    ] {
        let spoilt = page.replace(is, other);
        assert_ne!(listed(&spoilt), (profiles_of_exports(), Vec::new()), "{is} for {other}");
    }
}

#[test]
fn declarations_are_found_in_c() {
    let header = "#ifdef __cplusplus\nextern \"C\" {\n#endif\n/* int commented(void); */\n\
        typedef int (*handler)(int);\ntypedef struct { void *(*member)(int); } hooks;\n\
        enum { ONE, TWO };\nextern const char *data;\nvoid *first(int (*call)(void));\n\
        #define macro(x) \\\n  second(x)\nint32_t third(const char *a,\n int b);\n\
        #ifdef __cplusplus\n}\n#endif\n";
    let expected = ["data", "first", "third"].map(str::to_owned);
    assert_eq!(declared(header), BTreeSet::from(expected));
}

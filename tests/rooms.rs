//! Holds the architecture: imports run downward only, and `unsafe` stays in its rooms
//! (docs/architecture.md, "Rooms").
#![allow(clippy::unwrap_used, reason = "a test fails where its sources cannot be read")]

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the bottom up. A file may name rooms of its own height and below. The longest
/// matching path counts.
const HEIGHTS: &[(&str, u8)] = &[
    ("deadline", 0),
    ("error", 0),
    ("lock", 0),
    ("log", 0),
    ("state", 0),
    ("handle", 1),
    ("os", 1),
    ("identity", 1),
    ("device", 1),
    ("event", 1),
    ("firmware", 1),
    ("tls", 2),
    ("tls::rustls", 3),
    ("tls::mbedtls", 3),
    ("tls::engine", 3),
    ("persistence", 3),
    ("tls::store", 4),
    ("tls::configuration", 4),
    ("tls::options", 5),
    ("tls::session", 4),
    ("tls::establish", 5),
    ("mqtt", 6),
    ("ffi", 7),
];

/// Rooms in which `unsafe` may appear.
const UNSAFE_ROOMS: &[&str] = &["ffi", "os", "tls::mbedtls"];

fn height(path: &str) -> Option<u8> {
    HEIGHTS
        .iter()
        .filter(|(room, _)| path == *room || path.starts_with(&format!("{room}::")))
        .max_by_key(|(room, _)| room.len())
        .map(|(_, height)| *height)
}

/// The source without its tests and comments. Test modules stand at the end of a file.
fn production_code(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every `crate::...` path that the code names, with braces expanded.
fn paths_named(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "_:".contains(c)));
        let (stem, tail) = rest.split_at(end.unwrap_or(rest.len()));
        if let Some(group) = tail.strip_prefix('{') {
            let group = group.split('}').next().unwrap_or_default();
            paths.extend(group.split(',').map(|name| format!("{stem}{}", name.trim())));
        } else {
            paths.push(stem.to_owned());
        }
    }
    paths
}

/// What is wrong with one file, as sentences.
fn violations(module: &str, source: &str) -> Vec<String> {
    let code = production_code(source);
    let Some(own) = height(module) else {
        return vec![format!("{module} is in no room: add it to HEIGHTS and to the architecture")];
    };
    let mut found = Vec::new();
    for path in paths_named(&code) {
        if height(&path).is_some_and(|other| other > own) {
            found.push(format!("{module} imports upward: crate::{path}"));
        }
    }
    let allowed =
        UNSAFE_ROOMS.iter().any(|room| module == *room || module.starts_with(&format!("{room}::")));
    // The names of lints and the types of C functions are no unsafe code.
    let harmless = ["unsafe_code", "unsafe_op", "unsafe extern \"C\" fn("];
    let code = harmless.iter().fold(code, |code, words| code.replace(words, ""));
    if !allowed && code.contains("unsafe") {
        found.push(format!("{module} contains `unsafe` outside {UNSAFE_ROOMS:?}"));
    }
    found
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn imports_run_downward_and_unsafe_stays_in_its_rooms() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 10, "only {} sources were found", files.len());
    let mut found = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap().with_extension("");
        let module = relative.to_str().unwrap().replace('/', "::");
        let module = module.strip_suffix("::mod").unwrap_or(&module);
        if module != "lib" {
            found.extend(violations(module, &fs::read_to_string(&file).unwrap()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_violation_is_found() {
    assert_eq!(violations("tls::session", "use crate::error::Error;\n"), Vec::<String>::new());
    assert_eq!(violations("tls::pem", "use crate::tls::session::X;").len(), 1);
    assert_eq!(violations("log", "use crate::{error::Error, ffi::ptr};").len(), 1);
    assert_eq!(violations("mqtt::client", "let x = crate::ffi::hal::y();").len(), 1);
    assert_eq!(violations("mqtt::client", "unsafe { x() }").len(), 1);
    assert_eq!(violations("ffi::hal", "unsafe { x() }").len(), 0);
    assert_eq!(violations("tls::mbedtls::ssl", "unsafe { x() }").len(), 0);
    assert_eq!(violations("tls::rustls", "unsafe { x() }").len(), 1);
    assert_eq!(violations("garage", "").len(), 1);
    assert_eq!(violations("log", "#[cfg(test)]\nmod tests { use crate::ffi; }").len(), 0);
}

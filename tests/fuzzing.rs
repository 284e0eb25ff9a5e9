//! Holds the fuzz targets together: each is built, has seeds and a row in docs/fuzzing.md, and is built from the same
//! versions of the dependencies as the library.
#![allow(clippy::unwrap_used, reason = "a test fails where its files cannot be read")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The targets, by their files.
fn targets() -> BTreeSet<String> {
    let files = fs::read_dir(root().join("fuzz/fuzz_targets")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(".rs").map(str::to_owned)).collect()
}

/// The targets that the table below this heading has a row for.
fn rows(document: &str, heading: &str) -> BTreeSet<String> {
    let table = document.lines().skip_while(|line| !line.starts_with(heading));
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

#[test]
fn every_target_is_built_and_documented() {
    let targets = targets();
    assert!(targets.len() > 10, "{targets:?}");
    let manifest = read("fuzz/Cargo.toml");
    let built: BTreeSet<String> = manifest
        .split("[[bin]]\nname = \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(built, targets);
    let document = read("docs/fuzzing.md");
    assert_eq!(rows(&document, "| target | what"), targets);
    assert_eq!(rows(&document, "| target | engine"), targets);
    let control = "| target | what |\n|---|---|\n| `one` | x |\n\n| `two` | y |\n";
    assert_eq!(rows(control, "| target | what"), ["one".to_owned()].into());
}

/// The size of what is in a folder, and of the largest file.
fn sizes(folder: &Path) -> (u64, u64) {
    let files = fs::read_dir(folder).unwrap();
    let sizes = files.map(|file| file.unwrap().metadata().unwrap().len());
    sizes.fold((0, 0), |(all, largest), size| (all + size, largest.max(size)))
}

#[test]
fn seeds_are_small_and_belong_to_a_target() {
    let targets = targets();
    for folder in fs::read_dir(root().join("fuzz/seeds")).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(targets.contains(name), "fuzz/seeds/{name} belongs to no target");
        let (all, largest) = sizes(&folder);
        assert!(all > 0 && all < 32 * 1024 && largest < 8 * 1024, "fuzz/seeds/{name}: {all} bytes");
    }
}

/// The versions of each package in a lock file.
fn versions(lock: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| package.split(&format!("{name} = \"")).nth(1)?.split('"').next();
        versions.entry(field("\nname").unwrap()).or_default().insert(field("\nversion").unwrap());
    }
    versions
}

#[test]
fn what_is_fuzzed_is_what_is_built() {
    let (library, fuzz) = (read("Cargo.lock"), read("fuzz/Cargo.lock"));
    let (library, fuzz) = (versions(&library), versions(&fuzz));
    assert!(fuzz.contains_key("rustls") && fuzz.contains_key("mbedtls"));
    for (package, versions) in fuzz {
        if let Some(known) = library.get(package) {
            let help = "cargo update --manifest-path fuzz/Cargo.toml --precise";
            assert!(versions.is_subset(known), "{package}: {versions:?}, not {known:?}; {help}");
        }
    }
}

//! docs/unsafe.md: every place in `src/` where the compiler takes the code's word, with the argument that
//! stands there. Code of tests is not part of it.
//!
//! `LINKSDK_UPDATE_UNSAFE=1 cargo test --test unsafe_code` writes the document.
#![allow(clippy::unwrap_used, reason = "a test fails where its sources cannot be read")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// A block or an implementation.
#[derive(Debug, PartialEq)]
struct Place {
    /// The function around a block; for an implementation, its first line.
    within: String,
    argument: Option<String>,
}

/// What one file contains.
#[derive(Debug, Default, PartialEq)]
struct Contents {
    places: Vec<Place>,
    /// Functions that ask something of their caller, as their documentation says.
    functions: usize,
    /// Names that C sees, whose uniqueness the linker checks.
    exports: usize,
    /// Blocks that declare functions and data of C.
    declarations: usize,
}

/// The line without its comment. No source has `//` in a string beside `unsafe`.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default().trim()
}

/// The name behind `fn ` when the line begins a function.
fn function_begun(code: &str) -> Option<&str> {
    let (before, rest) = code.split_once("fn ")?;
    let words = ["pub", "const", "unsafe", "extern", "\"C\"", "pub(super)", "pub(crate)"];
    let is_item = before.split_whitespace().all(|word| words.contains(&word));
    is_item.then(|| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()).flatten()
}

/// The comment with `SAFETY:` before the statement that `lines` end with.
fn argument(lines: &[&str]) -> Option<String> {
    let mut comment = Vec::new();
    for line in lines.iter().rev().map(|line| line.trim()) {
        if let Some(text) = line.strip_prefix("//") {
            comment.push(text.trim());
            if let Some(first) = text.trim().strip_prefix("SAFETY:") {
                comment.pop();
                comment.push(first.trim());
                comment.reverse();
                return Some(comment.join(" "));
            }
        } else if line.ends_with([';', '}']) || line.is_empty() {
            return None;
        } else {
            comment.clear();
        }
    }
    None
}

fn contents(source: &str) -> Contents {
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines: Vec<&str> = source.lines().collect();
    let mut found = Contents::default();
    let mut within = String::new();
    for (index, line) in lines.iter().enumerate() {
        let code = code(line);
        if let Some(name) = function_begun(code) {
            name.clone_into(&mut within);
            found.functions += usize::from(code.contains("unsafe "));
        }
        found.exports += usize::from(code.starts_with("#[unsafe("));
        found.declarations += usize::from(code.starts_with("unsafe extern \"C\" {"));
        let before = lines.get(..index).unwrap_or_default();
        if code.starts_with("unsafe impl") {
            let within = code.trim_end_matches("{}").trim_end_matches('{').trim().to_owned();
            found.places.push(Place { within, argument: argument(before) });
        }
        for _ in code.matches("unsafe {") {
            found.places.push(Place { within: within.clone(), argument: argument(before) });
        }
    }
    found
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "tests") {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && path.file_name().is_some_and(|name| name != "tests.rs")
        {
            into.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The sources that contain anything, by their path.
fn all() -> Vec<(String, Contents)> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    files
        .into_iter()
        .map(|file| {
            let name = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            (name, contents(&fs::read_to_string(file).unwrap()))
        })
        .filter(|(_, contents)| *contents != Contents::default())
        .collect()
}

const INTRODUCTION: &str = "# Where the compiler takes our word

Written by `make unsafe` from the sources; `tests/unsafe_code.rs` fails when it is not what they say, or when
something has no argument. `tests/rooms.rs` holds all of it to `src/ffi`, `src/os` and `src/tls/mbedtls`; everything else
is checked by the compiler. Code of tests is not counted.

A *block* is a piece of code that does what the compiler cannot check. A *function* with a condition says in its
documentation what its caller has to see to; most are those that C calls. An *export* fixes a name, which the linker and
`tests/exports.rs` check. A *declaration* says what C defines.

| file | blocks and implementations | functions with a condition | exports | declarations |
|---|---|---|---|---|
";

fn document(files: &[(String, Contents)]) -> String {
    let mut text = INTRODUCTION.to_owned();
    let mut row = |name: &str, numbers: [usize; 4]| {
        let [places, functions, exports, declarations] = numbers;
        writeln!(text, "| {name} | {places} | {functions} | {exports} | {declarations} |").unwrap();
    };
    let mut sum = [0; 4];
    for (file, found) in files {
        let numbers = [found.places.len(), found.functions, found.exports, found.declarations];
        row(&format!("`{file}`"), numbers);
        sum.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
    }
    row("all", sum);
    for (file, found) in files.iter().filter(|(_, found)| !found.places.is_empty()) {
        write!(text, "\n## {file}\n\n").unwrap();
        for place in &found.places {
            let argument = place.argument.as_deref().unwrap_or("no argument");
            writeln!(text, "- `{}`: {argument}", place.within).unwrap();
        }
    }
    text
}

#[test]
fn every_place_is_argued_and_in_the_document() {
    let files = all();
    let without: Vec<_> = files
        .iter()
        .flat_map(|(file, found)| found.places.iter().map(move |place| (file, place)))
        .filter(|(_, place)| place.argument.is_none())
        .collect();
    assert!(without.is_empty(), "without an argument: {without:#?}");
    let path = root().join("docs/unsafe.md");
    let now = document(&files);
    if std::env::var_os("LINKSDK_UPDATE_UNSAFE").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == now, "docs/unsafe.md is not what the sources say: run `make unsafe`");
}

#[test]
fn all_that_the_sources_contain_is_counted() {
    let place = |within: &str, argument: Option<&str>| Place {
        within: within.to_owned(),
        argument: argument.map(str::to_owned),
    };
    let source = r#"
type Hook = unsafe extern "C" fn(i32);
unsafe extern "C" {
    fn of_c();
}
#[unsafe(export_name = "x")]
pub unsafe extern "C" fn x() {
    // SAFETY: this is
    // why.
    let one =
        unsafe { of_c() };
    unsafe { of_c() };
    // Not it.
    both(unsafe { of_c() }, unsafe { of_c() })
}
// SAFETY: no data.
unsafe impl Send for X {}
#[cfg(test)]
mod tests { fn f() { unsafe { g() } } }
"#;
    let places = vec![
        place("x", Some("this is why.")),
        place("x", None),
        place("x", None),
        place("x", None),
        place("unsafe impl Send for X", Some("no data.")),
    ];
    assert_eq!(contents(source), Contents { places, functions: 1, exports: 1, declarations: 1 });
}

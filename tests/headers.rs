//! The C headers: generated one current, all of them clean for C99, C11 and C++, in any order, with
//! the structures and numbers of the Link SDK.
//!
//! `LINKSDK_UPDATE_HEADERS=1 cargo test --test headers` writes the generated header to `include/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use linksdk_hal::state;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const COMPAT: [&str; 12] = [
    "dev_sign_api.h",
    "infra_compat.h",
    "infra_config.h",
    "infra_defs.h",
    "infra_state.h",
    "infra_types.h",
    "mqtt_api.h",
    "wrappers.h",
    "wrappers_defs.h",
    "wrappers_os.h",
    "wrappers_tcp.h",
    "wrappers_tls.h",
];

/// The Link SDK's own declarations that meet those of `linksdk_hal.h` in one file, in its guards.
const SDK_HEADERS: &str = "#include <stdint.h>
#ifndef _WRAPPERS_DEFS_H_
#define _WRAPPERS_DEFS_H_
typedef struct { void *(*malloc)(uint32_t size); void (*free)(void *ptr); } ssl_hooks_t;
#endif
#ifdef __cplusplus
extern \"C\" {
#endif
int HAL_SSL_Read(uintptr_t handle, char *buf, int len, int timeout_ms);
int HAL_SSL_Write(uintptr_t handle, const char *buf, int len, int timeout_ms);
int32_t HAL_SSL_Destroy(uintptr_t handle);
uintptr_t HAL_SSL_Establish(const char *host, uint16_t port, const char *ca_crt,
                            uint32_t ca_crt_len);
#ifdef __cplusplus
}
#endif
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What the compiler says about `source` with the project's headers; `Ok` when it is silent.
fn compile(language: &str, standard: &str, source: &str) -> Result<(), String> {
    let default = if language == "c" { "cc" } else { "c++" };
    let variable = if language == "c" { "CC" } else { "CXX" };
    let compiler = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    let mut child = Command::new(compiler)
        .args([&format!("-std={standard}"), "-x", language, "-Wall", "-Wextra", "-Werror"])
        .args(["-pedantic", "-fsyntax-only"])
        .args(["-I", env!("OUT_DIR")])
        .arg("-I")
        .arg(root().join("include/compat"))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    child.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() && said.is_empty() { Ok(()) } else { Err(said) }
}

/// C99 and C11 always; C++ where the machine has a compiler for it.
fn dialects() -> Vec<(&'static str, &'static str)> {
    let mut dialects = vec![("c", "c99"), ("c", "c11")];
    if compile("c++", "c++11", "int unit;\n").is_ok() {
        dialects.push(("c++", "c++11"));
    } else {
        println!("no C++ compiler here: headers were not compiled as C++");
    }
    dialects
}

fn all_clean(source: &str) {
    for (language, standard) in dialects() {
        if let Err(said) = compile(language, standard, source) {
            panic!("{standard}:\n{source}\n{said}");
        }
    }
}

#[test]
fn the_committed_header_is_what_cbindgen_generates() {
    let generated = fs::read_to_string(Path::new(env!("OUT_DIR")).join("linksdk_hal.h")).unwrap();
    let committed = root().join("include/linksdk_hal.h");
    if std::env::var_os("LINKSDK_UPDATE_HEADERS").is_some() {
        fs::write(&committed, &generated).unwrap();
    }
    let found = fs::read_to_string(&committed).unwrap_or_default();
    assert!(found == generated, "include/linksdk_hal.h is out of date: run `make headers`");
}

#[test]
fn the_compiler_is_asked_in_earnest() {
    assert!(compile("c", "c99", "int unit;\n").is_ok());
    assert!(compile("c", "c99", "static int unused(int x) { return 0; }\n").is_err());
    let wrong = include_str!("c/layout.c").replace("== 249", "== 250");
    assert!(compile("c", "c99", &wrong).is_err());
}

#[test]
fn every_header_stands_alone() {
    let mut listed: Vec<PathBuf> = fs::read_dir(root().join("include/compat"))
        .unwrap()
        .map(|entry| PathBuf::from(entry.unwrap().file_name()))
        .collect();
    listed.sort();
    assert_eq!(listed, COMPAT.map(PathBuf::from));
    for header in COMPAT.iter().chain(&["linksdk_hal.h"]) {
        all_clean(&format!("#include \"{header}\"\n#include \"{header}\"\nint unit;\n"));
    }
}

#[test]
fn our_header_goes_before_and_after_all_others() {
    let ours = "#include \"linksdk_hal.h\"\n";
    let compat: String = COMPAT.iter().map(|name| format!("#include \"{name}\"\n")).collect();
    for others in [compat.as_str(), SDK_HEADERS] {
        all_clean(&format!(
            "{others}{ours}ssl_hooks_t *hooks; linksdk_ssl_hooks_t **same = &hooks;\n"
        ));
        all_clean(&format!("{ours}{others}ssl_hooks_t *hooks; linksdk_ssl_hooks_t *ours;\n"));
    }
}

#[test]
fn structures_and_numbers_are_those_of_the_sdk() {
    all_clean(include_str!("c/layout.c"));
}

#[test]
fn exports_are_declared_as_firmware_calls_them() {
    for standard in ["c99", "c11"] {
        compile("c", standard, include_str!("c/bad_arguments.c")).unwrap();
    }
}

#[test]
fn state_codes_are_the_same_in_c() {
    let header = fs::read_to_string(root().join("include/compat/infra_state.h")).unwrap();
    for (name, code) in state::ALL {
        let prefix = if *code <= -0x0f01 { "LINKSDK_STATE_" } else { "STATE_" };
        let line = header
            .lines()
            .find(|line| line.split_whitespace().nth(1) == Some(&format!("{prefix}{name}")))
            .unwrap_or_else(|| panic!("infra_state.h lacks {prefix}{name}"));
        let value = if *code == 0 { "(0)".to_owned() } else { format!("(-0x{:04X})", -code) };
        assert_eq!(line.split_whitespace().nth(2), Some(value.as_str()), "{line}");
    }
}

/// The comments and declarations of all functions in a header: the text between `/**` and `*/`, and what
/// follows it up to the semicolon.
fn documented_functions(header: &str) -> Vec<(&str, &str)> {
    let blocks = header.split("/**").skip(1).filter_map(|rest| rest.split_once("*/"));
    blocks
        .filter_map(|(comment, rest)| rest.split_once(';').map(|(code, _)| (comment, code.trim())))
        .filter(|(_, code)| code.contains('(') && !code.contains('{') && !code.contains('#'))
        .collect()
}

/// The names that a declaration gives to its parameters; those of function types are not among them.
fn parameters(declaration: &str) -> Vec<&str> {
    let (_, list) = declaration.split_once('(').unwrap();
    let list = list.trim_end_matches(')');
    let mut depth = 0;
    let at_top = |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    };
    list.split(at_top)
        .map(|parameter| match parameter.split_once("(*") {
            Some((_, function)) => function.split(')').next().unwrap_or_default(),
            None => parameter.rsplit([' ', '*']).next().unwrap_or_default(),
        })
        .filter(|name| *name != "void")
        .collect()
}

/// What the comment of a function lacks.
fn undocumented(comment: &str, declaration: &str) -> Vec<String> {
    let name = declaration.split('(').next().unwrap_or_default();
    let mut lacks: Vec<String> = parameters(declaration)
        .into_iter()
        .filter(|parameter| !comment.contains(&format!("`{parameter}`")))
        .map(|parameter| format!("{name}: nothing about {parameter}"))
        .collect();
    let silent = name.starts_with("void ") || name.contains("char *linksdk_engine");
    if !silent && !["@return", "Returns", "returns"].iter().any(|word| comment.contains(word)) {
        lacks.push(format!("{name}: nothing about what it returns"));
    }
    if comment.contains("# Safety") {
        lacks.push(format!("{name}: a section of rustdoc"));
    }
    lacks
}

#[test]
fn every_function_of_our_header_tells_of_its_parameters_and_result() {
    let header = fs::read_to_string(Path::new(env!("OUT_DIR")).join("linksdk_hal.h")).unwrap();
    let functions = documented_functions(&header);
    assert!(functions.len() > 25, "{} functions", functions.len());
    let lacks: Vec<_> = functions.into_iter().flat_map(|(c, code)| undocumented(c, code)).collect();
    assert_eq!(lacks, Vec::<String>::new());

    let code =
        "int set(int (*get)(void *context, size_t size),\n    const char *name, void *memory)";
    assert_eq!(parameters(code), ["get", "name", "memory"]);
    assert_eq!(parameters("int none(void)"), Vec::<&str>::new());
    assert_eq!(undocumented("Takes `get` and `name`. Returns 0.", code).len(), 1);
    assert_eq!(undocumented("Takes `get`, `name` and `memory`.", code).len(), 1);
}

/// What doxygen says about a header: nothing when everything in it is documented.
fn doxygen(header: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("doxygen");
    fs::create_dir_all(&folder).unwrap();
    let configuration = format!(
        "INPUT = {header}\nOUTPUT_DIRECTORY = {}\nGENERATE_LATEX = NO\nGENERATE_HTML = NO\n\
         GENERATE_XML = YES\nQUIET = YES\n",
        folder.display()
    );
    let mut child = Command::new("doxygen")
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("doxygen reads the headers; scripts/setup.sh test installs it");
    child.stdin.take().unwrap().write_all(configuration.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn doxygen_finds_everything_documented() {
    let header = root().join("include/linksdk_hal.h");
    assert_eq!(doxygen(header.to_str().unwrap()), "");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("undocumented");
    fs::create_dir_all(&folder).unwrap();
    let undocumented = folder.join("linksdk_hal.h");
    let text = fs::read_to_string(header).unwrap();
    let (before, documented) = text.split_once("int linksdk_clear_trust_anchors").unwrap();
    let (before, _) = before.rsplit_once("/**").unwrap();
    fs::write(&undocumented, format!("{before}int linksdk_clear_trust_anchors{documented}"))
        .unwrap();
    let said = doxygen(undocumented.to_str().unwrap());
    assert!(said.contains("linksdk_clear_trust_anchors"), "{said}");
}

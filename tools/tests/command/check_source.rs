//! What `check` finds in C sources, and what it says about who else can read a key.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::check::{check, codes, file, found, written};
use crate::folder::{self, run, text};

fn pem(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// One literal for each line, each ending in `end`.
fn literals(pem: &str, end: &str) -> String {
    pem.lines().map(|line| format!("    \"{line}{end}\"\n")).collect()
}

/// A source as the vendor documents it.
fn source(certificate: &str, key: &str) -> String {
    format!("const char *g_cli_crt =\n{certificate};\nconst char *g_cli_key =\n{key};\n")
}

#[test]
fn every_way_to_write_the_literals_is_read() {
    let folder = folder::empty("check-source");
    let (certificate, key) = (pem("dev-one.crt"), pem("dev-one.key"));
    let documented = source(&literals(&certificate, "\\r\\n"), &literals(&key, "\\r\\n"));
    let raw = format!("R\"pem({certificate})pem\"");
    let continued = |pem: &str| format!("\"{}\"", pem.trim_end().replace('\n', "\\n\\\n"));
    let octal = literals(&certificate, "\\15\\012").replace("BEGIN", "B\\105G\\x49\" \"N");
    let commented = documented.replace("\"\n", "\" /* \" ; */ // \" ;\n");
    for (name, text) in [
        ("documented", documented.clone()),
        ("crlf", documented.replace('\n', "\r\n")),
        (
            "arrays",
            documented
                .replace("*g_cli_crt", "g_cli_crt[]")
                .replace("*g_cli_key", "g_cli_key[4096]"),
        ),
        ("braces", documented.replace("=\n", "= {(\n").replace(";\n", ")};\n")),
        ("no-line-ends", source(&literals(&certificate, ""), &literals(&key, ""))),
        ("continued", source(&continued(&certificate), &continued(&key))),
        ("escapes", source(&octal, &literals(&key, "\\n"))),
        ("raw", source(&raw, &literals(&key, "\\n"))),
        ("comments", commented),
        (
            "old-one-removed",
            format!("#if 0\nconst char *g_cli_crt = \"old\";\n#endif\n{documented}"),
        ),
        (
            "other-names",
            format!("const char *my_g_cli_crt = \"x\";\nint g_cli_crt_len = 3;\n{documented}"),
        ),
        (
            "declared",
            format!("extern const char *g_cli_crt;\nextern const char *g_cli_key;\n{documented}"),
        ),
        ("apostrophe", format!("#error don't \" build this\nchar c = '\"';\n{documented}")),
        (
            "macro",
            format!(
                "#define CRT {}\n{}",
                continued(&certificate),
                source("CRT", &literals(&key, "\\n"))
            ),
        ),
    ] {
        let path = written(&folder, &format!("{name}.c"), &text);
        let (status, object) = check(&["--source", &path, "--strict"]);
        assert_eq!(status, 0, "{name}: {object:#}");
        assert_eq!(found(&object, "pair"), [("ok".to_owned(), None)], "{name}: {object:#}");
    }
}

#[test]
fn what_embed_writes_is_good() {
    let folder = folder::empty("check-embed");
    let out = folder.join("device.c");
    let (certificate, key, ca) =
        (file("dev-one.crt"), file("dev-one.key"), file("platform-ca.crt"));
    let embed = ["embed", "--cert", &certificate, "--key", &key, "--ca", &ca, "--out", text(&out)];
    assert!(run(&embed).status.success());
    let (status, object) = check(&["--source", text(&out), "--strict"]);
    assert_eq!(status, 0, "{object:#}");
    assert_eq!(found(&object, "root").len(), 1);
    // The files go before what the source defines.
    let other = file("dev-two.key");
    let (status, object) = check(&["--source", text(&out), "--key", &other]);
    assert_eq!((status, codes(&object, "problem")), (1, vec!["pair"]), "{object:#}");
}

#[test]
fn damage_in_a_source_is_found_where_it_is() {
    let folder = folder::empty("check-source-damage");
    let (certificate, key) =
        (literals(&pem("dev-one.crt"), "\\r\\n"), literals(&pem("dev-one.key"), "\\r\\n"));
    let good = source(&certificate, &key);
    // Line 1 declares g_cli_crt, line 2 holds BEGIN, line 3 the first base64.
    let line = |number: usize| good.lines().nth(number - 1).unwrap();
    let changed = |number: usize, to: &str| good.replacen(line(number), to, 1);
    let key_line = good.lines().position(|line| line.contains("g_cli_key")).unwrap() as u64 + 1;
    let table = [
        (
            "character",
            changed(4, &line(4).replacen(|one: char| one.is_ascii_digit(), "!", 1)),
            "problem",
            "pem-character",
            4,
        ),
        (
            "backslash-lost",
            changed(5, &line(5).replace("\\r\\n", "\\r\\\\n")),
            "problem",
            "pem-character",
            5,
        ),
        (
            "quote-lost",
            changed(6, line(6).trim_end_matches('"')),
            "problem",
            "source-open-literal",
            6,
        ),
        ("no-quotes", changed(7, &line(7).replace('"', "")), "problem", "source-not-literal", 7),
        (
            "escape",
            changed(3, &line(3).replace("\\r\\n", "\\r\\n\\q")),
            "warning",
            "source-escape",
            3,
        ),
        ("nul", changed(8, &line(8).replace("\\r\\n", "\\0")), "warning", "source-nul", 8),
        ("wide", changed(2, &line(2).replacen('"', "L\"", 1)), "problem", "source-wide-literal", 2),
        (
            "begin",
            changed(2, &line(2).replace("-----BEGIN", "----BEGIN")),
            "problem",
            "pem-dashes",
            2,
        ),
        ("no-semicolon", good.replacen(";\n", "\n", 1), "problem", "source-not-literal", key_line),
        ("null", source("NULL", &key), "problem", "source-null", 1),
        ("zero", source("0", &key), "problem", "source-null", 1),
        ("function", source("read_certificate()", &key), "problem", "source-not-literal", 2),
        (
            "twice",
            format!("{good}{good}"),
            "warning",
            "source-defined-twice",
            good.lines().count() as u64 + 1,
        ),
    ];
    for (name, text, verdict, code, line) in table {
        let path = written(&folder, &format!("{name}.c"), &text);
        let (_, object) = check(&["--source", &path]);
        let expected = (verdict.to_owned(), Some(line));
        assert!(found(&object, code).contains(&expected), "{name}: {object:#}");
    }
    let path = written(&folder, "nothing.c", "int main(void) { return 0; }\n");
    let (status, object) = check(&["--source", &path]);
    assert_eq!((status, codes(&object, "problem")), (1, vec!["source-undefined"; 2]), "{object:#}");
}

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", folder::complaint(&output));
}

#[test]
fn a_key_that_others_can_read_or_that_git_may_commit_is_told() {
    let folder = folder::empty("check-git");
    git(&folder, &["init", "--quiet"]);
    let key = written(&folder, "a [key].pem", pem("dev-one.key"));
    let verdict = |path: &str| {
        let (status, object) = check(&["--key", path]);
        assert_eq!(status, 0, "{object:#}");
        let found = found(&object, "key-in-git");
        (found.first().map(|one| one.0.clone()), codes(&object, "warning").len())
    };
    let (warning, ok) = (Some("warning".to_owned()), Some("ok".to_owned()));
    assert_eq!(verdict(&key), (warning.clone(), 1));
    std::fs::write(folder.join(".gitignore"), "*.pem\n").unwrap();
    assert_eq!(verdict(&key), (ok, 0));
    git(&folder, &["add", "--force", "a [key].pem"]);
    assert_eq!(verdict(&key), (warning.clone(), 1));
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(verdict(&key), (warning, 2));

    let source = source("NULL", &literals(&pem("dev-one.key"), "\\n"));
    let source = written(&folder, "device.c", &source);
    let (_, object) = check(&["--source", &source]);
    assert_eq!(found(&object, "key-in-git"), [("warning".to_owned(), None)]);
    // A certificate alone is no secret.
    let certificate = written(&folder, "device.crt", pem("dev-one.crt"));
    std::fs::set_permissions(&certificate, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (_, object) = check(&["--cert", &certificate]);
    assert_eq!(codes(&object, "warning"), Vec::<&str>::new());

    // Without git on the path there is nothing to say, and that is no error.
    let output = Command::new(env!("CARGO_BIN_EXE_linksdk-x509"))
        .args(["check", "--json", "--key", &key])
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!String::from_utf8(output.stdout).unwrap().contains("key-in-git"));
}

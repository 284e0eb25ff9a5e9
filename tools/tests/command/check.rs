//! What `check` finds in files, and where.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::folder::{self, pki, run, text};

/// The JSON object of `check`, and its exit status.
pub(crate) fn check(arguments: &[&str]) -> (i32, Value) {
    let mut all = vec!["check", "--json"];
    all.extend(arguments);
    let output = run(&all);
    let object = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", folder::complaint(&output)));
    (output.status.code().unwrap(), object)
}

/// The findings with this code: verdict and line.
pub(crate) fn found(object: &Value, code: &str) -> Vec<(String, Option<u64>)> {
    let findings = object["findings"].as_array().unwrap().iter();
    findings
        .filter(|one| one["code"] == code)
        .map(|one| (one["verdict"].as_str().unwrap().to_owned(), one["line"].as_u64()))
        .collect()
}

/// The codes of all findings with this verdict.
pub(crate) fn codes<'a>(object: &'a Value, verdict: &str) -> Vec<&'a str> {
    let findings = object["findings"].as_array().unwrap().iter();
    let with = findings.filter(|one| one["verdict"] == verdict);
    with.map(|one| one["code"].as_str().unwrap()).collect()
}

pub(crate) fn file(name: &str) -> String {
    text(&pki().join(name)).to_owned()
}

pub(crate) fn content(name: &str) -> String {
    std::fs::read_to_string(pki().join(name)).unwrap()
}

/// Writes a file that only its owner can read.
pub(crate) fn written(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    text(&path).to_owned()
}

pub(crate) fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", folder::complaint(&output));
}

/// The text with line `number` (from 1) changed.
pub(crate) fn with_line(text: &str, number: usize, change: impl Fn(&str) -> String) -> String {
    let lines = text.lines().enumerate();
    lines
        .map(|(at, line)| if at + 1 == number { change(line) } else { line.to_owned() } + "\n")
        .collect()
}

#[test]
fn good_files_have_no_problem_and_no_warning() {
    let (certificate, key, ca) =
        (file("dev-one.crt"), file("dev-one.key"), file("platform-ca.crt"));
    let (status, object) = check(&["--cert", &certificate, "--key", &key, "--ca", &ca, "--strict"]);
    assert_eq!((status, &object["verdict"]), (0, &Value::from("info")), "{object:#}");
    assert_eq!(found(&object, "pair"), [("ok".to_owned(), None)]);
    assert_eq!(found(&object, "root"), [("ok".to_owned(), Some(1))]);
    assert_eq!(object["format"], 1);
    assert_eq!(object["connection"], Value::Null);
    for alone in [["--cert", &certificate], ["--key", &key], ["--ca", &ca]] {
        assert_eq!(check(&alone).0, 0, "{alone:?}");
    }
    let output = run(&["check", "--cert", &certificate, "--key", &key]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.ends_with("result   This will work.\n"), "{printed}");
    assert!(output.stderr.is_empty());
}

#[test]
fn damage_to_a_certificate_is_found_where_it_is() {
    let folder = folder::empty("check-damage");
    let good = content("dev-one.crt");
    let lines = good.lines().count();
    let begin = "-----BEGIN CERTIFICATE-----";
    let end = "-----END CERTIFICATE-----";
    let replaced = |from: &str, to: &str| good.replacen(from, to, 1);
    let table: Vec<(&str, String, &str, usize)> = vec![
        ("no-end", replaced(end, ""), "pem-no-end", 1),
        ("cut", good[..good.len() / 2].to_owned(), "pem-no-end", 1),
        ("end-four-dashes", replaced(end, "----END CERTIFICATE-----"), "pem-dashes", lines),
        ("end-last-dashes", replaced(end, "-----END CERTIFICATE---"), "pem-dashes", lines),
        ("end-small", replaced(end, "-----end certificate-----"), "pem-dashes", lines),
        ("end-label", replaced(end, "-----END RSA PRIVATE KEY-----"), "pem-label", lines),
        ("begin-four-dashes", replaced(begin, "----BEGIN CERTIFICATE-----"), "pem-dashes", 1),
        ("begin-last-dashes", replaced(begin, "-----BEGIN CERTIFICATE----"), "pem-dashes", 1),
        (
            "begin-long-dashes",
            replaced("-----BEGIN", "\u{2013}\u{2013}\u{2013}BEGIN"),
            "pem-dashes",
            1,
        ),
        ("begin-missing", replaced(begin, ""), "pem-no-begin", lines),
        (
            "character",
            with_line(&good, 4, |line| format!("{}!{}", &line[..9], &line[10..])),
            "pem-character",
            4,
        ),
        ("backslash", with_line(&good, 5, |line| format!("{line}\\")), "pem-character", 5),
        (
            "padding",
            with_line(&good, 6, |line| format!("{}={}", &line[..20], &line[21..])),
            "pem-padding",
            6,
        ),
        ("short-line", with_line(&good, 7, |line| line[1..].to_owned()), "pem-length", 7),
        // With some lengths of certificates the base64 can still be decoded.
        (
            "long-line",
            with_line(&good, 2, |line| format!("A{line}")),
            "certificate-unreadable pem-length",
            2,
        ),
        ("empty-section", format!("{begin}\n{end}\n"), "pem-empty", 1),
        ("header", replaced("\n", "\nSubject: device\n\n"), "pem-header", 2),
        ("line-lost", with_line(&good, 8, |_| String::new()), "certificate-unreadable", 1),
        ("text-before-damage", format!("a\nb\n{}", replaced(end, "")), "pem-no-end", 3),
    ];
    for (name, text, codes, line) in table {
        let path = written(&folder, name, text);
        let (status, object) = check(&["--cert", &path]);
        assert_eq!(status, 1, "{name}: {object:#}");
        let expected = ("problem".to_owned(), Some(line as u64));
        let as_expected = |code: &str| found(&object, code).contains(&expected);
        assert!(codes.split(' ').any(as_expected), "{name}: {object:#}");
    }
    let column = with_line(&good, 4, |line| format!("{}!{}", &line[..9], &line[10..]));
    let (_, object) = check(&["--cert", &written(&folder, "column", column)]);
    let finding =
        object["findings"].as_array().unwrap().iter().find(|one| one["code"] == "pem-character");
    assert_eq!(finding.unwrap()["column"], 10);
    assert!(finding.unwrap()["cure"].is_string());
}

#[test]
fn what_the_library_tolerates_is_information_at_most() {
    let folder = folder::empty("check-untidy");
    let good = content("dev-one.crt");
    let body: String = good.lines().filter(|line| !line.starts_with("---")).collect();
    let long = format!("-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----");
    for (name, text, code) in [
        ("crlf", good.replace('\n', "\r\n"), None),
        ("long", long, Some("pem-untidy")),
        ("blanks", good.replace('\n', "  \n"), Some("pem-untidy")),
        ("before", format!("subject=x\n{good}"), Some("pem-text-around")),
        ("mark", format!("\u{feff}{good}"), Some("pem-byte-order-mark")),
        ("no-line-end", good.trim_end().to_owned(), None),
    ] {
        let path = written(&folder, name, text);
        let (status, object) = check(&["--cert", &path, "--key", &file("dev-one.key"), "--strict"]);
        assert_eq!((status, &object["verdict"]), (0, &Value::from("info")), "{name}: {object:#}");
        let untidy: Vec<_> =
            codes(&object, "info").into_iter().filter(|code| code.starts_with("pem-")).collect();
        assert_eq!(untidy, Vec::from_iter(code), "{name}");
    }
}

#[test]
fn other_things_than_a_certificate_or_a_key_are_named() {
    let folder = folder::empty("check-other");
    let section = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    let (certificate, key) = (file("dev-one.crt"), file("dev-one.key"));
    let der = text(&folder.join("der")).to_owned();
    openssl(&["x509", "-in", &certificate, "-outform", "der", "-out", &der]);
    let key_der = text(&folder.join("key.der")).to_owned();
    openssl(&["pkey", "-in", &key, "-outform", "der", "-out", &key_der]);
    let public = text(&folder.join("public")).to_owned();
    openssl(&["pkey", "-in", &key, "-pubout", "-out", &public]);
    let encrypted = text(&folder.join("encrypted")).to_owned();
    openssl(&["pkey", "-in", &key, "-aes128", "-passout", "pass:secret", "-out", &encrypted]);
    let old_encrypted = text(&folder.join("encrypted-old")).to_owned();
    openssl(&[
        "rsa",
        "-in",
        &key,
        "-traditional",
        "-aes128",
        "-passout",
        "pass:secret",
        "-out",
        &old_encrypted,
    ]);
    let utf16: Vec<u8> = content("dev-one.crt").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let openssh = written(&folder, "openssh", section("OPENSSH PRIVATE KEY"));
    let request = written(&folder, "request", section("CERTIFICATE REQUEST"));
    let putty = written(&folder, "putty", "PuTTY-User-Key-File-3: ssh-rsa\n");
    let utf16 = written(&folder, "utf16", utf16);
    let (empty, prose) = (written(&folder, "empty", ""), written(&folder, "prose", "hello\n"));
    let garbage = written(&folder, "garbage", section("RSA PRIVATE KEY"));
    for (option, path, code) in [
        ("--cert", &key, "swapped"),
        ("--key", &certificate, "swapped"),
        ("--cert", &der, "der"),
        ("--key", &key_der, "der"),
        ("--key", &public, "key-public"),
        ("--key", &encrypted, "key-encrypted"),
        ("--key", &old_encrypted, "key-encrypted"),
        ("--key", &openssh, "key-openssh"),
        ("--key", &putty, "key-putty"),
        ("--key", &garbage, "key-unreadable"),
        ("--cert", &request, "pem-other"),
        ("--cert", &utf16, "pem-utf16"),
        ("--cert", &empty, "empty"),
        ("--key", &prose, "pem-none"),
        ("--ca", &prose, "roots"),
    ] {
        let (status, object) = check(&[option, path]);
        assert_eq!(status, 1, "{code}: {object:#}");
        assert!(codes(&object, "problem").contains(&code), "{option} {path} {code}: {object:#}");
    }
}

#[test]
fn pairs_dates_and_chains_are_judged() {
    let folder = folder::empty("check-pairs");
    let (certificate, key) = (file("dev-one.crt"), file("dev-one.key"));
    let (status, object) = check(&["--cert", &certificate, "--key", &file("dev-two.key")]);
    assert_eq!((status, codes(&object, "problem")), (1, vec!["pair"]), "{object:#}");

    let expired = file("device-expired.crt");
    let (status, object) = check(&["--cert", &expired, "--key", &file("device-expired.key")]);
    assert_eq!((status, codes(&object, "problem")), (1, vec!["expired"]), "{object:#}");

    let ca = content("device-ca.crt");
    let chain = written(&folder, "chain", content("dev-one.crt") + &ca);
    let (status, object) =
        check(&["--cert", &chain, "--key", &key, "--ca", &file("device-ca.crt")]);
    assert_eq!((status, codes(&object, "warning")), (0, vec![]), "{object:#}");
    assert_eq!(found(&object, "chain"), [("ok".to_owned(), None)]);
    assert_eq!(found(&object, "chain-anchor"), [("ok".to_owned(), None)]);

    let order = written(&folder, "order", ca.clone() + &content("dev-one.crt"));
    let (status, object) = check(&["--cert", &order, "--key", &key]);
    assert_eq!(status, 1);
    assert_eq!(codes(&object, "problem"), ["chain-order"], "{object:#}");

    let gap = written(&folder, "gap", content("dev-one.crt") + &content("platform-ca.crt"));
    let (status, object) = check(&["--cert", &gap, "--key", &key]);
    assert_eq!((status, codes(&object, "warning")), (0, vec!["chain-gap"]), "{object:#}");
    assert_eq!(check(&["--cert", &gap, "--key", &key, "--strict"]).0, 1);

    let twice = written(&folder, "twice", content("dev-one.crt") + &content("dev-one.crt"));
    let (_, object) = check(&["--cert", &twice, "--key", &key]);
    assert_eq!(codes(&object, "warning"), ["chain-twice"], "{object:#}");
}

#[test]
fn roots_are_listed_with_their_end() {
    let certs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../certs");
    let root = |name: &str| text(&certs.join(format!("globalsign-root-{name}.pem"))).to_owned();
    let (r1, r6) = (root("r1"), root("r6"));
    let (status, object) = check(&["--ca", &r1]);
    assert_eq!(status, 0);
    assert_eq!(codes(&object, "warning"), ["platform-root-2028"], "{object:#}");
    let (_, object) = check(&["--ca", &r1, "--ca", &r6]);
    assert_eq!(codes(&object, "warning"), Vec::<&str>::new(), "{object:#}");
    assert_eq!(found(&object, "platform-root-2028"), [("info".to_owned(), None)]);
    assert_eq!(found(&object, "root").len(), 2);

    let folder = folder::empty("check-roots");
    let damaged = content("platform-ca.crt").replace("-----END CERTIFICATE-----", "");
    let bundle = written(&folder, "bundle", content("platform-ca.crt") + &damaged);
    let (status, object) = check(&["--ca", &bundle]);
    assert_eq!((status, codes(&object, "warning")), (0, vec!["pem-no-end"]), "{object:#}");
    let (status, object) = check(&["--ca", &file("server-expired.crt")]);
    assert_eq!((status, codes(&object, "problem")), (1, vec!["roots-expired"]), "{object:#}");
    assert!(codes(&object, "warning").contains(&"root-not-ca"));
}

#[test]
fn files_that_cannot_be_read_are_told_from_problems() {
    let (status, object) = check(&["--cert", "/nonexistent/device.crt"]);
    assert_eq!((status, codes(&object, "untried")), (3, vec!["unreadable"]), "{object:#}");
    let (status, object) =
        check(&["--cert", "/nonexistent/device.crt", "--key", &file("dev-one.crt")]);
    assert_eq!((status, codes(&object, "untried")), (1, vec!["unreadable"]));
    for wrong in
        [&["check"][..], &["check", "--json"], &["check", "--connect", "::1"], &["check", "--cert"]]
    {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

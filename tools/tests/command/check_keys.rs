//! Kinds of keys for each engine, and that none is ever printed.

use std::path::Path;

use crate::check::{check, codes, content, file, openssl, with_line, written};
use crate::folder::{self, run, text};

/// Makes a self-signed certificate and its key with openssl.
fn made(folder: &Path, name: &str, further: &[&str]) -> (String, String) {
    let path = |suffix: &str| text(&folder.join(format!("{name}.{suffix}"))).to_owned();
    let (certificate, key) = (path("crt"), path("key"));
    let mut arguments = vec!["req", "-x509", "-noenc", "-subj", "/CN=device"];
    arguments.extend(["-keyout", &key, "-out", &certificate]);
    arguments.extend(further);
    openssl(&arguments);
    (certificate, key)
}

#[test]
fn kinds_of_keys_and_signatures_are_judged_for_each_engine() {
    let folder = folder::empty("check-kinds");
    let curve = |name: &'static str| vec!["-newkey", "ec", "-pkeyopt", name];
    let p256 = curve("ec_paramgen_curve:P-256");
    let p384 = curve("ec_paramgen_curve:P-384");
    let p521 = curve("ec_paramgen_curve:P-521");
    for (name, arguments, engine, verdict, code) in [
        ("p256", p256.clone(), "rustls", "ok", "key-type"),
        ("p384", p384, "mbedtls", "ok", "key-type"),
        ("p521", p521.clone(), "rustls", "problem", "key-type"),
        ("p521-mbedtls", p521, "mbedtls", "warning", "key-type"),
        ("ed25519", vec!["-newkey", "ed25519"], "rustls", "warning", "key-type"),
        ("ed25519-mbedtls", vec!["-newkey", "ed25519"], "mbedtls", "problem", "key-type"),
        ("rsa1024", vec!["-newkey", "rsa:1024"], "rustls", "problem", "key-type"),
        ("sha1", vec!["-newkey", "rsa:2048", "-sha1"], "rustls", "warning", "signature-weak"),
        ("soon", [p256.clone(), vec!["-days", "20"]].concat(), "rustls", "warning", "expires-soon"),
        (
            "server-only",
            [p256.clone(), vec!["-addext", "extendedKeyUsage=serverAuth"]].concat(),
            "rustls",
            "warning",
            "certificate-usage",
        ),
    ] {
        let (certificate, key) = made(&folder, name, &arguments);
        let (status, object) = check(&["--cert", &certificate, "--key", &key, "--engine", engine]);
        assert_eq!(status, i32::from(verdict == "problem"), "{name}: {object:#}");
        assert!(codes(&object, verdict).contains(&code), "{name}: {object:#}");
        // Keys that the library cannot use still say to whom they belong.
        if name != "ed25519-mbedtls" {
            assert!(!codes(&object, "problem").contains(&"pair"), "{name}: {object:#}");
        }
    }
    let (_, other) = made(&folder, "rsa1024-other", &["-newkey", "rsa:1024"]);
    let small = text(&folder.join("rsa1024.crt")).to_owned();
    let (_, object) = check(&["--cert", &small, "--key", &other]);
    assert!(codes(&object, "problem").contains(&"pair"), "{object:#}");
}

#[test]
fn nothing_that_is_printed_holds_key_material() {
    let folder = folder::empty("check-secret");
    let key = content("dev-one.key");
    let lines: Vec<&str> = key.lines().collect();
    let damaged = [
        key.replace("-----END RSA PRIVATE KEY-----", ""),
        with_line(&key, 5, |line| format!("{}!{}", &line[..30], &line[31..])),
        with_line(&key, 9, |line| line[1..].to_owned()),
        lines[1..].join("\n"),
        format!("const char *g_cli_key = {key};\n"),
        format!("const char *g_cli_key = \"{}\n{}\";\n", lines[0], lines[1..].join("\\n\n")),
    ];
    for (number, text) in damaged.into_iter().enumerate() {
        let path = written(&folder, &number.to_string(), text);
        for option in ["--key", "--cert", "--ca", "--source"] {
            let output = run(&["check", option, &path, "--cert", &file("dev-one.crt")]);
            let other = run(&["check", option, &path]);
            let json = run(&["check", "--json", option, &path]);
            let all =
                [output.stdout, output.stderr, other.stdout, other.stderr, json.stdout].concat();
            let all = String::from_utf8(all).unwrap();
            for line in lines.iter().filter(|line| !line.starts_with('-')) {
                for part in [&line[..8], &line[line.len() / 2..][..8]] {
                    assert!(!all.contains(part), "{option} {number}: {all}");
                }
            }
        }
    }
}

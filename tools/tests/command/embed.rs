//! The C file that `embed` writes.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folder::{self, complaint, pki, run, text};

fn file(name: &str) -> String {
    text(&pki().join(name)).to_owned()
}

fn embed(certificate: &str, key: &str, out: &Path, further: &[&str]) -> std::process::Output {
    let mut arguments = vec!["embed", "--cert", certificate, "--key", key, "--out", text(out)];
    arguments.extend(further);
    run(&arguments)
}

/// Prints what the variables hold, between markers.
const PRINT: &str = r#"
#include <stdio.h>
#ifdef __cplusplus
extern "C" {
#endif
extern const char *g_cli_crt;
extern const char *g_cli_key;
extern const char *iotx_ca_crt;
#ifdef __cplusplus
}
#endif
int main(void) { printf("%s=%s=%s", g_cli_crt, g_cli_key, iotx_ca_crt); return 0; }
"#;

fn compile_and_run(folder: &Path, compiler: &[&str], suffix: &str) -> Option<String> {
    let print = folder.join(format!("print.{suffix}"));
    let credentials = folder.join(format!("device.{suffix}"));
    std::fs::write(&print, PRINT).unwrap();
    let written = std::fs::read(folder.join("device.c")).unwrap();
    std::fs::write(&credentials, written).unwrap();
    let program = folder.join(format!("print-{suffix}"));
    let (command, arguments) = compiler.split_first().unwrap();
    let compiled = Command::new(command)
        .args(arguments)
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-o", text(&program)])
        .args([text(&print), text(&credentials)])
        .output();
    let compiled = match compiled {
        Ok(output) => output,
        // A machine without a C++ compiler is not at fault.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("{error}"),
    };
    assert!(compiled.status.success(), "{}", complaint(&compiled));
    Some(String::from_utf8(Command::new(program).output().unwrap().stdout).unwrap())
}

#[test]
fn c_and_cpp_programs_find_the_files_again() {
    let folder = folder::empty("embed");
    let out = folder.join("device.c");
    let (certificate, key, ca) =
        (file("dev-one.crt"), file("dev-one.key"), file("platform-ca.crt"));
    let output = embed(&certificate, &key, &out, &["--ca", &ca]);
    assert!(output.status.success(), "{}", complaint(&output));
    assert!(complaint(&output).contains("private key. Do not commit it"));
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);

    let crlf = |path: &str| std::fs::read_to_string(path).unwrap().replace('\n', "\r\n");
    let expected = format!("{}={}={}", crlf(&certificate), crlf(&key), crlf(&ca));
    assert_eq!(compile_and_run(&folder, &["gcc", "-std=c99"], "c").unwrap(), expected);
    if let Some(printed) = compile_and_run(&folder, &["g++"], "cc") {
        assert_eq!(printed, expected);
    }

    let refused = embed(&certificate, &key, &out, &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("--force"));
    assert!(embed(&certificate, &key, &out, &["--force"]).status.success());
    assert!(!std::fs::read_to_string(&out).unwrap().contains("iotx_ca_crt"));
}

/// Writes `content` to a file of the folder and returns its path.
fn written(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn pem_as_people_paste_it_is_taken() {
    let folder = folder::empty("embed-forms");
    let plain = std::fs::read_to_string(file("dev-one.crt")).unwrap();
    let key = file("dev-one.key");
    let expected = folder.join("expected.c");
    assert!(embed(&file("dev-one.crt"), &key, &expected, &[]).status.success());
    let expected = std::fs::read_to_string(expected).unwrap();
    let body: String = plain.lines().filter(|line| !line.starts_with("---")).collect();
    for (name, form) in [
        ("crlf", plain.replace('\n', "\r\n")),
        ("long", format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")),
        ("no-break", format!("-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----")),
        ("spaces", plain.replace('\n', "  \n")),
        ("text-before", format!("subject=device\nsome text\n{plain}")),
    ] {
        let certificate = written(&folder, name, &form);
        let out = folder.join(format!("{name}.c"));
        let output = embed(text(&certificate), &key, &out, &[]);
        assert!(output.status.success(), "{name}: {}", complaint(&output));
        assert_eq!(std::fs::read_to_string(out).unwrap(), expected, "{name}");
    }
    let chain = written(
        &folder,
        "chain",
        &(plain + &std::fs::read_to_string(file("device-ca.crt")).unwrap()),
    );
    let out = folder.join("chain.c");
    assert!(embed(text(&chain), &key, &out, &[]).status.success());
    assert_eq!(std::fs::read_to_string(out).unwrap().matches("BEGIN CERTIFICATE").count(), 2);
}

#[test]
fn what_cannot_work_is_refused_with_a_sentence() {
    let folder = folder::empty("embed-refusals");
    let out = folder.join("device.c");
    let encrypted = written(
        &folder,
        "encrypted.key",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n\
         AAAA\n-----END RSA PRIVATE KEY-----\n",
    );
    let encrypted_pkcs8 = written(
        &folder,
        "encrypted8.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let empty = written(&folder, "empty.pem", "");
    let damaged = written(
        &folder,
        "damaged.crt",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let (certificate, key) = (file("dev-one.crt"), file("dev-one.key"));
    for (certificate, key, expected) in [
        (certificate.as_str(), file("dev-two.key").as_str(), "does not belong"),
        (&certificate, text(&encrypted), "encrypted"),
        (&certificate, text(&encrypted_pkcs8), "encrypted"),
        (&certificate, &certificate, "no private key"),
        (&key, &key, "no certificate"),
        (text(&empty), &key, "no certificate"),
        (text(&damaged), &key, "copied whole"),
        ("/nonexistent", &key, "/nonexistent"),
    ] {
        let output = embed(certificate, key, &out, &[]);
        assert_eq!(output.status.code(), Some(1), "{expected}");
        assert!(complaint(&output).contains(expected), "{expected}: {}", complaint(&output));
        assert!(!out.exists());
    }
}

#[test]
fn an_expired_certificate_is_embedded_with_a_warning() {
    let folder = folder::empty("embed-expired");
    let out = folder.join("device.c");
    let output = embed(&file("device-expired.crt"), &file("device-expired.key"), &out, &[]);
    assert!(output.status.success(), "{}", complaint(&output));
    assert!(complaint(&output).contains("expired on 2021-01-01"), "{}", complaint(&output));
}

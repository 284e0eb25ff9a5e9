//! The folder that `pki` writes.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use x509_cert::Certificate;
use x509_cert::der::DecodePem;

use crate::folder::{self, PRODUCT_KEY};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn certificate(name: &str) -> Certificate {
    let pem = std::fs::read(folder::pki().join(format!("{name}.crt"))).unwrap();
    Certificate::from_pem(pem).unwrap()
}

#[test]
fn every_file_is_there_and_private() {
    let pairs = [
        "server-rsa",
        "server-ecdsa",
        "dev-one",
        "dev-two",
        "device",
        "server-expired",
        "server-wrong-name",
        "server-unknown-ca",
        "device-unknown-ca",
        "device-expired",
        "device-unknown",
    ];
    let mut expected: Vec<String> =
        pairs.iter().flat_map(|name| [format!("{name}.crt"), format!("{name}.key")]).collect();
    expected.extend(["platform-ca.crt", "device-ca.crt", "devices.json"].map(str::to_owned));
    expected.sort();
    let mut found: Vec<String> = std::fs::read_dir(folder::pki())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, expected);
    for name in found {
        assert_eq!(mode(&folder::pki().join(&name)), 0o600, "{name}");
    }
}

#[test]
fn device_certificates_are_like_the_platforms() {
    let key = std::fs::read_to_string(folder::pki().join("dev-one.key")).unwrap();
    assert!(key.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"), "{}", &key[..40]);
    let content = certificate("dev-one").tbs_certificate;
    assert_eq!(content.validity.not_after.to_date_time().year(), 2119);
    let subject = content.subject.to_string();
    assert!(!subject.contains("dev-one") && !subject.contains(PRODUCT_KEY), "{subject}");
    let expired = certificate("device-expired").tbs_certificate;
    assert_eq!(expired.validity.not_before.to_date_time().year(), 2020);
    let (rsa, expired) = (certificate("server-rsa"), certificate("server-expired"));
    assert_ne!(rsa.tbs_certificate.serial_number, expired.tbs_certificate.serial_number);
}

#[test]
fn devices_json_names_the_devices_only() {
    let text = std::fs::read(folder::pki().join("devices.json")).unwrap();
    let devices: serde_json::Map<String, Value> = serde_json::from_slice(&text).unwrap();
    let mut names: Vec<_> =
        devices.values().map(|one| one["deviceName"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["dev-one", "dev-two"]);
    for (fingerprint, device) in &devices {
        assert_eq!(fingerprint.len(), 64);
        assert_eq!(device["productKey"], PRODUCT_KEY);
    }
    let first = |name: &str| std::fs::read(folder::pki().join(name)).unwrap();
    assert_eq!(first("device.crt"), first("dev-one.crt"));
}

#[test]
fn certificates_are_replaced_only_with_force_and_keys_may_be_ecdsa() {
    let folder = folder::empty("pki-ecdsa").join("made/here");
    let out = folder::text(&folder);
    let arguments = ["pki", "--out", out, "--key-type", "ecdsa", "--host", "extra.example"];
    assert!(folder::run(&arguments).status.success());
    assert_eq!(mode(&folder), 0o700);
    let key = std::fs::read_to_string(folder.join("device.key")).unwrap();
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let server = std::fs::read(folder.join("server-rsa.crt")).unwrap();
    let der = pem::parse(&server).unwrap().into_contents();
    assert!(der.windows(13).any(|name| name == b"extra.example"));

    let refused = folder::run(&arguments);
    assert_eq!(refused.status.code(), Some(1));
    assert!(folder::complaint(&refused).contains("--force"));
    assert_eq!(std::fs::read(folder.join("server-rsa.crt")).unwrap(), server);
    let mut forced = arguments.to_vec();
    forced.push("--force");
    let output = folder::run(&forced);
    assert!(output.status.success());
    assert_ne!(std::fs::read(folder.join("server-rsa.crt")).unwrap(), server);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.lines().skip(1).all(|line| line.len() <= 80), "{table}");
}

#[test]
fn names_that_cannot_be_are_wrong_arguments() {
    let folder = folder::empty("pki-names");
    let out = folder::text(&folder);
    let long = "x".repeat(33);
    for name in ["../up", "server-rsa", "device-ca", "", ".hidden", &long, "a/b", "a+b"] {
        let output = folder::run(&["pki", "--out", out, "--device", name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
    let output = folder::run(&["pki", "--out", out, "--device", "one", "--device", "one"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(folder::complaint(&output).contains("twice"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

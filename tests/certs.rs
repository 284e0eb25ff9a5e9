//! The platform's roots: the files, the table in `certs/README.md` and `iotx_ca_crt` say the same.
#![cfg(all(feature = "sdk", feature = "engine-rustls"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

// Links the library, which defines `iotx_ca_crt`.
use linksdk_hal as _;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// SHA-256 of the certificate in hexadecimal, and the day on which it ends.
type Facts = (String, String);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("certs")
}

fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).map(Result::unwrap).collect()
}

/// The end of the validity. RFC 5280 writes dates before 2050 as UTCTime, `YYMMDDhhmmssZ`.
fn last_day(certificate: &[u8]) -> String {
    let validity = certificate
        .windows(32)
        .find(|bytes| bytes.starts_with(&[0x30, 30, 0x17, 13]) && bytes[17..19] == [0x17, 13])
        .expect("a validity of two UTCTimes");
    let text = std::str::from_utf8(&validity[19..25]).unwrap();
    format!("20{}-{}-{}", &text[..2], &text[2..4], &text[4..])
}

fn facts(certificate: &CertificateDer<'_>) -> Facts {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    let hexadecimal = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    (hexadecimal, last_day(certificate))
}

fn files() -> BTreeMap<String, Facts> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "pem") {
            let held = certificates(&std::fs::read(&path).unwrap());
            assert_eq!(held.len(), 1, "{}", path.display());
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.insert(name, facts(&held[0]));
        }
    }
    found
}

#[test]
fn the_table_matches_the_files() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let table: BTreeMap<String, Facts> = readme
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let name = cells.get(1)?.strip_suffix(".pem")?;
            let fingerprint = cells.get(3)?.trim_matches('`').to_owned();
            Some((format!("{name}.pem"), (fingerprint, (*cells.get(4)?).to_owned())))
        })
        .collect();
    assert_eq!(table, files());
    assert_eq!(table.len(), 5);
}

#[test]
fn iotx_ca_crt_holds_exactly_these_roots_and_each_is_a_trust_anchor() {
    unsafe extern "C" {
        static iotx_ca_crt: *const std::ffi::c_char;
    }
    // SAFETY: the shim defines it as a C string, and nothing assigns it in this process.
    let text = unsafe { std::ffi::CStr::from_ptr(iotx_ca_crt) };
    let held = certificates(text.to_bytes());
    let (mut store, mut expected) = (RootCertStore::empty(), files());
    for certificate in held {
        let found = facts(&certificate);
        expected.retain(|_, facts| *facts != found);
        store.add(certificate).unwrap();
    }
    assert!(expected.is_empty(), "missing: {expected:?}");
    assert_eq!(store.len(), 5);
}

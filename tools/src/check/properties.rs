//! Nothing that a file can hold makes the check panic, and what it says fits what the library does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::OnceLock;

use linksdk_hal::tls::{configuration, credentials, pem};
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::c_source::{AUTHORITIES, CERTIFICATE, KEY, Source};
use super::finding::{Report, Verdict};
use super::text::Text;
use super::{Engine, authorities, chain, pair, pem_check, pem_scan};
use crate::certificates::{Authority, Key, KeyType, Validity};

/// A certificate and its key, PEM.
fn device() -> &'static (String, String) {
    static DEVICE: OnceLock<(String, String)> = OnceLock::new();
    DEVICE.get_or_init(|| {
        let authority = Authority::generate("CA", KeyType::Ecdsa).unwrap();
        let issued =
            authority.device(&Key::generate(KeyType::Ecdsa).unwrap(), Validity::Long).unwrap();
        (issued.pem(), issued.key.pem().to_owned())
    })
}

fn text(bytes: &[u8]) -> Text {
    Text::of_file("x".to_owned(), Zeroizing::new(bytes.to_vec()))
}

/// Everything that is done to a file, in each role.
fn check_all(bytes: &[u8]) -> Report {
    let mut report = Report::default();
    let text = text(bytes);
    let (certificate, key) = device();
    let good = (self::text(certificate.as_bytes()), self::text(key.as_bytes()));
    for engine in [Engine::Rustls, Engine::Mbedtls] {
        let first = pair::check(Some(&text), Some(&good.1), engine, &mut report);
        pair::check(Some(&good.0), Some(&text), engine, &mut report);
        pair::check(Some(&text), Some(&text), engine, &mut report);
        let roots = authorities::check(&[&text, &good.0], &mut report);
        chain::check(&text, &first, &roots, &mut report);
    }
    Source::of("x", bytes, &[CERTIFICATE, KEY, AUTHORITIES], &mut report);
    report
}

/// A text with some bytes replaced, removed, inserted or repeated.
fn mutated(text: String) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0_u8..5, any::<u8>(), 1_usize..80);
    prop::collection::vec(change, 0..6).prop_map(move |changes| {
        let mut bytes = text.clone().into_bytes();
        for (at, kind, byte, length) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            match kind {
                0 if at < bytes.len() => drop(bytes.splice(at..=at, [byte])),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.insert(at, byte),
                3 => bytes.truncate(at),
                _ => {
                    let part: Vec<u8> = bytes.iter().take(end).skip(at).copied().collect();
                    drop(bytes.splice(at..at, part));
                }
            }
        }
        bytes
    })
}

fn mutated_pem() -> impl Strategy<Value = Vec<u8>> {
    let (certificate, key) = device();
    prop_oneof![
        mutated(certificate.clone()),
        mutated(key.clone()),
        mutated(format!("{certificate}{key}{certificate}")),
        mutated("-----BEGIN X-----\nAAAA\n-----END X-----\n".repeat(3)),
    ]
}

/// C as firmware has it, with the certificate and the key as literals.
fn mutated_source() -> impl Strategy<Value = Vec<u8>> {
    let literals = |pem: &str| pem.lines().map(|line| format!("\"{line}\\r\\n\"\n")).collect();
    let (certificate, key): (String, String) = (literals(&device().0), literals(&device().1));
    prop_oneof![
        mutated(format!(
            "const char *g_cli_crt = {certificate};\n/* */ char g_cli_key[] = {key};\n"
        )),
        mutated(format!("#define C {certificate}\n#if 0\n#else\ng_cli_crt = {{ C }};\n#endif\n")),
        mutated(format!("char *iotx_ca_crt = R\"x({})x\" \"\\x41\\101\\u00e4\";\n", device().0)),
        "([\"'\\\\/*#=;{}()\n LRu80x-]|g_cli_crt|g_cli_key|define|if|endif|NULL){0,60}"
            .prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check_all(&bytes);
    }

    #[test]
    fn mutated_pem_is_judged_as_the_library_does(bytes in mutated_pem()) {
        check_all(&bytes);
        let sections = pem_scan::sections(&bytes);
        let read = pem::sections(&bytes);
        prop_assert_eq!(sections.len(), read.len());
        for (mine, its) in sections.iter().zip(&read) {
            prop_assert_eq!(&mine.label, &its.label);
            let start = bytes.get(mine.begin..).unwrap_or_default();
            let begin = format!("-----BEGIN {}-----", its.label);
            prop_assert!(start.starts_with(begin.as_bytes()));
        }
        // A problem is what makes the library refuse, and nothing that it refuses goes unnoticed.
        let (certificate, key) = device();
        let text = text(&bytes);
        let mut report = Report::default();
        pair::check(Some(&text), Some(&self::text(key.as_bytes())), Engine::Rustls, &mut report);
        let pem = credentials::PrivateKey::pem(key.as_bytes());
        let taken = credentials::read(Some(&bytes), Some(&pem)).is_ok_and(|read| {
            read.is_some_and(|read| configuration::check_credentials(&read).is_ok())
        });
        prop_assert_eq!(report.worst() < Verdict::Problem, taken, "{:#?}", report);
        let mut report = Report::default();
        pair::check(Some(&self::text(certificate.as_bytes())), Some(&text), Engine::Rustls, &mut report);
        let pem = credentials::PrivateKey::pem(&bytes);
        let taken = credentials::read(Some(certificate.as_bytes()), Some(&pem)).is_ok_and(|read| {
            read.is_some_and(|read| configuration::check_credentials(&read).is_ok())
        });
        prop_assert_eq!(report.worst() < Verdict::Problem, taken, "{:#?}", report);
        // The same for a bundle; the library leaves dates to the handshake.
        let mut report = Report::default();
        authorities::check(&[&text], &mut report);
        report.findings.retain(|one| one.code != "roots-expired");
        let taken = configuration::check_anchors(&bytes).is_ok();
        prop_assert_eq!(report.worst() < Verdict::Problem, taken, "{:#?}", report);
    }

    #[test]
    fn places_lie_within_the_text(bytes in mutated_pem()) {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
        let mut report = Report::default();
        for role in [pem_check::Role::Certificate, pem_check::Role::Key, pem_check::Role::Authorities] {
            pem_check::check(&text(&bytes), role, &mut report);
        }
        for finding in report.findings {
            let line = finding.place.position.map_or(1, |(line, _)| line);
            prop_assert!((1..=lines).contains(&line));
        }
    }

    #[test]
    fn arbitrary_c_is_judged(bytes in mutated_source()) {
        check_all(&bytes);
        let mut report = Report::default();
        let source = Source::of("x.c", &bytes, &[], &mut report);
        pair::check(source.certificate.as_ref(), source.key.as_ref(), Engine::Rustls, &mut report);
    }
}

//! What `linksdk-x509 check` reads: C sources with literals, PEM in them and in files, and keys in DER. Its
//! modules are compiled from the command's own sources.
#![no_main]
#![allow(dead_code, unused_imports, reason = "the command uses more of these modules")]

#[path = "../../tools/src/failure.rs"]
mod failure;
#[path = "../../tools/src/files.rs"]
mod files;

#[path = "../../tools/src/check"]
mod check {
    pub mod c_lexer;
    pub mod c_source;
    pub mod codes;
    pub mod finding;
    pub mod key;
    pub mod pem_check;
    pub mod pem_other;
    pub mod pem_scan;
    pub mod text;
}

use check::c_source::{AUTHORITIES, CERTIFICATE, KEY, Source};
use check::finding::Report;
use check::key::PrivateKey;
use check::pem_check::{self, Role};
use check::pem_scan;
use check::text::Text;
use libfuzzer_sys::fuzz_target;
use linksdk_hal::tls::pem;
use zeroize::Zeroizing;

/// What is done to a text that may be PEM.
fn judge(text: &Text, report: &mut Report) {
    for role in [Role::Certificate, Role::Key, Role::Authorities] {
        for section in pem_check::check(text, role, report) {
            assert!(section.begin <= section.body.start && section.body.end <= section.end);
            assert!(section.end <= text.bytes.len());
            if let Ok(der) = &section.der {
                let _ = PrivateKey::read(&section.label, der);
            }
        }
    }
    // It sees the sections that the library sees.
    let mine = pem_scan::sections(&text.bytes).into_iter().map(|section| section.label);
    assert!(mine.eq(pem::sections(&text.bytes).into_iter().map(|section| section.label)));
}

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    let mut report = Report::default();
    let source = Source::of("x.c", bytes, &[CERTIFICATE, KEY, AUTHORITIES], &mut report);
    for text in [source.certificate, source.key, source.authorities].into_iter().flatten() {
        judge(&text, &mut report);
    }
    judge(&Text::of_file("x".to_owned(), Zeroizing::new(bytes.to_vec())), &mut report);
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        let _ = PrivateKey::read(label, bytes);
    }
    for finding in report.findings {
        let line = finding.place.position.map_or(1, |(line, _)| line);
        assert!((1..=lines).contains(&line), "{finding:?}");
    }
});

//! The device's certificate and key: each by itself, and whether they belong together.

use std::time::SystemTime;

use linksdk_hal::error::ErrorKind;
use linksdk_hal::tls::certificate::Position;
use linksdk_hal::tls::{configuration, credentials};

use super::certificate::Certificate;
use super::finding::{Report, Verdict};
use super::key::{KeyType, PrivateKey};
use super::pem_check::{self, Role};
use super::text::Text;
use super::{Engine, state};

/// The year from which X.509 writes dates in another form (RFC 5280 section 4.1.2.5), 2050, in
/// seconds since 1970.
const YEAR_2050: u64 = 2_524_608_000;

/// Checks what is given of the two. Returns the certificates, the device's own first.
pub(crate) fn check(
    certificate: Option<&Text>,
    key: Option<&Text>,
    engine: Engine,
    report: &mut Report,
) -> Vec<Certificate> {
    let chain = certificate.map(|text| read_chain(text, report)).unwrap_or_default();
    if let (Some(text), Some(own)) = (certificate, chain.first()) {
        check_own(text, own, engine, report);
    }
    let private = key.and_then(|text| read_key(text, engine, report));
    if let (Some(certificate), Some(key)) = (certificate, key) {
        check_together(certificate, key, &chain, private.as_ref(), engine, report);
    }
    chain
}

fn read_chain(text: &Text, report: &mut Report) -> Vec<Certificate> {
    let mut chain = Vec::new();
    for section in pem_check::check(text, Role::Certificate, report) {
        let Ok(der) = &section.der else { continue };
        match Certificate::read(der) {
            Ok(certificate) => chain.push(certificate),
            Err(clause) => {
                // The library does not look into further certificates; the server does.
                let verdict = if chain.is_empty() { Verdict::Problem } else { Verdict::Warning };
                let (place, line) = pem_check::suspect(text, &section);
                report.add(
                    verdict,
                    "certificate-unreadable",
                    &place,
                    format!("certificate {} of the file {clause}{line}", chain.len() + 1),
                    "it was altered or cut: copy it again from where it was issued",
                );
                if chain.is_empty() {
                    return chain;
                }
            }
        }
    }
    chain
}

/// The device's own certificate.
fn check_own(text: &Text, own: &Certificate, engine: Engine, report: &mut Report) {
    let place = text.whole();
    report.info(
        "certificate",
        &place,
        format!(
            "certificate of {}, issued by {}, {}, {}",
            own.subject(),
            own.read.issuer,
            own.key,
            own.signature.name()
        ),
    );
    check_key_type(text, &own.key, "certificate", engine, report);
    check_dates(text, own, report);
    if own.signature.is_broken() {
        report.warning(
            "signature-weak",
            &place,
            format!("is signed by {}, which servers of today refuse", own.signature.name()),
            "have it issued again, signed with SHA-256",
        );
    }
    if own.version < 3 {
        report.warning(
            "certificate-version",
            &place,
            format!(
                "is an X.509 version {} certificate; the library sends it, not every server \
                     takes it",
                own.version
            ),
            "have it issued as version 3",
        );
    }
    if own.is_ca == Some(true) {
        report.warning(
            "certificate-is-ca",
            &place,
            "the first certificate is a CA's own, not a device's",
            "put the device's own certificate first, its issuers behind it",
        );
    }
    if !own.for_clients {
        report.warning(
            "certificate-usage",
            &place,
            "its extended key usage does not include TLS client authentication; servers refuse it",
            "have it issued with clientAuth, or without that extension",
        );
    }
}

fn check_dates(text: &Text, own: &Certificate, report: &mut Report) {
    let (place, now) = (text.whole(), SystemTime::now());
    let (begins, ends) = (own.begins(), own.ends());
    match own.position(now) {
        Position::After => report.problem(
            "expired",
            &place,
            format!("expired on {ends}"),
            "have a new certificate issued; if it should be valid, check this machine's clock",
        ),
        Position::Before => report.problem(
            "not-yet-valid",
            &place,
            format!("is valid from {begins} only"),
            "check this machine's clock, and whether devices set theirs before they connect",
        ),
        Position::Within => match own.read.ends_soon(now) {
            Some(days) => report.warning(
                "expires-soon",
                &place,
                format!("expires on {ends}, in {days} days"),
                "replace it while the device can still connect",
            ),
            None => report.ok("dates", &place, format!("valid from {begins} to {ends}")),
        },
    }
    if own.lasts_beyond(YEAR_2050) {
        report.info(
            "dates-after-2050",
            &place,
            "ends after 2050, as the platform's do: the library reads such dates, on 32-bit, too",
        );
    }
}

fn check_key_type(text: &Text, kind: &KeyType, what: &str, engine: Engine, report: &mut Report) {
    let place = text.whole();
    let cure = "RSA with 2048 bits is what the platform issues; have a new pair issued";
    let mut say = |verdict, clause: &str| {
        report.add(verdict, "key-type", &place, format!("{what} with {kind}: {clause}"), cure);
    };
    match (kind, engine) {
        (KeyType::Rsa { bits: ..2048 }, _) => {
            say(Verdict::Problem, "too small, at least 2048 bits are needed");
        }
        (KeyType::Rsa { bits: 4097.. }, Engine::Rustls) => {
            say(Verdict::Problem, "the engine rustls takes 2048 to 4096 bits");
        }
        (KeyType::Rsa { bits: 4097.. }, Engine::Mbedtls) => {
            say(Verdict::Warning, "tested with 2048 to 4096 bits; a handshake takes long");
        }
        (KeyType::Rsa { .. }, _) => report.ok("key-type", &place, format!("{what} with {kind}")),
        (KeyType::Ec("P-256" | "P-384"), _) => {
            report.ok("key-type", &place, format!("{what} with {kind}"));
            report.info(
                "key-type-platform",
                &place,
                format!("{what} with {kind}: the platform documents RSA certificates for devices"),
            );
        }
        (KeyType::Ec(_) | KeyType::EcOther(_), Engine::Rustls) => {
            say(Verdict::Problem, "the engine rustls takes the curves P-256 and P-384");
        }
        (KeyType::Ec(_) | KeyType::EcOther(_), Engine::Mbedtls) => {
            say(Verdict::Warning, "the engine mbedtls is tested with P-256 and P-384");
        }
        (KeyType::Ed25519, Engine::Rustls) => {
            say(Verdict::Warning, "the engine rustls takes it, the engine mbedtls does not");
        }
        (KeyType::Ed25519, Engine::Mbedtls) => {
            say(Verdict::Problem, "the engine mbedtls does not take it");
        }
        (KeyType::RsaPss | KeyType::Ed448 | KeyType::Other(_), _) => {
            say(Verdict::Problem, "the library does not take it");
        }
    }
}

fn read_key(text: &Text, engine: Engine, report: &mut Report) -> Option<PrivateKey> {
    // The library uses the first one that it finds.
    let sections = pem_check::check(text, Role::Key, report);
    let section = sections.first()?;
    if let [_, second, ..] = sections.as_slice() {
        report.warning(
            "key-several",
            &text.place(second.begin),
            "a second private key; the library uses the first",
            "keep one key in the file",
        );
    }
    let read = section.der.as_ref().ok().and_then(|der| PrivateKey::read(&section.label, der));
    let Some(key) = read else {
        let (place, line) = pem_check::suspect(text, section);
        report.problem(
            "key-unreadable",
            &place,
            format!("the base64 is fine, but what it holds is no {}{line}", section.label),
            "it was altered or cut: copy the key again from where it was issued",
        );
        return None;
    };
    check_key_type(text, &key.kind, "key", engine, report);
    Some(key)
}

/// Whether they pair, by the library's own loading, with what it cannot tell added.
fn check_together(
    certificate: &Text,
    key: &Text,
    chain: &[Certificate],
    private: Option<&PrivateKey>,
    engine: Engine,
    report: &mut Report,
) {
    let place = certificate.whole();
    let other = key.whole();
    let pem = credentials::PrivateKey::pem(&key.bytes);
    let loaded = credentials::read(Some(&certificate.bytes), Some(&pem))
        .and_then(|read| read.as_ref().map_or(Ok(()), configuration::check_credentials));
    let belongs = |one: &Certificate| private.and_then(|key| key.belongs_to(&one.read.public_key));
    match (&loaded, chain.first().and_then(belongs)) {
        (Ok(()), _) => {
            report.ok("pair", &place, format!("belongs to the key in {other}"));
        }
        (Err(error), Some(false))
            if error.kind() != ErrorKind::Credentials || private.is_some() =>
        {
            if let Some(at) = chain.iter().position(|one| belongs(one) == Some(true)) {
                report.problem(
                    "chain-order",
                    &place,
                    format!(
                        "the key in {other} belongs to certificate {}, not to the first",
                        at + 1
                    ),
                    "put the device's own certificate first, its issuers behind it",
                );
            } else {
                report.problem(
                    "pair",
                    &place,
                    format!("the key in {other} does not belong to this certificate"),
                    "take both from the same download of the same device",
                );
            }
        }
        (Err(error), _) if error.kind() == ErrorKind::CredentialsMismatch => report.problem(
            "pair",
            &place,
            format!("the key in {other} does not belong to this certificate"),
            "take both from the same download of the same device",
        ),
        (Err(_), Some(true)) => {
            report.ok("pair", &place, format!("belongs to the key in {other}"));
        }
        (Err(_), _) => {}
    }
    // Whatever the library refuses must show, even where nothing above has found out why.
    let refused = loaded.err().filter(|_| engine == Engine::Rustls);
    if let (Some(error), true) = (refused, report.worst() < Verdict::Problem) {
        report.problem("library", &place, state::sentence(&error), error.kind().advice());
    }
}

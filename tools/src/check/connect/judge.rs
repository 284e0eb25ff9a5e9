//! From what was seen to what it means.

use std::time::SystemTime;

use linksdk_hal::error::ErrorKind;
use linksdk_hal::tls::alert::Presented;
use linksdk_hal::tls::certificate::Position;
use linksdk_hal::tls::rustls::errors;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use serde_json::{Value, json};

use super::Plan;
use super::handshake::{Result as Handshake, Setup, owned};
use crate::check::certificate::Certificate;
use crate::check::finding::{Place, Report, Verdict};
use crate::check::output::{Output, printable};
use crate::check::{Engine, chain, state};

fn read(chain: &[Vec<u8>]) -> Vec<Certificate> {
    chain.iter().filter_map(|der| Certificate::read(der).ok()).collect()
}

/// Whether the server's certificate is for the name that was dialled.
fn name_fits(handshake: &Handshake, setup: &Setup) -> Option<bool> {
    let der = CertificateDer::from(handshake.seen.chain.first()?.clone());
    let parsed = ParsedCertificate::try_from(&der).ok()?;
    Some(verify_server_name(&parsed, &setup.name).is_ok())
}

/// Whether the chain leads to a root, dates included; the error is a clause.
fn anchored(handshake: &Handshake, setup: &Setup) -> Option<std::result::Result<(), String>> {
    let chain = owned(&handshake.seen.chain);
    let (own, others) = chain.split_first()?;
    let parsed = ParsedCertificate::try_from(own).ok()?;
    let algorithms = default_provider().signature_verification_algorithms.all;
    let checked = verify_server_cert_signed_by_trust_anchor(
        &parsed,
        &setup.roots,
        others,
        UnixTime::now(),
        algorithms,
    );
    Some(checked.map_err(|error| {
        let said = errors::translate(&error, Presented::Nothing, true);
        said.detail().split_once(": ").map_or(said.detail(), |(_, clause)| clause).to_owned()
    }))
}

/// Prints what a handshake showed.
pub(super) fn show(
    handshake: &Handshake,
    setup: &Setup,
    roots: &[Certificate],
    output: &mut Output,
) {
    let outcome = match (&handshake.suite, &handshake.error) {
        (Some(suite), _) => {
            let group = handshake.group.as_deref().unwrap_or("no group");
            format!("{suite}, {group}")
        }
        (None, Some(error)) => error.detail().to_owned(),
        (None, None) => "ended".to_owned(),
    };
    output.step(handshake.offered, Some(handshake.milliseconds), &printable(&outcome));
    let chain = read(&handshake.seen.chain);
    for (number, certificate) in chain.iter().enumerate() {
        let text = format!(
            "{} {}, issued by {}, {} to {}, {}, SHA-256 {}",
            number + 1,
            certificate.subject(),
            certificate.read.issuer,
            certificate.begins(),
            certificate.ends(),
            certificate.key,
            certificate.fingerprint()
        );
        output.step("server", None, &printable(&text));
    }
    if let (Some(fits), Some(own)) = (name_fits(handshake, setup), chain.first()) {
        let host = setup.name.to_str();
        let text = match fits {
            true => format!("the certificate is for {host}"),
            false => format!("the certificate is for {}, not for {host}", own.read.names()),
        };
        output.step("name", None, &printable(&text));
    }
    match (anchored(handshake, setup), chain::anchor(&chain, roots)) {
        (Some(Ok(())), Some(root)) => output.step("anchor", None, &printable(&root.subject())),
        (Some(Ok(())), None) => output.step("anchor", None, "the chain leads to a root"),
        (Some(Err(error)), _) => output.step("anchor", None, &printable(&error)),
        (None, _) => {}
    }
    let seen = &handshake.seen;
    if seen.asked {
        let names = match seen.authorities.len() {
            0 => "without CA names".to_owned(),
            _ => format!("CAs: {}", seen.authorities.join("; ")),
        };
        let sent = match &setup.certificate {
            Some(_) if handshake.device_was_shown(setup) => "it was sent",
            Some(_) => "it was not sent",
            None => "there is none to send",
        };
        output.step(
            "asked",
            None,
            &printable(&format!("for a client certificate, {names}; {sent}")),
        );
    } else if handshake.suite.is_some() {
        output.step("asked", None, "for no client certificate");
    }
    if let Some(alert) = &handshake.alert {
        output.step("alert", None, &format!("{alert}, from the server"));
    } else if let (Some(_), Some(error)) = (&handshake.suite, &handshake.error) {
        output.step("after", None, &printable(error.detail()));
    }
}

/// The same for scripts.
pub(super) fn describe(handshake: &Handshake, setup: &Setup, roots: &[Certificate]) -> Value {
    let chain = read(&handshake.seen.chain);
    let trusted = anchored(handshake, setup).map(|checked| checked.is_ok());
    let root = chain::anchor(&chain, roots).filter(|_| trusted == Some(true));
    let error = handshake.error.as_ref().map(|error| {
        json!({"code": state::code(error), "name": state::name(error), "text": error.detail(), "cure": cure(handshake, error.kind())})
    });
    json!({
        "offered": handshake.offered,
        "completed": handshake.suite.is_some(),
        "accepted": handshake.suite.is_some() && handshake.error.is_none(),
        "milliseconds": handshake.milliseconds,
        "cipher_suite": handshake.suite,
        "key_exchange": handshake.group,
        "server_certificates": chain.iter().map(Certificate::to_json).collect::<Vec<_>>(),
        "name_fits": name_fits(handshake, setup),
        "trusted": trusted,
        "anchor": root.map(Certificate::subject),
        "client_certificate_asked": handshake.seen.asked,
        "client_certificate_sent": handshake.device_was_shown(setup),
        "client_authorities": handshake.seen.authorities,
        "alert": handshake.alert,
        "error": error,
    })
}

/// No handshake got as far as a certificate, and the server's answer could mean that it knows only
/// older ways to exchange keys.
pub(super) fn may_be_old(handshakes: &[Handshake]) -> bool {
    let refused = |one: &Handshake| {
        let kind = one.error.as_ref().map(|error| error.kind());
        one.seen.chain.is_empty()
            && matches!(kind, Some(ErrorKind::Handshake | ErrorKind::ConnectionLost))
    };
    handshakes.iter().all(refused)
}

/// What the two handshakes mean for the device.
pub(super) fn findings(
    handshakes: &[Handshake],
    roots: &[Certificate],
    plan: &Plan<'_>,
    old: Option<&'static str>,
    place: &Place,
    report: &mut Report,
) {
    if let Some(suite) = old {
        return rsa_key_exchange(suite, plan.engine, place, report);
    }
    let accepted = |one: &Handshake| one.suite.is_some() && one.error.is_none();
    let works = handshakes.iter().any(accepted);
    // A version that only one side has explains nothing when another attempt came further.
    let further = handshakes.iter().any(|one| accepted(one) || !one.version_refused());
    let mut failures: Vec<(Verdict, String, String, Vec<&str>)> = Vec::new();
    for one in handshakes {
        let Some(error) = &one.error else {
            let suite = one.suite.as_deref().unwrap_or_default();
            report.ok("handshake", place, format!("{} works: {suite}", one.offered));
            continue;
        };
        if one.version_refused() && further {
            report.info("version", place, format!("the server does not offer {}", one.offered));
            continue;
        }
        // What the device would not connect with either is a gap of the check, not of the server.
        let only_without =
            error.kind() == ErrorKind::DeviceCertificateRefused && !plan.presents(report);
        let verdict = match (works, only_without) {
            (true, _) => Verdict::Warning,
            (false, true) => Verdict::Untried,
            (false, false) => Verdict::Problem,
        };
        let text = printable(&state::sentence(error));
        let same = failures.iter_mut().find(|(_, known, ..)| *known == text);
        match same {
            Some((.., versions)) => versions.push(one.offered),
            None => failures.push((verdict, text, cure(one, error.kind()), vec![one.offered])),
        }
    }
    for (verdict, text, cure, versions) in failures {
        let text = format!("{}: {text}", versions.join(" and "));
        report.add(verdict, "handshake", place, text, cure);
    }
    engine_speaks(handshakes, plan.engine, place, report);
    let Some(best) = handshakes.iter().find(|one| accepted(one)) else { return };
    about_device(best, plan, place, report);
    about_server(best, roots, place, report);
}

impl Plan<'_> {
    /// Whether a certificate could be shown to the server.
    fn presents(&self, report: &Report) -> bool {
        let refused = report.findings.iter().any(|one| one.code == "credentials-refused");
        self.certificate.is_some() && self.key.is_some() && !refused
    }
}

fn rsa_key_exchange(suite: &str, engine: Engine, place: &Place, report: &mut Report) {
    let text = format!("the server takes only RSA key exchange ({suite}), without forward secrecy");
    match engine {
        Engine::Rustls => report.problem(
            "rsa-key-exchange",
            place,
            format!("{text}; the engine rustls has none"),
            "let the server offer ECDHE; otherwise build with the engine mbedtls and call \
             linksdk_allow_rsa_key_exchange (docs/engines.md)",
        ),
        Engine::Mbedtls => report.warning(
            "rsa-key-exchange",
            place,
            format!("{text}; the rest of the handshake was not tried"),
            "let the server offer ECDHE; otherwise call linksdk_allow_rsa_key_exchange",
        ),
    }
}

fn cure(handshake: &Handshake, kind: ErrorKind) -> String {
    let host = "check ca_crt (--ca) and the name that is dialled";
    match (kind, handshake.alert.as_deref()) {
        (ErrorKind::ServerCertificate, _) => {
            format!("{host}; the chain, the name and the dates above say which")
        }
        (_, Some("unknown_ca")) => "register the CA that issued the device's certificate with the \
                                    platform, or take a certificate that the platform issued"
            .to_owned(),
        (_, Some("certificate_expired")) => {
            "the device's certificate, or one of its chain, has expired: replace it".to_owned()
        }
        (_, Some("certificate_required")) => "give the device's certificate and key".to_owned(),
        _ if handshake.seen.no_common_scheme => {
            "the server takes no signature that the device's key can make: use RSA with 2048 bits"
                .to_owned()
        }
        _ => kind.advice().to_owned(),
    }
}

/// The engine mbedtls has TLS 1.2 only.
fn engine_speaks(handshakes: &[Handshake], engine: Engine, place: &Place, report: &mut Report) {
    let works =
        |version: &str| handshakes.iter().any(|one| one.offered == version && one.error.is_none());
    if engine == Engine::Mbedtls && works("TLS 1.3") && !works("TLS 1.2") {
        report.problem(
            "engine-version",
            place,
            "the server speaks TLS 1.3 only, and the engine mbedtls TLS 1.2 only",
            "build with the engine rustls, or let the server offer TLS 1.2",
        );
    }
}

fn about_device(handshake: &Handshake, plan: &Plan<'_>, place: &Place, report: &mut Report) {
    let seen = &handshake.seen;
    match (seen.asked, plan.presents(report)) {
        (true, true) => {
            report.ok("client-certificate", place, "the server took the device's certificate");
        }
        (false, true) => report.warning(
            "client-certificate",
            place,
            "the server did not ask for a certificate, so it cannot tell which device this is",
            "check host and port: the platform's X.509 endpoint asks for one",
        ),
        (true, false) => report.info(
            "client-certificate",
            place,
            "the server asked for a client certificate and went on without one",
        ),
        (false, false) => {}
    }
    let names = &seen.authorities;
    let listed =
        |one: &Certificate| names.contains(&one.read.issuer) || names.contains(&one.read.subject);
    if seen.asked && !names.is_empty() && !plan.chain.is_empty() && !plan.chain.iter().any(listed) {
        report.info(
            "client-authorities",
            place,
            "the device's issuer is not among the CA names that the server sent; such lists are \
             often not complete",
        );
    }
}

fn about_server(handshake: &Handshake, roots: &[Certificate], place: &Place, report: &mut Report) {
    let chain = read(&handshake.seen.chain);
    let now = SystemTime::now();
    let soon = |one: &Certificate| {
        (one.position(now) == Position::Within).then(|| one.read.ends_soon(now))
    };
    for (one, what) in chain.iter().map(|one| (one, "server's certificate")).chain(
        chain::anchor(&chain, roots).map(|root| (root, "root that the server's chain leads to")),
    ) {
        if let Some(Some(days)) = soon(one) {
            report.warning(
                "server-expires-soon",
                place,
                format!(
                    "the {what}, {}, ends on {}, in {days} days",
                    printable(&one.subject()),
                    one.ends()
                ),
                "tell who runs the server; see that devices have the root of the next one",
            );
        }
    }
}

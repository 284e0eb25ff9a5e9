//! Whom the device trusts, and with what it may present itself.
#![allow(clippy::unwrap_used, reason = "a test fails where its own set-up fails")]

mod support;

use linksdk_hal::deadline::Deadline;
use linksdk_hal::error::ErrorKind;
use linksdk_hal::tls::credentials::PrivateKey;
use linksdk_hal::tls::{Target, engine, trust};
use support::server::{Server, config, connect, newest, target, versions, with_credentials};
use support::{Authority, Key, ecdsa_key, expired, not_yet_valid, rsa_key, server_params};

/// The kind of failure when connecting to `host` at a server with this certificate, and the words
/// of the error; `None` when the connection comes about.
fn attempt(host: &str, anchors: &str, chain: &str, key: &Key) -> Option<(ErrorKind, String)> {
    let server = Server::handshake_only(config(chain, &key.pkcs8, None, &versions()));
    let mut target = target(host, server.port, anchors);
    // Every name leads to loopback, as /etc/hosts would do it: only the name is checked.
    if host.parse::<std::net::IpAddr>().is_err() {
        target.host = host.to_owned();
    }
    connect(&target).err().map(|error| (error.kind(), error.detail().to_owned()))
}

#[test]
fn good_servers_are_accepted() {
    let authority = Authority::new("root");
    for key in [ecdsa_key(), rsa_key()] {
        let chain = authority.server(&key, &["localhost", "127.0.0.1"]);
        for host in ["localhost", "LOCALHOST", "127.0.0.1"] {
            assert_eq!(attempt(host, &authority.pem, &chain, &key), None, "{host}");
        }
    }
    let key = ecdsa_key();
    let intermediate = authority.intermediate("intermediate");
    let leaf = intermediate.server(&key, &["localhost"]);
    let chain = format!("{leaf}{}", intermediate.pem);
    assert_eq!(attempt("localhost", &authority.pem, &chain, &key), None);
}

#[test]
fn a_bundle_may_hold_other_roots_and_damage() {
    let (authority, other) = (Authority::new("root"), Authority::new("other"));
    let key = ecdsa_key();
    let chain = authority.server(&key, &["localhost"]);
    let damage = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    let bundle = format!("text\n{damage}{}{}", other.pem, authority.pem);
    assert_eq!(attempt("localhost", &bundle, &chain, &key), None);
    for useless in ["", "no PEM", damage] {
        let refused = attempt("localhost", useless, &chain, &key);
        assert_eq!(refused.map(|(kind, _)| kind), Some(ErrorKind::TrustAnchors), "{useless}");
    }
}

#[test]
fn bad_servers_are_refused_with_the_reason() {
    let (authority, other) = (Authority::new("root"), Authority::new("other"));
    let key = ecdsa_key();
    let good = || server_params(&["localhost"]);
    let issue = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        authority.issue(&key, |params| {
            *params = good();
            change(params);
        })
    };
    let intermediate = authority.intermediate("intermediate");
    let cases = [
        (other.server(&key, &["localhost"]), "no certificate of ca_crt issued it"),
        (
            issue(&|params| *params = server_params(&["a.test"])),
            "it is for a.test, not for localhost",
        ),
        (issue(&|params| *params = server_params(&["127.0.0.1"])), "not for localhost"),
        (issue(&expired), "has expired"),
        (issue(&not_yet_valid), "is not valid yet"),
        (
            issue(&|params| {
                params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
            }),
            "not meant for servers",
        ),
        (intermediate.server(&key, &["localhost"]), "an intermediate is missing"),
    ];
    for (chain, words) in cases {
        let (kind, detail) = attempt("localhost", &authority.pem, &chain, &key).unwrap();
        assert_eq!(kind, ErrorKind::ServerCertificate, "{detail}");
        assert!(detail.contains(words), "{detail} does not say: {words}");
    }
    let by_name = authority.server(&key, &["localhost"]);
    let (kind, _) = attempt("127.0.0.1", &authority.pem, &by_name, &key).unwrap();
    assert_eq!(kind, ErrorKind::ServerCertificate);
}

#[test]
fn devices_authenticate_with_every_form_of_key() {
    let (authority, devices) = (Authority::new("root"), Authority::new("devices"));
    let server_key = ecdsa_key();
    let chain = authority.server(&server_key, &["localhost"]);
    let (rsa, ecdsa) = (rsa_key(), ecdsa_key());
    let intermediate = devices.intermediate("line 2");
    let long_line = |pem: &str| pem.replace("-----\n", "-----").replace('\n', "");
    let rsa_certificate = devices.device(&rsa);
    let cases = [
        (rsa_certificate.clone(), rsa.pkcs1.clone().unwrap()),
        (rsa_certificate.clone(), rsa.pkcs8.clone()),
        (devices.device(&ecdsa), ecdsa.pkcs8.clone()),
        (format!("{}{}", intermediate.device(&ecdsa), intermediate.pem), ecdsa.pkcs8.clone()),
        (long_line(&rsa_certificate), rsa.pkcs1.clone().unwrap().replace('\n', "\r\n")),
    ];
    for version in versions() {
        for (certificate, key) in &cases {
            let config = config(&chain, &server_key.pkcs8, Some(&devices.pem), &[version]);
            let server = Server::handshake_only(config);
            let target = target("localhost", server.port, &authority.pem);
            let connection = connect(&with_credentials(target, certificate, key)).unwrap();
            assert!(connection.authenticates_device());
            assert!(server.handshake().is_ok());
            connection.destroy();
        }
    }
}

/// The failure of `target` at a server that must not see a single byte.
fn refused_before_sending(change: impl FnOnce(&mut Target)) -> ErrorKind {
    let authority = Authority::new("root");
    let key = ecdsa_key();
    let chain = authority.server(&key, &["localhost"]);
    let server = Server::handshake_only(config(&chain, &key.pkcs8, None, &[newest()]));
    let mut target = target("localhost", server.port, &authority.pem);
    change(&mut target);
    let error = connect(&target).err().unwrap();
    drop(server);
    error.kind()
}

#[test]
fn credentials_that_cannot_work_are_refused_before_anything_is_sent() {
    let devices = Authority::new("devices");
    let (key, other) = (ecdsa_key(), ecdsa_key());
    let certificate = devices.device(&key);
    let set = |certificate: &str, key: &str| {
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        move |target: &mut Target| {
            target.certificate = (!certificate.is_empty()).then(|| certificate.into_bytes());
            target.private_key = (!key.is_empty()).then(|| PrivateKey::pem(key.as_bytes()));
        }
    };
    let old = devices.issue(&key, expired);
    let future = devices.issue(&key, not_yet_valid);
    let encrypted = key.pkcs8.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for (certificate, key, kind) in [
        (&*certificate, &*other.pkcs8, ErrorKind::CredentialsMismatch),
        (&certificate, &rsa_key().pkcs8, ErrorKind::CredentialsMismatch),
        (&certificate, "", ErrorKind::CredentialsMismatch),
        ("", &key.pkcs8, ErrorKind::CredentialsMismatch),
        (&old, &key.pkcs8, ErrorKind::DeviceCertificateDates),
        (&future, &key.pkcs8, ErrorKind::DeviceCertificateDates),
        (&certificate, &encrypted, ErrorKind::Credentials),
        (&certificate, "no PEM", ErrorKind::Credentials),
        ("no PEM", &key.pkcs8, ErrorKind::Credentials),
    ] {
        assert_eq!(refused_before_sending(set(certificate, key)), kind);
    }
}

#[test]
fn a_server_that_wants_a_certificate_says_so() {
    let (authority, devices) = (Authority::new("root"), Authority::new("devices"));
    let key = ecdsa_key();
    let chain = authority.server(&key, &["localhost"]);
    for version in versions() {
        let config = config(&chain, &key.pkcs8, Some(&devices.pem), &[version]);
        let server = Server::handshake_only(config);
        let target = target("localhost", server.port, &authority.pem);
        // In TLS 1.3 the server's answer comes after our side of the handshake is complete.
        let error = match connect(&target) {
            Err(error) => error,
            Ok(connection) => {
                let deadline = Deadline::after_ms(10_000);
                let error = connection.read(&mut [0; 8], deadline).unwrap_err();
                assert_eq!(connection.unreported_error(), Some(error.clone()));
                assert_eq!(connection.unreported_error(), None);
                error
            }
        };
        assert!(
            matches!(error.kind(), ErrorKind::DeviceCertificateRefused | ErrorKind::Handshake),
            "{error}"
        );
        assert!(error.to_string().contains("certificate"), "{error}");
    }
}

#[test]
fn hosts_that_are_no_names_are_refused() {
    let authority = Authority::new("root");
    for host in ["", "a b", "-x", "exa\u{e4}mple", &"x".repeat(300)] {
        let error = connect(&target(host, 1, &authority.pem)).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{host:?}: {error}");
    }
}

#[test]
fn the_platform_s_roots_are_trust_anchors() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("certs");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "pem") {
            for der in trust::certificates(&std::fs::read(&path).unwrap()).unwrap() {
                assert_eq!(engine::check_anchor(&der), Ok(()), "{path:?}");
                count += 1;
            }
        }
    }
    assert!(count > 1, "only {count} roots");
}

//! Server certificates as they are met in the field: what each engine accepts, and with which words
//! it refuses. docs/engines.md quotes this table.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where its set-up fails")]

mod support;

use linksdk_hal::error::ErrorKind;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, GeneralSubtree, IsCa, NameConstraints,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, PKCS_RSA_SHA384, PKCS_RSA_SHA512,
};
use support::memory::{handshake, unchecked_config, words};
use support::openssl::{Folder, Server};
use support::server::{connect, target, versions};
use support::{
    Authority, Key, ecdsa_key, expired, imported_rsa_key, key_for, not_yet_valid, rsa_key,
    server_params,
};

/// What has to happen.
#[derive(Clone, Copy)]
enum Expected {
    Accepted,
    /// Refused for the server's certificate, with these words.
    Refused(&'static str),
    /// No common signature algorithm.
    NotNegotiable,
    /// What the engine rustls does, and what the engine mbedtls does.
    Each(&'static Expected, &'static Expected),
}

use Expected::{Accepted, Each, NotNegotiable, Refused};

const UNKNOWN: Expected = Refused("no certificate of ca_crt issued it");
const WEAK: Expected = Refused("too weak or not supported");
const ONLY_RUSTLS_KNOWS: Expected =
    Each(if cfg!(feature = "compact") { &NotNegotiable } else { &Accepted }, &NotNegotiable);
const ONLY_MBEDTLS_TAKES: Expected = Each(&Refused(""), &Accepted);

/// Connects in memory over each protocol version that the engine speaks.
fn check(row: &str, host: &str, anchors: &str, chain: &str, key: &str, expected: Expected) {
    let expected = match expected {
        Each(rustls, _) if cfg!(feature = "engine-rustls") => *rustls,
        Each(_, mbedtls) => *mbedtls,
        same => same,
    };
    for version in versions() {
        let config = unchecked_config(chain, key, version);
        let result = handshake(&target(host, 443, anchors), config);
        let said = result.as_ref().err().map(words).unwrap_or_default();
        println!(
            "{row}, {:?}: {}",
            version.version,
            if said.is_empty() { "accepted" } else { &said }
        );
        match expected {
            Accepted => assert_eq!(said, "", "{row}"),
            Refused(clause) => {
                let error = result.expect_err(row);
                assert_eq!(error.kind(), ErrorKind::ServerCertificate, "{row}: {said}");
                assert!(error.detail().contains(clause), "{row}: {said}");
            }
            NotNegotiable => {
                assert_eq!(result.expect_err(row).kind(), ErrorKind::Handshake, "{row}: {said}");
            }
            Each(..) => unreachable!(),
        }
    }
}

/// A root, a key for servers, and what else most rows need.
struct Field {
    root: Authority,
    key: Key,
}

impl Field {
    fn new() -> Self {
        Self { root: Authority::new("root"), key: ecdsa_key() }
    }

    /// A certificate of the root for `names`, with a change.
    fn server(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> String {
        self.root.issue(&self.key, |params| {
            *params = server_params(names);
            change(params);
        })
    }

    fn row(&self, row: &str, host: &str, chain: &str, expected: Expected) {
        check(row, host, &self.root.pem, chain, &self.key.pkcs8, expected);
    }
}

#[test]
fn keys_and_signatures_of_every_usual_kind_are_accepted() {
    let folder = Folder::new();
    let large = folder.key("large", "-algorithm RSA -pkeyopt rsa_keygen_bits:4096");
    let root = Authority::new("root");
    let keys = [
        ("RSA 2048", rsa_key(), Accepted),
        ("RSA 4096", imported_rsa_key(&large, &PKCS_RSA_SHA256), Accepted),
        ("ECDSA P-256", ecdsa_key(), Accepted),
        ("ECDSA P-384", key_for(&PKCS_ECDSA_P384_SHA384), Accepted),
        ("Ed25519", key_for(&PKCS_ED25519), ONLY_RUSTLS_KNOWS),
    ];
    for (row, key, expected) in keys {
        let chain = root.server(&key, &["localhost"]);
        check(row, "localhost", &root.pem, &chain, &key.pkcs8, expected);
    }
    let key = ecdsa_key();
    for (row, algorithm) in [
        ("root RSA 4096 with SHA-256", &PKCS_RSA_SHA256),
        ("root RSA 4096 with SHA-384", &PKCS_RSA_SHA384),
        ("root RSA 4096 with SHA-512", &PKCS_RSA_SHA512),
    ] {
        let root = Authority::with_key("root", imported_rsa_key(&large, algorithm).pair);
        let chain = root.server(&key, &["localhost"]);
        check(row, "localhost", &root.pem, &chain, &key.pkcs8, Accepted);
    }
    let root = Authority::with_key("root", key_for(&PKCS_ECDSA_P384_SHA384).pair);
    let chain = root.server(&key, &["localhost"]);
    check("root P-384 with SHA-384", "localhost", &root.pem, &chain, &key.pkcs8, Accepted);
}

#[test]
fn chains_have_to_lead_to_a_trust_anchor() {
    let field = Field::new();
    let (key, names) = (&field.key, &["localhost"][..]);
    let first = field.root.intermediate("first");
    let second = first.intermediate("second");
    let under_first = first.server(key, names);
    let under_second = second.server(key, names);
    field.row("no intermediate", "localhost", &field.root.server(key, names), Accepted);
    let chain = format!("{under_first}{}", first.pem);
    field.row("one intermediate", "localhost", &chain, Accepted);
    let chain = format!("{under_second}{}{}", second.pem, first.pem);
    field.row("two intermediates", "localhost", &chain, Accepted);
    field.row("missing intermediate", "localhost", &under_first, UNKNOWN);
    let chain = format!("{under_second}{}", second.pem);
    field.row("missing upper intermediate", "localhost", &chain, UNKNOWN);
    let chain = Authority::new("other").server(key, names);
    field.row("unknown CA", "localhost", &chain, UNKNOWN);
    let impostor = Authority::new("root").server(key, names);
    let expected = Each(&Refused("signature is wrong"), &UNKNOWN);
    field.row("another CA with the same name", "localhost", &impostor, expected);

    let own = server_params(names).self_signed(&key.pair).unwrap().pem();
    field.row("self-signed", "localhost", &own, UNKNOWN);
    check("self-signed, as a trust anchor", "localhost", &own, &own, &key.pkcs8, Accepted);
    let no_ca = field.root.intermediate_with("", |params| *params = server_params(names));
    let chain = format!("{}{}", no_ca.server(key, names), no_ca.pem);
    let expected = Each(&Refused("no CA's"), &UNKNOWN);
    field.row("a server's certificate as an intermediate", "localhost", &chain, expected);
}

#[test]
fn bundles_may_hold_anything_as_long_as_the_root_is_there() {
    let field = Field::new();
    let chain = field.root.server(&field.key, &["localhost"]);
    let good = &field.root.pem;
    let other = Authority::new("other").pem;
    let rsa_root = Authority::with_key("RSA root", rsa_key().pair).pem;
    let row = |row: &str, bundle: &str| {
        check(row, "localhost", bundle, &chain, &field.key.pkcs8, Accepted);
    };
    row("two roots", &format!("{other}{good}"));
    row("EC root among RSA roots", &format!("{rsa_root}{good}{rsa_root}"));
    let garbage = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    row("garbage in the bundle", &format!("words\n{garbage}{good}\u{0}"));
    let mut large = String::new();
    while large.len() < 80 * 1024 {
        large.push_str(&other);
    }
    row("a bundle over 64 KiB", &format!("{large}{good}"));
    row("CRLF and the root twice", &format!("{good}{good}").replace('\n', "\r\n"));
}

#[test]
fn names_have_to_match() {
    let field = Field::new();
    let with = |names: &[&str]| field.server(names, |_| {});
    let not_for = |_: &str| Refused("not for ");
    let wildcard = with(&["*.example.test"]);
    field.row("wildcard", "a.example.test", &wildcard, Accepted);
    field.row("wildcard, two labels", "a.b.example.test", &wildcard, not_for(""));
    field.row("wildcard, no label", "example.test", &wildcard, not_for(""));
    let name = with(&["host.example.test"]);
    field.row("upper case", "HOST.Example.TEST", &name, Accepted);
    field.row("trailing dot", "host.example.test.", &name, Accepted);
    field.row(
        "another name",
        "other.example.test",
        &name,
        Refused("it is for host.example.test, not for other"),
    );
    field.row("a longer name", "host.example.test.evil.test", &name, not_for(""));
    field.row("short host", "h1", &with(&["h1"]), Accepted);
    let idn = "xn--mnchen-3ya.test";
    field.row("IDN as A-label", idn, &with(&[idn]), Accepted);
    field.row("several names", "b.test", &with(&["a.test", "b.test"]), Accepted);

    for (address, other) in [("127.0.0.1", "127.0.0.2"), ("::1", "::2"), ("[::1]", "fe80::1")] {
        let plain = address.trim_matches(['[', ']']);
        field.row("IP SAN", address, &with(&[plain]), Accepted);
        field.row("another address", other, &with(&[plain]), not_for(""));
        field.row("no address", address, &with(&["localhost"]), not_for(""));
        field.row("address for a name", "localhost", &with(&[plain]), not_for(""));
    }
    let common_name = |name: &str| {
        field.server(&[], |params| params.distinguished_name.push(DnType::CommonName, name))
    };
    field.row("CN only", "host.test", &common_name("host.test"), ONLY_MBEDTLS_TAKES);
    field.row("CN only, another", "a.test", &common_name("host.test"), Refused("not for a.test"));
    field.row("CN is an address", "127.0.0.1", &common_name("127.0.0.1"), not_for(""));
    let both = field.server(&["san.test"], |params| {
        params.distinguished_name.push(DnType::CommonName, "cn.test");
    });
    field.row("CN beside a SAN", "cn.test", &both, Refused("it is for san.test, not for cn.test"));
}

#[test]
fn dates_have_to_be_right() {
    let field = Field::new();
    let names = &["localhost"][..];
    let row = |row: &str, chain: &str, expected: Expected| {
        field.row(row, "localhost", chain, expected);
    };
    row("valid to 2119", &field.server(names, |_| {}), Accepted);
    let till_9999 = |params: &mut CertificateParams| {
        params.not_after = rcgen::date_time_ymd(9999, 12, 31);
    };
    row("valid for ever", &field.server(names, till_9999), Accepted);
    row("expired", &field.server(names, expired), Refused("it has expired"));
    row("not yet valid", &field.server(names, not_yet_valid), Refused("it is not valid yet"));
    let old = field.root.intermediate_with("old", expired);
    let chain = format!("{}{}", old.server(&field.key, names), old.pem);
    row("expired intermediate", &chain, Refused("it has expired"));
    // A device in the field must not lose its server on the day when its root ends.
    let ended = Authority::with("ended", ecdsa_key().pair, expired);
    let chain = ended.server(&field.key, names);
    check("expired root", "localhost", &ended.pem, &chain, &field.key.pkcs8, Accepted);
    let mut own = server_params(names);
    expired(&mut own);
    let own = own.self_signed(&field.key.pair).unwrap().pem();
    let refused = Refused("it has expired");
    check("expired, as a trust anchor", "localhost", &own, &own, &field.key.pkcs8, refused);
}

#[test]
fn usages_and_constraints_have_to_be_kept() {
    let field = Field::new();
    let names = &["host.example.test"][..];
    let row = |row: &str, chain: &str, expected: Expected| {
        field.row(row, "host.example.test", chain, expected);
    };
    let usage = |usages: &[rcgen::ExtendedKeyUsagePurpose]| {
        field.server(names, |params| params.extended_key_usages = usages.to_vec())
    };
    use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
    row("for clients only", &usage(&[ClientAuth]), Refused("it is not meant for servers"));
    row("for both", &usage(&[ClientAuth, ServerAuth]), Accepted);
    row("no extended usage", &usage(&[]), Accepted);
    let signing_only = field.server(names, |params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    });
    row("key usage for signatures", &signing_only, Accepted);
    let ca = field.server(names, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    row("CA used as a server", &ca, ONLY_MBEDTLS_TAKES);

    // Mbed TLS does not know name constraints: what is critical and unknown is refused.
    let constrained = |name: &str| {
        let authority = field.root.intermediate_with("constrained", |params| {
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![GeneralSubtree::DnsName(name.to_owned())],
                excluded_subtrees: Vec::new(),
            });
        });
        format!("{}{}", authority.server(&field.key, names), authority.pem)
    };
    let expected = Each(&Accepted, &Refused("cannot read it"));
    row("name constraints kept", &constrained("example.test"), expected);
    let expected = Each(&Refused("constraint"), &Refused("cannot read it"));
    row("name constraints broken", &constrained("other.test"), expected);
    let path = field.root.intermediate_with("no more below", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let below = path.intermediate("below");
    let chain = format!("{}{}{}", below.server(&field.key, names), below.pem, path.pem);
    row("path longer than allowed", &chain, Each(&Refused("path"), &UNKNOWN));
}

/// A root whose key the openssl command holds, and certificates that only it makes.
fn old_certificates(folder: &Folder) -> String {
    folder.key("root.key", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    folder.openssl("req -x509 -new -key root.key -subj /CN=root -days 2 -out root.crt");
    folder.write("server.ext", "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n");
    folder.read("root.crt")
}

fn issue(folder: &Folder, key: &str, words: &str) -> String {
    folder.openssl(&format!("req -new -key {key} -subj /CN=localhost -out request"));
    folder.openssl(&format!(
        "x509 -req -in request -CA root.crt -CAkey root.key -CAcreateserial -days 2 {words} -out leaf.crt"
    ));
    folder.read("leaf.crt")
}

#[test]
fn what_is_too_weak_or_too_old_is_refused() {
    let folder = Folder::new();
    let root = old_certificates(&folder);
    let key = folder.key("leaf.key", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let row = |row: &str, chain: &str, expected: Expected| {
        check(row, "localhost", &root, chain, &key, expected);
    };
    let good = "-extfile server.ext";
    row("as it should be", &issue(&folder, "leaf.key", &format!("{good} -sha256")), Accepted);
    row("SHA-1", &issue(&folder, "leaf.key", &format!("{good} -sha1")), WEAK);
    row("MD5", &issue(&folder, "leaf.key", &format!("{good} -md5")), WEAK);
    row("X.509 v1", &issue(&folder, "leaf.key", "-sha256"), ONLY_MBEDTLS_TAKES);
}

#[test]
fn an_rsa_key_of_1024_bits_is_refused() {
    // ring does not sign with it: openssl is the peer.
    let folder = Folder::new();
    let root = old_certificates(&folder);
    folder.key("leaf.key", "-algorithm RSA -pkeyopt rsa_keygen_bits:1024");
    issue(&folder, "leaf.key", "-extfile server.ext -sha256");
    for version in if versions().len() == 2 { &["-tls1_2", "-tls1_3"][..] } else { &["-tls1_2"] } {
        let words = format!("-cert leaf.crt -key leaf.key -cipher DEFAULT@SECLEVEL=0 {version}");
        let server = Server::start(&folder, &words);
        let error = connect(&target("localhost", server.port, &root)).err().expect("refused");
        println!("{version}: {error}");
        assert_eq!(error.kind(), ErrorKind::ServerCertificate);
        assert!(error.detail().contains("too weak"), "{error}");
    }
}

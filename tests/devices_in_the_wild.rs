//! Device certificates and keys in every form that firmware has them, against a server that insists on
//! them.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use linksdk_hal::deadline::Deadline;
use linksdk_hal::error::{ErrorKind, Result};
use support::openssl::{Folder, Server};
use support::server::{connect, target, versions, with_credentials};

/// A folder with a platform (root.crt, server.crt, server.key) and a device CA (devices.crt,
/// devices.key).
fn prepared() -> Folder {
    let folder = Folder::new();
    let p256 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    for (name, subject) in [("root", "root"), ("devices", "device CA")] {
        folder.key(&format!("{name}.key"), p256);
        let subject = subject.replace(' ', "-");
        folder.openssl(&format!(
            "req -x509 -new -key {name}.key -subj /CN={subject} -days 2 -out {name}.crt"
        ));
    }
    folder.key("server.key", p256);
    folder.write("server.ext", "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n");
    folder.write("device.ext", "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n");
    issue(&folder, "root", "server", "-extfile server.ext");
    folder
}

/// Issues NAME.crt for NAME.key.
fn issue(folder: &Folder, issuer: &str, name: &str, words: &str) {
    folder.openssl(&format!("req -new -key {name}.key -subj /CN={name} -out request"));
    folder.openssl(&format!(
        "x509 -req -in request -CA {issuer}.crt -CAkey {issuer}.key -CAcreateserial -days 2 {words} \
         -out {name}.crt"
    ));
}

/// Connects with these credentials and exchanges a line, over each version that the engine speaks.
fn exchange(folder: &Folder, certificate: &str, key: &str) -> Result<()> {
    for version in versions() {
        let only = match version.version {
            rustls::ProtocolVersion::TLSv1_3 => "-tls1_3",
            _ => "-tls1_2",
        };
        let words = format!(
            "-cert server.crt -key server.key -CAfile devices.crt -Verify 3 -verify_return_error {only}"
        );
        let server = Server::start(folder, &words);
        let target = target("localhost", server.port, &folder.read("root.crt"));
        let connection = connect(&with_credentials(target, certificate, key))?;
        let deadline = Deadline::after_ms(10_000);
        assert_eq!(connection.write(b"hello\n", deadline)?, 6);
        let mut answer = [0; 6];
        connection.read(&mut answer, deadline)?;
        assert_eq!(&answer, b"olleh\n");
        connection.destroy();
    }
    Ok(())
}

#[test]
fn every_kind_of_key_in_every_form_authenticates() {
    let folder = prepared();
    for (name, words) in [
        ("rsa-2048", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
        ("rsa-4096", "-algorithm RSA -pkeyopt rsa_keygen_bits:4096"),
        ("p-256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
        ("p-384", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"),
    ] {
        let pkcs8 = folder.key(&format!("{name}.key"), words);
        issue(&folder, "devices", name, "-extfile device.ext");
        let certificate = folder.read(&format!("{name}.crt"));
        folder.openssl(&format!("pkey -in {name}.key -traditional -out traditional.key"));
        // PKCS#1 for RSA, SEC1 for elliptic curves.
        let traditional = folder.read("traditional.key");
        assert!(pkcs8.contains("BEGIN PRIVATE KEY") && !traditional.contains("BEGIN PRIVATE KEY"));
        for key in [&pkcs8, &traditional] {
            assert_eq!(exchange(&folder, &certificate, key), Ok(()), "{name}");
        }
    }
    folder.openssl("ecparam -name prime256v1 -genkey -out parameters.key");
    let key = folder.read("parameters.key");
    assert!(key.contains("EC PARAMETERS"));
    issue(&folder, "devices", "parameters", "-extfile device.ext");
    assert_eq!(exchange(&folder, &folder.read("parameters.crt"), &key), Ok(()));
}

#[test]
fn certificates_of_version_1_authenticate() {
    let folder = prepared();
    let key = folder.key("v1.key", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    issue(&folder, "devices", "v1", "");
    assert_eq!(exchange(&folder, &folder.read("v1.crt"), &key), Ok(()));
}

#[test]
fn keys_that_cannot_be_used_are_refused_with_the_reason() {
    let folder = prepared();
    let key = folder.key("good.key", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    issue(&folder, "devices", "good", "-extfile device.ext");
    let certificate = folder.read("good.crt");
    folder.openssl("pkcs8 -topk8 -in good.key -v2 aes-256-cbc -passout pass:secret -out pkcs8.key");
    folder.openssl("pkey -in good.key -traditional -aes128 -passout pass:secret -out legacy.key");
    let small = folder.key("small.key", "-algorithm RSA -pkeyopt rsa_keygen_bits:1024");
    issue(&folder, "devices", "small", "-extfile device.ext");
    let x25519 = folder.key("x25519.key", "-algorithm X25519");
    let (small_certificate, half) = (folder.read("small.crt"), key.split_at(key.len() / 2).0);
    let encrypted = "encrypted with a pass phrase";
    for (certificate, key, kind, words) in [
        (&certificate, folder.read("pkcs8.key"), ErrorKind::Credentials, encrypted),
        (&certificate, folder.read("legacy.key"), ErrorKind::Credentials, encrypted),
        (&small_certificate, small, ErrorKind::Credentials, "RSA (2048"),
        (&certificate, x25519, ErrorKind::Credentials, "g_cli_key"),
        (&certificate, half.to_owned(), ErrorKind::Credentials, "-----END"),
        (&small_certificate, key, ErrorKind::CredentialsMismatch, "do not belong together"),
    ] {
        let error = exchange(&folder, certificate, &key).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.detail().contains(words), "{error}");
    }
}

#[test]
fn ed25519_authenticates_where_the_engine_can() {
    let folder = prepared();
    let key = folder.key("ed25519.key", "-algorithm ED25519");
    issue(&folder, "devices", "ed25519", "-extfile device.ext");
    let result = exchange(&folder, &folder.read("ed25519.crt"), &key);
    if cfg!(all(feature = "engine-rustls", not(feature = "compact"))) {
        assert_eq!(result, Ok(()));
    } else {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    }
}

//! The platform's side of TLS: its certificate, and which devices' certificates it takes.

use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use crate::failure::{Explain, Outcome};

/// A version of TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum TlsVersion {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

impl TlsVersion {
    fn supported(self) -> &'static SupportedProtocolVersion {
        match self {
            TlsVersion::Tls12 => &TLS12,
            TlsVersion::Tls13 => &TLS13,
        }
    }
}

const CHECK: &str = "Make the folder with `linksdk-x509 pki --out DIR`.";

/// Configures TLS from the folder with the certificates. A client certificate is required.
pub(crate) fn configure(
    pki: &Path,
    server: &str,
    versions: &[TlsVersion],
) -> Outcome<Arc<ServerConfig>> {
    let certificates = |path: &Path| -> Outcome<Vec<CertificateDer<'static>>> {
        CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .explain(format!("Reading {}", path.display()), CHECK)
    };
    let device_ca = pki.join("device-ca.crt");
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&device_ca)? {
        roots.add(certificate).explain(format!("Trusting {}", device_ca.display()), CHECK)?;
    }
    let provider = Arc::new(default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .explain(format!("Trusting {}", device_ca.display()), CHECK)?;
    let chain = certificates(&pki.join(format!("{server}.crt")))?;
    let key_path = pki.join(format!("{server}.key"));
    let key = PrivateKeyDer::from_pem_file(&key_path)
        .explain(format!("Reading {}", key_path.display()), CHECK)?;
    let supported: Vec<_> = versions.iter().map(|version| version.supported()).collect();
    let attempted = format!("Setting up TLS with {server}.crt and {server}.key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&supported)
        .explain(&attempted, "Check --tls-versions.")?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .explain(&attempted, "Check that the two files belong together.")?;
    Ok(Arc::new(config))
}

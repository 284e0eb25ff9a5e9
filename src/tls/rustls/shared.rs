//! What rustls connections to one target share.

use super::keys;
use super::provider::provider;
use super::signing::ExternalSigningKey;
use super::verifier::Verifier;
use super::{RustlsEngine, errors};
use crate::error::{Error, ErrorKind, Result};
use crate::log;
use crate::tls::alert::Presented;
use crate::tls::credentials::{Credentials, Key, KeyFormat};
use crate::tls::name::ServerName;
use crate::tls::time::{self, Moment};
use crate::tls::{Engine, Offer, Version};
use ::rustls::client::danger::ServerCertVerifier;
use ::rustls::client::{ResolvesClientCert, Resumption};
use ::rustls::pki_types::{self, CertificateDer, PrivateKeyDer, UnixTime};
use ::rustls::sign::{CertifiedKey, SigningKey};
use ::rustls::time_provider::TimeProvider;
use ::rustls::version::{TLS12, TLS13};
use ::rustls::{
    ClientConfig, ClientConnection, RootCertStore, SignatureScheme, SupportedProtocolVersion,
};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Sessions kept for each configuration: what rustls holds for one server.
const SESSIONS: usize = 8;

/// The header of a record, in bytes.
const RECORD_HEADER: usize = 5;

/// What connections to one target share. Sessions are resumed between them.
pub struct Shared {
    client: Arc<ClientConfig>,
    name: pki_types::ServerName<'static>,
    presented: Presented,
}

impl Shared {
    /// Everything in the form that rustls takes. `anchors` and `credentials` have been checked.
    pub fn new(
        offer: &Offer,
        name: ServerName,
        credentials: Option<Credentials>,
        anchors: Vec<Vec<u8>>,
    ) -> Result<Self> {
        let name = match name {
            ServerName::Address(address) => pki_types::ServerName::IpAddress(address.into()),
            ServerName::Dns(name) => {
                let wrong = format!("{name} is not a host name");
                pki_types::ServerName::try_from(name)
                    .map_err(|_| Error::new(ErrorKind::InvalidArgument, wrong))?
            }
        };
        let provider = provider()?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(anchors.into_iter().map(CertificateDer::from));
        let verifier: Arc<dyn ServerCertVerifier> = Verifier::new(roots, Arc::clone(&provider))?;
        let offered = offer.versions.0..=offer.versions.1;
        let versions: Vec<&SupportedProtocolVersion> =
            [(Version::Tls13, &TLS13), (Version::Tls12, &TLS12)]
                .into_iter()
                .filter_map(|(version, supported)| offered.contains(&version).then_some(supported))
                .collect();
        let builder = ClientConfig::builder_with_details(Arc::clone(&provider), Arc::new(Clock))
            .with_protocol_versions(&versions)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("setting up TLS: {e}")))?
            // Our verifier is rustls's own with another idea of the time.
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let presented = match credentials {
            Some(_) => Presented::Certificate,
            None => Presented::Nothing,
        };
        let mut client = match credentials {
            Some(credentials) => {
                let key = signing_key(&credentials)?;
                let chain = credentials.chain.into_iter().map(CertificateDer::from).collect();
                let key = Arc::new(CertifiedKey::new(chain, key));
                builder.with_client_cert_resolver(Arc::new(DeviceCertificate(key)))
            }
            None => builder.with_no_client_auth(),
        };
        // What rustls calls the size of a fragment includes the header of the record.
        client.max_fragment_size = Some(offer.record_size + RECORD_HEADER);
        client.resumption = Resumption::in_memory_sessions(SESSIONS);
        Ok(Self { client: Arc::new(client), name, presented })
    }

    /// A connection that has not sent anything yet.
    pub fn connect(&self) -> Result<Box<dyn Engine>> {
        let connection = ClientConnection::new(Arc::clone(&self.client), self.name.clone())
            .map_err(|e| errors::translate(&e, self.presented, true))?;
        Ok(Box::new(RustlsEngine::new(connection, self.presented)))
    }
}

/// The time of day for the engine. While it is not set, the verifier chooses another.
#[derive(Debug)]
struct Clock;

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        match time::now().ok()? {
            Moment::Known(now) => now.duration_since(UNIX_EPOCH).ok(),
            Moment::NotSet => Some(std::time::Duration::ZERO),
        }
        .map(UnixTime::since_unix_epoch)
    }
}

/// Whether a certificate can be a trust anchor. The error is a clause.
pub fn check_anchor(der: &[u8]) -> std::result::Result<(), String> {
    RootCertStore::empty().add(CertificateDer::from(der)).map_err(|e| e.to_string())
}

/// Whether the key can be used and belongs to the certificate. An external key shows that only when
/// it signs.
pub fn check_key(credentials: &Credentials) -> Result<()> {
    provider()?;
    signing_key(credentials).map(drop)
}

fn signing_key(credentials: &Credentials) -> Result<Arc<dyn SigningKey>> {
    let (format, der) = match &credentials.key {
        Key::Der(format, der) => (format, der.as_slice()),
        Key::External(key) => {
            return ExternalSigningKey::for_certificate(key, &credentials.leaf);
        }
    };
    let der = match format {
        KeyFormat::Pkcs1 => PrivateKeyDer::Pkcs1(der.into()),
        KeyFormat::Pkcs8 => PrivateKeyDer::Pkcs8(der.into()),
        KeyFormat::Sec1 => PrivateKeyDer::Sec1(der.into()),
    };
    let key = keys::load(&der).map_err(|_| {
        let detail =
            "g_cli_key is not an RSA (2048 to 4096 bits), ECDSA (P-256, P-384) or Ed25519 key";
        Error::new(ErrorKind::Credentials, detail)
    })?;
    let own = key.public_key();
    if own.as_deref() != Some(credentials.leaf.public_key.as_slice()) {
        let detail = "g_cli_crt and g_cli_key do not belong together";
        return Err(Error::new(ErrorKind::CredentialsMismatch, detail));
    }
    Ok(key)
}

/// Presents the device's certificate whatever issuers the server names: the platform's own list
/// is not complete. A resolver also works for X.509 v1 certificates.
#[derive(Debug)]
struct DeviceCertificate(Arc<CertifiedKey>);

impl ResolvesClientCert for DeviceCertificate {
    fn resolve(&self, _: &[&[u8]], offered: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        if self.0.key.choose_scheme(offered).is_none() {
            log::warning!(
                "the server accepts no signature algorithm that the device's key can make"
            );
        }
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

//! From a target to a rustls configuration, kept while it is used again.

use crate::error::{Error, ErrorKind, Result};
use crate::log;
use crate::os::dns;
use crate::tls::certificate::Certificate;
use crate::tls::credentials::{self, Credentials, KeyFormat};
use crate::tls::{Target, Version, crypto, options, trust};
use ::rustls::client::{ResolvesClientCert, Resumption};
use ::rustls::crypto::{CryptoProvider, ring};
use ::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use ::rustls::sign::CertifiedKey;
use ::rustls::time_provider::TimeProvider;
use ::rustls::version::{TLS12, TLS13};
use ::rustls::{ClientConfig, RootCertStore, SignatureScheme, SupportedProtocolVersion};
use once_cell::sync::OnceCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

/// How many configurations are kept. A device talks to one or two servers.
const KEPT: usize = 4;

/// Sessions kept for each configuration: what rustls holds for one server.
const SESSIONS: usize = 8;

/// Everything that connections to one target share. Sessions are resumed only between connections
/// of the same configuration.
pub struct Configuration {
    pub(super) client: Arc<ClientConfig>,
    leaf: Option<Certificate>,
    /// What the trust anchors say about themselves, as far as they can be read.
    anchors: Vec<Certificate>,
}

impl Configuration {
    /// Whether the device has a certificate to present.
    pub fn has_certificate(&self) -> bool {
        self.leaf.is_some()
    }

    /// The trust anchor that a server's chain leads to; of several with the same name the one that
    /// lasts longest.
    pub fn anchor_of(&self, chain: &[Certificate]) -> Option<&Certificate> {
        let issued = |anchor: &&Certificate| chain.iter().any(|c| c.issuer == anchor.subject);
        self.anchors.iter().filter(issued).max_by_key(|anchor| anchor.not_after)
    }

    /// The device's own certificate, if it has one to present.
    pub fn device_certificate(&self) -> Option<&Certificate> {
        self.leaf.as_ref()
    }
}

/// A configuration and what it is for.
struct Kept {
    /// Of everything that it depends on.
    fingerprint: [u8; 32],
    /// Of host and port.
    endpoint: [u8; 32],
    configuration: Arc<Configuration>,
}

/// The most recently used first; one for each host and port, so that keys that the firmware has
/// replaced do not stay in memory.
static CONFIGURATIONS: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

fn kept() -> MutexGuard<'static, Vec<Kept>> {
    CONFIGURATIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forgets the configuration for the target's host and port, and with it sessions to resume.
pub fn forget(target: &Target) {
    let endpoint = endpoint(target);
    kept().retain(|entry| entry.endpoint != endpoint);
}

fn endpoint(target: &Target) -> [u8; 32] {
    crypto::sha256_of_parts(&[Some(target.host.as_bytes()), Some(&target.port.to_be_bytes())])
}

/// The configuration for `target`: the one made before for the same host, port, trust anchors and
/// credentials, or a new one. Refuses credentials and trust anchors that cannot work, and checks
/// the dates of the device's certificate each time.
pub fn configuration(target: &Target) -> Result<Arc<Configuration>> {
    let now = options::now().ok_or_else(unknown_time)?;
    let fingerprint = fingerprint(target);
    let known = kept()
        .iter()
        .find(|entry| entry.fingerprint == fingerprint)
        .map(|entry| Arc::clone(&entry.configuration));
    let configuration = match known {
        Some(configuration) => configuration,
        None => Arc::new(build(target)?),
    };
    if let Some(leaf) = &configuration.leaf {
        credentials::check_dates(leaf, now)?;
    }
    let endpoint = endpoint(target);
    let mut kept = kept();
    kept.retain(|entry| entry.endpoint != endpoint);
    let entry = Kept { fingerprint, endpoint, configuration: Arc::clone(&configuration) };
    kept.insert(0, entry);
    kept.truncate(KEPT);
    Ok(configuration)
}

fn unknown_time() -> Error {
    let detail = "the time of day is not known, or is before 1970";
    Error::new(ErrorKind::DeviceCertificateDates, detail)
}

/// The time of day for the engine.
#[derive(Debug)]
struct Clock;

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        options::now()?.duration_since(UNIX_EPOCH).ok().map(UnixTime::since_unix_epoch)
    }
}

/// A digest of everything that the configuration depends on. The key itself is not kept.
fn fingerprint(target: &Target) -> [u8; 32] {
    let port = target.port.to_be_bytes();
    let certificate = target.certificate.as_deref();
    let key = target.private_key.as_ref().map(|key| key.as_slice());
    let versions = [target.versions.0 as u8, target.versions.1 as u8];
    crypto::sha256_of_parts(&[
        Some(&versions),
        Some(target.host.as_bytes()),
        Some(&port),
        Some(&target.trust_anchors),
        certificate,
        key,
    ])
}

fn build(target: &Target) -> Result<Configuration> {
    // Credentials first: they are refused before anything else is looked at.
    let credentials = credentials::read(
        target.certificate.as_deref(),
        target.private_key.as_ref().map(|key| key.as_slice()),
    )?;
    let provider = provider()?;
    let (leaf, key) = match credentials {
        Some(credentials) => {
            let (leaf, key) = certified_key(credentials, &provider)?;
            (Some(leaf), Some(key))
        }
        None => (None, None),
    };
    let (roots, anchors) = roots(&target.trust_anchors)?;
    let offered = target.versions.0..=target.versions.1;
    let versions: Vec<&SupportedProtocolVersion> =
        [(Version::Tls13, &TLS13), (Version::Tls12, &TLS12)]
            .into_iter()
            .filter_map(|(version, supported)| offered.contains(&version).then_some(supported))
            .collect();
    let builder = ClientConfig::builder_with_details(provider, Arc::new(Clock))
        .with_protocol_versions(&versions)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("setting up TLS: {e}")))?
        .with_root_certificates(roots);
    let mut client = match key {
        Some(key) => builder.with_client_cert_resolver(Arc::new(DeviceCertificate(Arc::new(key)))),
        None => builder.with_no_client_auth(),
    };
    client.resumption = Resumption::in_memory_sessions(SESSIONS);
    Ok(Configuration { client: Arc::new(client), leaf, anchors })
}

/// The engine's cryptography. It is set up once the operating system has shown that it can give
/// randomness: without it no key may be made.
fn provider() -> Result<Arc<CryptoProvider>> {
    static PROVIDER: OnceCell<Arc<CryptoProvider>> = OnceCell::new();
    PROVIDER
        .get_or_try_init(|| {
            crypto::fill_random(&mut [0; 32])?;
            Ok(Arc::new(ring::default_provider()))
        })
        .cloned()
}

/// How many of these certificates can be trust anchors.
pub fn count_anchors(certificates: &[Vec<u8>]) -> usize {
    let mut store = RootCertStore::empty();
    let ders = certificates.iter().map(|der| CertificateDer::from(der.as_slice()));
    store.add_parsable_certificates(ders).0
}

/// Whether a connection could use these credentials today.
pub fn check_credentials(credentials: Credentials) -> Result<()> {
    credentials::check_dates(&credentials.leaf, options::now().ok_or_else(unknown_time)?)?;
    certified_key(credentials, &*provider()?).map(drop)
}

fn roots(bundle: &[u8]) -> Result<(RootCertStore, Vec<Certificate>)> {
    let mut store = RootCertStore::empty();
    let mut anchors = Vec::new();
    for (number, der) in trust::certificates(bundle)?.into_iter().enumerate() {
        let anchor = Certificate::read(&der).ok();
        match store.add(CertificateDer::from(der)) {
            Ok(()) => anchors.extend(anchor),
            Err(e) => {
                let number = number + 1;
                log::warning!(
                    "ca_crt: certificate {number} cannot be a trust anchor: {e}, skipped"
                );
            }
        }
    }
    if store.is_empty() {
        let detail = "no certificate of ca_crt can be a trust anchor";
        return Err(Error::new(ErrorKind::TrustAnchors, detail));
    }
    Ok((store, anchors))
}

fn certified_key(
    credentials: Credentials,
    provider: &CryptoProvider,
) -> Result<(Certificate, CertifiedKey)> {
    let der = credentials.key.as_slice();
    let borrowed = match credentials.key_format {
        KeyFormat::Pkcs1 => PrivateKeyDer::Pkcs1(der.into()),
        KeyFormat::Pkcs8 => PrivateKeyDer::Pkcs8(der.into()),
        KeyFormat::Sec1 => PrivateKeyDer::Sec1(der.into()),
    };
    // rustls clones the DER into the signer and overwrites its copy when dropped.
    let key = provider.key_provider.load_private_key(borrowed.clone_key()).map_err(|_| {
        let detail =
            "g_cli_key is not an RSA (2048 to 4096 bits), ECDSA (P-256, P-384) or Ed25519 key";
        Error::new(ErrorKind::Credentials, detail)
    })?;
    let own = key.public_key();
    if own.as_deref() != Some(credentials.leaf.public_key.as_slice()) {
        let detail = "g_cli_crt and g_cli_key do not belong together";
        return Err(Error::new(ErrorKind::CredentialsMismatch, detail));
    }
    let chain = credentials.chain.into_iter().map(CertificateDer::from).collect();
    Ok((credentials.leaf, CertifiedKey::new(chain, key)))
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

/// The name or address that the server's certificate has to carry. A trailing dot, which only
/// says that the name is complete, is no part of it (RFC 6066 section 3).
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>> {
    if let Some(address) = dns::literal(host) {
        return Ok(ServerName::IpAddress(address.into()));
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    ServerName::try_from(name).map_err(|_| {
        let detail = format!("{host:?} is neither a host name nor an IP address");
        Error::new(ErrorKind::InvalidArgument, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_trailing_dot() {
        for host in ["example.com", "EXAMPLE.com", "example.com."] {
            assert_eq!(server_name(host).unwrap().to_str(), "example.com");
        }
        for address in ["127.0.0.1", "::1", "[::1]"] {
            assert!(matches!(server_name(address), Ok(ServerName::IpAddress(_))), "{address}");
        }
        for wrong in ["", ".", "a b", "example..com", "-a"] {
            assert_eq!(server_name(wrong).unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
    }
}

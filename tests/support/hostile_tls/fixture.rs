//! Certificates, keys and servers.

use super::sealed;
use crate::support::server::{newest, target, versions, with_credentials};
use crate::support::{Authority, ecdsa_key};
use linksdk_hal::tls::engine::Shared;
use linksdk_hal::tls::name::ServerName;
use linksdk_hal::tls::{Target, credentials, trust};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use std::sync::{Arc, OnceLock};

/// Certificates, keys and servers, made once.
pub struct Fixture {
    pub anonymous: Target,
    pub device: Target,
    pub chain: Vec<Vec<u8>>,
    /// For the oldest and the newest version, without and with a certificate of the device.
    pub servers: [[Arc<ServerConfig>; 2]; 2],
}

pub fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let authority = Authority::new("root");
        let key = ecdsa_key();
        let intermediate = authority.intermediate("between");
        let chain = intermediate.server(&key, &["localhost"]) + &intermediate.pem;
        let anonymous = target("localhost", 1, &authority.pem);
        let own_key = ecdsa_key();
        let (own, own_key) = (authority.device(&own_key), own_key.pkcs8);
        let device = with_credentials(target("localhost", 1, &authority.pem), &own, &own_key);
        let server =
            |version, devices| server(&chain, &key.pkcs8, &authority.pem, version, devices);
        let servers = [versions()[0], newest()].map(|v| [server(v, false), server(v, true)]);
        let chain = CertificateDer::pem_slice_iter(chain.as_bytes());
        let chain = chain.map(|der| der.unwrap().to_vec()).collect();
        Fixture { anonymous, device, chain, servers }
    })
}

fn server(
    chain: &str,
    key: &str,
    authority: &str,
    version: &'static SupportedProtocolVersion,
    devices: bool,
) -> Arc<ServerConfig> {
    let provider = Arc::new(sealed::provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(&[version]).unwrap();
    let builder = if devices {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(|c| c.unwrap()).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
    Arc::new(config)
}

/// What connections to `target` share: new each time, so that no session outlives a script.
pub fn shared(target: &Target) -> Shared {
    let anchors = trust::certificates(&target.trust_anchors).unwrap();
    let key = target.private_key.as_ref();
    let credentials = credentials::read(target.certificate.as_deref(), key).unwrap();
    let name = ServerName::new(&target.host).unwrap();
    Shared::new(&target.offer, name, credentials, anchors).unwrap()
}

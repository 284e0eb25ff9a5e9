//! An engine and a server that are joined in memory: no sockets, no names to resolve, no time.

use linksdk_hal::error::{Error, Result};
use linksdk_hal::tls::configuration::configuration;
use linksdk_hal::tls::{Engine, Io, Outcome, Target, Want};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

/// The wire between an engine and the server of the test.
#[derive(Default)]
pub struct Wire {
    pub to_client: VecDeque<u8>,
    pub to_server: Vec<u8>,
    /// How many bytes one read or write moves at most.
    pub portion: Option<usize>,
    /// How many bytes the wire takes before it is full.
    pub room: Option<usize>,
    pub ended: bool,
}

impl Wire {
    fn limit(&self, count: usize) -> usize {
        self.portion.map_or(count, |portion| count.min(portion))
    }
}

impl Io for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.limit(self.to_client.len().min(buffer.len()));
        if count == 0 {
            return if self.ended { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        }
        self.to_client.read(buffer.get_mut(..count).unwrap_or_default())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.map_or(bytes.len(), |room| room.saturating_sub(self.to_server.len()));
        let count = self.limit(bytes.len().min(room));
        if count == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.to_server.extend_from_slice(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Lets the server take what has arrived and answer; `false` when it has given up.
pub fn serve(server: &mut ServerConnection, wire: &mut Wire) -> bool {
    let sent = std::mem::take(&mut wire.to_server);
    let mut rest = sent.as_slice();
    let mut alive = true;
    while alive && !rest.is_empty() {
        alive = server.read_tls(&mut rest).is_ok() && server.process_new_packets().is_ok();
    }
    let mut answer = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut answer).unwrap();
    }
    wire.to_client.extend(answer);
    alive
}

/// Presents a chain that nobody has looked at.
#[derive(Debug)]
struct Unchecked(Arc<CertifiedKey>);

impl ResolvesServerCert for Unchecked {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// A server that presents whatever chain it is given.
pub fn unchecked_config(
    chain: &str,
    key: &str,
    version: &'static SupportedProtocolVersion,
) -> Arc<ServerConfig> {
    Arc::new(unchecked_config_with(
        rustls::crypto::ring::default_provider(),
        chain,
        key,
        &[version],
    ))
}

/// The same with the suites of `provider`.
pub fn unchecked_config_with(
    provider: CryptoProvider,
    chain: &str,
    key: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConfig {
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(|c| c.unwrap()).collect();
    let key = any_supported_type(&PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Unchecked(Arc::new(CertifiedKey::new(chain, key)))))
}

/// How the handshake of `target` with such a server ends.
pub fn handshake(target: &Target, config: Arc<ServerConfig>) -> Result<()> {
    let mut engine: Box<dyn Engine> = configuration(target)?.connect()?;
    let mut server = ServerConnection::new(config).unwrap();
    let mut wire = Wire::default();
    let mut steps = 0;
    loop {
        match engine.step(&mut wire, Want::Handshake) {
            Outcome::Done(_) => return Ok(()),
            Outcome::Failed(error) => return Err(error),
            _ => {}
        }
        if !serve(&mut server, &mut wire) {
            wire.ended = true;
        }
        steps += 1;
        assert!(steps < 1000, "the handshake does not end");
    }
}

/// The words of an error.
pub fn words(error: &Error) -> String {
    format!("{:?}: {}", error.kind(), error.detail())
}

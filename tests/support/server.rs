//! A TLS server on loopback, one connection at a time, that does what a test says and always ends.

use linksdk_hal::deadline::Deadline;
use linksdk_hal::error::Result;
use linksdk_hal::tls::credentials::PrivateKey;
use linksdk_hal::tls::session::Connection;
use linksdk_hal::tls::{Offer, Target, Version, engine};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a server waits for a client that does not speak, so that every test ends.
const PATIENCE: Duration = Duration::from_secs(20);

pub type Stream = StreamOwned<ServerConnection, TcpStream>;

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(|c| c.unwrap()).collect()
}

/// A configuration with a certificate chain; clients must present a certificate of
/// `client_authority` if one is given. Sessions are resumed with tickets.
pub fn config(
    chain: &str,
    key: &str,
    client_authority: Option<&str>,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ServerConfig> {
    let mut config = config_with_session_ids(chain, key, client_authority, versions);
    config.ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
    Arc::new(config)
}

/// The same for a server that remembers its sessions itself: TLS 1.2 with session ids.
pub fn config_with_session_ids(
    chain: &str,
    key: &str,
    client_authority: Option<&str>,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .unwrap();
    let builder = match client_authority {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            roots.add(certificates(pem).remove(0)).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    builder.with_single_cert(certificates(chain), key).unwrap()
}

/// The protocol versions that the engine of this build speaks, the oldest first.
pub fn versions() -> Vec<&'static SupportedProtocolVersion> {
    let known = [(Version::Tls12, &TLS12), (Version::Tls13, &TLS13)];
    let spoken = known.into_iter().filter(|(version, _)| engine::VERSIONS.contains(version));
    spoken.map(|(_, supported)| supported).collect()
}

/// The newest of [`versions`].
pub fn newest() -> &'static SupportedProtocolVersion {
    versions().pop().unwrap()
}

/// A server thread. Dropping it waits until the thread has ended.
pub struct Server {
    pub port: u16,
    address: std::net::SocketAddr,
    thread: Option<JoinHandle<()>>,
    results: Receiver<std::io::Result<usize>>,
}

impl Server {
    /// Accepts `count` connections on loopback, one after the other, and gives each to `serve`
    /// as it is, before any handshake.
    pub fn tcp(count: usize, mut serve: impl FnMut(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (_, results) = channel();
        let thread = thread::spawn(move || {
            for _ in 0..count {
                let Ok((stream, _)) = listener.accept() else { return };
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_nodelay(true).unwrap();
                serve(stream);
            }
        });
        Self { port: address.port(), address, thread: Some(thread), results }
    }

    /// Like [`Self::tcp`], with TLS around each connection. The handshake happens with the first
    /// read or write of `serve`.
    pub fn tls(
        config: Arc<ServerConfig>,
        count: usize,
        mut serve: impl FnMut(Stream) + Send + 'static,
    ) -> Self {
        Self::tcp(count, move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            serve(StreamOwned::new(connection, stream));
        })
    }

    /// A server that completes one handshake and reports how many bytes of it had arrived when it
    /// ended, then reads until the client goes.
    pub fn handshake_only(config: Arc<ServerConfig>) -> Self {
        let (sender, results) = channel();
        let mut server = Self::tls(config, 1, move |mut stream| {
            let result = stream.conn.complete_io(&mut stream.sock).map(|(read, _)| read);
            let _ = sender.send(result);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        server.results = results;
        server
    }

    /// How the handshake of [`Self::handshake_only`] ended.
    pub fn handshake(&self) -> std::io::Result<usize> {
        self.results.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Connections that the test did not make: each lets the thread go on to its end.
        while let Some(thread) = &self.thread {
            if thread.is_finished() {
                break;
            }
            drop(TcpStream::connect(self.address));
            thread::yield_now();
        }
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            if !thread::panicking() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

pub fn target(host: &str, port: u16, trust_anchors: &str) -> Target {
    Target {
        host: host.to_owned(),
        port,
        trust_anchors: trust_anchors.as_bytes().to_vec(),
        certificate: None,
        private_key: None,
        offer: Offer::DEFAULT,
    }
}

pub fn with_credentials(mut target: Target, certificate: &str, key: &str) -> Target {
    target.certificate = Some(certificate.as_bytes().to_vec());
    target.private_key = Some(PrivateKey::pem(key.as_bytes()));
    target
}

pub fn connect(target: &Target) -> Result<Arc<Connection>> {
    Connection::establish(target, Deadline::after_ms(10_000))
}

//! One handshake with one version of TLS, looked at from inside.

use std::io::{self, ErrorKind as IoKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use linksdk_hal::error::{Error, ErrorKind};
use linksdk_hal::tls::alert::{self, Presented};
use linksdk_hal::tls::rustls::errors;
use linksdk_hal::tls::rustls::verifier::Verifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, Error as TlsError, RootCertStore, SupportedProtocolVersion,
};

use super::observe::{Device, Observer, Recording, Seen};

/// How long after a TLS 1.3 handshake the server's word about the device's certificate is waited
/// for: only then does it look at it (RFC 8446 section 4.4.2.4).
const LAST_WORD: Duration = Duration::from_secs(1);

/// What both handshakes share.
pub(super) struct Setup {
    pub(super) roots: Arc<RootCertStore>,
    pub(super) name: ServerName<'static>,
    pub(super) certificate: Option<Arc<CertifiedKey>>,
    pub(super) timeout: Duration,
}

/// How a handshake went.
pub(super) struct Result {
    pub(super) offered: &'static str,
    pub(super) milliseconds: f64,
    pub(super) seen: Seen,
    pub(super) suite: Option<String>,
    pub(super) group: Option<String>,
    /// The alert that the server sent, by its name.
    pub(super) alert: Option<String>,
    /// The two sides have no version, suite or group in common.
    pub(super) incompatible: bool,
    /// What the library would say.
    pub(super) error: Option<Error>,
}

impl Result {
    /// Whether the device's certificate went out: not to a server whose own was refused.
    pub(super) fn device_was_shown(&self, setup: &Setup) -> bool {
        let refused = self.error.as_ref().map(Error::kind) == Some(ErrorKind::ServerCertificate);
        self.seen.asked && setup.certificate.is_some() && !refused
    }

    /// The server may offer this version or not: it said or showed that it does not.
    pub(super) fn version_refused(&self) -> bool {
        self.incompatible || self.alert.as_deref() == Some("protocol_version")
    }
}

/// What ended a handshake or the time after it.
enum End {
    Tls(TlsError),
    Io(io::Error),
    Closed,
    Late,
}

/// Connects to `address` and offers one version.
pub(super) fn attempt(
    setup: &Setup,
    address: SocketAddr,
    offered: &'static str,
    version: &'static SupportedProtocolVersion,
) -> Result {
    let observer = Observer::default();
    let presented = match setup.certificate {
        Some(_) => Presented::Certificate,
        None => Presented::Nothing,
    };
    let mut result = Result {
        offered,
        milliseconds: 0.0,
        seen: Seen::default(),
        suite: None,
        group: None,
        alert: None,
        incompatible: false,
        error: None,
    };
    let prepared = configure(setup, &observer, version).and_then(|config| {
        let connection = ClientConnection::new(Arc::new(config), setup.name.clone())
            .map_err(|error| errors::translate(&error, presented, true))?;
        let socket = TcpStream::connect_timeout(&address, setup.timeout)
            .map_err(|error| Error::new(ErrorKind::Connect, format!("{address}: {error}")))?;
        Ok((connection, socket))
    });
    let (mut connection, mut socket) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            result.error = Some(error);
            return result;
        }
    };
    // As the library: a flight is not held back for the acknowledgement of the one before.
    let _ = socket.set_nodelay(true);
    let start = Instant::now();
    let mut end = drive(&mut connection, &mut socket, start + setup.timeout);
    result.milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let handshaking = end.is_some();
    if end.is_none() {
        let suite = connection.negotiated_cipher_suite();
        result.suite = suite.and_then(|suite| suite.suite().as_str()).map(str::to_owned);
        let group = connection.negotiated_key_exchange_group();
        result.group = group.and_then(|group| group.name().as_str()).map(str::to_owned);
        if offered == "TLS 1.3" {
            end = last_word(&mut connection, &mut socket);
        }
        connection.send_close_notify();
        let _ = connection.write_tls(&mut socket);
    }
    result.seen = observer.seen();
    if let Some(end) = end {
        explain(&mut result, end, presented, handshaking);
    }
    result
}

fn configure(
    setup: &Setup,
    observer: &Observer,
    version: &'static SupportedProtocolVersion,
) -> std::result::Result<ClientConfig, Error> {
    let provider = Arc::new(default_provider());
    let roots = RootCertStore::clone(&setup.roots);
    let verifier = Verifier::new(roots, Arc::clone(&provider))?;
    let internal = |error| Error::new(ErrorKind::Internal, format!("setting up TLS: {error}"));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .map_err(internal)?
        // The library's own verifier; it is only looked over its shoulder.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Recording {
            verifier,
            observer: observer.clone(),
        }))
        .with_client_cert_resolver(Arc::new(Device {
            certificate: setup.certificate.clone(),
            observer: observer.clone(),
        }));
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// Runs the handshake to its end. `None`: complete, and everything is sent.
fn drive(connection: &mut ClientConnection, socket: &mut TcpStream, end: Instant) -> Option<End> {
    loop {
        while connection.wants_write() {
            if let Err(error) =
                wait_no_longer_than(socket, end).and_then(|()| connection.write_tls(socket))
            {
                // A server that refuses closes at once; what it said before explains why.
                return receive(connection, socket, end).or(Some(ended(error)));
            }
        }
        if !connection.is_handshaking() {
            return None;
        }
        if let Some(failed) = receive(connection, socket, end) {
            // The alert that says why goes out if it can.
            let _ = connection.write_tls(socket);
            return Some(failed);
        }
    }
}

/// Reads once. `None`: there was something, and it was fine.
fn receive(connection: &mut ClientConnection, socket: &mut TcpStream, end: Instant) -> Option<End> {
    match wait_no_longer_than(socket, end).and_then(|()| connection.read_tls(socket)) {
        Ok(0) => Some(End::Closed),
        Ok(_) => connection.process_new_packets().err().map(End::Tls),
        Err(error) => Some(ended(error)),
    }
}

fn ended(error: io::Error) -> End {
    match error.kind() {
        IoKind::WouldBlock | IoKind::TimedOut => End::Late,
        _ => End::Io(error),
    }
}

/// Bounds the next read and write. A server that sends byte by byte does not get more time.
fn wait_no_longer_than(socket: &TcpStream, end: Instant) -> io::Result<()> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(IoKind::TimedOut.into());
    }
    socket.set_read_timeout(Some(left))?;
    socket.set_write_timeout(Some(left))
}

/// Waits for an alert after a TLS 1.3 handshake. Silence is consent.
fn last_word(connection: &mut ClientConnection, socket: &mut TcpStream) -> Option<End> {
    let end = Instant::now() + LAST_WORD;
    loop {
        match receive(connection, socket, end) {
            None => {}
            Some(End::Late) => return None,
            Some(end) => return Some(end),
        }
    }
}

fn explain(result: &mut Result, end: End, presented: Presented, handshaking: bool) {
    let error = |kind, text: String| Some(Error::new(kind, text));
    result.error = match end {
        End::Tls(failure) => {
            if let TlsError::AlertReceived(received) = &failure {
                result.alert = Some(alert::name(u8::from(*received)));
            }
            result.incompatible = matches!(failure, TlsError::PeerIncompatible(_));
            // After a TLS 1.3 handshake the server's refusal is still part of connecting.
            Some(errors::translate(&failure, presented, handshaking))
        }
        End::Late => {
            error(ErrorKind::Deadline, "the TLS handshake did not complete in time".to_owned())
        }
        End::Closed if handshaking => error(
            ErrorKind::Handshake,
            "the server closed the connection during the handshake".to_owned(),
        ),
        End::Closed => error(
            ErrorKind::ConnectionLost,
            "the server closed the connection right after the handshake, without saying why"
                .to_owned(),
        ),
        End::Io(failure) => {
            let when = if handshaking { "during" } else { "right after" };
            error(
                ErrorKind::ConnectionLost,
                format!("the connection broke {when} the handshake: {failure}"),
            )
        }
    };
}

/// The certificates as rustls wants them.
pub(super) fn owned(chain: &[Vec<u8>]) -> Vec<CertificateDer<'static>> {
    chain.iter().map(|der| CertificateDer::from(der.clone())).collect()
}

//! TLS: what an engine is, how a connection is driven, where trust and credentials come from.
//!
//! An [`Engine`] is one TLS client connection without time and without a socket. The loops that
//! wait for the socket, and the return values that the SDK relies on, are in [`session`].
#![deny(unsafe_code)]

pub mod alert;
pub mod certificate;
pub mod configuration;
pub mod credentials;
pub mod crypto;
mod distinguished_name;
pub mod establish;
pub mod name;
pub mod options;
pub mod pem;
pub mod psk;
pub mod refusal;
pub mod session;
pub mod signing;
#[cfg(feature = "engine-mbedtls")]
pub mod store;
pub mod time;
pub mod trust;

#[cfg(feature = "engine-rustls")]
pub mod rustls;
#[cfg(feature = "engine-rustls")]
pub use self::rustls as engine;

#[cfg(feature = "engine-mbedtls")]
#[allow(unsafe_code, reason = "a wrapper over C")]
pub mod mbedtls;
#[cfg(feature = "engine-mbedtls")]
pub use self::mbedtls as engine;

use self::credentials::PrivateKey;
use self::psk::PreSharedKey;
use crate::error::Error;
use std::io;

/// TLS protocol versions, as they stand on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum Version {
    /// TLS 1.2 (RFC 5246).
    Tls12 = 0x0303,
    /// TLS 1.3 (RFC 8446).
    Tls13 = 0x0304,
}

/// Whom to connect to, whom to trust, and who the device is.
pub struct Target {
    /// DNS name, or IPv4 or IPv6 literal.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The CA bundle: PEM text.
    pub trust_anchors: Vec<u8>,
    /// The device's certificate chain: PEM text, the device's own certificate first.
    pub certificate: Option<Vec<u8>>,
    /// The key of that certificate.
    pub private_key: Option<PrivateKey>,
    /// What to offer to the server.
    pub offer: Offer,
}

/// What the device offers to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The oldest and the newest protocol version.
    pub versions: (Version, Version),
    /// The most plaintext in one record that is sent, in bytes.
    pub record_size: usize,
    /// Key exchange without forward secrecy, for servers that have no other.
    pub rsa_key_exchange: bool,
    /// In place of certificates, the device's and the server's.
    pub pre_shared_key: Option<PreSharedKey>,
}

/// The most plaintext that TLS allows in one record (RFC 8446 section 5.1).
pub const LARGEST_RECORD: usize = 16 * 1024;

impl Offer {
    /// What is offered unless the firmware says otherwise.
    pub const DEFAULT: Self = Self {
        versions: (Version::Tls12, Version::Tls13),
        record_size: LARGEST_RECORD,
        rsa_key_exchange: false,
        pre_shared_key: None,
    };
}

/// A non-blocking byte stream. Both calls return `WouldBlock` instead of waiting; a read of 0
/// bytes is the end of the stream.
pub trait Io {
    /// Reads what is there, at most `buffer.len()` bytes.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes what fits, at most `bytes.len()` bytes. Never raises SIGPIPE.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

/// What the caller wants of an [`Engine`].
#[derive(Debug)]
pub enum Want<'a> {
    /// Finish the handshake. `Done(0)` when application data can flow.
    Handshake,
    /// Fill the buffer with what has been decrypted. `Done(n)`, n >= 1, when there is plaintext.
    Read(&'a mut [u8]),
    /// Encrypt and send. `Done(n)`: the engine has taken n bytes and owns them.
    Write(&'a [u8]),
    /// Send what the engine still holds. `Done(0)` when nothing is left.
    Flush,
    /// Queue close_notify and send what can be sent at once. `Done(0)` when nothing is left.
    Close,
}

/// What came of a [`Want`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was done; for `Read` and `Write` with this many bytes.
    Done(usize),
    /// Nothing more can be done before the stream is readable.
    WantRead,
    /// Nothing more can be done before the stream is writable.
    WantWrite,
    /// The peer sent close_notify and all plaintext before it has been read.
    Closed,
    /// The stream ended without close_notify and all plaintext before it has been read.
    Eof,
    /// The connection failed. Every later call returns the same error.
    Failed(Error),
}

/// What a handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// `TLSv1.2` or `TLSv1.3`.
    pub protocol: &'static str,
    /// The IANA name of the cipher suite.
    pub cipher_suite: String,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
}

/// One TLS client connection, without time: every call does what it can now and says what it waits
/// for. Reads drain plaintext before the end of the stream or an error shows; errors are sticky.
pub trait Engine: Send {
    /// Does as much as can be done now towards `want`.
    fn step(&mut self, io: &mut dyn Io, want: Want<'_>) -> Outcome;
    /// What was agreed on, once the handshake is complete.
    fn negotiated(&self) -> Option<Negotiated>;
    /// The server's certificates as it sent them, DER, its own first; those of the first connection
    /// when a session was resumed, of which Mbed TLS keeps the server's own only. Empty before the
    /// handshake is complete.
    fn server_chain(&self) -> Vec<Vec<u8>>;
}

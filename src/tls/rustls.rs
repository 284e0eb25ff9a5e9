//! The engine on rustls with ring: TLS 1.2 and 1.3.
#![forbid(unsafe_code)]

pub mod errors;
mod keys;
mod provider;
mod shared;
mod signing;
pub mod verifier;

pub use shared::{Shared, check_anchor, check_key};

use super::alert::Presented;
use super::{Engine, Io, Negotiated, Outcome, Version, Want};
use crate::error::{Error, ErrorKind};
use ::rustls::{ClientConnection, HandshakeKind, ProtocolVersion};
use std::io::{self, Read, Write};

/// What firmware and log lines call this engine.
pub const NAME: &str = "rustls";

/// The protocol versions that it speaks.
pub const VERSIONS: &[Version] = &[Version::Tls12, Version::Tls13];

/// Whether it has RSA key exchange and TLS-PSK.
pub const OLD_KEY_EXCHANGES: bool = false;

/// How many reads of the stream one step may make without yielding plaintext. A peer that sends
/// nothing but empty records must not keep a step, and with it the engine's lock, for ever.
const READS_PER_STEP: usize = 16;

/// The most plaintext that is taken in one go: one record. It bounds what the engine holds for a
/// peer that does not read.
const WRITE_CHUNK: usize = 16 * 1024;

/// One connection.
struct RustlsEngine {
    connection: ClientConnection,
    presented: Presented,
    /// Why nothing more can be received: final for everything.
    failed: Option<Error>,
    /// Why nothing more can be sent. What the server said before may still be there to read.
    send_failed: Option<Error>,
}

/// How an attempt to receive ended.
enum Received {
    Bytes,
    Nothing,
    End,
}

impl RustlsEngine {
    fn new(connection: ClientConnection, presented: Presented) -> Self {
        Self { connection, presented, failed: None, send_failed: None }
    }

    fn fail(&mut self, error: Error) -> Outcome {
        self.failed = Some(error.clone());
        Outcome::Failed(error)
    }

    fn fail_io(&mut self, doing: &str, error: &io::Error) -> Outcome {
        self.fail(Error::new(ErrorKind::ConnectionLost, format!("{doing}: {error}")))
    }

    fn fail_sending(&mut self, error: &io::Error) -> Outcome {
        let error = Error::new(ErrorKind::ConnectionLost, format!("sending: {error}"));
        self.send_failed = Some(error.clone());
        Outcome::Failed(error)
    }

    /// Sends what waits. `Ok(false)` when the stream takes no more now.
    fn send(&mut self, io: &mut dyn Io) -> io::Result<bool> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Stream(io)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// Reads and decrypts what is there now.
    fn receive(&mut self, io: &mut dyn Io) -> std::result::Result<Received, Error> {
        let received = match self.connection.read_tls(&mut Stream(io)) {
            Ok(0) => Received::End,
            Ok(_) => Received::Bytes,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Received::Nothing,
            Err(e) => {
                return Err(Error::new(ErrorKind::ConnectionLost, format!("receiving: {e}")));
            }
        };
        let handshaking = self.connection.is_handshaking();
        if let Err(e) = self.connection.process_new_packets() {
            // The alert that says why goes out if it can; the connection is over either way.
            let _ = self.send(io);
            return Err(errors::translate(&e, self.presented, handshaking));
        }
        Ok(received)
    }

    fn handshake(&mut self, io: &mut dyn Io) -> Outcome {
        for reads in 0..=READS_PER_STEP {
            match self.send(io) {
                Ok(true) => {}
                Ok(false) => return Outcome::WantWrite,
                Err(e) => return self.explain_failed_handshake(io, &e),
            }
            if !self.connection.is_handshaking() {
                return Outcome::Done(0);
            }
            // Only now: the last read may have brought what the peer waits to see answered.
            if reads == READS_PER_STEP {
                break;
            }
            match self.receive(io) {
                Ok(Received::Bytes) => {}
                Ok(Received::Nothing) => return Outcome::WantRead,
                Ok(Received::End) => {
                    let detail = "the server closed the connection during the handshake";
                    return self.fail(Error::new(ErrorKind::Handshake, detail));
                }
                Err(error) => return self.fail(error),
            }
        }
        Outcome::WantRead
    }

    /// A server that refuses closes at once, so that sending our next flight fails. What it said
    /// before explains why.
    fn explain_failed_handshake(&mut self, io: &mut dyn Io, error: &io::Error) -> Outcome {
        for _ in 0..READS_PER_STEP {
            match self.receive(io) {
                Ok(Received::Bytes) => {}
                Ok(Received::Nothing | Received::End) => break,
                Err(said) if said.kind() == ErrorKind::ConnectionLost => break,
                Err(said) => return self.fail(said),
            }
        }
        self.fail_io("sending the handshake", error)
    }

    fn read(&mut self, io: &mut dyn Io, buffer: &mut [u8]) -> Outcome {
        for reads in 0..=READS_PER_STEP {
            let end = match self.connection.reader().read(buffer) {
                Ok(0) if buffer.is_empty() => return Outcome::Done(0),
                Ok(0) => Some(Outcome::Closed),
                Ok(n) => return Outcome::Done(n),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => None,
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Some(Outcome::Eof),
                Err(e) => return self.fail_io("decrypting", &e),
            };
            // A failure stays one, also when the stream has ended since.
            match (&self.failed, end) {
                (Some(error), _) => return Outcome::Failed(error.clone()),
                (None, Some(end)) => return end,
                (None, None) => {}
            }
            // Only now: the last read may have brought plaintext.
            if reads == READS_PER_STEP {
                break;
            }
            // A failure to send must not hide what the peer said before.
            let blocked = matches!(self.send(io), Ok(false));
            match self.receive(io) {
                Ok(Received::Bytes | Received::End) => {}
                Ok(Received::Nothing) if blocked => return Outcome::WantWrite,
                Ok(Received::Nothing) => return Outcome::WantRead,
                // Records before the bad one may have yielded plaintext: read once more.
                Err(error) => self.failed = Some(error),
            }
        }
        Outcome::WantRead
    }

    fn write(&mut self, io: &mut dyn Io, bytes: &[u8]) -> Outcome {
        match self.send(io) {
            Ok(true) => {}
            Ok(false) => return Outcome::WantWrite,
            Err(e) => return self.fail_sending(&e),
        }
        let chunk = bytes.get(..bytes.len().min(WRITE_CHUNK)).unwrap_or(bytes);
        let taken = match self.connection.writer().write(chunk) {
            Ok(taken) => taken,
            Err(e) => return self.fail_io("encrypting", &e),
        };
        match self.send(io) {
            Ok(_) => Outcome::Done(taken),
            Err(e) => self.fail_sending(&e),
        }
    }

    fn flush(&mut self, io: &mut dyn Io) -> Outcome {
        match self.send(io) {
            Ok(true) => Outcome::Done(0),
            Ok(false) => Outcome::WantWrite,
            Err(e) => self.fail_sending(&e),
        }
    }
}

impl Engine for RustlsEngine {
    fn step(&mut self, io: &mut dyn Io, want: Want<'_>) -> Outcome {
        let failed = self.failed.as_ref().or(self.send_failed.as_ref());
        if let (Some(error), false) = (failed, matches!(want, Want::Read(_))) {
            return Outcome::Failed(error.clone());
        }
        match want {
            Want::Handshake => self.handshake(io),
            Want::Read(buffer) => self.read(io, buffer),
            Want::Write(bytes) => self.write(io, bytes),
            Want::Flush => self.flush(io),
            Want::Close => {
                self.connection.send_close_notify();
                self.flush(io)
            }
        }
    }

    fn negotiated(&self) -> Option<Negotiated> {
        if self.connection.is_handshaking() {
            return None;
        }
        let suite = self.connection.negotiated_cipher_suite()?;
        Some(Negotiated {
            protocol: match self.connection.protocol_version()? {
                ProtocolVersion::TLSv1_3 => "TLSv1.3",
                _ => "TLSv1.2",
            },
            cipher_suite: suite.suite().as_str().unwrap_or("unknown suite").to_owned(),
            resumed: self.connection.handshake_kind() == Some(HandshakeKind::Resumed),
        })
    }

    fn server_chain(&self) -> Vec<Vec<u8>> {
        // rustls knows it before the server has shown that it holds the key.
        if self.connection.is_handshaking() {
            return Vec::new();
        }
        let chain = self.connection.peer_certificates().unwrap_or_default();
        chain.iter().map(|der| der.to_vec()).collect()
    }
}

/// [`Io`] in the form that rustls takes.
struct Stream<'a>(&'a mut dyn Io);

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

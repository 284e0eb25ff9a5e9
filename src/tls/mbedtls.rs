//! The engine on Mbed TLS 2.28: TLS 1.2, and, where the firmware asks for it, what old servers need.
//!
//! A safe wrapper over C code: docs/engines.md says when to choose it.

mod errors;
mod key;
mod pipe;
mod seal;
mod session;
mod shared;
mod ssl;
mod verify;

pub use seal::{open, seal};
pub use shared::Shared;

use self::pipe::Filled;
use self::shared::Common;
use self::ssl::{Code, Ssl};
use super::credentials::Credentials;
use super::{Engine, Io, Negotiated, Outcome, Version, Want};
use crate::error::{Error, ErrorKind, Result};
use mbedtls::x509::{self, VerifyError};
use mbedtls_sys as sys;
use std::io;
use std::sync::Arc;

/// What firmware and log lines call this engine.
pub const NAME: &str = "mbedtls";

/// The protocol versions that it speaks.
pub const VERSIONS: &[Version] = &[Version::Tls12];

/// Whether it has RSA key exchange and TLS-PSK.
pub const OLD_KEY_EXCHANGES: bool = true;

/// How many portions of the stream one step may take without yielding plaintext. A peer that sends
/// nothing but empty records must not keep a step, and with it the engine's lock, for ever.
const READS_PER_STEP: usize = 16;

/// Whether a certificate can be a trust anchor. The error is a clause.
pub fn check_anchor(der: &[u8]) -> std::result::Result<(), String> {
    x509::Certificate::from_der(der).map(drop).map_err(|e| e.to_string())
}

/// Whether the key can be used and belongs to the certificate. An external key shows that only when
/// it signs.
pub fn check_key(credentials: &Credentials) -> Result<()> {
    key::load(credentials).map(drop)
}

/// One connection.
struct MbedtlsEngine {
    ssl: Ssl,
    common: Arc<Common>,
    negotiated: Option<Negotiated>,
    /// How the connection ended, final for everything.
    end: Option<Outcome>,
    /// Why nothing more can be sent. What the server said before may still be there to read.
    send_failed: Option<Error>,
}

impl MbedtlsEngine {
    fn new(ssl: Ssl, common: Arc<Common>) -> Self {
        Self { ssl, common, negotiated: None, end: None, send_failed: None }
    }

    fn finish(&mut self, end: Outcome) -> Outcome {
        self.end = Some(end.clone());
        end
    }

    fn fail_io(&mut self, doing: &str, error: &io::Error) -> Outcome {
        let error = Error::new(ErrorKind::ConnectionLost, format!("{doing}: {error}"));
        self.finish(Outcome::Failed(error))
    }

    fn fail_sending(&mut self, error: &io::Error) -> Outcome {
        let error = Error::new(ErrorKind::ConnectionLost, format!("sending: {error}"));
        self.send_failed = Some(error.clone());
        Outcome::Failed(error)
    }

    /// What it means that a call failed with `code`.
    fn failed(&mut self, code: Code, io: &mut dyn Io) -> Outcome {
        // The alert that says why goes out if it can; the connection is over either way.
        let _ = self.ssl.pipe().empty(io);
        let handshaking = self.negotiated.is_none();
        let error = match (code, self.ssl.alert(code)) {
            (_, Some(alert)) => super::alert::received(alert, self.common.presented, handshaking),
            (sys::ERR_X509_CERT_VERIFY_FAILED | sys::ERR_SSL_BAD_HS_CERTIFICATE, _) => {
                let found = VerifyError::from_bits_truncate(self.ssl.verification());
                verify::refusal(&self.common.name, found).error()
            }
            _ => errors::translate(code, handshaking),
        };
        self.finish(Outcome::Failed(error))
    }

    /// Flushes while the handshake goes on. `None`: everything is sent.
    fn send_flight(&mut self, io: &mut dyn Io) -> Option<Outcome> {
        match self.ssl.pipe().empty(io) {
            Ok(true) => None,
            Ok(false) => Some(Outcome::WantWrite),
            Err(e) => Some(self.explain_failed_handshake(io, &e)),
        }
    }

    fn handshake(&mut self, io: &mut dyn Io) -> Outcome {
        if self.negotiated.is_some() {
            return self.flush(io);
        }
        for reads in 0..=READS_PER_STEP {
            match self.ssl.handshake() {
                Ok(()) => {
                    self.established();
                    return self.send_flight(io).unwrap_or(Outcome::Done(0));
                }
                Err(sys::ERR_SSL_WANT_READ | sys::ERR_SSL_WANT_WRITE) => {}
                Err(sys::ERR_SSL_CONN_EOF) => {
                    let detail = "the server closed the connection during the handshake";
                    return self.finish(Outcome::Failed(Error::new(ErrorKind::Handshake, detail)));
                }
                Err(code) => {
                    // A session that the server no longer takes must not fail every attempt.
                    self.common.keep(None);
                    return self.failed(code, io);
                }
            }
            if let Some(outcome) = self.send_flight(io) {
                return outcome;
            }
            // Only now: the last read may have brought what the peer waits to see answered.
            if reads == READS_PER_STEP {
                break;
            }
            match self.ssl.pipe().fill(io) {
                Ok(Filled::Bytes | Filled::End) => {}
                Ok(Filled::Nothing) => return Outcome::WantRead,
                Err(e) => return self.fail_io("receiving", &e),
            }
        }
        Outcome::WantRead
    }

    /// A server that refuses closes at once, so that sending our next flight fails. What it said
    /// before explains why.
    fn explain_failed_handshake(&mut self, io: &mut dyn Io, error: &io::Error) -> Outcome {
        for _ in 0..READS_PER_STEP {
            if !matches!(self.ssl.pipe().fill(io), Ok(Filled::Bytes)) {
                break;
            }
            match self.ssl.handshake() {
                Err(code) if self.ssl.alert(code).is_some() => return self.failed(code, io),
                Err(sys::ERR_SSL_WANT_READ) => {}
                _ => break,
            }
        }
        self.fail_io("sending the handshake", error)
    }

    fn established(&mut self) {
        let resumed = self.common.keep(self.ssl.session());
        let suite = self.ssl.cipher_suite().unwrap_or_default();
        self.negotiated = Some(Negotiated {
            protocol: "TLSv1.2",
            // Mbed TLS writes the names of IANA with hyphens.
            cipher_suite: suite.replace('-', "_"),
            resumed,
        });
    }

    /// Decrypts what the pipe holds; 0 only at its end. Mbed TLS also returns 0 for two records in a row
    /// without content, which RFC 5246 section 6.2.1 allows. It bounds how many of them it takes.
    fn take(&mut self, buffer: &mut [u8]) -> std::result::Result<usize, Code> {
        loop {
            match self.ssl.read(buffer) {
                Ok(0) if !self.ssl.pipe().is_at_its_end() => {}
                result => return result,
            }
        }
    }

    fn read(&mut self, io: &mut dyn Io, buffer: &mut [u8]) -> Outcome {
        if buffer.is_empty() {
            return Outcome::Done(0);
        }
        for reads in 0..=READS_PER_STEP {
            match self.take(buffer) {
                Ok(0) | Err(sys::ERR_SSL_CONN_EOF) => return self.finish(Outcome::Eof),
                Ok(count) => return Outcome::Done(count),
                Err(sys::ERR_SSL_PEER_CLOSE_NOTIFY) => return self.finish(Outcome::Closed),
                Err(sys::ERR_SSL_WANT_READ | sys::ERR_SSL_WANT_WRITE) => {}
                Err(code) => return self.failed(code, io),
            }
            // What Mbed TLS answers by itself (it refuses renegotiation) must not pile up for a peer
            // that does not read. A failure to send must not hide what the peer said before.
            if matches!(self.ssl.pipe().empty(io), Ok(false)) {
                return Outcome::WantWrite;
            }
            // Only now: the last read may have brought plaintext.
            if reads == READS_PER_STEP {
                break;
            }
            match self.ssl.pipe().fill(io) {
                Ok(Filled::Bytes | Filled::End) => {}
                Ok(Filled::Nothing) => return Outcome::WantRead,
                Err(e) => return self.fail_io("receiving", &e),
            }
        }
        Outcome::WantRead
    }

    fn write(&mut self, io: &mut dyn Io, bytes: &[u8]) -> Outcome {
        match self.ssl.pipe().empty(io) {
            Ok(true) => {}
            Ok(false) => return Outcome::WantWrite,
            Err(e) => return self.fail_sending(&e),
        }
        let chunk = bytes.get(..bytes.len().min(self.common.record_size)).unwrap_or(bytes);
        let taken = match self.ssl.write(chunk) {
            Ok(taken) => taken,
            Err(code) => return self.failed(code, io),
        };
        match self.ssl.pipe().empty(io) {
            Ok(_) => Outcome::Done(taken),
            Err(e) => self.fail_sending(&e),
        }
    }

    fn flush(&mut self, io: &mut dyn Io) -> Outcome {
        match self.ssl.pipe().empty(io) {
            Ok(true) => Outcome::Done(0),
            Ok(false) => Outcome::WantWrite,
            Err(e) => self.fail_sending(&e),
        }
    }
}

impl Engine for MbedtlsEngine {
    fn step(&mut self, io: &mut dyn Io, want: Want<'_>) -> Outcome {
        let reading = matches!(want, Want::Read(_));
        match (&self.end, &self.send_failed) {
            // After the server's close_notify, what is ours may still be sent.
            (Some(Outcome::Closed | Outcome::Eof), _) if !reading => {}
            (Some(end), _) => return end.clone(),
            (None, Some(error)) if !reading => return Outcome::Failed(error.clone()),
            (None, _) => {}
        }
        match want {
            Want::Handshake => self.handshake(io),
            Want::Read(buffer) => self.read(io, buffer),
            Want::Write(bytes) => self.write(io, bytes),
            Want::Flush => self.flush(io),
            Want::Close => {
                self.ssl.close_notify();
                self.flush(io)
            }
        }
    }

    fn negotiated(&self) -> Option<Negotiated> {
        self.negotiated.clone()
    }

    fn server_chain(&self) -> Vec<Vec<u8>> {
        match self.negotiated {
            Some(_) => self.ssl.server_chain(),
            None => Vec::new(),
        }
    }
}

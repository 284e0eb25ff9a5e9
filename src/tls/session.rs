//! A connection: the loops that wait for the socket, and what reading, writing and closing mean.
//!
//! Every call locks the engine, lets it do what it can, unlocks it, and only then waits for the
//! socket. So one thread may read while others write, and any thread may destroy the connection.
#![forbid(unsafe_code)]

use super::certificate::Certificate;
use super::{Engine, Io, Negotiated, Outcome, Want};
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::lock::{AtomicBool, Mutex, MutexGuard};
use crate::log;
use crate::os::tcp::{Interest, TcpSocket};
use std::io;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How far past its deadline a call may go on while it makes progress without waiting: a call with
/// timeout 0 takes what is there, and a peer that never stops cannot hold it.
const GRACE: Duration = Duration::from_millis(20);

/// Why the connection ended, once a call has found out. Writing may fail while there is still
/// something to read, and what the server said last explains the failure.
#[derive(Default)]
pub(super) struct Ended {
    reading: Option<Error>,
    writing: Option<Error>,
    reported: bool,
}

/// One established TLS connection. All methods may be called from any thread.
pub struct Connection {
    pub(super) socket: TcpSocket,
    pub(super) engine: Mutex<Box<dyn Engine>>,
    pub(super) destroyed: AtomicBool,
    pub(super) ended: Mutex<Ended>,
    pub(super) authenticates_device: bool,
    pub(super) negotiated: Option<Negotiated>,
    pub(super) handshake_time: Duration,
    pub(super) server: Option<Certificate>,
    pub(super) device_certificate_end: Option<Duration>,
    pub(super) expiring: Vec<String>,
}

impl Connection {
    /// Which certificates end within 30 days, as sentences for a state event.
    pub fn expiring(&self) -> &[String] {
        &self.expiring
    }

    /// The server's own certificate.
    pub fn server_certificate(&self) -> Option<&Certificate> {
        self.server.as_ref()
    }

    /// The last second of validity of the device's certificate, since 1970.
    pub fn device_certificate_end(&self) -> Option<Duration> {
        self.device_certificate_end
    }

    /// The error with which the connection ended, once a call has found out.
    pub fn error(&self) -> Option<Error> {
        let ended = self.ended();
        ended.reading.clone().or_else(|| ended.writing.clone())
    }

    /// What the handshake agreed on.
    pub fn negotiated(&self) -> Option<&Negotiated> {
        self.negotiated.as_ref()
    }

    /// Whether a device certificate was there to be presented.
    pub fn authenticates_device(&self) -> bool {
        self.authenticates_device
    }

    /// The error with which the connection ended, if the firmware should hear of it and has not
    /// yet: in TLS 1.3 a server that refuses the device's certificate says so only after our side
    /// of the handshake was complete.
    pub fn unreported_error(&self) -> Option<Error> {
        let mut ended = self.ended();
        let error = ended.reading.clone().or_else(|| ended.writing.clone())?;
        let ordinary = matches!(error.kind(), ErrorKind::PeerClosed | ErrorKind::ConnectionLost);
        (!ordinary && !std::mem::replace(&mut ended.reported, true)).then_some(error)
    }

    /// How long the TLS handshake took, without DNS and TCP.
    pub fn handshake_time(&self) -> Duration {
        self.handshake_time
    }

    /// Fills `buffer`: returns when it is full, or at the deadline with what has arrived, which
    /// may be nothing. When the connection ends, what arrived before comes first and the error on
    /// the next call; the error is the same from then on.
    pub fn read(&self, buffer: &mut [u8], deadline: Deadline) -> Result<usize> {
        self.receive(buffer, true, deadline)
    }

    /// Like [`Self::read`], and returns as soon as there is at least one byte.
    pub fn read_available(&self, buffer: &mut [u8], deadline: Deadline) -> Result<usize> {
        self.receive(buffer, false, deadline)
    }

    fn receive(&self, buffer: &mut [u8], fill: bool, deadline: Deadline) -> Result<usize> {
        let grace = deadline.plus(GRACE);
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let interest = match self.step(Want::Read(rest)) {
                Ok(Outcome::Done(n)) => {
                    filled += n;
                    if !fill || grace.is_over() {
                        return Ok(filled);
                    }
                    continue;
                }
                Ok(Outcome::WantWrite) => Interest::Either,
                Ok(_) => Interest::Read,
                Err(_) if filled > 0 => return Ok(filled),
                Err(error) => return Err(error),
            };
            if deadline.is_over() {
                return Ok(filled);
            }
            self.socket.wait(interest, deadline);
        }
        if filled == 0 {
            self.check()?;
        }
        Ok(filled)
    }

    /// Writes `bytes`: returns when the socket has taken all of them, or at the deadline with the
    /// number that was accepted, which may be nothing. Accepted bytes belong to the connection and
    /// are sent before later ones.
    pub fn write(&self, bytes: &[u8], deadline: Deadline) -> Result<usize> {
        self.check()?;
        let grace = deadline.plus(GRACE);
        let mut accepted = 0;
        loop {
            let rest = bytes.get(accepted..).unwrap_or_default();
            let want = if rest.is_empty() { Want::Flush } else { Want::Write(rest) };
            match self.step(want) {
                Ok(Outcome::Done(_)) if rest.is_empty() => return Ok(accepted),
                Ok(Outcome::Done(n)) => {
                    accepted += n;
                    if grace.is_over() {
                        return Ok(accepted);
                    }
                    continue;
                }
                Ok(_) => {}
                Err(_) if accepted > 0 => return Ok(accepted),
                Err(error) => return Err(error),
            }
            if deadline.is_over() {
                return Ok(accepted);
            }
            self.socket.wait(Interest::Write, deadline);
        }
    }

    /// Ends the connection: sends close_notify if that needs no waiting, and wakes everybody who
    /// waits in a call. Those calls and all later ones fail. Calling it again does nothing.
    pub fn destroy(&self) {
        if self.destroyed.swap(true, Ordering::SeqCst) {
            return;
        }
        // Also when the engine panics: those who wait must wake up.
        let _end = ShutDown(&self.socket);
        let _ = self.engine().step(&mut SocketIo(&self.socket), Want::Close);
    }

    pub(super) fn engine(&self) -> MutexGuard<'_, Box<dyn Engine>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> MutexGuard<'_, Ended> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step of the engine. What ends the connection becomes an error here and is remembered.
    fn step(&self, want: Want<'_>) -> Result<Outcome> {
        if self.destroyed.load(Ordering::SeqCst) {
            return Err(destroyed());
        }
        let reading = matches!(want, Want::Read(_));
        let outcome = self.engine().step(&mut SocketIo(&self.socket), want);
        let error = match outcome {
            Outcome::Closed => {
                Error::new(ErrorKind::PeerClosed, "the server closed the connection")
            }
            Outcome::Eof => {
                let detail = "the connection ended without close_notify";
                Error::new(ErrorKind::ConnectionLost, detail)
            }
            Outcome::Failed(error) => error,
            other => return Ok(other),
        };
        if self.destroyed.load(Ordering::SeqCst) {
            return Err(destroyed());
        }
        let (error, first) = {
            let mut ended = self.ended();
            let place = if reading { &mut ended.reading } else { &mut ended.writing };
            let first = place.is_none();
            (place.get_or_insert(error).clone(), first)
        };
        if first {
            match error.kind() {
                ErrorKind::PeerClosed => log::info!("{error}"),
                ErrorKind::ConnectionLost => log::warning!("{error}"),
                _ => log::error!("{error}"),
            }
        }
        Err(error)
    }

    /// Why nothing more can be written, if so.
    fn check(&self) -> Result<()> {
        if self.destroyed.load(Ordering::SeqCst) {
            return Err(destroyed());
        }
        let ended = self.ended();
        match ended.reading.as_ref().or(ended.writing.as_ref()) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

fn destroyed() -> Error {
    Error::new(ErrorKind::Destroyed, "the connection was destroyed")
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.destroy();
    }
}

/// Ends the socket's connection when it is dropped.
struct ShutDown<'a>(&'a TcpSocket);

impl Drop for ShutDown<'_> {
    fn drop(&mut self) {
        self.0.shut_down();
    }
}

/// The socket as an engine sees it.
pub(super) struct SocketIo<'a>(pub(super) &'a TcpSocket);

impl Io for SocketIo<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
}

#[cfg(not(loom))]
#[cfg(test)]
mod tests;

#[cfg(loom)]
#[cfg(test)]
mod interleavings;

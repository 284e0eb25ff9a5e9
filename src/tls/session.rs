//! A connection: the loops that wait for the socket, and what reading, writing and closing mean.
//!
//! Every call locks the engine, lets it do what it can, unlocks it, and only then waits for the
//! socket. So one thread may read while others write, and any thread may destroy the connection.
#![forbid(unsafe_code)]

use super::engine::{self, RustlsEngine};
use super::{Engine, Io, Negotiated, Outcome, Target, Want};
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::log;
use crate::os::dns;
use crate::os::tcp::{Interest, TcpSocket};
use crate::state::{self, Group};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long `establish` may take as a whole when the caller has no wish of its own.
pub const ESTABLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// One established TLS connection. All methods may be called from any thread.
pub struct Connection {
    socket: TcpSocket,
    engine: Mutex<Box<dyn Engine>>,
    destroyed: AtomicBool,
    /// Why the connection ended, once a call has found out.
    ended: Mutex<Option<Error>>,
    negotiated: Option<Negotiated>,
    handshake_time: Duration,
}

impl Connection {
    /// Resolves, connects and completes the handshake, all before `deadline`. A failure is logged
    /// and raised as a state event before it is returned.
    pub fn establish(target: &Target, deadline: Deadline) -> Result<Arc<Self>> {
        let place = format!("{}:{}", target.host, target.port);
        let result = Self::try_establish(target, deadline);
        match &result {
            Ok(connection) => {
                if let Some(negotiated) = &connection.negotiated {
                    log::info!(
                        "{} {}, {} handshake with {place} in {} ms",
                        negotiated.protocol,
                        negotiated.cipher_suite,
                        if negotiated.resumed { "resumed" } else { "full" },
                        connection.handshake_time.as_millis()
                    );
                }
            }
            Err(error) => {
                log::error!("connecting to {place} failed: {error}");
                state::raise(Group::SysDepend, error.kind().state_code(), error.detail());
            }
        }
        result
    }

    fn try_establish(target: &Target, deadline: Deadline) -> Result<Arc<Self>> {
        let configuration = engine::configuration(target)?;
        let engine = RustlsEngine::new(&configuration, &target.host)?;
        if !configuration.has_certificate() {
            log::warning!(
                "no device certificate: g_cli_crt and g_cli_key are NULL; if the firmware defines \
                 them in a static library, link with -Wl,-u,g_cli_crt -Wl,-u,g_cli_key"
            );
            state::raise(
                Group::SysDepend,
                state::TLS_NO_DEVICE_CERTIFICATE,
                "no device certificate: g_cli_crt and g_cli_key are NULL",
            );
        }
        let addresses = dns::resolve(&target.host, target.port, deadline)?;
        let socket = TcpSocket::connect(&addresses, deadline)?;
        Self::handshake(socket, Box::new(engine), deadline).map(Arc::new)
    }

    /// Completes the handshake of `engine` over `socket`.
    fn handshake(
        socket: TcpSocket,
        mut engine: Box<dyn Engine>,
        deadline: Deadline,
    ) -> Result<Self> {
        let start = Instant::now();
        loop {
            let interest = match engine.step(&mut SocketIo(&socket), Want::Handshake) {
                Outcome::Done(_) => break,
                Outcome::WantRead => Interest::Read,
                Outcome::WantWrite => Interest::Write,
                Outcome::Failed(error) => return Err(error),
                Outcome::Closed | Outcome::Eof => {
                    let detail = "the server closed the connection during the handshake";
                    return Err(Error::new(ErrorKind::Handshake, detail));
                }
            };
            if deadline.is_over() {
                let detail = "the TLS handshake did not complete in time";
                return Err(Error::new(ErrorKind::Deadline, detail));
            }
            socket.wait(interest, deadline);
        }
        Ok(Self {
            socket,
            negotiated: engine.negotiated(),
            engine: Mutex::new(engine),
            destroyed: AtomicBool::new(false),
            ended: Mutex::new(None),
            handshake_time: start.elapsed(),
        })
    }

    /// What the handshake agreed on.
    pub fn negotiated(&self) -> Option<&Negotiated> {
        self.negotiated.as_ref()
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
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let interest = match self.step(Want::Read(rest)) {
                Ok(Outcome::Done(n)) => {
                    filled += n;
                    if !fill {
                        return Ok(filled);
                    }
                    // A peer that sends without end must not keep a call past its deadline.
                    if deadline.is_over() {
                        break;
                    }
                    continue;
                }
                Ok(Outcome::WantWrite) => Interest::Either,
                Ok(_) => Interest::Read,
                Err(_) if filled > 0 => break,
                Err(error) => return Err(error),
            };
            if deadline.is_over() {
                break;
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
        let mut accepted = 0;
        loop {
            let rest = bytes.get(accepted..).unwrap_or_default();
            let want = if rest.is_empty() { Want::Flush } else { Want::Write(rest) };
            match self.step(want) {
                Ok(Outcome::Done(_)) if rest.is_empty() => return Ok(accepted),
                Ok(Outcome::Done(n)) => {
                    accepted += n;
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
        let _ = self.engine().step(&mut SocketIo(&self.socket), Want::Close);
        self.socket.shut_down();
    }

    fn engine(&self) -> MutexGuard<'_, Box<dyn Engine>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step of the engine. What ends the connection becomes an error here and is remembered.
    fn step(&self, want: Want<'_>) -> Result<Outcome> {
        if self.destroyed.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Destroyed, "the connection was destroyed"));
        }
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
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let first = ended.is_none();
        let error = ended.get_or_insert(error).clone();
        drop(ended);
        if first && !self.destroyed.load(Ordering::SeqCst) {
            report_end(&error);
        }
        Err(error)
    }

    /// Why no more can be done, if so.
    fn check(&self) -> Result<()> {
        if self.destroyed.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Destroyed, "the connection was destroyed"));
        }
        match &*self.ended.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.destroy();
    }
}

/// Tells the firmware about the end of a connection, once. In TLS 1.3 a server that refuses the
/// device's certificate says so only now, after our side of the handshake was complete.
fn report_end(error: &Error) {
    match error.kind() {
        ErrorKind::PeerClosed => log::info!("{error}"),
        ErrorKind::ConnectionLost => log::warning!("{error}"),
        _ => {
            log::error!("{error}");
            state::raise(Group::SysDepend, error.kind().state_code(), error.detail());
        }
    }
}

/// The socket as an engine sees it.
struct SocketIo<'a>(&'a TcpSocket);

impl Io for SocketIo<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
}

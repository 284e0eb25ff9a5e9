//! One TLS connection: a reading thread, any number of writing threads, several ways to end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection};
use socket2::SockRef;

const WRITE_LIMIT: Duration = Duration::from_secs(5);
/// How long an ended connection waits for the device to end it too.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
const RECORD: usize = 16 * 1024;

/// Closed while the platform plays dead: nothing is read or written then.
#[derive(Default)]
pub(crate) struct Gate {
    closed: Mutex<bool>,
    changed: Condvar,
    /// Milliseconds between any two bytes that are sent; 0 sends them together.
    pause: AtomicU64,
}

impl Gate {
    pub(crate) fn set_closed(&self, closed: bool) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = closed;
        self.changed.notify_all();
    }

    pub(crate) fn set_pause(&self, milliseconds: u64) {
        self.pause.store(milliseconds, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, given_up: &AtomicBool) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        while *closed && !given_up.load(Ordering::Acquire) {
            closed = self.changed.wait(closed).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn wake(&self) {
        // Under the lock, so that nobody goes to sleep between his check and this call.
        let _closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        self.changed.notify_all();
    }
}

/// How the platform ends a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// TLS close_notify, then FIN.
    CloseNotify,
    /// FIN without close_notify: looks like truncation.
    Fin,
    /// TCP reset.
    Reset,
}

impl End {
    pub(crate) fn name(self) -> &'static str {
        match self {
            End::CloseNotify => "close_notify",
            End::Fin => "fin",
            End::Reset => "rst",
        }
    }
}

/// What a read came to.
pub(crate) enum Received {
    Data(Vec<u8>),
    /// The device sent close_notify.
    CloseNotify,
    /// The device ended the TCP connection without close_notify.
    Eof,
    TimedOut,
    /// The platform has ended the connection.
    Ended,
    Failed(String),
}

pub(crate) struct Link {
    pub(crate) number: u64,
    socket: TcpStream,
    tls: Mutex<ServerConnection>,
    gate: Arc<Gate>,
    ended: AtomicBool,
    reset: AtomicBool,
    close_notify_received: AtomicBool,
    /// How many more bytes of the handshake are sent; `NO_LIMIT` stands for all.
    left_of_handshake: AtomicUsize,
}

const NO_LIMIT: usize = usize::MAX;

/// The socket, as far as a part of the handshake goes.
struct Limited<'a>(&'a Link);

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.0.left_of_handshake.load(Ordering::Acquire);
        if left == NO_LIMIT {
            return (&self.0.socket).write(bytes);
        }
        let count = match bytes.get(..left.min(bytes.len())).unwrap_or_default() {
            [] => return Err(io::ErrorKind::BrokenPipe.into()),
            part => (&self.0.socket).write(part)?,
        };
        self.0.left_of_handshake.store(left - count, Ordering::Release);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Link {
    pub(crate) fn new(
        number: u64,
        socket: TcpStream,
        config: Arc<ServerConfig>,
        gate: Arc<Gate>,
    ) -> Result<Self, String> {
        let prepare = || -> io::Result<()> {
            socket.set_nodelay(true)?;
            socket.set_write_timeout(Some(WRITE_LIMIT))
        };
        prepare().map_err(|error| error.to_string())?;
        let mut tls = ServerConnection::new(config).map_err(|error| error.to_string())?;
        tls.set_buffer_limit(None);
        Ok(Link {
            number,
            socket,
            tls: Mutex::new(tls),
            gate,
            ended: AtomicBool::new(false),
            reset: AtomicBool::new(false),
            close_notify_received: AtomicBool::new(false),
            left_of_handshake: AtomicUsize::new(NO_LIMIT),
        })
    }

    pub(crate) fn tls(&self) -> MutexGuard<'_, ServerConnection> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flush(&self, tls: &mut ServerConnection) -> io::Result<()> {
        while tls.wants_write() {
            tls.write_tls(&mut Limited(self))?;
        }
        Ok(())
    }

    /// Sends only so many bytes of the handshake.
    pub(crate) fn limit_handshake(&self, bytes: Option<usize>) {
        self.left_of_handshake.store(bytes.unwrap_or(NO_LIMIT), Ordering::Release);
    }

    /// Whether the handshake ended because as much of it was sent as should be.
    pub(crate) fn reached_limit(&self) -> bool {
        self.left_of_handshake.load(Ordering::Acquire) == 0
    }

    /// Completes the handshake. What the device sent behind it is returned.
    pub(crate) fn handshake(&self, deadline: Instant) -> Result<Vec<u8>, String> {
        loop {
            match self.read_once(deadline) {
                Received::Data(data) if self.tls().is_handshaking() => {
                    debug_assert!(data.is_empty())
                }
                Received::Data(data) => return Ok(data),
                Received::CloseNotify | Received::Eof => {
                    return Err("the device ended the connection during the handshake".to_owned());
                }
                Received::TimedOut => return Err("the handshake took too long".to_owned()),
                Received::Ended => return Err("ended during the handshake".to_owned()),
                Received::Failed(reason) => return Err(reason),
            }
        }
    }

    /// Waits for application data.
    pub(crate) fn read(&self, deadline: Instant) -> Received {
        loop {
            match self.read_once(deadline) {
                Received::Data(data) if data.is_empty() => {}
                received => return received,
            }
        }
    }

    /// Reads from the socket once. The data may be empty.
    fn read_once(&self, deadline: Instant) -> Received {
        if self.close_notify_received.load(Ordering::Acquire) {
            return Received::CloseNotify;
        }
        self.gate.wait(&self.ended);
        let mut raw = [0; RECORD];
        let received = self.read_socket(&mut raw, deadline);
        self.gate.wait(&self.ended);
        if self.ended.load(Ordering::Acquire) {
            return Received::Ended;
        }
        match received {
            Ok(0) => Received::Eof,
            Ok(length) => self.decrypt(raw.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Received::TimedOut,
            Err(error) => Received::Failed(error.to_string()),
        }
    }

    fn read_socket(&self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.socket.set_read_timeout(Some(left))?;
            match (&self.socket).read(into) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }

    fn decrypt(&self, mut raw: &[u8]) -> Received {
        let mut tls = self.tls();
        let mut data = Vec::new();
        let mut closed = false;
        while !raw.is_empty() {
            if let Err(error) = tls.read_tls(&mut raw) {
                return Received::Failed(error.to_string());
            }
            if let Err(error) = tls.process_new_packets() {
                // The alert that says why leaves when the connection is ended, after the log line.
                return Received::Failed(error.to_string());
            }
            let mut piece = [0; RECORD];
            loop {
                match tls.reader().read(&mut piece) {
                    Ok(0) => {
                        closed = true;
                        break;
                    }
                    Ok(length) => data.extend_from_slice(piece.get(..length).unwrap_or_default()),
                    Err(_) => break,
                }
            }
            if closed {
                break;
            }
        }
        if let Err(error) = self.flush(&mut tls) {
            return Received::Failed(error.to_string());
        }
        self.close_notify_received.store(closed, Ordering::Release);
        if closed && data.is_empty() { Received::CloseNotify } else { Received::Data(data) }
    }

    /// Sends application data. Blocks while the gate is closed and, at most for seconds, while the
    /// device does not read.
    pub(crate) fn send(&self, data: &[u8]) -> io::Result<()> {
        self.gate.wait(&self.ended);
        let mut tls = self.tls();
        if self.ended.load(Ordering::Acquire) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let pause = self.gate.pause.load(Ordering::Acquire);
        if pause == 0 {
            tls.writer().write_all(data)?;
            return self.flush(&mut tls);
        }
        for byte in data.chunks(1) {
            tls.writer().write_all(byte)?;
            self.flush(&mut tls)?;
            thread::sleep(Duration::from_millis(pause));
        }
        Ok(())
    }

    /// Sends FIN without close_notify, and goes on reading.
    pub(crate) fn half_close(&self) -> bool {
        self.socket.shutdown(Shutdown::Write).is_ok()
    }

    /// Reads what the device sends, without answering, until it ends the connection.
    pub(crate) fn hold(&self) {
        let mut unread = [0; RECORD];
        while !self.ended.load(Ordering::Acquire) {
            match self.read_socket(&mut unread, Instant::now() + WRITE_LIMIT) {
                Ok(0) => return,
                Err(error) if error.kind() != io::ErrorKind::TimedOut => return,
                _ => {}
            }
        }
    }

    /// Stops reading and writing for good. True for the first caller, who must then `finish`;
    /// what he logs between the two is in the log before the device can notice the end.
    pub(crate) fn claim_end(&self) -> bool {
        !self.ended.swap(true, Ordering::AcqRel)
    }

    /// Ends the connection, also while the gate is closed.
    pub(crate) fn finish(&self, how: End) {
        let mut tls = self.tls();
        match how {
            End::CloseNotify => {
                // After a fatal alert rustls sends that one alone.
                tls.send_close_notify();
                let _ = self.flush(&mut tls);
                let _ = self.socket.shutdown(Shutdown::Write);
            }
            End::Fin => {
                let _ = self.socket.shutdown(Shutdown::Write);
            }
            End::Reset => {
                self.reset.store(true, Ordering::Release);
                let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
                // Wakes the reading thread, whose last reference then closes and so resets.
                let _ = self.socket.shutdown(Shutdown::Read);
            }
        }
        drop(tls);
        self.gate.wake();
    }

    /// Reads until the device ends too: closing with unread data would reset the connection, and
    /// the device might then lose what was sent last.
    pub(crate) fn drain(&self) {
        let deadline = Instant::now() + DRAIN_LIMIT;
        let mut unread = [0; RECORD];
        while !self.reset.load(Ordering::Acquire) {
            match self.read_socket(&mut unread, deadline) {
                Ok(length) if length > 0 => {}
                _ => return,
            }
        }
    }
}

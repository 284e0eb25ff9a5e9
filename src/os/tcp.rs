//! Non-blocking TCP sockets, and waiting for them until a deadline.

use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// How long one address may be tried alone before the next is tried beside it (RFC 8305 section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How many waits for bytes acknowledge at once what has arrived. They cover the TLS handshake and the
/// first answers: a server with Nagle's algorithm sends its second small packet, such as CONNACK
/// behind session tickets, only when the first is acknowledged, which the system else delays by
/// 40 ms. Later, an acknowledgement that travels with data costs no packet of its own.
const PROMPT_WAITS: u8 = 16;

/// What a wait is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Bytes, or the end of the stream, to read.
    Read,
    /// Room to write.
    Write,
    /// Whichever comes first.
    Either,
}

impl Interest {
    fn events(self) -> i16 {
        match self {
            Self::Read => libc::POLLIN,
            Self::Write => libc::POLLOUT,
            Self::Either => libc::POLLIN | libc::POLLOUT,
        }
    }
}

/// A connected TCP socket: non-blocking, close-on-exec, without Nagle's delay. Writing never raises
/// SIGPIPE. All calls may be made from several threads at once.
#[derive(Debug)]
pub struct TcpSocket {
    stream: TcpStream,
    prompt_waits: AtomicU8,
}

impl TcpSocket {
    /// Connects to the first of `addresses` that answers. They are tried in their order, the next
    /// one 250 ms after the one before or as soon as that has failed, so that an address that
    /// swallows packets does not use up the time of the others.
    pub fn connect(addresses: &[SocketAddr], deadline: Deadline) -> Result<Self> {
        let mut waiting: VecDeque<SocketAddr> = addresses.iter().copied().collect();
        let mut attempts: Vec<(SocketAddr, TcpStream)> = Vec::new();
        let mut failures = Vec::new();
        loop {
            if let Some(address) = waiting.pop_front() {
                match start_connect(&address) {
                    Ok(stream) => attempts.push((address, stream)),
                    Err(e) => {
                        failures.push(format!("{address}: {e}"));
                        continue;
                    }
                }
            } else if attempts.is_empty() {
                let detail = format!("connecting to {}", failures.join(", "));
                return Err(Error::new(ErrorKind::Connect, detail));
            }
            let step = match waiting.is_empty() {
                true => deadline,
                false => deadline.earlier(Deadline::after(ATTEMPT_DELAY)),
            };
            if let Some(stream) = first_connected(&mut attempts, &mut failures, step)? {
                return Self::from_connected(stream);
            }
            if deadline.is_over() && !attempts.is_empty() {
                let tried: Vec<_> =
                    attempts.iter().map(|(address, _)| address.to_string()).collect();
                let detail = format!("connecting to {}: no answer in time", tried.join(", "));
                return Err(Error::new(ErrorKind::Deadline, detail));
            }
        }
    }

    fn from_connected(stream: TcpStream) -> Result<Self> {
        // Nagle's algorithm would hold back the second of two small records for a round trip.
        stream.set_nodelay(true).map_err(|e| system("setting TCP_NODELAY", &e))?;
        Ok(Self { stream, prompt_waits: AtomicU8::new(PROMPT_WAITS) })
    }

    /// Waits until the socket is ready for `interest`, has failed or was shut down, or the deadline
    /// passes. Signals do not end the wait.
    pub fn wait(&self, interest: Interest, deadline: Deadline) {
        if interest != Interest::Write && self.is_early() {
            self.acknowledge_at_once();
        }
        let mut descriptors = [descriptor(&self.stream, interest)];
        // An error of poll itself shows in the next read or write.
        let _ = poll(&mut descriptors, deadline);
    }

    fn is_early(&self) -> bool {
        let one_less = |left: u8| left.checked_sub(1);
        self.prompt_waits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }

    /// Sends an acknowledgement that the system holds back, and holds none back for a while.
    fn acknowledge_at_once(&self) {
        let on: libc::c_int = 1;
        let length = libc::socklen_t::try_from(size_of_val(&on)).unwrap_or(0);
        // Without it everything works, only later.
        // SAFETY: the pointer and the length are those of one int, which outlives the call; the
        // descriptor is open.
        let _ = unsafe {
            libc::setsockopt(
                self.stream.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_QUICKACK,
                std::ptr::from_ref(&on).cast(),
                length,
            )
        };
    }

    /// Ends the connection in both directions; everybody who waits for it wakes up. The descriptor
    /// stays open until the last user is done, so its number cannot name another socket.
    pub fn shut_down(&self) {
        // Fails only when the peer has already closed the connection.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Reads what is there; `WouldBlock` when nothing is.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        retry_interrupted(|| (&self.stream).read(buffer))
    }

    /// Writes what fits; `WouldBlock` when nothing does. The standard library passes MSG_NOSIGNAL.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        retry_interrupted(|| (&self.stream).write(bytes))
    }
}

fn retry_interrupted(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn system(what: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::System, format!("{what}: {error}"))
}

/// Waits until one attempt is decided or `deadline` passes; failed attempts move to `failures`.
fn first_connected(
    attempts: &mut Vec<(SocketAddr, TcpStream)>,
    failures: &mut Vec<String>,
    deadline: Deadline,
) -> Result<Option<TcpStream>> {
    let mut descriptors: Vec<_> =
        attempts.iter().map(|(_, stream)| descriptor(stream, Interest::Write)).collect();
    poll(&mut descriptors, deadline).map_err(|e| system("waiting for a connection", &e))?;
    let decided = descriptors.iter().map(|d| d.revents != 0);
    let mut undecided = Vec::new();
    let mut connected = None;
    for ((address, stream), decided) in attempts.drain(..).zip(decided.collect::<Vec<_>>()) {
        if !decided || connected.is_some() {
            undecided.push((address, stream));
            continue;
        }
        match stream.take_error() {
            Ok(None) => connected = Some(stream),
            Ok(Some(e)) | Err(e) => failures.push(format!("{address}: {e}")),
        }
    }
    *attempts = undecided;
    Ok(connected)
}

fn descriptor(stream: &TcpStream, interest: Interest) -> libc::pollfd {
    libc::pollfd { fd: stream.as_raw_fd(), events: interest.events(), revents: 0 }
}

/// `poll(2)` that goes on after signals and returns by the deadline.
fn poll(descriptors: &mut [libc::pollfd], deadline: Deadline) -> io::Result<()> {
    let count = libc::nfds_t::try_from(descriptors.len()).unwrap_or(libc::nfds_t::MAX);
    loop {
        // SAFETY: the pointer and the count are those of one exclusively borrowed slice.
        let ready =
            unsafe { libc::poll(descriptors.as_mut_ptr(), count, deadline.remaining_poll_ms()) };
        if ready >= 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// A non-blocking socket that has begun to connect to `address`.
fn start_connect(address: &SocketAddr) -> io::Result<TcpStream> {
    let family = if address.is_ipv6() { libc::AF_INET6 } else { libc::AF_INET };
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: socket(2) takes no pointers.
    let fd = unsafe { libc::socket(family, kind, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just opened and belongs to nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    let family_of_address = libc::sa_family_t::try_from(family).unwrap_or(libc::sa_family_t::MAX);
    let begun = match address {
        SocketAddr::V4(v4) => {
            let address = libc::sockaddr_in {
                sin_family: family_of_address,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(v4.ip().octets()) },
                sin_zero: [0; 8],
            };
            connect_to(&socket, &address)
        }
        SocketAddr::V6(v6) => {
            let address = libc::sockaddr_in6 {
                sin6_family: family_of_address,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: v6.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                sin6_scope_id: v6.scope_id(),
            };
            connect_to(&socket, &address)
        }
    };
    match begun {
        Err(e) if e.raw_os_error() != Some(libc::EINPROGRESS) => Err(e),
        _ => Ok(TcpStream::from(socket)),
    }
}

/// `connect(2)` with one of the two address types of this file.
fn connect_to<Address>(socket: &OwnedFd, address: &Address) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<Address>()).unwrap_or(0);
    // SAFETY: `address` is a complete socket address of `length` bytes that outlives the call;
    // the descriptor is open.
    let result =
        unsafe { libc::connect(socket.as_raw_fd(), std::ptr::from_ref(address).cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::Instant;

    fn refused_address() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[test]
    fn the_first_address_that_answers_is_used() {
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(loopback) else {
                assert!(loopback.contains(':') && loopback.starts_with('['), "no IPv4 loopback");
                continue;
            };
            let good = listener.local_addr().unwrap();
            let socket =
                TcpSocket::connect(&[refused_address(), good], Deadline::after_ms(5000)).unwrap();
            let (mut peer, _) = listener.accept().unwrap();
            peer.write_all(b"x").unwrap();
            socket.wait(Interest::Read, Deadline::after_ms(5000));
            assert_eq!(socket.read(&mut [0; 4]).unwrap(), 1);
            assert!(socket.stream.nodelay().unwrap());
        }
    }

    #[test]
    fn refusals_name_every_address() {
        let addresses = [refused_address(), refused_address()];
        let error = TcpSocket::connect(&addresses, Deadline::after_ms(5000)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        for address in addresses {
            assert!(error.detail().contains(&address.to_string()), "{error}");
        }
        let none = TcpSocket::connect(&[], Deadline::after_ms(5000)).unwrap_err();
        assert_eq!(none.kind(), ErrorKind::Connect);
    }

    #[test]
    fn waiting_ends_by_the_deadline_and_at_shutdown() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let socket = TcpSocket::connect(&[address], Deadline::after_ms(5000)).unwrap();
        let start = Instant::now();
        socket.wait(Interest::Read, Deadline::after_ms(60));
        assert!(start.elapsed() >= Duration::from_millis(60));
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| socket.wait(Interest::Read, Deadline::after_ms(20_000)));
            socket.shut_down();
            waiter.join().unwrap();
        });
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    /// The peer leaves Nagle's algorithm on, and answers in two pieces.
    #[test]
    fn the_second_piece_of_an_answer_does_not_wait_for_a_delayed_acknowledgement() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let socket = TcpSocket::connect(&[address], Deadline::after_ms(5000)).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        let mut quick = 0;
        for _ in 0..PROMPT_WAITS / 2 {
            socket.write(b"question").unwrap();
            peer.read_exact(&mut [0; 8]).unwrap();
            peer.write_all(b"a").unwrap();
            peer.write_all(b"nswer").unwrap();
            let start = Instant::now();
            let mut arrived = 0;
            while arrived < 6 {
                socket.wait(Interest::Read, Deadline::after_ms(5000));
                arrived += socket.read(&mut [0; 8]).unwrap_or(0);
            }
            quick += usize::from(start.elapsed() < Duration::from_millis(20));
        }
        // The delay is at least 40 ms; a busy machine may hold up a round or two.
        assert!(quick > usize::from(PROMPT_WAITS / 4), "{quick}");
    }

    #[test]
    fn a_peer_that_is_gone_is_an_error_and_not_a_signal() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let socket = TcpSocket::connect(&[address], Deadline::after_ms(5000)).unwrap();
        drop(listener.accept().unwrap());
        let deadline = Deadline::after_ms(5000);
        while socket.write(b"x").is_ok() {
            assert!(!deadline.is_over());
        }
    }
}

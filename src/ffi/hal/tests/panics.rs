//! An engine that panics on demand: the firmware sees the documented failure, and the connection is
//! closed.

use super::*;
use crate::os::tcp::TcpSocket;
use crate::tls::{Engine, Io, Negotiated, Outcome, Want};
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};

/// When the engine panics.
#[derive(Clone, Copy, PartialEq)]
enum When {
    Handshaking,
    Reading,
    Writing,
    Closing,
    ReadingAndClosing,
}

struct Panicking(When);

impl Engine for Panicking {
    #[allow(clippy::panic, reason = "the panic is what is tested")]
    fn step(&mut self, io: &mut dyn Io, want: Want<'_>) -> Outcome {
        match (want, self.0) {
            (Want::Handshake, When::Handshaking)
            | (Want::Read(_), When::Reading | When::ReadingAndClosing)
            | (Want::Write(_), When::Writing)
            | (Want::Close, When::Closing | When::ReadingAndClosing) => panic!("on demand"),
            (Want::Read(buffer), _) => match io.read(buffer) {
                Ok(0) => Outcome::Eof,
                Ok(count) => Outcome::Done(count),
                Err(_) => Outcome::WantRead,
            },
            (Want::Write(bytes), _) => Outcome::Done(bytes.len()),
            _ => Outcome::Done(0),
        }
    }

    fn negotiated(&self) -> Option<Negotiated> {
        None
    }

    fn server_chain(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// A connection with such an engine, and the server's end of it.
fn connect(when: When) -> (Result<Connection>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let deadline = Deadline::after_ms(10_000);
    let socket = TcpSocket::connect(&[address], deadline).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    (Connection::handshake(socket, Box::new(Panicking(when)), deadline), server)
}

/// The same, with a handle.
fn handle(when: When) -> (usize, TcpStream) {
    let (connection, server) = connect(when);
    let number = CONNECTIONS.insert(Arc::new(connection.unwrap())).unwrap();
    (usize::try_from(number).unwrap(), server)
}

/// The handle is dead, and the server has seen the end.
fn assert_closed(handle: usize, mut server: TcpStream) {
    assert_eq!(read(handle, &mut [0; 1], 0), -1);
    assert_eq!(write(handle, b"x", 0), -1);
    assert!(find(handle).is_none());
    assert_eq!(server.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn a_panic_while_reading_or_writing_closes_the_connection() {
    for when in [When::Reading, When::ReadingAndClosing] {
        let (handle, server) = handle(when);
        assert_eq!(read(handle, &mut [0; 1], PATIENCE), -1);
        assert_closed(handle, server);
    }
    let (handle, server) = handle(When::Writing);
    assert_eq!(write(handle, b"x", PATIENCE), -1);
    assert_closed(handle, server);
}

#[test]
fn a_panic_while_closing_still_closes() {
    let (handle, server) = handle(When::Closing);
    assert_eq!(hal_ssl_destroy(handle), 0);
    assert_closed(handle, server);
}

#[test]
fn a_panic_during_the_handshake_is_no_connection() {
    let mut server = None;
    let result = boundary(0, || {
        let (connection, accepted) = connect(When::Handshaking);
        server = Some(accepted);
        usize::from(connection.is_ok())
    });
    assert_eq!(result, 0);
}

#[test]
fn a_panic_in_one_thread_wakes_another_that_reads() {
    let (handle, server) = handle(When::Writing);
    let start = Instant::now();
    std::thread::scope(|scope| {
        let (reading, began) = channel();
        let reader = scope.spawn(move || {
            reading.send(()).unwrap();
            read(handle, &mut [0; 1], PATIENCE)
        });
        began.recv().unwrap();
        assert_eq!(write(handle, b"x", PATIENCE), -1);
        assert!(reader.join().unwrap() < 0);
    });
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_closed(handle, server);
}

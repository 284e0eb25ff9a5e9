//! A connection over an engine that does what a script says.

use super::*;
use std::collections::VecDeque;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

/// What comes of the engine's steps, in order; then every step waits for the socket to be readable.
struct Scripted(VecDeque<Outcome>);

impl Engine for Scripted {
    fn step(&mut self, _: &mut dyn Io, want: Want<'_>) -> Outcome {
        match want {
            Want::Close => Outcome::Done(0),
            _ => self.0.pop_front().unwrap_or(Outcome::WantRead),
        }
    }

    fn negotiated(&self) -> Option<Negotiated> {
        None
    }

    fn server_chain(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// A connection with such an engine, and the server's end of its socket.
fn connected(script: impl IntoIterator<Item = Outcome>) -> (Arc<Connection>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let deadline = Deadline::after_ms(10_000);
    let socket = TcpSocket::connect(&[address], deadline).unwrap();
    let (server, _) = listener.accept().unwrap();
    let script = [Outcome::Done(0)].into_iter().chain(script).collect();
    let engine = Box::new(Scripted(script));
    (Arc::new(Connection::handshake(socket, engine, deadline).unwrap()), server)
}

fn failure() -> Error {
    Error::new(ErrorKind::Protocol, "scripted")
}

fn soon() -> Deadline {
    Deadline::after_ms(10_000)
}

#[test]
fn a_read_that_has_to_write_waits_for_the_socket_to_take_something() {
    // As when the peer asks for new keys: the socket is writable, so nothing is waited for.
    let (connection, _server) = connected([Outcome::WantWrite, Outcome::Done(4)]);
    let begin = Instant::now();
    assert_eq!(connection.read(&mut [0; 4], soon()), Ok(4));
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_peer_that_takes_everything_does_not_hold_a_write_beyond_its_time() {
    // One byte at each step, always.
    struct Endless;
    impl Engine for Endless {
        fn step(&mut self, _: &mut dyn Io, want: Want<'_>) -> Outcome {
            Outcome::Done(usize::from(matches!(want, Want::Write(_))))
        }

        fn negotiated(&self) -> Option<Negotiated> {
            None
        }

        fn server_chain(&self) -> Vec<Vec<u8>> {
            Vec::new()
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpSocket::connect(&[listener.local_addr().unwrap()], soon()).unwrap();
    let connection = Connection::handshake(socket, Box::new(Endless), soon()).unwrap();
    let large = vec![0; 1 << 30];
    let begin = Instant::now();
    let accepted = connection.write(&large, Deadline::after_ms(5)).unwrap();
    let elapsed = begin.elapsed();
    assert!(accepted > 0 && accepted < large.len(), "{accepted}");
    assert!(elapsed >= GRACE && elapsed < Duration::from_secs(5), "{elapsed:?}");
}

#[test]
fn what_was_accepted_comes_before_the_error_and_the_error_stays() {
    let (connection, _server) = connected([Outcome::Done(3), Outcome::Failed(failure())]);
    assert_eq!(connection.write(b"message", soon()), Ok(3));
    assert_eq!(connection.write(b"message", soon()), Err(failure()));
    assert_eq!(connection.error(), Some(failure()));
    assert_eq!(connection.unreported_error(), Some(failure()));
    assert_eq!(connection.unreported_error(), None);
}

#[test]
fn the_first_error_of_each_direction_stays_and_reading_explains_writing() {
    let (connection, _server) = connected([
        Outcome::Failed(Error::new(ErrorKind::ConnectionLost, "the socket broke")),
        Outcome::Failed(failure()),
    ]);
    assert_eq!(connection.error(), None);
    assert_eq!(connection.write(b"x", soon()).unwrap_err().kind(), ErrorKind::ConnectionLost);
    assert_eq!(connection.unreported_error(), None);
    assert_eq!(connection.read(&mut [0; 4], soon()), Err(failure()));
    assert_eq!(connection.error(), Some(failure()));
    assert_eq!(connection.write(b"x", soon()), Err(failure()));
    assert_eq!(connection.read(&mut [], soon()), Err(failure()));
}

#[test]
fn ends_of_the_stream_are_told_apart() {
    for (outcome, kind) in [
        (Outcome::Closed, ErrorKind::PeerClosed),
        (Outcome::Eof, ErrorKind::ConnectionLost),
        (Outcome::Failed(failure()), ErrorKind::Protocol),
    ] {
        let (connection, _server) = connected([Outcome::Done(2), outcome]);
        // What arrived before the end comes first.
        assert_eq!(connection.read(&mut [0; 4], soon()), Ok(2));
        assert_eq!(connection.error().map(|error| error.kind()), Some(kind));
        assert_eq!(connection.write(b"x", soon()).unwrap_err().kind(), kind);
    }
}

#[test]
fn a_destroyed_connection_says_so_in_every_call() {
    let (connection, _server) = connected([]);
    connection.destroy();
    connection.destroy();
    for result in [
        connection.read(&mut [0; 4], soon()),
        connection.read(&mut [], soon()),
        connection.read_available(&mut [0; 4], soon()),
        connection.write(b"x", soon()),
    ] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Destroyed);
    }
    assert_eq!(connection.error(), None);
}

#[test]
fn destruction_while_the_engine_works_is_what_its_caller_hears_of() {
    // Destroys the connection inside a step whose outcome is another end.
    struct Destroying(Arc<Mutex<Option<Arc<Connection>>>>);
    impl Engine for Destroying {
        fn step(&mut self, _: &mut dyn Io, want: Want<'_>) -> Outcome {
            match (want, self.0.lock().unwrap().take()) {
                (Want::Read(_), Some(connection)) => {
                    connection.destroyed.store(true, Ordering::SeqCst);
                    Outcome::Eof
                }
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
    let place = Arc::new(Mutex::new(None));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpSocket::connect(&[listener.local_addr().unwrap()], soon()).unwrap();
    let engine = Box::new(Destroying(Arc::clone(&place)));
    let connection = Arc::new(Connection::handshake(socket, engine, soon()).unwrap());
    *place.lock().unwrap() = Some(Arc::clone(&connection));
    let error = connection.read(&mut [0; 4], soon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Destroyed);
    assert_eq!(connection.error(), None);
}

#[test]
fn what_is_known_of_a_connection_without_certificates() {
    let (connection, _server) = connected([]);
    assert_eq!(connection.device_certificate_end(), None);
    assert!(connection.server_certificate().is_none() && connection.expiring().is_empty());
    assert!(!connection.authenticates_device() && connection.negotiated().is_none());
    assert!(connection.handshake_time() < Duration::from_secs(10));
}

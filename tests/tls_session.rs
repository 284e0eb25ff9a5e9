//! Reading, writing and closing over real sockets: bounds, ends, threads, resumption.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail that way")]

mod support;

use linksdk_hal::deadline::Deadline;
use linksdk_hal::error::ErrorKind;
use linksdk_hal::tls::session::Connection;
use rustls::ServerConfig;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use support::server::{
    Server, Stream, config, config_with_session_ids, connect, newest, target, versions,
    with_credentials,
};
use support::{Authority, ecdsa_key};

/// What the specification of the HAL allows beyond a timeout.
const TOLERANCE: Duration = Duration::from_millis(50);

struct Trust {
    authority: Authority,
    config: Arc<ServerConfig>,
}

fn trust(version: &'static rustls::SupportedProtocolVersion) -> Trust {
    let authority = Authority::new("root");
    let key = ecdsa_key();
    let chain = authority.server(&key, &["localhost", "127.0.0.1"]);
    Trust { config: config(&chain, &key.pkcs8, None, &[version]), authority }
}

/// A connection to a server that runs `serve`, and a channel on which `serve` waits.
fn connected(
    serve: impl Fn(Stream, &Receiver<()>) + Send + 'static,
) -> (Server, Arc<Connection>, Sender<()>) {
    let trust = trust(newest());
    let (go, wait) = channel();
    let server = Server::tls(trust.config, 1, move |mut stream| {
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).unwrap();
        }
        serve(stream, &wait);
    });
    let connection = connect(&target("127.0.0.1", server.port, &trust.authority.pem)).unwrap();
    (server, connection, go)
}

fn soon() -> Deadline {
    Deadline::after_ms(10_000)
}

/// Runs `call` and returns how long it took beyond `timeout`. A machine under load may be late
/// once: the best of three is what the library is answerable for.
fn overrun(timeout: Duration, mut call: impl FnMut(Deadline)) -> Duration {
    (0..3)
        .map(|_| {
            let start = Instant::now();
            call(Deadline::after(timeout));
            let elapsed = start.elapsed();
            assert!(elapsed >= timeout, "{elapsed:?} is before {timeout:?}");
            elapsed - timeout
        })
        .min()
        .unwrap()
}

#[test]
fn a_read_ends_by_its_deadline_with_what_has_arrived() {
    let (_server, connection, _go) = connected(|mut stream, wait| {
        stream.write_all(b"abc").unwrap();
        let _ = wait.recv();
    });
    let mut buffer = [0; 8];
    assert_eq!(connection.read(&mut buffer[..3], soon()), Ok(3));
    assert_eq!(&buffer[..3], b"abc");
    let late = overrun(Duration::from_millis(60), |deadline| {
        assert_eq!(connection.read(&mut [0; 8], deadline), Ok(0));
    });
    assert!(late <= TOLERANCE, "{late:?}");
}

#[test]
fn a_partial_read_is_returned_at_the_deadline() {
    let (_server, connection, _go) = connected(|mut stream, wait| {
        stream.write_all(b"abc").unwrap();
        let _ = wait.recv();
    });
    let mut buffer = [0; 8];
    assert_eq!(connection.read_available(&mut buffer, soon()), Ok(3));
    let (_server, connection, _go) = connected(|mut stream, wait| {
        stream.write_all(b"abc").unwrap();
        let _ = wait.recv();
    });
    assert_eq!(connection.read(&mut buffer[..1], soon()), Ok(1));
    assert_eq!(connection.read(&mut buffer, Deadline::after_ms(50)), Ok(2));
    assert_eq!(connection.read(&mut buffer, Deadline::now()), Ok(0));
}

#[test]
fn a_dripping_peer_cannot_stretch_a_read() {
    let (server, connection, _go) = connected(|mut stream, _| {
        // A record every few milliseconds, until the client goes.
        stream.sock.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        while stream.write_all(b"x").and_then(|()| stream.flush()).is_ok() {
            if let Ok(0) = stream.read(&mut [0; 1]) {
                return;
            }
        }
    });
    let mut buffer = [0; 100_000];
    let late = overrun(Duration::from_millis(100), |deadline| {
        assert!(connection.read(&mut buffer, deadline).unwrap() > 0);
    });
    assert!(late <= TOLERANCE, "{late:?}");
    connection.destroy();
    drop(server);
}

#[test]
fn data_comes_before_the_close_and_the_close_stays() {
    let (_server, connection, _go) = connected(|mut stream, _| {
        stream.write_all(b"last words").unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    });
    let mut buffer = [0; 100];
    assert_eq!(connection.read(&mut buffer, soon()), Ok(10));
    for _ in 0..3 {
        assert_eq!(connection.read(&mut buffer, soon()).unwrap_err().kind(), ErrorKind::PeerClosed);
        assert_eq!(connection.read(&mut [], soon()).unwrap_err().kind(), ErrorKind::PeerClosed);
        assert_eq!(connection.write(b"x", soon()).unwrap_err().kind(), ErrorKind::PeerClosed);
    }
    assert_eq!(connection.unreported_error(), None);
}

#[test]
fn an_end_without_close_notify_is_an_error() {
    let (_server, connection, _go) = connected(|mut stream, _| {
        stream.write_all(b"ab").unwrap();
        stream.sock.shutdown(Shutdown::Write).unwrap();
        let _ = std::io::copy(&mut stream.sock, &mut std::io::sink());
    });
    let mut buffer = [0; 100];
    assert_eq!(connection.read(&mut buffer, soon()), Ok(2));
    for _ in 0..3 {
        let error = connection.read(&mut buffer, soon()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionLost);
    }
}

#[test]
fn garbage_ends_the_connection_for_good() {
    let (_server, connection, go) = connected(|mut stream, wait| {
        stream.write_all(b"ab").unwrap();
        stream.sock.write_all(b"\x17\x03\x03\0\x05trash").unwrap();
        let _ = wait.recv();
        let _ = stream.write_all(b"after");
        let _ = std::io::copy(&mut stream.sock, &mut std::io::sink());
    });
    let mut buffer = [0; 100];
    assert_eq!(connection.read(&mut buffer, soon()), Ok(2));
    let error = connection.read(&mut buffer, soon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    go.send(()).unwrap();
    assert_eq!(connection.read(&mut buffer, soon()), Err(error.clone()));
    assert_eq!(connection.write(b"x", soon()), Err(error.clone()));
    assert_eq!(connection.unreported_error(), Some(error));
}

#[test]
fn a_write_to_a_peer_that_does_not_read_returns_what_was_accepted() {
    let (_server, connection, go) = connected(|mut stream, wait| {
        let _ = wait.recv();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let large = vec![7; 64 * 1024 * 1024];
    let start = Instant::now();
    let accepted = connection.write(&large, Deadline::after_ms(200)).unwrap();
    assert!(accepted > 0 && accepted < large.len(), "{accepted}");
    assert!(start.elapsed() < Duration::from_secs(5));
    // A slow machine needs more than one call to fill what the kernel holds, which has an end.
    while connection.write(&large, Deadline::after_ms(200)).unwrap() > 0 {}
    let late = overrun(Duration::from_millis(60), |deadline| {
        assert_eq!(connection.write(&large, deadline), Ok(0));
    });
    assert!(late <= TOLERANCE, "{late:?}");
    go.send(()).unwrap();
    assert_eq!(connection.write(b"more", soon()), Ok(4));
}

#[test]
fn a_large_exchange_arrives_whole() {
    let (_server, connection, _go) = connected(|mut stream, _| {
        let mut buffer = vec![0; 300_000];
        stream.read_exact(&mut buffer).unwrap();
        stream.write_all(&buffer).unwrap();
        let _ = stream.read(&mut [0; 1]);
    });
    let sent: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    assert_eq!(connection.write(&sent, soon()), Ok(sent.len()));
    let mut received = vec![0; sent.len()];
    assert_eq!(connection.read(&mut received, soon()), Ok(sent.len()));
    assert!(received == sent);
}

#[test]
fn destroy_wakes_readers_and_ends_everything() {
    let (_server, connection, _go) = connected(|stream, wait| {
        let _ = wait.recv();
        drop(stream);
    });
    let start = Instant::now();
    std::thread::scope(|scope| {
        let (reading, began) = channel();
        let reader = scope.spawn({
            let connection = &connection;
            move || {
                reading.send(()).unwrap();
                connection.read(&mut [0; 8], Deadline::after_ms(30_000))
            }
        });
        began.recv().unwrap();
        connection.destroy();
        assert_eq!(reader.join().unwrap().unwrap_err().kind(), ErrorKind::Destroyed);
    });
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(connection.read(&mut [0; 8], soon()).unwrap_err().kind(), ErrorKind::Destroyed);
    assert_eq!(connection.write(b"x", soon()).unwrap_err().kind(), ErrorKind::Destroyed);
    connection.destroy();
}

#[test]
fn destroy_says_close_notify() {
    let (sender, closed) = channel();
    let (_server, connection, _go) = connected(move |mut stream, _| {
        sender.send(stream.read(&mut [0; 8]).map_err(|e| e.kind())).unwrap();
    });
    connection.destroy();
    assert_eq!(closed.recv().unwrap(), Ok(0));
}

#[test]
fn a_server_that_says_nothing_ends_by_the_deadline() {
    let (go, wait) = channel::<()>();
    let server = Server::tcp(1, move |stream| {
        let _ = wait.recv();
        drop(stream);
    });
    let target = target("127.0.0.1", server.port, &Authority::new("root").pem);
    let start = Instant::now();
    let error = Connection::establish(&target, Deadline::after_ms(150)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    let elapsed = start.elapsed();
    assert!(elapsed >= Duration::from_millis(150) && elapsed < Duration::from_millis(1000));
    drop(go);
}

#[test]
fn what_is_not_tls_is_a_failed_handshake() {
    let server = Server::tcp(1, |mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let target = target("127.0.0.1", server.port, &Authority::new("root").pem);
    let error = connect(&target).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Handshake, "{error}");
}

#[test]
fn servers_without_tickets_resume_by_session_id() {
    let authority = Authority::new("root");
    let key = ecdsa_key();
    let chain = authority.server(&key, &["127.0.0.1"]);
    let config = config_with_session_ids(&chain, &key.pkcs8, None, &[versions()[0]]);
    let server = Server::tls(Arc::new(config), 2, |mut stream| {
        stream.write_all(b"x").unwrap();
        let _ = stream.read(&mut [0; 1]);
    });
    for resumed in [false, true] {
        let connection = connect(&target("127.0.0.1", server.port, &authority.pem)).unwrap();
        assert_eq!(connection.read(&mut [0; 1], soon()), Ok(1));
        assert_eq!(connection.negotiated().unwrap().resumed, resumed);
        assert_eq!(connection.server_certificate().unwrap().addresses.len(), 1);
        connection.destroy();
    }
}

#[test]
fn reconnecting_resumes_where_the_server_allows_and_never_across_credentials() {
    for version in versions() {
        let trust = trust(version);
        let server = Server::tls(trust.config, 4, |mut stream| {
            stream.write_all(b"x").unwrap();
            let _ = stream.read(&mut [0; 1]);
        });
        let anonymous = || target("127.0.0.1", server.port, &trust.authority.pem);
        let resumed = |target| {
            let connection = connect(&target).unwrap();
            assert_eq!(connection.read(&mut [0; 1], soon()), Ok(1));
            connection.destroy();
            connection.negotiated().unwrap().resumed
        };
        assert!(!resumed(anonymous()));
        assert!(resumed(anonymous()));
        let key = ecdsa_key();
        let certificate = Authority::new("devices").device(&key);
        let named = || with_credentials(anonymous(), &certificate, &key.pkcs8);
        assert!(!resumed(named()));
        assert!(resumed(named()));
    }
}

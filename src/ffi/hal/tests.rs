//! The TLS HAL's exports, called as the Link SDK calls them, against servers on loopback.

use super::*;
use rustls::ServerConfig;
use std::ffi::CString;
use std::io::{Read, Write};
use std::ptr::{null, null_mut};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use support::server::{Server, Stream, config, newest};
use support::{Authority, Key, ecdsa_key};

mod establish;
mod panics;
#[path = "../../../tests/support/mod.rs"]
mod support;

/// Longer than anything here takes, in milliseconds.
const PATIENCE: c_int = 10_000;

const HOST: *const c_char = c"127.0.0.1".as_ptr();

/// `g_cli_crt` and `g_cli_key` as a test sets them. They belong to the whole process, so whoever
/// calls `HAL_SSL_Establish` holds this; afterwards both are NULL again.
struct Device {
    _texts: [Option<CString>; 2],
    _turn: MutexGuard<'static, ()>,
}

impl Device {
    fn with(certificate: Option<&str>, key: Option<&str>) -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let texts = [certificate, key].map(|text| text.map(|text| CString::new(text).unwrap()));
        let [certificate, key] =
            texts.each_ref().map(|t| t.as_ref().map_or(null(), |t| t.as_ptr()));
        // SAFETY: every test that reads or writes the pointers holds the lock.
        unsafe { (g_cli_crt, g_cli_key) = (certificate, key) };
        Self { _texts: texts, _turn: turn }
    }

    fn without_certificate() -> Self {
        Self::with(None, None)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: the lock is still held.
        unsafe { (g_cli_crt, g_cli_key) = (null(), null()) };
    }
}

/// The length is that of the text with its NUL, as the Link SDK passes it.
fn establish_at(host: *const c_char, port: u16, ca_crt: &str) -> usize {
    let text = CString::new(ca_crt).unwrap();
    let length = u32::try_from(text.as_bytes_with_nul().len()).unwrap();
    // SAFETY: `host` is NULL or a C string, `text` is `length` bytes long.
    unsafe { hal_ssl_establish(host, port, text.as_ptr(), length) }
}

fn establish(port: u16, ca_crt: &str) -> usize {
    establish_at(HOST, port, ca_crt)
}

fn read(handle: usize, buffer: &mut [u8], timeout: c_int) -> c_int {
    let length = c_int::try_from(buffer.len()).unwrap();
    // SAFETY: the pointer and the length are those of the buffer.
    unsafe { hal_ssl_read(handle, buffer.as_mut_ptr().cast(), length, timeout) }
}

fn write(handle: usize, bytes: &[u8], timeout: c_int) -> c_int {
    let length = c_int::try_from(bytes.len()).unwrap();
    // SAFETY: the pointer and the length are those of the slice.
    unsafe { hal_ssl_write(handle, bytes.as_ptr().cast(), length, timeout) }
}

/// Authority, server key, server chain.
fn authority() -> (Authority, Key, String) {
    let authority = Authority::new("root");
    let key = ecdsa_key();
    let chain = authority.server(&key, &["127.0.0.1", "0.0.0.0"]);
    (authority, key, chain)
}

fn server_config() -> (Arc<ServerConfig>, String) {
    let (authority, key, chain) = authority();
    (config(&chain, &key.pkcs8, None, &[newest()]), authority.pem)
}

/// A handle to a server that completes the handshake, runs `serve`, and then ends.
fn connected(serve: impl Fn(Stream) + Send + 'static) -> (Server, usize) {
    let _device = Device::without_certificate();
    let (config, roots) = server_config();
    let server = Server::tls(config, 1, move |mut stream| {
        stream.conn.complete_io(&mut stream.sock).unwrap();
        serve(stream);
    });
    let handle = establish(server.port, &roots);
    assert_ne!(handle, 0);
    (server, handle)
}

/// A handle to a server that sends `greeting`, runs `end` and keeps the socket until it is told to
/// go on.
fn connected_until(
    greeting: &'static [u8],
    end: impl Fn(&mut Stream) + Send + 'static,
) -> (Server, usize, Sender<()>) {
    let (go, wait) = channel::<()>();
    let (server, handle) = connected(move |mut stream| {
        stream.write_all(greeting).unwrap();
        end(&mut stream);
        let _ = wait.recv();
    });
    (server, handle, go)
}

/// The connection has ended with `value`, for every later call.
fn assert_ended(handle: usize, value: c_int) {
    let mut buffer = [0; 4];
    for _ in 0..3 {
        assert_eq!(read(handle, &mut buffer, PATIENCE), value);
        assert_eq!(read(handle, &mut buffer, 0), value);
        assert_eq!(read(handle, &mut [], 0), value);
        assert_eq!(write(handle, b"x", PATIENCE), value);
        assert_eq!(write(handle, b"", 0), value);
    }
}

#[test]
fn a_handle_that_names_no_connection_is_refused() {
    let (_server, stale) = connected(|mut stream| drop(stream.read(&mut [0; 1])));
    assert_eq!(hal_ssl_destroy(stale), 0);
    // Not its neighbours: those may be connections of other tests.
    let forged = stale + (1000 << 12);
    for handle in [0, 1, stale, forged, stale | 1 << 31, 0xffff_ffff, usize::MAX] {
        assert_eq!(read(handle, &mut [0; 4], PATIENCE), -1, "{handle:#x}");
        assert_eq!(read(handle, &mut [], 0), -1, "{handle:#x}");
        assert_eq!(write(handle, b"x", PATIENCE), -1, "{handle:#x}");
        assert_eq!(write(handle, b"", 0), -1, "{handle:#x}");
        assert_eq!(hal_ssl_destroy(handle), 0, "{handle:#x}");
    }
}

#[test]
fn a_wrong_argument_is_refused_and_the_connection_goes_on() {
    let (_server, handle) = connected(|mut stream| {
        let mut byte = [0; 1];
        while stream.read(&mut byte).is_ok_and(|n| n == 1) {
            stream.write_all(&byte).unwrap();
        }
    });
    let mut room = [0; 4];
    let place: *mut c_char = room.as_mut_ptr().cast();
    for (length, timeout) in [(-1, 0), (c_int::MIN, 9), (4, -1), (0, -1), (4, c_int::MIN)] {
        // SAFETY: `place` has four bytes, and no length is above that.
        unsafe {
            assert_eq!(hal_ssl_read(handle, place, length, timeout), -1, "{length} {timeout}");
            assert_eq!(hal_ssl_write(handle, place, length, timeout), -1, "{length} {timeout}");
        }
    }
    // SAFETY: NULL is allowed.
    unsafe {
        assert_eq!(hal_ssl_read(handle, null_mut(), 4, 0), -1);
        assert_eq!(hal_ssl_write(handle, null(), 4, 0), -1);
        assert_eq!(hal_ssl_read(handle, null_mut(), 0, PATIENCE), 0);
        assert_eq!(hal_ssl_write(handle, null(), 0, PATIENCE), 0);
    }
    assert_eq!(write(handle, b"abcd", PATIENCE), 4);
    assert_eq!(read(handle, &mut room, PATIENCE), 4);
    assert_eq!(&room, b"abcd");
    assert_eq!(hal_ssl_destroy(handle), 0);
}

#[test]
fn reading_returns_what_arrived_in_time_and_nothing_beyond_len() {
    let (_server, handle, _go) = connected_until(b"abcdef", |_| {});
    let mut buffer = [b'-'; 8];
    // SAFETY: the buffer has room for more than the four bytes.
    assert_eq!(unsafe { hal_ssl_read(handle, buffer.as_mut_ptr().cast(), 4, PATIENCE) }, 4);
    assert_eq!(&buffer, b"abcd----");
    let start = Instant::now();
    assert_eq!(read(handle, &mut buffer, 60), 2);
    assert!(start.elapsed() >= Duration::from_millis(60));
    assert_eq!(&buffer, b"efcd----");
    assert_eq!(read(handle, &mut buffer, 30), 0);
    assert_eq!(read(handle, &mut buffer, 0), 0);
    assert_eq!(read(handle, &mut [], PATIENCE), 0);
    assert_eq!(hal_ssl_destroy(handle), 0);
}

#[test]
fn close_notify_is_minus_two_after_the_data_and_for_ever() {
    let (_server, handle, _go) = connected_until(b"ab", |stream| {
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    });
    assert_eq!(read(handle, &mut [0; 4], PATIENCE), 2);
    assert_ended(handle, -2);
    assert_eq!(hal_ssl_destroy(handle), 0);
}

/// The original reports 0 as long as nobody writes, as if nothing had arrived in time.
#[test]
fn an_end_without_close_notify_is_minus_one_after_the_data_and_for_ever() {
    let (_server, handle, _go) = connected_until(b"ab", |stream| {
        stream.sock.shutdown(std::net::Shutdown::Write).unwrap();
    });
    assert_eq!(read(handle, &mut [0; 4], PATIENCE), 2);
    assert_ended(handle, -1);
    assert_eq!(hal_ssl_destroy(handle), 0);
}

/// The original reports further data after a record that failed to authenticate.
#[test]
fn a_forged_record_is_minus_one_after_the_data_and_for_ever() {
    let (_server, handle, _go) = connected_until(b"ab", |stream| {
        stream.sock.write_all(b"\x17\x03\x03\0\x20a record under nobody's key, 32 B").unwrap();
        stream.write_all(b"further data").unwrap();
    });
    assert_eq!(read(handle, &mut [0; 4], PATIENCE), 2);
    assert_ended(handle, -1);
    assert_eq!(hal_ssl_destroy(handle), 0);
}

#[test]
fn a_reset_is_minus_one_for_ever() {
    let (_server, handle) = connected(|mut stream| {
        stream.write_all(b"a").unwrap();
        // Closing a socket with unread bytes resets the connection.
        stream.sock.peek(&mut [0; 1]).unwrap();
    });
    assert_eq!(read(handle, &mut [0; 1], PATIENCE), 1);
    assert_eq!(write(handle, b"unread", PATIENCE), 6);
    assert_ended(handle, -1);
    assert_eq!(hal_ssl_destroy(handle), 0);
}

/// The original keeps the last status of any connection in one variable.
#[test]
fn the_end_of_one_connection_is_not_that_of_another() {
    let (_one, closed, _go_one) = connected_until(b"", |stream| {
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    });
    let (_other, open, _go_other) = connected_until(b"ab", |_| {});
    assert_ended(closed, -2);
    assert_eq!(read(open, &mut [0; 2], PATIENCE), 2);
    assert_eq!(read(open, &mut [0; 2], 0), 0);
    assert_eq!(write(open, b"x", PATIENCE), 1);
    for handle in [closed, open] {
        assert_eq!(hal_ssl_destroy(handle), 0);
    }
}

#[test]
fn destroy_ends_waiting_calls_and_says_close_notify() {
    let (report, ended) = channel();
    let (go, wait) = channel::<()>();
    let (_server, handle) = connected(move |mut stream| {
        stream.write_all(b"a").unwrap();
        let _ = report.send(stream.read(&mut [0; 1]).map_err(|e| e.kind()));
        // The end of this side must not be what wakes the reader.
        let _ = wait.recv();
    });
    // Declared after the server: where the test fails, this goes first and lets the server end.
    let go = go;
    let (reading, is_reading) = channel();
    let reader = std::thread::spawn(move || {
        let first = read(handle, &mut [0; 1], PATIENCE);
        reading.send(()).unwrap();
        let start = Instant::now();
        (first, read(handle, &mut [0; 1], PATIENCE), start.elapsed())
    });
    is_reading.recv().unwrap();
    assert_eq!(hal_ssl_destroy(handle), 0);
    let (first, second, waited) = reader.join().unwrap();
    assert_eq!((first, second), (1, -1));
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    assert_eq!(ended.recv().unwrap(), Ok(0));
    drop(go);
    assert_eq!(hal_ssl_destroy(handle), 0);
}

#[test]
fn memory_hooks_are_checked() {
    unsafe extern "C" fn take(_: u32) -> *mut c_void {
        null_mut()
    }
    unsafe extern "C" fn give_back(_: *mut c_void) {}
    for (malloc, free, expected) in [
        (None, None, -1),
        (Some(take as unsafe extern "C" fn(u32) -> *mut c_void), None, -1),
        (None, Some(give_back as unsafe extern "C" fn(*mut c_void)), -1),
        (Some(take as _), Some(give_back as _), 0),
    ] {
        // SAFETY: an initialised structure.
        assert_eq!(unsafe { ssl_hooks_set(&SslHooks { malloc, free }) }, expected);
        // SAFETY: as above.
        assert_eq!(unsafe { hal_ssl_hooks_set(&SslHooks { malloc, free }) }, expected);
    }
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { ssl_hooks_set(null()) }, -1);
    // They are never called: `take` gives no memory.
    let (_server, handle, _go) = connected_until(b"a", |_| {});
    assert_eq!(read(handle, &mut [0; 1], PATIENCE), 1);
    assert_eq!(hal_ssl_destroy(handle), 0);
}

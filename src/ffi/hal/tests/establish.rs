//! What `HAL_SSL_Establish` takes and refuses, and what the firmware hears of it.

use super::*;
use rustls::version::TLS12;

#[test]
fn arguments_that_cannot_be_used_give_no_handle() {
    let _device = Device::without_certificate();
    let (_, roots) = server_config();
    let long = CString::new("a".repeat(LONGEST_HOST + 1)).unwrap();
    for host in [null(), c"".as_ptr(), long.as_ptr(), c"\xff".as_ptr(), c"a b".as_ptr()] {
        assert_eq!(establish_at(host, 443, &roots), 0);
    }
    // SAFETY: NULL is allowed for both; a length of 0 allows any pointer.
    unsafe {
        assert_eq!(hal_ssl_establish(HOST, 443, null(), 0), 0);
        assert_eq!(hal_ssl_establish(HOST, 443, null(), u32::MAX), 0);
        assert_eq!(hal_ssl_establish(HOST, 443, HOST, 0), 0);
        assert_eq!(hal_ssl_establish(null(), 0, null(), 0), 0);
        // What an `authtype=id2` build passes (mqtt_api.c): the length counts the first part.
        assert_eq!(hal_ssl_establish(HOST, 443, c"PK".as_ptr(), 2), 0);
    }
}

#[test]
fn a_port_where_nobody_listens_gives_no_handle() {
    let _device = Device::without_certificate();
    let (_, roots) = server_config();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    // The port of a client is taken, and nobody listens there.
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let port = client.local_addr().unwrap().port();
    assert_eq!(establish(port, &roots), 0);
}

/// The original refuses hosts of fewer than eight characters.
#[test]
fn a_short_host_is_a_host() {
    let _device = Device::without_certificate();
    let (config, roots) = server_config();
    let server = Server::handshake_only(config);
    let handle = establish_at(c"0.0.0.0".as_ptr(), server.port, &roots);
    assert!((1..=0x7fff_ffff).contains(&handle), "{handle:#x}");
    assert!(server.handshake().is_ok());
    assert_eq!(hal_ssl_destroy(handle), 0);
}

#[test]
fn ca_crt_ends_at_its_nul_or_its_length_whichever_comes_first() {
    let _device = Device::without_certificate();
    let (config, roots) = server_config();
    let server = Server::tls(config, 4, |mut stream| drop(stream.read(&mut [0; 1])));
    let length = u32::try_from(roots.len()).unwrap();
    let terminated = CString::new(roots.as_str()).unwrap();
    let behind_nul = format!("{}\0{roots}", Authority::new("other").pem);
    let whole = u32::try_from(behind_nul.len()).unwrap();
    let accepted = |text: *const c_char, length| {
        // SAFETY: each text is a C string or at least as long as its length says.
        let handle = unsafe { hal_ssl_establish(HOST, server.port, text, length) };
        assert_eq!(hal_ssl_destroy(handle), 0);
        handle != 0
    };
    // No NUL at all, nothing behind the length.
    assert!(accepted(roots.as_ptr().cast(), length));
    assert!(accepted(terminated.as_ptr(), length + 1));
    // The length is an upper bound only.
    assert!(accepted(terminated.as_ptr(), u32::MAX));
    // A bundle cut within its only certificate.
    assert!(!accepted(terminated.as_ptr(), length / 2));
    // The server's authority stands behind the NUL.
    assert!(!accepted(behind_nul.as_ptr().cast(), whole));
}

#[test]
fn the_device_certificate_is_read_at_each_call() {
    let (authority, key, chain) = authority();
    let (device_key, other_key) = (ecdsa_key(), ecdsa_key());
    let certificate = authority.device(&device_key);
    let config = config(&chain, &key.pkcs8, Some(&authority.pem), &[&TLS12]);
    let server = Server::tls(config, 3, |mut stream| drop(stream.read(&mut [0; 1])));
    for (certificate, key, accepted) in [
        (None, None, false),
        (Some(certificate.as_str()), Some(device_key.pkcs8.as_str()), true),
        (None, None, false),
        // Each of these cannot work.
        (Some(&certificate), None, false),
        (None, Some(&device_key.pkcs8), false),
        (Some(&certificate), Some(&other_key.pkcs8), false),
        (Some(""), Some(""), false),
    ] {
        let _device = Device::with(certificate, key);
        let handle = establish(server.port, &authority.pem);
        assert_eq!(handle != 0, accepted);
        assert_eq!(hal_ssl_destroy(handle), 0);
    }
}

#[cfg(feature = "sdk")]
mod state_events {
    use super::*;
    use crate::ffi::events::{self, tests::exclusive_registry};
    use std::cell::RefCell;

    thread_local! {
        /// Handlers run on the thread that raises.
        static RAISED: RefCell<Vec<c_int>> = const { RefCell::new(Vec::new()) };
    }

    extern "C" fn raised(code: c_int, message: *const c_char) -> c_int {
        // SAFETY: handlers get C strings.
        let message = unsafe { std::ffi::CStr::from_ptr(message) };
        assert!(!message.is_empty() && message.count_bytes() <= 63, "{message:?}");
        RAISED.with_borrow_mut(|codes| codes.push(code));
        0
    }

    /// The codes that `call` raises on this thread.
    fn codes(call: impl FnOnce()) -> Vec<c_int> {
        let _turn = exclusive_registry();
        // SAFETY: the handler is a function of this program.
        unsafe { events::iotx_register_for_ite_state_everything(Some(raised)) };
        call();
        // SAFETY: NULL is allowed.
        unsafe { events::iotx_register_for_ite_state_everything(None) };
        RAISED.take()
    }

    #[test]
    fn each_kind_of_failure_has_its_code() {
        let (authority, key, chain) = authority();
        let certificate = authority.device(&key);
        let refusal = |certificate: Option<&str>, key: Option<&str>, roots: &str, port: u16| {
            let _device = Device::with(certificate, key);
            codes(|| assert_eq!(establish(port, roots), 0))
        };
        let server = config(&chain, &key.pkcs8, None, &[newest()]);
        let server = Server::tls(server, 1, |mut stream| drop(stream.read(&mut [0; 1])));
        let other = Authority::new("other").pem;
        assert_eq!(refusal(None, None, &other, server.port), [state::TLS_SERVER_CERTIFICATE]);
        assert_eq!(refusal(None, None, "none", 443), [state::TLS_TRUST_ANCHORS]);
        let certificate = Some(certificate.as_str());
        assert_eq!(refusal(certificate, None, &other, 443), [state::TLS_CREDENTIALS_MISMATCH]);
        assert_eq!(refusal(certificate, Some("x"), &other, 443), [state::TLS_DEVICE_CREDENTIALS]);
        let no_host = || assert_eq!(establish_at(null(), 443, &other), 0);
        let _device = Device::without_certificate();
        assert_eq!(codes(no_host), [state::USER_INPUT_INVALID]);
    }

    #[test]
    fn a_missing_device_certificate_is_reported_and_a_later_refusal_once() {
        let (authority, key, chain) = authority();
        let config = config(&chain, &key.pkcs8, Some(&authority.pem), &[newest()]);
        let server = Server::tls(config, 1, |mut stream| drop(stream.read(&mut [0; 1])));
        let _device = Device::without_certificate();
        let mut handle = 0;
        let connecting = codes(|| handle = establish(server.port, &authority.pem));
        if newest().version == rustls::ProtocolVersion::TLSv1_2 {
            // There the server refuses within the handshake.
            assert_eq!((connecting, handle), (vec![state::TLS_DEVICE_CERTIFICATE_REFUSED], 0));
            return;
        }
        assert_eq!(connecting, [state::TLS_NO_DEVICE_CERTIFICATE]);
        assert_ne!(handle, 0);
        let reading = codes(|| {
            assert_eq!(read(handle, &mut [0; 1], PATIENCE), -1);
            assert_eq!(read(handle, &mut [0; 1], PATIENCE), -1);
        });
        assert_eq!(reading, [state::TLS_DEVICE_CERTIFICATE_REFUSED]);
        assert_eq!(hal_ssl_destroy(handle), 0);
    }
}

//! What the person on the bench asks: why it failed, and what was agreed on.

use super::boundary::boundary;
use super::{hal, ptr};
use crate::error::Error;
use crate::lock::fixed::Mutex;
use crate::state;
use crate::tls::session::Connection;
use libc::{c_char, c_int, size_t};
use std::sync::{Arc, PoisonError, Weak};

/// Why the last attempt to connect failed, whoever made it.
static LAST_FAILURE: Mutex<Option<Error>> = Mutex::new(None);

/// The connection that the MQTT client made last.
static MQTT_CONNECTION: Mutex<Weak<Connection>> = Mutex::new(Weak::new());

/// Remembers how an attempt to connect ended. A success clears the last failure.
pub(super) fn remember_attempt<T>(result: &crate::error::Result<T>) {
    let failure = result.as_ref().err().cloned();
    *LAST_FAILURE.lock().unwrap_or_else(PoisonError::into_inner) = failure;
}

/// Remembers the connection of the MQTT client for handle 0.
#[cfg(feature = "mqtt")]
pub(super) fn remember_mqtt(connection: &Arc<Connection>) {
    *MQTT_CONNECTION.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(connection);
}

fn find(handle: usize) -> Option<Arc<Connection>> {
    match handle {
        0 => MQTT_CONNECTION.lock().unwrap_or_else(PoisonError::into_inner).upgrade(),
        handle => hal::find(handle),
    }
}

/// Says why a connection ended, or with `handle` 0 why the last attempt to connect failed (by
/// `HAL_SSL_Establish` or the MQTT client, on any thread): one sentence that says what was attempted,
/// what came back and what to check.
///
/// The sentence goes into `buffer` of `size` bytes, cut if need be, with a NUL at its end; without an
/// error it is empty. `buffer` may be NULL when only the code is wanted.
///
/// Returns the stable number of the error: a negative state code as in docs/errors.md, the same that
/// handlers of `ITE_STATE_*` get; 0 when there is no error; -0x020A when `handle` names no connection.
/// Does not block. Any thread.
///
/// # Safety
/// `buffer` is NULL or points to `size` writable bytes that nobody else uses during the call.
#[unsafe(export_name = "linksdk_last_error")]
pub unsafe extern "C" fn linksdk_last_error(
    handle: usize,
    buffer: *mut c_char,
    size: size_t,
) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        let (code, sentence) = match handle {
            0 => {
                let last = LAST_FAILURE.lock().unwrap_or_else(PoisonError::into_inner).clone();
                described(last)
            }
            handle => match hal::find(handle) {
                Some(connection) => described(connection.error()),
                None => (state::SYS_DEPEND_NWK_INVALID_HANDLE, String::new()),
            },
        };
        // SAFETY: the caller's promise.
        unsafe { ptr::write_text(buffer, size, &sentence) };
        code
    })
}

fn described(error: Option<Error>) -> (c_int, String) {
    error.map_or((0, String::new()), |error| (error.kind().state_code(), error.to_string()))
}

/// What a connection agreed on; see `linksdk_connection_info`. Texts end with a NUL and are cut where
/// they do not fit.
#[repr(C)]
pub struct LinksdkConnectionInfo {
    /// Set by the caller to the size of this structure, so that later versions can add members.
    pub struct_size: u32,
    /// How long the TLS handshake took, in milliseconds, without DNS and TCP.
    pub handshake_ms: u32,
    /// 1: an earlier session was resumed; 0: the handshake was a full one.
    pub resumed: u8,
    /// 1: a device certificate was there to be presented, or a pre-shared key was used; 0: neither.
    pub device_authenticated: u8,
    /// "TLSv1.2" or "TLSv1.3".
    pub protocol: [c_char; 16],
    /// The IANA name of the cipher suite.
    pub cipher_suite: [c_char; 64],
    /// The subject of the server's certificate (RFC 4514).
    pub server_subject: [c_char; 128],
    /// The issuer of the server's certificate.
    pub server_issuer: [c_char; 128],
    /// The last second of validity of the server's certificate, in seconds since 1970.
    pub server_not_after: i64,
    /// The same of the device's certificate; 0 when none is set.
    pub device_not_after: i64,
}

/// Fills `info` with what a connection agreed on. `handle` comes from `HAL_SSL_Establish`; 0 stands for
/// the connection of the MQTT client.
///
/// Returns 0; -1, and changes nothing, when `handle` names no connection, or when `info` is NULL or its
/// `struct_size` is smaller than the structure. Does not block. Any thread.
///
/// # Safety
/// `info` is NULL or points to a structure whose `struct_size` is set and that nobody else uses
/// during the call.
#[unsafe(export_name = "linksdk_connection_info")]
pub unsafe extern "C" fn linksdk_connection_info(
    handle: usize,
    info: *mut LinksdkConnectionInfo,
) -> c_int {
    boundary(-1, || {
        // SAFETY: the caller's promise; NULL becomes None.
        let Some(info) = (unsafe { info.as_mut() }) else { return -1 };
        let large_enough = usize::try_from(info.struct_size)
            .is_ok_and(|size| size >= size_of::<LinksdkConnectionInfo>());
        match find(handle).filter(|_| large_enough) {
            Some(connection) => {
                fill(info, &connection);
                0
            }
            None => -1,
        }
    })
}

fn fill(info: &mut LinksdkConnectionInfo, connection: &Connection) {
    let seconds =
        |since_1970: std::time::Duration| i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    let negotiated = connection.negotiated();
    let server = connection.server_certificate();
    let handshake_ms = connection.handshake_time().as_millis();
    info.handshake_ms = u32::try_from(handshake_ms).unwrap_or(u32::MAX);
    info.resumed = u8::from(negotiated.is_some_and(|negotiated| negotiated.resumed));
    info.device_authenticated = u8::from(connection.authenticates_device());
    put(&mut info.protocol, negotiated.map_or("", |negotiated| negotiated.protocol));
    put(&mut info.cipher_suite, negotiated.map_or("", |negotiated| &negotiated.cipher_suite));
    put(&mut info.server_subject, server.map_or("", |server| &server.subject));
    put(&mut info.server_issuer, server.map_or("", |server| &server.issuer));
    info.server_not_after = server.map_or(0, |server| seconds(server.not_after));
    info.device_not_after = connection.device_certificate_end().map_or(0, seconds);
}

/// Copies text into a field, cut between two characters, with a NUL at its end.
fn put(field: &mut [c_char], text: &str) {
    let text = ptr::cut(text, field.len().saturating_sub(1));
    field.fill(0);
    for (to, from) in field.iter_mut().zip(text.bytes().filter(|byte| *byte != 0)) {
        *to = c_char::from_ne_bytes([from]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::ffi::CStr;

    #[test]
    fn texts_are_cut_between_characters_and_terminated() {
        let mut field = [1 as c_char; 5];
        for (text, expected) in [("abc", "abc"), ("abcdef", "abcd"), ("abc\u{e4}", "abc"), ("", "")]
        {
            put(&mut field, text);
            // SAFETY: `put` terminated the field.
            let found = unsafe { CStr::from_ptr(field.as_ptr()) };
            assert_eq!(found.to_str(), Ok(expected));
        }
    }

    #[test]
    fn an_error_is_its_code_and_its_sentence() {
        let error = Error::new(ErrorKind::Dns, "resolving x");
        let sentence = error.to_string();
        assert_eq!(described(Some(error)), (state::NETWORK_DNS, sentence));
        assert_eq!(described(None), (0, String::new()));
    }

    #[test]
    fn an_unknown_handle_has_its_own_code() {
        let mut buffer = [1 as c_char; 4];
        // SAFETY: the buffer has the size that is given, and NULL is allowed.
        unsafe {
            for (place, size) in [(buffer.as_mut_ptr(), buffer.len()), (std::ptr::null_mut(), 9)] {
                let code = linksdk_last_error(usize::MAX, place, size);
                assert_eq!(code, state::SYS_DEPEND_NWK_INVALID_HANDLE);
            }
        }
        assert_eq!(buffer[0], 0);
    }

    #[test]
    fn information_needs_a_connection_and_room() {
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { linksdk_connection_info(1, std::ptr::null_mut()) }, -1);
        // SAFETY: all members are integers.
        let mut info: LinksdkConnectionInfo = unsafe { std::mem::zeroed() };
        // SAFETY: `info` is initialised.
        assert_eq!(unsafe { linksdk_connection_info(usize::MAX, &mut info) }, -1);
    }
}

//! The TLS HAL: what `wrappers/tls/HAL_TLS_mbedtls.c` of the Link SDK exports.

use super::boundary::{boundary, boundary_or};
use super::{diagnostics, ptr};
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::handle::Table;
use crate::log;
use crate::state::{self, Group};
use crate::tls::credentials::PrivateKey;
use crate::tls::session::Connection;
use crate::tls::{Target, options};
use libc::{c_char, c_int, c_void};
use std::sync::Arc;

/// The longest text that is taken for a certificate chain or a key, in bytes.
pub(super) const LONGEST_CREDENTIAL: usize = 1024 * 1024;

/// The longest host name of DNS is 253 bytes; this leaves room for a trailing dot and brackets.
const LONGEST_HOST: usize = 256;

/// What the Link SDK's callers take for "closed": any error, and the server's close_notify.
const CLOSED_BY_ERROR: c_int = -1;
const CLOSED_BY_PEER: c_int = -2;

static CONNECTIONS: Table<Connection> = Table::new();

unsafe extern "C" {
    static mut g_cli_crt: *const c_char;
    static mut g_cli_key: *const c_char;
}

/// Whom to connect to, with the device's credentials as they are set now, or else as `g_cli_crt` and
/// `g_cli_key` are now.
pub(crate) fn device_target(host: &str, port: u16, trust_anchors: &[u8]) -> Target {
    let options = options::current();
    let (certificate, private_key) = match &options.credentials {
        Some(own) => (Some(own.certificate.clone()), Some(own.private_key.clone())),
        None => global_credentials(),
    };
    Target {
        host: host.to_owned(),
        port,
        trust_anchors: [trust_anchors, b"\n", &options.anchors].concat(),
        certificate,
        private_key,
        offer: options.offer,
    }
}

fn global_credentials() -> (Option<Vec<u8>>, Option<PrivateKey>) {
    // SAFETY: reading the pointers themselves; `csrc/credentials.c` or the firmware defines them,
    // and the header asks the firmware not to assign them while a connection is being established.
    let (certificate, key) = unsafe { (g_cli_crt, g_cli_key) };
    // Text that is too long is cut, which shows as damage: it must not pass for "not set".
    // SAFETY: the header asks for NULL or C strings that stay valid while a connection is being
    // established; each is copied before this function returns.
    let (certificate, key) = unsafe {
        (ptr::bounded(certificate, LONGEST_CREDENTIAL), ptr::bounded(key, LONGEST_CREDENTIAL))
    };
    (certificate.map(<[u8]>::to_vec), key.map(PrivateKey::pem))
}

/// Connects to a TLS server and verifies it: certificate chain against `ca_crt`, name, validity
/// dates. Presents the device's certificate if `g_cli_crt` and `g_cli_key` are set, which are read at
/// each call, or `linksdk_set_credentials` has set others.
///
/// `host` is a DNS name or an IPv4 or IPv6 literal, at most 256 bytes. `port` is the TCP port.
/// `ca_crt` is a PEM bundle of trust anchors, NUL-terminated or `ca_crt_len` bytes long, whichever
/// is shorter; certificates in it that cannot be parsed are skipped with a warning as long as one
/// remains. All arguments are copied.
///
/// Returns a handle, 1 to 0x7fffffff, that stays valid until `HAL_SSL_Destroy`; or 0 on any
/// failure: wrong arguments, unusable credentials or trust anchors, name not found, no connection,
/// handshake or verification failed, 4096 connections already open. The log hook gets a sentence
/// that says why and what to check; handlers of `ITE_STATE_SYS_DEPEND` get a state code.
///
/// Blocks for at most 10 seconds (see `linksdk_set_establish_timeout`), name resolution and all
/// attempts included. May be called from
/// any thread.
///
/// # Safety
/// `host` is NULL or a C string. `ca_crt` is NULL or points to a NUL or to `ca_crt_len` readable
/// bytes, whichever comes first. `g_cli_crt` and `g_cli_key` are NULL or C strings.
#[unsafe(export_name = "HAL_SSL_Establish")]
pub unsafe extern "C" fn hal_ssl_establish(
    host: *const c_char,
    port: u16,
    ca_crt: *const c_char,
    ca_crt_len: u32,
) -> usize {
    boundary(0, || {
        // SAFETY: the caller's promise.
        let host = unsafe { ptr::text(host, LONGEST_HOST) };
        // SAFETY: the caller's promise.
        let ca_crt = unsafe { ptr::bounded(ca_crt, usize::try_from(ca_crt_len).unwrap_or(0)) };
        establish(host, port, ca_crt).unwrap_or(0)
    })
}

fn establish(host: Option<&str>, port: u16, ca_crt: Option<&[u8]>) -> Result<usize> {
    let wrong = |detail: &str| {
        let error = Error::new(ErrorKind::InvalidArgument, detail);
        log::error!("HAL_SSL_Establish: {error}");
        raise(&error);
        diagnostics::remember_attempt::<()>(&Err(error.clone()));
        error
    };
    let host = host.filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| wrong("host is NULL, empty, too long or not text"))?;
    let ca_crt = ca_crt.ok_or_else(|| wrong("ca_crt is NULL"))?;
    let target = device_target(host, port, ca_crt);
    let deadline = Deadline::after(options::current().establish_timeout);
    let result = Connection::establish(&target, deadline);
    diagnostics::remember_attempt(&result);
    let connection = result.inspect_err(raise)?;
    if !connection.authenticates_device() {
        raise_no_certificate();
    }
    for text in connection.expiring() {
        state::raise(Group::SysDepend, state::TLS_CERTIFICATE_EXPIRES, text);
    }
    let handle = CONNECTIONS.insert(connection);
    let handle = handle.ok_or_else(|| wrong("too many connections are open"))?;
    Ok(usize::try_from(handle).unwrap_or(0))
}

/// The connection that `handle` names.
pub(super) fn find(handle: usize) -> Option<Arc<Connection>> {
    CONNECTIONS.get(handle)
}

fn raise(error: &Error) {
    state::raise(Group::SysDepend, error.kind().state_code(), error.brief());
}

/// Tells the firmware that it has no device certificate: it may have meant to have one.
pub(crate) fn raise_no_certificate() {
    let text = "no device certificate: g_cli_crt and g_cli_key are NULL";
    state::raise(Group::SysDepend, state::TLS_NO_DEVICE_CERTIFICATE, text);
}

/// Whether the firmware has set a device certificate.
#[cfg(feature = "mqtt")]
pub(crate) fn has_device_certificate() -> bool {
    // SAFETY: reading the pointer itself, see `global_credentials`.
    options::current().credentials.is_some() || !unsafe { g_cli_crt }.is_null()
}

/// The return value for an error on an established connection.
fn failure(error: &Error) -> c_int {
    match error.kind() {
        ErrorKind::PeerClosed => CLOSED_BY_PEER,
        _ => CLOSED_BY_ERROR,
    }
}

/// The return value for a number of bytes, which never exceeds the `int` that the caller gave. Tells
/// the firmware why a connection ended, the first time that somebody notices.
fn count(connection: &Connection, result: Result<usize>) -> c_int {
    match result {
        Ok(n) => c_int::try_from(n).unwrap_or(c_int::MAX),
        Err(error) => {
            connection.unreported_error().iter().for_each(raise);
            failure(&error)
        }
    }
}

/// The common frame of reading and writing: finds the connection, makes the deadline, closes the
/// connection after a panic. `work` returns `None` for a buffer that cannot be used.
fn transfer(
    handle: usize,
    timeout_ms: c_int,
    work: impl FnOnce(&Connection, Deadline) -> Option<Result<usize>>,
) -> c_int {
    boundary_or(
        CLOSED_BY_ERROR,
        || destroy(handle),
        || {
            let (Some(connection), Ok(timeout)) =
                (CONNECTIONS.get(handle), u32::try_from(timeout_ms))
            else {
                return CLOSED_BY_ERROR;
            };
            match work(&connection, Deadline::after_ms(timeout)) {
                Some(result) => count(&connection, result),
                None => CLOSED_BY_ERROR,
            }
        },
    )
}

fn destroy(handle: usize) {
    if let Some(connection) = CONNECTIONS.remove(handle) {
        connection.destroy();
    }
}

/// Reads decrypted bytes of the connection `handle` until `len` have arrived, `timeout_ms` have passed or
/// the connection ends.
///
/// Returns the number of bytes in `buf`, which is less than `len` when the time passed or the
/// connection ended first; 0 when nothing arrived in time; -2 when the server has closed the
/// connection with close_notify; -1 for every other end of it, for a handle that names no
/// connection, for a negative `len` or `timeout_ms`, and for NULL. What arrived before the end is
/// returned first; then every call returns the same negative value. A wrong argument does not
/// affect the connection. `len` 0 returns 0 while the connection lives.
///
/// Blocks for at most `timeout_ms` (0: takes what is there) and 50 ms. One thread may read while
/// others write and another destroys; then this returns -1.
///
/// # Safety
/// `buf` is NULL or points to `len` writable bytes that nobody else uses during the call.
#[unsafe(export_name = "HAL_SSL_Read")]
pub unsafe extern "C" fn hal_ssl_read(
    handle: usize,
    buf: *mut c_char,
    len: c_int,
    timeout_ms: c_int,
) -> c_int {
    transfer(handle, timeout_ms, |connection, deadline| {
        // SAFETY: the caller's promise.
        let buffer = unsafe { ptr::output(buf, len) }?;
        Some(connection.read(buffer, deadline))
    })
}

/// Encrypts `len` bytes and sends them over the connection `handle`.
///
/// Returns the number of bytes that were accepted, which is less than `len` when `timeout_ms`
/// passed first; 0 when none was; -1 or -2 when the connection has ended (see `HAL_SSL_Read`), for a
/// handle that names no connection (0 too), for a negative `len` or `timeout_ms`, and for NULL.
/// Accepted bytes are sent before those of later calls. A wrong argument does not affect the
/// connection. `len` 0 sends nothing.
///
/// Blocks for at most `timeout_ms` (0: sends what fits) and 50 ms. Never raises SIGPIPE. May be
/// called from several threads at once; the bytes of one call can then be mixed with those of
/// another where a call returns less than `len`.
///
/// # Safety
/// `buf` is NULL or points to `len` readable bytes that nobody changes during the call.
#[unsafe(export_name = "HAL_SSL_Write")]
pub unsafe extern "C" fn hal_ssl_write(
    handle: usize,
    buf: *const c_char,
    len: c_int,
    timeout_ms: c_int,
) -> c_int {
    transfer(handle, timeout_ms, |connection, deadline| {
        // SAFETY: the caller's promise.
        let bytes = unsafe { ptr::input(buf, len) }?;
        Some(connection.write(bytes, deadline))
    })
}

/// Closes a connection and frees `handle`. Sends close_notify if that needs no waiting; calls of
/// other threads that wait for the connection return -1. Always returns 0, also for 0 and for
/// handles that name no connection. Does not block. May be called from any thread.
#[unsafe(export_name = "HAL_SSL_Destroy")]
pub extern "C" fn hal_ssl_destroy(handle: usize) -> i32 {
    boundary(0, || {
        destroy(handle);
        0
    })
}

/// Memory functions, as the Link SDK passes them to `ssl_hooks_set`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SslHooks {
    /// Returns `size` bytes or NULL.
    pub malloc: Option<unsafe extern "C" fn(size: u32) -> *mut c_void>,
    /// Frees what `malloc` returned.
    pub free: Option<unsafe extern "C" fn(memory: *mut c_void)>,
}

/// Accepts memory functions, as the Link SDK sets them when built with INFRA_MEM_STATS. Returns 0,
/// or -1 when `hooks` or one of its members is NULL.
///
/// Nothing goes through them. Both engines take memory from the C library: rustls with `malloc` and
/// `free`, by way of Rust's allocator; mbedtls beside that with `calloc` and `free`, because the crate that
/// wraps it compiles Mbed TLS without hooks. Rust's allocator may not be exchanged while memory of the old
/// one is in use. Nothing that the library returns is to be freed by the caller, so the hooks are never
/// needed; memory statistics of the firmware do not include TLS.
///
/// # Safety
/// `hooks` is NULL or points to an initialised structure.
#[unsafe(export_name = "ssl_hooks_set")]
pub unsafe extern "C" fn ssl_hooks_set(hooks: *const SslHooks) -> c_int {
    boundary(-1, || {
        // SAFETY: the caller's promise; NULL becomes None.
        match unsafe { hooks.as_ref() } {
            Some(SslHooks { malloc: Some(_), free: Some(_) }) => 0,
            _ => -1,
        }
    })
}

/// The name of `ssl_hooks_set` in the Link SDK 2.3.0, whose network layer calls it before every
/// connection. Returns the same: 0, or -1 when `hooks` or one of its members is NULL.
///
/// # Safety
/// As for `ssl_hooks_set`.
#[unsafe(export_name = "HAL_SSLHooks_set")]
pub unsafe extern "C" fn hal_ssl_hooks_set(hooks: *const SslHooks) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { ssl_hooks_set(hooks) }
}

#[cfg(test)]
mod tests;

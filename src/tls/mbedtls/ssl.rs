//! One connection of Mbed TLS, behind calls that are safe.
//!
//! The crate `mbedtls` has a connection type, too; it cannot resume sessions and hides which alert
//! arrived. Configurations, certificates, keys and hashes are that crate's.

use super::pipe::Pipe;
use super::session::Session;
use mbedtls::ssl::Config;
use mbedtls::ssl::io::{AnyIo, IoCallbackUnsafe};
use mbedtls_sys::types::raw_types::{c_int, c_void};
use mbedtls_sys::{ERR_SSL_FATAL_ALERT_MESSAGE, ERR_SSL_INTERNAL_ERROR, x509_crt};
use mbedtls_sys::{ssl_close_notify, ssl_get_ciphersuite, ssl_get_session_pointer};
use mbedtls_sys::{ssl_config, ssl_context, ssl_free, ssl_get_verify_result, ssl_handshake};
use mbedtls_sys::{ssl_init, ssl_read, ssl_set_bio, ssl_set_hostname, ssl_setup, ssl_write};
use std::ffi::{CStr, CString};
use std::sync::Arc;

/// A number of Mbed TLS that says what went wrong, negative.
pub(super) type Code = c_int;

/// A client connection and the wire that it writes to and reads from.
pub(super) struct Ssl {
    context: Box<ssl_context>,
    /// Made from a box, freed in `drop`. The context holds the same pointer, so that no Rust
    /// reference to the pipe may live while Mbed TLS runs.
    pipe: *mut Pipe,
    /// The context points into it.
    _config: Arc<Config>,
}

// SAFETY: the context is owned, as is the pipe; the configuration is shared and may be (`Arc<Config>`
// is `Send` and `Sync`). Nothing in them belongs to a thread.
unsafe impl Send for Ssl {}

impl Ssl {
    /// A connection that has not sent anything. `host`: what to ask for and to find in the server's
    /// certificate; none for an address. `session`: one to resume if the server agrees.
    pub(super) fn new(
        config: Arc<Config>,
        host: Option<&str>,
        session: Option<&Session>,
    ) -> Result<Self, Code> {
        let mut ssl = Self {
            context: Box::default(),
            pipe: Box::into_raw(Box::default()),
            _config: Arc::clone(&config),
        };
        let pointer: *const ssl_config = (&*config).into();
        // SAFETY: the context may be written to; the configuration lives as long as `ssl` and is
        // not changed any more.
        check(unsafe {
            ssl_init(&mut *ssl.context);
            ssl_setup(&mut *ssl.context, pointer)
        })?;
        // SAFETY: the context is set up. The pipe lives as long as the context; the two functions
        // are those that the crate makes for exactly this type, and do not unwind.
        unsafe {
            ssl_set_bio(
                &mut *ssl.context,
                ssl.pipe.cast::<c_void>(),
                Some(<Pipe as IoCallbackUnsafe<AnyIo>>::call_send),
                Some(<Pipe as IoCallbackUnsafe<AnyIo>>::call_recv),
                None,
            );
        }
        if let Some(host) = host {
            let host = CString::new(host).map_err(|_| ERR_SSL_INTERNAL_ERROR)?;
            // SAFETY: the context is set up; Mbed TLS copies the name.
            check(unsafe { ssl_set_hostname(&mut *ssl.context, host.as_ptr()) })?;
        }
        if let Some(session) = session {
            // SAFETY: the context is set up and the handshake has not begun. Without the session
            // the handshake is a full one.
            let _ = unsafe { session.offer(&mut *ssl.context) };
        }
        Ok(ssl)
    }

    /// The wire, between the calls of Mbed TLS.
    pub(super) fn pipe(&mut self) -> &mut Pipe {
        // SAFETY: the pointer came from a box that is freed in `drop` only; `&mut self` keeps every
        // call that makes Mbed TLS use the pipe away while the reference lives.
        unsafe { &mut *self.pipe }
    }

    /// Goes on with the handshake. Neither this nor any other call waits: it ends with
    /// `ERR_SSL_WANT_READ` when the pipe is empty.
    pub(super) fn handshake(&mut self) -> Result<(), Code> {
        // SAFETY: the context is set up, and its pipe is alive.
        check(unsafe { ssl_handshake(&mut *self.context) }).map(drop)
    }

    /// Decrypts into the buffer; 0 at an end of the wire without close_notify.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Code> {
        // SAFETY: as above; the buffer may be written to for its whole length.
        check(unsafe { ssl_read(&mut *self.context, buffer.as_mut_ptr(), buffer.len()) })
    }

    /// Encrypts one record at most and returns how many bytes it took.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<usize, Code> {
        // SAFETY: as above; the bytes can be read for their whole length.
        check(unsafe { ssl_write(&mut *self.context, bytes.as_ptr(), bytes.len()) })
    }

    /// Puts close_notify into the pipe.
    pub(super) fn close_notify(&mut self) {
        // SAFETY: the context is set up, and its pipe is alive. There is nothing to do about a
        // failure: the connection ends either way.
        let _ = unsafe { ssl_close_notify(&mut *self.context) };
    }

    /// The fatal alert that made a call fail with `code`.
    pub(super) fn alert(&self, code: Code) -> Option<u8> {
        if code != ERR_SSL_FATAL_ALERT_MESSAGE || self.context.in_msg.is_null() {
            return None;
        }
        // SAFETY: Mbed TLS returns this code only with the two bytes of an alert, level and
        // description, at the start of the message, which lies in the context's own buffer.
        Some(unsafe { *self.context.in_msg.add(1) })
    }

    /// What the verification of the server's certificate found: `X509_BADCERT_*`, none before.
    pub(super) fn verification(&self) -> u32 {
        // SAFETY: the context is set up.
        match unsafe { ssl_get_verify_result(&*self.context) } {
            u32::MAX => 0,
            found => found,
        }
    }

    /// The cipher suite as Mbed TLS calls it, once the handshake is complete.
    pub(super) fn cipher_suite(&self) -> Option<String> {
        // SAFETY: the context is set up.
        let name = unsafe { ssl_get_ciphersuite(&*self.context) };
        if name.is_null() {
            return None;
        }
        // SAFETY: the names are C strings in static memory.
        let name = unsafe { CStr::from_ptr(name) };
        name.to_str().ok().map(str::to_owned)
    }

    /// The session of the connection, once the handshake is complete.
    pub(super) fn session(&self) -> Option<Session> {
        // SAFETY: the context is set up.
        unsafe { Session::of(&*self.context) }
    }

    /// The certificates of the server, DER, its own first, once the handshake is complete.
    pub(super) fn server_chain(&self) -> Vec<Vec<u8>> {
        let mut chain = Vec::new();
        // SAFETY: the context is set up; the session, if there is one, belongs to it.
        let session = unsafe { ssl_get_session_pointer(&*self.context).as_ref() };
        let mut next: *const x509_crt = session.map_or(std::ptr::null(), |s| s.peer_cert);
        // SAFETY: the list belongs to the session, which nothing changes while `self` is borrowed; it
        // ends with NULL.
        while let Some(certificate) = unsafe { next.as_ref() } {
            if !certificate.raw.p.is_null() {
                // SAFETY: a parsed certificate holds its DER in a buffer of this length.
                let der =
                    unsafe { std::slice::from_raw_parts(certificate.raw.p, certificate.raw.len) };
                chain.push(der.to_vec());
            }
            next = certificate.next;
        }
        chain
    }
}

fn check(result: c_int) -> Result<usize, Code> {
    usize::try_from(result).map_err(|_| result)
}

impl Drop for Ssl {
    fn drop(&mut self) {
        // SAFETY: the context was initialised, or is still all zeros, which Mbed TLS takes for that;
        // the pipe came from a box. Neither is used afterwards.
        unsafe {
            ssl_free(&mut *self.context);
            drop(Box::from_raw(self.pipe));
        }
    }
}

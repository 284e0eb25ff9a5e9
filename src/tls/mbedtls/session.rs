//! A TLS session that a later connection may resume.

use mbedtls_sys::{ssl_context, ssl_get_session, ssl_session, ssl_session_free, ssl_session_init};
use mbedtls_sys::{ssl_session_load, ssl_session_save, ssl_set_session};
use zeroize::Zeroizing;

/// The most that a saved session may take, in bytes: a ticket and the server's own certificate.
const LONGEST: usize = 16 * 1024;

/// A session of Mbed TLS. Its secrets are overwritten when it is dropped.
pub(super) struct Session(Box<ssl_session>);

// SAFETY: the structure owns everything that it points to, and nothing in it belongs to a thread.
unsafe impl Send for Session {}

impl Session {
    fn empty() -> Self {
        let mut session = Self(Box::default());
        // SAFETY: the structure may be written to.
        unsafe { ssl_session_init(&mut *session.0) };
        session
    }

    /// A copy of the session of an established connection.
    ///
    /// # Safety
    /// `connection` is a context that was set up.
    pub(super) unsafe fn of(connection: *const ssl_context) -> Option<Self> {
        let mut session = Self::empty();
        // SAFETY: the caller's promise; the session is initialised.
        let result = unsafe { ssl_get_session(connection, &mut *session.0) };
        (result == 0).then_some(session)
    }

    /// Offers the session to the server in the handshake that is about to begin.
    ///
    /// # Safety
    /// `connection` is a context that was set up and has not begun its handshake.
    pub(super) unsafe fn offer(&self, connection: *mut ssl_context) -> bool {
        // SAFETY: the caller's promise; Mbed TLS copies the session.
        unsafe { ssl_set_session(connection, &*self.0) == 0 }
    }

    /// Tells sessions apart: a resumed connection goes on with the secret of the earlier one.
    pub(super) fn same_secret(&self, other: &Self) -> bool {
        self.0.master == other.0.master
    }

    /// The session in the form that Mbed TLS documents for storing, which names the version and the
    /// configuration of the library that wrote it.
    pub(super) fn save(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(vec![0; LONGEST]);
        let mut length = 0;
        // SAFETY: the session is initialised, the buffer has the length that is given.
        let result =
            unsafe { ssl_session_save(&*self.0, bytes.as_mut_ptr(), bytes.len(), &raw mut length) };
        if result != 0 || length > bytes.len() {
            return None;
        }
        bytes.truncate(length);
        Some(bytes)
    }

    /// Reads what [`Self::save`] wrote. The bytes must have been authenticated before.
    pub(super) fn load(bytes: &[u8]) -> Option<Self> {
        let mut session = Self::empty();
        // SAFETY: the session is initialised, the bytes have the length that is given.
        let result = unsafe { ssl_session_load(&mut *session.0, bytes.as_ptr(), bytes.len()) };
        (result == 0).then_some(session)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the session is initialised; it is not used afterwards.
        unsafe { ssl_session_free(&mut *self.0) };
    }
}

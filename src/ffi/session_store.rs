//! Where TLS sessions outlive a restart of the device.

use super::boundary::boundary;
use super::config::outcome;
use crate::error::{Error, ErrorKind};
use crate::state;
use libc::{c_char, c_int, c_void, size_t};

#[cfg(feature = "engine-mbedtls")]
mod kept;
#[cfg(feature = "engine-mbedtls")]
mod parts;

/// The firmware's functions as `linksdk_set_session_store` takes them.
type Load = unsafe extern "C" fn(*mut c_void, *const c_char, *mut c_void, size_t) -> c_int;
type Save = unsafe extern "C" fn(*mut c_void, *const c_char, *const c_void, size_t) -> c_int;
type Erase = unsafe extern "C" fn(*mut c_void, *const c_char) -> c_int;

/// Lets TLS sessions outlive a restart: what the next connection needs to resume the session, one for each
/// host and port, is given to the firmware to keep. Reconnecting then costs a fraction of the computation and
/// one round trip less. For the engine mbedtls only; rustls keeps sessions in memory, as both engines do
/// without this function.
///
/// `save` keeps `size` bytes, at most 8192, under `name`, a C string of at most 28 letters, digits and
/// underscores, in place of what was there, and returns 0. `load` copies what was saved under `name` into
/// `buffer` of `size` bytes and returns its length; 0 or a negative number when there is nothing. `erase`
/// forgets it. All get `context`, are called on the thread that connects, several at once if several do,
/// with no lock held; the time that they take delays that thread. A session is saved after each full
/// handshake, and loaded with the first connection to a server after a start.
///
/// What is stored is encrypted and authenticated with a key that is derived from `key` (`key_size` is 16 to 64
/// bytes, copied): something that only this device knows, from its secure memory. Stored bytes that were
/// altered, come from another format, or belong to other credentials, trust anchors or settings are refused
/// and erased; the handshake is then a full one. Who has both key and memory can read recorded connections.
///
/// NULL for all functions ends storing; what is stored stays.
///
/// Returns 0; -0x0F0E when the engine cannot store sessions (rustls); -0x0113, and changes nothing, when only
/// some functions are NULL or the size of the key is wrong. Does not block. Any thread.
///
/// # Safety
/// The functions are NULL or stay callable, with `context` valid for them, until they have been replaced and
/// connections that had begun are over. `key` is NULL or points to `key_size` readable bytes.
#[unsafe(export_name = "linksdk_set_session_store")]
pub unsafe extern "C" fn linksdk_set_session_store(
    load: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            name: *const c_char,
            buffer: *mut c_void,
            size: size_t,
        ) -> c_int,
    >,
    save: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            name: *const c_char,
            bytes: *const c_void,
            size: size_t,
        ) -> c_int,
    >,
    erase: Option<unsafe extern "C" fn(context: *mut c_void, name: *const c_char) -> c_int>,
    context: *mut c_void,
    key: *const u8,
    key_size: size_t,
) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        let result = match (load, save, erase) {
            (None, None, None) => forget(),
            (Some(load), Some(save), Some(erase)) => {
                // SAFETY: the caller's promise.
                unsafe { keep((load, save, erase), context, key, key_size) }
            }
            _ => Err(wrong("load, save and erase belong together: one is NULL")),
        };
        outcome("linksdk_set_session_store", result)
    })
}

/// Like `linksdk_set_session_store`, with `HAL_Kv_Get`, `HAL_Kv_Set` and `HAL_Kv_Del` of the Link SDK, which the
/// firmware links, as the memory: under names that begin with linksdk_tls_ and have at most 32 characters, up to
/// 449 bytes each. `key` as there; NULL ends storing. Out of an archive the linker takes them only with
/// -Wl,-u,HAL_Kv_Get, unless something else uses them.
///
/// Returns as there, and -0x0F0E also when one of the three functions is not linked.
///
/// # Safety
/// `key` is NULL or points to `key_size` readable bytes. `HAL_Kv_*` may be called from any thread that
/// connects.
#[unsafe(export_name = "linksdk_use_hal_kv")]
pub unsafe extern "C" fn linksdk_use_hal_kv(key: *const u8, key_size: size_t) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        let result = match key.is_null() {
            true => forget(),
            // SAFETY: the caller's promise.
            false => unsafe { keep_in_kv(key, key_size) },
        };
        outcome("linksdk_use_hal_kv", result)
    })
}

fn wrong(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, detail)
}

#[cfg(feature = "engine-mbedtls")]
use kept::{forget, keep, keep_in_kv};

#[cfg(not(feature = "engine-mbedtls"))]
mod unsupported {
    use super::{Erase, Error, ErrorKind, Load, Save, c_void, size_t};
    use crate::error::Result;

    fn unsupported() -> Error {
        let detail = format!("the engine {} cannot store sessions", crate::tls::engine::NAME);
        Error::new(ErrorKind::Unsupported, detail)
    }

    /// Nothing is stored.
    pub(super) fn forget() -> Result<()> {
        Ok(())
    }

    /// # Safety
    /// Nothing is called or read.
    pub(super) unsafe fn keep(
        _: (Load, Save, Erase),
        _: *mut c_void,
        _: *const u8,
        _: size_t,
    ) -> Result<()> {
        Err(unsupported())
    }

    /// # Safety
    /// Nothing is called or read.
    pub(super) unsafe fn keep_in_kv(_: *const u8, _: size_t) -> Result<()> {
        Err(unsupported())
    }
}
#[cfg(not(feature = "engine-mbedtls"))]
use unsupported::{forget, keep, keep_in_kv};

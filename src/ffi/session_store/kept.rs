//! The firmware's memory as the session store sees it.

use super::parts::KeyValueMemory;
use super::{Erase, Load, Save, wrong};
use crate::error::{Error, ErrorKind, Result};
use crate::ffi::kv;
use crate::ffi::log::Context;
use crate::tls::store::{self, KEY_SIZES, LARGEST_ENTRY, Storage, Store};
use libc::{c_void, size_t};
use std::ffi::CString;
use std::sync::Arc;

/// Functions of the firmware.
struct Functions {
    load: Load,
    save: Save,
    erase: Erase,
    context: Context,
}

impl Storage for Functions {
    fn load(&self, name: &str) -> Option<Vec<u8>> {
        let name = CString::new(name).ok()?;
        let mut buffer = vec![0u8; LARGEST_ENTRY];
        let (to, size) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: the firmware promised that the function is callable with this context from any
        // thread; the buffer has the size that is given.
        let length = unsafe { (self.load)(self.context.get(), name.as_ptr(), to, size) };
        let length = usize::try_from(length).ok().filter(|length| *length <= size)?;
        buffer.truncate(length);
        Some(buffer)
    }

    fn save(&self, name: &str, bytes: &[u8]) -> bool {
        let Ok(name) = CString::new(name) else { return false };
        let (from, size) = (bytes.as_ptr().cast(), bytes.len());
        // SAFETY: as above.
        unsafe { (self.save)(self.context.get(), name.as_ptr(), from, size) == 0 }
    }

    fn erase(&self, name: &str) {
        let Ok(name) = CString::new(name) else { return };
        // SAFETY: as above. A failure leaves bytes that are refused again.
        let _ = unsafe { (self.erase)(self.context.get(), name.as_ptr()) };
    }
}

pub(super) fn forget() -> Result<()> {
    store::set(None);
    Ok(())
}

/// # Safety
/// As `linksdk_set_session_store` asks for.
pub(super) unsafe fn keep(
    (load, save, erase): (Load, Save, Erase),
    context: *mut c_void,
    key: *const u8,
    key_size: size_t,
) -> Result<()> {
    // SAFETY: the caller's promise.
    let key = unsafe { bounded_key(key, key_size) }?;
    let functions = Functions { load, save, erase, context: Context::new(context) };
    store::set(Some(Store::new(Arc::new(functions), key)?));
    Ok(())
}

/// # Safety
/// As `linksdk_use_hal_kv` asks for.
pub(super) unsafe fn keep_in_kv(key: *const u8, key_size: size_t) -> Result<()> {
    if !kv::is_linked() {
        return Err(Error::new(ErrorKind::NotLinked, kv::NOT_LINKED));
    }
    // SAFETY: the caller's promise.
    let key = unsafe { bounded_key(key, key_size) }?;
    store::set(Some(Store::new(Arc::new(KeyValueMemory), key)?));
    Ok(())
}

/// # Safety
/// `key` is NULL or points to `key_size` readable bytes that stay as they are.
unsafe fn bounded_key<'a>(key: *const u8, key_size: size_t) -> Result<&'a [u8]> {
    if key.is_null() || !KEY_SIZES.contains(&key_size) {
        return Err(wrong("the key of the session store has 16 to 64 bytes"));
    }
    // SAFETY: the caller's promise; the size is bounded.
    Ok(unsafe { std::slice::from_raw_parts(key, key_size) })
}

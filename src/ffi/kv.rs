//! `HAL_Kv_*` of the Link SDK, where the firmware links it.

use libc::{c_char, c_int, c_void, size_t};
use std::ffi::CStr;

/// What is wrong when [`is_linked`] says no, a clause.
pub(super) const NOT_LINKED: &str = "the firmware links no HAL_Kv_Get, HAL_Kv_Set and HAL_Kv_Del";

unsafe extern "C" {
    fn linksdk_kv_is_linked() -> c_int;
    fn linksdk_kv_load(name: *const c_char, buffer: *mut c_void, size: size_t) -> c_int;
    fn linksdk_kv_save(name: *const c_char, bytes: *const c_void, size: size_t) -> c_int;
    fn linksdk_kv_erase(name: *const c_char) -> c_int;
}

/// Whether the firmware links all three functions.
pub(super) fn is_linked() -> bool {
    // SAFETY: the function takes nothing and compares addresses only.
    unsafe { linksdk_kv_is_linked() != 0 }
}

/// What is stored under the name, not empty and at most `longest` bytes of it.
pub(super) fn load(name: &CStr, longest: usize) -> Option<Vec<u8>> {
    let mut buffer = vec![0u8; longest];
    // SAFETY: the buffer has the size that is given.
    let length = unsafe { linksdk_kv_load(name.as_ptr(), buffer.as_mut_ptr().cast(), longest) };
    let length = usize::try_from(length).ok().filter(|length| (1..=longest).contains(length))?;
    buffer.truncate(length);
    Some(buffer)
}

/// Stores the bytes under the name. `false` when the firmware could not.
pub(super) fn save(name: &CStr, bytes: &[u8]) -> bool {
    // SAFETY: the bytes have the size that is given.
    unsafe { linksdk_kv_save(name.as_ptr(), bytes.as_ptr().cast(), bytes.len()) == 0 }
}

/// Forgets what is stored under the name, as far as the firmware can.
pub(super) fn erase(name: &CStr) {
    // SAFETY: a C string.
    let _ = unsafe { linksdk_kv_erase(name.as_ptr()) };
}

//! `HAL_Kv_*` of the Link SDK as the session store's memory.

use crate::tls::store::{LARGEST_ENTRY, Storage};
use libc::{c_char, c_int, c_void, size_t};
use std::ffi::CString;

/// How much is stored under one name, in bytes: the Link SDK's memory on Linux cuts values at 512
/// bytes without saying so (`HAL_KV_linux.c`).
const PART: usize = 448;

/// How many parts the largest entry has.
const MOST_PARTS: usize = LARGEST_ENTRY.div_ceil(PART);

unsafe extern "C" {
    fn linksdk_kv_is_linked() -> c_int;
    fn linksdk_kv_load(name: *const c_char, buffer: *mut c_void, size: size_t) -> c_int;
    fn linksdk_kv_save(name: *const c_char, bytes: *const c_void, size: size_t) -> c_int;
    fn linksdk_kv_erase(name: *const c_char) -> c_int;
}

/// Whether the firmware links `HAL_Kv_Get`, `HAL_Kv_Set` and `HAL_Kv_Del`.
pub(super) fn is_linked() -> bool {
    // SAFETY: the function takes nothing and compares addresses only.
    unsafe { linksdk_kv_is_linked() != 0 }
}

/// An entry lies under several names, NAME_0, NAME_1 and so on. The first part begins with the
/// number of parts. A write that was interrupted leaves parts that do not fit together, which the
/// store notices.
pub(super) struct KeyValueMemory;

fn part_name(name: &str, number: usize) -> Option<CString> {
    CString::new(format!("{name}_{number}")).ok()
}

fn load_part(name: &str, number: usize) -> Option<Vec<u8>> {
    let name = part_name(name, number)?;
    let mut buffer = vec![0u8; PART + 1];
    let (to, size) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the name is a C string, the buffer has the size that is given.
    let length = unsafe { linksdk_kv_load(name.as_ptr(), to, size) };
    let length = usize::try_from(length).ok().filter(|length| (1..=size).contains(length))?;
    buffer.truncate(length);
    Some(buffer)
}

fn save_part(name: &str, number: usize, bytes: &[u8]) -> bool {
    let Some(name) = part_name(name, number) else { return false };
    // SAFETY: the name is a C string, the bytes have the size that is given.
    unsafe { linksdk_kv_save(name.as_ptr(), bytes.as_ptr().cast(), bytes.len()) == 0 }
}

impl Storage for KeyValueMemory {
    fn load(&self, name: &str) -> Option<Vec<u8>> {
        let first = load_part(name, 0)?;
        let (count, first) = first.split_first()?;
        let count = usize::from(*count);
        let mut entry = first.to_vec();
        for number in 1..count.min(MOST_PARTS) {
            entry.extend(load_part(name, number)?);
        }
        Some(entry)
    }

    fn save(&self, name: &str, bytes: &[u8]) -> bool {
        let parts: Vec<&[u8]> = bytes.chunks(PART).collect();
        let Ok(count) = u8::try_from(parts.len()) else { return false };
        parts.iter().enumerate().all(|(number, part)| match number {
            0 => save_part(name, 0, &[&[count], *part].concat()),
            _ => save_part(name, number, part),
        })
    }

    fn erase(&self, name: &str) {
        let parts = load_part(name, 0).and_then(|first| first.first().copied());
        let parts = parts.map_or(1, |count| usize::from(count).clamp(1, MOST_PARTS));
        for name in (0..parts).filter_map(|number| part_name(name, number)) {
            // SAFETY: the name is a C string. A failure leaves bytes that are refused again.
            let _ = unsafe { linksdk_kv_erase(name.as_ptr()) };
        }
    }
}

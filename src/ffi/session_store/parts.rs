//! `HAL_Kv_*` of the Link SDK as the session store's memory.

use crate::ffi::kv;
use crate::tls::store::{LARGEST_ENTRY, Storage};
use std::ffi::CString;

/// How much is stored under one name, in bytes: the Link SDK's memory on Linux cuts values at 512
/// bytes without saying so (`HAL_KV_linux.c`).
const PART: usize = 448;

/// How many parts the largest entry has.
const MOST_PARTS: usize = LARGEST_ENTRY.div_ceil(PART);

/// An entry lies under several names, NAME_0, NAME_1 and so on. The first part begins with the
/// number of parts. A write that was interrupted leaves parts that do not fit together, which the
/// store notices.
pub(super) struct KeyValueMemory;

fn part_name(name: &str, number: usize) -> Option<CString> {
    CString::new(format!("{name}_{number}")).ok()
}

fn load_part(name: &str, number: usize) -> Option<Vec<u8>> {
    kv::load(&part_name(name, number)?, PART + 1)
}

fn save_part(name: &str, number: usize, bytes: &[u8]) -> bool {
    part_name(name, number).is_some_and(|name| kv::save(&name, bytes))
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
            kv::erase(&name);
        }
    }
}

//! From raw C pointers to safe Rust: every check that comes before a slice or a string exists.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use libc::{c_char, c_int};
use std::ffi::CStr;

/// The text behind a C string: `None` for NULL, for text that is not UTF-8, and for text longer
/// than `limit` bytes (not counting the NUL).
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string, or to at least `limit + 1` readable bytes,
/// that nobody changes during `'a`.
pub unsafe fn text<'a>(text: *const c_char, limit: usize) -> Option<&'a str> {
    // SAFETY: the caller's promise is the one that `bytes` asks for.
    std::str::from_utf8(unsafe { bytes(text, limit) }?).ok()
}

/// The bytes of a C string without its NUL: `None` for NULL and when the first `limit + 1` bytes
/// hold no NUL. Nothing past the NUL, and nothing past `limit + 1` bytes, is read.
///
/// # Safety
/// As for [`text`].
pub unsafe fn bytes<'a>(text: *const c_char, limit: usize) -> Option<&'a [u8]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not NULL; strnlen reads up to the NUL or the limit, which the caller vouches for.
    let length = unsafe { libc::strnlen(text, limit.checked_add(1)?) };
    if length > limit {
        return None;
    }
    // SAFETY: strnlen found `length` readable bytes before the NUL, and nobody changes them.
    Some(unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) })
}

/// The bytes before a NUL, at most `limit` of them: `None` for NULL. Nothing past the NUL or past
/// `limit` bytes is read.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string or to at least `limit` readable bytes, that
/// nobody changes during `'a`.
pub unsafe fn bounded<'a>(text: *const c_char, limit: usize) -> Option<&'a [u8]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not NULL; strnlen reads up to the NUL or the limit, which the caller vouches for.
    let length = unsafe { libc::strnlen(text, limit) };
    // SAFETY: strnlen found `length` readable bytes, and nobody changes them.
    Some(unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) })
}

/// The C string behind a pointer from the firmware that has no bound of its own.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that nobody changes during `'a`.
pub unsafe fn c_str<'a>(text: *const c_char) -> Option<&'a CStr> {
    // SAFETY: checked for NULL; the caller vouches for the NUL at the end.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })
}

/// A buffer to read from: `None` for a negative length, and for NULL with a positive length.
///
/// # Safety
/// `data` is NULL or points to `length` readable bytes that nobody changes during `'a`.
pub unsafe fn input<'a>(data: *const c_char, length: c_int) -> Option<&'a [u8]> {
    let length = usize::try_from(length).ok()?;
    if length == 0 {
        return Some(&[]);
    }
    if data.is_null() {
        return None;
    }
    // SAFETY: not NULL, and the caller vouches for `length` readable bytes.
    Some(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) })
}

/// A buffer to write to: `None` for a negative length, and for NULL with a positive length.
///
/// # Safety
/// `data` is NULL or points to `length` writable bytes that nobody else uses during `'a`.
pub unsafe fn output<'a>(data: *mut c_char, length: c_int) -> Option<&'a mut [u8]> {
    let length = usize::try_from(length).ok()?;
    if length == 0 {
        return Some(&mut []);
    }
    if data.is_null() {
        return None;
    }
    // SAFETY: not NULL; the caller vouches for `length` writable bytes that nobody else uses. They
    // may be uninitialised on the C side; every bit pattern is a valid u8 and C gave us an address
    // that it may read from at any time, so the bytes are not Rust's uninitialised memory.
    Some(unsafe { std::slice::from_raw_parts_mut(data.cast::<u8>(), length) })
}

/// The beginning of `text` that fits `limit` bytes, cut between two characters.
pub fn cut(text: &str, limit: usize) -> &str {
    // The beginning is between two characters, too.
    let end = (0..=text.len().min(limit)).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

/// Writes `text` up to its first NUL with a NUL behind it, cut where it does not fit. Writes nothing
/// to NULL or to a buffer without room.
///
/// # Safety
/// `buffer` is NULL or points to `size` writable bytes that nobody else uses during the call.
pub unsafe fn write_text(buffer: *mut c_char, size: usize, text: &str) {
    let Some(room) = size.checked_sub(1).filter(|_| !buffer.is_null()) else { return };
    let text = cut(text.split('\0').next().unwrap_or_default(), room);
    // SAFETY: the text is at most `size` - 1 bytes long, the caller vouches for `size`, and a
    // borrowed str cannot overlap with a buffer that nobody else uses.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr().cast(), buffer, text.len()) };
    // SAFETY: `text.len()` is at most `size` - 1.
    unsafe { buffer.add(text.len()).write(0) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_checked_before_they_exist() {
        let at = |b: &'static [u8]| b.as_ptr().cast::<c_char>();
        // SAFETY: each pointer is NULL or has a NUL or `limit + 1` bytes behind it.
        unsafe {
            assert_eq!(text(std::ptr::null(), 4), None);
            assert_eq!(text(at(b"abc\0"), 4), Some("abc"));
            assert_eq!(text(at(b"abc\0"), 3), Some("abc"));
            assert_eq!(text(at(b"abc\0"), 2), None);
            assert_eq!(text(at(b"\0"), 0), Some(""));
            assert_eq!(text(at(b"\xff\0"), 4), None);
            assert_eq!(bytes(at(b"\xff\0"), 4), Some(&b"\xff"[..]));
            assert_eq!(c_str(std::ptr::null()), None);
            assert_eq!(bounded(std::ptr::null(), 4), None);
            assert_eq!(bounded(at(b"abc\0"), 2), Some(&b"ab"[..]));
            assert_eq!(bounded(at(b"abc\0"), 9), Some(&b"abc"[..]));
        }
    }

    #[test]
    fn buffers_are_checked_before_they_exist() {
        let mut room = [0u8; 4];
        let place = room.as_mut_ptr().cast::<c_char>();
        // SAFETY: `place` has four bytes; the other pointers are NULL.
        unsafe {
            assert!(input(place, -1).is_none());
            assert!(input(std::ptr::null(), 1).is_none());
            assert_eq!(input(std::ptr::null(), 0), Some(&[][..]));
            assert_eq!(input(place, 4).map(<[u8]>::len), Some(4));
            assert!(output(place, i32::MIN).is_none());
            assert!(output(std::ptr::null_mut(), 1).is_none());
            assert_eq!(output(place, 4).map(|b| b.len()), Some(4));
        }
    }
}

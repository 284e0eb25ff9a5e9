//! The firmware around the calls: its handlers, which check what they are given and may call back.

use linksdk_hal::ffi::{
    config, credentials, events, hooks, identity_store, ioctl, log, session_store, time,
};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// What the next handler does, a bit for each.
pub static REACTION: AtomicU8 = AtomicU8::new(0);
/// How deep handlers are in each other.
static DEPTH: AtomicUsize = AtomicUsize::new(0);

/// Lets a panic end the process although the interface contains it.
pub fn begin() {
    // The first call sets the library's hook.
    log::linksdk_set_log_level(5);
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("contained by the interface: {panic}");
        std::process::abort();
    }));
}

/// As at the start of a device, as far as that can be had.
pub fn reset() {
    REACTION.store(0, Ordering::Relaxed);
    // SAFETY: NULL removes what was set.
    unsafe {
        log::linksdk_set_log_hook(None, null_mut());
        hooks::linksdk_set_reboot_hook(None);
        hooks::linksdk_set_firmware_version(null());
        time::linksdk_set_time_source(None, null_mut());
        identity_store::linksdk_set_identity_store(None, None, None, null_mut());
        session_store::linksdk_set_session_store(None, None, None, null_mut(), null(), 0);
        credentials::linksdk_set_credentials(null(), null());
        credentials::linksdk_set_signer(null(), None, null_mut());
        config::linksdk_use_tls_psk(null(), null(), null());
        events::iotx_register_for_ite_state_everything(None);
    }
    config::linksdk_clear_trust_anchors();
    config::linksdk_set_establish_timeout(100);
    config::linksdk_set_tls_versions(0x0303, 0x0304);
    config::linksdk_allow_rsa_key_exchange(0);
    time::linksdk_accept_unset_clock(0);
    for option in 0..30 {
        // SAFETY: options that set something take a text or a number of four bytes; others get room.
        unsafe { ioctl::iot_ioctl(option, [0u8; 80].as_mut_ptr().cast()) };
    }
}

/// What a handler does beside checking: calls that are legal inside handlers.
fn react() {
    let reaction = REACTION.load(Ordering::Relaxed);
    if DEPTH.fetch_add(1, Ordering::Relaxed) < 2 {
        // SAFETY: handlers of this file, and NULL.
        unsafe {
            match reaction % 5 {
                1 => drop(events::iotx_register_for_ite_state_everything(None)),
                2 => drop(events::iotx_register_for_ite_state_sys_depend(Some(state))),
                3 => log::linksdk_set_log_hook(None, null_mut()),
                4 => drop(ioctl::iot_ioctl(-1, null_mut())),
                _ => {}
            }
        }
    }
    DEPTH.fetch_sub(1, Ordering::Relaxed);
}

/// # Safety
/// `text` is a C string.
unsafe fn text<'a>(text: *const c_char) -> &'a str {
    assert!(!text.is_null());
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_str().expect("handlers get text")
}

pub extern "C" fn state(_: c_int, message: *const c_char) -> c_int {
    assert!(!message.is_null());
    // SAFETY: the library gives a C string. What `iotx_state_event` makes may be cut inside a character.
    assert!(unsafe { CStr::from_ptr(message) }.count_bytes() <= 63);
    react();
    -1
}

pub extern "C" fn line(level: c_int, line: *const c_char, context: *mut c_void) {
    assert!((2..=5).contains(&level) && context.addr() == 7);
    // SAFETY: the library gives a C string.
    assert!(!unsafe { text(line) }.contains(char::is_control));
    react();
}

pub extern "C" fn now(context: *mut c_void) -> i64 {
    context.addr() as i64
}

pub extern "C" fn sign(
    _: *mut c_void,
    _: c_int,
    _: *const u8,
    _: usize,
    signature: *mut u8,
    size: *mut usize,
) -> c_int {
    // SAFETY: the library gives room of the size that it tells.
    unsafe { signature.write_bytes(1, *size) };
    0
}

/// Memory of which each load finds what the context says: nothing, too much, something.
pub extern "C" fn load(context: *mut c_void, buffer: *mut c_void, size: usize) -> c_int {
    // SAFETY: the library gives room of the size that it tells.
    unsafe { buffer.cast::<u8>().write_bytes(b'x', size) };
    context.addr() as c_int
}

pub extern "C" fn save(_: *mut c_void, bytes: *const c_void, size: usize) -> c_int {
    // SAFETY: the library gives as many bytes as it tells.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), size) };
    c_int::from(bytes.iter().fold(0, |sum: u8, byte| sum ^ byte) & 1) - 1
}

pub extern "C" fn erase(_: *mut c_void) -> c_int {
    -1
}

pub extern "C" fn load_named(
    context: *mut c_void,
    name: *const c_char,
    to: *mut c_void,
    size: usize,
) -> c_int {
    // SAFETY: the library gives a C string.
    assert!(unsafe { text(name) }.len() <= 28);
    load(context, to, size)
}

pub extern "C" fn save_named(
    context: *mut c_void,
    name: *const c_char,
    from: *const c_void,
    size: usize,
) -> c_int {
    // SAFETY: the library gives a C string.
    assert!(unsafe { text(name) }.len() <= 28);
    save(context, from, size)
}

pub extern "C" fn erase_named(context: *mut c_void, name: *const c_char) -> c_int {
    // SAFETY: the library gives a C string.
    assert!(unsafe { text(name) }.len() <= 28);
    erase(context)
}

pub extern "C" fn nothing() {}

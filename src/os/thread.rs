//! Threads for firmware.

use libc::c_void;
use std::mem::MaybeUninit;

/// What a firmware thread runs.
pub type Routine = unsafe extern "C" fn(*mut c_void) -> *mut c_void;

/// The smallest stack, in bytes. SDK sources ask for 4 to 6 KB, meant for an RTOS and ignored by
/// the original on Linux; a TLS handshake needs more than that.
pub const SMALLEST_STACK: usize = 256 * 1024;

/// Starts a detached thread that calls `routine(argument)` and nothing else: no frame of this
/// library is on its stack, so the routine may end it by `pthread_exit`. `stack_size` in bytes,
/// 0 for the system's default. `Err`: what the system answered, an errno.
///
/// The thread gets no name: it would have to give itself one, in a frame below the routine's, or
/// get it from here, when it may have ended already and its identifier be invalid.
///
/// # Safety
/// `routine` may be called once, on another thread, with `argument`.
pub unsafe fn spawn_detached(
    routine: Routine,
    argument: *mut c_void,
    stack_size: usize,
) -> Result<libc::pthread_t, i32> {
    // SAFETY: the two types differ only in that callers of the second promise nothing; the one
    // call is made by the system, and the caller of this function vouches for it.
    let routine = unsafe {
        std::mem::transmute::<Routine, extern "C" fn(*mut c_void) -> *mut c_void>(routine)
    };
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: the place is writable.
    check(unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) })?;
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    // SAFETY: the attributes are initialised, and destroyed exactly once below; `thread` is
    // writable; the routine may be called.
    let result = unsafe {
        let attributes = attributes.as_mut_ptr();
        let prepared =
            check(libc::pthread_attr_setdetachstate(attributes, libc::PTHREAD_CREATE_DETACHED))
                .and_then(|()| match stack_size {
                    0 => Ok(()),
                    size => check(libc::pthread_attr_setstacksize(attributes, rounded(size))),
                });
        let result = prepared.and_then(|()| {
            check(libc::pthread_create(thread.as_mut_ptr(), attributes, routine, argument))
        });
        libc::pthread_attr_destroy(attributes);
        result
    };
    result?;
    // SAFETY: pthread_create succeeded, so it wrote the identifier.
    Ok(unsafe { thread.assume_init() })
}

fn check(result: i32) -> Result<(), i32> {
    if result == 0 { Ok(()) } else { Err(result) }
}

/// Whole pages of 64 KB, the largest page size in use.
fn rounded(size: usize) -> usize {
    size.max(SMALLEST_STACK).saturating_add(0xffff) & !0xffff
}

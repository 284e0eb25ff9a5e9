//! The operating system functions of the Link SDK's HAL that applications call.

use super::boundary::boundary;
use crate::deadline::Deadline;
use crate::firmware::{self, VERSION_LENGTH};
use crate::log;
use crate::os::sync::{self, Kind};
use crate::os::{clock, thread};
use crate::tls::crypto;
use libc::{c_char, c_int, c_void};
use std::time::Duration;

/// `PLATFORM_WAIT_INFINITE`
const WAIT_FOREVER: u32 = u32::MAX;

/// Returns `size` bytes of uninitialised memory from the C library's malloc, or NULL. The caller
/// frees it with HAL_Free. Any thread.
#[unsafe(export_name = "HAL_Malloc")]
pub extern "C" fn hal_malloc(size: u32) -> *mut c_void {
    let Ok(size) = usize::try_from(size) else { return std::ptr::null_mut() };
    // SAFETY: malloc takes any size.
    unsafe { libc::malloc(size) }
}

/// Gives memory from HAL_Malloc back; NULL is ignored. Any thread.
///
/// # Safety
/// `memory` is NULL or came from HAL_Malloc or malloc and was not freed yet.
#[unsafe(export_name = "HAL_Free")]
pub unsafe extern "C" fn hal_free(memory: *mut c_void) {
    // SAFETY: the caller vouches that it came from malloc; free ignores NULL.
    unsafe { libc::free(memory) }
}

/// Returns the milliseconds since the system started, from a clock that is never set. Any thread.
#[unsafe(export_name = "HAL_UptimeMs")]
pub extern "C" fn hal_uptime_ms() -> u64 {
    boundary(0, clock::uptime_ms)
}

/// Blocks this thread for `milliseconds`, or a little longer.
#[unsafe(export_name = "HAL_SleepMs")]
pub extern "C" fn hal_sleep_ms(milliseconds: u32) {
    boundary((), || std::thread::sleep(Duration::from_millis(milliseconds.into())));
}

/// Returns a random number below `region`, or any 32-bit number when `region` is 0, from the
/// operating system's generator; 0, and a log line, when that fails. Any thread.
#[unsafe(export_name = "HAL_Random")]
pub extern "C" fn hal_random(region: u32) -> u32 {
    boundary(0, || match crypto::random_u32() {
        Ok(number) if region == 0 => number,
        // The upper half of the product is below `region`.
        Ok(number) => u32::try_from((u64::from(number) * u64::from(region)) >> 32).unwrap_or(0),
        Err(error) => {
            log::error!("HAL_Random: {error}");
            0
        }
    })
}

/// Does nothing: HAL_Random takes its numbers from the operating system, which seeds itself, and a
/// seed chosen by a program could only make them worse.
#[unsafe(export_name = "HAL_Srandom")]
pub extern "C" fn hal_srandom(_seed: u32) {}

/// Makes a semaphore with count 0. Returns its handle, NULL on failure. A handle is a number: it
/// must not be dereferenced. HAL_SemaphoreDestroy ends it. Any thread.
#[unsafe(export_name = "HAL_SemaphoreCreate")]
pub extern "C" fn hal_semaphore_create() -> *mut c_void {
    boundary(std::ptr::null_mut(), || handle(sync::create(Kind::Semaphore)))
}

/// Ends a semaphore; threads that wait for it return -1. NULL, and handles that name no semaphore,
/// are ignored. Any thread.
#[unsafe(export_name = "HAL_SemaphoreDestroy")]
pub extern "C" fn hal_semaphore_destroy(semaphore: *mut c_void) {
    boundary((), || {
        sync::destroy(Kind::Semaphore, semaphore.addr());
    });
}

/// Adds one to the count and wakes one thread that waits. NULL, and handles that name no
/// semaphore, are ignored. Any thread, never blocks.
#[unsafe(export_name = "HAL_SemaphorePost")]
pub extern "C" fn hal_semaphore_post(semaphore: *mut c_void) {
    boundary((), || {
        sync::give(Kind::Semaphore, semaphore.addr());
    });
}

/// Takes one from the count, waiting for it at most `timeout_ms` milliseconds, 0xFFFFFFFF
/// (PLATFORM_WAIT_INFINITE) for ever; 0 does not wait. Returns 0, or -1 when there was none in
/// time, when the semaphore was destroyed meanwhile, and at once for a handle that names none.
/// Any thread. The wait does not depend on the wall clock.
#[unsafe(export_name = "HAL_SemaphoreWait")]
pub extern "C" fn hal_semaphore_wait(semaphore: *mut c_void, timeout_ms: u32) -> c_int {
    boundary(-1, || {
        let deadline = (timeout_ms != WAIT_FOREVER).then(|| Deadline::after_ms(timeout_ms));
        if sync::take(Kind::Semaphore, semaphore.addr(), deadline) { 0 } else { -1 }
    })
}

/// Makes an unlocked mutex. Returns its handle, NULL on failure. A handle is a number: it must not
/// be dereferenced. HAL_MutexDestroy ends it. Any thread.
#[unsafe(export_name = "HAL_MutexCreate")]
pub extern "C" fn hal_mutex_create() -> *mut c_void {
    boundary(std::ptr::null_mut(), || handle(sync::create(Kind::Mutex)))
}

/// Ends a mutex; threads that wait for it return without it. NULL, and handles that name no mutex,
/// are ignored. Any thread.
#[unsafe(export_name = "HAL_MutexDestroy")]
pub extern "C" fn hal_mutex_destroy(mutex: *mut c_void) {
    boundary((), || {
        sync::destroy(Kind::Mutex, mutex.addr());
    });
}

/// Locks the mutex, waiting for ever. Not recursive: a thread that locks twice waits for itself.
/// Returns at once, without a lock, for NULL and for handles that name no mutex. Any thread.
#[unsafe(export_name = "HAL_MutexLock")]
pub extern "C" fn hal_mutex_lock(mutex: *mut c_void) {
    boundary((), || {
        if !sync::take(Kind::Mutex, mutex.addr(), None) {
            log::warning!("HAL_MutexLock: the handle names no mutex");
        }
    });
}

/// Unlocks the mutex, whichever thread locked it; unlocking twice is harmless. NULL, and handles
/// that name no mutex, are ignored. Never blocks.
#[unsafe(export_name = "HAL_MutexUnlock")]
pub extern "C" fn hal_mutex_unlock(mutex: *mut c_void) {
    boundary((), || {
        if !sync::give(Kind::Mutex, mutex.addr()) {
            log::warning!("HAL_MutexUnlock: the handle names no mutex");
        }
    });
}

fn handle(number: usize) -> *mut c_void {
    std::ptr::without_provenance_mut(number)
}

/// `hal_os_thread_param_t`
#[repr(C)]
#[derive(Debug)]
pub struct ThreadParameters {
    /// Ignored: without real-time rights Linux has no priorities within a process.
    pub priority: c_int,
    /// Ignored, as by the original: the system provides the stack.
    pub stack_address: *mut c_void,
    /// In bytes; 0 or less: the system's default.
    pub stack_size: c_int,
    /// Ignored, as by the original: threads are always detached.
    pub detach_state: c_int,
    /// Ignored, as by the original.
    pub name: *mut c_char,
}

/// Starts a thread that runs `routine(argument)`; what it returns is dropped. The thread is
/// detached: it must not be joined.
///
/// `thread`: receives the thread's identifier (a pthread_t); may be NULL. `parameters`: may be
/// NULL. Of its members only `stack_size` counts (the original ignores all): bytes, 0 for the
/// system's default, raised to 256 KB, because the few KB that SDK sources ask for are meant for
/// an RTOS. `stack_used`: receives 0; may be NULL.
///
/// Returns 0, or -1 when `routine` is NULL or the system starts no thread. Any thread.
///
/// # Safety
/// `routine` may be called once on another thread with `argument`; `thread`, `parameters` and
/// `stack_used` are NULL or point to what their types say.
#[unsafe(export_name = "HAL_ThreadCreate")]
pub unsafe extern "C" fn hal_thread_create(
    thread: *mut *mut c_void,
    routine: Option<thread::Routine>,
    argument: *mut c_void,
    parameters: *mut ThreadParameters,
    stack_used: *mut c_int,
) -> c_int {
    boundary(-1, || {
        // SAFETY: the caller vouches for what is not NULL.
        let parameters = unsafe { parameters.as_ref() };
        let size = parameters.map_or(0, |given| usize::try_from(given.stack_size).unwrap_or(0));
        if !stack_used.is_null() {
            // SAFETY: not NULL, and the caller vouches that it is writable.
            unsafe { stack_used.write(0) };
        }
        let Some(routine) = routine else { return -1 };
        // SAFETY: the caller vouches for the routine and its argument.
        match unsafe { thread::spawn_detached(routine, argument, size) } {
            Ok(identifier) if !thread.is_null() => {
                // SAFETY: not NULL, writable; a pthread_t is as large as a pointer on Linux.
                unsafe { thread.cast::<libc::pthread_t>().write(identifier) };
                0
            }
            Ok(_) => 0,
            Err(errno) => {
                let reason = std::io::Error::from_raw_os_error(errno);
                log::error!("HAL_ThreadCreate: no thread could be started: {reason}");
                -1
            }
        }
    })
}

const _: () = assert!(size_of::<libc::pthread_t>() == size_of::<*mut c_void>());
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<ThreadParameters>() == 32);

/// Calls the function that linksdk_set_reboot_hook set. Without one it does nothing but log: the
/// original runs the program `reboot`, which a library should not do by surprise.
#[unsafe(export_name = "HAL_Reboot")]
pub extern "C" fn hal_reboot() {
    boundary((), || match firmware::reboot_hook() {
        // SAFETY: whoever set the hook promised that it stays callable; no lock is held.
        Some(hook) => unsafe { hook() },
        None => log::warning!("HAL_Reboot: ignored; set a function by linksdk_set_reboot_hook"),
    });
}

/// Writes the firmware's version and a NUL to `version`, which has room for 64 bytes
/// (IOTX_FIRMWARE_VER_LEN), and returns its length without the NUL; -1 for NULL. It is
/// `app-1.0.0-20180101.1000` until linksdk_set_firmware_version sets another. Any thread.
///
/// # Safety
/// `version` is NULL or has room for 64 bytes.
#[unsafe(export_name = "HAL_GetFirmwareVersion")]
pub unsafe extern "C" fn hal_get_firmware_version(version: *mut c_char) -> c_int {
    boundary(-1, || {
        let text = firmware::version();
        if version.is_null() || text.len() > VERSION_LENGTH {
            return -1;
        }
        // SAFETY: not NULL; the text and its NUL take at most the 64 bytes that the caller has.
        unsafe {
            std::ptr::copy_nonoverlapping(text.as_ptr(), version.cast::<u8>(), text.len());
            version.add(text.len()).write(0);
        }
        c_int::try_from(text.len()).unwrap_or(-1)
    })
}

#[cfg(test)]
mod tests;

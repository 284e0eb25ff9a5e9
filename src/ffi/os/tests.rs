//! The operating system functions, called as firmware calls them.

use super::*;
use crate::ffi::hooks::{linksdk_set_firmware_version, linksdk_set_reboot_hook};
use std::ffi::CStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};

unsafe extern "C" {
    fn HAL_Snprintf(text: *mut c_char, length: c_int, format: *const c_char, ...) -> c_int;
}

#[test]
fn memory_is_given_and_taken_back() {
    let memory = hal_malloc(64);
    assert!(!memory.is_null());
    // SAFETY: 64 bytes from HAL_Malloc, freed once; NULL is allowed.
    unsafe {
        memory.cast::<u8>().write_bytes(0xa5, 64);
        hal_free(memory);
        hal_free(std::ptr::null_mut());
    }
}

#[test]
fn random_numbers_stay_in_their_region() {
    assert_eq!(hal_random(1), 0);
    assert!((0..200).all(|_| hal_random(10) < 10));
    hal_srandom(1);
    let first: Vec<u32> = (0..4).map(|_| hal_random(0)).collect();
    hal_srandom(1);
    let second: Vec<u32> = (0..4).map(|_| hal_random(0)).collect();
    assert_ne!(first, second);
    assert!(first.iter().chain(&second).any(|number| *number > 0x00ff_ffff));
}

#[test]
fn sleeping_takes_the_time_asked_for() {
    let start = hal_uptime_ms();
    hal_sleep_ms(5);
    assert!(hal_uptime_ms() - start >= 5);
}

#[test]
fn semaphores_and_mutexes_work_and_bad_handles_are_harmless() {
    let semaphore = hal_semaphore_create();
    assert_eq!(hal_semaphore_wait(semaphore, 0), -1);
    hal_semaphore_post(semaphore);
    assert_eq!(hal_semaphore_wait(semaphore, WAIT_FOREVER), 0);
    let start = hal_uptime_ms();
    assert_eq!(hal_semaphore_wait(semaphore, 20), -1);
    assert!(hal_uptime_ms() - start >= 19);
    let mutex = hal_mutex_create();
    hal_mutex_lock(mutex);
    hal_mutex_unlock(mutex);
    hal_mutex_lock(mutex);
    hal_semaphore_destroy(semaphore);
    hal_mutex_destroy(mutex);
    for bad in [std::ptr::null_mut(), semaphore, mutex, handle(usize::MAX), handle(0x7fff_0000)] {
        assert_eq!(hal_semaphore_wait(bad, WAIT_FOREVER), -1);
        hal_semaphore_post(bad);
        hal_semaphore_destroy(bad);
        hal_mutex_lock(bad);
        hal_mutex_unlock(bad);
        hal_mutex_destroy(bad);
    }
}

unsafe extern "C" fn report(argument: *mut c_void) -> *mut c_void {
    // SAFETY: the test passes a boxed sender, once.
    let sender = unsafe { Box::from_raw(argument.cast::<Sender<u32>>()) };
    sender.send(7).unwrap();
    std::ptr::null_mut()
}

#[test]
fn threads_start_with_and_without_parameters() {
    let (sender, receiver) = channel::<u32>();
    for stack_size in [None, Some(0), Some(4096), Some(-1), Some(1 << 20)] {
        let mut parameters = ThreadParameters {
            priority: 3,
            stack_address: std::ptr::null_mut(),
            stack_size: stack_size.unwrap_or(0),
            detach_state: 0,
            name: std::ptr::null_mut(),
        };
        let pointer = stack_size.map_or(std::ptr::null_mut(), |_| &raw mut parameters);
        let (mut thread, mut used) = (std::ptr::null_mut(), -1);
        let argument = Box::into_raw(Box::new(sender.clone())).cast();
        // SAFETY: the routine takes the boxed sender; the rest are places of this function.
        let result = unsafe {
            hal_thread_create(&raw mut thread, Some(report), argument, pointer, &raw mut used)
        };
        assert_eq!((result, used), (0, 0));
        assert!(!thread.is_null());
        assert_eq!(receiver.recv().unwrap(), 7);
    }
    let null: *mut c_void = std::ptr::null_mut();
    let argument = Box::into_raw(Box::new(sender)).cast();
    // SAFETY: NULL is allowed everywhere but for the argument, which the routine takes.
    unsafe {
        assert_eq!(hal_thread_create(null.cast(), None, null, null.cast(), null.cast()), -1);
        let result =
            hal_thread_create(null.cast(), Some(report), argument, null.cast(), null.cast());
        assert_eq!(result, 0);
    }
    assert_eq!(receiver.recv().unwrap(), 7);
}

static REBOOTS: AtomicU32 = AtomicU32::new(0);
unsafe extern "C" fn reboot() {
    REBOOTS.fetch_add(1, Ordering::SeqCst);
}

#[test]
fn rebooting_is_left_to_the_hook() {
    hal_reboot();
    // SAFETY: the hook is a function of this file.
    unsafe { linksdk_set_reboot_hook(Some(reboot)) };
    hal_reboot();
    // SAFETY: NULL is allowed.
    unsafe { linksdk_set_reboot_hook(None) };
    hal_reboot();
    assert_eq!(REBOOTS.load(Ordering::SeqCst), 1);
}

#[test]
fn the_firmware_version_can_be_set() {
    let read = || {
        let mut room: [c_char; 64] = [0x55; 64];
        // SAFETY: room for 64 bytes; a NUL was written.
        unsafe {
            let length = hal_get_firmware_version(room.as_mut_ptr());
            let text = CStr::from_ptr(room.as_ptr()).to_str().unwrap().to_owned();
            assert_eq!(usize::try_from(length).unwrap(), text.len());
            text
        }
    };
    let set = |text: &CStr| {
        // SAFETY: a C string.
        unsafe { linksdk_set_firmware_version(text.as_ptr()) }
    };
    assert_eq!(read(), "app-1.0.0-20180101.1000");
    let longest = std::ffi::CString::new("v".repeat(63)).unwrap();
    assert_eq!(set(&longest), 0);
    assert_eq!(read().len(), 63);
    let too_long = std::ffi::CString::new("v".repeat(64)).unwrap();
    for refused in [too_long.as_c_str(), c"a\"b", c"a\\b", c"a\nb", c"\xff"] {
        assert_eq!(set(refused), -1);
    }
    assert_eq!(read().len(), 63);
    // SAFETY: NULL is allowed.
    unsafe {
        assert_eq!(linksdk_set_firmware_version(std::ptr::null()), 0);
        assert_eq!(hal_get_firmware_version(std::ptr::null_mut()), -1);
    }
    assert_eq!(read(), "app-1.0.0-20180101.1000");
}

#[test]
fn formatting_is_bounded_and_refuses_bad_arguments() {
    let mut room: [c_char; 8] = [0x55; 8];
    // SAFETY: formats and arguments agree; the lengths fit the room.
    unsafe {
        let text = room.as_mut_ptr();
        assert_eq!(HAL_Snprintf(text, 5, c"%s/%d".as_ptr(), c"abc".as_ptr(), 12), 6);
        assert_eq!(CStr::from_ptr(text), c"abc/");
        assert_eq!(room[5], 0x55);
        assert_eq!(HAL_Snprintf(text, -1, c"x".as_ptr()), -1);
        assert_eq!(HAL_Snprintf(text, 8, std::ptr::null()), -1);
        assert_eq!(HAL_Snprintf(std::ptr::null_mut(), 8, c"%d".as_ptr(), 1234), 4);
        assert_eq!(HAL_Snprintf(text, 0, c"%d".as_ptr(), 1234), 4);
        assert_eq!(CStr::from_ptr(text), c"abc/");
    }
}

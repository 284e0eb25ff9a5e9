//! The log hook, set and called as firmware does.

use super::*;
use crate::log::tests::exclusive_sink;
use std::cell::{Cell, RefCell};
use std::ffi::CStr;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

type Hook = unsafe extern "C" fn(c_int, *const c_char, *mut c_void);

thread_local! {
    /// Lines of this thread: other tests log too, on threads of their own.
    static LINES: RefCell<Vec<(c_int, String)>> = const { RefCell::new(Vec::new()) };
    static CONTEXT: Cell<*mut c_void> = const { Cell::new(null_mut()) };
    /// Whether lines of this thread make a hook act: those of other tests must not.
    static ACTS: Cell<bool> = const { Cell::new(false) };
}

fn set(hook: Option<Hook>, context: *mut c_void) {
    // SAFETY: the hooks of this file stay callable and do not follow their context.
    unsafe { linksdk_set_log_hook(hook, context) };
}

fn lines() -> Vec<(c_int, String)> {
    LINES.take()
}

unsafe extern "C" fn record(level: c_int, line: *const c_char, context: *mut c_void) {
    // SAFETY: the hook gets a C string.
    let line = unsafe { CStr::from_ptr(line) }.to_str().unwrap().to_owned();
    LINES.with_borrow_mut(|lines| lines.push((level, line)));
    CONTEXT.set(context);
}

#[test]
fn the_hook_gets_level_line_and_context() {
    let _turn = exclusive_sink();
    static OWNED_BY_FIRMWARE: u8 = 0;
    let context = (&raw const OWNED_BY_FIRMWARE).cast_mut().cast();
    set(Some(record), context);
    log::error!("one");
    log::warning!("two");
    log::info!("three");
    set(None, null_mut());
    log::error!("nobody listens");
    let expected = [(2, "one"), (3, "two"), (4, "three")].map(|(l, text)| (l, text.to_owned()));
    assert_eq!(lines(), expected);
    assert_eq!(CONTEXT.get(), context);
}

/// Names from a certificate or the network may hold anything.
#[test]
fn a_line_is_one_c_string_without_breaks() {
    let _turn = exclusive_sink();
    set(Some(record), null_mut());
    log::error!("a\0b\nc\r\nd\u{1b}[2J");
    log::error!("");
    set(None, null_mut());
    assert_eq!(lines(), [(2, "a b c  d [2J".to_owned()), (2, String::new())]);
}

#[test]
fn the_level_bounds_what_arrives() {
    let _turn = exclusive_sink();
    set(Some(record), null_mut());
    for (level, expected) in [
        (c_int::MIN, &[][..]),
        (-1, &[]),
        (0, &[]),
        (1, &[]),
        (2, &[2]),
        (3, &[2, 3]),
        (4, &[2, 3, 4]),
        (5, &[2, 3, 4, 5]),
        (256, &[2, 3, 4, 5]),
        (c_int::MAX, &[2, 3, 4, 5]),
    ] {
        linksdk_set_log_level(level);
        for level in [Level::Error, Level::Warning, Level::Info, Level::Debug] {
            log::line(level, format_args!("x"));
        }
        let levels: Vec<_> = lines().into_iter().map(|(level, _)| level).collect();
        assert_eq!(levels, expected, "{level}");
    }
    linksdk_set_log_level(4);
    set(None, null_mut());
}

/// Calls the library back for the first line that it gets, and records all.
unsafe extern "C" fn reenter(level: c_int, line: *const c_char, context: *mut c_void) {
    let first = ACTS.get() && LINES.with_borrow(Vec::is_empty);
    // SAFETY: the arguments are those that this hook got.
    unsafe { record(level, line, context) };
    if first {
        linksdk_set_log_level(3);
        log::info!("below the new limit");
        log::warning!("nested");
        assert_eq!(crate::ffi::hal::hal_ssl_destroy(0), 0);
        linksdk_set_log_level(4);
    }
}

#[test]
fn the_hook_may_call_the_library() {
    let _turn = exclusive_sink();
    ACTS.set(true);
    set(Some(reenter), null_mut());
    log::error!("outer");
    set(None, null_mut());
    assert_eq!(lines(), [(2, "outer".to_owned()), (3, "nested".to_owned())]);
}

unsafe extern "C" fn unregister(level: c_int, line: *const c_char, context: *mut c_void) {
    if !ACTS.get() {
        return;
    }
    set(None, null_mut());
    log::error!("after the hook has removed itself");
    // SAFETY: the arguments are those that this hook got: still valid.
    unsafe { record(level, line, context) };
}

#[test]
fn the_hook_may_remove_itself() {
    let _turn = exclusive_sink();
    ACTS.set(true);
    set(Some(unregister), null_mut());
    log::error!("the only one");
    log::error!("another");
    assert_eq!(lines(), [(2, "the only one".to_owned())]);
}

unsafe extern "C" fn replace(level: c_int, line: *const c_char, context: *mut c_void) {
    if !ACTS.get() {
        return;
    }
    set(Some(record), context);
    log::error!("through the new hook");
    // SAFETY: the arguments are those that this hook got.
    unsafe { record(level, line, context) };
}

#[test]
fn the_hook_may_replace_itself() {
    let _turn = exclusive_sink();
    ACTS.set(true);
    set(Some(replace), null_mut());
    log::error!("through the old hook");
    log::error!("later");
    set(None, null_mut());
    let texts: Vec<_> = lines().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["through the new hook", "through the old hook", "later"]);
}

thread_local! {
    /// Says that this thread is in the hook; waits until another one is.
    static MEETING: RefCell<Option<(Sender<()>, Receiver<()>)>> = const { RefCell::new(None) };
}
static MET: Mutex<Vec<bool>> = Mutex::new(Vec::new());

unsafe extern "C" fn meet(_: c_int, _: *const c_char, _: *mut c_void) {
    if let Some((here, there)) = MEETING.take() {
        here.send(()).unwrap();
        let met = there.recv_timeout(Duration::from_secs(10)).is_ok();
        MET.lock().unwrap().push(met);
    }
}

#[test]
fn two_threads_may_be_in_the_hook_at_once() {
    let _turn = exclusive_sink();
    set(Some(meet), null_mut());
    let ((to_a, from_b), (to_b, from_a)) = (channel(), channel());
    let threads = [(to_b, from_b), (to_a, from_a)].map(|meeting| {
        std::thread::spawn(|| {
            MEETING.set(Some(meeting));
            log::error!("hello");
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    set(None, null_mut());
    assert_eq!(MET.lock().unwrap().as_slice(), [true, true]);
}

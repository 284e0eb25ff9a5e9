//! The firmware's log hook.

use super::boundary::boundary;
use crate::log::{self, Level};
use libc::{c_char, c_int, c_void};
use std::ffi::CString;
use std::sync::Arc;

/// The firmware's pointer, carried to whatever thread calls its function. It is never followed here.
#[derive(Clone, Copy)]
pub(super) struct Context(*mut c_void);

// SAFETY: the pointer is only handed back to the firmware's hook, whose documentation says that
// it is called from any thread; nothing here reads through it.
unsafe impl Send for Context {}
// SAFETY: as above; sharing the value only copies the pointer.
unsafe impl Sync for Context {}

impl Context {
    pub(super) fn new(pointer: *mut c_void) -> Self {
        Self(pointer)
    }

    pub(super) fn get(&self) -> *mut c_void {
        self.0
    }
}

/// Sets the function that receives log lines, or removes it with NULL. Nothing is logged before a
/// hook is set, and nothing is ever written to stdout or stderr.
///
/// `hook` gets the level (2 error, 3 warning, 4 info, 5 debug), one line without control characters and
/// with a NUL at its end, and `context`. The line belongs to the library and is valid until the
/// hook returns. Lines never hold keys, passwords or payloads.
///
/// The hook is called on whatever thread logs, from several threads at once if they do, with no
/// lock held: it may call any function of the library, also this one. A call that had already
/// begun on another thread may still reach the old hook shortly after this function returns.
///
/// # Safety
/// `hook` is NULL or stays callable, with `context` valid for it, until it has been replaced and
/// calls that had begun are over.
#[unsafe(export_name = "linksdk_set_log_hook")]
pub unsafe extern "C" fn linksdk_set_log_hook(
    hook: Option<unsafe extern "C" fn(level: c_int, line: *const c_char, context: *mut c_void)>,
    context: *mut c_void,
) {
    boundary((), || {
        let Some(hook) = hook else { return log::set_sink(None) };
        let context = Context::new(context);
        log::set_sink(Some(Arc::new(move |level: Level, line: &str| {
            let Ok(line) = CString::new(line.replace(char::is_control, " ")) else { return };
            // SAFETY: the firmware promised that the hook is callable with this context from any
            // thread; the string lives until the call returns.
            unsafe { hook(level as c_int, line.as_ptr(), context.get()) };
        })));
    });
}

/// Sets the least important `level` that reaches the log hook: 0 nothing, 2 errors, 3 and warnings,
/// 4 and one line per connection (the default), 5 and one line per step. Values above 5 count as
/// 5, values below 0 as 0. May be called from any thread at any time.
#[unsafe(export_name = "linksdk_set_log_level")]
pub extern "C" fn linksdk_set_log_level(level: c_int) {
    boundary((), || log::set_limit(u8::try_from(level.clamp(0, 5)).unwrap_or(0)));
}

#[cfg(test)]
mod tests;

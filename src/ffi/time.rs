//! The time of day by which certificates are judged.

use super::boundary::boundary;
use super::config::{flag, outcome};
use super::log::Context;
use crate::state;
use crate::tls::time::{self, Source};
use libc::{c_int, c_void};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// Sets the function that gives the time of day, by which certificates are judged, in place of the
/// operating system's clock: for devices whose clock is not set and which know the time otherwise.
/// NULL brings the operating system's clock back.
///
/// `now` gets `context` and returns the seconds since 1970-01-01 UTC, or a negative number when it does not
/// know; then no connection is made (-0x0F04), see `linksdk_accept_unset_clock`. It is called during
/// `HAL_SSL_Establish` and while the MQTT client connects, from any thread and several at once, with no
/// lock held.
///
/// Returns 0. Does not block. Any thread.
///
/// # Safety
/// `now` is NULL or stays callable, with `context` valid for it, until it has been replaced and calls
/// that had begun are over.
#[unsafe(export_name = "linksdk_set_time_source")]
pub unsafe extern "C" fn linksdk_set_time_source(
    now: Option<unsafe extern "C" fn(context: *mut c_void) -> i64>,
    context: *mut c_void,
) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        let context = Context::new(context);
        time::set_source(now.map(|now| -> Source {
            Arc::new(move || {
                // SAFETY: the firmware promised that the function is callable with this context
                // from any thread.
                let seconds = unsafe { now(context.get()) };
                let since_1970 = Duration::from_secs(u64::try_from(seconds).ok()?);
                UNIX_EPOCH.checked_add(since_1970)
            })
        }));
        state::SUCCESS
    })
}

/// Lets a device connect (`accept` is 1), or no longer (0, the default), while its clock was never set: when
/// the time of day lies before 2020, or `linksdk_set_time_source`'s function does not know it. For devices
/// that get the time only from the platform.
///
/// While the clock is not set, the server's certificates are verified as ever, except that nobody can tell
/// whether they have expired; the device's own certificate is presented without looking at its dates. The log
/// hook gets a warning for each such connection. As soon as the clock shows 2020 or later, dates are
/// checked again, whatever this is set to: firmware should set the clock early.
///
/// Returns 0; -0x0113 for any other number. Does not block. Any thread.
#[unsafe(export_name = "linksdk_accept_unset_clock")]
pub extern "C" fn linksdk_accept_unset_clock(accept: c_int) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        outcome("linksdk_accept_unset_clock", flag(accept).map(time::accept_not_set))
    })
}

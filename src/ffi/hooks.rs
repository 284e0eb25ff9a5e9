//! What firmware sets in place of functions that it would have to define in the Link SDK's HAL.

use super::boundary::boundary;
use super::ptr;
use crate::firmware::{self, VERSION_LENGTH};
use libc::{c_char, c_int};

/// Sets what HAL_GetFirmwareVersion returns and the version report to the platform says. Call it
/// before IOT_MQTT_Construct. In the Link SDK firmware defines HAL_GetFirmwareVersion itself; here
/// the archive does, and a second definition would collide.
///
/// `version`: a C string of at most 63 bytes, UTF-8, without control characters, quotation marks
/// and backslashes; it is copied. NULL brings the default `app-1.0.0-20180101.1000` back.
///
/// Returns 0, or -1 when `version` is not acceptable; then nothing changes. Any thread, never
/// blocks. Profile sdk only.
///
/// # Safety
/// `version` is NULL or a C string.
#[unsafe(export_name = "linksdk_set_firmware_version")]
pub unsafe extern "C" fn linksdk_set_firmware_version(version: *const c_char) -> c_int {
    boundary(-1, || {
        // SAFETY: the caller passes a C string or NULL.
        let text = unsafe { ptr::text(version, VERSION_LENGTH) };
        let acceptable = (version.is_null() || text.is_some()) && firmware::set_version(text);
        if acceptable { 0 } else { -1 }
    })
}

/// Sets the function that HAL_Reboot calls; NULL removes it, and HAL_Reboot then does nothing but
/// log. It is called on the thread that calls HAL_Reboot, and may return. Any thread, never blocks.
/// Profile sdk only.
///
/// # Safety
/// `hook` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "linksdk_set_reboot_hook")]
pub unsafe extern "C" fn linksdk_set_reboot_hook(hook: Option<unsafe extern "C" fn()>) {
    boundary((), || firmware::set_reboot_hook(hook));
}

//! What the firmware tells about itself: its version, and how to restart the device.
#![forbid(unsafe_code)]

use crate::lock::fixed::Mutex;
use std::sync::PoisonError;

/// What `HAL_GetFirmwareVersion` of the Link SDK's Linux port says, until the firmware sets its own.
pub const DEFAULT_VERSION: &str = "app-1.0.0-20180101.1000";

/// Longest version, in bytes without the NUL (`IOTX_FIRMWARE_VER_LEN` - 1).
pub const VERSION_LENGTH: usize = 63;

/// Restarts the device.
pub type RebootHook = unsafe extern "C" fn();

static VERSION: Mutex<Option<String>> = Mutex::new(None);
static REBOOT: Mutex<Option<RebootHook>> = Mutex::new(None);

/// The firmware's version.
pub fn version() -> String {
    let version = VERSION.lock().unwrap_or_else(PoisonError::into_inner);
    version.as_deref().unwrap_or(DEFAULT_VERSION).to_owned()
}

/// Sets the version; `None` brings the default back. `false`, and nothing changes, when it is longer
/// than [`VERSION_LENGTH`], or holds characters below U+0020, `"` or `\`, which would break the
/// JSON of the version report.
pub fn set_version(version: Option<&str>) -> bool {
    let breaks = |c: char| c.is_control() || c == '"' || c == '\\';
    let fits = version.is_none_or(|text| text.len() <= VERSION_LENGTH && !text.contains(breaks));
    if fits {
        *VERSION.lock().unwrap_or_else(PoisonError::into_inner) = version.map(str::to_owned);
    }
    fits
}

/// The function that restarts the device, if the firmware gave one.
pub fn reboot_hook() -> Option<RebootHook> {
    *REBOOT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets or removes the function that restarts the device.
pub fn set_reboot_hook(hook: Option<RebootHook>) {
    *REBOOT.lock().unwrap_or_else(PoisonError::into_inner) = hook;
}

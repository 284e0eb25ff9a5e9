//! The rest of the SDK in profile `sdk`: this library's own registry and device data.

pub(super) use super::events::{identity_response, mqtt_connect_succ, raise_state};
pub(super) use crate::device::{identity, meta, module, mqtt_domain, region, set_identity};
use crate::firmware;

/// What `HAL_GetFirmwareVersion` says.
pub(super) fn firmware_version() -> String {
    firmware::version()
}

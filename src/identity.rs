//! ProductKey and DeviceName: what the platform pushes on `/ext/auth/identity/response`.
#![forbid(unsafe_code)]

/// The topic on which the platform pushes a device's identity.
pub const RESPONSE_TOPIC: &str = "/ext/auth/identity/response";

/// Who the device is on the platform. Both values are empty before the first connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// At most 20 characters.
    pub product_key: String,
    /// At most 32 characters.
    pub device_name: String,
}

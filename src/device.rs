//! Who the device is: what `IOT_Ioctl` of the Link SDK stores.
#![forbid(unsafe_code)]

#[cfg(feature = "sdk")]
mod store;
#[cfg(feature = "sdk")]
pub use store::{DEVICE, Device, Field, identity, meta, module, mqtt_domain, region, set_identity};

use zeroize::Zeroizing;

/// Longest ProductKey, in bytes.
pub const PRODUCT_KEY_LENGTH: usize = 20;
/// Longest ProductSecret, in bytes.
pub const PRODUCT_SECRET_LENGTH: usize = 64;
/// Longest DeviceName, in bytes.
pub const DEVICE_NAME_LENGTH: usize = 32;
/// Longest DeviceSecret, in bytes.
pub const DEVICE_SECRET_LENGTH: usize = 64;
/// Longest module name, in bytes.
pub const MODULE_LENGTH: usize = 64;
/// Longest custom domain, in bytes.
pub const DOMAIN_LENGTH: usize = 64;

/// The region whose host is the custom domain.
pub const REGION_CUSTOM: i32 = 5;

/// The device's data; empty strings where nothing is set. Secrets are erased when it is dropped.
#[derive(Clone, Default)]
pub struct Meta {
    /// At most [`PRODUCT_KEY_LENGTH`] bytes.
    pub product_key: String,
    /// At most [`PRODUCT_SECRET_LENGTH`] bytes.
    pub product_secret: Zeroizing<String>,
    /// At most [`DEVICE_NAME_LENGTH`] bytes.
    pub device_name: String,
    /// At most [`DEVICE_SECRET_LENGTH`] bytes.
    pub device_secret: Zeroizing<String>,
    /// At most [`MODULE_LENGTH`] bytes.
    pub module: String,
}

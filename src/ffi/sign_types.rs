//! The structures of `IOT_Sign_MQTT` (`dev_sign_api.h` and `infra_defs.h` of the Link SDK).
#![forbid(unsafe_code)]

use std::mem::offset_of;

/// `iotx_dev_meta_info_t`
#[repr(C)]
pub struct DeviceMeta {
    /// NUL-terminated, as are the others.
    pub product_key: [u8; 21],
    /// Not used for signing.
    pub product_secret: [u8; 65],
    /// `device_name`
    pub device_name: [u8; 33],
    /// `device_secret`
    pub device_secret: [u8; 65],
    /// Not used for signing.
    pub module: [u8; 65],
}

/// `iotx_sign_mqtt_t`
#[repr(C)]
pub struct SignMqtt {
    /// NUL-terminated, as are the others.
    pub hostname: [u8; 64],
    /// `port`
    pub port: u16,
    /// `clientid`
    pub clientid: [u8; 200],
    /// `username`
    pub username: [u8; 64],
    /// `password`
    pub password: [u8; 65],
}

const _: () = {
    assert!(size_of::<DeviceMeta>() == 249);
    assert!(size_of::<SignMqtt>() == 396);
    assert!(offset_of!(SignMqtt, port) == 64 && offset_of!(SignMqtt, clientid) == 66);
    assert!(offset_of!(SignMqtt, username) == 266 && offset_of!(SignMqtt, password) == 330);
};

#[cfg(not(feature = "sdk"))]
impl DeviceMeta {
    /// A device without data.
    pub const EMPTY: Self = Self {
        product_key: [0; 21],
        product_secret: [0; 65],
        device_name: [0; 33],
        device_secret: [0; 65],
        module: [0; 65],
    };
}

#[cfg(not(feature = "sdk"))]
impl SignMqtt {
    /// Nothing signed yet.
    pub const EMPTY: Self = Self {
        hostname: [0; 64],
        port: 0,
        clientid: [0; 200],
        username: [0; 64],
        password: [0; 65],
    };
}

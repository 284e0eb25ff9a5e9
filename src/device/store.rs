//! The device's data in a build that brings its own `IOT_Ioctl`.
#![forbid(unsafe_code)]

use super::{
    DEVICE_NAME_LENGTH, DEVICE_SECRET_LENGTH, DOMAIN_LENGTH, MODULE_LENGTH, Meta,
    PRODUCT_KEY_LENGTH, PRODUCT_SECRET_LENGTH,
};
use crate::identity::Identity;
use crate::lock::fixed::{Mutex, MutexGuard};
use std::sync::{LazyLock, PoisonError};
use zeroize::{Zeroize, Zeroizing};

/// One of the texts that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// [`Meta::product_key`]
    ProductKey,
    /// [`Meta::product_secret`]
    ProductSecret,
    /// [`Meta::device_name`]
    DeviceName,
    /// [`Meta::device_secret`]
    DeviceSecret,
    /// [`Meta::module`]
    Module,
    /// The MQTT host of [`REGION_CUSTOM`](super::REGION_CUSTOM).
    MqttDomain,
    /// The HTTP host of [`REGION_CUSTOM`](super::REGION_CUSTOM).
    HttpDomain,
}

impl Field {
    /// The longest text that the field takes, in bytes.
    pub fn limit(self) -> usize {
        match self {
            Self::ProductKey => PRODUCT_KEY_LENGTH,
            Self::ProductSecret => PRODUCT_SECRET_LENGTH,
            Self::DeviceName => DEVICE_NAME_LENGTH,
            Self::DeviceSecret => DEVICE_SECRET_LENGTH,
            Self::Module => MODULE_LENGTH,
            Self::MqttDomain | Self::HttpDomain => DOMAIN_LENGTH,
        }
    }
}

/// A store of device data, at first empty and in region 0 (Shanghai). The firmware's is
/// [`DEVICE`]; tests make their own.
#[derive(Default)]
pub struct Device {
    data: Mutex<Data>,
}

#[derive(Default)]
struct Data {
    meta: Meta,
    region: i32,
    mqtt_domain: String,
    http_domain: String,
}

impl Data {
    fn field(&mut self, field: Field) -> &mut String {
        match field {
            Field::ProductKey => &mut self.meta.product_key,
            Field::ProductSecret => &mut self.meta.product_secret,
            Field::DeviceName => &mut self.meta.device_name,
            Field::DeviceSecret => &mut self.meta.device_secret,
            Field::Module => &mut self.meta.module,
            Field::MqttDomain => &mut self.mqtt_domain,
            Field::HttpDomain => &mut self.http_domain,
        }
    }

    fn set(&mut self, field: Field, value: &str) {
        // A new string each time: growing the old one in place would leave a copy of a secret
        // behind in freed memory.
        let mut old = std::mem::replace(self.field(field), value.to_owned());
        old.zeroize();
    }
}

/// The data that the firmware's exports work on.
pub static DEVICE: LazyLock<Device> = LazyLock::new(Device::default);

impl Device {
    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores `value`. `false`, and the old value stays, when it is longer than the field.
    pub fn set(&self, field: Field, value: &str) -> bool {
        let fits = value.len() <= field.limit();
        if fits {
            self.data().set(field, value);
        }
        fits
    }

    /// A copy of the field; empty when nothing is set.
    pub fn get(&self, field: Field) -> Zeroizing<String> {
        Zeroizing::new(self.data().field(field).clone())
    }

    /// ProductKey and DeviceName as they are now.
    pub fn identity(&self) -> Identity {
        let data = self.data();
        Identity {
            product_key: data.meta.product_key.clone(),
            device_name: data.meta.device_name.clone(),
        }
    }

    /// Stores both, or neither and returns `false` when one of them is too long.
    pub fn set_identity(&self, identity: &Identity) -> bool {
        let fits = identity.product_key.len() <= PRODUCT_KEY_LENGTH
            && identity.device_name.len() <= DEVICE_NAME_LENGTH;
        if fits {
            let mut data = self.data();
            data.set(Field::ProductKey, &identity.product_key);
            data.set(Field::DeviceName, &identity.device_name);
        }
        fits
    }

    /// A copy of the device's data.
    pub fn meta(&self) -> Meta {
        self.data().meta.clone()
    }

    /// The region, as the firmware set it; nothing checks it here.
    pub fn region(&self) -> i32 {
        self.data().region
    }

    /// Stores the region.
    pub fn set_region(&self, region: i32) {
        self.data().region = region;
    }
}

/// ProductKey and DeviceName as they are now; either may be empty.
pub fn identity() -> Identity {
    DEVICE.identity()
}

/// Takes over ProductKey and DeviceName together. `false`, and nothing changes, when one of them
/// is too long.
pub fn set_identity(identity: &Identity) -> bool {
    DEVICE.set_identity(identity)
}

/// A copy of the device's data.
pub fn meta() -> Meta {
    DEVICE.meta()
}

/// The region that the firmware chose; 0 (Shanghai) when it chose none.
pub fn region() -> i32 {
    DEVICE.region()
}

/// The custom MQTT host; empty when none is set.
pub fn mqtt_domain() -> String {
    DEVICE.get(Field::MqttDomain).to_string()
}

/// The module name; empty when none is set.
pub fn module() -> String {
    DEVICE.get(Field::Module).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_up_to_their_limit() {
        let device = Device::default();
        for field in [
            Field::ProductKey,
            Field::ProductSecret,
            Field::DeviceName,
            Field::DeviceSecret,
            Field::Module,
            Field::MqttDomain,
            Field::HttpDomain,
        ] {
            let longest = "x".repeat(field.limit());
            assert_eq!(*device.get(field), "");
            assert!(device.set(field, &longest));
            assert!(!device.set(field, &"y".repeat(field.limit() + 1)));
            assert_eq!(*device.get(field), longest, "{field:?}");
        }
    }

    #[test]
    fn an_identity_is_taken_over_whole_or_not_at_all() {
        let device = Device::default();
        let good = Identity { product_key: "pk".into(), device_name: "dn".into() };
        assert!(device.set_identity(&good));
        let long_key = Identity { product_key: "k".repeat(21), device_name: "other".into() };
        let long_name = Identity { product_key: "other".into(), device_name: "n".repeat(33) };
        assert!(!device.set_identity(&long_key) && !device.set_identity(&long_name));
        assert_eq!(device.identity(), good);
    }
}

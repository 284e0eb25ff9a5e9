//! `IOT_Sign_MQTT`.

use super::boundary::boundary;
use super::sign_types::{DeviceMeta, SignMqtt};
use crate::device::{self, Meta};
use crate::mqtt::connect::{self, Sign};
use crate::state;
use libc::c_int;
use zeroize::Zeroizing;

/// The text in a field; `None` without a NUL and when it is not UTF-8.
fn text(field: &[u8]) -> Option<&str> {
    let end = field.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(field.get(..end)?).ok()
}

fn meta(given: &DeviceMeta) -> Option<Meta> {
    Some(Meta {
        product_key: text(&given.product_key)?.to_owned(),
        device_name: text(&given.device_name)?.to_owned(),
        device_secret: Zeroizing::new(text(&given.device_secret)?.to_owned()),
        ..Meta::default()
    })
}

/// The fields that stay are 0, so each text ends with a NUL: `connect::sign` bounds all but the
/// password, and that always has 64 characters.
fn fill(out: &mut SignMqtt, sign: &Sign) {
    let put = |field: &mut [u8], text: &str| {
        for (to, from) in field.iter_mut().zip(text.bytes()) {
            *to = from;
        }
    };
    put(&mut out.hostname, &sign.host);
    put(&mut out.clientid, &sign.login.client_id);
    put(&mut out.username, &sign.login.user_name);
    put(&mut out.password, &sign.login.password);
    out.port = sign.port;
}

/// Computes host, port, client identifier, user name and password for `region` (an
/// `iotx_mqtt_region_types_t`; 5 is the host set by `IOTX_IOCTL_SET_MQTT_DOMAIN`) and the device
/// described by `meta`, whose ProductKey, DeviceName and DeviceSecret may be empty.
///
/// Returns 0. Negative, with `out` all zero: -0x0113 no such region, `meta` or `out` NULL, a field
/// without its NUL or not UTF-8; -0x0108 region 5 without a host; -0x0307, -0x0308, -0x0309 host, user
/// name or client identifier too long. Any thread, never blocks. The password is a secret of the
/// device: erase `out` after use.
///
/// # Safety
/// `meta` is NULL or an `iotx_dev_meta_info_t`; `out` is NULL or a writable `iotx_sign_mqtt_t` that
/// does not overlap it.
#[unsafe(export_name = "IOT_Sign_MQTT")]
pub unsafe extern "C" fn iot_sign_mqtt(
    region: c_int,
    meta_info: *const DeviceMeta,
    out: *mut SignMqtt,
) -> i32 {
    boundary(state::USER_INPUT_INVALID, || {
        if out.is_null() {
            return state::USER_INPUT_INVALID;
        }
        // SAFETY: not NULL; the caller vouches that it is writable. All zero is a SignMqtt.
        let out = unsafe {
            out.write_bytes(0, 1);
            &mut *out
        };
        // SAFETY: NULL, or the caller vouches for it.
        let Some(meta) = unsafe { meta_info.as_ref() }.and_then(meta) else {
            return state::USER_INPUT_INVALID;
        };
        match connect::sign(region, &device::mqtt_domain(), &meta, None) {
            Ok(sign) => {
                fill(out, &sign);
                state::SUCCESS
            }
            Err(code) => code,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::{null, null_mut};

    fn given(product_key: &str, device_name: &str, device_secret: &str) -> DeviceMeta {
        let mut meta = DeviceMeta {
            product_key: [0; 21],
            product_secret: [0xff; 65],
            device_name: [0; 33],
            device_secret: [0; 65],
            module: [0xff; 65],
        };
        meta.product_key[..product_key.len()].copy_from_slice(product_key.as_bytes());
        meta.device_name[..device_name.len()].copy_from_slice(device_name.as_bytes());
        meta.device_secret[..device_secret.len()].copy_from_slice(device_secret.as_bytes());
        meta
    }

    fn room() -> SignMqtt {
        SignMqtt {
            hostname: [0x55; 64],
            port: 1,
            clientid: [0x55; 200],
            username: [0x55; 64],
            password: [0x55; 65],
        }
    }

    #[test]
    fn every_field_is_filled_and_terminated() {
        let meta = given("a1MZxOdcBnO", "example1", "jiPvZkVO9lhNj2Q9f2KdP4Yln7ACJI3X");
        let mut out = room();
        // SAFETY: both are structures of this function.
        assert_eq!(unsafe { iot_sign_mqtt(0, &raw const meta, &raw mut out) }, 0);
        let host = "a1MZxOdcBnO.iot-as-mqtt.cn-shanghai.aliyuncs.com";
        assert_eq!((text(&out.hostname), out.port), (Some(host), 443));
        assert_eq!(text(&out.username), Some("example1&a1MZxOdcBnO"));
        assert!(text(&out.password).unwrap().starts_with("E1572853"));
        assert!(text(&out.clientid).unwrap().starts_with("a1MZxOdcBnO.example1|timestamp="));
    }

    #[test]
    fn the_longest_identity_fits() {
        let meta = given(&"p".repeat(20), &"d".repeat(32), &"s".repeat(64));
        let mut out = room();
        // SAFETY: both are structures of this function.
        assert_eq!(unsafe { iot_sign_mqtt(4, &raw const meta, &raw mut out) }, 0);
        assert_eq!(text(&out.username).unwrap().len(), 53);
        assert_eq!(text(&out.password).unwrap().len(), 64);
    }

    #[test]
    fn bad_arguments_have_their_code_and_leave_zeros() {
        let meta = given("pk", "dn", "");
        let mut unterminated = given("pk", "dn", "");
        unterminated.device_name = [b'd'; 33];
        let mut not_text = given("pk", "dn", "");
        not_text.product_key[0] = 0xff;
        let invalid = state::USER_INPUT_INVALID;
        // SAFETY: structures of this function, or NULL.
        unsafe {
            assert_eq!(iot_sign_mqtt(0, &raw const meta, null_mut()), invalid);
            for (region, meta) in [
                (0, null()),
                (-1, &raw const meta),
                (6, &raw const meta),
                (0, &raw const unterminated),
                (0, &raw const not_text),
            ] {
                let mut out = room();
                assert_eq!(iot_sign_mqtt(region, meta, &raw mut out), invalid);
                assert_eq!((out.hostname[0], out.password[0], out.port), (0, 0, 0));
            }
        }
    }
}

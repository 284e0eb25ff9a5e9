//! With what a device connects: client identifier, user name, password and default endpoint.
//!
//! The strings are those of the Link SDK 3.2.0 (`dev_sign_mqtt.c`, built with TLS and
//! `MQTT_AUTO_SUBSCRIBE`) byte for byte, because the platform may judge them.
#![forbid(unsafe_code)]

use crate::device::{Meta, REGION_CUSTOM};
use crate::state;
use crate::tls::crypto;
use std::fmt::Write;
use zeroize::Zeroizing;

/// Host of the platform's X.509 endpoint: one region only.
pub const X509_HOST: &str = "x509.itls.cn-shanghai.aliyuncs.com";
/// Port of the platform's X.509 endpoint.
pub const X509_PORT: u16 = 1883;

/// Port of the other endpoints.
const PORT: u16 = 443;

/// Room for the strings in `iotx_sign_mqtt_t`, with the NUL.
const CLIENT_ID_SIZE: usize = 200;
const HOST_SIZE: usize = 64;
const USER_NAME_SIZE: usize = 64;

/// A fixed number instead of the time of day, which a device may not know: 2050-01-01 in
/// milliseconds.
const TIMESTAMP: &str = "2524608000000";

/// The fields of CONNECT that say who the device is.
#[derive(Clone)]
pub struct Login {
    /// The client identifier; at most 199 bytes when [`sign`] made it.
    pub client_id: String,
    /// The user name; `<DeviceName>&<ProductKey>`, at most 62 bytes, when [`sign`] made it.
    pub user_name: String,
    /// The password; 64 upper-case hexadecimal digits when [`sign`] made it.
    pub password: Zeroizing<String>,
}

/// What an MQTT CONNECT packet and the connection below it need.
#[derive(Clone)]
pub struct Sign {
    /// `<ProductKey>.iot-as-mqtt.<region>.aliyuncs.com`, or the custom domain.
    pub host: String,
    /// 443.
    pub port: u16,
    /// What CONNECT says.
    pub login: Login,
}

/// Computes what the device connects with.
///
/// `region` as in `iotx_mqtt_region_types_t`; `custom_domain` is the host of region 5;
/// `customize_info` is appended to the client identifier, and turns on `securemode=8` when it
/// contains `authtype=id2`.
///
/// # Errors
/// [`state::USER_INPUT_INVALID`]: no such region. [`state::USER_INPUT_MQTT_DOMAIN`]: region 5 without
/// a domain. [`state::MQTT_SIGN_CLIENTID_BUF_SHORT`], [`state::MQTT_SIGN_HOSTNAME_BUF_SHORT`],
/// [`state::MQTT_SIGN_USERNAME_BUF_SHORT`]: a string does not fit its field of `iotx_sign_mqtt_t`.
pub fn sign(
    region: i32,
    custom_domain: &str,
    meta: &Meta,
    customize_info: Option<&str>,
) -> Result<Sign, i32> {
    if !(0..=REGION_CUSTOM).contains(&region) {
        return Err(state::USER_INPUT_INVALID);
    }
    let device_id = format!("{}.{}", meta.product_key, meta.device_name);
    let client_id = client_id(&device_id, customize_info)?;
    let password = password(&device_id, meta);
    let host = host(region, custom_domain, &meta.product_key)?;
    let user_name = format!("{}&{}", meta.device_name, meta.product_key);
    if user_name.len() + 1 >= USER_NAME_SIZE {
        return Err(state::MQTT_SIGN_USERNAME_BUF_SHORT);
    }
    Ok(Sign { host, port: PORT, login: Login { client_id, user_name, password } })
}

/// Whether the certificate is what the device authenticates with: it has one, and no DeviceSecret to sign
/// with, or no ProductKey and DeviceName that it would sign.
pub fn is_by_certificate(meta: &Meta, has_device_certificate: bool) -> bool {
    let unnamed = meta.product_key.is_empty() && meta.device_name.is_empty();
    has_device_certificate && (unnamed || meta.device_secret.is_empty())
}

/// The password of a device that authenticates by certificate and knows who it is: none. Before it knows,
/// it sends what the Link SDK sends.
pub fn needs_no_password(meta: &Meta, has_device_certificate: bool) -> bool {
    let named = !meta.product_key.is_empty() && !meta.device_name.is_empty();
    named && is_by_certificate(meta, has_device_certificate)
}

/// Host and port for a device whose firmware names none: the X.509 endpoint for a device that has a
/// certificate and no other means to authenticate (ProductKey and DeviceName empty, or no
/// DeviceSecret to sign with), else those of `sign`. A custom domain always counts.
pub fn default_endpoint<'a>(
    region: i32,
    meta: &Meta,
    has_device_certificate: bool,
    sign: &'a Sign,
) -> (&'a str, u16) {
    if is_by_certificate(meta, has_device_certificate) && region != REGION_CUSTOM {
        (X509_HOST, X509_PORT)
    } else {
        (&sign.host, sign.port)
    }
}

fn client_id(device_id: &str, customize_info: Option<&str>) -> Result<String, i32> {
    let by_id2 = customize_info.is_some_and(|info| info.contains("authtype=id2"));
    let mode = if by_id2 { 8 } else { 2 };
    let extra = customize_info.map(|info| format!(",{info}")).unwrap_or_default();
    let client_id = format!(
        "{device_id}|timestamp={TIMESTAMP},_v=sdk-c-3.2.0,securemode={mode},\
         signmethod=hmacsha256,lan=C,_ss=1,gw=0,ext=0{extra}|"
    );
    if client_id.len() >= CLIENT_ID_SIZE {
        return Err(state::MQTT_SIGN_CLIENTID_BUF_SHORT);
    }
    Ok(client_id)
}

fn password(device_id: &str, meta: &Meta) -> Zeroizing<String> {
    let message = format!(
        "clientId{device_id}deviceName{}productKey{}timestamp{TIMESTAMP}",
        meta.device_name, meta.product_key
    );
    let tag = crypto::hmac_sha256(meta.device_secret.as_bytes(), message.as_bytes());
    let mut digits = Zeroizing::new(String::with_capacity(2 * tag.len()));
    for byte in Zeroizing::new(tag).iter() {
        // Writing to a String with room for it cannot fail.
        let _ = write!(digits, "{byte:02X}");
    }
    digits
}

fn host(region: i32, custom_domain: &str, product_key: &str) -> Result<String, i32> {
    let name = match region {
        0 => "cn-shanghai",
        1 => "ap-southeast-1",
        2 => "ap-northeast-1",
        3 => "us-west-1",
        4 => "eu-central-1",
        _ => "",
    };
    let host = if !name.is_empty() {
        format!("{product_key}.iot-as-mqtt.{name}.aliyuncs.com")
    } else if custom_domain.is_empty() {
        return Err(state::USER_INPUT_MQTT_DOMAIN);
    } else {
        custom_domain.to_owned()
    };
    // The SDK's own bound leaves one byte of the field unused.
    if host.len() + 1 >= HOST_SIZE { Err(state::MQTT_SIGN_HOSTNAME_BUF_SHORT) } else { Ok(host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "timestamp=2524608000000,_v=sdk-c-3.2.0,securemode=2,\
                        signmethod=hmacsha256,lan=C,_ss=1,gw=0,ext=0";

    fn meta(product_key: &str, device_name: &str, device_secret: &str) -> Meta {
        Meta {
            product_key: product_key.into(),
            device_name: device_name.into(),
            device_secret: Zeroizing::new(device_secret.into()),
            ..Meta::default()
        }
    }

    fn signed(meta: &Meta, info: Option<&str>) -> Sign {
        sign(0, "", meta, info).unwrap_or_else(|code| panic!("{code:#x}"))
    }

    fn refusal(region: i32, domain: &str, meta: &Meta, info: Option<&str>) -> i32 {
        sign(region, domain, meta, info).err().unwrap()
    }

    #[test]
    fn a_device_without_identity_signs_as_the_sdk_does() {
        let sign = signed(&Meta::default(), None);
        assert_eq!(sign.login.client_id, format!(".|{TAIL}|"));
        assert_eq!(sign.login.user_name, "&");
        assert_eq!(
            *sign.login.password,
            "B36DABAE2EBB7B8FA6FFD92B217E13D97C1AB196441561B0F71B3C3BF1DACA05"
        );
        assert_eq!((sign.host.as_str(), sign.port), (".iot-as-mqtt.cn-shanghai.aliyuncs.com", 443));
    }

    #[test]
    fn a_device_with_identity_signs_as_the_sdk_does() {
        let meta = meta("a1MZxOdcBnO", "example1", "jiPvZkVO9lhNj2Q9f2KdP4Yln7ACJI3X");
        let sign = signed(&meta, None);
        assert_eq!(sign.login.client_id, format!("a1MZxOdcBnO.example1|{TAIL}|"));
        assert_eq!(sign.login.user_name, "example1&a1MZxOdcBnO");
        assert_eq!(
            *sign.login.password,
            "E157285389659C45DDB66E19B5C2385377E3CE627C712129DEB32263D3ACB227"
        );
        assert_eq!(sign.host, "a1MZxOdcBnO.iot-as-mqtt.cn-shanghai.aliyuncs.com");
    }

    #[test]
    fn the_longest_identity_fits() {
        let (product_key, device_name) = ("p".repeat(20), "d".repeat(32));
        let sign = signed(&meta(&product_key, &device_name, &"s".repeat(64)), None);
        assert!(
            sign.login.client_id.starts_with(&format!("{product_key}.{device_name}|timestamp="))
        );
        assert_eq!(sign.login.user_name, format!("{device_name}&{product_key}"));
    }

    #[test]
    fn customize_info_is_appended_within_the_bound() {
        let sign = signed(&Meta::default(), Some("a=b"));
        assert_eq!(sign.login.client_id, format!(".|{TAIL},a=b|"));
        let sign = signed(&Meta::default(), Some("authtype=id2"));
        assert!(
            sign.login.client_id.contains("securemode=8,")
                && sign.login.client_id.ends_with("id2|")
        );
        let room = 199 - signed(&Meta::default(), Some("")).login.client_id.len();
        assert_eq!(signed(&Meta::default(), Some(&"i".repeat(room))).login.client_id.len(), 199);
        let code = refusal(0, "", &Meta::default(), Some(&"i".repeat(room + 1)));
        assert_eq!(code, state::MQTT_SIGN_CLIENTID_BUF_SHORT);
    }

    #[test]
    fn each_region_has_its_host() {
        let meta = meta("pk", "dn", "");
        let hosts: Vec<_> =
            (0..=5).map(|region| sign(region, "my.host", &meta, None).unwrap().host).collect();
        assert_eq!(
            hosts,
            [
                "pk.iot-as-mqtt.cn-shanghai.aliyuncs.com",
                "pk.iot-as-mqtt.ap-southeast-1.aliyuncs.com",
                "pk.iot-as-mqtt.ap-northeast-1.aliyuncs.com",
                "pk.iot-as-mqtt.us-west-1.aliyuncs.com",
                "pk.iot-as-mqtt.eu-central-1.aliyuncs.com",
                "my.host",
            ]
        );
    }

    #[test]
    fn what_does_not_fit_has_its_code() {
        let empty = Meta::default();
        for region in [-1, 6, i32::MIN, i32::MAX] {
            assert_eq!(refusal(region, "h", &empty, None), state::USER_INPUT_INVALID);
        }
        assert_eq!(refusal(5, "", &empty, None), state::USER_INPUT_MQTT_DOMAIN);
        assert!(sign(5, &"h".repeat(62), &empty, None).is_ok());
        let long = "h".repeat(63);
        assert_eq!(refusal(5, &long, &empty, None), state::MQTT_SIGN_HOSTNAME_BUF_SHORT);
        let wide = meta("", &"d".repeat(62), "");
        assert_eq!(refusal(0, "", &wide, None), state::MQTT_SIGN_USERNAME_BUF_SHORT);
    }

    #[test]
    fn a_certificate_and_an_identity_need_no_password() {
        for (product_key, device_name, device_secret, certificate, expected) in [
            ("pk", "dn", "", true, true),
            ("pk", "dn", "", false, false),
            ("pk", "dn", "ds", true, false),
            ("", "", "", true, false),
            ("pk", "", "", true, false),
        ] {
            let meta = meta(product_key, device_name, device_secret);
            assert_eq!(needs_no_password(&meta, certificate), expected);
        }
    }

    #[test]
    fn the_x509_endpoint_is_for_devices_that_authenticate_by_certificate() {
        let x509 = (X509_HOST, X509_PORT);
        let endpoint = |region, meta: &Meta, certificate| {
            let sign = sign(region, "my.host", meta, None).unwrap();
            let (host, port) = default_endpoint(region, meta, certificate, &sign);
            (host.to_owned(), port)
        };
        let is_x509 = |found: (String, u16)| (found.0.as_str(), found.1) == x509;
        assert!(is_x509(endpoint(0, &Meta::default(), true)));
        assert!(is_x509(endpoint(0, &meta("pk", "dn", ""), true)));
        assert!(!is_x509(endpoint(0, &meta("pk", "dn", "ds"), true)));
        assert!(!is_x509(endpoint(0, &Meta::default(), false)));
        assert_eq!(endpoint(5, &Meta::default(), true), ("my.host".to_owned(), 443));
    }
}

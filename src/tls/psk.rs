//! The pre-shared key of the Link SDK's TLS-PSK mode.
#![forbid(unsafe_code)]

use super::crypto;
use crate::error::{Error, ErrorKind, Result};
use std::fmt::{self, Write};
use zeroize::Zeroizing;

/// The longest ProductKey, DeviceName and DeviceSecret (`infra_defs.h` of the Link SDK).
const LONGEST: [usize; 3] = [20, 32, 64];

/// The end of the key's life as the Link SDK writes it: 2050, in milliseconds since 1970.
const TIMESTAMP: &str = "2524608000000";

/// Identity and key for TLS-PSK (RFC 4279). The key is overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PreSharedKey {
    /// What the server finds the key by.
    pub identity: String,
    /// The key.
    pub key: Zeroizing<Vec<u8>>,
}

impl PreSharedKey {
    /// Identity and key as `HAL_TLS_mbedtls.c` builds them with `TLS_AUTH_MODE` PSK: the identity is
    /// `devicename|hmacsha256|<ProductKey>&<DeviceName>|2524608000000`, the key the upper case hexadecimal
    /// text of HMAC-SHA-256 over `id<ProductKey>&<DeviceName>timestamp2524608000000`, keyed with the
    /// DeviceSecret. Refuses texts that are empty or too long.
    pub fn of_device(product_key: &str, device_name: &str, device_secret: &str) -> Result<Self> {
        for (text, longest) in [product_key, device_name, device_secret].iter().zip(LONGEST) {
            if text.is_empty() || text.len() > longest {
                let detail = "ProductKey, DeviceName and DeviceSecret have at most 20, 32 and 64 \
                              bytes and are not empty";
                return Err(Error::new(ErrorKind::InvalidArgument, detail));
            }
        }
        let signed = format!("id{product_key}&{device_name}timestamp{TIMESTAMP}");
        let digest = crypto::hmac_sha256(device_secret.as_bytes(), signed.as_bytes());
        let mut key = Zeroizing::new(String::with_capacity(2 * digest.len()));
        for byte in digest {
            // Writing to a string does not fail.
            let _ = write!(*key, "{byte:02X}");
        }
        Ok(Self {
            identity: format!("devicename|hmacsha256|{product_key}&{device_name}|{TIMESTAMP}"),
            key: Zeroizing::new(key.as_bytes().to_vec()),
        })
    }
}

impl fmt::Debug for PreSharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreSharedKey({})", self.identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_and_key_are_those_of_the_sdk() {
        let key = PreSharedKey::of_device("a1AbCdEfGhI", "device_1", "secret").unwrap();
        assert_eq!(key.identity, "devicename|hmacsha256|a1AbCdEfGhI&device_1|2524608000000");
        // printf 'ida1AbCdEfGhI&device_1timestamp2524608000000' | openssl sha256 -hmac secret
        assert_eq!(
            key.key.as_slice(),
            b"6E3679C46308B147C7A5C365EFBB4AA786AB6ABAF5DD277269EA4A7CC178F189"
        );
        assert!(!format!("{key:?}").contains("6E3679C46308B147"));
    }

    #[test]
    fn texts_that_no_device_has_are_refused() {
        let long = "x".repeat(65);
        for (product_key, device_name, device_secret) in [
            ("", "d", "s"),
            ("p", "", "s"),
            ("p", "d", ""),
            (&long[..21], "d", "s"),
            ("p", &long[..33], "s"),
            ("p", "d", &long[..]),
        ] {
            let error = PreSharedKey::of_device(product_key, device_name, device_secret);
            assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
    }
}

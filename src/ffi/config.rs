//! Settings for later connections.

use super::boundary::boundary;
use super::hal::LONGEST_CREDENTIAL;
use super::ptr;
use crate::error::{Error, ErrorKind, Result};
use crate::log;
use crate::state;
use crate::tls::Version;
use crate::tls::psk::PreSharedKey;
use crate::tls::{engine, options};
use libc::{c_char, c_int};

/// Longer than any ProductKey, DeviceName or DeviceSecret, in bytes.
const LONGEST_DEVICE_TEXT: usize = 128;

/// 0, or the state code of what is wrong, which is logged as a sentence.
pub(super) fn outcome(function: &str, result: Result<()>) -> c_int {
    match result {
        Ok(()) => state::SUCCESS,
        Err(error) => {
            log::error!("{function}: {error}");
            error.kind().state_code()
        }
    }
}

pub(super) fn unreadable(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, detail)
}

/// Sets how long `HAL_SSL_Establish` may take as a whole, and each attempt of the MQTT client that is
/// constructed afterwards: `milliseconds` is 100 to 120000. 10000 is the default.
///
/// Returns 0; -0x0113, and changes nothing, for any other number. Does not block. Any thread.
#[unsafe(export_name = "linksdk_set_establish_timeout")]
pub extern "C" fn linksdk_set_establish_timeout(milliseconds: u32) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        outcome("linksdk_set_establish_timeout", options::set_establish_timeout(milliseconds))
    })
}

/// Sets the `oldest` and the `newest` TLS version that later connections offer: 0x0303 (TLS 1.2) or 0x0304
/// (TLS 1.3). Both are offered by default.
///
/// Returns 0; -0x0113, and changes nothing, for any other numbers, or an oldest that is newer than the
/// newest; -0x0F0E when the engine speaks none of them (the engine mbedtls has no TLS 1.3, and offers
/// TLS 1.2 alone when both are allowed). Does not block. Any thread.
#[unsafe(export_name = "linksdk_set_tls_versions")]
pub extern "C" fn linksdk_set_tls_versions(oldest: c_int, newest: c_int) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        let versions = version(oldest).zip(version(newest));
        let result = versions
            .ok_or_else(|| unreadable("TLS versions are 0x0303 and 0x0304"))
            .and_then(|(oldest, newest)| options::set_versions(oldest, newest));
        outcome("linksdk_set_tls_versions", result)
    })
}

fn version(number: c_int) -> Option<Version> {
    match number {
        0x0303 => Some(Version::Tls12),
        0x0304 => Some(Version::Tls13),
        _ => None,
    }
}

/// Adds trust anchors to those that each later connection gets as `ca_crt` or `iotx_ca_crt`: for a root
/// that takes the place of one that ends. `pem` holds one or more certificates and is copied; all calls
/// together are limited to 256 KiB.
///
/// Returns 0; -0x0F05 when no certificate in `pem` can be a trust anchor, -0x0113 for NULL and beyond the
/// limit; then nothing changes. Does not block. Any thread.
///
/// # Safety
/// `pem` is NULL or a C string.
#[unsafe(export_name = "linksdk_add_trust_anchor")]
pub unsafe extern "C" fn linksdk_add_trust_anchor(pem: *const c_char) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        // SAFETY: the caller's promise.
        let pem = unsafe { ptr::bytes(pem, LONGEST_CREDENTIAL) };
        let result =
            pem.ok_or_else(|| unreadable("pem is NULL or too long")).and_then(options::add_anchors);
        outcome("linksdk_add_trust_anchor", result)
    })
}

/// Forgets what `linksdk_add_trust_anchor` added. Connections that exist go on. Returns 0. Does not
/// block. Any thread.
#[unsafe(export_name = "linksdk_clear_trust_anchors")]
pub extern "C" fn linksdk_clear_trust_anchors() -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        options::clear_anchors();
        state::SUCCESS
    })
}

/// Sets the most plaintext that one TLS record of ours carries: `bytes` is 512 to 16384, 16384 by default. A
/// peer with little memory can take such records; more calls of the network are needed for the same
/// data.
///
/// What it bounds: the size of what is encrypted and buffered at a time when sending. It does not bound
/// receiving: a server may send records of 16 KiB all the same (the extension that asks for less, RFC 6066
/// section 4, is refused by common servers), and both engines have room for them: rustls while such a
/// record arrives, mbedtls always (two buffers of 16 KiB for each connection).
///
/// Returns 0; -0x0113, and changes nothing, for any other number. Does not block. Any thread.
#[unsafe(export_name = "linksdk_set_record_size")]
pub extern "C" fn linksdk_set_record_size(bytes: u32) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        outcome("linksdk_set_record_size", options::set_record_size(bytes))
    })
}

/// Lets later connections (`allow` is 1), or no longer (0, the default), offer key exchange with the server's
/// RSA key (TLS_RSA_*), after everything better: for old servers that have nothing else. Such a connection
/// has no forward secrecy: who learns the server's key later can read what was recorded. The log hook gets a
/// warning. Certificates are verified as ever.
///
/// Returns 0; -0x0F0E for 1 when the engine cannot do it (rustls cannot, mbedtls can); -0x0113 for any
/// other number. Does not block. Any thread.
#[unsafe(export_name = "linksdk_allow_rsa_key_exchange")]
pub extern "C" fn linksdk_allow_rsa_key_exchange(allow: c_int) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        let result = flag(allow).and_then(options::allow_rsa_key_exchange);
        outcome("linksdk_allow_rsa_key_exchange", result)
    })
}

/// 0 or 1 as C functions take it.
pub(super) fn flag(number: c_int) -> Result<bool> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(unreadable("it is switched with 0 and 1")),
    }
}

/// Makes later connections authenticate with a pre-shared key in place of certificates, as the Link SDK
/// does when it is built with `TLS_AUTH_MODE` PSK: identity and key are made of ProductKey, DeviceName and
/// DeviceSecret (at most 20, 32 and 64 bytes, copied; the key is overwritten when it is replaced). Device
/// and server prove to each other that they know the key; no certificate is sent, and `ca_crt`, `g_cli_crt`
/// and the validity dates play no role. The log hook gets a warning for each connection. NULL for all
/// three brings certificates back.
///
/// Returns 0; -0x0F0E when the engine cannot do it (rustls cannot, mbedtls can); -0x0113 for texts that are
/// empty, too long or not UTF-8, and when only some are NULL; then nothing changes. Does not block. Any
/// thread.
///
/// # Safety
/// `product_key`, `device_name` and `device_secret` are NULL or C strings.
#[unsafe(export_name = "linksdk_use_tls_psk")]
pub unsafe extern "C" fn linksdk_use_tls_psk(
    product_key: *const c_char,
    device_name: *const c_char,
    device_secret: *const c_char,
) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        let given = [product_key, device_name, device_secret];
        // SAFETY: the caller's promise.
        let texts = given.map(|text| unsafe { ptr::text(text, LONGEST_DEVICE_TEXT) });
        let result = match texts {
            _ if given.iter().all(|text| text.is_null()) => Ok(None),
            [Some(product_key), Some(device_name), Some(device_secret)] => {
                PreSharedKey::of_device(product_key, device_name, device_secret).map(Some)
            }
            _ => Err(unreadable("a text is NULL, too long or not UTF-8")),
        };
        outcome("linksdk_use_tls_psk", result.and_then(options::set_pre_shared_key))
    })
}

/// The name of the TLS engine that this library was built with: "rustls" or "mbedtls". The text is static.
/// Does not block. Any thread.
#[unsafe(export_name = "linksdk_engine")]
pub extern "C" fn linksdk_engine() -> *const c_char {
    match engine::NAME {
        "mbedtls" => c"mbedtls".as_ptr(),
        _ => c"rustls".as_ptr(),
    }
}

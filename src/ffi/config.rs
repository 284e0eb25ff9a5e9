//! Settings for later connections.

use super::boundary::boundary;
use super::hal::LONGEST_CREDENTIAL;
use super::log::Context;
use super::ptr;
use crate::error::{Error, ErrorKind, Result};
use crate::log;
use crate::state;
use crate::tls::Version;
use crate::tls::credentials::PrivateKey;
use crate::tls::options::{self, OwnCredentials};
use crate::tls::time::{self, Source};
use libc::{c_char, c_int, c_void};
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The longest path that is taken, in bytes (`PATH_MAX` of Linux).
const LONGEST_PATH: usize = 4096;

/// 0, or the state code of what is wrong, which is logged as a sentence.
fn outcome(function: &str, result: Result<()>) -> c_int {
    match result {
        Ok(()) => state::SUCCESS,
        Err(error) => {
            log::error!("{function}: {error}");
            error.kind().state_code()
        }
    }
}

fn unreadable(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, detail)
}

/// Sets how long `HAL_SSL_Establish` may take as a whole, and each attempt of the MQTT client that is
/// constructed afterwards: 100 to 120000 milliseconds. 10000 is the default.
///
/// Returns 0; -0x0113, and changes nothing, for any other number. Does not block. Any thread.
#[unsafe(export_name = "linksdk_set_establish_timeout")]
pub extern "C" fn linksdk_set_establish_timeout(milliseconds: u32) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        outcome("linksdk_set_establish_timeout", options::set_establish_timeout(milliseconds))
    })
}

/// Sets the oldest and the newest TLS version that later connections offer: 0x0303 (TLS 1.2) or 0x0304
/// (TLS 1.3). Both are offered by default.
///
/// Returns 0; -0x0113, and changes nothing, for any other numbers, or an oldest that is newer than the
/// newest. Does not block. Any thread.
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

/// Sets the function that gives the time of day, by which certificates are judged, in place of the
/// operating system's clock: for devices whose clock is not set and which know the time otherwise.
/// NULL brings the operating system's clock back.
///
/// `now` gets `context` and returns the seconds since 1970-01-01 UTC, or a negative number when it does not
/// know; then no connection is made (-0x0F04): dates are always checked. It is called during
/// `HAL_SSL_Establish` and while the MQTT client connects, from any thread and several at once, with no
/// lock held.
///
/// Returns 0. Does not block. Any thread.
///
/// # Safety
/// `now` is NULL or stays callable, with `context` valid for it, until it has been replaced and calls
/// that had begun are over.
#[unsafe(export_name = "linksdk_set_time_source")]
pub unsafe extern "C" fn linksdk_set_time_source(
    now: Option<unsafe extern "C" fn(context: *mut c_void) -> i64>,
    context: *mut c_void,
) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        let context = Context::new(context);
        time::set_source(now.map(|now| -> Source {
            Arc::new(move || {
                // SAFETY: the firmware promised that the function is callable with this context
                // from any thread.
                let seconds = unsafe { now(context.get()) };
                let since_1970 = Duration::from_secs(u64::try_from(seconds).ok()?);
                UNIX_EPOCH.checked_add(since_1970)
            })
        }));
        state::SUCCESS
    })
}

/// Sets the device's certificate (and the chain to its CA, if there is one) and private key for later
/// connections, in place of `g_cli_crt` and `g_cli_key`. Both are PEM text and are copied; the copy of the
/// key is overwritten when it is replaced. NULL for both brings the global pointers back.
///
/// They are checked as for a connection: returns 0, or -0x0F02 unusable, -0x0F03 one of the two missing or
/// not belonging together, -0x0F04 not valid today; then nothing changes, and the log hook gets a
/// sentence. Does not block. Any thread.
///
/// # Safety
/// `certificate` and `key` are NULL or C strings.
#[unsafe(export_name = "linksdk_set_credentials")]
pub unsafe extern "C" fn linksdk_set_credentials(
    certificate: *const c_char,
    key: *const c_char,
) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        // SAFETY: the caller's promise.
        let certificate = unsafe { ptr::bytes(certificate, LONGEST_CREDENTIAL) };
        // SAFETY: the caller's promise.
        let key = unsafe { ptr::bytes(key, LONGEST_CREDENTIAL) };
        let own = certificate.zip(key).map(|(certificate, key)| OwnCredentials {
            certificate: certificate.to_vec(),
            private_key: PrivateKey::pem(key),
        });
        let result = match (own, certificate.is_some() || key.is_some()) {
            (None, true) => {
                let detail = "certificate or key is NULL or too long";
                Err(Error::new(ErrorKind::CredentialsMismatch, detail))
            }
            (own, _) => options::set_credentials(own),
        };
        outcome("linksdk_set_credentials", result)
    })
}

/// Like `linksdk_set_credentials`, with the names of two PEM files, which are read now: later changes to
/// the files have no effect before the next call. -0x0113 when a name is NULL or a file cannot be read.
///
/// Blocks for as long as reading two small files takes. Any thread.
///
/// # Safety
/// `certificate_file` and `key_file` are NULL or C strings.
#[unsafe(export_name = "linksdk_set_credentials_files")]
pub unsafe extern "C" fn linksdk_set_credentials_files(
    certificate_file: *const c_char,
    key_file: *const c_char,
) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        // SAFETY: the caller's promise.
        let certificate_file = unsafe { ptr::text(certificate_file, LONGEST_PATH) };
        // SAFETY: the caller's promise.
        let key_file = unsafe { ptr::text(key_file, LONGEST_PATH) };
        let result = read_file(certificate_file).and_then(|certificate| {
            let certificate = certificate.to_vec();
            let private_key = PrivateKey::Pem(read_file(key_file)?);
            options::set_credentials(Some(OwnCredentials { certificate, private_key }))
        });
        outcome("linksdk_set_credentials_files", result)
    })
}

fn read_file(name: Option<&str>) -> Result<Zeroizing<Vec<u8>>> {
    let name = name.ok_or_else(|| unreadable("a file name is NULL, too long or not UTF-8"))?;
    let failed = |e: std::io::Error| unreadable(format!("reading {name}: {e}"));
    let file = File::open(name).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let size = usize::try_from(size).unwrap_or(usize::MAX).min(LONGEST_CREDENTIAL);
    // Room for the whole file at once: growing would leave copies of the key behind.
    let mut content = Zeroizing::new(Vec::with_capacity(size.saturating_add(64)));
    let limit = u64::try_from(LONGEST_CREDENTIAL).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut content).map_err(failed)?;
    if content.len() > LONGEST_CREDENTIAL {
        return Err(unreadable(format!("{name} is larger than any certificate or key")));
    }
    Ok(content)
}

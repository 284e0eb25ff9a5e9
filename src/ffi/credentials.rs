//! The device's certificate and key, in place of `g_cli_crt` and `g_cli_key`.

use super::boundary::boundary;
use super::config::{outcome, unreadable};
use super::hal::LONGEST_CREDENTIAL;
use super::log::Context;
use super::ptr;
use crate::error::{Error, ErrorKind, Result};
use crate::state;
use crate::tls::credentials::PrivateKey;
use crate::tls::options::{self, OwnCredentials};
use crate::tls::signing::{ExternalKey, Scheme};
use libc::{c_char, c_int, c_void, size_t};
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The longest path that is taken, in bytes (`PATH_MAX` of Linux).
const LONGEST_PATH: usize = 4096;

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
/// the files have no effect before the next call.
///
/// Returns as there, and -0x0113 when a name is NULL or a file cannot be read.
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

/// Sets the device's certificate for later connections, like `linksdk_set_credentials`, together with a
/// function that signs in place of a private key: the key stays in a secure element or a PKCS#11 token.
///
/// `certificate` is PEM text, the device's own certificate first, and is copied; its key is RSA, or ECDSA on
/// P-256 or P-384. `sign` gets `context`, the `scheme`, and `input_size` bytes of `input` to be signed; it
/// writes the signature into `signature`, which has room for `*signature_size` (1024) bytes, sets
/// `*signature_size` to its length and returns 0. Any other return value, or a length of 0 or over 1024, makes
/// the connection fail (-0x0F02 or -0x0F08). What is handed over and what comes back for each `scheme`
/// (numbers as in RFC 8446 section 4.2.3):
///
/// 0x0401, 0x0501, 0x0601: RSASSA-PKCS1-v1_5 with SHA-256, SHA-384, SHA-512. `input` is the DER of DigestInfo,
/// which is to be padded and signed as it is (PKCS#11: CKM_RSA_PKCS). The signature is as long as the
/// modulus. TLS 1.2 only.
///
/// 0x0804, 0x0805, 0x0806: RSASSA-PSS with SHA-256, SHA-384, SHA-512. `input` is the hash; MGF1 uses the same
/// hash, the salt is as long as the hash (CKM_RSA_PKCS_PSS). The signature is as long as the modulus.
/// The engine mbedtls does not ask for these.
///
/// 0x0403, 0x0503: ECDSA with SHA-256, SHA-384. `input` is the hash. The signature is the DER of
/// Ecdsa-Sig-Value: a SEQUENCE of the INTEGERs r and s. (CKM_ECDSA returns r and s without it.)
///
/// `sign` is called during handshakes, from any thread and several at once, with no lock held that other
/// functions of the library need; the time it takes counts towards the bound of connecting, which cannot
/// interrupt it. Whether the key belongs to the certificate shows when the server answers. NULL for both
/// brings `g_cli_crt` and `g_cli_key` back.
///
/// Returns 0; -0x0F02 certificate unusable, -0x0F03 only one of the two given, -0x0F04 certificate not valid
/// today; then nothing changes, and the log hook gets a sentence. Does not block and does not call `sign`.
/// Any thread.
///
/// # Safety
/// `certificate` is NULL or a C string. `sign` is NULL or stays callable, with `context` valid for it, until it
/// has been replaced and connections that had begun are over.
#[unsafe(export_name = "linksdk_set_signer")]
pub unsafe extern "C" fn linksdk_set_signer(
    certificate: *const c_char,
    sign: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            scheme: c_int,
            input: *const u8,
            input_size: size_t,
            signature: *mut u8,
            signature_size: *mut size_t,
        ) -> c_int,
    >,
    context: *mut c_void,
) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        // SAFETY: the caller's promise.
        let certificate = unsafe { ptr::bytes(certificate, LONGEST_CREDENTIAL) };
        let context = Context::new(context);
        let key = sign.map(|sign| {
            ExternalKey::new(Arc::new(move |scheme: Scheme, input: &[u8], to: &mut [u8]| {
                let mut size = to.len();
                let (scheme, length) = (scheme as c_int, input.len());
                let (input, to) = (input.as_ptr(), to.as_mut_ptr());
                // SAFETY: the firmware promised that the function is callable with this context
                // from any thread; both buffers have the sizes that are given.
                let result =
                    unsafe { sign(context.get(), scheme, input, length, to, &raw mut size) };
                (result == 0).then_some(size)
            }))
        });
        let own = certificate.zip(key.clone()).map(|(certificate, key)| OwnCredentials {
            certificate: certificate.to_vec(),
            private_key: PrivateKey::External(key),
        });
        let result = match (own, certificate.is_some() || key.is_some()) {
            (None, true) => {
                let detail = "certificate or sign is NULL, or certificate is too long";
                Err(Error::new(ErrorKind::CredentialsMismatch, detail))
            }
            (own, _) => options::set_credentials(own),
        };
        outcome("linksdk_set_signer", result)
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

//! The device's private key in the form that Mbed TLS takes.

use super::ssl::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::log;
use crate::tls::certificate::{Certificate, KeyKind};
use crate::tls::credentials::{Credentials, Key};
use crate::tls::signing::{ExternalKey, Scheme};
use mbedtls::alloc::Box as TlsBox;
use mbedtls::pk::Pk;
use mbedtls::x509;
use mbedtls_sys::types::raw_types::{c_char, c_int, c_uchar, c_void};
use mbedtls_sys::{ERR_PK_FEATURE_UNAVAILABLE, ERR_PK_TYPE_MISMATCH, PK_ECDSA, PK_RSA};
use mbedtls_sys::{MD_SHA256, MD_SHA384, MD_SHA512, md_type_t, pk_context, pk_free, pk_info_t};
use mbedtls_sys::{pk_init, pk_setup, pk_type_t};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The smallest RSA key that is used, in bits.
const SMALLEST_RSA: usize = 2048;

/// The device's own certificate as Mbed TLS reads it.
pub(super) fn leaf(der: &[u8]) -> Result<TlsBox<x509::Certificate>> {
    x509::Certificate::from_der(der).map_err(|e| {
        let detail = format!("g_cli_crt cannot be used by this engine: {e}");
        Error::new(ErrorKind::Credentials, detail)
    })
}

/// The key of these credentials. Refuses one that does not belong to the certificate; an external
/// one shows that only when it signs.
pub(super) fn load(credentials: &Credentials) -> Result<Pk> {
    let certificate = leaf(credentials.chain.first().map_or(&[], Vec::as_slice))?;
    let der = match &credentials.key {
        Key::External(key) => return external(key, &credentials.leaf),
        Key::Der(_, der) => der,
    };
    let unusable = || {
        let detail = "g_cli_key is not an RSA (2048 bits and more) or ECDSA key";
        Error::new(ErrorKind::Credentials, detail)
    };
    let key = Pk::from_private_key(der, None).map_err(|_| unusable())?;
    let bits = key.len();
    if key.can_do(mbedtls::pk::Type::Rsa) && bits < SMALLEST_RSA {
        return Err(unusable());
    }
    if !Pk::check_pair(certificate.public_key(), &key) {
        let detail = "g_cli_crt and g_cli_key do not belong together";
        return Err(Error::new(ErrorKind::CredentialsMismatch, detail));
    }
    Ok(key)
}

/// What a key context of our own kind holds.
struct Held {
    key: ExternalKey,
    kind: KeyKind,
}

/// The functions of a key that somebody else holds.
struct Functions(pk_info_t);

// SAFETY: the structure is never changed, and what it points to is static.
unsafe impl Sync for Functions {}

const fn functions(
    name: &'static [u8],
    can_do: unsafe extern "C" fn(pk_type_t) -> c_int,
    type_: pk_type_t,
) -> Functions {
    Functions(pk_info_t {
        type_,
        name: name.as_ptr().cast::<c_char>(),
        get_bitlen: None,
        can_do: Some(can_do),
        verify_func: None,
        sign_func: Some(sign),
        decrypt_func: None,
        encrypt_func: None,
        check_pair_func: None,
        ctx_alloc_func: Some(allocate),
        ctx_free_func: Some(free),
        debug_func: None,
    })
}

static RSA: Functions = functions(b"external RSA\0", can_rsa, PK_RSA);
static ECDSA: Functions = functions(b"external ECDSA\0", can_ecdsa, PK_ECDSA);

unsafe extern "C" fn can_rsa(kind: pk_type_t) -> c_int {
    c_int::from(kind == PK_RSA)
}

unsafe extern "C" fn can_ecdsa(kind: pk_type_t) -> c_int {
    c_int::from(kind == PK_ECDSA)
}

extern "C" fn allocate() -> *mut c_void {
    Box::into_raw(Box::new(None::<Held>)).cast()
}

unsafe extern "C" fn free(context: *mut c_void) {
    // SAFETY: Mbed TLS gives back what `allocate` made, once.
    drop(unsafe { Box::from_raw(context.cast::<Option<Held>>()) });
}

/// `sign_func` of Mbed TLS: hashes come with their algorithm, RSA is PKCS#1 v1.5 (TLS 1.2).
unsafe extern "C" fn sign(
    context: *mut c_void,
    algorithm: md_type_t,
    hash: *const c_uchar,
    hash_length: usize,
    signature: *mut c_uchar,
    signature_length: *mut usize,
    _random: Option<unsafe extern "C" fn(*mut c_void, *mut c_uchar, usize) -> c_int>,
    _random_context: *mut c_void,
) -> c_int {
    // SAFETY: the context is what `allocate` made and `external` filled.
    let held = unsafe { &*context.cast::<Option<Held>>() };
    // SAFETY: Mbed TLS hands over a hash of this length.
    let hash = unsafe { std::slice::from_raw_parts(hash, hash_length) };
    let Some(made) = held.as_ref().and_then(|held| made_by(held, algorithm, hash)) else {
        return ERR_PK_FEATURE_UNAVAILABLE;
    };
    // SAFETY: the buffer is the rest of the record that is being written, more than 15 KiB; a
    // signature has at most 1 KiB (`LONGEST_SIGNATURE`).
    unsafe {
        std::ptr::copy_nonoverlapping(made.as_ptr(), signature, made.len());
        *signature_length = made.len();
    }
    0
}

fn made_by(held: &Held, algorithm: md_type_t, hash: &[u8]) -> Option<Vec<u8>> {
    let scheme = match (held.kind, algorithm) {
        (KeyKind::Rsa, MD_SHA256) => Scheme::RsaPkcs1Sha256,
        (KeyKind::Rsa, MD_SHA384) => Scheme::RsaPkcs1Sha384,
        (KeyKind::Rsa, MD_SHA512) => Scheme::RsaPkcs1Sha512,
        // TLS 1.2 pairs a curve with any hash; the number tells the hash.
        (KeyKind::EcdsaP256 | KeyKind::EcdsaP384, MD_SHA256) => Scheme::EcdsaSha256,
        (KeyKind::EcdsaP256 | KeyKind::EcdsaP384, MD_SHA384) => Scheme::EcdsaSha384,
        _ => return None,
    };
    // A panic must not unwind through Mbed TLS.
    match catch_unwind(AssertUnwindSafe(|| held.key.sign_digest(scheme, hash))) {
        Ok(Ok(signature)) => Some(signature),
        Ok(Err(error)) => {
            log::error!("{error}");
            None
        }
        Err(_) => None,
    }
}

fn external(key: &ExternalKey, leaf: &Certificate) -> Result<Pk> {
    let unusable = |code: Code| {
        let detail = format!("setting up the external key: Mbed TLS error -0x{:04X}", -code);
        Error::new(ErrorKind::Credentials, detail)
    };
    let kind = leaf.key_kind.ok_or_else(|| unusable(ERR_PK_TYPE_MISMATCH))?;
    let functions = if kind == KeyKind::Rsa { &RSA } else { &ECDSA };
    // The crate makes keys only from what it parses: this one is emptied and set up anew.
    let mut made = Pk::from_public_key(&leaf.public_key).map_err(|e| unusable(e.to_int()))?;
    let context: *mut pk_context = (&mut made).into();
    // SAFETY: `context` belongs to `made`; after `pk_free` and `pk_init` it is as new.
    let result = unsafe {
        pk_free(context);
        pk_init(context);
        pk_setup(context, &functions.0)
    };
    if result != 0 {
        return Err(unusable(result));
    }
    // SAFETY: `pk_setup` has put what `allocate` made into `pk_ctx`.
    unsafe { *(*context).pk_ctx.cast::<Option<Held>>() = Some(Held { key: key.clone(), kind }) };
    Ok(made)
}

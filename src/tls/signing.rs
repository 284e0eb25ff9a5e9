//! Signing with a key that this library never sees: in a secure element or a PKCS#11 token.
#![forbid(unsafe_code)]

use super::certificate::KeyKind;
use super::crypto::{self, Hash};
use crate::error::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest signature that is taken, in bytes: that of an RSA key of 8192 bits.
pub const LONGEST_SIGNATURE: usize = 1024;

/// How TLS wants something signed. The numbers are those of `SignatureScheme` (RFC 8446 section
/// 4.2.3); TLS 1.2 uses the same pairs of algorithm and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5 with SHA-256. TLS 1.2 only.
    RsaPkcs1Sha256 = 0x0401,
    /// RSASSA-PKCS1-v1_5 with SHA-384. TLS 1.2 only.
    RsaPkcs1Sha384 = 0x0501,
    /// RSASSA-PKCS1-v1_5 with SHA-512. TLS 1.2 only.
    RsaPkcs1Sha512 = 0x0601,
    /// RSASSA-PSS with SHA-256, MGF1 with the same hash, a salt of 32 bytes.
    RsaPssSha256 = 0x0804,
    /// RSASSA-PSS with SHA-384, MGF1 with the same hash, a salt of 48 bytes.
    RsaPssSha384 = 0x0805,
    /// RSASSA-PSS with SHA-512, MGF1 with the same hash, a salt of 64 bytes.
    RsaPssSha512 = 0x0806,
    /// ECDSA on P-256 with SHA-256.
    EcdsaSha256 = 0x0403,
    /// ECDSA on P-384 with SHA-384.
    EcdsaSha384 = 0x0503,
}

impl Scheme {
    /// The schemes that a key can sign with, in the order of preference.
    pub fn of(key: KeyKind) -> &'static [Self] {
        match key {
            KeyKind::Rsa => &[
                Self::RsaPssSha256,
                Self::RsaPssSha384,
                Self::RsaPssSha512,
                Self::RsaPkcs1Sha256,
                Self::RsaPkcs1Sha384,
                Self::RsaPkcs1Sha512,
            ],
            KeyKind::EcdsaP256 => &[Self::EcdsaSha256],
            KeyKind::EcdsaP384 => &[Self::EcdsaSha384],
        }
    }

    /// The hash that is part of the scheme.
    pub fn hash(self) -> Hash {
        match self {
            Self::RsaPkcs1Sha256 | Self::RsaPssSha256 | Self::EcdsaSha256 => Hash::Sha256,
            Self::RsaPkcs1Sha384 | Self::RsaPssSha384 | Self::EcdsaSha384 => Hash::Sha384,
            Self::RsaPkcs1Sha512 | Self::RsaPssSha512 => Hash::Sha512,
        }
    }

    /// What the key's owner is given to sign, for a message with this digest: the DER of DigestInfo
    /// (RFC 8017 section 9.2) for PKCS#1 v1.5, which is what PKCS#11's CKM_RSA_PKCS pads and signs;
    /// the digest itself for PSS and ECDSA.
    pub fn input(self, digest: &[u8]) -> Vec<u8> {
        let prefix: &[u8] = match self {
            Self::RsaPkcs1Sha256 => &DIGEST_INFO_SHA256,
            Self::RsaPkcs1Sha384 => &DIGEST_INFO_SHA384,
            Self::RsaPkcs1Sha512 => &DIGEST_INFO_SHA512,
            _ => &[],
        };
        [prefix, digest].concat()
    }
}

/// The DER of DigestInfo before the digest (RFC 8017 section 9.2, note 1).
const DIGEST_INFO_SHA256: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
const DIGEST_INFO_SHA384: [u8; 19] =
    [0x30, 0x41, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 0x30];
const DIGEST_INFO_SHA512: [u8; 19] =
    [0x30, 0x51, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 0x40];

/// Signs `input` (see [`Scheme::input`]) into the buffer and returns the length of the signature;
/// `None` when it could not. RSA: as long as the modulus. ECDSA: the DER of Ecdsa-Sig-Value (RFC
/// 3279 section 2.2.3).
pub type Function = dyn Fn(Scheme, &[u8], &mut [u8]) -> Option<usize> + Send + Sync;

/// A private key that somebody else holds.
#[derive(Clone)]
pub struct ExternalKey {
    function: Arc<Function>,
    /// Tells keys apart where their content cannot be compared.
    id: u64,
}

impl ExternalKey {
    /// A key that signs through `function`, which may be called from any thread, several at once,
    /// with no lock held that the rest of the library needs.
    pub fn new(function: Arc<Function>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { function, id: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// A number that no other external key of this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The signature of `message`.
    pub fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>> {
        self.sign_digest(scheme, &crypto::hash(scheme.hash(), message))
    }

    /// The signature of the message that has this digest.
    pub fn sign_digest(&self, scheme: Scheme, digest: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; LONGEST_SIGNATURE];
        let length = (self.function)(scheme, &scheme.input(digest), &mut signature);
        match length.filter(|length| (1..=LONGEST_SIGNATURE).contains(length)) {
            Some(length) => {
                signature.truncate(length);
                Ok(signature)
            }
            None => {
                let detail = format!("the signing function gave no signature for {scheme:?}");
                Err(Error::new(ErrorKind::Credentials, detail))
            }
        }
    }
}

impl std::fmt::Debug for ExternalKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExternalKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_over_is_what_tokens_expect() {
        let digest = crypto::hash(Hash::Sha256, b"message");
        let pkcs1 = Scheme::RsaPkcs1Sha256.input(&digest);
        assert_eq!(pkcs1.len(), 51);
        assert!(pkcs1.ends_with(&digest));
        assert_eq!(Scheme::RsaPssSha256.input(&digest), digest);
        assert_eq!(Scheme::EcdsaSha256.input(&digest), digest);
        for scheme in Scheme::of(KeyKind::Rsa) {
            let digest = crypto::hash(scheme.hash(), b"message");
            let input = scheme.input(&digest);
            // The lengths in the prefix are those of what follows them.
            if input.len() != digest.len() {
                assert_eq!(usize::from(input[1]), input.len() - 2);
                assert_eq!(usize::from(input[18]), digest.len());
            }
        }
    }

    #[test]
    fn a_signature_without_length_or_beyond_the_buffer_is_refused() {
        for length in [None, Some(0), Some(LONGEST_SIGNATURE + 1), Some(usize::MAX)] {
            let key = ExternalKey::new(Arc::new(move |_, _, _: &mut [u8]| length));
            let error = key.sign(Scheme::EcdsaSha256, b"x").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
        }
        let key = ExternalKey::new(Arc::new(|scheme, input: &[u8], to: &mut [u8]| {
            assert_eq!((scheme, input.len(), to.len()), (Scheme::EcdsaSha384, 48, 1024));
            Some(to.len())
        }));
        assert_eq!(key.sign(Scheme::EcdsaSha384, b"x").map(|s| s.len()), Ok(LONGEST_SIGNATURE));
    }
}

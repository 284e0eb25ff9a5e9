//! The cryptography that connections use: what rustls offers with ring, less what a build leaves out.
//!
//! Only what is named here is linked. The feature `compact` leaves out what no server needs
//! (RFC 8446 section 9.1): X25519, Ed25519 and ChaCha20-Poly1305.

use super::keys;
use crate::error::Result;
use crate::tls::crypto;
use ::rustls::crypto::ring::{cipher_suite as suite, kx_group};
use ::rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, SupportedKxGroup,
    WebPkiSupportedAlgorithms,
};
use ::rustls::pki_types::PrivateKeyDer;
use ::rustls::sign::SigningKey;
use ::rustls::{Error as TlsError, SignatureScheme, SupportedCipherSuite};
use once_cell::sync::OnceCell;
use std::sync::Arc;
use webpki::ring as algorithm;

/// The cryptography of this build. It is set up once the operating system has shown that it can
/// give randomness: without it no key may be made.
pub(super) fn provider() -> Result<Arc<CryptoProvider>> {
    static PROVIDER: OnceCell<Arc<CryptoProvider>> = OnceCell::new();
    PROVIDER
        .get_or_try_init(|| {
            crypto::fill_random(&mut [0; 32])?;
            Ok(Arc::new(CryptoProvider {
                cipher_suites: cipher_suites(),
                kx_groups: KEY_EXCHANGE_GROUPS.to_vec(),
                signature_verification_algorithms: SIGNATURES,
                secure_random: &System,
                key_provider: &Keys,
            }))
        })
        .cloned()
}

/// AES with 128 bits comes first: it is what the device computes fastest. Without instructions for
/// AES, ChaCha20 is several times as fast.
fn cipher_suites() -> Vec<SupportedCipherSuite> {
    #[cfg(feature = "compact")]
    return AES.to_vec();
    #[cfg(not(feature = "compact"))]
    match has_aes_instructions() {
        true => [AES, CHACHA].concat(),
        false => [CHACHA, AES].concat(),
    }
}

const AES: &[SupportedCipherSuite] = &[
    suite::TLS13_AES_128_GCM_SHA256,
    suite::TLS13_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
];

#[cfg(not(feature = "compact"))]
const CHACHA: &[SupportedCipherSuite] = &[
    suite::TLS13_CHACHA20_POLY1305_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

#[cfg(all(not(feature = "compact"), target_arch = "x86_64"))]
fn has_aes_instructions() -> bool {
    std::arch::is_x86_feature_detected!("aes")
}

#[cfg(all(not(feature = "compact"), target_arch = "aarch64"))]
fn has_aes_instructions() -> bool {
    std::arch::is_aarch64_feature_detected!("aes")
}

#[cfg(not(any(feature = "compact", target_arch = "x86_64", target_arch = "aarch64")))]
fn has_aes_instructions() -> bool {
    false
}

/// The first group is the one whose share ClientHello carries.
const KEY_EXCHANGE_GROUPS: &[&dyn SupportedKxGroup] = &[
    #[cfg(not(feature = "compact"))]
    kx_group::X25519,
    kx_group::SECP256R1,
    kx_group::SECP384R1,
];

/// With what certificates and handshakes may be signed. In TLS 1.2 the curve does not follow from
/// the scheme, in TLS 1.3 it does.
const SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        algorithm::ECDSA_P256_SHA256,
        algorithm::ECDSA_P256_SHA384,
        algorithm::ECDSA_P384_SHA256,
        algorithm::ECDSA_P384_SHA384,
        #[cfg(not(feature = "compact"))]
        algorithm::ED25519,
        algorithm::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        algorithm::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        algorithm::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        algorithm::RSA_PKCS1_2048_8192_SHA256,
        algorithm::RSA_PKCS1_2048_8192_SHA384,
        algorithm::RSA_PKCS1_2048_8192_SHA512,
        algorithm::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        algorithm::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        algorithm::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[algorithm::ECDSA_P256_SHA256, algorithm::ECDSA_P384_SHA256],
        ),
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[algorithm::ECDSA_P384_SHA384, algorithm::ECDSA_P256_SHA384],
        ),
        #[cfg(not(feature = "compact"))]
        (SignatureScheme::ED25519, &[algorithm::ED25519]),
        (SignatureScheme::RSA_PSS_SHA256, &[algorithm::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[algorithm::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA512, &[algorithm::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[algorithm::RSA_PKCS1_2048_8192_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[algorithm::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[algorithm::RSA_PKCS1_2048_8192_SHA512]),
    ],
};

/// The operating system's generator. An error ends the handshake.
#[derive(Debug)]
struct System;

impl SecureRandom for System {
    fn fill(&self, buffer: &mut [u8]) -> std::result::Result<(), GetRandomFailed> {
        crypto::fill_random(buffer).map_err(|_| GetRandomFailed)
    }
}

#[derive(Debug)]
struct Keys;

impl KeyProvider for Keys {
    fn load_private_key(
        &self,
        der: PrivateKeyDer<'static>,
    ) -> std::result::Result<Arc<dyn SigningKey>, TlsError> {
        keys::load(&der)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::rustls::crypto::ring::default_provider;

    fn sorted<T: std::fmt::Debug>(items: impl IntoIterator<Item = T>) -> Vec<String> {
        let mut texts: Vec<_> = items.into_iter().map(|item| format!("{item:?}")).collect();
        texts.sort();
        texts
    }

    /// What rustls adds or drops with a new version must be a decision here, too.
    #[test]
    fn it_is_what_rustls_offers_less_what_a_compact_build_leaves_out() {
        let (ours, theirs) = (provider().unwrap(), default_provider());
        let left_out = |name: &String| {
            cfg!(feature = "compact")
                && ["CHACHA20", "X25519", "ED25519"].iter().any(|part| name.contains(part))
        };
        let kept = |mut names: Vec<String>| {
            names.retain(|name| !left_out(name));
            names
        };
        let suites = |provider: &CryptoProvider| {
            sorted(provider.cipher_suites.iter().map(SupportedCipherSuite::suite))
        };
        let groups =
            |provider: &CryptoProvider| sorted(provider.kx_groups.iter().map(|group| group.name()));
        let schemes = |provider: &CryptoProvider| {
            let algorithms = provider.signature_verification_algorithms;
            sorted(algorithms.mapping.iter().map(|(scheme, with)| (scheme, with.len())))
        };
        assert_eq!(suites(&ours), kept(suites(&theirs)));
        assert_eq!(groups(&ours), kept(groups(&theirs)));
        assert_eq!(schemes(&ours), kept(schemes(&theirs)));
        let count =
            |provider: &CryptoProvider| provider.signature_verification_algorithms.all.len();
        assert_eq!(count(&ours) + usize::from(cfg!(feature = "compact")), count(&theirs));
    }
}

//! Certificates made on the fly and a TLS server that does what a test says.
#![allow(clippy::unwrap_used, reason = "a test fails where its own set-up fails")]
#![allow(clippy::indexing_slicing, reason = "as above")]
#![allow(dead_code, unreachable_pub, reason = "each test program uses its part of this module")]
#![allow(missing_docs, reason = "names say what test helpers do")]

pub mod exchange;
pub mod memory;
pub mod middle;
pub mod openssl;
pub mod records;
pub mod sealer;
pub mod server;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SanType, SignatureAlgorithm, date_time_ymd,
};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use std::sync::OnceLock;
use std::time::Duration;
use time::OffsetDateTime;

/// How long this thread could have run while others had the processor, since it began: what a busy
/// machine, and not the library, answers for. Zero where the kernel does not say.
pub fn queued() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().nth(1).and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// A key with the PEM forms that firmware uses.
pub struct Key {
    pub pair: KeyPair,
    pub pkcs8: String,
    /// PKCS#1 for RSA.
    pub pkcs1: Option<String>,
}

pub fn ecdsa_key() -> Key {
    key_for(&PKCS_ECDSA_P256_SHA256)
}

/// A fresh key for an elliptic curve.
pub fn key_for(algorithm: &'static SignatureAlgorithm) -> Key {
    let pair = KeyPair::generate_for(algorithm).unwrap();
    Key { pkcs8: pair.serialize_pem(), pkcs1: None, pair }
}

/// An RSA key that the openssl command made, PKCS#8.
pub fn imported_rsa_key(pkcs8: &str, algorithm: &'static SignatureAlgorithm) -> Key {
    let pair = KeyPair::from_pem_and_sign_algo(pkcs8, algorithm).unwrap();
    Key { pkcs8: pkcs8.to_owned(), pkcs1: None, pair }
}

/// An RSA-2048 key: the same one each time, because making one takes a while.
pub fn rsa_key() -> Key {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    let key = KEY.get_or_init(|| RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap());
    let pkcs8 = key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string();
    let pair = KeyPair::from_pem_and_sign_algo(&pkcs8, &PKCS_RSA_SHA256).unwrap();
    Key { pair, pkcs8, pkcs1: Some(key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string()) }
}

/// A certification authority.
pub struct Authority {
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - time::Duration::DAY;
    params.not_after = date_time_ymd(2119, 1, 1);
    params
}

impl Authority {
    pub fn new(name: &str) -> Self {
        Self::with_key(name, ecdsa_key().pair)
    }

    /// An authority that signs with this key, and the hash that belongs to it.
    pub fn with_key(name: &str, key: KeyPair) -> Self {
        Self::with(name, key, |_| {})
    }

    /// An authority with the changes that `change` makes to a usual one.
    pub fn with(name: &str, key: KeyPair, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// An intermediate authority and its certificate.
    pub fn intermediate(&self, name: &str) -> Self {
        self.intermediate_with(name, |_| {})
    }

    /// An intermediate authority with the changes that `change` makes to a usual one.
    pub fn intermediate_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let key = ecdsa_key();
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let pem = params.signed_by(&key.pair, &self.issuer).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key.pair) }
    }

    /// A certificate for `key` with the changes that `change` makes to a good one.
    pub fn issue(&self, key: &Key, change: impl FnOnce(&mut CertificateParams)) -> String {
        let mut params = named("leaf");
        change(&mut params);
        params.signed_by(&key.pair, &self.issuer).unwrap().pem()
    }

    /// A server certificate for these DNS names and IP addresses.
    pub fn server(&self, key: &Key, names: &[&str]) -> String {
        self.issue(key, |params| *params = server_params(names))
    }

    pub fn device(&self, key: &Key) -> String {
        self.issue(key, |_| {})
    }
}

pub fn server_params(names: &[&str]) -> CertificateParams {
    let mut params = named("server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = names
        .iter()
        .map(|name| match name.parse() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName((*name).try_into().unwrap()),
        })
        .collect();
    params
}

/// The year 2020 only.
pub fn expired(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
}

/// From 2100.
pub fn not_yet_valid(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2100, 1, 1);
}

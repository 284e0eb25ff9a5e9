//! What stands in one certificate, and whether a device or a trust anchor can live with it.

use std::time::{SystemTime, UNIX_EPOCH};

use linksdk_hal::tls::certificate::{self as library, Position};
use ring::signature;
use serde_json::{Value, json};
use x509_cert::certificate::{CertificateInner, Raw, Version};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Header, Reader, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage};
use x509_cert::time::Time;

use super::key::{self, KeyType};
use crate::devices::fingerprint;

const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// A certificate, read.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    /// As the library reads it: dates, names, public key.
    pub(crate) read: library::Certificate,
    pub(crate) key: KeyType,
    pub(crate) signature: SignatureAlgorithm,
    pub(crate) version: u8,
    /// Basic constraints; `None` without that extension.
    pub(crate) is_ca: Option<bool>,
    /// Whether the extended key usage, if there is one, allows TLS clients.
    pub(crate) for_clients: bool,
    not_before: Time,
    not_after: Time,
    signed: Vec<u8>,
    signature_value: Vec<u8>,
}

impl Certificate {
    /// The error is a clause, the library's own.
    pub(crate) fn read(der: &[u8]) -> Result<Self, String> {
        let read = library::Certificate::read(der)?;
        let parsed = CertificateInner::<Raw>::from_der(der)
            .map_err(|error| format!("is not an X.509 certificate: {error}"))?;
        let content = &parsed.tbs_certificate;
        let extension = |id: ObjectIdentifier| {
            let all = content.extensions.as_deref().unwrap_or_default();
            all.iter().find(|one| one.extn_id == id).map(|one| one.extn_value.as_bytes())
        };
        let constraints = extension(BASIC_CONSTRAINTS)
            .map(|value| BasicConstraints::from_der(value).is_ok_and(|one| one.ca));
        let for_clients = extension(EXTENDED_KEY_USAGE).is_none_or(|value| {
            ExtendedKeyUsage::from_der(value)
                .is_ok_and(|one| one.0.iter().any(|id| *id == CLIENT_AUTH || *id == ANY_USAGE))
        });
        let signed = SliceReader::new(der)
            .and_then(|mut reader| {
                let header = Header::decode(&mut reader)?;
                reader.read_nested(header.length, |inner| {
                    let signed = inner.tlv_bytes()?.to_vec();
                    while !inner.is_finished() {
                        inner.tlv_bytes()?;
                    }
                    Ok(signed)
                })
            })
            .unwrap_or_default();
        Ok(Certificate {
            key: key::of_public(&content.subject_public_key_info),
            signature: SignatureAlgorithm::of(&parsed),
            version: match content.version {
                Version::V1 => 1,
                Version::V2 => 2,
                Version::V3 => 3,
            },
            is_ca: constraints,
            for_clients,
            not_before: content.validity.not_before,
            not_after: content.validity.not_after,
            signed,
            signature_value: parsed.signature.raw_bytes().to_vec(),
            der: der.to_vec(),
            read,
        })
    }

    /// The subject, or the fingerprint where there is none.
    pub(crate) fn subject(&self) -> String {
        match self.read.subject.is_empty() {
            true => format!("(no subject) {}", self.fingerprint()),
            false => self.read.subject.clone(),
        }
    }

    pub(crate) fn fingerprint(&self) -> String {
        fingerprint(&self.der)
    }

    pub(crate) fn position(&self, now: SystemTime) -> Position {
        self.read.position(now)
    }

    pub(crate) fn is_self_issued(&self) -> bool {
        self.read.subject == self.read.issuer
    }

    /// The day, as YYYY-MM-DD.
    pub(crate) fn begins(&self) -> String {
        day(&self.not_before)
    }

    pub(crate) fn ends(&self) -> String {
        day(&self.not_after)
    }

    /// Whether its last second comes after `moment`, in seconds since 1970.
    pub(crate) fn lasts_beyond(&self, moment: u64) -> bool {
        self.read.not_after.as_secs() > moment
    }

    /// How many whole days are left.
    pub(crate) fn days_left(&self, now: SystemTime) -> u64 {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.read.not_after.saturating_sub(now).as_secs() / (24 * 60 * 60)
    }

    /// Whether `issuer` has signed it; `None` when the algorithm is not one that is checked here.
    pub(crate) fn is_signed_by(&self, issuer: &Certificate) -> Option<bool> {
        use KeyType::{Ec, Ed25519, Rsa};
        use SignatureAlgorithm as Algorithm;
        let verification: &dyn signature::VerificationAlgorithm =
            match (self.signature, &issuer.key) {
                (Algorithm::RsaSha1, Rsa { .. }) => {
                    &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
                }
                (Algorithm::RsaSha256, Rsa { .. }) => {
                    &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
                }
                (Algorithm::RsaSha384, Rsa { .. }) => &signature::RSA_PKCS1_2048_8192_SHA384,
                (Algorithm::RsaSha512, Rsa { .. }) => {
                    &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
                }
                (Algorithm::EcdsaSha256, Ec("P-256")) => &signature::ECDSA_P256_SHA256_ASN1,
                (Algorithm::EcdsaSha384, Ec("P-256")) => &signature::ECDSA_P256_SHA384_ASN1,
                (Algorithm::EcdsaSha256, Ec("P-384")) => &signature::ECDSA_P384_SHA256_ASN1,
                (Algorithm::EcdsaSha384, Ec("P-384")) => &signature::ECDSA_P384_SHA384_ASN1,
                (Algorithm::Ed25519, Ed25519) => &signature::ED25519,
                _ => return None,
            };
        let key = key::bits(&issuer.read.public_key)?;
        let key = signature::UnparsedPublicKey::new(verification, key);
        Some(key.verify(&self.signed, &self.signature_value).is_ok())
    }

    pub(crate) fn to_json(&self) -> Value {
        let addresses = self.read.addresses.iter().map(ToString::to_string);
        let names: Vec<String> = self.read.dns_names.iter().cloned().chain(addresses).collect();
        json!({
            "subject": self.read.subject,
            "issuer": self.read.issuer,
            "not_before": self.begins(),
            "not_after": self.ends(),
            "key": self.key.to_string(),
            "signature": self.signature.name(),
            "sha256": self.fingerprint(),
            "names": names,
        })
    }
}

fn day(time: &Time) -> String {
    let date = time.to_date_time();
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// Who signed how (RFC 3279, RFC 4055, RFC 5758, RFC 8410).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SignatureAlgorithm {
    RsaMd5,
    RsaSha1,
    RsaSha256,
    RsaSha384,
    RsaSha512,
    RsaPss,
    EcdsaSha1,
    EcdsaSha256,
    EcdsaSha384,
    EcdsaSha512,
    Ed25519,
    Other,
}

const ALGORITHMS: [(&str, SignatureAlgorithm, &str); 11] = [
    ("1.2.840.113549.1.1.4", SignatureAlgorithm::RsaMd5, "RSA with MD5"),
    ("1.2.840.113549.1.1.5", SignatureAlgorithm::RsaSha1, "RSA with SHA-1"),
    ("1.2.840.113549.1.1.11", SignatureAlgorithm::RsaSha256, "RSA with SHA-256"),
    ("1.2.840.113549.1.1.12", SignatureAlgorithm::RsaSha384, "RSA with SHA-384"),
    ("1.2.840.113549.1.1.13", SignatureAlgorithm::RsaSha512, "RSA with SHA-512"),
    ("1.2.840.113549.1.1.10", SignatureAlgorithm::RsaPss, "RSA-PSS"),
    ("1.2.840.10045.4.1", SignatureAlgorithm::EcdsaSha1, "ECDSA with SHA-1"),
    ("1.2.840.10045.4.3.2", SignatureAlgorithm::EcdsaSha256, "ECDSA with SHA-256"),
    ("1.2.840.10045.4.3.3", SignatureAlgorithm::EcdsaSha384, "ECDSA with SHA-384"),
    ("1.2.840.10045.4.3.4", SignatureAlgorithm::EcdsaSha512, "ECDSA with SHA-512"),
    ("1.3.101.112", SignatureAlgorithm::Ed25519, "Ed25519"),
];

impl SignatureAlgorithm {
    fn of(certificate: &CertificateInner<Raw>) -> Self {
        let id = certificate.signature_algorithm.oid.to_string();
        let known = ALGORITHMS.iter().find(|(known, ..)| *known == id);
        known.map_or(Self::Other, |(_, algorithm, _)| *algorithm)
    }

    pub(crate) fn name(self) -> &'static str {
        let known = ALGORITHMS.iter().find(|(_, algorithm, _)| *algorithm == self);
        known.map_or("an unknown algorithm", |(.., name)| name)
    }

    /// Signatures that can be forged, or soon will be.
    pub(crate) fn is_broken(self) -> bool {
        matches!(self, Self::RsaMd5 | Self::RsaSha1 | Self::EcdsaSha1)
    }
}

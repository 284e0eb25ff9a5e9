//! Kinds of keys, and what a private key says about its public half.
//!
//! The library derives the public key of every kind that it can use. What it cannot use is looked
//! at here, to tell why.

use std::fmt;

use x509_cert::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use x509_cert::der::{Decode, Reader, SliceReader, TagNumber};
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};

const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const EC: &str = "1.2.840.10045.2.1";
const CURVES: [(&str, &str); 8] = [
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.33", "P-224"),
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.2.156.10197.1.301", "SM2"),
];

/// What kind of key it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum KeyType {
    Rsa { bits: usize },
    RsaPss,
    Ec(&'static str),
    EcOther(String),
    Ed25519,
    Ed448,
    Other(String),
}

impl fmt::Display for KeyType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(formatter, "RSA {bits} bits"),
            Self::RsaPss => formatter.write_str("RSA-PSS"),
            Self::Ec(curve) => write!(formatter, "ECDSA {curve}"),
            Self::EcOther(id) => write!(formatter, "ECDSA on the curve {id}"),
            Self::Ed25519 => formatter.write_str("Ed25519"),
            Self::Ed448 => formatter.write_str("Ed448"),
            Self::Other(id) => write!(formatter, "a key of the type {id}"),
        }
    }
}

fn of_algorithm(algorithm: &str, parameters: Option<AnyRef<'_>>) -> KeyType {
    match algorithm {
        RSA => KeyType::Rsa { bits: 0 },
        RSA_PSS => KeyType::RsaPss,
        EC => match parameters.and_then(|one| one.decode_as::<ObjectIdentifier>().ok()) {
            Some(curve) => of_curve(curve),
            None => KeyType::EcOther("with explicit parameters".to_owned()),
        },
        "1.3.101.112" => KeyType::Ed25519,
        "1.3.101.113" => KeyType::Ed448,
        other => KeyType::Other(other.to_owned()),
    }
}

fn of_curve(curve: ObjectIdentifier) -> KeyType {
    let id = curve.to_string();
    match CURVES.iter().find(|(known, _)| *known == id) {
        Some((_, name)) => KeyType::Ec(name),
        None => KeyType::EcOther(id),
    }
}

/// The kind of a public key.
pub(crate) fn of_public(key: &SubjectPublicKeyInfoOwned) -> KeyType {
    let parameters = key.algorithm.parameters.as_ref().map(AnyRef::from);
    let found = of_algorithm(&key.algorithm.oid.to_string(), parameters);
    match found {
        KeyType::Rsa { .. } => {
            let bits = key.subject_public_key.as_bytes().and_then(|der| {
                let mut reader = SliceReader::new(der).ok()?;
                let modulus = reader.sequence(|sequence| {
                    let modulus = UintRef::decode(sequence)?;
                    UintRef::decode(sequence)?;
                    Ok(modulus)
                });
                modulus.ok().map(|modulus| bit_length(modulus.as_bytes()))
            });
            KeyType::Rsa { bits: bits.unwrap_or(0) }
        }
        other => other,
    }
}

fn bit_length(bytes: &[u8]) -> usize {
    let zeros = bytes.first().map_or(0, |byte| byte.leading_zeros());
    (8 * bytes.len()).saturating_sub(usize::try_from(zeros).unwrap_or(0))
}

/// The key itself out of a SubjectPublicKeyInfo: for RSA an RSAPublicKey, for ECDSA a point.
pub(crate) fn bits(public_key: &[u8]) -> Option<&[u8]> {
    let info = SubjectPublicKeyInfoRef::from_der(public_key).ok()?;
    info.subject_public_key.as_bytes()
}

/// A private key, as far as it is not secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PrivateKey {
    pub(crate) kind: KeyType,
    /// What stands in a SubjectPublicKeyInfo as the key, if the private key tells it.
    public: Option<Public>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Public {
    Modulus(Vec<u8>),
    Bits(Vec<u8>),
}

impl PrivateKey {
    /// Reads a private key by the label of its PEM section. `None`: it is none.
    pub(crate) fn read(label: &str, der: &[u8]) -> Option<Self> {
        match label {
            "RSA PRIVATE KEY" => Self::pkcs1(der),
            "EC PRIVATE KEY" => Self::sec1(der, None),
            _ => Self::pkcs8(der),
        }
    }

    fn pkcs1(der: &[u8]) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let modulus = reader.sequence(|sequence| {
            UintRef::decode(sequence)?;
            let modulus = UintRef::decode(sequence)?;
            while !sequence.is_finished() {
                sequence.tlv_bytes()?;
            }
            Ok(modulus)
        });
        let modulus = modulus.ok()?.as_bytes();
        let kind = KeyType::Rsa { bits: bit_length(modulus) };
        Some(PrivateKey { kind, public: Some(Public::Modulus(modulus.to_vec())) })
    }

    fn sec1(der: &[u8], known: Option<KeyType>) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let parts = reader.sequence(|sequence| {
            UintRef::decode(sequence)?;
            OctetStringRef::decode(sequence)?;
            let curve = sequence.context_specific::<ObjectIdentifier>(
                TagNumber::N0,
                x509_cert::der::TagMode::Explicit,
            )?;
            let point = sequence.context_specific::<BitStringRef<'_>>(
                TagNumber::N1,
                x509_cert::der::TagMode::Explicit,
            )?;
            Ok((curve, point))
        });
        let (curve, point) = parts.ok()?;
        let kind = known.or_else(|| curve.map(of_curve));
        let public = point.and_then(|point| point.as_bytes().map(<[u8]>::to_vec));
        Some(PrivateKey {
            kind: kind.unwrap_or_else(|| KeyType::EcOther("that is not named".to_owned())),
            public: public.map(Public::Bits),
        })
    }

    fn pkcs8(der: &[u8]) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let parts = reader.sequence(|sequence| {
            UintRef::decode(sequence)?;
            let algorithm = x509_cert::spki::AlgorithmIdentifierRef::decode(sequence)?;
            let key = OctetStringRef::decode(sequence)?;
            while !sequence.is_finished() {
                sequence.tlv_bytes()?;
            }
            Ok((algorithm, key))
        });
        let (algorithm, key) = parts.ok()?;
        match of_algorithm(&algorithm.oid.to_string(), algorithm.parameters) {
            KeyType::Rsa { .. } => Self::pkcs1(key.as_bytes()),
            kind @ (KeyType::Ec(_) | KeyType::EcOther(_)) => Self::sec1(key.as_bytes(), Some(kind)),
            kind => Some(PrivateKey { kind, public: None }),
        }
    }

    /// Whether it belongs to this SubjectPublicKeyInfo; `None` when it does not say.
    pub(crate) fn belongs_to(&self, public_key: &[u8]) -> Option<bool> {
        let key = bits(public_key)?;
        match self.public.as_ref()? {
            Public::Bits(own) => Some(own == key),
            Public::Modulus(own) => {
                let mut reader = SliceReader::new(key).ok()?;
                let modulus = reader.sequence(|sequence| {
                    let modulus = UintRef::decode(sequence)?;
                    UintRef::decode(sequence)?;
                    Ok(modulus)
                });
                Some(modulus.is_ok_and(|modulus| modulus.as_bytes() == own.as_slice()))
            }
        }
    }
}

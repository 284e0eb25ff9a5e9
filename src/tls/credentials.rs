//! The device's certificate chain and private key: from PEM text to checked bytes.
//!
//! Everything that can be wrong with credentials is found here or when the engine loads them, before
//! anything is sent. Whether key and certificate belong together is the engine's to check, because
//! only it can derive the public key.
#![forbid(unsafe_code)]

use super::certificate::{Certificate, Position};
use super::pem;
use super::signing::ExternalKey;
use super::time::Moment;
use crate::error::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

/// How the private key is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFormat {
    /// `RSA PRIVATE KEY` (RFC 8017), what the platform issues.
    Pkcs1,
    /// `PRIVATE KEY` (RFC 5958).
    Pkcs8,
    /// `EC PRIVATE KEY` (RFC 5915).
    Sec1,
}

/// A private key as the firmware gives it.
#[derive(Clone)]
pub enum PrivateKey {
    /// PEM text; overwritten when dropped.
    Pem(Zeroizing<Vec<u8>>),
    /// Somebody else signs.
    External(ExternalKey),
}

impl PrivateKey {
    /// A key in PEM form.
    pub fn pem(text: &[u8]) -> Self {
        Self::Pem(Zeroizing::new(text.to_vec()))
    }
}

/// A private key, decoded.
pub enum Key {
    /// DER; overwritten when dropped.
    Der(KeyFormat, Zeroizing<Vec<u8>>),
    /// Somebody else signs.
    External(ExternalKey),
}

/// A certificate chain and its private key, decoded.
pub struct Credentials {
    /// DER, the device's own certificate first.
    pub chain: Vec<Vec<u8>>,
    /// The key.
    pub key: Key,
    /// What the device's own certificate says.
    pub leaf: Certificate,
}

/// Refuses a device certificate that is not valid now.
pub fn check_dates(leaf: &Certificate, now: Moment) -> Result<()> {
    let Moment::Known(now) = now else { return Ok(()) };
    let detail = match leaf.position(now) {
        Position::Within => return Ok(()),
        Position::Before => "device certificate is not valid yet",
        Position::After => "device certificate has expired",
    };
    Err(Error::new(ErrorKind::DeviceCertificateDates, detail))
}

/// Reads both PEM texts. `None` when neither is given: a device without credentials. One of the
/// two alone is refused with [`ErrorKind::CredentialsMismatch`], anything that cannot be read with
/// [`ErrorKind::Credentials`].
pub fn read(certificate: Option<&[u8]>, key: Option<&PrivateKey>) -> Result<Option<Credentials>> {
    let mismatch = |detail: &str| Err(Error::new(ErrorKind::CredentialsMismatch, detail));
    let (certificate, key) = match (certificate, key) {
        (None, None) => return Ok(None),
        (Some(_), None) => return mismatch("g_cli_crt is set but g_cli_key is not"),
        (None, Some(_)) => return mismatch("g_cli_key is set but g_cli_crt is not"),
        (Some(certificate), Some(key)) => (certificate, key),
    };
    let chain = read_chain(certificate)?;
    let leaf = match chain.first() {
        Some(der) => {
            Certificate::read(der).map_err(|clause| unusable(format!("g_cli_crt {clause}")))?
        }
        None => return Err(unusable("g_cli_crt holds no certificate")),
    };
    let key = match key {
        PrivateKey::Pem(text) => read_key(text).map(|(format, der)| Key::Der(format, der))?,
        PrivateKey::External(_) if leaf.key_kind.is_none() => {
            let detail =
                "a signing function can serve RSA, ECDSA P-256 and P-384 certificates only";
            return Err(unusable(detail));
        }
        PrivateKey::External(key) => Key::External(key.clone()),
    };
    Ok(Some(Credentials { chain, key, leaf }))
}

fn unusable(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credentials, detail)
}

fn read_chain(text: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut chain = Vec::new();
    let mut others = Vec::new();
    for (number, section) in pem::sections(text).into_iter().enumerate() {
        if !matches!(section.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE") {
            others.push(section.label);
            continue;
        }
        match section.der {
            Ok(der) => chain.push(der.to_vec()),
            Err(damage) => {
                let detail = format!("g_cli_crt: certificate {} {}", number + 1, damage.clause());
                return Err(unusable(detail));
            }
        }
    }
    if chain.is_empty() {
        return Err(unusable(match others.first() {
            Some(label) => format!("g_cli_crt holds a {label} and no certificate"),
            None => "g_cli_crt holds no PEM certificate".to_owned(),
        }));
    }
    Ok(chain)
}

fn read_key(text: &[u8]) -> Result<(KeyFormat, Zeroizing<Vec<u8>>)> {
    let mut others = Vec::new();
    for section in pem::sections(text) {
        let format = match section.label.as_str() {
            "RSA PRIVATE KEY" => KeyFormat::Pkcs1,
            "PRIVATE KEY" => KeyFormat::Pkcs8,
            "EC PRIVATE KEY" => KeyFormat::Sec1,
            "ENCRYPTED PRIVATE KEY" => {
                return Err(unusable("g_cli_key is encrypted with a pass phrase"));
            }
            // `openssl ecparam -genkey` writes EC PARAMETERS before the key.
            _ => {
                others.push(section.label);
                continue;
            }
        };
        return match section.der {
            Ok(der) => Ok((format, der)),
            Err(damage) => Err(unusable(format!("g_cli_key {}", damage.clause()))),
        };
    }
    Err(unusable(match others.first() {
        Some(label) => format!("g_cli_key holds a {label} and no private key"),
        None => "g_cli_key holds no PEM private key".to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn section(label: &str) -> Vec<u8> {
        format!("-----BEGIN {label}-----\nAQID\n-----END {label}-----\n").into_bytes()
    }

    fn refusal(certificate: Option<&[u8]>, key: Option<&[u8]>) -> (ErrorKind, String) {
        let key = key.map(PrivateKey::pem);
        let error = read(certificate, key.as_ref()).map(|_| ()).unwrap_err();
        (error.kind(), error.detail().to_owned())
    }

    #[test]
    fn none_at_all_is_no_error_and_one_alone_is() {
        assert!(matches!(read(None, None), Ok(None)));
        let text = section("CERTIFICATE");
        assert_eq!(refusal(Some(&text), None).0, ErrorKind::CredentialsMismatch);
        assert_eq!(refusal(None, Some(&text)).0, ErrorKind::CredentialsMismatch);
    }

    #[test]
    fn what_is_not_a_certificate_is_named() {
        for (text, clause) in [
            (section("PRIVATE KEY"), "holds a PRIVATE KEY and no certificate"),
            (Vec::new(), "holds no PEM certificate"),
            (section("CERTIFICATE"), "is not an X.509 certificate"),
            (b"-----BEGIN CERTIFICATE-----AQID".to_vec(), "has no matching -----END line"),
        ] {
            let (kind, detail) = refusal(Some(&text), Some(b""));
            assert_eq!(kind, ErrorKind::Credentials);
            assert!(detail.contains(clause), "{detail}");
        }
    }

    #[test]
    fn keys_are_told_apart_and_encrypted_ones_refused() {
        for (label, format) in [
            ("RSA PRIVATE KEY", KeyFormat::Pkcs1),
            ("PRIVATE KEY", KeyFormat::Pkcs8),
            ("EC PRIVATE KEY", KeyFormat::Sec1),
        ] {
            let text = [section("EC PARAMETERS"), section(label)].concat();
            let (found, der) = read_key(&text).unwrap();
            assert_eq!((found, der.as_slice()), (format, &[1, 2, 3][..]));
        }
        let old = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END RSA PRIVATE KEY-----";
        for text in [section("ENCRYPTED PRIVATE KEY"), old.to_vec()] {
            let error = read_key(&text).unwrap_err();
            assert!(error.detail().contains("encrypted"), "{error}");
        }
        assert!(read_key(&section("CERTIFICATE")).is_err());
        assert!(read_key(b"").is_err());
    }

    #[test]
    fn dates_are_inclusive_and_reach_past_2038() {
        let at = |seconds| Moment::Known(UNIX_EPOCH + Duration::from_secs(seconds));
        let leaf = Certificate {
            not_before: Duration::from_secs(1_000),
            not_after: Duration::from_secs(4_700_000_000),
            ..Certificate::default()
        };
        assert!(check_dates(&leaf, at(1_000)).is_ok());
        assert!(check_dates(&leaf, at(4_700_000_000)).is_ok());
        assert!(check_dates(&leaf, Moment::NotSet).is_ok());
        for wrong in [999, 4_700_000_001] {
            let error = check_dates(&leaf, at(wrong)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DeviceCertificateDates);
        }
    }
}

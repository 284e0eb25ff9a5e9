//! What a certificate says about itself: for checks of the device's own, and for people.
//!
//! Nothing here decides whether a peer is trusted: that is the engine's.
#![forbid(unsafe_code)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::{Decode, Encode};

/// How long before the end of a certificate the firmware is warned.
pub const WARNING_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A certificate's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
    /// The subject's distinguished name (RFC 4514).
    pub subject: String,
    /// The issuer's distinguished name (RFC 4514).
    pub issuer: String,
    /// When the certificate begins to be valid, since 1970.
    pub not_before: Duration,
    /// The last second of its validity, since 1970.
    pub not_after: Duration,
}

impl Certificate {
    /// Reads DER. Names, dates and the public key are looked at, nothing else. The error is a
    /// clause.
    pub fn read(der: &[u8]) -> Result<Self, String> {
        let parsed = CertificateInner::<Raw>::from_der(der)
            .map_err(|e| format!("is not an X.509 certificate: {e}"))?;
        let certificate = parsed.tbs_certificate;
        let public_key = certificate
            .subject_public_key_info
            .to_der()
            .map_err(|e| format!("has an unusable public key: {e}"))?;
        Ok(Self {
            public_key,
            subject: certificate.subject.to_string(),
            issuer: certificate.issuer.to_string(),
            not_before: certificate.validity.not_before.to_unix_duration(),
            not_after: certificate.validity.not_after.to_unix_duration(),
        })
    }

    /// Whether `now` is within the certificate's validity.
    pub fn is_valid_at(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        (self.not_before..=self.not_after).contains(&now)
    }

    /// How many whole days are left at `now`, when it is no more than [`WARNING_TIME`]. `None` also
    /// after the end.
    pub fn ends_soon(&self, now: SystemTime) -> Option<u64> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let left = self.not_after.checked_sub(now)?;
        (left <= WARNING_TIME).then_some(left.as_secs() / (24 * 60 * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_announced_thirty_days_before() {
        let day = 24 * 60 * 60;
        let certificate = Certificate {
            public_key: Vec::new(),
            subject: String::new(),
            issuer: String::new(),
            not_before: Duration::from_secs(day),
            not_after: Duration::from_secs(100 * day),
        };
        let valid = |days| certificate.is_valid_at(UNIX_EPOCH + Duration::from_secs(days * day));
        assert_eq!([0, 1, 100, 101].map(valid), [false, true, true, false]);
        let at = |days| certificate.ends_soon(UNIX_EPOCH + Duration::from_secs(days * day));
        assert_eq!(at(69), None);
        assert_eq!(at(70), Some(30));
        assert_eq!(at(99), Some(1));
        assert_eq!(at(100), Some(0));
        assert_eq!(at(101), None);
    }
}

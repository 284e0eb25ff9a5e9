//! Trust anchors: the CA bundle that the caller of `HAL_SSL_Establish` hands over.
#![forbid(unsafe_code)]

use super::pem;
use crate::error::{Error, ErrorKind, Result};
use crate::log;

/// The certificates of a PEM bundle, as DER. Sections that cannot be decoded are skipped with a
/// warning; whether a certificate can serve as a trust anchor is for the engine to say.
///
/// `bundle` is what lies before the NUL and within the caller's length. The Link SDK keeps that
/// length in 16 bits (infra_net.h), so a bundle over 64 KiB arrives cut: what is complete is used.
///
/// Fails with [`ErrorKind::TrustAnchors`] when no certificate remains.
pub fn certificates(bundle: &[u8]) -> Result<Vec<Vec<u8>>> {
    let sections = pem::sections(bundle);
    let mut certificates = Vec::new();
    for (number, section) in sections.iter().enumerate() {
        if !matches!(section.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE") {
            log::warning!("ca_crt: section {} is a {}, skipped", number + 1, section.label);
            continue;
        }
        match &section.der {
            Ok(der) => certificates.push(der.to_vec()),
            Err(damage) => {
                log::warning!("ca_crt: certificate {} {}, skipped", number + 1, damage.clause());
            }
        }
    }
    if certificates.is_empty() {
        let detail = match sections.len() {
            0 => "ca_crt holds no PEM certificate".to_owned(),
            n => format!("none of the {n} PEM sections of ca_crt is a usable certificate"),
        };
        return Err(Error::new(ErrorKind::TrustAnchors, detail));
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[u8] = b"-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n";
    const CUT: &[u8] = b"-----BEGIN CERTIFICATE-----\nAQID\n";

    #[test]
    fn unusable_sections_are_skipped_as_long_as_one_remains() {
        assert_eq!(certificates(&[KEY, GOOD, CUT].concat()), Ok(vec![vec![1, 2, 3]]));
        assert_eq!(certificates(&[GOOD, GOOD].concat()).map(|c| c.len()), Ok(2));
    }

    #[test]
    fn a_bundle_without_certificates_is_refused() {
        for bundle in [&b""[..], b"PK\0PS", KEY, CUT] {
            assert_eq!(certificates(bundle).unwrap_err().kind(), ErrorKind::TrustAnchors);
        }
    }
}

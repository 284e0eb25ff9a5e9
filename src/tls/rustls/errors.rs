//! From rustls errors to sentences for the person on the bench.

use super::verifier::WeakKey;
use crate::error::{Error, ErrorKind};
use crate::tls::alert::{self, Presented};
use crate::tls::refusal::Refusal;
use ::rustls::{CertificateError, Error as TlsError, OtherError};

/// What `error` means. `handshaking`: the handshake was not complete yet.
pub fn translate(error: &TlsError, presented: Presented, handshaking: bool) -> Error {
    match error {
        TlsError::InvalidCertificate(reason) => refusal(reason).error(),
        TlsError::NoCertificatesPresented => Refusal::None.error(),
        TlsError::AlertReceived(received) => {
            alert::received(u8::from(*received), presented, handshaking)
        }
        TlsError::FailedToGetCurrentTime => {
            Error::new(ErrorKind::DeviceCertificateDates, "the time of day is not known")
        }
        TlsError::FailedToGetRandomBytes => {
            Error::new(ErrorKind::System, "the operating system's random generator failed")
        }
        TlsError::PeerIncompatible(_) => {
            Error::new(ErrorKind::Handshake, format!("no common TLS parameters: {error}"))
        }
        _ if handshaking => Error::new(ErrorKind::Handshake, format!("TLS handshake: {error}")),
        _ => Error::new(ErrorKind::Protocol, format!("TLS: {error}")),
    }
}

fn refusal(reason: &CertificateError) -> Refusal {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Refusal::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Refusal::NotValidYet
        }
        CertificateError::UnknownIssuer => Refusal::UnknownIssuer,
        CertificateError::NotValidForName => {
            Refusal::Other("it is for another host name".to_owned())
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let presented: Vec<&str> = presented.iter().map(|name| plain_name(name)).collect();
            Refusal::OtherName {
                expected: expected.to_str().into_owned(),
                presented: match presented.is_empty() {
                    true => "no name at all".to_owned(),
                    false => presented.join(", "),
                },
            }
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Refusal::Purpose
        }
        CertificateError::BadEncoding => Refusal::Malformed,
        CertificateError::BadSignature => Refusal::Signature,
        CertificateError::Other(OtherError(inner)) if inner.is::<WeakKey>() => Refusal::Weak,
        CertificateError::Other(OtherError(inner)) => match inner.downcast_ref() {
            Some(reason) => of_webpki(reason),
            None => Refusal::Other(inner.to_string()),
        },
        // Their other texts list what is supported, as bytes.
        other if format!("{other:?}").starts_with("UnsupportedSignatureAlgorithm") => Refusal::Weak,
        other => Refusal::Other(other.to_string()),
    }
}

/// What rustls has no name of its own for.
fn of_webpki(reason: &webpki::Error) -> Refusal {
    let clause = match reason {
        webpki::Error::CaUsedAsEndEntity => "it is a CA's own certificate, not a server's",
        webpki::Error::EndEntityUsedAsCa => "it was issued with a certificate that is no CA's",
        webpki::Error::NameConstraintViolation => {
            "a CA of its chain may not issue for this name (name constraints)"
        }
        webpki::Error::PathLenConstraintViolated | webpki::Error::MaximumPathDepthExceeded => {
            "its chain is longer than a CA of it allows (path length)"
        }
        webpki::Error::UnsupportedCertVersion => {
            "it is no X.509 v3 certificate; the engine mbedtls takes older ones"
        }
        webpki::Error::UnsupportedCriticalExtension => {
            "it has a critical extension that is not supported"
        }
        other => return Refusal::Other(format!("{other}")),
    };
    Refusal::Other(clause.to_owned())
}

/// The name itself out of what rustls-webpki writes for a subject alternative name, for example
/// `DnsName("example.com")` or `IpAddress(127.0.0.1)`.
fn plain_name(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::rustls::AlertDescription;

    #[test]
    fn names_are_written_plainly() {
        assert_eq!(plain_name("DnsName(\"example.com\")"), "example.com");
        assert_eq!(plain_name("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(plain_name("other"), "other");
    }

    #[test]
    fn errors_keep_their_kind() {
        let refused = TlsError::InvalidCertificate(CertificateError::Expired);
        let alert = TlsError::AlertReceived(AlertDescription::UnknownCA);
        for (error, handshaking, kind) in [
            (alert, true, ErrorKind::DeviceCertificateRefused),
            (TlsError::DecryptError, false, ErrorKind::Protocol),
            (TlsError::DecryptError, true, ErrorKind::Handshake),
            (refused, true, ErrorKind::ServerCertificate),
        ] {
            let translated = translate(&error, Presented::Certificate, handshaking);
            assert_eq!(translated.kind(), kind, "{error:?}");
        }
    }
}

//! From rustls errors to sentences for the person on the bench.

use crate::error::{Error, ErrorKind};
use ::rustls::{AlertDescription, CertificateError, Error as TlsError};

/// What `error` means. `has_certificate`: a device certificate was presented. `handshaking`: the
/// handshake was not complete yet.
pub(super) fn translate(error: &TlsError, has_certificate: bool, handshaking: bool) -> Error {
    match error {
        TlsError::InvalidCertificate(reason) => Error::new(
            ErrorKind::ServerCertificate,
            format!("the server's certificate was refused: {}", certificate_clause(reason)),
        ),
        TlsError::NoCertificatesPresented => Error::new(
            ErrorKind::ServerCertificate,
            "the server's certificate was refused: it sent none",
        ),
        TlsError::AlertReceived(alert) => alert_received(*alert, has_certificate, handshaking),
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

fn certificate_clause(reason: &CertificateError) -> String {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired, or the device's clock is wrong".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, or the device's clock is wrong".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "no certificate of ca_crt issued it, or an intermediate is missing".to_owned()
        }
        CertificateError::NotValidForName => "it is for another host name".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let presented: Vec<&str> = presented.iter().map(|name| plain_name(name)).collect();
            format!("it is for {}, not for {}", presented.join(", "), expected.to_str())
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not meant for servers".to_owned()
        }
        CertificateError::BadEncoding => "it is malformed".to_owned(),
        CertificateError::BadSignature => "its signature is wrong".to_owned(),
        other => other.to_string(),
    }
}

/// The name itself out of what rustls-webpki writes for a subject alternative name, for example
/// `DnsName("example.com")` or `IpAddress(127.0.0.1)`.
fn plain_name(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"')
}

/// Alerts that a server sends about the client's certificate, or for want of one (RFC 8446
/// section 6.2, RFC 5246 section 7.2.2).
fn is_about_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::CertificateRequired
    )
}

fn alert_received(alert: AlertDescription, has_certificate: bool, handshaking: bool) -> Error {
    let name = alert_name(alert);
    if is_about_certificate(alert) {
        let detail = match has_certificate {
            true => format!("alert {name}: the server refused the device's certificate"),
            false => format!("alert {name}: the server wants a device certificate, none is set"),
        };
        return Error::new(ErrorKind::DeviceCertificateRefused, detail);
    }
    if !handshaking {
        return Error::new(ErrorKind::Protocol, format!("the server sent the alert {name}"));
    }
    let hint = match alert {
        AlertDescription::HandshakeFailure if !has_certificate => {
            "; some servers answer so when they want a device certificate"
        }
        AlertDescription::DecryptError if has_certificate => {
            "; the key may not belong to the certificate that the platform knows"
        }
        _ => "",
    };
    Error::new(ErrorKind::Handshake, format!("the server ended the handshake: alert {name}{hint}"))
}

/// The name of an alert as the RFCs write it.
fn alert_name(alert: AlertDescription) -> String {
    let mut name = String::new();
    let written = alert.as_str().map_or_else(|| format!("{}", u8::from(alert)), str::to_owned);
    let mut previous_lower = false;
    for c in written.chars() {
        if c.is_ascii_uppercase() && previous_lower {
            name.push('_');
        }
        previous_lower = c.is_ascii_lowercase();
        name.push(c.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_the_names_of_the_rfcs() {
        assert_eq!(alert_name(AlertDescription::BadCertificate), "bad_certificate");
        assert_eq!(alert_name(AlertDescription::UnknownCA), "unknown_ca");
        assert_eq!(alert_name(AlertDescription::Unknown(200)), "200");
    }

    #[test]
    fn names_are_written_plainly() {
        assert_eq!(plain_name("DnsName(\"example.com\")"), "example.com");
        assert_eq!(plain_name("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(plain_name("other"), "other");
    }

    #[test]
    fn refusals_of_the_device_are_told_from_other_failures() {
        let alert = |alert| TlsError::AlertReceived(alert);
        for (error, has_certificate, handshaking, kind) in [
            (alert(AlertDescription::UnknownCA), true, true, ErrorKind::DeviceCertificateRefused),
            (
                alert(AlertDescription::CertificateRequired),
                false,
                false,
                ErrorKind::DeviceCertificateRefused,
            ),
            (alert(AlertDescription::HandshakeFailure), true, true, ErrorKind::Handshake),
            (alert(AlertDescription::BadRecordMac), true, false, ErrorKind::Protocol),
            (TlsError::DecryptError, true, false, ErrorKind::Protocol),
            (
                TlsError::InvalidCertificate(CertificateError::Expired),
                true,
                true,
                ErrorKind::ServerCertificate,
            ),
        ] {
            assert_eq!(translate(&error, has_certificate, handshaking).kind(), kind, "{error:?}");
        }
    }
}

//! TLS alerts from the server, as sentences for the person on the bench.
#![forbid(unsafe_code)]

use crate::error::{Error, ErrorKind};

const HANDSHAKE_FAILURE: u8 = 40;
const DECRYPT_ERROR: u8 = 51;

/// Alert descriptions (RFC 8446 section 6, RFC 5246 section 7.2, RFC 6066, RFC 4279) with the names
/// that the RFCs give them.
const NAMES: &[(u8, &str)] = &[
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (HANDSHAKE_FAILURE, "handshake_failure"),
    (41, "no_certificate"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (DECRYPT_ERROR, "decrypt_error"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (111, "certificate_unobtainable"),
    (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"),
    (114, "bad_certificate_hash_value"),
    (115, "unknown_psk_identity"),
    (116, "certificate_required"),
    (120, "no_application_protocol"),
];

/// What the device had to show when the alert came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// A certificate.
    Certificate,
    /// A pre-shared key.
    PreSharedKey,
    /// Nothing.
    Nothing,
}

/// The name of an alert as the RFCs write it, or its number.
pub fn name(alert: u8) -> String {
    let known = NAMES.iter().find(|(number, _)| *number == alert);
    known.map_or_else(|| alert.to_string(), |(_, name)| (*name).to_owned())
}

/// Alerts that a server sends about the client's certificate, or for want of one (RFC 8446
/// section 6.2, RFC 5246 section 7.2.2).
fn is_about_certificate(alert: u8) -> bool {
    matches!(alert, 41..=46 | 48 | 49 | 116)
}

/// What it means that the server sent this fatal alert. `handshaking`: the handshake was not
/// complete yet.
pub fn received(alert: u8, presented: Presented, handshaking: bool) -> Error {
    let name = name(alert);
    if is_about_certificate(alert) && presented != Presented::PreSharedKey {
        let detail = match presented {
            Presented::Certificate => {
                format!("alert {name}: the server refused the device's certificate")
            }
            _ => format!("alert {name}: the server wants a device certificate, none is set"),
        };
        return Error::new(ErrorKind::DeviceCertificateRefused, detail);
    }
    if !handshaking {
        return Error::new(ErrorKind::Protocol, format!("the server sent the alert {name}"));
    }
    let hint = match (alert, presented) {
        (HANDSHAKE_FAILURE, Presented::Nothing) => "; it may want a device certificate",
        (DECRYPT_ERROR, Presented::Certificate) => {
            "; the key may not belong to the certificate that the platform knows"
        }
        (_, Presented::PreSharedKey) => {
            "; check ProductKey, DeviceName and DeviceSecret, and that the server speaks TLS-PSK"
        }
        _ => "",
    };
    Error::new(ErrorKind::Handshake, format!("the server ended the handshake: alert {name}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_the_names_of_the_rfcs() {
        assert_eq!(name(42), "bad_certificate");
        assert_eq!(name(48), "unknown_ca");
        assert_eq!(name(200), "200");
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn refusals_of_the_device_are_told_from_other_failures() {
        use ErrorKind::{DeviceCertificateRefused, Handshake, Protocol};
        use Presented::{Certificate, Nothing, PreSharedKey};
        for (alert, presented, handshaking, kind, words) in [
            (48, Certificate, true, DeviceCertificateRefused, "refused the device's certificate"),
            (116, Nothing, false, DeviceCertificateRefused, "wants a device certificate"),
            (40, Certificate, true, Handshake, "handshake_failure"),
            (40, Nothing, true, Handshake, "may want a device certificate"),
            (51, Certificate, true, Handshake, "key may not belong"),
            (51, PreSharedKey, true, Handshake, "DeviceSecret"),
            (20, Certificate, false, Protocol, "bad_record_mac"),
        ] {
            let error = received(alert, presented, handshaking);
            assert_eq!(error.kind(), kind);
            assert!(error.detail().contains(words), "{error}");
        }
    }
}

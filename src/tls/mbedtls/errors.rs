//! From Mbed TLS error numbers to sentences for the person on the bench.
#![forbid(unsafe_code)]

use super::ssl::Code;
use crate::error::{Error, ErrorKind};
use crate::tls::refusal::Refusal;
use mbedtls_sys as sys;
use std::ops::RangeInclusive;

/// The part of a number that names the module, and the numbers of certificates (x509.h).
const HIGH_LEVEL: u32 = 0xff80;
const X509_ERRORS: RangeInclusive<u32> = 0x2080..=0x2800;

/// What a failure means that is neither an alert nor a refused certificate. `handshaking`: the
/// handshake was not complete yet.
pub(super) fn translate(code: Code, handshaking: bool) -> Error {
    // What verification ends with when there are more intermediates than it takes, 8.
    if handshaking && code == sys::ERR_X509_FATAL_ERROR {
        return Refusal::Other("its chain is too long".to_owned()).error();
    }
    if handshaking && X509_ERRORS.contains(&(code.unsigned_abs() & HIGH_LEVEL)) {
        let number = code.unsigned_abs();
        let clause = format!("Mbed TLS cannot read it (error -0x{number:04X})");
        return Refusal::Other(clause).error();
    }
    let detail = format!("{} (Mbed TLS error -0x{:04X})", clause(code), code.unsigned_abs());
    let kind = match code {
        sys::ERR_SSL_ALLOC_FAILED | sys::ERR_X509_ALLOC_FAILED | sys::ERR_MPI_ALLOC_FAILED => {
            ErrorKind::System
        }
        sys::ERR_PK_FEATURE_UNAVAILABLE => ErrorKind::Credentials,
        _ if handshaking => ErrorKind::Handshake,
        _ => ErrorKind::Protocol,
    };
    Error::new(kind, format!("{}: {detail}", if handshaking { "TLS handshake" } else { "TLS" }))
}

fn clause(code: Code) -> &'static str {
    match code {
        sys::ERR_SSL_INVALID_MAC => "a record was altered on its way",
        sys::ERR_SSL_INVALID_RECORD => "what arrived is no TLS record",
        sys::ERR_SSL_UNEXPECTED_MESSAGE | sys::ERR_SSL_UNEXPECTED_RECORD => {
            "a message arrived out of turn"
        }
        sys::ERR_SSL_BAD_HS_PROTOCOL_VERSION => "no common TLS version",
        sys::ERR_SSL_BAD_HS_SERVER_HELLO => "the server's ServerHello is not acceptable",
        sys::ERR_SSL_BAD_HS_SERVER_KEY_EXCHANGE => {
            "the server's key exchange is not acceptable or its signature is wrong"
        }
        sys::ERR_SSL_BAD_HS_FINISHED => "the handshake was altered on its way",
        sys::ERR_SSL_BUFFER_TOO_SMALL => "a record is longer than TLS allows",
        sys::ERR_SSL_BAD_INPUT_DATA => {
            "a record is longer than TLS allows, or the server chose what was not offered"
        }
        sys::ERR_SSL_FEATURE_UNAVAILABLE => {
            "a handshake message is longer than its record, or the server chose what Mbed TLS lacks"
        }
        sys::ERR_SSL_PEER_CLOSE_NOTIFY => "the server closed the connection",
        sys::ERR_PK_FEATURE_UNAVAILABLE => "the device's key gave no signature",
        sys::ERR_SSL_ALLOC_FAILED | sys::ERR_X509_ALLOC_FAILED | sys::ERR_MPI_ALLOC_FAILED => {
            "out of memory"
        }
        _ => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_kinds_and_words() {
        for (code, handshaking, kind, words) in [
            (sys::ERR_SSL_INVALID_MAC, false, ErrorKind::Protocol, "altered"),
            (sys::ERR_SSL_INVALID_RECORD, true, ErrorKind::Handshake, "no TLS record"),
            (sys::ERR_SSL_ALLOC_FAILED, true, ErrorKind::System, "-0x7F00"),
            (sys::ERR_X509_UNKNOWN_VERSION, true, ErrorKind::ServerCertificate, "cannot read"),
            (
                sys::ERR_SSL_FEATURE_UNAVAILABLE,
                true,
                ErrorKind::Handshake,
                "longer than its record",
            ),
            (sys::ERR_SSL_PEER_CLOSE_NOTIFY, true, ErrorKind::Handshake, "the server closed"),
            (-1, false, ErrorKind::Protocol, "-0x0001"),
        ] {
            let error = translate(code, handshaking);
            assert_eq!(error.kind(), kind);
            assert!(error.detail().contains(words), "{error}");
        }
    }
}

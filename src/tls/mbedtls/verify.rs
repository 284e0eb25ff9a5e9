//! What is checked of the server's certificates beyond what Mbed TLS does.
#![forbid(unsafe_code)]

use crate::tls::certificate::{Certificate, Position};
use crate::tls::name::ServerName;
use crate::tls::refusal::Refusal;
use crate::tls::time::{self, Moment};
use mbedtls::x509::{self, VerifyError};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// The names of a server's certificate that was for another host: Mbed TLS forgets a certificate
    /// that it refuses, and the person on the bench wants to know. Written and read within one call
    /// of the handshake, hence per thread.
    static PRESENTED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs a judgement that Mbed TLS asked for. A panic must not unwind through it: then the certificate
/// is refused.
pub(super) fn contained(found: &mut VerifyError, judgement: impl FnOnce(&mut VerifyError)) {
    if catch_unwind(AssertUnwindSafe(|| judgement(found))).is_err() {
        found.insert(VerifyError::CERT_OTHER);
    }
}

/// Mbed TLS has checked chain, usage and, for DNS names, the name. It compares dates with the C
/// library's clock and cannot match addresses: both are decided here. Called for each certificate of
/// the chain, the server's own with depth 0 last. The dates of trust anchors play no role (RFC 5280
/// section 6.1): `is_anchor` tells them.
pub(super) fn judge(
    name: &ServerName,
    is_anchor: impl Fn(&[u8]) -> bool,
    certificate: &x509::Certificate,
    depth: i32,
    found: &mut VerifyError,
) {
    found.remove(VerifyError::CERT_EXPIRED | VerifyError::CERT_FUTURE);
    let Ok(read) = Certificate::read(certificate.as_der()) else {
        found.insert(VerifyError::CERT_OTHER);
        return;
    };
    match time::now() {
        _ if depth > 0 && is_anchor(certificate.as_der()) => {}
        Ok(Moment::Known(now)) => found.insert(match read.position(now) {
            Position::Within => VerifyError::empty(),
            Position::Before => VerifyError::CERT_FUTURE,
            Position::After => VerifyError::CERT_EXPIRED,
        }),
        Ok(Moment::NotSet) => {}
        Err(_) => found.insert(VerifyError::CERT_OTHER),
    }
    if depth != 0 {
        return;
    }
    if let ServerName::Address(address) = name {
        if !read.addresses.contains(address) {
            found.insert(VerifyError::CERT_CN_MISMATCH);
        }
    }
    if found.contains(VerifyError::CERT_CN_MISMATCH) {
        PRESENTED.with(|presented| *presented.borrow_mut() = read.names());
    }
}

/// Why the server's certificate was refused, right after the call in which it was.
pub(super) fn refusal(name: &ServerName, found: VerifyError) -> Refusal {
    let any = |of: VerifyError| found.intersects(of);
    match () {
        () if any(VerifyError::CERT_MISSING) => Refusal::None,
        () if any(VerifyError::CERT_NOT_TRUSTED) => Refusal::UnknownIssuer,
        () if any(VerifyError::CERT_EXPIRED) => Refusal::Expired,
        () if any(VerifyError::CERT_FUTURE) => Refusal::NotValidYet,
        () if any(VerifyError::CERT_CN_MISMATCH) => Refusal::OtherName {
            expected: name.to_string(),
            presented: PRESENTED.with(|presented| presented.borrow().clone()),
        },
        () if any(VerifyError::CERT_EXT_KEY_USAGE
            | VerifyError::CERT_KEY_USAGE
            | VerifyError::CERT_NS_CERT_TYPE) =>
        {
            Refusal::Purpose
        }
        () if any(VerifyError::CERT_BAD_KEY
            | VerifyError::CERT_BAD_MD
            | VerifyError::CERT_BAD_PK) =>
        {
            Refusal::Weak
        }
        () => Refusal::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::panic, reason = "the panic is what is tested")]
    fn a_panic_while_a_certificate_is_judged_refuses_it() {
        let mut found = VerifyError::empty();
        contained(&mut found, |_| {});
        assert_eq!(found, VerifyError::empty());
        contained(&mut found, |found| {
            found.remove(VerifyError::CERT_EXPIRED);
            panic!("on purpose");
        });
        assert_eq!(found, VerifyError::CERT_OTHER);
    }
}

//! The order of the device's chain, and where it leads.

use std::time::SystemTime;

use linksdk_hal::tls::certificate::Position;

use super::certificate::Certificate;
use super::finding::Report;
use super::text::Text;

/// How one certificate stands to the next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Issued,
    /// The names fit; the signature could not be checked.
    Unchecked,
    /// The names fit, the signature does not.
    Forged,
    None,
}

/// Whether `issuer` issued `certificate`.
pub(crate) fn link(certificate: &Certificate, issuer: &Certificate) -> Link {
    match (certificate.read.issuer == issuer.read.subject, certificate.is_signed_by(issuer)) {
        (false, _) => Link::None,
        (true, Some(true)) => Link::Issued,
        (true, Some(false)) => Link::Forged,
        (true, None) => Link::Unchecked,
    }
}

/// The certificate among `roots` that issued one of `chain`, or is one of them.
pub(crate) fn anchor<'a>(
    chain: &[Certificate],
    roots: &'a [Certificate],
) -> Option<&'a Certificate> {
    roots.iter().find(|root| {
        let issued = |one: &Certificate| matches!(link(one, root), Link::Issued | Link::Unchecked);
        chain.iter().any(|one| one.der == root.der || issued(one))
    })
}

/// Checks the certificates behind the device's own, and says whether `roots` anchor the chain.
pub(crate) fn check(
    text: &Text,
    chain: &[Certificate],
    roots: &[Certificate],
    report: &mut Report,
) {
    let place = text.whole();
    for (number, pair) in chain.windows(2).enumerate() {
        let [one, next] = pair else { continue };
        let (this, behind) = (number + 1, number + 2);
        if chain.iter().take(behind - 1).any(|earlier| earlier.der == next.der) {
            report.warning(
                "chain-twice",
                &place,
                format!("certificate {behind} is there twice"),
                "remove the copy; every handshake sends it",
            );
            continue;
        }
        match link(one, next) {
            Link::Issued => {
                report.ok("chain", &place, format!("certificate {behind} issued certificate {this}"));
            }
            Link::Unchecked => report.info(
                "chain",
                &place,
                format!("certificate {behind} has the name of certificate {this}'s issuer; the \
                         signature was not checked ({})", one.signature.name()),
            ),
            Link::Forged => report.warning(
                "chain-signature",
                &place,
                format!("certificate {behind} has the name of certificate {this}'s issuer, but did \
                         not sign it"),
                "the issuer may have changed its key: take the chain that came with the certificate",
            ),
            Link::None => report.warning(
                "chain-gap",
                &place,
                format!("certificate {behind} did not issue certificate {this}"),
                "order: the device's own, then its issuer, then that one's issuer",
            ),
        }
        if next.position(SystemTime::now()) == Position::After {
            report.warning(
                "chain-expired",
                &place,
                format!("certificate {behind}, {}, expired on {}", next.subject(), next.ends()),
                "take the issuer's current certificate",
            );
        }
        if next.is_self_issued() {
            report.info(
                "chain-root",
                &place,
                format!("certificate {behind} is a root; servers have their own copy of it"),
            );
        }
    }
    let Some(last) = chain.last() else { return };
    if roots.is_empty() {
        return;
    }
    match anchor(chain, roots) {
        Some(root) => {
            report.ok("chain-anchor", &place, format!("the chain leads to {}", root.subject()));
        }
        // What the device trusts and what the server trusts are two lists.
        None => report.info(
            "chain-anchor",
            &place,
            format!(
                "{}, which issued it, is not among the CA certificates given; that is usual: \
                     those are for the server's certificate",
                last.read.issuer
            ),
        ),
    }
}

//! The CA bundle: what the device trusts when it looks at the server.

use std::time::SystemTime;

use linksdk_hal::tls::certificate::Position;
use linksdk_hal::tls::{configuration, engine};

use super::certificate::Certificate;
use super::finding::{Report, Verdict};
use super::pem_check::{self, Role};
use super::state;
use super::text::Text;

/// GlobalSign Root CA (R1), under which the platform's server stands, by its SHA-256.
const PLATFORM_ROOT: &str = "ebd41040e4bb3ec742c9e381d31ef2a41a48b6685c96e7cef3c1df6cd4331c99";

/// The end of that root, 2028-01-28 12:00:00, in seconds since 1970.
const PLATFORM_ROOT_END: u64 = 1_832_673_600;

/// The platform's roots that the library carries as `iotx_ca_crt`.
pub(crate) const PLATFORM_ROOTS: &str = concat!(
    include_str!("../../../certs/globalsign-root-r1.pem"),
    include_str!("../../../certs/globalsign-root-r3.pem"),
    include_str!("../../../certs/globalsign-root-r6.pem"),
    include_str!("../../../certs/globalsign-root-r46.pem"),
    include_str!("../../../certs/globalsign-root-e46.pem"),
);

/// Checks all bundles together, as the device would have them. Returns what can be trusted.
pub(crate) fn check(texts: &[&Text], report: &mut Report) -> Vec<Certificate> {
    let mut roots: Vec<Certificate> = Vec::new();
    let mut bundle = Vec::new();
    let mut unread = false;
    for text in texts {
        bundle.extend_from_slice(&text.bytes);
        bundle.push(b'\n');
        for section in pem_check::check(text, Role::Authorities, report) {
            let Ok(der) = &section.der else { continue };
            let place = text.place(section.begin);
            // The engine reads less of a root than this does, and its word is the one that counts.
            let usable = engine::check_anchor(der);
            unread |= usable.is_ok() && Certificate::read(der).is_err();
            let read = Certificate::read(der).and_then(|one| usable.map(|()| one));
            match read {
                Ok(root) if roots.iter().any(|known| known.der == root.der) => {
                    report.info("root-twice", &place, format!("{} once more", root.subject()));
                }
                Ok(root) => {
                    describe(&root, &place, report);
                    roots.push(root);
                }
                Err(clause) => report.warning(
                    "root-unusable",
                    &place,
                    format!(
                        "the certificate that begins here is no root as it should be: {clause}"
                    ),
                    "copy the bundle again",
                ),
            }
        }
    }
    let Some(first) = texts.first() else { return roots };
    let place = first.whole();
    if let Err(error) = configuration::check_anchors(&bundle) {
        report.problem("roots", &place, state::sentence(&error), error.kind().advice());
        return roots;
    }
    let now = SystemTime::now();
    let valid = roots.iter().filter(|root| root.position(now) == Position::Within);
    match valid.max_by_key(|root| root.read.not_after) {
        None if unread => {}
        None => report.problem(
            "roots-expired",
            &place,
            "no root of the bundle is valid now, so no server can be trusted",
            "take the roots that the platform uses today",
        ),
        Some(last) => check_platform_root(&roots, last, &place, report),
    }
    roots
}

fn describe(root: &Certificate, place: &super::finding::Place, report: &mut Report) {
    let now = SystemTime::now();
    let (subject, ends) = (root.subject(), root.ends());
    let cure = "add the root that follows it while devices can still connect";
    match root.position(now) {
        Position::After => {
            let text = format!("root {subject} expired on {ends}");
            report.warning("root-expired", place, text, "remove it; add the one that follows it");
        }
        Position::Before => report.warning(
            "root-not-yet-valid",
            place,
            format!("root {subject} is valid from {} only", root.begins()),
            "check this machine's clock",
        ),
        Position::Within => match root.read.ends_soon(now) {
            Some(days) => {
                let text = format!("root {subject} expires on {ends}, in {days} days");
                report.warning("root-expires-soon", place, text, cure);
            }
            None => report.ok("root", place, format!("root {subject}, valid to {ends}")),
        },
    }
    if root.is_ca == Some(false) || (root.is_ca.is_none() && root.version == 3) {
        report.warning(
            "root-not-ca",
            place,
            format!("{subject} is not marked as a CA, so it may be no root"),
            "put the certificate of the CA into the bundle, not one that it issued",
        );
    }
}

/// The root that the platform uses ends long before a device's certificate.
fn check_platform_root(
    roots: &[Certificate],
    last: &Certificate,
    place: &super::finding::Place,
    report: &mut Report,
) {
    let has_platform_root = roots.iter().any(|root| root.fingerprint() == PLATFORM_ROOT);
    if !has_platform_root {
        return;
    }
    let (verdict, text, cure) = if last.lasts_beyond(PLATFORM_ROOT_END) {
        let text = "GlobalSign Root CA, the platform's root, ends on 2028-01-28; other roots of the \
                    bundle last longer";
        (Verdict::Info, text.to_owned(), "")
    } else {
        let text = format!(
            "GlobalSign Root CA, the platform's root, ends on 2028-01-28 ({} days left), and no other \
             root of the bundle lasts longer",
            last.days_left(SystemTime::now())
        );
        let cure = "add GlobalSign R3, R6, R46 and E46 (certs/ of this project), so that devices can \
                    connect afterwards";
        (Verdict::Warning, text, cure)
    };
    report.add(verdict, "platform-root-2028", place, text, cure);
}

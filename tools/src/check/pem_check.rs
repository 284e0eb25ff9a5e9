//! Says what is wrong with PEM text, with lines and columns.

use linksdk_hal::tls::pem::Damage;

use super::finding::{Place, Report, Verdict};
use super::pem_other;
use super::pem_scan::{self, Fault, Marker, Section};
use super::text::Text;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a text is meant to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Certificate,
    Key,
    Authorities,
}

impl Role {
    pub(super) fn takes(self, label: &str) -> bool {
        match self {
            Role::Key => matches!(label, "RSA PRIVATE KEY" | "PRIVATE KEY" | "EC PRIVATE KEY"),
            _ => matches!(label, "CERTIFICATE" | "X509 CERTIFICATE"),
        }
    }

    pub(super) fn noun(self) -> &'static str {
        match self {
            Role::Key => "private key",
            _ => "certificate",
        }
    }
}

/// Reports damage and untidiness, and returns the sections that the role takes and that can be
/// decoded, in their order.
pub(crate) fn check(text: &Text, role: Role, report: &mut Report) -> Vec<Section> {
    let sections = pem_scan::sections(&text.bytes);
    if let Some(unreadable) = foreign_encoding(&text.bytes).filter(|_| sections.is_empty()) {
        report.problem(
            "pem-utf16",
            &text.place(0),
            unreadable,
            "save it as plain text (ASCII or UTF-8)",
        );
        return Vec::new();
    }
    if text.bytes.starts_with(MARK) {
        report.info(
            "pem-byte-order-mark",
            &text.place(0),
            "begins with a UTF-8 byte order mark; the library overlooks it, other programs may not",
        );
    }
    let usable = sections.iter().any(|one| role.takes(&one.label) && one.der.is_ok());
    // The library reads on after a damaged certificate of a bundle, but not after one of the chain.
    let of_damage = match role {
        Role::Authorities => Verdict::Warning,
        _ => Verdict::Problem,
    };
    for section in &sections {
        match (role.takes(&section.label), &section.der) {
            (true, Ok(_)) => {
                let untidy = pem_scan::untidy(&text.bytes, section);
                if !untidy.is_empty() {
                    let words = untidy.join(", ");
                    report.info(
                        "pem-untidy",
                        &text.place(section.begin),
                        format!("{words}: the library reads it, other programs may not"),
                    );
                }
            }
            (true, Err(damage)) => damaged(text, section, *damage, of_damage, report),
            (false, _) => pem_other::label(text, section, role, usable, report),
        }
    }
    stray_lines(text, &sections, usable, report);
    if sections.is_empty() && !pem_other::format(text, role, report) {
        report.problem(
            "pem-none",
            &text.whole(),
            format!("holds no PEM {}", role.noun()),
            format!("it must hold -----BEGIN {}-----, base64 and the END line", begin_label(role)),
        );
    }
    sections.into_iter().filter(|one| role.takes(&one.label) && one.der.is_ok()).collect()
}

fn begin_label(role: Role) -> &'static str {
    match role {
        Role::Key => "RSA PRIVATE KEY",
        _ => "CERTIFICATE",
    }
}

fn foreign_encoding(bytes: &[u8]) -> Option<&'static str> {
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let spaced = |text: &[u8]| text.windows(10).any(|window| window == b"-\0-\0-\0-\0-\0");
    (utf16 || spaced(bytes)).then_some("is UTF-16 text, which the library cannot read")
}

fn damaged(text: &Text, section: &Section, damage: Damage, verdict: Verdict, report: &mut Report) {
    let label = &section.label;
    let copy = "copy the text again from where it was issued";
    match damage {
        Damage::NoEnd => no_end(text, section, verdict, report),
        Damage::TooLong => report.add(
            verdict,
            "pem-too-long",
            &text.place(section.begin),
            format!("the {label} that begins here is longer than any certificate or key"),
            copy,
        ),
        Damage::Encrypted => {
            let colon = pem_scan::find(&text.bytes, b":", section.body.start);
            let place = text.place(colon.unwrap_or(section.begin));
            let body = text.bytes.get(section.body.clone()).unwrap_or_default();
            if pem_scan::find(body, b"ENCRYPTED", 0).is_some() {
                pem_other::encrypted(text, section, verdict, report);
            } else {
                report.add(
                    verdict,
                    "pem-header",
                    &place,
                    format!("the {label} has a header line (with a colon) before its base64"),
                    "remove the header lines, or convert it with `openssl pkey` or `openssl x509`",
                );
            }
        }
        Damage::NotBase64 => not_base64(text, section, verdict, copy, report),
    }
}

fn not_base64(text: &Text, section: &Section, verdict: Verdict, copy: &str, report: &mut Report) {
    let label = &section.label;
    let (code, at, what) = match pem_scan::fault(&text.bytes, section.body.clone()) {
        Fault::Empty => {
            ("pem-empty", section.begin, format!("the {label} that begins here is empty"))
        }
        Fault::Character(at) => {
            let byte = text.bytes.get(at).copied().unwrap_or_default();
            let shown = match byte {
                b'-' => "a dash".to_owned(),
                b'\\' => "a backslash".to_owned(),
                b'"' => "a double quote".to_owned(),
                _ if byte.is_ascii_graphic() => format!("'{}'", char::from(byte)),
                _ => format!("the byte 0x{byte:02x}"),
            };
            ("pem-character", at, format!("{shown} is not base64, in the {label}"))
        }
        Fault::Padding(at) => {
            ("pem-padding", at, format!("'=' before the end of the base64, in the {label}"))
        }
        Fault::Length(Some((at, length, common))) => (
            "pem-length",
            at,
            format!("this line of the {label} has {length} characters, the others have {common}"),
        ),
        Fault::Length(None) => (
            "pem-length",
            section.begin,
            format!("characters are missing from the {label} that begins here, or too many"),
        ),
        Fault::LastCharacter(at) => (
            "pem-length",
            at,
            format!("the base64 of the {label} is cut or altered: it cannot end like this"),
        ),
    };
    report.add(verdict, code, &text.place(at), what, copy);
}

/// Where to look in a section whose base64 can be decoded but whose content cannot be read, and a
/// clause about the line there.
pub(crate) fn suspect(text: &Text, section: &Section) -> (Place, String) {
    match pem_scan::odd_line(&text.bytes, section.body.clone()) {
        Some((at, length, common)) => (
            text.place(at),
            format!("; this line of it has {length} characters, the others have {common}"),
        ),
        None => (text.place(section.begin), String::new()),
    }
}

/// Why a section has no end: another label, damaged dashes, or no END line at all.
fn no_end(text: &Text, section: &Section, verdict: Verdict, report: &mut Report) {
    let label = &section.label;
    let good = format!("it must read -----END {label}-----");
    if section.body.end < section.end {
        let from = section.body.end;
        let line = pem_scan::lines(&text.bytes, from..section.end);
        let first = line.first().map_or(&b""[..], |(_, line)| *line);
        let named =
            first.strip_prefix(b"-----END ").is_some_and(|rest| rest.starts_with(label.as_bytes()));
        let (code, what) = match named {
            true => ("pem-dashes", format!("the END line of the {label} lacks dashes")),
            false => ("pem-label", format!("this END line does not fit BEGIN {label}")),
        };
        return report.add(verdict, code, &text.place(from), what, good);
    }
    let resembling = pem_scan::lines(&text.bytes, section.body.clone())
        .into_iter()
        .find(|(_, line)| pem_scan::resembles_marker(line) == Some(Marker::End));
    match resembling {
        Some((at, _)) => report.add(
            verdict,
            "pem-dashes",
            &text.place(at),
            format!("the END line of the {label} is damaged: five plain dashes on each side"),
            good,
        ),
        None => report.add(
            verdict,
            "pem-no-end",
            &text.place(section.begin),
            format!("the {label} that begins here has no END line"),
            format!("copy the text again to its end; {good}"),
        ),
    }
}

/// Lines outside of sections that were meant to be markers, and text around sections.
fn stray_lines(text: &Text, sections: &[Section], usable: bool, report: &mut Report) {
    let verdict = if usable { Verdict::Warning } else { Verdict::Problem };
    let within = |at: usize| {
        sections.iter().any(|one| match one.der {
            Ok(_) => (one.begin..=one.body.end).contains(&at),
            Err(_) => (one.begin..one.end).contains(&at),
        })
    };
    let mut around = None;
    for (at, line) in pem_scan::lines(&text.bytes, 0..text.bytes.len()) {
        let at = if line.starts_with(MARK) { at + MARK.len() } else { at };
        let line = line.strip_prefix(MARK).unwrap_or(line);
        if within(at) {
            continue;
        }
        match pem_scan::resembles_marker(line) {
            Some(Marker::Begin) => report.add(
                verdict,
                "pem-dashes",
                &text.place(at),
                "this BEGIN line is damaged, so what follows is not seen",
                "it must read -----BEGIN CERTIFICATE----- or -----BEGIN RSA PRIVATE KEY-----, \
                 in capitals, with five plain dashes on each side",
            ),
            Some(Marker::End) if sections.is_empty() => report.add(
                verdict,
                "pem-no-begin",
                &text.place(at),
                "an END line without its BEGIN line",
                "copy the text again from its beginning",
            ),
            Some(Marker::End) => {}
            None if line.iter().all(|byte| byte.is_ascii_whitespace()) => {}
            None => around = around.or(Some(at)),
        }
    }
    if let (Some(at), false) = (around, sections.is_empty()) {
        report.info(
            "pem-text-around",
            &text.place(at),
            "text outside of the PEM sections: the library skips it",
        );
    }
}

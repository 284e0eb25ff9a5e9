//! PEM as people write it into firmware: finds the sections and decodes them.
//!
//! Accepted beyond RFC 7468, because the vendor's documentation leads users to it: base64 in one
//! long line, no line break before `-----END` or after `-----BEGIN ...-----`, CRLF, blanks anywhere
//! between base64 characters, text before, between and after the sections, no padding.
#![forbid(unsafe_code)]

use base64ct::{Base64Unpadded, Encoding};
use std::fmt;
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// The longest section that is decoded, in base64 characters: many times an RSA-16384 key.
const LONGEST_SECTION: usize = 256 * 1024;

/// One PEM section. Its content may be a key and is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Section {
    /// What stands between `-----BEGIN ` and `-----`, for example `CERTIFICATE`.
    pub label: String,
    /// The decoded bytes, overwritten when dropped, or what is wrong with the section.
    pub der: Result<Zeroizing<Vec<u8>>, Damage>,
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = self.der.as_ref().map(|der| der.len());
        f.debug_struct("Section").field("label", &self.label).field("bytes", &content).finish()
    }
}

/// Why a section cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// There is no matching `-----END` line before the next section or the end of the text.
    NoEnd,
    /// A character does not belong to base64, or the number of characters cannot be right.
    NotBase64,
    /// The section has RFC 1421 headers: an encrypted key in OpenSSL's old format.
    Encrypted,
    /// The section is longer than any certificate or key.
    TooLong,
}

impl Damage {
    /// The damage as the end of a sentence that begins with the section's label.
    pub fn clause(self) -> &'static str {
        match self {
            Self::NoEnd => "has no matching -----END line",
            Self::NotBase64 => "is not valid base64",
            Self::Encrypted => "is encrypted with a pass phrase",
            Self::TooLong => "is too long",
        }
    }
}

/// All sections of `text` in their order. Never fails as a whole: each section says for itself
/// whether it could be decoded.
pub fn sections(text: &[u8]) -> Vec<Section> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after_begin)) = split(rest, BEGIN) {
        let Some((label, after_label)) = split(after_begin, DASHES) else { break };
        let Some(label) = std::str::from_utf8(label).ok().filter(|label| is_label(label)) else {
            rest = after_begin;
            continue;
        };
        let next_begin =
            split(after_label, BEGIN).map_or(after_label.len(), |(body, _)| body.len());
        let (body, tail) = after_label.split_at(next_begin);
        let der = match split(body, END) {
            Some((body, after_end)) if ends_section(after_end, label) => decode(body),
            _ => Err(Damage::NoEnd),
        };
        found.push(Section { label: label.to_owned(), der });
        rest = tail;
    }
    found
}

/// The parts of `text` before and after the first `pattern`.
fn split<'a>(text: &'a [u8], pattern: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(pattern.len()).position(|window| window == pattern)?;
    Some((text.get(..at)?, text.get(at + pattern.len()..)?))
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 64
        && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ')
}

fn ends_section(after_end: &[u8], label: &str) -> bool {
    after_end.strip_prefix(label.as_bytes()).is_some_and(|rest| rest.starts_with(DASHES))
}

fn decode(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, Damage> {
    if body.contains(&b':') {
        return Err(Damage::Encrypted);
    }
    if body.len() > LONGEST_SECTION {
        return Err(Damage::TooLong);
    }
    let mut base64 = Zeroizing::new(Vec::with_capacity(body.len()));
    base64.extend(body.iter().filter(|b| !b.is_ascii_whitespace()));
    while base64.last() == Some(&b'=') {
        base64.pop();
    }
    if base64.is_empty() {
        return Err(Damage::NotBase64);
    }
    let mut der = Zeroizing::new(vec![0; base64.len() / 4 * 3 + 3]);
    let decoded = Base64Unpadded::decode(base64.as_slice(), &mut der);
    let length = decoded.map_err(|_| Damage::NotBase64)?.len();
    der.truncate(length);
    Ok(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-----BEGIN CERTIFICATE-----\nAQIDBAUG\nBwgJ\n-----END CERTIFICATE-----\n";

    fn der(text: &str) -> Vec<Option<Vec<u8>>> {
        sections(text.as_bytes()).into_iter().map(|s| s.der.ok().map(|d| d.to_vec())).collect()
    }

    #[test]
    fn every_documented_form_decodes_to_the_same_bytes() {
        let expected = vec![Some(vec![1, 2, 3, 4, 5, 6, 7, 8, 9])];
        for text in [
            GOOD.to_owned(),
            GOOD.replace('\n', "\r\n"),
            GOOD.replace('\n', ""),
            GOOD.replace("BwgJ\n", "BwgJ"),
            GOOD.replace("-----\nAQ", "-----AQ"),
            GOOD.replace('\n', "  \t\n"),
            format!("subject=/CN=x\nnotes: -- --\n{GOOD}trailing text"),
            GOOD.trim_end().to_owned(),
        ] {
            assert_eq!(der(&text), expected, "{text:?}");
        }
        let two = format!("{GOOD}between\n{GOOD}").replace('\n', "");
        assert_eq!(der(&two).len(), 2);
    }

    #[test]
    fn keys_are_not_printed() {
        let text = format!("{:?}", sections(GOOD.as_bytes()));
        assert_eq!(text, "[Section { label: \"CERTIFICATE\", bytes: Ok(9) }]");
    }

    #[test]
    fn padding_may_be_there_or_not() {
        for body in ["AQI=", "AQI", "AQ==", "AQ"] {
            let text = format!("-----BEGIN X-----{body}-----END X-----");
            assert!(der(&text)[0].as_ref().is_some_and(|d| d[0] == 1), "{body}");
        }
    }

    #[test]
    fn damage_is_named_and_does_not_hide_the_next_section() {
        let damaged = [
            ("-----BEGIN X-----\nAQID\n", Damage::NoEnd),
            ("-----BEGIN X-----\nAQID\n-----END Y-----\n", Damage::NoEnd),
            ("-----BEGIN X-----\nAQ!D\n-----END X-----\n", Damage::NotBase64),
            ("-----BEGIN X-----\nA\n-----END X-----\n", Damage::NotBase64),
            ("-----BEGIN X-----\n-----END X-----\n", Damage::NotBase64),
            (
                "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END X-----",
                Damage::Encrypted,
            ),
        ];
        for (text, damage) in damaged {
            let found = sections(format!("{text}{GOOD}").as_bytes());
            assert_eq!(found[0].der, Err(damage), "{text}");
            assert!(found[1].der.is_ok(), "{text}");
        }
        let long = format!("-----BEGIN X-----{}-----END X-----", "A".repeat(LONGEST_SECTION + 1));
        assert_eq!(sections(long.as_bytes())[0].der, Err(Damage::TooLong));
    }

    #[test]
    fn text_without_sections_has_none() {
        for text in [
            "",
            "-----BEGIN ",
            "-----BEGIN -----",
            "-----BEGIN x-----",
            "PK\0PS",
            "-----END X-----",
        ] {
            assert_eq!(sections(text.as_bytes()), [], "{text:?}");
        }
    }
}

//! Distinguished names of certificates as text (RFC 4514).
//!
//! x509-cert can write them, too, but with the names of all object identifiers that it knows: 100 KB.
#![forbid(unsafe_code)]

use std::fmt::Write;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{self, Decode, Encode, Reader, SliceReader, Tag, Tagged};

/// The attributes of RFC 4514 section 3, and two that device certificates have besides.
const NAMES: [(ObjectIdentifier, &str); 11] = [
    (ObjectIdentifier::new_unwrap("2.5.4.3"), "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
    (ObjectIdentifier::new_unwrap("2.5.4.9"), "STREET"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25"), "DC"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1"), "UID"),
    (ObjectIdentifier::new_unwrap("2.5.4.5"), "SERIALNUMBER"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1"), "EMAILADDRESS"),
];

/// Reads a Name (RFC 5280 section 4.1.2.4); its text has the most specific part first.
pub(super) fn read(reader: &mut SliceReader<'_>) -> der::Result<String> {
    let mut parts = Vec::new();
    let mut name = elements(reader, Tag::Sequence)?;
    while !name.is_finished() {
        let mut part = String::new();
        let mut attributes = elements(&mut name, Tag::Set)?;
        while !attributes.is_finished() {
            if !part.is_empty() {
                part.push('+');
            }
            attribute(&mut attributes, &mut part)?;
        }
        parts.push(part);
    }
    parts.reverse();
    Ok(parts.join(","))
}

fn elements<'a>(reader: &mut SliceReader<'a>, tag: Tag) -> der::Result<SliceReader<'a>> {
    let value = AnyRef::decode(reader)?;
    value.tag().assert_eq(tag)?;
    SliceReader::new(value.value())
}

fn attribute(reader: &mut SliceReader<'_>, text: &mut String) -> der::Result<()> {
    let mut attribute = elements(reader, Tag::Sequence)?;
    let kind = ObjectIdentifier::decode(&mut attribute)?;
    let value = AnyRef::decode(&mut attribute)?;
    attribute.finish(())?;
    let name = NAMES.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name);
    match (name, characters(&value)) {
        (Some(name), Some(characters)) => {
            text.push_str(name);
            text.push('=');
            escape(characters, text);
        }
        // What is not a string, or may be one of another kind than its reader expects, stays DER.
        _ => {
            // Writing to a String cannot fail.
            let _ = write!(text, "{kind}=#");
            for byte in value.to_der()? {
                let _ = write!(text, "{byte:02x}");
            }
        }
    }
    Ok(())
}

fn characters<'a>(value: &AnyRef<'a>) -> Option<&'a str> {
    let is_text = matches!(
        value.tag(),
        Tag::PrintableString | Tag::Utf8String | Tag::Ia5String | Tag::TeletexString
    );
    std::str::from_utf8(value.value()).ok().filter(|_| is_text)
}

fn escape(characters: &str, text: &mut String) {
    let last = characters.chars().count().saturating_sub(1);
    for (place, character) in characters.chars().enumerate() {
        match character {
            '#' if place == 0 => text.push_str("\\#"),
            ' ' if place == 0 || place == last => text.push_str("\\ "),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', character]),
            '\x00'..='\x1f' | '\x7f' => {
                let _ = write!(text, "\\{:02x}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;
    use x509_cert::name::RdnSequence;

    fn text_of(der: &[u8]) -> der::Result<String> {
        read(&mut SliceReader::new(der)?)
    }

    #[test]
    fn names_read_as_x509_cert_writes_them() {
        for name in [
            "CN=device",
            "CN=device,OU=line 3,O=Maker\\, Inc.,L=Hangzhou,ST=Zhejiang,C=CN",
            "CN=two in one+UID=a\\+b,DC=example,DC=com,STREET=\\#1 \\\"High\\\" St\\;",
            "CN=\\ spaces at both ends\\ ,O=\\\\\\<\\>",
            "CN=\\0a\\7f",
            "CN=设备",
            "SERIALNUMBER=0042,CN=x",
            // 2.5.4.13, description.
            "2.5.4.13=#0c0161,CN=x",
        ] {
            let parsed = RdnSequence::from_str(name).unwrap();
            let text = text_of(&parsed.to_der().unwrap()).unwrap();
            if !name.contains("2.5.4.13") {
                assert_eq!(text, parsed.to_string());
            }
            assert_eq!(text, name);
        }
    }

    #[test]
    fn what_is_no_text_stays_der() {
        let name = |value: &[u8]| {
            let attribute = 5 + value.len() as u8;
            let head = [0x30, attribute + 4, 0x31, attribute + 2, 0x30, attribute];
            [&head[..], &[0x06, 3, 0x55, 4, 3], value].concat()
        };
        assert_eq!(text_of(&name(&[0x0c, 1, b'x'])).unwrap(), "CN=x");
        // BMPString, INTEGER, and UTF-8 that is none.
        for value in [&[0x1e, 2, 0, b'x'][..], &[0x02, 1, 7], &[0x0c, 1, 0xff]] {
            let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(text_of(&name(value)).unwrap(), format!("2.5.4.3=#{hex}"));
        }
    }

    #[test]
    fn damage_is_an_error() {
        assert_eq!(text_of(&[0x30, 0]).unwrap(), "");
        let good = RdnSequence::from_str("CN=device,O=Maker").unwrap().to_der().unwrap();
        for length in 0..good.len() {
            assert!(text_of(&good[..length]).is_err(), "{length}");
        }
        for (place, wrong) in [(0, 0x31), (2, 0x30), (4, 0x31), (6, 0x04)] {
            let mut damaged = good.clone();
            damaged[place] = wrong;
            assert!(text_of(&damaged).is_err(), "{place}");
        }
    }
}

//! Where the PEM sections of a text are, and what in them is damaged or merely untidy.
//!
//! Whether a section can be used is the library's word (`linksdk_hal::tls::pem`); this finds the
//! character that a person has to look at.

use std::ops::Range;

use linksdk_hal::tls::pem::{self, Damage};
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// A section as the library sees it, and where it is.
pub(crate) struct Section {
    pub(crate) label: String,
    pub(crate) der: Result<Zeroizing<Vec<u8>>, Damage>,
    /// Offset of `-----BEGIN`.
    pub(crate) begin: usize,
    /// What stands after the BEGIN line's dashes, up to `-----END` or the next section.
    pub(crate) body: Range<usize>,
    /// Up to the next section or the end of the text.
    pub(crate) end: usize,
}

/// All sections, in their order.
pub(crate) fn sections(text: &[u8]) -> Vec<Section> {
    let read = pem::sections(text);
    let mut found = Vec::new();
    let mut from = 0;
    // The library does not say where it found a section, but in which order.
    for section in read {
        let marker = [BEGIN, section.label.as_bytes(), DASHES].concat();
        let Some(begin) = find(text, &marker, from) else { break };
        let start = begin + marker.len();
        let next = find(text, BEGIN, start).unwrap_or(text.len());
        let body = start..find(text, END, start).map_or(next, |end| end.min(next));
        found.push(Section { label: section.label, der: section.der, begin, body, end: next });
        from = start;
    }
    found
}

/// The offset of the first `pattern` at or after `from`.
pub(crate) fn find(text: &[u8], pattern: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(pattern.len()).position(|window| window == pattern).map(|at| from + at)
}

/// The lines of a part of the text, each with its offset, without line ends.
pub(crate) fn lines(text: &[u8], part: Range<usize>) -> Vec<(usize, &[u8])> {
    let mut offset = part.start;
    let mut found = Vec::new();
    for line in text.get(part).unwrap_or_default().split(|byte| *byte == b'\n') {
        found.push((offset, line.strip_suffix(b"\r").unwrap_or(line)));
        offset += line.len() + 1;
    }
    found
}

/// A line that is meant to begin or to end a section, as far as a person would say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Marker {
    Begin,
    End,
}

/// Whether a line looks like a marker: BEGIN or END between something like dashes.
pub(crate) fn resembles_marker(line: &[u8]) -> Option<Marker> {
    let line = String::from_utf8_lossy(line);
    let line = line.trim();
    let dash =
        |character: char| matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '_');
    let inner = line.trim_matches(dash).trim();
    if inner.len() == line.len() {
        return None;
    }
    let upper = inner.to_ascii_uppercase();
    let of = |word: &str| {
        upper
            .strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    match () {
        () if of("BEGIN") => Some(Marker::Begin),
        () if of("END") => Some(Marker::End),
        () => None,
    }
}

/// Why the library cannot decode a body, as precisely as it can be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing between the two lines.
    Empty,
    /// A character, at this offset, that is not base64.
    Character(usize),
    /// `=` before the end of the text, at this offset.
    Padding(usize),
    /// The number of characters cannot be right; perhaps the line at this offset is to blame, with
    /// its length and that of the others.
    Length(Option<(usize, usize, usize)>),
    /// The last character has bits that no encoder sets, at this offset.
    LastCharacter(usize),
}

/// Looks for the damage in a body that is not base64.
pub(crate) fn fault(text: &[u8], body: Range<usize>) -> Fault {
    let characters: Vec<(usize, u8)> = text
        .get(body.clone())
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(at, byte)| (body.start + at, *byte))
        .filter(|(_, byte)| !byte.is_ascii_whitespace())
        .collect();
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let length = characters.iter().rposition(|(_, byte)| *byte != b'=').map_or(0, |at| at + 1);
    let significant = characters.get(..length).unwrap_or_default();
    if significant.is_empty() {
        return Fault::Empty;
    }
    if let Some((at, byte)) = significant.iter().find(|(_, byte)| !base64(*byte)) {
        return if *byte == b'=' { Fault::Padding(*at) } else { Fault::Character(*at) };
    }
    // A line that is too short shows in the last character, too, whatever is left over there.
    let odd = odd_line(text, body.clone());
    if length % 4 == 1 || odd.is_some() {
        return Fault::Length(odd);
    }
    Fault::LastCharacter(significant.last().map_or(body.start, |(at, _)| *at))
}

/// The one line whose length differs from the common one, the last apart.
pub(crate) fn odd_line(text: &[u8], body: Range<usize>) -> Option<(usize, usize, usize)> {
    let mut lengths: Vec<(usize, usize)> = lines(text, body)
        .into_iter()
        .map(|(at, line)| (at, line.iter().filter(|byte| !byte.is_ascii_whitespace()).count()))
        .filter(|(_, length)| *length > 0)
        .collect();
    let last = lengths.pop()?;
    let (_, common) = *lengths.first()?;
    // When the first line is the odd one, the others outvote it.
    let votes = lengths.iter().filter(|(_, length)| *length == common).count();
    let common = if votes * 2 > lengths.len() { common } else { lengths.get(1)?.1 };
    let mut odd = lengths.iter().filter(|(_, length)| *length != common);
    let found = odd.next().copied().or((last.1 > common).then_some(last));
    match (found, odd.next()) {
        (Some((at, length)), None) => Some((at, length, common)),
        _ => None,
    }
}

/// What the library reads although RFC 7468 does not allow it.
pub(crate) fn untidy(text: &[u8], section: &Section) -> Vec<&'static str> {
    let mut found = Vec::new();
    let body = text.get(section.body.clone()).unwrap_or_default();
    let lines = lines(text, section.body.clone());
    if !body.starts_with(b"\n") && !body.starts_with(b"\r\n") {
        found.push("no line break after the BEGIN line");
    }
    if !body.ends_with(b"\n") {
        found.push("no line break before the END line");
    }
    if lines.iter().any(|(_, line)| line.len() > 76) {
        found.push("base64 in long lines");
    }
    if lines.iter().any(|(_, line)| line.iter().any(|byte| byte.is_ascii_whitespace())) {
        found.push("blanks in or after lines");
    }
    if lines.iter().skip(1).rev().skip(1).any(|(_, line)| line.is_empty()) {
        found.push("empty lines");
    }
    let characters = body.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
    if characters % 4 != 0 {
        found.push("no padding (=) at the end");
    }
    found
}

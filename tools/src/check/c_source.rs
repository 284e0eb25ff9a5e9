//! A C source that defines `g_cli_crt` and `g_cli_key` as the vendor documents it.

use std::collections::BTreeMap;
use std::path::Path;

use zeroize::Zeroizing;

use super::c_lexer::{self, Kind, Literal, Token};
use super::finding::{Place, Report};
use super::text::Text;
use crate::failure::Outcome;
use crate::files;

pub(crate) const CERTIFICATE: &str = "g_cli_crt";
pub(crate) const KEY: &str = "g_cli_key";
pub(crate) const AUTHORITIES: &str = "iotx_ca_crt";

/// What the literals of a source hold.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) certificate: Option<Text>,
    pub(crate) key: Option<Text>,
    pub(crate) authorities: Option<Text>,
}

impl Source {
    /// `needed`: the variables that have to be there.
    pub(crate) fn read(path: &Path, needed: &[&str], report: &mut Report) -> Outcome<Self> {
        let source = Zeroizing::new(files::read(path)?);
        Ok(Self::of(&path.display().to_string(), &source, needed, report))
    }

    pub(crate) fn of(name: &str, source: &[u8], needed: &[&str], report: &mut Report) -> Self {
        let whole = Place::whole(name);
        let mut found = Source::default();
        let mut reader = Reader { name, report, macros: BTreeMap::new() };
        let tokens = reader.preprocessed(c_lexer::tokens(source));
        for (variable, slot) in [
            (CERTIFICATE, &mut found.certificate),
            (KEY, &mut found.key),
            (AUTHORITIES, &mut found.authorities),
        ] {
            let values = initializers(&tokens, variable);
            if let [_, second, ..] = values.as_slice() {
                reader.report.warning(
                    "source-defined-twice",
                    &reader.at(second.0),
                    format!(
                        "{variable} is given a value {} times; the first is checked",
                        values.len()
                    ),
                    "keep one definition, so that it is clear which one the device uses",
                );
            }
            if let Some((position, value)) = values.first() {
                *slot = reader.value(variable, *position, value);
            } else if needed.contains(&variable) {
                reader.report.problem(
                    "source-undefined",
                    &whole,
                    format!("{variable} is not defined in this file"),
                    format!("define it: const char *{variable} = \"-----BEGIN ...\\r\\n\" ...;"),
                );
            }
        }
        found
    }
}

struct Reader<'a> {
    name: &'a str,
    report: &'a mut Report,
    /// Macros whose body is nothing but string literals.
    macros: BTreeMap<String, Vec<Literal>>,
}

impl Reader<'_> {
    fn at(&self, position: (usize, usize)) -> Place {
        Place { name: self.name.to_owned(), variable: None, position: Some(position) }
    }

    /// The tokens outside of preprocessor directives, without what `#if 0` removes. Of other
    /// conditions both branches stay: what they depend on is not known here.
    fn preprocessed(&mut self, tokens: Vec<Token>) -> Vec<Token> {
        let mut live = Vec::new();
        // For each open #if: whether this branch is removed for certain.
        let mut removed: Vec<bool> = Vec::new();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let skipped = removed.contains(&true);
            if !(token.starts_line && matches!(token.kind, Kind::Punctuation(b'#'))) {
                if !skipped {
                    live.push(token);
                }
                continue;
            }
            let mut line = Vec::new();
            while let Some(token) = tokens.next_if(|token| !token.starts_line) {
                line.push(token.kind);
            }
            let mut line = line.into_iter();
            let Some(Kind::Identifier(directive)) = line.next() else { continue };
            match (directive.as_str(), line.next()) {
                ("if", Some(Kind::Number(number))) if line.len() == 0 => {
                    removed.push(number == "0");
                }
                ("if" | "ifdef" | "ifndef", _) => removed.push(false),
                ("elif" | "else", _) => {
                    if let Some(last) = removed.last_mut() {
                        *last = false;
                    }
                }
                ("endif", _) => drop(removed.pop()),
                ("define", Some(Kind::Identifier(name))) if !skipped => self.define(name, line),
                _ => {}
            }
        }
        live
    }

    fn define(&mut self, name: String, body: impl Iterator<Item = Kind>) {
        let mut literals = Vec::new();
        for kind in body {
            match kind {
                Kind::Literal(literal) => literals.push(literal),
                Kind::Punctuation(b'(' | b')') => {}
                _ => return,
            }
        }
        if !literals.is_empty() {
            self.macros.insert(name, literals);
        }
    }

    /// The text of an initialiser. What is wrong with it is reported.
    fn value(
        &mut self,
        variable: &'static str,
        start: (usize, usize),
        value: &[Token],
    ) -> Option<Text> {
        let mut literals = Vec::new();
        for token in value {
            match &token.kind {
                Kind::Literal(literal) => literals.push((token.position, literal)),
                Kind::Punctuation(b'{' | b'}' | b'(' | b')') => {}
                Kind::Identifier(name) if self.macros.contains_key(name) => {
                    let body = self.macros.get(name).into_iter().flatten();
                    literals.extend(body.map(|literal| (token.position, literal)));
                }
                Kind::Identifier(name) if name == "NULL" && literals.is_empty() => {
                    return self.null(variable, start);
                }
                Kind::Number(number) if number == "0" && literals.is_empty() => {
                    return self.null(variable, start);
                }
                // Its text may be key material outside quotes: only its place is told.
                _ => {
                    let place = self.at(token.position);
                    self.report.problem(
                        "source-not-literal",
                        &place,
                        format!(
                            "the value of {variable} has something here that is no string literal"
                        ),
                        "put every line of the PEM text between double quotes, end the last one \
                         with a semicolon",
                    );
                    return None;
                }
            }
        }
        if literals.is_empty() {
            let place = self.at(start);
            self.report.problem(
                "source-not-literal",
                &place,
                format!("{variable} is given no string literal"),
                format!("write {variable} = \"-----BEGIN ...\\r\\n\" \"...\";"),
            );
            return None;
        }
        let mut bytes = Zeroizing::new(Vec::new());
        let mut positions = Vec::new();
        for (position, literal) in literals {
            check_literal(self.name, position, literal, self.report);
            bytes.extend_from_slice(&literal.bytes);
            positions.extend_from_slice(&literal.positions);
        }
        if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
            let place = self.at(positions.get(end).copied().unwrap_or(start));
            self.report.warning(
                "source-nul",
                &place,
                format!("{variable} ends here: C text ends at its first NUL (\\0)"),
                "remove \\0 from the text",
            );
            bytes.truncate(end);
            positions.truncate(end);
        }
        Some(Text::of_literal(self.name.to_owned(), variable, bytes, positions))
    }

    fn null(&mut self, variable: &str, start: (usize, usize)) -> Option<Text> {
        let place = self.at(start);
        self.report.problem(
            "source-null",
            &place,
            format!("{variable} is NULL here: the device would show no certificate"),
            format!("give {variable} the PEM text, or assign it before connecting"),
        );
        None
    }
}

fn check_literal(name: &str, start: (usize, usize), literal: &Literal, report: &mut Report) {
    let at = |position| Place { name: name.to_owned(), variable: None, position: Some(position) };
    if literal.open {
        report.problem(
            "source-open-literal",
            &at(start),
            "the string literal that begins here is not closed on its line",
            "add the closing \" (or a backslash as the very last character of the line)",
        );
    }
    if literal.wide {
        report.problem(
            "source-wide-literal",
            &at(start),
            "a wide string literal (L\"...\", u\"...\", U\"...\") is no const char *",
            "remove the letter before the quote",
        );
    }
    if let Some(position) = literal.unknown_escape {
        report.warning(
            "source-escape",
            &at(position),
            "this escape sequence is not one that C knows; compilers drop the backslash",
            "write \\r\\n at the end of each line, and no other backslash",
        );
    }
}

/// The place of each value that `variable` is given, and the tokens of the value.
fn initializers<'a>(tokens: &'a [Token], variable: &str) -> Vec<((usize, usize), &'a [Token])> {
    let mut found = Vec::new();
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if !matches!(&first.kind, Kind::Identifier(name) if name == variable) {
            continue;
        }
        let after = after_brackets(after);
        let assigned = match after {
            [equals, next, ..] => is(equals, b'=') && !is(next, b'='),
            _ => false,
        };
        if let (true, Some(after)) = (assigned, after.get(1..)) {
            let length = after.iter().position(|token| is(token, b';')).unwrap_or(after.len());
            let (value, tail) = after.split_at(length);
            found.push((first.position, value));
            rest = tail;
        }
    }
    found
}

/// Steps over `[]` or `[SIZE]`.
fn after_brackets(tokens: &[Token]) -> &[Token] {
    match tokens.split_first() {
        Some((open, after)) if is(open, b'[') => {
            let close = after.iter().position(|token| is(token, b']'));
            close.and_then(|close| after.get(close + 1..)).unwrap_or_default()
        }
        _ => tokens,
    }
}

fn is(token: &Token, byte: u8) -> bool {
    matches!(token.kind, Kind::Punctuation(found) if found == byte)
}

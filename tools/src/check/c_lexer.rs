//! The tokens of a C source, as far as they matter for finding string literals: ISO C99 translation
//! phases 2, 3 and 5 (line splicing, comments, escape sequences), and C++11 raw strings.

use zeroize::Zeroizing;

/// What a token is.
pub(super) enum Kind {
    Identifier(String),
    /// A string literal, decoded.
    Literal(Literal),
    /// `NULL` may be written as 0.
    Number(String),
    Punctuation(u8),
}

/// A decoded string literal.
#[derive(Default)]
pub(super) struct Literal {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Line and column of each byte.
    pub(super) positions: Vec<(usize, usize)>,
    /// The closing quote is missing.
    pub(super) open: bool,
    /// `L"..."` and the like: no `char` array.
    pub(super) wide: bool,
    /// Where an escape sequence stands that C does not know.
    pub(super) unknown_escape: Option<(usize, usize)>,
}

pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) position: (usize, usize),
    /// Nothing but white space and comments stands before it on its line.
    pub(super) starts_line: bool,
}

/// All tokens of a source. Never fails: what is no C becomes punctuation.
pub(super) fn tokens(source: &[u8]) -> Vec<Token> {
    let mut lexer = Lexer { source, at: 0, line: 1, column: 1, fresh: true };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token() {
        tokens.push(token);
    }
    tokens
}

struct Lexer<'a> {
    source: &'a [u8],
    at: usize,
    line: usize,
    column: usize,
    fresh: bool,
}

impl Lexer<'_> {
    /// The length of a line splice at `at`: a backslash, blanks that compilers overlook, a line end.
    fn splice(&self, at: usize) -> usize {
        let rest = self.source.get(at..).unwrap_or_default();
        let Some(after) = rest.strip_prefix(b"\\") else { return 0 };
        let blanks = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        if after.get(blanks) == Some(&b'\n') { blanks + 2 } else { 0 }
    }

    /// Steps over `length` bytes as they stand in the file.
    fn skip(&mut self, length: usize) {
        for _ in 0..length {
            match self.source.get(self.at) {
                Some(b'\n') => (self.line, self.column) = (self.line + 1, 1),
                Some(_) => self.column += 1,
                None => return,
            }
            self.at += 1;
        }
    }

    fn skip_splices(&mut self) {
        loop {
            match self.splice(self.at) {
                0 => return,
                length => self.skip(length),
            }
        }
    }

    /// The next character, line splices removed.
    fn peek(&mut self) -> Option<u8> {
        self.skip_splices();
        self.source.get(self.at).copied()
    }

    /// The character after the next one, if no line splice stands between.
    fn second(&mut self) -> Option<u8> {
        self.skip_splices();
        let mut at = self.at + 1;
        loop {
            match self.splice(at) {
                0 => return self.source.get(at).copied(),
                length => at += length,
            }
        }
    }

    fn take(&mut self) -> Option<u8> {
        let next = self.peek()?;
        self.skip(1);
        Some(next)
    }

    fn token(&mut self) -> Option<Token> {
        self.skip_space();
        let first = self.peek()?;
        let (position, starts_line) = ((self.line, self.column), self.fresh);
        self.fresh = false;
        let kind = match first {
            b'"' => Kind::Literal(self.literal(false)),
            b'\'' => {
                self.character();
                Kind::Number("'".to_owned())
            }
            b'0'..=b'9' => Kind::Number(self.word()),
            byte if is_word(byte) => self.identifier(),
            byte => {
                self.take();
                Kind::Punctuation(byte)
            }
        };
        Some(Token { kind, position, starts_line })
    }

    fn skip_space(&mut self) {
        loop {
            match (self.peek(), self.second()) {
                (Some(b'\n'), _) => {
                    self.fresh = true;
                    self.take();
                }
                (Some(byte), _) if byte.is_ascii_whitespace() || byte == 0x0b => {
                    self.take();
                }
                (Some(b'/'), Some(b'/')) => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.take();
                    }
                }
                (Some(b'/'), Some(b'*')) => {
                    self.take();
                    self.take();
                    while let Some(byte) = self.take() {
                        if byte == b'*' && self.peek() == Some(b'/') {
                            self.take();
                            break;
                        }
                    }
                }
                _ => return,
            }
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(byte) = self.peek().filter(|byte| is_word(*byte)) {
            word.push(char::from(byte));
            self.take();
        }
        word
    }

    fn identifier(&mut self) -> Kind {
        let word = self.word();
        match (word.as_str(), self.peek()) {
            ("R" | "u8R", Some(b'"')) => Kind::Literal(self.raw_literal()),
            ("u8", Some(b'"')) => Kind::Literal(self.literal(false)),
            ("L" | "u" | "U", Some(b'"')) => Kind::Literal(self.literal(true)),
            _ => Kind::Identifier(word),
        }
    }

    /// A character constant. One that is not closed ends with its line.
    fn character(&mut self) {
        self.take();
        while let Some(byte) = self.peek().filter(|byte| *byte != b'\n') {
            self.take();
            match byte {
                b'\'' => return,
                b'\\' => drop(self.take()),
                _ => {}
            }
        }
    }

    fn literal(&mut self, wide: bool) -> Literal {
        let mut literal = Literal { wide, open: true, ..Literal::default() };
        self.take();
        loop {
            let next = self.peek();
            let position = (self.line, self.column);
            match next {
                None | Some(b'\n') => return literal,
                Some(b'"') => {
                    self.take();
                    literal.open = false;
                    return literal;
                }
                Some(b'\\') => {
                    self.take();
                    self.escape(&mut literal, position);
                }
                Some(byte) => {
                    self.take();
                    literal.push(byte, position);
                }
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self, literal: &mut Literal, position: (usize, usize)) {
        let Some(kind) = self.peek().filter(|byte| *byte != b'\n') else { return };
        if (b'0'..=b'7').contains(&kind) {
            let value = self.digits(3, 8).unwrap_or_default();
            return literal.push(value.to_le_bytes()[0], position);
        }
        self.take();
        let simple = match kind {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'v' => 0x0b,
            b'e' => 0x1b,
            b'\\' | b'"' | b'\'' | b'?' => kind,
            b'x' => {
                match self.digits(usize::MAX, 16) {
                    Some(value) => literal.push(value.to_le_bytes()[0], position),
                    None => literal.unknown_escape = Some(position),
                }
                return;
            }
            b'u' | b'U' => {
                let value = self.digits(if kind == b'u' { 4 } else { 8 }, 16);
                match value.and_then(char::from_u32) {
                    Some(character) => {
                        let mut buffer = [0; 4];
                        for byte in character.encode_utf8(&mut buffer).bytes() {
                            literal.push(byte, position);
                        }
                    }
                    None => literal.unknown_escape = Some(position),
                }
                return;
            }
            // Compilers warn and keep the character.
            other => {
                literal.unknown_escape = Some(position);
                other
            }
        };
        literal.push(simple, position);
    }

    fn digits(&mut self, most: usize, radix: u32) -> Option<u32> {
        let mut value = None;
        for _ in 0..most {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(radix));
            let Some(digit) = digit else { break };
            value = Some(value.unwrap_or(0_u32).wrapping_mul(radix).wrapping_add(digit));
            self.take();
        }
        value
    }

    /// `R"delimiter(...)delimiter"`: nothing in it is an escape sequence or a line splice.
    fn raw_literal(&mut self) -> Literal {
        let mut literal = Literal { open: true, ..Literal::default() };
        self.skip(1);
        let rest = self.source.get(self.at..).unwrap_or_default();
        let Some(length) = rest.iter().take(17).position(|byte| *byte == b'(') else {
            return literal;
        };
        let delimiter = rest.get(..length).unwrap_or_default();
        let end = [b")", delimiter, b"\""].concat();
        self.skip(length + 1);
        while let Some(rest) = self.source.get(self.at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with(&end) {
                self.skip(end.len());
                literal.open = false;
                return literal;
            }
            if let Some(byte) = rest.first() {
                literal.push(*byte, (self.line, self.column));
            }
            self.skip(1);
        }
        literal
    }
}

impl Literal {
    fn push(&mut self, byte: u8, position: (usize, usize)) {
        self.bytes.push(byte);
        self.positions.push(position);
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

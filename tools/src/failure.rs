//! What the command tells a person: lines, and sentences when it ends without success.

use std::fmt;
use std::io::Write;

/// Sentences that say what was attempted, what came back and what to check.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(sentences: impl Into<String>) -> Self {
        Failure(sentences.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Turns the error of a library into sentences.
pub(crate) trait Explain<T> {
    /// `attempted` reads like "reading x.pem"; `check` is a whole sentence.
    fn explain(self, attempted: impl fmt::Display, check: &str) -> Outcome<T>;
}

impl<T, E: fmt::Display> Explain<T> for Result<T, E> {
    fn explain(self, attempted: impl fmt::Display, check: &str) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{attempted} failed: {error}. {check}")))
    }
}

/// Writes a line to standard output. That nobody reads it is no failure.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

const COLUMNS: usize = 80;

/// Writes sentences to standard error in lines of at most 80 columns; longer words stay whole.
pub(crate) fn complain(sentences: &str) {
    let mut output = std::io::stderr().lock();
    let mut line = String::from("linksdk-x509:");
    for word in sentences.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > COLUMNS {
            let _ = writeln!(output, "{line}");
            line = String::from("   ");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(output, "{line}");
}

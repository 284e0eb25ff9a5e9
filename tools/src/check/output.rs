//! Findings and steps, for people or as one JSON object for scripts.

use std::io::IsTerminal;

use serde_json::{Value, json};

use super::connect::Endpoint;
use super::finding::{Finding, Report, Verdict};
use crate::failure::say;

/// The version of the JSON object: changes when a field changes its meaning or goes away.
const FORMAT: u32 = 1;

const COLUMNS: usize = 80;
/// Where the text of a folded line goes on.
const FINDING_INDENT: usize = 9;
const STEP_INDENT: usize = 20;

/// Where the result goes.
pub(crate) struct Output {
    json: bool,
    wrap: bool,
    printed: usize,
    steps: Vec<Value>,
    connection: Value,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        // One line for each finding is for programs that read lines; people get shorter ones.
        let wrap = std::io::stdout().is_terminal();
        Output { json, wrap, printed: 0, steps: Vec::new(), connection: Value::Null }
    }

    /// Prints the findings that have come since the last call.
    pub(crate) fn findings(&mut self, report: &Report) {
        for finding in report.findings.iter().skip(self.printed) {
            if !self.json {
                self.line(&sentence(finding), FINDING_INDENT);
            }
        }
        self.printed = report.findings.len();
    }

    /// A step of the connection, `None` for what takes no time.
    pub(crate) fn step(&mut self, name: &str, milliseconds: Option<f64>, text: &str) {
        if self.json {
            self.steps.push(json!({"step": name, "milliseconds": milliseconds, "text": text}));
            return;
        }
        let time = milliseconds.map_or_else(String::new, |time| format!("{time:.1} ms"));
        self.line(&format!("{time:>9}  {name:<8} {text}"), STEP_INDENT);
    }

    /// What a script wants to know about the connection beside the steps.
    pub(crate) fn connection(&mut self, connection: Value) {
        self.connection = connection;
    }

    /// The result in one sentence, or the JSON object.
    ///
    /// `whole`: there were a certificate and a key.
    pub(crate) fn end(&mut self, report: &Report, whole: bool, endpoint: Option<&Endpoint>) {
        if self.json {
            if let Some(connection) = self.connection.as_object_mut() {
                connection
                    .insert("steps".to_owned(), Value::Array(std::mem::take(&mut self.steps)));
            }
            let findings: Vec<Value> = report.findings.iter().map(Finding::to_json).collect();
            let object = json!({
                "format": FORMAT,
                "verdict": report.worst().name(),
                "problems": report.count(Verdict::Problem),
                "warnings": report.count(Verdict::Warning),
                "findings": findings,
                "connection": self.connection,
            });
            say(&format!("{object:#}"));
            return;
        }
        let with = endpoint.map_or_else(String::new, |endpoint| format!(" with {endpoint}"));
        let result = match report.worst() {
            Verdict::Problem => {
                format!("This will not work{with}: {}.", number(report, Verdict::Problem))
            }
            Verdict::Untried => "Not everything could be tried.".to_owned(),
            Verdict::Warning if whole => {
                format!("This will work{with}; {}.", number(report, Verdict::Warning))
            }
            Verdict::Warning => format!("No problem, {}.", number(report, Verdict::Warning)),
            _ if whole => format!("This will work{with}."),
            _ => "No problem was found.".to_owned(),
        };
        self.line(&format!("result   {result}"), FINDING_INDENT);
    }

    fn line(&self, text: &str, indent: usize) {
        if !self.wrap {
            return say(text);
        }
        let mut line = String::new();
        for (number, word) in text.split(' ').enumerate() {
            if number > 0 && line.chars().count() + 1 + word.chars().count() > COLUMNS {
                say(&line);
                line = " ".repeat(indent);
            } else if number > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
        say(&line);
    }
}

fn sentence(finding: &Finding) -> String {
    let Finding { verdict, place, text, cure, .. } = finding;
    let cure = if cure.is_empty() { String::new() } else { format!(". Cure: {cure}") };
    format!("{:<8} {place}: {}{cure}", verdict.name(), printable(text))
}

fn number(report: &Report, verdict: Verdict) -> String {
    match report.count(verdict) {
        1 => format!("1 {}", verdict.name()),
        count => format!("{count} {}s", verdict.name()),
    }
}

/// Names come out of certificates: nothing in them may steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    let steers = |one: char| {
        one.is_control() || matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|one| if steers(one) { '\u{fffd}' } else { one }).collect()
}

//! What `check` finds: a verdict, where it is, what it means, what to change.

use std::fmt;

use serde_json::{Value, json};

use super::codes;

/// How good or bad a finding is; the worst of all findings is the verdict of the whole check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// Works, and is worth knowing.
    Info,
    /// Works today, or works here, and may fail elsewhere or later.
    Warning,
    /// Could not be tried, so nothing is known.
    Untried,
    /// Does not work.
    Problem,
}

impl Verdict {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Untried => "untried",
            Self::Problem => "problem",
        }
    }
}

/// A file, or something else that has a name, and perhaps a line and a column in it, from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// The variable of a C source.
    pub(crate) variable: Option<&'static str>,
    pub(crate) position: Option<(usize, usize)>,
}

impl Place {
    pub(crate) fn whole(name: impl Into<String>) -> Self {
        Place { name: name.into(), variable: None, position: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        if let Some((line, column)) = self.position {
            write!(formatter, ":{line}:{column}")?;
        }
        self.variable.map_or(Ok(()), |variable| write!(formatter, " {variable}"))
    }
}

/// One finding. Its texts never hold key material.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    /// A word for scripts that stays the same when the sentences change.
    pub(crate) code: &'static str,
    pub(crate) place: Place,
    /// A clause or sentences, without a full stop at the end.
    pub(crate) text: String,
    /// What to change; empty when there is nothing to do.
    pub(crate) cure: String,
}

impl Finding {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "verdict": self.verdict.name(),
            "code": self.code,
            "place": self.place.name,
            "variable": self.place.variable,
            "line": self.place.position.map(|(line, _)| line),
            "column": self.place.position.map(|(_, column)| column),
            "text": self.text,
            "cure": (!self.cure.is_empty()).then_some(&self.cure),
        })
    }
}

/// All findings, in the order in which they were made.
#[derive(Default, Debug)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
}

impl Report {
    /// Adds a finding; one that says the same of the same place is kept once.
    pub(crate) fn add(
        &mut self,
        verdict: Verdict,
        code: &'static str,
        place: &Place,
        text: impl Into<String>,
        cure: impl Into<String>,
    ) {
        debug_assert!(codes::ALL.contains(&code), "{code} is not listed");
        let (text, cure) = (text.into(), cure.into());
        let finding = Finding { verdict, code, place: place.clone(), text, cure };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    pub(crate) fn ok(&mut self, code: &'static str, place: &Place, text: impl Into<String>) {
        self.add(Verdict::Ok, code, place, text, "");
    }

    pub(crate) fn info(&mut self, code: &'static str, place: &Place, text: impl Into<String>) {
        self.add(Verdict::Info, code, place, text, "");
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        place: &Place,
        text: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(Verdict::Warning, code, place, text, cure);
    }

    pub(crate) fn problem(
        &mut self,
        code: &'static str,
        place: &Place,
        text: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(Verdict::Problem, code, place, text, cure);
    }

    pub(crate) fn untried(
        &mut self,
        code: &'static str,
        place: &Place,
        text: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(Verdict::Untried, code, place, text, cure);
    }

    pub(crate) fn worst(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
    }

    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }
}

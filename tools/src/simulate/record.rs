//! The log: one JSON object per line.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use crate::failure::{Explain, Outcome};

/// Where the lines go. Every line is written at once, so that a reader sees whole lines.
pub(crate) struct Record(Option<Mutex<File>>);

/// The fields of one line.
pub(crate) struct Line(Map<String, Value>);

impl Line {
    /// `connection` counts TCP connections from 1; 0 stands for the control port.
    pub(crate) fn new(connection: u64, event: &str) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Milliseconds suffice, and fewer digits are easier on the eye.
        let seconds = (since_epoch.as_secs_f64() * 1000.0).round() / 1000.0;
        Line(Map::new()).with("time", seconds).with("connection", connection).with("event", event)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl Record {
    pub(crate) fn open(path: Option<&Path>) -> Outcome<Self> {
        let Some(path) = path else { return Ok(Record(None)) };
        let file = File::create(path).explain(
            format!("Making the log {}", path.display()),
            "Check that the folder exists and that you may write to it.",
        )?;
        Ok(Record(Some(Mutex::new(file))))
    }

    /// A log that cannot be written must not change what the platform does: errors are ignored.
    pub(crate) fn write(&self, line: Line) {
        if let Some(file) = &self.0 {
            let text = format!("{}\n", Value::Object(line.0));
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = file.write_all(text.as_bytes());
        }
    }
}

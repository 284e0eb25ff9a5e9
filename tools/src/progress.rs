//! A line on the terminal while something takes longer than a second.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Counts the seconds on standard error until it is dropped; only if that is a terminal.
pub(crate) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    pub(crate) fn start(what: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Progress(None);
        }
        let (stop, stopped) = mpsc::channel();
        let (what, start) = (what.to_owned(), Instant::now());
        let ticking = thread::spawn(move || {
            let mut shown = 0;
            while stopped.recv_timeout(SECOND) == Err(RecvTimeoutError::Timeout) {
                let line = format!("{what}, {} s", start.elapsed().as_secs());
                shown = line.chars().count();
                let _ = write!(std::io::stderr(), "\r{line}");
            }
            let _ = write!(std::io::stderr(), "\r{:shown$}\r", "");
        });
        Progress(Some((stop, ticking)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, ticking)) = self.0.take() {
            drop(stop);
            let _ = ticking.join();
        }
    }
}

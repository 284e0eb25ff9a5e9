//! Log lines for the firmware: levels and one hook. Silent until a hook is set; never stdout.
//!
//! What is logged never contains key material, passwords or payloads.
#![forbid(unsafe_code)]

use crate::lock::fixed::RwLock;
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, PoisonError};

/// How much a line matters. The numbers are those of `IOT_SetLogLevel` in the Link SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// A connection or a call failed; the line says why and what to check.
    Error = 2,
    /// It works, but somebody should look.
    Warning = 3,
    /// One line per connection or reconnection.
    Info = 4,
    /// One line per step.
    Debug = 5,
}

/// Receives each line that passes the level. Called on the thread that logs, with no lock held.
pub type Sink = Arc<dyn Fn(Level, &str) + Send + Sync>;

static SINK: RwLock<Option<Sink>> = RwLock::new(None);
static LIMIT: AtomicU8 = AtomicU8::new(Level::Info as u8);

/// Sets or removes the receiver of log lines. Later lines go to the new one.
pub fn set_sink(sink: Option<Sink>) {
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = sink;
}

/// Sets the least important level that is still reported, in the numbers of `IOT_SetLogLevel`
/// (0 silences everything). Starts at [`Level::Info`].
pub fn set_limit(limit: u8) {
    LIMIT.store(limit, Ordering::Relaxed);
}

/// Reports one line. The text is built only when somebody listens. The macros `error!`,
/// `warning!` and `info!` of this module are the short form.
pub fn line(level: Level, text: fmt::Arguments<'_>) {
    if level as u8 > LIMIT.load(Ordering::Relaxed) {
        return;
    }
    let sink = SINK.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(sink) = sink {
        sink(level, &text.to_string());
    }
}

macro_rules! error { ($($arg:tt)*) => { $crate::log::line($crate::log::Level::Error, format_args!($($arg)*)) } }
macro_rules! warning { ($($arg:tt)*) => { $crate::log::line($crate::log::Level::Warning, format_args!($($arg)*)) } }
macro_rules! info { ($($arg:tt)*) => { $crate::log::line($crate::log::Level::Info, format_args!($($arg)*)) } }
pub(crate) use {error, info, warning};

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::{Mutex, MutexGuard};

    /// Sink and limit belong to the whole process: tests that set them hold this, and find no sink
    /// and the limit of the start.
    pub(crate) fn exclusive_sink() -> MutexGuard<'static, ()> {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        set_sink(None);
        set_limit(Level::Info as u8);
        turn
    }

    #[test]
    fn lines_reach_the_sink_up_to_the_limit() {
        let _turn = exclusive_sink();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let store = Arc::clone(&seen);
        set_sink(Some(Arc::new(move |level, text: &str| {
            if text.starts_with("log-test") {
                store.lock().unwrap_or_else(PoisonError::into_inner).push((level, text.to_owned()));
            }
        })));
        info!("log-test {}", 1);
        line(Level::Debug, format_args!("log-test 2"));
        set_limit(0);
        error!("log-test 3");
        set_limit(Level::Info as u8);
        set_sink(None);
        error!("log-test 4");
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(*seen, [(Level::Info, "log-test 1".to_owned())]);
    }
}

//! A lock that gives up at a deadline: packets of several threads must not mix on the wire, and
//! nobody may wait for the others longer than its own call lasts.
#![forbid(unsafe_code)]

use crate::deadline::Deadline;
use crate::lock::{Condvar, Mutex};
use std::sync::PoisonError;

/// The way to the wire, for one thread at a time.
#[derive(Debug, Default)]
pub(super) struct Gate {
    taken: Mutex<bool>,
    freed: Condvar,
}

/// The right to write, until it is dropped.
pub(super) struct Pass<'a>(&'a Gate);

impl Gate {
    /// Waits until the gate is free; `None` when the deadline passes first.
    pub(super) fn enter(&self, deadline: Deadline) -> Option<Pass<'_>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken {
            if deadline.is_over() {
                return None;
            }
            let waited = self.freed.wait_timeout(taken, deadline.remaining());
            taken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken = true;
        Some(Pass(self))
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_never_past_the_deadline() {
        let gate = Gate::default();
        let pass = gate.enter(Deadline::now());
        assert!(pass.is_some());
        assert!(gate.enter(Deadline::after_ms(20)).is_none());
        std::thread::scope(|scope| {
            let other = scope.spawn(|| gate.enter(Deadline::after_ms(10_000)).is_some());
            drop(pass);
            assert!(other.join().unwrap());
        });
        assert!(gate.enter(Deadline::now()).is_some());
    }
}

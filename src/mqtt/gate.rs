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

#[cfg(not(loom))]
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

/// Three threads that want to the wire, in every order that loom can find (`make loom`).
#[cfg(loom)]
#[cfg(test)]
mod interleavings {
    use super::*;
    use crate::lock::bounded_model;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::thread;
    use std::sync::Arc;

    #[test]
    fn one_thread_at_a_time_writes_and_each_gets_its_turn() {
        bounded_model(4, || {
            let shared = Arc::new((Gate::default(), AtomicUsize::new(0)));
            let write = |(gate, inside): &(Gate, AtomicUsize)| {
                let pass = gate.enter(Deadline::after_ms(3_600_000));
                assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                inside.fetch_sub(1, Ordering::Relaxed);
                drop(pass.expect("the way is free in time"));
            };
            let others = [Arc::clone(&shared), Arc::clone(&shared)]
                .map(|shared| thread::spawn(move || write(&shared)));
            write(&shared);
            others.into_iter().for_each(|other| other.join().unwrap());
            assert!(shared.0.enter(Deadline::now()).is_some());
        });
    }

    #[test]
    fn who_has_no_time_never_waits_and_never_passes_a_taken_gate() {
        loom::model(|| {
            let gate = Arc::new(Gate::default());
            let other = Arc::clone(&gate);
            let entering = thread::spawn(move || other.enter(Deadline::now()).map(drop).is_some());
            let pass = gate.enter(Deadline::now());
            let entered = entering.join().unwrap();
            assert!(entered || pass.is_some(), "one of them found the gate free");
            drop(pass);
            assert!(gate.enter(Deadline::now()).is_some());
        });
    }
}

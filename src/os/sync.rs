//! Semaphores and mutexes for firmware, behind numbers instead of pointers.
//!
//! A number that names nothing (0, destroyed, invented, or of the other kind) is recognised. With
//! pointers to pthread objects it would be read as memory.
#![forbid(unsafe_code)]

use crate::deadline::Deadline;
use crate::lock::{Condvar, Mutex};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

/// Handles stay below this, so that they fit a 32-bit pointer and never look negative.
const LARGEST_HANDLE: usize = 0x7fff_ffff;

/// A counter that can be waited for. A mutex is one that starts at 1 and goes no higher.
#[derive(Debug)]
struct Semaphore {
    state: Mutex<State>,
    changed: Condvar,
    largest: u32,
}

#[derive(Debug)]
struct State {
    count: u32,
    destroyed: bool,
}

impl Semaphore {
    fn new(count: u32, largest: u32) -> Self {
        let state = Mutex::new(State { count, destroyed: false });
        Self { state, changed: Condvar::new(), largest }
    }

    fn post(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.count = state.count.saturating_add(1).min(self.largest);
        self.changed.notify_one();
    }

    fn wait(&self, deadline: Option<Deadline>) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.destroyed {
                return false;
            }
            if state.count > 0 {
                state.count -= 1;
                return true;
            }
            state = match deadline {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) if deadline.is_over() => return false,
                Some(deadline) => {
                    let waited = self.changed.wait_timeout(state, deadline.remaining());
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn destroy(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).destroyed = true;
        self.changed.notify_all();
    }
}

/// What a handle stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Created by `HAL_SemaphoreCreate`; starts at 0.
    Semaphore,
    /// Created by `HAL_MutexCreate`; starts unlocked. Not recursive; any thread may unlock it.
    Mutex,
}

struct Objects {
    last: usize,
    live: BTreeMap<usize, (Kind, Arc<Semaphore>)>,
}

#[cfg(not(loom))]
static OBJECTS: Mutex<Objects> = Mutex::new(Objects { last: 0, live: BTreeMap::new() });
// loom sees an order only between what it knows of; it makes this one anew for each.
#[cfg(loom)]
loom::lazy_static! {
    static ref OBJECTS: Mutex<Objects> = Mutex::new(Objects { last: 0, live: BTreeMap::new() });
}

/// Makes an object; its handle is never 0. A handle is not used again before 2^31 others were.
pub fn create(kind: Kind) -> usize {
    let object = match kind {
        Kind::Semaphore => Semaphore::new(0, u32::MAX),
        Kind::Mutex => Semaphore::new(1, 1),
    };
    let mut objects = OBJECTS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut handle = objects.last;
    loop {
        handle = if handle >= LARGEST_HANDLE { 1 } else { handle + 1 };
        if !objects.live.contains_key(&handle) {
            break;
        }
    }
    objects.last = handle;
    objects.live.insert(handle, (kind, Arc::new(object)));
    handle
}

fn find(kind: Kind, handle: usize) -> Option<Arc<Semaphore>> {
    let objects = OBJECTS.lock().unwrap_or_else(PoisonError::into_inner);
    let (found, object) = objects.live.get(&handle)?;
    (*found == kind).then(|| Arc::clone(object))
}

/// Ends the object; who waits for it returns without it. `false` when the handle names none.
pub fn destroy(kind: Kind, handle: usize) -> bool {
    let removed = {
        let mut objects = OBJECTS.lock().unwrap_or_else(PoisonError::into_inner);
        match objects.live.get(&handle) {
            Some((found, _)) if *found == kind => objects.live.remove(&handle),
            _ => None,
        }
    };
    removed.is_some_and(|(_, object)| {
        object.destroy();
        true
    })
}

/// Takes one, waiting until `deadline` or, without one, for ever. `false`: not taken in time, the
/// handle names nothing, or the object was destroyed meanwhile.
pub fn take(kind: Kind, handle: usize, deadline: Option<Deadline>) -> bool {
    find(kind, handle).is_some_and(|object| object.wait(deadline))
}

/// Gives one back. `false` when the handle names nothing.
pub fn give(kind: Kind, handle: usize) -> bool {
    find(kind, handle).is_some_and(|object| {
        object.post();
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    fn at_once() -> Option<Deadline> {
        Some(Deadline::now())
    }

    #[test]
    fn a_semaphore_counts() {
        let semaphore = create(Kind::Semaphore);
        assert!(!take(Kind::Semaphore, semaphore, at_once()));
        assert!(give(Kind::Semaphore, semaphore) && give(Kind::Semaphore, semaphore));
        assert!(take(Kind::Semaphore, semaphore, at_once()));
        assert!(take(Kind::Semaphore, semaphore, None));
        assert!(!take(Kind::Semaphore, semaphore, Some(Deadline::after_ms(1))));
        assert!(destroy(Kind::Semaphore, semaphore));
    }

    #[test]
    fn a_mutex_lets_one_in_however_often_it_is_unlocked() {
        let mutex = create(Kind::Mutex);
        assert!(give(Kind::Mutex, mutex));
        assert!(take(Kind::Mutex, mutex, at_once()));
        assert!(!take(Kind::Mutex, mutex, at_once()));
        assert!(give(Kind::Mutex, mutex));
        assert!(take(Kind::Mutex, mutex, at_once()));
        assert!(destroy(Kind::Mutex, mutex));
    }

    #[test]
    fn handles_that_name_nothing_are_recognised() {
        let mutex = create(Kind::Mutex);
        assert!(!take(Kind::Semaphore, mutex, None) && !destroy(Kind::Semaphore, mutex));
        assert!(destroy(Kind::Mutex, mutex) && !destroy(Kind::Mutex, mutex));
        for handle in [0, mutex, usize::MAX, 0xdead_0000] {
            assert!(!take(Kind::Mutex, handle, None) && !give(Kind::Mutex, handle));
        }
    }

    #[test]
    fn destroying_wakes_who_waits() {
        let semaphore = create(Kind::Semaphore);
        let (started, is_started) = mpsc::channel();
        let waiter = thread::spawn(move || {
            started.send(()).unwrap();
            take(Kind::Semaphore, semaphore, None)
        });
        is_started.recv().unwrap();
        assert!(destroy(Kind::Semaphore, semaphore));
        assert!(!waiter.join().unwrap());
    }

    #[test]
    fn posting_wakes_another_thread() {
        let (there, back) = (create(Kind::Semaphore), create(Kind::Semaphore));
        let other = thread::spawn(move || {
            take(Kind::Semaphore, there, None) && give(Kind::Semaphore, back)
        });
        assert!(give(Kind::Semaphore, there) && take(Kind::Semaphore, back, None));
        assert!(other.join().unwrap());
    }
}

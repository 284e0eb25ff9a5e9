//! The locks that all rooms use. Ordinarily the standard library's.
//!
//! The checkers that look for races have to see every lock. Under `cfg(loom)` locks are loom's, which
//! tries the orders in which threads can run (`make loom`). Under `cfg(visible_locks)` they are POSIX
//! locks, because helgrind and drd cannot see the standard library's, which ask the kernel directly
//! (`make memcheck`). Neither is part of any build for firmware.
#![cfg_attr(not(visible_locks), forbid(unsafe_code))]

#[cfg(loom)]
pub use loom::sync::{Condvar, Mutex, MutexGuard, atomic::AtomicBool};

#[cfg(not(loom))]
pub use fixed::{Condvar, Mutex, MutexGuard};
#[cfg(not(loom))]
pub use std::sync::atomic::AtomicBool;

/// Runs a model in all orders in which threads are interrupted so often, or as often as
/// LOOM_MAX_PREEMPTIONS says; in all orders there are, which takes minutes, when LINKSDK_EVERY_ORDER is set.
#[cfg(all(loom, test))]
pub(crate) fn bounded_model(interruptions: usize, what: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    if std::env::var_os("LINKSDK_EVERY_ORDER").is_none() {
        builder.preemption_bound = builder.preemption_bound.or(Some(interruptions));
    }
    builder.check(what);
}

/// Locks that can be made before the program starts, for what is global. loom's cannot.
pub mod fixed {
    #[cfg(not(visible_locks))]
    pub use std::sync::{Condvar, Mutex, MutexGuard, RwLock};

    #[cfg(visible_locks)]
    pub use super::visible::{Condvar, Mutex, MutexGuard, RwLock};
}

#[cfg(visible_locks)]
#[allow(missing_docs, reason = "everything is named as in the standard library")]
#[path = "../tests/checked/visible_locks.rs"]
mod visible;

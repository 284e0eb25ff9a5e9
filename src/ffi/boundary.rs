//! What surrounds every export: one-time set-up, and a panic becomes the documented failure.
#![forbid(unsafe_code)]

use crate::log;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

static SET_UP: Once = Once::new();

/// Makes panics speak through the firmware's log hook instead of stderr, and connects state events
/// to the registry of this build.
fn set_up() {
    SET_UP.call_once(|| {
        #[cfg(feature = "mqtt")]
        crate::state::set_sink(super::sdk::raise_state);
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if cfg!(test) {
                previous(panic);
            }
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            log::error!("internal error contained at {place}");
        }));
    });
}

/// Runs the body of an export. A panic never crosses into C: it is logged and becomes `failure`,
/// the failure that the export documents.
pub fn boundary<T>(failure: T, body: impl FnOnce() -> T) -> T {
    boundary_or(failure, || (), body)
}

/// Like [`boundary`], and runs `clean_up` after a panic, to close what the body was working on.
pub fn boundary_or<T>(failure: T, clean_up: impl FnOnce(), body: impl FnOnce() -> T) -> T {
    set_up();
    // Everything shared is behind locks that are recovered from poisoning, or atomics; the value
    // that the body was building is lost with it.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(_) => {
            let _ = catch_unwind(AssertUnwindSafe(clean_up));
            failure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::panic, reason = "the panic is what is tested")]
    fn a_panic_becomes_the_failure_and_cleans_up() {
        let mut cleaned = false;
        let value = boundary_or(-1, || cleaned = true, || panic!("on purpose"));
        assert_eq!(value, -1);
        assert!(cleaned);
        assert_eq!(boundary(-1, || 7), 7);
    }
}

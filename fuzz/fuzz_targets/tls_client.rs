//! The TLS engine of this build against a server whose records are changed on the way and before they are sealed.
#![no_main]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/hostile_tls/mod.rs"]
mod hostile_tls;
#[path = "../../tests/support/mod.rs"]
mod support;

use libfuzzer_sys::fuzz_target;
use linksdk_fuzz::memory::{self, Counted};

#[global_allocator]
static COUNTED: Counted = Counted;

/// Both ends, both connections, and all that is sent in any turn.
const MOST_MEMORY: usize = 2 * 1024 * 1024;

fuzz_target!(init: {
    // Makes the certificates, which stay.
    hostile_tls::run(&[0, 0, 0], |engine| engine);
}, |data: &[u8]| {
    let wrap: hostile_tls::Wrap = match cfg!(feature = "planted") {
        true => hostile_tls::faulty::forgetful,
        false => |engine| engine,
    };
    memory::bounded(MOST_MEMORY, || hostile_tls::run(data, wrap));
});

//! The MQTT client against a server that sends anything, while the firmware publishes, subscribes and yields.
#![no_main]

#[path = "../../tests/support/hostile_mqtt/mod.rs"]
mod hostile_mqtt;

use libfuzzer_sys::fuzz_target;
use linksdk_fuzz::memory::{self, Counted};
use linksdk_fuzz::planted;

#[global_allocator]
static COUNTED: Counted = Counted;

/// The client, what it holds for the server, and what the harness remembers of both.
const MOST_MEMORY: usize = 1024 * 1024;

fuzz_target!(|data: &[u8]| {
    memory::bounded(MOST_MEMORY, || hostile_mqtt::run(data, planted::falsify()));
});

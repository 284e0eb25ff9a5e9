//! Defects for `scripts/fuzz.sh control`: with the feature `planted` each kind of target has to find one.

use linksdk_hal::mqtt::codec::Incoming;

/// A decoder that does not bear one kind of message.
pub fn decoded(packet: &Incoming) {
    if let (true, Incoming::Publish(message)) = (cfg!(feature = "planted"), packet) {
        assert!(!message.topic.starts_with("/x"), "planted");
    }
}

/// What an MQTT client reads in place of a byte, if not the byte.
pub fn falsify() -> Option<fn(u8) -> u8> {
    cfg!(feature = "planted").then_some(|byte| if byte == b'a' { b'b' } else { byte })
}

/// Writes one byte more than `buffer` has.
pub fn overrun(buffer: &mut [u8]) {
    if cfg!(feature = "planted") {
        // SAFETY: there is none. That is the defect.
        unsafe { buffer.as_mut_ptr().add(buffer.len()).write_volatile(0) };
    }
}

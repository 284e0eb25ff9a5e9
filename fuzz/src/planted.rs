//! Defects for `scripts/fuzz.sh control`: with the feature `planted` each kind of target has to find one.

use linksdk_hal::mqtt::codec::Incoming;
use linksdk_hal::tls::{Engine, Io, Negotiated, Outcome, Want};

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

/// An engine whose errors are not final.
struct Forgetful(Box<dyn Engine>);

impl Engine for Forgetful {
    fn step(&mut self, io: &mut dyn Io, want: Want<'_>) -> Outcome {
        let flush = matches!(want, Want::Flush);
        match self.0.step(io, want) {
            Outcome::Failed(_) if flush => Outcome::Done(0),
            outcome => outcome,
        }
    }
    fn negotiated(&self) -> Option<Negotiated> {
        self.0.negotiated()
    }
    fn server_chain(&self) -> Vec<Vec<u8>> {
        self.0.server_chain()
    }
}

/// The engine as it is, or as it must not be.
pub fn engine(engine: Box<dyn Engine>) -> Box<dyn Engine> {
    match cfg!(feature = "planted") {
        true => Box::new(Forgetful(engine)),
        false => engine,
    }
}

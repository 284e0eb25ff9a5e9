//! Engines that break their promises, so that the harness can show that it notices.

use linksdk_hal::tls::{Engine, Io, Negotiated, Outcome, Want};

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

/// An engine that changes what it delivers.
struct Lying(Box<dyn Engine>);

impl Engine for Lying {
    fn step(&mut self, io: &mut dyn Io, want: Want<'_>) -> Outcome {
        match want {
            Want::Read(buffer) => {
                let outcome = self.0.step(io, Want::Read(buffer));
                buffer[0] ^= 0x80;
                outcome
            }
            want => self.0.step(io, want),
        }
    }
    fn negotiated(&self) -> Option<Negotiated> {
        self.0.negotiated()
    }
    fn server_chain(&self) -> Vec<Vec<u8>> {
        self.0.server_chain()
    }
}

/// Lets a failed connection flush.
pub fn forgetful(engine: Box<dyn Engine>) -> Box<dyn Engine> {
    Box::new(Forgetful(engine))
}

/// Changes the first byte of what is delivered.
pub fn lying(engine: Box<dyn Engine>) -> Box<dyn Engine> {
    Box::new(Lying(engine))
}

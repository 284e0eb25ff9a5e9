//! An engine against a TLS server whose records are changed on the way: both in memory, all decided by a string
//! of bytes but for the keys and nonces of the two. Panics when the engine breaks a promise.
#![allow(unreachable_pub, reason = "a test program and a fuzz target have this module")]

pub mod faulty;
mod fixture;
mod script;
mod sealed;
mod wire;

use self::fixture::{fixture, shared};
use self::script::Script;
use self::wire::Tamper;
use crate::support::memory::{Wire, serve};
use crate::support::server::versions;
use linksdk_hal::tls::{Engine, Io, Outcome, Want};
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

/// More than any engine reads in one step: a peer must not hold a step for ever.
const READS_PER_STEP: usize = 64;

/// More steps than any connection of the longest script takes.
const STEPS: usize = 100_000;

/// How a connection ended, for those who want to know what a script does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The handshake failed.
    Refused,
    /// The handshake was completed, and later something failed.
    Failed,
    /// Nothing failed.
    Well,
}

/// Makes an engine of what every engine of this build is.
pub type Wrap = fn(Box<dyn Engine>) -> Box<dyn Engine>;

/// Counts what a step reads.
struct Counting<'a>(&'a mut Wire, usize);

impl Io for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 += 1;
        assert!(self.1 <= READS_PER_STEP, "one step reads without end");
        self.0.read(buffer)
    }
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
}

/// Bytes that differ wherever some are missing, from `start` on.
fn pattern(start: usize, count: u16) -> Vec<u8> {
    static ALL: OnceLock<Vec<u8>> = OnceLock::new();
    let all = ALL.get_or_init(|| (0..=u8::MAX - 5).cycle().take(70_000).collect());
    all[start % 251..][..usize::from(count)].to_vec()
}

/// One connection.
struct Course {
    engine: Box<dyn Engine>,
    server: ServerConnection,
    wire: Wire,
    tamper: Tamper,
    script: Rc<Script>,
    alive: bool,
    steps: usize,
    failed: Option<Outcome>,
    received: usize,
    accepted: Vec<u8>,
    arrived: Vec<u8>,
}

impl Course {
    fn new(engine: Box<dyn Engine>, config: &Arc<ServerConfig>, script: Rc<Script>) -> Self {
        let wire = Wire { portion: script.portion, room: script.room, ..Wire::default() };
        Self {
            engine,
            server: ServerConnection::new(Arc::clone(config)).unwrap(),
            wire,
            tamper: Tamper::new(Rc::clone(&script)),
            script,
            alive: true,
            steps: 0,
            failed: None,
            received: 0,
            accepted: Vec::new(),
            arrived: Vec::new(),
        }
    }

    fn step(&mut self, want: Want<'_>) -> Outcome {
        self.steps += 1;
        assert!(self.steps < STEPS, "the connection does not end");
        let outcome = self.engine.step(&mut Counting(&mut self.wire, 0), want);
        if let Some(failed) = &self.failed {
            assert_eq!(&outcome, failed, "an error was not final");
        }
        outcome
    }

    /// Lets the server work. `false` when there is nothing new for anybody.
    fn serve(&mut self) -> bool {
        let before = (self.wire.to_server.len(), self.wire.to_client.len(), self.wire.ended);
        if !self.alive {
            self.wire.to_server.clear();
            return false;
        }
        self.alive = serve(&mut self.server, &mut self.wire);
        self.tamper.pass(&mut self.wire, before.1);
        let _ = self.server.reader().read_to_end(&mut self.arrived);
        assert!(self.accepted.starts_with(&self.arrived), "the server got what was not sent");
        before.0 > 0 || before.1 != self.wire.to_client.len() || before.2 != self.wire.ended
    }

    /// Lets the server work while `outcome` says that the engine waits. `false` when it waits no more; a
    /// connection on which nothing moves ends.
    fn waits(&mut self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::WantRead | Outcome::WantWrite => {
                let moved = self.serve() || !self.wire.to_client.is_empty();
                self.wire.ended |= !moved;
                true
            }
            _ => false,
        }
    }

    fn handshake(&mut self) -> bool {
        loop {
            let known = !self.engine.server_chain().is_empty();
            assert!(
                !known || self.engine.negotiated().is_some(),
                "a chain that may not be the server's"
            );
            let outcome = self.step(Want::Handshake);
            if !self.waits(&outcome) {
                match &outcome {
                    Outcome::Done(0) => {}
                    Outcome::Failed(_) => self.failed = Some(outcome),
                    other => panic!("a handshake ended with {other:?}"),
                }
                return self.failed.is_none();
            }
        }
    }

    /// What a complete handshake promises: it is with the server, and of its version.
    fn check_agreement(&self, newest: bool) {
        let negotiated = self.engine.negotiated().unwrap();
        let (chain, whole) = (self.engine.server_chain(), &fixture().chain);
        // Of a session, not every engine keeps more than the server's own certificate.
        let known = if negotiated.resumed { chain.len().max(1) } else { whole.len() };
        assert!(whole.get(..known) == Some(&chain[..]), "another chain than the server's");
        let newest = newest && versions().len() > 1;
        assert_eq!(negotiated.protocol, if newest { "TLSv1.3" } else { "TLSv1.2" });
    }

    /// Reads what is there. `false` when nothing more can come.
    fn drain(&mut self) -> bool {
        let mut buffer = [0; 3000];
        loop {
            match self.step(Want::Read(&mut buffer)) {
                Outcome::Done(count) => {
                    assert!((1..=buffer.len()).contains(&count));
                    let place = self.received..self.received + count;
                    let right = |sealed: &[u8]| sealed.get(place) == Some(&buffer[..count]);
                    assert!(
                        sealed::with_plaintext(right),
                        "plaintext that the server did not send"
                    );
                    self.received += count;
                }
                Outcome::WantRead if !self.wire.to_client.is_empty() => {}
                Outcome::WantRead => return true,
                Outcome::WantWrite => drop(self.serve()),
                outcome @ (Outcome::Closed | Outcome::Eof) => {
                    assert_eq!(self.step(Want::Read(&mut buffer)), outcome);
                    return false;
                }
                outcome @ Outcome::Failed(_) => {
                    self.failed = Some(outcome);
                    return false;
                }
            }
        }
    }

    /// Hands `count` bytes to the engine. `false` when the connection failed.
    fn write(&mut self, count: u16) -> bool {
        let start = self.accepted.len();
        let bytes = pattern(start, count);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            // They belong to the engine before it says so: the server may look in between.
            match self.step(Want::Write(rest)) {
                Outcome::Done(taken) => {
                    assert!((1..=rest.len()).contains(&taken));
                    self.accepted.extend(&rest[..taken]);
                    rest = &rest[taken..];
                }
                outcome => {
                    if !self.waits(&outcome) {
                        return self.end_writing(outcome);
                    }
                }
            }
        }
        loop {
            match self.step(Want::Flush) {
                Outcome::Done(0) => break,
                outcome => {
                    if !self.waits(&outcome) {
                        return self.end_writing(outcome);
                    }
                }
            }
        }
        self.serve();
        // Nothing on the way to the server is changed: as long as it takes part, it has all.
        assert!(!self.alive || self.arrived == self.accepted, "accepted bytes were lost");
        true
    }

    fn end_writing(&mut self, outcome: Outcome) -> bool {
        assert!(
            matches!(outcome, Outcome::Failed(_) | Outcome::Closed | Outcome::Eof),
            "{outcome:?}"
        );
        if matches!(outcome, Outcome::Failed(_)) {
            self.failed = Some(outcome);
        }
        false
    }

    fn send(&mut self, count: u16) {
        if self.alive {
            let _ = self.server.writer().write_all(&pattern(0, count));
            self.serve();
        }
    }

    /// After the handshake: both sides send, in turns, and end.
    fn talk(&mut self, turns: &[(u16, u16)]) -> bool {
        for (to_client, to_server) in turns {
            self.send(*to_client);
            if !self.drain() || !self.write(*to_server) {
                return false;
            }
        }
        if self.script.close_notify {
            self.server.send_close_notify();
        }
        self.serve();
        self.wire.ended = true;
        !self.drain() && self.failed.is_none()
    }

    /// Everything that can be asked for after a failure gets the failure.
    fn ask_again(&mut self) {
        for _ in 0..2 {
            self.step(Want::Handshake);
            self.step(Want::Read(&mut [0; 100]));
            self.step(Want::Write(b"x"));
            self.step(Want::Flush);
        }
    }

    fn run(mut self, turns: &[(u16, u16)], newest: bool) -> End {
        let complete = self.handshake();
        if complete {
            self.check_agreement(newest);
        }
        let well = complete && self.talk(turns);
        if self.failed.is_some() {
            self.ask_again();
        } else {
            self.wire.room = None;
            while let Outcome::WantWrite = self.step(Want::Close) {}
        }
        match (complete, well) {
            (false, _) => End::Refused,
            (true, false) => End::Failed,
            (true, true) => End::Well,
        }
    }
}

/// A connection as `data` says. `None` when it says too little.
pub fn run(data: &[u8], wrap: Wrap) -> Option<End> {
    let script = Rc::new(Script::read(data).ok()?);
    let fixture = fixture();
    let target = if script.device_authenticates { &fixture.device } else { &fixture.anonymous };
    let config =
        &fixture.servers[usize::from(script.newest)][usize::from(script.device_authenticates)];
    let shared = shared(target);
    let newest = script.newest;
    if script.resume {
        let silent = Script {
            changes: Vec::new(),
            portion: None,
            room: None,
            turns: Vec::new(),
            close_notify: true,
            ..*script
        };
        sealed::begin(None);
        let engine = shared.connect().unwrap();
        let end = Course::new(engine, config, Rc::new(silent)).run(&[(1, 1)], newest);
        assert_eq!(end, End::Well);
    }
    sealed::begin(Some(Rc::clone(&script)));
    let engine = wrap(shared.connect().unwrap());
    let end = Course::new(engine, config, Rc::clone(&script)).run(&script.turns, newest);
    if script.changes.is_empty() {
        assert_eq!(end, End::Well, "an undisturbed connection failed");
    }
    Some(end)
}

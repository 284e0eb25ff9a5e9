//! One exchange of the client under test with a server under attack, and what came of it.

use super::middle::{ANSWER, Attack, BOUND, Flight, Identity, Stage, identity};
use super::server::{Server, target, versions};
use linksdk_hal::deadline::Deadline;
use linksdk_hal::error::{Error, ErrorKind};
use linksdk_hal::tls::engine;
use linksdk_hal::tls::session::Connection;
use rustls::SupportedProtocolVersion;
use rustls::version::TLS13;
use std::sync::Arc;
use std::time::Instant;

/// What the protocol allows, and what changes nothing.
pub const HARMLESS: &str = "harmless";

/// The kind and the words of the error: with TLS 1.2 of the engine `rustls` and of the engine
/// `mbedtls`, and with TLS 1.3.
pub type Expected = ([&'static str; 2], &'static str);

/// What the client saw of an exchange.
#[derive(Debug)]
pub struct Exchange {
    pub established: bool,
    /// The plaintext.
    pub read: Vec<u8>,
    /// With what it ended.
    pub end: Error,
}

impl Exchange {
    /// Whether all of the server's answer came, and then its close_notify.
    pub fn is_whole(&self) -> bool {
        self.read == ANSWER.concat() && self.end.kind() == ErrorKind::PeerClosed
    }

    /// Fails unless the attack was noticed: nothing but the beginning of the answer came, and an error.
    pub fn assert_noticed(&self, what: &str) {
        assert!(ANSWER.concat().starts_with(&self.read), "{what}: {self:?}");
        assert!(self.end.kind() != ErrorKind::PeerClosed, "{what}: {self:?}");
    }

    /// Fails unless the exchange ended as it is expected to.
    pub fn assert_is(
        &self,
        version: &'static SupportedProtocolVersion,
        (tls12, tls13): Expected,
        what: &str,
    ) {
        let what = format!("{version:?} {what}");
        let words = match engine::NAME {
            _ if version == &TLS13 => tls13,
            "rustls" => tls12[0],
            _ => tls12[1],
        };
        if words == HARMLESS {
            return assert!(self.is_whole(), "{what}: {self:?}");
        }
        self.assert_noticed(&what);
        let said = format!("{:?}: {}", self.end.kind(), self.end.detail());
        assert!(said.contains(words), "{what}: {said:?} does not say {words:?}");
    }
}

/// Fails unless connections that nobody attacks work, whatever happened before in this process.
pub fn assert_still_works() {
    for version in versions() {
        let seen = exchange(Attack::none(version));
        assert!(seen.is_whole(), "{version:?} {seen:?}");
    }
}

/// A server for one connection under this attack.
pub fn serve_one(mut attack: Attack) -> Server {
    Server::tcp(1, move |stream| attack.relay(stream, &identity()))
}

/// One exchange under this attack.
pub fn exchange(attack: Attack) -> Exchange {
    exchange_with(identity(), attack)
}

/// The same with a server that presents this identity.
pub fn exchange_with(identity: Arc<Identity>, mut attack: Attack) -> Exchange {
    let start = Instant::now();
    let patience = attack.patience;
    let soon = || Deadline::after(patience);
    let anchor = identity.anchor.clone();
    let server = Server::tcp(1, move |stream| attack.relay(stream, &identity));
    let mut seen = Exchange {
        established: false,
        read: Vec::new(),
        end: Error::new(ErrorKind::Internal, "nothing"),
    };
    let target = target("localhost", server.port, &anchor);
    match Connection::establish(&target, soon()) {
        Err(error) => seen.end = error,
        Ok(connection) => {
            seen.established = true;
            // Why it failed, if it did, is what reading says.
            let _ = connection.write(b"ping", soon());
            let mut buffer = [0; 1000];
            seen.end = loop {
                match connection.read_available(&mut buffer, soon()) {
                    Ok(0) => break Error::new(ErrorKind::Deadline, "nothing arrived in time"),
                    Ok(count) => seen.read.extend(&buffer[..count]),
                    Err(error) => break error,
                }
            };
            // It stays dead; only who has waited in vain may wait on.
            for _ in 0..if seen.end.kind() == ErrorKind::Deadline { 0 } else { 2 } {
                assert_eq!(connection.read(&mut buffer, soon()), Err(seen.end.clone()));
                assert!(connection.write(b"x", soon()).is_err());
            }
            connection.destroy();
        }
    }
    drop(server);
    assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
    seen
}

/// The stages at which the server of this version says something.
pub fn stages(version: &'static SupportedProtocolVersion) -> Vec<Stage> {
    match version == &TLS13 {
        true => vec![Stage::Hello, Stage::Data],
        false => vec![Stage::Hello, Stage::Finished, Stage::Data],
    }
}

/// An exchange in which `change` is done to what the server says at `stage`.
pub fn changed(
    version: &'static SupportedProtocolVersion,
    stage: Stage,
    mut change: impl FnMut(&mut Flight) + Send + 'static,
) -> Exchange {
    exchange(attack_at(version, stage, move |flight| change(flight)))
}

/// What is done to what the server says at `stage`.
pub fn attack_at(
    version: &'static SupportedProtocolVersion,
    stage: Stage,
    mut change: impl FnMut(&mut Flight) + Send + 'static,
) -> Attack {
    Attack::flights(version, move |flight| {
        if flight.stage == stage {
            change(flight);
        }
    })
}

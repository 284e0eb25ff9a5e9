//! What every engine has to do, whatever library it is made of: tested without sockets and without
//! time, over every protocol version that the engine of this build speaks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail that way")]

mod support;

use linksdk_hal::error::ErrorKind;
use linksdk_hal::tls::engine::Shared;
use linksdk_hal::tls::name::ServerName;
use linksdk_hal::tls::trust;
use linksdk_hal::tls::{Engine, Io, Outcome, Target, Want};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::io::{self, Read, Write};
use std::sync::Arc;
use support::memory::{Wire, serve};
use support::server::{config, target, versions};
use support::{Authority, ecdsa_key};

/// An engine of this build for a connection to `target`, without anything of a configuration that
/// was made before.
fn engine(target: &Target) -> Box<dyn Engine> {
    let name = ServerName::new(&target.host).unwrap();
    let anchors = trust::certificates(&target.trust_anchors).unwrap();
    Shared::new(&target.offer, name, None, anchors).unwrap().connect().unwrap()
}

/// An engine and a server that is driven by hand.
struct Pair {
    engine: Box<dyn Engine>,
    server: ServerConnection,
    wire: Wire,
}

impl Pair {
    fn new(version: &'static SupportedProtocolVersion) -> Self {
        Self::with(version, |_| {})
    }

    fn with(version: &'static SupportedProtocolVersion, change: impl FnOnce(&mut Target)) -> Self {
        let authority = Authority::new("root");
        let key = ecdsa_key();
        let chain = authority.server(&key, &["localhost"]);
        let config: Arc<ServerConfig> = config(&chain, &key.pkcs8, None, &[version]);
        let mut target = target("localhost", 1, &authority.pem);
        change(&mut target);
        Self {
            engine: engine(&target),
            server: ServerConnection::new(config).unwrap(),
            wire: Wire::default(),
        }
    }

    /// Lets the server take what has arrived and answer.
    fn serve(&mut self) {
        assert!(serve(&mut self.server, &mut self.wire));
    }

    fn step(&mut self, want: Want<'_>) -> Outcome {
        self.engine.step(&mut self.wire, want)
    }

    /// Completes the handshake.
    fn shake(mut self) -> Self {
        let mut steps = 0;
        while self.step(Want::Handshake) != Outcome::Done(0) {
            self.serve();
            steps += 1;
            assert!(steps < 100_000, "the handshake does not end");
        }
        self.serve();
        self
    }

    fn server_sends(&mut self, bytes: &[u8]) {
        self.server.writer().write_all(bytes).unwrap();
        self.serve();
    }

    /// All plaintext up to the first outcome that is none, and that outcome.
    fn drain(&mut self) -> (Vec<u8>, Outcome) {
        let mut all = Vec::new();
        let mut buffer = [0; 1000];
        loop {
            match self.step(Want::Read(&mut buffer)) {
                Outcome::Done(n) => all.extend(&buffer[..n]),
                other => return (all, other),
            }
        }
    }
}

fn for_all(test: impl Fn(Pair)) {
    for version in versions() {
        println!("{version:?}");
        test(Pair::new(version));
    }
}

#[test]
fn the_handshake_works_in_any_portions() {
    for portion in [None, Some(1), Some(7), Some(100)] {
        for_all(|mut pair| {
            pair.wire.portion = portion;
            assert!(pair.engine.negotiated().is_none());
            let pair = pair.shake();
            let negotiated = pair.engine.negotiated().unwrap();
            assert!(["TLSv1.2", "TLSv1.3"].contains(&negotiated.protocol));
            assert!(negotiated.cipher_suite.starts_with("TLS"), "{}", negotiated.cipher_suite);
            assert!(!negotiated.resumed);
        });
    }
}

#[test]
fn nothing_is_known_of_the_server_before_the_handshake_is_complete() {
    for_all(|mut pair| {
        pair.wire.portion = Some(1);
        while pair.step(Want::Handshake) != Outcome::Done(0) {
            assert_eq!(pair.engine.server_chain(), Vec::<Vec<u8>>::new());
            assert_eq!(pair.engine.negotiated(), None);
            pair.serve();
        }
        assert_eq!(pair.engine.server_chain().len(), 1);
        assert!(pair.engine.negotiated().is_some());
    });
}

#[test]
fn it_says_what_it_waits_for() {
    for_all(|mut pair| {
        pair.wire.room = Some(0);
        assert_eq!(pair.step(Want::Handshake), Outcome::WantWrite);
        pair.wire.room = None;
        assert_eq!(pair.step(Want::Handshake), Outcome::WantRead);
        let mut pair = pair.shake();
        assert_eq!(pair.drain().1, Outcome::WantRead);
        pair.wire.room = Some(0);
        assert_eq!(pair.step(Want::Write(b"x")), Outcome::Done(1));
        assert_eq!(pair.step(Want::Write(b"y")), Outcome::WantWrite);
        assert_eq!(pair.step(Want::Flush), Outcome::WantWrite);
        pair.wire.room = None;
        assert_eq!(pair.step(Want::Flush), Outcome::Done(0));
        pair.serve();
        let mut arrived = [0; 8];
        assert_eq!(pair.server.reader().read(&mut arrived).unwrap(), 1);
    });
}

#[test]
fn what_it_accepted_arrives_in_order() {
    for_all(|pair| {
        let mut pair = pair.shake();
        let sent: Vec<u8> = (0..100_000u32).map(|n| (n % 253) as u8).collect();
        let mut accepted = 0;
        let mut arrived = Vec::new();
        while arrived.len() < sent.len() {
            match pair.step(Want::Write(&sent[accepted..])) {
                Outcome::Done(n) => accepted += n,
                Outcome::WantWrite => {}
                other => unreachable!("{other:?}"),
            }
            pair.serve();
            let _ = pair.server.reader().read_to_end(&mut arrived);
        }
        assert!(arrived == sent);
    });
}

#[test]
fn records_are_no_larger_than_the_firmware_allows() {
    for (record_size, version) in
        [512, 16384].into_iter().flat_map(|s| versions().into_iter().map(move |v| (s, v)))
    {
        let mut pair = Pair::with(version, |target| target.offer.record_size = record_size).shake();
        let mut records = Vec::new();
        let mut sent = 0;
        while sent < 50_000 {
            match pair.step(Want::Write(&[7; 50_000][sent..])) {
                Outcome::Done(n) => sent += n,
                other => unreachable!("{other:?}"),
            }
            let mut rest = pair.wire.to_server.as_slice();
            while let [23, 3, 3, high, low, after @ ..] = rest {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                records.push(length);
                rest = &after[length..];
            }
            assert!(rest.is_empty(), "no record of application data");
            pair.serve();
            std::io::copy(&mut pair.server.reader(), &mut std::io::sink()).unwrap_err();
        }
        // The overhead of a nonce, a content type and a tag.
        let largest = records.into_iter().max().unwrap();
        assert!((record_size..record_size + 32).contains(&largest), "{largest}");
    }
}

#[test]
fn plaintext_comes_before_close_notify() {
    for_all(|pair| {
        let mut pair = pair.shake();
        pair.server_sends(b"last words");
        pair.server.send_close_notify();
        pair.serve();
        pair.wire.ended = true;
        assert_eq!(pair.drain(), (b"last words".to_vec(), Outcome::Closed));
        assert_eq!(pair.drain(), (Vec::new(), Outcome::Closed));
    });
}

#[test]
fn an_end_without_close_notify_is_told_apart() {
    for_all(|pair| {
        let mut pair = pair.shake();
        pair.server_sends(b"cut");
        pair.wire.ended = true;
        assert_eq!(pair.drain(), (b"cut".to_vec(), Outcome::Eof));
        assert_eq!(pair.drain(), (Vec::new(), Outcome::Eof));
    });
}

#[test]
fn plaintext_comes_before_an_error_and_the_error_stays() {
    for_all(|pair| {
        let mut pair = pair.shake();
        pair.server_sends(b"good");
        pair.wire.to_client.extend(b"\x17\x03\x03\0\x20");
        pair.wire.to_client.extend([0x55; 32]);
        let (plaintext, outcome) = pair.drain();
        assert_eq!(plaintext, b"good");
        let Outcome::Failed(error) = outcome else { unreachable!("{outcome:?}") };
        assert_eq!(error.kind(), ErrorKind::Protocol);
        pair.wire.to_client.clear();
        let failed = Outcome::Failed(error);
        assert_eq!(pair.drain(), (Vec::new(), failed.clone()));
        assert_eq!(pair.step(Want::Write(b"x")), failed);
        assert_eq!(pair.step(Want::Flush), failed);
    });
}

#[test]
fn a_record_that_was_changed_on_the_way_is_refused() {
    for_all(|pair| {
        let mut pair = pair.shake();
        assert_eq!(pair.drain().1, Outcome::WantRead);
        pair.server_sends(b"secret");
        *pair.wire.to_client.back_mut().unwrap() ^= 1;
        assert!(matches!(pair.drain(), (plaintext, Outcome::Failed(_)) if plaintext.is_empty()));
    });
}

#[test]
fn close_tells_the_server() {
    for_all(|pair| {
        let mut pair = pair.shake();
        assert_eq!(pair.step(Want::Close), Outcome::Done(0));
        pair.serve();
        assert_eq!(pair.server.reader().read(&mut [0; 1]).unwrap(), 0);
    });
}

#[test]
fn records_without_content_do_not_hold_a_step() {
    // Each step may take only so many before it gives the thread back.
    struct Endless(u64);
    impl Io for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            assert!(self.0 < 1000, "one step reads without end");
            // A change_cipher_spec record, which a peer may send and which says nothing.
            let record = [0x14, 3, 3, 0, 1, 1];
            let count = record.len().min(buffer.len());
            buffer[..count].copy_from_slice(&record[..count]);
            Ok(count)
        }
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
    }
    for_all(|pair| {
        let mut pair = pair.shake();
        assert_eq!(pair.drain().1, Outcome::WantRead);
        let outcome = pair.engine.step(&mut Endless(0), Want::Read(&mut [0; 8]));
        assert!(matches!(outcome, Outcome::WantRead | Outcome::Failed(_)), "{outcome:?}");
    });
}

#[test]
fn who_waits_for_bytes_has_dealt_with_all_that_arrived() {
    // In some portions the last byte of a flight, or of a record, comes with the last read that a step
    // may make. Who waits for the socket then must not hold back an answer, or plaintext.
    for portion in 1..=128 {
        for_all(|mut pair| {
            pair.wire.portion = Some(portion);
            let mut steps = 0;
            loop {
                let outcome = pair.step(Want::Handshake);
                if outcome == Outcome::Done(0) {
                    break;
                }
                if pair.wire.to_client.is_empty() {
                    let sent = pair.wire.to_server.len();
                    assert_eq!(pair.step(Want::Handshake), outcome, "portion {portion}");
                    assert_eq!(pair.wire.to_server.len(), sent, "portion {portion}");
                    pair.serve();
                }
                steps += 1;
                assert!(steps < 100_000, "the handshake does not end");
            }
            pair.serve();
            pair.server_sends(&[b'x'; 700]);
            let mut received = 0;
            while received < 700 {
                match pair.step(Want::Read(&mut [0; 1000])) {
                    Outcome::Done(count) => received += count,
                    outcome => {
                        assert_eq!(outcome, Outcome::WantRead);
                        assert!(!pair.wire.to_client.is_empty(), "portion {portion}");
                    }
                }
            }
        });
    }
}

#[test]
fn a_failed_handshake_stays_failed_also_for_reading() {
    for_all(|mut pair| {
        assert_eq!(pair.step(Want::Handshake), Outcome::WantRead);
        pair.wire.ended = true;
        let outcome = pair.step(Want::Handshake);
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
        assert_eq!(pair.step(Want::Read(&mut [0; 8])), outcome);
        assert_eq!(pair.step(Want::Write(b"x")), outcome);
    });
}

#[test]
fn an_end_during_the_handshake_is_a_failure() {
    for_all(|mut pair| {
        assert_eq!(pair.step(Want::Handshake), Outcome::WantRead);
        pair.wire.ended = true;
        let outcome = pair.step(Want::Handshake);
        assert!(
            matches!(&outcome, Outcome::Failed(error) if error.kind() == ErrorKind::Handshake),
            "{outcome:?}"
        );
        assert_eq!(pair.step(Want::Handshake), outcome);
    });
}

//! What a server with genuine keys can do after the handshake: each record is authentic, and what it
//! says breaks the protocol, or never ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail that way")]

mod support;

use linksdk_hal::deadline::Deadline;
use linksdk_hal::tls::session::Connection;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use support::exchange::{Expected, HARMLESS, assert_still_works, exchange, serve_one};
use support::middle::{ANSWER, Attack, identity};
use support::records::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, Record};
use support::sealer::Sealer;
use support::server::{Server, target, versions};

/// What the specification of the HAL allows beyond a timeout, and what a loaded machine adds.
const TOLERANCE: Duration = Duration::from_millis(250);

/// What a server says in sealed records.
struct Speech<'a>(&'a mut Sealer, Vec<u8>);

impl Speech<'_> {
    fn say(&mut self, kind: u8, content: &[u8]) -> &mut Self {
        self.1.extend(self.0.seal(kind, content));
        self
    }

    fn repeat(&mut self, count: usize, kind: u8, content: &[u8]) -> &mut Self {
        for _ in 0..count {
            self.say(kind, content);
        }
        self
    }

    /// KeyUpdate that asks for another, and the new keys.
    fn update_keys(&mut self) -> &mut Self {
        self.say(HANDSHAKE, &[24, 0, 0, 1, 1]);
        self.0.update();
        self
    }

    fn and_no_more(&self) {}

    /// What a server says that is not hostile.
    fn answer(&mut self) {
        for part in ANSWER {
            self.say(APPLICATION_DATA, part);
        }
        self.say(ALERT, &[1, 0]);
    }
}

type Act = fn(&mut Speech<'_>);

fn run(cases: &[(&str, Act, Expected)]) {
    for version in versions() {
        for (what, act, expected) in cases {
            let act = *act;
            let speak = move |sealer: &mut Sealer, stream: &mut TcpStream| {
                let mut speech = Speech(sealer, Vec::new());
                act(&mut speech);
                // A client that has given up takes no more.
                let _ = stream.write_all(&speech.1);
            };
            exchange(Attack::hostile(version, speak)).assert_is(version, *expected, what);
        }
    }
    assert_still_works();
}

#[test]
fn what_a_server_says_is_heard() {
    run(&[("the answer", |speech| speech.answer(), ([HARMLESS; 2], HARMLESS))]);
}

#[test]
fn a_handshake_is_not_begun_again() {
    const OUT_OF_TURN: &str = "Protocol: TLS: a message arrived out of turn";
    const UNEXPECTED: &str = "Protocol: TLS: received unexpected";
    const REFUSED: Expected = (["Protocol: TLS: ", OUT_OF_TURN], "Protocol: TLS: ");
    run(&[
        // It is declined with a warning, and the connection goes on. Once with the engine `rustls`.
        (
            "HelloRequest",
            |speech| speech.say(HANDSHAKE, &[0; 4]).answer(),
            ([HARMLESS; 2], UNEXPECTED),
        ),
        (
            "5000 HelloRequests",
            |speech| speech.repeat(5000, HANDSHAKE, &[0; 4]).answer(),
            (["TooManyRenegotiationRequests", HARMLESS], UNEXPECTED),
        ),
        ("ServerHello", |speech| speech.say(HANDSHAKE, &[2, 0, 0, 1, 0]).and_no_more(), REFUSED),
        ("ClientHello", |speech| speech.say(HANDSHAKE, &[1, 0, 0, 1, 0]).and_no_more(), REFUSED),
        ("Finished", |speech| speech.say(HANDSHAKE, &[20, 0, 0, 1, 0]).and_no_more(), REFUSED),
        ("ChangeCipherSpec", |speech| speech.say(CHANGE_CIPHER_SPEC, &[1]).and_no_more(), REFUSED),
        // Authentication after the handshake was not offered (RFC 8446 section 4.2.6).
        (
            "CertificateRequest",
            |speech| {
                speech
                    .say(HANDSHAKE, &[13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3])
                    .and_no_more()
            },
            REFUSED,
        ),
    ]);
}

#[test]
fn keys_are_updated_only_so_often() {
    const OUT_OF_TURN: &str = "Protocol: TLS: a message arrived out of turn";
    const UNEXPECTED: &str = "Protocol: TLS: received unexpected message";
    const NONE: [&str; 2] = [UNEXPECTED, OUT_OF_TURN];
    fn times(speech: &mut Speech<'_>, count: usize) {
        for _ in 0..count {
            match speech.0.is_new() {
                true => speech.update_keys().and_no_more(),
                false => speech.say(HANDSHAKE, &[24, 0, 0, 1, 1]).and_no_more(),
            }
        }
        speech.answer();
    }
    run(&[
        ("KeyUpdate", |speech| times(speech, 1), (NONE, HARMLESS)),
        // As many as the engine takes without data in between.
        ("32 KeyUpdates", |speech| times(speech, 32), (NONE, HARMLESS)),
        ("33 KeyUpdates", |speech| times(speech, 33), (NONE, "TooManyKeyUpdateRequests")),
        (
            "KeyUpdate of no kind",
            |speech| speech.say(HANDSHAKE, &[24, 0, 0, 1, 9]).and_no_more(),
            (NONE, "InvalidKeyUpdate"),
        ),
        (
            "KeyUpdate without new keys",
            |speech| speech.say(HANDSHAKE, &[24, 0, 0, 1, 0]).answer(),
            (NONE, "cannot decrypt"),
        ),
    ]);
}

#[test]
fn records_and_alerts_that_mean_nothing_end_the_connection() {
    const NO_RECORD: &str = "Protocol: TLS: what arrived is no TLS record";
    const CORRUPT: &str = "Protocol: TLS: received corrupt message";
    const REFUSED: Expected = (["Protocol: TLS: ", NO_RECORD], "Protocol: TLS: ");
    const BOTH: Expected = ([CORRUPT, NO_RECORD], CORRUPT);
    const LONG: &str = "a handshake message is longer than its record";
    run(&[
        ("a record of no kind", |speech| speech.say(0, b"").and_no_more(), REFUSED),
        ("a record of an unknown kind", |speech| speech.say(99, b"x").and_no_more(), BOTH),
        ("an empty alert", |speech| speech.say(ALERT, b"").and_no_more(), BOTH),
        ("two alerts in one record", |speech| speech.say(ALERT, &[1, 0, 1, 0]).and_no_more(), BOTH),
        (
            "an alert of no level",
            |speech| speech.say(ALERT, &[7, 10]).answer(),
            (
                ["the server sent the alert unexpected_message", HARMLESS],
                "the server sent the alert",
            ),
        ),
        (
            "a fatal alert",
            |speech| speech.say(ALERT, &[2, 80]).answer(),
            (
                ["Protocol: the server sent the alert internal_error"; 2],
                "Protocol: the server sent",
            ),
        ),
        (
            "data amid a handshake message",
            |speech| speech.say(HANDSHAKE, &[4, 0, 0, 9, 1]).answer(),
            (
                ["MessageInterleavedWithHandshakeMessage", LONG],
                "MessageInterleavedWithHandshakeMessage",
            ),
        ),
        (
            "a message of 16 MB",
            |speech| {
                speech.say(HANDSHAKE, &[4, 0xff, 0xff, 0xff]).repeat(100, HANDSHAKE, &[0; 16_000]);
            },
            (["HandshakePayloadTooLarge", LONG], "HandshakePayloadTooLarge"),
        ),
        (
            "2^14 + 1 bytes",
            |speech| speech.say(APPLICATION_DATA, &[0; 0x4001]).and_no_more(),
            (["peer sent excess record size", NO_RECORD], "peer sent excess record size"),
        ),
        (
            "2^14 + 2048 bytes",
            |speech| speech.say(APPLICATION_DATA, &[0; 0x4800]).and_no_more(),
            (["Protocol: TLS: ", "longer than TLS allows"], "Protocol: TLS: "),
        ),
    ]);
}

#[test]
fn what_is_allowed_is_allowed_only_so_often() {
    run(&[
        (
            "an empty record",
            |speech| speech.say(APPLICATION_DATA, b"").answer(),
            ([HARMLESS; 2], HARMLESS),
        ),
        (
            "1000 empty records",
            |speech| speech.repeat(1000, APPLICATION_DATA, b"").answer(),
            (["TooManyEmptyFragments", "a record was altered"], "TooManyEmptyFragments"),
        ),
        // Mbed TLS 2.28 gives up at the fourth in a row.
        (
            "3 empty records",
            |speech| speech.repeat(3, APPLICATION_DATA, b"").answer(),
            ([HARMLESS; 2], HARMLESS),
        ),
        (
            "4 warnings",
            |speech| speech.repeat(4, ALERT, &[1, 90]).answer(),
            ([HARMLESS; 2], HARMLESS),
        ),
        // Mbed TLS passes over any number; deadlines hold all the same, as shown below.
        (
            "1000 warnings",
            |speech| speech.repeat(1000, ALERT, &[1, 90]).answer(),
            (["TooManyWarningAlertsReceived", HARMLESS], "TooManyWarningAlertsReceived"),
        ),
    ]);
}

/// Calls `call`, which has to end in time, however much the server says.
fn in_time<T>(timeout: Duration, call: impl FnOnce(Deadline) -> T) -> T {
    let start = Instant::now();
    let result = call(Deadline::after(timeout));
    let elapsed = start.elapsed();
    assert!(elapsed < timeout + TOLERANCE, "{elapsed:?}");
    result
}

#[test]
fn a_server_that_never_stops_cannot_hold_a_call() {
    type Endless = fn(&mut Speech<'_>);
    let endless: &[(&str, Endless)] = &[
        ("warnings", |speech| speech.repeat(100, ALERT, &[1, 90]).and_no_more()),
        ("HelloRequests", |speech| speech.repeat(100, HANDSHAKE, &[0; 4]).and_no_more()),
        ("empty records", |speech| speech.repeat(100, APPLICATION_DATA, b"").and_no_more()),
        ("updates and data", |speech| match speech.0.is_new() {
            true => speech.update_keys().say(APPLICATION_DATA, b"x").and_no_more(),
            false => speech.say(APPLICATION_DATA, b"x").and_no_more(),
        }),
    ];
    for version in versions() {
        for (what, act) in endless {
            let act = *act;
            let server = serve_one(Attack::hostile(version, move |sealer, stream| {
                loop {
                    let mut speech = Speech(sealer, Vec::new());
                    act(&mut speech);
                    if stream.write_all(&speech.1).is_err() {
                        return;
                    }
                }
            }));
            let target = target("localhost", server.port, &identity().anchor);
            let connection = Connection::establish(&target, Deadline::after_ms(5000)).unwrap();
            connection.write(b"ping", Deadline::after_ms(5000)).unwrap();
            for timeout in [0, 100, 100] {
                // What it is does not matter: it comes in time.
                let timeout = Duration::from_millis(timeout);
                let mut buffer = vec![0; 10_000_000];
                let read = in_time(timeout, |deadline| connection.read(&mut buffer, deadline));
                println!("{version:?} {what}: {read:?}");
                let _ = in_time(timeout, |deadline| connection.write(b"x", deadline));
            }
            connection.destroy();
        }
    }
    assert_still_works();
}

#[test]
fn a_server_that_never_stops_cannot_hold_a_handshake() {
    for (kind, content) in [(ALERT, &[1, 90][..]), (CHANGE_CIPHER_SPEC, &[1]), (HANDSHAKE, &[0; 4])]
    {
        let server = Server::tcp(1, move |mut stream| {
            let record = Record::new(kind, content).bytes().repeat(1000);
            while stream.write_all(&record).is_ok() {}
        });
        let target = target("localhost", server.port, &identity().anchor);
        let timeout = Duration::from_millis(200);
        let result = in_time(timeout, |deadline| Connection::establish(&target, deadline));
        println!("{kind}: {}", result.err().unwrap());
    }
    assert_still_works();
}

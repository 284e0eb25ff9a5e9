//! A man in the middle who has no keys and moves, repeats, drops or invents whole records: nothing but
//! the beginning of what the server said comes out, and the connection ends with an error that stays.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail that way")]

mod support;

use support::exchange::{Expected, HARMLESS, assert_still_works, changed, stages};
use support::middle::Stage;
use support::records::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, Record};
use support::server::versions;

/// What a man in the middle can do to whole records.
struct Case {
    name: &'static str,
    stage: Stage,
    change: fn(&mut Vec<Record>),
    expected: Expected,
}

fn case(
    name: &'static str,
    stage: Stage,
    change: fn(&mut Vec<Record>),
    tls12: [&'static str; 2],
    tls13: &'static str,
) -> Case {
    Case { name, stage, change, expected: (tls12, tls13) }
}

fn run(cases: &[Case]) {
    for version in versions() {
        for case in cases {
            let change = case.change;
            if !stages(version).contains(&case.stage) {
                continue;
            }
            let seen = changed(version, case.stage, move |flight| change(&mut flight.records));
            seen.assert_is(version, case.expected, &format!("{:?} {}", case.stage, case.name));
        }
    }
    assert_still_works();
}

/// What comes first.
fn first(records: &mut Vec<Record>, kind: u8, body: &[u8]) {
    records.insert(0, Record::new(kind, body));
}

#[test]
fn records_that_are_moved_repeated_or_lost_are_noticed() {
    use Stage::{Data, Finished, Hello};
    const ALTERED: [&str; 2] =
        ["Protocol: TLS: cannot decrypt", "Protocol: TLS: a record was altered"];
    const CANNOT: &str = "Protocol: TLS: cannot decrypt";
    run(&[
        case("exchanged", Data, |r| r.swap(0, 1), ALTERED, CANNOT),
        case("repeated", Data, |r| r.insert(1, r[0].clone()), ALTERED, CANNOT),
        case("first lost", Data, |r| drop(r.remove(0)), ALTERED, CANNOT),
        case("second lost", Data, |r| drop(r.remove(1)), ALTERED, CANNOT),
        case("repeated after the end", Data, |r| r.push(r[0].clone()), [HARMLESS; 2], HARMLESS),
        case(
            "flight repeated",
            Hello,
            |r| r.extend(r.clone()),
            [
                "Handshake: TLS handshake: received unexpected message",
                "a message arrived out of turn",
            ],
            "Handshake: TLS handshake: cannot decrypt",
        ),
        case(
            "Finished before ChangeCipherSpec",
            Finished,
            |r| r.reverse(),
            ["Handshake: TLS handshake: received corrupt message", "Handshake: TLS handshake:"],
            "",
        ),
        case(
            "ChangeCipherSpec lost",
            Finished,
            |r| drop(r.remove(0)),
            ["Handshake: TLS handshake: received corrupt message", "Handshake: TLS handshake:"],
            "",
        ),
        case(
            "Finished repeated",
            Finished,
            |r| r.push(r[1].clone()),
            ["cannot decrypt", "Protocol: TLS: a record was altered"],
            "",
        ),
    ]);
}

#[test]
fn what_comes_in_clear_is_not_believed() {
    use Stage::{Data, Finished, Hello};
    const UNEXPECTED: &str = "Handshake: TLS handshake: received unexpected";
    const CORRUPT: &str = "Handshake: TLS handshake: received corrupt message";
    const OUT_OF_TURN: &str = "Handshake: TLS handshake: a message arrived out of turn";
    const NO_RECORD: &str = "Handshake: TLS handshake: what arrived is no TLS record";
    const ALTERED: [&str; 2] =
        ["Protocol: TLS: cannot decrypt", "Protocol: TLS: a record was altered"];
    const CANNOT: &str = "Protocol: TLS: cannot decrypt";
    run(&[
        // Before there are keys an alert can be forged. It ends nothing but this attempt.
        case(
            "close_notify",
            Hello,
            |r| first(r, ALERT, &[1, 0]),
            [HARMLESS, "Handshake: TLS handshake: the server closed the connection"],
            HARMLESS,
        ),
        case(
            "handshake_failure",
            Hello,
            |r| first(r, ALERT, &[2, 40]),
            ["Handshake: the server ended the handshake: alert handshake_failure"; 2],
            "Handshake: the server ended the handshake: alert handshake_failure",
        ),
        case(
            "application data",
            Hello,
            |r| first(r, APPLICATION_DATA, b"pong"),
            [UNEXPECTED, OUT_OF_TURN],
            UNEXPECTED,
        ),
        case(
            "empty application data",
            Hello,
            |r| first(r, APPLICATION_DATA, b""),
            [UNEXPECTED, NO_RECORD],
            UNEXPECTED,
        ),
        case(
            "ChangeCipherSpec",
            Hello,
            |r| first(r, CHANGE_CIPHER_SPEC, &[1]),
            [UNEXPECTED, OUT_OF_TURN],
            UNEXPECTED,
        ),
        case("heartbeat", Hello, |r| first(r, 24, &[1, 0x40, 0]), [CORRUPT, NO_RECORD], CORRUPT),
        case("SSL 2", Hello, |r| first(r, 0x80, &[0; 9]), [CORRUPT, NO_RECORD], CORRUPT),
        case(
            "empty handshake record",
            Hello,
            |r| first(r, HANDSHAKE, b""),
            [CORRUPT, NO_RECORD],
            CORRUPT,
        ),
        case(
            "Finished",
            Hello,
            |r| first(r, HANDSHAKE, &[20, 0, 0, 4, 1, 1, 1, 1]),
            [UNEXPECTED, "the server's ServerHello is not acceptable"],
            UNEXPECTED,
        ),
        case(
            "application data",
            Finished,
            |r| first(r, APPLICATION_DATA, b"pong"),
            [UNEXPECTED, OUT_OF_TURN],
            "",
        ),
        case(
            "Finished before the keys",
            Finished,
            |r| first(r, HANDSHAKE, &[20, 0, 0, 12, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
            [UNEXPECTED, OUT_OF_TURN],
            "",
        ),
        // Once there are keys, nothing in clear counts, above all no close_notify.
        case("close_notify", Data, |r| first(r, ALERT, &[1, 0]), ALTERED, CANNOT),
        case("fatal alert", Data, |r| first(r, ALERT, &[2, 42]), ALTERED, CANNOT),
        case("application data", Data, |r| first(r, APPLICATION_DATA, b"pong"), ALTERED, CANNOT),
        case("HelloRequest", Data, |r| first(r, HANDSHAKE, &[0; 4]), ALTERED, CANNOT),
        case(
            "ChangeCipherSpec",
            Data,
            |r| first(r, CHANGE_CIPHER_SPEC, &[1]),
            ["Protocol: TLS: received unexpected message", "Protocol: TLS: a record was altered"],
            "Protocol: TLS: received unexpected message",
        ),
        case(
            "close_notify in place of the answer",
            Data,
            |r| *r = vec![Record::new(ALERT, &[1, 0])],
            ALTERED,
            CANNOT,
        ),
    ]);
}

#[test]
fn floods_in_clear_end_the_handshake() {
    use Stage::Hello;
    fn flood(records: &mut Vec<Record>, kind: u8, body: &[u8]) {
        records.splice(0..0, vec![Record::new(kind, body); 20_000]);
    }
    const UNEXPECTED: &str = "Handshake: TLS handshake: received unexpected";
    run(&[
        case(
            "ChangeCipherSpec",
            Hello,
            |r| flood(r, CHANGE_CIPHER_SPEC, &[1]),
            [UNEXPECTED, "a message arrived out of turn"],
            UNEXPECTED,
        ),
        // RFC 8446 section 5 allows one; the engine allows two.
        case(
            "ChangeCipherSpec after ServerHello",
            Hello,
            |r| r.splice(1..1, vec![Record::new(CHANGE_CIPHER_SPEC, &[1]); 20_000]).for_each(drop),
            [UNEXPECTED, "Handshake: TLS handshake: "],
            "Handshake: TLS handshake: ",
        ),
        // Mbed TLS reads on: 20,000 are nothing to it, and the deadline holds.
        case(
            "warnings",
            Hello,
            |r| flood(r, ALERT, &[1, 90]),
            ["Handshake: TLS handshake: ", HARMLESS],
            "Handshake: TLS handshake: ",
        ),
        case(
            "empty records",
            Hello,
            |r| flood(r, HANDSHAKE, b""),
            ["Handshake: TLS handshake: received corrupt message", "no TLS record"],
            "Handshake: TLS handshake: received corrupt message",
        ),
    ]);
}

#[test]
fn records_longer_than_tls_allows_are_refused() {
    use Stage::{Data, Hello};
    const TOO_LARGE: &str = "received corrupt message of type MessageTooLarge";
    const TOO_LONG: &str = "a record is longer than TLS allows";
    run(&[
        // 2^14 + 2048 is what TLS 1.2 allows a sealed record to be (RFC 5246 section 6.2.3).
        case(
            "clear",
            Hello,
            |r| first(r, HANDSHAKE, &[2; 0x4801]),
            [TOO_LARGE, TOO_LONG],
            TOO_LARGE,
        ),
        case(
            "clear, 2^16 - 1",
            Hello,
            |r| first(r, HANDSHAKE, &[2; 0xffff]),
            [TOO_LARGE, TOO_LONG],
            TOO_LARGE,
        ),
        case(
            "data, 2^16 - 1",
            Data,
            |r| first(r, APPLICATION_DATA, &[2; 0xffff]),
            [TOO_LARGE, TOO_LONG],
            TOO_LARGE,
        ),
        case(
            "data, 2^14 + 257",
            Data,
            |r| first(r, APPLICATION_DATA, &[2; 0x4101]),
            ["Protocol: TLS: ", "Protocol: TLS: "],
            "Protocol: TLS: ",
        ),
    ]);
}

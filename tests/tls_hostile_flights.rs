//! Servers that break the handshake on purpose: hellos that nobody asked for, versions that are too old,
//! messages that are forged, repeated, moved, cut or huge.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail that way")]

mod support;

use rustls::SupportedProtocolVersion;
use rustls::version::TLS13;
use std::sync::Arc;
use support::exchange::{
    Exchange, Expected, HARMLESS, assert_still_works, exchange, exchange_with,
};
use support::middle::{Attack, Identity, Stage};
use support::records::{CERTIFICATE, FINISHED, HANDSHAKE, Message, Record, ServerHello, extension};
use support::server::versions;
use support::{Authority, ecdsa_key};

const COOKIE: u16 = 44;
const SUPPORTED_VERSIONS: u16 = 43;

/// The random of a ServerHello that is a HelloRetryRequest (RFC 8446 section 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// An exchange whose first flight `change` has changed, message by message, in records with at most
/// `portion` bytes of content.
fn with_messages(
    version: &'static SupportedProtocolVersion,
    portion: usize,
    change: impl Fn(&mut Vec<Message>) + Send + 'static,
) -> Exchange {
    exchange(Attack::flights(version, move |flight| {
        if flight.stage == Stage::Hello {
            let mut messages = flight.messages();
            change(&mut messages);
            flight.send(&messages, portion);
        }
    }))
}

/// An exchange whose ServerHello `change` has changed.
fn with_hello(
    version: &'static SupportedProtocolVersion,
    change: impl Fn(&mut ServerHello) + Send + 'static,
) -> Exchange {
    with_messages(version, 16_000, move |messages| {
        let mut hello = ServerHello::read(&messages[0]);
        change(&mut hello);
        messages[0] = hello.message();
    })
}

#[test]
fn taking_a_flight_apart_and_putting_it_together_changes_nothing() {
    for version in versions() {
        let seen = with_messages(version, 16_000, |_| {});
        assert!(seen.is_whole(), "{version:?} {seen:?}");
        let seen = with_hello(version, |_| {});
        assert!(seen.is_whole(), "{version:?} {seen:?}");
    }
}

#[test]
fn hellos_that_answer_another_question_are_refused() {
    type Change = fn(&mut ServerHello);
    const OLD: Expected = (
        ["Handshake: no common TLS parameters", "Handshake: TLS handshake: no common TLS version"],
        "Handshake: no common TLS parameters",
    );
    const SUITE: Expected = (
        ["SelectedUnofferedCipherSuite", "the server chose what was not offered"],
        "SelectedUnofferedCipherSuite",
    );
    // Mbed TLS passes over extensions that it does not know; then the server finds that the two have
    // not seen the same handshake.
    const UNSOLICITED: Expected = (
        ["UnsolicitedServerHelloExtension", "alert bad_record_mac"],
        "UnsolicitedServerHelloExtension",
    );
    const TWICE: Expected = (["DuplicateExtension", "alert bad_record_mac"], "DuplicateExtension");
    fn add(hello: &mut ServerHello, number: u16, body: &[u8]) {
        hello.extensions.extend(extension(number, body));
    }
    let cases: &[(&str, Change, Expected)] = &[
        ("TLS 1.1", |hello| hello.version = 0x0302, OLD),
        ("TLS 1.0", |hello| hello.version = 0x0301, OLD),
        ("SSL 3", |hello| hello.version = 0x0300, OLD),
        ("an export suite", |hello| hello.suite = 0x0003, SUITE),
        ("a suite without encryption", |hello| hello.suite = 0x003b, SUITE),
        ("no suite", |hello| hello.suite = 0, SUITE),
        (
            "RSA key exchange",
            |hello| hello.suite = 0x002f,
            (
                ["SelectedUnofferedCipherSuite", "ServerHello is not acceptable"],
                "SelectedUnofferedCipherSuite",
            ),
        ),
        (
            "compression",
            |hello| hello.compression = 1,
            (
                ["SelectedUnofferedCompression", "chose what Mbed TLS lacks"],
                "SelectedUnofferedCompression",
            ),
        ),
        // In TLS 1.2 a server may choose any, and the transcripts differ.
        (
            "another session",
            |hello| hello.session_id = vec![7; 32],
            (["alert bad_record_mac"; 2], "cannot decrypt"),
        ),
        (
            "no extensions",
            |hello| hello.extensions.clear(),
            (["alert bad_record_mac"; 2], "SelectedUnusableCipherSuiteForVersion"),
        ),
        ("an unknown extension", |hello| add(hello, 0xfafa, b"x"), UNSOLICITED),
        ("early data", |hello| add(hello, 42, b""), UNSOLICITED),
        ("all extensions twice", |hello| hello.extensions.extend_from_within(..), TWICE),
        (
            "5000 extensions",
            |hello| (0..5000).for_each(|n| add(hello, 0x4000 + n, b"")),
            (
                ["UnsolicitedServerHelloExtension", "longer than its record"],
                "UnsolicitedServerHelloExtension",
            ),
        ),
        (
            "one extension 5000 times",
            |hello| (0..5000).for_each(|_| add(hello, 0xff01, &[0])),
            (["DuplicateExtension", "longer than its record"], "DuplicateExtension"),
        ),
        (
            "an extension of 60,000 bytes",
            |hello| add(hello, 0xfafa, &[0; 60_000]),
            (
                ["UnsolicitedServerHelloExtension", "longer than its record"],
                "UnsolicitedServerHelloExtension",
            ),
        ),
        (
            "an extension longer than the hello",
            |hello| hello.extensions.extend([0xfa, 0xfa, 0xff, 0xff]),
            (["MessageTooShort", "ServerHello is not acceptable"], "MessageTooShort"),
        ),
    ];
    for version in versions() {
        for (what, change, expected) in cases {
            with_hello(version, *change).assert_is(version, *expected, what);
        }
    }
    assert_still_works();
}

#[test]
fn messages_that_are_forged_repeated_moved_or_huge_are_refused() {
    type Change = fn(&mut Vec<Message>);
    fn certificate(messages: &[Message]) -> usize {
        messages.iter().position(|message| message.kind == CERTIFICATE).unwrap()
    }
    fn insert(messages: &mut Vec<Message>, kind: u8, body: &[u8]) {
        messages.insert(1, Message::new(kind, body));
    }
    /// EncryptedExtensions with these; in TLS 1.2, a certificate message that is none.
    fn extensions(messages: &mut [Message], all: &[u8]) {
        messages[1].body = [&(all.len() as u16).to_be_bytes(), all].concat();
    }
    const UNEXPECTED: &str = "Handshake: TLS handshake: received unexpected handshake message";
    const OUT_OF_TURN: &str = "Handshake: TLS handshake: a message arrived out of turn";
    const NO_CERTIFICATE: &str = "ServerCertificate: the server's certificate was refused";
    const LONG: &str = "a handshake message is longer than its record";
    const TOO_LARGE: &str = "HandshakePayloadTooLarge";
    // Mbed TLS takes what comes in place of the certificate for a bad one.
    const NO_CERTIFICATE_YET: Expected = ([UNEXPECTED, NO_CERTIFICATE], UNEXPECTED);
    const LATER: Expected = ([UNEXPECTED, OUT_OF_TURN], UNEXPECTED);
    let cases: &[(&str, Change, Expected)] = &[
        ("ServerHello twice", |m| m.insert(1, m[0].clone()), NO_CERTIFICATE_YET),
        ("Finished early", |m| insert(m, FINISHED, &[0; 48]), NO_CERTIFICATE_YET),
        ("an unknown message", |m| insert(m, 99, b"x"), NO_CERTIFICATE_YET),
        ("KeyUpdate", |m| insert(m, 24, &[1]), NO_CERTIFICATE_YET),
        ("HelloRequest", |m| insert(m, 0, b""), NO_CERTIFICATE_YET),
        ("4000 HelloRequests", |m| (0..4000).for_each(|_| insert(m, 0, b"")), NO_CERTIFICATE_YET),
        ("certificate lost", |m| m.retain(|m| m.kind != CERTIFICATE), NO_CERTIFICATE_YET),
        (
            "certificate late",
            |m| {
                let place = certificate(m);
                m.swap(place, place + 1);
            },
            NO_CERTIFICATE_YET,
        ),
        (
            "certificate twice",
            |m| {
                let place = certificate(m);
                m.insert(place, m[place].clone());
            },
            LATER,
        ),
        (
            "signature lost",
            |m| {
                let place = certificate(m) + 1;
                m.remove(place);
            },
            LATER,
        ),
        (
            "signature twice",
            |m| {
                let place = certificate(m) + 1;
                m.insert(place, m[place].clone());
            },
            ([UNEXPECTED, "Handshake: TLS handshake: "], UNEXPECTED),
        ),
        (
            "the last message twice",
            |m| m.extend_from_within(m.len() - 1..),
            (["KeyEpochWithPendingFragment", OUT_OF_TURN], "KeyEpochWithPendingFragment"),
        ),
        (
            "no certificates",
            |m| {
                let place = certificate(m);
                let length = if m[1].kind == CERTIFICATE { 3 } else { 4 };
                m[place].body = vec![0; length];
            },
            ([NO_CERTIFICATE; 2], NO_CERTIFICATE),
        ),
        (
            "16 MB announced",
            |m| {
                let place = certificate(m);
                m[place].announced = Some(0xff_ffff);
            },
            ([TOO_LARGE, LONG], TOO_LARGE),
        ),
        (
            "a certificate message of 100,000 bytes",
            |m| {
                let place = certificate(m);
                m[place].body = vec![0; 100_000];
            },
            ([TOO_LARGE, LONG], TOO_LARGE),
        ),
        (
            "15,000 extensions",
            |m| {
                let each = (0..15_000).map(|n| extension(0x4000 + n, b""));
                extensions(m, &each.collect::<Vec<_>>().concat());
            },
            (["CertificatePayloadTooLarge", LONG], "UnsolicitedEncryptedExtension"),
        ),
        (
            "one extension 10,000 times",
            |m| extensions(m, &extension(10, &[0, 0]).repeat(10_000)),
            (["CertificatePayloadTooLarge", LONG], "Handshake: TLS handshake: "),
        ),
    ];
    for version in versions() {
        for (what, change, expected) in cases {
            with_messages(version, 16_000, *change).assert_is(version, *expected, what);
        }
    }
    assert_still_works();
}

#[test]
fn messages_may_come_in_records_of_one_byte() {
    for version in versions() {
        let seen = with_messages(version, 1, |_| {});
        // A limit of Mbed TLS 2.28 (docs/engines.md).
        seen.assert_is(version, ([HARMLESS, "what arrived is no TLS record"], HARMLESS), "1 byte");
    }
    assert_still_works();
}

#[test]
fn asking_for_another_hello_again_and_again_is_refused() {
    for version in versions().into_iter().filter(|version| *version == &TLS13) {
        let mut session_id = None;
        let seen = exchange(Attack::flights(version, move |flight| {
            if flight.stage == Stage::Hello {
                session_id = Some(ServerHello::read(&flight.messages()[0]).session_id);
            }
            let mut retry = ServerHello {
                version: 0x0303,
                random: RETRY,
                session_id: session_id.clone().unwrap(),
                suite: 0x1302,
                compression: 0,
                extensions: extension(SUPPORTED_VERSIONS, &[3, 4]),
            };
            retry.extensions.extend(extension(COOKIE, &[0, 1, 7]));
            flight.records = vec![Record::new(HANDSHAKE, &retry.message().bytes())];
        }));
        let words = "received unexpected handshake message: got HelloRetryRequest";
        seen.assert_is(version, ([words; 2], words), "HelloRetryRequest");
    }
    assert_still_works();
}

#[test]
fn a_chain_of_a_hundred_certificates_is_refused() {
    fn long(length: usize) -> Identity {
        let root = Authority::new("root");
        let mut above = root.intermediate("0");
        let mut chain = above.pem.clone();
        for number in 2..length {
            above = above.intermediate(&number.to_string());
            chain = format!("{}{chain}", above.pem);
        }
        let key = ecdsa_key();
        let chain = format!("{}{chain}", above.server(&key, &["localhost"]));
        Identity { anchor: root.pem, chain, key: key.pkcs8 }
    }
    const REFUSED: &str = "ServerCertificate: the server's certificate was refused";
    const LONG: &str = "a handshake message is longer than its record";
    for version in versions() {
        // 30 fit in one record. 4 are the control.
        for (length, expected) in [
            (100, ([REFUSED, LONG], REFUSED)),
            (30, ([REFUSED; 2], REFUSED)),
            (4, ([HARMLESS; 2], HARMLESS)),
        ] {
            let seen = exchange_with(Arc::new(long(length)), Attack::none(version));
            seen.assert_is(version, expected, &format!("chain of {length}"));
        }
    }
    assert_still_works();
}

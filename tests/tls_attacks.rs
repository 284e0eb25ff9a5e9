//! A man in the middle who cuts the stream and flips bits in it, anywhere: nothing but the beginning of
//! what the server said comes out, the connection ends with an error that stays, and the next one works.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail that way")]

mod support;

use linksdk_hal::error::ErrorKind;
use rustls::SupportedProtocolVersion;
use rustls::version::TLS13;
use support::exchange::{assert_still_works, attack_at, changed, exchange, stages};
use support::middle::{End, Stage};
use support::records::Record;
use support::server::versions;

#[test]
fn without_an_attack_everything_arrives() {
    assert_still_works();
}

/// How many bytes each record of a flight takes.
fn lengths(version: &'static SupportedProtocolVersion, stage: Stage) -> Vec<usize> {
    let (sender, lengths) = std::sync::mpsc::channel();
    let seen = changed(version, stage, move |flight| {
        sender.send(flight.records.iter().map(|record| record.bytes().len()).collect()).unwrap();
    });
    assert!(seen.is_whole());
    lengths.recv().unwrap()
}

#[test]
fn a_stream_that_is_cut_anywhere_is_no_end() {
    for version in versions() {
        for stage in stages(version) {
            for (record, length) in lengths(version, stage).into_iter().enumerate() {
                for end in [End::Fin, End::Reset] {
                    for within in [0, 1, 5, 6, length / 2, length] {
                        let seen = changed(version, stage, move |flight| {
                            let of = |record: &Record| record.bytes().len();
                            let before: usize = flight.records[..record].iter().map(of).sum();
                            // Signatures have not always the same length.
                            let within = within.min(of(&flight.records[record]) - 1);
                            (flight.cut, flight.end) = (Some(before + within), end);
                        });
                        let what = format!("{version:?} {stage:?} {end:?} {record} {within}");
                        seen.assert_noticed(&what);
                        assert_eq!(seen.established, stage == Stage::Data, "{what} {seen:?}");
                        let kind = seen.end.kind();
                        assert!(
                            kind == ErrorKind::ConnectionLost
                                || (kind == ErrorKind::Handshake && stage != Stage::Data),
                            "{what} {seen:?}"
                        );
                    }
                }
            }
        }
        // The control: what is whole may be followed by the end of the stream.
        let seen = changed(version, Stage::Data, |flight| flight.end = End::Fin);
        assert!(seen.is_whole(), "{seen:?}");
    }
    assert_still_works();
}

#[test]
fn a_bit_that_changes_anywhere_is_noticed() {
    for version in versions() {
        for stage in stages(version) {
            let lengths = lengths(version, stage);
            let total: usize = lengths.iter().sum();
            let mut start = 0;
            for length in lengths {
                // Each byte of the header, then places all over the body.
                let body = (5..length).step_by((total / 24).max(1)).chain([length - 1]);
                for place in (0..5).chain(body) {
                    // Which version a record names means nothing (RFC 8446 section 5.1), and in TLS 1.3 the
                    // engine does not look at the outer kind: both are the same in all records.
                    let says_nothing =
                        place == 1 || place == 2 || (place == 0 && version == &TLS13);
                    let bit = 1u8 << (place % 8);
                    let at = start + place;
                    let attack = attack_at(version, stage, move |flight| {
                        let mut bytes: Vec<u8> =
                            flight.records.iter().flat_map(Record::bytes).collect();
                        // Signatures have not always the same length.
                        let at = at.min(bytes.len() - 1);
                        bytes[at] ^= bit;
                        flight.raw = Some(bytes);
                    });
                    // A length that has grown makes the client wait.
                    let seen = exchange(attack.against_patience_of_ms(400));
                    let what = format!("{version:?} {stage:?} {at}");
                    if !(says_nothing && seen.is_whole()) {
                        seen.assert_noticed(&what);
                    }
                }
                start += length;
            }
        }
    }
    assert_still_works();
}

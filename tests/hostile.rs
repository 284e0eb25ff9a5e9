//! The TLS engine and the MQTT client against servers that send anything: a short, repeatable part of what the
//! fuzz targets `tls_client` and `mqtt_client` do (docs/fuzzing.md), and the inputs that they once found.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail that way")]
#![allow(clippy::panic, reason = "the helpers say what was broken")]

#[cfg(feature = "mqtt")]
#[path = "support/hostile_mqtt/mod.rs"]
mod hostile_mqtt;
#[path = "support/hostile_tls/mod.rs"]
mod hostile_tls;
mod support;

use hostile_tls::{End, faulty};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The bytes of one of the inputs: the same at each run (xorshift, Marsaglia 2003).
fn input(number: u64, longest: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let length = next() % longest;
    (0..length).map(|_| (next() >> 32) as u8).collect()
}

/// What is kept of earlier runs of a fuzz target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut seeds: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    seeds.into_iter().map(|seed| fs::read(seed).unwrap()).collect()
}

#[test]
fn a_server_whose_records_are_changed_gets_nothing_past_the_engine() {
    let mut ends = Vec::new();
    for data in seeds("tls_client").into_iter().chain((0..300).map(|n| input(n, 120))) {
        ends.extend(hostile_tls::run(&data, |engine| engine));
    }
    // Otherwise the scripts would not show much.
    for end in [End::Refused, End::Failed, End::Well] {
        let count = ends.iter().filter(|one| **one == end).count();
        assert!(count > 10, "{count} of {} connections ended with {end:?}", ends.len());
    }
}

#[test]
fn an_engine_that_breaks_its_promises_is_noticed() {
    let noticed = |wrap: hostile_tls::Wrap| {
        (0..300).any(|n| {
            catch_unwind(AssertUnwindSafe(|| hostile_tls::run(&input(n, 120), wrap))).is_err()
        })
    };
    assert!(noticed(faulty::forgetful));
    assert!(noticed(faulty::lying));
}

#[cfg(feature = "mqtt")]
#[test]
fn a_server_that_sends_anything_gets_nothing_past_the_mqtt_client() {
    let mut delivered = 0;
    for data in seeds("mqtt_client").into_iter().chain((0..300).map(|n| input(n, 300))) {
        delivered += hostile_mqtt::run(&data, None);
    }
    assert!(delivered > 50, "{delivered} messages were delivered");
}

#[cfg(feature = "mqtt")]
#[test]
fn a_client_that_delivers_something_else_is_noticed() {
    let falsify: fn(u8) -> u8 = |byte| if byte == b'a' { b'b' } else { byte };
    let run =
        |n| catch_unwind(AssertUnwindSafe(|| hostile_mqtt::run(&input(n, 300), Some(falsify))));
    assert!((0..300).any(|n| run(n).is_err()));
}

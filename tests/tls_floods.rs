//! Peers that send without end, and read nothing: what the engine holds for them does not grow, and no
//! step takes more than its share of the stream.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail that way")]

mod support;

use linksdk_hal::tls::configuration::configuration;
use linksdk_hal::tls::{Engine, Outcome, Want};
use rustls::version::TLS13;
use rustls::{ServerConnection, SupportedProtocolVersion};
use std::sync::{Mutex, MutexGuard, PoisonError};
use support::memory::{Wire, serve};
use support::middle::{identity, open_server};
use support::records::{ALERT, APPLICATION_DATA, HANDSHAKE};
use support::sealer::Sealer;
use support::server::{target, versions};

/// The memory of the process is measured: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many bytes of the stream one step may take: 16 portions of 4 KiB and what is left of a record.
const SHARE: usize = 17 * 4096;

/// What the heap may grow by while a flood passes, after its first tenth: buffers differ a little.
const GROWTH: usize = 16 * 1024;

/// Bytes that are allocated, those with `mmap` among them.
fn heap() -> usize {
    // SAFETY: the call only reads counters of the allocator.
    let usage = unsafe { libc::mallinfo2() };
    usage.uordblks + usage.hblkhd
}

/// An engine after its handshake, its wire, and a server that has been taken over.
struct Taken {
    engine: Box<dyn Engine>,
    wire: Wire,
    sealer: Sealer,
}

fn take_over(version: &'static SupportedProtocolVersion) -> Taken {
    let identity = identity();
    let target = target("localhost", 1, &identity.anchor);
    let mut engine: Box<dyn Engine> = configuration(&target).unwrap().connect().unwrap();
    let (config, secrets) = open_server(&identity, &[version]);
    let mut server = ServerConnection::new(config).unwrap();
    let mut wire = Wire::default();
    while engine.step(&mut wire, Want::Handshake) != Outcome::Done(0) {
        assert!(serve(&mut server, &mut wire));
    }
    assert!(serve(&mut server, &mut wire));
    Taken { engine, wire, sealer: Sealer::of(server, &secrets) }
}

impl Taken {
    fn arrives(&mut self, kind: u8, content: &[u8]) {
        let sealed = self.sealer.seal(kind, content);
        self.wire.to_client.extend(sealed);
    }

    /// Lets the client read until it has taken everything or failed.
    fn client_reads(&mut self) -> Result<usize, String> {
        let mut buffer = [0; 4096];
        let mut plaintext = 0;
        while !self.wire.to_client.is_empty() {
            let before = self.wire.to_client.len();
            match self.engine.step(&mut self.wire, Want::Read(&mut buffer)) {
                Outcome::Done(count) => plaintext += count,
                Outcome::WantRead => {}
                // It answers first: a peer that does not read is not read from any more.
                Outcome::WantWrite => return Ok(plaintext),
                Outcome::Failed(error) => return Err(error.to_string()),
                other => unreachable!("{other:?}"),
            }
            let taken = before - self.wire.to_client.len();
            assert!(taken <= SHARE, "one step took {taken} bytes");
        }
        Ok(plaintext)
    }
}

const ROUNDS: usize = 1000;

type Flood = fn(&mut Taken);

/// How much the heap grows while `flood` is sent `ROUNDS` times, after a tenth of it; and how often it
/// was sent before the client gave up, or waited until its answer is taken.
fn growth(version: &'static SupportedProtocolVersion, reads: bool, flood: Flood) -> (usize, usize) {
    let mut taken = take_over(version);
    if !reads {
        taken.wire.room = Some(0);
    }
    let mut settled = usize::MAX;
    let mut largest = 0usize;
    for round in 0..ROUNDS {
        flood(&mut taken);
        let result = taken.client_reads();
        taken.wire.to_server.clear();
        if result.is_err() || !taken.wire.to_client.is_empty() {
            return (largest.saturating_sub(settled), round);
        }
        match round {
            _ if round < ROUNDS / 10 => settled = heap(),
            _ => largest = largest.max(heap()),
        }
    }
    (largest.saturating_sub(settled), ROUNDS)
}

#[test]
fn floods_leave_nothing_behind() {
    let _alone = alone();
    let floods: &[(&str, Flood)] = &[
        ("data", |taken| taken.arrives(APPLICATION_DATA, &[7; 1000])),
        ("warnings", |taken| (0..16).for_each(|_| taken.arrives(ALERT, &[1, 90]))),
        ("HelloRequests", |taken| (0..16).for_each(|_| taken.arrives(HANDSHAKE, &[0; 4]))),
        ("empty records and data", |taken| {
            taken.arrives(APPLICATION_DATA, b"");
            taken.arrives(APPLICATION_DATA, b"x");
        }),
        ("KeyUpdates and data", |taken| {
            if taken.sealer.is_new() {
                taken.arrives(HANDSHAKE, &[24, 0, 0, 1, 1]);
                taken.sealer.update();
            }
            taken.arrives(APPLICATION_DATA, b"x");
        }),
    ];
    for version in versions() {
        for (what, flood) in floods {
            for reads in [true, false] {
                let (growth, rounds) = growth(version, reads, *flood);
                println!("{version:?} {what}, reads {reads}: {rounds} rounds, {growth} bytes");
                // What is allowed without end was really sent.
                assert!(rounds == ROUNDS || !what.contains("data"), "{version:?} {what}");
                assert!(growth <= GROWTH, "{version:?} {what}: {growth}");
            }
        }
    }
}

/// NewSessionTicket of TLS 1.3 with a ticket of this length (RFC 8446 section 4.6.1).
fn ticket(length: usize, number: u8) -> Vec<u8> {
    let mut body = vec![0, 0, 0x0e, 0x10, 1, 2, 3, 4, 1, number];
    body.extend((length as u16).to_be_bytes());
    body.extend(vec![number; length]);
    body.extend([0, 0]);
    let mut message = vec![4];
    message.extend(support::records::u24(body.len()));
    message.extend(body);
    message
}

#[test]
fn tickets_are_kept_only_so_many() {
    let _alone = alone();
    for version in versions().into_iter().filter(|version| *version == &TLS13) {
        for length in [200, 16_000] {
            let mut taken = take_over(version);
            let mut before = 0;
            for number in 0..100 {
                taken.arrives(HANDSHAKE, &ticket(length, number as u8));
                assert_eq!(taken.client_reads(), Ok(0));
                if number == 0 {
                    before = heap();
                }
            }
            let growth = heap().saturating_sub(before);
            println!("tickets of {length} bytes: {growth}");
            assert!(growth <= 8 * (length + 1500), "{growth}");
        }
    }
}

#[test]
fn nothing_is_read_for_a_caller_who_only_writes() {
    let _alone = alone();
    for version in versions() {
        let mut taken = take_over(version);
        for _ in 0..20 {
            taken.arrives(APPLICATION_DATA, &[7; 16_000]);
        }
        let arrived = taken.wire.to_client.len();
        let before = heap();
        for _ in 0..100 {
            let outcome = taken.engine.step(&mut taken.wire, Want::Write(&[1; 1000]));
            assert_eq!(outcome, Outcome::Done(1000));
            taken.wire.to_server.clear();
        }
        assert_eq!(taken.wire.to_client.len(), arrived);
        assert!(heap() <= before + GROWTH);
        // And for a peer that reads nothing no more than two records are held.
        taken.wire.room = Some(0);
        let mut accepted = 0;
        while let Outcome::Done(count) =
            taken.engine.step(&mut taken.wire, Want::Write(&[1; 100_000]))
        {
            accepted += count;
        }
        assert!(accepted <= 2 * 16 * 1024, "{accepted}");
        let growth = heap().saturating_sub(before);
        assert!(growth <= 4 * 16 * 1024, "{growth}");
    }
}

#[test]
fn growth_would_be_seen() {
    // The control: a peer whose data the test itself keeps.
    let _alone = alone();
    static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
    let (growth, _) = growth(versions()[0], true, |taken| {
        taken.arrives(APPLICATION_DATA, b"x");
        KEPT.lock().unwrap().push(vec![1; 100]);
    });
    KEPT.lock().unwrap().clear();
    assert!(growth > GROWTH, "{growth}");
}

//! A wire that takes nothing while the server goes on sending.

use super::server::GOOD;
use super::*;

#[test]
fn a_ping_that_cannot_be_sent_is_sent_later_and_not_taken_for_unanswered() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    let due = |device: &Device| device.client.lock().next_ping = Instant::now();
    // Another thread is sending.
    let pass = device.client.gate.enter(Deadline::now());
    due(&device);
    device.client.yield_for(5);
    {
        let state = device.client.lock();
        assert!(state.ping_unanswered.is_none() && state.ping_unsent.is_some());
        assert!(state.next_ping < Instant::now() + settings().keep_alive / 2);
    }
    drop(pass);
    due(&device);
    device.client.yield_for(5);
    assert_eq!(device.server.types(), [0xc0]);
    assert!(device.client.lock().ping_unsent.is_none());
    assert_eq!(device.server.connections(), 1);
}

#[test]
fn a_wire_that_takes_no_ping_for_half_a_keep_alive_is_dead_even_if_the_server_sends() {
    let quick = Settings { keep_alive: Duration::from_millis(40), ..settings() };
    let device = connected(quick, vec![Ok(GOOD)]);
    device.server.take_nothing();
    device.yield_until(|device| {
        device.server.publish("/a", b"x", None);
        device.server.connections() > 1
    });
}

#[test]
fn a_wire_that_takes_nothing_does_not_hold_up_reading() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.server.take_nothing();
    std::thread::scope(|scope| {
        let yielding = scope.spawn(|| device.client.yield_for(20_000));
        let begin = Instant::now();
        for payload in ["one", "two", "three"] {
            device.server.publish("/a", payload.as_bytes(), Some(700));
            while device.firmware.told() != [format!("/a {payload}")] {
                assert!(begin.elapsed() < Duration::from_secs(10), "{payload}");
                std::thread::yield_now();
            }
        }
        device.client.destroy();
        yielding.join().unwrap();
    });
}

#[test]
fn acknowledgements_that_nobody_takes_do_not_pile_up() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.server.take_nothing();
    device.client.lock().acknowledgements.extend(1..=2000);
    device.yield_until(|device| device.server.connections() > 1);
    assert!(device.client.lock().acknowledgements.is_empty());
}

#[test]
fn a_request_never_overtakes_a_renewal_that_waits_for_the_wire() {
    let long = Settings { request_timeout: Duration::from_secs(30), ..settings() };
    let device = connected(long, vec![Ok(GOOD), Ok(Link { takes: false, ..GOOD })]);
    assert!(device.client.subscribe("/a", 1, OTHER) > 0);
    device.client.yield_for(5);
    device.server.end();
    device.yield_until(|device| device.server.connections() > 1 && device.client.is_connected());
    device.client.yield_for(5);
    device.server.take_received();
    // At once, too: the request timeout is long.
    let begin = Instant::now();
    let ended = device.client.unsubscribe("/a");
    assert!(ended > 0 && begin.elapsed() < Duration::from_secs(10));
    device.server.take_again();
    let mut types = Vec::new();
    device.yield_until(|device| {
        types.extend(device.server.types());
        types.len() >= 2
    });
    assert_eq!(types, [0x82, 0xa2]);
    device.client.yield_for(5);
    assert!(device.firmware.told().contains(&format!("UnsubscribeSuccess({ended})")));
    assert!(device.client.lock().subscriptions.is_empty());
}

/// A device whose message was not acknowledged, on a new connection that takes a part of it.
fn half_sent_again(request_timeout: Duration) -> Device {
    let settings = || Settings { request_timeout, ..settings() };
    let mute = Link { puback: false, ..GOOD };
    let connect = {
        let device = device(settings(), known(), vec![Ok(mute)]);
        assert_eq!(device.client.start(), Ok(()));
        device.server.take_received()[0].len()
    };
    let stalls = Link { stalls_after: Some(connect + 7), connack: Some([1, 0]), ..GOOD };
    let device = connected(settings(), vec![Ok(mute), Ok(stalls), Ok(GOOD)]);
    device.server.end();
    device.yield_until(|device| device.server.connections() > 1 && device.client.is_connected());
    device.client.yield_for(5);
    device
}

#[test]
fn a_packet_that_was_begun_by_a_short_yield_is_completed_later() {
    let device = half_sent_again(Duration::from_secs(1));
    assert_eq!(device.client.publish("/a", 0, false, b"x"), state::SYS_DEPEND_NWK_CLOSE);
    assert!(device.client.is_connected());
    device.server.take_received();
    device.server.take_again();
    assert_eq!(device.client.publish("/a", 0, false, b"x"), 0);
    // The version report of construction, once and whole, before anything else.
    assert_eq!(device.server.types(), [0x3a, 0x30]);
    assert_eq!(device.server.connections(), 2);
}

#[test]
fn a_packet_that_cannot_be_completed_ends_the_connection() {
    let device = half_sent_again(Duration::from_millis(100));
    device.yield_until(|device| device.server.connections() == 3 && device.client.is_connected());
    device.yield_until(|device| device.server.types().contains(&0x3a));
}

#[test]
fn destroy_says_nothing_in_the_middle_of_a_packet() {
    let device = half_sent_again(Duration::from_secs(30));
    let taken = device.server.taken();
    device.server.take_again();
    device.client.destroy();
    assert!(device.server.has_ended());
    assert_eq!(device.server.taken(), taken);
}

//! Staying connected, and coming back.

use super::server::GOOD;
use super::*;

fn reconnected(device: &Device) {
    device.yield_until(|device| device.server.connections() > 1 && device.client.is_connected());
    device.client.yield_for(5);
}

#[test]
fn a_lost_connection_is_reported_and_restored_with_its_subscriptions() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.client.subscribe("/a", 1, OTHER);
    device.client.subscribe("/b", 3, OTHER);
    device.client.yield_for(5);
    device.firmware.take();
    device.server.take_received();
    device.server.end();
    reconnected(&device);
    assert_eq!(device.firmware.told(), ["Disconnected", "Reconnected"]);
    let received = device.server.take_received();
    assert_eq!(received.len(), 2);
    assert!(received[0][0] == 0x10 && received[1].ends_with(b"\0\x02/a\x01"), "{received:?}");
    device.server.publish("/a", b"x", None);
    device.client.yield_for(5);
    assert_eq!(device.firmware.take(), [Seen::Told(OTHER, "/a x".to_owned())]);
}

#[test]
fn a_panic_while_reconnecting_is_a_failed_attempt() {
    let script = vec![Ok(GOOD), Err(ErrorKind::Internal), Ok(GOOD)];
    let device = connected(settings(), script);
    device.server.end();
    device.yield_until(|device| device.server.connections() > 2 && device.client.is_connected());
    device.client.yield_for(5);
    assert_eq!(device.firmware.told(), ["Disconnected", "Reconnected"]);
}

#[test]
fn a_server_that_kept_the_session_is_not_asked_again() {
    let device = connected(settings(), vec![Ok(GOOD), Ok(Link { connack: Some([1, 0]), ..GOOD })]);
    device.client.subscribe("/a", 1, OTHER);
    device.client.yield_for(5);
    device.server.take_received();
    device.server.end();
    reconnected(&device);
    assert_eq!(device.server.types(), [0x10]);
}

#[test]
fn a_server_that_was_asked_for_a_new_session_has_none_whatever_it_says() {
    let clean = Settings { clean_session: true, ..settings() };
    let device = connected(clean, vec![Ok(GOOD), Ok(Link { connack: Some([1, 0]), ..GOOD })]);
    device.client.subscribe("/a", 1, OTHER);
    device.client.yield_for(5);
    device.server.take_received();
    device.server.end();
    reconnected(&device);
    assert_eq!(device.server.types(), [0x10, 0x82]);
}

#[test]
fn the_highest_qos_that_was_asked_for_is_renewed() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    for (qos, context) in [(0, 1), (1, 2), (0, 3)] {
        let handler = Handler { function: 2, context };
        assert!(device.client.subscribe("/a", qos, handler) > 0);
    }
    device.client.yield_for(5);
    device.server.take_received();
    device.server.end();
    reconnected(&device);
    let received = device.server.take_received();
    assert!(received.len() == 2 && received[1].ends_with(b"\0\x02/a\x01"), "{received:?}");
}

#[test]
fn what_was_not_answered_is_sent_again_after_reconnection() {
    let mute = Link { puback: false, suback: None, ..GOOD };
    let long = Settings { request_timeout: Duration::from_secs(30), ..settings() };
    let device = connected(long, vec![Ok(mute), Ok(Link { connack: Some([1, 0]), ..GOOD })]);
    let message = device.client.publish("/a", 1, false, b"x");
    let subscription = device.client.subscribe("/a", 1, OTHER);
    device.server.take_received();
    device.firmware.take();
    device.server.end();
    reconnected(&device);
    // Also the version report of construction.
    assert_eq!(device.server.types(), [0x10, 0x82, 0x3a, 0x3a]);
    let told = device.firmware.told();
    assert!(told.contains(&format!("PublishSuccess({message})")), "{told:?}");
    assert!(told.contains(&format!("SubscribeSuccess({subscription})")), "{told:?}");
}

#[test]
fn while_offline_calls_say_so_and_yield_returns_0() {
    let device = connected(settings(), vec![Ok(GOOD), Err(ErrorKind::Connect)]);
    device.server.end();
    device.yield_until(|device| !device.client.is_connected());
    assert_eq!(device.client.publish("/a", 0, false, b"x"), state::MQTT_IN_OFFLINE_STATUS);
    assert_eq!(device.client.subscribe("/a", 0, OTHER), state::MQTT_IN_OFFLINE_STATUS);
    assert_eq!(device.client.unsubscribe("/a"), state::MQTT_IN_OFFLINE_STATUS);
    let begin = Instant::now();
    assert_eq!(device.client.yield_for(60), 0);
    assert!(begin.elapsed() >= Duration::from_millis(60));
    assert!(device.server.connections() > 1);
}

#[test]
fn yield_returns_by_its_timeout() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    for timeout in [0, 1, 80] {
        let begin = Instant::now();
        assert_eq!(device.client.yield_for(timeout), 0);
        let elapsed = begin.elapsed();
        let wanted = u64::try_from(if timeout == 0 { 10 } else { timeout }).unwrap();
        assert!(elapsed >= Duration::from_millis(wanted), "{timeout} {elapsed:?}");
        // `yield_bounds` holds it to 50 ms over TLS, and measures again on a busy machine.
        assert!(elapsed < Duration::from_millis(wanted + 1000), "{timeout} {elapsed:?}");
    }
    assert_eq!(device.client.yield_for(-1), state::USER_INPUT_INVALID);
}

#[test]
fn a_server_that_answers_pings_stays_and_a_dead_one_is_noticed() {
    let quick = || Settings { keep_alive: Duration::from_millis(20), ..settings() };
    let alive = connected(quick(), vec![Ok(GOOD)]);
    let mut pings = 0;
    alive.yield_until(|device| {
        pings += device.server.types().iter().filter(|first| **first == 0xc0).count();
        pings >= 3
    });
    assert_eq!(alive.server.connections(), 1);
    let dead = connected(quick(), vec![Ok(Link { pong: false, ..GOOD }), Ok(GOOD)]);
    reconnected(&dead);
    assert!(dead.firmware.told().contains(&"Disconnected".to_owned()));
}

/// The firmware did not yield for a long time, in which the server did what it should.
#[test]
fn what_arrived_while_nobody_yielded_is_read_before_the_server_is_judged() {
    type LookBack = fn(&mut State, Instant);
    let answers: [(LookBack, &[u8], &str); 4] = [
        (|state, past| state.ping_unanswered = Some(past), b"\xd0\0", ""),
        (|state, past| state.packet_began = Some(past), b"\0\x02/ax", "/a x"),
        (|state, past| state.requests[0].sent = past, b"\x90\x03\0\x02\x01", "SubscribeSuccess(2)"),
        (|state, past| state.outbox[0].sent = Some(past), b"\x40\x02\0\x01", "PublishSuccess(1)"),
    ];
    let long_ago = Instant::now().checked_sub(Duration::from_secs(600)).unwrap();
    for (number, (look_back, answer, told)) in answers.into_iter().enumerate() {
        let mute = Link { puback: false, suback: None, ..GOOD };
        let slow = Settings { request_timeout: Duration::from_secs(60), ..settings() };
        let device = connected(slow, vec![Ok(mute)]);
        if number == 1 {
            device.server.send(&[0x30, 5]);
            device.client.yield_for(5);
        }
        assert_eq!(device.client.subscribe("/a", 1, OTHER), 2);
        device.firmware.take();
        device.server.take_received();
        {
            let mut state = device.client.lock();
            state.listened = long_ago;
            look_back(&mut state, long_ago);
        }
        device.server.send(answer);
        device.client.yield_for(5);
        assert_eq!(device.firmware.told().concat(), told);
        assert_eq!((device.server.connections(), device.server.types()), (1, vec![]), "{number}");
    }
}

#[test]
fn a_packet_that_never_ends_ends_the_connection() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.server.send(&[0x30, 50, 0, 2]);
    reconnected(&device);
    assert_eq!(device.server.connections(), 2);
}

#[test]
fn a_refused_device_keeps_trying_slowly() {
    let policy = RetryPolicy { refused: Duration::from_secs(300), ..settings().retry };
    let patient = Settings { retry: policy, ..settings() };
    let device = connected(patient, vec![Ok(GOOD), Ok(Link { connack: Some([0, 5]), ..GOOD })]);
    device.server.end();
    let mut codes = Vec::new();
    device.yield_until(|device| {
        codes.extend(device.firmware.codes());
        codes.contains(&state::MQTT_CONNACK_NOT_AUTHORIZED)
    });
    device.client.yield_for(50);
    codes.extend(device.firmware.codes());
    let waits = codes.iter().filter(|code| **code == state::MQTT_RECONNECT_WAIT).count();
    assert_eq!(waits, 2, "{codes:?}");
    assert_eq!(device.server.connections(), 2);
}

/// Connects with an identity of an earlier start. A refusal would cost minutes.
fn remembering() -> Settings {
    let retry = RetryPolicy { refused: Duration::from_secs(300), ..settings().retry };
    Settings { login: login("id|stored|", "dn&pk"), from_store: true, retry, ..settings() }
}

fn user_names(device: &Device) -> Vec<&'static str> {
    let packets = device.server.take_received();
    let connects = packets.iter().filter(|packet| packet[0] == 0x10);
    let known = ["\0\x05dn&pk\0", "\0\x05d1&p1\0", "\0\x01&\0"];
    let name = |packet: &Vec<u8>| {
        let found = known
            .iter()
            .find(|name| packet.windows(name.len()).any(|window| window == name.as_bytes()));
        found.map_or("another", |name| &name[2..name.len() - 1])
    };
    connects.map(name).collect()
}

#[test]
fn a_stored_identity_that_is_refused_later_is_forgotten_and_asked_for_anew() {
    let refused = Link { connack: Some([0, 5]), ..GOOD };
    let anew = Link { greeting: connecting::IDENTITY, ..GOOD };
    let device = connected(remembering(), vec![Ok(GOOD), Ok(refused), Ok(anew)]);
    device.server.end();
    device.yield_until(|device| device.server.connections() > 2 && device.client.is_connected());
    device.yield_until(|device| device.client.surroundings.identity().is_complete());
    assert_eq!(user_names(&device), ["dn&pk", "&"]);
    // What is refused from now on is the device itself.
    let seen = device.firmware.take();
    assert!(seen.contains(&Seen::State(state::MQTT_CONN_USER_INFO, "&".to_owned())), "{seen:?}");
}

#[test]
fn a_stored_identity_that_is_refused_at_first_is_forgotten_and_asked_for_anew() {
    let refused = Link { connack: Some([0, 4]), ..GOOD };
    let anew = Link { greeting: connecting::IDENTITY, ..GOOD };
    let lucky = device(remembering(), known(), vec![Ok(refused), Ok(anew)]);
    assert_eq!(lucky.client.start(), Ok(()));
    assert_eq!(user_names(&lucky), ["dn&pk", "&"]);
    // Once.
    let unlucky = device(remembering(), known(), vec![Ok(refused)]);
    assert_eq!(unlucky.client.start(), Err(state::MQTT_CONNACK_BAD_USERDATA));
    assert_eq!(user_names(&unlucky), ["dn&pk", "&"]);
}

#[test]
fn an_identity_that_replaces_the_stored_one_is_named_by_the_next_connection() {
    let other = Link { greeting: connecting::IDENTITY, ..GOOD };
    let device = connected(remembering(), vec![Ok(other), Ok(GOOD)]);
    device.server.end();
    reconnected(&device);
    assert_eq!(user_names(&device), ["d1&p1"]);
}

#[test]
fn a_wire_that_takes_nothing_after_reconnection_does_not_hold_the_yield() {
    let long = Settings { request_timeout: Duration::from_secs(30), ..settings() };
    let device = connected(long, vec![Ok(GOOD), Ok(Link { takes: false, ..GOOD })]);
    device.client.subscribe("/a", 1, OTHER);
    device.client.yield_for(5);
    device.server.end();
    device.yield_until(|device| device.server.connections() > 1 && device.client.is_connected());
    let begin = Instant::now();
    device.client.yield_for(50);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    device.server.take_received();
    device.server.take_again();
    device.yield_until(|device| device.server.types().contains(&0x82));
}

#[test]
fn destroy_wakes_the_thread_that_yields() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let yielding = scope.spawn(|| device.client.yield_for(20_000));
        while device.client.lock().reader.is_none() {
            std::thread::yield_now();
        }
        device.client.destroy();
        assert_eq!(yielding.join().unwrap(), state::USER_INPUT_INVALID);
    });
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert!(device.server.types().contains(&0xe0));
    assert_eq!(device.client.publish("/a", 0, false, b"x"), state::MQTT_IN_OFFLINE_STATUS);
    device.client.destroy();
}

#[test]
fn destroy_inside_a_handler_ends_everything() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    let client = Arc::clone(&device.client);
    device.firmware.react(move |_| client.destroy());
    device.server.publish("/a", b"x", None);
    device.server.publish("/a", b"y", None);
    assert_eq!(device.client.yield_for(1000), state::USER_INPUT_INVALID);
    assert_eq!(device.firmware.told(), ["/a x"]);
}

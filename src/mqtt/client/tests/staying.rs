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
    device.yield_until(|device| {
        device.firmware.codes().contains(&state::MQTT_CONNACK_NOT_AUTHORIZED)
    });
    device.client.yield_for(50);
    assert_eq!(device.server.connections(), 2);
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

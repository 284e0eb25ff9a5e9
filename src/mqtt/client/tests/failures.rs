//! What cannot be sent, answers to nothing, calls that cross each other.

use super::server::GOOD;
use super::*;
use crate::mqtt::send::SendError;

/// How many bytes the client has sent when it is connected: CONNECT and the version report.
fn bytes_of_construction() -> usize {
    let device = device(settings(), known(), vec![Ok(GOOD)]);
    assert_eq!(device.client.start(), Ok(()));
    device.server.take_received().iter().map(Vec::len).sum()
}

fn patient() -> Settings {
    Settings { request_timeout: Duration::from_secs(30), ..settings() }
}

#[test]
fn a_packet_that_was_sent_in_part_ends_the_connection() {
    for (what, qos) in [("QoS 0", 0), ("QoS 1", 1)] {
        let part = Some(bytes_of_construction() + 3);
        let stalls = Link { stalls_after: part, ..GOOD };
        let device = connected(settings(), vec![Ok(stalls), Ok(GOOD)]);
        let code = device.client.publish("/a", qos, false, b"message");
        assert_eq!(code, state::SYS_DEPEND_NWK_CLOSE, "{what}");
        device.yield_until(|device| device.server.connections() == 2);
        device.client.yield_for(5);
        assert_eq!(device.firmware.told()[0], "Disconnected", "{what}");
        // The call failed, so the message is the firmware's again.
        assert!(device.client.lock().outbox.is_empty(), "{what}");
    }
}

#[test]
fn a_request_that_cannot_be_sent_is_as_if_it_had_not_been_made() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.server.take_nothing();
    assert_eq!(device.client.subscribe("/a", 1, OTHER), state::SYS_DEPEND_NWK_CLOSE);
    assert_eq!(device.client.subscribe_sync("/b", 1, OTHER, 10), state::SYS_DEPEND_NWK_CLOSE);
    assert_eq!(device.client.unsubscribe("/a"), state::SYS_DEPEND_NWK_CLOSE);
    let state = device.client.lock();
    assert!(state.subscriptions.is_empty() && state.requests.is_empty());
    assert!(state.waiters.is_empty());
    drop(state);
    assert!(device.client.is_connected());
    assert_eq!(device.server.connections(), 1);
}

#[test]
fn a_subscription_that_cannot_be_renewed_stays_the_firmwares() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    assert!(device.client.subscribe("/a", 1, OTHER) > 0);
    device.client.yield_for(5);
    device.server.take_nothing();
    assert_eq!(device.client.subscribe("/a", 1, OTHER), state::SYS_DEPEND_NWK_CLOSE);
    assert_eq!(device.client.lock().subscriptions.len(), 1);
}

#[test]
fn sending_without_a_connection_says_so() {
    let device = connected(settings(), vec![Ok(GOOD), Err(ErrorKind::Connect)]);
    device.server.end();
    device.yield_until(|device| !device.client.is_connected());
    let sent = device.client.send(&codec::PINGREQ, Deadline::after_ms(50));
    assert_eq!(sent.map_err(SendError::code), Err(state::MQTT_IN_OFFLINE_STATUS));
    assert_eq!(device.client.subscribe_sync("/a", 1, OTHER, 10), state::MQTT_IN_OFFLINE_STATUS);
}

#[test]
fn no_more_than_256_requests_wait_for_their_answers() {
    let device = connected(patient(), vec![Ok(Link { suback: None, ..GOOD })]);
    for _ in 0..256 {
        assert!(device.client.subscribe("/a", 1, OTHER) > 0);
    }
    assert_eq!(device.client.subscribe("/a", 1, OTHER), state::MQTT_SUB_EXCEED_MAX);
    assert_eq!(device.client.unsubscribe("/a"), state::MQTT_SUB_EXCEED_MAX);
}

#[test]
fn a_message_that_cannot_be_sent_again_now_is_sent_later() {
    let device = connected(settings(), vec![Ok(Link { puback: false, ..GOOD })]);
    assert!(device.client.publish("/a", 1, false, b"x") > 0);
    device.server.take_nothing();
    device.server.take_received();
    // Twice the request timeout is when it is sent again.
    device.client.yield_for(300);
    assert_eq!(device.server.types(), Vec::<u8>::new());
    assert_eq!(device.server.connections(), 1);
    device.server.take_again();
    let mut types = Vec::new();
    device.yield_until(|device| {
        types.extend(device.server.types());
        types.contains(&0x3a)
    });
}

#[test]
fn an_acknowledgement_that_cannot_be_sent_now_is_sent_later() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.server.take_nothing();
    device.server.publish("/a", b"x", Some(700));
    device.client.yield_for(20);
    assert_eq!(device.firmware.told(), ["/a x"]);
    assert_eq!(device.server.types(), Vec::<u8>::new());
    device.server.take_again();
    device.yield_until(|device| device.server.take_received() == [[0x40, 2, 2, 188]]);
    assert_eq!(device.firmware.told(), Vec::<String>::new());
}

#[test]
fn a_message_may_be_acknowledged_before_publish_returns() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    let client = Arc::clone(&device.client);
    device.server.in_next_write(move || assert_eq!(client.yield_for(5), 0));
    let id = device.client.publish("/a", 1, false, b"x");
    assert!(id > 0);
    assert_eq!(device.firmware.told(), [format!("PublishSuccess({id})")]);
    assert!(device.client.lock().outbox.is_empty());
}

#[test]
fn answers_to_nothing_change_nothing() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.server.send(b"\x90\x03\0\x63\x01\xb0\x02\0\x63\x40\x02\0\x63\xd0\0");
    // An UNSUBACK for a SUBSCRIBE, and the other way round, answer nothing either.
    let mute = connected(patient(), vec![Ok(Link { suback: None, ..GOOD })]);
    let subscribed = mute.client.subscribe("/a", 1, OTHER).to_be_bytes();
    let ended = mute.client.unsubscribe("/b").to_be_bytes();
    mute.server.send(&[0xb0, 2, subscribed[2], subscribed[3]]);
    mute.server.send(&[0x90, 3, ended[2], ended[3], 1]);
    for device in [&device, &mute] {
        device.client.yield_for(10);
        assert_eq!(device.firmware.told(), Vec::<String>::new());
        assert_eq!(device.server.connections(), 1);
    }
    assert_eq!(mute.client.lock().requests.len(), 2);
}

#[test]
fn packet_identifiers_begin_anew_behind_65535_and_pass_over_those_in_use() {
    // The version report of construction has the first, and waits for its PUBACK.
    let device = connected(patient(), vec![Ok(Link { puback: false, suback: None, ..GOOD })]);
    assert_eq!(device.client.lock().outbox[0].packet_id, 1);
    assert_eq!(device.client.subscribe("/a", 1, OTHER), 2);
    device.client.lock().last_packet_id = 65534;
    assert_eq!(device.client.publish("/a", 1, false, b"x"), 65535);
    assert_eq!(device.client.publish("/a", 1, false, b"x"), 3);
}

#[test]
fn a_second_thread_that_yields_returns_by_its_own_timeout() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| device.client.yield_for(20_000));
        while device.client.lock().reader.is_none() {
            std::thread::yield_now();
        }
        let begin = Instant::now();
        assert_eq!(device.client.yield_for(30), 0);
        let elapsed = begin.elapsed();
        assert!(elapsed >= Duration::from_millis(30) && elapsed < Duration::from_secs(10));
        device.client.destroy();
        assert_eq!(first.join().unwrap(), state::USER_INPUT_INVALID);
    });
}

#[test]
fn what_arrives_for_a_destroyed_client_is_not_looked_at() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    let number = device.client.lock().number;
    device.client.lock().input = b"\x30\x04\0\x02/a".to_vec();
    device.client.destroy();
    assert!(device.client.handle_input(number));
    assert_eq!(device.firmware.told(), Vec::<String>::new());
}

#[test]
fn an_attempt_that_ends_after_destruction_is_closed() {
    let silent = Link { connack: None, ..GOOD };
    let device = connected(patient(), vec![Ok(GOOD), Ok(silent)]);
    device.server.end();
    device.yield_until(|device| device.server.types().contains(&0x10));
    device.client.destroy();
    device.server.send(&[0x20, 2, 0, 0]);
    let deadline = Deadline::after_ms(10_000);
    while !device.server.has_ended() {
        assert!(!deadline.is_over());
        std::thread::yield_now();
    }
    assert!(!device.client.is_connected());
}

#[test]
fn destroy_during_construction_ends_it() {
    let silent = Link { connack: None, ..GOOD };
    let device = device(patient(), known(), vec![Ok(silent)]);
    std::thread::scope(|scope| {
        let constructing = scope.spawn(|| device.client.start());
        let deadline = Deadline::after_ms(10_000);
        while device.server.types() != [0x10] {
            assert!(!deadline.is_over());
            std::thread::yield_now();
        }
        device.client.destroy();
        device.server.send(&[0x20, 2, 0, 0]);
        assert_eq!(constructing.join().unwrap(), Err(state::SYS_DEPEND_NWK_CLOSE));
    });
    assert!(device.server.has_ended());
}

#[test]
fn destroy_when_told_of_a_failed_attempt_ends_the_attempts() {
    let device = connected(settings(), vec![Ok(GOOD), Err(ErrorKind::Connect)]);
    *device.firmware.unwanted.lock().unwrap() = Some(Arc::clone(&device.client));
    device.server.end();
    assert_eq!(device.client.yield_for(5_000), state::USER_INPUT_INVALID);
    assert_eq!(device.server.connections(), 2);
}

#[test]
fn destroy_when_told_of_a_failed_first_attempt_ends_construction() {
    let patient = Settings { pause: Duration::from_secs(60), ..settings() };
    let device = device(patient, known(), vec![Err(ErrorKind::Connect)]);
    *device.firmware.unwanted.lock().unwrap() = Some(Arc::clone(&device.client));
    assert_eq!(device.client.start(), Err(state::SYS_DEPEND_NWK_CLOSE));
    assert_eq!(device.server.connections(), 1);
}

#[test]
fn connack_may_arrive_in_pieces() {
    let device = device(settings(), known(), vec![Ok(GOOD)]);
    device.server.drip(1);
    assert_eq!(device.client.start(), Ok(()));
    assert_eq!(device.server.connections(), 1);
}

#[test]
fn a_wire_that_does_not_take_connect_is_a_failed_attempt() {
    let device = device(settings(), known(), vec![Ok(Link { stalls_after: Some(0), ..GOOD })]);
    assert_eq!(device.client.start(), Err(state::SYS_DEPEND_NWK_CLOSE));
    assert_eq!(device.server.connections(), 3);
    let texts = device.firmware.take();
    let expected = Seen::State(state::SYS_DEPEND_NWK_CLOSE, "no CONNACK in time".to_owned());
    assert!(texts.contains(&expected), "{texts:?}");
}

#[test]
fn a_first_packet_that_is_not_connack_is_a_failed_attempt() {
    // PINGRESP; a PUBLISH larger than the read buffer; a remaining length that is too long.
    let mut oversized = vec![0x30, 0xac, 2];
    oversized.resize(303, b'x');
    let oversized: &'static [u8] = Vec::leak(oversized);
    for greeting in [b"\xd0\0", oversized, b"\x20\x82\0\0\0", b"\x20\xff\xff\xff\xff\x01"] {
        let wrong = Link { connack: None, greeting, ..GOOD };
        let device = device(settings(), known(), vec![Ok(wrong)]);
        assert_eq!(device.client.start(), Err(state::MQTT_PROTOCOL), "{greeting:x?}");
        assert_eq!(device.server.connections(), 3);
    }
}

#[test]
fn a_length_in_more_bytes_than_it_needs_ends_the_connection() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.server.send(b"\x30\x84\0\0\x02/a");
    device.yield_until(|device| device.server.connections() == 2);
    let text = "remaining length is not minimal".to_owned();
    assert!(device.firmware.take().contains(&Seen::State(state::MQTT_PROTOCOL, text)));
}

#[test]
fn warnings_of_a_connection_reach_the_state_handlers() {
    let device = device(settings(), known(), vec![Ok(Link { warns: true, ..GOOD })]);
    assert_eq!(device.client.start(), Ok(()));
    let expected = Seen::State(state::TLS_CERTIFICATE_EXPIRES, "scripted".to_owned());
    assert!(device.firmware.take().contains(&expected));
}

#[test]
fn the_version_report_names_the_module() {
    let device = device(settings(), known(), vec![Ok(GOOD)]);
    *device.firmware.module.lock().unwrap() = "radio \"2\"".to_owned();
    assert_eq!(device.client.start(), Ok(()));
    let report = device.server.take_received().remove(1);
    let end = br#"{"id":"1","params":{"version":"app-1","module":"radio \"2\""}}"#;
    let text = report.escape_ascii().to_string().replace(", ", ",");
    assert!(text.ends_with(&end.escape_ascii().to_string()), "{text}");
}

#[test]
fn a_transport_warns_of_nothing_unless_it_says_so() {
    struct Plain;
    impl Transport for Plain {
        fn read(&self, _: &mut [u8], _: Deadline) -> crate::error::Result<usize> {
            Ok(0)
        }

        fn write(&self, bytes: &[u8], _: Deadline) -> crate::error::Result<usize> {
            Ok(bytes.len())
        }

        fn close(&self) {}
    }
    assert_eq!(Plain.warnings(), []);
}

//! Messages in both directions.

use super::server::GOOD;
use super::*;

#[test]
fn publishing_returns_the_codes_of_the_sdk() {
    let device = connected(settings(), vec![Ok(Link { puback: false, ..GOOD })]);
    let publish =
        |topic: &str, qos, payload: &[u8]| device.client.publish(topic, qos, false, payload);
    assert_eq!(publish("/a", 0, b"x"), 0);
    let first = publish("/a", 1, b"x");
    assert!(first > 0);
    assert_eq!(publish("/a", 1, b"x"), first + 1);
    assert_eq!(publish("a", 0, b"x"), state::MQTT_UNEXP_TOPIC_FORMAT);
    assert_eq!(publish("/a/#", 0, b"x"), state::MQTT_UNEXP_TOPIC_FORMAT);
    assert_eq!(publish(&format!("/{}", "x".repeat(128)), 0, b""), state::MQTT_TOPIC_BUF_TOO_SHORT);
    for qos in [2, 3, -1, i32::MAX] {
        assert_eq!(publish("/a", qos, b"x"), state::MQTT_PUB_QOS_INVALID);
    }
    assert_eq!(publish("/a", 0, &[0; 200]), state::MQTT_SERIALIZE_PUB_ERROR);
    assert_eq!(publish("/a", 1, &[0; 200]), state::MQTT_SERIALIZE_PUB_ERROR);
    assert_eq!(device.server.types(), [0x30, 0x32, 0x32]);
    let seen = device.firmware.take();
    assert_eq!(seen[0], Seen::State(state::MQTT_PUB_INFO, "pub - '/a': 0".to_owned()));
}

#[test]
fn ten_messages_may_wait_for_their_puback_and_each_is_reported_once() {
    let device = connected(settings(), vec![Ok(Link { puback: false, ..GOOD })]);
    // The version report of construction is one of the ten.
    let ids: Vec<i32> = (0..9).map(|_| device.client.publish("/a", 1, false, b"x")).collect();
    assert!(ids.iter().all(|id| *id > 0), "{ids:?}");
    let refused = device.client.publish("/a", 1, false, b"x");
    assert_eq!(refused, state::MQTT_QOS1_REPUB_EXCEED_MAX);
    assert_eq!(device.client.publish("/a", 0, false, b"x"), 0);
    for id in &ids {
        let [high, low] = u16::try_from(*id).unwrap().to_be_bytes();
        // Twice: the second answers nothing.
        device.server.send(&[0x40, 2, high, low, 0x40, 2, high, low]);
    }
    device.firmware.take();
    device.client.yield_for(10);
    let expected: Vec<String> = ids.iter().map(|id| format!("PublishSuccess({id})")).collect();
    assert_eq!(device.firmware.told(), expected);
    assert!(device.client.publish("/a", 1, false, b"x") > 0);
}

#[test]
fn an_unacknowledged_message_is_sent_again_with_dup() {
    let device = connected(settings(), vec![Ok(Link { puback: false, ..GOOD })]);
    let id = device.client.publish("/a", 1, false, b"x");
    let mut again = Vec::new();
    device.yield_until(|device| {
        again.extend(device.server.take_received().into_iter().filter(|p| p[0] == 0x3a));
        !again.is_empty()
    });
    let [high, low] = u16::try_from(id).unwrap().to_be_bytes();
    let expected = [b"\x3a\x07\0\x02/a".as_slice(), &[high, low], b"x"].concat();
    assert!(again.contains(&expected) || again[0].starts_with(b"\x3a"), "{again:?}");
    device.yield_until(|device| {
        again.extend(device.server.take_received());
        again.contains(&expected)
    });
}

#[test]
fn messages_are_delivered_and_then_acknowledged() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    assert!(device.client.subscribe("/a/+", 1, OTHER) > 0);
    device.client.yield_for(5);
    device.firmware.take();
    device.server.take_received();
    let server = Arc::clone(&device.server);
    device.firmware.react(move |event| {
        if let Event::Received(codec::Message { packet_id: Some(_), .. }) = event {
            assert_eq!(server.types(), Vec::<u8>::new());
        }
    });
    device.server.publish("/a/b", b"one", Some(700));
    device.server.publish("/other", b"two", None);
    device.client.yield_for(10);
    let told = device.firmware.take();
    let expected =
        [Seen::Told(OTHER, "/a/b one".to_owned()), Seen::Told(DEFAULT, "/other two".to_owned())];
    assert_eq!(told, expected);
    assert_eq!(device.server.take_received(), [[0x40, 2, 2, 188]]);
}

#[test]
fn a_stream_in_single_bytes_is_the_same_stream() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.server.drip(1);
    device.server.publish("/a", b"one", Some(9));
    device.server.publish("/a", b"two", None);
    let mut told = Vec::new();
    device.yield_until(|device| {
        told.extend(device.firmware.told());
        told.len() == 2
    });
    assert_eq!(told, ["/a one", "/a two"]);
    assert_eq!(device.server.connections(), 1);
}

#[test]
fn a_packet_larger_than_the_buffer_is_passed_over() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    device.server.publish("/a", &[b'x'; 300], None);
    device.server.publish("/a", b"next", None);
    device.client.yield_for(10);
    let seen = device.firmware.take();
    assert!(matches!(&seen[0], Seen::State(state::MQTT_RX_BUFFER_TOO_SHORT, _)), "{seen:?}");
    let told =
        [Seen::Told(DEFAULT, "Oversized".to_owned()), Seen::Told(DEFAULT, "/a next".to_owned())];
    assert_eq!(seen[1..], told);
    assert_eq!(device.server.connections(), 1);
}

#[test]
fn a_malformed_packet_ends_the_connection_and_is_not_delivered() {
    for (bytes, code) in [
        (&b"\x30\x02\0\0"[..], state::MQTT_DESERIALIZE_PUB_ERROR),
        (b"\x32\x04\0\x02/a", state::MQTT_DESERIALIZE_PUB_ERROR),
        (b"\x30\xff\xff\xff\xff\x7f", state::MQTT_PROTOCOL),
        (b"\x20\x02\0\0", state::MQTT_PROTOCOL),
        (b"\x90\x02\0\x01", state::MQTT_DESERIALIZE_SUBACK_ERROR),
        (b"\xe0\0", state::MQTT_RECV_UNKNOWN_PACKET),
    ] {
        let device = connected(settings(), vec![Ok(GOOD)]);
        device.server.send(bytes);
        device.server.publish("/a", b"behind it", None);
        device
            .yield_until(|device| device.server.connections() == 2 && device.client.is_connected());
        device.client.yield_for(5);
        let seen = device.firmware.take();
        assert!(matches!(&seen[0], Seen::State(found, _) if *found == code), "{seen:?}");
        let told: Vec<_> =
            seen.iter().filter(|seen| matches!(seen, Seen::Told(..))).cloned().collect();
        let expected = ["Disconnected", "Reconnected"];
        assert_eq!(told, expected.map(|text| Seen::Told(DEFAULT, text.to_owned())));
    }
}

#[test]
fn an_identity_that_is_not_valid_changes_nothing() {
    let device = connected(settings(), vec![Ok(GOOD)]);
    let topic = crate::identity::RESPONSE_TOPIC;
    device.server.publish(topic, b"{\"productKey\":1,\"deviceName\":\"d\"}", None);
    device.client.yield_for(5);
    let seen = device.firmware.take();
    assert!(matches!(&seen[0], Seen::State(state::IDENTITY_INVALID, _)), "{seen:?}");
    assert!(!seen.iter().any(|seen| matches!(seen, Seen::Identity(_))));
    assert_eq!(*device.firmware.identity.lock().unwrap(), known());
    device.server.publish(topic, b"{\"productKey\":\"p2\",\"deviceName\":\"d2\"}", None);
    device.client.yield_for(5);
    assert_eq!(device.firmware.identity.lock().unwrap().product_key, "p2");
}

use super::*;

#[test]
fn what_a_server_may_send_is_decoded() {
    assert_eq!(
        decode(&[0x20, 2, 1, 0], 2),
        Ok(Incoming::ConnAck { session_present: true, code: 0 })
    );
    for code in 1..=5 {
        let refused = Ok(Incoming::ConnAck { session_present: false, code });
        assert_eq!(decode(&[0x20, 2, 0, code], 2), refused);
    }
    let mut message = Message {
        topic: "/a".to_owned(),
        payload: b"xy".to_vec(),
        packet_id: None,
        dup: false,
        retain: false,
    };
    assert_eq!(decode(b"\x30\x06\0\x02/axy", 2), Ok(Incoming::Publish(message.clone())));
    message.packet_id = Some(258);
    message.dup = true;
    message.retain = true;
    assert_eq!(decode(b"\x3b\x08\0\x02/a\x01\x02xy", 2), Ok(Incoming::Publish(message)));
    assert_eq!(decode(&[0x40, 2, 0, 9], 2), Ok(Incoming::PubAck(9)));
    for (code, accepted) in [(0, true), (1, true), (2, true), (0x80, false)] {
        let suback = Ok(Incoming::SubAck { packet_id: 9, accepted });
        assert_eq!(decode(&[0x90, 3, 0, 9, code], 2), suback);
    }
    assert_eq!(decode(&[0xb0, 2, 0, 9], 2), Ok(Incoming::UnsubAck(9)));
    assert_eq!(decode(&[0xd0, 0], 2), Ok(Incoming::PingResp));
}

#[test]
fn what_mqtt_forbids_is_refused() {
    let forbidden: &[(&[u8], &str)] = &[
        (&[0x20, 1, 0], "CONNACK without return code"),
        (&[0x20, 3, 0, 0, 0], "CONNACK with a byte too many"),
        (&[0x20, 2, 2, 0], "CONNACK with reserved flags"),
        (&[0x20, 2, 1, 5], "CONNACK that refuses and has a session"),
        (&[0x21, 2, 0, 0], "CONNACK with reserved header flags"),
        (&[0x20, 2, 0, 6], "CONNACK with an unknown code"),
        (b"\x30\x01\0", "PUBLISH without a topic length"),
        (b"\x30\x04\0\x05/a", "PUBLISH whose topic is longer than the packet"),
        (b"\x30\x02\0\0", "PUBLISH with an empty topic"),
        (b"\x38\x04\0\x02/a", "PUBLISH QoS 0 with DUP"),
        (b"\x32\x04\0\x02/a", "PUBLISH QoS 1 without packet identifier"),
        (b"\x32\x05\0\x02/a\x01", "PUBLISH QoS 1 with half a packet identifier"),
        (b"\x32\x06\0\x02/a\0\0", "PUBLISH QoS 1 with packet identifier 0"),
        (b"\x34\x06\0\x02/a\0\x01", "PUBLISH QoS 2"),
        (b"\x36\x06\0\x02/a\0\x01", "PUBLISH QoS 3"),
        (b"\x30\x04\0\x02/\xff", "PUBLISH with a topic that is not UTF-8"),
        (b"\x30\x04\0\x02/\0", "PUBLISH with NUL in the topic"),
        (b"\x30\x04\0\x02/#", "PUBLISH with a wildcard in the topic"),
        (&[0x40, 2, 0, 0], "PUBACK with packet identifier 0"),
        (&[0x40, 1, 0], "PUBACK with half a packet identifier"),
        (&[0x40, 3, 0, 1, 0], "PUBACK with a byte too many"),
        (&[0x41, 2, 0, 1], "PUBACK with reserved flags"),
        (&[0x90, 2, 0, 1], "SUBACK without codes"),
        (&[0x90, 4, 0, 1, 0, 0], "SUBACK with two codes"),
        (&[0x90, 3, 0, 1, 3], "SUBACK with an unknown code"),
        (&[0x90, 3, 0, 0, 0], "SUBACK with packet identifier 0"),
        (&[0xb0, 2, 0, 0], "UNSUBACK with packet identifier 0"),
        (&[0xb0, 3, 0, 1, 0], "UNSUBACK with a byte too many"),
        (&[0xd0, 1, 0], "PINGRESP with a body"),
        (&[0xd1, 0], "PINGRESP with flags"),
        (&[0x10, 0], "CONNECT"),
        (&[0x82, 0], "SUBSCRIBE"),
        (&[0xa2, 0], "UNSUBSCRIBE"),
        (&[0xc0, 0], "PINGREQ"),
        (&[0xe0, 0], "DISCONNECT"),
        (&[0x50, 2, 0, 1], "PUBREC"),
        (&[0x62, 2, 0, 1], "PUBREL"),
        (&[0x70, 2, 0, 1], "PUBCOMP"),
        (&[0x00, 0], "type 0"),
        (&[0xf0, 0], "type 15"),
        (&[], "nothing"),
    ];
    for (bytes, name) in forbidden {
        let refused = decode(bytes, 2.min(bytes.len()));
        assert!(refused.is_err(), "{name}: {refused:?}");
    }
}

#[test]
fn refusals_have_the_codes_of_the_sdk_where_it_has_one() {
    let code = |bytes: &[u8]| decode(bytes, 2).unwrap_err().code;
    assert_eq!(code(&[0x20, 2, 0, 6]), state::MQTT_CONNACK_UNKNOWN_ERROR);
    assert_eq!(code(&[0x20, 1, 0]), state::MQTT_DESERIALIZE_CONNACK_ERROR);
    assert_eq!(code(&[0x30, 0]), state::MQTT_DESERIALIZE_PUB_ERROR);
    assert_eq!(code(&[0x90, 2, 0, 1]), state::MQTT_DESERIALIZE_SUBACK_ERROR);
    assert_eq!(code(&[0xb0, 0]), state::MQTT_DESERIALIZE_UNSUBACK_ERROR);
    assert_eq!(code(&[0xe0, 0]), state::MQTT_RECV_UNKNOWN_PACKET);
    assert_eq!(code(&[0xd0, 1, 0]), state::MQTT_PROTOCOL);
}

#[test]
fn connect_is_what_the_sdk_sends() {
    let fields = ConnectFields {
        client_id: "a",
        user_name: "b",
        password: "c",
        keep_alive: 120,
        clean_session: false,
    };
    let expected = b"\x10\x13\0\x04MQTT\x04\xc0\0\x78\0\x01a\0\x01b\0\x01c";
    assert_eq!(connect(&fields).as_deref(), Ok(&expected[..]));
    let long = "x".repeat(LONGEST_STRING + 1);
    assert_eq!(connect(&ConnectFields { client_id: &long, ..fields }), Err(NotEncodable));
}

#[test]
fn encoded_packets_are_those_of_the_specification() {
    assert_eq!(subscribe(10, "/a/#", 1).as_deref(), Ok(&b"\x82\x09\0\x0a\0\x04/a/#\x01"[..]));
    assert_eq!(unsubscribe(10, "/a").as_deref(), Ok(&b"\xa2\x06\0\x0a\0\x02/a"[..]));
    assert_eq!(puback(258).as_deref(), Ok(&[0x40, 2, 1, 2][..]));
    assert_eq!(puback(0), Err(NotEncodable));
    assert_eq!(subscribe(1, "/a#", 0), Err(NotEncodable));
    let message = Message {
        topic: "/a".to_owned(),
        payload: b"xy".to_vec(),
        packet_id: Some(1),
        dup: true,
        retain: false,
    };
    assert_eq!(publish(&message).as_deref(), Ok(&b"\x3a\x08\0\x02/a\0\x01xy"[..]));
}

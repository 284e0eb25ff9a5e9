//! Construction: what is sent, what the firmware hears, when it gives up.

use super::server::GOOD;
use super::*;

pub(super) const IDENTITY: &[u8] =
    b"\x30\x42\0\x1b/ext/auth/identity/response{\"productKey\":\"p1\",\"deviceName\":\"d1\"}";

fn pushes_identity() -> Link {
    Link { greeting: IDENTITY, ..GOOD }
}

#[test]
fn the_identity_arrives_before_construction_ends() {
    let device = device(settings(), Identity::default(), vec![Ok(pushes_identity())]);
    assert_eq!(device.client.start(), Ok(()));
    let seen = device.firmware.take();
    let payload = "{\"productKey\":\"p1\",\"deviceName\":\"d1\"}".to_owned();
    let info = |text: &str| Seen::State(state::MQTT_CONN_USER_INFO, text.to_owned());
    let expected = [info("host"), info("1883"), info("second|"), info("user"), info("******")];
    assert_eq!(seen[..5], expected);
    assert_eq!(seen[5], Seen::Identity(payload.clone()));
    let told = format!("/ext/auth/identity/response {payload}");
    assert_eq!(seen[6], Seen::Told(DEFAULT, told));
    assert!(matches!(&seen[7], Seen::State(0, text) if text.starts_with("mqtt connected in ")));
    let report = "pub - '/ota/device/inform/p1/d1': 1".to_owned();
    assert_eq!(seen[8..], [Seen::State(state::MQTT_PUB_INFO, report), Seen::Connected]);
    let received = device.server.take_received();
    let report = b"\x32\x4c\0\x18/ota/device/inform/p1/d1\0\x01{\"id\":\"1\",\"params\":{\"version\":\"app-1\"}}";
    assert_eq!(received[1][2..], report[2..], "{}", received[1].escape_ascii());
    assert!(received[0].starts_with(b"\x10") && received[0].ends_with(b"\0\x06secret"));
}

#[test]
fn the_password_reaches_no_state_handler() {
    let device = device(settings(), known(), vec![Ok(GOOD)]);
    assert_eq!(device.client.start(), Ok(()));
    for seen in device.firmware.take() {
        assert!(!format!("{seen:?}").contains("secret"), "{seen:?}");
    }
}

#[test]
fn a_client_id_without_a_comma_is_reported_whole() {
    let settings = Settings { login: login("plain", "user"), ..settings() };
    let device = device(settings, known(), vec![Ok(GOOD)]);
    assert_eq!(device.client.start(), Ok(()));
    let expected = Seen::State(state::MQTT_CONN_USER_INFO, "plain".to_owned());
    assert_eq!(device.firmware.take()[2], expected);
}

#[test]
fn a_refusal_by_connack_ends_construction_at_once() {
    for (code, state) in [
        (1, state::MQTT_CONNACK_VERSION_UNACCEPT),
        (2, state::MQTT_CONNACK_IDENT_REJECT),
        (3, state::MQTT_CONNACK_SERVICE_NA),
        (4, state::MQTT_CONNACK_BAD_USERDATA),
        (5, state::MQTT_CONNACK_NOT_AUTHORIZED),
    ] {
        let device =
            device(settings(), known(), vec![Ok(Link { connack: Some([0, code]), ..GOOD })]);
        assert_eq!(device.client.start(), Err(state));
        assert_eq!(device.server.connections(), 1);
        let codes = device.firmware.codes();
        assert_eq!(codes.iter().filter(|code| **code == state).count(), 2, "{codes:?}");
        assert!(!device.client.is_connected());
        assert_eq!(device.client.yield_for(1), state::USER_INPUT_INVALID);
    }
}

#[test]
fn transient_failures_are_tried_three_times_and_final_ones_once() {
    for (kind, tries) in [
        (ErrorKind::Connect, 3),
        (ErrorKind::Dns, 3),
        (ErrorKind::Deadline, 3),
        (ErrorKind::Handshake, 3),
        (ErrorKind::Credentials, 1),
        (ErrorKind::CredentialsMismatch, 1),
        (ErrorKind::ServerCertificate, 1),
        (ErrorKind::DeviceCertificateRefused, 1),
    ] {
        let device = device(settings(), known(), vec![Err(kind)]);
        assert_eq!(device.client.start(), Err(state::SYS_DEPEND_NWK_CLOSE), "{kind:?}");
        assert_eq!(device.server.connections(), tries, "{kind:?}");
        let failures = device.firmware.take();
        assert_eq!(failures.iter().filter(|seen| **seen == Seen::Failed(kind)).count(), tries);
    }
}

#[test]
fn a_server_that_answers_late_or_wrongly_is_tried_again() {
    let silent = Link { connack: None, ..GOOD };
    for (link, code) in [
        (silent, state::SYS_DEPEND_NWK_CLOSE),
        (Link { connack: Some([0, 6]), ..GOOD }, state::MQTT_CONNACK_UNKNOWN_ERROR),
        (Link { connack: Some([1, 5]), ..GOOD }, state::MQTT_DESERIALIZE_CONNACK_ERROR),
    ] {
        let device = device(settings(), known(), vec![Ok(link)]);
        assert_eq!(device.client.start(), Err(code));
        assert_eq!(device.server.connections(), 3);
    }
    let device = device(settings(), known(), vec![Ok(silent), Ok(GOOD)]);
    assert_eq!(device.client.start(), Ok(()));
    assert_eq!(device.server.connections(), 2);
}

#[test]
fn without_an_identity_construction_succeeds_and_says_so() {
    let device = device(settings(), Identity::default(), vec![Ok(GOOD)]);
    let begin = Instant::now();
    assert_eq!(device.client.start(), Ok(()));
    assert!(begin.elapsed() >= Duration::from_millis(9 * 20));
    assert!(device.firmware.codes().contains(&state::IDENTITY_TIMEOUT));
    // No version report: its topic would have empty levels.
    assert_eq!(device.server.types(), [0x10]);
}

#[test]
fn a_link_that_dies_while_the_identity_is_awaited_is_replaced() {
    let dies = Link { closes: true, ..GOOD };
    let lucky =
        device(settings(), Identity::default(), vec![Ok(dies), Ok(dies), Ok(pushes_identity())]);
    assert_eq!(lucky.client.start(), Ok(()));
    assert_eq!(lucky.server.connections(), 3);
    assert!(lucky.client.is_connected());
    for identity in [Identity::default(), known()] {
        let unlucky = device(settings(), identity, vec![Ok(dies), Err(ErrorKind::Connect)]);
        assert_eq!(unlucky.client.start(), Err(state::SYS_DEPEND_NWK_CLOSE));
        assert!(!unlucky.client.is_connected());
    }
}

#[test]
fn fields_that_mqtt_cannot_carry_are_refused_before_connecting() {
    let settings = Settings { login: login("id", &"x".repeat(70_000)), ..settings() };
    let device = device(settings, known(), vec![Ok(GOOD)]);
    assert_eq!(device.client.start(), Err(state::USER_INPUT_INVALID));
    assert_eq!(device.server.connections(), 0);
}

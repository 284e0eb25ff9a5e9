//! Devices that the platform refuses, servers that devices refuse.

use std::io::ErrorKind;

use mqtt_proto::v3::{Connect, Packet};
use mqtt_proto::{Protocol, QosPid};
use serde_json::json;

use crate::device::{Device, connect_packet, pid, tls};
use crate::folder;
use crate::simulator::Simulator;

/// The error text of a device that must not get through TLS.
fn handshake_error(port: u16, certificate: Option<&str>) -> String {
    let mut device = match Device::open(port, tls(certificate)) {
        Ok(device) => device,
        Err(error) => return error.to_string(),
    };
    // In TLS 1.3 the client is done before the server has looked at its certificate.
    device.receive().unwrap_err().to_string()
}

#[test]
fn certificates_that_the_platform_does_not_take_end_in_an_alert() {
    for version in ["1.2", "1.3"] {
        let mut simulator =
            Simulator::start(&format!("alerts-{version}"), &["--tls-versions", version]);
        let unknown = handshake_error(simulator.port, Some("device-unknown-ca"));
        assert!(unknown.contains("UnknownCA"), "{unknown}");
        let expired = handshake_error(simulator.port, Some("device-expired"));
        assert!(expired.contains("CertificateExpired"), "{expired}");
        let none = handshake_error(simulator.port, None);
        let expected = if version == "1.3" { "CertificateRequired" } else { "alert" };
        assert!(none.contains(expected), "{none}");
        simulator.quit();
        let refused = simulator.logged(&[("event", json!("refused"))]);
        assert_eq!(refused.len(), 3, "{refused:?}");
        for line in refused {
            assert_eq!(line["stage"], "handshake");
            assert_ne!(line["reason"], "");
        }
    }
}

#[test]
fn faulty_servers_are_refused_by_the_device() {
    for (server, expected) in [
        ("server-expired", "Expired"),
        ("server-wrong-name", "NotValidForName"),
        ("server-unknown-ca", "UnknownIssuer"),
    ] {
        let mut simulator = Simulator::start(server, &["--server-cert", server]);
        let error = handshake_error(simulator.port, Some("dev-one"));
        assert!(
            error.replace("expired", "Expired").contains(expected)
                || error.contains("not valid for name"),
            "{server}: {error}"
        );
        simulator.quit();
        let refused = simulator.logged(&[("event", json!("refused"))]);
        assert!(refused[0]["reason"].as_str().unwrap().contains("alert"), "{refused:?}");
    }
}

fn refused(port: u16, certificate: &str, change: impl FnOnce(&mut Connect)) -> u8 {
    let mut device = Device::open(port, tls(Some(certificate))).unwrap();
    let mut connect = connect_packet();
    change(&mut connect);
    let code = device.connack(connect);
    if code != 0 {
        assert_eq!(device.end(), ErrorKind::NotConnected);
    }
    code
}

#[test]
fn connects_that_break_the_rules_get_their_return_code() {
    let mut simulator = Simulator::start("connack", &[]);
    let port = simulator.port;
    assert_eq!(refused(port, "device-unknown", |_| ()), 5);
    assert_eq!(refused(port, "dev-one", |connect| connect.keep_alive = 29), 2);
    assert_eq!(refused(port, "dev-one", |connect| connect.client_id = "plain".into()), 2);
    assert_eq!(refused(port, "dev-one", |connect| connect.username = Some("x".into())), 4);
    assert_eq!(refused(port, "dev-one", |connect| connect.username = Some("x&y".into())), 5);
    assert_eq!(refused(port, "dev-one", |connect| connect.protocol = Protocol::V310), 1);
    assert_eq!(refused(port, "dev-one", |_| ()), 0);
    simulator.quit();
    let lines = simulator.logged(&[("event", json!("refused")), ("stage", json!("connect"))]);
    let codes: Vec<_> = lines.iter().map(|line| line["return_code"].as_u64().unwrap()).collect();
    assert_eq!(codes, [5, 2, 2, 4, 5, 1]);
    assert!(lines[0]["reason"].as_str().unwrap().contains("devices.json"));
    assert!(lines[1]["reason"].as_str().unwrap().contains("29"));
}

#[test]
fn a_protocol_that_the_codec_does_not_know_gets_return_code_1() {
    let simulator = Simulator::start("level-5", &[]);
    let mut device = Device::open(simulator.port, tls(Some("dev-one"))).unwrap();
    let connect = mqtt_proto::v5::Connect::new("test|securemode=2|".into(), 300);
    device.send_bytes(mqtt_proto::v5::Packet::from(connect).encode().unwrap().as_ref());
    assert_eq!(device.receive_bytes(4), [0x20, 2, 0, 1]);
    assert_eq!(device.end(), ErrorKind::NotConnected);
}

/// Sends what a device must not send.
type Violation = fn(&mut Device);

#[test]
fn packets_that_break_the_rules_end_the_connection() {
    let mut simulator = Simulator::start("violations", &[]);
    let mut early = Device::open(simulator.port, tls(Some("dev-one"))).unwrap();
    early.send(&Packet::Pingreq);
    assert_eq!(early.end(), ErrorKind::NotConnected);

    let violations: [(&str, Violation); 4] = [
        ("QoS 2", |device| device.publish("/a", QosPid::Level2(pid(1)), b"")),
        ("second CONNECT", |device| device.send(&connect_packet().into())),
        ("not an MQTT packet", |device| device.send_bytes(&[0xf0, 0])),
        ("larger", |device| device.send_bytes(&[0x30, 0xff, 0xff, 0xff, 0x7f])),
    ];
    for (_, violate) in violations {
        let mut device = Device::connect(simulator.port, "dev-one");
        device.identity();
        violate(&mut device);
        assert_eq!(device.end(), ErrorKind::NotConnected);
    }
    simulator.quit();
    let ended = simulator.logged(&[("event", json!("ended"))]);
    for (line, (reason, _)) in ended.iter().skip(1).zip(violations) {
        assert!(line["reason"].as_str().unwrap().contains(reason), "{line}");
    }
    assert_eq!(ended.len(), 1 + violations.len());
}

#[test]
fn only_loopback_addresses_are_listened_on() {
    let pki = folder::text(folder::pki());
    let output = folder::run(&["simulate", "--pki", pki, "--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(folder::complaint(&output).contains("127.0.0.1"));
}

#[test]
fn a_folder_without_certificates_is_a_failure_with_a_cure() {
    let folder = folder::empty("nothing");
    let output = folder::run(&["simulate", "--pki", folder::text(&folder)]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = folder::complaint(&output);
    assert!(complaint.contains("device-ca.crt") && complaint.contains("pki --out"), "{complaint}");
}

#[test]
fn wrong_arguments_are_status_2() {
    for arguments in [&["simulate"][..], &["nonsense"], &["embed", "--cert", "x"], &[]] {
        assert_eq!(folder::run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

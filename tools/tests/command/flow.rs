//! What a device that is in order sees.

use std::process::Command;

use mqtt_proto::QosPid;
use mqtt_proto::TopicFilter;
use mqtt_proto::v3::{Packet, Unsubscribe};
use rustls::{HandshakeKind, ProtocolVersion};
use serde_json::{Value, json};

use crate::device::{Device, connect_packet, pid, tls};
use crate::folder::{self, PRODUCT_KEY};
use crate::simulator::Simulator;

#[test]
fn identity_subscription_publication_and_echo() {
    let mut simulator = Simulator::start("flow", &[]);
    let mut device = Device::connect(simulator.port, "dev-one");
    assert_eq!(
        device.identity(),
        format!("{{\"productKey\":\"{PRODUCT_KEY}\",\"deviceName\":\"dev-one\"}}")
    );
    let topic = format!("/{PRODUCT_KEY}/dev-one/user/get");
    device.subscribe(&format!("/{PRODUCT_KEY}/+/user/#"));
    device.publish(&topic, QosPid::Level0, b"zero");
    assert_eq!(device.message(), (topic.clone(), QosPid::Level0, b"zero".to_vec()));

    device.publish(&topic, QosPid::Level1(pid(300)), b"one");
    assert!(matches!(device.receive().unwrap(), Packet::Puback(answer) if answer == pid(300)));
    let (echoed, qos, payload) = device.message();
    assert_eq!((echoed, payload), (topic.clone(), b"one".to_vec()));
    let QosPid::Level1(number) = qos else { panic!("{qos:?}") };
    device.send(&Packet::Puback(number));

    device.send(&Packet::Pingreq);
    assert!(matches!(device.receive().unwrap(), Packet::Pingresp));
    let filter = TopicFilter::try_from(format!("/{PRODUCT_KEY}/+/user/#").as_str()).unwrap();
    device.send(&Unsubscribe::new(pid(8), vec![filter]).into());
    assert!(matches!(device.receive().unwrap(), Packet::Unsuback(answer) if answer == pid(8)));
    device.publish(&topic, QosPid::Level0, b"not echoed");
    device.send(&Packet::Pingreq);
    assert!(matches!(device.receive().unwrap(), Packet::Pingresp));
    device.send(&Packet::Disconnect);
    assert_eq!(device.end(), std::io::ErrorKind::NotConnected);

    simulator.quit();
    let identity = format!("{PRODUCT_KEY}/dev-one");
    let handshake = simulator.logged(&[("event", json!("handshake"))]);
    assert_eq!(handshake[0]["version"], "TLSv1.3");
    assert_eq!(handshake[0]["resumed"], false);
    assert_eq!(handshake[0]["identity"], identity);
    assert_eq!(handshake[0]["certificate"].as_str().unwrap().len(), 64);
    let published = simulator.logged(&[("packet", json!("PUBLISH")), ("qos", json!(1))]);
    let directions: Vec<_> = published.iter().map(|line| &line["direction"]).collect();
    assert_eq!(directions, ["in", "out"]);
    assert_eq!(published[0]["packet_id"], 300);
    assert_eq!(published[0]["payload_size"], 3);
    assert_eq!(published[0]["topic"], topic);
    assert_eq!(published[0]["identity"], identity);
    let ended = simulator.logged(&[("event", json!("ended"))]);
    assert_eq!((&ended[0]["by"], &ended[0]["how"]), (&json!("device"), &json!("disconnect")));
}

#[test]
fn the_password_is_never_logged() {
    let mut simulator = Simulator::start("password", &[]);
    let mut device = Device::open(simulator.port, tls(Some("dev-one"))).unwrap();
    let mut connect = connect_packet();
    connect.username = Some(format!("dev-one&{PRODUCT_KEY}").into());
    connect.password = Some(bytes::Bytes::from_static(b"the-secret-itself"));
    assert_eq!(device.connack(connect), 0);
    device.hang_up();
    simulator.quit();
    let logged = simulator.logged(&[("packet", json!("CONNECT"))]);
    assert_eq!(logged[0]["has_password"], true);
    assert_eq!(logged[0]["user_name"], format!("dev-one&{PRODUCT_KEY}"));
    assert_eq!(logged[0]["client_id"], "test|securemode=2,timestamp=1|");
    let text = std::fs::read_to_string(simulator.folder.join("log.jsonl")).unwrap();
    assert!(!text.contains("the-secret-itself"));
}

#[test]
fn messages_reach_other_devices() {
    let simulator = Simulator::start("two-devices", &[]);
    let mut one = Device::connect(simulator.port, "dev-one");
    let mut two = Device::connect(simulator.port, "dev-two");
    one.identity();
    two.identity();
    two.subscribe("/shared/#");
    one.publish("/shared/topic", QosPid::Level0, b"hello");
    assert_eq!(two.message(), ("/shared/topic".into(), QosPid::Level0, b"hello".to_vec()));
}

#[test]
fn a_second_connection_of_a_device_ends_the_first() {
    let mut simulator = Simulator::start("take-over", &[]);
    let mut first = Device::connect(simulator.port, "dev-one");
    first.identity();
    first.subscribe("/first");
    let mut second = Device::connect(simulator.port, "dev-one");
    second.identity();
    assert_eq!(first.end(), std::io::ErrorKind::NotConnected);
    assert_eq!(simulator.control("connections"), "ok 2 1");
    assert_eq!(simulator.control("subscriptions"), "ok");
}

#[test]
fn both_versions_of_tls_resume() {
    let mut simulator = Simulator::start("tls-1.2", &["--tls-versions", "1.2"]);
    let config = tls(Some("dev-one"));
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut device = Device::open(simulator.port, config.clone()).unwrap();
        assert_eq!(device.connack(connect_packet()), 0);
        device.identity();
        assert_eq!(device.tls().protocol_version(), Some(ProtocolVersion::TLSv1_2));
        assert_eq!(device.tls().handshake_kind(), Some(kind));
    }
    simulator.quit();
    let handshakes = simulator.logged(&[("event", json!("handshake"))]);
    let resumed: Vec<_> = handshakes.iter().map(|line| &line["resumed"]).collect();
    assert_eq!(resumed, [&json!(false), &json!(true)]);
    assert_eq!(handshakes[1]["version"], "TLSv1.2");
    assert_eq!(handshakes[1]["certificate"], handshakes[0]["certificate"]);

    let simulator = Simulator::start("tls-1.3", &["--tls-versions", "1.3"]);
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut device = Device::open(simulator.port, config.clone()).unwrap();
        assert_eq!(device.connack(connect_packet()), 0);
        device.identity();
        assert_eq!(device.tls().protocol_version(), Some(ProtocolVersion::TLSv1_3));
        assert_eq!(device.tls().handshake_kind(), Some(kind));
    }
}

#[test]
fn an_ecdsa_server_certificate_works_too() {
    let simulator = Simulator::start("ecdsa", &["--server-cert", "server-ecdsa"]);
    let mut device = Device::connect(simulator.port, "dev-one");
    device.identity();
}

#[test]
fn a_silent_device_is_dropped_after_one_and_a_half_keep_alives() {
    let mut simulator = Simulator::start("silence", &["--min-keep-alive", "1"]);
    let mut device = Device::open(simulator.port, tls(Some("dev-one"))).unwrap();
    let mut connect = connect_packet();
    connect.keep_alive = 1;
    let start = std::time::Instant::now();
    assert_eq!(device.connack(connect), 0);
    device.identity();
    assert_eq!(device.end(), std::io::ErrorKind::NotConnected);
    assert!(start.elapsed().as_secs_f64() >= 1.5, "{:?}", start.elapsed());
    simulator.quit();
    let ended = simulator.logged(&[("event", json!("ended")), ("by", json!("platform"))]);
    assert!(ended[0]["reason"].as_str().unwrap().contains("keep alive"), "{ended:?}");
}

#[test]
fn a_large_message_comes_back_whole() {
    let simulator = Simulator::start("large", &[]);
    let mut device = Device::connect(simulator.port, "dev-one");
    device.identity();
    device.subscribe("/large");
    let payload: Vec<u8> = (0..256 * 1024).map(|position| (position % 251) as u8).collect();
    device.publish("/large", QosPid::Level0, &payload);
    assert_eq!(device.message().2, payload);
}

#[test]
fn sigterm_and_the_time_limit_end_it() {
    let mut simulator = Simulator::start("sigterm", &[]);
    let killed = Command::new("kill").arg(simulator.pid().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(simulator.wait(), Some(0));

    let folder = folder::empty("time-limit");
    let ready = folder.join("ready.json");
    let output = folder::run(&[
        "simulate",
        "--pki",
        folder::text(folder::pki()),
        "--ready-file",
        folder::text(&ready),
        "--max-seconds",
        "0",
    ]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("--max-seconds"));
    assert!(!ready.exists());
}

#[test]
fn every_line_of_the_log_has_time_connection_and_event() {
    let mut simulator = Simulator::start("log", &[]);
    Device::connect(simulator.port, "dev-one").hang_up();
    simulator.quit();
    let log = simulator.log();
    assert!(log.len() >= 5, "{log:?}");
    for line in log {
        assert!(line["time"].is_f64() || line["time"].is_u64(), "{line}");
        let connection = u64::from(line["event"] != "control");
        assert_eq!(line["connection"], connection, "{line}");
        assert_ne!(line["event"], Value::Null, "{line}");
    }
}

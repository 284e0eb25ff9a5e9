//! What the control port does to devices.

use std::io::ErrorKind;
use std::sync::mpsc;
use std::thread;

use mqtt_proto::QosPid;
use mqtt_proto::v3::Packet;
use serde_json::json;

use crate::device::{Device, connect_packet, tls};
use crate::simulator::Simulator;

#[test]
fn connections_end_in_three_ways() {
    let mut simulator = Simulator::start("ends", &[]);
    for (command, kind) in [
        ("close-notify", ErrorKind::NotConnected),
        ("fin", ErrorKind::UnexpectedEof),
        ("rst", ErrorKind::ConnectionReset),
    ] {
        let mut device = Device::connect(simulator.port, "dev-one");
        device.identity();
        assert_eq!(simulator.control(command), "ok 1");
        assert_eq!(device.end(), kind, "{command}");
        assert!(simulator.control("connections").ends_with(" 0"));
    }
    simulator.quit();
    let ended = simulator.logged(&[("event", json!("ended")), ("by", json!("platform"))]);
    let how: Vec<_> = ended.iter().map(|line| line["how"].as_str().unwrap()).collect();
    assert_eq!(how, ["close_notify", "fin", "rst"]);
}

#[test]
fn messages_are_published_to_subscribers() {
    let mut simulator = Simulator::start("publish", &[]);
    let mut device = Device::connect(simulator.port, "dev-one");
    device.identity();
    device.subscribe("/b/+");
    device.subscribe("/a/#");
    assert_eq!(simulator.control("subscriptions"), "ok /a/# /b/+");
    assert_eq!(simulator.control("connections"), "ok 1 1");
    assert_eq!(simulator.control("publish /a/x two words"), "ok 1");
    assert_eq!(device.message(), ("/a/x".into(), QosPid::Level0, b"two words".to_vec()));
    assert_eq!(simulator.control("publish /c nobody"), "ok 0");
    assert_eq!(simulator.control("publish /a/x"), "ok 1");
    assert_eq!(device.message(), ("/a/x".into(), QosPid::Level0, Vec::new()));
    assert!(simulator.control("publish /a/+ wildcard").starts_with("error "));
}

#[test]
fn identities_are_sent_as_they_are_given() {
    let mut simulator = Simulator::start("identity", &[]);
    assert_eq!(simulator.control("next-identity {\"productKey\": 5"), "ok");
    let mut device = Device::connect(simulator.port, "dev-one");
    assert_eq!(device.identity(), "{\"productKey\": 5");
    assert_eq!(simulator.control("identity  not json "), "ok 1");
    assert_eq!(device.identity(), " not json ");

    assert_eq!(simulator.control("no-identity"), "ok");
    let mut silent = Device::connect(simulator.port, "dev-two");
    silent.send(&Packet::Pingreq);
    assert!(matches!(silent.receive().unwrap(), Packet::Pingresp));
    // Once only.
    let mut next = Device::connect(simulator.port, "dev-two");
    assert!(next.identity().contains("dev-two"));
}

#[test]
fn the_next_connect_is_refused_or_dropped() {
    let mut simulator = Simulator::start("faults", &[]);
    assert_eq!(simulator.control("connack 3"), "ok");
    let mut device = Device::open(simulator.port, tls(Some("dev-one"))).unwrap();
    assert_eq!(device.connack(connect_packet()), 3);
    assert_eq!(device.end(), ErrorKind::NotConnected);

    assert_eq!(simulator.control("connack 200"), "ok");
    let mut device = Device::open(simulator.port, tls(Some("dev-one"))).unwrap();
    device.send(&connect_packet().into());
    assert_eq!(device.receive_bytes(4), [0x20, 2, 0, 200]);

    assert_eq!(simulator.control("drop-after-connack"), "ok");
    let mut device = Device::connect(simulator.port, "dev-one");
    assert_eq!(device.end(), ErrorKind::UnexpectedEof);

    Device::connect(simulator.port, "dev-one").identity();
}

#[test]
fn one_connection_is_dropped_where_and_how_it_is_asked_for() {
    let mut simulator = Simulator::start("drop", &["--fault", "drop 0 fin"]);
    for (command, reason) in [
        ("", "after 0 bytes"),
        ("drop 100 rst", "after 100 bytes"),
        ("drop 1000 fin", "after 1000 bytes"),
    ] {
        if !command.is_empty() {
            assert_eq!(simulator.control(command), "ok");
        }
        assert!(Device::open(simulator.port, tls(Some("dev-one"))).is_err(), "{command}");
        let ended = simulator.logged(&[("event", json!("ended"))]);
        let last = ended.last().unwrap()["reason"].as_str().unwrap().to_owned();
        assert!(last.contains(reason), "{last}");
    }

    assert_eq!(simulator.control("drop handshake close-notify"), "ok");
    let mut device = Device::open(simulator.port, tls(Some("dev-one"))).unwrap();
    assert_eq!(device.end(), ErrorKind::NotConnected);
    assert_eq!(simulator.control("drop connect rst"), "ok");
    let mut device = Device::open(simulator.port, tls(Some("dev-one"))).unwrap();
    device.send(&connect_packet().into());
    assert_eq!(device.end(), ErrorKind::ConnectionReset);

    let mut device = Device::connect(simulator.port, "dev-one");
    device.identity();
    assert_eq!(simulator.control("drop ping half-close"), "ok");
    device.send(&Packet::Pingreq);
    assert_eq!(device.end(), ErrorKind::UnexpectedEof);
    let mut device = Device::connect(simulator.port, "dev-two");
    device.identity();
    assert_eq!(simulator.control("drop publish stall"), "ok");
    device.publish("/b", QosPid::Level1(crate::device::pid(8)), b"x");
    let mut next = Device::connect(simulator.port, "dev-one");
    next.identity();
    let stalled = simulator.logged(&[("event", json!("dropped")), ("how", json!("stall"))]);
    assert_eq!(stalled.len(), 1);
    for wrong in ["drop", "drop connect", "drop nowhere fin"] {
        assert!(simulator.control(wrong).starts_with("error "), "{wrong}");
    }
}

#[test]
fn raw_bytes_arrive_inside_tls() {
    let mut simulator = Simulator::start("raw", &[]);
    let mut device = Device::connect(simulator.port, "dev-one");
    device.identity();
    assert_eq!(simulator.control("raw ffFF 00"), "ok 1");
    assert_eq!(device.receive_bytes(3), [0xff, 0xff, 0]);
    for wrong in ["raw", "raw f", "raw +f", "raw zz"] {
        assert!(simulator.control(wrong).starts_with("error "), "{wrong}");
    }
}

#[test]
fn a_stalled_platform_answers_after_it_resumes() {
    let mut simulator = Simulator::start("stall", &[]);
    let mut device = Device::connect(simulator.port, "dev-one");
    device.identity();
    assert_eq!(simulator.control("stall"), "ok");
    device.send(&Packet::Pingreq);
    assert!(simulator.control("publish /a b").starts_with("error "));
    let pings = |simulator: &Simulator| simulator.logged(&[("packet", json!("PINGREQ"))]).len();
    let (sender, answers) = mpsc::channel();
    let waiting = thread::spawn(move || {
        sender.send(device.receive().map(|packet| packet.get_type())).unwrap();
        device
    });
    // Nothing may come; how long that is looked at decides nothing but what could be missed.
    let nothing = answers.recv_timeout(std::time::Duration::from_millis(200));
    assert!(nothing.is_err(), "{nothing:?}");
    assert_eq!(pings(&simulator), 0);
    assert_eq!(simulator.control("resume"), "ok");
    let answer = answers.recv().unwrap().unwrap();
    assert_eq!(answer, mqtt_proto::v3::PacketType::Pingresp);

    // A stalled connection can be ended.
    assert_eq!(simulator.control("stall"), "ok");
    assert_eq!(simulator.control("rst"), "ok 1");
    assert_eq!(waiting.join().unwrap().end(), ErrorKind::ConnectionReset);
}

#[test]
fn manners_stay_until_they_are_changed() {
    let mut simulator = Simulator::start("manners", &[]);
    let mut device = Device::connect(simulator.port, "dev-one");
    device.identity();
    let subscribe = |device: &mut Device| {
        let filter = mqtt_proto::TopicFilter::try_from("/a").unwrap();
        let topics = vec![(filter, mqtt_proto::QoS::Level1)];
        device.send(&mqtt_proto::v3::Subscribe::new(crate::device::pid(7), topics).into());
    };
    assert_eq!(simulator.control("suback refuse"), "ok");
    for _ in 0..2 {
        subscribe(&mut device);
        assert_eq!(device.receive_bytes(5), [0x90, 3, 0, 7, 0x80]);
    }
    assert_eq!(simulator.control("subscriptions"), "ok");
    assert_eq!(simulator.control("suback silent"), "ok");
    subscribe(&mut device);
    device.send(&Packet::Pingreq);
    assert_eq!(device.receive_bytes(2), [0xd0, 0]);
    assert_eq!(simulator.control("puback off"), "ok");
    device.publish("/b", QosPid::Level1(crate::device::pid(8)), b"x");
    device.send(&Packet::Pingreq);
    assert_eq!(device.receive_bytes(2), [0xd0, 0]);
    assert_eq!(simulator.control("puback on"), "ok");
    assert_eq!(simulator.control("slow 1"), "ok");
    device.publish("/b", QosPid::Level1(crate::device::pid(9)), b"x");
    assert_eq!(device.receive_bytes(4), [0x40, 2, 0, 9]);
    assert_eq!(simulator.control("slow 0"), "ok");
    assert_eq!(simulator.control("half-close"), "ok 1");
    assert_eq!(device.end(), ErrorKind::UnexpectedEof);
    for wrong in ["slow", "slow 1001", "slow x", "puback", "puback maybe", "suback", "suback x"] {
        assert!(simulator.control(wrong).starts_with("error "), "{wrong}");
    }
}

#[test]
fn unknown_commands_are_errors() {
    let mut simulator = Simulator::start("unknown", &[]);
    for wrong in ["nonsense", "", "connack", "connack 256", "connack x", "publish"] {
        assert!(simulator.control(wrong).starts_with("error "), "{wrong}");
    }
    assert_eq!(simulator.control("connections"), "ok 0 0");
    let logged = simulator.logged(&[("event", json!("control"))]);
    assert_eq!(logged.last().unwrap()["command"], "connections");
    assert_eq!(logged.last().unwrap()["answer"], "ok 0 0");
}

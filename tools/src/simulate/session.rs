//! One connection, from the TLS handshake to its end.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mqtt_proto::v3::{
    Connack, Connect, ConnectReturnCode, Packet, Publish, Suback, Subscribe, SubscribeReturnCode,
    Unsubscribe,
};
use mqtt_proto::{QoS, QosPid};
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig};

use super::connect;
use super::fault::{Manner, Stage};
use super::link::{End, Link, Received};
use super::packet::{self, Malformed};
use super::platform::{Platform, Subscribing};
use super::record::Line;
use crate::devices::{Identity, fingerprint};

/// From the TCP connection to the end of the handshake, and from there to CONNECT.
const PATIENCE: Duration = Duration::from_secs(30);

/// What happens after a packet.
type Next = Result<(), Stop>;

enum Stop {
    /// The device has ended the session, in this way.
    ByDevice(&'static str),
    /// The platform ends it, for this reason.
    ByPlatform(End, String),
    /// The platform drops it as a control command asked for.
    Dropped(Manner, String),
    /// It is ended already.
    Done,
}

fn refuse(reason: impl Into<String>) -> Next {
    Err(Stop::ByPlatform(End::CloseNotify, reason.into()))
}

struct Session<'a> {
    platform: &'a Platform,
    link: Arc<Link>,
    certificate: Option<String>,
    connected: bool,
    /// One and a half times the keep alive, once connected.
    silence: Duration,
}

/// Serves a TCP connection until it ends.
pub(crate) fn serve(platform: &Platform, socket: TcpStream, config: Arc<ServerConfig>) {
    let number = platform.next_number();
    let peer = socket.peer_addr().ok().map(|address| address.to_string());
    platform.record.write(Line::new(number, "accepted").with_some("peer", peer));
    let link = match Link::new(number, socket, config, Arc::clone(&platform.gate)) {
        Ok(link) => Arc::new(link),
        Err(reason) => {
            return platform.record.write(Line::new(number, "refused").with("reason", reason));
        }
    };
    platform.add(&link);
    let mut session =
        Session { platform, link, certificate: None, connected: false, silence: PATIENCE };
    session.run();
    session.link.drain();
    platform.remove(number);
}

impl Session<'_> {
    fn run(&mut self) {
        let dropping = self.platform.take_dropping_in_handshake();
        self.link.limit_handshake(dropping.map(|(bytes, _)| bytes));
        let early = match self.link.handshake(Instant::now() + PATIENCE) {
            Ok(early) => early,
            Err(_) if self.link.reached_limit() => {
                if let Some((bytes, manner)) = dropping {
                    self.drop_by(manner, &format!("after {bytes} bytes of the handshake"));
                }
                return;
            }
            Err(reason) => {
                let line = Line::new(self.link.number, "refused").with("stage", "handshake");
                self.platform.record.write(line.with("reason", reason));
                self.platform.end(&self.link, End::CloseNotify, "the handshake failed");
                return;
            }
        };
        self.record_handshake();
        match self.drop_at(Stage::Handshake).and_then(|()| self.exchange(early)) {
            Err(Stop::ByPlatform(how, reason)) => {
                self.platform.end(&self.link, how, &reason);
            }
            Err(Stop::Dropped(manner, reason)) => self.drop_by(manner, &reason),
            Err(Stop::ByDevice(how)) if self.link.claim_end() => {
                let line = Line::new(self.link.number, "ended").with("by", "device");
                let identity = self.identity().filter(|_| self.connected);
                let line = line.with_some("identity", identity.map(|one| one.to_string()));
                self.platform.record.write(line.with("how", how));
                self.platform.remove(self.link.number);
                self.link.finish(End::CloseNotify);
            }
            Err(Stop::ByDevice(_) | Stop::Done) | Ok(()) => {}
        }
    }

    /// Stops here if a control command asked for it.
    fn drop_at(&self, stage: Stage) -> Next {
        match self.platform.take_dropping(stage) {
            None => Ok(()),
            Some(manner) => Err(Stop::Dropped(manner, format!("at the stage {stage:?}"))),
        }
    }

    fn drop_by(&self, manner: Manner, at: &str) {
        let reason = format!("asked for by the control command drop, {at}");
        match manner {
            Manner::End(how) => {
                self.platform.end(&self.link, how, &reason);
            }
            Manner::HalfClose | Manner::Stall => {
                let line = Line::new(self.link.number, "dropped").with("how", manner.name());
                self.platform.record.write(line.with("reason", reason));
                if manner == Manner::HalfClose {
                    self.link.half_close();
                }
                self.link.hold();
            }
        }
    }

    /// What `devices.json` says about the device's certificate.
    fn identity(&self) -> Option<&Identity> {
        self.platform.devices.find(self.certificate.as_deref()?)
    }

    fn record_handshake(&mut self) {
        let tls = self.link.tls();
        self.certificate = tls
            .peer_certificates()
            .and_then(|chain| chain.first())
            .map(|certificate| fingerprint(certificate));
        let version = tls.protocol_version().map(|version| match version {
            ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
            ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
            other => format!("{other:?}"),
        });
        let suite = tls.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        let resumed = tls.handshake_kind() == Some(HandshakeKind::Resumed);
        let line = Line::new(self.link.number, "handshake")
            .with_some("version", version)
            .with_some("suite", suite)
            .with("resumed", resumed)
            .with_some("server_name", tls.server_name())
            .with_some("certificate", self.certificate.as_deref());
        drop(tls);
        let identity = self.identity().map(ToString::to_string);
        self.platform.record.write(line.with_some("identity", identity));
    }

    fn exchange(&mut self, mut buffer: Vec<u8>) -> Next {
        let mut heard = Instant::now();
        loop {
            loop {
                match packet::take(&mut buffer) {
                    Ok(Some((packet, size))) => {
                        self.platform.record_packet(self.link.number, &packet, "in", size);
                        self.handle(packet)?;
                    }
                    Ok(None) => break,
                    Err(Malformed::OtherProtocol) if !self.connected => {
                        let code = connect::UNACCEPTABLE_PROTOCOL;
                        return self.deny(code, "the protocol is not MQTT 3.1.1 (level 4)");
                    }
                    Err(Malformed::OtherProtocol) => return refuse("a second CONNECT"),
                    Err(Malformed::Other(reason)) => return refuse(reason),
                }
            }
            match self.link.read(heard + self.silence) {
                Received::Data(data) => {
                    heard = Instant::now();
                    buffer.extend_from_slice(&data);
                }
                Received::CloseNotify => return Err(Stop::ByDevice("close_notify")),
                Received::Eof => return Err(Stop::ByDevice("fin")),
                Received::Ended => return Err(Stop::Done),
                Received::TimedOut if self.connected => {
                    return refuse("nothing was heard for 1.5 times the keep alive");
                }
                Received::TimedOut => return refuse("no CONNECT came"),
                Received::Failed(reason) => {
                    return Err(Stop::ByPlatform(
                        End::CloseNotify,
                        format!("reading failed: {reason}"),
                    ));
                }
            }
        }
    }

    fn handle(&mut self, packet: Packet) -> Next {
        match packet {
            Packet::Connect(_) if self.connected => refuse("a second CONNECT"),
            Packet::Connect(connect) => self.connect(&connect),
            _ if !self.connected => refuse("the first packet is not CONNECT"),
            Packet::Publish(publish) => self.publish(&publish),
            Packet::Puback(_) => Ok(()),
            Packet::Subscribe(subscribe) => self.subscribe(&subscribe),
            Packet::Unsubscribe(unsubscribe) => self.unsubscribe(&unsubscribe),
            Packet::Pingreq => {
                self.drop_at(Stage::Ping)?;
                self.send(&Packet::Pingresp)
            }
            Packet::Disconnect => Err(Stop::ByDevice("disconnect")),
            Packet::Connack(_)
            | Packet::Pubrec(_)
            | Packet::Pubrel(_)
            | Packet::Pubcomp(_)
            | Packet::Suback(_)
            | Packet::Unsuback(_)
            | Packet::Pingresp => refuse("a packet that a device does not send at QoS 0 and 1"),
        }
    }

    fn send(&self, packet: &Packet) -> Next {
        if self.platform.send(&self.link, packet) { Ok(()) } else { Err(Stop::Done) }
    }

    fn connect(&mut self, connect: &Connect) -> Next {
        if let Some(code) = self.platform.take_return_code().filter(|code| *code != 0) {
            return self.deny(code, "asked for by the control command connack");
        }
        let shortest = self.platform.shortest_keep_alive;
        let identity = match connect::check(connect, self.identity(), shortest) {
            Ok(identity) => identity,
            Err((code, reason)) => return self.deny(code, &reason),
        };
        self.drop_at(Stage::Connect)?;
        let faults = self.platform.take_faults();
        self.connected = true;
        self.silence = Duration::from_millis(u64::from(connect.keep_alive) * 1500);
        self.platform.connect(self.link.number, &identity);
        self.send(&Connack::new(false, ConnectReturnCode::Accepted).into())?;
        self.drop_at(Stage::Connack)?;
        if !faults.no_identity {
            let payload = faults.identity.unwrap_or_else(|| identity.payload());
            self.platform.send_identity(&self.link, &payload);
        }
        Ok(())
    }

    /// Answers a CONNECT with a return code that is not 0, and ends the connection.
    fn deny(&self, code: u8, reason: &str) -> Next {
        const CONNACK: u8 = 0x20;
        let line = Line::new(self.link.number, "refused")
            .with("stage", "connect")
            .with("return_code", code)
            .with("reason", reason)
            .with_some("certificate", self.certificate.as_deref());
        self.platform.record.write(line);
        // By hand, because the control command may ask for codes that MQTT does not define.
        let bytes = [CONNACK, 2, 0, code];
        let line = Line::new(self.link.number, "packet")
            .with("direction", "out")
            .with("packet", "CONNACK")
            .with("size", bytes.len())
            .with("return_code", code)
            .with("session_present", false);
        self.platform.record.write(line);
        let _ = self.link.send(&bytes);
        refuse(format!("CONNECT was answered with return code {code}"))
    }

    fn publish(&self, publish: &Publish) -> Next {
        if matches!(publish.qos_pid, QosPid::Level2(_)) {
            return refuse("a PUBLISH with QoS 2, which the platform does not have");
        }
        if publish.topic_name.is_empty() {
            return refuse("a PUBLISH without a topic");
        }
        self.drop_at(Stage::Publish)?;
        let acknowledged = packet::acknowledged(publish.qos_pid);
        if let Some(pid) = acknowledged.filter(|_| !self.platform.manners().no_puback) {
            self.send(&Packet::Puback(pid))?;
        }
        self.platform.publish(&publish.topic_name, publish.qos_pid.qos(), &publish.payload);
        Ok(())
    }

    fn subscribe(&self, subscribe: &Subscribe) -> Next {
        self.drop_at(Stage::Subscribe)?;
        match self.platform.manners().subscribing {
            Subscribing::Accepted => {}
            Subscribing::Refused => return self.refuse_subscription(subscribe),
            Subscribing::Unanswered => return Ok(()),
        }
        let mut granted = Vec::new();
        for (filter, qos) in &subscribe.topics {
            self.platform.subscribe(self.link.number, filter);
            granted.push(match qos {
                QoS::Level0 => SubscribeReturnCode::MaxLevel0,
                QoS::Level1 | QoS::Level2 => SubscribeReturnCode::MaxLevel1,
            });
        }
        self.send(&Suback::new(subscribe.pid, granted).into())
    }

    /// By hand: mqtt-proto 0.4 writes 3 for the return code of a failure, which is 0x80.
    fn refuse_subscription(&self, subscribe: &Subscribe) -> Next {
        const SUBACK: u8 = 0x90;
        let [high, low] = subscribe.pid.value().to_be_bytes();
        let codes = vec![0x80; subscribe.topics.len()];
        let Ok(length @ ..=127) = u8::try_from(codes.len() + 2) else {
            return refuse("a SUBSCRIBE with more filters than this can refuse");
        };
        let bytes = [&[SUBACK, length, high, low], codes.as_slice()].concat();
        let line = Line::new(self.link.number, "packet")
            .with("direction", "out")
            .with("packet", "SUBACK")
            .with("size", bytes.len())
            .with("packet_id", subscribe.pid.value())
            .with("refused", true);
        self.platform.record.write(line);
        if self.link.send(&bytes).is_ok() { Ok(()) } else { Err(Stop::Done) }
    }

    fn unsubscribe(&self, unsubscribe: &Unsubscribe) -> Next {
        for filter in &unsubscribe.topics {
            self.platform.unsubscribe(self.link.number, filter);
        }
        self.send(&Packet::Unsuback(unsubscribe.pid))
    }
}

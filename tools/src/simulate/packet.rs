//! MQTT packets: cut out of the byte stream, described for the log.

use mqtt_proto::v3::{Header, Packet, PacketType};
use mqtt_proto::{Error, QosPid};

use super::record::Line;

/// The platform takes messages of at most 256 KB; the rest is room for topic and header.
const LARGEST: usize = 256 * 1024 + 1024;
const LONGEST_HEADER: usize = 5;

/// Why the bytes are no packet.
#[derive(Debug)]
pub(crate) enum Malformed {
    /// A CONNECT of another version of the protocol.
    OtherProtocol,
    Other(String),
}

/// Takes the first whole packet out of `buffer`, with its size in bytes.
pub(crate) fn take(buffer: &mut Vec<u8>) -> Result<Option<(Packet, usize)>, Malformed> {
    let other = |error: &Error| Malformed::Other(format!("not an MQTT packet: {error}"));
    let header = match Header::decode(buffer) {
        Ok(header) => header,
        Err(error) if error.is_eof() && buffer.len() < LONGEST_HEADER => return Ok(None),
        Err(error) => return Err(other(&error)),
    };
    let total = usize::try_from(header.remaining_len)
        .ok()
        .and_then(|remaining| mqtt_proto::total_len(remaining).ok())
        .filter(|total| *total <= LARGEST)
        .ok_or_else(|| Malformed::Other(format!("a packet larger than {LARGEST} bytes")))?;
    let Some(bytes) = buffer.get(..total) else { return Ok(None) };
    let packet = match Packet::decode(bytes) {
        Ok(Some(packet)) => packet,
        Ok(None) => return Err(Malformed::Other("a packet shorter than its fields".to_owned())),
        Err(Error::InvalidProtocol(..) | Error::UnexpectedProtocol(_))
            if header.typ == PacketType::Connect =>
        {
            return Err(Malformed::OtherProtocol);
        }
        Err(error) => return Err(other(&error)),
    };
    if packet.encode_len().ok() != Some(total) {
        return Err(Malformed::Other("a packet longer than its fields".to_owned()));
    }
    buffer.drain(..total);
    Ok(Some((packet, total)))
}

fn name(packet: &Packet) -> &'static str {
    match packet.get_type() {
        PacketType::Connect => "CONNECT",
        PacketType::Connack => "CONNACK",
        PacketType::Publish => "PUBLISH",
        PacketType::Puback => "PUBACK",
        PacketType::Pubrec => "PUBREC",
        PacketType::Pubrel => "PUBREL",
        PacketType::Pubcomp => "PUBCOMP",
        PacketType::Subscribe => "SUBSCRIBE",
        PacketType::Suback => "SUBACK",
        PacketType::Unsubscribe => "UNSUBSCRIBE",
        PacketType::Unsuback => "UNSUBACK",
        PacketType::Pingreq => "PINGREQ",
        PacketType::Pingresp => "PINGRESP",
        PacketType::Disconnect => "DISCONNECT",
    }
}

/// Adds what a packet says to a line of the log; never the password and never a payload.
pub(crate) fn describe(line: Line, packet: &Packet, direction: &str, size: usize) -> Line {
    let line = line.with("direction", direction).with("packet", name(packet)).with("size", size);
    match packet {
        Packet::Connect(connect) => line
            .with("client_id", &*connect.client_id)
            .with_some("user_name", connect.username.as_deref())
            .with("has_password", connect.password.is_some())
            .with("empty_password", connect.password.as_ref().is_some_and(|one| one.is_empty()))
            .with("keep_alive", connect.keep_alive)
            .with("clean_session", connect.clean_session),
        Packet::Connack(connack) => line
            .with("return_code", connack.code as u8)
            .with("session_present", connack.session_present),
        Packet::Publish(publish) => line
            .with("topic", &*publish.topic_name)
            .with("qos", publish.qos_pid.qos() as u8)
            .with_some("packet_id", publish.qos_pid.pid().map(|pid| pid.value()))
            .with("duplicate", publish.dup)
            .with("retain", publish.retain)
            .with("payload_size", publish.payload.len()),
        Packet::Puback(pid)
        | Packet::Pubrec(pid)
        | Packet::Pubrel(pid)
        | Packet::Pubcomp(pid)
        | Packet::Unsuback(pid) => line.with("packet_id", pid.value()),
        Packet::Subscribe(subscribe) => line
            .with("packet_id", subscribe.pid.value())
            .with("topics", strings(subscribe.topics.iter().map(|(filter, _)| &**filter)))
            .with("qos", subscribe.topics.iter().map(|(_, qos)| *qos as u8).collect::<Vec<_>>()),
        Packet::Suback(suback) => line
            .with("packet_id", suback.pid.value())
            .with("return_codes", suback.topics.iter().map(|code| *code as u8).collect::<Vec<_>>()),
        Packet::Unsubscribe(unsubscribe) => line
            .with("packet_id", unsubscribe.pid.value())
            .with("topics", strings(unsubscribe.topics.iter().map(|filter| &**filter))),
        Packet::Pingreq | Packet::Pingresp | Packet::Disconnect => line,
    }
}

fn strings<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    values.map(str::to_owned).collect()
}

/// The identifier to acknowledge a message with, if its quality of service asks for it.
pub(crate) fn acknowledged(qos_pid: QosPid) -> Option<mqtt_proto::Pid> {
    match qos_pid {
        QosPid::Level1(pid) => Some(pid),
        QosPid::Level0 | QosPid::Level2(_) => None,
    }
}

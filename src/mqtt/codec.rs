//! Packet bodies: encoded and decoded by `mqtt-proto`, with the checks that it leaves out.
//!
//! Only what a server may send to a client of this platform is decoded. Everything that MQTT 3.1.1
//! forbids is refused with a reason; nothing of a refused packet is used.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use super::framing::FramingError;
use crate::state;
use mqtt_proto::v3::{
    Connect, ConnectReturnCode, Header, Packet, Publish, Subscribe, SubscribeReturnCode,
    Unsubscribe,
};
use mqtt_proto::{Pid, PollHeader, QoS, QosPid, TopicFilter, TopicName};
use std::sync::Arc;

/// The longest string of a CONNECT packet: its length has 16 bits.
const LONGEST_STRING: usize = 65_535;

/// A packet from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// CONNACK.
    ConnAck {
        /// The server has kept subscriptions and messages of an earlier connection.
        session_present: bool,
        /// 0 accepted, 1 to 5 refused (MQTT 3.1.1 table 3.1).
        code: u8,
    },
    /// PUBLISH.
    Publish(Message),
    /// PUBACK with its packet identifier.
    PubAck(u16),
    /// SUBACK with its packet identifier and whether the one subscription was accepted.
    SubAck {
        /// The packet identifier of the SUBSCRIBE.
        packet_id: u16,
        /// Whether the server accepted it.
        accepted: bool,
    },
    /// UNSUBACK with its packet identifier.
    UnsubAck(u16),
    /// PINGRESP.
    PingResp,
}

/// A message, received or to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The topic name.
    pub topic: String,
    /// What it carries; any bytes.
    pub payload: Vec<u8>,
    /// QoS 1: the packet identifier. QoS 0: `None`.
    pub packet_id: Option<u16>,
    /// The sender has sent it before.
    pub dup: bool,
    /// The server had kept it.
    pub retain: bool,
}

/// Why a packet was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The state code for the firmware's handlers.
    pub code: i32,
    /// What is wrong, as a clause.
    pub reason: String,
}

impl Malformed {
    fn new(code: i32, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl From<FramingError> for Malformed {
    fn from(error: FramingError) -> Self {
        Self::new(state::MQTT_PROTOCOL, error.clause())
    }
}

/// Decodes a whole packet whose variable header begins at `body`.
pub fn decode(bytes: &[u8], body: usize) -> Result<Incoming, Malformed> {
    let (Some(&first), Some(rest)) = (bytes.first(), bytes.get(body..)) else {
        return Err(Malformed::new(state::MQTT_PROTOCOL, "empty packet"));
    };
    let (name, code) = expected(first)?;
    let refuse = |reason: String| Malformed::new(code, format!("{name} {reason}"));
    if first == 0xd0 {
        return match rest.len() {
            0 => Ok(Incoming::PingResp),
            n => Err(refuse(format!("has a body of {n} bytes"))),
        };
    }
    let length = |n: usize| u32::try_from(n).map_err(|_| refuse("is too long".to_owned()));
    let header = Header::new_with(first, length(rest.len())?, length(bytes.len())?)
        .map_err(|e| refuse(format!("has a bad fixed header: {e}")))?;
    let mut taken = 0;
    let packet = header.decode_buffer(rest, &mut taken).map_err(|e| match e {
        mqtt_proto::Error::InvalidConnectReturnCode(code) => Malformed::new(
            state::MQTT_CONNACK_UNKNOWN_ERROR,
            format!("CONNACK has the unknown return code {code}"),
        ),
        e => refuse(format!("is malformed: {e}")),
    })?;
    let too_many = rest.len().saturating_sub(taken);
    if taken != rest.len() {
        return Err(refuse(format!("has {too_many} bytes too many")));
    }
    accept(packet).map_err(refuse)
}

/// The name of the packet that `first` announces and the code for a malformed one; refuses packets
/// that no server sends to this client.
fn expected(first: u8) -> Result<(&'static str, i32), Malformed> {
    match first >> 4 {
        2 => Ok(("CONNACK", state::MQTT_DESERIALIZE_CONNACK_ERROR)),
        3 => Ok(("PUBLISH", state::MQTT_DESERIALIZE_PUB_ERROR)),
        4 => Ok(("PUBACK", state::MQTT_PROTOCOL)),
        9 => Ok(("SUBACK", state::MQTT_DESERIALIZE_SUBACK_ERROR)),
        11 => Ok(("UNSUBACK", state::MQTT_DESERIALIZE_UNSUBACK_ERROR)),
        13 if first == 0xd0 => Ok(("PINGRESP", state::MQTT_PROTOCOL)),
        13 => Err(Malformed::new(state::MQTT_PROTOCOL, "PINGRESP has reserved flags set")),
        other => {
            let reason = format!("the server sent a packet of type {other}");
            Err(Malformed::new(state::MQTT_RECV_UNKNOWN_PACKET, reason))
        }
    }
}

/// The checks that follow decoding.
fn accept(packet: Packet) -> Result<Incoming, String> {
    match packet {
        Packet::Connack(connack) => {
            let code = connack.code as u8;
            if connack.session_present && connack.code != ConnectReturnCode::Accepted {
                return Err("refuses the connection and has a session".to_owned());
            }
            Ok(Incoming::ConnAck { session_present: connack.session_present, code })
        }
        Packet::Publish(publish) => {
            let packet_id = match publish.qos_pid {
                QosPid::Level0 if publish.dup => return Err("has DUP with QoS 0".to_owned()),
                QosPid::Level0 => None,
                QosPid::Level1(pid) => Some(pid.value()),
                QosPid::Level2(_) => return Err("has QoS 2, which was not asked for".to_owned()),
            };
            if publish.topic_name.is_empty() {
                return Err("has an empty topic".to_owned());
            }
            Ok(Incoming::Publish(Message {
                topic: publish.topic_name.to_string(),
                payload: publish.payload.to_vec(),
                packet_id,
                dup: publish.dup,
                retain: publish.retain,
            }))
        }
        Packet::Puback(pid) => Ok(Incoming::PubAck(pid.value())),
        Packet::Suback(suback) => match suback.topics.as_slice() {
            // Every SUBSCRIBE of this client has one filter.
            [code] => Ok(Incoming::SubAck {
                packet_id: suback.pid.value(),
                accepted: *code != SubscribeReturnCode::Failure,
            }),
            codes => Err(format!("has {} return codes for one filter", codes.len())),
        },
        Packet::Unsuback(pid) => Ok(Incoming::UnsubAck(pid.value())),
        other => Err(format!("is a {:?}", other.get_type())),
    }
}

/// What a CONNECT packet carries.
pub struct ConnectFields<'a> {
    /// The client identifier.
    pub client_id: &'a str,
    /// The user name.
    pub user_name: &'a str,
    /// The password.
    pub password: &'a str,
    /// The keep alive interval on the wire, in seconds.
    pub keep_alive: u16,
    /// Whether the server shall forget earlier subscriptions.
    pub clean_session: bool,
}

/// Why a packet cannot be encoded: a field is too long or not allowed by MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotEncodable;

fn encode(packet: &Packet) -> Result<Vec<u8>, NotEncodable> {
    packet.encode().map(|bytes| bytes.as_ref().to_vec()).map_err(|_| NotEncodable)
}

fn pid(packet_id: u16) -> Result<Pid, NotEncodable> {
    Pid::try_from(packet_id).map_err(|_| NotEncodable)
}

/// CONNECT with user name and password, without a will.
pub fn connect(fields: &ConnectFields<'_>) -> Result<Vec<u8>, NotEncodable> {
    let strings = [fields.client_id, fields.user_name, fields.password];
    // mqtt-proto would write the lower 16 bits of a longer length.
    if strings.iter().any(|text| text.len() > LONGEST_STRING || text.contains('\0')) {
        return Err(NotEncodable);
    }
    let mut connect = Connect::new(Arc::from(fields.client_id), fields.keep_alive);
    connect.clean_session = fields.clean_session;
    connect.username = Some(Arc::from(fields.user_name));
    connect.password = Some(fields.password.as_bytes().to_vec().into());
    encode(&connect.into())
}

/// PUBLISH; QoS 1 when the message has a packet identifier.
pub fn publish(message: &Message) -> Result<Vec<u8>, NotEncodable> {
    let qos_pid = match message.packet_id {
        Some(packet_id) => QosPid::Level1(pid(packet_id)?),
        None => QosPid::Level0,
    };
    let topic = TopicName::try_from(message.topic.as_str()).map_err(|_| NotEncodable)?;
    let mut publish = Publish::new(qos_pid, topic, message.payload.clone().into());
    publish.dup = message.dup;
    publish.retain = message.retain;
    encode(&publish.into())
}

/// SUBSCRIBE for one filter with QoS 0 or 1.
pub fn subscribe(packet_id: u16, filter: &str, qos: u8) -> Result<Vec<u8>, NotEncodable> {
    let filter = TopicFilter::try_from(filter).map_err(|_| NotEncodable)?;
    let qos = QoS::from_u8(qos).map_err(|_| NotEncodable)?;
    encode(&Subscribe::new(pid(packet_id)?, vec![(filter, qos)]).into())
}

/// UNSUBSCRIBE for one filter.
pub fn unsubscribe(packet_id: u16, filter: &str) -> Result<Vec<u8>, NotEncodable> {
    let filter = TopicFilter::try_from(filter).map_err(|_| NotEncodable)?;
    encode(&Unsubscribe::new(pid(packet_id)?, vec![filter]).into())
}

/// PUBACK.
pub fn puback(packet_id: u16) -> Result<Vec<u8>, NotEncodable> {
    encode(&Packet::Puback(pid(packet_id)?))
}

/// PINGREQ.
pub const PINGREQ: [u8; 2] = [0xc0, 0];

/// DISCONNECT.
pub const DISCONNECT: [u8; 2] = [0xe0, 0];

#[cfg(test)]
mod tests;

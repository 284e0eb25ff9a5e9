//! Publishing: QoS 0 and 1, the messages that wait for their PUBACK, the version report.
#![forbid(unsafe_code)]

use super::client::Client;
use super::codec::{self, Message};
use super::state::Unacknowledged;
use super::topic;
use crate::deadline::Deadline;
use crate::log;
use crate::state::{self, Group};
use std::time::{Duration, Instant};

/// How many QoS 1 messages may wait for their PUBACK, as in the Link SDK.
const OUTBOX: usize = 10;

impl Client {
    /// Sends a message. Returns 0 for QoS 0, the packet identifier (1 to 65535) for QoS 1, or the
    /// negative state code of what is wrong; then the message was not taken over. A QoS 1 message
    /// that was taken over is sent again until the server acknowledges it, also after reconnection.
    ///
    /// Blocks for at most the request timeout.
    pub fn publish(&self, topic: &str, qos: i32, retain: bool, payload: &[u8]) -> i32 {
        let result = self.try_publish(topic, qos, retain, payload);
        let code = result.map_or_else(|code| code, i32::from);
        let text = format!("pub - '{topic}': {code}");
        self.surroundings.state_event(Group::MqttComm, state::MQTT_PUB_INFO, &text);
        code
    }

    fn try_publish(&self, topic: &str, qos: i32, retain: bool, payload: &[u8]) -> Result<u16, i32> {
        topic::check_name(topic)?;
        if !self.is_connected() {
            return Err(state::MQTT_IN_OFFLINE_STATUS);
        }
        if !matches!(qos, 0 | 1) {
            return Err(state::MQTT_PUB_QOS_INVALID);
        }
        // Before it is copied: a device may not have the memory for a length that is wrong.
        if payload.len() > self.settings.write_buffer {
            return Err(state::MQTT_SERIALIZE_PUB_ERROR);
        }
        let message = Message {
            topic: topic.to_owned(),
            payload: payload.to_vec(),
            packet_id: None,
            dup: false,
            retain,
        };
        match qos {
            0 => self.send_message(&message).map(|()| 0),
            _ => self.publish_acknowledged(message),
        }
    }

    /// Sends `message` if it fits the write buffer.
    fn send_message(&self, message: &Message) -> Result<(), i32> {
        let deadline = Deadline::after(self.settings.request_timeout);
        let packet = self.encode(message)?;
        self.send(&packet, deadline).map_err(|error| error.code())
    }

    fn encode(&self, message: &Message) -> Result<Vec<u8>, i32> {
        let packet = codec::publish(message).map_err(|_| state::MQTT_SERIALIZE_PUB_ERROR)?;
        if packet.len() > self.settings.write_buffer {
            return Err(state::MQTT_SERIALIZE_PUB_ERROR);
        }
        Ok(packet)
    }

    fn publish_acknowledged(&self, mut message: Message) -> Result<u16, i32> {
        let packet_id = {
            let mut state = self.lock();
            if state.outbox.len() >= OUTBOX {
                return Err(state::MQTT_QOS1_REPUB_EXCEED_MAX);
            }
            let packet_id = state.new_packet_id();
            message.packet_id = Some(packet_id);
            // Before it is sent: PUBACK may arrive before this call returns.
            let entry = Unacknowledged { packet_id, message: message.clone(), sent: None };
            state.outbox.push(entry);
            packet_id
        };
        let sent = self.send_message(&message);
        let mut state = self.lock();
        let place = state.outbox.iter().position(|entry| entry.packet_id == packet_id);
        match (sent, place) {
            // No entry: acknowledged already.
            (_, None) => Ok(packet_id),
            (Ok(()), Some(place)) => {
                if let Some(entry) = state.outbox.get_mut(place) {
                    entry.sent = Some(Instant::now());
                }
                Ok(packet_id)
            }
            (Err(code), Some(place)) => {
                state.outbox.remove(place);
                Err(code)
            }
        }
    }

    /// Sends messages again whose PUBACK was overdue at `listened`, marked as duplicates.
    pub(super) fn retransmit(&self, listened: Instant, patience: Duration, deadline: Deadline) {
        let now = Instant::now();
        let overdue: Vec<Message> = {
            let mut state = self.lock();
            let overdue = state
                .outbox
                .iter_mut()
                .filter(|entry| entry.sent.is_some_and(|sent| sent + patience <= listened));
            overdue
                .map(|entry| {
                    entry.sent = Some(now);
                    entry.message.dup = true;
                    entry.message.clone()
                })
                .collect()
        };
        for message in overdue {
            let Ok(packet) = self.encode(&message) else { continue };
            if self.send_within_yield(&packet, deadline).is_err() {
                log::warning!("a QoS 1 message cannot be sent again now");
                return;
            }
        }
    }

    /// Sends PUBACK for what was delivered. What cannot be sent now stays for later.
    pub(super) fn send_acknowledgements(&self, deadline: Deadline) {
        loop {
            let Some(packet_id) = self.lock().acknowledgements.front().copied() else { return };
            let Ok(packet) = codec::puback(packet_id) else { return };
            if self.send_within_yield(&packet, deadline).is_err() {
                return;
            }
            self.lock().acknowledgements.pop_front();
        }
    }

    /// Reports the firmware's version to the platform, as the Link SDK does after the first
    /// connection. Needs the identity for its topic.
    pub(super) fn report_version(&self) {
        let identity = self.surroundings.identity();
        let Some(version) = self.surroundings.firmware_version() else { return };
        if !identity.is_complete() {
            return;
        }
        let topic = format!("/ota/device/inform/{}/{}", identity.product_key, identity.device_name);
        let module = self.surroundings.module();
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let module = match module.is_empty() {
            true => String::new(),
            false => format!(", \"module\":{}", quoted(&module)),
        };
        let payload =
            format!("{{\"id\":\"1\",\"params\":{{\"version\":{}{module}}}}}", quoted(&version));
        self.publish(&topic, 1, false, payload.as_bytes());
    }
}

//! What arrives from the server.
#![forbid(unsafe_code)]

use super::client::Client;
use super::codec::{self, Incoming, Malformed, Message};
use super::framing::Frame;
use super::state::{Asked, Request, Subscription};
use super::{Event, topic};
use crate::deadline::Deadline;
use crate::identity::{self, RESPONSE_TOPIC};
use crate::log;
use crate::state::{self, Group};
use std::time::Instant;

impl Client {
    /// Handles the next packet of connection `number`, if one is complete. `false` when more bytes
    /// are needed.
    pub(super) fn handle_input(&self, number: u64) -> bool {
        let frame = {
            let mut state = self.lock();
            if state.number != number || !state.is_connected() {
                return true;
            }
            let input = std::mem::take(&mut state.input);
            let mut rest = input.as_slice();
            let frame = state.framer.next(&mut rest);
            state.input = rest.to_vec();
            let inside = state.framer.is_inside_packet();
            state.packet_began = match inside {
                true => state.packet_began.or_else(|| Some(Instant::now())),
                false => None,
            };
            frame
        };
        let result = match frame {
            Ok(None) => return false,
            Ok(Some(Frame::Oversized(size))) => {
                self.report_oversized(size);
                Ok(())
            }
            Ok(Some(Frame::Packet { bytes, body })) => {
                codec::decode(&bytes, body).and_then(|packet| self.handle(packet))
            }
            Err(error) => Err(Malformed::from(error)),
        };
        if let Err(Malformed { code, reason }) = result {
            self.surroundings.state_event(Group::MqttComm, code, &reason);
            self.lose(number, &reason);
        }
        true
    }

    fn report_oversized(&self, size: usize) {
        let text = format!("a packet of {size} bytes does not fit the read buffer");
        log::warning!("{text} of {} bytes; it was skipped", self.settings.read_buffer);
        self.surroundings.state_event(Group::MqttComm, state::MQTT_RX_BUFFER_TOO_SHORT, &text);
        self.tell(&Event::Oversized);
    }

    fn handle(&self, packet: Incoming) -> Result<(), Malformed> {
        match packet {
            Incoming::Publish(message) => self.handle_message(&message),
            Incoming::PubAck(packet_id) => self.handle_puback(packet_id),
            Incoming::SubAck { packet_id, accepted } => self.handle_suback(packet_id, accepted),
            Incoming::UnsubAck(packet_id) => self.handle_unsuback(packet_id),
            Incoming::PingResp => {}
            Incoming::ConnAck { .. } => {
                let reason = "CONNACK on an established connection".to_owned();
                return Err(Malformed { code: state::MQTT_PROTOCOL, reason });
            }
        }
        Ok(())
    }

    /// Gives a message to everybody who asked for it, then acknowledges it: a message that the
    /// firmware did not get before the device died comes again.
    fn handle_message(&self, message: &Message) {
        if message.topic == RESPONSE_TOPIC {
            self.handle_identity(&message.payload);
        }
        let matching: Vec<Subscription> = {
            let state = self.lock();
            let all = state.subscriptions.iter();
            all.filter(|known| topic::matches(&known.filter, &message.topic)).cloned().collect()
        };
        for subscription in &matching {
            if self.is_subscribed(subscription) {
                self.surroundings.deliver(subscription.handler, &Event::Received(message));
            }
        }
        if matching.is_empty() {
            self.tell(&Event::Received(message));
        }
        if let Some(packet_id) = message.packet_id {
            self.lock().acknowledgements.push_back(packet_id);
            // A wire that takes nothing must not hold up what has arrived.
            self.send_acknowledgements(Deadline::now());
        }
    }

    /// Whether `subscription` still stands: a handler that was called before for the same message may
    /// have ended it, or the client, and then its context may be gone.
    fn is_subscribed(&self, subscription: &Subscription) -> bool {
        let state = self.lock();
        let mut all = state.subscriptions.iter();
        !state.is_destroyed()
            && all.any(|known| {
                (&known.filter, known.handler) == (&subscription.filter, subscription.handler)
            })
    }

    fn handle_identity(&self, payload: &[u8]) {
        match identity::parse_response(payload) {
            Ok(identity) => {
                let known = self.surroundings.identity();
                if known.is_complete() && known != identity {
                    log::warning!(
                        "the platform changed this device's identity from {}/{} to {}/{}",
                        known.product_key,
                        known.device_name,
                        identity.product_key,
                        identity.device_name
                    );
                }
                self.surroundings.identity_arrived(&identity, payload);
                // The next connection has to name the new one.
                if self.lock().from_store && known != identity {
                    self.renew_login();
                }
            }
            Err(reason) => {
                log::warning!("identity message refused, nothing was changed: {reason}");
                self.surroundings.state_event(Group::MqttComm, state::IDENTITY_INVALID, &reason);
            }
        }
    }

    fn handle_puback(&self, packet_id: u16) {
        let known = {
            let mut state = self.lock();
            let place = state.outbox.iter().position(|entry| entry.packet_id == packet_id);
            place.map(|place| state.outbox.remove(place)).is_some()
        };
        // The second PUBACK of a message that was sent twice is nobody's news.
        if known {
            self.tell(&Event::PublishSuccess(packet_id));
        }
    }

    /// Takes out the request that an answer belongs to.
    fn answered(&self, packet_id: u16, subscribe: bool) -> Option<Request> {
        let mut state = self.lock();
        let place = state.requests.iter().position(|request| {
            request.packet_id == packet_id
                && matches!(request.asked, Asked::Subscribe { .. }) == subscribe
        });
        place.map(|place| state.requests.remove(place))
    }

    fn handle_suback(&self, packet_id: u16, accepted: bool) {
        let Some(request) = self.answered(packet_id, true) else {
            log::warning!("SUBACK {packet_id} answers nothing that was asked");
            return;
        };
        {
            let mut state = self.lock();
            if !accepted {
                let filter = request.asked.filter();
                state.subscriptions.retain(|entry| entry.qos.is_none() || entry.filter != filter);
            }
            state.settle_waiter(packet_id, accepted);
        }
        self.changed.notify_all();
        if !accepted {
            log::warning!("the server refused the subscription to {}", request.asked.filter());
            self.tell(&Event::SubscribeRefused(packet_id));
        } else if request.announced {
            self.tell(&Event::SubscribeSuccess(packet_id));
        }
    }

    fn handle_unsuback(&self, packet_id: u16) {
        match self.answered(packet_id, false) {
            Some(_) => self.tell(&Event::UnsubscribeSuccess(packet_id)),
            None => log::warning!("UNSUBACK {packet_id} answers nothing that was asked"),
        }
    }
}

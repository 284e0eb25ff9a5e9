//! Subscribing and unsubscribing.
#![forbid(unsafe_code)]

use super::Handler;
use super::client::{Client, NotReading};
use super::codec;
use super::state::{Asked, Request, State, Subscription, Waiter};
use super::topic;
use crate::deadline::Deadline;
use crate::state::{self, Group};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// The QoS with which the Link SDK subscribes without telling the server.
const LOCAL_ONLY: u32 = 3;

/// What `IOT_MQTT_Subscribe_Sync` returns when the server refuses.
const REFUSED: i32 = -1;

/// How many requests may wait for their answers.
const REQUESTS: usize = 256;

/// The longest wait of `IOT_MQTT_Subscribe_Sync`, as in the Link SDK.
const LONGEST_WAIT_MS: i32 = 10_000;

impl Asked {
    pub(super) fn filter(&self) -> &str {
        match self {
            Self::Subscribe { filter, .. } | Self::Unsubscribe { filter } => filter,
        }
    }

    /// The packet that asks for it. Filters were checked before, so there is one.
    pub(super) fn packet(&self, packet_id: u16) -> Result<Vec<u8>, codec::NotEncodable> {
        match self {
            Self::Subscribe { filter, qos } => codec::subscribe(packet_id, filter, *qos),
            Self::Unsubscribe { filter } => codec::unsubscribe(packet_id, filter),
        }
    }
}

impl Client {
    /// Asks for the messages of `filter` and gives them to `handler`. Returns the packet identifier
    /// (0 for QoS 3, which only registers the handler), or the negative state code of what is
    /// wrong. QoS above 3 counts as 0. The answer of the server is an event.
    ///
    /// Blocks for at most the request timeout.
    pub fn subscribe(&self, filter: &str, qos: u32, handler: Handler) -> i32 {
        self.announce("sub", filter);
        let result = self.try_subscribe(filter, qos, handler, false);
        result.map_or_else(|code| code, i32::from)
    }

    /// Like [`Self::subscribe`], and waits for the answer of the server until `timeout_ms` (at most
    /// 10 s) have passed. Returns the packet identifier when the server accepted, -1 when it
    /// refused, -0x0323 without an answer. Called from a function that the client called, it does
    /// not wait.
    pub fn subscribe_sync(
        self: &Arc<Self>,
        filter: &str,
        qos: u32,
        handler: Handler,
        timeout_ms: i32,
    ) -> i32 {
        let timeout = u32::try_from(timeout_ms.clamp(0, LONGEST_WAIT_MS)).unwrap_or(0);
        let deadline = Deadline::after_ms(timeout);
        self.announce("subs", filter);
        let packet_id = match self.try_subscribe(filter, qos, handler, true) {
            Ok(packet_id) if qos == LOCAL_ONLY => return i32::from(packet_id),
            Ok(packet_id) => packet_id,
            Err(code) => return code,
        };
        let answer = self.await_answer(packet_id, deadline);
        self.lock().waiters.retain(|waiter| waiter.packet_id != packet_id);
        match answer {
            Some(true) => i32::from(packet_id),
            Some(false) => REFUSED,
            None => state::MQTT_SYNC_SUB_TIMEOUT,
        }
    }

    /// What the server said about `packet_id`. Reads by itself while nobody else does.
    fn await_answer(self: &Arc<Self>, packet_id: u16, deadline: Deadline) -> Option<bool> {
        loop {
            if let Some(accepted) = answer(&self.lock(), packet_id) {
                return Some(accepted);
            }
            match self.begin_reading(Deadline::now()) {
                Ok(_reading) => {
                    self.run(deadline, || answer(&self.lock(), packet_id).is_some());
                }
                // The caller's own caller reads: nothing can arrive while it waits here.
                Err(NotReading::Inside) => return Some(true),
                Err(NotReading::Busy) => {
                    let state = self.lock();
                    if answer(&state, packet_id).is_none() && state.reader.is_some() {
                        let waited = self.changed.wait_timeout(state, deadline.remaining());
                        drop(waited.unwrap_or_else(PoisonError::into_inner));
                    }
                }
            }
            if deadline.is_over() || self.lock().is_destroyed() {
                return answer(&self.lock(), packet_id);
            }
        }
    }

    fn announce(&self, what: &str, filter: &str) {
        let text = format!("{what} - '{filter}'");
        self.surroundings.state_event(Group::MqttComm, state::MQTT_SUB_INFO, &text);
    }

    fn try_subscribe(
        &self,
        filter: &str,
        qos: u32,
        handler: Handler,
        awaited: bool,
    ) -> Result<u16, i32> {
        if !self.is_connected() {
            return Err(state::MQTT_IN_OFFLINE_STATUS);
        }
        topic::check_filter(filter)?;
        let qos = match qos {
            LOCAL_ONLY => None,
            1 => Some(1),
            2 => return Err(state::MQTT_PUB_QOS_INVALID),
            _ => Some(0),
        };
        let subscription = Subscription { filter: filter.to_owned(), handler, qos };
        let mut state = self.lock();
        // The same filter, function and context once more changes nothing for the firmware.
        let known = state.subscriptions.iter_mut().find(|known| {
            (&known.filter, known.handler) == (&subscription.filter, subscription.handler)
        });
        let is_new = known.is_none();
        match known {
            // The server is told from now on, or with another QoS.
            Some(known) => known.qos = qos.or(known.qos),
            // Before SUBSCRIBE is sent: messages may arrive before this call returns.
            None => state.subscriptions.push(subscription.clone()),
        }
        let Some(qos) = qos else { return Ok(0) };
        let asked = Asked::Subscribe { filter: filter.to_owned(), qos };
        let result = self.ask(state, asked, awaited);
        if result.is_err() && is_new {
            self.lock().subscriptions.retain(|entry| *entry != subscription);
        }
        result
    }

    /// Ends the subscriptions of exactly this filter. Returns the packet identifier, or the
    /// negative state code of what is wrong.
    ///
    /// Blocks for at most the request timeout.
    pub fn unsubscribe(&self, filter: &str) -> i32 {
        self.announce("unsub", filter);
        self.try_unsubscribe(filter).map_or_else(|code| code, i32::from)
    }

    fn try_unsubscribe(&self, filter: &str) -> Result<u16, i32> {
        topic::check_filter(filter)?;
        if !self.is_connected() {
            return Err(state::MQTT_IN_OFFLINE_STATUS);
        }
        let asked = Asked::Unsubscribe { filter: filter.to_owned() };
        let packet_id = self.ask(self.lock(), asked, false)?;
        self.lock().subscriptions.retain(|entry| entry.filter != filter);
        Ok(packet_id)
    }

    /// Sends a request and remembers it until it is answered.
    fn ask(
        &self,
        mut state: crate::lock::MutexGuard<'_, State>,
        asked: Asked,
        awaited: bool,
    ) -> Result<u16, i32> {
        if state.requests.len() >= REQUESTS {
            return Err(state::MQTT_SUB_EXCEED_MAX);
        }
        let packet_id = state.new_packet_id();
        let packet = asked.packet(packet_id).map_err(|_| state::MQTT_UNEXP_TOPIC_FORMAT)?;
        state.requests.push(Request { packet_id, asked, sent: Instant::now(), announced: true });
        if awaited {
            state.waiters.push(Waiter { packet_id, accepted: None });
        }
        // Never past a renewal that is still to be sent: an UNSUBSCRIBE would be undone by it.
        if !state.unsent.is_empty() {
            state.unsent.push_back(packet);
            return Ok(packet_id);
        }
        drop(state);
        let deadline = Deadline::after(self.settings.request_timeout);
        self.send(&packet, deadline).map_err(|error| {
            let mut state = self.lock();
            state.requests.retain(|request| request.packet_id != packet_id);
            state.waiters.retain(|waiter| waiter.packet_id != packet_id);
            error.code()
        })?;
        Ok(packet_id)
    }
}

fn answer(state: &State, packet_id: u16) -> Option<bool> {
    state.waiters.iter().find(|waiter| waiter.packet_id == packet_id)?.accepted
}

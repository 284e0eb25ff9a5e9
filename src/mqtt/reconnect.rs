//! Coming back after a connection was lost: the attempt on a thread of its own, and what the new
//! connection has to begin with.
#![forbid(unsafe_code)]

use super::Event;
use super::client::Client;
use super::codec;
use super::link::{Link, LinkError, contained};
use super::state::{Asked, Phase, Request, State};
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind};
use crate::log;
use crate::state::{self, Group};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// The stack of the thread that reconnects: what a TLS handshake needs, several times.
const CONNECT_STACK: usize = 256 * 1024;

impl Client {
    pub(super) fn announce_loss(&self, wait: Duration) {
        self.surroundings.state_event(
            Group::MqttComm,
            state::SYS_DEPEND_NWK_CLOSE,
            "mqtt connection lost",
        );
        self.tell(&Event::Disconnected);
        self.announce_wait(wait);
    }

    fn announce_wait(&self, wait: Duration) {
        let text = format!("next attempt to connect in {} ms", wait.as_millis());
        log::info!("{text}");
        self.surroundings.state_event(Group::MqttComm, state::MQTT_RECONNECT_WAIT, &text);
    }

    /// Tries to connect on a thread of its own, so that a yield is not held up by DNS, TCP and TLS.
    /// The thread ends by the connect and request timeouts.
    pub(super) fn start_connecting(self: &Arc<Self>) {
        let client = Arc::clone(self);
        let spawned = thread::Builder::new()
            .name("linksdk-mqtt".to_owned())
            .stack_size(CONNECT_STACK)
            .spawn(move || {
                // A panic that ended this thread would leave the client waiting for ever. What the
                // attempt was building is lost with it.
                let attempt = catch_unwind(AssertUnwindSafe(|| client.open_link()));
                client.attempt_ended(attempt.unwrap_or_else(|_| Err(contained())));
            });
        if let Err(error) = spawned {
            let detail = format!("starting a thread to reconnect: {error}");
            log::error!("{detail}");
            self.collect(Err(LinkError::Network(Error::new(ErrorKind::System, detail))));
        }
    }

    fn attempt_ended(&self, result: Result<Link, LinkError>) {
        let unwanted = {
            let mut state = self.lock();
            match state.phase {
                Phase::Connecting => {
                    state.phase = Phase::Tried(Box::new(result));
                    None
                }
                _ => result.ok(),
            }
        };
        if let Some(link) = unwanted {
            link.transport.close();
        }
        self.changed.notify_all();
    }

    /// Takes over the result of an attempt, on the thread that yields.
    pub(super) fn collect(&self, result: Result<Link, LinkError>) {
        match result {
            Ok(link) => {
                if self.install(link) {
                    self.send_unsent(Deadline::now());
                    log::info!("MQTT connection to {} is back", self.settings.host);
                    let text = "mqtt reconnected";
                    self.surroundings.state_event(Group::MqttComm, state::SUCCESS, text);
                    self.tell(&Event::Reconnected);
                }
            }
            Err(error) => {
                self.report_failure(&error);
                let refused = error.is_refusal() && !self.forgot_identity(&error);
                let wait = {
                    let mut state = self.lock();
                    if state.is_destroyed() {
                        return;
                    }
                    let wait = state.back_off.next_wait(refused);
                    state.phase = Phase::Waiting { until: Instant::now() + wait };
                    wait
                };
                self.announce_wait(wait);
            }
        }
    }

    /// Makes `link` the present connection and puts what an earlier one left open in the queue.
    /// `false` when the client has been destroyed meanwhile.
    pub(super) fn install(&self, link: Link) -> bool {
        let warnings = link.transport.warnings();
        {
            let mut state = self.lock();
            if state.is_destroyed() {
                drop(state);
                link.transport.close();
                return false;
            }
            let now = Instant::now();
            state.phase = Phase::Connected;
            state.number += 1;
            state.transport = Some(link.transport);
            state.framer = link.framer;
            state.input = link.input;
            state.connected_at = now;
            state.packet_began = None;
            state.next_ping = now + self.settings.keep_alive;
            state.listened = now;
            state.ping_unanswered = None;
            state.ping_unsent = None;
            state.tail = Vec::new();
            state.acknowledgements.clear();
            // A server that was asked for a new session has none, whatever it says.
            let kept = link.session_present && !self.settings.clean_session;
            state.unsent = unfinished(&mut state, kept).into();
        }
        for (code, text) in warnings {
            self.surroundings.state_event(Group::SysDepend, code, &text);
        }
        true
    }

    /// Sends what the connection has to begin with. What cannot be sent by `deadline` stays for the
    /// next yield.
    pub(super) fn send_unsent(&self, deadline: Deadline) {
        loop {
            let Some(packet) = self.lock().unsent.front().cloned() else { return };
            if self.send_within_yield(&packet, deadline).is_err() {
                return;
            }
            self.lock().unsent.pop_front();
        }
    }
}

/// The packets that a new connection has to begin with: requests without an answer, subscriptions
/// that the server has forgotten, messages without PUBACK (with DUP), in this order.
fn unfinished(state: &mut State, session_present: bool) -> Vec<Vec<u8>> {
    let now = Instant::now();
    if !session_present {
        let asked: Vec<String> =
            state.requests.iter().map(|r| r.asked.filter().to_owned()).collect();
        let mut forgotten: Vec<(String, u8)> = Vec::new();
        for subscription in &state.subscriptions {
            let Some(qos) = subscription.qos else { continue };
            match forgotten.iter_mut().find(|(filter, _)| *filter == subscription.filter) {
                // The server has one subscription for all handlers of a filter.
                Some((_, highest)) => *highest = qos.max(*highest),
                None if asked.contains(&subscription.filter) => {}
                None => forgotten.push((subscription.filter.clone(), qos)),
            }
        }
        for (filter, qos) in forgotten {
            let packet_id = state.new_packet_id();
            let asked = Asked::Subscribe { filter, qos };
            state.requests.push(Request { packet_id, asked, sent: now, announced: false });
        }
    }
    let mut packets = Vec::new();
    for request in &mut state.requests {
        request.sent = now;
        packets.extend(request.asked.packet(request.packet_id));
    }
    for entry in state.outbox.iter_mut().filter(|entry| entry.sent.is_some()) {
        entry.sent = Some(now);
        entry.message.dup = true;
        packets.extend(codec::publish(&entry.message));
    }
    packets
}

//! What the client knows, behind its lock.
#![forbid(unsafe_code)]

use super::client::Settings;
use super::codec::Message;
use super::connect::Login;
use super::framing::Framer;
use super::link::{Link, LinkError};
use super::retry::BackOff;
use super::{Handler, Transport};
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Instant;

/// How many acknowledgements may wait for the wire to take them.
const ACKNOWLEDGEMENTS: usize = 1024;

/// Where the client stands.
pub(super) enum Phase {
    /// Nothing has been tried, or the connection ended and nobody has said so yet.
    Lost,
    /// The next attempt is due then.
    Waiting { until: Instant },
    /// An attempt runs on a thread of its own.
    Connecting,
    /// An attempt has ended and its result waits for the thread that yields.
    Tried(Box<Result<Link, LinkError>>),
    /// Packets flow.
    Connected,
    /// `IOT_MQTT_Destroy` was called.
    Destroyed,
}

/// A topic filter and who gets its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subscription {
    pub(super) filter: String,
    pub(super) handler: Handler,
    /// `None` for a subscription that the server knows nothing of (QoS 3 of the Link SDK).
    pub(super) qos: Option<u8>,
}

/// What a SUBSCRIBE or UNSUBSCRIBE that waits for its answer is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Subscribe { filter: String, qos: u8 },
    Unsubscribe { filter: String },
}

/// A SUBSCRIBE or UNSUBSCRIBE that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) packet_id: u16,
    pub(super) asked: Asked,
    pub(super) sent: Instant,
    /// Whether the firmware hears of success: not when the client renews a subscription by itself.
    pub(super) announced: bool,
}

/// A QoS 1 message that waits for its PUBACK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unacknowledged {
    pub(super) packet_id: u16,
    pub(super) message: Message,
    /// When it was last sent completely; `None` while its first sending goes on.
    pub(super) sent: Option<Instant>,
}

/// A call of `IOT_MQTT_Subscribe_Sync` that waits for the answer.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) packet_id: u16,
    pub(super) accepted: Option<bool>,
}

pub(super) struct State {
    pub(super) phase: Phase,
    /// Counts connections, so that the end of an old one is not taken for that of the present one.
    pub(super) number: u64,
    pub(super) transport: Option<Arc<dyn Transport>>,
    pub(super) framer: Framer,
    /// What arrived and was not looked at yet.
    pub(super) input: Vec<u8>,
    pub(super) connected_at: Instant,
    pub(super) packet_began: Option<Instant>,
    pub(super) next_ping: Instant,
    /// When somebody last listened and nothing was there. Whether the server is silent is judged by
    /// this moment: what it said while nobody yielded still waits to be read.
    pub(super) listened: Instant,
    /// When PINGREQ was sent, if nothing has arrived since.
    pub(super) ping_unanswered: Option<Instant>,
    /// Since when PINGREQ is due and could not be sent.
    pub(super) ping_unsent: Option<Instant>,
    /// The rest of a packet of which the wire has taken a part, and since when it took no more.
    pub(super) tail: Vec<u8>,
    pub(super) tail_since: Instant,
    pub(super) last_packet_id: u16,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) requests: Vec<Request>,
    pub(super) waiters: Vec<Waiter>,
    pub(super) outbox: Vec<Unacknowledged>,
    /// Packets that the present connection has to begin with, and that were not sent yet.
    pub(super) unsent: VecDeque<Vec<u8>>,
    /// Packet identifiers whose PUBACK has to be sent.
    pub(super) acknowledgements: VecDeque<u16>,
    pub(super) back_off: BackOff,
    /// The thread that reads and calls the firmware.
    pub(super) reader: Option<ThreadId>,
    /// Who the device says it is at the next connection.
    pub(super) login: Login,
    /// The login names an identity of an earlier start.
    pub(super) from_store: bool,
}

impl State {
    pub(super) fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Connected)
    }

    pub(super) fn is_destroyed(&self) -> bool {
        matches!(self.phase, Phase::Destroyed)
    }

    /// Why the server is taken for dead, if at `listened` it had been silent for too long.
    pub(super) fn silence(&self, settings: &Settings, listened: Instant) -> Option<&'static str> {
        let over = |since: Option<Instant>, limit| since.is_some_and(|at| at + limit <= listened);
        if over(self.ping_unanswered, settings.keep_alive / 2) {
            Some("the server does not answer PINGREQ")
        } else if over(self.packet_began, settings.patience()) {
            Some("the server began a packet and did not finish it")
        } else {
            None
        }
    }

    /// Why the wire is taken for dead, if it has just not taken what has waited for too long.
    pub(super) fn congestion(&self, settings: &Settings, now: Instant) -> Option<&'static str> {
        let over = |since: Option<Instant>, limit| since.is_some_and(|at| at + limit <= now);
        if over(self.ping_unsent, settings.keep_alive / 2) {
            Some("PINGREQ cannot be sent")
        } else if over(self.stuck_since(), settings.patience()) {
            Some("a packet cannot be sent to its end")
        } else if self.acknowledgements.len() > ACKNOWLEDGEMENTS {
            Some("the server sends and does not take the acknowledgements")
        } else {
            None
        }
    }

    /// A packet identifier that nothing waits for: 1 to 65535 in turn.
    pub(super) fn new_packet_id(&mut self) -> u16 {
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            let id = self.last_packet_id;
            // The lists are short: the outbox has at most ten entries, requests time out.
            let used = self.outbox.iter().any(|entry| entry.packet_id == id)
                || self.requests.iter().any(|request| request.packet_id == id);
            if !used {
                return id;
            }
        }
    }

    pub(super) fn settle_waiter(&mut self, packet_id: u16, accepted: bool) {
        for waiter in self.waiters.iter_mut().filter(|waiter| waiter.packet_id == packet_id) {
            waiter.accepted = Some(accepted);
        }
    }
}

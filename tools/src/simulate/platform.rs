//! What all connections share: who is connected, who subscribed to what, what goes wrong next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use mqtt_proto::v3::{Packet, Publish};
use mqtt_proto::{Pid, QoS, QosPid, TopicName};

use super::fault::{Fault, Manner, Stage};
use super::link::{End, Gate, Link};
use super::packet;
use super::record::{Line, Record};
use super::topic;
use crate::devices::{Devices, Identity};

/// Where the platform tells a device who it is.
pub(crate) const IDENTITY_TOPIC: &str = "/ext/auth/identity/response";

/// What the next connection meets, each once.
#[derive(Default)]
pub(crate) struct Faults {
    pub(crate) return_code: Option<u8>,
    pub(crate) no_identity: bool,
    pub(crate) identity: Option<Vec<u8>>,
}

/// How the platform answers SUBSCRIBE.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Subscribing {
    #[default]
    Accepted,
    Refused,
    Unanswered,
}

/// How the platform behaves until it is told otherwise.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manners {
    /// PUBLISH with QoS 1 is delivered and not acknowledged.
    pub(crate) no_puback: bool,
    pub(crate) subscribing: Subscribing,
}

/// One TCP connection. It has an identity while a device is connected through it.
struct Peer {
    link: Arc<Link>,
    identity: Option<Identity>,
    filters: BTreeSet<String>,
    last_id: Pid,
}

#[derive(Default)]
struct State {
    accepted: u64,
    peers: BTreeMap<u64, Peer>,
    faults: Faults,
    /// Drops one connection, whichever reaches the stage first.
    dropping: Option<Fault>,
    manners: Manners,
}

pub(crate) struct Platform {
    pub(crate) devices: Devices,
    pub(crate) record: Record,
    pub(crate) gate: Arc<Gate>,
    pub(crate) shortest_keep_alive: u16,
    state: Mutex<State>,
}

impl Platform {
    pub(crate) fn new(devices: Devices, record: Record, shortest_keep_alive: u16) -> Self {
        Platform {
            devices,
            record,
            gate: Arc::default(),
            shortest_keep_alive,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn manners(&self) -> Manners {
        self.state().manners
    }

    pub(crate) fn set_manners(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.state().manners);
    }

    /// Ends the platform's side of all connections, and goes on reading; returns how many.
    pub(crate) fn half_close_all(&self) -> usize {
        let links = self.links(|_| true);
        links.iter().filter(|link| link.half_close()).count()
    }

    /// Counts a TCP connection; the first is 1.
    pub(crate) fn next_number(&self) -> u64 {
        let mut state = self.state();
        state.accepted += 1;
        state.accepted
    }

    pub(crate) fn add(&self, link: &Arc<Link>) {
        let peer = Peer {
            link: Arc::clone(link),
            identity: None,
            filters: BTreeSet::new(),
            last_id: Pid::default(),
        };
        self.state().peers.insert(link.number, peer);
    }

    pub(crate) fn remove(&self, number: u64) {
        self.state().peers.remove(&number);
    }

    /// Makes a connection that of a device, and ends the one that the device had before.
    pub(crate) fn connect(&self, number: u64, identity: &Identity) {
        let mut before = Vec::new();
        let mut state = self.state();
        for (other, peer) in &mut state.peers {
            if *other == number {
                peer.identity = Some(identity.clone());
            } else if peer.identity.as_ref() == Some(identity) {
                before.push(Arc::clone(&peer.link));
            }
        }
        drop(state);
        for link in before {
            self.end(&link, End::CloseNotify, "a second connection of the same device");
        }
    }

    /// Ends a connection from the platform's side, with the reason in the log.
    pub(crate) fn end(&self, link: &Link, how: End, reason: &str) -> bool {
        if !link.claim_end() {
            return false;
        }
        let identity = self.identity_of(link.number);
        // Whoever asks finds it gone.
        if let Some(peer) = self.state().peers.get_mut(&link.number) {
            peer.identity = None;
            peer.filters.clear();
        }
        let line = Line::new(link.number, "ended")
            .with("by", "platform")
            .with("how", how.name())
            .with("reason", reason)
            .with_some("identity", identity.map(|identity| identity.to_string()));
        self.record.write(line);
        link.finish(how);
        true
    }

    /// Ends all connections; returns how many.
    pub(crate) fn end_all(&self, how: End, reason: &str) -> usize {
        let links = self.links(|_| true);
        links.iter().filter(|link| self.end(link, how, reason)).count()
    }

    fn links(&self, wanted: impl Fn(&Peer) -> bool) -> Vec<Arc<Link>> {
        let state = self.state();
        state
            .peers
            .values()
            .filter(|peer| wanted(peer))
            .map(|peer| Arc::clone(&peer.link))
            .collect()
    }

    fn identity_of(&self, number: u64) -> Option<Identity> {
        self.state().peers.get(&number).and_then(|peer| peer.identity.clone())
    }

    pub(crate) fn set_fault(&self, set: impl FnOnce(&mut Faults)) {
        set(&mut self.state().faults);
    }

    pub(crate) fn set_dropping(&self, fault: Fault) {
        self.state().dropping = Some(fault);
    }

    /// How to drop a connection that is at this stage, if it is to be dropped there.
    pub(crate) fn take_dropping(&self, stage: Stage) -> Option<Manner> {
        let mut state = self.state();
        state.dropping.take_if(|fault| fault.stage == stage).map(|fault| fault.manner)
    }

    /// How, and after how many bytes, to drop a connection in its handshake.
    pub(crate) fn take_dropping_in_handshake(&self) -> Option<(usize, Manner)> {
        let mut state = self.state();
        let fault = state.dropping.take_if(|fault| matches!(fault.stage, Stage::Bytes(_)))?;
        match fault.stage {
            Stage::Bytes(bytes) => Some((bytes, fault.manner)),
            _ => None,
        }
    }

    pub(crate) fn take_return_code(&self) -> Option<u8> {
        self.state().faults.return_code.take()
    }

    /// For a connection whose CONNECT was accepted.
    pub(crate) fn take_faults(&self) -> Faults {
        let mut state = self.state();
        // A return code is not for this connection any more: it has been answered.
        let return_code = state.faults.return_code;
        std::mem::replace(&mut state.faults, Faults { return_code, ..Faults::default() })
    }

    /// How many TCP connections were accepted, and how many devices are connected now.
    pub(crate) fn connections(&self) -> (u64, usize) {
        let state = self.state();
        let connected = state.peers.values().filter(|peer| peer.identity.is_some()).count();
        (state.accepted, connected)
    }

    /// All filters that are subscribed to now, each once, in order.
    pub(crate) fn filters(&self) -> BTreeSet<String> {
        self.state().peers.values().flat_map(|peer| peer.filters.iter().cloned()).collect()
    }

    pub(crate) fn subscribe(&self, number: u64, filter: &str) {
        if let Some(peer) = self.state().peers.get_mut(&number) {
            peer.filters.insert(filter.to_owned());
        }
    }

    pub(crate) fn unsubscribe(&self, number: u64, filter: &str) {
        if let Some(peer) = self.state().peers.get_mut(&number) {
            peer.filters.remove(filter);
        }
    }

    /// Sends a message to every device with a matching subscription, once each; returns how many.
    /// The quality of service is the publisher's: the platform ignores what subscribers ask for.
    pub(crate) fn publish(&self, name: &TopicName, qos: QoS, payload: &Bytes) -> usize {
        let mut receivers = Vec::new();
        for peer in self.state().peers.values_mut() {
            if peer.filters.iter().any(|filter| topic::matches(filter, name)) {
                let qos_pid = if qos == QoS::Level0 {
                    QosPid::Level0
                } else {
                    peer.last_id += 1;
                    QosPid::Level1(peer.last_id)
                };
                let message = Publish::new(qos_pid, name.clone(), payload.clone());
                receivers.push((Arc::clone(&peer.link), message));
            }
        }
        receivers
            .into_iter()
            .filter(|(link, message)| self.send(link, &message.clone().into()))
            .count()
    }

    /// Sends these bytes on the identity topic to every connected device; returns how many.
    pub(crate) fn push_identity(&self, payload: &[u8]) -> usize {
        let links = self.links(|peer| peer.identity.is_some());
        links.iter().filter(|link| self.send_identity(link, payload)).count()
    }

    pub(crate) fn send_identity(&self, link: &Link, payload: &[u8]) -> bool {
        TopicName::try_from(IDENTITY_TOPIC).is_ok_and(|name| {
            let payload = Bytes::copy_from_slice(payload);
            self.send(link, &Publish::new(QosPid::Level0, name, payload).into())
        })
    }

    /// Sends bytes inside TLS to every connected device; returns how many.
    pub(crate) fn send_raw(&self, bytes: &[u8]) -> usize {
        let mut sent = 0;
        for link in self.links(|peer| peer.identity.is_some()) {
            let line = Line::new(link.number, "raw").with("direction", "out");
            self.record.write(line.with("size", bytes.len()));
            sent += usize::from(link.send(bytes).is_ok());
        }
        sent
    }

    /// Sends a packet and logs it. False if the connection has ended.
    pub(crate) fn send(&self, link: &Link, packet: &Packet) -> bool {
        let Ok(bytes) = packet.encode() else { return false };
        self.record_packet(link.number, packet, "out", bytes.as_ref().len());
        let sent = link.send(bytes.as_ref()).is_ok();
        if !sent {
            // No other device waits for one that does not read.
            self.end(link, End::Fin, "the device does not take what is sent");
        }
        sent
    }

    pub(crate) fn record_packet(&self, number: u64, packet: &Packet, direction: &str, size: usize) {
        let identity = self.identity_of(number).map(|identity| identity.to_string());
        let line = Line::new(number, "packet").with_some("identity", identity);
        self.record.write(packet::describe(line, packet, direction, size));
    }
}

//! Packets on the wire: never two of them mixed, and none cut short.
#![forbid(unsafe_code)]

use super::Transport;
use super::client::Client;
use super::state::State;
use crate::deadline::Deadline;
use crate::state;
use std::sync::Arc;
use std::time::Instant;

/// Why a packet was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SendError {
    /// There is no connection.
    Offline,
    /// The deadline passed before anything was sent. The connection is as it was.
    NotSent,
    /// The connection is lost.
    Lost,
}

impl SendError {
    pub(super) fn code(self) -> i32 {
        match self {
            Self::Offline => state::MQTT_IN_OFFLINE_STATUS,
            Self::NotSent | Self::Lost => state::SYS_DEPEND_NWK_CLOSE,
        }
    }
}

/// What becomes of a packet of which the wire has taken a part by the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// The caller needs an answer: the connection ends.
    EndsConnection,
    /// The thread that yields must not be held up: the rest goes before the next packet.
    Follows,
}

impl Client {
    /// Sends one packet over the present connection, whole or not at all: half a packet ends the
    /// connection.
    pub(super) fn send(&self, packet: &[u8], deadline: Deadline) -> Result<(), SendError> {
        self.put_on_wire(packet, deadline, Rest::EndsConnection)
    }

    /// Like [`Self::send`], for the thread that yields, whose deadline says nothing about the wire:
    /// once a part was sent, the rest follows later and this is success.
    pub(super) fn send_within_yield(
        &self,
        packet: &[u8],
        deadline: Deadline,
    ) -> Result<(), SendError> {
        self.put_on_wire(packet, deadline, Rest::Follows)
    }

    /// Goes on with a packet of which a part was sent.
    pub(super) fn send_tail(&self, deadline: Deadline) {
        if !self.lock().tail.is_empty() {
            // What cannot be sent now stays.
            let _ = self.put_on_wire(&[], deadline, Rest::Follows);
        }
    }

    fn put_on_wire(&self, packet: &[u8], deadline: Deadline, rest: Rest) -> Result<(), SendError> {
        let Some(_pass) = self.gate.enter(deadline) else { return Err(SendError::NotSent) };
        let (transport, number, tail) = {
            let state = self.lock();
            match (&state.transport, state.is_connected()) {
                (Some(transport), true) => {
                    (Arc::clone(transport), state.number, state.tail.clone())
                }
                _ => return Err(SendError::Offline),
            }
        };
        let sent = self.write(&*transport, number, &tail, deadline)?;
        if sent > 0 {
            self.keep_tail(number, tail.get(sent..).unwrap_or_default());
        }
        if sent < tail.len() {
            return Err(SendError::NotSent);
        }
        let sent = self.write(&*transport, number, packet, deadline)?;
        match rest {
            _ if sent == packet.len() => Ok(()),
            _ if sent == 0 => Err(SendError::NotSent),
            Rest::Follows => {
                self.keep_tail(number, packet.get(sent..).unwrap_or_default());
                Ok(())
            }
            Rest::EndsConnection => {
                self.lose(number, "a packet could not be sent in time");
                Err(SendError::Lost)
            }
        }
    }

    /// Writes until `deadline`; returns how much the wire took.
    fn write(
        &self,
        transport: &dyn Transport,
        number: u64,
        bytes: &[u8],
        deadline: Deadline,
    ) -> Result<usize, SendError> {
        let mut sent = 0;
        while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            match transport.write(rest, deadline) {
                Ok(0) if deadline.is_over() => break,
                Ok(n) => sent += n,
                Err(error) => {
                    self.lose(number, error.detail());
                    return Err(SendError::Lost);
                }
            }
        }
        Ok(sent)
    }

    fn keep_tail(&self, number: u64, rest: &[u8]) {
        let mut state = self.lock();
        if state.number == number {
            state.tail = rest.to_vec();
            state.tail_since = Instant::now();
        }
    }
}

impl State {
    /// Since when the wire has not taken the rest of a packet.
    pub(super) fn stuck_since(&self) -> Option<Instant> {
        (!self.tail.is_empty()).then_some(self.tail_since)
    }
}

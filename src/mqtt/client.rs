//! The client: settings, sending, losing the connection, destruction.
//!
//! Rooms of the client: `start` makes the first connection, `link` opens one, `cycle` is what
//! happens while somebody yields, `reconnect` brings a lost connection back, `receive` handles what
//! arrives, `publish` and `subscribe` what the firmware asks for. One lock guards the state; it is
//! never held while the transport waits or the firmware's code runs.
#![forbid(unsafe_code)]

use super::codec;
use super::connect::Login;
use super::framing::Framer;
use super::gate::Gate;
use super::link::{self, LinkError};
use super::retry::{BackOff, RetryPolicy};
use super::state::{Phase, State};
use super::{Connector, Event, Handler, Surroundings, Transport};
use crate::deadline::Deadline;
use crate::lock::{Condvar, Mutex, MutexGuard};
use crate::log;
use crate::state::Group;
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// With what a client connects and how it behaves.
pub struct Settings {
    /// For state events only; the connector knows where to connect.
    pub host: String,
    /// For state events only.
    pub port: u16,
    /// Who the device says it is. Its password is overwritten when the client goes.
    pub login: Login,
    /// The login names an identity of an earlier start, which the server may not know any more.
    pub from_store: bool,
    /// Whether the server shall forget earlier subscriptions at each connection.
    pub clean_session: bool,
    /// The keep alive interval that CONNECT announces, in seconds.
    pub keep_alive_on_wire: u16,
    /// How often PINGREQ is sent.
    pub keep_alive: Duration,
    /// How long sending a packet, and waiting for CONNACK, may take.
    pub request_timeout: Duration,
    /// How long TCP and TLS may take at each attempt.
    pub connect_timeout: Duration,
    /// The pause between attempts during construction.
    pub pause: Duration,
    /// How long one of the nine waits for the identity lasts.
    pub identity_cycle: Duration,
    /// The largest packet that is received, in bytes.
    pub read_buffer: usize,
    /// The largest packet that is sent, in bytes.
    pub write_buffer: usize,
    /// Gets the events that no subscription gets.
    pub handler: Option<Handler>,
    /// When to reconnect.
    pub retry: RetryPolicy,
}

impl Settings {
    /// How long the server may take for an answer, or to finish a packet.
    pub(super) fn patience(&self) -> Duration {
        self.request_timeout * 2
    }
}

/// An MQTT client. All methods may be called from any thread, also from the firmware's functions
/// that the client calls.
pub struct Client {
    pub(super) settings: Settings,
    pub(super) connector: Box<dyn Connector>,
    pub(super) surroundings: Box<dyn Surroundings>,
    pub(super) state: Mutex<State>,
    /// Signalled when the state changes in a way that somebody may wait for.
    pub(super) changed: Condvar,
    pub(super) gate: Gate,
}

/// The right to read and to call the firmware; one thread at a time has it.
pub(super) struct Reading<'a>(&'a Client);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.lock().reader = None;
        self.0.changed.notify_all();
    }
}

/// Why a thread may not read now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotReading {
    /// This thread is already reading: the call comes from a function of the firmware that the
    /// client called.
    Inside,
    /// Another thread reads, and did until the deadline.
    Busy,
}

impl Client {
    /// A client that has not connected yet. [`Self::start`] comes next.
    pub fn new(
        settings: Settings,
        connector: Box<dyn Connector>,
        surroundings: Box<dyn Surroundings>,
    ) -> Self {
        let now = Instant::now();
        let state = State {
            phase: Phase::Lost,
            number: 0,
            transport: None,
            framer: Framer::new(settings.read_buffer),
            input: Vec::new(),
            connected_at: now,
            packet_began: None,
            next_ping: now,
            listened: now,
            ping_unanswered: None,
            ping_unsent: None,
            tail: Vec::new(),
            tail_since: now,
            last_packet_id: 0,
            subscriptions: Vec::new(),
            requests: Vec::new(),
            waiters: Vec::new(),
            outbox: Vec::new(),
            acknowledgements: VecDeque::new(),
            back_off: BackOff::new(settings.retry),
            reader: None,
            login: settings.login.clone(),
            from_store: settings.from_store,
            unsent: VecDeque::new(),
        };
        Self {
            settings,
            connector,
            surroundings,
            state: Mutex::new(state),
            changed: Condvar::new(),
            gate: Gate::default(),
        }
    }

    pub(super) fn open_link(&self) -> Result<link::Link, LinkError> {
        let login = self.lock().login.clone();
        let deadline = Deadline::after(self.settings.connect_timeout);
        link::open(&self.settings, &login, &*self.connector, deadline)
    }

    /// Whether another attempt may end better although `error` is a refusal: the device connected
    /// with an identity of an earlier start, which is forgotten now and asked for anew.
    pub(super) fn forgot_identity(&self, error: &LinkError) -> bool {
        let from_store = error.is_refusal() && std::mem::take(&mut self.lock().from_store);
        if from_store {
            log::warning!("the platform refused the stored identity: it is asked for anew");
            self.surroundings.forget_identity();
            self.renew_login();
        }
        from_store
    }

    /// Computes the login anew from the device's data, for the next connection.
    pub(super) fn renew_login(&self) {
        if let Some(login) = self.surroundings.login() {
            self.lock().login = login;
            self.announce_settings();
        }
    }

    pub(super) fn report_failure(&self, error: &LinkError) {
        match error {
            LinkError::Network(error) => self.surroundings.connection_failed(error),
            other => {
                let clause = other.clause();
                log::error!("MQTT connection to {}: {clause}", self.settings.host);
                self.surroundings.state_event(Group::MqttComm, other.code(), &clause);
            }
        }
    }

    /// Whether the client is connected now.
    pub fn is_connected(&self) -> bool {
        self.lock().is_connected()
    }

    /// Says DISCONNECT if that needs no long waiting, closes the connection and wakes everybody who
    /// waits in a call. Later calls fail. Does not wait for other threads.
    pub fn destroy(&self) {
        let (transport, connected) = {
            let mut state = self.lock();
            let connected = state.is_connected();
            state.phase = Phase::Destroyed;
            (state.transport.take(), connected)
        };
        let between_packets = || self.lock().tail.is_empty();
        self.changed.notify_all();
        let Some(transport) = transport else { return };
        let deadline = Deadline::after(Duration::from_millis(100));
        if let Some(_pass) = self.gate.enter(deadline).filter(|_| connected && between_packets()) {
            // Only politeness: the server also notices the end of the connection.
            let _ = transport.write(&codec::DISCONNECT, deadline);
        }
        transport.close();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one right to read, waiting for it until `deadline`.
    pub(super) fn begin_reading(&self, deadline: Deadline) -> Result<Reading<'_>, NotReading> {
        let me: ThreadId = thread::current().id();
        let mut state = self.lock();
        loop {
            match state.reader {
                None => {
                    state.reader = Some(me);
                    return Ok(Reading(self));
                }
                Some(reader) if reader == me => return Err(NotReading::Inside),
                Some(_) if deadline.is_over() || state.is_destroyed() => {
                    return Err(NotReading::Busy);
                }
                Some(_) => {
                    let waited = self.changed.wait_timeout(state, deadline.remaining());
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    /// Ends connection `number`, if it is the present one. The thread that yields tells the
    /// firmware.
    pub(super) fn lose(&self, number: u64, why: &str) {
        let transport: Arc<dyn Transport> = {
            let mut state = self.lock();
            if state.number != number || !state.is_connected() {
                return;
            }
            state.phase = Phase::Lost;
            let lifetime = state.connected_at.elapsed();
            state.back_off.connection_ended(lifetime);
            match state.transport.take() {
                Some(transport) => transport,
                None => return,
            }
        };
        transport.close();
        log::warning!("MQTT connection to {} lost: {why}", self.settings.host);
        self.changed.notify_all();
    }

    /// Tells the handler for events that belong to no subscription, unless a handler has just
    /// destroyed the client: its context may be gone.
    pub(super) fn tell(&self, event: &Event<'_>) {
        if let Some(handler) = self.settings.handler.filter(|_| !self.lock().is_destroyed()) {
            self.surroundings.deliver(handler, event);
        }
    }
}

#[cfg(test)]
pub(super) mod tests;

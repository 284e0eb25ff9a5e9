//! What happens while a thread yields: reading, keep alive, retransmission.
#![forbid(unsafe_code)]

use super::client::{Client, NotReading};
use super::codec;
use super::link::{Link, LinkError};
use super::send::SendError;
use super::state::{Asked, Phase, Request, State};
use super::{Event, Transport};
use crate::deadline::Deadline;
use crate::state;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How much is read from the transport at a time.
const PORTION: usize = 2048;

/// How long the thread that yields waits for the wire to take something before it looks again at what
/// has arrived: a server may take nothing until it is rid of what it sends.
const WRITING: Duration = Duration::from_millis(200);

/// How many times within a keep alive interval a PINGREQ that could not be sent is tried again.
const PING_TRIES: u32 = 32;

/// What the thread that yields does next.
enum Next {
    Read(Arc<dyn Transport>, u64, Instant),
    AnnounceLoss(Duration),
    Connect,
    Collect(Box<Result<Link, LinkError>>),
    Wait(Option<Instant>),
    Stop,
}

impl Client {
    /// `IOT_MQTT_Yield`: handles what arrives and what is due until `timeout_ms` have passed.
    /// Returns 0, also without a connection; an error code for a negative timeout, after
    /// destruction, and when called from a function that the client called.
    pub fn yield_for(self: &Arc<Self>, timeout_ms: i32) -> i32 {
        let Ok(timeout) = u32::try_from(timeout_ms) else { return state::USER_INPUT_INVALID };
        let deadline = Deadline::after_ms(if timeout == 0 { 10 } else { timeout });
        match self.begin_reading(deadline) {
            Ok(_reading) => self.run(deadline, || false),
            Err(NotReading::Inside) => return state::USER_INPUT_INVALID,
            Err(NotReading::Busy) => {}
        }
        if self.lock().is_destroyed() { state::USER_INPUT_INVALID } else { state::SUCCESS }
    }

    /// [`Self::run`] until `deadline`, if nobody else does.
    pub(super) fn cycle(self: &Arc<Self>, deadline: Deadline) {
        if let Ok(_reading) = self.begin_reading(deadline) {
            self.run(deadline, || false);
        }
    }

    /// Does what is due until `deadline` passes, `done` says so or the client is destroyed. The
    /// caller has the right to read.
    pub(super) fn run(self: &Arc<Self>, deadline: Deadline, done: impl Fn() -> bool) {
        let mut first = true;
        while !done() && (first || !deadline.is_over()) {
            first = false;
            match self.next() {
                Next::Stop => return,
                Next::AnnounceLoss(wait) => self.announce_loss(wait),
                Next::Connect => self.start_connecting(),
                Next::Collect(result) => self.collect(*result),
                Next::Wait(until) => self.wait_for_change(deadline, until),
                Next::Read(transport, number, due) => {
                    if self.handle_input(number) {
                        continue;
                    }
                    self.do_what_is_due(deadline);
                    let left = due.saturating_duration_since(Instant::now());
                    self.read(&*transport, number, deadline.earlier(Deadline::after(left)));
                }
            }
        }
    }

    fn next(&self) -> Next {
        let mut state = self.lock();
        match std::mem::replace(&mut state.phase, Phase::Connecting) {
            Phase::Destroyed => {
                state.phase = Phase::Destroyed;
                Next::Stop
            }
            Phase::Lost => {
                let wait = state.back_off.next_wait(false);
                state.phase = Phase::Waiting { until: Instant::now() + wait };
                Next::AnnounceLoss(wait)
            }
            Phase::Waiting { until } if until <= Instant::now() => Next::Connect,
            Phase::Waiting { until } => {
                state.phase = Phase::Waiting { until };
                Next::Wait(Some(until))
            }
            Phase::Connecting => Next::Wait(None),
            Phase::Tried(result) => Next::Collect(result),
            Phase::Connected => {
                state.phase = Phase::Connected;
                match &state.transport {
                    Some(transport) => {
                        Next::Read(Arc::clone(transport), state.number, self.next_due(&state))
                    }
                    None => Next::Wait(None),
                }
            }
        }
    }

    fn wait_for_change(&self, deadline: Deadline, until: Option<Instant>) {
        let state = self.lock();
        let settled = match state.phase {
            Phase::Waiting { .. } => until.is_none(),
            Phase::Connecting => false,
            _ => true,
        };
        if settled {
            return;
        }
        let left = until.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()));
        let wait = deadline.remaining().min(left);
        drop(self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner));
    }

    /// When the next thing has to be done that no byte from the server causes.
    fn next_due(&self, state: &State) -> Instant {
        let half = self.settings.keep_alive / 2;
        let patience = self.settings.patience();
        let mut due = state.next_ping;
        due = state.ping_unanswered.map_or(due, |sent| due.min(sent + half));
        due = state.ping_unsent.map_or(due, |since| due.min(since + half));
        let waiting = !state.unsent.is_empty() || !state.acknowledgements.is_empty();
        if waiting || !state.tail.is_empty() {
            due = due.min(Instant::now() + WRITING);
        }
        due = state.packet_began.map_or(due, |began| due.min(began + patience));
        let sent = state.outbox.iter().filter_map(|entry| entry.sent);
        let asked = state.requests.iter().map(|request| request.sent);
        sent.chain(asked).fold(due, |due, sent| due.min(sent + patience))
    }

    fn read(&self, transport: &dyn Transport, number: u64, deadline: Deadline) {
        let mut portion = [0; PORTION];
        match transport.read(&mut portion, deadline) {
            Ok(n) => {
                let mut state = self.lock();
                match n {
                    _ if state.number != number || !state.is_connected() => {}
                    0 => state.listened = Instant::now(),
                    _ => {
                        state.ping_unanswered = None;
                        state.input.extend_from_slice(portion.get(..n).unwrap_or_default());
                    }
                }
            }
            Err(error) => self.lose(number, error.detail()),
        }
    }

    /// Pings, acknowledges, sends again and gives up, as far as it is time to. What cannot be sent
    /// now stays for later: a wire that takes nothing must hold neither this yield nor reading.
    fn do_what_is_due(&self, deadline: Deadline) {
        let (number, listened, silent) = {
            let state = self.lock();
            (state.number, state.listened, state.silence(&self.settings, state.listened))
        };
        if let Some(silent) = silent {
            return self.lose(number, silent);
        }
        let deadline = deadline.earlier(Deadline::after(WRITING));
        self.send_tail(deadline);
        self.send_unsent(deadline);
        self.send_acknowledgements(deadline);
        let now = Instant::now();
        if self.lock().next_ping <= now {
            self.ping(now, deadline);
        }
        let congested = self.lock().congestion(&self.settings, Instant::now());
        if let Some(congested) = congested {
            return self.lose(number, congested);
        }
        self.retransmit(listened, self.settings.patience(), deadline);
        self.expire_requests(listened, self.settings.patience());
    }

    /// Sends PINGREQ. While that cannot be done, because the wire takes nothing or another thread is
    /// sending, it stays due: only a PINGREQ that was sent can be left unanswered.
    fn ping(&self, now: Instant, deadline: Deadline) {
        let sent = self.send_within_yield(&codec::PINGREQ, deadline);
        let mut state = self.lock();
        match sent {
            Ok(()) => {
                state.next_ping = now + self.settings.keep_alive;
                state.ping_unanswered = Some(now);
                state.ping_unsent = None;
            }
            Err(SendError::NotSent) => {
                state.next_ping = now + self.settings.keep_alive / PING_TRIES;
                state.ping_unsent.get_or_insert(now);
            }
            Err(SendError::Offline | SendError::Lost) => {}
        }
    }

    /// Gives up requests that the server had not answered by `listened`. Their subscriptions stay and are renewed
    /// with the next connection.
    fn expire_requests(&self, listened: Instant, patience: Duration) {
        let expired: Vec<Request> = {
            let mut state = self.lock();
            let (expired, waiting) =
                state.requests.drain(..).partition(|request| request.sent + patience <= listened);
            state.requests = waiting;
            expired
        };
        for request in expired.into_iter().filter(|request| request.announced) {
            self.tell(&match request.asked {
                Asked::Subscribe { .. } => Event::SubscribeTimeout(request.packet_id),
                Asked::Unsubscribe { .. } => Event::UnsubscribeTimeout(request.packet_id),
            });
        }
    }
}

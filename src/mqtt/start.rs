//! The first connection: what the firmware hears, when it is given up, the wait for the identity.
#![forbid(unsafe_code)]

use super::client::Client;
use super::connect::Login;
use crate::deadline::Deadline;
use crate::log;
use crate::state::{self, Group};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How often the first connection is tried before construction fails.
const CONSTRUCT_TRIES: u32 = 3;

/// How often the platform is given time to push the identity, and how long each time: as in the
/// Link SDK, 4.5 s in all.
const IDENTITY_CYCLES: u32 = 9;

impl Client {
    /// Connects for the first time and waits for the identity while ProductKey or DeviceName is
    /// empty. On success the client is connected, or was a moment ago and will reconnect; the error
    /// is the state code of what failed, and the client is destroyed.
    ///
    /// Blocks for at most three times connecting, the answer to CONNECT and a pause, twice that when a
    /// stored identity was refused, and 4.5 s for the identity.
    pub fn start(self: &Arc<Self>) -> Result<(), i32> {
        self.announce_settings();
        let begin = Instant::now();
        let result = self.first_connection().and_then(|()| self.await_identity());
        if let Err(code) = result {
            let text = format!("mqtt connect failed - ret = {code}");
            self.surroundings.state_event(Group::MqttComm, code, &text);
            self.destroy();
            return Err(code);
        }
        let text = format!("mqtt connected in {} ms", begin.elapsed().as_millis());
        self.surroundings.state_event(Group::MqttComm, state::SUCCESS, &text);
        self.report_version();
        self.surroundings.connected();
        Ok(())
    }

    /// With what the client is about to connect, as the Link SDK reports it; the password is not
    /// for handlers to see.
    pub(super) fn announce_settings(&self) {
        let settings = &self.settings;
        let Login { client_id, user_name, .. } = self.lock().login.clone();
        let tail = client_id.split_once(',').map_or(&*client_id, |(_, tail)| tail);
        let port = settings.port.to_string();
        for text in [&*settings.host, &port, tail, &user_name, "******"] {
            self.surroundings.state_event(Group::MqttComm, state::MQTT_CONN_USER_INFO, text);
        }
    }

    fn first_connection(&self) -> Result<(), i32> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.open_link() {
                Ok(link) => {
                    let _reading = self.begin_reading(Deadline::now());
                    self.install(link);
                    return Ok(());
                }
                Err(error) => {
                    self.report_failure(&error);
                    if self.forgot_identity(&error) {
                        tried = 0;
                    } else if error.is_final() || tried == CONSTRUCT_TRIES {
                        return Err(error.code());
                    }
                    if self.pause_is_cut_short() {
                        return Err(error.code());
                    }
                }
            }
        }
    }

    /// Waits before the next attempt; `true` when the client was destroyed.
    fn pause_is_cut_short(&self) -> bool {
        let deadline = Deadline::after(self.settings.pause);
        let mut state = self.lock();
        while !state.is_destroyed() && !deadline.is_over() {
            let waited = self.changed.wait_timeout(state, deadline.remaining());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.is_destroyed()
    }

    /// Lets the platform push the identity. Never ends well on a dead link: if the connection ends
    /// meanwhile the client reconnects within the same time, or this fails.
    fn await_identity(self: &Arc<Self>) -> Result<(), i32> {
        // One look even if the identity is known: a server that closes right after CONNACK has
        // usually done so by now.
        self.cycle(Deadline::after(Duration::from_millis(10)));
        for _ in 0..IDENTITY_CYCLES {
            if self.is_connected() && self.surroundings.identity().is_complete() {
                return Ok(());
            }
            self.cycle(Deadline::after(self.settings.identity_cycle));
        }
        if !self.is_connected() {
            return Err(state::SYS_DEPEND_NWK_CLOSE);
        }
        if !self.surroundings.identity().is_complete() {
            let text = "the platform pushed no identity";
            log::warning!("{text}; topics with ProductKey and DeviceName cannot be used yet");
            self.surroundings.state_event(Group::MqttComm, state::IDENTITY_TIMEOUT, text);
        }
        Ok(())
    }
}

//! The firmware: it holds the client to what it may be told, and calls back.

use super::server::Shared;
use super::{ASKED, DEFAULT, READ_BUFFER, TOPICS};
use linksdk_hal::error::Error;
use linksdk_hal::identity::Identity;
use linksdk_hal::mqtt::client::Settings;
use linksdk_hal::mqtt::connect::Login;
use linksdk_hal::mqtt::retry::RetryPolicy;
use linksdk_hal::mqtt::{Event, Handler, Surroundings, topic};
use linksdk_hal::state::Group;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// The firmware and the rest of the SDK.
pub(super) struct Firmware(pub(super) Arc<Shared>);

impl Surroundings for Firmware {
    fn state_event(&self, _: Group, code: i32, message: &str) {
        assert!(code <= 0 && message.len() < 10_000);
    }
    fn connection_failed(&self, _: &Error) {}
    fn connected(&self) {}
    fn identity(&self) -> Identity {
        self.0.identity.lock().unwrap().clone()
    }
    fn identity_arrived(&self, identity: &Identity, payload: &[u8]) {
        assert!(identity.is_complete() && !payload.contains(&0));
        *self.0.identity.lock().unwrap() = identity.clone();
    }
    fn forget_identity(&self) {
        *self.0.identity.lock().unwrap() = Identity::default();
    }
    fn login(&self) -> Option<Login> {
        Some(login())
    }
    fn firmware_version(&self) -> Option<String> {
        Some("1".to_owned())
    }
    fn module(&self) -> String {
        String::new()
    }

    fn deliver(&self, handler: Handler, event: &Event<'_>) {
        if let Event::Received(message) = event {
            assert!(!message.topic.is_empty() && !message.topic.contains(['+', '#', '\0']));
            assert!(message.topic.len() + message.payload.len() <= READ_BUFFER);
            assert_ne!(message.packet_id, Some(0));
            self.0.server().delivered(message);
            if handler == ASKED {
                assert!(TOPICS.iter().any(|filter| topic::matches(filter, &message.topic)));
            }
        }
        let reaction = self.0.reactions.lock().unwrap().pop_front();
        let client = self.0.client.lock().unwrap().clone();
        let Some((reaction, client)) = reaction.zip(client) else { return };
        let topic = TOPICS[usize::from(reaction >> 4) % TOPICS.len()];
        match reaction % 8 {
            0 => drop(client.publish(topic, 0, false, b"reply")),
            1 => drop(client.publish(topic, 1, false, b"reply")),
            2 => drop(client.subscribe(topic, 1, ASKED)),
            3 => drop(client.unsubscribe(topic)),
            4 => assert!(client.yield_for(1) < 0),
            5 => drop(client.subscribe_sync(topic, 0, ASKED, 1)),
            6 if reaction > 0xf0 => client.destroy(),
            _ => {}
        }
    }
}

fn login() -> Login {
    let password = Zeroizing::new("secret".to_owned());
    Login { client_id: "id|a=b|".to_owned(), user_name: "dn&pk".to_owned(), password }
}

/// Every wait is a few milliseconds long.
pub(super) fn settings(clean_session: bool) -> Settings {
    let none = Duration::ZERO;
    Settings {
        host: "host".to_owned(),
        port: 1883,
        login: login(),
        from_store: false,
        clean_session,
        keep_alive_on_wire: 120,
        keep_alive: Duration::from_millis(6),
        request_timeout: Duration::from_millis(2),
        connect_timeout: Duration::from_millis(2),
        pause: none,
        identity_cycle: Duration::from_millis(1),
        read_buffer: READ_BUFFER,
        write_buffer: READ_BUFFER,
        handler: Some(DEFAULT),
        retry: RetryPolicy { first: none, longest: none, refused: none, stable: none },
    }
}

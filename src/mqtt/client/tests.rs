//! The client against a scripted server in memory.

mod connecting;
mod dying;
mod failures;
mod messages;
mod server;
mod silent;
mod staying;
mod subscribing;
mod wire;

use super::*;
use crate::error::{Error, ErrorKind};
use crate::identity::Identity;
use crate::state;
use server::{Link, Script, Server};
use zeroize::Zeroizing;

/// What the firmware would have seen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    State(i32, String),
    Failed(ErrorKind),
    Connected,
    Identity(String),
    Told(Handler, String),
}

type Reaction = Box<dyn Fn(&Event<'_>) + Send + Sync>;

/// The firmware and the rest of the SDK.
#[derive(Default)]
struct Firmware {
    seen: Mutex<Vec<Seen>>,
    identity: Mutex<Identity>,
    /// What a handler does when it is called.
    reaction: Mutex<Option<Arc<Reaction>>>,
    /// The client that is destroyed when the firmware hears of a failed attempt.
    unwanted: Mutex<Option<Arc<Client>>>,
    module: Mutex<String>,
}

impl Firmware {
    fn note(&self, seen: Seen) {
        self.seen.lock().unwrap().push(seen);
    }

    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    fn react(&self, reaction: impl Fn(&Event<'_>) + Send + Sync + 'static) {
        *self.reaction.lock().unwrap() = Some(Arc::new(Box::new(reaction)));
    }

    /// What handlers were told, as text.
    fn told(&self) -> Vec<String> {
        let seen = self.take();
        seen.into_iter()
            .filter_map(|seen| match seen {
                Seen::Told(_, text) => Some(text),
                _ => None,
            })
            .collect()
    }

    fn codes(&self) -> Vec<i32> {
        let seen = self.take();
        seen.into_iter()
            .filter_map(|seen| match seen {
                Seen::State(code, _) => Some(code),
                _ => None,
            })
            .collect()
    }
}

struct Around(Arc<Firmware>);

impl Surroundings for Around {
    fn state_event(&self, _: Group, code: i32, message: &str) {
        self.0.note(Seen::State(code, message.to_owned()));
    }

    fn connection_failed(&self, error: &Error) {
        self.0.note(Seen::Failed(error.kind()));
        let unwanted = self.0.unwanted.lock().unwrap().take();
        if let Some(client) = unwanted {
            client.destroy();
        }
    }

    fn connected(&self) {
        self.0.note(Seen::Connected);
    }

    fn identity(&self) -> Identity {
        self.0.identity.lock().unwrap().clone()
    }

    fn identity_arrived(&self, identity: &Identity, payload: &[u8]) {
        *self.0.identity.lock().unwrap() = identity.clone();
        self.0.note(Seen::Identity(String::from_utf8(payload.to_vec()).unwrap()));
    }

    fn forget_identity(&self) {
        *self.0.identity.lock().unwrap() = Identity::default();
    }

    fn login(&self) -> Option<Login> {
        let known = self.identity();
        let user_name = format!("{}&{}", known.device_name, known.product_key);
        Some(login("id|renewed|", &user_name))
    }

    fn firmware_version(&self) -> Option<String> {
        Some("app-1".to_owned())
    }

    fn module(&self) -> String {
        self.0.module.lock().unwrap().clone()
    }

    fn deliver(&self, handler: Handler, event: &Event<'_>) {
        let text = match event {
            Event::Received(message) => {
                format!("{} {}", message.topic, String::from_utf8_lossy(&message.payload))
            }
            other => format!("{other:?}"),
        };
        self.0.note(Seen::Told(handler, text));
        let reaction = self.0.reaction.lock().unwrap().clone();
        if let Some(reaction) = reaction {
            reaction(event);
        }
    }
}

/// Gets the events that belong to no subscription.
const DEFAULT: Handler = Handler { function: 1, context: 0 };
const OTHER: Handler = Handler { function: 2, context: 7 };

fn login(client_id: &str, user_name: &str) -> Login {
    let (client_id, user_name) = (client_id.to_owned(), user_name.to_owned());
    Login { client_id, user_name, password: Zeroizing::new("secret".to_owned()) }
}

fn settings() -> Settings {
    Settings {
        host: "host".to_owned(),
        port: 1883,
        login: login("id|first,second|", "user"),
        from_store: false,
        clean_session: false,
        keep_alive_on_wire: 120,
        keep_alive: Duration::from_secs(60),
        request_timeout: Duration::from_millis(100),
        connect_timeout: Duration::from_millis(100),
        pause: Duration::from_millis(1),
        identity_cycle: Duration::from_millis(20),
        read_buffer: 200,
        write_buffer: 200,
        handler: Some(DEFAULT),
        retry: RetryPolicy {
            first: Duration::from_millis(2),
            longest: Duration::from_millis(4),
            refused: Duration::from_millis(4),
            stable: Duration::from_secs(60),
        },
    }
}

/// A device that knows who it is.
fn known() -> Identity {
    Identity { product_key: "pk".to_owned(), device_name: "dn".to_owned() }
}

struct Device {
    client: Arc<Client>,
    firmware: Arc<Firmware>,
    server: Arc<Server>,
}

/// A client that has not started.
fn device(settings: Settings, identity: Identity, script: Script) -> Device {
    let firmware = Arc::new(Firmware::default());
    *firmware.identity.lock().unwrap() = identity;
    let server = Server::new(script);
    let around = Around(Arc::clone(&firmware));
    let connector = Box::new(server::Wire(Arc::clone(&server)));
    Device {
        client: Arc::new(Client::new(settings, connector, Box::new(around))),
        firmware,
        server,
    }
}

/// A connected client of a device that knows who it is. Nothing of construction is left to see.
fn connected(settings: Settings, script: Script) -> Device {
    let device = device(settings, known(), script);
    assert_eq!(device.client.start(), Ok(()));
    device.client.yield_for(10);
    device.firmware.take();
    device.server.take_received();
    device
}

impl Device {
    /// Yields until `done`, which must come about soon.
    fn yield_until(&self, mut done: impl FnMut(&Self) -> bool) {
        let deadline = Deadline::after_ms(10_000);
        while !done(self) {
            assert!(!deadline.is_over(), "it did not come about");
            self.client.yield_for(5);
        }
    }
}

//! The MQTT client against a server that sends anything, while the firmware publishes, subscribes and yields:
//! all decided by a string of bytes. Panics when the client breaks a promise.

use arbitrary::Unstructured;
use linksdk_hal::deadline::Deadline;
use linksdk_hal::error::{Error, ErrorKind, Result};
use linksdk_hal::identity::Identity;
use linksdk_hal::mqtt::client::{Client, Settings};
use linksdk_hal::mqtt::codec::{self, Incoming, Message};
use linksdk_hal::mqtt::connect::Login;
use linksdk_hal::mqtt::framing::{Frame, Framer};
use linksdk_hal::mqtt::retry::RetryPolicy;
use linksdk_hal::mqtt::{Connector, Event, Handler, Surroundings, Transport, topic};
use linksdk_hal::state::Group;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The largest packet that the client is to take.
const READ_BUFFER: usize = 200;

/// The handler of everything that no subscription asks for, and of subscriptions.
const DEFAULT: Handler = Handler { function: 1, context: 0 };
const ASKED: Handler = Handler { function: 2, context: 0 };

/// The topics that the device names, some of which the server may name too.
const TOPICS: [&str; 6] =
    ["/a", "/a/b", "/a/+", "/#", "/ext/auth/identity/response", "/sys/pk/dn/thing"];

/// Both ends of the present connection, and what is known of the earlier ones.
#[derive(Default)]
struct Server {
    /// What each attempt to connect finds at first, in order; `None`: nobody. None are left: a good answer.
    greetings: VecDeque<Option<Vec<u8>>>,
    connections: usize,
    to_client: VecDeque<u8>,
    /// All that the client has read of the present connection.
    read: Vec<u8>,
    /// All that it has sent.
    sent: Vec<u8>,
    /// How many bytes one read or write moves at most.
    portion: usize,
    takes: bool,
    ended: bool,
    /// Messages that reached the firmware, in this connection.
    delivered: usize,
    last_delivered: Option<Message>,
    deliveries: u32,
}

#[derive(Default)]
struct Shared {
    server: Mutex<Server>,
    changed: Condvar,
    identity: Mutex<Identity>,
    /// What handlers do, one byte for each call.
    reactions: Mutex<VecDeque<u8>>,
    client: Mutex<Option<Arc<Client>>>,
}

impl Shared {
    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection as the client sees it.
struct Wire(Arc<Shared>, usize);

fn lost() -> Error {
    Error::new(ErrorKind::ConnectionLost, "the end")
}

impl Wire {
    /// Waits for a change until the deadline; `false` when it has passed.
    fn wait<'a>(
        &self,
        server: MutexGuard<'a, Server>,
        deadline: Deadline,
    ) -> (MutexGuard<'a, Server>, bool) {
        let left = deadline.remaining();
        let waited = self.0.changed.wait_timeout(server, left);
        (waited.unwrap_or_else(PoisonError::into_inner).0, !left.is_zero())
    }
}

impl Transport for Wire {
    fn read(&self, buffer: &mut [u8], deadline: Deadline) -> Result<usize> {
        let mut server = self.0.server();
        loop {
            if server.connections != self.1 {
                return Err(lost());
            }
            let count = server.to_client.len().min(buffer.len()).min(server.portion);
            if count > 0 {
                for place in buffer.iter_mut().take(count) {
                    *place = server.to_client.pop_front().unwrap();
                    let byte = *place;
                    server.read.push(byte);
                }
                return Ok(count);
            }
            if server.ended {
                return Err(lost());
            }
            let (again, in_time) = self.wait(server, deadline);
            server = again;
            if !in_time {
                return Ok(0);
            }
        }
    }

    fn write(&self, bytes: &[u8], deadline: Deadline) -> Result<usize> {
        let mut server = self.0.server();
        loop {
            if server.ended || server.connections != self.1 {
                return Err(lost());
            }
            if server.takes || server.sent.is_empty() {
                let count = bytes.len().min(server.portion);
                server.sent.extend(bytes.iter().take(count));
                return Ok(count);
            }
            let (again, in_time) = self.wait(server, deadline);
            server = again;
            if !in_time {
                return Ok(0);
            }
        }
    }

    fn close(&self) {
        let mut server = self.0.server();
        if server.connections == self.1 {
            server.ended = true;
        }
        self.0.changed.notify_all();
    }
}

struct Network(Arc<Shared>);

impl Connector for Network {
    fn connect(&self, _: Deadline) -> Result<Arc<dyn Transport>> {
        let mut server = self.0.server();
        server.check();
        let greeting = server.greetings.pop_front().unwrap_or(Some(vec![0x20, 2, 0, 0]));
        let Some(greeting) = greeting else { return Err(lost()) };
        server.connections += 1;
        server.to_client = greeting.into();
        (server.read, server.sent) = (Vec::new(), Vec::new());
        (server.delivered, server.last_delivered) = (0, None);
        (server.takes, server.ended) = (true, false);
        Ok(Arc::new(Wire(Arc::clone(&self.0), server.connections)))
    }
}

/// The messages that a strict client takes from a stream, and whether all of it was well-formed.
fn messages(stream: &[u8]) -> (Vec<Message>, bool) {
    let mut framer = Framer::new(READ_BUFFER);
    let mut rest = stream;
    let mut messages = Vec::new();
    let mut first = true;
    loop {
        let incoming = match framer.next(&mut rest) {
            Ok(None) => return (messages, true),
            Ok(Some(Frame::Oversized(_))) if !first => continue,
            Ok(Some(Frame::Packet { bytes, body })) => codec::decode(&bytes, body).ok(),
            Ok(Some(Frame::Oversized(_))) | Err(_) => None,
        };
        match (incoming, std::mem::take(&mut first)) {
            (Some(Incoming::ConnAck { code: 0, .. }), true) => {}
            (Some(Incoming::ConnAck { .. }), _) | (_, true) | (None, _) => {
                return (messages, false);
            }
            (Some(Incoming::Publish(message)), false) => messages.push(message),
            (Some(_), false) => {}
        }
    }
}

impl Server {
    /// What the client has sent is what clients send, whole packets but for the last.
    fn check(&self) {
        let mut framer = Framer::new(1000);
        let mut rest = self.sent.as_slice();
        let mut first = true;
        while let Some(frame) = framer.next(&mut rest).unwrap() {
            let Frame::Packet { bytes, body } = frame else {
                panic!("a packet too large was sent")
            };
            let body = &bytes[body..];
            match bytes[0] {
                0x10 => assert!(first && body.starts_with(b"\0\x04MQTT\x04")),
                0x30..=0x33 | 0x38..=0x3b => {
                    let sent = codec::decode(&bytes, bytes.len() - body.len());
                    assert!(matches!(sent, Ok(Incoming::Publish(_))), "{sent:?}");
                }
                0x40 => assert!(body.len() == 2 && body != [0, 0]),
                0x82 => assert!(body.len() > 5 && body[body.len() - 1] <= 1),
                0xa2 => assert!(body.len() > 4),
                0xc0 | 0xe0 => assert!(body.is_empty()),
                other => panic!("packet {other:#x} was sent"),
            }
            assert_eq!(first, bytes[0] == 0x10);
            first = false;
        }
    }

    fn delivered(&mut self, message: &Message) {
        self.deliveries += 1;
        // Several handlers get the same message.
        if self.last_delivered.as_ref() == Some(message) {
            let (expected, _) = messages(&self.read);
            if expected.get(self.delivered) != Some(message) {
                return;
            }
        }
        let (expected, _) = messages(&self.read);
        let place = expected.iter().skip(self.delivered).position(|known| known == message);
        assert!(place == Some(0), "{message:?} was delivered, the server sent {expected:?}");
        self.delivered += 1;
        self.last_delivered = Some(message.clone());
    }
}

struct Firmware(Arc<Shared>);

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

fn settings(clean_session: bool) -> Settings {
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

/// A packet that is well-formed, or nearly.
fn packet(input: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let packet_id = input.int_in_range(0..=12u8)?;
    Ok(match input.int_in_range(0..=6u8)? {
        0 => vec![0x40, 2, 0, packet_id],
        1 => vec![0x90, 3, 0, packet_id, *input.choose(&[0, 1, 0x80])?],
        2 => vec![0xb0, 2, 0, packet_id],
        3 => vec![0xd0, 0],
        4 => vec![0x20, 2, input.arbitrary()?, input.int_in_range(0..=6)?],
        kind => {
            let length = input.int_in_range(0..=40usize)?;
            let message = Message {
                topic: (*input.choose(&TOPICS)?).to_owned(),
                payload: input.bytes(length.min(input.len()))?.to_vec(),
                packet_id: (kind == 6 && packet_id != 0).then_some(packet_id.into()),
                dup: false,
                retain: input.arbitrary()?,
            };
            codec::publish(&message).unwrap_or_default()
        }
    })
}

/// Bytes as they come, at most 250.
fn bytes(input: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let length = input.int_in_range(0..=250usize)?.min(input.len());
    Ok(input.bytes(length)?.to_vec())
}

/// Does what `data` says. Returns how many messages reached the firmware.
pub fn run(data: &[u8]) -> u32 {
    let mut input = Unstructured::new(data);
    let shared = Arc::new(Shared::default());
    shared.server().portion = 1000;
    let started = Instant::now();
    let _ = play(&mut input, &shared);
    let client = shared.client.lock().unwrap().take();
    if let Some(client) = client {
        client.destroy();
        assert!(client.yield_for(1) < 0 && !client.is_connected());
        assert!(client.publish("/a", 0, false, b"") < 0);
    }
    shared.server().check();
    // Every wait is a few milliseconds long; a machine under load makes many of it.
    assert!(started.elapsed() < Duration::from_secs(20), "it hangs");
    let server = shared.server();
    server.deliveries
}

fn play(input: &mut Unstructured<'_>, shared: &Arc<Shared>) -> arbitrary::Result<()> {
    let flags: u8 = input.arbitrary()?;
    for _ in 0..flags & 3 {
        let accepted = vec![0x20, 2, 0, 0];
        let greeting = match input.int_in_range(0..=5u8)? {
            0 => None,
            1 => Some(bytes(input)?),
            2 => Some([accepted, bytes(input)?].concat()),
            _ => Some([accepted, packet(input)?, packet(input)?].concat()),
        };
        shared.server().greetings.push_back(greeting);
    }
    if flags & 4 != 0 {
        let count = input.int_in_range(0..=16usize)?.min(input.len());
        *shared.reactions.lock().unwrap() = input.bytes(count)?.to_vec().into();
    }
    if flags & 8 != 0 {
        let known = Identity { product_key: "pk".to_owned(), device_name: "dn".to_owned() };
        *shared.identity.lock().unwrap() = known;
    }
    let network = Box::new(Network(Arc::clone(shared)));
    let firmware = Box::new(Firmware(Arc::clone(shared)));
    let client = Arc::new(Client::new(settings(flags & 16 != 0), network, firmware));
    *shared.client.lock().unwrap() = Some(Arc::clone(&client));
    // It takes ten milliseconds; without it the client connects when it yields.
    if flags & 0xe0 == 0xe0 && client.start().is_err() {
        return Ok(());
    }
    client.yield_for(1);
    for _ in 0..40 {
        if input.is_empty() {
            break;
        }
        step(input, shared, &client)?;
    }
    client.yield_for(1);
    Ok(())
}

fn step(
    input: &mut Unstructured<'_>,
    shared: &Arc<Shared>,
    client: &Arc<Client>,
) -> arbitrary::Result<()> {
    match input.int_in_range(0..=15u8)? {
        0 => {
            let bytes = bytes(input)?;
            shared.server().to_client.extend(bytes);
        }
        1..=5 => {
            let packet = packet(input)?;
            shared.server().to_client.extend(packet);
        }
        6..=8 => assert!(client.yield_for(1) <= 0),
        9 => {
            let (topic, qos) = (*input.choose(&TOPICS)?, input.int_in_range(-1..=2)?);
            let payload = bytes(input)?;
            client.publish(topic, qos, input.arbitrary()?, &payload);
        }
        10 => drop(client.subscribe(input.choose(&TOPICS)?, input.int_in_range(0..=4)?, ASKED)),
        11 => drop(client.unsubscribe(input.choose(&TOPICS)?)),
        12 => drop(client.subscribe_sync(input.choose(&TOPICS)?, 1, ASKED, 1)),
        13 => shared.server().portion = usize::from(input.arbitrary::<u8>()?).max(1),
        14 => {
            let mut server = shared.server();
            server.takes = !server.takes;
        }
        _ => {
            shared.server().ended = true;
            shared.changed.notify_all();
        }
    }
    Ok(())
}

//! The server, its wire, and what it holds the client to.

use super::READ_BUFFER;
use linksdk_hal::deadline::Deadline;
use linksdk_hal::error::{Error, ErrorKind, Result};
use linksdk_hal::identity::Identity;
use linksdk_hal::mqtt::client::Client;
use linksdk_hal::mqtt::codec::{self, Incoming, Message};
use linksdk_hal::mqtt::framing::{Frame, Framer};
use linksdk_hal::mqtt::{Connector, Transport};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Both ends of the present connection, and what is known of the earlier ones.
#[derive(Default)]
pub(super) struct Server {
    /// What each attempt to connect finds at first, in order; `None`: nobody. None are left: a good answer.
    pub(super) greetings: VecDeque<Option<Vec<u8>>>,
    pub(super) connections: usize,
    pub(super) to_client: VecDeque<u8>,
    /// All that the client has read of the present connection.
    pub(super) read: Vec<u8>,
    /// All that it has sent.
    pub(super) sent: Vec<u8>,
    /// What the client reads in place of a byte: as if it delivered something else.
    pub(super) falsify: Option<fn(u8) -> u8>,
    /// How many bytes one read or write moves at most.
    pub(super) portion: usize,
    pub(super) takes: bool,
    pub(super) ended: bool,
    /// Messages that reached the firmware, in this connection.
    pub(super) delivered: usize,
    pub(super) last_delivered: Option<Message>,
    pub(super) deliveries: u32,
}

/// What server, firmware and script have in common.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) server: Mutex<Server>,
    pub(super) changed: Condvar,
    pub(super) identity: Mutex<Identity>,
    /// What handlers do, one byte for each call.
    pub(super) reactions: Mutex<VecDeque<u8>>,
    pub(super) client: Mutex<Option<Arc<Client>>>,
}

impl Shared {
    pub(super) fn server(&self) -> MutexGuard<'_, Server> {
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
                    let byte = server.to_client.pop_front().unwrap();
                    server.read.push(byte);
                    *place = server.falsify.map_or(byte, |falsify| falsify(byte));
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

/// Makes connections to the server.
pub(super) struct Network(pub(super) Arc<Shared>);

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
    pub(super) fn check(&self) {
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

    pub(super) fn delivered(&mut self, message: &Message) {
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

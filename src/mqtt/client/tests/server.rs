//! A server in memory that answers at once, inside the client's own writes. So tests need no
//! threads and no waiting.

use super::*;
use crate::error::Result;
use crate::mqtt::framing::Frame;

/// What a connection gives the client, and what the server does with what it gets.
#[derive(Clone, Copy)]
pub(super) struct Link {
    /// The answer to CONNECT; `None`: none.
    pub connack: Option<[u8; 2]>,
    /// Sent right behind CONNACK.
    pub greeting: &'static [u8],
    /// The return code of SUBACK; `None`: no answer to SUBSCRIBE and UNSUBSCRIBE.
    pub suback: Option<u8>,
    /// Whether PUBLISH with QoS 1 is acknowledged.
    pub puback: bool,
    /// Whether PINGREQ is answered.
    pub pong: bool,
    /// The connection ends after this many bytes from the client.
    pub dies_after: Option<usize>,
    /// The connection ends after this many bytes to the client.
    pub ends_after: Option<usize>,
    /// The connection ends behind the greeting.
    pub closes: bool,
    /// Whether the wire takes anything behind CONNECT.
    pub takes: bool,
    /// The wire takes this many bytes in all.
    pub stalls_after: Option<usize>,
    /// Whether there is something to warn of once the connection is up.
    pub warns: bool,
}

/// A server as it should be.
pub(super) const GOOD: Link = Link {
    connack: Some([0, 0]),
    greeting: &[],
    suback: Some(1),
    puback: true,
    pong: true,
    dies_after: None,
    ends_after: None,
    closes: false,
    takes: true,
    stalls_after: None,
    warns: false,
};

/// What becomes of each attempt to connect, in order; the last one stands for all that follow.
pub(super) type Script = Vec<std::result::Result<Link, ErrorKind>>;

pub(super) struct Server {
    script: Script,
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    connections: usize,
    link: Option<Link>,
    number: usize,
    framer: Option<Framer>,
    taken: usize,
    given: usize,
    /// Packets of the client, CONNECT included.
    received: Vec<Vec<u8>>,
    to_client: Vec<u8>,
    /// How many bytes a read gets at most.
    portion: Option<usize>,
    ended: bool,
    /// Runs once, inside the client's next write.
    in_write: Option<Box<dyn FnOnce() + Send>>,
}

impl Server {
    pub(super) fn new(script: Script) -> Arc<Self> {
        let inner = Mutex::new(Inner::default());
        Arc::new(Self { script, inner, changed: Condvar::new() })
    }

    /// Runs `what` when the client's next write has been answered and has not returned yet.
    pub(super) fn in_next_write(&self, what: impl FnOnce() + Send + 'static) {
        self.lock().in_write = Some(Box::new(what));
    }

    /// How many bytes the present connection has taken.
    pub(super) fn taken(&self) -> usize {
        self.lock().taken
    }

    /// Whether the present connection has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// The wire of the present connection takes nothing from now on.
    pub(super) fn take_nothing(&self) {
        if let Some(link) = &mut self.lock().link {
            link.takes = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(super) fn connections(&self) -> usize {
        self.lock().connections
    }

    pub(super) fn take_received(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.lock().received)
    }

    /// How many bytes went each way over the present connection: from the client, and to it.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.taken, inner.given)
    }

    /// The first bytes of the packets that arrived since the last look.
    pub(super) fn types(&self) -> Vec<u8> {
        self.take_received().iter().map(|packet| packet[0]).collect()
    }

    /// Sends bytes to the client.
    pub(super) fn send(&self, bytes: &[u8]) {
        self.lock().to_client.extend_from_slice(bytes);
        self.changed.notify_all();
    }

    /// Lets the client read at most this many bytes at a time.
    pub(super) fn drip(&self, portion: usize) {
        self.lock().portion = Some(portion);
    }

    /// The wire of the present connection takes bytes from now on.
    pub(super) fn take_again(&self) {
        if let Some(link) = &mut self.lock().link {
            link.takes = true;
            link.stalls_after = None;
        }
        self.changed.notify_all();
    }

    /// Ends the present connection.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    pub(super) fn publish(&self, topic: &str, payload: &[u8], packet_id: Option<u16>) {
        let message = codec::Message {
            topic: topic.to_owned(),
            payload: payload.to_vec(),
            packet_id,
            dup: false,
            retain: false,
        };
        self.send(&codec::publish(&message).unwrap());
    }
}

impl Inner {
    fn is_full(&self) -> bool {
        let link = self.link.unwrap();
        let stalls = link.stalls_after.is_some_and(|limit| self.taken >= limit);
        (self.taken > 0 && !link.takes) || stalls
    }

    fn react(&mut self, packet: &[u8]) {
        let link = self.link.unwrap();
        let answer: Vec<u8> = match packet[0] >> 4 {
            1 => match link.connack {
                Some([flags, code]) => [&[0x20, 2, flags, code], link.greeting].concat(),
                None => link.greeting.to_vec(),
            },
            3 if packet[0] & 6 != 0 && link.puback => {
                let topic = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
                vec![0x40, 2, packet[4 + topic], packet[5 + topic]]
            }
            8 => link.suback.map_or(Vec::new(), |code| vec![0x90, 3, packet[2], packet[3], code]),
            10 => link.suback.map_or(Vec::new(), |_| vec![0xb0, 2, packet[2], packet[3]]),
            12 if link.pong => vec![0xd0, 0],
            14 => {
                self.ended = true;
                Vec::new()
            }
            _ => Vec::new(),
        };
        self.to_client.extend(answer);
        self.ended |= link.closes;
    }
}

/// Makes connections to a [`Server`].
pub(super) struct Wire(pub(super) Arc<Server>);

impl Connector for Wire {
    #[allow(clippy::panic, reason = "a script may ask for a panic with ErrorKind::Internal")]
    fn connect(&self, _: Deadline) -> Result<Arc<dyn Transport>> {
        let mut inner = self.0.lock();
        let attempt = inner.connections;
        inner.connections += 1;
        let step = self.0.script.get(attempt).or(self.0.script.last()).unwrap();
        if matches!(step, Err(ErrorKind::Internal)) {
            drop(inner);
            panic!("scripted");
        }
        let link = step.map_err(|kind| Error::new(kind, "scripted"))?;
        inner.number += 1;
        inner.link = Some(link);
        inner.framer = Some(Framer::new(100_000));
        inner.taken = 0;
        inner.given = 0;
        inner.to_client.clear();
        inner.ended = false;
        Ok(Arc::new(Pipe { server: Arc::clone(&self.0), number: inner.number }))
    }
}

struct Pipe {
    server: Arc<Server>,
    number: usize,
}

fn lost() -> Error {
    Error::new(ErrorKind::ConnectionLost, "scripted end")
}

impl Transport for Pipe {
    fn read(&self, buffer: &mut [u8], deadline: Deadline) -> Result<usize> {
        let mut inner = self.server.lock();
        loop {
            if inner.number != self.number {
                return Err(lost());
            }
            let limit = inner.link.and_then(|link| link.ends_after).unwrap_or(usize::MAX);
            inner.ended |= inner.given >= limit;
            if inner.given < limit && !inner.to_client.is_empty() {
                let count = inner.to_client.len().min(buffer.len()).min(limit - inner.given);
                let count = inner.portion.map_or(count, |portion| count.min(portion));
                inner.given += count;
                for (to, from) in buffer.iter_mut().zip(inner.to_client.drain(..count)) {
                    *to = from;
                }
                return Ok(count);
            }
            if inner.ended {
                return Err(lost());
            }
            if deadline.is_over() {
                return Ok(0);
            }
            inner = self.server.changed.wait_timeout(inner, deadline.remaining()).unwrap().0;
        }
    }

    fn write(&self, bytes: &[u8], deadline: Deadline) -> Result<usize> {
        let mut inner = self.server.lock();
        while inner.is_full() && !inner.ended {
            if deadline.is_over() {
                return Ok(0);
            }
            inner = self.server.changed.wait_timeout(inner, deadline.remaining()).unwrap().0;
        }
        if inner.number != self.number || inner.ended {
            return Err(lost());
        }
        let link = inner.link.unwrap();
        let room = link.dies_after.map_or(bytes.len(), |limit| limit - inner.taken);
        let stalls = link.stalls_after.map_or(bytes.len(), |limit| limit - inner.taken);
        let count = bytes.len().min(room).min(stalls);
        inner.taken += count;
        let mut input = &bytes[..count];
        let mut framer = inner.framer.take().unwrap();
        while let Some(Frame::Packet { bytes, .. }) = framer.next(&mut input).unwrap() {
            inner.received.push(bytes.clone());
            inner.react(&bytes);
        }
        inner.framer = Some(framer);
        if count < bytes.len() && room <= stalls {
            inner.ended = true;
        }
        self.server.changed.notify_all();
        let in_write = inner.in_write.take();
        drop(inner);
        if let Some(what) = in_write {
            what();
        }
        if count == 0 { Err(lost()) } else { Ok(count) }
    }

    fn warnings(&self) -> Vec<(i32, String)> {
        let warns = self.server.lock().link.unwrap().warns;
        warns.then(|| (state::TLS_CERTIFICATE_EXPIRES, "scripted".to_owned())).into_iter().collect()
    }

    fn close(&self) {
        let mut inner = self.server.lock();
        if inner.number == self.number {
            inner.ended = true;
        }
        self.server.changed.notify_all();
    }
}

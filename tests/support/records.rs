//! TLS records and handshake messages as they stand on the wire.

pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const APPLICATION_DATA: u8 = 23;

pub const CLIENT_HELLO: u8 = 1;
pub const SERVER_HELLO: u8 = 2;
pub const CERTIFICATE: u8 = 11;
pub const FINISHED: u8 = 20;

/// The version that every record names, whatever was agreed on (RFC 8446 section 5.1).
const VERSION: u16 = 0x0303;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub kind: u8,
    pub version: u16,
    pub body: Vec<u8>,
}

impl Record {
    pub fn new(kind: u8, body: &[u8]) -> Self {
        Self { kind, version: VERSION, body: body.to_vec() }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind];
        bytes.extend(self.version.to_be_bytes());
        bytes.extend((self.body.len() as u16).to_be_bytes());
        bytes.extend(&self.body);
        bytes
    }
}

/// The records that these bytes are; all of them are whole.
pub fn records(mut bytes: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let [kind, v1, v2, l1, l2, rest @ ..] = bytes {
        let (body, after) = rest.split_at(usize::from(u16::from_be_bytes([*l1, *l2])));
        let version = u16::from_be_bytes([*v1, *v2]);
        records.push(Record { kind: *kind, version, body: body.to_vec() });
        bytes = after;
    }
    assert!(bytes.is_empty(), "a record is cut");
    records
}

/// A number of three bytes.
pub fn u24(number: usize) -> [u8; 3] {
    let [_, bytes @ ..] = (number as u32).to_be_bytes();
    bytes
}

/// One handshake message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub kind: u8,
    pub body: Vec<u8>,
    /// In place of the length of the body.
    pub announced: Option<usize>,
}

impl Message {
    pub fn new(kind: u8, body: &[u8]) -> Self {
        Self { kind, body: body.to_vec(), announced: None }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind];
        bytes.extend(u24(self.announced.unwrap_or(self.body.len())));
        bytes.extend(&self.body);
        bytes
    }
}

/// The handshake messages that these bytes are; all of them are whole.
pub fn messages(mut bytes: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    while let [kind, l1, l2, l3, rest @ ..] = bytes {
        let (body, after) = rest.split_at(u32::from_be_bytes([0, *l1, *l2, *l3]) as usize);
        messages.push(Message::new(*kind, body));
        bytes = after;
    }
    assert!(bytes.is_empty(), "a message is cut");
    messages
}

/// An extension of a hello.
pub fn extension(number: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend((body.len() as u16).to_be_bytes());
    bytes.extend(body);
    bytes
}

/// A hello taken apart: what a man in the middle would change.
#[derive(Debug, Clone)]
pub struct ServerHello {
    pub version: u16,
    pub random: [u8; 32],
    pub session_id: Vec<u8>,
    pub suite: u16,
    pub compression: u8,
    /// With their length in front on the wire.
    pub extensions: Vec<u8>,
}

impl ServerHello {
    pub fn read(message: &Message) -> Self {
        let body = &message.body;
        let (session_id, rest) = body[35..].split_at(usize::from(body[34]));
        Self {
            version: u16::from_be_bytes([body[0], body[1]]),
            random: body[2..34].try_into().unwrap(),
            session_id: session_id.to_vec(),
            suite: u16::from_be_bytes([rest[0], rest[1]]),
            compression: rest[2],
            extensions: rest.get(5..).unwrap_or_default().to_vec(),
        }
    }

    pub fn message(&self) -> Message {
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend(self.random);
        body.push(self.session_id.len() as u8);
        body.extend(&self.session_id);
        body.extend(self.suite.to_be_bytes());
        body.push(self.compression);
        body.extend((self.extensions.len() as u16).to_be_bytes());
        body.extend(&self.extensions);
        Message::new(SERVER_HELLO, &body)
    }
}

/// These extensions without one.
fn without(extensions: &[u8], number: u16) -> Vec<u8> {
    let mut rest = extensions;
    let mut kept = Vec::new();
    while let [n1, n2, l1, l2, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*l1, *l2]));
        if [*n1, *n2] != number.to_be_bytes() {
            kept.extend(&rest[..4 + length]);
        }
        rest = &after[length..];
    }
    kept
}

/// The records of a ClientHello that lacks this extension.
pub fn client_hello_without(hello: &[Record], number: u16) -> Vec<Record> {
    let bytes: Vec<u8> = hello.iter().flat_map(|record| record.body.clone()).collect();
    let mut body = messages(&bytes).remove(0).body;
    // Version and random, then the session, the suites and the compression methods.
    let mut place = 34;
    place += 1 + usize::from(body[place]);
    place += 2 + usize::from(u16::from_be_bytes([body[place], body[place + 1]]));
    place += 1 + usize::from(body[place]);
    let kept = without(&body[place + 2..], number);
    body.truncate(place);
    body.extend((kept.len() as u16).to_be_bytes());
    body.extend(kept);
    vec![Record::new(HANDSHAKE, &Message::new(CLIENT_HELLO, &body).bytes())]
}

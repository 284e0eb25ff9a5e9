//! A man in the middle: relays between the client under test and a genuine server, record by record,
//! and lets an attack change what passes. The server is in memory; its keys are known to the test, so
//! that the man in the middle can also be a server that turns hostile.

use super::memory::unchecked_config_with;
use super::records::{
    APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, Message, Record, messages, records,
};
use super::sealer::{Sealer, Secrets};
use super::{Authority, ecdsa_key};
use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS13_AES_256_GCM_SHA384,
};
use rustls::server::NoServerSessionStorage;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What the server answers, in two records, before it closes.
pub const ANSWER: [&[u8]; 2] = [b"pong", b"more"];

/// How long an exchange may take, whatever is done to it; no wait for a timeout is among it.
pub const BOUND: Duration = Duration::from_secs(8);

/// A certification authority's certificate and what a server needs.
pub struct Identity {
    pub anchor: String,
    pub chain: String,
    pub key: String,
}

/// One identity for all connections.
pub fn identity() -> Arc<Identity> {
    static IDENTITY: OnceLock<Arc<Identity>> = OnceLock::new();
    let identity = IDENTITY.get_or_init(|| {
        let authority = Authority::new("root");
        let key = ecdsa_key();
        let chain = authority.server(&key, &["localhost"]);
        Arc::new(Identity { anchor: authority.pem, chain, key: key.pkcs8 })
    });
    Arc::clone(identity)
}

/// A server with this identity whose suites and keys the test knows; it resumes nothing.
pub fn open_server(
    identity: &Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> (Arc<ServerConfig>, Arc<Secrets>) {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites =
        vec![TLS13_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384];
    let mut config = unchecked_config_with(provider, &identity.chain, &identity.key, versions);
    let secrets = Arc::new(Secrets::default());
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.key_log = Arc::clone(&secrets) as Arc<dyn rustls::KeyLog>;
    config.enable_secret_extraction = true;
    (Arc::new(config), secrets)
}

/// How far the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its answer to the ClientHello.
    Hello,
    /// What ends its side of the handshake, in TLS 1.2.
    Finished,
    /// The answer, then close_notify.
    Data,
}

/// What becomes of the connection after a flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Open,
    Fin,
    Reset,
}

/// What the server sends at one stage. The first `cut` bytes reach the client.
pub struct Flight {
    pub stage: Stage,
    pub records: Vec<Record>,
    pub cut: Option<usize>,
    /// In place of the records.
    pub raw: Option<Vec<u8>>,
    pub end: End,
    secrets: Arc<Secrets>,
}

impl Flight {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = match &self.raw {
            Some(raw) => raw.clone(),
            None => self.records.iter().flat_map(Record::bytes).collect(),
        };
        bytes.truncate(self.cut.unwrap_or(usize::MAX));
        bytes
    }

    fn is_sealed(&self) -> bool {
        self.records.iter().any(|record| record.kind == APPLICATION_DATA)
    }

    /// The handshake messages of the first flight, those that TLS 1.3 seals among them.
    pub fn messages(&self) -> Vec<Message> {
        let of_kind = |kind| self.records.iter().filter(move |record| record.kind == kind).cloned();
        let clear: Vec<u8> = of_kind(HANDSHAKE).flat_map(|record| record.body).collect();
        let mut all = messages(&clear);
        if self.is_sealed() {
            let sealed: Vec<Record> = of_kind(APPLICATION_DATA).collect();
            all.extend(messages(&self.secrets.open_handshake(&sealed)));
        }
        all
    }

    /// Makes these messages the first flight, in records with at most `portion` bytes of content.
    pub fn send(&mut self, messages: &[Message], portion: usize) {
        let clear = if self.is_sealed() { 1 } else { messages.len() };
        let (clear, sealed) = messages.split_at(clear.min(messages.len()));
        let bytes = |messages: &[Message]| -> Vec<u8> {
            messages.iter().flat_map(Message::bytes).collect()
        };
        let mut records: Vec<Record> =
            bytes(clear).chunks(portion).map(|part| Record::new(HANDSHAKE, part)).collect();
        if self.is_sealed() {
            records.push(Record::new(CHANGE_CIPHER_SPEC, &[1]));
            let mut sealer = self.secrets.handshake_sealer();
            for part in bytes(sealed).chunks(portion) {
                records.extend(super::records::records(&sealer.seal(HANDSHAKE, part)));
            }
        }
        self.records = records;
    }
}

type OnHello = Box<dyn FnMut(&mut Vec<Record>) + Send>;
type OnFlight = Box<dyn FnMut(&mut Flight) + Send>;
type Hostile = Box<dyn FnMut(&mut Sealer, &mut TcpStream) + Send>;

/// What is done to a connection.
pub struct Attack {
    versions: Vec<&'static SupportedProtocolVersion>,
    on_hello: OnHello,
    on_flight: OnFlight,
    hostile: Option<Hostile>,
    pub patience: Duration,
}

impl Attack {
    /// With a client that waits only so long: for attacks that make it wait.
    pub fn against_patience_of_ms(self, patience: u64) -> Self {
        Self { patience: Duration::from_millis(patience), ..self }
    }

    /// Nothing, between the client and a server that speaks this version.
    pub fn none(version: &'static SupportedProtocolVersion) -> Self {
        Self {
            versions: vec![version],
            on_hello: Box::new(|_| {}),
            on_flight: Box::new(|_| {}),
            hostile: None,
            patience: BOUND,
        }
    }

    /// Changes what the server sends.
    pub fn flights(
        version: &'static SupportedProtocolVersion,
        change: impl FnMut(&mut Flight) + Send + 'static,
    ) -> Self {
        Self { on_flight: Box::new(change), ..Self::none(version) }
    }

    /// Changes the first records of the client. The server speaks TLS 1.2 and 1.3.
    pub fn hello(change: impl FnMut(&mut Vec<Record>) + Send + 'static) -> Self {
        let versions = vec![&TLS13, &TLS12];
        Self { versions, on_hello: Box::new(change), ..Self::none(&TLS12) }
    }

    /// A server that is genuine until the client has sent its first data.
    pub fn hostile(
        version: &'static SupportedProtocolVersion,
        act: impl FnMut(&mut Sealer, &mut TcpStream) + Send + 'static,
    ) -> Self {
        Self { hostile: Some(Box::new(act)), ..Self::none(version) }
    }

    /// Serves one connection.
    pub fn relay(&mut self, mut stream: TcpStream, identity: &Identity) {
        if self.converse(&mut stream, identity) != End::Reset {
            // What the client still says is read, so that closing does not destroy what is on its way.
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    }

    fn converse(&mut self, stream: &mut TcpStream, identity: &Identity) -> End {
        let (config, secrets) = open_server(identity, &self.versions);
        let mut server = ServerConnection::new(config).unwrap();
        let mut hello = Some(Vec::new());
        let mut buffer = [0; 4096];
        loop {
            let Ok(count @ 1..) = stream.read(&mut buffer) else { return End::Fin };
            let mut arrived = buffer[..count].to_vec();
            let mut stage = Stage::Finished;
            if let Some(mut so_far) = hello.take() {
                so_far.extend(arrived);
                if !is_whole(&so_far) {
                    hello = Some(so_far);
                    continue;
                }
                let mut first = records(&so_far);
                (self.on_hello)(&mut first);
                arrived = first.iter().flat_map(Record::bytes).collect();
                stage = Stage::Hello;
            }
            let alive = take(&mut server, &arrived);
            match self.forward(&mut server, stage, &secrets, stream) {
                End::Open if alive => {}
                End::Open => return End::Fin,
                end => return end,
            }
            if let Ok(1..) = server.reader().read(&mut [0; 16]) {
                if let Some(act) = &mut self.hostile {
                    act(&mut Sealer::of(server, &secrets), stream);
                    return End::Fin;
                }
                for part in ANSWER {
                    server.writer().write_all(part).unwrap();
                }
                server.send_close_notify();
                return match self.forward(&mut server, Stage::Data, &secrets, stream) {
                    End::Open => End::Fin,
                    end => end,
                };
            }
        }
    }

    /// Sends on what the server has to say, and says what the attack made of the connection.
    fn forward(
        &mut self,
        server: &mut ServerConnection,
        stage: Stage,
        secrets: &Arc<Secrets>,
        stream: &mut TcpStream,
    ) -> End {
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        if bytes.is_empty() {
            return End::Open;
        }
        let secrets = Arc::clone(secrets);
        let mut flight = Flight {
            stage,
            records: records(&bytes),
            cut: None,
            raw: None,
            end: End::Open,
            secrets,
        };
        (self.on_flight)(&mut flight);
        // A client that has given up takes no more.
        let _ = stream.write_all(&flight.bytes());
        match flight.end {
            End::Open => {}
            End::Fin => drop(stream.shutdown(Shutdown::Write)),
            End::Reset => reset_at_close(stream),
        }
        flight.end
    }
}

/// Whether these bytes are whole records.
fn is_whole(mut bytes: &[u8]) -> bool {
    while let [_, _, _, l1, l2, rest @ ..] = bytes {
        match rest.get(usize::from(u16::from_be_bytes([*l1, *l2]))..) {
            Some(after) => bytes = after,
            None => return false,
        }
    }
    bytes.is_empty()
}

fn take(server: &mut ServerConnection, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        if server.read_tls(&mut bytes).is_err() || server.process_new_packets().is_err() {
            return false;
        }
    }
    true
}

/// Closing will send RST.
fn reset_at_close(stream: &TcpStream) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    let length = size_of::<libc::linger>() as libc::socklen_t;
    // SAFETY: the option is read from a structure of its type and size.
    let result = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            length,
        )
    };
    assert_eq!(result, 0);
}

//! A device: a client of rustls and mqtt-proto, independent of the library and of the simulator.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use mqtt_proto::v3::{Connect, Packet, Publish, Subscribe};
use mqtt_proto::{Pid, QoS, QosPid, TopicFilter, TopicName};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::folder::pki;
use crate::simulator::PATIENCE;

pub(crate) struct Device {
    stream: StreamOwned<ClientConnection, TcpStream>,
    buffer: Vec<u8>,
}

fn file(name: &str, extension: &str) -> PathBuf {
    pki().join(format!("{name}.{extension}"))
}

/// TLS with the certificate NAME, or without one.
pub(crate) fn tls(certificate: Option<&str>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("platform-ca", "crt")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match certificate {
        None => config.with_no_client_auth(),
        Some(name) => {
            let chain = vec![CertificateDer::from_pem_file(file(name, "crt")).unwrap()];
            let key = PrivateKeyDer::from_pem_file(file(name, "key")).unwrap();
            config.with_client_auth_cert(chain, key).unwrap()
        }
    })
}

pub(crate) fn connect_packet() -> Connect {
    Connect::new("test|securemode=2,timestamp=1|".into(), 300)
}

impl Device {
    /// Connects and completes the TLS handshake, as far as the client can tell.
    pub(crate) fn open(port: u16, config: Arc<ClientConfig>) -> Result<Self, Error> {
        let socket = TcpStream::connect(("127.0.0.1", port))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from("localhost").unwrap();
        let tls = ClientConnection::new(config, name).map_err(Error::other)?;
        let mut stream = StreamOwned::new(tls, socket);
        while stream.conn.is_handshaking() {
            if let Err(error) = stream.conn.complete_io(&mut stream.sock) {
                // When the platform has closed too, its log says why.
                stream.sock.shutdown(Shutdown::Write)?;
                stream.sock.read_to_end(&mut Vec::new())?;
                return Err(error);
            }
        }
        Ok(Device { stream, buffer: Vec::new() })
    }

    /// Connects with a certificate, sends CONNECT and takes CONNACK.
    pub(crate) fn connect(port: u16, certificate: &str) -> Self {
        let mut device = Device::open(port, tls(Some(certificate))).unwrap();
        assert_eq!(device.connack(connect_packet()), 0);
        device
    }

    /// Sends CONNECT and returns the return code.
    pub(crate) fn connack(&mut self, connect: Connect) -> u8 {
        self.send(&connect.into());
        match self.receive().unwrap() {
            Packet::Connack(connack) => connack.code as u8,
            other => panic!("{other:?} instead of CONNACK"),
        }
    }

    pub(crate) fn send(&mut self, packet: &Packet) {
        self.send_bytes(packet.encode().unwrap().as_ref());
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next packet, or how the connection ended: `UnexpectedEof` without close_notify,
    /// `NotConnected` with it, `ConnectionReset`.
    pub(crate) fn receive(&mut self) -> Result<Packet, Error> {
        loop {
            if let Some(packet) = Packet::decode(&self.buffer).unwrap() {
                self.buffer.drain(..packet.encode_len().unwrap());
                return Ok(packet);
            }
            self.read_more()?;
        }
    }

    fn read_more(&mut self) -> Result<(), Error> {
        let mut piece = [0; 4096];
        match self.stream.read(&mut piece)? {
            0 => Err(ErrorKind::NotConnected.into()),
            length => {
                self.buffer.extend_from_slice(&piece[..length]);
                Ok(())
            }
        }
    }

    /// Raw application data, until there are `length` bytes.
    pub(crate) fn receive_bytes(&mut self, length: usize) -> Vec<u8> {
        while self.buffer.len() < length {
            self.read_more().unwrap();
        }
        self.buffer.drain(..length).collect()
    }

    /// How the connection ends, when nothing else is expected.
    pub(crate) fn end(&mut self) -> ErrorKind {
        match self.receive() {
            Ok(packet) => panic!("{packet:?} instead of the end"),
            Err(error) => error.kind(),
        }
    }

    /// The next packet must be a PUBLISH.
    pub(crate) fn message(&mut self) -> (String, QosPid, Vec<u8>) {
        match self.receive().unwrap() {
            Packet::Publish(publish) => {
                (publish.topic_name.to_string(), publish.qos_pid, publish.payload.to_vec())
            }
            other => panic!("{other:?} instead of PUBLISH"),
        }
    }

    /// The next packet must be the identity.
    pub(crate) fn identity(&mut self) -> String {
        let (topic, qos, payload) = self.message();
        assert_eq!((topic.as_str(), qos), ("/ext/auth/identity/response", QosPid::Level0));
        String::from_utf8(payload).unwrap()
    }

    pub(crate) fn subscribe(&mut self, filter: &str) {
        let topics = vec![(TopicFilter::try_from(filter).unwrap(), QoS::Level1)];
        self.send(&Subscribe::new(pid(7), topics).into());
        match self.receive().unwrap() {
            Packet::Suback(suback) => assert_eq!(suback.pid, pid(7)),
            other => panic!("{other:?} instead of SUBACK"),
        }
    }

    pub(crate) fn publish(&mut self, topic: &str, qos_pid: QosPid, payload: &[u8]) {
        let name = TopicName::try_from(topic).unwrap();
        let payload = bytes::Bytes::copy_from_slice(payload);
        self.send(&Publish::new(qos_pid, name, payload).into());
    }

    pub(crate) fn tls(&self) -> &ClientConnection {
        &self.stream.conn
    }

    /// Ends TLS and TCP at once, and says so to the other side.
    pub(crate) fn hang_up(mut self) {
        self.stream.conn.send_close_notify();
        self.stream.flush().unwrap();
    }
}

pub(crate) fn pid(number: u16) -> Pid {
    Pid::try_from(number).unwrap()
}

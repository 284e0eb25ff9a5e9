//! Records that are sealed with the genuine keys of a connection: what a hostile server can send, and
//! a man in the middle cannot.

use super::records::Record;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundPlainMessage,
};
use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS13_AES_256_GCM_SHA384,
};
use rustls::crypto::tls13::OkmBlock;
use rustls::{
    ConnectionTrafficSecrets, ContentType, KeyLog, ProtocolVersion, ServerConnection,
    SupportedCipherSuite, Tls13CipherSuite,
};
use std::collections::HashMap;
use std::sync::Mutex;

/// The secrets of TLS 1.3, by the names that they have in key logs.
#[derive(Debug, Default)]
pub struct Secrets(Mutex<HashMap<String, Vec<u8>>>);

impl KeyLog for Secrets {
    fn log(&self, label: &str, _: &[u8], secret: &[u8]) {
        self.0.lock().unwrap().insert(label.to_owned(), secret.to_owned());
    }
}

fn tls13() -> &'static Tls13CipherSuite {
    match TLS13_AES_256_GCM_SHA384 {
        SupportedCipherSuite::Tls13(suite) => suite,
        SupportedCipherSuite::Tls12(_) => unreachable!("a suite of TLS 1.3"),
    }
}

/// HKDF-Expand-Label without a context (RFC 8446 section 7.1).
fn expand<const N: usize>(secret: &[u8], label: &str) -> [u8; N] {
    let label = format!("tls13 {label}");
    let lengths = [0, N as u8, label.len() as u8];
    let mut output = [0; N];
    let expander = tls13().hkdf_provider.expander_for_okm(&OkmBlock::new(secret));
    expander.expand_slice(&[&lengths, label.as_bytes(), &[0]], &mut output).unwrap();
    output
}

impl Secrets {
    fn get(&self, label: &str) -> Vec<u8> {
        self.0.lock().unwrap()[label].clone()
    }

    /// Seals as the server does during a handshake of TLS 1.3.
    pub fn handshake_sealer(&self) -> Sealer {
        let secret = self.get("SERVER_HANDSHAKE_TRAFFIC_SECRET");
        let (key, iv) = (expand(&secret, "key"), expand(&secret, "iv"));
        Sealer {
            encrypter: tls13().aead_alg.encrypter(AeadKey::from(key), Iv::new(iv)),
            sequence: 0,
            secret: Some(secret),
        }
    }

    /// Opens what the server sealed during a handshake of TLS 1.3: the content of all records.
    pub fn open_handshake(&self, records: &[Record]) -> Vec<u8> {
        let secret = self.get("SERVER_HANDSHAKE_TRAFFIC_SECRET");
        let (key, iv) = (expand(&secret, "key"), expand(&secret, "iv"));
        let mut decrypter: Box<dyn MessageDecrypter> =
            tls13().aead_alg.decrypter(AeadKey::from(key), Iv::new(iv));
        let mut content = Vec::new();
        for (sequence, record) in records.iter().enumerate() {
            let mut body = record.body.clone();
            let sealed = InboundOpaqueMessage::new(
                ContentType::from(record.kind),
                ProtocolVersion::TLSv1_2,
                &mut body,
            );
            content.extend(decrypter.decrypt(sealed, sequence as u64).unwrap().payload);
        }
        content
    }
}

/// Seals records one after the other.
pub struct Sealer {
    encrypter: Box<dyn MessageEncrypter>,
    sequence: u64,
    /// What the keys of TLS 1.3 come from.
    secret: Option<Vec<u8>>,
}

impl Sealer {
    /// Goes on where the server is after the handshake. Its suite is one of the two above.
    pub fn of(server: ServerConnection, secrets: &Secrets) -> Self {
        let is_new = server.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        let (sequence, keys) = server.dangerous_extract_secrets().unwrap().tx;
        let ConnectionTrafficSecrets::Aes256Gcm { key, iv } = keys else {
            unreachable!("another suite")
        };
        let encrypter = match TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 {
            _ if is_new => tls13().aead_alg.encrypter(key, iv),
            SupportedCipherSuite::Tls12(suite) => {
                let (fixed, explicit) = iv.as_ref().split_at(4);
                suite.aead_alg.encrypter(key, fixed, explicit)
            }
            SupportedCipherSuite::Tls13(_) => unreachable!("a suite of TLS 1.2"),
        };
        let secret = is_new.then(|| secrets.get("SERVER_TRAFFIC_SECRET_0"));
        Self { encrypter, sequence, secret }
    }

    /// Whether it seals as TLS 1.3 does.
    pub fn is_new(&self) -> bool {
        self.secret.is_some()
    }

    /// A record with this content, of this kind; in TLS 1.3 the kind is inside.
    pub fn seal(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        let plain = OutboundPlainMessage {
            typ: ContentType::from(kind),
            version: ProtocolVersion::TLSv1_2,
            payload: content.into(),
        };
        let sealed = self.encrypter.encrypt(plain, self.sequence).unwrap();
        self.sequence += 1;
        sealed.encode()
    }

    /// Goes on with the next keys of TLS 1.3, as after a KeyUpdate.
    pub fn update(&mut self) {
        let secret: [u8; 48] = expand(self.secret.as_deref().unwrap(), "traffic upd");
        let (key, iv) = (expand(&secret, "key"), expand(&secret, "iv"));
        self.encrypter = tls13().aead_alg.encrypter(AeadKey::from(key), Iv::new(iv));
        self.sequence = 0;
        self.secret = Some(secret.to_vec());
    }
}

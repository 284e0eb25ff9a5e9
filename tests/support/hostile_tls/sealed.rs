//! Cipher suites of a server that changes what it seals, so that also what TLS protects can be hostile. The
//! changes are those of the thread's present script.

use super::script::Script;
use rustls::crypto::cipher::{
    AeadKey, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundOpaqueMessage, OutboundPlainMessage, Tls12AeadAlgorithm, Tls13AeadAlgorithm,
    UnsupportedOperationError,
};
use rustls::crypto::{CipherSuiteCommon, CryptoProvider};
use rustls::{
    ConnectionTrafficSecrets, ContentType, Error, SupportedCipherSuite, Tls12CipherSuite,
    Tls13CipherSuite,
};
use std::cell::RefCell;
use std::rc::Rc;

/// What the server has sealed since the thread's last [`begin`].
#[derive(Default)]
struct Present {
    script: Option<Rc<Script>>,
    records: usize,
    plaintext: Vec<u8>,
}

thread_local! {
    static PRESENT: RefCell<Present> = RefCell::default();
}

/// Begins a connection.
pub fn begin(script: Option<Rc<Script>>) {
    PRESENT.with(|present| *present.borrow_mut() = Present { script, ..Present::default() });
}

/// All application data that was sealed in this connection, as it was sealed.
pub fn with_plaintext<T>(look: impl FnOnce(&[u8]) -> T) -> T {
    PRESENT.with(|present| look(&present.borrow().plaintext))
}

struct Encrypter(Box<dyn MessageEncrypter>);

impl MessageEncrypter for Encrypter {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        sequence: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let (mut kind, mut body) = (u8::from(message.typ), message.payload.to_vec());
        PRESENT.with(|present| {
            let mut present = present.borrow_mut();
            let record = present.records;
            present.records += 1;
            if let Some(script) = present.script.clone() {
                script.of(record, true).for_each(|what| what.change(&mut kind, &mut body));
            }
            if kind == u8::from(ContentType::ApplicationData) {
                present.plaintext.extend(&body);
            }
        });
        let changed = OutboundPlainMessage {
            typ: ContentType::from(kind),
            version: message.version,
            payload: OutboundChunks::Single(&body),
        };
        self.0.encrypt(changed, sequence)
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        self.0.encrypted_payload_len(length)
    }
}

struct Newer(&'static dyn Tls13AeadAlgorithm);

impl Tls13AeadAlgorithm for Newer {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Encrypter(self.0.encrypter(key, iv)))
    }
    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        self.0.decrypter(key, iv)
    }
    fn key_len(&self) -> usize {
        self.0.key_len()
    }
    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv)
    }
}

struct Older(&'static dyn Tls12AeadAlgorithm);

impl Tls12AeadAlgorithm for Older {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Encrypter(self.0.encrypter(key, iv, extra)))
    }
    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        self.0.decrypter(key, iv)
    }
    fn key_block_shape(&self) -> KeyBlockShape {
        self.0.key_block_shape()
    }
    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv, explicit)
    }
}

fn common(of: &CipherSuiteCommon) -> CipherSuiteCommon {
    CipherSuiteCommon { ..*of }
}

fn hostile(suite: SupportedCipherSuite) -> SupportedCipherSuite {
    match suite {
        SupportedCipherSuite::Tls13(suite) => {
            let aead_alg = Box::leak(Box::new(Newer(suite.aead_alg)));
            let suite = Tls13CipherSuite { common: common(&suite.common), aead_alg, ..*suite };
            SupportedCipherSuite::Tls13(Box::leak(Box::new(suite)))
        }
        SupportedCipherSuite::Tls12(suite) => {
            let aead_alg = Box::leak(Box::new(Older(suite.aead_alg)));
            let suite = Tls12CipherSuite { common: common(&suite.common), aead_alg, ..*suite };
            SupportedCipherSuite::Tls12(Box::leak(Box::new(suite)))
        }
    }
}

/// Ring's cryptography with such suites. They live as long as the process.
pub fn provider() -> CryptoProvider {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites = provider.cipher_suites.into_iter().map(hostile).collect();
    provider
}

//! Where sessions outlive a restart of the device, for engines that can export them.
#![forbid(unsafe_code)]

use super::{crypto, engine};
use crate::error::{Error, ErrorKind, Result};
use crate::lock::fixed::RwLock;
use crate::log;
use std::fmt::Write;
use std::sync::{Arc, PoisonError};
use zeroize::Zeroizing;

/// The most that is stored for one server, in bytes.
pub const LARGEST_ENTRY: usize = 8 * 1024;

/// How long the firmware's key may be, in bytes.
pub const KEY_SIZES: std::ops::RangeInclusive<usize> = 16..=64;

/// The format of what is stored; anything else is refused. The next format gets another number.
const FORMAT: &[u8; 4] = b"LST1";

/// What is mixed into the firmware's key, so that it may serve other purposes, too.
const PURPOSE: &[u8] = b"linksdk-hal session store 1";

/// Persistent memory of the firmware.
pub trait Storage: Send + Sync {
    /// What was saved under the name, at most [`LARGEST_ENTRY`] bytes.
    fn load(&self, name: &str) -> Option<Vec<u8>>;
    /// Keeps `bytes` under the name in place of what was there. `false` when it could not.
    fn save(&self, name: &str, bytes: &[u8]) -> bool;
    /// Forgets what is under the name.
    fn erase(&self, name: &str);
}

/// The firmware's memory and the key that what is in it is encrypted and authenticated with.
#[derive(Clone)]
pub struct Store {
    storage: Arc<dyn Storage>,
    key: Zeroizing<[u8; 32]>,
}

static STORE: RwLock<Option<Store>> = RwLock::new(None);

/// The store now.
pub fn current() -> Option<Store> {
    STORE.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Sets or removes the store. What is in it stays there.
pub fn set(store: Option<Store>) {
    *STORE.write().unwrap_or_else(PoisonError::into_inner) = store;
}

impl Store {
    /// A store in the firmware's memory. `key` has to be the same after a restart, differ from
    /// device to device and not be readable by whoever can write the memory.
    pub fn new(storage: Arc<dyn Storage>, key: &[u8]) -> Result<Self> {
        if !KEY_SIZES.contains(&key.len()) {
            let detail = "the key of the session store has 16 to 64 bytes";
            return Err(Error::new(ErrorKind::InvalidArgument, detail));
        }
        Ok(Self { storage, key: Zeroizing::new(crypto::hmac_sha256(key, PURPOSE)) })
    }

    /// Brings back what was saved for this endpoint under the same configuration. Whatever else is
    /// there is refused, and erased.
    pub fn load(&self, endpoint: &[u8; 32], fingerprint: &[u8; 32]) -> Option<Zeroizing<Vec<u8>>> {
        let name = name(endpoint);
        let stored = self.storage.load(&name).filter(|stored| !stored.is_empty())?;
        let session = stored.strip_prefix(FORMAT).filter(|_| stored.len() <= LARGEST_ENTRY);
        let session = session.and_then(|sealed| engine::open(&self.key, fingerprint, sealed));
        if session.is_none() {
            log::warning!(
                "the stored TLS session is from another configuration or was altered: not used"
            );
            self.storage.erase(&name);
        }
        session
    }

    /// Saves a session. What does not fit is not stored.
    pub fn save(&self, endpoint: &[u8; 32], fingerprint: &[u8; 32], session: &[u8]) {
        let sealed = engine::seal(&self.key, fingerprint, session).unwrap_or_default();
        let entry = [FORMAT.as_slice(), &sealed].concat();
        if sealed.is_empty() || entry.len() > LARGEST_ENTRY {
            log::warning!("the TLS session could not be encoded within 8 KiB: not stored");
        } else if !self.storage.save(&name(endpoint), &entry) {
            log::warning!("the firmware could not store the TLS session");
        }
    }

    /// Forgets what was saved for this endpoint.
    pub fn erase(&self, endpoint: &[u8; 32]) {
        self.storage.erase(&name(endpoint));
    }
}

/// Short enough for every key-value memory, and it does not say which server it is for.
fn name(endpoint: &[u8; 32]) -> String {
    let mut name = String::from("linksdk_tls_");
    for byte in endpoint.iter().take(8) {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Memory(Mutex<HashMap<String, Vec<u8>>>);

    impl Storage for Memory {
        fn load(&self, name: &str) -> Option<Vec<u8>> {
            self.0.lock().unwrap().get(name).cloned()
        }
        fn save(&self, name: &str, bytes: &[u8]) -> bool {
            self.0.lock().unwrap().insert(name.to_owned(), bytes.to_vec());
            true
        }
        fn erase(&self, name: &str) {
            self.0.lock().unwrap().remove(name);
        }
    }

    const ENDPOINT: [u8; 32] = [7; 32];
    const FINGERPRINT: [u8; 32] = [8; 32];

    fn store() -> (Arc<Memory>, Store) {
        let memory = Arc::new(Memory::default());
        let store = Store::new(Arc::clone(&memory) as Arc<dyn Storage>, &[1; 16]).unwrap();
        store.save(&ENDPOINT, &FINGERPRINT, b"a session");
        (memory, store)
    }

    fn loaded(store: &Store) -> Option<Vec<u8>> {
        store.load(&ENDPOINT, &FINGERPRINT).map(|session| session.to_vec())
    }

    #[test]
    fn what_is_stored_comes_back_and_is_not_readable() {
        let (memory, store) = store();
        assert_eq!(loaded(&store), Some(b"a session".to_vec()));
        let entries = memory.0.lock().unwrap();
        let (name, entry) = entries.iter().next().unwrap();
        assert_eq!((entries.len(), name.as_str()), (1, "linksdk_tls_0707070707070707"));
        assert!(!entry.windows(7).any(|part| part == b"session"));
    }

    #[test]
    fn another_key_or_configuration_gets_nothing_and_the_entry_goes() {
        let (memory, _) = store();
        let other = Store::new(Arc::clone(&memory) as Arc<dyn Storage>, &[2; 16]).unwrap();
        assert_eq!(loaded(&other), None);
        assert!(memory.0.lock().unwrap().is_empty());
        let (memory, store) = store();
        assert_eq!(store.load(&ENDPOINT, &[9; 32]), None);
        assert!(memory.0.lock().unwrap().is_empty());
    }

    #[test]
    fn an_entry_with_any_bit_changed_or_cut_anywhere_is_refused() {
        let (memory, store) = store();
        let name = name(&ENDPOINT);
        let good = memory.load(&name).unwrap();
        for place in 0..good.len() {
            let mut changed = good.clone();
            changed[place] ^= 0x10;
            for wrong in [changed, good[..place].to_vec()] {
                memory.save(&name, &wrong);
                assert_eq!(loaded(&store), None, "{place}");
            }
        }
        memory.save(&name, &vec![0; LARGEST_ENTRY + 1]);
        assert_eq!(loaded(&store), None);
        memory.save(&name, &good);
        assert_eq!(loaded(&store), Some(b"a session".to_vec()));
    }

    #[test]
    fn keys_and_sessions_are_bounded() {
        let (memory, store) = store();
        for size in [0, 15, 65] {
            assert!(Store::new(Arc::clone(&memory) as Arc<dyn Storage>, &vec![0; size]).is_err());
        }
        let before = memory.load(&name(&ENDPOINT));
        store.save(&ENDPOINT, &FINGERPRINT, &[0; LARGEST_ENTRY]);
        assert_eq!(memory.load(&name(&ENDPOINT)), before);
        store.erase(&ENDPOINT);
        assert_eq!(loaded(&store), None);
    }
}

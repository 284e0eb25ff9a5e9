//! The device's identity across restarts.
#![forbid(unsafe_code)]

use crate::identity::{self, Identity};
use crate::lock::fixed::Mutex;
use crate::log;
use crate::tls::crypto;
use std::sync::{Arc, PoisonError};

/// The most that an entry takes, in bytes.
pub const LARGEST_ENTRY: usize = 256;

/// The first line; another format gets another one.
const FORMAT: &str = "linksdk-identity 1";

/// Persistent memory for one small entry.
pub trait Memory: Send + Sync {
    /// What was saved, at most [`LARGEST_ENTRY`] bytes.
    fn load(&self) -> Option<Vec<u8>>;
    /// Keeps `entry` in place of what was there. `false` when it could not.
    fn save(&self, entry: &[u8]) -> bool;
    /// Forgets what was saved.
    fn erase(&self);
}

static MEMORY: Mutex<Option<Arc<dyn Memory>>> = Mutex::new(None);

fn memory() -> Option<Arc<dyn Memory>> {
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Sets or removes the memory. What is in it stays there.
pub fn set_memory(memory: Option<Arc<dyn Memory>>) {
    *MEMORY.lock().unwrap_or_else(PoisonError::into_inner) = memory;
}

/// The identity that the platform gave at an earlier start. Anything else that is in the memory is
/// ignored with a warning; the platform will give the identity anew.
pub fn stored() -> Option<Identity> {
    let entry = memory()?.load().filter(|entry| !entry.is_empty())?;
    let identity = decode(&entry);
    if identity.is_none() {
        log::warning!("the stored identity is damaged: ignored, the platform gives it anew");
    }
    identity
}

/// Keeps an identity, if it is not the one that is kept already: flash wears out.
pub fn keep(identity: &Identity) {
    let Some(memory) = memory() else { return };
    let entry = encode(identity);
    if memory.load().as_deref() != Some(entry.as_bytes()) && !memory.save(entry.as_bytes()) {
        log::warning!("the identity could not be stored; it is asked for again at the next start");
    }
}

/// Forgets the stored identity.
pub fn forget() {
    if let Some(memory) = memory() {
        memory.erase();
    }
}

/// Four lines: format, ProductKey, DeviceName, and a digest of them against damage.
fn encode(identity: &Identity) -> String {
    let Identity { product_key, device_name } = identity;
    let lines = format!("{FORMAT}\n{product_key}\n{device_name}\n");
    let digest = crypto::sha256_of_parts(&[Some(lines.as_bytes())]);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{lines}{digest}\n")
}

fn decode(entry: &[u8]) -> Option<Identity> {
    let text = std::str::from_utf8(entry).ok()?;
    let mut lines = text.lines();
    let (_, product_key, device_name) = (lines.next()?, lines.next()?, lines.next()?);
    let identity = identity::checked(product_key, device_name).ok()?;
    (encode(&identity) == text).then_some(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity { product_key: "a1Test00000".into(), device_name: "device-1".into() }
    }

    #[test]
    fn an_identity_comes_back_whole_or_not_at_all() {
        let longest = Identity { product_key: "k".repeat(20), device_name: "n".repeat(32) };
        for identity in [identity(), longest] {
            let entry = encode(&identity);
            assert!(entry.len() <= LARGEST_ENTRY);
            assert_eq!(decode(entry.as_bytes()), Some(identity));
        }
        let entry = encode(&identity()).into_bytes();
        for place in 0..entry.len() {
            let mut changed = entry.clone();
            changed[place] ^= 1;
            assert_eq!(decode(&changed), None, "{place}");
            assert_eq!(decode(&entry[..place]), None, "{place}");
        }
        assert_eq!(decode(&[entry.as_slice(), b"x"].concat()), None);
        assert_eq!(decode(b"\xff\xfe"), None);
    }

    #[test]
    fn an_identity_that_no_device_has_is_not_taken() {
        for (product_key, device_name) in
            [("", "d"), ("p", ""), ("p/q", "d"), ("p", "d+"), ("p q\u{7f}", "d")]
        {
            let identity =
                Identity { product_key: product_key.into(), device_name: device_name.into() };
            assert_eq!(decode(encode(&identity).as_bytes()), None, "{identity:?}");
        }
    }

    #[test]
    fn memory_is_written_only_when_something_changed() {
        #[derive(Default)]
        struct Counting(Mutex<(Option<Vec<u8>>, usize)>);
        impl Memory for Counting {
            fn load(&self) -> Option<Vec<u8>> {
                self.0.lock().unwrap().0.clone()
            }
            fn save(&self, entry: &[u8]) -> bool {
                let mut inner = self.0.lock().unwrap();
                *inner = (Some(entry.to_vec()), inner.1 + 1);
                true
            }
            fn erase(&self) {
                self.0.lock().unwrap().0 = None;
            }
        }
        let memory = Arc::new(Counting::default());
        assert_eq!(stored(), None);
        set_memory(Some(Arc::clone(&memory) as Arc<dyn Memory>));
        assert_eq!(stored(), None);
        keep(&identity());
        keep(&identity());
        assert_eq!((stored(), memory.0.lock().unwrap().1), (Some(identity()), 1));
        forget();
        assert_eq!(stored(), None);
        set_memory(None);
        keep(&identity());
        assert_eq!(memory.0.lock().unwrap().1, 1);
    }
}

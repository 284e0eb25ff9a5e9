//! What an earlier start left in the firmware's memory, and what somebody may have made of it since: the
//! stored identity and, with the engine mbedtls, the stored TLS session in its parts.
//!
//! The first byte says what the rest is: an entry of the identity, one that carries the right digest, or
//! (mbedtls) the parts of a session.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linksdk_hal::persistence::{self, LARGEST_ENTRY, Memory};
use linksdk_hal::tls::crypto;
use std::sync::{Arc, Mutex};

/// A memory that holds what the input says, until the library writes.
struct Held(Mutex<Option<Vec<u8>>>);

impl Memory for Held {
    fn load(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap().clone()
    }
    fn save(&self, entry: &[u8]) -> bool {
        assert!(entry.len() <= LARGEST_ENTRY);
        *self.0.lock().unwrap() = Some(entry.to_vec());
        true
    }
    fn erase(&self) {
        *self.0.lock().unwrap() = None;
    }
}

fn identity(entry: &[u8]) {
    let memory = Arc::new(Held(Mutex::new(Some(entry.to_vec()))));
    persistence::set_memory(Some(Arc::clone(&memory) as Arc<dyn Memory>));
    if let Some(identity) = persistence::stored() {
        assert!((1..=20).contains(&identity.product_key.len()));
        assert!((1..=32).contains(&identity.device_name.len()));
        // What is kept again is what was there: nothing else of the entry was overlooked.
        persistence::keep(&identity);
        assert_eq!(memory.load().as_deref(), Some(entry));
        assert_eq!(persistence::stored(), Some(identity));
    }
    persistence::forget();
    assert_eq!(persistence::stored(), None);
    persistence::set_memory(None);
}

/// Lines with the digest that belongs to them, so that what is behind the digest is reached.
fn with_digest(lines: &[u8]) -> Vec<u8> {
    let digest = crypto::sha256_of_parts(&[Some(lines)]);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    [lines, digest.as_bytes(), b"\n"].concat()
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 3 {
        0 => identity(rest),
        1 => identity(&with_digest(rest)),
        _ => session::load(rest),
    }
});

#[cfg(not(feature = "engine-mbedtls"))]
mod session {
    pub fn load(_: &[u8]) {}
}

#[cfg(feature = "engine-mbedtls")]
mod session {
    use linksdk_hal::ffi::session_store::linksdk_use_hal_kv;
    use linksdk_hal::tls::{engine, store};
    use std::ffi::{CStr, c_char, c_int, c_void};
    use std::sync::Mutex;

    const KEY: [u8; 32] = [7; 32];

    /// What `HAL_Kv_Get` finds, by the number at the end of the name.
    static PARTS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

    fn number(name: *const c_char) -> usize {
        let name = unsafe { CStr::from_ptr(name) }.to_str().unwrap();
        name.rsplit('_').next().unwrap().parse().unwrap()
    }

    #[unsafe(no_mangle)]
    extern "C" fn HAL_Kv_Get(name: *const c_char, buffer: *mut c_void, size: *mut c_int) -> c_int {
        let parts = PARTS.lock().unwrap();
        let Some(part) = parts.get(number(name)) else { return -1 };
        let room = usize::try_from(unsafe { *size }).unwrap();
        // The Link SDK's memory cuts without saying so; a first byte of 0xff stands for one that does not.
        let count = part.len().min(room);
        unsafe { std::ptr::copy_nonoverlapping(part.as_ptr(), buffer.cast(), count) };
        unsafe {
            *size = if part.first() == Some(&0xff) { part.len() as c_int } else { count as c_int }
        };
        0
    }

    #[unsafe(no_mangle)]
    extern "C" fn HAL_Kv_Set(
        name: *const c_char,
        from: *const c_void,
        size: c_int,
        _: c_int,
    ) -> c_int {
        let mut parts = PARTS.lock().unwrap();
        let number = number(name);
        if parts.len() <= number {
            parts.resize(number + 1, Vec::new());
        }
        let bytes = unsafe {
            std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(size).unwrap())
        };
        parts[number] = bytes.to_vec();
        0
    }

    #[unsafe(no_mangle)]
    extern "C" fn HAL_Kv_Del(name: *const c_char) -> c_int {
        if let Some(part) = PARTS.lock().unwrap().get_mut(number(name)) {
            part.clear();
        }
        0
    }

    /// The first byte: how many bytes a part has (0: as many as the library writes). An entry of the
    /// library itself lies there first; the input lies over it, each byte added.
    pub fn load(rest: &[u8]) {
        let Some((size, changes)) = rest.split_first() else { return };
        assert_eq!(unsafe { linksdk_use_hal_kv(KEY.as_ptr(), KEY.len()) }, 0);
        let store = store::current().unwrap();
        PARTS.lock().unwrap().clear();
        store.save(&[1; 32], &[2; 32], &[3; 1000]);
        let mut changed = false;
        {
            let mut parts = PARTS.lock().unwrap();
            let before = parts.clone();
            if *size != 0 {
                *parts = changes.chunks(usize::from(*size)).map(<[u8]>::to_vec).collect();
            } else {
                let bytes = parts.iter_mut().flatten();
                bytes.zip(changes).for_each(|(byte, change)| *byte = byte.wrapping_add(*change));
            }
            changed |= *parts != before;
        }
        match store.load(&[1; 32], &[2; 32]) {
            Some(session) => assert!(!changed && session.as_slice() == [3; 1000]),
            None => assert!(changed),
        }
        // What is sealed comes from the library alone; its parsers must bear the worst all the same.
        if let Some(sealed) = engine::seal(&KEY, b"", changes) {
            assert_eq!(
                engine::open(&KEY, b"", &sealed).as_deref().map(Vec::as_slice),
                Some(changes)
            );
        }
        let _ = engine::open(&KEY, b"", changes);
    }
}

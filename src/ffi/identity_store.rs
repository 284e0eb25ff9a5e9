//! Where the device's identity outlives a restart.

use super::boundary::boundary;
use super::config::{flag, outcome, unreadable};
use super::log::Context;
use super::{kv, ptr};
use crate::error::{Error, ErrorKind, Result};
use crate::log;
use crate::os::file;
use crate::persistence::{self, LARGEST_ENTRY, Memory};
use crate::state;
use libc::{c_char, c_int, c_void, size_t};
use std::path::PathBuf;
use std::sync::Arc;

/// The longest path that is taken, in bytes (`PATH_MAX` of Linux).
const LONGEST_PATH: usize = 4096;

/// The name under which `HAL_Kv_*` keeps the identity.
const KV_NAME: &std::ffi::CStr = c"linksdk_identity";

struct StoredFile(PathBuf);

impl Memory for StoredFile {
    fn load(&self) -> Option<Vec<u8>> {
        // One byte more than an entry has, so that a longer file shows.
        file::read(&self.0, LARGEST_ENTRY + 1).unwrap_or_else(|e| {
            log::warning!("reading {}: {e}", self.0.display());
            None
        })
    }

    fn save(&self, entry: &[u8]) -> bool {
        let written = file::replace(&self.0, entry);
        written.inspect_err(|e| log::warning!("writing {}: {e}", self.0.display())).is_ok()
    }

    fn erase(&self) {
        if let Err(e) = file::remove(&self.0) {
            log::warning!("removing {}: {e}", self.0.display());
        }
    }
}

/// Keeps the identity that the platform gives to a device which authenticates by certificate in the file
/// `path` (at most 4095 bytes, copied), so that the next start needs not to wait for it: ProductKey and
/// DeviceName are set, and the first topics right, before the platform answers. NULL ends it; the file stays.
///
/// The file is written when the identity changes, with mode 0600, through a second file `path`.new, and is
/// on the disk before the handler of `ITE_IDENTITY_RESPONSE` is called: a power cut leaves the old content or
/// the new one; a symbolic link that has the name is replaced itself. A file that is damaged, and what is no regular
/// file, is ignored with a warning in the log. When the platform refuses a stored
/// identity (CONNACK 2, 4, 5), at the first connection or a later one, it is forgotten and the platform asked anew.
///
/// Returns 0; -0x0113, and changes nothing, for a path that is empty, too long or not UTF-8. Does not touch
/// the file now. Does not block. Any thread. Profiles mqtt and sdk only.
///
/// # Safety
/// `path` is NULL or a C string.
#[unsafe(export_name = "linksdk_identity_store_file")]
pub unsafe extern "C" fn linksdk_identity_store_file(path: *const c_char) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        // SAFETY: the caller's promise.
        let text = unsafe { ptr::text(path, LONGEST_PATH) }.filter(|text| !text.is_empty());
        let result = match text {
            None if path.is_null() => {
                persistence::set_memory(None);
                Ok(())
            }
            None => Err(unreadable("the path is empty, too long or not UTF-8")),
            Some(path) => {
                persistence::set_memory(Some(Arc::new(StoredFile(PathBuf::from(path)))));
                Ok(())
            }
        };
        outcome("linksdk_identity_store_file", result)
    })
}

/// The firmware's functions.
struct Functions {
    load: unsafe extern "C" fn(*mut c_void, *mut c_void, size_t) -> c_int,
    save: unsafe extern "C" fn(*mut c_void, *const c_void, size_t) -> c_int,
    erase: unsafe extern "C" fn(*mut c_void) -> c_int,
    context: Context,
}

impl Memory for Functions {
    fn load(&self) -> Option<Vec<u8>> {
        let mut buffer = vec![0u8; LARGEST_ENTRY];
        let (to, size) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: the firmware promised that the function is callable with this context from any
        // thread; the buffer has the size that is given.
        let length = unsafe { (self.load)(self.context.get(), to, size) };
        buffer.truncate(usize::try_from(length).ok().filter(|length| *length <= size)?);
        Some(buffer)
    }

    fn save(&self, entry: &[u8]) -> bool {
        // SAFETY: as above.
        unsafe { (self.save)(self.context.get(), entry.as_ptr().cast(), entry.len()) == 0 }
    }

    fn erase(&self) {
        // SAFETY: as above. A failure leaves an entry that may be refused again.
        let _ = unsafe { (self.erase)(self.context.get()) };
    }
}

/// Like `linksdk_identity_store_file`, with functions of the firmware as the memory.
///
/// `save` keeps `size` bytes, at most 256, in place of what was there, and returns 0. `load` copies what was
/// saved into `buffer` of `size` bytes and returns its length; 0 or a negative number when there is
/// nothing. `erase` forgets it. All get `context` and are called on the thread that constructs the client or
/// yields, with no lock held. NULL for all three ends it.
///
/// Returns 0; -0x0113, and changes nothing, when only some are NULL. Does not block. Any thread. Profiles
/// mqtt and sdk only.
///
/// # Safety
/// The functions are NULL or stay callable, with `context` valid for them, until they have been replaced and
/// calls that had begun are over.
#[unsafe(export_name = "linksdk_set_identity_store")]
pub unsafe extern "C" fn linksdk_set_identity_store(
    load: Option<
        unsafe extern "C" fn(context: *mut c_void, buffer: *mut c_void, size: size_t) -> c_int,
    >,
    save: Option<
        unsafe extern "C" fn(context: *mut c_void, bytes: *const c_void, size: size_t) -> c_int,
    >,
    erase: Option<unsafe extern "C" fn(context: *mut c_void) -> c_int>,
    context: *mut c_void,
) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        let context = Context::new(context);
        let result = match (load, save, erase) {
            (None, None, None) => {
                persistence::set_memory(None);
                Ok(())
            }
            (Some(load), Some(save), Some(erase)) => {
                let functions = Functions { load, save, erase, context };
                persistence::set_memory(Some(Arc::new(functions)));
                Ok(())
            }
            _ => Err(unreadable("load, save and erase belong together: one is NULL")),
        };
        outcome("linksdk_set_identity_store", result)
    })
}

struct KeyValueMemory;

impl Memory for KeyValueMemory {
    fn load(&self) -> Option<Vec<u8>> {
        kv::load(KV_NAME, LARGEST_ENTRY)
    }

    fn save(&self, entry: &[u8]) -> bool {
        kv::save(KV_NAME, entry)
    }

    fn erase(&self) {
        kv::erase(KV_NAME);
    }
}

/// Like `linksdk_identity_store_file`, with `HAL_Kv_Get`, `HAL_Kv_Set` and `HAL_Kv_Del` of the Link SDK, which
/// the firmware links, as the memory, under the name linksdk_identity: `use_it` 1 begins, 0 ends it. The
/// library refers to them weakly: where nothing else uses them, the linker takes them out of an archive only with
/// -Wl,-u,HAL_Kv_Get.
///
/// Returns 0; -0x0F0E when one of the three functions is not linked; -0x0113 for any other number. Does not
/// block. Any thread. Profiles mqtt and sdk only.
#[unsafe(export_name = "linksdk_identity_in_hal_kv")]
pub extern "C" fn linksdk_identity_in_hal_kv(use_it: c_int) -> c_int {
    boundary(state::SYS_DEPEND_MALLOC, || {
        outcome("linksdk_identity_in_hal_kv", flag(use_it).and_then(use_kv))
    })
}

fn use_kv(use_it: bool) -> Result<()> {
    if use_it && !kv::is_linked() {
        return Err(Error::new(ErrorKind::NotLinked, kv::NOT_LINKED));
    }
    persistence::set_memory(match use_it {
        true => Some(Arc::new(KeyValueMemory)),
        false => None,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test programs link no `HAL_Kv_*`.
    #[test]
    fn memory_that_is_not_linked_is_refused_with_the_way_to_link_it() {
        let error = use_kv(true).unwrap_err();
        assert_eq!(error.kind().state_code(), state::TLS_UNSUPPORTED);
        let sentence = error.to_string();
        assert!(sentence.contains("-Wl,-u,HAL_Kv_Get") && !sentence.contains("engine"));
        assert!(use_kv(false).is_ok());
    }
}

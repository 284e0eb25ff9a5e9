//! What the firmware has set for all later connections.
#![forbid(unsafe_code)]

use super::credentials::{self, PrivateKey};
use super::psk::PreSharedKey;
use super::{LARGEST_RECORD, Offer, Version, configuration};
use crate::error::{Error, ErrorKind, Result};
use crate::lock::fixed::RwLock;
use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long establishing a connection may take, in milliseconds.
pub const ESTABLISH_TIMEOUTS: RangeInclusive<u32> = 100..=120_000;

/// The most plaintext in one record that is sent, in bytes.
pub const RECORD_SIZES: RangeInclusive<usize> = 512..=LARGEST_RECORD;

/// The most text that additional trust anchors may add up to, in bytes.
const LONGEST_ANCHORS: usize = 256 * 1024;

/// Certificate chain and key that take the place of `g_cli_crt` and `g_cli_key`.
pub struct OwnCredentials {
    /// PEM, the device's own certificate first.
    pub certificate: Vec<u8>,
    /// The key.
    pub private_key: PrivateKey,
}

/// The settings. A connection uses those that were in force when it was begun.
#[derive(Clone)]
pub struct Options {
    /// How long name resolution, TCP and TLS may take together.
    pub establish_timeout: Duration,
    /// What is offered to servers.
    pub offer: Offer,
    /// PEM text of trust anchors beside those of each call.
    pub anchors: Vec<u8>,
    /// `None`: `g_cli_crt` and `g_cli_key` count.
    pub credentials: Option<Arc<OwnCredentials>>,
}

impl Options {
    const fn new() -> Self {
        Self {
            establish_timeout: Duration::from_secs(10),
            offer: Offer::DEFAULT,
            anchors: Vec::new(),
            credentials: None,
        }
    }
}

static OPTIONS: RwLock<Options> = RwLock::new(Options::new());

/// The settings now.
pub fn current() -> Options {
    OPTIONS.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn change(change: impl FnOnce(&mut Options)) {
    change(&mut OPTIONS.write().unwrap_or_else(PoisonError::into_inner));
}

fn wrong(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, detail)
}

/// Sets the bound of establishing a connection, within [`ESTABLISH_TIMEOUTS`].
pub fn set_establish_timeout(milliseconds: u32) -> Result<()> {
    if !ESTABLISH_TIMEOUTS.contains(&milliseconds) {
        return Err(wrong("the establish timeout is 100 to 120000 ms"));
    }
    change(|options| options.establish_timeout = Duration::from_millis(milliseconds.into()));
    Ok(())
}

/// Changes what is offered to servers, when the engine can do that.
fn change_offer(change: impl FnOnce(&mut Offer)) -> Result<()> {
    let mut options = OPTIONS.write().unwrap_or_else(PoisonError::into_inner);
    let mut offer = options.offer.clone();
    change(&mut offer);
    configuration::check_offer(&offer)?;
    options.offer = offer;
    Ok(())
}

/// Sets the oldest and the newest protocol version that is offered.
pub fn set_versions(oldest: Version, newest: Version) -> Result<()> {
    if oldest > newest {
        return Err(wrong("the oldest TLS version is newer than the newest"));
    }
    change_offer(|offer| offer.versions = (oldest, newest))
}

/// Sets the most plaintext in one record that is sent, within [`RECORD_SIZES`].
pub fn set_record_size(bytes: u32) -> Result<()> {
    let size = usize::try_from(bytes).ok().filter(|size| RECORD_SIZES.contains(size));
    let size = size.ok_or_else(|| wrong("the record size is 512 to 16384 bytes"))?;
    change_offer(|offer| offer.record_size = size)
}

/// Sets whether key exchange without forward secrecy is offered, too.
pub fn allow_rsa_key_exchange(allow: bool) -> Result<()> {
    change_offer(|offer| offer.rsa_key_exchange = allow)
}

/// Sets the key that takes the place of all certificates, or `None`.
pub fn set_pre_shared_key(key: Option<PreSharedKey>) -> Result<()> {
    change_offer(|offer| offer.pre_shared_key = key)
}

/// Adds trust anchors, PEM, to those of every later call. At least one must be usable.
pub fn add_anchors(pem: &[u8]) -> Result<()> {
    configuration::check_anchors(pem)?;
    let mut options = OPTIONS.write().unwrap_or_else(PoisonError::into_inner);
    if options.anchors.len() + pem.len() >= LONGEST_ANCHORS {
        return Err(wrong("additional trust anchors are limited to 256 KiB"));
    }
    options.anchors.extend_from_slice(pem);
    options.anchors.push(b'\n');
    Ok(())
}

/// Forgets the additional trust anchors.
pub fn clear_anchors() {
    change(|options| options.anchors = Vec::new());
}

/// Sets credentials in place of `g_cli_crt` and `g_cli_key`, or with `None` brings those back. They
/// are checked as for a connection; nothing changes when they cannot be used.
pub fn set_credentials(own: Option<OwnCredentials>) -> Result<()> {
    if let Some(own) = &own {
        let read = credentials::read(Some(&own.certificate), Some(&own.private_key))?;
        read.as_ref().map(configuration::check_credentials).transpose()?;
    }
    change(|options| options.credentials = own.map(Arc::new));
    Ok(())
}

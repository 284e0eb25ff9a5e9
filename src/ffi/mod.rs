//! The C boundary: the only room with `extern "C"`.
//!
//! Each export validates its arguments, calls safe code below, and turns what comes back into the
//! return value that callers of the Link SDK rely on. [`boundary`] contains panics.
#![deny(clippy::undocumented_unsafe_blocks)]

pub mod boundary;
pub mod config;
pub mod credentials;
#[cfg(feature = "sdk")]
pub mod device_model;
pub mod diagnostics;
#[cfg(feature = "sdk")]
pub mod events;
pub mod hal;
#[cfg(feature = "sdk")]
pub mod hooks;
#[cfg(feature = "mqtt")]
pub mod identity_store;
#[cfg(feature = "sdk")]
pub mod ioctl;
#[cfg(any(feature = "mqtt", feature = "engine-mbedtls"))]
mod kv;
#[cfg(all(feature = "mqtt", not(feature = "sdk")))]
mod link_sdk;
pub mod log;
#[cfg(feature = "mqtt")]
pub mod mqtt;
#[cfg(feature = "sdk")]
pub mod os;
#[cfg(feature = "sdk")]
mod own_sdk;
pub mod ptr;
pub mod session_store;
#[cfg(feature = "mqtt")]
pub mod settings;
#[cfg(feature = "sdk")]
pub mod sign;
#[cfg(feature = "mqtt")]
pub mod sign_types;
#[cfg(feature = "mqtt")]
pub mod surroundings;
pub mod time;

/// The rest of the SDK around the MQTT client: this library's own, or the one that the firmware links.
#[cfg(all(feature = "mqtt", not(feature = "sdk")))]
use link_sdk as sdk;
#[cfg(feature = "sdk")]
use own_sdk as sdk;

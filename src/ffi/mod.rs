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
#[cfg(feature = "sdk")]
pub mod ioctl;
pub mod log;
#[cfg(feature = "sdk")]
pub mod mqtt;
#[cfg(feature = "sdk")]
pub mod os;
pub mod ptr;
pub mod session_store;
#[cfg(feature = "sdk")]
pub mod settings;
#[cfg(feature = "sdk")]
pub mod sign;
#[cfg(feature = "sdk")]
pub mod surroundings;
pub mod time;

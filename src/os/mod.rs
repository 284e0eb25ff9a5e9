//! Everything that talks to the operating system. A port to another system changes this folder only.

#[cfg(feature = "sdk")]
pub mod clock;
pub mod dns;
#[cfg(feature = "mqtt")]
pub mod file;
#[cfg(feature = "engine-mbedtls")]
pub mod random;
#[cfg(feature = "sdk")]
pub mod sync;
#[cfg(not(loom))]
pub mod tcp;
#[cfg(loom)]
#[allow(missing_docs, reason = "a model for one test")]
#[allow(clippy::unwrap_used, reason = "a model for one test")]
#[path = "../../tests/checked/modelled_tcp.rs"]
pub mod tcp;
#[cfg(feature = "sdk")]
pub mod thread;

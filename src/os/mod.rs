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
pub mod tcp;
#[cfg(feature = "sdk")]
pub mod thread;

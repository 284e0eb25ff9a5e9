//! Everything that talks to the operating system. A port to another system changes this folder only.

#[cfg(feature = "sdk")]
pub mod clock;
#[cfg(feature = "sdk")]
pub mod sync;
#[cfg(feature = "sdk")]
pub mod thread;

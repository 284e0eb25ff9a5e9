//! Device-side security layer for Alibaba Cloud IoT, behind the C interface of the Link SDK for C.
//!
//! The crate is linked into C firmware as a static archive. [`ffi`] is the only room with
//! `extern "C"` functions; everything below it is ordinary Rust that knows nothing of C.
//! `docs/architecture.md` shows the rooms and who may import whom.

// A number that C or the network gave must not become another one silently. Tests may cast.
#![cfg_attr(
    not(test),
    deny(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss
    )
)]

#[cfg(not(any(feature = "engine-rustls", feature = "engine-mbedtls")))]
compile_error!(
    "choose a TLS engine: build with the Cargo feature `engine-rustls` or `engine-mbedtls`"
);

// Falling back from one engine to the other at run time would be a way to downgrade security.
#[cfg(all(feature = "engine-rustls", feature = "engine-mbedtls"))]
compile_error!(
    "choose one TLS engine: `engine-rustls` and `engine-mbedtls` exclude each other; build with \
     --no-default-features"
);

#[cfg(not(feature = "hal"))]
compile_error!("choose a link profile: build with the Cargo feature `hal`, `mqtt` or `sdk`");

// The helpers in tests/support name the crate as programs outside it do.
#[cfg(test)]
extern crate self as linksdk_hal;

pub mod deadline;
pub mod error;
pub mod handle;
pub mod lock;
pub mod log;
pub mod os;
pub mod state;
pub mod tls;

#[cfg(feature = "mqtt")]
pub mod device;
#[cfg(feature = "sdk")]
pub mod event;
#[cfg(feature = "sdk")]
pub mod firmware;
#[cfg(feature = "mqtt")]
pub mod identity;
#[cfg(feature = "mqtt")]
pub mod mqtt;
#[cfg(feature = "mqtt")]
pub mod persistence;

// What C sees is global and made before the program starts; loom's locks cannot be.
#[cfg(not(loom))]
pub mod ffi;

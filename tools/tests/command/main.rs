//! The whole command, run as a person runs it: certificates, simulator, embedding.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod control;
mod device;
mod embed;
mod flow;
mod folder;
mod pki;
mod refusals;
mod simulator;

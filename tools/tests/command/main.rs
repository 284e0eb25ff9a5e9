//! The whole command, run as a person runs it: certificates, simulator, embedding.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod check;
mod check_connect;
mod check_keys;
mod check_source;
mod control;
mod device;
mod document;
mod embed;
mod flow;
mod folder;
mod manual;
mod pki;
mod refusals;
mod simulator;
mod terminal;

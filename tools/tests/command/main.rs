//! The whole command, run as a person runs it: certificates, simulator, embedding.

mod control;
mod device;
mod embed;
mod flow;
mod folder;
mod pki;
mod refusals;
mod simulator;

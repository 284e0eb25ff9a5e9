//! The MQTT 3.1.1 client behind `IOT_MQTT_*`.
//!
//! The client knows no TLS and no C: bytes go through a [`Transport`] that a [`Connector`] makes,
//! and what the firmware is told goes through [`Surroundings`]. So it is tested byte by byte.
#![forbid(unsafe_code)]

pub mod client;
pub mod codec;
pub mod connect;
pub mod framing;
pub mod retry;
pub mod topic;

mod cycle;
mod gate;
mod link;
mod publish;
mod receive;
mod reconnect;
mod send;
mod start;
mod state;
mod subscribe;

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::state::Group;
use std::sync::Arc;

/// A connected byte stream with deadlines. One reader and any number of writers may use it at the
/// same time; `close` may come from any thread and wakes them.
pub trait Transport: Send + Sync {
    /// Reads what is there, waiting until `deadline` for the first byte. `Ok(0)`: nothing arrived
    /// in time. An error is final.
    fn read(&self, buffer: &mut [u8], deadline: Deadline) -> Result<usize>;
    /// Writes until everything is accepted or `deadline` passes; returns how much was accepted.
    /// An error is final.
    fn write(&self, bytes: &[u8], deadline: Deadline) -> Result<usize>;
    /// Ends the connection. Calls that wait return an error.
    fn close(&self);
    /// State codes and texts that the firmware should hear of now that the connection is up.
    fn warnings(&self) -> Vec<(i32, String)> {
        Vec::new()
    }
}

/// Makes connections to the one server that the client was constructed for.
pub trait Connector: Send + Sync {
    /// Connects within `deadline`.
    fn connect(&self, deadline: Deadline) -> std::result::Result<Arc<dyn Transport>, Error>;
}

/// A function of the firmware and its context, as two numbers: the client compares and hands them
/// on, only the C boundary knows how to call them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handler {
    /// The address of the function; not 0.
    pub function: usize,
    /// What the function gets as its context.
    pub context: usize,
}

/// What a [`Handler`] is told. The numbers are packet identifiers.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The connection was lost.
    Disconnected,
    /// The client has connected again.
    Reconnected,
    /// The server accepted a subscription.
    SubscribeSuccess(u16),
    /// The server did not answer a SUBSCRIBE in time.
    SubscribeTimeout(u16),
    /// The server refused a subscription, which is gone.
    SubscribeRefused(u16),
    /// The server confirmed the end of a subscription.
    UnsubscribeSuccess(u16),
    /// The server did not answer an UNSUBSCRIBE in time.
    UnsubscribeTimeout(u16),
    /// The server has taken over a QoS 1 message.
    PublishSuccess(u16),
    /// A message arrived.
    Received(&'a codec::Message),
    /// A packet larger than the read buffer was passed over.
    Oversized,
}

/// What the client needs from the rest of the SDK: the registry, the device's data, and the way to
/// the firmware's functions. All calls are made with no lock of the client held, and may call back
/// into the client.
pub trait Surroundings: Send + Sync {
    /// Raises a state event. The message is not cut here.
    fn state_event(&self, group: Group, code: i32, message: &str);
    /// Logs and raises why a connection could not be established.
    fn connection_failed(&self, error: &Error);
    /// The first connection is up (`ITE_MQTT_CONNECT_SUCC`).
    fn connected(&self);
    /// ProductKey and DeviceName as they are now; either may be empty.
    fn identity(&self) -> Identity;
    /// A valid identity arrived: both values are taken over together, then the callback of
    /// `ITE_IDENTITY_RESPONSE` gets `payload` as a C string. `payload` holds no NUL.
    fn identity_arrived(&self, identity: &Identity, payload: &[u8]);
    /// Forgets an identity that was stored at an earlier start and that the server refused.
    fn forget_identity(&self);
    /// Who the device says it is, computed from its data as they are now. `None` when they cannot be
    /// used.
    fn login(&self) -> Option<connect::Login>;
    /// What `HAL_GetFirmwareVersion` says, for the version report; `None` when it says nothing.
    fn firmware_version(&self) -> Option<String>;
    /// The module name set through `IOT_Ioctl`; empty when none is set.
    fn module(&self) -> String;
    /// Calls a function of the firmware.
    fn deliver(&self, handler: Handler, event: &Event<'_>);
}

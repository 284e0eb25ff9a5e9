//! What the MQTT client needs from the rest of the SDK: the registry, the device's data, TLS
//! connections; and the way from an event to the firmware's function.

use super::settings::GivenLogin;
use super::{diagnostics, hal, ptr, sdk};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::mqtt::codec::Message;
use crate::mqtt::connect::Login;
use crate::mqtt::{Connector, Event, Handler, Surroundings, Transport};
use crate::persistence;
use crate::state::{self, Group};
use crate::tls::session::Connection;
use libc::{c_char, c_int, c_void};
use std::sync::Arc;

/// The longest bundle of root certificates behind `iotx_ca_crt`, in bytes.
const LONGEST_BUNDLE: usize = 1024 * 1024;

unsafe extern "C" {
    static mut iotx_ca_crt: *const c_char;
}

/// `iotx_mqtt_topic_info_t` of the Link SDK.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct TopicInfo {
    /// Packet identifier of QoS 1.
    pub packet_id: u16,
    /// 0 or 1.
    pub qos: u8,
    /// 1: sent before.
    pub dup: u8,
    /// 1: kept by the server.
    pub retain: u8,
    /// Bytes of the topic.
    pub topic_len: u16,
    /// Bytes of the payload.
    pub payload_len: u32,
    /// The topic.
    pub topic: *const c_char,
    /// The payload.
    pub payload: *const c_char,
}

/// `iotx_mqtt_event_msg_t` of the Link SDK.
#[repr(C)]
pub struct EventMessage {
    event_type: c_int,
    msg: *mut c_void,
}

/// `iotx_mqtt_event_handle_func_fpt` of the Link SDK.
pub type EventFunction =
    unsafe extern "C" fn(context: *mut c_void, client: *mut c_void, message: *mut EventMessage);

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<TopicInfo>() == 32);
    assert!(std::mem::offset_of!(TopicInfo, topic_len) == 6);
    assert!(std::mem::offset_of!(TopicInfo, payload_len) == 8);
    assert!(std::mem::offset_of!(TopicInfo, topic) == 16);
    assert!(std::mem::offset_of!(TopicInfo, payload) == 24);
    assert!(size_of::<EventMessage>() == 16);
};

/// A function of the firmware and its context in the form that the client carries.
pub(super) fn handler(function: EventFunction, context: *mut c_void) -> Handler {
    Handler { function: function as usize, context: context as usize }
}

/// The SDK around one client, whose handle the firmware's functions get.
pub(super) struct Sdk {
    pub(super) client: usize,
    pub(super) login: GivenLogin,
}

impl Surroundings for Sdk {
    fn state_event(&self, group: Group, code: i32, message: &str) {
        state::raise(group, code, message);
    }

    fn connection_failed(&self, error: &Error) {
        state::raise(Group::SysDepend, error.kind().state_code(), error.brief());
    }

    fn connected(&self) {
        sdk::mqtt_connect_succ();
    }

    fn identity(&self) -> Identity {
        sdk::identity()
    }

    fn identity_arrived(&self, identity: &Identity, payload: &[u8]) {
        if sdk::set_identity(identity) {
            persistence::keep(identity);
        }
        sdk::identity_response(payload);
    }

    fn forget_identity(&self) {
        persistence::forget();
        sdk::set_identity(&Identity::default());
    }

    fn login(&self) -> Option<Login> {
        self.login.sign().ok().map(|signed| signed.login)
    }

    fn firmware_version(&self) -> Option<String> {
        Some(sdk::firmware_version()).filter(|version| !version.is_empty())
    }

    fn module(&self) -> String {
        sdk::module()
    }

    fn deliver(&self, handler: Handler, event: &Event<'_>) {
        let number = |packet_id: u16| usize::from(packet_id) as *mut c_void;
        let (event_type, msg) = match event {
            Event::Disconnected => (1, std::ptr::null_mut()),
            Event::Reconnected => (2, std::ptr::null_mut()),
            Event::SubscribeSuccess(packet_id) => (3, number(*packet_id)),
            Event::SubscribeTimeout(packet_id) => (4, number(*packet_id)),
            Event::SubscribeRefused(packet_id) => (5, number(*packet_id)),
            Event::UnsubscribeSuccess(packet_id) => (6, number(*packet_id)),
            Event::UnsubscribeTimeout(packet_id) => (7, number(*packet_id)),
            Event::PublishSuccess(packet_id) => (9, number(*packet_id)),
            Event::Received(message) => return self.deliver_message(handler, message),
            Event::Oversized => {
                (13, c"mqtt read buffer is too short".as_ptr().cast_mut().cast::<c_void>())
            }
        };
        self.call(handler, EventMessage { event_type, msg });
    }
}

impl Sdk {
    /// The firmware gets copies with a NUL behind them: code that takes topic or payload for C
    /// strings, as examples do, stays within them.
    fn deliver_message(&self, handler: Handler, message: &Message) {
        let terminated = |bytes: &[u8]| [bytes, &[0]].concat();
        let topic = terminated(message.topic.as_bytes());
        let payload = terminated(&message.payload);
        let mut info = TopicInfo {
            packet_id: message.packet_id.unwrap_or(0),
            qos: u8::from(message.packet_id.is_some()),
            dup: u8::from(message.dup),
            retain: u8::from(message.retain),
            topic_len: u16::try_from(message.topic.len()).unwrap_or(u16::MAX),
            payload_len: u32::try_from(message.payload.len()).unwrap_or(u32::MAX),
            topic: topic.as_ptr().cast(),
            payload: payload.as_ptr().cast(),
        };
        let msg = std::ptr::from_mut(&mut info).cast();
        self.call(handler, EventMessage { event_type: 12, msg });
    }

    fn call(&self, handler: Handler, mut message: EventMessage) {
        let function = handler.function as *const ();
        // SAFETY: every handler is made by `handler` above from a function of exactly this type,
        // and function pointers and data pointers have the same size on all supported targets.
        let function = unsafe { std::mem::transmute::<*const (), EventFunction>(function) };
        let (context, client) = (handler.context as *mut c_void, self.client as *mut c_void);
        // SAFETY: the firmware promised that the function stays callable with its context; what
        // `message` points to lives until the call returns.
        unsafe { function(context, client, &mut message) };
    }
}

/// Connects to the one server of a client, with the device's credentials and the root certificates
/// as they are at each attempt.
pub(super) struct Platform {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Connector for Platform {
    fn connect(&self, deadline: Deadline) -> Result<Arc<dyn Transport>> {
        // SAFETY: reading the pointer itself; the C shim or the firmware defines it, and the
        // header asks the firmware not to assign it while a connection is being established.
        let roots = unsafe { iotx_ca_crt };
        // SAFETY: the header asks for NULL or a C string that stays valid; it is copied.
        let roots = unsafe { ptr::bytes(roots, LONGEST_BUNDLE) }.unwrap_or_default();
        let target = hal::device_target(&self.host, self.port, roots);
        let result = Connection::establish(&target, deadline);
        diagnostics::remember_attempt(&result);
        let connection = result?;
        diagnostics::remember_mqtt(&connection);
        Ok(Arc::new(TlsTransport(connection)))
    }
}

struct TlsTransport(Arc<Connection>);

impl Transport for TlsTransport {
    fn read(&self, buffer: &mut [u8], deadline: Deadline) -> Result<usize> {
        self.0.read_available(buffer, deadline)
    }

    fn write(&self, bytes: &[u8], deadline: Deadline) -> Result<usize> {
        self.0.write(bytes, deadline)
    }

    fn close(&self) {
        self.0.destroy();
    }

    fn warnings(&self) -> Vec<(i32, String)> {
        let texts = self.0.expiring().iter().cloned();
        texts.map(|text| (state::TLS_CERTIFICATE_EXPIRES, text)).collect()
    }
}

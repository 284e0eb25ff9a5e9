//! State codes: what the firmware's `ITE_STATE_*` handlers are told.
//!
//! The codes down to -0x09FF are the Link SDK's own (its `infra_state.h`). The conditions that the
//! SDK has no code for use -0x0F01 and below, a range that no SDK version up to 3.2.0 touches.
#![forbid(unsafe_code)]

use std::sync::OnceLock;

/// The registry slot that a state event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// `ITE_STATE_USER_INPUT`
    UserInput,
    /// `ITE_STATE_SYS_DEPEND`
    SysDepend,
    /// `ITE_STATE_MQTT_COMM`
    MqttComm,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $value:expr;)*) => {
        $($(#[$doc])* pub const $name: i32 = $value;)*
        /// Every code with its name, for documentation and tests.
        pub const ALL: &[(&str, i32)] = &[$((stringify!($name), $name)),*];
    };
}

codes! {
    /// Done as asked.
    SUCCESS = 0;

    /// A value of the caller is outside its range.
    USER_INPUT_OUT_RANGE = -0x0102;
    /// The ProductKey is not acceptable.
    USER_INPUT_PK = -0x0103;
    /// The DeviceName is not acceptable.
    USER_INPUT_DN = -0x0105;
    /// The DeviceSecret is not acceptable.
    USER_INPUT_DS = -0x0106;
    /// No MQTT host is known for the chosen region.
    USER_INPUT_MQTT_DOMAIN = -0x0108;
    /// An argument is NULL, empty or otherwise not usable.
    USER_INPUT_INVALID = -0x0113;

    /// Memory could not be allocated.
    SYS_DEPEND_MALLOC = -0x0201;
    /// The connection is closed, or could not be established.
    SYS_DEPEND_NWK_CLOSE = -0x0208;
    /// The handle names no connection.
    SYS_DEPEND_NWK_INVALID_HANDLE = -0x020A;

    /// CONNACK 1: the server does not accept the protocol version.
    MQTT_CONNACK_VERSION_UNACCEPT = -0x0301;
    /// CONNACK 2: the server refuses the client identifier.
    MQTT_CONNACK_IDENT_REJECT = -0x0302;
    /// CONNACK 3: the service is unavailable.
    MQTT_CONNACK_SERVICE_NA = -0x0303;
    /// CONNACK 5: the device is not authorised.
    MQTT_CONNACK_NOT_AUTHORIZED = -0x0304;
    /// CONNACK 4: user name or password is malformed or wrong.
    MQTT_CONNACK_BAD_USERDATA = -0x0305;
    /// The host name does not fit its field.
    MQTT_SIGN_HOSTNAME_BUF_SHORT = -0x0307;
    /// The user name does not fit its field.
    MQTT_SIGN_USERNAME_BUF_SHORT = -0x0308;
    /// The client identifier does not fit its field.
    MQTT_SIGN_CLIENTID_BUF_SHORT = -0x0309;
    /// The client could not be set up.
    MQTT_WRAPPER_INIT_FAIL = -0x030B;
    /// A PUBLISH could not be encoded within the write buffer.
    MQTT_SERIALIZE_PUB_ERROR = -0x0311;
    /// CONNACK is malformed.
    MQTT_DESERIALIZE_CONNACK_ERROR = -0x0312;
    /// SUBACK is malformed.
    MQTT_DESERIALIZE_SUBACK_ERROR = -0x0313;
    /// PUBLISH is malformed.
    MQTT_DESERIALIZE_PUB_ERROR = -0x0314;
    /// UNSUBACK is malformed.
    MQTT_DESERIALIZE_UNSUBACK_ERROR = -0x0315;
    /// A packet could not be read, or is malformed.
    MQTT_PACKET_READ_ERROR = -0x0316;
    /// CONNACK carries a return code that MQTT 3.1.1 does not define.
    MQTT_CONNACK_UNKNOWN_ERROR = -0x0317;
    /// A packet is larger than the read buffer; it was skipped.
    MQTT_RX_BUFFER_TOO_SHORT = -0x0318;
    /// A packet is larger than the write buffer.
    MQTT_TX_BUFFER_TOO_SHORT = -0x0319;
    /// A topic is longer than 128 characters.
    MQTT_TOPIC_BUF_TOO_SHORT = -0x031A;
    /// Every attempt to connect failed.
    MQTT_CONN_RETRY_EXCEED_MAX = -0x031B;
    /// Ten QoS 1 messages already wait for their PUBACK.
    MQTT_QOS1_REPUB_EXCEED_MAX = -0x031C;
    /// The platform carries no QoS above 1.
    MQTT_PUB_QOS_INVALID = -0x031D;
    /// The client is not connected.
    MQTT_IN_OFFLINE_STATUS = -0x031E;
    /// The server sent a packet of a type that it may not send.
    MQTT_RECV_UNKNOWN_PACKET = -0x031F;
    /// Too many subscriptions wait for their answers.
    MQTT_SUB_EXCEED_MAX = -0x0321;
    /// A topic is not well formed.
    MQTT_UNEXP_TOPIC_FORMAT = -0x0322;
    /// SUBACK did not arrive in time.
    MQTT_SYNC_SUB_TIMEOUT = -0x0323;
    /// Informational: with what the client connects.
    MQTT_CONN_USER_INFO = -0x0327;
    /// Informational: a subscription or its end.
    MQTT_SUB_INFO = -0x0328;
    /// Informational: a publication and its result.
    MQTT_PUB_INFO = -0x0329;

    /// No device certificate was found: the connection authenticates the server only.
    TLS_NO_DEVICE_CERTIFICATE = -0x0F01;
    /// The device certificate or key cannot be used.
    TLS_DEVICE_CREDENTIALS = -0x0F02;
    /// The device certificate and the key do not belong together, or one of them is missing.
    TLS_CREDENTIALS_MISMATCH = -0x0F03;
    /// The device certificate has expired or is not valid yet.
    TLS_DEVICE_CERTIFICATE_DATES = -0x0F04;
    /// No usable trust anchor was given.
    TLS_TRUST_ANCHORS = -0x0F05;
    /// The server's certificate was not accepted: chain, name, dates or use.
    TLS_SERVER_CERTIFICATE = -0x0F06;
    /// The server refused the device's certificate.
    TLS_DEVICE_CERTIFICATE_REFUSED = -0x0F07;
    /// The TLS handshake failed for another reason.
    TLS_HANDSHAKE = -0x0F08;
    /// The host name could not be resolved.
    NETWORK_DNS = -0x0F09;
    /// No address of the host accepted a TCP connection.
    NETWORK_CONNECT = -0x0F0A;
    /// The deadline passed before the connection was ready.
    NETWORK_DEADLINE = -0x0F0B;
    /// The peer broke the TLS protocol on an established connection.
    TLS_PROTOCOL = -0x0F0C;
    /// A certificate that the connection rests on ends within 30 days.
    TLS_CERTIFICATE_EXPIRES = -0x0F0D;
    /// The TLS engine of this build cannot do what was asked for.
    TLS_UNSUPPORTED = -0x0F0E;
    /// A message on the identity topic was not valid; nothing was changed.
    IDENTITY_INVALID = -0x0F10;
    /// The platform did not push an identity in time.
    IDENTITY_TIMEOUT = -0x0F11;
    /// A packet from the server breaks MQTT 3.1.1; the connection was closed.
    MQTT_PROTOCOL = -0x0F12;
    /// Informational: how long the client waits before it tries to connect again.
    MQTT_RECONNECT_WAIT = -0x0F13;
}

/// Receives each state event: slot, code and message.
pub type Sink = fn(Group, i32, &str);

static SINK: OnceLock<Sink> = OnceLock::new();

/// Sets the receiver of state events. Only the first call has an effect: which registry a build
/// reports to does not change while it runs.
pub fn set_sink(sink: Sink) {
    let _ = SINK.set(sink);
}

/// Raises a state event. Without a receiver (profile `hal`) nothing happens. The caller holds no
/// lock: the receiver runs the firmware's handlers.
pub fn raise(group: Group, code: i32, message: &str) {
    if let Some(sink) = SINK.get() {
        sink(group, code, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_ours_are_in_their_range() {
        for (i, (name, code)) in ALL.iter().enumerate() {
            assert!(*code <= 0 && *code >= -0x0fff, "{name}");
            assert!(*code > -0x0a00 || *code <= -0x0f01, "{name}");
            assert!(ALL.iter().skip(i + 1).all(|(_, other)| other != code), "{name} is not unique");
        }
    }
}

//! One connection to the server: from the transport to CONNACK.
#![forbid(unsafe_code)]

use super::client::Settings;
use super::codec::{self, ConnectFields, Incoming, Malformed};
use super::connect::Login;
use super::framing::{Frame, Framer};
use super::{Connector, Transport};
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind};
use crate::state;
use std::sync::Arc;

/// A connection that the server has accepted.
pub(super) struct Link {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) framer: Framer,
    /// What arrived behind CONNACK and was not looked at yet.
    pub(super) input: Vec<u8>,
    pub(super) session_present: bool,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum LinkError {
    /// TCP or TLS failed, or the connection ended before CONNACK.
    Network(Error),
    /// CONNECT cannot be encoded: a string is too long.
    NotEncodable,
    /// The server refused with this CONNACK return code.
    Refused(u8),
    /// The server answered with something that is not CONNACK, or is malformed.
    Malformed(Malformed),
    /// The server did not answer CONNECT in time.
    NoAnswer,
}

impl LinkError {
    /// The Link SDK's state code.
    pub(super) fn code(&self) -> i32 {
        match self {
            Self::Network(_) | Self::NoAnswer => state::SYS_DEPEND_NWK_CLOSE,
            Self::NotEncodable => state::USER_INPUT_INVALID,
            Self::Refused(1) => state::MQTT_CONNACK_VERSION_UNACCEPT,
            Self::Refused(2) => state::MQTT_CONNACK_IDENT_REJECT,
            Self::Refused(3) => state::MQTT_CONNACK_SERVICE_NA,
            Self::Refused(4) => state::MQTT_CONNACK_BAD_USERDATA,
            Self::Refused(5) => state::MQTT_CONNACK_NOT_AUTHORIZED,
            Self::Refused(_) => state::MQTT_CONNACK_UNKNOWN_ERROR,
            Self::Malformed(malformed) => malformed.code,
        }
    }

    /// What happened, as a clause.
    pub(super) fn clause(&self) -> String {
        match self {
            Self::Network(error) => error.detail().to_owned(),
            Self::NotEncodable => "client id, user name or password is too long".to_owned(),
            Self::Refused(1) => "CONNACK 1: protocol version not accepted".to_owned(),
            Self::Refused(2) => "CONNACK 2: client identifier refused".to_owned(),
            Self::Refused(3) => "CONNACK 3: service unavailable".to_owned(),
            Self::Refused(4) => "CONNACK 4: user name or password malformed".to_owned(),
            Self::Refused(5) => "CONNACK 5: device not authorised".to_owned(),
            Self::Refused(code) => format!("CONNACK {code}: refused"),
            Self::Malformed(malformed) => malformed.reason.clone(),
            Self::NoAnswer => "no CONNACK in time".to_owned(),
        }
    }

    /// Whether the server has judged the device itself, so that the next attempt can wait.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(2 | 4 | 5))
    }

    /// Whether another attempt with the same settings cannot end better.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Network(error) => matches!(
                error.kind(),
                ErrorKind::InvalidArgument
                    | ErrorKind::Unsupported
                    | ErrorKind::TrustAnchors
                    | ErrorKind::Credentials
                    | ErrorKind::CredentialsMismatch
                    | ErrorKind::DeviceCertificateDates
                    | ErrorKind::ServerCertificate
                    | ErrorKind::DeviceCertificateRefused
            ),
            Self::NotEncodable | Self::Refused(_) => true,
            Self::Malformed(_) | Self::NoAnswer => false,
        }
    }
}

/// An attempt that ended with a panic.
pub(super) fn contained() -> LinkError {
    LinkError::Network(Error::new(ErrorKind::Internal, "an internal error while connecting"))
}

/// Connects, sends CONNECT and waits for CONNACK. `connecting` bounds TCP and TLS; the answer to
/// CONNECT may take the settings' request timeout on top.
pub(super) fn open(
    settings: &Settings,
    login: &Login,
    connector: &dyn Connector,
    connecting: Deadline,
) -> Result<Link, LinkError> {
    let connect = codec::connect(&ConnectFields {
        client_id: &login.client_id,
        user_name: &login.user_name,
        password: &login.password,
        keep_alive: settings.keep_alive_on_wire,
        clean_session: settings.clean_session,
    })
    .map_err(|_| LinkError::NotEncodable)?;
    let transport = connector.connect(connecting).map_err(LinkError::Network)?;
    let link = exchange(settings, &transport, &connect);
    if link.is_err() {
        transport.close();
    }
    link
}

fn exchange(
    settings: &Settings,
    transport: &Arc<dyn Transport>,
    connect: &[u8],
) -> Result<Link, LinkError> {
    let deadline = Deadline::after(settings.request_timeout);
    let mut sent = 0;
    while let Some(rest) = connect.get(sent..).filter(|rest| !rest.is_empty()) {
        match transport.write(rest, deadline).map_err(LinkError::Network)? {
            0 if deadline.is_over() => return Err(LinkError::NoAnswer),
            n => sent += n,
        }
    }
    let mut framer = Framer::new(settings.read_buffer);
    let mut buffer = [0; 256];
    loop {
        let arrived = transport.read(&mut buffer, deadline).map_err(LinkError::Network)?;
        let mut input = buffer.get(..arrived).unwrap_or_default();
        let frame = framer.next(&mut input).map_err(|e| LinkError::Malformed(e.into()))?;
        match frame {
            None if deadline.is_over() => return Err(LinkError::NoAnswer),
            None => {}
            Some(frame) => {
                let session_present = accepted(&frame)?;
                let input = input.to_vec();
                return Ok(Link {
                    transport: Arc::clone(transport),
                    framer,
                    input,
                    session_present,
                });
            }
        }
    }
}

/// Whether the server has kept a session, if `frame` accepts the connection.
fn accepted(frame: &Frame) -> Result<bool, LinkError> {
    let other = |reason: &str| {
        let reason = reason.to_owned();
        LinkError::Malformed(Malformed { code: state::MQTT_PROTOCOL, reason })
    };
    let Frame::Packet { bytes, body } = frame else {
        return Err(other("the first packet is not CONNACK"));
    };
    match codec::decode(bytes, *body).map_err(LinkError::Malformed)? {
        Incoming::ConnAck { code: 0, session_present } => Ok(session_present),
        Incoming::ConnAck { code, .. } => Err(LinkError::Refused(code)),
        _ => Err(other("the first packet is not CONNACK")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_code_and_its_words() {
        let malformed = Malformed { code: state::MQTT_PROTOCOL, reason: "a reason".to_owned() };
        for (error, code, clause, refusal, is_final) in [
            (LinkError::Refused(1), state::MQTT_CONNACK_VERSION_UNACCEPT, "version", false, true),
            (LinkError::Refused(2), state::MQTT_CONNACK_IDENT_REJECT, "identifier", true, true),
            (LinkError::Refused(3), state::MQTT_CONNACK_SERVICE_NA, "unavailable", false, true),
            (LinkError::Refused(4), state::MQTT_CONNACK_BAD_USERDATA, "malformed", true, true),
            (LinkError::Refused(5), state::MQTT_CONNACK_NOT_AUTHORIZED, "authorised", true, true),
            (LinkError::Refused(9), state::MQTT_CONNACK_UNKNOWN_ERROR, "CONNACK 9", false, true),
            (LinkError::NotEncodable, state::USER_INPUT_INVALID, "too long", false, true),
            (LinkError::NoAnswer, state::SYS_DEPEND_NWK_CLOSE, "no CONNACK", false, false),
            (LinkError::Malformed(malformed), state::MQTT_PROTOCOL, "a reason", false, false),
            (contained(), state::SYS_DEPEND_NWK_CLOSE, "an internal error", false, false),
        ] {
            assert_eq!(error.code(), code, "{error:?}");
            assert!(error.clause().contains(clause), "{error:?}");
            assert_eq!((error.is_refusal(), error.is_final()), (refusal, is_final), "{error:?}");
        }
    }
}

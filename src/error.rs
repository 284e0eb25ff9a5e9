//! The one error type: what failed, what came back, what to check.
#![forbid(unsafe_code)]

use crate::state;
use std::fmt;

/// What failed, as the firmware can tell it apart. Each kind has a state code and a sentence that
/// says what to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument of the call cannot be used.
    InvalidArgument,
    /// The handle is 0, stale or forged.
    InvalidHandle,
    /// The CA bundle holds no usable certificate.
    TrustAnchors,
    /// The device certificate or key cannot be read, or is of an unsupported type.
    Credentials,
    /// Certificate and key do not belong together, or one of them is missing.
    CredentialsMismatch,
    /// The device certificate has expired or is not valid yet.
    DeviceCertificateDates,
    /// The host name could not be resolved.
    Dns,
    /// No address accepted a TCP connection.
    Connect,
    /// The deadline passed.
    Deadline,
    /// The server's certificate was not accepted.
    ServerCertificate,
    /// The server refused the device's certificate.
    DeviceCertificateRefused,
    /// The handshake failed for another reason.
    Handshake,
    /// The peer broke the TLS protocol after the handshake.
    Protocol,
    /// The connection ended without close_notify, or the operating system reported an error.
    ConnectionLost,
    /// The peer ended the connection with close_notify.
    PeerClosed,
    /// The firmware destroyed the connection.
    Destroyed,
    /// The engine of this build cannot do what was asked for.
    Unsupported,
    /// Functions of the firmware that were asked for are not linked.
    NotLinked,
    /// Randomness, memory or threads could not be had from the operating system.
    System,
    /// A bug in this library was contained at its boundary.
    Internal,
}

impl ErrorKind {
    /// The code given to the `ITE_STATE_*` handlers.
    pub fn state_code(self) -> i32 {
        match self {
            Self::InvalidArgument => state::USER_INPUT_INVALID,
            Self::InvalidHandle => state::SYS_DEPEND_NWK_INVALID_HANDLE,
            Self::TrustAnchors => state::TLS_TRUST_ANCHORS,
            Self::Credentials => state::TLS_DEVICE_CREDENTIALS,
            Self::CredentialsMismatch => state::TLS_CREDENTIALS_MISMATCH,
            Self::DeviceCertificateDates => state::TLS_DEVICE_CERTIFICATE_DATES,
            Self::Dns => state::NETWORK_DNS,
            Self::Connect => state::NETWORK_CONNECT,
            Self::Deadline => state::NETWORK_DEADLINE,
            Self::ServerCertificate => state::TLS_SERVER_CERTIFICATE,
            Self::DeviceCertificateRefused => state::TLS_DEVICE_CERTIFICATE_REFUSED,
            Self::Handshake => state::TLS_HANDSHAKE,
            Self::Protocol => state::TLS_PROTOCOL,
            Self::ConnectionLost | Self::PeerClosed | Self::Destroyed => {
                state::SYS_DEPEND_NWK_CLOSE
            }
            Self::Unsupported | Self::NotLinked => state::TLS_UNSUPPORTED,
            Self::System | Self::Internal => state::SYS_DEPEND_MALLOC,
        }
    }

    /// What the person on the bench should check, a sentence without a full stop.
    pub fn advice(self) -> &'static str {
        match self {
            Self::InvalidArgument => "check the arguments against linksdk_hal.h",
            Self::InvalidHandle => {
                "use a handle that HAL_SSL_Establish returned and that was not destroyed"
            }
            Self::TrustAnchors => "pass the platform's root certificates in PEM form as ca_crt",
            Self::Credentials => {
                "check g_cli_crt and g_cli_key: PEM, RSA or ECDSA, key not encrypted"
            }
            Self::CredentialsMismatch => {
                "g_cli_crt and g_cli_key must both be set and come from the same device"
            }
            Self::DeviceCertificateDates => {
                "check the device's clock, then the certificate's validity"
            }
            Self::Dns => "check the host name and the device's DNS servers",
            Self::Connect => "check the address, the port and any firewall in between",
            Self::Deadline => "check the network; the peer did not answer in time",
            Self::ServerCertificate => {
                "check ca_crt, the host name that is dialled and the device's clock"
            }
            Self::DeviceCertificateRefused => {
                "check that a certificate is set, and that it is registered and enabled on the platform"
            }
            Self::Handshake => "check that host and port belong to a TLS 1.2 or 1.3 server",
            Self::Protocol => "something between device and server alters the connection",
            Self::ConnectionLost => "reconnect; check the network if it repeats",
            Self::PeerClosed => "reconnect; the server ended the connection",
            Self::Destroyed => "the firmware destroyed this connection",
            Self::Unsupported => "build with the other TLS engine; docs/engines.md compares them",
            Self::NotLinked => {
                "link them; out of an archive the linker takes them only with -Wl,-u,HAL_Kv_Get"
            }
            Self::System => "check memory, descriptors and /dev/urandom",
            Self::Internal => "report this as a bug of linksdk-hal",
        }
    }
}

/// An error: its kind and one clause that says what was attempted and what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    detail: String,
}

impl Error {
    /// An error of `kind`; `detail` names what was attempted and what came back, without secrets.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// What failed.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What came back, in words that make sense within the 63 characters of a state message.
    pub fn brief(&self) -> &str {
        // Details lead from the general to the particular; where they are long, the particular is
        // what the firmware does not know yet.
        match self.detail.split_once(": ") {
            Some((_, particular)) if self.detail.len() > 63 => particular,
            _ => &self.detail,
        }
    }

    /// What was attempted and what came back.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.detail, self.kind.advice())
    }
}

impl std::error::Error for Error {}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

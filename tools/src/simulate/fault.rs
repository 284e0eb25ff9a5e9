//! Ending a connection on purpose: where in its life, and how.

use super::link::End;

/// Where in the life of a connection the platform ends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// After so many bytes of the platform's side of the TLS handshake.
    Bytes(usize),
    /// After the TLS handshake.
    Handshake,
    /// When CONNECT has arrived, unanswered.
    Connect,
    /// After CONNACK.
    Connack,
    /// When SUBSCRIBE has arrived, unanswered.
    Subscribe,
    /// When PUBLISH has arrived, unanswered.
    Publish,
    /// When PINGREQ has arrived, unanswered.
    Ping,
}

/// How the platform drops a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Manner {
    /// It ends the connection.
    End(End),
    /// It sends FIN and goes on reading.
    HalfClose,
    /// It says nothing any more, and keeps the connection.
    Stall,
}

impl Manner {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::End(how) => how.name(),
            Self::HalfClose => "half_close",
            Self::Stall => "stall",
        }
    }
}

/// What to do once, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    pub(crate) stage: Stage,
    pub(crate) manner: Manner,
}

/// What the control command says that takes one.
pub(crate) const USAGE: &str = "drop takes a stage (handshake, connect, connack, subscribe, publish, \
                                ping, or a number of bytes of the handshake) and how: fin, rst, \
                                close-notify, half-close or stall";

impl Fault {
    /// Reads `STAGE HOW`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (stage, manner) = text.trim().split_once(' ')?;
        let stage = match stage {
            "handshake" => Stage::Handshake,
            "connect" => Stage::Connect,
            "connack" => Stage::Connack,
            "subscribe" => Stage::Subscribe,
            "publish" => Stage::Publish,
            "ping" => Stage::Ping,
            bytes => Stage::Bytes(bytes.parse().ok()?),
        };
        let manner = match manner {
            "fin" => Manner::End(End::Fin),
            "rst" => Manner::End(End::Reset),
            "close-notify" => Manner::End(End::CloseNotify),
            "half-close" => Manner::HalfClose,
            "stall" => Manner::Stall,
            _ => return None,
        };
        Some(Self { stage, manner })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_and_manners_are_read() {
        let fault = Fault::parse("connect rst").unwrap();
        assert_eq!((fault.stage, fault.manner), (Stage::Connect, Manner::End(End::Reset)));
        let fault = Fault::parse("0 stall").unwrap();
        assert_eq!((fault.stage, fault.manner), (Stage::Bytes(0), Manner::Stall));
        for wrong in ["", "connect", "nowhere fin", "connect gently", "-1 fin", "1.5 fin"] {
            assert_eq!(Fault::parse(wrong), None, "{wrong}");
        }
    }
}

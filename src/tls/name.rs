//! The name of the server: what is dialled, and what its certificate has to carry.
#![forbid(unsafe_code)]

use crate::error::{Error, ErrorKind, Result};
use crate::os::dns;
use std::fmt;
use std::net::IpAddr;

/// The longest name of DNS in text form (RFC 1035 section 2.3.4).
const LONGEST_NAME: usize = 253;

/// The longest label of a name.
const LONGEST_LABEL: usize = 63;

/// What the server's certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerName {
    /// A DNS name in lower case, without a dot at its end.
    Dns(String),
    /// An address that was dialled as a literal.
    Address(IpAddr),
}

impl ServerName {
    /// Takes a DNS name (with internationalised labels as A-labels, RFC 5890) or an IPv4 or IPv6
    /// literal. A trailing dot, which only says that the name is complete, is no part of it (RFC
    /// 6066 section 3). Refuses everything else with [`ErrorKind::InvalidArgument`].
    pub fn new(host: &str) -> Result<Self> {
        if let Some(address) = dns::literal(host) {
            return Ok(Self::Address(address));
        }
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if name.len() <= LONGEST_NAME && name.split('.').all(is_label) && !ends_in_number(&name) {
            return Ok(Self::Dns(name));
        }
        let detail = format!("{host:?} is neither a host name nor an IP address");
        Err(Error::new(ErrorKind::InvalidArgument, detail))
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// Letters, digits and hyphens (RFC 1123 section 2.1), and the underscore that some hosts have.
fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !label.is_empty()
        && label.len() <= LONGEST_LABEL
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A last label of digits only belongs to a malformed IPv4 literal.
fn ends_in_number(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_trailing_dot() {
        for host in ["example.com", "EXAMPLE.com", "example.com."] {
            assert_eq!(ServerName::new(host).unwrap().to_string(), "example.com");
        }
        for (address, written) in
            [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("[::1]", "::1"), ("1.2.3.4", "1.2.3.4")]
        {
            let name = ServerName::new(address).unwrap();
            assert!(matches!(name, ServerName::Address(_)), "{address}");
            assert_eq!(name.to_string(), written);
        }
        for name in ["a", "h1", "xn--mnchen-3ya.example", "a_b.example", "3com.example"] {
            assert!(ServerName::new(name).is_ok(), "{name}");
        }
        let long = format!("{}.example", "x".repeat(64));
        let longer = "abcdefgh.".repeat(29);
        for wrong in ["", ".", "a b", "example..com", "-a", "a-", "m\u{fc}nchen.de", "1.2.3.4.5"]
            .into_iter()
            .chain([long.as_str(), longer.as_str()])
        {
            assert_eq!(ServerName::new(wrong).unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
    }
}

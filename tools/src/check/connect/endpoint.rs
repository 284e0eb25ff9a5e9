//! `HOST[:PORT]` as a person writes it.

use std::fmt;
use std::str::FromStr;

use linksdk_hal::tls::name::ServerName;

/// The port of the platform's X.509 endpoint.
const PORT: u16 = 1883;

/// A server: a DNS name or an address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// IPv6 addresses stand in brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = match text.rsplit_once(':') {
            // The colons of an IPv6 address, not the one before a port.
            Some((_, after)) if after.ends_with(']') => (text, None),
            Some((before, port)) if !before.contains(':') || before.ends_with(']') => {
                (before, Some(port))
            }
            Some(_) => {
                return Err("an IPv6 address stands in brackets: [::1] or [::1]:1883".to_owned());
            }
            None => (text, None),
        };
        let port = match port {
            None => PORT,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err("the port is a number from 1 to 65535".to_owned()),
            },
        };
        ServerName::new(host).map_err(|error| error.detail().to_owned())?;
        Ok(Endpoint { host: host.to_owned(), port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn hosts_come_with_and_without_port() {
        for (text, host, port) in [
            ("localhost", "localhost", 1883),
            ("localhost:8883", "localhost", 8883),
            ("127.0.0.1:1", "127.0.0.1", 1),
            ("[::1]", "[::1]", 1883),
            ("[::1]:65535", "[::1]", 65535),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port));
        }
        for wrong in
            ["", ":", ":1883", "host:", "host:0", "host:65536", "::1", "::1:1883", "a b", "[::1"]
        {
            assert!(wrong.parse::<Endpoint>().is_err(), "{wrong}");
        }
    }
}

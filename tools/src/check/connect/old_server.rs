//! Does the server have RSA key exchange only? The library's engine rustls then cannot reach it, the
//! engine mbedtls can, and the server's alert does not say so.
//!
//! One ClientHello of TLS 1.2 (RFC 5246 section 7.4.1.2) that offers nothing else; the ServerHello
//! tells. Nothing is trusted or sent after it.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};

/// Suites with RSA key exchange that the engine mbedtls offers, and the two that old servers have.
const SUITES: [(u16, &str); 6] = [
    (0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    (0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"),
];

const HANDSHAKE_RECORD: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

/// The suite that the server chooses, if it takes RSA key exchange.
pub(super) fn ask(address: SocketAddr, host: &str, timeout: Duration) -> Option<&'static str> {
    let end = Instant::now() + timeout;
    let mut socket = TcpStream::connect_timeout(&address, timeout).ok()?;
    socket.set_write_timeout(Some(timeout)).ok()?;
    socket.write_all(&client_hello(host)?).ok()?;
    let mut answer = Vec::new();
    loop {
        if let Some(suite) = chosen(&answer) {
            return SUITES.iter().find(|(number, _)| *number == suite).map(|(_, name)| *name);
        }
        let left = end.saturating_duration_since(Instant::now());
        let mut buffer = [0; 512];
        if left.is_zero()
            || answer.len() > 4096
            || answer.first().is_some_and(|kind| *kind != HANDSHAKE_RECORD)
        {
            return None;
        }
        socket.set_read_timeout(Some(left)).ok()?;
        match socket.read(&mut buffer).ok()? {
            0 => return None,
            length => answer.extend_from_slice(buffer.get(..length)?),
        }
    }
}

/// The suite in a ServerHello, as soon as that much has arrived.
fn chosen(answer: &[u8]) -> Option<u16> {
    // Record header 5, handshake header 4, version 2, random 32, then the session id.
    let body = answer.strip_prefix(&[HANDSHAKE_RECORD])?.get(4..)?;
    let hello = body.strip_prefix(&[SERVER_HELLO])?.get(3 + 2 + 32..)?;
    let (length, rest) = hello.split_first()?;
    let suite = rest.get(usize::from(*length)..)?.get(..2)?;
    Some(u16::from_be_bytes(suite.try_into().ok()?))
}

fn client_hello(host: &str) -> Option<Vec<u8>> {
    let mut random = [0; 32];
    SystemRandom::new().fill(&mut random).ok()?;
    let mut body = vec![3, 3];
    body.extend_from_slice(&random);
    body.push(0);
    let suites: Vec<u8> = SUITES.iter().flat_map(|(number, _)| number.to_be_bytes()).collect();
    vector(&mut body, &suites)?;
    body.extend_from_slice(&[1, 0]);
    let mut extensions = Vec::new();
    if host.parse::<IpAddr>().is_err() && !host.starts_with('[') {
        // server_name (RFC 6066 section 3): one host name.
        let mut name = vec![0];
        vector(&mut name, host.as_bytes())?;
        let mut list = Vec::new();
        vector(&mut list, &name)?;
        extension(&mut extensions, 0, &list)?;
    }
    // signature_algorithms: RSA with SHA-256, SHA-384, SHA-512, SHA-1.
    extension(&mut extensions, 13, &[0, 8, 4, 1, 5, 1, 6, 1, 2, 1])?;
    vector(&mut body, &extensions)?;
    let length = u32::try_from(body.len()).ok()?.to_be_bytes();
    let mut message = vec![CLIENT_HELLO];
    message.extend_from_slice(length.get(1..)?);
    message.extend_from_slice(&body);
    let mut record = vec![HANDSHAKE_RECORD, 3, 1];
    vector(&mut record, &message)?;
    Some(record)
}

/// Appends bytes with their length before them.
fn vector(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    out.extend_from_slice(&u16::try_from(bytes.len()).ok()?.to_be_bytes());
    out.extend_from_slice(bytes);
    Some(())
}

fn extension(out: &mut Vec<u8>, number: u16, bytes: &[u8]) -> Option<()> {
    out.extend_from_slice(&number.to_be_bytes());
    vector(out, bytes)
}

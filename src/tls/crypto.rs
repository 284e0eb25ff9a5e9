//! The cryptographic helpers that are not TLS, taken from whatever the engine already links.
#![forbid(unsafe_code)]

use crate::error::{Error, ErrorKind, Result};
use ring::rand::{SecureRandom, SystemRandom};

/// HMAC-SHA-256 (RFC 2104, FIPS 180-4), for the platform's password.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key), message);
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    out
}

/// SHA-256 of a list of parts, each of which may be absent. Two different lists have different
/// digests: every part is preceded by its length.
pub fn sha256_of_parts(parts: &[Option<&[u8]>]) -> [u8; 32] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        context.update(&length.to_be_bytes());
        context.update(part.unwrap_or_default());
    }
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    out
}

/// Fills `buffer` from the operating system's generator, or fails: there is no weaker source to
/// fall back to.
pub fn fill_random(buffer: &mut [u8]) -> Result<()> {
    SystemRandom::new().fill(buffer).map_err(|_| {
        Error::new(ErrorKind::System, "the operating system's random generator failed")
    })
}

/// A random number from the operating system's generator.
pub fn random_u32() -> Result<u32> {
    let mut bytes = [0; 4];
    fill_random(&mut bytes)?;
    Ok(u32::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_matches_rfc_4231_case_2() {
        let tag = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(tag.iter().take(4).copied().collect::<Vec<_>>(), [0x5b, 0xdc, 0xc1, 0x46]);
    }

    #[test]
    fn random_bytes_differ() {
        let (mut a, mut b) = ([0u8; 32], [0u8; 32]);
        assert!(fill_random(&mut a).is_ok() && fill_random(&mut b).is_ok());
        assert_ne!(a, b);
    }
}

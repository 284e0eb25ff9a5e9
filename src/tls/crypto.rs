//! The cryptographic helpers that are not TLS, taken from whatever the engine already links.
#![forbid(unsafe_code)]

#[cfg(feature = "engine-mbedtls")]
mod mbedtls;
#[cfg(feature = "engine-rustls")]
mod ring;
#[cfg(feature = "engine-mbedtls")]
use self::mbedtls as backend;
#[cfg(feature = "engine-rustls")]
use self::ring as backend;

use crate::error::Result;

/// The hashes of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The digest of `message`.
pub fn hash(hash: Hash, message: &[u8]) -> Vec<u8> {
    backend::hash(hash, &[message])
}

/// HMAC-SHA-256 (RFC 2104, FIPS 180-4), for the platform's password.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    fixed(&backend::hmac_sha256(key, message))
}

/// SHA-256 of a list of parts, each of which may be absent. Two different lists have different
/// digests: every part is preceded by its length.
pub fn sha256_of_parts(parts: &[Option<&[u8]>]) -> [u8; 32] {
    let length = |part: &Option<&[u8]>| part.map_or(u64::MAX, |part| part.len() as u64);
    let lengths: Vec<[u8; 8]> = parts.iter().map(|part| length(part).to_be_bytes()).collect();
    let pieces = lengths.iter().zip(parts);
    let pieces: Vec<&[u8]> =
        pieces.flat_map(|(length, part)| [length.as_slice(), part.unwrap_or_default()]).collect();
    fixed(&backend::hash(Hash::Sha256, &pieces))
}

fn fixed(digest: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(digest) {
        *to = *from;
    }
    out
}

/// Fills `buffer` from the operating system's generator, or fails: there is no weaker source to
/// fall back to.
pub fn fill_random(buffer: &mut [u8]) -> Result<()> {
    backend::fill_random(buffer)
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
    fn hashes_match_fips_180_4() {
        for (algorithm, length, start) in [
            (Hash::Sha256, 32, [0xba, 0x78, 0x16, 0xbf]),
            (Hash::Sha384, 48, [0xcb, 0x00, 0x75, 0x3f]),
            (Hash::Sha512, 64, [0xdd, 0xaf, 0x35, 0xa1]),
        ] {
            let digest = hash(algorithm, b"abc");
            assert_eq!((digest.len(), &digest[..4]), (length, &start[..]));
        }
    }

    #[test]
    fn lists_of_parts_are_told_apart() {
        let lists: [&[Option<&[u8]>]; 6] = [
            &[Some(b"ab"), Some(b"c")],
            &[Some(b"a"), Some(b"bc")],
            &[Some(b"abc"), None],
            &[Some(b"abc"), Some(b"")],
            &[None, Some(b"abc")],
            &[Some(b"abc")],
        ];
        for (i, one) in lists.iter().enumerate() {
            for other in lists.iter().skip(i + 1) {
                assert_ne!(sha256_of_parts(one), sha256_of_parts(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn random_bytes_differ() {
        let (mut a, mut b) = ([0u8; 32], [0u8; 32]);
        assert!(fill_random(&mut a).is_ok() && fill_random(&mut b).is_ok());
        assert_ne!(a, b);
    }
}

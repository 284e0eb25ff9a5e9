//! Hashes and randomness from ring.
#![forbid(unsafe_code)]

use super::Hash;
use crate::error::{Error, ErrorKind, Result};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};

pub(super) fn hash(hash: Hash, pieces: &[&[u8]]) -> Vec<u8> {
    let mut context = digest::Context::new(match hash {
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    });
    for piece in pieces {
        context.update(piece);
    }
    context.finish().as_ref().to_vec()
}

pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

pub(super) fn fill_random(buffer: &mut [u8]) -> Result<()> {
    SystemRandom::new().fill(buffer).map_err(|_| {
        Error::new(ErrorKind::System, "the operating system's random generator failed")
    })
}

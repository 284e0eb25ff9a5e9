//! Hashes from Mbed TLS, randomness from the operating system.
#![forbid(unsafe_code)]

use super::Hash;
use crate::error::{Error, ErrorKind, Result};
use crate::os::random;
use mbedtls::hash::{Hmac, Md, Type};

/// The longest digest: SHA-512.
const LONGEST: usize = 64;

pub(super) fn hash(hash: Hash, pieces: &[&[u8]]) -> Vec<u8> {
    let algorithm = match hash {
        Hash::Sha256 => Type::Sha256,
        Hash::Sha384 => Type::Sha384,
        Hash::Sha512 => Type::Sha512,
    };
    let digest = || {
        let mut out = vec![0; LONGEST];
        let mut context = Md::new(algorithm)?;
        for piece in pieces {
            context.update(piece)?;
        }
        let length = context.finish(&mut out)?;
        out.truncate(length);
        Ok::<_, mbedtls::Error>(out)
    };
    digest().unwrap_or_else(|_| out_of_memory())
}

/// Known hashes over slices fail for want of memory only. This ends as every other allocation in
/// Rust does then: a digest that is not one must not be used.
fn out_of_memory() -> ! {
    std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; LONGEST]>())
}

pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 32];
    match Hmac::hmac(Type::Sha256, key, message, &mut out) {
        Ok(_) => out,
        Err(_) => out_of_memory(),
    }
}

pub(super) fn fill_random(buffer: &mut [u8]) -> Result<()> {
    random::fill(buffer).map_err(|e| {
        let detail = format!("the operating system's random generator failed: {e}");
        Error::new(ErrorKind::System, detail)
    })
}

//! Encrypting and authenticating what is stored: AES-256-GCM with a random nonce before it.
#![forbid(unsafe_code)]

use crate::tls::crypto;
use mbedtls::cipher::raw::{CipherId, CipherMode};
use mbedtls::cipher::{Authenticated, Cipher, Decryption, Encryption, Fresh};
use zeroize::Zeroizing;

/// The nonce of GCM (NIST SP 800-38D), in bytes. Random: a device stores far fewer than 2^32 sessions.
const NONCE: usize = 12;

/// The authentication tag, in bytes.
const TAG: usize = 16;

/// Nonce, ciphertext and tag. `context` has to be the same when it is opened.
pub fn seal(key: &[u8; 32], context: &[u8], plaintext: &[u8]) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE];
    crypto::fill_random(&mut nonce).ok()?;
    let mut sealed = vec![0; plaintext.len() + TAG];
    let cipher: Cipher<Encryption, Authenticated, Fresh> =
        Cipher::new(CipherId::Aes, CipherMode::GCM, 256).ok()?;
    let cipher = cipher.set_key_iv(key, &nonce).ok()?;
    let (length, _) = cipher.encrypt_auth(context, plaintext, &mut sealed, TAG).ok()?;
    sealed.truncate(length);
    Some([nonce.as_slice(), &sealed].concat())
}

/// What was sealed, if nothing about it was changed.
pub fn open(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    let length = sealed.len().checked_sub(TAG)?;
    let mut plaintext = Zeroizing::new(vec![0; length]);
    let cipher: Cipher<Decryption, Authenticated, Fresh> =
        Cipher::new(CipherId::Aes, CipherMode::GCM, 256).ok()?;
    let cipher = cipher.set_key_iv(key, nonce).ok()?;
    let (length, _) = cipher.decrypt_auth(context, sealed, &mut plaintext, TAG).ok()?;
    plaintext.truncate(length);
    Some(plaintext)
}

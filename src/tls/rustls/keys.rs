//! Private keys that the device holds itself, in the form that rustls takes.

use crate::tls::certificate::KeyKind;
use crate::tls::signing::Scheme;
use ::rustls::crypto::ring::sign;
use ::rustls::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer, alg_id};
use ::rustls::sign::{Signer, SigningKey, public_key_to_spki};
use ::rustls::{Error, SignatureAlgorithm, SignatureScheme};
use ring::rand::SystemRandom;
use ring::signature::{self, KeyPair, RsaEncoding, RsaKeyPair};
use std::sync::Arc;

/// The key in `der`: RSA, ECDSA on P-256 or P-384, and unless the build is compact Ed25519.
pub(super) fn load(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    let rsa = match der {
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok(),
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok(),
        _ => None,
    };
    if let Some(key) = rsa {
        return Ok(Arc::new(RsaKey(Arc::new(key))));
    }
    #[cfg(not(feature = "compact"))]
    if let PrivateKeyDer::Pkcs8(der) = der {
        if let Ok(key) = sign::any_eddsa_type(der) {
            return Ok(key);
        }
    }
    sign::any_ecdsa_type(der)
}

#[derive(Debug)]
struct RsaKey(Arc<RsaKeyPair>);

impl SigningKey for RsaKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let offers = |scheme: &&Scheme| offered.contains(&SignatureScheme::from(**scheme as u16));
        let scheme = *Scheme::of(KeyKind::Rsa).iter().find(offers)?;
        Some(Box::new(RsaSigner { key: Arc::clone(&self.0), scheme }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(public_key_to_spki(&alg_id::RSA_ENCRYPTION, self.0.public_key()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

#[derive(Debug)]
struct RsaSigner {
    key: Arc<RsaKeyPair>,
    scheme: Scheme,
}

impl Signer for RsaSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let encoding: &dyn RsaEncoding = match self.scheme {
            Scheme::RsaPkcs1Sha256 => &signature::RSA_PKCS1_SHA256,
            Scheme::RsaPkcs1Sha384 => &signature::RSA_PKCS1_SHA384,
            Scheme::RsaPkcs1Sha512 => &signature::RSA_PKCS1_SHA512,
            Scheme::RsaPssSha256 => &signature::RSA_PSS_SHA256,
            Scheme::RsaPssSha384 => &signature::RSA_PSS_SHA384,
            Scheme::RsaPssSha512 => &signature::RSA_PSS_SHA512,
            _ => return Err(Error::General("an RSA key makes RSA signatures only".to_owned())),
        };
        let mut made = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(encoding, &SystemRandom::new(), message, &mut made)
            .map_err(|_| Error::General("making an RSA signature failed".to_owned()))?;
        Ok(made)
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::from(self.scheme as u16)
    }
}

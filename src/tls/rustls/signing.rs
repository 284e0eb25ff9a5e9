//! A key that somebody else holds, in the form that rustls takes.

use crate::error::{Error, ErrorKind, Result};
use crate::log;
use crate::tls::certificate::{Certificate, KeyKind};
use crate::tls::signing::{ExternalKey, Scheme};
use ::rustls::sign::{Signer, SigningKey};
use ::rustls::{Error as TlsError, SignatureAlgorithm, SignatureScheme};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct ExternalSigningKey {
    key: ExternalKey,
    kind: KeyKind,
}

impl ExternalSigningKey {
    pub(super) fn for_certificate(
        key: &ExternalKey,
        leaf: &Certificate,
    ) -> Result<Arc<dyn SigningKey>> {
        let kind = leaf.key_kind.ok_or_else(|| {
            let detail = "the certificate's key is neither RSA nor ECDSA on P-256 or P-384";
            Error::new(ErrorKind::Credentials, detail)
        })?;
        Ok(Arc::new(Self { key: key.clone(), kind }))
    }
}

impl SigningKey for ExternalSigningKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let offers = |scheme: &&Scheme| offered.contains(&SignatureScheme::from(**scheme as u16));
        let scheme = *Scheme::of(self.kind).iter().find(offers)?;
        Some(Box::new(ExternalSigner { key: self.key.clone(), scheme }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.kind {
            KeyKind::Rsa => SignatureAlgorithm::RSA,
            KeyKind::EcdsaP256 | KeyKind::EcdsaP384 => SignatureAlgorithm::ECDSA,
        }
    }
}

#[derive(Debug)]
struct ExternalSigner {
    key: ExternalKey,
    scheme: Scheme,
}

impl Signer for ExternalSigner {
    fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, TlsError> {
        self.key.sign(self.scheme, message).map_err(|error| {
            log::error!("{error}");
            TlsError::General(error.detail().to_owned())
        })
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::from(self.scheme as u16)
    }
}

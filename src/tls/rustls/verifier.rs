//! rustls's verification of server certificates, at the time that the firmware's policy gives.

use crate::error::{Error, ErrorKind, Result};
use crate::tls::certificate::Certificate;
use crate::tls::time::{self, Moment};
use ::rustls::client::WebPkiServerVerifier;
use ::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use ::rustls::crypto::CryptoProvider;
use ::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use ::rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, OtherError, RootCertStore,
    SignatureScheme,
};
use std::fmt;
use std::sync::Arc;

/// The smallest RSA key of a server that is accepted, in bits.
const SMALLEST_RSA: usize = 2048;

/// The server's key is too small.
#[derive(Debug)]
pub struct WeakKey;

impl fmt::Display for WeakKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key is too small")
    }
}

impl std::error::Error for WeakKey {}

/// Chain, name, usage and dates are checked by rustls-webpki. Only while the clock is not set, and
/// the firmware accepts that, dates are judged as of the moment when the newest of the presented
/// certificates was issued: no later time is known to have come.
#[derive(Debug)]
pub struct Verifier(Arc<WebPkiServerVerifier>);

impl Verifier {
    /// A verifier that trusts `roots`.
    pub fn new(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Result<Arc<Self>> {
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier
            .build()
            .map_err(|e| Error::new(ErrorKind::TrustAnchors, format!("trust anchors: {e}")))?;
        Ok(Arc::new(Self(verifier)))
    }
}

fn newest_start(certificates: &[&CertificateDer<'_>]) -> Option<UnixTime> {
    let starts = certificates.iter().filter_map(|der| Certificate::read(der).ok());
    starts.map(|certificate| certificate.not_before).max().map(UnixTime::since_unix_epoch)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, TlsError> {
        let now = match time::now() {
            Ok(Moment::NotSet) => {
                let all: Vec<_> = std::iter::once(end_entity).chain(intermediates).collect();
                newest_start(&all).unwrap_or(now)
            }
            _ => now,
        };
        let verified = self.0.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        // ring takes no signature of a smaller key, which would show as a wrong one.
        let bits = Certificate::read(end_entity).ok().and_then(|certificate| certificate.rsa_bits);
        match bits {
            Some(bits) if bits < SMALLEST_RSA => {
                let algorithm = CertificateError::Other(OtherError(Arc::new(WeakKey)));
                Err(TlsError::InvalidCertificate(algorithm))
            }
            _ => Ok(verified),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

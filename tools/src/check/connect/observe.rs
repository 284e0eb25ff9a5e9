//! What is seen from inside a handshake. Nothing here decides: the library's verifier does.

use std::sync::{Arc, Mutex, PoisonError};

use linksdk_hal::tls::rustls::verifier::Verifier;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use x509_cert::der::Decode;
use x509_cert::name::Name;

/// What the server showed and asked for.
#[derive(Clone, Default, Debug)]
pub(super) struct Seen {
    /// DER, the server's own certificate first; also when it was refused.
    pub(super) chain: Vec<Vec<u8>>,
    /// The server asked for a client certificate.
    pub(super) asked: bool,
    /// The CA names that it sent along.
    pub(super) authorities: Vec<String>,
    /// None of the signature schemes that it takes is one that the device's key can make.
    pub(super) no_common_scheme: bool,
}

/// Shared between the connection and the one who looks at it afterwards.
#[derive(Clone, Default, Debug)]
pub(super) struct Observer(Arc<Mutex<Seen>>);

impl Observer {
    pub(super) fn seen(&self) -> Seen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The library's verifier; the chain is kept on its way in.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) verifier: Arc<Verifier>,
    pub(super) observer: Observer,
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = std::iter::once(end_entity).chain(intermediates);
        self.observer.note(|seen| seen.chain = all.map(|one| one.to_vec()).collect());
        self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Shows the device's certificate, if there is one, whatever CA names the server sends: as the
/// library does.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) certificate: Option<Arc<CertifiedKey>>,
    pub(super) observer: Observer,
}

impl ResolvesClientCert for Device {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let names = authorities.iter().map(|der| match Name::from_der(der) {
            Ok(name) => name.to_string(),
            Err(_) => "(unreadable name)".to_owned(),
        });
        let unfit =
            self.certificate.as_ref().is_some_and(|one| one.key.choose_scheme(schemes).is_none());
        self.observer.note(|seen| {
            seen.asked = true;
            seen.authorities = names.collect();
            seen.no_common_scheme = unfit;
        });
        self.certificate.clone()
    }

    fn has_certs(&self) -> bool {
        self.certificate.is_some()
    }
}

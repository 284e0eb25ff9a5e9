//! Makes keys and certificates: authorities, servers, devices.

use std::rc::Rc;

use clap::ValueEnum;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256, SerialNumber, date_time_ymd,
};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::{OsRng, RngCore};
use rustls::pki_types::PrivatePkcs8KeyDer;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::failure::{Explain, Outcome};

const RSA_BITS: usize = 2048;
/// RFC 5280 section 4.1.2.2 allows 20; one stays free for the sign.
const SERIAL_BYTES: usize = 16;
const CHECK_TOOL: &str = "This is a defect of the command or of the random number source.";

/// The kind of key in a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum KeyType {
    /// RSA with 2048 bits, as the platform issues
    Rsa,
    /// ECDSA on the curve P-256
    Ecdsa,
}

/// A private key and the text that stands in its file.
pub(crate) struct Key {
    pair: KeyPair,
    pem: Zeroizing<String>,
}

impl Key {
    /// RSA keys are written as PKCS#1, the platform's form; others as PKCS#8.
    pub(crate) fn generate(kind: KeyType) -> Outcome<Rc<Self>> {
        const ATTEMPTED: &str = "Generating a private key";
        match kind {
            KeyType::Ecdsa => {
                let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
                    .explain(ATTEMPTED, CHECK_TOOL)?;
                let pem = Zeroizing::new(pair.serialize_pem().replace("\r\n", "\n"));
                Ok(Rc::new(Key { pair, pem }))
            }
            KeyType::Rsa => {
                let key =
                    RsaPrivateKey::new(&mut OsRng, RSA_BITS).explain(ATTEMPTED, CHECK_TOOL)?;
                let document = key.to_pkcs8_der().explain(ATTEMPTED, CHECK_TOOL)?;
                let der = PrivatePkcs8KeyDer::from(document.as_bytes());
                let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256)
                    .explain(ATTEMPTED, CHECK_TOOL)?;
                let pem = key.to_pkcs1_pem(LineEnding::LF).explain(ATTEMPTED, CHECK_TOOL)?;
                Ok(Rc::new(Key { pair, pem }))
            }
        }
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }
}

/// From when to when a certificate is valid.
#[derive(Clone, Copy)]
pub(crate) enum Validity {
    /// From yesterday to 2119, as the platform's device certificates.
    Long,
    /// During the year 2020 only.
    Past,
}

impl Validity {
    fn apply(self, parameters: &mut CertificateParams) {
        (parameters.not_before, parameters.not_after) = match self {
            Validity::Long => {
                (OffsetDateTime::now_utc() - time::Duration::DAY, date_time_ymd(2119, 1, 1))
            }
            Validity::Past => (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1)),
        };
    }
}

fn named(common_name: &str) -> CertificateParams {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, DnValue::Utf8String(common_name.to_owned()));
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = name;
    parameters.use_authority_key_identifier_extension = true;
    parameters
}

/// A certification authority that signs while the command runs; its key is never written.
pub(crate) struct Authority {
    certificate: Certificate,
    parameters: CertificateParams,
    key: Rc<Key>,
}

impl Authority {
    pub(crate) fn generate(common_name: &str, kind: KeyType) -> Outcome<Self> {
        let key = Key::generate(kind)?;
        let mut parameters = named(common_name);
        Validity::Long.apply(&mut parameters);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = parameters
            .self_signed(&key.pair)
            .explain(format!("Signing the certificate of {common_name}"), CHECK_TOOL)?;
        Ok(Authority { certificate, parameters, key })
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem().replace("\r\n", "\n")
    }

    /// Signs a certificate for a server with these DNS names and addresses.
    pub(crate) fn server(
        &self,
        names: &[String],
        key: &Rc<Key>,
        validity: Validity,
    ) -> Outcome<Issued> {
        let common_name = names.first().map_or("server", String::as_str);
        let mut parameters = named(common_name);
        parameters.subject_alt_names = CertificateParams::new(names.to_vec())
            .explain(
                format!("Taking {} as the names of a server", names.join(", ")),
                "Check --host: it takes DNS names and IP addresses.",
            )?
            .subject_alt_names;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if key.pair.is_compatible(&PKCS_RSA_SHA256) {
            parameters.key_usages.push(KeyUsagePurpose::KeyEncipherment);
        }
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(parameters, key, validity)
    }

    /// Signs a certificate for a device. Like the platform's it names no device.
    pub(crate) fn device(&self, key: &Rc<Key>, validity: Validity) -> Outcome<Issued> {
        let mut parameters = named("Simulated IoT Certificate");
        parameters.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        self.sign(parameters, key, validity)
    }

    fn sign(
        &self,
        mut parameters: CertificateParams,
        key: &Rc<Key>,
        validity: Validity,
    ) -> Outcome<Issued> {
        // Several certificates may have one key, so the number cannot come from the key.
        let mut serial = [0; SERIAL_BYTES];
        OsRng.fill_bytes(&mut serial);
        parameters.serial_number = Some(SerialNumber::from_slice(&serial));
        validity.apply(&mut parameters);
        parameters.is_ca = IsCa::ExplicitNoCa;
        let issuer = Issuer::from_params(&self.parameters, &self.key.pair);
        let certificate = parameters
            .signed_by(&key.pair, &issuer)
            .explain("Signing a certificate", CHECK_TOOL)?;
        Ok(Issued { certificate, key: Rc::clone(key) })
    }
}

/// A signed certificate with its private key.
pub(crate) struct Issued {
    certificate: Certificate,
    pub(crate) key: Rc<Key>,
}

impl Issued {
    pub(crate) fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem().replace("\r\n", "\n")
    }
}

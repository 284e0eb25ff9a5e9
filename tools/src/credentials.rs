//! Certificates and keys that a person hands over: read, checked, written again in one form.

use std::path::Path;

use pem::{EncodeConfig, LineEnding, Pem};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use time::OffsetDateTime;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;
use zeroize::Zeroizing;

use crate::failure::{Explain, Failure, Outcome};
use crate::files;

/// PEM text without anything around the blocks, and what is worth a warning.
pub(crate) struct Checked {
    pub(crate) chain: String,
    pub(crate) key: Zeroizing<String>,
    pub(crate) warnings: Vec<String>,
}

const CHECK_PEM: &str = "Check that the file is PEM text: -----BEGIN ...-----, base64, \
                         -----END ...-----. A DER file is converted with `openssl x509 -inform der`.";

fn blocks(path: &Path) -> Outcome<Vec<Pem>> {
    let content = Zeroizing::new(files::read(path)?);
    pem::parse_many(content.as_slice()).explain(format!("Reading {}", path.display()), CHECK_PEM)
}

fn encode(block: &Pem) -> Zeroizing<String> {
    let form = EncodeConfig::new().set_line_ending(LineEnding::LF);
    Zeroizing::new(pem::encode_config(block, form))
}

/// The certificates of a file, as PEM and as DER, with warnings about their dates.
fn certificates(path: &Path) -> Outcome<(Checked, Vec<CertificateDer<'static>>)> {
    let mut chain = String::new();
    let mut certificates = Vec::new();
    let mut warnings = Vec::new();
    for block in blocks(path)?.iter().filter(|block| block.tag() == "CERTIFICATE") {
        let number = certificates.len() + 1;
        let certificate = CertificateInner::<Raw>::from_der(block.contents()).explain(
            format!("Reading certificate {number} of {}", path.display()),
            "Check that the file was copied whole.",
        )?;
        let validity = certificate.tbs_certificate.validity;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let seconds = |instant: &x509_cert::time::Time| {
            i64::try_from(instant.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
        };
        if seconds(&validity.not_after) < now {
            warnings.push(format!(
                "certificate {number} of {} expired on {}.",
                path.display(),
                validity.not_after
            ));
        }
        if seconds(&validity.not_before) > now {
            warnings.push(format!(
                "certificate {number} of {} is valid from {} only. Check this machine's clock.",
                path.display(),
                validity.not_before
            ));
        }
        chain.push_str(&encode(block));
        certificates.push(CertificateDer::from(block.contents().to_vec()));
    }
    if certificates.is_empty() {
        return Err(Failure::new(format!(
            "Reading {} found no certificate. {CHECK_PEM}",
            path.display()
        )));
    }
    Ok((Checked { chain, key: Zeroizing::default(), warnings }, certificates))
}

/// Reads root certificates.
pub(crate) fn check_authorities(path: &Path) -> Outcome<Checked> {
    certificates(path).map(|(checked, _)| checked)
}

/// Reads a certificate, perhaps with its chain, and the private key that belongs to it.
pub(crate) fn check_pair(certificate: &Path, key: &Path) -> Outcome<Checked> {
    let (checked, chain) = certificates(certificate)?;
    let (text, der) = private_key(key)?;
    let attempted = format!("Using {} with {}", certificate.display(), key.display());
    match CertifiedKey::from_der(chain, der, &default_provider()) {
        Ok(_) => Ok(Checked { key: text, ..checked }),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(Failure::new(format!(
            "{attempted} was refused: the key does not belong to the certificate. Check that both \
             files are of the same device, and that the device's own certificate comes first."
        ))),
        Err(error) => Err(Failure::new(format!(
            "{attempted} failed: {error}. The key must be RSA (2048 bits or more) or ECDSA \
             (P-256, P-384), not damaged."
        ))),
    }
}

fn private_key(path: &Path) -> Outcome<(Zeroizing<String>, PrivateKeyDer<'static>)> {
    let blocks = blocks(path)?;
    let Some(block) = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY")) else {
        return Err(Failure::new(format!(
            "Reading {} found no private key. Check that the file holds BEGIN RSA PRIVATE KEY, \
             BEGIN PRIVATE KEY or BEGIN EC PRIVATE KEY.",
            path.display()
        )));
    };
    let legacy = block.headers().iter().any(|(_, value)| value.contains("ENCRYPTED"));
    if legacy || block.tag() == "ENCRYPTED PRIVATE KEY" {
        return Err(Failure::new(format!(
            "Using {} was refused: the key is encrypted, and a device has nobody to type the \
             passphrase. Decrypt it with `openssl pkey -in {} -out plain.key`.",
            path.display(),
            path.display()
        )));
    }
    let der = block.contents().to_vec();
    let key = match block.tag() {
        "RSA PRIVATE KEY" => PrivatePkcs1KeyDer::from(der).into(),
        "PRIVATE KEY" => PrivatePkcs8KeyDer::from(der).into(),
        "EC PRIVATE KEY" => PrivateSec1KeyDer::from(der).into(),
        other => {
            return Err(Failure::new(format!(
                "Using {} was refused: {other} is not a form that the library reads. Convert it \
                 with `openssl pkey`.",
                path.display()
            )));
        }
    };
    Ok((encode(block), key))
}

//! What a certificate says about itself: for checks of the device's own, and for people.
//!
//! Nothing here decides whether a peer is trusted: that is the engine's.
#![forbid(unsafe_code)]

use super::distinguished_name;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_cert::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use x509_cert::der::{self, Class, Decode, Encode, Reader, SliceReader, Tag, Tagged};
use x509_cert::time::Time;

/// Object identifiers of RFC 3279 and RFC 5480.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// The context-specific tags of TBSCertificate's optional fields (RFC 5280 section 4.1).
const VERSION: u8 = 0;
const EXTENSIONS: u8 = 3;

/// How long before the end of a certificate the firmware is warned.
pub const WARNING_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What kind of key a certificate is for, of those that can sign for TLS and live in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA of any size.
    Rsa,
    /// ECDSA on P-256.
    EcdsaP256,
    /// ECDSA on P-384.
    EcdsaP384,
}

/// A point in time and a certificate's validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// The certificate is not valid yet.
    Before,
    /// It is valid.
    Within,
    /// It has expired.
    After,
}

/// A certificate's own words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Certificate {
    /// The SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
    /// What the public key is; `None` for another kind.
    pub key_kind: Option<KeyKind>,
    /// The size of an RSA key, in bits.
    pub rsa_bits: Option<usize>,
    /// The DNS names of the subject alternative name.
    pub dns_names: Vec<String>,
    /// The IP addresses of the subject alternative name.
    pub addresses: Vec<IpAddr>,
    /// The subject's distinguished name (RFC 4514).
    pub subject: String,
    /// The issuer's distinguished name (RFC 4514).
    pub issuer: String,
    /// When the certificate begins to be valid, since 1970.
    pub not_before: Duration,
    /// The last second of its validity, since 1970.
    pub not_after: Duration,
}

impl Certificate {
    /// Reads DER. Names, dates and the public key are looked at, nothing else. The error is a
    /// clause. A subject alternative name that cannot be read counts as none.
    pub fn read(der: &[u8]) -> Result<Self, String> {
        read(der).map_err(|e| format!("is not an X.509 certificate: {e}"))
    }

    /// The names that the certificate carries, for people.
    pub fn names(&self) -> String {
        let addresses = self.addresses.iter().map(IpAddr::to_string);
        let names: Vec<String> = self.dns_names.iter().cloned().chain(addresses).collect();
        if names.is_empty() { self.subject.clone() } else { names.join(", ") }
    }

    /// Where `now` lies in relation to the certificate's validity, whose last second belongs to it.
    pub fn position(&self, now: SystemTime) -> Position {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        match now {
            now if now < self.not_before => Position::Before,
            now if now > self.not_after => Position::After,
            _ => Position::Within,
        }
    }

    /// How many whole days are left at `now`, when it is no more than [`WARNING_TIME`]. `None` also
    /// after the end.
    pub fn ends_soon(&self, now: SystemTime) -> Option<u64> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let left = self.not_after.checked_sub(now)?;
        (left <= WARNING_TIME).then_some(left.as_secs() / (24 * 60 * 60))
    }
}

/// The fields of a constructed value that has this tag.
fn fields<'a>(value: AnyRef<'a>, tag: Tag) -> der::Result<SliceReader<'a>> {
    value.tag().assert_eq(tag)?;
    SliceReader::new(value.value())
}

fn sequence<'a>(reader: &mut SliceReader<'a>) -> der::Result<SliceReader<'a>> {
    fields(AnyRef::decode(reader)?, Tag::Sequence)
}

/// Walks through the fields of Certificate and TBSCertificate, in their order. Decoding them all
/// into structures would cost 30 KB of code.
fn read(der: &[u8]) -> der::Result<Certificate> {
    let mut certificate = fields(AnyRef::from_der(der)?, Tag::Sequence)?;
    let mut body = sequence(&mut certificate)?;
    let _signature_algorithm = sequence(&mut certificate)?;
    let _signature = BitStringRef::decode(&mut certificate)?;
    certificate.finish(())?;

    let mut serial_number = AnyRef::decode(&mut body)?;
    if is_context(serial_number, VERSION) {
        serial_number = AnyRef::decode(&mut body)?;
    }
    serial_number.tag().assert_eq(Tag::Integer)?;
    let _signature_algorithm = sequence(&mut body)?;
    let issuer = distinguished_name::read(&mut body)?;
    let mut validity = sequence(&mut body)?;
    let (not_before, not_after) = (Time::decode(&mut validity)?, Time::decode(&mut validity)?);
    validity.finish(())?;
    let subject = distinguished_name::read(&mut body)?;
    let public_key = AnyRef::decode(&mut body)?;
    let key = PublicKey::read(public_key)?;
    let (mut dns_names, mut addresses) = (Vec::new(), Vec::new());
    while !body.is_finished() {
        let field = AnyRef::decode(&mut body)?;
        if is_context(field, EXTENSIONS) {
            let mut explicit = SliceReader::new(field.value())?;
            (dns_names, addresses) = alternative_names(sequence(&mut explicit)?)?;
            explicit.finish(())?;
        }
    }
    Ok(Certificate {
        public_key: public_key.to_der()?,
        key_kind: key.kind(),
        rsa_bits: key.rsa_bits(),
        dns_names,
        addresses,
        subject,
        issuer,
        not_before: not_before.to_unix_duration(),
        not_after: not_after.to_unix_duration(),
    })
}

fn is_context(value: AnyRef<'_>, number: u8) -> bool {
    let tag = value.tag();
    tag.class() == Class::ContextSpecific && tag.number().value() == number
}

/// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
struct PublicKey<'a> {
    algorithm: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
    key: BitStringRef<'a>,
}

impl<'a> PublicKey<'a> {
    fn read(value: AnyRef<'a>) -> der::Result<Self> {
        let mut reader = fields(value, Tag::Sequence)?;
        let mut identifier = sequence(&mut reader)?;
        let algorithm = ObjectIdentifier::decode(&mut identifier)?;
        let parameters = match identifier.is_finished() {
            true => None,
            false => Some(AnyRef::decode(&mut identifier)?),
        };
        identifier.finish(())?;
        let key = BitStringRef::decode(&mut reader)?;
        reader.finish(Self { algorithm, parameters, key })
    }

    fn kind(&self) -> Option<KeyKind> {
        if self.algorithm == RSA_ENCRYPTION {
            return Some(KeyKind::Rsa);
        }
        let curve = self.parameters?.decode_as::<ObjectIdentifier>().ok()?;
        match curve {
            _ if self.algorithm != EC_PUBLIC_KEY => None,
            P256 => Some(KeyKind::EcdsaP256),
            P384 => Some(KeyKind::EcdsaP384),
            _ => None,
        }
    }

    /// The size of the modulus (RFC 8017 appendix A.1.1).
    fn rsa_bits(&self) -> Option<usize> {
        if self.algorithm != RSA_ENCRYPTION {
            return None;
        }
        let mut key = fields(AnyRef::from_der(self.key.as_bytes()?).ok()?, Tag::Sequence).ok()?;
        let modulus = UintRef::decode(&mut key).ok()?;
        let _exponent = UintRef::decode(&mut key).ok()?;
        key.finish(()).ok()?;
        let modulus = modulus.as_bytes();
        let unused = modulus.first().map_or(0, |byte| byte.leading_zeros());
        (8 * modulus.len()).checked_sub(usize::try_from(unused).ok()?)
    }
}

/// The names in the extension subjectAltName, if it is among these and can be read.
fn alternative_names(mut extensions: SliceReader<'_>) -> der::Result<(Vec<String>, Vec<IpAddr>)> {
    while !extensions.is_finished() {
        let mut extension = sequence(&mut extensions)?;
        if ObjectIdentifier::decode(&mut extension)? != SUBJECT_ALT_NAME {
            continue;
        }
        let mut value = AnyRef::decode(&mut extension)?;
        if value.tag() == Tag::Boolean {
            value = AnyRef::decode(&mut extension)?;
        }
        value.tag().assert_eq(Tag::OctetString)?;
        extension.finish(())?;
        return Ok(general_names(value.value()).unwrap_or_default());
    }
    Ok((Vec::new(), Vec::new()))
}

/// The choices of GeneralName (RFC 5280 section 4.2.1.6) are told apart by their tags.
fn general_names(value: &[u8]) -> der::Result<(Vec<String>, Vec<IpAddr>)> {
    let (mut dns_names, mut addresses) = (Vec::new(), Vec::new());
    let mut names = fields(AnyRef::from_der(value)?, Tag::Sequence)?;
    while !names.is_finished() {
        let name = AnyRef::decode(&mut names)?;
        // An IA5String: other characters belong to no name that could be asked for.
        if is_context(name, 2) && name.value().is_ascii() {
            dns_names.extend(std::str::from_utf8(name.value()).map(str::to_owned));
        } else if is_context(name, 7) {
            addresses.extend(address(name.value()));
        }
    }
    Ok((dns_names, addresses))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_four_or_sixteen_bytes() {
        assert_eq!(address(&[127, 0, 0, 1]), Some("127.0.0.1".parse().unwrap()));
        assert_eq!(address(&[0; 16]), Some("::".parse().unwrap()));
        for wrong in [&[][..], &[1; 3], &[1; 5], &[127, 0, 0, 1, 255, 0, 0, 0]] {
            assert_eq!(address(wrong), None);
        }
    }

    #[test]
    fn dns_names_are_ascii() {
        let value = b"\x30\x0a\x82\x03a\xc3\xa4\x82\x03b.c";
        assert_eq!(general_names(value), Ok((vec!["b.c".to_owned()], Vec::new())));
    }

    #[test]
    fn the_end_is_announced_thirty_days_before() {
        let day = 24 * 60 * 60;
        let certificate = Certificate {
            not_before: Duration::from_secs(day),
            not_after: Duration::from_secs(100 * day),
            ..Certificate::default()
        };
        let position = |days| certificate.position(UNIX_EPOCH + Duration::from_secs(days * day));
        use Position::{After, Before, Within};
        assert_eq!([0, 1, 100, 101].map(position), [Before, Within, Within, After]);
        let at = |days| certificate.ends_soon(UNIX_EPOCH + Duration::from_secs(days * day));
        assert_eq!(at(69), None);
        assert_eq!(at(70), Some(30));
        assert_eq!(at(99), Some(1));
        assert_eq!(at(100), Some(0));
        assert_eq!(at(101), None);
    }
}

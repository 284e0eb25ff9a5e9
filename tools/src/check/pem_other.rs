//! Files that hold something else than what was asked for: which it is, and how to convert it.

use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;

use super::finding::{Report, Verdict};
use super::pem_check::Role;
use super::pem_scan::Section;
use super::text::Text;

pub(super) fn encrypted(text: &Text, section: &Section, verdict: Verdict, report: &mut Report) {
    report.add(
        verdict,
        "key-encrypted",
        &text.place(section.begin),
        "the private key is encrypted, and a device has nobody to type the pass phrase",
        "decrypt it: openssl pkey -in encrypted.key -out plain.key",
    );
}

/// A section that the role does not take.
pub(super) fn label(text: &Text, section: &Section, role: Role, usable: bool, report: &mut Report) {
    let place = text.place(section.begin);
    let label = section.label.as_str();
    let private = label.ends_with("PRIVATE KEY");
    let certificate = Role::Certificate.takes(label);
    if private && role != Role::Key {
        let (code, verdict) = if usable {
            ("key-in-certificate", Verdict::Warning)
        } else {
            ("swapped", Verdict::Problem)
        };
        let cure = match usable {
            true => "keep the key in a file of its own: certificates are handed around",
            false => "name the certificate's file here; certificate and key may have been swapped",
        };
        let what = format!("holds {label} where a certificate is expected");
        return report.add(verdict, code, &place, what, cure);
    }
    if usable {
        // A key's file often has its parameters or the certificate, too.
        if !(role == Role::Key && (certificate || label == "EC PARAMETERS")) {
            report.info(
                "pem-ignored",
                &place,
                format!("holds {label}, too, which the library skips"),
            );
        }
        return;
    }
    let cure = match (label, role) {
        ("ENCRYPTED PRIVATE KEY", Role::Key) => {
            return encrypted(text, section, Verdict::Problem, report);
        }
        ("OPENSSH PRIVATE KEY", _) => {
            "convert a copy of it: ssh-keygen -p -m PEM -N '' -f copy.key"
        }
        ("DSA PRIVATE KEY", _) => "DSA keys do not work with TLS: RSA (2048 bits) or ECDSA P-256",
        ("PUBLIC KEY" | "RSA PUBLIC KEY", Role::Key) => {
            "name the file with the private key; it begins with BEGIN RSA PRIVATE KEY"
        }
        ("CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST", _) => {
            "a request is not a certificate yet: have it signed, use what comes back"
        }
        ("TRUSTED CERTIFICATE", _) => "convert it: openssl x509 -in trusted.pem -out plain.crt",
        ("PKCS7" | "CMS", _) => "convert it: openssl pkcs7 -print_certs -in file -out chain.crt",
        (_, Role::Key) if certificate => {
            "name the key's file here; certificate and key may have been swapped"
        }
        _ => "name another file, or convert it with openssl",
    };
    let code = match label {
        "OPENSSH PRIVATE KEY" => "key-openssh",
        "PUBLIC KEY" | "RSA PUBLIC KEY" => "key-public",
        _ if certificate => "swapped",
        _ => "pem-other",
    };
    report.problem(
        code,
        &place,
        format!("holds {label} where a {} is expected", role.noun()),
        cure,
    );
}

/// Says of a file without PEM what it is instead. False when it is nothing known.
pub(super) fn format(text: &Text, role: Role, report: &mut Report) -> bool {
    let bytes = text.bytes.as_slice();
    let place = text.whole();
    if bytes.is_empty() {
        report.problem("empty", &place, "is empty", "copy the file again");
        return true;
    }
    if bytes.starts_with(b"PuTTY-User-Key-File") {
        let cure =
            "export it as an OpenSSH key with PuTTYgen, then: ssh-keygen -p -m PEM -f copy.key";
        report.problem("key-putty", &place, "is a key of PuTTY, not PEM", cure);
        return true;
    }
    // A SEQUENCE that spans the file: DER.
    let spans =
        x509_cert::der::asn1::AnyRef::from_der(bytes).is_ok() && bytes.first() == Some(&0x30);
    if !spans {
        return false;
    }
    let (what, cure) = if CertificateInner::<Raw>::from_der(bytes).is_ok() {
        ("a certificate in DER form", "openssl x509 -inform der -in FILE -out device.crt")
    } else if role == Role::Key {
        ("DER, not PEM", "openssl pkey -inform der -in FILE -out device.key")
    } else {
        ("DER, not PEM; perhaps PKCS#12", "openssl pkcs12 -in FILE -noenc -out device.pem")
    };
    report.problem("der", &place, format!("is {what}"), format!("convert it: {cure}"));
    true
}

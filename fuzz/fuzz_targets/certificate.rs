//! A certificate in DER, as a server or a bundle of trust anchors gives it: what is read from it has
//! the form that the library relies on, however it is damaged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linksdk_hal::tls::certificate::Certificate;
use linksdk_hal::tls::engine;
use std::time::{Duration, UNIX_EPOCH};

fuzz_target!(|der: &[u8]| {
    let _ = engine::check_anchor(der);
    let Ok(certificate) = Certificate::read(der) else { return };
    assert!(certificate.public_key.len() <= der.len());
    assert!(certificate.dns_names.iter().all(|name| name.is_ascii()));
    assert!(certificate.rsa_bits.is_none_or(|bits| bits <= 8 * der.len()));
    // Names come from the certificate, escaped: they cannot be much longer.
    assert!(certificate.names().len() <= 8 * der.len());
    let ends = UNIX_EPOCH.checked_add(certificate.not_after);
    for now in [Some(UNIX_EPOCH), UNIX_EPOCH.checked_add(Duration::from_secs(1 << 31)), ends] {
        let Some(now) = now else { continue };
        let _ = certificate.position(now);
        assert!(certificate.ends_soon(now).is_none_or(|days| days <= 31));
    }
    // Nothing behind the certificate is overlooked.
    assert!(Certificate::read(&[der, &[0]].concat()).is_err());
});

//! PEM text: bundles of trust anchors, certificates and keys of the device, and what is in them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linksdk_hal::tls::certificate::Certificate;
use linksdk_hal::tls::credentials::{self, PrivateKey};
use linksdk_hal::tls::{engine, trust};

fuzz_target!(|text: &[u8]| {
    for der in trust::certificates(text).unwrap_or_default() {
        let _ = Certificate::read(&der);
        let _ = engine::check_anchor(&der);
    }
    if let Ok(Some(credentials)) = credentials::read(Some(text), Some(&PrivateKey::pem(text))) {
        let _ = engine::check_key(&credentials);
    }
});

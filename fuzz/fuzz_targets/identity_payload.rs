//! The payload on the identity topic: what is accepted obeys the documented limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linksdk_hal::identity;

fuzz_target!(|payload: &[u8]| {
    if let Ok(identity) = identity::parse_response(payload) {
        assert!(identity.is_complete());
        assert!(identity.product_key.len() <= 20 && identity.device_name.len() <= 32);
        let texts = [&identity.product_key, &identity.device_name];
        assert!(texts.iter().all(|text| text.bytes().all(|byte| byte.is_ascii_graphic())));
        assert!(!payload.contains(&0));
        assert_eq!(identity::checked(texts[0], texts[1]), Ok(identity.clone()));
    }
});

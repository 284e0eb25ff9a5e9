//! Names that firmware sets: of servers, and the three texts of a pre-shared key, in lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linksdk_hal::tls::name::ServerName;
use linksdk_hal::tls::psk::PreSharedKey;

fuzz_target!(|data: &str| {
    let mut lines = data.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let host = next();
    if let Ok(name) = ServerName::new(host) {
        let text = name.to_string();
        // What it is compared by means itself.
        assert_eq!(ServerName::new(&text).ok().as_ref(), Some(&name));
        if let ServerName::Dns(name) = &name {
            assert!(name.len() <= 253 && name.is_ascii() && !name.ends_with('.'));
            assert!(name.split('.').all(|label| (1..=63).contains(&label.len())));
            assert!(host.strip_suffix('.').unwrap_or(host).eq_ignore_ascii_case(name));
        }
    }
    let (product_key, device_name, device_secret) = (next(), next(), next());
    match PreSharedKey::of_device(product_key, device_name, device_secret) {
        Ok(psk) => {
            assert!(psk.key.len() == 64 && psk.key.iter().all(u8::is_ascii_hexdigit));
            let device = format!("{product_key}&{device_name}");
            assert_eq!(psk.identity, format!("devicename|hmacsha256|{device}|2524608000000"));
        }
        Err(_) => {
            let texts = [(product_key, 20), (device_name, 32), (device_secret, 64)];
            assert!(texts.iter().any(|(text, longest)| text.is_empty() || text.len() > *longest));
        }
    }
});

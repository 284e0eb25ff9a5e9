//! Client identifier, user name and host from what the firmware sets: lines of ProductKey, DeviceName,
//! DeviceSecret, region, domain and customize_info.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linksdk_hal::device::Meta;
use linksdk_hal::mqtt::connect;
use zeroize::Zeroizing;

fuzz_target!(|data: &str| {
    let mut lines = data.split('\n');
    let mut next = || lines.next().unwrap_or_default().to_owned();
    let meta = Meta {
        product_key: next(),
        device_name: next(),
        device_secret: Zeroizing::new(next()),
        ..Meta::default()
    };
    let region = next().parse().unwrap_or(0);
    let (domain, info) = (next(), next());
    let info = (!info.is_empty()).then_some(info.as_str());
    if let Ok(signed) = connect::sign(region, &domain, &meta, info) {
        assert!(signed.login.client_id.len() < 200 && signed.host.len() < 64);
        assert!(signed.login.user_name.len() < 64 && signed.login.password.len() == 64);
        let device = format!("{}.{}|", meta.product_key, meta.device_name);
        assert!(signed.login.client_id.starts_with(&device));
        for certificate in [false, true] {
            let _ = connect::default_endpoint(region, &meta, certificate, &signed);
        }
    }
});

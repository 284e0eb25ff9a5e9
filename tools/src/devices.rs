//! Which certificate belongs to which device: `devices.json` in the folder with the certificates.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use ring::digest;
use serde_json::{Value, json};

use crate::failure::{Explain, Failure, Outcome};
use crate::files;

pub(crate) const FILE: &str = "devices.json";

/// What the platform calls a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) product_key: String,
    pub(crate) device_name: String,
}

impl Identity {
    /// The payload that the platform sends on the identity topic.
    pub(crate) fn payload(&self) -> Vec<u8> {
        // Written by hand so that productKey comes first, as the platform sends it.
        format!(
            "{{\"productKey\":{},\"deviceName\":{}}}",
            Value::from(self.product_key.as_str()),
            Value::from(self.device_name.as_str())
        )
        .into_bytes()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.product_key, self.device_name)
    }
}

/// SHA-256 of a certificate in DER, in lower-case hexadecimal.
pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, certificate);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Identities by certificate fingerprint.
#[derive(Default)]
pub(crate) struct Devices(BTreeMap<String, Identity>);

impl Devices {
    pub(crate) fn insert(&mut self, certificate: &[u8], identity: Identity) {
        self.0.insert(fingerprint(certificate), identity);
    }

    pub(crate) fn find(&self, fingerprint: &str) -> Option<&Identity> {
        self.0.get(fingerprint)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn to_json(&self) -> String {
        let entries: serde_json::Map<String, Value> = self
            .0
            .iter()
            .map(|(fingerprint, identity)| {
                let value = json!({
                    "productKey": identity.product_key,
                    "deviceName": identity.device_name,
                });
                (fingerprint.clone(), value)
            })
            .collect();
        format!("{:#}\n", Value::Object(entries))
    }

    /// Reads `devices.json` from a folder that `linksdk-x509 pki` made.
    pub(crate) fn read(folder: &Path) -> Outcome<Self> {
        let path = folder.join(FILE);
        let check = "Make the folder with `linksdk-x509 pki --out DIR`.";
        let content = files::read(&path)?;
        let entries: serde_json::Map<String, Value> = serde_json::from_slice(&content)
            .explain(format!("Reading {}", path.display()), check)?;
        let mut devices = Devices::default();
        for (fingerprint, value) in entries {
            let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
            let (Some(product_key), Some(device_name)) = (text("productKey"), text("deviceName"))
            else {
                return Err(Failure::new(format!(
                    "Reading {} failed: the entry {fingerprint} lacks productKey or deviceName. \
                     {check}",
                    path.display()
                )));
            };
            devices
                .0
                .insert(fingerprint.to_ascii_lowercase(), Identity { product_key, device_name });
        }
        Ok(devices)
    }
}

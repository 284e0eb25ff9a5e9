//! ProductKey and DeviceName: what the platform pushes on `/ext/auth/identity/response`.
#![forbid(unsafe_code)]

use serde_core::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The topic on which the platform pushes a device's identity.
pub const RESPONSE_TOPIC: &str = "/ext/auth/identity/response";

/// The longest ProductKey (infra_defs.h of the Link SDK).
const LONGEST_PRODUCT_KEY: usize = 20;

/// The longest DeviceName.
const LONGEST_DEVICE_NAME: usize = 32;

/// Many times what the platform sends; more than this is not looked at.
const LONGEST_PAYLOAD: usize = 4096;

/// Who the device is on the platform. Both values are empty before the first connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// At most 20 characters.
    pub product_key: String,
    /// At most 32 characters.
    pub device_name: String,
}

impl Identity {
    /// Whether both values are there.
    pub fn is_complete(&self) -> bool {
        !self.product_key.is_empty() && !self.device_name.is_empty()
    }
}

/// Reads the payload of an identity message: a JSON object with the strings `productKey` and
/// `deviceName` at its top level, each once, not empty, at most 20 and 32 characters, printable
/// ASCII without '/', '+', '#' and '&'. Other members are ignored. The error is a clause that says
/// what is wrong; it holds nothing of the payload.
pub fn parse_response(payload: &[u8]) -> Result<Identity, String> {
    if payload.len() > LONGEST_PAYLOAD {
        return Err(format!("identity has {} bytes", payload.len()));
    }
    // A NUL would end the C string that the firmware's callback gets.
    if payload.contains(&0) {
        return Err("identity contains NUL".to_owned());
    }
    let mut json = serde_json::Deserializer::from_slice(payload);
    let (product_key, device_name) = json.deserialize_map(Members).map_err(|e| clause_of(&e))?;
    json.end().map_err(|_| "identity has text after the JSON object".to_owned())?;
    Ok(Identity {
        product_key: checked_text("productKey", product_key, LONGEST_PRODUCT_KEY)?,
        device_name: checked_text("deviceName", device_name, LONGEST_DEVICE_NAME)?,
    })
}

/// An identity of these two values, under the same conditions as in a message.
pub fn checked(product_key: &str, device_name: &str) -> Result<Identity, String> {
    let (product_key, device_name) = (product_key.to_owned(), device_name.to_owned());
    Ok(Identity {
        product_key: checked_text("productKey", Some(product_key), LONGEST_PRODUCT_KEY)?,
        device_name: checked_text("deviceName", Some(device_name), LONGEST_DEVICE_NAME)?,
    })
}

fn clause_of(error: &serde_json::Error) -> String {
    if error.is_data() {
        // Our own visitor's words, without the place that serde_json appends.
        let words = error.to_string();
        return format!("identity {}", words.split(" at line ").next().unwrap_or_default());
    }
    format!("identity is not JSON (column {})", error.column())
}

fn checked_text(name: &str, value: Option<String>, longest: usize) -> Result<String, String> {
    let value = value.ok_or_else(|| format!("identity has no {name}"))?;
    if value.is_empty() {
        return Err(format!("{name} is empty"));
    }
    if value.len() > longest {
        return Err(format!("{name} has more than {longest} characters"));
    }
    if value.bytes().any(|b| !b.is_ascii_graphic() || b"/+#&".contains(&b)) {
        return Err(format!("{name} has a character that is not allowed"));
    }
    Ok(value)
}

/// Collects the two members of the top-level object.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = (Option<String>, Option<String>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut product_key, mut device_name) = (None, None);
        while let Some(Text(key)) = map.next_key()? {
            let place = match key.as_ref() {
                "productKey" => &mut product_key,
                "deviceName" => &mut device_name,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let Text(value) = map.next_value()?;
            if place.replace(value.into_owned()).is_some() {
                return Err(A::Error::custom("has a member twice"));
            }
        }
        Ok((product_key, device_name))
    }
}

/// A JSON string.
struct Text<'a>(Cow<'a, str>);

impl<'de> serde_core::Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(product_key: &str, device_name: &str) -> Identity {
        Identity { product_key: product_key.to_owned(), device_name: device_name.to_owned() }
    }

    #[test]
    fn the_documented_payload_is_read() {
        let expected = Ok(identity("a1MZxOdcBnO", "example1"));
        for payload in [
            r#"{"productKey":"a1MZxOdcBnO","deviceName":"example1"}"#,
            r#" { "deviceName" : "example1" , "productKey" : "a1MZxOdcBnO" } "#,
            r#"{"productKey":"a1MZxOdcBnO","x":{"productKey":"no"},"deviceName":"example1","y":[1,null]}"#,
            r#"{"product\u004bey":"a1MZxOdcBnO","deviceName":"ex\u0061mple1"}"#,
        ] {
            assert_eq!(parse_response(payload.as_bytes()), expected, "{payload}");
        }
        let longest = ("p".repeat(20), "d".repeat(32));
        let payload = format!(r#"{{"productKey":"{}","deviceName":"{}"}}"#, longest.0, longest.1);
        assert_eq!(parse_response(payload.as_bytes()), Ok(identity(&longest.0, &longest.1)));
    }

    #[test]
    fn everything_else_is_refused_with_a_reason() {
        let long_key = format!(r#"{{"productKey":"{}","deviceName":"d"}}"#, "p".repeat(21));
        let long_name = format!(r#"{{"productKey":"p","deviceName":"{}"}}"#, "d".repeat(33));
        for (payload, reason) in [
            ("", "not JSON"),
            ("null", "invalid type"),
            ("[]", "invalid type"),
            (r#""productKey""#, "invalid type"),
            ("{}", "no productKey"),
            (r#"{"productKey":"p"}"#, "no deviceName"),
            (r#"{"deviceName":"d"}"#, "no productKey"),
            (r#"{"productKey":1,"deviceName":"d"}"#, "invalid type"),
            (r#"{"productKey":null,"deviceName":"d"}"#, "invalid type"),
            (r#"{"productKey":"p","deviceName":["d"]}"#, "invalid type"),
            (r#"{"productKey":"","deviceName":"d"}"#, "is empty"),
            (r#"{"productKey":"p","deviceName":""}"#, "is empty"),
            (r#"{"productKey":"p","productKey":"q","deviceName":"d"}"#, "twice"),
            (r#"{"productKey":"p","deviceName":"d"} x"#, "text after"),
            (r#"{"productKey":"p","deviceName":"d""#, "not JSON"),
            (r#"{"productKey":"p/q","deviceName":"d"}"#, "not allowed"),
            (r#"{"productKey":"p","deviceName":"d+"}"#, "not allowed"),
            (r#"{"productKey":"p","deviceName":"d#"}"#, "not allowed"),
            (r#"{"productKey":"p","deviceName":"a b"}"#, "not allowed"),
            (r#"{"productKey":"p","deviceName":"\u0000"}"#, "not allowed"),
            (r#"{"productKey":"p","deviceName":"ü"}"#, "not allowed"),
            ("{\"productKey\":\"p\",\"deviceName\":\"d\"}\0", "NUL"),
            (&long_key, "more than 20"),
            (&long_name, "more than 32"),
            (&" ".repeat(LONGEST_PAYLOAD + 1), "bytes"),
            (&"[".repeat(1000), "invalid type"),
            (&format!(r#"{{"x":{}"#, "[".repeat(1000)), "not JSON"),
        ] {
            let refused = parse_response(payload.as_bytes()).unwrap_err();
            assert!(refused.contains(reason), "{payload}: {refused}");
            assert!(refused.len() <= 63 || reason == "invalid type", "{refused}");
        }
        assert!(parse_response(b"{\"productKey\":\"\xff\",\"deviceName\":\"d\"}").is_err());
    }
}

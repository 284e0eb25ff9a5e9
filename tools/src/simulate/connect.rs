//! Which CONNECT the platform takes.

use mqtt_proto::Protocol;
use mqtt_proto::v3::Connect;

use crate::devices::Identity;

/// Return codes of CONNACK (MQTT 3.1.1 section 3.2.2.3; the reasons are the platform's).
pub(crate) const UNACCEPTABLE_PROTOCOL: u8 = 1;
const CLIENT_ID_REJECTED: u8 = 2;
const BAD_USER_NAME: u8 = 4;
const NOT_AUTHORISED: u8 = 5;

const LONGEST_KEEP_ALIVE: u16 = 1200;
const LONGEST_CLIENT_ID: usize = 64;

/// A return code and the sentence for the log.
pub(crate) type Refusal = (u8, String);

/// Checks a CONNECT against the platform's documented rules. `identity` is what `devices.json`
/// says about the client's certificate.
pub(crate) fn check(
    connect: &Connect,
    identity: Option<&Identity>,
    shortest_keep_alive: u16,
) -> Result<Identity, Refusal> {
    let refuse = |code: u8, reason: String| Err((code, reason));
    if connect.protocol != Protocol::V311 {
        return refuse(UNACCEPTABLE_PROTOCOL, "the protocol is not MQTT 3.1.1 (level 4)".into());
    }
    let Some(identity) = identity else {
        return refuse(NOT_AUTHORISED, "the client certificate is not in devices.json".into());
    };
    check_client_id(&connect.client_id).map_err(|reason| (CLIENT_ID_REJECTED, reason))?;
    if !(shortest_keep_alive..=LONGEST_KEEP_ALIVE).contains(&connect.keep_alive) {
        let reason = format!(
            "keep alive {} is not between {shortest_keep_alive} and {LONGEST_KEEP_ALIVE} seconds",
            connect.keep_alive
        );
        return refuse(CLIENT_ID_REJECTED, reason);
    }
    if connect.last_will.is_some() {
        return refuse(CLIENT_ID_REJECTED, "the platform has no last will".into());
    }
    // A device that does not know its names yet sends none, or the separator between them.
    let user_name = connect.username.as_deref().unwrap_or_default();
    if user_name.is_empty() || user_name == "&" {
        return Ok(identity.clone());
    }
    match user_name.split_once('&') {
        None => refuse(BAD_USER_NAME, "the user name is not deviceName&productKey".into()),
        Some((name, key)) if name == identity.device_name && key == identity.product_key => {
            Ok(identity.clone())
        }
        Some(_) => refuse(
            NOT_AUTHORISED,
            format!("the user name {user_name} is not that of {identity}, whose certificate it is"),
        ),
    }
}

fn check_client_id(client_id: &str) -> Result<(), String> {
    let (name, parameters) = client_id
        .strip_suffix('|')
        .and_then(|rest| rest.split_once('|'))
        .ok_or("the client id is not clientId|parameters|")?;
    if name.is_empty() || name.chars().count() > LONGEST_CLIENT_ID {
        return Err(format!("the client id has not 1 to {LONGEST_CLIENT_ID} characters before |"));
    }
    if parameters.split(',').any(|parameter| parameter == "securemode=2") {
        Ok(())
    } else {
        Err("the client id lacks securemode=2, direct TLS".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(change: impl FnOnce(&mut Connect)) -> Option<u8> {
        let identity = Identity { product_key: "a1".into(), device_name: "dev1".into() };
        let mut connect = Connect::new(".|securemode=2|".into(), 300);
        change(&mut connect);
        check(&connect, Some(&identity), 30).err().map(|(code, _)| code)
    }

    #[test]
    fn documented_forms_are_taken() {
        assert_eq!(code(|_| ()), None);
        assert_eq!(code(|connect| connect.username = Some("&".into())), None);
        assert_eq!(code(|connect| connect.username = Some("dev1&a1".into())), None);
        assert_eq!(code(|connect| connect.keep_alive = 30), None);
        assert_eq!(code(|connect| connect.keep_alive = 1200), None);
        let longest = format!("{}|timestamp=1,securemode=2,lan=C|", "x".repeat(64));
        assert_eq!(code(|connect| connect.client_id = longest.into()), None);
    }

    #[test]
    fn everything_else_is_refused_with_its_code() {
        assert_eq!(code(|connect| connect.keep_alive = 29), Some(2));
        assert_eq!(code(|connect| connect.keep_alive = 1201), Some(2));
        assert_eq!(code(|connect| connect.keep_alive = 0), Some(2));
        assert_eq!(code(|connect| connect.client_id = "plain".into()), Some(2));
        assert_eq!(code(|connect| connect.client_id = "x|securemode=3|".into()), Some(2));
        let long = format!("{}|securemode=2|", "x".repeat(65));
        assert_eq!(code(|connect| connect.client_id = long.into()), Some(2));
        assert_eq!(code(|connect| connect.username = Some("dev1".into())), Some(4));
        assert_eq!(code(|connect| connect.username = Some("dev2&a1".into())), Some(5));
        assert_eq!(code(|connect| connect.protocol = Protocol::V310), Some(1));
    }

    #[test]
    fn an_unknown_certificate_is_not_authorised() {
        let connect = Connect::new(".|securemode=2|".into(), 300);
        assert_eq!(check(&connect, None, 30).err().map(|(code, _)| code), Some(5));
    }
}

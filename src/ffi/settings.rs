//! From `iotx_mqtt_param_t` and the device's data to the client's settings.

use super::{hal, ptr, sdk, surroundings};
use crate::log;
use crate::mqtt::client::Settings;
use crate::mqtt::connect::{self, Sign};
use crate::mqtt::retry::RetryPolicy;
use crate::persistence;
use crate::state::{self, Group};
use libc::{c_char, c_void};
use std::ops::RangeInclusive;
use std::time::Duration;
use zeroize::Zeroizing;

/// The longest strings that are taken: what fits a field of CONNECT.
const LONGEST_STRING: usize = 65_535;

/// The largest packet of MQTT.
const LARGEST_PACKET: u32 = 256 * 1024 * 1024;

/// The defaults and bounds of the Link SDK (`mqtt_api.h`), in milliseconds and bytes.
const REQUEST_TIMEOUT: u32 = 5_000;
const REQUEST_TIMEOUTS: RangeInclusive<u32> = 1_000..=10_000;
const KEEP_ALIVE: u32 = 60_000;
const KEEP_ALIVES: RangeInclusive<u32> = 30_000..=1_200_000;
const BUFFER: u32 = 3_072;

/// The platform accepts no longer keep alive than this, in seconds.
const LONGEST_KEEP_ALIVE: u32 = 1_200;

/// `iotx_mqtt_param_t` of the Link SDK.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Parameters {
    port: u16,
    host: *const c_char,
    client_id: *const c_char,
    user_name: *const c_char,
    password: *const c_char,
    customize_info: *const c_char,
    pub_key: *const c_char,
    clean_session: u8,
    request_timeout_ms: u32,
    keepalive_interval_ms: u32,
    write_buf_size: u32,
    read_buf_size: u32,
    handle_event: EventHandle,
}

/// `iotx_mqtt_event_handle_t` of the Link SDK.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct EventHandle {
    function: Option<surroundings::EventFunction>,
    context: *mut c_void,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Parameters>() == 96);
    assert!(std::mem::offset_of!(Parameters, host) == 8);
    assert!(std::mem::offset_of!(Parameters, pub_key) == 48);
    assert!(std::mem::offset_of!(Parameters, clean_session) == 56);
    assert!(std::mem::offset_of!(Parameters, request_timeout_ms) == 60);
    assert!(std::mem::offset_of!(Parameters, read_buf_size) == 72);
    assert!(std::mem::offset_of!(Parameters, handle_event) == 80);
};

/// Settings that are complete, and what makes a login anew when the device's data change.
pub struct Prepared {
    pub(super) settings: Settings,
    pub(super) login: GivenLogin,
}

/// What the firmware gave of the login; the rest is computed from the device's data.
#[derive(Default)]
pub(super) struct GivenLogin {
    client_id: Option<String>,
    user_name: Option<String>,
    password: Option<Zeroizing<String>>,
    customize_info: Option<String>,
}

impl GivenLogin {
    /// Who the device says it is, and its default endpoint, with the device's data as they are now.
    pub(super) fn sign(&self) -> Result<Sign, i32> {
        let meta = sdk::meta();
        let region = sdk::region();
        let by_certificate = hal::has_device_certificate();
        let info = self.customize_info.as_deref();
        let mut signed = connect::sign(region, &sdk::mqtt_domain(), &meta, info)?;
        let (host, port) = connect::default_endpoint(region, &meta, by_certificate, &signed);
        (signed.host, signed.port) = (host.to_owned(), port);
        let login = &mut signed.login;
        if connect::needs_no_password(&meta, by_certificate) {
            login.password = Zeroizing::default();
        }
        login.client_id = self.client_id.clone().unwrap_or(std::mem::take(&mut login.client_id));
        login.user_name = self.user_name.clone().unwrap_or(std::mem::take(&mut login.user_name));
        login.password = self.password.clone().unwrap_or(std::mem::take(&mut login.password));
        Ok(signed)
    }
}

/// Takes over the stored identity on a device that authenticates by certificate and does not know who
/// it is. `false` when there is none.
fn restore_identity() -> bool {
    let meta = sdk::meta();
    let unnamed = meta.product_key.is_empty() && meta.device_name.is_empty();
    if !unnamed || !hal::has_device_certificate() {
        return false;
    }
    persistence::stored().is_some_and(|identity| sdk::set_identity(&identity))
}

/// Completes what the firmware gave with the defaults. `None` when something cannot be used; a state
/// event says what.
///
/// # Safety
/// The strings of `parameters` are NULL or C strings.
pub(super) unsafe fn prepare(parameters: Option<&Parameters>) -> Option<Prepared> {
    #[cfg(not(feature = "sdk"))]
    sdk::prepare();
    let texts = match parameters {
        // SAFETY: the caller's promise.
        Some(parameters) => unsafe { texts(parameters) }?,
        None => Texts::default(),
    };
    let from_store = restore_identity();
    let signed = texts.login.sign().map_err(|code| refuse(code, "mqtt sign fail")).ok()?;
    let number = |read: fn(&Parameters) -> u32| parameters.map_or(0, read);
    let keep_alive = within(number(|p| p.keepalive_interval_ms), KEEP_ALIVES, KEEP_ALIVE);
    let timeout = within(number(|p| p.request_timeout_ms), REQUEST_TIMEOUTS, REQUEST_TIMEOUT);
    let buffer = |size| usize::try_from(within(size, 1..=LARGEST_PACKET, BUFFER)).unwrap_or(0);
    let handle_event = parameters.map(|parameters| parameters.handle_event);
    // Twice the interval at which the client pings, so that a late PINGREQ costs nothing.
    let on_wire = (keep_alive / 1_000 * 2).min(LONGEST_KEEP_ALIVE);
    Some(Prepared {
        settings: Settings {
            host: texts.host.unwrap_or(signed.host),
            port: parameters.map(|p| p.port).filter(|port| *port != 0).unwrap_or(signed.port),
            login: signed.login,
            from_store,
            clean_session: number(|p| u32::from(p.clean_session)) == 1,
            keep_alive_on_wire: u16::try_from(on_wire).unwrap_or(u16::MAX),
            keep_alive: Duration::from_millis(u64::from(keep_alive)),
            request_timeout: Duration::from_millis(u64::from(timeout)),
            connect_timeout: crate::tls::options::current().establish_timeout,
            pause: Duration::from_secs(1),
            identity_cycle: Duration::from_millis(500),
            read_buffer: buffer(number(|p| p.read_buf_size)),
            write_buffer: buffer(number(|p| p.write_buf_size)),
            handler: handle_event.and_then(|event| {
                event.function.map(|function| surroundings::handler(function, event.context))
            }),
            retry: RetryPolicy::default(),
        },
        login: texts.login,
    })
}

fn within(value: u32, bounds: RangeInclusive<u32>, default: u32) -> u32 {
    if bounds.contains(&value) { value } else { default }
}

fn refuse(code: i32, message: &str) {
    log::error!("IOT_MQTT_Construct: {message} (-0x{:04X})", -code);
    state::raise(Group::MqttComm, code, message);
}

/// The strings that the firmware gave; `None` stands for the default.
#[derive(Default)]
struct Texts {
    host: Option<String>,
    login: GivenLogin,
}

/// # Safety
/// The strings of `parameters` are NULL or C strings.
unsafe fn texts(parameters: &Parameters) -> Option<Texts> {
    let read = |name: &str, text: *const c_char| {
        if text.is_null() {
            return Some(None);
        }
        // SAFETY: the caller's promise.
        match unsafe { ptr::text(text, LONGEST_STRING) } {
            Some(text) => Some(Some(text.to_owned()).filter(|text| !text.is_empty())),
            None => {
                refuse(state::USER_INPUT_INVALID, &format!("{name} is too long or not UTF-8"));
                None
            }
        }
    };
    let texts = Texts {
        host: read("host", parameters.host)?,
        login: GivenLogin {
            client_id: read("client_id", parameters.client_id)?,
            user_name: read("username", parameters.user_name)?,
            password: read("password", parameters.password)?.map(Zeroizing::new),
            customize_info: read("customize_info", parameters.customize_info)?,
        },
    };
    if texts.login.customize_info.as_deref().is_some_and(|info| info.contains("authtype=id2")) {
        refuse(state::USER_INPUT_INVALID, "authtype=id2 (iTLS) is not supported");
        return None;
    }
    Some(texts)
}

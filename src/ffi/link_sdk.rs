//! The rest of the SDK in profile `mqtt`: the Link SDK that the firmware links.
//!
//! The numbers of its events depend on its version and switches (`infra_defs.h`), so they are not
//! compiled in. Registration functions are resolved by name; what number a name stands for is found
//! once, by registering a function of our own through it and looking where it is.

use super::ptr;
use super::sign_types::{DeviceMeta, SignMqtt};
use crate::device::{
    DEVICE_NAME_LENGTH, DEVICE_SECRET_LENGTH, MODULE_LENGTH, Meta, PRODUCT_KEY_LENGTH,
    PRODUCT_SECRET_LENGTH, REGION_CUSTOM,
};
use crate::identity::Identity;
use crate::log;
use crate::state::Group;
use libc::{c_char, c_int, c_void};
use std::ffi::{CStr, CString};
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// More events than any version of the Link SDK has.
const MOST_EVENTS: c_int = 64;

/// The longest message that a state handler gets, in bytes without the NUL.
const MESSAGE_LENGTH: usize = 63;

/// Options of `IOT_Ioctl` (`infra_compat.h`), the same in all versions that have them.
const GET_REGION: c_int = 1;
const SET_PRODUCT_KEY: c_int = 20;
const GET_PRODUCT_KEY: c_int = 21;
const GET_PRODUCT_SECRET: c_int = 23;
const SET_DEVICE_NAME: c_int = 24;
const GET_DEVICE_NAME: c_int = 25;
const GET_DEVICE_SECRET: c_int = 27;
const GET_MODULE: c_int = 29;

/// What the registry keeps: a function of whatever type its event has.
type AnyCallback = *mut c_void;
type Register = unsafe extern "C" fn(AnyCallback) -> c_int;

unsafe extern "C" {
    fn iotx_event_callback(event: c_int) -> AnyCallback;
    fn iotx_state_event(event: c_int, code: c_int, format: *const c_char, ...) -> c_int;
    #[link_name = "iotx_register_for_ITE_IDENTITY_RESPONSE"]
    fn register_identity_response(callback: AnyCallback) -> c_int;
    #[link_name = "iotx_register_for_ITE_MQTT_CONNECT_SUCC"]
    fn register_mqtt_connect_succ(callback: AnyCallback) -> c_int;
    #[link_name = "iotx_register_for_ITE_STATE_USER_INPUT"]
    fn register_state_user_input(callback: AnyCallback) -> c_int;
    #[link_name = "iotx_register_for_ITE_STATE_SYS_DEPEND"]
    fn register_state_sys_depend(callback: AnyCallback) -> c_int;
    #[link_name = "iotx_register_for_ITE_STATE_MQTT_COMM"]
    fn register_state_mqtt_comm(callback: AnyCallback) -> c_int;
    #[link_name = "IOT_Ioctl"]
    fn ioctl(option: c_int, data: *mut c_void) -> c_int;
    #[link_name = "IOT_Sign_MQTT"]
    fn sign_mqtt(region: c_int, meta: *const DeviceMeta, signed: *mut SignMqtt) -> c_int;
    #[link_name = "HAL_GetFirmwareVersion"]
    fn get_firmware_version(version: *mut c_char) -> c_int;
}

/// The numbers of the events that the client raises; `None` for one that could not be found.
#[derive(Debug, Default)]
struct Events {
    identity_response: Option<c_int>,
    mqtt_connect_succ: Option<c_int>,
    state_user_input: Option<c_int>,
    state_sys_depend: Option<c_int>,
    state_mqtt_comm: Option<c_int>,
}

/// Stands in the registry for a moment. Should its event happen just then, it does nothing: on all
/// supported targets a function may be called with arguments that it does not look at.
extern "C" fn sentinel() -> c_int {
    0
}

/// The number of the event that `register` is for. The registry is left as it was, or as another thread
/// has made it meanwhile.
fn find(register: Register) -> Option<c_int> {
    // SAFETY: the function reads one entry of a table and returns NULL for numbers outside it.
    let callback = |event| unsafe { iotx_event_callback(event) };
    let before: Vec<AnyCallback> = (0..MOST_EVENTS).map(callback).collect();
    let ours = sentinel as extern "C" fn() -> c_int as AnyCallback;
    // SAFETY: the function stores a pointer; what it points to may be called as described above.
    unsafe { register(ours) };
    let place =
        before.iter().zip(0..).find(|(before, event)| **before != ours && callback(*event) == ours);
    let old = place.map_or(std::ptr::null_mut(), |(old, _)| *old);
    // The registry has no lock: what stands there now may be newer than what stood there before.
    if place.is_none_or(|(_, event)| callback(event) == ours) {
        // SAFETY: what stood there before, or nothing.
        unsafe { register(old) };
    }
    place.map(|(_, event)| event)
}

fn events() -> &'static Events {
    static EVENTS: OnceLock<Events> = OnceLock::new();
    EVENTS.get_or_init(|| {
        let events = Events {
            identity_response: find(register_identity_response),
            mqtt_connect_succ: find(register_mqtt_connect_succ),
            state_user_input: find(register_state_user_input),
            state_sys_depend: find(register_state_sys_depend),
            state_mqtt_comm: find(register_state_mqtt_comm),
        };
        if events.identity_response.is_none() || events.state_mqtt_comm.is_none() {
            log::error!("the callback registry of this SDK does not work as expected: {events:?}");
        }
        events
    })
}

/// Finds the numbers before anything happens that they are needed for.
pub(super) fn prepare() {
    let _ = events();
}

/// Raises a state event through the SDK. Handlers get at most 63 bytes of `message`.
pub(super) fn raise_state(group: Group, code: i32, message: &str) {
    let event = match group {
        Group::UserInput => events().state_user_input,
        Group::SysDepend => events().state_sys_depend,
        Group::MqttComm => events().state_mqtt_comm,
    };
    let message = message.split('\0').next().unwrap_or_default();
    let message = CString::new(ptr::cut(message, MESSAGE_LENGTH));
    if let (Some(event), Ok(message)) = (event, message) {
        // SAFETY: the format takes one C string, which lives until the call returns.
        unsafe { iotx_state_event(event, code, c"%s".as_ptr(), message.as_ptr()) };
    }
}

fn callback(event: Option<c_int>) -> Option<AnyCallback> {
    // SAFETY: the number is one that the registry has.
    event.map(|event| unsafe { iotx_event_callback(event) }).filter(|callback| !callback.is_null())
}

/// Gives the identity payload to the handler of `ITE_IDENTITY_RESPONSE`, as a C string that is
/// valid for the call. `false` when no handler is registered or `payload` holds a NUL.
pub(super) fn identity_response(payload: &[u8]) -> bool {
    let Some(callback) = callback(events().identity_response) else { return false };
    let Ok(payload) = CString::new(payload) else { return false };
    // SAFETY: what is registered for this event is a function of this type, which the firmware keeps
    // callable while it is registered.
    let callback = unsafe {
        std::mem::transmute::<AnyCallback, unsafe extern "C" fn(*const c_char) -> c_int>(callback)
    };
    // SAFETY: as above; the string lives until the call returns.
    unsafe { callback(payload.as_ptr()) };
    true
}

/// Calls the handler of `ITE_MQTT_CONNECT_SUCC`, if there is one.
pub(super) fn mqtt_connect_succ() {
    if let Some(callback) = callback(events().mqtt_connect_succ) {
        // SAFETY: as in `identity_response`.
        let callback = unsafe {
            std::mem::transmute::<AnyCallback, unsafe extern "C" fn() -> c_int>(callback)
        };
        // SAFETY: as in `identity_response`.
        unsafe { callback() };
    }
}

/// A text that `IOT_Ioctl` has; empty when it has none. `longest`: without the NUL, which the SDK
/// does not write.
fn text(option: c_int, longest: usize) -> Zeroizing<String> {
    let mut buffer = Zeroizing::new(vec![0u8; longest + 2]);
    // SAFETY: the SDK writes at most `longest` bytes and a NUL.
    if unsafe { ioctl(option, buffer.as_mut_ptr().cast()) } != 0 {
        return Zeroizing::default();
    }
    let text = CStr::from_bytes_until_nul(&buffer).ok().and_then(|text| text.to_str().ok());
    Zeroizing::new(text.unwrap_or_default().to_owned())
}

fn set_text(option: c_int, value: &str) -> bool {
    let Ok(value) = CString::new(value) else { return false };
    // SAFETY: the SDK copies the C string, whose length it checks.
    unsafe { ioctl(option, value.as_ptr().cast_mut().cast()) == 0 }
}

/// ProductKey and DeviceName as they are now; either may be empty.
pub(super) fn identity() -> Identity {
    Identity {
        product_key: text(GET_PRODUCT_KEY, PRODUCT_KEY_LENGTH).to_string(),
        device_name: text(GET_DEVICE_NAME, DEVICE_NAME_LENGTH).to_string(),
    }
}

/// Takes over ProductKey and DeviceName. `false` when the SDK does not accept one of them; then it
/// has neither of the two new ones.
pub(super) fn set_identity(identity: &Identity) -> bool {
    let before = self::identity();
    let set = set_text(SET_PRODUCT_KEY, &identity.product_key)
        && set_text(SET_DEVICE_NAME, &identity.device_name);
    if !set {
        set_text(SET_PRODUCT_KEY, &before.product_key);
    }
    set
}

/// The device's data.
pub(super) fn meta() -> Meta {
    let Identity { product_key, device_name } = identity();
    Meta {
        product_key,
        product_secret: text(GET_PRODUCT_SECRET, PRODUCT_SECRET_LENGTH),
        device_name,
        device_secret: text(GET_DEVICE_SECRET, DEVICE_SECRET_LENGTH),
        module: module(),
    }
}

/// The region that the firmware chose.
pub(super) fn region() -> i32 {
    let mut region: c_int = 0;
    // SAFETY: the SDK writes one int.
    unsafe { ioctl(GET_REGION, (&raw mut region).cast()) };
    region
}

/// The custom MQTT host; empty when none is set. The SDK tells it only as a part of what it signs.
pub(super) fn mqtt_domain() -> String {
    if region() != REGION_CUSTOM {
        return String::new();
    }
    let (meta, mut signed) = (DeviceMeta::EMPTY, SignMqtt::EMPTY);
    // SAFETY: both structures are those of the SDK and initialised.
    if unsafe { sign_mqtt(REGION_CUSTOM, &meta, &mut signed) } != 0 {
        return String::new();
    }
    let host =
        CStr::from_bytes_until_nul(&signed.hostname).ok().and_then(|host| host.to_str().ok());
    host.unwrap_or_default().to_owned()
}

/// The module name; empty when none is set, or the SDK (3.1.0) has none.
pub(super) fn module() -> String {
    text(GET_MODULE, MODULE_LENGTH).to_string()
}

/// What `HAL_GetFirmwareVersion` of the firmware says.
pub(super) fn firmware_version() -> String {
    // Several times what the SDK allows (`IOTX_FIRMWARE_VER_LEN`, 32 or 64).
    let mut buffer = [0u8; 256];
    // SAFETY: the SDK's ports write a C string of less than 64 bytes.
    unsafe { get_firmware_version(buffer.as_mut_ptr().cast()) };
    let version = CStr::from_bytes_until_nul(&buffer).ok().and_then(|text| text.to_str().ok());
    // It goes into JSON as it is.
    let breaks = |c: char| c.is_control() || c == '"' || c == '\\';
    version.filter(|version| !version.contains(breaks)).unwrap_or_default().to_owned()
}

//! The callback registry: what the firmware registers and what this library reports through it.

use super::boundary::boundary;
use super::ptr;
use crate::event::{
    Callback, Monitor, Notification, REGISTRY, Registry, Slot, StateHandler, TextHandler,
};
use crate::state::Group;
use libc::{c_char, c_int, c_void};
use std::ffi::{CStr, CString};

/// The longest message that a state handler gets, in bytes without the NUL.
const MESSAGE_LENGTH: usize = 63;

/// Raises a state event: the receiver that `state::raise` reports to in profile `sdk`. Handlers get
/// `message` up to its first NUL, at most 63 bytes of it, cut between two characters.
pub fn raise_state(group: Group, code: i32, message: &str) {
    let message = message.split('\0').next().unwrap_or_default();
    if let Ok(message) = CString::new(ptr::cut(message, MESSAGE_LENGTH)) {
        deliver_state(&REGISTRY, Slot::from(group) as c_int, code, &message);
    }
}

/// Gives the identity payload to the handler of `ITE_IDENTITY_RESPONSE`, as a C string that is
/// valid for the call. `false` when no handler is registered or `payload` holds a NUL.
pub fn identity_response(payload: &[u8]) -> bool {
    let Some(Callback::Text(handler)) = REGISTRY.callback(Slot::IdentityResponse as c_int) else {
        return false;
    };
    let Ok(payload) = CString::new(payload) else { return false };
    // SAFETY: whoever registered the handler promised that it stays callable; the registry's lock
    // is free and the string lives until the call returns.
    unsafe { handler(payload.as_ptr()) };
    true
}

/// Calls the handler of `ITE_MQTT_CONNECT_SUCC`, if there is one.
pub fn mqtt_connect_succ() {
    if let Some(Callback::Notify(handler)) = REGISTRY.callback(Slot::MqttConnectSucc as c_int) {
        // SAFETY: whoever registered the handler promised that it stays callable.
        unsafe { handler() };
    }
}

/// -1 when nobody is registered for `slot`, else 0.
fn deliver_state(registry: &Registry, slot: c_int, code: c_int, message: &CStr) -> c_int {
    let Some((own, everything)) = registry.state_handlers(slot) else { return -1 };
    // SAFETY: whoever registered the handlers promised that they stay callable; the registry's
    // lock is free and the string lives until the calls return.
    unsafe {
        own(code, message.as_ptr());
        if let Some(everything) = everything {
            everything(code, message.as_ptr());
        }
    }
    0
}

fn register(slot: Slot, callback: Option<Callback>) -> c_int {
    boundary(-1, || {
        REGISTRY.register(slot, callback);
        0
    })
}

/// The second half of `iotx_state_event`, whose first half in `csrc/variadics.c` formats the
/// message. Not visible outside the finished archive.
///
/// # Safety
/// `message` is NULL or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn linksdk_internal_state_event(
    event: c_int,
    code: c_int,
    message: *const c_char,
) -> c_int {
    boundary(-1, || {
        // SAFETY: the C shim passes its own buffer, which it terminated.
        let message = unsafe { ptr::c_str(message) }.unwrap_or_default();
        deliver_state(&REGISTRY, event, code, message)
    })
}

/// Sets the handler for the identity that the platform sends to a device which authenticates by
/// certificate (`ITE_IDENTITY_RESPONSE`): `{"productKey":"...","deviceName":"..."}` as a C string,
/// valid until the handler returns. NULL removes it; the last one given wins. Returns 0.
///
/// It is called on the thread that is in `IOT_MQTT_Construct` or `IOT_MQTT_Yield`, after both
/// values were checked and stored, so `IOT_Ioctl` already returns them. What it returns is ignored.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_IDENTITY_RESPONSE")]
pub unsafe extern "C" fn iotx_register_for_ite_identity_response(
    handler: Option<TextHandler>,
) -> c_int {
    register(Slot::IdentityResponse, handler.map(Callback::Text))
}

/// Sets the handler that is called once the first MQTT connection of a client is up
/// (`ITE_MQTT_CONNECT_SUCC`), on the thread that is in `IOT_MQTT_Construct`. NULL removes it.
/// Returns 0.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_MQTT_CONNECT_SUCC")]
pub unsafe extern "C" fn iotx_register_for_ite_mqtt_connect_succ(
    handler: Option<Notification>,
) -> c_int {
    register(Slot::MqttConnectSucc, handler.map(Callback::Notify))
}

/// Sets the handler for all states (`ITE_STATE_EVERYTHING`): `int handler(int code, const char
/// *message)`. It goes into every `ITE_STATE_*` slot. A handler registered for one of them
/// afterwards gets its states first and this one second. NULL empties all of them. Returns 0.
///
/// Handlers are called on the thread where the state arises, with no lock held: they may register,
/// unregister and call any function of the library. The message is at most 63 bytes and a NUL,
/// valid until the handler returns, never holds a secret. What a handler returns is ignored.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_STATE_EVERYTHING")]
pub unsafe extern "C" fn iotx_register_for_ite_state_everything(
    handler: Option<StateHandler>,
) -> c_int {
    register(Slot::StateEverything, handler.map(Callback::State))
}

/// Sets the handler for states of wrong arguments and settings (`ITE_STATE_USER_INPUT`); see
/// `iotx_register_for_ITE_STATE_EVERYTHING`. NULL removes it: these states are then reported to
/// nobody. Returns 0.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_STATE_USER_INPUT")]
pub unsafe extern "C" fn iotx_register_for_ite_state_user_input(
    handler: Option<StateHandler>,
) -> c_int {
    register(Slot::StateUserInput, handler.map(Callback::State))
}

/// Sets the handler for states of the operating system and the network (`ITE_STATE_SYS_DEPEND`); see
/// `iotx_register_for_ITE_STATE_EVERYTHING`. NULL removes it: these states are then reported to
/// nobody. Returns 0.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_STATE_SYS_DEPEND")]
pub unsafe extern "C" fn iotx_register_for_ite_state_sys_depend(
    handler: Option<StateHandler>,
) -> c_int {
    register(Slot::StateSysDepend, handler.map(Callback::State))
}

/// Sets the handler for states of the MQTT connection (`ITE_STATE_MQTT_COMM`); see
/// `iotx_register_for_ITE_STATE_EVERYTHING`. NULL removes it: these states are then reported to
/// nobody. Returns 0.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_STATE_MQTT_COMM")]
pub unsafe extern "C" fn iotx_register_for_ite_state_mqtt_comm(
    handler: Option<StateHandler>,
) -> c_int {
    register(Slot::StateMqttComm, handler.map(Callback::State))
}

/// Sets the handler for states of Wi-Fi provisioning (`ITE_STATE_WIFI_PROV`); see
/// `iotx_register_for_ITE_STATE_EVERYTHING`. NULL removes it: these states are then reported to
/// nobody. Returns 0.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_STATE_WIFI_PROV")]
pub unsafe extern "C" fn iotx_register_for_ite_state_wifi_prov(
    handler: Option<StateHandler>,
) -> c_int {
    register(Slot::StateWifiProv, handler.map(Callback::State))
}

/// Sets the handler for states of local CoAP (`ITE_STATE_COAP_LOCAL`); see
/// `iotx_register_for_ITE_STATE_EVERYTHING`. NULL removes it: these states are then reported to
/// nobody. Returns 0.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_STATE_COAP_LOCAL")]
pub unsafe extern "C" fn iotx_register_for_ite_state_coap_local(
    handler: Option<StateHandler>,
) -> c_int {
    register(Slot::StateCoapLocal, handler.map(Callback::State))
}

/// Sets the handler for states of HTTP (`ITE_STATE_HTTP_COMM`); see
/// `iotx_register_for_ITE_STATE_EVERYTHING`. NULL removes it: these states are then reported to
/// nobody. Returns 0.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_STATE_HTTP_COMM")]
pub unsafe extern "C" fn iotx_register_for_ite_state_http_comm(
    handler: Option<StateHandler>,
) -> c_int {
    register(Slot::StateHttpComm, handler.map(Callback::State))
}

/// Sets the handler for states of firmware updates (`ITE_STATE_OTA`); see
/// `iotx_register_for_ITE_STATE_EVERYTHING`. NULL removes it: these states are then reported to
/// nobody. Returns 0.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_STATE_OTA")]
pub unsafe extern "C" fn iotx_register_for_ite_state_ota(handler: Option<StateHandler>) -> c_int {
    register(Slot::StateOta, handler.map(Callback::State))
}

/// Sets the handler for states of binding (`ITE_STATE_DEV_BIND`); see
/// `iotx_register_for_ITE_STATE_EVERYTHING`. NULL removes it: these states are then reported to
/// nobody. Returns 0.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_STATE_DEV_BIND")]
pub unsafe extern "C" fn iotx_register_for_ite_state_dev_bind(
    handler: Option<StateHandler>,
) -> c_int {
    register(Slot::StateDevBind, handler.map(Callback::State))
}

/// Sets the handler for states of the device model (`ITE_STATE_DEV_MODEL`); see
/// `iotx_register_for_ITE_STATE_EVERYTHING`. NULL removes it: these states are then reported to
/// nobody. Returns 0.
///
/// # Safety
/// `handler` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_register_for_ITE_STATE_DEV_MODEL")]
pub unsafe extern "C" fn iotx_register_for_ite_state_dev_model(
    handler: Option<StateHandler>,
) -> c_int {
    register(Slot::StateDevModel, handler.map(Callback::State))
}

/// The function that is registered for `event`, NULL for none and for numbers that are no event.
/// The caller casts it to the type that belongs to the event. Never blocks, any thread.
#[unsafe(export_name = "iotx_event_callback")]
pub extern "C" fn iotx_event_callback(event: c_int) -> *mut c_void {
    boundary(std::ptr::null_mut(), || match REGISTRY.callback(event) {
        Some(callback) => std::ptr::with_exposed_provenance_mut(callback.address()),
        None => std::ptr::null_mut(),
    })
}

/// Sets the one function that gets what `iotx_event_post` posts; NULL removes it. Returns 0.
///
/// # Safety
/// `monitor` is NULL or stays callable until it is replaced.
#[unsafe(export_name = "iotx_event_regist_cb")]
pub unsafe extern "C" fn iotx_event_regist_cb(monitor: Option<Monitor>) -> c_int {
    boundary(-1, || {
        REGISTRY.set_monitor(monitor);
        0
    })
}

/// Calls the function set by `iotx_event_regist_cb` with `event`, on this thread. Returns 0, or -1
/// when none is set. Any number is passed on.
#[unsafe(export_name = "iotx_event_post")]
pub extern "C" fn iotx_event_post(event: c_int) -> c_int {
    boundary(-1, || match REGISTRY.monitor() {
        Some(monitor) => {
            // SAFETY: whoever set the function promised that it stays callable; no lock is held.
            unsafe { monitor(event) };
            0
        }
        None => -1,
    })
}

#[cfg(test)]
pub(crate) mod tests;

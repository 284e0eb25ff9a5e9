//! The MQTT client: what `src/mqtt` of the Link SDK exports. `include/compat/mqtt_api.h` declares it.
//!
//! There is one client at a time. Its handle is a number in the form of a pointer that is never
//! followed; NULL stands for the one client where the Link SDK allows it.

use super::boundary::boundary;
use super::settings::{self, Parameters};
use super::surroundings::{EventFunction, Platform, Sdk, TopicInfo, handler};
use super::{hal, ptr};
use crate::handle::Table;
use crate::lock::fixed::Mutex;
use crate::log;
use crate::mqtt::client::Client;
use crate::state;
use libc::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, TryLockError};

/// The longest topic that is looked at; what is too long for the platform gets its own code.
const LONGEST_TOPIC: usize = 65_535;

static CLIENTS: Table<Client> = Table::new();

/// The handle of the one client, 0 without one. Set as soon as the client exists, so that the
/// firmware's functions may use it while the client is being constructed.
static CURRENT: AtomicUsize = AtomicUsize::new(0);

/// Held while a client is being constructed.
static CONSTRUCTING: Mutex<()> = Mutex::new(());

fn find(handle: *mut c_void) -> Option<Arc<Client>> {
    let handle = match handle as usize {
        0 => CURRENT.load(Ordering::SeqCst),
        handle => handle,
    };
    CLIENTS.get(handle)
}

/// Connects to the platform and, while ProductKey or DeviceName is empty, waits up to 4.5 s for the
/// platform to push them.
///
/// `parameters` is NULL (all defaults) or says how to connect; 0, NULL and values out of bounds
/// stand for the defaults. Everything in it is copied. A device with `g_cli_crt` and without
/// ProductKey and DeviceName, or without DeviceSecret, connects to the platform's X.509 endpoint. A stored
/// identity (`linksdk_identity_store_file`) is taken over before; if the platform refuses it, it is forgotten
/// and asked for anew, which may double the time given below.
/// `pub_key` is not looked at, as in the Link SDK: the trust anchors are those of `iotx_ca_crt`.
///
/// Returns a handle. While a client exists its handle is returned again; while another thread, or
/// the caller's own caller, constructs one, NULL. NULL also on failure: the handlers of
/// `ITE_STATE_*` are told the reason, the log hook gets a sentence. Three attempts are made, with
/// 1 s between them, unless the credentials are unusable or the server has refused.
///
/// Blocks for at most 52 s: three times 10 s to connect, the request timeout for the answer to
/// CONNECT, and the pauses; then 4.5 s. Not to be called inside handlers.
///
/// # Safety
/// `parameters` is NULL or points to an initialised structure whose strings are NULL or C strings.
#[unsafe(export_name = "IOT_MQTT_Construct")]
pub unsafe extern "C" fn iot_mqtt_construct(parameters: *const Parameters) -> *mut c_void {
    boundary(std::ptr::null_mut(), || {
        let _constructing = match CONSTRUCTING.try_lock() {
            Ok(constructing) => constructing,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                log::error!("IOT_MQTT_Construct: a client is being constructed");
                return std::ptr::null_mut();
            }
        };
        let current = CURRENT.load(Ordering::SeqCst);
        if current != 0 {
            return current as *mut c_void;
        }
        // SAFETY: the caller's promise; NULL becomes None.
        let prepared = unsafe { settings::prepare(parameters.as_ref()) };
        prepared.and_then(construct).unwrap_or_default() as *mut c_void
    })
}

/// A connected client's handle.
fn construct(prepared: settings::Prepared) -> Option<usize> {
    let platform = Platform { host: prepared.settings.host.clone(), port: prepared.settings.port };
    let (handle, client) = CLIENTS.insert_with(|handle| {
        let sdk = Sdk { client: usize::try_from(handle).unwrap_or(0), login: prepared.login };
        Arc::new(Client::new(prepared.settings, Box::new(platform), Box::new(sdk)))
    })?;
    let handle = usize::try_from(handle).ok()?;
    CURRENT.store(handle, Ordering::SeqCst);
    if !hal::has_device_certificate() {
        hal::raise_no_certificate();
    }
    if client.start().is_err() {
        forget(handle);
        return None;
    }
    // A handler may have destroyed the client while it was being constructed.
    CLIENTS.get(handle).map(|_| handle)
}

fn forget(handle: usize) -> Option<Arc<Client>> {
    let _ = CURRENT.compare_exchange(handle, 0, Ordering::SeqCst, Ordering::SeqCst);
    CLIENTS.remove(handle)
}

/// Disconnects and ends the client. Calls of other threads that wait for it return.
///
/// `handle` points to the client's handle, which becomes NULL; NULL ends the one client. Returns
/// 0, or -0x0113 when there is no such client. Does not wait for other threads: a handler may still
/// run on the thread that yields when this returns. Blocks for at most 100 ms. Any thread, also
/// inside handlers.
///
/// # Safety
/// `handle` is NULL or points to a pointer.
#[unsafe(export_name = "IOT_MQTT_Destroy")]
pub unsafe extern "C" fn iot_mqtt_destroy(handle: *mut *mut c_void) -> c_int {
    boundary(state::USER_INPUT_INVALID, || {
        let number = match handle.is_null() {
            true => CURRENT.load(Ordering::SeqCst),
            // SAFETY: not NULL; the caller vouches for the pointer behind it.
            false => unsafe { handle.replace(std::ptr::null_mut()) as usize },
        };
        match forget(number) {
            Some(client) => {
                client.destroy();
                state::SUCCESS
            }
            None => state::USER_INPUT_INVALID,
        }
    })
}

/// Receives messages, keeps the connection alive and restores it until `timeout_ms` have passed
/// (0 counts as 10). To be called in a loop; the handlers are called on this thread.
///
/// Returns 0, also while the connection is down; -0x0113 for a negative timeout, a handle that names
/// no client, and inside a handler. Blocks for `timeout_ms` and as long as the handlers take.
/// Several threads may yield: one does the work, the others wait.
#[unsafe(export_name = "IOT_MQTT_Yield")]
pub extern "C" fn iot_mqtt_yield(handle: *mut c_void, timeout_ms: c_int) -> c_int {
    boundary(state::USER_INPUT_INVALID, || match find(handle) {
        Some(client) => client.yield_for(timeout_ms),
        None => state::USER_INPUT_INVALID,
    })
}

/// Returns 1 while the client is connected, 0 while it is not, -0x0113 for a handle that names no
/// client. Does not block. Any thread.
#[unsafe(export_name = "IOT_MQTT_CheckStateNormal")]
pub extern "C" fn iot_mqtt_check_state_normal(handle: *mut c_void) -> c_int {
    boundary(state::USER_INPUT_INVALID, || match find(handle) {
        Some(client) => c_int::from(client.is_connected()),
        None => state::USER_INPUT_INVALID,
    })
}

/// Asks for the messages of `filter` and gives them to `function` together with `context`.
///
/// `qos` is 0, 1, or 3, which registers the function without telling the server; values above 3
/// count as 0. The same filter, function and context once more asks the server again and registers
/// nothing. Returns the packet identifier of the request, which comes back with event 3 (accepted), 4
/// (no answer) or 5 (refused); 0 for `qos` 3. Negative: -0x0113 wrong argument or handle, -0x031E not
/// connected, -0x0322 malformed filter, -0x031A filter longer than 128 bytes, -0x031D `qos` 2, -0x0208
/// not sent. After a reconnection the client renews its subscriptions itself.
///
/// Blocks for at most the request timeout. Any thread, also inside handlers.
///
/// # Safety
/// `filter` is NULL or a C string. `function` stays callable with `context` until it is
/// unsubscribed and calls that had begun are over.
#[unsafe(export_name = "IOT_MQTT_Subscribe")]
pub unsafe extern "C" fn iot_mqtt_subscribe(
    handle: *mut c_void,
    filter: *const c_char,
    qos: c_int,
    function: Option<EventFunction>,
    context: *mut c_void,
) -> c_int {
    boundary(state::USER_INPUT_INVALID, || {
        // SAFETY: the caller's promise.
        let filter = unsafe { topic(filter) };
        let (Some(client), Some(filter), Some(function)) = (find(handle), filter, function) else {
            return state::USER_INPUT_INVALID;
        };
        client.subscribe(filter, quality(qos), handler(function, context))
    })
}

/// Like `IOT_MQTT_Subscribe`, and waits up to `timeout_ms` (at most 10000) for the server's answer:
/// the packet identifier when it accepted, -1 when it refused, -0x0323 without an answer. Works
/// whether or not another thread yields. Inside a handler it does not wait.
///
/// Blocks for at most the request timeout and `timeout_ms`. Any thread.
///
/// # Safety
/// As for `IOT_MQTT_Subscribe`.
#[unsafe(export_name = "IOT_MQTT_Subscribe_Sync")]
pub unsafe extern "C" fn iot_mqtt_subscribe_sync(
    handle: *mut c_void,
    filter: *const c_char,
    qos: c_int,
    function: Option<EventFunction>,
    context: *mut c_void,
    timeout_ms: c_int,
) -> c_int {
    boundary(state::USER_INPUT_INVALID, || {
        // SAFETY: the caller's promise.
        let filter = unsafe { topic(filter) };
        let (Some(client), Some(filter), Some(function)) = (find(handle), filter, function) else {
            return state::USER_INPUT_INVALID;
        };
        client.subscribe_sync(filter, quality(qos), handler(function, context), timeout_ms)
    })
}

/// Ends the subscriptions of exactly this filter; their functions are not called any more, except
/// for calls that had begun. Returns the packet identifier of the request, which comes back with
/// event 6 or 7 (no answer), or a negative code as `IOT_MQTT_Subscribe` does.
///
/// Blocks for at most the request timeout. Any thread, also inside handlers.
///
/// # Safety
/// `filter` is NULL or a C string.
#[unsafe(export_name = "IOT_MQTT_Unsubscribe")]
pub unsafe extern "C" fn iot_mqtt_unsubscribe(handle: *mut c_void, filter: *const c_char) -> c_int {
    boundary(state::USER_INPUT_INVALID, || {
        // SAFETY: the caller's promise.
        let filter = unsafe { topic(filter) };
        match (find(handle), filter) {
            (Some(client), Some(filter)) => client.unsubscribe(filter),
            _ => state::USER_INPUT_INVALID,
        }
    })
}

/// Publishes `message` on `topic`: its `qos`, `retain`, `payload` and `payload_len` count. With QoS 1
/// its `packet_id` is set. Returns and blocks as `IOT_MQTT_Publish_Simple`.
///
/// # Safety
/// `topic` is NULL or a C string. `message` is NULL or points to an initialised structure whose
/// payload is NULL or has `payload_len` readable bytes.
#[unsafe(export_name = "IOT_MQTT_Publish")]
pub unsafe extern "C" fn iot_mqtt_publish(
    handle: *mut c_void,
    topic_name: *const c_char,
    message: *mut TopicInfo,
) -> c_int {
    boundary(state::USER_INPUT_INVALID, || {
        // SAFETY: the caller's promise; NULL becomes None.
        let Some(info) = (unsafe { message.as_mut() }) else { return state::USER_INPUT_INVALID };
        let length = c_int::try_from(info.payload_len).unwrap_or(-1);
        let qos = c_int::from(info.qos);
        // SAFETY: the caller's promise.
        let code =
            unsafe { publish(handle, topic_name, qos, info.retain != 0, info.payload, length) };
        if qos == 1 && code > 0 {
            info.packet_id = u16::try_from(code).unwrap_or(0);
        }
        code
    })
}

/// Publishes `len` bytes on `topic`.
///
/// Returns 0 for QoS 0; for QoS 1 the packet identifier, which comes back with event 9 when the
/// server has the message. A QoS 1 message is sent again until then, also after reconnections.
/// Negative, and the message was not taken over: -0x0113 wrong argument or handle, -0x0322 malformed
/// topic, -0x031A topic longer than 128 bytes, -0x031E not connected, -0x031D any other QoS, -0x0311
/// larger than the write buffer, -0x031C ten QoS 1 messages wait for the server already, -0x0208
/// could not be sent.
///
/// Blocks for at most the request timeout. Any thread, also inside handlers.
///
/// # Safety
/// `topic` is NULL or a C string; `data` is NULL or has `len` readable bytes.
#[unsafe(export_name = "IOT_MQTT_Publish_Simple")]
pub unsafe extern "C" fn iot_mqtt_publish_simple(
    handle: *mut c_void,
    topic_name: *const c_char,
    qos: c_int,
    data: *const c_void,
    len: c_int,
) -> c_int {
    boundary(state::USER_INPUT_INVALID, || {
        // SAFETY: the caller's promise.
        unsafe { publish(handle, topic_name, qos, false, data.cast(), len) }
    })
}

/// # Safety
/// As for [`iot_mqtt_publish_simple`].
unsafe fn publish(
    handle: *mut c_void,
    topic_name: *const c_char,
    qos: c_int,
    retain: bool,
    data: *const c_char,
    length: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    let topic_name = unsafe { topic(topic_name) };
    // SAFETY: the caller's promise.
    let payload = unsafe { ptr::input(data, length) }.filter(|_| !data.is_null());
    match (find(handle), topic_name, payload) {
        (Some(client), Some(topic_name), Some(payload)) => {
            client.publish(topic_name, qos, retain, payload)
        }
        _ => state::USER_INPUT_INVALID,
    }
}

/// A topic of the firmware: text with at least one byte.
///
/// # Safety
/// As for [`ptr::text`].
unsafe fn topic<'a>(text: *const c_char) -> Option<&'a str> {
    // SAFETY: the caller's promise.
    unsafe { ptr::text(text, LONGEST_TOPIC) }.filter(|text| !text.is_empty())
}

/// `iotx_mqtt_qos_t` may hold any `int` in C; negative ones are as unknown as those above 3.
fn quality(qos: c_int) -> u32 {
    u32::try_from(qos).unwrap_or(u32::MAX)
}

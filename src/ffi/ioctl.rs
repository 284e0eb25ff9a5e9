//! `IOT_Ioctl` and the other functions of `infra_compat.h` that are not about events.

use super::boundary::boundary;
use super::ptr;
use crate::device::{self, DEVICE, Device, Field, REGION_CUSTOM};
use crate::log;
use libc::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU16, Ordering};

/// `NULL_VALUE_ERROR` of `infra_defs.h`.
const NULL_VALUE_ERROR: c_int = -2;

/// What an option of `iotx_ioctl_option_t` does in a build without the device model.
enum Action {
    SetRegion,
    GetRegion,
    Set(Field),
    Get(Field),
    /// Choose the custom region, then store its host.
    SetDomain(Field),
    /// Accepted; there is nothing that it could change.
    Accept,
}

fn action(option: c_int) -> Option<Action> {
    Some(match option {
        0 => Action::SetRegion,
        1 => Action::GetRegion,
        2 => Action::SetDomain(Field::MqttDomain),
        3 => Action::SetDomain(Field::HttpDomain),
        // RECV_PROP_REPLY, RECV_EVENT_REPLY, SEND_PROP_SET_REPLY, GET_SUBDEV_LOGIN
        6 | 7 | 8 | 10 => Action::Accept,
        20 => Action::Set(Field::ProductKey),
        21 => Action::Get(Field::ProductKey),
        22 => Action::Set(Field::ProductSecret),
        23 => Action::Get(Field::ProductSecret),
        24 => Action::Set(Field::DeviceName),
        25 => Action::Get(Field::DeviceName),
        26 => Action::Set(Field::DeviceSecret),
        27 => Action::Get(Field::DeviceSecret),
        28 => Action::Set(Field::Module),
        29 => Action::Get(Field::Module),
        _ => return None,
    })
}

/// # Safety
/// As for [`iot_ioctl`].
unsafe fn perform(device: &Device, option: c_int, data: *mut c_void) -> Option<()> {
    let action = action(option)?;
    if data.is_null() {
        return None;
    }
    let store = |field: Field| {
        // SAFETY: not NULL; the caller passes a C string with the options that set a text.
        let value = unsafe { ptr::text(data.cast::<c_char>(), field.limit()) }?;
        device.set(field, value).then_some(())
    };
    match action {
        Action::Accept => {}
        // SAFETY: not NULL; the caller passes an int, and no alignment is assumed.
        Action::SetRegion => device.set_region(unsafe { data.cast::<c_int>().read_unaligned() }),
        // SAFETY: as above, writable.
        Action::GetRegion => unsafe { data.cast::<c_int>().write_unaligned(device.region()) },
        Action::Set(field) => store(field)?,
        Action::SetDomain(field) => {
            device.set_region(REGION_CUSTOM);
            store(field)?;
        }
        Action::Get(field) => {
            let value = device.get(field);
            // SAFETY: not NULL; the caller passes room for the longest value of this field and its
            // NUL, and no stored value is longer.
            unsafe {
                let to = data.cast::<u8>();
                std::ptr::copy_nonoverlapping(value.as_ptr(), to, value.len());
                to.add(value.len()).write(0);
            }
        }
    }
    Some(())
}

/// Reads or sets one of the device's settings. Returns 0, or -1 for `data` NULL, a negative or
/// unknown option, an option of an SDK module that is not part of this library (device model,
/// gateway, Wi-Fi provisioning, dynamic registration), and a text that is too long or not UTF-8:
/// then the old value stays. Any thread; never blocks.
///
/// `option` is one of `iotx_ioctl_option_t`:
/// `SET_`/`GET_PRODUCT_KEY` (20 bytes), `PRODUCT_SECRET` (64), `DEVICE_NAME` (32), `DEVICE_SECRET`
/// (64), `MODULE` (64): `data` is a C string to copy from, or a buffer with room for the longest
/// value and a NUL, which is always written. `SET_REGION`/`GET_REGION`: `data` is an `int *`; any
/// number is stored, `IOT_Sign_MQTT` and `IOT_MQTT_Construct` judge it.
/// `SET_MQTT_DOMAIN`/`SET_HTTP_DOMAIN` (64): `data` is a C string that is copied; the region becomes
/// the custom one even if the text is refused. `RECV_PROP_REPLY`, `RECV_EVENT_REPLY`,
/// `SEND_PROP_SET_REPLY`, `GET_SUBDEV_LOGIN`: 0, and nothing happens.
///
/// # Safety
/// `data` is NULL or points to what the option asks for.
#[unsafe(export_name = "IOT_Ioctl")]
pub unsafe extern "C" fn iot_ioctl(option: c_int, data: *mut c_void) -> c_int {
    // SAFETY: the caller's promise is the one that `perform` asks for.
    boundary(-1, || unsafe { perform(&DEVICE, option, data) }.map_or(-1, |()| 0))
}

/// `iotx_conn_info_t`. Atomics, because firmware may write to it.
#[repr(C)]
pub struct ConnectionInfo {
    port: AtomicU16,
    init: AtomicU8,
    host_name: AtomicPtr<c_char>,
    client_id: AtomicPtr<c_char>,
    username: AtomicPtr<c_char>,
    password: AtomicPtr<c_char>,
    pub_key: AtomicPtr<c_char>,
}

/// A writable empty string, as in the original.
static EMPTY: AtomicU8 = AtomicU8::new(0);

const fn empty() -> AtomicPtr<c_char> {
    AtomicPtr::new(EMPTY.as_ptr().cast())
}

static CONNECTION_INFO: ConnectionInfo = ConnectionInfo {
    port: AtomicU16::new(0),
    init: AtomicU8::new(0),
    host_name: empty(),
    client_id: empty(),
    username: empty(),
    password: empty(),
    pub_key: empty(),
};

impl ConnectionInfo {
    fn reset(&self) {
        EMPTY.store(0, Ordering::Relaxed);
        self.port.store(0, Ordering::Relaxed);
        self.init.store(0, Ordering::Relaxed);
        for text in
            [&self.host_name, &self.client_id, &self.username, &self.password, &self.pub_key]
        {
            text.store(EMPTY.as_ptr().cast(), Ordering::Relaxed);
        }
    }
}

/// Checks the lengths of ProductKey, DeviceName and DeviceSecret (20, 32, 64 bytes). Returns 0, or
/// -2 when one of them is NULL or too long. Stores nothing: `IOT_Ioctl` does.
///
/// With `info` not NULL, `*info` becomes a pointer to an `iotx_conn_info_t` of empty strings that
/// belongs to the library and must not be freed; `IOT_MQTT_Construct` fills in what is empty.
///
/// # Safety
/// The texts are NULL or C strings; `info` is NULL or writable. Nobody else uses the
/// `iotx_conn_info_t` during the call.
#[unsafe(export_name = "IOT_SetupConnInfo")]
pub unsafe extern "C" fn iot_setup_conn_info(
    product_key: *const c_char,
    device_name: *const c_char,
    device_secret: *const c_char,
    info: *mut *mut c_void,
) -> c_int {
    boundary(NULL_VALUE_ERROR, || {
        let given = [
            (product_key, device::PRODUCT_KEY_LENGTH),
            (device_name, device::DEVICE_NAME_LENGTH),
            (device_secret, device::DEVICE_SECRET_LENGTH),
        ];
        // SAFETY: the caller passes C strings or NULL.
        if given.iter().any(|(text, limit)| unsafe { ptr::bytes(*text, *limit) }.is_none()) {
            return NULL_VALUE_ERROR;
        }
        if !info.is_null() {
            CONNECTION_INFO.reset();
            // SAFETY: not NULL, and the caller vouches that it is writable.
            unsafe { info.write((&raw const CONNECTION_INFO).cast_mut().cast()) };
        }
        0
    })
}

/// Sets how much is logged: 0 nothing, 2 errors, 3 warnings, 4 one line per connection (at the
/// start), 5 everything. Other numbers change nothing. Prints nothing; lines go to the hook that
/// `linksdk_set_log_hook` sets. Any thread.
#[unsafe(export_name = "IOT_SetLogLevel")]
pub extern "C" fn iot_set_log_level(level: c_int) {
    boundary((), || {
        if let Ok(level @ 0..=5) = u8::try_from(level) {
            log::set_limit(level);
        }
    });
}

/// Does nothing: this library keeps no statistics of `HAL_Malloc`, as the SDK without
/// INFRA_MEM_STATS.
#[unsafe(export_name = "IOT_DumpMemoryStats")]
pub extern "C" fn iot_dump_memory_stats(_level: c_int) {}

#[cfg(test)]
mod tests;

//! Registration for the events of SDK modules that this library does not contain: device model,
//! Wi-Fi provisioning, OTA, binding. The callbacks are kept, so that firmware links and
//! `iotx_event_callback` finds them; nothing here calls them.

use super::boundary::boundary;
use crate::event::{Callback, REGISTRY, Slot};
use libc::{c_char, c_int, c_uchar, c_void};

fn keep(slot: Slot, address: Option<usize>) -> c_int {
    boundary(-1, || {
        REGISTRY.register(slot, address.map(Callback::Kept));
        0
    })
}

/// Keeps the handler of `ITE_AWSS_STATUS` (the state of Wi-Fi provisioning) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_AWSS_STATUS")]
pub unsafe extern "C" fn iotx_register_for_ite_awss_status(
    callback: Option<unsafe extern "C" fn(c_int) -> c_int>,
) -> c_int {
    keep(Slot::AwssStatus, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_CONNECT_SUCC` (the device model is connected) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_CONNECT_SUCC")]
pub unsafe extern "C" fn iotx_register_for_ite_connect_succ(
    callback: Option<unsafe extern "C" fn() -> c_int>,
) -> c_int {
    keep(Slot::ConnectSucc, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_CONNECT_FAIL` (the device model could not connect) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_CONNECT_FAIL")]
pub unsafe extern "C" fn iotx_register_for_ite_connect_fail(
    callback: Option<unsafe extern "C" fn() -> c_int>,
) -> c_int {
    keep(Slot::ConnectFail, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_DISCONNECTED` (the device model lost its connection) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_DISCONNECTED")]
pub unsafe extern "C" fn iotx_register_for_ite_disconnected(
    callback: Option<unsafe extern "C" fn() -> c_int>,
) -> c_int {
    keep(Slot::Disconnected, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_RAWDATA_ARRIVED` (raw data: device id, bytes, length) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_RAWDATA_ARRIVED")]
pub unsafe extern "C" fn iotx_register_for_ite_rawdata_arrived(
    callback: Option<unsafe extern "C" fn(c_int, *const c_uchar, c_int) -> c_int>,
) -> c_int {
    keep(Slot::RawdataArrived, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_SERVICE_REQUEST` (a service call: device id, service and its length, request and its length, response and its length) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_SERVICE_REQUEST")]
pub unsafe extern "C" fn iotx_register_for_ite_service_request(
    callback: Option<
        unsafe extern "C" fn(
            c_int,
            *const c_char,
            c_int,
            *const c_char,
            c_int,
            *mut *mut c_char,
            *mut c_int,
        ) -> c_int,
    >,
) -> c_int {
    keep(Slot::ServiceRequest, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_SERVICE_REQUEST_EXT` (a service call that is answered later: device id, service, message id and request, each text with its length, context) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_SERVICE_REQUEST_EXT")]
pub unsafe extern "C" fn iotx_register_for_ite_service_request_ext(
    callback: Option<
        unsafe extern "C" fn(
            c_int,
            *const c_char,
            c_int,
            *const c_char,
            c_int,
            *const c_char,
            c_int,
            *mut c_void,
        ) -> c_int,
    >,
) -> c_int {
    keep(Slot::ServiceRequestExt, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_PROPERTY_SET` (properties to set: device id, request, length) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_PROPERTY_SET")]
pub unsafe extern "C" fn iotx_register_for_ite_property_set(
    callback: Option<unsafe extern "C" fn(c_int, *const c_char, c_int) -> c_int>,
) -> c_int {
    keep(Slot::PropertySet, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_PROPERTY_DESIRED_GET_REPLY` (the desired properties: text, length) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_PROPERTY_DESIRED_GET_REPLY")]
pub unsafe extern "C" fn iotx_register_for_ite_property_desired_get_reply(
    callback: Option<unsafe extern "C" fn(*const c_char, c_int) -> c_int>,
) -> c_int {
    keep(Slot::PropertyDesiredGetReply, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_PROPERTY_GET` (properties to report: device id, request and its length, response and its length) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_PROPERTY_GET")]
pub unsafe extern "C" fn iotx_register_for_ite_property_get(
    callback: Option<
        unsafe extern "C" fn(c_int, *const c_char, c_int, *mut *mut c_char, *mut c_int) -> c_int,
    >,
) -> c_int {
    keep(Slot::PropertyGet, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_REPORT_REPLY` (the answer to a report: device id, message id, code, reply, length) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_REPORT_REPLY")]
pub unsafe extern "C" fn iotx_register_for_ite_report_reply(
    callback: Option<unsafe extern "C" fn(c_int, c_int, c_int, *const c_char, c_int) -> c_int>,
) -> c_int {
    keep(Slot::ReportReply, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_TRIGGER_EVENT_REPLY` (the answer to an event: device id, message id, code, event and its length, message and its length) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_TRIGGER_EVENT_REPLY")]
pub unsafe extern "C" fn iotx_register_for_ite_trigger_event_reply(
    callback: Option<
        unsafe extern "C" fn(
            c_int,
            c_int,
            c_int,
            *const c_char,
            c_int,
            *const c_char,
            c_int,
        ) -> c_int,
    >,
) -> c_int {
    keep(Slot::TriggerEventReply, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_TIMESTAMP_REPLY` (the time of the server as text) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_TIMESTAMP_REPLY")]
pub unsafe extern "C" fn iotx_register_for_ite_timestamp_reply(
    callback: Option<unsafe extern "C" fn(*const c_char) -> c_int>,
) -> c_int {
    keep(Slot::TimestampReply, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_TOPOLIST_REPLY` (the list of sub-devices: device id, message id, code, reply, length) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_TOPOLIST_REPLY")]
pub unsafe extern "C" fn iotx_register_for_ite_topolist_reply(
    callback: Option<unsafe extern "C" fn(c_int, c_int, c_int, *const c_char, c_int) -> c_int>,
) -> c_int {
    keep(Slot::TopolistReply, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_PERMIT_JOIN` (sub-devices of a product may join: ProductKey, seconds) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_PERMIT_JOIN")]
pub unsafe extern "C" fn iotx_register_for_ite_permit_join(
    callback: Option<unsafe extern "C" fn(*const c_char, c_int) -> c_int>,
) -> c_int {
    keep(Slot::PermitJoin, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_INITIALIZE_COMPLETED` (a device is ready: device id) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_INITIALIZE_COMPLETED")]
pub unsafe extern "C" fn iotx_register_for_ite_initialize_completed(
    callback: Option<unsafe extern "C" fn(c_int) -> c_int>,
) -> c_int {
    keep(Slot::InitializeCompleted, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_FOTA` (new firmware: kind, version) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_FOTA")]
pub unsafe extern "C" fn iotx_register_for_ite_fota(
    callback: Option<unsafe extern "C" fn(c_int, *const c_char) -> c_int>,
) -> c_int {
    keep(Slot::Fota, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_FOTA_MODULE` (new firmware of a module: kind, version, module) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_FOTA_MODULE")]
pub unsafe extern "C" fn iotx_register_for_ite_fota_module(
    callback: Option<unsafe extern "C" fn(c_int, *const c_char, *const c_char) -> c_int>,
) -> c_int {
    keep(Slot::FotaModule, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_COTA` (new configuration: kind, id, size, type, signature, sign method, URL) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_COTA")]
pub unsafe extern "C" fn iotx_register_for_ite_cota(
    callback: Option<
        unsafe extern "C" fn(
            c_int,
            *const c_char,
            c_int,
            *const c_char,
            *const c_char,
            *const c_char,
            *const c_char,
        ) -> c_int,
    >,
) -> c_int {
    keep(Slot::Cota, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_CLOUD_ERROR` (an error message of the platform: code, data, detail) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_CLOUD_ERROR")]
pub unsafe extern "C" fn iotx_register_for_ite_cloud_error(
    callback: Option<unsafe extern "C" fn(c_int, *const c_char, *const c_char) -> c_int>,
) -> c_int {
    keep(Slot::CloudError, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_DYNREG_DEVICE_SECRET` (the DeviceSecret from dynamic registration) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_DYNREG_DEVICE_SECRET")]
pub unsafe extern "C" fn iotx_register_for_ite_dynreg_device_secret(
    callback: Option<unsafe extern "C" fn(*const c_char) -> c_int>,
) -> c_int {
    keep(Slot::DynregDeviceSecret, callback.map(|f| f as usize))
}

/// Keeps the handler of `ITE_BIND_EVENT` (a binding event as text) for `iotx_event_callback`.
/// NULL removes it; the last one given wins. Never blocks, any thread. Returns 0.
///
/// # Safety
/// Whoever takes the handler back out calls it with the types given here.
#[unsafe(export_name = "iotx_register_for_ITE_BIND_EVENT")]
pub unsafe extern "C" fn iotx_register_for_ite_bind_event(
    callback: Option<unsafe extern "C" fn(*const c_char) -> c_int>,
) -> c_int {
    keep(Slot::BindEvent, callback.map(|f| f as usize))
}

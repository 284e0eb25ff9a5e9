//! The registry's exports, called as firmware calls them.

use super::*;
use std::cell::{Cell, RefCell};
use std::sync::{Mutex, MutexGuard, PoisonError};

unsafe extern "C" {
    fn iotx_state_event(event: c_int, code: c_int, format: *const c_char, ...) -> c_int;
}

const STATE_EVERYTHING: c_int = Slot::StateEverything as c_int;
const STATE_MQTT_COMM: c_int = Slot::StateMqttComm as c_int;

/// The registry belongs to the whole process: tests that use it hold this, and find it empty.
pub(crate) fn exclusive_registry() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for slot in [Slot::StateEverything, Slot::IdentityResponse, Slot::MqttConnectSucc] {
        REGISTRY.register(slot, None);
    }
    REGISTRY.set_monitor(None);
    turn
}

thread_local! {
    /// Calls of this thread: handlers run on the thread that raises.
    static CALLS: RefCell<Vec<(&'static str, c_int, String)>> = const { RefCell::new(Vec::new()) };
    static REENTERED: Cell<bool> = const { Cell::new(false) };
}

fn record(who: &'static str, code: c_int, message: *const c_char) {
    // SAFETY: handlers get C strings.
    let text = unsafe { CStr::from_ptr(message) }.to_str().unwrap().to_owned();
    CALLS.with_borrow_mut(|calls| calls.push((who, code, text)));
}

fn calls() -> Vec<(&'static str, c_int, String)> {
    CALLS.take()
}

extern "C" fn everything(code: c_int, message: *const c_char) -> c_int {
    record("everything", code, message);
    -7
}
extern "C" fn specific(code: c_int, message: *const c_char) -> c_int {
    record("specific", code, message);
    0
}
extern "C" fn identity(payload: *const c_char) -> c_int {
    record("identity", 0, payload);
    0
}
extern "C" fn connected() -> c_int {
    record("connected", 0, c"".as_ptr());
    0
}
extern "C" fn monitor(event: c_int) {
    record("monitor", event, c"".as_ptr());
}
/// Unregisters itself, raises another event, registers somebody else.
extern "C" fn restless(code: c_int, message: *const c_char) -> c_int {
    record("restless", code, message);
    // SAFETY: the handlers are functions of this file.
    unsafe { iotx_register_for_ite_state_everything(None) };
    raise_state(Group::MqttComm, 2, "to nobody");
    // SAFETY: as above.
    unsafe { iotx_register_for_ite_state_mqtt_comm(Some(specific)) };
    raise_state(Group::MqttComm, 3, "inside");
    REENTERED.set(true);
    0
}

fn raise_from_c(event: c_int, code: c_int, text: &CStr) -> c_int {
    // SAFETY: the format asks for one C string.
    unsafe { iotx_state_event(event, code, c"%s".as_ptr(), text.as_ptr()) }
}

#[test]
fn without_a_handler_an_event_is_refused() {
    let _turn = exclusive_registry();
    for event in [c_int::MIN, -1, 0, STATE_EVERYTHING, STATE_MQTT_COMM, 34, c_int::MAX] {
        assert_eq!(raise_from_c(event, 1, c"x"), -1);
        assert!(iotx_event_callback(event).is_null());
    }
    assert!(calls().is_empty());
}

#[test]
fn the_message_is_formatted_and_cut_to_63_characters() {
    let _turn = exclusive_registry();
    // SAFETY: the handler is a function of this file; the format and its arguments agree.
    unsafe {
        assert_eq!(iotx_register_for_ite_state_everything(Some(everything)), 0);
        let format = c"%s-%d-%070d".as_ptr();
        assert_eq!(iotx_state_event(STATE_MQTT_COMM, -0x329, format, c"a".as_ptr(), 5, 0), 0);
        assert_eq!(iotx_state_event(STATE_EVERYTHING, 1, std::ptr::null()), 0);
    }
    let long = format!("a-5-{}", "0".repeat(59));
    assert_eq!(long.len(), 63);
    assert_eq!(calls(), [("everything", -0x329, long), ("everything", 1, String::new())]);
}

#[test]
fn the_specific_handler_is_called_first_then_everything() {
    let _turn = exclusive_registry();
    // SAFETY: the handlers are functions of this file.
    unsafe {
        iotx_register_for_ite_state_everything(Some(everything));
        iotx_register_for_ite_state_mqtt_comm(Some(specific));
    }
    assert_eq!(raise_from_c(STATE_MQTT_COMM, 4, c"m"), 0);
    raise_state(Group::SysDepend, 5, "s");
    let seen: Vec<_> = calls().into_iter().map(|(who, code, _)| (who, code)).collect();
    assert_eq!(seen, [("specific", 4), ("everything", 4), ("everything", 5)]);
    let address: *mut c_void = everything as *mut c_void;
    assert_eq!(iotx_event_callback(STATE_EVERYTHING), address);
}

#[test]
fn slots_of_other_types_take_no_state_event() {
    let _turn = exclusive_registry();
    // SAFETY: the handlers are functions of this file.
    unsafe {
        iotx_register_for_ite_state_everything(Some(everything));
        iotx_register_for_ite_identity_response(Some(identity));
    }
    assert_eq!(raise_from_c(Slot::IdentityResponse as c_int, 1, c"x"), -1);
    assert!(calls().is_empty());
}

#[test]
fn a_handler_may_register_and_raise_from_inside() {
    let _turn = exclusive_registry();
    REENTERED.set(false);
    // SAFETY: the handler is a function of this file.
    unsafe { iotx_register_for_ite_state_everything(Some(restless)) };
    raise_state(Group::MqttComm, 1, "outside");
    assert!(REENTERED.get());
    let seen: Vec<_> = calls().into_iter().map(|(who, code, _)| (who, code)).collect();
    assert_eq!(seen, [("restless", 1), ("specific", 3)]);
    REGISTRY.register(Slot::StateEverything, None);
}

#[test]
fn messages_from_rust_are_cut_between_characters_and_at_a_nul() {
    let _turn = exclusive_registry();
    // SAFETY: the handler is a function of this file.
    unsafe { iotx_register_for_ite_state_everything(Some(everything)) };
    raise_state(Group::UserInput, 1, &format!("{}é", "a".repeat(62)));
    raise_state(Group::UserInput, 2, &"b".repeat(64));
    raise_state(Group::UserInput, 3, "c\0d");
    let texts: Vec<_> = calls().into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts, ["a".repeat(62), "b".repeat(63), "c".to_owned()]);
}

#[test]
fn raise_reaches_the_registry_once_an_export_was_called() {
    let _turn = exclusive_registry();
    // SAFETY: the handler is a function of this file.
    unsafe { iotx_register_for_ite_state_everything(Some(everything)) };
    crate::state::raise(Group::MqttComm, crate::state::MQTT_PUB_INFO, "pub");
    assert_eq!(calls(), [("everything", -0x329, "pub".to_owned())]);
}

#[test]
fn identity_and_connection_reach_their_handlers() {
    let _turn = exclusive_registry();
    assert!(!identity_response(b"{}"));
    mqtt_connect_succ();
    // SAFETY: the handlers are functions of this file.
    unsafe {
        iotx_register_for_ite_identity_response(Some(identity));
        iotx_register_for_ite_mqtt_connect_succ(Some(connected));
    }
    assert!(identity_response(b"{\"productKey\":\"p\"}"));
    assert!(!identity_response(b"a\0b"));
    mqtt_connect_succ();
    let seen = calls();
    assert_eq!(seen[0], ("identity", 0, "{\"productKey\":\"p\"}".to_owned()));
    assert_eq!(seen[1].0, "connected");
    assert_eq!(seen.len(), 2);
}

#[test]
fn posted_events_reach_the_monitor() {
    let _turn = exclusive_registry();
    assert_eq!(iotx_event_post(0x1000), -1);
    // SAFETY: the monitor is a function of this file.
    unsafe { assert_eq!(iotx_event_regist_cb(Some(monitor)), 0) };
    assert_eq!(iotx_event_post(0x2000), 0);
    assert_eq!(calls()[0].1, 0x2000);
    // SAFETY: nothing is registered.
    unsafe { assert_eq!(iotx_event_regist_cb(None), 0) };
    assert_eq!(iotx_event_post(0x2000), -1);
}

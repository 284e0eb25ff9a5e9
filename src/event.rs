//! The callback registry: one slot for each `ITE_*` event, last registration wins.
//!
//! A callback is always copied out and the lock released before anybody calls it, so a handler may
//! register and unregister as it likes, itself included.
#![forbid(unsafe_code)]

use crate::lock::fixed::{Mutex, MutexGuard};
use crate::state::Group;
use std::ffi::{c_char, c_int};
use std::sync::PoisonError;

/// `state_handler_t`: state code, message.
pub type StateHandler = unsafe extern "C" fn(c_int, *const c_char) -> c_int;
/// A handler that gets one C string.
pub type TextHandler = unsafe extern "C" fn(*const c_char) -> c_int;
/// A handler that gets nothing.
pub type Notification = unsafe extern "C" fn() -> c_int;
/// What `iotx_event_regist_cb` takes.
pub type Monitor = unsafe extern "C" fn(c_int);

/// A registered function, with the type that it is called by.
#[derive(Debug, Clone, Copy)]
pub enum Callback {
    /// In an `ITE_STATE_*` slot.
    State(StateHandler),
    /// In a slot whose handlers get one C string.
    Text(TextHandler),
    /// In a slot whose handlers get nothing.
    Notify(Notification),
    /// The address of a function that this library keeps for the firmware and never calls.
    Kept(usize),
}

impl Callback {
    /// The address of the function.
    pub fn address(self) -> usize {
        match self {
            Self::State(handler) => handler as usize,
            Self::Text(handler) => handler as usize,
            Self::Notify(handler) => handler as usize,
            Self::Kept(address) => address,
        }
    }
}

/// The slots, in the numbers of the Link SDK 3.2.0 built without `DEVICE_MODEL_SHADOW`.
///
/// With that switch the SDK squeezes `PropertyDesiredGetReply` in after `PropertyGet`. Here it
/// comes last, so that the numbers do not depend on a switch. Registration goes by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
#[expect(missing_docs, reason = "each is the ITE_ constant of the same name")]
pub enum Slot {
    AwssStatus,
    ConnectSucc,
    ConnectFail,
    Disconnected,
    RawdataArrived,
    ServiceRequest,
    ServiceRequestExt,
    PropertySet,
    PropertyGet,
    ReportReply,
    TriggerEventReply,
    TimestampReply,
    TopolistReply,
    PermitJoin,
    InitializeCompleted,
    Fota,
    FotaModule,
    Cota,
    MqttConnectSucc,
    CloudError,
    DynregDeviceSecret,
    IdentityResponse,
    BindEvent,
    StateEverything,
    StateUserInput,
    StateSysDepend,
    StateMqttComm,
    StateWifiProv,
    StateCoapLocal,
    StateHttpComm,
    StateOta,
    StateDevBind,
    StateDevModel,
    PropertyDesiredGetReply,
}

const SLOTS: usize = Slot::PropertyDesiredGetReply as usize + 1;

impl From<Group> for Slot {
    fn from(group: Group) -> Self {
        match group {
            Group::UserInput => Self::StateUserInput,
            Group::SysDepend => Self::StateSysDepend,
            Group::MqttComm => Self::StateMqttComm,
        }
    }
}

/// A set of slots. The firmware's is [`REGISTRY`]; tests make their own.
#[derive(Debug)]
pub struct Registry {
    slots: Mutex<[Option<Callback>; SLOTS]>,
    monitor: Mutex<Option<Monitor>>,
}

/// The registry that the firmware's exports work on.
pub static REGISTRY: Registry = Registry::new();

impl Registry {
    /// A registry without callbacks.
    pub const fn new() -> Self {
        Self { slots: Mutex::new([None; SLOTS]), monitor: Mutex::new(None) }
    }

    fn slots(&self) -> MutexGuard<'_, [Option<Callback>; SLOTS]> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `callback` into `slot` in place of what was there; `None` empties the slot. In
    /// [`Slot::StateEverything`] it goes into every `State*` slot.
    pub fn register(&self, slot: Slot, callback: Option<Callback>) {
        let first = slot as usize;
        let last = if slot == Slot::StateEverything { Slot::StateDevModel as usize } else { first };
        for place in self.slots().iter_mut().take(last + 1).skip(first) {
            *place = callback;
        }
    }

    /// What `slot`, a number from C, holds.
    pub fn callback(&self, slot: c_int) -> Option<Callback> {
        self.slots().get(usize::try_from(slot).ok()?).copied().flatten()
    }

    /// Who gets a state event for `slot`, in the order of the calls: the slot's own handler, then
    /// that of [`Slot::StateEverything`] if it is another one. `None` when the slot holds no
    /// handler or is not a `State*` slot; then nobody is called.
    pub fn state_handlers(&self, slot: c_int) -> Option<(StateHandler, Option<StateHandler>)> {
        let (own, everything) = {
            let slots = self.slots();
            let at = |place: usize| slots.get(place).copied().flatten();
            (at(usize::try_from(slot).ok()?), at(Slot::StateEverything as usize))
        };
        let Some(Callback::State(own)) = own else { return None };
        match everything {
            Some(Callback::State(all)) if all as usize != own as usize => Some((own, Some(all))),
            _ => Some((own, None)),
        }
    }

    /// Sets or removes the one receiver of `iotx_event_post`.
    pub fn set_monitor(&self, monitor: Option<Monitor>) {
        *self.monitor.lock().unwrap_or_else(PoisonError::into_inner) = monitor;
    }

    /// The receiver of `iotx_event_post`.
    pub fn monitor(&self) -> Option<Monitor> {
        *self.monitor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn first(code: c_int, _: *const c_char) -> c_int {
        code
    }
    extern "C" fn second(code: c_int, _: *const c_char) -> c_int {
        code + 1
    }

    fn address(registry: &Registry, slot: Slot) -> Option<usize> {
        registry.callback(slot as c_int).map(Callback::address)
    }

    #[test]
    fn slots_have_the_numbers_of_the_sdk() {
        let numbers = [
            (Slot::AwssStatus, 0),
            (Slot::PropertyGet, 8),
            (Slot::ReportReply, 9),
            (Slot::MqttConnectSucc, 18),
            (Slot::IdentityResponse, 21),
            (Slot::StateEverything, 23),
            (Slot::StateMqttComm, 26),
            (Slot::StateDevModel, 32),
            (Slot::PropertyDesiredGetReply, 33),
        ];
        for (slot, number) in numbers {
            assert_eq!(slot as usize, number, "{slot:?}");
        }
    }

    #[test]
    fn the_last_registration_wins_and_none_unregisters() {
        let registry = Registry::new();
        registry.register(Slot::Fota, Some(Callback::Kept(1)));
        registry.register(Slot::Fota, Some(Callback::Kept(2)));
        assert_eq!(address(&registry, Slot::Fota), Some(2));
        registry.register(Slot::Fota, None);
        assert_eq!(address(&registry, Slot::Fota), None);
    }

    #[test]
    fn numbers_outside_the_registry_hold_nothing() {
        let registry = Registry::new();
        registry.register(Slot::StateEverything, Some(Callback::State(first)));
        for number in [c_int::MIN, -1, SLOTS as c_int, c_int::MAX] {
            assert!(registry.callback(number).is_none());
            assert!(registry.state_handlers(number).is_none());
        }
    }

    #[test]
    fn everything_goes_into_all_state_slots_and_no_other() {
        let registry = Registry::new();
        registry.register(Slot::StateEverything, Some(Callback::State(first)));
        for number in 0..SLOTS as c_int {
            assert_eq!(registry.callback(number).is_some(), (23..=32).contains(&number));
        }
        assert!(matches!(registry.state_handlers(26), Some((_, None))));
    }

    #[test]
    fn the_specific_handler_comes_first_then_everything() {
        let registry = Registry::new();
        registry.register(Slot::StateEverything, Some(Callback::State(first)));
        registry.register(Slot::StateMqttComm, Some(Callback::State(second)));
        let (own, all) = registry.state_handlers(Slot::StateMqttComm as c_int).unwrap();
        assert_eq!(own as usize, (second as StateHandler) as usize);
        assert_eq!(all.map(|f| f as usize), Some((first as StateHandler) as usize));
    }

    #[test]
    fn an_emptied_slot_silences_its_group_even_with_everything_registered() {
        let registry = Registry::new();
        registry.register(Slot::StateEverything, Some(Callback::State(first)));
        registry.register(Slot::StateMqttComm, None);
        assert!(registry.state_handlers(Slot::StateMqttComm as c_int).is_none());
    }

    #[test]
    fn only_state_slots_take_state_events() {
        let registry = Registry::new();
        registry.register(Slot::PropertySet, Some(Callback::Kept(1)));
        assert!(registry.state_handlers(Slot::PropertySet as c_int).is_none());
    }
}

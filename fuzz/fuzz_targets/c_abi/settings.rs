//! One call that sets what later ones use: configuration, credentials, stores, handlers.

use super::arguments::{Text, buffer, text};
use super::calls::Calls;
use super::firmware::{self, REACTION};
use arbitrary::{Result, Unstructured};
use linksdk_hal::ffi::{config, credentials, events, identity_store, log, session_store, time};
use std::ffi::c_void;
use std::ptr::{null, without_provenance_mut};
use std::sync::atomic::Ordering;

impl Calls {
    pub fn settings(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let given: bool = input.arbitrary()?;
        let context: *mut c_void = without_provenance_mut(input.int_in_range(0..=9000)?);
        match input.int_in_range(0..=15u8)? {
            0 => drop(config::linksdk_set_establish_timeout(input.int_in_range(0..=200)?)),
            1 => drop(config::linksdk_set_tls_versions(
                input.int_in_range(0x300..=0x305)?,
                input.int_in_range(0x300..=0x305)?,
            )),
            2 => drop(config::linksdk_set_record_size(input.arbitrary()?)),
            3 => drop(config::linksdk_allow_rsa_key_exchange(input.int_in_range(-1..=2)?)),
            4 => drop(unsafe { config::linksdk_add_trust_anchor(text(input)?.pointer()) }),
            5 => drop(config::linksdk_clear_trust_anchors()),
            6 => {
                let texts = [text(input)?, text(input)?, text(input)?];
                let [product_key, device_name, secret] = texts.each_ref().map(Text::pointer);
                unsafe { config::linksdk_use_tls_psk(product_key, device_name, secret) };
            }
            7 => {
                let (certificate, key) = (text(input)?, text(input)?);
                unsafe {
                    credentials::linksdk_set_credentials(certificate.pointer(), key.pointer())
                };
            }
            8 => {
                let certificate = text(input)?;
                let sign = given.then_some(firmware::sign as _);
                unsafe { credentials::linksdk_set_signer(certificate.pointer(), sign, context) };
            }
            9 => {
                let files =
                    [c"/proc/self/status".as_ptr(), c"/nonexistent".as_ptr(), c"".as_ptr(), null()];
                let (certificate, key) = (*input.choose(&files)?, *input.choose(&files)?);
                assert!(
                    unsafe { credentials::linksdk_set_credentials_files(certificate, key) } < 0
                        || certificate.is_null()
                );
            }
            10 => {
                let now = given.then_some(firmware::now as _);
                unsafe {
                    time::linksdk_set_time_source(now, without_provenance_mut(input.arbitrary()?))
                };
                time::linksdk_accept_unset_clock(input.int_in_range(-1..=2)?);
            }
            11 => {
                let erase = given.then_some(firmware::erase as _);
                let result = unsafe {
                    identity_store::linksdk_set_identity_store(
                        Some(firmware::load),
                        Some(firmware::save),
                        erase,
                        context,
                    )
                };
                assert_eq!(result == 0, given);
            }
            12 => {
                let (key, told) = buffer(input)?;
                let size = usize::try_from(told).unwrap_or(0);
                let erase = given.then_some(firmware::erase_named as _);
                unsafe {
                    let (load, save) =
                        (Some(firmware::load_named as _), Some(firmware::save_named as _));
                    session_store::linksdk_set_session_store(
                        load,
                        save,
                        erase,
                        context,
                        key.as_ptr(),
                        size,
                    )
                };
            }
            13 => {
                let hook = given.then_some(firmware::line as _);
                unsafe { log::linksdk_set_log_hook(hook, without_provenance_mut(7)) };
                log::linksdk_set_log_level(input.arbitrary()?);
            }
            14 => {
                let handler = given.then_some(firmware::state as _);
                unsafe {
                    match input.int_in_range(0..=3u8)? {
                        0 => events::iotx_register_for_ite_state_everything(handler),
                        1 => events::iotx_register_for_ite_state_sys_depend(handler),
                        2 => events::iotx_register_for_ite_state_mqtt_comm(handler),
                        _ => events::iotx_register_for_ite_state_user_input(handler),
                    }
                };
                events::iotx_event_callback(input.arbitrary()?);
                events::iotx_event_post(input.arbitrary()?);
            }
            _ => REACTION.store(input.arbitrary()?, Ordering::Relaxed),
        }
        Ok(())
    }
}

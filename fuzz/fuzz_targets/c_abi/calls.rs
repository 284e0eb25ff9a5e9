//! One call at a time; those that only set something are in settings.rs.

use super::arguments::{Text, buffer, construct, handle, host, returned, text};
use super::firmware;
use arbitrary::{Result, Unstructured};
use linksdk_fuzz::planted;
use linksdk_hal::ffi::diagnostics::LinksdkConnectionInfo;
use linksdk_hal::ffi::sign_types::{DeviceMeta, SignMqtt};
use linksdk_hal::ffi::surroundings::TopicInfo;
use linksdk_hal::ffi::{diagnostics, hal, hooks, ioctl, mqtt, os, sign};
use std::ffi::{c_char, c_int, c_void};
use std::ptr::{null, null_mut, without_provenance_mut};

unsafe extern "C" {
    fn HAL_Snprintf(buffer: *mut c_char, size: c_int, format: *const c_char, ...) -> c_int;
    fn iotx_state_event(event: c_int, code: c_int, format: *const c_char, ...) -> c_int;
}

/// The sizes with their NUL that `IOT_Ioctl` documents for its texts.
const LONGEST_TEXT: usize = 65;

/// What earlier calls returned.
#[derive(Default)]
pub struct Calls {
    semaphores: Vec<*mut c_void>,
    mutexes: Vec<*mut c_void>,
    memory: Vec<*mut c_void>,
}

extern "C" fn event(
    _: *mut c_void,
    _: *mut c_void,
    _: *mut linksdk_hal::ffi::surroundings::EventMessage,
) {
}

impl Calls {
    /// Makes the next call.
    pub fn next(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        // SAFETY: each pointer is NULL or has what the function documents; texts end with a NUL.
        match input.int_in_range(0..=4u8)? {
            0 => unsafe { self.tls(input) },
            1 => unsafe { self.mqtt(input) },
            2 => unsafe { self.device(input) },
            3 => self.settings(input),
            _ => unsafe { self.system(input) },
        }
    }

    /// Gives back what is still held.
    pub fn end(&mut self) {
        self.semaphores.drain(..).for_each(|one| os::hal_semaphore_destroy(one));
        self.mutexes.drain(..).for_each(|one| os::hal_mutex_destroy(one));
        // SAFETY: each came from HAL_Malloc and was not freed.
        self.memory.drain(..).for_each(|memory| unsafe { os::hal_free(memory) });
    }

    unsafe fn tls(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let handle = handle(input)?;
        match input.int_in_range(0..=5u8)? {
            0 => {
                let (host, anchors) = (host(input)?, text(input)?);
                let length = anchors.0.as_ref().map_or(0, |text| text.as_bytes_with_nul().len());
                // Port 1 of this machine: nobody listens.
                let port = u16::from(input.arbitrary::<bool>()?);
                let length = input.int_in_range(0..=length as u32)?;
                let connection = unsafe {
                    hal::hal_ssl_establish(host.pointer(), port, anchors.pointer(), length)
                };
                assert_eq!(connection, 0, "a connection to nobody");
            }
            1 => {
                let (mut buffer, told) = buffer(input)?;
                let read = unsafe {
                    hal::hal_ssl_read(handle, buffer.as_mut_ptr().cast(), told, input.arbitrary()?)
                };
                assert!(read < 0, "{read} bytes from nobody");
            }
            2 => {
                let (buffer, told) = buffer(input)?;
                let written = unsafe {
                    hal::hal_ssl_write(handle, buffer.as_ptr().cast(), told, input.arbitrary()?)
                };
                assert!(written < 0, "{written} bytes to nobody");
            }
            3 => assert_eq!(hal::hal_ssl_destroy(handle), 0),
            4 => {
                let (mut buffer, told) = buffer(input)?;
                let size = usize::try_from(told).unwrap_or(0);
                unsafe {
                    diagnostics::linksdk_last_error(handle, buffer.as_mut_ptr().cast(), size)
                };
                assert!(size == 0 || buffer.contains(&0), "a text without end");
                planted::overrun(&mut buffer);
            }
            _ => {
                // SAFETY: all zero is such a structure.
                let mut info: Box<LinksdkConnectionInfo> = Box::new(unsafe { std::mem::zeroed() });
                info.struct_size = input.arbitrary()?;
                assert_eq!(unsafe { diagnostics::linksdk_connection_info(handle, &mut *info) }, -1);
            }
        }
        Ok(())
    }

    unsafe fn mqtt(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let handle: *mut c_void = without_provenance_mut(handle(input)?);
        let topic = text(input)?;
        let function = input
            .arbitrary::<bool>()?
            .then_some(event as linksdk_hal::ffi::surroundings::EventFunction);
        let result = match input.int_in_range(0..=7u8)? {
            0 => mqtt::iot_mqtt_yield(handle, input.arbitrary()?),
            1 => mqtt::iot_mqtt_check_state_normal(handle),
            2 => unsafe {
                mqtt::iot_mqtt_subscribe(
                    handle,
                    topic.pointer(),
                    input.arbitrary()?,
                    function,
                    null_mut(),
                )
            },
            3 => unsafe {
                let (qos, wait) = (input.arbitrary()?, input.arbitrary()?);
                mqtt::iot_mqtt_subscribe_sync(
                    handle,
                    topic.pointer(),
                    qos,
                    function,
                    null_mut(),
                    wait,
                )
            },
            4 => unsafe { mqtt::iot_mqtt_unsubscribe(handle, topic.pointer()) },
            5 => {
                let (buffer, told) = buffer(input)?;
                let qos = input.arbitrary()?;
                unsafe {
                    mqtt::iot_mqtt_publish_simple(
                        handle,
                        topic.pointer(),
                        qos,
                        buffer.as_ptr().cast(),
                        told,
                    )
                }
            }
            6 => {
                let (buffer, told) = buffer(input)?;
                let mut message = Box::new(TopicInfo {
                    packet_id: 0,
                    qos: input.arbitrary()?,
                    dup: 0,
                    retain: input.arbitrary()?,
                    topic_len: 0,
                    payload_len: u32::try_from(told).unwrap_or(u32::MAX),
                    topic: null(),
                    payload: buffer.as_ptr().cast(),
                });
                unsafe { mqtt::iot_mqtt_publish(handle, topic.pointer(), &mut *message) }
            }
            _ => {
                let mut handle = handle;
                let given = if input.arbitrary()? { &raw mut handle } else { null_mut() };
                unsafe { mqtt::iot_mqtt_destroy(given) }
            }
        };
        assert!(result < 0, "a client that nobody made answered {result}");
        if input.arbitrary()? {
            assert!(construct(input)?.is_null(), "a client of nobody");
        }
        Ok(())
    }

    unsafe fn device(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        match input.int_in_range(0..=4u8)? {
            0 => {
                // Room for the longest text; what is set is a text, or a number of four bytes.
                let mut room = vec![0u8; LONGEST_TEXT].into_boxed_slice();
                let given = text(input)?;
                let bytes = given.0.as_ref().map_or(&b""[..], |text| text.as_bytes());
                room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                room[LONGEST_TEXT - 1] = 0;
                let data = if given.0.is_none() { null_mut() } else { room.as_mut_ptr().cast() };
                let option = input.int_in_range(-3..=60)?;
                unsafe { ioctl::iot_ioctl(option, data) };
                assert!(data.is_null() || room.contains(&0));
            }
            1 => {
                let (product_key, device_name, secret) = (text(input)?, text(input)?, text(input)?);
                let mut info = null_mut();
                let given = if input.arbitrary()? { &raw mut info } else { null_mut() };
                let texts = [&product_key, &device_name, &secret].map(Text::pointer);
                unsafe { ioctl::iot_setup_conn_info(texts[0], texts[1], texts[2], given) };
            }
            2 => {
                // SAFETY: all zero, and any other bytes, are such a structure.
                let mut meta: Box<DeviceMeta> = Box::new(unsafe { std::mem::zeroed() });
                let length = input.len().min(size_of::<DeviceMeta>());
                let bytes = input.bytes(length)?;
                // SAFETY: not longer than the structure, which holds bytes alone.
                unsafe {
                    std::ptr::copy_nonoverlapping(bytes.as_ptr(), (&raw mut *meta).cast(), length)
                };
                // SAFETY: as above.
                let mut signed: Box<SignMqtt> = Box::new(unsafe { std::mem::zeroed() });
                let region = input.int_in_range(-2..=7)?;
                if unsafe { sign::iot_sign_mqtt(region, &*meta, &mut *signed) } == 0 {
                    assert!(signed.clientid.contains(&0) && signed.username.contains(&0));
                    assert!(signed.hostname.contains(&0) && signed.password.contains(&0));
                }
                assert!(unsafe { sign::iot_sign_mqtt(region, null(), &mut *signed) } < 0);
                assert!(unsafe { sign::iot_sign_mqtt(region, &*meta, null_mut()) } < 0);
            }
            3 => {
                let version = text(input)?;
                unsafe { hooks::linksdk_set_firmware_version(version.pointer()) };
                let mut room = vec![1u8; 64].into_boxed_slice();
                let length = unsafe { os::hal_get_firmware_version(room.as_mut_ptr().cast()) };
                assert!(length < 0 || room[length as usize] == 0);
                assert_eq!(unsafe { os::hal_get_firmware_version(null_mut()) }, -1);
            }
            _ => {
                let hook = input
                    .arbitrary::<bool>()?
                    .then_some(firmware::nothing as unsafe extern "C" fn());
                unsafe { hooks::linksdk_set_reboot_hook(hook) };
                os::hal_reboot();
            }
        }
        Ok(())
    }

    unsafe fn system(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        match input.int_in_range(0..=9u8)? {
            0 => self.semaphores.push(os::hal_semaphore_create()),
            1 => os::hal_semaphore_post(returned(input, &self.semaphores)?),
            2 => {
                let semaphore = returned(input, &self.semaphores)?;
                os::hal_semaphore_wait(semaphore, input.int_in_range(0..=1)?);
            }
            3 => os::hal_semaphore_destroy(returned(input, &self.semaphores)?),
            4 => self.mutexes.push(os::hal_mutex_create()),
            5 => os::hal_mutex_unlock(returned(input, &self.mutexes)?),
            6 => os::hal_mutex_destroy(returned(input, &self.mutexes)?),
            7 => {
                let memory = os::hal_malloc(input.int_in_range(0..=5000)?);
                self.memory.push(memory);
                if input.arbitrary()? {
                    // SAFETY: it was just returned.
                    self.memory
                        .pop()
                        .into_iter()
                        .for_each(|memory| unsafe { os::hal_free(memory) });
                }
            }
            8 => {
                let region = input.arbitrary()?;
                let number = os::hal_random(region);
                assert!(region == 0 || number < region);
            }
            _ => {
                let (mut room, told) = buffer(input)?;
                let given = text(input)?;
                let word = given.0.clone().unwrap_or_default();
                let to = room.as_mut_ptr().cast();
                unsafe { HAL_Snprintf(to, told.max(0), c"%s-%d".as_ptr(), word.as_ptr(), told) };
                assert!(told <= 0 || room.contains(&0));
                let (event, code): (c_int, c_int) = (input.arbitrary()?, input.arbitrary()?);
                unsafe { iotx_state_event(event, code, c"%s".as_ptr(), word.as_ptr()) };
                unsafe { iotx_state_event(event, code, null()) };
            }
        }
        Ok(())
    }
}

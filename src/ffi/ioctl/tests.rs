//! `IOT_Ioctl` on devices of their own, and its neighbours.

use super::*;
use std::ffi::{CStr, CString};

const OPTIONS: std::ops::RangeInclusive<c_int> = 0..=29;
/// GET option and the longest value; the SET option is one below.
const TEXTS: [(c_int, usize); 5] = [(21, 20), (23, 64), (25, 32), (27, 64), (29, 64)];

fn set(device: &Device, option: c_int, text: &str) -> Option<()> {
    let text = CString::new(text).unwrap();
    // SAFETY: a C string.
    unsafe { perform(device, option, text.as_ptr().cast_mut().cast()) }
}

fn number(device: &Device, option: c_int, value: &mut c_int) -> Option<()> {
    // SAFETY: an int.
    unsafe { perform(device, option, (&raw mut *value).cast()) }
}

fn region(device: &Device) -> c_int {
    let mut value = -1;
    number(device, 1, &mut value).unwrap();
    value
}

#[test]
fn null_and_unknown_options_fail() {
    for option in OPTIONS.chain([c_int::MIN, -1, 30, c_int::MAX]) {
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { iot_ioctl(option, std::ptr::null_mut()) }, -1, "{option}");
    }
    let mut room = [0u8; 80];
    for option in [c_int::MIN, -1, 4, 5, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 30, c_int::MAX] {
        // SAFETY: a C string in room for any value.
        assert_eq!(unsafe { iot_ioctl(option, room.as_mut_ptr().cast()) }, -1, "{option}");
    }
}

#[test]
fn texts_come_back_with_their_nul_and_nothing_more() {
    let device = Device::default();
    for (get, limit) in TEXTS {
        let read = || {
            let mut room = [0x55u8; 80];
            // SAFETY: room for any value.
            unsafe { perform(&device, get, room.as_mut_ptr().cast()) }.unwrap();
            let text = CStr::from_bytes_until_nul(&room).unwrap().to_str().unwrap().to_owned();
            assert!(room.iter().skip(text.len() + 1).all(|byte| *byte == 0x55));
            text
        };
        assert_eq!(read(), "");
        for value in ["x".repeat(limit), "short".to_owned()] {
            set(&device, get - 1, &value).unwrap();
            assert_eq!(read(), value);
        }
        assert!(set(&device, get - 1, &"y".repeat(limit + 1)).is_none());
        assert_eq!(read(), "short");
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    let device = Device::default();
    // SAFETY: a C string.
    let result = unsafe { perform(&device, 20, c"\xff\xfe".as_ptr().cast_mut().cast()) };
    assert!(result.is_none());
    assert_eq!(device.identity().product_key, "");
}

#[test]
fn the_region_is_stored_as_given() {
    let device = Device::default();
    assert_eq!(region(&device), 0);
    for mut value in [3, -4, 99] {
        let expected = value;
        number(&device, 0, &mut value).unwrap();
        assert_eq!(region(&device), expected);
    }
}

#[test]
fn a_custom_domain_chooses_the_custom_region_and_is_bounded() {
    for (option, field) in [(2, Field::MqttDomain), (3, Field::HttpDomain)] {
        let device = Device::default();
        assert!(set(&device, option, &"d".repeat(65)).is_none());
        assert_eq!((region(&device), device.get(field).as_str()), (REGION_CUSTOM, ""));
        set(&device, option, &"d".repeat(64)).unwrap();
        assert_eq!(device.get(field).len(), 64);
    }
}

#[test]
fn options_of_the_device_model_that_the_sdk_accepts_without_it_change_nothing() {
    let device = Device::default();
    for option in [6, 7, 8, 10] {
        let mut value = 1;
        assert!(number(&device, option, &mut value).is_some());
        assert_eq!(value, 1);
    }
}

#[test]
fn connection_info_is_checked_and_empty() {
    let mut info = std::ptr::null_mut();
    let text = |length: usize| CString::new("x".repeat(length)).unwrap();
    let null = std::ptr::null();
    // SAFETY: C strings or NULL; `info` is a place of this function.
    unsafe {
        let set_up = |pk: *const c_char, dn: *const c_char, ds: *const c_char, to| {
            iot_setup_conn_info(pk, dn, ds, to)
        };
        let (pk, dn, ds) = (text(20), text(32), text(64));
        let (pk, dn, ds) = (pk.as_ptr(), dn.as_ptr(), ds.as_ptr());
        assert_eq!(set_up(pk, dn, ds, std::ptr::null_mut()), 0);
        assert_eq!(set_up(null, dn, ds, &raw mut info), -2);
        assert_eq!(set_up(pk, null, ds, &raw mut info), -2);
        assert_eq!(set_up(pk, dn, null, &raw mut info), -2);
        assert_eq!(set_up(text(21).as_ptr(), dn, ds, &raw mut info), -2);
        assert_eq!(set_up(pk, text(33).as_ptr(), ds, &raw mut info), -2);
        assert_eq!(set_up(pk, dn, text(65).as_ptr(), &raw mut info), -2);
        assert!(info.is_null());
        assert_eq!(set_up(pk, dn, ds, &raw mut info), 0);
        let info = &*info.cast::<ConnectionInfo>();
        assert_eq!(info.port.load(Ordering::Relaxed), 0);
        for text in
            [&info.host_name, &info.client_id, &info.username, &info.password, &info.pub_key]
        {
            assert_eq!(CStr::from_ptr(text.load(Ordering::Relaxed)), c"");
        }
    }
}

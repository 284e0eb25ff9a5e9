//! The C interface under sequences of calls, in the process: any handle, NULL, any length within the promises
//! of the documentation, any order. Servers are closed ports of this machine or names that none can have.
//!
//! Each buffer has exactly the size that is told, on the heap, so that the sanitizer sees a byte too far.
#![no_main]

#[path = "c_abi/arguments.rs"]
mod arguments;
#[path = "c_abi/calls.rs"]
mod calls;
#[path = "c_abi/firmware.rs"]
mod firmware;
#[path = "c_abi/settings.rs"]
mod settings;

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: firmware::begin(), |data: &[u8]| {
    let mut input = Unstructured::new(data);
    firmware::reset();
    let mut calls = calls::Calls::default();
    for _ in 0..64 {
        if input.is_empty() || calls.next(&mut input).is_err() {
            break;
        }
    }
    calls.end();
});

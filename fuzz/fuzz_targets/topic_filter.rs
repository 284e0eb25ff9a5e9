//! Topic filters and topics, separated by a line end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linksdk_hal::mqtt::topic;

fuzz_target!(|data: &str| {
    let (filter, name) = data.split_once('\n').unwrap_or((data, ""));
    let matches = topic::matches(filter, name);
    // A topic without wildcards matches itself alone.
    if !filter.contains(['+', '#']) {
        assert_eq!(matches, filter == name);
    }
    let _ = topic::check_filter(filter);
    let _ = topic::check_name(name);
});

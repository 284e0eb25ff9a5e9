//! Time since the system started.

/// Milliseconds of the monotonic clock. On Linux they count from boot and stand still during
/// suspend. Never goes back.
pub fn uptime_ms() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec that may be written to.
    if unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) } != 0 {
        return 0;
    }
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let milliseconds = u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000_000;
    seconds.saturating_mul(1000).saturating_add(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn it_advances_with_time() {
        let (start, clock) = (uptime_ms(), Instant::now());
        while clock.elapsed() < Duration::from_millis(3) {
            std::hint::spin_loop();
        }
        let passed = uptime_ms() - start;
        assert!((2..60_000).contains(&passed), "{passed}");
    }
}

//! A point on the monotonic clock by which a blocking call returns.
//!
//! Each exported call makes one [`Deadline`] when it starts and hands it to everything below, so
//! that retries and inner waits cannot add up to more than the caller asked for.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

/// The latest moment at which a call may still wait. Steps of the wall clock do not move it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The moment `wait` from now. Waits too long for the clock are shortened to a year.
    pub fn after(wait: Duration) -> Self {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        let now = Instant::now();
        Self(now.checked_add(wait.min(YEAR)).unwrap_or(now))
    }

    /// The moment `milliseconds` from now.
    pub fn after_ms(milliseconds: u32) -> Self {
        Self::after(Duration::from_millis(u64::from(milliseconds)))
    }

    /// This moment: whatever can be done without waiting may still be done.
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// This deadline, moved back by `more`.
    pub fn plus(self, more: Duration) -> Self {
        Self(self.0.checked_add(more).unwrap_or(self.0))
    }

    /// The earlier of two deadlines.
    pub fn earlier(self, other: Self) -> Self {
        self.min(other)
    }

    /// Whether no time is left.
    pub fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// The time left, zero when the deadline has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The time left in the form `poll(2)` takes: rounded up, so that a wait never ends early and
    /// spins; 0 when the deadline has passed.
    pub fn remaining_poll_ms(self) -> i32 {
        let nanoseconds = self.remaining().as_nanos();
        i32::try_from(nanoseconds.div_ceil(1_000_000)).unwrap_or(i32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passed_deadline_has_nothing_left() {
        let deadline = Deadline::now();
        assert!(deadline.is_over());
        assert_eq!(deadline.remaining(), Duration::ZERO);
        assert_eq!(deadline.remaining_poll_ms(), 0);
    }

    #[test]
    fn poll_time_is_rounded_up() {
        let deadline = Deadline::after(Duration::from_micros(900_400));
        let milliseconds = deadline.remaining_poll_ms();
        assert!((2..=901).contains(&milliseconds), "{milliseconds}");
        assert!(Deadline::after(Duration::from_nanos(900_000_001)).remaining_poll_ms() > 0);
    }

    #[test]
    fn endless_waits_are_bounded() {
        assert!(Deadline::after(Duration::MAX).remaining_poll_ms() > 0);
        assert!(Deadline::after_ms(u32::MAX).remaining_poll_ms() > 0);
    }
}

//! When to try again: exponential back-off with jitter.
#![forbid(unsafe_code)]

use crate::tls::crypto;
use std::time::Duration;

/// The numbers of the back-off.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// The longest first wait.
    pub first: Duration,
    /// The longest wait ever, unless the server refused the device.
    pub longest: Duration,
    /// The longest wait after the server refused the device: it will not change its mind soon, and
    /// the platform throttles devices that connect too often.
    pub refused: Duration,
    /// A connection that lived this long was stable: the next wait is a first one again.
    pub stable: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            refused: Duration::from_secs(300),
            stable: Duration::from_secs(60),
        }
    }
}

/// Counts failures and says how long to wait.
#[derive(Debug)]
pub struct BackOff {
    policy: RetryPolicy,
    failures: u32,
}

impl BackOff {
    /// No failures yet.
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy, failures: 0 }
    }

    /// A connection ended that had lived for `lifetime`.
    pub fn connection_ended(&mut self, lifetime: Duration) {
        if lifetime >= self.policy.stable {
            self.failures = 0;
        }
    }

    /// How long to wait before the next attempt: a random part of a bound that doubles with every
    /// call. The randomness keeps devices that lost the same server from coming back together.
    pub fn next_wait(&mut self, refused: bool) -> Duration {
        let doubled = self.policy.first.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let bound = match refused {
            true => self.policy.refused,
            false => doubled.min(self.policy.longest),
        };
        // A tenth is always waited, so that no two attempts follow each other at once. Without
        // randomness the whole bound is waited.
        let part = crypto::random_u32().map_or(1.0, |n| f64::from(n) / f64::from(u32::MAX));
        bound.mul_f64(0.1 + 0.9 * part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_bound_and_differ() {
        let mut back_off = BackOff::new(RetryPolicy::default());
        let mut bound = Duration::from_secs(1);
        let mut waits = Vec::new();
        for _ in 0..40 {
            let wait = back_off.next_wait(false);
            assert!(wait >= bound / 11 && wait <= bound, "{wait:?} {bound:?}");
            bound = (bound * 2).min(Duration::from_secs(60));
            waits.push(wait);
        }
        waits.sort();
        waits.dedup();
        assert!(waits.len() > 30);
    }

    #[test]
    fn only_a_stable_connection_resets() {
        let mut back_off = BackOff::new(RetryPolicy::default());
        for _ in 0..10 {
            back_off.next_wait(false);
            back_off.connection_ended(Duration::from_secs(59));
        }
        assert!(back_off.next_wait(false) >= Duration::from_secs(5));
        back_off.connection_ended(Duration::from_secs(60));
        assert!(back_off.next_wait(false) <= Duration::from_secs(1));
    }

    #[test]
    fn a_refused_device_waits_for_minutes() {
        let wait = BackOff::new(RetryPolicy::default()).next_wait(true);
        assert!(wait >= Duration::from_secs(27) && wait <= Duration::from_secs(300));
    }
}

//! The time of day by which certificates are judged.
#![forbid(unsafe_code)]

use crate::error::{Error, ErrorKind, Result};
use crate::lock::fixed::RwLock;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Gives the time of day on a device that has a better source than its operating system. `None`: it
/// does not know.
pub type Source = Arc<dyn Fn() -> Option<SystemTime> + Send + Sync>;

/// No connection can be made before this library existed: a clock that shows an earlier time (2020,
/// in seconds since 1970) was never set.
const NEVER_SET: Duration = Duration::from_secs(1_577_836_800);

/// The time of day, as far as the device knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Certificates have to be valid now.
    Known(SystemTime),
    /// The clock is not set, and the firmware has said to connect all the same.
    NotSet,
}

struct Settings {
    source: Option<Source>,
    accept_not_set: bool,
}

static SETTINGS: RwLock<Settings> = RwLock::new(Settings { source: None, accept_not_set: false });

/// Sets where the time of day comes from; `None` brings the operating system's clock back.
pub fn set_source(source: Option<Source>) {
    SETTINGS.write().unwrap_or_else(PoisonError::into_inner).source = source;
}

/// Sets whether a device whose clock was never set may connect. Starts with `false`.
pub fn accept_not_set(accept: bool) {
    SETTINGS.write().unwrap_or_else(PoisonError::into_inner).accept_not_set = accept;
}

/// The time of day now. Without a usable time, and without the firmware's word that this is to be
/// accepted, [`ErrorKind::DeviceCertificateDates`]. The source is called with no lock held.
pub fn now() -> Result<Moment> {
    let (source, accept) = {
        let settings = SETTINGS.read().unwrap_or_else(PoisonError::into_inner);
        (settings.source.clone(), settings.accept_not_set)
    };
    let now = source.map_or_else(|| Some(SystemTime::now()), |source| source());
    judged(now, accept)
}

fn judged(now: Option<SystemTime>, accept_not_set: bool) -> Result<Moment> {
    let since_1970 = now.and_then(|now| now.duration_since(UNIX_EPOCH).ok());
    match (now, since_1970) {
        (_, since_1970) if accept_not_set && since_1970.is_none_or(|time| time < NEVER_SET) => {
            Ok(Moment::NotSet)
        }
        (Some(now), Some(_)) => Ok(Moment::Known(now)),
        _ => {
            let detail = "the time of day is not known, or is before 1970";
            Err(Error::new(ErrorKind::DeviceCertificateDates, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_was_never_set_is_accepted_as_not_set() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let before_1970 = UNIX_EPOCH.checked_sub(Duration::from_secs(1)).unwrap();
        let (first_of_2020, today) = (at(1_577_836_800), at(1_800_000_000));
        for time in [None, Some(before_1970), Some(at(0)), Some(at(1_577_836_799))] {
            assert_eq!(judged(time, true), Ok(Moment::NotSet), "{time:?}");
        }
        for time in [first_of_2020, today, at(10_000_000_000)] {
            assert_eq!(judged(Some(time), true), Ok(Moment::Known(time)));
            assert_eq!(judged(Some(time), false), Ok(Moment::Known(time)));
        }
        assert_eq!(judged(Some(at(0)), false), Ok(Moment::Known(at(0))));
        for time in [None, Some(before_1970)] {
            let error = judged(time, false).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DeviceCertificateDates);
        }
    }
}

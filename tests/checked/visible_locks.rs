//! POSIX locks with the names and the behaviour of the standard library's, as far as this library uses
//! them. Helgrind and drd intercept `pthread_*`, and so see who waits for whom.

use std::cell::UnsafeCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, TryLockError, TryLockResult};
use std::time::Duration;

/// A mutex. A panic does not poison it: this library takes poisoned locks as they are.
pub struct Mutex<T: ?Sized> {
    lock: UnsafeCell<libc::pthread_mutex_t>,
    content: UnsafeCell<T>,
}

// SAFETY: the content is reached by whoever holds the lock, one thread at a time.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    pub const fn new(content: T) -> Self {
        Self {
            lock: UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER),
            content: UnsafeCell::new(content),
        }
    }
}

impl<T: ?Sized> Mutex<T> {
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        Ok(self.content.get_mut())
    }

    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        // SAFETY: the mutex is initialised, and not moved while it is borrowed.
        assert_eq!(unsafe { libc::pthread_mutex_lock(self.lock.get()) }, 0);
        Ok(MutexGuard(self))
    }

    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        // SAFETY: as in `lock`.
        match unsafe { libc::pthread_mutex_trylock(self.lock.get()) } {
            0 => Ok(MutexGuard(self)),
            _ => Err(TryLockError::WouldBlock),
        }
    }
}

impl<T: ?Sized> Drop for Mutex<T> {
    fn drop(&mut self) {
        // drd knows a mutex that nothing has initialised only when it was locked once.
        drop(self.lock());
        // SAFETY: nobody else can have it any more, so it is not locked.
        unsafe { libc::pthread_mutex_destroy(self.lock.get()) };
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mutex")
    }
}

pub struct MutexGuard<'a, T: ?Sized>(&'a Mutex<T>);

// SAFETY: a shared guard gives out shared content only.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: this thread holds the lock.
        unsafe { &*self.0.content.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this thread holds the lock.
        unsafe { &mut *self.0.content.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: this thread holds the lock.
        unsafe { libc::pthread_mutex_unlock(self.0.lock.get()) };
    }
}

/// A condition variable.
pub struct Condvar(UnsafeCell<libc::pthread_cond_t>);

// SAFETY: pthread_cond_t is made to be used by several threads.
unsafe impl Send for Condvar {}
// SAFETY: as above.
unsafe impl Sync for Condvar {}

/// Whether a wait ended by itself.
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub const fn new() -> Self {
        Self(UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER))
    }

    pub fn notify_one(&self) {
        // SAFETY: the condition variable is initialised.
        unsafe { libc::pthread_cond_signal(self.0.get()) };
    }

    pub fn notify_all(&self) {
        // SAFETY: the condition variable is initialised.
        unsafe { libc::pthread_cond_broadcast(self.0.get()) };
    }

    pub fn wait<'a, T: ?Sized>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        // SAFETY: both are initialised, and this thread holds the mutex.
        unsafe { libc::pthread_cond_wait(self.0.get(), guard.0.lock.get()) };
        Ok(guard)
    }

    pub fn wait_timeout<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
        duration: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let mut until = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `until` is a timespec that outlives the call.
        unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut until) };
        let nanoseconds = until.tv_nsec + libc::c_long::from(duration.subsec_nanos());
        let seconds = libc::time_t::try_from(duration.as_secs()).unwrap_or(libc::time_t::MAX);
        until.tv_sec =
            until.tv_sec.saturating_add(seconds).saturating_add(nanoseconds / 1_000_000_000);
        until.tv_nsec = nanoseconds % 1_000_000_000;
        // SAFETY: as in `wait`; `until` outlives the call.
        let result = unsafe {
            libc::pthread_cond_timedwait(self.0.get(), guard.0.lock.get(), &raw const until)
        };
        Ok((guard, WaitTimeoutResult(result == libc::ETIMEDOUT)))
    }
}

impl Default for Condvar {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condvar")
    }
}

impl Drop for Condvar {
    fn drop(&mut self) {
        // As for the mutex.
        self.notify_one();
        // SAFETY: nobody else can have it any more, so nobody waits.
        unsafe { libc::pthread_cond_destroy(self.0.get()) };
    }
}

/// A lock for several readers or one writer; here for one of either, which orders no less.
#[derive(Debug, Default)]
pub struct RwLock<T: ?Sized>(Mutex<T>);

impl<T> RwLock<T> {
    pub const fn new(content: T) -> Self {
        Self(Mutex::new(content))
    }

    pub fn read(&self) -> LockResult<MutexGuard<'_, T>> {
        self.0.lock()
    }

    pub fn write(&self) -> LockResult<MutexGuard<'_, T>> {
        self.0.lock()
    }
}

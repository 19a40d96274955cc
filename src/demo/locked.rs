//! Values that several threads share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value behind a lock. Nothing here panics half-way through a change, so a poisoned lock guards a whole value.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! One run at a time on one environment of a service, on this machine: a file that the operating system locks, and
//! releases by itself when the process ends, however it ends.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use super::LockError;
use crate::domain::{WriteAccess, clean_line};
use crate::state;

/// The lock on one subject, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Unlocks rather than only closes: a program that is just being started holds a copy of the file until it runs.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "a lock was not released before its file was closed");
        }
    }
}

impl Lock {
    /// Takes the lock on `subject` in `folder` for `owner`, or says who has it; never waits.
    pub fn take(folder: &Path, subject: &str, owner: &str, _access: WriteAccess) -> Result<Self, LockError> {
        let name: String = subject
            .chars()
            .map(|c| if c == ' ' || c == '/' { '-' } else { c })
            .collect();
        let path = folder.join(format!("{name}.lock"));
        let fail = |source| LockError::Io {
            path: path.clone(),
            source,
        };
        state::create_folder(folder).map_err(fail)?;
        let mut file = state::open_locked(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(fail)?;
                file.rewind().map_err(fail)?;
                file.write_all(owner.as_bytes()).map_err(fail)?;
                Ok(Self { file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut held_by = String::new();
                let _ = file.take(500).read_to_string(&mut held_by);
                Err(LockError::Held {
                    subject: subject.to_owned(),
                    owner: clean_line(&held_by),
                })
            }
            Err(TryLockError::Error(source)) => Err(fail(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_run_learns_who_has_the_environment_and_the_next_one_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        let access = WriteAccess::unless_read_only(false).unwrap();
        let take = |owner| Lock::take(folder.path(), "payment-svc in prod", owner, access);
        let first = take("ana@desk, run 1f9a2b3c").unwrap();
        let error = take("omar@desk").unwrap_err().to_string();
        assert_eq!(
            error,
            "payment-svc in prod is locked by another run: ana@desk, run 1f9a2b3c"
        );
        drop(first);
        take("omar@desk").unwrap();
    }
}

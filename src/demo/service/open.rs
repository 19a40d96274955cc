//! The sign that a demo is open: a lock that its services wait for, so that they end with it, however it ends.

use std::fs::File;
use std::io;
use std::path::Path;

const FILE: &str = "open";

/// A demo that is open, for as long as this is held.
#[derive(Debug)]
pub(in crate::demo) struct Open(File);

impl Open {
    /// Opens the demo in `folder`.
    pub(in crate::demo) fn begin(folder: &Path) -> io::Result<Self> {
        let file = File::options()
            .create(true)
            .append(true)
            .open(folder.join(FILE))?;
        file.lock_shared()?;
        Ok(Self(file))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // A program that was started meanwhile may have the file as well.
        let _ = self.0.unlock();
    }
}

/// Waits until the demo in `folder` is open no more. Blocks its thread.
pub(super) fn wait_for_end(folder: &Path) {
    // Without the file there is no demo.
    if let Ok(file) = File::options().append(true).open(folder.join(FILE)) {
        let _ = file.lock();
    }
}

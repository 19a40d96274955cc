//! What has been learnt of hosts since the program began, so that nothing is asked or sent twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::manifest::Descriptor;
use crate::domain::Digest;

/// Facts about all hosts.
#[derive(Default)]
pub(super) struct Known {
    ways: Mutex<HashMap<String, Ways>>,
    blobs: Mutex<HashMap<(String, Digest), Places>>,
    /// What manifests of referrers say of themselves: whatever has the digest says the same.
    referrers: Mutex<HashMap<Digest, Descriptor>>,
    /// Whether what earlier processes left of uploads has been looked through.
    pub(super) swept: OnceLock<()>,
}

/// How a host does what the specification leaves open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ways {
    /// It has mounted a blob.
    pub(super) mounts: bool,
    /// It has answered the wish for a mount with an error, where it might have opened an upload.
    pub(super) refuses_mounts: bool,
    /// It has refused an upload in chunks.
    pub(super) refuses_chunks: bool,
}

/// How long it is believed that a blob is still where it was put: registries clean up, and a console is open for days.
const BELIEVED_FOR: Duration = Duration::from_mins(5);

/// Where one host has a blob. Whoever brings it to another repository holds the lock meanwhile, so that its bytes move
/// once.
pub(super) type Places = Arc<tokio::sync::Mutex<Repositories>>;

/// Paths of repositories that have a blob, with the time when that was seen.
#[derive(Default)]
pub(super) struct Repositories(HashMap<String, Instant>);

impl Repositories {
    pub(super) fn has(&self, path: &str) -> bool {
        self.0.get(path).is_some_and(|seen| seen.elapsed() < BELIEVED_FOR)
    }

    pub(super) fn any(&self) -> Option<&str> {
        self.0.keys().map(String::as_str).find(|path| self.has(path))
    }

    pub(super) fn gone(&mut self, path: &str) {
        self.0.remove(path);
    }

    pub(super) fn seen(&mut self, path: &str) {
        self.0.insert(path.to_owned(), Instant::now());
    }
}

impl Known {
    pub(super) fn ways(&self, host: &str) -> Ways {
        let ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        ways.get(host).copied().unwrap_or_default()
    }

    pub(super) fn learn(&self, host: &str, fact: impl FnOnce(&mut Ways)) {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        fact(ways.entry(host.to_owned()).or_default());
    }

    pub(super) fn referrer(&self, digest: &Digest) -> Option<Descriptor> {
        let referrers = self.referrers.lock().unwrap_or_else(PoisonError::into_inner);
        referrers.get(digest).cloned()
    }

    pub(super) fn learn_referrer(&self, descriptor: Descriptor) {
        let mut referrers = self.referrers.lock().unwrap_or_else(PoisonError::into_inner);
        referrers.insert(descriptor.digest.clone(), descriptor);
    }

    pub(super) fn places(&self, host: &str, digest: &Digest) -> Places {
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(blobs.entry((host.to_owned(), digest.clone())).or_default())
    }
}

//! The registry behind its port: what it holds, and how it was set up.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::auth::Gatekeeper;
use super::folder::Folder;
use super::options::{Options, RequestLine, Storage};
use super::sessions::Uploads;
use super::store::Store;
use crate::demo::faults::Faults;
use crate::demo::locked::locked;

/// The most requests that are remembered.
const REMEMBERED: usize = 100_000;

/// The registry behind its port.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) store: Store,
    pub(super) uploads: Uploads,
    pub(super) gatekeeper: Gatekeeper,
    pub(super) faults: Faults,
    pub(super) requests: Mutex<VecDeque<RequestLine>>,
    pub(super) referrers_api: bool,
    pub(super) accept_sparse: bool,
    pub(super) page_limit: usize,
    pub(super) read_only: bool,
    pub(super) delay: Duration,
    pub(super) stop: CancellationToken,
}

impl Server {
    /// Opens the storage, which blocks for as long as reading its log takes.
    pub(super) fn open(options: Options, stop: CancellationToken) -> std::io::Result<Self> {
        let store = match options.storage {
            Storage::Memory => Store::in_memory(),
            Storage::Disk(root) => Store::in_folder(Folder::open(&root)?)?,
        };
        Ok(Self {
            store,
            uploads: Uploads::default(),
            gatekeeper: Gatekeeper::new(options.auth),
            faults: Faults::default(),
            requests: Mutex::default(),
            referrers_api: options.referrers_api,
            accept_sparse: options.accept_sparse,
            page_limit: options.page_limit,
            read_only: options.read_only,
            delay: options.delay,
            stop,
        })
    }

    pub(super) fn remember(&self, line: RequestLine) {
        let mut requests = locked(&self.requests);
        if requests.len() == REMEMBERED {
            requests.pop_front();
        }
        requests.push_back(line);
    }
}

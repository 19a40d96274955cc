//! Uploads in progress.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

use super::content::Incoming;
use super::failure::Failure;
use super::route::{Name, upload_unknown};
use crate::demo::locked::locked;

/// Uploads in progress.
#[derive(Debug, Default)]
pub(super) struct Uploads(Mutex<HashMap<Uuid, Arc<Session>>>);

#[derive(Debug)]
pub(super) struct Session {
    repository: Name,
    /// Held for the length of a request, so that chunks sent at once queue up. None when the upload is over.
    pub(super) incoming: AsyncMutex<Option<Incoming>>,
}

impl Uploads {
    pub(super) fn open(&self, repository: Name, incoming: Incoming) -> Uuid {
        let id = Uuid::now_v7();
        let incoming = AsyncMutex::new(Some(incoming));
        locked(&self.0).insert(id, Arc::new(Session { repository, incoming }));
        id
    }

    pub(super) fn find(&self, name: &Name, id: Uuid) -> Result<Arc<Session>, Failure> {
        locked(&self.0)
            .get(&id)
            .filter(|session| session.repository == *name)
            .cloned()
            .ok_or_else(|| upload_unknown(&id.to_string()))
    }

    pub(super) fn close(&self, id: Uuid) {
        locked(&self.0).remove(&id);
    }
}

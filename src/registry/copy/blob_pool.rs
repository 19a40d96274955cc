//! The blobs of a copy on their way, as many at once as do good.

use std::collections::VecDeque;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

use super::blob_job::BlobJob;
use super::plan::CopyPlan;
use super::progress::CopyProgress;
use crate::domain::Digest;
use crate::registry::error::RegistryError;
use crate::registry::reader::Reader;
use crate::registry::writer::Writer;

/// Blobs that move at once, as far as the budgets of the hosts allow.
const AT_ONCE: usize = 16;
/// Large ones among them: they fill the line, and each needs memory for as long as it moves.
const LARGE_AT_ONCE: usize = 6;
/// From this size in bytes on a blob is a large one.
const LARGE: u64 = 4 * 1024 * 1024;

/// A blob that has arrived, with the bytes that were downloaded for it.
type Arrival = Result<(Digest, u64), RegistryError>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Small,
    Large,
}

/// Each blob is a task, so that all cores hash. Dropped, they end.
pub(super) struct Blobs {
    tasks: JoinSet<(Size, Arrival)>,
    small: VecDeque<BlobJob>,
    large: VecDeque<BlobJob>,
    large_under_way: usize,
}

impl Blobs {
    /// All blobs of `plan`; the first of them set out when the first one is waited for.
    pub(super) fn of(
        plan: &CopyPlan,
        source: &Reader,
        target: &Writer,
        progress: &UnboundedSender<CopyProgress>,
    ) -> Self {
        let errand = |blob| BlobJob::new(blob, source.clone(), target.clone(), progress.clone());
        let (large, small) = plan
            .blobs
            .iter()
            .cloned()
            .partition::<Vec<_>, _>(|blob| blob.size >= LARGE);
        Self {
            tasks: JoinSet::new(),
            small: small.into_iter().map(errand).collect(),
            large: large.into_iter().map(errand).collect(),
            large_under_way: 0,
        }
    }

    /// The next blob that has arrived; none when all have. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Option<Arrival> {
        self.set_out();
        let (size, result) = match self.tasks.join_next().await? {
            Ok(done) => done,
            // A task ends so only if it panics, and then so does this one.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        self.large_under_way -= usize::from(size == Size::Large);
        Some(result)
    }

    fn set_out(&mut self) {
        while self.tasks.len() < AT_ONCE {
            let may_be_large = self.large_under_way < LARGE_AT_ONCE;
            let (size, errand) = match self.large.pop_front_if(|_| may_be_large) {
                Some(errand) => (Size::Large, errand),
                None => match self.small.pop_front() {
                    Some(errand) => (Size::Small, errand),
                    None => return,
                },
            };
            self.large_under_way += usize::from(size == Size::Large);
            self.tasks.spawn(async move {
                let digest = errand.blob.digest.clone();
                (size, errand.run().await.map(|moved| (digest, moved)))
            });
        }
    }
}

//! The progress of a copy, as the events of its step.

use crate::engine::run::Step;
use crate::engine::run::event::{EventKind, Unit};
use crate::registry::copy::CopyProgress;

/// Passes on what happens in a copy.
pub(super) fn tell(step: &Step<'_>, progress: CopyProgress) {
    let log = step.log();
    let record = |happening| step.context.recorder.record(happening);
    match progress {
        CopyProgress::BlobStarted { digest, size } => record(EventKind::ItemStarted {
            step: step.id(),
            label: digest.short(),
            item: digest.to_string(),
            unit: Unit::Bytes,
            total: size,
        }),
        CopyProgress::BlobBytes { digest, moved } => record(EventKind::ItemMoved {
            step: step.id(),
            item: digest.to_string(),
            done: moved,
        }),
        CopyProgress::BlobDone { digest, how } => {
            log.info(format!("{} {how}", digest.short()));
            record(EventKind::ItemDone {
                step: step.id(),
                item: digest.to_string(),
                result: how.to_string(),
            });
        }
        CopyProgress::ManifestDone { digest } => log.info(format!("pushed manifest {}", digest.short())),
        CopyProgress::ReferrerDone { digest } => log.info(format!("pushed referrer {}", digest.short())),
        CopyProgress::Waiting { host, seconds } => log.warning(format!("{host} asked to wait {seconds} s")),
        CopyProgress::Again { digest, why } => log.warning(format!("restarting {}: {why}", digest.short())),
    }
}

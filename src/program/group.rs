//! The process group of a program.

use std::time::Duration;

use process_wrap::tokio::ChildWrapper;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// How long a program that was asked to stop may take before it is killed.
const GRACE: Duration = Duration::from_secs(10);
/// How often is looked whether all of a group has ended; nothing tells of processes that are not our own children.
const LOOKING: Duration = Duration::from_millis(20);

/// The group that a program leads. Dropped before the program has ended, it is killed.
pub(super) struct Group(Option<Pid>);

impl Group {
    /// The group of a program that was started as the leader of one.
    pub(super) fn of(child: &dyn ChildWrapper) -> Self {
        Self(
            child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .and_then(Pid::from_raw),
        )
    }

    /// Its leader has ended by itself: what it left in the background is not ours to stop.
    pub(super) const fn ended(&mut self) {
        self.0 = None;
    }

    /// Asks the whole group to end, and ends what of it does not.
    pub(super) async fn stop(mut self, child: &mut dyn ChildWrapper) {
        let Some(group) = self.0 else { return };
        let _ = kill_process_group(group, Signal::TERM);
        let all_ended = async {
            let _ = child.wait().await;
            while test_kill_process_group(group).is_ok() {
                tokio::time::sleep(LOOKING).await;
            }
        };
        if tokio::time::timeout(GRACE, all_ended).await.is_err() {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = child.wait().await;
        }
        self.ended();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

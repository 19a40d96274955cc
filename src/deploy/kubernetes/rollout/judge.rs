//! How far a rollout is, as one function of what the API shows.

use super::super::owners::image_owners;
use super::super::workload::Workload;
use super::pods::is_ready;
use super::state::{Goal, State, View};
use super::{counts, deadline, pods, trouble};

/// How far the rollout to `goal` is.
pub(in super::super) fn judge(view: &View<'_>, goal: &Goal) -> State {
    let Some(workload) = view.workload else {
        return State::Overtaken("it was deleted in the meantime".to_owned());
    };
    if workload.uid() != goal.uid {
        return State::Overtaken("it was deleted and created again in the meantime".to_owned());
    }
    let coming = |waiting: &str| State::Coming {
        up: 0,
        of: workload.desired(),
        waiting: waiting.to_owned(),
        trouble: None,
    };
    if workload.generation() < goal.generation {
        return coming("the change has not arrived yet");
    }
    if workload.meta().deletion_timestamp.is_some() {
        return State::Overtaken("it is being deleted".to_owned());
    }
    if let Some(change) = foreign_image(workload, goal) {
        return State::Overtaken(change);
    }
    if workload.observed_generation() < workload.generation() {
        return coming("its controller has not taken up the change yet");
    }
    if matches!(workload, Workload::CronJob(_)) {
        return State::Up { replicas: 0 };
    }
    if let Some(why) = deadline::deadline_exceeded(workload, goal.stale_deadline.as_ref()) {
        return State::Failed(why);
    }
    let Some(current) = pods::of_revision(view, workload, goal) else {
        return coming("its new revision is not there yet");
    };
    let (of, ready) = (
        workload.desired(),
        current.iter().filter(|pod| is_ready(pod)).count(),
    );
    let ready = u64::try_from(ready).unwrap_or(u64::MAX);
    let missing = counts::missing(workload, ready);
    if let (None, None) = (&missing, workload.obstacle()) {
        return State::Up { replicas: of };
    }
    let trouble = trouble::of_rollout(view, workload, goal, &current);
    let waiting = trouble
        .as_ref()
        .map(|trouble| trouble.why.clone())
        .or_else(|| pods::holdup(&current, view.warnings))
        .or(missing)
        .unwrap_or_default();
    State::Coming {
        up: ready.min(of),
        of,
        waiting,
        trouble,
    }
}

/// That the image is no longer the one that was deployed, and who changed it.
fn foreign_image(workload: &Workload, goal: &Goal) -> Option<String> {
    let image = workload.image(&goal.container);
    if image == Some(&*goal.image) {
        return None;
    }
    let owners = image_owners(workload.meta(), workload.kind(), &goal.container);
    let who = owners
        .first()
        .map_or_else(|| "somebody".to_owned(), |owner| format!("`{owner}`"));
    Some(match image {
        Some(image) => format!("{who} has set the image to {image} in the meantime"),
        None => format!(
            "{who} has removed the container `{}` in the meantime",
            goal.container
        ),
    })
}

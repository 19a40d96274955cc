//! How a release or a hotfix stands, in words.

use super::state::{State, Status};
use crate::domain::{Bound, Debt, DebtState, Release};

/// How it stands as a whole.
pub fn release_state(release: &Release) -> Status {
    let outstanding = release.open_debts().count();
    match (outstanding, &release.waits_for) {
        (0, Some(environment)) => Status::new(State::Loading, format!("finished, waiting for {environment}")),
        (0, None) if release.is_finished() => Status::new(State::Ok, "finished"),
        (0, None) => Status::new(State::Loading, "open"),
        (outstanding, _) => Status::new(State::Bad, format!("{outstanding} outstanding")),
    }
}

/// The same in a word or two.
pub fn brief_state(release: &Release) -> Status {
    match (release.open_debts().count(), &release.waits_for) {
        (0, Some(_)) => Status::new(State::Loading, "waiting"),
        (0, None) => release_state(release),
        (outstanding, _) => Status::new(State::Bad, format!("{outstanding} to do")),
    }
}

/// The image of its head.
pub fn candidate(release: &Release) -> Status {
    match &release.candidate {
        Bound::There { tag, digest } => Status::new(State::Ok, format!("{tag}  {}", digest.short())),
        Bound::NoImage { tag } => Status::new(State::None, format!("no image {tag} yet")),
        Bound::Unknown { why } => Status::new(State::Unknown, format!("unknown: {why}")),
    }
}

/// Where a commit of its branch is deployed.
pub fn deployed(release: &Release) -> Vec<Status> {
    let status = |runs: &crate::domain::DeployedIn| {
        let environment = &runs.environment;
        if runs.is_head {
            Status::new(State::Ok, format!("the head is deployed to {environment}"))
        } else {
            let short = runs.commit.short();
            Status::new(
                State::Attention,
                format!("{environment} has {short} deployed, which is older than the head"),
            )
        }
    };
    release.deployed.iter().map(status).collect()
}

/// What comes next for a hotfix that has only begun.
pub fn begun(release: &Release) -> Option<Status> {
    release.is_only_begun().then(|| {
        let branch = &release.branch;
        Status::new(
            State::None,
            format!("commit the fix on {branch}, then wait for its image"),
        )
    })
}

/// How something stands that has to be done before it is complete, in a word; the reason is the task's own.
pub fn task(debt: &Debt) -> Status {
    match &debt.state {
        DebtState::Paid(_) => Status::new(State::Ok, "done"),
        DebtState::Owed(_) => Status::new(State::Bad, "outstanding"),
        DebtState::NotYet(_) => Status::new(State::None, "pending"),
        DebtState::Unknown(_) => Status::new(State::Unknown, "unknown"),
    }
}

//! What GitHub's checks say of commits.

use super::Effects;
use crate::domain::CommitSha;
use crate::engine::{Engine, EngineError};
use crate::github::GitHub;
use crate::tui::session::Msg;

impl Effects {
    pub(super) fn commit_states(&self, commits: Vec<CommitSha>) {
        self.read(move |engine, _| async move {
            let answer = async {
                let states = github(&engine)?.commit_states(&commits).await;
                Ok::<_, EngineError>(states?)
            };
            let answer = answer.await.map_err(|error| error.to_string());
            Msg::CommitStates(commits, answer)
        });
    }

    pub(super) fn commit_checks(&self, commit: CommitSha) {
        self.read(move |engine, _| async move {
            let checks = async { Ok::<_, EngineError>(github(&engine)?.checks(&commit).await?) };
            let checks = checks.await.map_err(|error| error.to_string());
            Msg::CommitChecks(commit, checks)
        });
    }
}

fn github(engine: &Engine) -> Result<&GitHub, EngineError> {
    engine.github()?.ok_or(EngineError::NotOnGitHub)
}

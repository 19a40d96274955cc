//! What GitHub's checks say of the candidates: all in sight in one request, details of the selected one alone.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::domain::CommitSha;
use crate::github::{Checks, ChecksVerdict, CommitState, MAX_COMMITS};
use crate::tui::app::theme::State;

/// How old what is known may become, in seconds.
const OLD: i64 = 60;
/// How soon is asked for what came into sight meanwhile.
const SOON: i64 = 1;

/// What is known of the checks.
#[derive(Debug, Clone, Default)]
pub struct BoardChecks {
    /// Whether there is a GitHub that can be asked.
    pub is_shown: bool,
    /// By commit, as far as somebody has looked.
    pub known: HashMap<CommitSha, Option<CommitState>>,
    /// The checks by name, of those commits that were selected.
    pub details: HashMap<CommitSha, Result<Checks, String>>,
    /// Whether it is being asked.
    pub asking: bool,
    /// When it was asked last.
    pub asked_at: Option<Timestamp>,
    /// The commit whose details are being asked for.
    pub asking_details: Option<CommitSha>,
    /// Whether the server has no GraphQL, so that only the selected commit is asked for.
    pub has_no_graphql: bool,
    /// Why it could not be asked.
    pub trouble: Option<String>,
}

impl BoardChecks {
    /// The symbol and the words of a commit's checks.
    pub fn words(&self, commit: &CommitSha) -> (State, String) {
        if let Some(Some(state)) = self.known.get(commit) {
            return summary(state.verdict(), format!("{}/{}", state.passed, state.count()));
        }
        if let Some(Ok(checks)) = self.details.get(commit) {
            return summary(checks.verdict(), format!("{}/{}", checks.passed, checks.count()));
        }
        match self.known.get(commit) {
            // It was never pushed, or GitHub does not tell this token.
            Some(_) => (State::None, "none".to_owned()),
            None if self.has_no_graphql || self.trouble.is_some() => (State::Unknown, "unknown".to_owned()),
            None => (State::Loading, "loading".to_owned()),
        }
    }

    /// Takes in the answer about `asked`.
    pub fn learn(
        &mut self,
        asked: Vec<CommitSha>,
        answer: Result<Option<Vec<(CommitSha, CommitState)>>, String>,
    ) {
        self.asking = false;
        match answer {
            Ok(Some(states)) => {
                self.trouble = None;
                for commit in asked {
                    self.known.entry(commit).or_insert(None);
                }
                for (commit, state) in states {
                    if self.known.get(&commit) != Some(&Some(state.clone())) {
                        self.details.remove(&commit);
                    }
                    self.known.insert(commit, Some(state));
                }
            }
            Ok(None) => self.has_no_graphql = true,
            Err(why) => self.trouble = Some(why),
        }
    }

    /// The commits that are asked for now, of those in sight; none while that is not due.
    pub fn due(&self, in_sight: Vec<CommitSha>, age: Option<i64>) -> Option<Vec<CommitSha>> {
        if !self.is_shown || self.asking || self.has_no_graphql || in_sight.is_empty() {
            return None;
        }
        let has_new = in_sight.iter().any(|commit| !self.known.contains_key(commit));
        let limit = if has_new && self.trouble.is_none() {
            SOON
        } else {
            OLD
        };
        age.is_none_or(|age| age >= limit)
            .then(|| in_sight.into_iter().take(MAX_COMMITS).collect())
    }

    /// Whether the details of the selected commit are worth asking for: what the sum does not tell.
    pub fn wants_details(&self, commit: &CommitSha) -> bool {
        let is_open = match self.known.get(commit) {
            Some(Some(state)) => matches!(state.verdict(), ChecksVerdict::Failed | ChecksVerdict::Pending),
            Some(None) => false,
            None => self.has_no_graphql,
        };
        self.is_shown && is_open && self.asking_details.is_none() && !self.details.contains_key(commit)
    }
}

fn summary(verdict: ChecksVerdict, passed: String) -> (State, String) {
    match verdict {
        ChecksVerdict::Passed => (State::Ok, passed),
        ChecksVerdict::Failed => (State::Bad, passed),
        ChecksVerdict::Pending => (State::Loading, passed),
        ChecksVerdict::Skipped => (State::Unknown, "skipped".to_owned()),
        ChecksVerdict::None => (State::None, "none".to_owned()),
    }
}

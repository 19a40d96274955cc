//! The end of a release or a hotfix.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::{BranchName, CommitSha};

/// The commits of a release into other branches, and its tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    /// Its branch.
    pub branch: BranchName,
    /// The remote where it all happens.
    pub remote: String,
    /// The tag that its head gets, where it has a version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The branches that it goes into.
    pub into: Vec<Ending>,
}

/// A branch that a release ends in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The branch.
    pub branch: BranchName,
    /// Where it was when the plan was made.
    #[serde(rename = "head")]
    pub at: CommitSha,
    /// How the release gets into it.
    #[serde(rename = "method")]
    pub way: MergeMethod,
}

/// How a release gets into a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MergeMethod {
    /// By a merge commit that is pushed.
    Merge,
    /// By a pull request, because the rules of the remote ask for one.
    PullRequest,
    /// It is there.
    #[serde(rename = "already-merged")]
    Already,
}

impl Words for Finish {
    fn title(&self) -> String {
        format!("finish {}", self.branch)
    }

    fn deed(&self) -> String {
        "merge, tag and push".to_owned()
    }

    fn way(&self) -> String {
        let into: Vec<_> = self.into.iter().map(|ending| ending.branch.as_str()).collect();
        format!("{} ▸ {}", self.branch, into.join(", "))
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("branch", format!("{} on {}", self.branch, self.remote))];
        facts.extend(self.into.iter().map(|ending| ("into", ending.words())));
        facts.extend(
            self.tag
                .iter()
                .map(|tag| ("git tag", format!("{tag}, annotated"))),
        );
        facts
    }
}

impl Ending {
    /// `main at 2b2e927, by a merge commit`.
    fn words(&self) -> String {
        let (branch, at) = (&self.branch, self.at.short());
        match self.way {
            MergeMethod::Merge => format!("{branch} at {at}, by a merge commit"),
            MergeMethod::PullRequest => format!("{branch} at {at}, by a pull request"),
            MergeMethod::Already => format!("{branch}, which already contains it"),
        }
    }
}

//! Releases and hotfixes: branches that live beside develop for a while, and what is owed until each has come to its end.

use std::fmt;

use semver::Version;
use serde::Serialize;

use super::{BranchName, Clean, CommitSha, Digest, EnvironmentName, Padding, Tag};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseKind {
    /// Cut from develop.
    Release,
    /// Begun at what production has deployed.
    Hotfix,
}

impl ReleaseKind {
    /// `release` or `hotfix`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Hotfix => "hotfix",
        }
    }
}

impl fmt::Display for ReleaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A release or a hotfix, as git and the registries tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Which of the two.
    pub kind: ReleaseKind,
    /// Its branch.
    pub branch: BranchName,
    /// Its version, where the name of the branch has one.
    pub version: Option<Version>,
    /// How the version is written.
    #[serde(skip)]
    pub padding: Padding,
    /// The newest commit of the branch.
    pub head: CommitSha,
    /// The first line of that commit.
    pub subject: Clean,
    /// The commit that the branch began at; none where no commit is shared with develop.
    pub origin: Option<CommitSha>,
    /// How many commits were made on the branch itself.
    #[serde(rename = "commits")]
    pub fixes: usize,
    /// What is wrong with the branch, as that its name names another commit than the one it began at.
    #[serde(rename = "problem")]
    pub trouble: Option<String>,
    /// The image of the head, which is the candidate that the release is bound to now.
    pub candidate: Bound,
    /// The environments that a commit of this branch is deployed to, in the order of the graph.
    pub deployed: Vec<DeployedIn>,
    /// What it owes and has paid.
    #[serde(rename = "tasks")]
    pub debts: Vec<Debt>,
    /// The environment that releases are for, where this one is finished in git and has still to come there: it never had
    /// this one, nor one that came after it.
    #[serde(rename = "waiting_for")]
    pub waits_for: Option<EnvironmentName>,
}

/// The candidate that a release is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Bound {
    /// The image of the head.
    #[serde(rename = "present")]
    There {
        /// Its tag.
        tag: Tag,
        /// Its digest.
        digest: Digest,
    },
    /// The head has no image yet.
    NoImage {
        /// The tag that it will have.
        tag: Tag,
    },
    /// It could not be looked up.
    Unknown {
        /// Why.
        #[serde(rename = "reason")]
        why: String,
    },
}

/// An environment that a commit of a release is deployed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeployedIn {
    /// Which environment.
    pub environment: EnvironmentName,
    /// The commit.
    pub commit: CommitSha,
    /// Whether that is the head of the branch, and no older one.
    pub is_head: bool,
}

/// One thing that a release or a hotfix owes before it is at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Debt {
    /// What.
    #[serde(flatten)]
    pub what: Due,
    /// Whether it is paid.
    #[serde(flatten)]
    pub state: DebtState,
}

/// What can be owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "target", rename_all = "kebab-case")]
pub enum Due {
    /// Its commits in the branch that releases end in.
    Main(BranchName),
    /// Its commits in the branch that candidates come from.
    Develop(BranchName),
    /// Its commits in another release that is open.
    Release(BranchName),
    /// Its tag on the remote.
    Tag(String),
    /// The review of gates that were skipped on its way to an environment.
    Review(EnvironmentName),
}

impl Due {
    /// `into main`, `tag v1.4.0`, `review of prod`.
    pub fn words(&self) -> String {
        match self {
            Self::Main(branch) | Self::Develop(branch) | Self::Release(branch) => format!("into {branch}"),
            Self::Tag(tag) => format!("tag {tag}"),
            Self::Review(environment) => format!("review of {environment}"),
        }
    }
}

/// Whether something that is owed is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "reason", rename_all = "kebab-case")]
pub enum DebtState {
    /// It is there, and in which way.
    #[serde(rename = "done")]
    Paid(String),
    /// It is missing, and since production has it, it is owed now.
    #[serde(rename = "outstanding")]
    Owed(String),
    /// It is missing, and owed only once production has it.
    #[serde(rename = "pending")]
    NotYet(String),
    /// It could not be found out.
    Unknown(String),
}

impl DebtState {
    /// Why, in words.
    pub fn why(&self) -> &str {
        match self {
            Self::Paid(why) | Self::Owed(why) | Self::NotYet(why) | Self::Unknown(why) => why,
        }
    }

    /// Whether it is settled for good.
    pub const fn is_paid(&self) -> bool {
        matches!(self, Self::Paid(_))
    }

    /// Whether it is open now: owed, or not known to be paid.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Owed(_) | Self::Unknown(_))
    }

    /// Whether it could not be found out.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// What is missing as a debt: owed once production has it.
    pub fn missing(why: String, in_production: &Production) -> Self {
        match in_production {
            Production::Has => Self::Owed(why),
            Production::HasNot => Self::NotYet(why),
            Production::Unknown(error) => Self::Unknown(format!("{why}, and {error}")),
        }
    }
}

/// Whether production has an image of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Production {
    /// It has, or had.
    Has,
    /// It never had one.
    HasNot,
    /// It could not be asked, and why.
    Unknown(String),
}

impl Release {
    /// `v1.4.0`, or the branch where its name has no version.
    pub fn name(&self) -> String {
        release_name(self.version.as_ref(), self.padding, &self.branch)
    }

    /// Whether nothing is left to do for it: its commits are where releases end, and it is tagged. Everything else that
    /// it may still owe is a debt, and does not open it again.
    pub fn is_finished(&self) -> bool {
        let ends = |debt: &&Debt| matches!(debt.what, Due::Main(_) | Due::Tag(_));
        self.debts.iter().filter(ends).all(|debt| debt.state.is_paid())
    }

    /// Whether somebody has something to do for it: it has not come to its end, owes something now, or production has
    /// still to get it.
    pub fn is_at_work(&self) -> bool {
        !self.is_finished() || self.waits_for.is_some() || self.open_debts().next().is_some()
    }

    /// Whether it is a hotfix on which nothing was committed yet: it brings nothing anywhere.
    pub fn is_only_begun(&self) -> bool {
        self.kind == ReleaseKind::Hotfix && self.fixes == 0 && !self.is_finished()
    }

    /// What is owed now.
    pub fn open_debts(&self) -> impl Iterator<Item = &Debt> {
        self.debts.iter().filter(|debt| debt.state.is_open())
    }
}

/// `v1.4.0` or `2026.08.0`, or the branch where its name has no version.
pub fn release_name(version: Option<&Version>, padding: Padding, branch: &BranchName) -> String {
    version.map_or_else(|| branch.to_string(), |version| padding.name(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(debts: Vec<(Due, DebtState)>) -> Release {
        let head: CommitSha = "2b2e927c0ffee0123456789abcdef0123456789a".parse().unwrap();
        Release {
            kind: ReleaseKind::Hotfix,
            branch: "hotfix/v1.3.3".parse().unwrap(),
            version: Some(Version::new(1, 3, 3)),
            padding: Padding::default(),
            subject: Clean::line("fix: x"),
            origin: None,
            fixes: 1,
            trouble: None,
            candidate: Bound::NoImage {
                tag: "sha-2b2e927".parse().unwrap(),
            },
            deployed: Vec::new(),
            debts: debts
                .into_iter()
                .map(|(what, state)| Debt { what, state })
                .collect(),
            waits_for: None,
            head,
        }
    }

    #[test]
    fn what_is_missing_is_owed_only_once_production_has_it_and_never_assumed_paid() {
        let missing = |production: Production| DebtState::missing("1 commit is missing".into(), &production);
        assert!(missing(Production::Has).is_open());
        assert!(!missing(Production::HasNot).is_open() && !missing(Production::HasNot).is_paid());
        assert!(missing(Production::Unknown("prod does not answer".into())).is_open());
    }

    #[test]
    fn a_release_in_main_with_its_tag_is_finished_though_it_may_owe_more() {
        let paid = || DebtState::Paid("merged".into());
        let mut hotfix = release(vec![
            (Due::Main(BranchName::main()), paid()),
            (Due::Tag("v1.3.3".into()), paid()),
            (
                Due::Develop(BranchName::develop()),
                DebtState::Owed("1 commit is missing".into()),
            ),
        ]);
        assert!(hotfix.is_finished() && hotfix.is_at_work());
        assert_eq!(hotfix.open_debts().count(), 1);
        hotfix.debts[1].state = DebtState::NotYet("no tag".into());
        assert!(!hotfix.is_finished());
    }

    #[test]
    fn a_finished_release_is_at_work_until_production_has_it() {
        let mut release = release(vec![(
            Due::Main(BranchName::main()),
            DebtState::Paid("merged".into()),
        )]);
        assert!(!release.is_at_work());
        release.waits_for = Some("prod".parse().unwrap());
        assert!(release.is_finished() && release.is_at_work());
    }
}

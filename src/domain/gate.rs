//! Gates: the rules that must hold before an operation, and what each of them said.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{BranchName, ExceptionKind, Override, Verdict};

/// The enum with one variant for each line, its name as people and documents see it, and the list of all of them.
macro_rules! gate_kinds {
    ($($(#[$doc:meta])+ $kind:ident = $name:literal;)+) => {
        /// Which rule a gate is.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum GateKind {
            $($(#[$doc])+ $kind,)+
            /// A release can be merged into this branch.
            Into(BranchName),
        }

        impl GateKind {
            /// All kinds that are not about one branch, in no particular order.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The name: `scan`, `deployed-in-source`, `into main`.
            pub fn name(&self) -> Cow<'static, str> {
                match self {
                    $(Self::$kind => Cow::Borrowed($name),)+
                    Self::Into(branch) => Cow::Owned(format!("into {branch}")),
                }
            }
        }
    };
}

gate_kinds! {
    /// The image was built from the commit that its tag names.
    Revision = "revision";
    /// The scan reports satisfy the policy of the target.
    Scan = "scan";
    /// The image is signed with the key of its environment.
    Signature = "signature";
    /// What verifies images at the target admits it, as it will be signed there.
    Verifiers = "verifiers";
    /// Every manifest and every blob is present.
    Complete = "complete";
    /// The target is not pinned at another digest.
    Pin = "pin";
    /// The candidate is the one of its release.
    Release = "release";
    /// The source environment has deployed the candidate.
    DeployedInSource = "deployed-in-source";
    /// The candidate has been deployed to another environment for long enough.
    Soak = "soak";
    /// Enough people have approved the promotion.
    Approvals = "approvals";
    /// Nobody has stopped the line.
    Halt = "halt";
    /// The image was built long enough ago.
    Age = "age";
    /// Nothing forbids promotions at this time.
    Freeze = "freeze";
    /// The candidate is not older than what is deployed to the target.
    Downgrade = "downgrade";
    /// The candidate contains every fix that is deployed to the target.
    Fixes = "fixes";
    /// The commit was made on a hotfix branch.
    Hotfix = "hotfix";
    /// There is an image of the commit.
    Image = "image";
    /// The short form of the commit is unambiguous.
    ShortSha = "short sha";
    /// The branch does not exist in the local repository.
    Here = "here";
    /// The branch does not exist on the remote.
    Remote = "remote";
    /// The checks of the commit succeeded on GitHub.
    Checks = "checks";
    /// The rules of GitHub allow the branch.
    Rules = "rules";
    /// The commit is on develop.
    Develop = "develop";
    /// The version is available.
    Version = "version";
    /// What is deployed to the environment.
    Deployed = "deployed";
    /// How main differs from what is deployed.
    Main = "main";
    /// When a digest was deployed before.
    History = "history";
    /// The head of a release has an image.
    Candidate = "candidate";
    /// The name of a release branch agrees with its version.
    Name = "name";
    /// A hotfix has commits of its own.
    Fix = "fix";
    /// The tag of the release is available.
    Tag = "tag";
    /// The exceptions that a review is of.
    Exception = "exception";
    /// The working tree is clean.
    Tree = "tree";
    /// There is a program that builds images.
    Builder = "builder";
    /// This machine can run programs of foreign platforms.
    Emulation = "emulation";
    /// There is a scanner for what is built.
    Scanner = "scanner";
    /// The commit that was planned is still checked out.
    Commit = "commit";
    /// The branch that was planned is still checked out.
    Branch = "branch";
    /// The lock has expired.
    Lock = "lock";
    /// Everything that decides which images are needed could be read.
    State = "state";
}

/// Whether the hotfix path may skip a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HotfixSkip {
    /// Where the environment says so.
    Allowed,
    /// Never, for this reason.
    Never(&'static str),
    /// The question does not arise: the gate is not one of promotions.
    NotAsked,
}

impl GateKind {
    /// Whether the hotfix path may skip it.
    pub const fn hotfix_skip(&self) -> HotfixSkip {
        match self {
            Self::Scan
            | Self::Fixes
            | Self::Downgrade
            | Self::DeployedInSource
            | Self::Soak
            | Self::Approvals
            | Self::Halt
            | Self::Age
            | Self::Freeze => HotfixSkip::Allowed,
            Self::Signature => {
                HotfixSkip::Never("only candidates signed in the source environment can be promoted")
            }
            Self::Revision => {
                HotfixSkip::Never("an image that cannot be tied to its commit is not a candidate")
            }
            Self::Verifiers => {
                HotfixSkip::Never("an image that its cluster does not admit cannot be deployed")
            }
            Self::Complete => HotfixSkip::Never("an image that is not complete cannot be copied"),
            Self::Pin => HotfixSkip::Never("lift a pin with `windlass unpin`"),
            Self::Hotfix => HotfixSkip::Never("the hotfix path is for hotfixes only"),
            Self::Release => HotfixSkip::Never("it can be overridden with a reason"),
            _ => HotfixSkip::NotAsked,
        }
    }

    /// Whether the hotfix path may skip it, where an environment says so.
    pub fn skippable(&self) -> bool {
        self.hotfix_skip() == HotfixSkip::Allowed
    }

    /// What it is called to override this gate with a reason; none where a reason is not enough.
    pub const fn by_reason(&self) -> Option<ExceptionKind> {
        match self {
            Self::Release => Some(ExceptionKind::OlderCandidate),
            Self::DeployedInSource => Some(ExceptionKind::NotDeployed),
            Self::Soak => Some(ExceptionKind::NotSoaked),
            Self::Approvals => Some(ExceptionKind::NotApproved),
            Self::Age => Some(ExceptionKind::TooYoung),
            Self::Freeze => Some(ExceptionKind::Frozen),
            Self::Downgrade => Some(ExceptionKind::Downgrade),
            Self::Fixes => Some(ExceptionKind::UndoesFix),
            Self::Develop => Some(ExceptionKind::OffDevelop),
            Self::Version => Some(ExceptionKind::LowVersion),
            _ => None,
        }
    }
}

impl fmt::Display for GateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

/// That a text names no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a gate")]
pub struct GateKindError(String);

impl FromStr for GateKind {
    type Err = GateKindError;

    fn from_str(name: &str) -> Result<Self, GateKindError> {
        if let Some(kind) = Self::ALL.iter().find(|kind| kind.name() == name) {
            return Ok(kind.clone());
        }
        let branch = name.strip_prefix("into ").map(str::parse);
        match branch {
            Some(Ok(branch)) => Ok(Self::Into(branch)),
            _ => Err(GateKindError(super::clean_line(name))),
        }
    }
}

super::serde_as_text!(GateKind);

/// A rule, and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The rule.
    #[serde(rename = "name")]
    pub kind: GateKind,
    /// What it said.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What a person should know besides; it decides nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What a person may ask for instead, where it does not allow.
    #[serde(rename = "override", default, skip_serializing_if = "Option::is_none")]
    pub way_out: Option<Override>,
}

impl Gate {
    /// The verdict of a rule.
    pub const fn new(kind: GateKind, verdict: Verdict) -> Self {
        Self {
            kind,
            verdict,
            notes: Vec::new(),
            way_out: None,
        }
    }

    /// The gate with something that a person should know besides.
    #[must_use]
    pub fn with_notes(mut self, notes: Vec<String>) -> Self {
        self.notes = notes;
        self
    }

    /// The gate with what may be asked for instead.
    #[must_use]
    pub fn with_override(mut self, way_out: Override) -> Self {
        self.way_out = Some(way_out);
        self
    }

    /// The gate, which a reason overrides where it does not allow.
    #[must_use]
    pub fn or_by_reason(self) -> Self {
        if self.verdict.allows() {
            self
        } else {
            self.with_override(Override::Reason)
        }
    }

    /// Whether it does not allow, and a reason would override that.
    pub fn can_be_overridden_by_reason(&self) -> bool {
        !self.verdict.allows() && self.way_out == Some(Override::Reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_has_the_same_name_in_json_and_for_people_and_is_found_by_it() {
        let into = GateKind::Into("release/v1".parse().unwrap());
        for kind in GateKind::ALL.iter().chain([&into]) {
            let name = kind.to_string();
            assert_eq!(name.parse().as_ref(), Ok(kind));
            let gate = Gate::new(kind.clone(), Verdict::Allowed("it holds".to_owned()));
            let json = serde_json::to_value(&gate).unwrap();
            assert_eq!(json["name"], *name);
            assert_eq!(serde_json::from_value::<Gate>(json).unwrap(), gate);
        }
        assert_eq!(into.name(), "into release/v1");
    }

    #[test]
    fn no_two_gates_share_a_name() {
        let mut names: Vec<_> = GateKind::ALL.iter().map(GateKind::name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), GateKind::ALL.len());
    }

    #[test]
    fn a_name_that_no_gate_has_is_an_error() {
        for name in ["", "scans", "into ", "into a..b"] {
            assert!(name.parse::<GateKind>().is_err(), "{name}");
        }
    }
}

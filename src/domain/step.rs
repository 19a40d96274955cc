//! The steps of a plan: each with an id, what it is done to, and the step that it is a part of.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DeployTarget, EnvironmentName, ImageReference, ProbeTarget, Repository};

/// The number of a step in its plan, from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(u16);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The parts that operations are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Evaluates every gate again, at the moment of the run.
    Gate,
    /// Creates the branch in the local repository.
    Branch,
    /// Pushes the branch, only if it does not exist there.
    Push,
    /// Makes merge commits and the tag here, as objects.
    Merge,
    /// Opens pull requests.
    PullRequest,
    /// Builds each platform on this machine.
    Build,
    /// Copies blobs, manifests and referrers by digest.
    Copy,
    /// Attaches SBOM and scan report, or the record of an exception or its review.
    Attach,
    /// Signs the digest at the target.
    Sign,
    /// Reads the target back and proves it.
    Verify,
    /// Sets the immutable tag, last.
    Tag,
    /// Runs the deployer.
    Deploy,
    /// Leaves the record that holds the environment at the digest, or lets it go.
    Pin,
    /// Takes a lock away from the remote.
    Unlock,
    /// Stops the line, or lets it go on.
    Halt,
    /// Deletes a tag or a manifest.
    Remove,
    /// Lints a Dockerfile.
    Lint,
    /// Lists what is in an image.
    Sbom,
    /// Scans an image.
    Scan,
    /// Tests the structure of an image.
    Test,
    /// Is a job of a workflow on GitHub, or a step of one.
    Job,
    /// Says whether a deployment that waits may go on.
    Approve,
}

impl StepKind {
    /// One word, as people see it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Branch => "branch",
            Self::Push => "push",
            Self::Merge => "merge",
            Self::PullRequest => "request",
            Self::Build => "build",
            Self::Copy => "copy",
            Self::Attach => "attach",
            Self::Sign => "sign",
            Self::Verify => "verify",
            Self::Tag => "tag",
            Self::Deploy => "deploy",
            Self::Pin => "pin",
            Self::Unlock => "unlock",
            Self::Halt => "halt",
            Self::Remove => "remove",
            Self::Lint => "lint",
            Self::Sbom => "sbom",
            Self::Scan => "scan",
            Self::Test => "test",
            Self::Job => "job",
            Self::Approve => "approve",
        }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a step is done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "kebab-case")]
pub enum StepTarget {
    /// A repository of a registry.
    Repository(Repository),
    /// An image, by the tag that it gets or by its digest.
    Image(ImageReference),
    /// References of git.
    References {
        /// The remote; none for the repository of this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remote: Option<String>,
        /// Their names, as branches and tags have them.
        names: Vec<String>,
    },
    /// An environment that is deployed to.
    Deployment {
        /// The environment.
        environment: EnvironmentName,
        /// What its deployers will change, one after the other; empty where nothing deploys.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        deployers: Vec<DeployTarget>,
        /// What is checked after them, one after the other; empty where nothing is.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        after: Vec<ProbeTarget>,
    },
    /// A lock of the remote.
    Lock {
        /// The remote.
        remote: String,
        /// The object that is the lock.
        object: String,
    },
}

/// One step, and what it will do, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Its number.
    pub id: StepId,
    /// The step that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<StepId>,
    /// Which part.
    pub kind: StepKind,
    /// What it does here: `11 blobs, 39 MB (3 are there) to prod.example.com/payment-svc`.
    pub title: String,
    /// What it is done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<StepTarget>,
}

impl PlannedStep {
    /// All of it but its words, which may change while nothing of substance does.
    pub(super) fn substance(&self) -> impl Serialize + '_ {
        (self.id, self.parent, self.kind, &self.target)
    }
}

/// The steps of a plan, put in order one by one.
#[derive(Debug, Default)]
pub struct StepList {
    steps: Vec<PlannedStep>,
}

impl StepList {
    /// Adds the next step; its id.
    pub fn add(&mut self, kind: StepKind, title: impl Into<String>) -> StepId {
        self.push(None, kind, title.into(), None)
    }

    /// Adds the next step, with what it is done to; its id.
    pub fn add_on(&mut self, kind: StepKind, title: impl Into<String>, target: StepTarget) -> StepId {
        self.push(None, kind, title.into(), Some(target))
    }

    /// Adds a part of a step, with what it is done to; its id.
    pub fn add_part(
        &mut self,
        parent: StepId,
        kind: StepKind,
        title: impl Into<String>,
        target: StepTarget,
    ) -> StepId {
        self.push(Some(parent), kind, title.into(), Some(target))
    }

    /// Adds a part of a step that is done to nothing of its own; the step.
    pub fn add_child(
        &mut self,
        parent: Option<StepId>,
        kind: StepKind,
        title: impl Into<String>,
    ) -> Option<&PlannedStep> {
        self.push(parent, kind, title.into(), None);
        self.steps.last()
    }

    fn push(
        &mut self,
        parent: Option<StepId>,
        kind: StepKind,
        title: String,
        target: Option<StepTarget>,
    ) -> StepId {
        let last = self.steps.last().map_or(0, |step| step.id.0);
        let id = StepId(last.saturating_add(1));
        self.steps.push(PlannedStep {
            id,
            parent,
            kind,
            title,
            target,
        });
        id
    }
}

/// A list that goes on after the steps of a plan.
impl From<Vec<PlannedStep>> for StepList {
    fn from(steps: Vec<PlannedStep>) -> Self {
        Self { steps }
    }
}

impl From<StepList> for Vec<PlannedStep> {
    fn from(list: StepList) -> Self {
        list.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_of_the_same_kind_are_told_apart_and_a_part_names_its_whole() {
        let mut list = StepList::default();
        let whole = list.add(StepKind::Deploy, "both regions");
        let target = |name: &str| StepTarget::Deployment {
            environment: name.parse().unwrap(),
            deployers: Vec::new(),
            after: Vec::new(),
        };
        list.add_part(whole, StepKind::Deploy, "the first", target("one"));
        list.add_part(whole, StepKind::Deploy, "the second", target("two"));
        let steps = Vec::from(list);
        let ids: Vec<_> = steps.iter().map(|step| step.id.to_string()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
        assert!(steps[1..].iter().all(|step| step.parent == Some(whole)));
        let json = serde_json::to_value(&steps[2]).unwrap();
        assert_eq!(
            json["target"],
            serde_json::json!({"kind": "deployment", "value": {"environment": "two"}})
        );
        assert_eq!(serde_json::from_value::<PlannedStep>(json).unwrap(), steps[2]);
    }
}

//! The plan of an operation: pinned, ordered, priced and hashed before anything is written.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CommitSha, Digest, Gate, Operation, ServiceName, Tag};

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
        }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One step, and what it will do, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Which part.
    pub kind: StepKind,
    /// What it does here: `11 blobs, 39 MB (3 are there) to prod.example.com/payment-svc`.
    #[serde(rename = "summary")]
    pub what: String,
}

/// The steps of a plan, put in order one by one.
#[derive(Debug, Default)]
pub struct StepList {
    steps: Vec<PlannedStep>,
}

impl StepList {
    /// Adds the next step.
    pub fn add(&mut self, kind: StepKind, what: impl Into<String>) {
        let what = what.into();
        self.steps.push(PlannedStep { kind, what });
    }
}

impl From<StepList> for Vec<PlannedStep> {
    fn from(list: StepList) -> Self {
        list.steps
    }
}

/// What a plan is expected to cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// HTTP requests to registries, authentication apart.
    pub requests: u64,
    /// Bytes of blobs and manifests that will be moved.
    pub bytes: u64,
}

/// What a person does to confirm a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "text", rename_all = "kebab-case")]
pub enum Confirmation {
    /// Enter, or `--yes`.
    Plain,
    /// Types this text: the environment and the first six characters of the digest.
    Typed(String),
}

/// The pinned, ordered steps of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What is done.
    pub operation: Operation,
    /// The service.
    pub service: ServiceName,
    /// The commit that the candidate was built from.
    pub commit: Option<CommitSha>,
    /// The candidate's immutable tag, where it has one.
    pub tag: Option<Tag>,
    /// The digest, resolved once, when the plan was made.
    pub digest: Option<Digest>,
    /// Every rule with its verdict.
    pub gates: Vec<Gate>,
    /// The steps, in order.
    pub steps: Vec<PlannedStep>,
    /// What they are expected to cost.
    pub costs: Costs,
    /// How a person confirms it.
    pub confirmation: Confirmation,
}

impl Plan {
    /// Whether every gate allows the plan to be carried out.
    pub fn allowed(&self) -> bool {
        self.gates.iter().all(|gate| gate.verdict.allows())
    }

    /// The gates that stop it.
    pub fn refusals(&self) -> impl Iterator<Item = &Gate> {
        self.gates.iter().filter(|gate| !gate.verdict.allows())
    }

    /// The identity of the plan: what is done to what, in which steps, under which verdicts. Ages in the words of a
    /// reason and the costs, which change while nothing of substance does, are left out, so that the console and a
    /// CI job that plan the same promotion see the same hash.
    pub fn hash(&self) -> PlanHash {
        let gates: Vec<_> = self.gates.iter().map(|g| (&g.kind, g.verdict.word())).collect();
        let steps: Vec<_> = self.steps.iter().map(|s| s.kind).collect();
        let substance = serde_json::json!({
            "operation": self.operation,
            "service": self.service,
            "commit": self.commit,
            "tag": self.tag,
            "digest": self.digest,
            "gates": gates,
            "steps": steps,
            "confirmation": self.confirmation,
        });
        let digest = Digest::of(substance.to_string().as_bytes());
        PlanHash(format!("{}-{}", &digest.hex()[..4], &digest.hex()[4..8]))
    }
}

/// Eight hexadecimal characters that stand for a plan: `7c1d-42ab`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanHash(String);

impl PlanHash {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operation::Promote;
    use crate::domain::{GateKind, Verdict};

    fn plan() -> Plan {
        let digest = Digest::of(b"image");
        Plan {
            operation: Operation::Promote(Promote {
                from: "dev".parse().unwrap(),
                to: "stage".parse().unwrap(),
                source: format!("localhost:1/dev/a@{digest}").parse().unwrap(),
                target: "localhost:1/stage/a:sha-2b2e927".parse().unwrap(),
                replaces: None,
                reason: None,
                hotfix: false,
            }),
            service: "a".parse().unwrap(),
            commit: None,
            tag: Some("sha-2b2e927".parse().unwrap()),
            digest: Some(digest),
            gates: vec![Gate::new(
                GateKind::Scan,
                Verdict::Allowed("clean, 3m old".into()),
            )],
            steps: vec![PlannedStep {
                kind: StepKind::Copy,
                what: "11 blobs".into(),
            }],
            costs: Costs {
                requests: 48,
                bytes: 12,
            },
            confirmation: Confirmation::Plain,
        }
    }

    #[test]
    fn the_hash_stays_while_only_ages_and_costs_change() {
        let mut later = plan();
        later.gates[0].verdict = Verdict::Allowed("clean, 9m old".into());
        later.costs = Costs {
            requests: 4,
            bytes: 0,
        };
        later.steps[0].what = "0 blobs".into();
        assert_eq!(plan().hash(), later.hash());
    }

    #[test]
    fn the_hash_changes_with_the_digest_and_with_a_verdict() {
        let mut other = plan();
        other.digest = Some(Digest::of(b"another"));
        assert_ne!(plan().hash(), other.hash());
        let mut refused = plan();
        refused.gates[0].verdict = Verdict::Refused("2 critical".into());
        assert_ne!(plan().hash(), refused.hash());
        assert!(!refused.allowed());
    }
}

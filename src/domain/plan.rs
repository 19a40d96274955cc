//! The plan of an operation: pinned, ordered, priced and hashed before anything is written.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CommitSha, Digest, Gate, Operation, PlannedStep, ServiceName, StepId, Tag};

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

    /// The step with that id.
    pub fn step(&self, id: StepId) -> Option<&PlannedStep> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The identity of the plan: what is done to what, in which steps on which targets, under which verdicts. Ages in the
    /// words of a reason, the words of a step and the costs, which change while nothing of substance does, are left out, so that the console and a
    /// CI job that plan the same promotion see the same hash.
    pub fn hash(&self) -> PlanHash {
        let gates: Vec<_> = self.gates.iter().map(|g| (&g.kind, g.verdict.word())).collect();
        let steps: Vec<_> = self.steps.iter().map(PlannedStep::substance).collect();
        let substance = serde_json::json!({
            "operation": self.operation.substance(),
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
    use crate::domain::{GateKind, StepKind, StepList, StepTarget, Verdict};

    fn target(image: &str) -> StepTarget {
        StepTarget::Image(image.parse().unwrap())
    }

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
                runner: None,
            }),
            service: "a".parse().unwrap(),
            commit: None,
            tag: Some("sha-2b2e927".parse().unwrap()),
            digest: Some(digest),
            gates: vec![Gate::new(
                GateKind::Scan,
                Verdict::Allowed("clean, 3m old".into()),
            )],
            steps: {
                let mut steps = StepList::default();
                steps.add(StepKind::Copy, "11 blobs");
                steps.add_on(StepKind::Tag, "the tag", target("localhost:1/stage/a:one"));
                steps.into()
            },
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
        later.steps[0].title = "0 blobs".into();
        assert_eq!(plan().hash(), later.hash());
    }

    #[test]
    fn the_hash_changes_with_what_a_step_is_done_to() {
        let mut other = plan();
        other.steps[1].target = Some(target("localhost:1/stage/a:two"));
        assert_ne!(plan().hash(), other.hash());
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

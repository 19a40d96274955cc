//! The plan of an operation: pinned, ordered, priced and hashed before anything is written.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    BranchName, Clean, CommitSha, Digest, EnvironmentName, ExceptionRecord, Gate, ImageReference, LockPart,
    PinRecord, Platform, ServiceName, Tag, Term,
};

/// What an operation does, with everything in it pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Operation {
    /// Cuts a release branch at a commit.
    Cut {
        /// The new branch.
        branch: String,
        /// The remote that it is pushed to.
        remote: String,
    },
    /// Lifts a digest from one environment to another.
    Promote {
        /// Where it comes from.
        from: EnvironmentName,
        /// Where it goes.
        to: EnvironmentName,
        /// The digest at its source.
        source: ImageReference,
        /// The immutable tag that it gets at the target, last.
        target: ImageReference,
        /// What runs in the target now, if that is known.
        replaces: Option<Digest>,
        /// Why it goes another way than the usual one, where somebody said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Clean>,
        /// Whether it takes the path that the configuration allows hotfixes.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        hotfix: bool,
    },
    /// Builds the image of a commit and pushes it to the environment that builds go to.
    Build {
        /// The environment.
        to: EnvironmentName,
        /// The tag that it gets, last: the immutable one of the commit, or one of a dirty tree.
        target: ImageReference,
        /// The platforms that are built; none where the image is there already.
        platforms: Vec<Platform>,
        /// Whether `latest` follows.
        latest: bool,
        /// The release branch that the image is built anew for, if it is for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release: Option<BranchName>,
    },
    /// Signs a digest where it is.
    Sign {
        /// What is signed.
        image: ImageReference,
    },
    /// Ends a release or a hotfix: its commits into other branches, and its tag.
    Finish {
        /// Its branch.
        branch: BranchName,
        /// The remote where it all happens.
        remote: String,
        /// The tag that its head gets, where it has a version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tag: Option<String>,
        /// The branches that it goes into.
        into: Vec<Ending>,
    },
    /// Begins a hotfix at what an environment runs.
    Hotfix {
        /// The new branch.
        branch: BranchName,
        /// The remote that it is pushed to.
        remote: String,
        /// The environment.
        environment: EnvironmentName,
        /// What runs there.
        image: ImageReference,
    },
    /// Holds an environment at the digest that runs there.
    Pin {
        /// The environment.
        environment: EnvironmentName,
        /// What it is held at, by digest.
        image: ImageReference,
        /// Why.
        reason: Clean,
        /// Until when, as it was given; until someone lifts the pin if nothing was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Term>,
    },
    /// Lifts the pin of an environment.
    Unpin {
        /// The environment.
        environment: EnvironmentName,
        /// What it is held at, by digest.
        image: ImageReference,
        /// Why it is lifted.
        reason: Clean,
        /// The pin that is lifted.
        pin: Box<PinRecord>,
    },
    /// Takes an environment back to a digest that ran there before, and holds it there.
    Rollback {
        /// The environment.
        environment: EnvironmentName,
        /// What it is taken back to, by digest.
        image: ImageReference,
        /// What runs there now, if that is known.
        replaces: Option<Digest>,
        /// What it is taken back from, if that is known: what runs now, or ran until the rollback was begun.
        from: Option<Digest>,
        /// Why.
        reason: Clean,
        /// How long it is held, as it was given; until someone lifts the pin if nothing was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Term>,
        /// Whether it goes on in spite of findings.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        accept_findings: bool,
    },
    /// Leaves the review that an exception owes with its digest.
    Review {
        /// The environment that the digest came to.
        environment: EnvironmentName,
        /// The digest, where it came to.
        image: ImageReference,
        /// What was found.
        note: Clean,
        /// The exceptions that are reviewed, oldest first.
        exceptions: Vec<ExceptionRecord>,
    },
    /// Breaks a lock that somebody left at the remote.
    Unlock {
        /// What of the service is locked.
        part: LockPart,
        /// The remote.
        remote: String,
        /// The object that is the lock: another one is not broken.
        lock: String,
        /// Whose lock it is: `ana@desk, run 1f9a2b3c`.
        holder: String,
        /// Whether it is taken from its holder even before its time is over.
        held: bool,
        /// Why.
        reason: String,
    },
}

/// A branch that a release ends in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The branch.
    pub branch: BranchName,
    /// Where it was when the plan was made.
    pub at: CommitSha,
    /// How the release gets into it.
    pub way: Way,
}

/// How a release gets into a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// By a merge commit that is pushed.
    Merge,
    /// By a pull request, because the rules of the remote ask for one.
    PullRequest,
    /// It is there.
    Already,
}

fn until_words(until: Option<&Term>) -> String {
    match until {
        None => "until someone lifts it".to_owned(),
        Some(Term::Day(day)) => format!("through {day} (UTC)"),
        Some(term @ Term::Lasting { .. }) => format!("for {term}"),
    }
}

impl Operation {
    /// `cut release/v1.4.0-sha-2b2e927`, `promote to stage`, `sign …`: the title of the plan.
    pub fn title(&self) -> String {
        match self {
            Self::Cut { branch, .. } => format!("cut {branch}"),
            Self::Promote { to, .. } => format!("promote to {to}"),
            Self::Build { target, .. } => format!("build {target}"),
            Self::Sign { image } => format!("sign {image}"),
            Self::Finish { branch, .. } => format!("finish {branch}"),
            Self::Hotfix { branch, .. } => format!("begin {branch}"),
            Self::Pin { environment, .. } => format!("pin {environment}"),
            Self::Unpin { environment, .. } => format!("unpin {environment}"),
            Self::Rollback { environment, .. } => format!("roll back {environment}"),
            Self::Review { environment, .. } => format!("review what came to {environment}"),
            Self::Unlock {
                part, holder, reason, ..
            } => format!("unlock {part}, locked by {holder} ({reason})"),
        }
    }

    /// What the person who confirms it does, in two or three words: `promote to stage`, `sign`.
    pub fn deed(&self) -> String {
        match self {
            Self::Cut { .. } => "cut and push the branch".to_owned(),
            Self::Hotfix { .. } => "begin and push the branch".to_owned(),
            Self::Finish { .. } => "merge, tag and push".to_owned(),
            Self::Promote { to, .. } => format!("promote to {to}"),
            Self::Build { .. } => "build".to_owned(),
            Self::Sign { .. } => "sign".to_owned(),
            Self::Pin { environment, .. } => format!("pin {environment}"),
            Self::Unpin { environment, .. } => format!("unpin {environment}"),
            Self::Rollback { environment, .. } => format!("roll {environment} back"),
            Self::Review { .. } => "leave the review".to_owned(),
            Self::Unlock { part, .. } => format!("unlock {part}"),
        }
    }

    /// From where to where, in one line: `stage ▸ prod  prod.example.com/payment-svc`.
    pub fn way(&self) -> String {
        match self {
            Self::Promote { from, to, target, .. } => format!("{from} ▸ {to}  {}", target.repository),
            Self::Sign { image: target } | Self::Build { target, .. } => target.repository.to_string(),
            Self::Cut { branch, remote } => format!("{branch} ▸ {remote}"),
            Self::Hotfix {
                branch, environment, ..
            } => format!("{environment} ▸ {branch}"),
            Self::Finish { branch, into, .. } => {
                let into: Vec<_> = into.iter().map(|ending| ending.branch.as_str()).collect();
                format!("{branch} ▸ {}", into.join(", "))
            }
            Self::Pin {
                environment, image, ..
            }
            | Self::Unpin {
                environment, image, ..
            }
            | Self::Rollback {
                environment, image, ..
            }
            | Self::Review {
                environment, image, ..
            } => format!("{environment}  {}", image.repository),
            Self::Unlock { part, remote, .. } => format!("{part} on {remote}"),
        }
    }

    /// What it is done to, line by line, each with a name of at most nine characters: the part of a plan that is shown
    /// between its title and its gates. What it replaces is told by [`Operation::replaces`].
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Cut { branch, remote } => vec![("branch", format!("{branch}, here and on {remote}"))],
            Self::Hotfix {
                branch,
                remote,
                environment,
                image,
            } => vec![
                ("branch", format!("{branch}, here and on {remote}")),
                ("at", format!("what {environment} runs: {image}")),
            ],
            Self::Finish {
                branch,
                remote,
                tag,
                into,
            } => {
                let mut facts = vec![("branch", format!("{branch} on {remote}"))];
                facts.extend(into.iter().map(|ending| {
                    let at = ending.at.short();
                    let words = match ending.way {
                        Way::Merge => format!("{} at {at}, by a merge commit", ending.branch),
                        Way::PullRequest => format!("{} at {at}, by a pull request", ending.branch),
                        Way::Already => format!("{}, which has it", ending.branch),
                    };
                    ("into", words)
                }));
                facts.extend(tag.iter().map(|tag| ("git tag", format!("{tag}, annotated"))));
                facts
            }
            Self::Promote {
                source,
                target,
                reason,
                hotfix,
                ..
            } => {
                let mut facts = vec![
                    ("from", source.repository.to_string()),
                    ("to", target.to_string()),
                ];
                if *hotfix {
                    facts.push(("path", "the one for hotfixes; it owes a review".to_owned()));
                }
                facts.extend(reason.as_ref().map(|reason| ("reason", reason.to_string())));
                facts
            }
            Self::Pin {
                image, reason, until, ..
            } => vec![
                ("image", image.to_string()),
                ("reason", reason.to_string()),
                ("held", until_words(until.as_ref())),
            ],
            Self::Unpin {
                image, reason, pin, ..
            } => vec![
                ("image", image.to_string()),
                (
                    "pinned",
                    format!("by {}, {}", pin.by, pin.at.strftime("%Y-%m-%d %H:%M UTC")),
                ),
                ("because", pin.reason.to_string()),
                ("reason", reason.to_string()),
            ],
            Self::Rollback {
                image,
                from,
                reason,
                until,
                accept_findings,
                ..
            } => {
                let mut facts = vec![("image", image.to_string())];
                facts.extend(from.as_ref().map(|from| ("from", from.short())));
                facts.push(("reason", reason.to_string()));
                facts.push(("held", until_words(until.as_ref())));
                if *accept_findings {
                    facts.push(("findings", "are accepted; that owes a review".to_owned()));
                }
                facts
            }
            Self::Review {
                image,
                note,
                exceptions,
                ..
            } => {
                let mut facts = vec![("image", image.to_string())];
                facts.extend(exceptions.iter().map(|one| ("exception", one.words())));
                facts.push(("note", note.to_string()));
                facts
            }
            Self::Build { target: image, .. } | Self::Sign { image } => vec![("image", image.to_string())],
            Self::Unlock {
                remote,
                holder,
                reason,
                ..
            } => vec![
                ("lock", format!("of {holder}, on {remote}")),
                ("reason", reason.clone()),
            ],
        }
    }

    /// What runs where the operation deploys, if it is one that deploys; the inner one is none where nothing is known to
    /// run.
    pub const fn replaces(&self) -> Option<Option<&Digest>> {
        match self {
            Self::Promote { replaces, .. } | Self::Rollback { replaces, .. } => Some(replaces.as_ref()),
            Self::Cut { .. }
            | Self::Build { .. }
            | Self::Sign { .. }
            | Self::Unlock { .. }
            | Self::Finish { .. }
            | Self::Hotfix { .. }
            | Self::Pin { .. }
            | Self::Unpin { .. }
            | Self::Review { .. } => None,
        }
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
    pub what: String,
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
        let gates: Vec<_> = self.gates.iter().map(|g| (&g.name, g.verdict.word())).collect();
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
    use crate::domain::Verdict;

    fn plan() -> Plan {
        let digest = Digest::of(b"image");
        Plan {
            operation: Operation::Promote {
                from: "dev".parse().unwrap(),
                to: "stage".parse().unwrap(),
                source: format!("localhost:1/dev/a@{digest}").parse().unwrap(),
                target: "localhost:1/stage/a:sha-2b2e927".parse().unwrap(),
                replaces: None,
                reason: None,
                hotfix: false,
            },
            service: "a".parse().unwrap(),
            commit: None,
            tag: Some("sha-2b2e927".parse().unwrap()),
            digest: Some(digest),
            gates: vec![Gate::new("scan", Verdict::Allowed("clean, 3m old".into()))],
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

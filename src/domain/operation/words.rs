//! Operations in words, as plans, runs and records show them.

use super::{Ending, MergeMethod, Operation};
use crate::domain::{Digest, Term};

impl Operation {
    /// `cut release/v1.4.0-sha-2b2e927`, `promote to stage`, `sign …`: the title of the plan.
    pub fn title(&self) -> String {
        match self {
            Self::Cut { branch, .. } => format!("cut {branch}"),
            Self::Promote { to, .. } => format!("promote to {to}"),
            Self::Build { target, .. } => format!("build {target}"),
            Self::Sign { image } => format!("sign {image}"),
            Self::Finish { branch, .. } => format!("finish {branch}"),
            Self::Hotfix { branch, .. } => format!("start {branch}"),
            Self::Pin { environment, .. } => format!("pin {environment}"),
            Self::Unpin { environment, .. } => format!("unpin {environment}"),
            Self::Rollback { environment, .. } => format!("roll back {environment}"),
            Self::Review { environment, .. } => format!("review {environment}"),
            Self::Unlock {
                part, holder, reason, ..
            } => format!("unlock {part}, locked by {holder} ({reason})"),
        }
    }

    /// What the person who confirms it does, in two or three words: `promote to stage`, `sign`.
    pub fn deed(&self) -> String {
        match self {
            Self::Cut { .. } => "cut and push the branch".to_owned(),
            Self::Hotfix { .. } => "start and push the branch".to_owned(),
            Self::Finish { .. } => "merge, tag and push".to_owned(),
            Self::Promote { to, .. } => format!("promote to {to}"),
            Self::Build { .. } => "build".to_owned(),
            Self::Sign { .. } => "sign".to_owned(),
            Self::Pin { environment, .. } => format!("pin {environment}"),
            Self::Unpin { environment, .. } => format!("unpin {environment}"),
            Self::Rollback { environment, .. } => format!("roll back {environment}"),
            Self::Review { .. } => "record the review".to_owned(),
            Self::Unlock { part, .. } => format!("unlock {part}"),
        }
    }

    /// From where to where, in one line: `stage ▸ prod  prod.example.com/payment-svc`.
    pub fn way(&self) -> String {
        match self {
            Self::Promote { from, to, target, .. } => format!("{from} ▸ {to}  {}", target.repository),
            Self::Sign { image: target } | Self::Build { target, .. } => target.repository.to_string(),
            Self::Cut { branch, remote, .. } => format!("{branch} ▸ {remote}"),
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
            Self::Cut {
                branch,
                remote,
                reason,
            } => {
                let mut lines = vec![("branch", format!("{branch}, here and on {remote}"))];
                lines.extend(reason.as_ref().map(|reason| ("reason", reason.to_string())));
                lines
            }
            Self::Hotfix {
                branch,
                remote,
                environment,
                image,
            } => vec![
                ("branch", format!("{branch}, here and on {remote}")),
                ("at", format!("the image deployed to {environment}: {image}")),
            ],
            Self::Finish {
                branch,
                remote,
                tag,
                into,
            } => {
                let mut facts = vec![("branch", format!("{branch} on {remote}"))];
                facts.extend(into.iter().map(|ending| ("into", ending.words())));
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
                    facts.push(("path", "the hotfix path; a review is due afterwards".to_owned()));
                }
                facts.extend(reason.as_ref().map(|reason| ("reason", reason.to_string())));
                facts
            }
            Self::Pin { .. } | Self::Unpin { .. } | Self::Rollback { .. } | Self::Review { .. } => {
                self.facts_of_environment()
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

    /// The facts of what is done to an environment.
    fn facts_of_environment(&self) -> Vec<(&'static str, String)> {
        match self {
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
                replaces,
                from,
                reason,
                until,
                accept_findings,
                ..
            } => {
                let mut facts = vec![("image", image.to_string())];
                // As a rule it is what is replaced, which is told besides.
                let before = from.as_ref().filter(|from| replaces.as_ref() != Some(from));
                facts.extend(before.map(|from| ("from", from.short())));
                facts.push(("reason", reason.to_string()));
                facts.push(("held", until_words(until.as_ref())));
                if *accept_findings {
                    facts.push(("findings", "are accepted; a review is due afterwards".to_owned()));
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
            _ => Vec::new(),
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

fn until_words(until: Option<&Term>) -> String {
    match until {
        None => "until it is lifted".to_owned(),
        Some(Term::Day(day)) => format!("through {day} (UTC)"),
        Some(term @ Term::Lasting { .. }) => format!("for {term}"),
    }
}

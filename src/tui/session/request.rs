//! What plans are asked for: the commands, in the words of the console.

use crate::domain::{BranchName, CommitSha, Digest, EnvironmentName, ImageReference, LockPart, ServiceName};
use crate::engine::Command;
use crate::tui::screens::board::model::Numbering;

/// What a plan is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A release branch at a commit; its version, or the number of its sprint, is proposed if none is given. The reason is
    /// for a gate that is overridden.
    Cut(CommitSha, Option<String>, Option<String>),
    /// A candidate to an environment.
    Promote(Promotion),
    /// A signature of a digest in an environment.
    Sign(Digest, EnvironmentName),
    /// The end of a release or a hotfix.
    Finish {
        /// Its branch.
        branch: BranchName,
        /// The only branches that it goes into; all that it owes where none is named.
        into: Vec<String>,
    },
    /// A hotfix of what an environment runs.
    Hotfix {
        /// The environment.
        environment: EnvironmentName,
        /// The version; proposed if none is given.
        version: Option<String>,
    },
    /// An environment held at what runs there.
    Pin {
        /// The environment.
        environment: EnvironmentName,
        /// Why.
        reason: String,
        /// Until when.
        until: Option<String>,
    },
    /// An environment let go.
    Unpin {
        /// The environment.
        environment: EnvironmentName,
        /// Why.
        reason: String,
    },
    /// An environment taken back to what ran there before.
    Rollback {
        /// The environment.
        environment: EnvironmentName,
        /// What it is taken back to.
        to: Digest,
        /// Why.
        reason: String,
        /// How long it is held there.
        until: Option<String>,
        /// Whether it goes on in spite of findings.
        accept_findings: bool,
    },
    /// The review that an exception owes.
    Review {
        /// The environment that it came to.
        environment: EnvironmentName,
        /// What was found.
        note: String,
    },
    /// A lock broken that somebody left.
    Unlock {
        /// What is locked.
        part: LockPart,
        /// Why.
        reason: String,
        /// Whether it is taken even before its time is over.
        held: bool,
    },
}

/// A promotion that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// A commit, or the tag of an image.
    pub candidate: String,
    /// What to call it.
    pub name: String,
    /// Where to.
    pub to: EnvironmentName,
    /// Where from, where several lead there and it is not the usual one.
    pub from: Option<EnvironmentName>,
    /// Why it goes another way than the usual one.
    pub reason: Option<String>,
    /// Whether it takes the path that hotfixes are allowed.
    pub hotfix: bool,
}

impl Request {
    /// The candidate of a commit to an environment, in the usual way.
    pub fn promotion(commit: &CommitSha, to: EnvironmentName) -> Self {
        Self::Promote(Promotion {
            candidate: commit.as_str().to_owned(),
            name: commit.short().to_owned(),
            to,
            from: None,
            reason: None,
            hotfix: false,
        })
    }

    /// What is being prepared: `the promotion of 2b2e927 to stage`.
    pub fn words(&self) -> String {
        match self {
            Self::Cut(commit, ..) => format!("the cut of {}", commit.short()),
            Self::Promote(promotion) => format!("the promotion of {} to {}", promotion.name, promotion.to),
            Self::Sign(digest, environment) => {
                format!("the signature of {} in {environment}", digest.short())
            }
            Self::Finish { branch, .. } => format!("the finish of {branch}"),
            Self::Hotfix { environment, .. } => format!("the hotfix of {environment}"),
            Self::Pin { environment, .. } => format!("the pin of {environment}"),
            Self::Unpin { environment, .. } => format!("the unpin of {environment}"),
            Self::Rollback { environment, to, .. } => {
                format!("the rollback of {environment} to {}", to.short())
            }
            Self::Review { environment, .. } => format!("the review of {environment}"),
            Self::Unlock { part, .. } => format!("the unlock of {part}"),
        }
    }

    /// The title of the dialog that asks for what is missing.
    pub fn title(&self) -> String {
        match self {
            Self::Cut(..) => "Cut a release".to_owned(),
            Self::Promote(promotion) => format!("Promote {}", promotion.name),
            Self::Sign(digest, _) => format!("Sign {}", digest.short()),
            Self::Finish { branch, .. } => format!("Finish {branch}"),
            Self::Hotfix { .. } => "Start a hotfix".to_owned(),
            Self::Pin { environment, .. } => format!("Pin {environment}"),
            Self::Unpin { environment, .. } => format!("Unpin {environment}"),
            Self::Rollback { environment, to, .. } => format!("Roll {environment} back to {}", to.short()),
            Self::Review { environment, .. } => format!("Review {environment}"),
            Self::Unlock { part, .. } => format!("Unlock {part}"),
        }
    }

    /// The command that says the same, where releases are numbered so. A digest is signed where `image` finds it.
    pub fn command<E>(
        self,
        service: ServiceName,
        numbering: Numbering,
        image: impl FnOnce(Digest, &EnvironmentName) -> Result<ImageReference, E>,
    ) -> Result<Command, E> {
        Ok(match self {
            Self::Cut(commit, number, reason) => {
                let (version, sprint) = match numbering {
                    Numbering::Version => (number, None),
                    Numbering::Sprint => (None, number),
                };
                Command::Cut {
                    service,
                    commit: commit.as_str().to_owned(),
                    version,
                    sprint,
                    reason,
                }
            }
            Self::Promote(asked) => Command::Promote {
                service,
                candidate: asked.candidate,
                to: asked.to,
                from: asked.from,
                reason: asked.reason,
                hotfix: asked.hotfix,
            },
            Self::Sign(digest, environment) => Command::Sign {
                service,
                image: image(digest, &environment)?,
            },
            Self::Finish { branch, into } => Command::Finish {
                service,
                release: branch.to_string(),
                into,
            },
            Self::Hotfix { environment, version } => Command::Hotfix {
                service,
                environment: Some(environment),
                version,
            },
            Self::Pin {
                environment,
                reason,
                until,
            } => Command::Pin {
                service,
                environment,
                reason,
                until,
            },
            Self::Unpin { environment, reason } => Command::Unpin {
                service,
                environment,
                reason,
            },
            Self::Rollback {
                environment,
                to,
                reason,
                until,
                accept_findings,
            } => Command::Rollback {
                service,
                environment,
                to: Some(to.to_string()),
                reason,
                until,
                accept_findings,
            },
            Self::Review { environment, note } => Command::Review {
                service,
                of: environment.to_string(),
                note,
            },
            Self::Unlock { part, reason, held } => Command::Unlock {
                service,
                part,
                reason,
                held,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_version_or_a_sprint_as_releases_are_called() {
        let commit: CommitSha = "2b2e927c0ffee0123456789abcdef0123456789a".parse().unwrap();
        let cut = |numbering| {
            let request = Request::Cut(commit.clone(), Some("42".to_owned()), None);
            let service = "payment-svc".parse().unwrap();
            let command = request.command(service, numbering, |_, _| Err(()));
            let Ok(Command::Cut { version, sprint, .. }) = command else {
                panic!("{command:?}")
            };
            (version, sprint)
        };
        assert_eq!(cut(Numbering::Version), (Some("42".to_owned()), None));
        assert_eq!(cut(Numbering::Sprint), (None, Some("42".to_owned())));
    }
}

//! What plans are asked for: the commands, in the words of the console.

use crate::domain::{BranchName, CommitSha, Digest, EnvironmentName, ImageReference, LockPart};
use crate::engine::{
    self, CutRequest, FinishRequest, HotfixRequest, PinRequest, PromoteRequest, ReviewRequest,
    RollbackRequest, SignRequest, UnlockRequest, UnpinRequest,
};
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
    /// A hotfix of what an environment has deployed.
    Hotfix {
        /// The environment.
        environment: EnvironmentName,
        /// The version; proposed if none is given.
        version: Option<String>,
    },
    /// An environment held at what is deployed there.
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

    /// The request to the engine that says the same, where releases are numbered so. A digest is signed where `image` finds
    /// it.
    pub fn to_engine<E>(
        self,
        numbering: Numbering,
        image: impl FnOnce(Digest, &EnvironmentName) -> Result<ImageReference, E>,
    ) -> Result<engine::Request, E> {
        Ok(match self {
            Self::Cut(commit, number, reason) => {
                let (version, sprint) = match numbering {
                    Numbering::Version => (number, None),
                    Numbering::Sprint => (None, number),
                };
                CutRequest {
                    commit: commit.as_str().to_owned(),
                    version,
                    sprint,
                    reason,
                }
                .into()
            }
            Self::Promote(asked) => PromoteRequest {
                candidate: asked.candidate,
                to: asked.to,
                from: asked.from,
                reason: asked.reason,
                hotfix: asked.hotfix,
            }
            .into(),
            Self::Sign(digest, environment) => SignRequest {
                image: image(digest, &environment)?,
            }
            .into(),
            Self::Finish { branch, into } => FinishRequest {
                release: branch.to_string(),
                into,
            }
            .into(),
            Self::Hotfix { environment, version } => HotfixRequest {
                environment: Some(environment),
                version,
            }
            .into(),
            Self::Pin {
                environment,
                reason,
                until,
            } => PinRequest {
                environment,
                reason,
                until,
            }
            .into(),
            Self::Unpin { environment, reason } => UnpinRequest { environment, reason }.into(),
            Self::Rollback {
                environment,
                to,
                reason,
                until,
                accept_findings,
            } => RollbackRequest {
                environment,
                to: Some(to.to_string()),
                reason,
                until,
                accept_findings,
            }
            .into(),
            Self::Review { environment, note } => ReviewRequest {
                of: environment.to_string(),
                note,
            }
            .into(),
            Self::Unlock { part, reason, held } => UnlockRequest { part, reason, held }.into(),
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
            let request = request.to_engine(numbering, |_, _| Err(()));
            let Ok(engine::Request::Cut(cut)) = request else {
                panic!("{request:?}")
            };
            (cut.version, cut.sprint)
        };
        assert_eq!(cut(Numbering::Version), (Some("42".to_owned()), None));
        assert_eq!(cut(Numbering::Sprint), (None, Some("42".to_owned())));
    }
}

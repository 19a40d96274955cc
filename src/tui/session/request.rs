//! What plans are asked for: requests to the engine, in the words of the console.

use crate::domain::{CommitSha, Digest, EnvironmentName};
use crate::engine::{self, CutRequest, PromoteRequest, SignRequest, SignSubject};
use crate::tui::screens::board::model::Numbering;

/// What a plan is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The request.
    pub asked: engine::Request,
    /// What its subject is called, where the request does not name it as people do: `v1.4.0 (sha-2b2e927)`.
    pub name: String,
}

impl<T: Into<engine::Request>> From<T> for Request {
    fn from(asked: T) -> Self {
        Self {
            asked: asked.into(),
            name: String::new(),
        }
    }
}

impl Request {
    /// The same, about what is called so.
    #[must_use]
    pub fn about(self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    /// The candidate of a commit to an environment, in the usual way.
    pub fn promotion(commit: &CommitSha, to: EnvironmentName) -> Self {
        let asked = PromoteRequest {
            candidate: commit.as_str().to_owned(),
            to,
            from: None,
            reason: None,
            hotfix: false,
        };
        Self::from(asked).about(commit.short())
    }

    /// A release branch at a commit; its version, or the number of its sprint, is proposed if none is given. The reason is
    /// for a gate that is overridden.
    pub fn cut(
        commit: &CommitSha,
        numbering: Numbering,
        number: Option<String>,
        reason: Option<String>,
    ) -> Self {
        let (version, sprint) = match numbering {
            Numbering::Version => (number, None),
            Numbering::Sprint => (None, number),
        };
        let asked = CutRequest {
            commit: commit.as_str().to_owned(),
            version,
            sprint,
            reason,
        };
        Self::from(asked).about(commit.short())
    }

    /// A signature of a digest in an environment.
    pub fn signature(digest: Digest, environment: EnvironmentName) -> Self {
        let name = digest.short();
        let image = SignSubject::Digest { digest, environment };
        Self::from(SignRequest { image }).about(name)
    }

    /// What is being prepared: `the promotion of 2b2e927 to stage`.
    pub fn words(&self) -> String {
        let name = &self.name;
        match &self.asked {
            engine::Request::Cut(_) => format!("the cut of {name}"),
            engine::Request::Promote(asked) => format!("the promotion of {name} to {}", asked.to),
            engine::Request::Build(_) => "the build".to_owned(),
            engine::Request::Sign(asked) => match &asked.image {
                SignSubject::Digest { environment, .. } => {
                    format!("the signature of {name} in {environment}")
                }
                SignSubject::Image(image) => format!("the signature of {image}"),
            },
            engine::Request::Finish(asked) => format!("the finish of {}", asked.release),
            engine::Request::Hotfix(asked) => match &asked.environment {
                Some(environment) => format!("the hotfix of {environment}"),
                None => "the hotfix".to_owned(),
            },
            engine::Request::Pin(asked) => format!("the pin of {}", asked.environment),
            engine::Request::Unpin(asked) => format!("the unpin of {}", asked.environment),
            engine::Request::Rollback(asked) => {
                format!("the rollback of {} to {name}", asked.environment)
            }
            engine::Request::Review(asked) => format!("the review of {}", asked.of),
            engine::Request::Unlock(asked) => format!("the unlock of {}", asked.part),
            engine::Request::Halt(asked) => format!("the halt of {}", asked.environment),
            engine::Request::Resume(asked) => format!("the end of the halt of {}", asked.environment),
            engine::Request::ApproveCandidate(asked) => format!("the approval of {name} for {}", asked.to),
            engine::Request::Gc(asked) => format!("the garbage collection of {}", asked.environment),
        }
    }

    /// The title of the dialog that asks for what is missing.
    pub fn title(&self) -> String {
        let name = &self.name;
        match &self.asked {
            engine::Request::Cut(_) => "Cut a release".to_owned(),
            engine::Request::Promote(_) => format!("Promote {name}"),
            engine::Request::Build(_) => "Build".to_owned(),
            engine::Request::Sign(_) => format!("Sign {name}"),
            engine::Request::Finish(asked) => format!("Finish {}", asked.release),
            engine::Request::Hotfix(_) => "Start a hotfix".to_owned(),
            engine::Request::Pin(asked) => format!("Pin {}", asked.environment),
            engine::Request::Unpin(asked) => format!("Unpin {}", asked.environment),
            engine::Request::Rollback(asked) => format!("Roll {} back to {name}", asked.environment),
            engine::Request::Review(asked) => format!("Review {}", asked.of),
            engine::Request::Unlock(asked) => format!("Unlock {}", asked.part),
            engine::Request::Halt(asked) => format!("Halt {}", asked.environment),
            engine::Request::Resume(asked) => format!("Resume {}", asked.environment),
            engine::Request::ApproveCandidate(asked) => format!("Approve {name} for {}", asked.to),
            engine::Request::Gc(asked) => format!("Clean up {}", asked.environment),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_version_or_a_sprint_as_releases_are_called() {
        let commit: CommitSha = "2b2e927c0ffee0123456789abcdef0123456789a".parse().unwrap();
        let cut = |numbering| {
            let request = Request::cut(&commit, numbering, Some("42".to_owned()), None);
            let engine::Request::Cut(cut) = request.asked else {
                panic!("{request:?}")
            };
            (cut.version, cut.sprint)
        };
        assert_eq!(cut(Numbering::Version), (Some("42".to_owned()), None));
        assert_eq!(cut(Numbering::Sprint), (None, Some("42".to_owned())));
    }
}

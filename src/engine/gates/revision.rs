//! Whether the image was built from the commit that its tag names.

use std::future::ready;

use super::{Answer, CandidateQuestion, Evaluate, GateRule};
use crate::domain::{Gate, GateKind, Verdict, stands_for};
use crate::engine::candidate::Candidate;

pub(super) const RULE: GateRule = GateRule {
    kind: GateKind::Revision,
    applies: |_, moment| moment.judges_candidate(),
    evaluate: Evaluate::Candidate(|question| Box::pin(ready(Some(evaluate(question))))),
};

fn evaluate(question: &CandidateQuestion<'_>) -> Answer {
    Gate::new(GateKind::Revision, revision(question.candidate)).into()
}

/// Whether tag, commit and the image's own word agree.
fn revision(candidate: &Candidate) -> Verdict {
    if let Some(disagreement) = &candidate.summary.disagreement {
        return Verdict::Refused(format!(
            "the platforms of {} were not built from one commit: {disagreement}",
            candidate.tag
        ));
    }
    match (&candidate.commit, &candidate.revision) {
        (Some(commit), Some(revision)) if commit == revision => {
            if candidate.summary.revision.is_none() {
                return Verdict::Allowed(format!(
                    "the image has no revision label; its tag {} names {}, as `image_revision = \"tag\"` allows",
                    candidate.tag,
                    commit.short()
                ));
            }
            let of = format!("built from {}", commit.short());
            Verdict::Allowed(match stands_for(&candidate.summary.labels) {
                Some(other) => format!("{of}, a rebuild of {} for a release", other.short()),
                None => of,
            })
        }
        (Some(commit), Some(revision)) => Verdict::Refused(format!(
            "{} should be the image of {}, but was built from {}: the tag was moved or pushed by mistake",
            candidate.tag,
            commit.short(),
            revision.short()
        )),
        (_, None) => Verdict::Unknown(
            "the image has no org.opencontainers.image.revision label, so nothing ties it to a commit: set the \
             label in the build, or use the tag instead with `image_revision = \"tag\"` in [git]"
                .to_owned(),
        ),
        (None, Some(_)) => Verdict::Unknown("the commit of this tag is unknown here".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CommitSha, Digest};
    use crate::registry::{Descriptor, ImageSummary};

    fn candidate(commit: Option<&str>, revision: Option<&str>) -> Candidate {
        let sha = |c: &str| c.repeat(40).parse::<CommitSha>().unwrap();
        Candidate {
            service: "a".parse().unwrap(),
            repository: "localhost:1/dev/a".parse().unwrap(),
            image: Descriptor::new("application/vnd.oci.image.index.v1+json", Digest::of(b"x"), 1),
            summary: ImageSummary {
                revision: revision.map(|c| c.repeat(40)),
                ..ImageSummary::default()
            },
            tag: "sha-aaaaaaa".parse().unwrap(),
            commit: commit.map(sha),
            revision: revision.map(sha),
        }
    }

    #[test]
    fn an_image_of_another_commit_is_refused_and_one_without_a_label_is_unknown() {
        assert!(revision(&candidate(Some("a"), Some("a"))).allows());
        let moved = revision(&candidate(Some("a"), Some("b")));
        assert_eq!(moved.word(), "refused");
        assert!(
            moved.reason().contains("built from bbbbbbb"),
            "{}",
            moved.reason()
        );
        let unlabelled = revision(&candidate(Some("a"), None));
        assert_eq!(unlabelled.word(), "unknown");
        assert!(
            unlabelled.reason().contains("image_revision"),
            "{}",
            unlabelled.reason()
        );
    }

    #[test]
    fn a_tag_that_stands_for_the_label_is_said_to() {
        let mut by_tag = candidate(Some("a"), Some("a"));
        by_tag.summary.revision = None;
        let verdict = revision(&by_tag);
        assert!(verdict.allows());
        assert!(
            verdict.reason().contains("its tag sha-aaaaaaa names aaaaaaa"),
            "{}",
            verdict.reason()
        );
    }
}

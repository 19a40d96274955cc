//! Whether the image was built from the commit that its tag names.

use std::future::ready;

use super::{Answer, CandidateQuestion, Evaluate, GateRule, RuleKind};
use crate::domain::{CommitSha, Gate, GateKind, Tag, Verdict, stands_for};
use crate::registry::ImageSummary;

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Revision),
    applies: |_, moment| moment.judges_candidate(),
    evaluate: Evaluate::Candidate(|question| Box::pin(ready(Some(evaluate(question))))),
};

fn evaluate(question: &CandidateQuestion<'_>) -> Answer {
    let one = question.candidate;
    let verdict = revision(&one.tag, &one.summary, one.commit.as_ref(), one.revision.as_ref());
    Gate::new(GateKind::Revision, verdict).into()
}

/// Whether tag, commit and the image's own word agree: `commit` is the one that was named, `revision` the one that the image says it was built from.
fn revision(
    tag: &Tag,
    summary: &ImageSummary,
    commit: Option<&CommitSha>,
    revision: Option<&CommitSha>,
) -> Verdict {
    if let Some(disagreement) = &summary.disagreement {
        return Verdict::Refused(format!(
            "the platforms of {tag} were not built from one commit: {disagreement}"
        ));
    }
    match (commit, revision) {
        (Some(commit), Some(revision)) if commit == revision => {
            if summary.revision.is_none() {
                return Verdict::Allowed(format!(
                    "the image has no revision label; its tag {tag} names {}, as `image_revision = \"tag\"` allows",
                    commit.short()
                ));
            }
            let of = format!("built from {}", commit.short());
            Verdict::Allowed(match stands_for(&summary.labels) {
                Some(other) => format!("{of}, a rebuild of {} for a release", other.short()),
                None => of,
            })
        }
        (Some(commit), Some(revision)) => Verdict::Refused(format!(
            "{tag} should be the image of {}, but was built from {}: the tag was moved or pushed by mistake",
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

    fn verdict(commit: Option<&str>, built_from: Option<&str>, label: bool) -> Verdict {
        let sha = |c: &str| c.repeat(40).parse::<CommitSha>().unwrap();
        let summary = ImageSummary {
            revision: built_from.filter(|_| label).map(|c| c.repeat(40)),
            ..ImageSummary::default()
        };
        let (commit, built_from) = (commit.map(sha), built_from.map(sha));
        let tag = "sha-aaaaaaa".parse().unwrap();
        revision(&tag, &summary, commit.as_ref(), built_from.as_ref())
    }

    #[test]
    fn an_image_of_another_commit_is_refused_and_one_without_a_label_is_unknown() {
        assert!(verdict(Some("a"), Some("a"), true).allows());
        let moved = verdict(Some("a"), Some("b"), true);
        assert_eq!(moved.word(), "refused");
        assert!(
            moved.reason().contains("built from bbbbbbb"),
            "{}",
            moved.reason()
        );
        let unlabelled = verdict(Some("a"), None, true);
        assert_eq!(unlabelled.word(), "unknown");
        assert!(
            unlabelled.reason().contains("image_revision"),
            "{}",
            unlabelled.reason()
        );
    }

    #[test]
    fn a_tag_that_stands_for_the_label_is_said_to() {
        let verdict = verdict(Some("a"), Some("a"), false);
        assert!(verdict.allows());
        assert!(
            verdict.reason().contains("its tag sha-aaaaaaa names aaaaaaa"),
            "{}",
            verdict.reason()
        );
    }
}

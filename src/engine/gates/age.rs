//! Whether the image was built long enough ago, by what it says of itself.

use std::future::ready;

use jiff::{SignedDuration, Timestamp};

use super::{Answer, CandidateQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Gate, GateKind, Verdict, span};

/// What builds write that are to come out the same each time: the epoch, or a day of 1980, where ZIP archives begin.
const NO_TIME_BEFORE: i64 = 11 * 366 * 24 * 60 * 60;

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Age),
    applies: |settings, moment| {
        let is_asked = moment.is_promotion() || moment == Moment::Next;
        is_asked && settings.target.is_some_and(|target| target.min_age.is_some())
    },
    evaluate: Evaluate::Candidate(|question| Box::pin(ready(evaluate(question)))),
};

fn evaluate(question: &CandidateQuestion<'_>) -> Option<Answer> {
    let settings = question.engine.settings(&question.target?.name).ok()?;
    let verdict = verdict(
        question.candidate.summary.created,
        settings.min_age?,
        Timestamp::now(),
    );
    Some(Gate::new(GateKind::Age, verdict).or_by_reason().into())
}

/// Whether an image that says it was `built` then is `required` old by `now`.
fn verdict(built: Option<Timestamp>, required: SignedDuration, now: Timestamp) -> Verdict {
    let Some(built) = built else {
        return Verdict::Unknown("the image does not say when it was built".to_owned());
    };
    if built.as_second() < NO_TIME_BEFORE {
        return Verdict::Unknown(format!(
            "the image says that it was built in {}, as reproducible builds do: its age is unknown",
            built.strftime("%Y")
        ));
    }
    let (age, asked) = (now.duration_since(built), span(required));
    if age.is_negative() {
        return Verdict::Refused(format!(
            "the image says that it will be built {} from now: a clock is wrong",
            span(-age)
        ));
    }
    if age >= required {
        return Verdict::Allowed(format!("built {} ago ({asked} required)", span(age)));
    }
    Verdict::Refused(format!(
        "built {} ago, and has to be {asked} old ({} left)",
        span(age),
        span(required - age)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(built: Option<&str>) -> String {
        let now = "2026-11-27T12:00:00Z".parse().unwrap();
        let built = built.map(|built| built.parse().unwrap());
        let verdict = verdict(built, SignedDuration::from_hours(24), now);
        format!("{}: {}", verdict.word(), verdict.reason())
    }

    #[test]
    fn an_image_is_old_enough_from_the_very_second_on() {
        assert_eq!(
            said(Some("2026-11-26T12:00:00Z")),
            "allowed: built 24 h ago (24 h required)"
        );
        assert_eq!(
            said(Some("2026-11-26T12:00:01Z")),
            "refused: built 23 h 59 min ago, and has to be 24 h old (1 s left)"
        );
    }

    #[test]
    fn an_image_whose_age_nobody_knows_is_not_old_enough() {
        assert!(said(None).starts_with("unknown: "));
        assert!(said(Some("1970-01-01T00:00:00Z")).contains("was built in 1970, as reproducible builds do"));
        assert!(said(Some("1980-01-01T00:00:01Z")).starts_with("unknown: "));
        assert!(
            said(Some("2026-11-28T12:00:00Z"))
                .starts_with("refused: the image says that it will be built 24 h")
        );
    }
}

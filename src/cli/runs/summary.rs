//! A run of this machine as a line of the list of runs.

use jiff::Timestamp;

use crate::domain::{Digest, Exit, age, clean_line};
use crate::engine::{Event, EventKind, RunId};

/// One line of the list.
#[derive(serde::Serialize)]
pub(super) struct Summary {
    pub(super) run: RunId,
    pub(super) started: Timestamp,
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) commit: Option<String>,
    pub(super) digest: Option<String>,
    pub(super) actor: String,
    /// None while it runs, or where it was killed.
    pub(super) exit: Option<Exit>,
}

/// Names sort by time: a run that was made while the clock was ahead would stay on top until that time has come.
pub(super) fn put_in_order(runs: &mut [Summary], now: Timestamp) {
    runs.sort_by_key(|run| run.started > now);
}

pub(super) fn row(run: &Summary, now: Timestamp) -> Vec<String> {
    let state = match run.exit {
        Some(Exit::Done) => "✓ done".to_owned(),
        Some(exit) => format!("✗ exit {}", exit.code()),
        None => "? running or killed".to_owned(),
    };
    let ago = ago(run.started, now);
    let subject = run
        .commit
        .as_deref()
        .map_or_else(String::new, |commit| commit[..7.min(commit.len())].to_owned());
    let digest = run.digest.as_deref().unwrap_or_default();
    vec![
        run.run.short().to_owned(),
        ago,
        state,
        run.service.clone(),
        run.operation.clone(),
        subject,
        digest.to_owned(),
        format!("by {}", run.actor),
    ]
}

pub(super) fn ago(started: Timestamp, now: Timestamp) -> String {
    if started > now {
        "clock?".to_owned()
    } else {
        age(now.as_second() - started.as_second())
    }
}

pub(super) fn summary(first: Event, last: &Event) -> Option<Summary> {
    let EventKind::RunStarted { plan, actor, .. } = first.happening else {
        return None;
    };
    let exit = match &last.happening {
        EventKind::RunEnded { exit, .. } => Some(*exit),
        _ => None,
    };
    Some(Summary {
        run: first.run,
        started: first.at,
        service: plan.service.to_string(),
        operation: plan.operation.title(),
        commit: plan.commit.as_ref().map(ToString::to_string),
        digest: plan.digest.as_ref().map(Digest::short),
        actor: clean_line(&actor),
        exit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(started: i64, operation: &str) -> Summary {
        Summary {
            run: RunId::fresh(),
            started: Timestamp::from_second(started).unwrap(),
            service: "payment-svc".to_owned(),
            operation: operation.to_owned(),
            commit: Some("2b2e927c0ffee0123456789abcdef0123456789a".to_owned()),
            digest: Some("sha256:e3b0c44298fc".to_owned()),
            actor: "ana@desk".to_owned(),
            exit: Some(Exit::Done),
        }
    }

    #[test]
    fn a_run_is_listed_with_its_service_commit_digest_and_actor() {
        let cells = row(&run(100, "promote to prod"), Timestamp::from_second(160).unwrap());
        assert_eq!(
            cells[1..],
            [
                "1m",
                "✓ done",
                "payment-svc",
                "promote to prod",
                "2b2e927",
                "sha256:e3b0c44298fc",
                "by ana@desk"
            ]
        );
    }

    #[test]
    fn a_run_of_a_clock_that_was_ahead_does_not_stay_on_top() {
        let now = Timestamp::from_second(1000).unwrap();
        let mut runs = vec![run(9000, "ahead"), run(900, "newer"), run(800, "older")];
        put_in_order(&mut runs, now);
        let order: Vec<_> = runs.iter().map(|run| run.operation.as_str()).collect();
        assert_eq!(order, ["newer", "older", "ahead"]);
        assert_eq!(row(&runs[2], now)[1], "clock?");
    }
}

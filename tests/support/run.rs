//! Runs of the engine, followed to their end. Beside `sample.rs`, as `mod sample`.

use std::sync::Arc;
use std::time::Duration;

use windlass::domain::{Exit, Plan};
use windlass::engine::{Engine, Event, EventKind, Run, Secrets};

use crate::sample::access;

pub fn begin(engine: &Arc<Engine>, plan: Plan) -> Run {
    engine.start(plan, access(), Secrets::default()).unwrap()
}

/// Follows a run to its end; one that waits in its deployer instead of being refused fails the test.
pub async fn end(mut run: Run) -> (Exit, Vec<Event>) {
    let following = async {
        let mut events = Vec::new();
        while let Some(event) = run.events.recv().await {
            events.push(event);
        }
        (run.task.await.unwrap(), events)
    };
    let (exit, events) = tokio::time::timeout(Duration::from_mins(2), following)
        .await
        .unwrap();
    assert_eq!(last(&events).0, exit, "it ends as its last event says");
    (exit, events)
}

pub async fn carry_out(engine: &Arc<Engine>, plan: Plan) -> (Exit, Vec<Event>) {
    end(begin(engine, plan)).await
}

/// What the end of a run says: its exit code, a sentence, and a hint.
pub fn last(events: &[Event]) -> (Exit, String, Option<String>) {
    match &events.last().unwrap().happening {
        EventKind::RunEnded {
            exit, summary, hint, ..
        } => (*exit, summary.clone(), hint.clone()),
        other => panic!("a run ends with its end, not with {other:?}"),
    }
}

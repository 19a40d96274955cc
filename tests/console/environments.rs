//! The environments above the board: asked again by themselves while somebody looks, and loud where they drift.

use jiff::SignedDuration;
use windlass::domain::Drift;
use windlass::tui::session::{Effect, Model, Msg};

use crate::hands::SIZE;
use crate::sample::{self, COLOUR, digest, now, tell};

/// Whether so many seconds after the sample was made the environments are asked again.
fn asked_after(model: &mut Model, seconds: i64) -> bool {
    let effects = tell(model, Msg::Now(now() + SignedDuration::from_secs(seconds)));
    effects
        .iter()
        .any(|effect| matches!(effect, Effect::LookAtEnvironments))
}

#[test]
fn they_are_asked_again_after_half_a_minute_and_once_at_a_time() {
    let mut model = sample::board(SIZE, COLOUR);
    // What the sample shows is 12 seconds old.
    assert!(!asked_after(&mut model, 17));
    assert!(asked_after(&mut model, 18));
    assert!(
        !asked_after(&mut model, 60),
        "the first answer is still on its way"
    );
    let environments = model.board.environments.clone();
    tell(
        &mut model,
        Msg::Environments(environments, now() + SignedDuration::from_secs(61), true),
    );
    assert_eq!(
        model.board.fresh_at,
        Some(now() - SignedDuration::from_secs(12)),
        "the rows are as old as before"
    );
    assert!(!asked_after(&mut model, 90));
    assert!(asked_after(&mut model, 91));
}

#[test]
fn drift_that_begins_while_somebody_looks_is_told_once() {
    let mut model = sample::board(SIZE, COLOUR);
    let mut environments = model.board.environments.clone();
    environments[2].drift = vec![Drift::Earlier {
        running: digest(4),
        deployed: digest(6),
    }];
    let told = |environments| Msg::Environments(environments, now(), true);
    tell(&mut model, told(environments.clone()));
    let notice = model.notice.take().unwrap();
    assert!(
        notice.grave && notice.text.starts_with("drift in prod: "),
        "{notice:?}"
    );
    tell(&mut model, told(environments));
    assert_eq!(model.notice, None);
}

#[test]
fn drift_that_is_there_from_the_beginning_is_told_by_the_board_alone() {
    let mut model = sample::board(SIZE, COLOUR);
    let mut environments = model.board.environments.clone();
    environments[2].drift = vec![Drift::Earlier {
        running: digest(4),
        deployed: digest(6),
    }];
    model.board.environments.clear();
    model.board.environments_at = None;
    model.notice = None;
    tell(&mut model, Msg::Environments(environments, now(), true));
    assert_eq!(model.notice, None);
}

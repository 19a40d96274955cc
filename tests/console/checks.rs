//! The checks of GitHub on the board.

use jiff::SignedDuration;
use windlass::domain::CommitSha;
use windlass::github::{Checks, CommitState, PullOfCommit};
use windlass::tui::session::{Effect, Model, Msg};

use crate::hands::press;
use crate::looks::picture;
use crate::sample::{self, COLOUR, commit, now, tell};

fn tick(model: &mut Model, seconds: i64) -> (Vec<Vec<CommitSha>>, Vec<CommitSha>) {
    let effects = tell(model, Msg::Now(now() + SignedDuration::from_secs(seconds)));
    let mut asked = (Vec::new(), Vec::new());
    for effect in effects {
        match effect {
            Effect::CommitStates(commits) => asked.0.push(commits),
            Effect::CommitChecks(commit) => asked.1.push(commit),
            _ => {}
        }
    }
    asked
}

fn board() -> Model {
    let mut model = sample::board((120, 40), COLOUR);
    model.board.checks.is_shown = true;
    model
}

fn state(passed: u64, failed: u64) -> CommitState {
    CommitState {
        passed,
        failed,
        pull: Some(PullOfCommit {
            number: 482,
            author: Some("ana".to_owned()),
        }),
        ..CommitState::default()
    }
}

#[test]
fn all_candidates_in_sight_are_asked_for_in_one_request_and_by_name_only_the_selected_one() {
    let mut model = sample::board((120, 40), COLOUR);
    assert!(tick(&mut model, 0).0.is_empty(), "there is no GitHub");
    let mut model = board();
    let (asked, by_name) = tick(&mut model, 0);
    let all: Vec<_> = model.board.rows.iter().map(|row| row.commit.clone()).collect();
    assert_eq!((asked, by_name.len()), (vec![all.clone()], 0));
    let mut states: Vec<_> = all.iter().map(|commit| (commit.clone(), state(9, 0))).collect();
    states[0].1 = state(8, 1);
    tell(&mut model, Msg::CommitStates(all.clone(), Ok(Some(states))));
    let (asked, by_name) = tick(&mut model, 1);
    assert_eq!((asked.len(), by_name), (0, vec![all[0].clone()]));
    let mut checks = Checks::default();
    checks.passed = 8;
    checks.failed = vec!["lint".to_owned()];
    tell(&mut model, Msg::CommitChecks(all[0].clone(), Ok(checks)));
    insta::assert_snapshot!("board_checks_120x40", picture(&model));
    press(&mut model, 'j');
    assert_eq!(tick(&mut model, 2), (Vec::new(), Vec::new()), "those all passed");
    assert_eq!(tick(&mut model, 61).0.len(), 1);
    model.board.checks.asking = false;
    assert!(tick(&mut model, 1000).0.is_empty(), "nobody looks");
}

#[test]
fn without_graphql_only_the_selected_candidate_is_asked_for_and_the_others_are_unknown() {
    let mut model = board();
    tick(&mut model, 0);
    tell(&mut model, Msg::CommitStates(Vec::new(), Ok(None)));
    let (asked, by_name) = tick(&mut model, 90);
    assert_eq!((asked.len(), by_name.len()), (0, 1));
    let mut checks = Checks::default();
    checks.passed = 9;
    tell(&mut model, Msg::CommitChecks(by_name[0].clone(), Ok(checks)));
    let shown = picture(&model);
    assert!(shown.contains("9/9") && shown.contains("? unknown"), "{shown}");
}

#[test]
fn why_the_checks_could_not_be_read_stands_with_the_candidate() {
    let mut model = board();
    tick(&mut model, 0);
    let why = "GitHub rate limit exceeded".to_owned();
    tell(&mut model, Msg::CommitStates(vec![commit(1)], Err(why)));
    assert!(picture(&model).contains("GitHub rate limit exceeded"));
    assert!(tick(&mut model, 2).0.is_empty(), "it is not asked again at once");
    assert_eq!(tick(&mut model, 62).0.len(), 1);
}

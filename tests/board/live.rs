//! The board as it fills: pages of the history, and questions for what is in sight only.

use tokio::sync::mpsc::UnboundedReceiver;
use windlass::board::{Board, BoardUpdate, Cell, Facts};
use windlass::demo::faults::{Effect, Fault};
use windlass::domain::CommitSha;

use super::world::World;
use crate::git::git;

/// The next facts, whosever they are.
async fn next_facts(updates: &mut UnboundedReceiver<BoardUpdate>) -> (CommitSha, Facts) {
    loop {
        if let BoardUpdate::Facts { commit, facts } = updates.recv().await.unwrap() {
            return (commit, *facts);
        }
    }
}

fn is_whole(facts: &Facts) -> bool {
    let mut places = facts.places.iter();
    !facts.scan.is_loading() && places.all(|place| !place.there.is_loading())
}

/// The first whole facts of `wanted`, and what was told before them.
async fn whole_facts(
    updates: &mut UnboundedReceiver<BoardUpdate>,
    wanted: &CommitSha,
) -> (Facts, Vec<(CommitSha, Facts)>) {
    let mut before = Vec::new();
    loop {
        let (commit, facts) = next_facts(updates).await;
        if commit == *wanted && is_whole(&facts) {
            return (facts, before);
        }
        before.push((commit, facts));
    }
}

#[tokio::test]
async fn the_history_comes_in_pages_up_to_its_end() {
    let world = World::new(3).await;
    let (board, mut updates) = Board::open(world.source());
    board.more(2);
    board.more(2);
    let mut pages = Vec::new();
    while pages.len() < 2 {
        if let BoardUpdate::Commits { commits, at_end } = updates.recv().await.unwrap() {
            pages.push((commits.into_iter().map(|c| c.sha).collect::<Vec<_>>(), at_end));
        }
    }
    assert_eq!(pages[0], (world.commits[..2].to_vec(), false));
    assert_eq!(pages[1], (world.commits[2..].to_vec(), true));
}

#[tokio::test]
async fn a_history_that_cannot_be_read_says_why() {
    let world = World::new(1).await;
    git(world.folder.path(), &["branch", "-m", "develop", "trunk"]);
    let (board, mut updates) = Board::open(world.source());
    board.more(1);
    loop {
        match updates.recv().await.unwrap() {
            BoardUpdate::HistoryFailed(why) => {
                assert!(why.contains("develop"), "{why}");
                return;
            }
            BoardUpdate::Commits { commits, .. } => panic!("{commits:?}"),
            BoardUpdate::Facts { .. } | BoardUpdate::Environments { .. } => {}
        }
    }
}

#[tokio::test]
async fn rows_that_nobody_looks_at_are_not_asked_for() {
    let world = World::new(12).await;
    for nth in 0..12 {
        world.image("dev", nth).await;
    }
    world.shared.forget_requests();
    let (board, mut updates) = Board::open(world.source());
    board.more(12);
    board.look_at(vec![world.commits[4].clone()]);
    whole_facts(&mut updates, &world.commits[4]).await;
    let asked: Vec<_> = world
        .shared
        .requests()
        .into_iter()
        .filter(|request| request.path.contains("/manifests/sha-"))
        .map(|request| request.path)
        .collect();
    let tag = format!("sha-{}", world.commits[4].short());
    assert_eq!(asked, [format!("/v2/dev/app/manifests/{tag}")]);
}

#[tokio::test]
async fn what_left_the_sight_makes_room_for_what_came_into_it() {
    let world = World::new(12).await;
    let wanted = &world.commits[11];
    world.image("dev", 11).await;
    for commit in &world.commits[..11] {
        let stall = Fault::new(Effect::Stall { after: 0 });
        let path = format!("sha-{}", commit.short());
        world.shared.inject(stall.on_path(&path).always());
    }
    let (board, mut updates) = Board::open(world.source());
    board.look_at(world.commits[..11].to_vec());
    // The environments are asked first: when they are known, as many candidates as may be are being asked for.
    while !matches!(updates.recv().await.unwrap(), BoardUpdate::Environments { .. }) {}
    board.look_at(vec![wanted.clone()]);
    let (facts, before) = whole_facts(&mut updates, wanted).await;
    assert!(facts.image.value().is_some());
    assert!(before.iter().all(|(commit, _)| commit == wanted), "{before:?}");
}

#[tokio::test]
async fn a_refresh_asks_again_and_keeps_the_older_facts_until_the_new_ones_are_whole() {
    let world = World::new(1).await;
    let commit = &world.commits[0];
    let (board, mut updates) = Board::open(world.source());
    board.look_at(vec![commit.clone()]);
    let (facts, _) = whole_facts(&mut updates, commit).await;
    assert!(matches!(facts.image, Cell::None(_)));
    world.image("dev", 0).await;
    board.refresh();
    let (next, facts) = next_facts(&mut updates).await;
    assert_eq!(next, *commit);
    assert!(facts.image.value().is_some() && is_whole(&facts), "{facts:?}");
}

#[tokio::test]
async fn a_board_that_is_closed_asks_nothing_more() {
    let world = World::new(2).await;
    let (board, mut updates) = Board::open(world.source());
    board.look_at(vec![world.commits[0].clone()]);
    whole_facts(&mut updates, &world.commits[0]).await;
    drop(board);
    // The channel ends when all who could tell something have ended.
    while updates.recv().await.is_some() {}
}

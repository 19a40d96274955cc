//! The board: candidates come, facts come, and keys move among them.

use super::model::{BoardModel, Gates, HistoryState, Row};
use crate::board::Facts;
use crate::domain::{CommitSha, production_place, reached};
use crate::tui::screens::findings::update as findings;
use crate::tui::screens::keys::Action;
use crate::tui::screens::page::model::PageOf;
use crate::tui::screens::page::update as page;
use crate::tui::screens::releases::update as releases;
use crate::tui::screens::runs::update as runs;
use crate::tui::screens::screen::Screen;
use crate::tui::session::{Effect, Model, Notice, Request, plans as ask};
use crate::tui::widgets::search::Search;

/// Candidates that are read without anyone going there.
const AT_ONCE: usize = 50_000;

/// Candidates whose gates are asked for at the same time.
const GATES_AT_ONCE: usize = 2;

pub(in crate::tui) fn on_action(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let board = &mut model.board;
    let page = board.height.max(1);
    match action {
        Action::Up => step(board, false, 1),
        Action::Down => step(board, true, 1),
        Action::PageUp => step(board, false, page),
        Action::PageDown => step(board, true, page),
        Action::First => board.select(0),
        Action::Last => board.select(usize::MAX),
        Action::Enter => board.details = true,
        Action::Back if board.details => board.details = false,
        Action::Back if board.search.is_some() => board.search = None,
        Action::Back | Action::Fleet => effects.push(Effect::ShowFleet),
        Action::Watch => runs::watch(model, effects),
        Action::Findings => findings::open(model, effects),
        Action::Releases => releases::open(model, effects),
        Action::Search => {
            board.search = Some(Search {
                typing: true,
                ..Search::default()
            })
        }
        Action::NextFound | Action::PreviousFound => match board.find(action == Action::NextFound, false) {
            Some(index) => board.select(index),
            None => {
                model.notice = Some(Notice {
                    text: "no match on the board".into(),
                    grave: true,
                })
            }
        },
        Action::Refresh => {
            board.gates.clear();
            board.checks.asked_at = None;
            board.checks.details.clear();
            model.notice = Some(Notice {
                text: "refreshing from git and the registries".into(),
                grave: false,
            });
            effects.push(Effect::Refresh);
        }
        Action::Copy => {
            if let Some(digest) = board.current().and_then(Row::digest) {
                model.notice = Some(Notice {
                    text: format!("copied {} to the clipboard", digest.short()),
                    grave: false,
                });
                effects.push(Effect::Copy(digest.to_string()));
            }
        }
        Action::Diff => diff(model, effects),
        Action::Cut | Action::Promote | Action::Sign | Action::Verify => on_operation(model, action, effects),
        _ => {}
    }
}

fn on_operation(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let board = &model.board;
    let Some(row) = board.current() else { return };
    let request = match action {
        Action::Cut => Request::cut(&row.commit, board.numbering, None, None),
        Action::Promote => {
            let Some(next) = board.next(row) else { return };
            Request::promotion(&row.commit, next.name.clone())
        }
        _ => {
            let (Some(digest), Some(at)) = (row.digest().cloned(), board.furthest(row)) else {
                let text = "it is in no known environment yet".to_owned();
                model.notice = Some(Notice { text, grave: true });
                return;
            };
            if action == Action::Verify {
                let text = format!("verifying {} in {at}", digest.short());
                model.notice = Some(Notice { text, grave: false });
                effects.push(Effect::Verify(digest, at));
                return;
            }
            Request::signature(digest, at)
        }
    };
    ask::plan(model, request, effects);
}

/// What the selected candidate would change in its next environment, or in production where there is none.
fn diff(model: &mut Model, effects: &mut Vec<Effect>) {
    let board = &model.board;
    let Some(row) = board.current() else { return };
    let against = board
        .next(row)
        .or_else(|| reached(&board.graph).nth(production_place(&board.graph)));
    let Some(against) = against.map(|against| against.name.to_string()) else {
        return;
    };
    let of = PageOf::Diff {
        from: against,
        to: row.commit.clone(),
        name: row.commit.short().to_owned(),
    };
    page::open(model, of, effects);
}

/// Moves the selection by so many rows.
pub(in crate::tui) fn step(board: &mut BoardModel, down: bool, rows: usize) {
    let to = if down {
        board.selected.saturating_add(rows)
    } else {
        board.selected.saturating_sub(rows)
    };
    board.select(to);
}

pub(in crate::tui) fn on_commits(
    board: &mut BoardModel,
    rows: Vec<Row>,
    at_end: bool,
    effects: &mut Vec<Effect>,
) {
    if board.rows.is_empty() && !rows.is_empty() {
        effects.push(Effect::Draw);
    }
    board.history = if at_end {
        HistoryState::Complete
    } else {
        HistoryState::Partial
    };
    for row in rows {
        let index = board.rows.len();
        if let std::collections::hash_map::Entry::Vacant(place) = board.index.entry(row.commit.clone()) {
            place.insert(index);
            board.rows.push(row);
        }
    }
}

/// Reads on where there is more: at once up to a number that every search can go through while someone types, and
/// beyond that only for whoever goes there.
pub(in crate::tui) fn read_on(board: &mut BoardModel, effects: &mut Vec<Effect>) {
    let near_end = board.top + 2 * board.height.max(1) >= board.rows.len();
    if board.history == HistoryState::Partial && (board.rows.len() < AT_ONCE || near_end) {
        board.history = HistoryState::Reading;
        effects.push(Effect::More);
    }
}

pub(in crate::tui) fn on_facts(board: &mut BoardModel, commit: &CommitSha, facts: Facts) {
    if let Some(row) = board
        .index
        .get(commit)
        .and_then(|index| board.rows.get_mut(*index))
    {
        row.facts = facts;
    }
}

/// The candidates in sight: the selected one first, then the others from the top.
pub(in crate::tui) fn wishes(board: &BoardModel) -> Vec<CommitSha> {
    let selected = board.current().map(|row| &row.commit);
    let others = board
        .in_sight()
        .iter()
        .map(|row| &row.commit)
        .filter(|commit| Some(*commit) != selected);
    selected.into_iter().chain(others).cloned().collect()
}

/// Asks the gates of the selected candidate. This waits for the next message of the time, so that whoever runs through
/// the list does not ask for every row on the way.
pub(in crate::tui) fn ask_gates(model: &mut Model, effects: &mut Vec<Effect>) {
    let board = &mut model.board;
    let asking = board
        .gates
        .values()
        .filter(|gates| **gates == Gates::Loading)
        .count();
    let wanted = board
        .current()
        .and_then(|row| Some((row.commit.clone(), board.next(row)?.name.clone())));
    if let Some(key) = wanted
        && asking < GATES_AT_ONCE
        && !board.gates.contains_key(&key)
    {
        board.gates.insert(key.clone(), Gates::Loading);
        effects.push(Effect::AskGates(key.0, key.1));
    }
}

/// Asks how the checks of the candidates in sight stand, and for those of the selected one by name, while somebody looks.
/// This waits for the next message of the time, as the gates do.
pub(in crate::tui) fn ask_checks(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.screen != Screen::Board || !model.somebody_looks() {
        return;
    }
    let board = &model.board;
    let age = board.checks.asked_at.map(|at| model.seconds_since(at));
    let in_sight = board.in_sight().iter().map(|row| row.commit.clone()).collect();
    let due = board.checks.due(in_sight, age);
    let selected = board.current().map(|row| row.commit.clone());
    let selected = selected.filter(|commit| board.checks.wants_details(commit));
    let checks = &mut model.board.checks;
    if let Some(commits) = due {
        checks.asking = true;
        checks.asked_at = Some(model.now);
        effects.push(Effect::CommitStates(commits));
    }
    if let Some(commit) = selected {
        checks.asking_details = Some(commit.clone());
        effects.push(Effect::CommitChecks(commit));
    }
}

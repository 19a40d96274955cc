//! Why an action is not possible now.

use super::model::Row;
use crate::board::Cell;
use crate::tui::screens::keys::Action;
use crate::tui::session::Model;

/// Whether `action` is possible now, and why not.
pub(super) fn enabled(model: &Model, action: Action) -> Result<(), String> {
    let board = &model.board;
    let row = || {
        board
            .current()
            .ok_or_else(|| "no candidate is selected".to_owned())
    };
    let writes = || model.may_write();
    match action {
        Action::Cut => writes().and_then(|()| row().map(|_| ())),
        Action::Promote => {
            writes()?;
            let row = row()?;
            has_image(row)?;
            if board.next(row).is_none() {
                return Err(board.why_no_next(row));
            }
            Ok(())
        }
        Action::Sign => writes().and_then(|()| has_image(row()?)),
        Action::Verify | Action::Copy | Action::Findings | Action::Diff => has_image(row()?),
        Action::Enter if board.details => Err("the details are open; Esc closes them".to_owned()),
        Action::Back if !board.details && board.search.is_none() && !model.has_fleet => {
            Err("this is the board; q quits".to_owned())
        }
        Action::Fleet if !model.has_fleet => {
            Err("this console shows one service; start it with --fleet".to_owned())
        }
        Action::Enter => row().map(|_| ()),
        Action::NextFound | Action::PreviousFound if board.search.is_none() => {
            Err("no active search; press /".to_owned())
        }
        _ => Ok(()),
    }
}

fn has_image(row: &Row) -> Result<(), String> {
    match &row.facts.image {
        Cell::Ready(_) | Cell::Stale(_) => Ok(()),
        Cell::Loading => Err("its image is still loading".to_owned()),
        Cell::None(why) => Err(format!("it has no image: {why}")),
        Cell::Failed(why) => Err(format!("could not resolve its image: {why}")),
    }
}

//! Why an action is not possible now.

use super::model::{ReleasesModel, next};
use crate::board::Cell;
use crate::domain::{Bound, Environment, reached};
use crate::tui::screens::board::HistoryState;
use crate::tui::screens::keys::Action;
use crate::tui::session::Model;

/// Whether `action` is possible now, and why not.
pub(super) fn enabled(model: &Model, releases: &ReleasesModel, action: Action) -> Result<(), String> {
    let release = || {
        releases.current().ok_or_else(|| {
            let why = if releases.known.is_none() && releases.asking {
                "the releases are still loading"
            } else {
                "no release is selected"
            };
            why.to_owned()
        })
    };
    match action {
        Action::Cut => model.may_write().and_then(|()| match model.board.rows.first() {
            Some(_) => Ok(()),
            None if model.board.history == HistoryState::Complete => {
                Err(format!("there are no commits on {}", model.board.branch))
            }
            None => Err(format!("the history of {} is still loading", model.board.branch)),
        }),
        Action::Promote => {
            model.may_write()?;
            let release = release()?;
            match &release.candidate {
                _ if release.is_only_begun() => Err(format!("{} has no commits yet", release.branch)),
                Bound::There { .. } if next(release, &model.board.graph).is_none() => {
                    Err("already in the last environment".to_owned())
                }
                Bound::There { .. } => Ok(()),
                Bound::NoImage { tag } => Err(format!("its head has no image {tag} yet")),
                Bound::Unknown { why } => Err(format!("could not resolve its image: {why}")),
            }
        }
        Action::Finish => {
            model.may_write()?;
            let release = release()?;
            if release.debts.iter().all(|debt| debt.state.is_paid()) {
                return Err("it is finished, and nothing is outstanding".to_owned());
            }
            Ok(())
        }
        Action::Hotfix => model
            .may_write()
            .and_then(|()| environment(model, releases).map(|_| ())),
        Action::Pin | Action::Rollback => {
            model.may_write()?;
            environment(model, releases).map(|_| ())
        }
        Action::Unpin | Action::Review => {
            model.may_write()?;
            let name = &environment(model, releases)?.name;
            match model.standings.of(name) {
                None | Some(Cell::Loading) => Err(format!("the state of {name} is still loading")),
                Some(Cell::Ready(_) | Cell::Stale(_))
                    if action == Action::Unpin && model.standings.pin(name, model.now).is_none() =>
                {
                    Err(format!("{name} is not pinned"))
                }
                Some(Cell::Ready(standing) | Cell::Stale(standing))
                    if action == Action::Review && standing.reviews.is_empty() =>
                {
                    Err(format!("no review is due for {name}"))
                }
                // What is not known here, the plan finds out.
                Some(_) => Ok(()),
            }
        }
        Action::Diff => release().and_then(|release| match &release.candidate {
            Bound::NoImage { tag } => Err(format!("its head has no image {tag} yet")),
            _ => Ok(()),
        }),
        Action::Notes | Action::Copy => release().map(|_| ()),
        Action::Open => release().and_then(|release| match model.board.page_of(&release.branch) {
            Some(_) => Ok(()),
            None => Err("its page on the remote is unknown".to_owned()),
        }),
        Action::Enter if releases.details => Err("the details are open; Esc closes them".to_owned()),
        Action::Enter => release().map(|_| ()),
        Action::Refresh if releases.asking => Err("a refresh is already in progress".to_owned()),
        _ => Ok(()),
    }
}

/// The environment that is selected on the screen of releases.
fn environment<'a>(model: &'a Model, releases: &ReleasesModel) -> Result<&'a Environment, String> {
    reached(&model.board.graph)
        .nth(releases.environment)
        .ok_or_else(|| "no environment receives promotions".to_owned())
}

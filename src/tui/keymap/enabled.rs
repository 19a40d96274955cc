//! Why an action is not possible now.

use super::Action;
use crate::board::Cell;
use crate::domain::{Bound, Environment};
use crate::tui::model::{
    BoardModel, FindingsModel, Model, PageContent, PageModel, ReleasesModel, Row, RunModel, Screen, next,
    reached,
};

/// Whether `action` is possible now, and why not.
pub fn enabled(model: &Model, action: Action) -> Result<(), String> {
    match model.screen {
        _ if action == Action::Watch => has_run(model),
        Screen::Board => on_board(model, &model.board, action),
        Screen::Run => model.run.as_ref().map_or(Ok(()), |run| on_run(run, action)),
        Screen::Findings => model
            .findings
            .as_ref()
            .map_or(Ok(()), |findings| on_findings(findings, action)),
        Screen::Releases => model
            .releases
            .as_ref()
            .map_or(Ok(()), |releases| on_releases(model, releases, action)),
        Screen::Page => model.page.as_ref().map_or(Ok(()), |page| on_page(page, action)),
    }
}

fn on_board(model: &Model, board: &BoardModel, action: Action) -> Result<(), String> {
    let row = || {
        board
            .current()
            .ok_or_else(|| "no candidate is selected".to_owned())
    };
    let writes = || writes(model);
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

fn writes(model: &Model) -> Result<(), String> {
    if model.read_only {
        return Err("this console is read-only".to_owned());
    }
    if model.is_running() {
        return Err("a run of this service is active; w shows it".to_owned());
    }
    Ok(())
}

fn has_run(model: &Model) -> Result<(), String> {
    match model.run {
        Some(_) => Ok(()),
        None => Err("no run was started in this console".to_owned()),
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

fn on_findings(findings: &FindingsModel, action: Action) -> Result<(), String> {
    if findings.findings().is_none() && matches!(action, Action::Search | Action::Sort) {
        return Err("the findings are still loading".to_owned());
    }
    match action {
        Action::Copy | Action::Open => {
            let judged = findings
                .current()
                .ok_or_else(|| "no finding is selected".to_owned())?;
            if action == Action::Open && judged.finding.url.is_none() {
                return Err("the scanner gives no advisory for it".to_owned());
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn on_run(run: &RunModel, action: Action) -> Result<(), String> {
    match action {
        Action::Stop if run.ended.is_some() => Err("the run has ended; Esc goes back, q quits".to_owned()),
        Action::Stop if run.stopping => Err("it is already stopping".to_owned()),
        Action::NextError if !run.has_trouble() => Err("there are no errors or warnings".to_owned()),
        Action::NextFound | Action::PreviousFound if run.search.is_none() => {
            Err("no active search; press /".to_owned())
        }
        _ => Ok(()),
    }
}

fn on_releases(model: &Model, releases: &ReleasesModel, action: Action) -> Result<(), String> {
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
        Action::Cut => writes(model).and_then(|()| match model.board.rows.first() {
            Some(_) => Ok(()),
            None if model.board.complete => Err(format!("there are no commits on {}", model.board.branch)),
            None => Err(format!("the history of {} is still loading", model.board.branch)),
        }),
        Action::Promote => {
            writes(model)?;
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
            writes(model)?;
            let release = release()?;
            if release.debts.iter().all(|debt| debt.state.is_paid()) {
                return Err("it is finished, and nothing is outstanding".to_owned());
            }
            Ok(())
        }
        Action::Hotfix => writes(model).and_then(|()| environment(model, releases).map(|_| ())),
        Action::Pin | Action::Rollback => {
            writes(model)?;
            environment(model, releases).map(|_| ())
        }
        Action::Unpin | Action::Review => {
            writes(model)?;
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

fn on_page(page: &PageModel, action: Action) -> Result<(), String> {
    match (action, &page.content) {
        (Action::Copy, PageContent::Loading) => Err("it is still loading".to_owned()),
        (Action::Copy, PageContent::Failed(_)) => Err("there is nothing to copy".to_owned()),
        (Action::NextFound | Action::PreviousFound, _) if page.search.is_none() => {
            Err("no active search; press /".to_owned())
        }
        _ => Ok(()),
    }
}

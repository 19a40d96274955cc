//! Why an action is not possible now.

use super::model::RunModel;
use crate::tui::screens::keys::Action;

/// Whether `action` is possible now, and why not.
pub(super) fn enabled(run: &RunModel, action: Action) -> Result<(), String> {
    match action {
        Action::Stop if run.ended.is_some() => Err("the run has ended; Esc goes back, q quits".to_owned()),
        Action::Stop if run.stopping => Err("it is already stopping".to_owned()),
        Action::Approve | Action::Open if run.number.is_none() => Err("it does not run on GitHub".to_owned()),
        Action::Approve if run.ended.is_some() => Err("the run has ended".to_owned()),
        Action::NextError if !run.has_trouble() => Err("there are no errors or warnings".to_owned()),
        Action::NextFound | Action::PreviousFound if run.search.is_none() => {
            Err("no active search; press /".to_owned())
        }
        _ => Ok(()),
    }
}

//! Why an action is not possible now.

use super::model::{PageContent, PageModel};
use crate::tui::screens::keys::Action;

/// Whether `action` is possible now, and why not.
pub(super) fn enabled(page: &PageModel, action: Action) -> Result<(), String> {
    match (action, &page.content) {
        (Action::Copy, PageContent::Loading) => Err("it is still loading".to_owned()),
        (Action::Copy, PageContent::Failed(_)) => Err("there is nothing to copy".to_owned()),
        (Action::NextFound | Action::PreviousFound, _) if page.search.is_none() => {
            Err("no active search; press /".to_owned())
        }
        _ => Ok(()),
    }
}

//! Why an action is not possible now.

use super::model::FindingsModel;
use crate::tui::screens::keys::Action;

/// Whether `action` is possible now, and why not.
pub(super) fn enabled(findings: &FindingsModel, action: Action) -> Result<(), String> {
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

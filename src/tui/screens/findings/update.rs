//! The findings of a candidate: asked for, sorted, filtered, opened.

use super::model::{Content, FindingsModel};
use crate::tui::screens::keys::Action;
use crate::tui::screens::screen::Screen;
use crate::tui::session::{Effect, Model, Notice};
use crate::tui::widgets::search::Search;

/// Goes to the findings of the selected candidate, and asks for them.
pub(in crate::tui) fn open(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(row) = model.board.current() else { return };
    let commit = row.commit.clone();
    let next = model.board.next(row).map(|next| next.name.clone());
    let judge = next.or_else(|| model.board.furthest(row));
    model.findings = Some(FindingsModel::of(commit.clone()));
    model.screen = Screen::Findings;
    effects.push(Effect::Examine(commit, judge));
}

/// The answer; one that nobody waits for any more is dropped.
pub(in crate::tui) fn on_examined(model: &mut Model, commit: &crate::domain::CommitSha, content: Content) {
    if let Some(findings) = model
        .findings
        .as_mut()
        .filter(|findings| findings.commit == *commit)
    {
        findings.content = content;
        findings.refresh();
    }
}

pub(in crate::tui) fn on_action(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let Some(findings) = &mut model.findings else {
        return;
    };
    let page = findings.height.max(1);
    match action {
        Action::Up => step(findings, false, 1),
        Action::Down => step(findings, true, 1),
        Action::PageUp => step(findings, false, page),
        Action::PageDown => step(findings, true, page),
        Action::First => findings.select(0),
        Action::Last => findings.select(usize::MAX),
        Action::Sort => {
            findings.sort = findings.sort.next();
            findings.refresh();
        }
        Action::Search => {
            findings.filter = Some(Search {
                typing: true,
                ..findings.filter.take().unwrap_or_default()
            });
        }
        Action::Back if findings.filter.is_some() => drop_filter(findings),
        Action::Back => model.screen = Screen::Board,
        Action::Open => {
            if let Some(url) = findings.current().and_then(|judged| judged.finding.url.clone()) {
                model.notice = Some(Notice {
                    text: format!("opening {url}"),
                    grave: false,
                });
                effects.push(Effect::Open(url));
            }
        }
        Action::Copy => {
            if let Some(judged) = findings.current() {
                let id = judged.finding.id.clone();
                model.notice = Some(Notice {
                    text: format!("copied {id} to the clipboard"),
                    grave: false,
                });
                effects.push(Effect::Copy(id));
            }
        }
        _ => {}
    }
}

/// Moves the selection by so many findings.
pub(in crate::tui) fn step(findings: &mut FindingsModel, down: bool, rows: usize) {
    let to = if down {
        findings.selected.saturating_add(rows)
    } else {
        findings.selected.saturating_sub(rows)
    };
    findings.select(to);
}

/// Shows all findings again.
pub(in crate::tui) fn drop_filter(findings: &mut FindingsModel) {
    findings.filter = None;
    findings.refresh();
}

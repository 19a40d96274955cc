//! The dialog that cuts a release: the proposed branch, a version to edit, and what is checked before.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::message::{key, told};
use super::model::CutDialog;
use super::plan;
use crate::domain::operation::Cut;
use crate::domain::{Gate, Operation};
use crate::tui::app::theme::State;
use crate::tui::session::Model;
use crate::tui::widgets::frame::{Sheet, text_width};
use crate::tui::widgets::{gate, input, line};

pub(in crate::tui) fn paint(model: &Model, dialog: &CutDialog, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let width = text_width(area);
    let name = |name: &str| Span::styled(format!("{name:<10}"), theme.quiet());
    let number = model.board.numbering.word();
    let mut version = vec![name(number)];
    version.extend(input::spans(&dialog.version, theme.strong()));
    if dialog.edited {
        version.push(line::gap());
        version.push(theme.says(State::Attention, "edited: press Enter to check"));
    }
    let title = line::fit(&dialog.title, width.saturating_sub(10), theme);
    let mut body = vec![
        Line::from(vec![name("commit"), Span::raw(title)]),
        Line::from(version),
    ];
    if dialog.asks_reason() {
        let mut reason = vec![name("reason")];
        if dialog.at_reason {
            reason.extend(input::spans(&dialog.reason, theme.strong()));
        } else {
            reason.push(Span::raw(dialog.reason.text().to_owned()));
            reason.push(line::gap());
            reason.push(Span::styled("Tab: why a gate is overridden", theme.quiet()));
        }
        body.push(Line::from(reason));
    }
    let mut possible = false;
    let mut deed = String::new();
    match &dialog.plan {
        None => body.push(Line::from(vec![
            name("branch"),
            theme.says(State::Loading, "checking"),
        ])),
        Some(Err(message)) => {
            body.push(Line::default());
            body.extend(told(message, width, theme));
        }
        Some(Ok(plan)) => {
            if let Operation::Cut(Cut { branch, remote, .. }) = &plan.operation {
                let style = if dialog.edited {
                    theme.quiet()
                } else {
                    theme.strong()
                };
                body.push(Line::from(vec![
                    name("branch"),
                    Span::styled(branch.clone(), style),
                ]));
                body.push(Line::from(vec![name("remote"), Span::raw(remote.clone())]));
            }
            body.push(Line::default());
            body.push(Line::from(Span::styled("Checks", theme.strong())));
            body.extend(gate::lines(&plan.gates, width, theme));
            body.push(Line::default());
            possible = plan.allowed();
            deed = plan.operation.deed();
            body.extend(if possible {
                plan::steps(plan, width, theme)
            } else {
                plan::refusal(plan, Gate::can_be_overridden_by_reason, false, width, theme)
            });
        }
    }
    let check = format!("check this {number}");
    let enter = match (dialog.edited, possible) {
        (true, _) => Some(check.as_str()),
        (false, true) => Some(deed.as_str()),
        (false, false) => None,
    };
    let mut keys = enter
        .map(|what| key("Enter", what, theme).to_vec())
        .unwrap_or_default();
    keys.extend(key("Esc", "cancel", theme));
    let state = if matches!(&dialog.plan, Some(Ok(plan)) if plan.allowed()) || dialog.plan.is_none() {
        State::Loading
    } else {
        State::Bad
    };
    Sheet {
        title: "Cut a release",
        state,
        body,
        foot: None,
        keys,
        scroll: dialog.scroll,
    }
    .paint(area, theme, buffer);
}

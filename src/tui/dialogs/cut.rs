//! The dialog that cuts a release: the proposed branch, a version to edit, and what is checked before.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::around::Around;
use super::parts::{key, told};
use super::plan_parts;
use super::reply::{DialogSpec, Reply};
use crate::domain::operation::Cut;
use crate::domain::{CommitSha, Gate, Operation, Plan};
use crate::tui::app::theme::State;
use crate::tui::session::notice::Message;
use crate::tui::session::request::Request;
use crate::tui::widgets::frame::{Sheet, text_width};
use crate::tui::widgets::scroll::scroll;
use crate::tui::widgets::text_input::TextInput;
use crate::tui::widgets::{gate, input, line};

/// A release to be cut at a commit.
#[derive(Debug, Clone)]
pub struct CutDialog {
    /// The commit.
    pub commit: CommitSha,
    /// The commit in seven characters and its subject.
    pub title: String,
    /// The version, proposed first and then as it is edited.
    pub version: TextInput,
    /// Why a gate is overridden, where one asks for a reason.
    pub reason: TextInput,
    /// Whether keys go into the reason rather than the version.
    pub at_reason: bool,
    /// The plan for that version, once it is there; an error says why there is none.
    pub plan: Option<Result<Plan, Message>>,
    /// Whether carrying it out needs a password.
    pub asks_password: bool,
    /// Whether the version was changed since the plan was made.
    pub edited: bool,
    /// The first line that is seen, where it is longer than the screen.
    pub scroll: usize,
}

impl CutDialog {
    /// Whether the reason is asked for: a gate of the plan can be overridden with one, or one was given.
    pub fn asks_reason(&self) -> bool {
        let is_asked = |plan: &Plan| plan.refusals().any(Gate::can_be_overridden_by_reason);
        !self.reason.text().is_empty() || matches!(&self.plan, Some(Ok(plan)) if is_asked(plan))
    }

    /// The field that keys go into.
    pub const fn field(&mut self) -> &mut TextInput {
        if self.at_reason {
            &mut self.reason
        } else {
            &mut self.version
        }
    }
}

impl DialogSpec for CutDialog {
    fn on_key(&mut self, key: KeyEvent, around: &Around<'_>) -> Reply {
        match key.code {
            KeyCode::Enter => self.on_enter(around),
            KeyCode::Tab => {
                self.at_reason = !self.at_reason && self.asks_reason();
                Reply::Taken
            }
            _ if scroll(&mut self.scroll, key) => Reply::Taken,
            _ => {
                let before = (self.version.clone(), self.reason.clone());
                if !self.field().on_key(key) {
                    return Reply::Passed;
                }
                self.edited |= (&self.version, &self.reason) != (&before.0, &before.1);
                Reply::Taken
            }
        }
    }

    fn paste(&mut self, text: &str) {
        self.field().insert(text);
        self.edited = true;
    }

    fn is_waiting(&self) -> bool {
        self.plan.is_none()
    }

    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        paint(around, self, area, buffer);
    }
}

impl CutDialog {
    /// Enter: a version that was edited is planned first, then Enter cuts.
    fn on_enter(&mut self, around: &Around<'_>) -> Reply {
        match &self.plan {
            _ if self.edited => {
                // The v of a version is no part of it.
                let version = self.version.text().trim().trim_start_matches('v').to_owned();
                let reason = self.reason.text().trim();
                let reason = (!reason.is_empty()).then(|| reason.to_owned());
                self.plan = None;
                self.edited = false;
                let number = Some(version);
                Reply::Plan(Request::cut(&self.commit, around.numbering, number, reason))
            }
            Some(Ok(plan)) if plan.allowed() => Reply::CarryOut(Box::new(plan.clone()), self.asks_password),
            _ => Reply::Taken,
        }
    }
}

fn paint(around: &Around, dialog: &CutDialog, area: Rect, buffer: &mut Buffer) {
    let theme = around.theme;
    let width = text_width(area);
    let name = |name: &str| Span::styled(format!("{name:<10}"), theme.quiet());
    let number = around.numbering.word();
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
                plan_parts::steps(plan, width, theme)
            } else {
                plan_parts::refusal(plan, Gate::can_be_overridden_by_reason, false, width, theme)
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
    keys.extend(key("Esc", around.esc(), theme));
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

//! Small dialogs: something is being done, something happened, a password, a question.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::Plan;
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::{Message, Model};
use crate::tui::widgets::frame::{Sheet, text_width};
use crate::tui::widgets::{input, line};

/// A key, and what it does, as dialogs show it.
pub(in crate::tui) fn key(key: &'static str, what: &str, theme: Theme) -> [Span<'static>; 3] {
    [
        Span::styled(key, theme.key()),
        Span::raw(format!(" {what}")),
        Span::raw("    "),
    ]
}

pub(in crate::tui) fn paint(model: &Model, message: &Message, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let width = text_width(area);
    let mut body: Vec<_> = line::wrap(&message.what, width)
        .into_iter()
        .map(Line::from)
        .collect();
    if let Some(hint) = &message.hint {
        const NAME: &str = "Next step: ";
        body.push(Line::default());
        for (index, piece) in line::wrap(hint, width.saturating_sub(NAME.len()))
            .into_iter()
            .enumerate()
        {
            let name = if index == 0 { NAME } else { "                " };
            body.push(Line::from(vec![
                Span::styled(name, theme.strong()),
                Span::raw(piece),
            ]));
        }
    }
    let state = if message.good { State::Ok } else { State::Bad };
    let title = format!("{} {}", theme.symbol(state), message.title);
    let keys = key("Enter", "close", theme).to_vec();
    Sheet {
        title: &title,
        state,
        body,
        foot: None,
        keys,
        scroll: 0,
    }
    .paint(area, theme, buffer);
}

/// What went wrong and what to do now, inside a dialog that stays open.
pub(in crate::tui) fn told(message: &Message, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let what = line::wrap(&message.what, width).into_iter();
    let what = what.map(|piece| Line::from(Span::styled(piece, theme.state(State::Bad))));
    let hint = message.hint.iter().flat_map(|hint| line::wrap(hint, width));
    what.chain(hint.map(Line::from)).collect()
}

pub(in crate::tui) fn planning(model: &Model, what: &str, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let body = vec![
        Line::from(theme.says(State::Loading, &format!("preparing {what}"))),
        Line::from(Span::styled(
            "Nothing is changed before you confirm.",
            theme.quiet(),
        )),
    ];
    let keys = key("Esc", "cancel", theme).to_vec();
    Sheet {
        title: "Please wait",
        state: State::Loading,
        body,
        foot: None,
        keys,
        scroll: 0,
    }
    .paint(area, theme, buffer);
}

pub(in crate::tui) fn password(
    model: &Model,
    plan: &Plan,
    typed: &SecretString,
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let mut field = vec![Span::styled("Password  ", theme.strong())];
    field.extend(input::hidden(typed.expose_secret().chars().count(), theme.ascii));
    let body = vec![
        Line::from(format!(
            "To {}, windlass needs the signing key, which is encrypted.",
            plan.operation.title()
        )),
        Line::from(Span::styled(
            "The password is not shown, stored or logged.",
            theme.quiet(),
        )),
        Line::default(),
        Line::from(field),
    ];
    let keys = [key("Enter", "go on", theme), key("Esc", "cancel", theme)].concat();
    Sheet {
        title: "Password of the signing key",
        state: State::Attention,
        body,
        foot: None,
        keys,
        scroll: 0,
    }
    .paint(area, theme, buffer);
}

pub(in crate::tui) fn quit(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let body = vec![
        Line::from("A run is still active. Quitting stops it cleanly: completed work"),
        Line::from("is kept, and the same command resumes the run."),
    ];
    let keys = [
        key("Enter", "stop the run and quit", theme),
        key("Esc", "stay", theme),
    ]
    .concat();
    Sheet {
        title: "Leave?",
        state: State::Attention,
        body,
        foot: None,
        keys,
        scroll: 0,
    }
    .paint(area, theme, buffer);
}

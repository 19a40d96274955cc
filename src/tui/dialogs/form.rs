//! Fields to be filled in: a reason before all.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::around::Around;
use super::fields::{Field, Form, Value};
use super::parts::{Simple, state_of, told};
use super::reply::{DialogSpec, Reply};
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::notice::Message;
use crate::tui::widgets::frame::text_width;
use crate::tui::widgets::{input, line};

/// Fields to be filled in before a plan is made.
#[derive(Debug, Clone)]
pub struct FormDialog {
    /// The fields.
    pub form: Form,
    /// What a person should know who fills them in.
    pub told: Vec<String>,
    /// Whether the plan is being made.
    pub waiting: bool,
    /// What was missing when Enter was pressed.
    pub incomplete: Option<String>,
    /// Why no plan could be made.
    pub error: Option<Message>,
}

impl FormDialog {
    /// Fields that nobody has filled in yet.
    pub const fn of(form: Form, told: Vec<String>) -> Self {
        Self {
            form,
            told,
            waiting: false,
            incomplete: None,
            error: None,
        }
    }
}

impl DialogSpec for FormDialog {
    fn on_key(&mut self, key: KeyEvent, _around: &Around<'_>) -> Reply {
        if key.code == KeyCode::Enter {
            return self.on_enter();
        }
        self.incomplete = None;
        self.form.on_key(key)
    }

    fn paste(&mut self, text: &str) {
        self.form.paste(text);
    }

    fn is_waiting(&self) -> bool {
        self.waiting
    }

    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        paint(around, self, area, buffer);
    }
}

impl FormDialog {
    /// Enter: plans with what was filled in, or goes to what is missing.
    fn on_enter(&mut self) -> Reply {
        if self.waiting {
            return Reply::Taken;
        }
        if let Some((at, why)) = self.form.missing() {
            self.form.at = at;
            self.incomplete = Some(why);
            return Reply::Taken;
        }
        self.waiting = true;
        self.error = None;
        Reply::Plan(self.form.filled())
    }
}

fn paint(around: &Around, dialog: &FormDialog, area: Rect, buffer: &mut Buffer) {
    let theme = around.theme;
    let width = text_width(area);
    let mut body = Vec::new();
    for told in &dialog.told {
        body.extend(line::wrap(told, width).into_iter().map(Line::from));
    }
    if !dialog.told.is_empty() {
        body.push(Line::default());
    }
    body.extend(fields(&dialog.form.fields, dialog.form.at, width, theme));
    body.push(Line::default());
    let enter = if let Some(message) = &dialog.error {
        body.extend(told(message, width, theme));
        "plan again"
    } else if dialog.waiting {
        let words = format!("preparing {}", dialog.form.request.words());
        body.push(Line::from(theme.says(State::Loading, &words)));
        "plan"
    } else if let Some(why) = &dialog.incomplete {
        body.push(Line::from(theme.says(State::Attention, why)));
        "plan"
    } else {
        let text = "Enter makes the plan. Nothing is changed before you confirm.";
        body.push(Line::from(Span::styled(text, theme.quiet())));
        "plan"
    };
    let mut keys = Vec::new();
    if !dialog.waiting {
        keys.push(("Enter", enter));
        if dialog.form.fields.len() > 1 {
            keys.push(("Tab", "next"));
        }
    }
    keys.push(("Esc", around.esc()));
    Simple {
        title: &dialog.form.request.title(),
        state: state_of(dialog.error.as_ref()),
        body,
        keys,
    }
    .paint(around, area, buffer);
}

/// Each field in a line or two: its name, its answer, and what can be said there; the one at the place `here` is typed into.
pub(super) fn fields(fields: &[Field], here: usize, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let names = fields.iter().map(|field| field.name.chars().count()).max();
    let names = names.unwrap_or(0).clamp(8, width / 3);
    let mut lines = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        lines.extend(one(field, at == here, names, width, theme));
    }
    lines
}

fn one(field: &Field, here: bool, names: usize, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let mark = if here { theme.glyph("▸ ", "> ") } else { "  " };
    let name = line::fit(&field.name, names, theme);
    let style = if here { theme.strong() } else { theme.quiet() };
    let mut spans = vec![
        Span::styled(mark, theme.key()),
        Span::styled(format!("{name:names$}  "), style),
    ];
    let room = width.saturating_sub(names + 5);
    match &field.value {
        // The end of a long text stays in sight, where it is typed.
        Value::Text(text) if here => spans.extend(input::tail(text, theme.strong(), room)),
        Value::Text(_) if field.answer().is_empty() => {
            spans.push(Span::styled(theme.glyph("–", "-"), theme.quiet()));
        }
        Value::Text(_) => spans.push(Span::raw(line::fit(field.answer(), room, theme))),
        Value::Pick { .. } => {
            let style = if here { theme.strong() } else { Style::new() };
            let (left, right) = (theme.glyph("◂ ", "< "), theme.glyph(" ▸", " >"));
            spans.push(Span::styled(if here { left } else { "  " }, theme.key()));
            spans.push(Span::styled(
                line::fit(field.answer(), room.saturating_sub(4), theme),
                style,
            ));
            spans.push(Span::styled(if here { right } else { "" }, theme.key()));
        }
    }
    let mut lines = vec![Line::from(spans)];
    if here {
        let hint = line::fit(field.hint, room, theme);
        lines.push(Line::from(Span::styled(
            format!("{:1$}{hint}", "", names + 4),
            theme.quiet(),
        )));
    }
    lines
}

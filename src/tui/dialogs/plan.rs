//! The plan, before anything is written: what is done, what it replaces, every gate, every step, and what it costs.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::around::Around;
use super::fields::Form;
use super::form;
use super::parts::key;
use super::plan_parts::{refusal, steps};
use super::reply::{DialogSpec, Reply};
use crate::domain::{Confirmation, Environment, Gate, Operation, Plan};
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::request::Request;
use crate::tui::widgets::frame::{Sheet, text_width};
use crate::tui::widgets::scroll::scroll;
use crate::tui::widgets::text_input::TextInput;
use crate::tui::widgets::{gate, input, line};

/// What a plan changes where it deploys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It deploys nothing, or nothing is known to be replaced.
    None,
    /// Being found out.
    Loading,
    /// In a few lines.
    Known(Vec<String>),
    /// It could not be found out, and why.
    Failed(String),
}

/// A plan, waiting for its confirmation.
#[derive(Debug, Clone)]
pub struct PlanDialog {
    /// The plan.
    pub plan: Plan,
    /// What it was made of, where it can be asked for otherwise.
    pub request: Option<Request>,
    /// Whether the fields that it was made of are beneath it.
    pub has_fields: bool,
    /// What is missing to be allowed: a reason, where a gate asks for one.
    pub form: Option<Form>,
    /// What changes where it deploys.
    pub difference: Difference,
    /// What is typed to confirm it.
    pub typed: TextInput,
    /// Whether Enter was pressed while the text was not the one asked for.
    pub mistyped: bool,
    /// Whether carrying it out needs a password.
    pub asks_password: bool,
    /// The first line that is seen, where the plan is longer than the screen.
    pub scroll: usize,
}

impl PlanDialog {
    /// The dialog of a plan.
    pub fn of(plan: Plan, asks_password: bool) -> Self {
        Self {
            plan,
            request: None,
            has_fields: false,
            form: None,
            difference: Difference::None,
            typed: TextInput::default(),
            asks_password,
            mistyped: false,
            scroll: 0,
        }
    }

    /// What the first gate says that a reason can override, where one asks for it.
    pub fn asks_reason(&self) -> Option<&str> {
        let mut gates = self.plan.gates.iter();
        let gate = gates.find(|gate| gate.can_be_overridden_by_reason())?;
        Some(gate.verdict.reason())
    }

    /// Fresh fields by which it can be asked for otherwise, if there are any.
    pub fn options(&self, graph: &[Environment]) -> Option<Form> {
        Form::of(self.request.as_ref()?, graph, Some(&self.plan))
    }

    fn has_options(&self, graph: &[Environment]) -> bool {
        self.has_fields || self.options(graph).is_some()
    }

    /// Whether what was typed confirms it.
    pub fn confirmed(&self) -> bool {
        match &self.plan.confirmation {
            Confirmation::Plain => true,
            Confirmation::Typed(text) => self.typed.text().trim() == text,
        }
    }
}

impl DialogSpec for PlanDialog {
    fn on_key(&mut self, key: KeyEvent, around: &Around<'_>) -> Reply {
        if self.form.is_some() {
            return self.on_reason_key(key);
        }
        match key.code {
            KeyCode::Tab if self.has_options(around.graph) => Reply::ChangeOptions,
            KeyCode::Tab => Reply::Notice("it has no other options".to_owned()),
            KeyCode::Enter => self.confirm(),
            _ => {
                self.mistyped = false;
                let typed = matches!(self.plan.confirmation, Confirmation::Typed(_)) && self.plan.allowed();
                if scroll(&mut self.scroll, key) || typed && self.typed.on_key(key) {
                    return Reply::Taken;
                }
                Reply::Passed
            }
        }
    }

    // What is typed to confirm is typed by hand: that is what it is for.
    fn paste(&mut self, text: &str) {
        if let Some(form) = &mut self.form {
            form.paste(text);
        }
    }

    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        paint(around, self, area, buffer);
    }
}

impl PlanDialog {
    /// Enter. A plan that a gate refuses has nothing to confirm: Enter closes it.
    fn confirm(&mut self) -> Reply {
        if !self.plan.allowed() {
            return Reply::Closed;
        }
        if !self.confirmed() {
            self.mistyped = true;
            return Reply::Taken;
        }
        Reply::CarryOut(Box::new(self.plan.clone()), self.asks_password)
    }

    /// Keys in a plan that a reason is missing of.
    fn on_reason_key(&mut self, key: KeyEvent) -> Reply {
        let Some(form) = &mut self.form else {
            return Reply::Passed;
        };
        let is_page = matches!(key.code, KeyCode::PageUp | KeyCode::PageDown);
        if is_page && scroll(&mut self.scroll, key) {
            return Reply::Taken;
        }
        if key.code != KeyCode::Enter {
            return form.on_key(key);
        }
        let filled = form.filled();
        if self.request.as_ref() == Some(&filled) {
            // Nothing was said: there is nothing to plan anew, and the refused plan has nothing to confirm.
            return Reply::Closed;
        }
        let mut form = form.clone();
        form.request = filled;
        Reply::PlanOf(form)
    }
}

fn paint(around: &Around, dialog: &PlanDialog, area: Rect, buffer: &mut Buffer) {
    let theme = around.theme;
    let width = text_width(area);
    let plan = &dialog.plan;
    let allowed = plan.allowed();
    let mut body = subject(around, plan, width);
    body.extend(difference(dialog, width, theme));
    body.push(Line::default());
    if let Some(fields) = &dialog.form {
        body.extend(missing(dialog, width, theme));
        body.extend(form::fields(&fields.fields, fields.at, width, theme));
        body.push(Line::default());
    }
    body.push(Line::from(Span::styled("Gates", theme.strong())));
    body.extend(gate::lines(&plan.gates, width, theme));
    if plan.gates.is_empty() {
        body.push(Line::from(theme.says(State::None, "no gate is configured here")));
    }
    body.push(Line::default());
    if allowed {
        body.extend(steps(plan, width, theme));
        body.push(Line::default());
    } else {
        let revisable = dialog.has_options(around.graph);
        let is_asked = |gate: &Gate| dialog.form.is_some() && gate.can_be_overridden_by_reason();
        body.extend(refusal(plan, is_asked, revisable, width, theme));
    }
    let otherwise = key("Tab", "change options", theme);
    let keys = match allowed {
        false if dialog.form.is_some() => [
            key("Enter", "plan with this reason", theme),
            key("Esc", "close", theme),
        ]
        .concat(),
        false if dialog.has_options(around.graph) => [key("Enter", "close", theme), otherwise].concat(),
        false => key("Enter", "close", theme).to_vec(),
        true => {
            let mut keys = Vec::new();
            if dialog.confirmed() {
                keys.extend(key("Enter", &plan.operation.deed(), theme));
            }
            keys.extend(key("Esc", around.esc(), theme));
            if dialog.has_options(around.graph) {
                keys.extend(otherwise);
            }
            keys
        }
    };
    let state = if allowed { State::Loading } else { State::Bad };
    let what = plan
        .commit
        .as_ref()
        .map(|commit| format!(" {}", commit.short()))
        .unwrap_or_default();
    let title = match &plan.operation {
        Operation::Promote(promote) => format!("Promote{what} to {}", promote.to),
        Operation::Sign(_) => format!("Sign{what}"),
        Operation::Unlock(unlock) => format!("Unlock {}", unlock.part),
        other => sentence(&other.title()),
    };
    Sheet {
        title: &title,
        state,
        body,
        foot: allowed.then(|| confirmation(dialog, theme)),
        keys,
        scroll: dialog.scroll,
    }
    .paint(area, theme, buffer);
}

/// What a reason is asked for.
fn missing(dialog: &PlanDialog, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let why = dialog.asks_reason().unwrap_or_default();
    // What to type on the command line is no use here.
    let why = why.split("; --").next().unwrap_or_default();
    let style = theme.state(State::Attention);
    let pieces = line::wrap(&format!("A reason is required: {why}"), width);
    pieces
        .into_iter()
        .map(|piece| Line::from(Span::styled(piece, style)))
        .collect()
}

/// What changes where it deploys, in a few lines.
fn difference(dialog: &PlanDialog, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let name = |name: &str| Span::styled(format!("{name:<10}"), theme.quiet());
    let room = width.saturating_sub(10);
    match &dialog.difference {
        Difference::None => Vec::new(),
        Difference::Loading => vec![Line::from(vec![
            name("changes"),
            theme.says(State::Loading, "comparing with what is deployed"),
        ])],
        Difference::Failed(why) => {
            let why = line::fit(&format!("unknown: {why}"), room.saturating_sub(2), theme);
            vec![Line::from(vec![
                name("changes"),
                theme.says(State::Unknown, &why),
            ])]
        }
        Difference::Known(lines) => {
            let pieces = lines.iter().flat_map(|text| line::wrap(text, room));
            let named = std::iter::once("changes").chain(std::iter::repeat(""));
            let lines = named.zip(pieces);
            lines
                .map(|(first, piece)| Line::from(vec![name(first), Span::raw(piece)]))
                .collect()
        }
    }
}

fn subject(around: &Around, plan: &Plan, width: usize) -> Vec<Line<'static>> {
    let theme = around.theme;
    let name = |name: &str| Span::styled(format!("{name:<10}"), theme.quiet());
    let row = |what: &str, text: String| {
        Line::from(vec![
            name(what),
            Span::raw(line::fit(&text, width.saturating_sub(10), theme)),
        ])
    };
    let mut head = vec![
        name("what"),
        Span::styled(plan.service.to_string(), theme.strong()),
    ];
    if let Some(tag) = &plan.tag {
        head.push(Span::raw(format!("  {tag}")));
    }
    if let Some(digest) = &plan.digest {
        head.push(Span::styled(format!("  {}", digest.short()), theme.identity()));
    }
    let mut lines = vec![Line::from(head)];
    lines.extend(
        plan.operation
            .facts()
            .into_iter()
            .map(|(name, fact)| row(name, fact)),
    );
    if let Some(replaced) = plan.operation.replaces() {
        let old = replaced.map_or_else(
            || "nothing known".to_owned(),
            |old| {
                let deployed = around.environments.iter().filter_map(|now| now.deployed.value());
                let name = deployed
                    .filter(|image| image.digest == *old)
                    .find_map(|image| image.short.clone());
                name.map_or_else(|| old.short(), |name| format!("{name}  {}", old.short()))
            },
        );
        lines.push(row("replaces", old));
    }
    lines.push(row("plan", plan.hash().to_string()));
    lines
}

/// With a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

fn confirmation(dialog: &PlanDialog, theme: Theme) -> Line<'static> {
    let Confirmation::Typed(text) = &dialog.plan.confirmation else {
        return Line::from(Span::styled(
            "Nothing is changed before you press Enter.",
            theme.quiet(),
        ));
    };
    let mut field = vec![
        Span::raw("To continue, type  "),
        Span::styled(text.clone(), theme.key()),
        Span::raw("  "),
    ];
    field.push(Span::styled(theme.glyph("▸ ", "> "), theme.quiet()));
    field.extend(input::spans(&dialog.typed, theme.strong()));
    if dialog.confirmed() {
        field.push(line::gap());
        field.push(theme.says(State::Ok, "matches, press Enter"));
    } else if dialog.mistyped {
        field.push(line::gap());
        field.push(theme.says(State::Bad, "does not match"));
    }
    Line::from(field)
}

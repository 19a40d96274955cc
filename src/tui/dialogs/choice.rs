//! One of several, with what is known of the selected one below.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::around::Around;
use super::fields::Form;
use super::parts::{Simple, state_of, told};
use super::reply::{DialogSpec, Reply};
use crate::domain::{EnvironmentName, HeldLock, LockNote, LockStanding, age, version_name};
use crate::engine::{Earlier, RollbackRequest, UnlockRequest};
use crate::tui::app::theme::State;
use crate::tui::session::notice::Message;
use crate::tui::session::request::Request;
use crate::tui::widgets::frame::text_width;
use crate::tui::widgets::{gate, line};

/// What an environment has deployed, and ran before, newest first.
#[derive(Debug, Clone)]
pub struct EnvironmentHistory {
    /// What is there now.
    pub deployed: Option<Earlier>,
    /// What a person should know where what runs is not what is deployed, or nobody can say what runs.
    pub note: Option<String>,
    /// The others.
    pub earlier: Vec<Earlier>,
}

/// What one can choose from.
#[derive(Debug, Clone)]
pub enum Choices {
    /// What ran in an environment before, once it is known.
    Past(EnvironmentName, Option<Box<EnvironmentHistory>>),
    /// What is locked at the remote, once it is known.
    Locks(Option<Vec<HeldLock>>),
}

/// One of several is chosen, and then something is done with it.
#[derive(Debug, Clone)]
pub struct ChoiceDialog {
    /// The choices.
    pub choices: Choices,
    /// Why there are none.
    pub error: Option<Message>,
    /// The selected one.
    pub selected: usize,
}

impl ChoiceDialog {
    /// Choices that are still to be looked up.
    pub const fn of(choices: Choices) -> Self {
        Self {
            choices,
            error: None,
            selected: 0,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.choices {
            Choices::Past(_, past) => past.as_ref().map_or(0, |ran| ran.earlier.len()),
            Choices::Locks(locks) => locks.as_ref().map_or(0, Vec::len),
        }
    }

    /// Whether there is nothing to choose from, or not yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl DialogSpec for ChoiceDialog {
    fn on_key(&mut self, key: KeyEvent, around: &Around<'_>) -> Reply {
        let last = self.len().saturating_sub(1);
        self.selected = match key.code {
            KeyCode::Enter => return self.on_enter(around),
            KeyCode::Down | KeyCode::Char('j') => (self.selected + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') => self.selected.saturating_sub(1),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => return Reply::Passed,
        };
        Reply::Taken
    }

    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        paint(around, self, area, buffer);
    }
}

impl ChoiceDialog {
    /// Enter: goes on with what is selected, to say why.
    fn on_enter(&self, around: &Around<'_>) -> Reply {
        match &self.choices {
            Choices::Past(environment, Some(ran)) => {
                let Some(one) = ran.earlier.get(self.selected) else {
                    return Reply::Taken;
                };
                let told = one
                    .gates
                    .iter()
                    .filter(|gate| !gate.verdict.allows())
                    .map(|gate| format!("{}: {}", gate.kind, gate.verdict.reason()));
                let request = RollbackRequest {
                    environment: environment.clone(),
                    to: Some(one.digest.to_string()),
                    reason: String::new(),
                    until: None,
                    accept_findings: false,
                };
                let request = Request::from(request).about(one.digest.short());
                fill(&request, told.collect(), around)
            }
            Choices::Locks(Some(locks)) => {
                let lock = locks.get(self.selected);
                lock.map_or(Reply::Taken, |lock| break_lock(lock, around))
            }
            _ => Reply::Taken,
        }
    }

    /// Learns what an environment ran before.
    pub fn learn_past(&mut self, of: &EnvironmentName, result: Result<Box<EnvironmentHistory>, Message>) {
        if let Choices::Past(environment, past) = &mut self.choices
            && environment == of
        {
            match result {
                Ok(found) => *past = Some(found),
                Err(message) => self.error = Some(message),
            }
        }
    }

    /// Learns what is locked at the remote.
    pub fn learn_locks(&mut self, result: Result<Vec<HeldLock>, Message>) {
        if let Choices::Locks(locks) = &mut self.choices {
            match result {
                Ok(found) => *locks = Some(found),
                Err(message) => self.error = Some(message),
            }
        }
    }
}

fn fill(request: &Request, told: Vec<String>, around: &Around<'_>) -> Reply {
    let form = Form::of(request, around.graph, None);
    form.map_or(Reply::Taken, |form| Reply::Fill(form, told))
}

fn break_lock(lock: &HeldLock, around: &Around<'_>) -> Reply {
    if let Some(service) = lock.subject.service()
        && service.as_str() != around.service
    {
        return Reply::Notice(format!(
            "this lock belongs to {service}: open the console for that service"
        ));
    }
    if around.read_only {
        return Reply::Notice("this console is read-only".to_owned());
    }
    let request = UnlockRequest {
        part: lock.subject.part(),
        reason: String::new(),
        held: false,
    };
    let mut told = vec![lock.words(around.now)];
    if lock.standing(around.now) == LockStanding::Held {
        told.push("it has not expired: break it only with `held`; its owner may still be running".to_owned());
    }
    fill(&request.into(), told, around)
}

fn paint(around: &Around, dialog: &ChoiceDialog, area: Rect, buffer: &mut Buffer) {
    let theme = around.theme;
    let width = text_width(area);
    let (title, waiting) = match &dialog.choices {
        Choices::Past(environment, _) => (
            format!("Roll {environment} back"),
            format!("looking up the earlier deployments of {environment}"),
        ),
        Choices::Locks(_) => ("Locks".to_owned(), "querying the remote".to_owned()),
    };
    let mut body = Vec::new();
    if let Some(message) = &dialog.error {
        body.extend(told(message, width, theme));
    } else {
        body.extend(match &dialog.choices {
            Choices::Past(_, Some(ran)) => past(around, ran, dialog.selected, width),
            Choices::Locks(Some(locks)) => all_locks(around, locks, dialog.selected, width),
            _ => vec![Line::from(theme.says(State::Loading, &waiting))],
        });
    }
    let mut keys = Vec::new();
    if !dialog.is_empty() {
        let what = match &dialog.choices {
            Choices::Past(..) => "roll back to it",
            Choices::Locks(_) => "break it",
        };
        keys.extend([("Enter", what), ("Up Down", "choose")]);
    }
    keys.push(("Esc", around.esc()));
    Simple {
        title: &title,
        state: state_of(dialog.error.as_ref()),
        body,
        keys,
    }
    .paint(around, area, buffer);
}

/// Columns before the name of a deployment: whether it could run again.
const READINESS: usize = 14;

/// A row, marked if it is the selected one.
fn marked(around: &Around, mut spans: Vec<Span<'static>>, selected: bool) -> Line<'static> {
    let theme = around.theme;
    let mark = if selected { theme.glyph("▌ ", "> ") } else { "  " };
    spans.insert(0, Span::styled(mark, theme.accent()));
    let line = Line::from(spans);
    if selected {
        line.patch_style(theme.selected())
    } else {
        line
    }
}

/// What is deployed, what ran before, and whether the selected one could run again.
fn past(around: &Around, ran: &EnvironmentHistory, selected: usize, width: usize) -> Vec<Line<'static>> {
    let theme = around.theme;
    let note = ran.note.iter().flat_map(|note| line::wrap(note, width));
    let mut lines: Vec<_> = note
        .map(|part| Line::from(theme.says(State::Attention, &part)))
        .collect();
    if let Some(deployed) = &ran.deployed {
        let mut spans = vec![Span::styled(
            format!("  {:<READINESS$}", "deployed now"),
            theme.quiet(),
        )];
        spans.extend(names(around, deployed));
        lines.push(Line::from(spans));
    }
    if ran.earlier.is_empty() {
        lines.push(Line::from(theme.says(State::None, "no earlier deployments")));
    }
    for (at, one) in ran.earlier.iter().enumerate() {
        let (state, word) = readiness(one);
        let ready = theme.says(state, word);
        let gap = " ".repeat(READINESS.saturating_sub(ready.width()));
        let mut spans = vec![ready, Span::raw(gap)];
        spans.extend(names(around, one));
        lines.push(marked(around, spans, at == selected));
    }
    let Some(one) = ran.earlier.get(selected) else {
        return lines;
    };
    lines.push(Line::default());
    let built = one.built.map_or_else(
        || "at an unknown time".to_owned(),
        |at| line::ago(around.seconds_since(at)),
    );
    let deployed = one.deployed.strftime("%Y-%m-%d %H:%M UTC");
    let text = format!(
        "{}, built {built}, last deployed on {deployed}",
        one.digest.short()
    );
    lines.push(Line::from(Span::styled(
        line::fit(&text, width, theme),
        theme.strong(),
    )));
    if let Some(at) = one.rolled_back {
        let text = format!(
            "it was itself rolled back {}",
            line::ago(around.seconds_since(at))
        );
        lines.push(Line::from(theme.says(State::Attention, &text)));
    }
    lines.extend(gate::lines(&one.gates, width, theme));
    lines
}

/// In a word, whether it could run again.
fn readiness(one: &Earlier) -> (State, &'static str) {
    if one.is_ready() {
        return (State::Ok, "ready");
    }
    let refused = |gate: &crate::domain::Gate| matches!(gate.verdict, crate::domain::Verdict::Refused(_));
    if one.gates.iter().any(refused) {
        (State::Bad, "not ready")
    } else {
        (State::Unknown, "unknown")
    }
}

/// Version, commit, age, and whether it was rolled back from.
fn names(around: &Around, one: &Earlier) -> Vec<Span<'static>> {
    let theme = around.theme;
    let version = one.version.as_ref().map(|version| version_name(version));
    let commit = one.commit.as_ref().map(|commit| commit.short().to_owned());
    let age = age(around.seconds_since(one.deployed));
    let mut spans = vec![
        Span::styled(
            format!("{:<10}  ", version.unwrap_or_else(|| "?".to_owned())),
            theme.strong(),
        ),
        Span::styled(
            format!("{:<7}  ", commit.unwrap_or_else(|| "?".to_owned())),
            theme.identity(),
        ),
        Span::raw(format!("{:<18}  ", one.digest.short())),
        Span::styled(format!("{age:>4}"), theme.quiet()),
    ];
    if one.rolled_back.is_some() {
        spans.push(line::gap());
        spans.push(theme.says(State::Attention, "rolled back"));
    }
    spans
}

fn all_locks(around: &Around, locks: &[HeldLock], selected: usize, width: usize) -> Vec<Line<'static>> {
    let theme = around.theme;
    if locks.is_empty() {
        return vec![Line::from(
            theme.says(State::Ok, "there are no locks on the remote"),
        )];
    }
    let mut lines = Vec::new();
    for (at, lock) in locks.iter().enumerate() {
        let (state, word) = match (lock.standing(around.now), &lock.note) {
            (LockStanding::Held, Some(_)) => (State::Ok, "held"),
            (LockStanding::Held, None) => (State::Unknown, "held"),
            (LockStanding::Stale { .. }, _) => (State::Stale, "stale"),
        };
        let holder = format!("{}  {}", lock.subject, lock.holder());
        let spans = vec![
            theme.says(state, &format!("{word:<6}")),
            line::gap(),
            Span::raw(line::fit(&holder, width.saturating_sub(12), theme)),
        ];
        lines.push(marked(around, spans, at == selected));
    }
    if let Some(lock) = locks.get(selected) {
        lines.push(Line::default());
        let words = line::wrap(&lock.words(around.now), width);
        lines.extend(words.into_iter().map(Line::from));
        if let Some(purpose) = lock.note.as_ref().map(LockNote::purpose) {
            let text = line::fit(&format!("to {purpose}"), width, theme);
            lines.push(Line::from(Span::styled(text, theme.quiet())));
        }
    }
    lines
}

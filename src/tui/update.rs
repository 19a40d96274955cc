//! A message comes, the model changes, and what is to be done in the world is given back as a list. Total and without a
//! clock: every message can come in every state, and the time is a message as well.

mod ask;
mod board;
mod choice;
mod dialog;
mod findings;
mod form;
mod page;
mod releases;
mod run;

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use jiff::Timestamp;
use secrecy::SecretString;

use super::keymap::{self, Action};
use super::layout;
pub use super::model::Request;
use super::model::{
    Content, Dialog, EnvironmentHistory, Gates, Message, Model, Notice, PageContent, PageOf, ReleasesPane,
    Row, Screen, Standing,
};
use crate::board::{Cell, EnvironmentNow, Facts};
use crate::domain::{CommitSha, Digest, EnvironmentName, HeldLock, Plan};
use crate::engine::{Event, Releases, RunId};

/// Something that the console hears.
#[derive(Debug)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// Pasted text.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal has another size now, in columns and rows.
    Resize(u16, u16),
    /// The time.
    Now(Timestamp),
    /// The process was asked to end.
    Terminate,
    /// The process was asked to stop until it is continued.
    Suspend,
    /// More candidates, and whether these were the last.
    Commits(Vec<Row>, bool),
    /// The history of the branch could not be read.
    HistoryFailed(String),
    /// What is known of a candidate now.
    Facts(CommitSha, Box<Facts>),
    /// What runs in the environments, and when that was found out.
    Environments(Vec<EnvironmentNow>, Timestamp),
    /// What the gates before an environment say.
    Gates(CommitSha, EnvironmentName, Gates),
    /// The findings of a candidate.
    Examined(CommitSha, Content),
    /// The releases, and whether every one was asked for.
    Releases(bool, Result<Releases, Message>),
    /// How the environments stand that promotions reach.
    EnvironmentStatuses(Vec<(EnvironmentName, Cell<Standing>)>),
    /// What an environment runs, and ran before.
    Past(EnvironmentName, Result<Box<EnvironmentHistory>, Message>),
    /// What is locked at the remote.
    Locks(Result<Vec<HeldLock>, Message>),
    /// A text to be read.
    Page(PageOf, PageContent),
    /// What the plan with this number changes where it deploys.
    Compared(u64, Result<Vec<String>, String>),
    /// The answer to the request with this number.
    PlanReady(u64, Result<Box<PlanReady>, Message>),
    /// Whether the run began.
    Started(Result<(RunId, Box<Plan>), Message>),
    /// Something happened in the run.
    Event(Event),
    /// Something is to be read by a person, such as the outcome of a verification.
    Told(Message),
}

/// A plan that was made.
#[derive(Debug)]
pub struct PlanReady {
    /// The plan.
    pub plan: Plan,
    /// Whether carrying it out needs a password.
    pub asks_password: bool,
    /// The version of a release that it cuts.
    pub version: Option<String>,
}

/// What is to be done in the world.
#[derive(Debug)]
pub enum Effect {
    /// Read more of the history.
    More,
    /// These candidates are in sight, the most wanted first.
    LookAt(Vec<CommitSha>),
    /// Ask git and registries again.
    Refresh,
    /// Ask the gates between a candidate and an environment.
    AskGates(CommitSha, EnvironmentName),
    /// Make a plan and answer with this number.
    Plan(u64, Request),
    /// Carry a plan out.
    Start(Box<Plan>, Option<SecretString>),
    /// Stop the run cleanly.
    Stop,
    /// Verify the signature of a digest in an environment.
    Verify(Digest, EnvironmentName),
    /// Read the findings of a candidate, judged by the rules of an environment.
    Examine(CommitSha, Option<EnvironmentName>),
    /// Ask for the releases; for every one, however old, if so.
    Releases(bool),
    /// Ask how the environments stand.
    EnvironmentStatuses,
    /// Ask what an environment ran before.
    Past(EnvironmentName),
    /// Ask what is locked at the remote.
    Locks,
    /// Make a text.
    Page(PageOf),
    /// Compare what runs with what the plan with this number brings.
    Compare(u64, Digest, Digest),
    /// Open a page in the browser.
    Open(String),
    /// Put text on the clipboard.
    Copy(String),
    /// End the making of the plan that was asked for last: nobody waits for it.
    CancelPlan,
    /// Show the fleet.
    ShowFleet,
    /// Stop the process and give the terminal to the shell, until it is continued.
    Suspend,
    /// Leave the console.
    Quit,
}

/// Changes the model as the message says, and tells what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let sight = |model: &Model| (model.board.top, model.board.height, model.board.rows.len());
    let before = sight(model);
    let mut effects = Vec::new();
    handle(model, msg, &mut effects);
    layout::measure(model);
    board::read_on(&mut model.board, &mut effects);
    if sight(model) != before {
        effects.push(Effect::LookAt(board::wishes(&model.board)));
    }
    effects
}

fn handle(model: &mut Model, msg: Msg, effects: &mut Vec<Effect>) {
    match msg {
        Msg::Key(key) if key.kind == KeyEventKind::Release => {}
        Msg::Key(key) => on_key(model, key, effects),
        Msg::Paste(text) => on_paste(model, &text),
        Msg::Mouse(mouse) => on_mouse(model, mouse),
        Msg::Resize(width, height) => model.size = (width, height),
        Msg::Now(now) => {
            model.now = now;
            board::ask_gates(model, effects);
        }
        Msg::Terminate => leave(model, effects),
        Msg::Suspend => effects.push(Effect::Suspend),
        Msg::Commits(rows, at_end) => board::on_commits(&mut model.board, rows, at_end),
        Msg::HistoryFailed(why) => {
            model.board.trouble = Some(why);
            model.board.complete = true;
        }
        Msg::Facts(commit, facts) => board::on_facts(&mut model.board, &commit, *facts),
        Msg::Environments(running, at) => {
            model.board.running = running;
            model.board.fresh_at = Some(at);
            ask::standings(model, effects);
        }
        Msg::Gates(commit, environment, gates) => {
            model.board.gates.insert((commit, environment), gates);
        }
        Msg::Examined(commit, content) => findings::on_examined(model, &commit, content),
        Msg::Releases(all, result) => releases::on_releases(model, all, result),
        Msg::EnvironmentStatuses(all) => {
            model.standings.asking = false;
            model.standings.all = all;
        }
        Msg::Past(environment, result) => choice::on_past(model, &environment, result),
        Msg::Locks(result) => choice::on_locks(model, result),
        Msg::Page(of, content) => page::on_page(model, &of, content),
        Msg::Compared(ticket, result) => ask::on_compared(model, ticket, result),
        Msg::PlanReady(ticket, result) => ask::on_planned(model, ticket, result, effects),
        Msg::Started(result) => run::on_started(model, result, effects),
        Msg::Event(event) => run::on_event(model, event, effects),
        Msg::Told(message) => model.dialog = Some(Dialog::Message(message)),
    }
}

fn on_key(model: &mut Model, key: KeyEvent, effects: &mut Vec<Effect>) {
    model.notice = None;
    // As in a shell, wherever one is: the terminal does not make a signal of it in raw mode.
    if key.code == KeyCode::Char('z') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return effects.push(Effect::Suspend);
    }
    if model.dialog.is_some() {
        return dialog::on_key(model, key, effects);
    }
    if model.help.is_some() {
        return on_help_key(model, key);
    }
    if dialog::search_takes(model, key) {
        return;
    }
    let Some(action) = keymap::action_of(model.screen, key) else {
        return;
    };
    if let Err(why) = keymap::enabled(model, action) {
        model.notice = Some(Notice {
            text: why,
            grave: true,
        });
        return;
    }
    match (action, model.screen) {
        (Action::Help, _) => model.help = Some(0),
        (Action::Quit, _) => quit(model, effects),
        (Action::Fleet, _) => effects.push(Effect::ShowFleet),
        (Action::Back, _) if model.is_bare_board() => effects.push(Effect::ShowFleet),
        (Action::Watch, _) => model.screen = Screen::Run,
        (Action::Findings, Screen::Board) => findings::open(model, effects),
        (Action::Releases, Screen::Board) => releases::open(model, effects),
        (_, Screen::Releases) => releases::on_action(model, action, effects),
        (_, Screen::Page) => page::on_action(model, action, effects),
        (_, Screen::Findings) => findings::on_action(model, action, effects),
        (_, Screen::Board) => board::on_action(model, action, effects),
        (_, Screen::Run) => run::on_action(model, action, effects),
    }
}

fn on_help_key(model: &mut Model, key: KeyEvent) {
    let lines = keymap::BINDINGS.len();
    let page = usize::from(model.size.1).saturating_sub(6).max(1);
    let at = model.help.unwrap_or_default();
    model.help = match keymap::action_of(model.screen, key) {
        Some(Action::Down) => Some((at + 1).min(lines)),
        Some(Action::Up) => Some(at.saturating_sub(1)),
        Some(Action::PageDown) => Some((at + page).min(lines)),
        Some(Action::PageUp) => Some(at.saturating_sub(page)),
        Some(Action::First) => Some(0),
        _ => None,
    };
}

fn on_paste(model: &mut Model, text: &str) {
    if let Some(dialog) = &mut model.dialog {
        return dialog::paste(dialog, text);
    }
    if let Some(search) = model.typed_search() {
        search.input.insert(text);
        model.notice = None;
        dialog::seek(model);
    }
}

fn on_mouse(model: &mut Model, mouse: MouseEvent) {
    const LINES: usize = 3;
    if model.dialog.is_some() || model.help.is_some() {
        return;
    }
    match mouse.kind {
        MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
            let down = mouse.kind == MouseEventKind::ScrollDown;
            match model.screen {
                Screen::Run => model.run.iter_mut().for_each(|run| run::scroll(run, down, LINES)),
                Screen::Findings => {
                    let findings = model.findings.iter_mut();
                    findings.for_each(|findings| findings::step(findings, down, LINES));
                }
                Screen::Releases => releases::step(model, down, LINES),
                Screen::Page => model
                    .page
                    .iter_mut()
                    .for_each(|page| page::step(page, down, LINES)),
                Screen::Board => board::step(&mut model.board, down, LINES),
            }
        }
        MouseEventKind::Down(MouseButton::Left) => {
            let Some(index) = layout::row_at(model, mouse.column, mouse.row) else {
                return;
            };
            if let (Screen::Run, Some(run)) = (model.screen, &mut model.run) {
                return run::select(run, index);
            }
            if let (Screen::Findings, Some(findings)) = (model.screen, &mut model.findings) {
                return findings.select(findings.top + index);
            }
            if let (Screen::Releases, Some(releases)) = (model.screen, &mut model.releases) {
                releases.pane = ReleasesPane::List;
                return releases.select(releases.top + index);
            }
            if model.screen == Screen::Page {
                return;
            }
            let index = model.board.top + index;
            if index < model.board.rows.len() {
                model.board.select(index);
            }
        }
        _ => {}
    }
}

fn quit(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.is_running() {
        model.dialog = Some(Dialog::Quit);
    } else {
        effects.push(Effect::Quit);
    }
}

/// Leaves without a question; a run at work is stopped cleanly first.
fn leave(model: &mut Model, effects: &mut Vec<Effect>) {
    model.leaving = true;
    match &mut model.run {
        Some(run) if run.ended.is_none() => {
            run.stopping = true;
            effects.push(Effect::Stop);
        }
        _ => effects.push(Effect::Quit),
    }
}

//! A message comes, the model changes, and what is to be done in the world is given back as a list. Total and without a
//! clock: every message can come in every state, and the time is a message as well.

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::approvals;
use super::dialogs;
use super::leaving;
use super::message::{Effect, Msg};
use super::model::Model;
use super::notice::Notice;
use super::plans;
use crate::tui::dialogs::{Dialog, HelpDialog};
use crate::tui::screens::board::{HistoryState, environments, update as board};
use crate::tui::screens::findings::update as findings;
use crate::tui::screens::keys::Action;
use crate::tui::screens::page::update as page;
use crate::tui::screens::releases::update as releases;
use crate::tui::screens::run::update as run;
use crate::tui::screens::runs::{listing, update as runs};
use crate::tui::screens::table;
use crate::tui::widgets::search::{Search, SearchKey};

/// Lines that a turn of the mouse wheel moves.
const WHEEL: usize = 3;

/// Changes the model as the message says, and tells what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let sight = |model: &Model| (model.board.top, model.board.height, model.board.rows.len());
    let before = sight(model);
    let mut effects = Vec::new();
    handle(model, msg, &mut effects);
    measure(model);
    board::read_on(&mut model.board, &mut effects);
    if sight(model) != before {
        effects.push(Effect::LookAt(board::wishes(&model.board)));
    }
    effects
}

/// Tells every screen how many lines its parts have now.
pub fn measure(model: &mut Model) {
    for (_, spec) in table::SCREENS {
        spec.measure(model);
    }
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
            board::ask_checks(model, effects);
            environments::look_again(model, effects);
            listing::look_again(model, effects);
        }
        Msg::Terminate => leaving::leave(model, effects),
        Msg::Suspend => effects.push(Effect::Suspend),
        Msg::Commits(rows, at_end) => board::on_commits(&mut model.board, rows, at_end, effects),
        Msg::HistoryFailed(why) => {
            model.board.trouble = Some(why);
            model.board.history = HistoryState::Complete;
        }
        Msg::Facts(commit, facts) => board::on_facts(&mut model.board, &commit, *facts),
        Msg::Environments(all, at, alone) => {
            environments::on_environments(model, all, at);
            if !alone {
                model.board.fresh_at = Some(at);
                plans::standings(model, effects);
            }
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
        Msg::Past(environment, result) => {
            if let Some(choice) = model.dialogs.choice() {
                choice.learn_past(&environment, result);
            }
        }
        Msg::Locks(result) => {
            if let Some(choice) = model.dialogs.choice() {
                choice.learn_locks(result);
            }
        }
        Msg::Page(of, content) => page::on_page(model, &of, content),
        Msg::Compared(ticket, result) => plans::on_compared(model, ticket, result),
        Msg::PlanReady(ticket, result) => plans::on_planned(model, ticket, result, effects),
        Msg::Started(result) => run::on_started(model, result, effects),
        Msg::Event(event) => run::on_event(model, event, effects),
        Msg::PastRuns(result) => runs::on_past(model, result),
        Msg::Replayed(result) => run::on_replayed(model, result),
        Msg::RemoteRuns(result) => listing::on_listed(model, result),
        Msg::CommitStates(asked, answer) => model.board.checks.learn(asked, answer),
        Msg::CommitChecks(commit, answer) => {
            model.board.checks.asking_details = None;
            model.board.checks.details.insert(commit, answer);
        }
        Msg::WaitingRun(number, result) => approvals::on_waiting(model, number, result),
        Msg::Reviewed(review, result) => approvals::on_reviewed(model, &review, result, effects),
        Msg::Told(message) => model.dialogs.push(Dialog::Message(message)),
    }
}

fn on_key(model: &mut Model, key: KeyEvent, effects: &mut Vec<Effect>) {
    model.notice = None;
    model.touched = model.now;
    // As in a shell, wherever one is: the terminal does not make a signal of it in raw mode.
    if key.code == KeyCode::Char('z') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return effects.push(Effect::Suspend);
    }
    if !model.dialogs.is_empty() {
        return dialogs::on_key(model, key, effects);
    }
    if search_takes(model, key) {
        return;
    }
    let Some(action) = table::action_of(model.screen, key) else {
        return;
    };
    let spec = table::spec(model.screen);
    if let Err(text) = spec.enabled(model, action) {
        model.notice = Some(Notice { text, grave: true });
        return;
    }
    match action {
        Action::Help => open_help(model),
        Action::Quit => leaving::quit(model, effects),
        _ => spec.act(model, action, effects),
    }
}

fn open_help(model: &mut Model) {
    let spec = table::spec(model.screen);
    let keys = table::bindings(model.screen)
        .map(|binding| (binding, spec.enabled(model, binding.action).err()))
        .collect();
    model.dialogs.push(Dialog::Help(HelpDialog {
        title: spec.help_title(),
        keys,
        scroll: 0,
    }));
}

/// The search that is being typed, if one is.
fn typed_search(model: &mut Model) -> Option<&mut Search> {
    let search = table::spec(model.screen).search_mut(model);
    search.filter(|search| search.typing)
}

/// Gives the key to the search that is being typed; tells whether there is one.
fn search_takes(model: &mut Model, key: KeyEvent) -> bool {
    let Some(search) = typed_search(model) else {
        return false;
    };
    match search.on_key(key) {
        SearchKey::Dropped => table::spec(model.screen).drop_search(model),
        SearchKey::Edited => seek(model),
        SearchKey::Kept | SearchKey::Ignored => {}
    }
    true
}

/// Goes to what is searched for, or says that there is none.
fn seek(model: &mut Model) {
    if !table::spec(model.screen).seek(model) {
        let text = "not found".to_owned();
        model.notice = Some(Notice { text, grave: true });
    }
}

fn on_paste(model: &mut Model, text: &str) {
    if let Some(dialog) = model.dialogs.top_mut() {
        return dialog.spec_mut().paste(text);
    }
    if let Some(search) = typed_search(model) {
        search.input.insert(text);
        model.notice = None;
        seek(model);
    }
}

fn on_mouse(model: &mut Model, mouse: MouseEvent) {
    if !model.dialogs.is_empty() {
        return;
    }
    let spec = table::spec(model.screen);
    match mouse.kind {
        MouseEventKind::ScrollDown => spec.scroll(model, true, WHEEL),
        MouseEventKind::ScrollUp => spec.scroll(model, false, WHEEL),
        MouseEventKind::Down(MouseButton::Left) => {
            let rows = spec.rows(model);
            if rows.contains((mouse.column, mouse.row).into()) {
                spec.select(model, usize::from(mouse.row - rows.y));
            }
        }
        _ => {}
    }
}

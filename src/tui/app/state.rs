//! The whole console: the fleet, and a session for each service that someone opened. A message reaches the session that it
//! is meant for, whichever is shown, so that facts load and runs go on while someone looks elsewhere.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::theme::Theme;
use crate::domain::{Exit, ServiceId};
use crate::tui::dialogs::Around;
use crate::tui::screens::board::Numbering;
use crate::tui::screens::fleet;
use crate::tui::screens::fleet::{FleetEffect, FleetModel, FleetMsg, RunNote};
use crate::tui::session::view::{Console, in_ascii};
use crate::tui::session::{self, Effect, Model, Msg, Notice};

/// Names a session for as long as the console is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(usize);

impl SessionId {
    /// Its place among the sessions, in the order they were opened.
    pub(in crate::tui) const fn place(self) -> usize {
        self.0
    }
}

/// A service that someone opened: its board, its releases, its run.
#[derive(Debug, Clone)]
pub struct Session {
    /// The service.
    pub service: ServiceId,
    /// What the console knows of it.
    pub model: Model,
}

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The fleet.
    Fleet,
    /// A session.
    Session(SessionId),
}

/// The whole console.
#[derive(Debug, Clone)]
pub struct App {
    theme: Theme,
    size: (u16, u16),
    now: Timestamp,
    /// The fleet, where there is one.
    pub fleet: Option<FleetModel>,
    sessions: Vec<Session>,
    shown: Shown,
    /// Whether the console ends as soon as no run is active.
    is_leaving: bool,
}

/// Something that the console hears.
#[derive(Debug)]
pub enum AppMsg {
    /// A key, pasted text, the mouse, the size, the time or a signal: what is shown hears it, or all do.
    Input(Msg),
    /// An answer to a session.
    Session(SessionId, Msg),
    /// An answer to the fleet.
    Fleet(FleetMsg),
}

/// What is to be done in the world.
#[derive(Debug)]
pub enum AppEffect {
    /// What a session asks for.
    Session(SessionId, Effect),
    /// Open the board of the service at this place of the fleet, and show it.
    Open(usize),
    /// Look at every service of the fleet.
    LookAtFleet,
    /// Draw a frame at once.
    Draw,
    /// Stop the process and give the terminal to the shell, until it is continued.
    Suspend,
    /// Leave the console.
    Quit,
}

/// From this age on, in seconds, the fleet is looked at again when it is shown.
const FLEET_IS_OLD: i64 = 60;

impl App {
    /// A console that shows the fleet, or, where there is none, nothing until a session is opened.
    pub const fn new(theme: Theme, size: (u16, u16), now: Timestamp, fleet: Option<FleetModel>) -> Self {
        Self {
            theme,
            size,
            now,
            fleet,
            sessions: Vec::new(),
            shown: Shown::Fleet,
            is_leaving: false,
        }
    }

    /// What fills the screen.
    pub const fn shown(&self) -> Shown {
        self.shown
    }

    /// The session of a service, where someone opened it.
    pub fn session_of(&self, service: &ServiceId) -> Option<SessionId> {
        let found = self
            .sessions
            .iter()
            .position(|session| session.service == *service);
        found.map(SessionId)
    }

    /// A session; none that was never opened.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(id.0)
    }

    /// Begins a session and shows it.
    pub fn open(&mut self, service: ServiceId, model: Model) -> SessionId {
        let id = SessionId(self.sessions.len());
        self.sessions.push(Session { service, model });
        self.show(id);
        id
    }

    /// Shows a session that is open already.
    pub fn show(&mut self, id: SessionId) {
        self.shown = Shown::Session(id);
        let (size, now, has_fleet) = (self.size, self.now, self.fleet.is_some());
        if let Some(session) = self.sessions.get_mut(id.0) {
            session.model.size = size;
            session.model.now = now;
            session.model.has_fleet = has_fleet;
            session::measure(&mut session.model);
        }
        self.count_runs();
    }

    /// The size of the terminal that the next frame is for, in columns and rows.
    pub const fn size(&self) -> (u16, u16) {
        self.size
    }

    /// How many runs are active, in all sessions.
    fn active(&self) -> usize {
        let active = self
            .sessions
            .iter()
            .map(|session| session.model.runs.active().count());
        active.sum()
    }

    /// Tells each session which runs are active elsewhere, and the fleet which run each session has.
    fn count_runs(&mut self) {
        let active: Vec<Vec<String>> = self
            .sessions
            .iter()
            .map(|session| session.model.active_runs().collect())
            .collect();
        for (at, session) in self.sessions.iter_mut().enumerate() {
            let others = active.iter().enumerate().filter(|(other, _)| *other != at);
            session.model.elsewhere = others.flat_map(|(_, runs)| runs.iter().cloned()).collect();
        }
        let Some(fleet) = &mut self.fleet else { return };
        for row in &mut fleet.rows {
            let session = self.sessions.iter().find(|session| session.service == row.id);
            row.run = session.and_then(|session| note(&session.model));
        }
    }
}

/// The runs of a session, in short.
fn note(model: &Model) -> Option<RunNote> {
    let active = model.runs.active().count();
    if active > 1 {
        return Some(RunNote::Active(format!("{active} runs")));
    }
    let run = model.runs.newest()?;
    let title = run.plan.operation.title();
    Some(match &run.ended {
        None => RunNote::Active(title),
        Some(ended) if ended.exit == Exit::Done => RunNote::Done(title),
        Some(_) => RunNote::Failed(title),
    })
}

/// Changes the console as the message says, and tells what is to be done.
pub fn update(app: &mut App, msg: AppMsg) -> Vec<AppEffect> {
    match msg {
        AppMsg::Input(msg) => on_input(app, msg),
        AppMsg::Session(id, msg) => to_session(app, id, msg),
        AppMsg::Fleet(msg) => to_fleet(app, msg),
    }
}

fn on_input(app: &mut App, msg: Msg) -> Vec<AppEffect> {
    match msg {
        Msg::Suspend => vec![AppEffect::Suspend],
        Msg::Terminate => leave(app),
        Msg::Resize(width, height) => {
            app.size = (width, height);
            measure_fleet(app);
            to_shown(app, msg)
        }
        Msg::Now(now) => {
            app.now = now;
            to_shown(app, msg)
        }
        msg => to_shown(app, msg),
    }
}

/// Gives what a person did to what is shown.
fn to_shown(app: &mut App, msg: Msg) -> Vec<AppEffect> {
    if let Shown::Session(id) = app.shown {
        return to_session(app, id, msg);
    }
    match msg {
        Msg::Key(key) => to_fleet(app, FleetMsg::Key(key)),
        Msg::Paste(text) => to_fleet(app, FleetMsg::Paste(text)),
        Msg::Mouse(mouse) => to_fleet(app, FleetMsg::Mouse(mouse)),
        _ => Vec::new(),
    }
}

fn to_session(app: &mut App, id: SessionId, msg: Msg) -> Vec<AppEffect> {
    let Some(session) = app.sessions.get_mut(id.0) else {
        return Vec::new();
    };
    let was_active = session.model.runs.active().count();
    let effects = session::update(&mut session.model, msg);
    let (active, has_left) = (session.model.runs.active().count(), session.model.leaving);
    let mut asked = Vec::new();
    for effect in effects {
        match effect {
            Effect::Quit => asked.extend(leave(app)),
            Effect::Suspend => asked.push(AppEffect::Suspend),
            Effect::Draw if app.shown == Shown::Session(id) => asked.push(AppEffect::Draw),
            Effect::Draw => {}
            Effect::ShowFleet => asked.extend(show_fleet(app)),
            effect => asked.push(AppEffect::Session(id, effect)),
        }
    }
    if has_left && !app.is_leaving && active > 0 {
        asked.extend(leave(app));
    }
    if was_active != active {
        app.count_runs();
        if was_active > active {
            tell_of_end(app, id);
        }
    }
    asked
}

fn to_fleet(app: &mut App, msg: FleetMsg) -> Vec<AppEffect> {
    let active = app
        .sessions
        .iter()
        .flat_map(|session| session.model.active_runs());
    let active = active.collect();
    let around = around(app.theme, app.now, app.size);
    let Some(fleet) = &mut app.fleet else {
        return Vec::new();
    };
    let effects = fleet::update(fleet, msg, active, &around);
    measure_fleet(app);
    let mut asked = Vec::new();
    for effect in effects {
        match effect {
            FleetEffect::Open(at) => asked.extend(open(app, at)),
            FleetEffect::Refresh => asked.push(AppEffect::LookAtFleet),
            FleetEffect::Quit => asked.extend(leave(app)),
        }
    }
    asked
}

/// Shows the session of a service of the fleet, or has it opened.
fn open(app: &mut App, at: usize) -> Option<AppEffect> {
    let service = app.fleet.as_ref()?.rows.get(at)?.id.clone();
    match app.session_of(&service) {
        Some(id) => {
            app.show(id);
            None
        }
        None => Some(AppEffect::Open(at)),
    }
}

fn show_fleet(app: &mut App) -> Option<AppEffect> {
    let now = app.now;
    let fleet = app.fleet.as_mut()?;
    app.shown = Shown::Fleet;
    let is_old = fleet
        .fresh_at
        .is_none_or(|at| now.as_second() - at.as_second() > FLEET_IS_OLD);
    let asks = is_old && !fleet.asking;
    fleet.asking |= asks;
    measure_fleet(app);
    app.count_runs();
    asks.then_some(AppEffect::LookAtFleet)
}

/// Leaves; runs that are active are stopped cleanly first, and the last of them ends the console.
fn leave(app: &mut App) -> Vec<AppEffect> {
    if app.active() == 0 {
        return vec![AppEffect::Quit];
    }
    let was_leaving = std::mem::replace(&mut app.is_leaving, true);
    if was_leaving {
        return Vec::new();
    }
    let mut asked = Vec::new();
    for (at, session) in app.sessions.iter_mut().enumerate() {
        if session.model.is_running() && !session.model.leaving {
            let effects = session::update(&mut session.model, Msg::Terminate);
            asked.extend(
                effects
                    .into_iter()
                    .map(|effect| AppEffect::Session(SessionId(at), effect)),
            );
        }
    }
    asked
}

/// Says where one is that a run elsewhere has ended.
fn tell_of_end(app: &mut App, id: SessionId) {
    if app.shown == Shown::Session(id) {
        return;
    }
    let Some(session) = app.sessions.get(id.0) else {
        return;
    };
    let Some(ended) = session.model.runs.last_ended().and_then(|run| run.ended.as_ref()) else {
        return;
    };
    let notice = Notice {
        text: format!("{}: {}", session.model.service, ended.summary),
        grave: ended.exit != Exit::Done,
    };
    match app.shown {
        Shown::Fleet => app
            .fleet
            .iter_mut()
            .for_each(|fleet| fleet.notice = Some(notice.clone())),
        Shown::Session(shown) => {
            if let Some(shown) = app.sessions.get_mut(shown.0) {
                shown.model.notice = Some(notice);
            }
        }
    }
}

/// What a dialog sees that stands over the fleet: no service.
fn around(theme: Theme, now: Timestamp, (_, height): (u16, u16)) -> Around<'static> {
    Around {
        theme,
        now,
        service: "",
        read_only: true,
        graph: &[],
        environments: &[],
        numbering: Numbering::default(),
        is_stacked: false,
        height,
    }
}

fn measure_fleet(app: &mut App) {
    let height = app.size.1;
    if let Some(fleet) = &mut app.fleet {
        fleet.height = fleet::rows_height(fleet, height);
        fleet.select(fleet.selected);
    }
}

impl Widget for &App {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let session = match self.shown {
            Shown::Session(id) => self.session(id),
            Shown::Fleet => None,
        };
        match (session, &self.fleet) {
            (Some(session), _) => Console(&session.model).render(area, buffer),
            (None, Some(fleet)) if (area.width, area.height) == self.size => {
                fleet::paint(fleet, self.theme, self.now, self.active(), area, buffer);
                if let Some(dialog) = &fleet.dialog {
                    dialog
                        .spec()
                        .paint(&around(self.theme, self.now, self.size), area, buffer);
                }
                if self.theme.ascii {
                    in_ascii(buffer);
                }
            }
            (None, _) => {}
        }
    }
}

//! The whole console: the fleet, and a session for each service that someone opened. A message reaches the session that it
//! is meant for, whichever is shown, so that facts load and runs go on while someone looks elsewhere.

use jiff::Timestamp;

use super::theme::Theme;
use crate::domain::{Exit, ServiceId};
use crate::tui::screens::fleet::{FleetModel, FleetMsg, RunNote};
use crate::tui::session::{self, Effect, Model, Msg};

/// Names a session for as long as the console is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(super) usize);

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
    pub(super) theme: Theme,
    pub(super) size: (u16, u16),
    pub(super) now: Timestamp,
    /// The fleet, where there is one.
    pub fleet: Option<FleetModel>,
    pub(super) sessions: Vec<Session>,
    pub(super) shown: Shown,
    /// Whether the console ends as soon as no run is active.
    pub(super) is_leaving: bool,
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
    pub(super) fn active(&self) -> usize {
        let active = self
            .sessions
            .iter()
            .map(|session| session.model.runs.active().count());
        active.sum()
    }

    /// Tells each session which runs are active elsewhere, and the fleet which run each session has.
    pub(super) fn count_runs(&mut self) {
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
    let title = run.subject.title.clone();
    Some(match &run.ended {
        None => RunNote::Active(title),
        Some(ended) if ended.exit == Exit::Done => RunNote::Done(title),
        Some(_) => RunNote::Failed(title),
    })
}

//! What the console knows. Nothing in here does anything; `update` changes it.

use jiff::Timestamp;

use super::notice::Notice;
use super::request::Request;
use super::standing::EnvironmentStatuses;
use crate::tui::app::theme::Theme;
use crate::tui::dialogs::{Around, Dialogs};
use crate::tui::screens::Screen;
use crate::tui::screens::board::BoardModel;
use crate::tui::screens::findings::FindingsModel;
use crate::tui::screens::page::PageModel;
use crate::tui::screens::releases::ReleasesModel;
use crate::tui::screens::runs::Runs;

/// How long after the last key somebody is still taken to look, in seconds.
const SOMEBODY_LOOKS: i64 = 300;

/// Everything that a frame is painted from.
#[derive(Debug, Clone)]
pub struct Model {
    /// The service.
    pub service: String,
    /// Whether there is a fleet to go back to.
    pub has_fleet: bool,
    /// The runs that are active in other sessions, each in a few words.
    pub elsewhere: Vec<String>,
    /// The look.
    pub theme: Theme,
    /// Whether the console was started read-only.
    pub read_only: bool,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The time, as of the last message that told it.
    pub now: Timestamp,
    /// When a key was pressed last, or the session was shown first.
    pub touched: Timestamp,
    /// Where one is.
    pub screen: Screen,
    /// The board.
    pub board: BoardModel,
    /// The runs that were started here.
    pub runs: Runs,
    /// The findings of a candidate, if somebody looked.
    pub findings: Option<FindingsModel>,
    /// Releases, if somebody looked.
    pub releases: Option<ReleasesModel>,
    /// A text, if somebody read one.
    pub page: Option<PageModel>,
    /// How the environments stand.
    pub standings: EnvironmentStatuses,
    /// The screen that a run goes back to.
    pub before_run: Screen,
    /// The screen that the list of runs goes back to.
    pub before_runs: Screen,
    /// What the newest plan was asked for.
    pub asked: Option<Request>,
    /// What stands over the screen.
    pub dialogs: Dialogs,
    /// A notice, until the next key.
    pub notice: Option<Notice>,
    /// Whether the console ends as soon as the run has.
    pub leaving: bool,
    /// The number of the newest request for a plan; answers to older ones are dropped.
    pub ticket: u64,
}

impl Model {
    /// A console that knows nothing yet.
    pub fn new(service: &str, theme: Theme, read_only: bool, size: (u16, u16), now: Timestamp) -> Self {
        Self {
            service: service.to_owned(),
            has_fleet: false,
            elsewhere: Vec::new(),
            theme,
            read_only,
            size,
            now,
            touched: now,
            screen: Screen::Board,
            board: BoardModel::default(),
            runs: Runs::default(),
            findings: None,
            releases: None,
            page: None,
            standings: EnvironmentStatuses::default(),
            before_run: Screen::Board,
            before_runs: Screen::Board,
            asked: None,
            dialogs: Dialogs::default(),
            notice: None,
            leaving: false,
            ticket: 0,
        }
    }

    /// Whether a run is active.
    pub fn is_running(&self) -> bool {
        self.runs.active().next().is_some()
    }

    /// The runs that are active, each in a few words.
    pub fn active_runs(&self) -> impl Iterator<Item = String> {
        let service = &self.service;
        self.runs
            .active()
            .map(move |run| format!("{service}: {}", run.subject.title))
    }

    /// What a dialog sees of it.
    pub fn around(&self) -> Around<'_> {
        Around {
            theme: self.theme,
            now: self.now,
            service: &self.service,
            read_only: self.read_only,
            graph: &self.board.graph,
            environments: &self.board.environments,
            numbering: self.board.numbering,
            is_stacked: self.dialogs.len() > 1,
            height: self.size.1,
        }
    }

    /// Whether a run may be started, and why not.
    pub fn may_write(&self) -> Result<(), String> {
        if self.read_only {
            return Err("this console is read-only".to_owned());
        }
        Ok(())
    }

    /// Whether a key was pressed lately, so that it is worth asking others for news.
    pub fn somebody_looks(&self) -> bool {
        self.seconds_since(self.touched) <= SOMEBODY_LOOKS
    }

    /// Whole seconds from `then` to now.
    pub fn seconds_since(&self, then: Timestamp) -> i64 {
        self.now.as_second() - then.as_second()
    }
}

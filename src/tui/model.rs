//! What the console knows. Nothing in here does anything; [`update`](super::update) changes it.

mod board;
mod dialog;
mod document;
mod findings;
mod form;
mod input;
mod page;
mod releases;
mod request;
mod run;
mod search;
mod sight;

use jiff::Timestamp;

pub use board::{BoardModel, Gates, Numbering, Row};
pub use dialog::{
    ChoiceDialog, Choices, CutDialog, Dialog, Difference, EnvironmentHistory, FormDialog, Message, PlanDialog,
};
pub use document::of_document;
pub use findings::{Content, Findings, FindingsModel, Sort, standing};
pub use form::{Field, Form, Value};
pub use input::TextInput;
pub use page::{Ink, PageContent, PageLine, PageModel, PageOf, of_markdown};
pub use releases::{EnvironmentStatuses, ReleasesModel, ReleasesPane, Standing, next, production, reached};
pub use request::{Promotion, Request};
pub use run::{Blob, Ended, LogLine, LogStyle, Pane, RunModel, StepRow, StepState};
pub use search::{Search, SearchKey, next_match};
pub use sight::first_in_sight;

use super::theme::Theme;

/// The screens that one can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// The candidates of the service.
    Board,
    /// A run.
    Run,
    /// The findings of a candidate.
    Findings,
    /// Releases and environments.
    Releases,
    /// A text.
    Page,
}

impl Screen {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 5] = [Self::Board, Self::Releases, Self::Run, Self::Findings, Self::Page];

    /// One word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Run => "run",
            Self::Findings => "findings",
            Self::Releases => "releases",
            Self::Page => "text",
        }
    }
}

/// A short notice in the place of the footer: why a key did nothing, or that something was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub text: String,
    /// Whether a person should look.
    pub grave: bool,
}

/// Everything that a frame is painted from.
#[derive(Debug, Clone)]
pub struct Model {
    /// The service.
    pub service: String,
    /// Whether there is a fleet to go back to.
    pub has_fleet: bool,
    /// How many runs are active in other sessions.
    pub elsewhere: usize,
    /// The look.
    pub theme: Theme,
    /// Whether the console was started read-only.
    pub read_only: bool,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The time, as of the last message that told it.
    pub now: Timestamp,
    /// Where one is.
    pub screen: Screen,
    /// The board.
    pub board: BoardModel,
    /// The run, if there was one.
    pub run: Option<RunModel>,
    /// The findings of a candidate, if somebody looked.
    pub findings: Option<FindingsModel>,
    /// Releases, if somebody looked.
    pub releases: Option<ReleasesModel>,
    /// A text, if somebody read one.
    pub page: Option<PageModel>,
    /// How the environments stand.
    pub standings: EnvironmentStatuses,
    /// The screen that a run was begun on.
    pub before_run: Screen,
    /// What the newest plan was asked for.
    pub asked: Option<Request>,
    /// What stands over the screen.
    pub dialog: Option<Dialog>,
    /// Whether the help stands over the screen, and its first line in sight.
    pub help: Option<usize>,
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
            elsewhere: 0,
            theme,
            read_only,
            size,
            now,
            screen: Screen::Board,
            board: BoardModel::default(),
            run: None,
            findings: None,
            releases: None,
            page: None,
            standings: EnvironmentStatuses::default(),
            before_run: Screen::Board,
            asked: None,
            dialog: None,
            help: None,
            notice: None,
            leaving: false,
            ticket: 0,
        }
    }

    /// Whether a run is at work.
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.ended.is_none())
    }

    /// What is searched for where one is; nothing on a screen that has no search.
    pub fn search(&self) -> Option<&Search> {
        match self.screen {
            Screen::Board => self.board.search.as_ref(),
            Screen::Run => self.run.as_ref()?.search.as_ref(),
            Screen::Findings => self.findings.as_ref()?.filter.as_ref(),
            Screen::Page => self.page.as_ref()?.search.as_ref(),
            Screen::Releases => None,
        }
    }

    /// The search that is being typed, if one is.
    pub fn typed_search(&mut self) -> Option<&mut Search> {
        let search = match self.screen {
            Screen::Board => self.board.search.as_mut(),
            Screen::Run => self.run.as_mut()?.search.as_mut(),
            Screen::Findings => self.findings.as_mut()?.filter.as_mut(),
            Screen::Page => self.page.as_mut()?.search.as_mut(),
            Screen::Releases => None,
        };
        search.filter(|search| search.typing)
    }

    /// Whether the board is shown with nothing over it that Esc would take away.
    pub fn is_bare_board(&self) -> bool {
        self.screen == Screen::Board && !self.board.details && self.board.search.is_none()
    }

    /// Whole seconds from `then` to now.
    pub fn seconds_since(&self, then: Timestamp) -> i64 {
        self.now.as_second() - then.as_second()
    }
}

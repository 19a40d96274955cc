//! What the console knows of the fleet.

use jiff::Timestamp;

use crate::domain::ServiceId;
use crate::fleet::ServiceStatus;
use crate::tui::dialogs::Dialog;
use crate::tui::session::Notice;
use crate::tui::widgets::search::Search;

/// The fleet.
#[derive(Debug, Clone)]
pub struct FleetModel {
    /// What it is called: the file, or the only project.
    pub name: String,
    /// The services, in the order of the files.
    pub rows: Vec<FleetRow>,
    /// What is wrong with whole projects, each with what to do.
    pub troubles: Vec<(String, Option<String>)>,
    /// Whether all services are of one project, whose name then says nothing.
    pub is_one_project: bool,
    /// The selected row, among those that the filter leaves.
    pub selected: usize,
    /// The first row in sight, among those that the filter leaves.
    pub top: usize,
    /// Rows that fit on the screen.
    pub height: usize,
    /// What is filtered by.
    pub filter: Option<Search>,
    /// What stands over the screen.
    pub dialog: Option<Dialog>,
    /// A notice, until the next key.
    pub notice: Option<Notice>,
    /// When every service had answered last.
    pub fresh_at: Option<Timestamp>,
    /// Whether services are being looked at.
    pub asking: bool,
}

/// A service.
#[derive(Debug, Clone)]
pub struct FleetRow {
    /// What tells it apart.
    pub id: ServiceId,
    /// What is known of it.
    pub status: ServiceStatus,
    /// The newest run of its session, if there was one.
    pub run: Option<RunNote>,
}

/// A run of a session, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunNote {
    /// It goes on.
    Active(String),
    /// It ended well.
    Done(String),
    /// It ended otherwise.
    Failed(String),
}

impl FleetModel {
    /// A fleet of which nothing is known yet.
    pub fn new(name: String, services: Vec<(ServiceId, ServiceStatus)>) -> Self {
        let first = services.first().map(|(id, _)| id.project.clone());
        let is_one_project = services.iter().all(|(id, _)| Some(&id.project) == first.as_ref());
        let rows = services.into_iter().map(|(id, status)| FleetRow {
            id,
            status,
            run: None,
        });
        Self {
            name,
            rows: rows.collect(),
            troubles: Vec::new(),
            is_one_project,
            selected: 0,
            top: 0,
            height: 1,
            filter: None,
            dialog: None,
            notice: None,
            fresh_at: None,
            asking: false,
        }
    }

    /// The places in `rows` of those that the filter leaves.
    pub fn shown(&self) -> Vec<usize> {
        let needle = self.filter.as_ref().map(Search::needle).unwrap_or_default();
        let matches = |row: &FleetRow| row.status.name().to_lowercase().contains(&needle);
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| matches(row)).map(|(at, _)| at).collect()
    }

    /// The place in `rows` of the selected one.
    pub fn current(&self) -> Option<usize> {
        self.shown().get(self.selected).copied()
    }

    /// Selects a row, and keeps it in sight.
    pub fn select(&mut self, at: usize) {
        let count = self.shown().len();
        self.selected = at.min(count.saturating_sub(1));
        let height = self.height.max(1);
        if self.selected < self.top {
            self.top = self.selected;
        } else if self.selected >= self.top + height {
            self.top = self.selected + 1 - height;
        }
        self.top = self.top.min(count.saturating_sub(height));
    }

    /// The name of a row as it is shown.
    pub fn name_of(&self, row: &FleetRow) -> String {
        if self.is_one_project {
            row.status.service.to_string()
        } else {
            row.status.name()
        }
    }
}

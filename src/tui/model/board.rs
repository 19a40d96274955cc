//! The board as it is shown: one row for each candidate, one cell of the ribbon for each environment.

use jiff::Timestamp;

use super::TextInput;
use crate::domain::{Clean, CommitSha, Counts, Digest, EnvironmentName, Gate};

/// Something that was looked up, or is being looked up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fact<T> {
    /// Not known yet.
    #[default]
    Loading,
    /// There is none, and why.
    None(String),
    /// It could not be found out, and why.
    Failed(String),
    /// Known.
    Ready(T),
    /// Known from earlier; it is being looked up again, or could not be.
    Stale(T),
}

impl<T> Fact<T> {
    /// What is known, fresh or stale.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Ready(value) | Self::Stale(value) => Some(value),
            Self::Loading | Self::None(_) | Self::Failed(_) => None,
        }
    }
}

/// The image of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its digest.
    pub digest: Digest,
    /// Its platforms, as `linux/amd64`.
    pub platforms: Vec<String>,
    /// Compressed bytes of all platforms.
    pub size: u64,
}

/// What the newest scan of an image found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// Findings by severity.
    pub counts: Counts,
    /// Its age in seconds.
    pub age: i64,
}

/// Where a candidate is, and whether it may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Where {
    /// The environment.
    pub environment: EnvironmentName,
    /// Whether the image is there.
    pub there: Fact<bool>,
}

/// A candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The commit it is built from.
    pub commit: CommitSha,
    /// Its author.
    pub author: Clean,
    /// When it was committed.
    pub time: Timestamp,
    /// Its first line.
    pub subject: Clean,
    /// The tag that its image has.
    pub tag: String,
    /// Its image in the first environment.
    pub image: Fact<Image>,
    /// The newest scan.
    pub scan: Fact<Scan>,
    /// Whether it is signed in the furthest environment.
    pub signed: Fact<bool>,
    /// Environments in the order of the graph.
    pub places: Vec<Where>,
    /// The environment that it could be promoted to, with every gate.
    pub next: Option<(EnvironmentName, Fact<Vec<Gate>>)>,
}

impl Row {
    /// A row of which only the commit is known.
    pub fn of_commit(commit: CommitSha, author: Clean, time: Timestamp, subject: Clean, tag: String) -> Self {
        Self {
            commit,
            author,
            time,
            subject,
            tag,
            image: Fact::Loading,
            scan: Fact::Loading,
            signed: Fact::Loading,
            places: Vec::new(),
            next: None,
        }
    }

    /// Whether a search for `needle`, in lower case, finds it.
    pub fn matches(&self, needle: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(needle);
        self.commit.as_str().starts_with(needle)
            || has(self.subject.as_str())
            || has(self.author.as_str())
            || self
                .image
                .known()
                .is_some_and(|image| image.digest.to_string().contains(needle))
    }
}

/// What runs in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentNow {
    /// Which.
    pub environment: EnvironmentName,
    /// Whether a promotion there is confirmed by typing.
    pub protected: bool,
    /// The digest that runs.
    pub digest: Fact<Digest>,
    /// The commit or the tag of it, if that is known.
    pub name: Option<String>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Whether it is signed with the key of the environment.
    pub signed: Fact<bool>,
}

/// The board.
#[derive(Debug, Clone, Default)]
pub struct BoardModel {
    /// The ribbon, in the order of the graph.
    pub environments: Vec<EnvironmentNow>,
    /// The candidates, newest first.
    pub rows: Vec<Row>,
    /// Whether the history was read to its end.
    pub complete: bool,
    /// The branch whose history it is.
    pub branch: String,
    /// When the registries answered last.
    pub fresh_at: Option<Timestamp>,
    /// What could not be reached, where something could not.
    pub trouble: Option<String>,
    /// The selected row.
    pub selected: usize,
    /// The first row on the screen.
    pub top: usize,
    /// Rows that fit on the screen, as the last frame found it.
    pub height: usize,
    /// Whether the details fill the screen, where it is too narrow to show them below.
    pub details: bool,
    /// What is searched for, and whether it is being typed.
    pub search: Option<TextInput>,
    /// Whether the search is being typed.
    pub searching: bool,
}

impl BoardModel {
    /// The selected candidate.
    pub fn current(&self) -> Option<&Row> {
        self.rows.get(self.selected)
    }

    /// Selects the row at `index`, or the nearest there is, and scrolls so that it is seen.
    pub fn select(&mut self, index: usize) {
        self.selected = index.min(self.rows.len().saturating_sub(1));
        self.reveal();
    }

    /// Scrolls so that the selected row is seen.
    pub fn reveal(&mut self) {
        let height = self.height.max(1);
        self.top = self
            .top
            .clamp((self.selected + 1).saturating_sub(height), self.selected);
        self.top = self.top.min(self.rows.len().saturating_sub(height));
    }

    /// The next row that the search finds, from the selected one on, around the end.
    pub fn find(&self, forward: bool, from_here: bool) -> Option<usize> {
        let needle = self.search.as_ref()?.text().to_lowercase();
        let n = self.rows.len();
        if needle.is_empty() || n == 0 {
            return None;
        }
        let start = usize::from(!from_here);
        (start..n + start)
            .map(|step| {
                if forward {
                    (self.selected + step) % n
                } else {
                    (self.selected + n - step % n) % n
                }
            })
            .find(|index| self.rows[*index].matches(&needle))
    }
}

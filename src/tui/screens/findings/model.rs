//! The findings of one candidate: sorted and searched through beforehand, so that a frame only picks the rows in sight.

use std::sync::Arc;

use jiff::Timestamp;
use memchr::memmem;

use crate::domain::{CommitSha, EnvironmentName, Judged, Judgement, Standing};
use crate::tui::session::Message;
use crate::tui::widgets::search::Search;
use crate::tui::widgets::sight::first_in_sight;

/// What findings are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The gravest first.
    Severity,
    /// By package.
    Package,
    /// By name.
    Id,
    /// What can be mended first.
    Fixed,
}

impl Sort {
    /// All, in the order in which the key goes through them.
    pub const ALL: [Self; 4] = [Self::Severity, Self::Package, Self::Id, Self::Fixed];

    /// What it is called.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Package => "package",
            Self::Id => "id",
            Self::Fixed => "fix",
        }
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

/// Everything that is known of the findings of an image, in every order.
#[derive(Debug)]
pub struct Findings {
    /// By whose rules they are judged; none where the next environment has none.
    pub environment: Option<EnvironmentName>,
    /// The verdict, the findings, the notes.
    pub judgement: Judgement,
    /// When the oldest report was made, if every report says it.
    pub made: Option<Timestamp>,
    /// The date of the oldest database, if every report says it.
    pub database: Option<Timestamp>,
    /// What the findings do not tell: images that were not scanned, reports that examined nothing.
    pub gaps: Vec<String>,
    /// What a filter looks through, in lower case: all of it in one piece, which is much faster to go through.
    text: String,
    /// Where the part of each finding begins, and the end of the last.
    starts: Vec<usize>,
    orders: [Vec<u32>; 4],
}

impl Findings {
    /// Puts them into every order. Takes its time: not for the task that paints.
    pub fn new(
        judgement: Judgement,
        environment: Option<EnvironmentName>,
        made: Option<Timestamp>,
        database: Option<Timestamp>,
    ) -> Self {
        let mut text = String::new();
        let mut starts = vec![0];
        for judged in &judgement.findings {
            text.push_str(&haystack(judged));
            starts.push(text.len());
        }
        let sorted = |sort: Sort| {
            let mut order: Vec<u32> = (0..).take(judgement.findings.len()).collect();
            let of = |at: u32| &judgement.findings[at as usize].finding;
            // Stable: what is equal stays by severity.
            match sort {
                Sort::Severity => {}
                Sort::Package => order.sort_by(|a, b| of(*a).package.cmp(&of(*b).package)),
                Sort::Id => order.sort_by(|a, b| of(*a).id.cmp(&of(*b).id)),
                Sort::Fixed => order.sort_by_key(|at| of(*at).fixed.is_none()),
            }
            order
        };
        let orders = Sort::ALL.map(sorted);
        Self {
            environment,
            judgement,
            made,
            database,
            gaps: Vec::new(),
            text,
            starts,
            orders,
        }
    }

    /// The same with what they do not tell.
    #[must_use]
    pub fn with_gaps(mut self, gaps: Vec<String>) -> Self {
        self.gaps = gaps;
        self
    }

    /// The findings that `needle`, in lower case, is part of, in that order.
    fn pick(&self, sort: Sort, needle: &str) -> Vec<u32> {
        let order = &self.orders[Sort::ALL.iter().position(|one| *one == sort).unwrap_or(0)];
        if needle.is_empty() {
            return order.clone();
        }
        let has = self.with(needle);
        order.iter().filter(|at| has[**at as usize]).copied().collect()
    }

    /// Which findings have `needle` in their part of the text.
    fn with(&self, needle: &str) -> Vec<bool> {
        let finder = memmem::Finder::new(needle);
        let mut has = vec![false; self.judgement.findings.len()];
        let (mut from, mut finding) = (0, 0);
        while let Some(found) = self
            .text
            .as_bytes()
            .get(from..)
            .and_then(|rest| finder.find(rest))
        {
            let place = from + found;
            while self.starts.get(finding + 1).is_some_and(|end| *end <= place) {
                finding += 1;
            }
            let Some(here) = has.get_mut(finding) else { break };
            *here = true;
            from = self.starts.get(finding + 1).copied().unwrap_or(usize::MAX);
        }
        has
    }
}

fn haystack(judged: &Judged) -> String {
    let finding = &judged.finding;
    let mut text = format!(
        "{}\n{}\n{}\n{}\n{}\n{}\n",
        finding.id,
        finding.aliases.join("\n"),
        finding.package,
        finding.severity,
        standing(judged),
        finding.title
    );
    text.make_ascii_lowercase();
    text
}

/// What a finding means to the gate, in a few words.
pub fn standing(judged: &Judged) -> String {
    match &judged.standing {
        Standing::Suppressed { by } => by.words(),
        Standing::Counts { waived_until: None } => "counts".to_owned(),
        Standing::Counts {
            waived_until: Some(day),
        } => format!("counts: its waiver expired on {day}"),
        Standing::Passes { why } => why.clone(),
    }
}

/// Findings on their way.
#[derive(Debug, Clone)]
pub enum Content {
    /// Being read.
    Loading,
    /// They could not be read.
    Failed(Message),
    /// All of them.
    Known(Arc<Findings>),
}

/// The screen of findings.
#[derive(Debug, Clone)]
pub struct FindingsModel {
    /// The candidate.
    pub commit: CommitSha,
    /// Its findings.
    pub content: Content,
    /// What they are sorted by.
    pub sort: Sort,
    /// What they are filtered by.
    pub filter: Option<Search>,
    /// Those that the filter lets through, in order.
    pub shown: Vec<u32>,
    /// The selected one, as an index into `shown`.
    pub selected: usize,
    /// The first one on the screen.
    pub top: usize,
    /// How many fit on the screen.
    pub height: usize,
}

impl FindingsModel {
    /// Of a candidate whose reports are still to be read.
    pub fn of(commit: CommitSha) -> Self {
        Self {
            commit,
            content: Content::Loading,
            sort: Sort::Severity,
            filter: None,
            shown: Vec::new(),
            selected: 0,
            top: 0,
            height: 0,
        }
    }

    /// All findings, once they are there.
    pub const fn findings(&self) -> Option<&Arc<Findings>> {
        match &self.content {
            Content::Known(findings) => Some(findings),
            Content::Loading | Content::Failed(_) => None,
        }
    }

    /// The finding at a place of the list.
    pub fn at(&self, place: usize) -> Option<&Judged> {
        let index = *self.shown.get(place)? as usize;
        self.findings()?.judgement.findings.get(index)
    }

    /// The selected finding.
    pub fn current(&self) -> Option<&Judged> {
        self.at(self.selected)
    }

    /// Picks and orders anew; the first one is selected.
    pub fn refresh(&mut self) {
        let needle = self
            .filter
            .as_ref()
            .map(|filter| filter.input.text().to_lowercase());
        self.shown = self
            .findings()
            .map(|findings| findings.pick(self.sort, &needle.unwrap_or_default()))
            .unwrap_or_default();
        self.selected = 0;
        self.top = 0;
    }

    /// Selects the finding at `place`, or the nearest there is, and scrolls so that it is seen.
    pub fn select(&mut self, place: usize) {
        self.selected = place.min(self.shown.len().saturating_sub(1));
        self.reveal();
    }

    /// Scrolls so that the selected finding is seen.
    pub fn reveal(&mut self) {
        self.top = first_in_sight(self.top, self.selected, self.height, self.shown.len());
    }
}

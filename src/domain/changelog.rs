//! What was committed between two points, put in order for people: by what kind of change it is, with the pull requests
//! and the tickets that it came by.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use serde::Serialize;

use super::change_kind::ChangeKind;
use super::conventional::Conventional;
use super::{Clean, CommitSha, TicketPattern, TicketUrl, clean_line, clean_text, count, markdown_escape};

/// A commit as a changelog reads it.
#[derive(Debug, Clone, Copy)]
pub struct Committed<'a> {
    /// Its name.
    pub commit: &'a CommitSha,
    /// Whether it has several parents.
    pub is_merge: bool,
    /// The whole message; it need not be harmless yet.
    pub message: &'a str,
}

impl ChangeKind {
    /// What kind of change a commit is by its message. The notes and the proposed version read it in this one way.
    pub fn of_message(message: &str) -> Self {
        let message = message.trim();
        let subject = message.lines().next().unwrap_or_default();
        Conventional::read(message, subject).map_or_else(
            || {
                if subject.starts_with("Revert \"") {
                    Self::Revert
                } else {
                    Self::Other
                }
            },
            |reading| reading.kind,
        )
    }
}

/// One change of a changelog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The commit; of a change that came by a merge with the same words, the merge.
    pub commit: CommitSha,
    /// The kind.
    pub kind: ChangeKind,
    /// What the subject says it is about: `api` of `feat(api): …`.
    pub scope: Option<Clean>,
    /// The subject without type, scope and pull requests.
    pub description: Clean,
    /// What breaks, where the message tells it apart.
    #[serde(rename = "breaking")]
    pub breaks: Option<Clean>,
    /// The pull requests that it came by.
    pub pull_requests: Vec<u64>,
    /// The tickets that the message names.
    pub tickets: Vec<Clean>,
}

/// Changes of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeGroup {
    /// The kind.
    pub kind: ChangeKind,
    /// How many there are, also where fewer are listed.
    pub count: usize,
    /// The changes, in the order of the commits.
    pub entries: Vec<Entry>,
}

/// The changes between two points, grouped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Changelog {
    /// How many commits there are, merges and all.
    pub commits: usize,
    /// The pull requests that they came by.
    pub pull_requests: BTreeSet<u64>,
    /// The tickets that they name.
    pub tickets: BTreeSet<Clean>,
    /// The changes by kind, none of them empty.
    pub groups: Vec<ChangeGroup>,
}

impl Changelog {
    /// Puts commits in order, the newest first within each kind if they come in that order. A merge that says what the
    /// commit it merges says is the same change.
    pub fn of<'a>(changes: impl IntoIterator<Item = Committed<'a>>, tickets: &TicketPattern) -> Self {
        let mut log = Self::default();
        let mut groups: BTreeMap<ChangeKind, Vec<Entry>> = BTreeMap::new();
        // Where a merge with these words stands.
        let mut merged: HashMap<(ChangeKind, Option<Clean>, Clean), usize> = HashMap::new();
        for change in changes {
            log.commits += 1;
            let entry = Entry::of(&change, tickets);
            log.pull_requests.extend(&entry.pull_requests);
            log.tickets.extend(entry.tickets.iter().cloned());
            let group = groups.entry(entry.kind).or_default();
            let words = (entry.kind, entry.scope.clone(), entry.description.clone());
            if change.is_merge {
                merged.insert(words, group.len());
            } else if let Some(known) = merged.remove(&words).and_then(|at| group.get_mut(at)) {
                known.take_in(entry);
                continue;
            }
            group.push(entry);
        }
        let groups = groups.into_iter().map(|(kind, entries)| ChangeGroup {
            kind,
            count: entries.len(),
            entries,
        });
        log.groups = groups.collect();
        log
    }

    /// Whether nothing was committed.
    pub const fn is_empty(&self) -> bool {
        self.commits == 0
    }

    /// How many changes are listed, and how many there are.
    pub fn listed(&self) -> (usize, usize) {
        let listed = self.groups.iter().map(|group| group.entries.len()).sum();
        (listed, self.groups.iter().map(|group| group.count).sum())
    }

    /// The same with at most `limit` changes listed, those of the first kinds first; all are still counted.
    #[must_use]
    pub fn limited(mut self, limit: usize) -> Self {
        let mut left = limit;
        for group in &mut self.groups {
            group.entries.truncate(left);
            left -= group.entries.len();
        }
        self
    }

    /// `14 commits, 6 pull requests, 3 tickets`.
    pub fn summary(&self) -> String {
        self.counts().join(", ")
    }

    /// The parts of the summary; what there is none of is left out, but for the commits.
    pub fn counts(&self) -> Vec<String> {
        let mut parts = vec![count(self.commits, "commit")];
        for (n, what) in [
            (self.pull_requests.len(), "pull request"),
            (self.tickets.len(), "ticket"),
        ] {
            if n > 0 {
                parts.push(count(n, what));
            }
        }
        parts
    }

    /// The changes as Markdown, a heading of `level` for each kind; merges that say nothing are left out. Whatever was
    /// committed is shown as text and obeyed nowhere.
    pub fn markdown(&self, level: usize, tickets: Option<&TicketUrl>) -> String {
        let mut out = String::new();
        for group in self.groups.iter().filter(|group| group.kind != ChangeKind::Merge) {
            // Writing to a String does not fail.
            let _ = writeln!(out, "{} {}\n", "#".repeat(level), group.kind.heading());
            for entry in &group.entries {
                let _ = writeln!(out, "- {}", entry.markdown(tickets));
            }
            match group.count - group.entries.len() {
                0 => {}
                more => {
                    let _ = writeln!(out, "- … and {more} more");
                }
            }
            out.push('\n');
        }
        if out.is_empty() {
            out.push_str("No changes.\n");
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }
}

impl Entry {
    /// `api: paginate refunds (the old parameter is gone)`: what it is about, what it does, what breaks.
    pub fn words(&self) -> String {
        let scope = self.scope.as_ref();
        let scope = scope.map_or_else(String::new, |scope| format!("{scope}: "));
        let breaks = self.breaks.as_ref();
        let breaks = breaks.map_or_else(String::new, |breaks| format!(" ({breaks})"));
        format!("{scope}{}{breaks}", self.description)
    }

    /// `#482 PAY-12`: the pull requests that it came by, then the tickets that it names.
    pub fn references(&self) -> String {
        let numbers = self.pull_requests.iter().map(|number| format!("#{number}"));
        let tickets = self.tickets.iter().map(ToString::to_string);
        numbers.chain(tickets).collect::<Vec<_>>().join(" ")
    }

    fn of(change: &Committed<'_>, tickets: &TicketPattern) -> Self {
        let message = clean_text(change.message);
        let message = message.trim();
        let (head, body) = message.split_once("\n\n").unwrap_or((message, ""));
        let subject = clean_line(head);
        let (bare, mut pull_requests) = without_pull_requests(&subject);
        let mut entry = Self {
            commit: change.commit.clone(),
            kind: ChangeKind::Other,
            scope: None,
            description: Clean::line(bare),
            breaks: None,
            pull_requests: Vec::new(),
            tickets: tickets.find(message),
        };
        if let Some(number) = merge_of(&subject, body) {
            pull_requests.push(number);
        }
        let reading = Conventional::read(message, &subject);
        if let Some(reading) = reading {
            entry.kind = reading.kind;
            // Under its heading a type says nothing more; one that has no heading stays.
            if entry.kind != ChangeKind::Other {
                entry.scope = reading.scope.map(|scope| Clean::line(&scope));
                let description = clean_line(&reading.description);
                entry.description = Clean::line(without_pull_requests(&description).0);
            }
            entry.breaks = reading.breaks.map(|breaks| Clean::line(&breaks));
        } else if subject.starts_with("Revert \"") {
            entry.kind = ChangeKind::Revert;
        } else if change.is_merge || subject.starts_with("Merge ") || subject.starts_with("Merged ") {
            entry.kind = ChangeKind::Merge;
        }
        pull_requests.sort_unstable();
        pull_requests.dedup();
        entry.pull_requests = pull_requests;
        entry
    }

    /// Takes in what `other`, the same change in the same words, came by.
    fn take_in(&mut self, other: Self) {
        self.pull_requests.extend(other.pull_requests);
        self.pull_requests.sort_unstable();
        self.pull_requests.dedup();
        for ticket in other.tickets {
            if !self.tickets.contains(&ticket) {
                self.tickets.push(ticket);
            }
        }
        self.breaks = self.breaks.take().or(other.breaks);
    }

    fn markdown(&self, tickets: Option<&TicketUrl>) -> String {
        let mut line = self.scope.as_ref().map_or_else(String::new, |scope| {
            format!("**{}:** ", markdown_escape(scope.as_str()))
        });
        line.push_str(&markdown_escape(self.description.as_str()));
        let mut by: Vec<String> = self
            .pull_requests
            .iter()
            .map(|number| format!("#{number}"))
            .collect();
        // A ticket that the description names is not named again, unless there is somewhere to go.
        for ticket in &self.tickets {
            let shown = markdown_escape(ticket.as_str());
            match tickets {
                Some(url) => by.push(format!("[{shown}]({})", url.of(ticket))),
                None if !self.description.as_str().contains(ticket.as_str()) => by.push(shown),
                None => {}
            }
        }
        if by.is_empty() {
            by.push(self.commit.short().to_owned());
        }
        let _ = write!(line, " ({})", by.join(", "));
        if let Some(breaks) = &self.breaks {
            let _ = write!(line, "<br>{}", markdown_escape(breaks.as_str()));
        }
        line
    }
}

/// A subject without the pull requests at its end, and their numbers: `fix: rounding (#482)`. Only at its end, because
/// the subject of a revert quotes another one's.
fn without_pull_requests(subject: &str) -> (&str, Vec<u64>) {
    let (mut rest, mut numbers) = (subject.trim(), Vec::new());
    while let Some((before, inside)) = rest.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        let parsed: Option<Vec<u64>> = inside
            .split(',')
            .map(|part| part.trim().strip_prefix(['#', '!'])?.parse().ok())
            .collect();
        match parsed {
            Some(parsed) if !before.trim().is_empty() => {
                numbers.extend(parsed);
                rest = before.trim_end();
            }
            _ => break,
        }
    }
    (rest, numbers)
}

/// The pull request that a merge is of, as GitHub, GitLab, Bitbucket and Azure DevOps write them.
fn merge_of(subject: &str, body: &str) -> Option<u64> {
    let number = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        text[..digits].parse().ok()
    };
    let marked = |text: &str, mark: &str| text.split_once(mark).and_then(|(_, rest)| number(rest));
    if let Some(rest) = subject.strip_prefix("Merge pull request #") {
        return number(rest);
    }
    if let Some(rest) = subject.strip_prefix("Merged PR ") {
        return number(rest);
    }
    if subject.starts_with("Merged in ") {
        return marked(subject, "(pull request #");
    }
    let see = body
        .lines()
        .find_map(|line| line.strip_prefix("See merge request "))?;
    marked(see, "!")
}

#[cfg(test)]
mod tests;

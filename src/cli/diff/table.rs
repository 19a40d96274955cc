//! A comparison for a person.

use std::io::Write as _;

use jiff::Timestamp;

use crate::cli::failure::Failure;
use crate::cli::table;
use crate::cli::{Output, words};
use crate::domain::{
    Change, Changelog, Clean, Comparison, Entry, FilesDiff, FindingsDiff, ImageDiff, PackageDiff, Side,
    bytes, count,
};

/// How many files are named.
const FILES: usize = 12;

/// Where the lines go, and how long they may be.
struct Page<'a> {
    io: &'a mut Output,
    width: Option<usize>,
    colour: bool,
    limit: usize,
}

/// Prints all parts, those with something in them.
pub(super) fn print(
    comparison: &Comparison,
    limit: usize,
    now: Timestamp,
    io: &mut Output,
) -> Result<(), Failure> {
    let (width, colour) = (io.columns(), io.colour());
    let mut page = Page {
        io,
        width,
        colour,
        limit,
    };
    let Comparison {
        service, from, to, ..
    } = comparison;
    page.rows(
        &[vec![format!(
            "{service}: changes from {1} to {0}",
            to.name, from.name
        )]],
        0,
    )?;
    page.rows(&[side(from, now), side(to, now)], 2)?;
    writeln!(page.io.out)?;
    page.wrapped(&comparison.headline(), " · ", 0)?;
    if let Some(changes) = comparison.changes.as_ref().filter(|changes| !changes.is_empty()) {
        page.log("COMMITS", changes)?;
    }
    if let Some(back) = &comparison.taken_back {
        page.log("TAKEN BACK", back)?;
    }
    if comparison.elsewhere > 0 {
        let more = count(comparison.elsewhere, "commit");
        page.rows(&[vec![format!("and {more} outside the service's folder")]], 2)?;
    }
    if let Some(files) = comparison.files.as_ref().filter(|files| files.count > 0) {
        page.files(files)?;
    }
    if let Some(image) = comparison.image.as_ref().filter(|image| !image.same) {
        page.image(image)?;
    }
    if let Some(packages) = comparison
        .packages
        .as_ref()
        .filter(|_| !comparison.is_same_image())
    {
        page.packages(packages)?;
    }
    if let Some(findings) = comparison
        .vulnerabilities
        .as_ref()
        .filter(|_| !comparison.is_same_image())
    {
        page.findings(findings)?;
    }
    page.unknown(comparison)
}

/// Name, commit, digest, place and subject.
fn side(side: &Side, now: Timestamp) -> Vec<String> {
    let place = side.image.as_ref().map(|image| match image.since {
        Some(since) => format!("deployed since {}", words::since(Some(since), now)),
        None => format!("in {}", image.environment),
    });
    let commit = side.commit.as_ref();
    let image = side.image.as_ref();
    vec![
        side.name.to_string(),
        commit.map_or_else(|| "?".to_owned(), |commit| commit.short().to_owned()),
        image.map_or_else(|| "– no image".to_owned(), |image| image.digest.short()),
        place.unwrap_or_default(),
        side.subject.as_ref().map(ToString::to_string).unwrap_or_default(),
    ]
}

impl Page<'_> {
    fn rows(&mut self, rows: &[Vec<String>], indent: usize) -> Result<(), Failure> {
        Ok(table::print_indented(rows, indent, self.width, &mut self.io.out)?)
    }

    /// What must not be cut, on as many lines as it needs; `between` stands between the parts of which none is broken.
    fn wrapped(&mut self, text: &str, between: &str, indent: usize) -> Result<(), Failure> {
        use unicode_width::UnicodeWidthStr as _;
        let room = self
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(indent));
        let mut line = String::new();
        let mut lines = Vec::new();
        for part in text.split(between) {
            let longer = line.width() + between.width() + part.width();
            if line.is_empty() {
                part.clone_into(&mut line);
            } else if longer > room {
                lines.push(std::mem::replace(&mut line, part.to_owned()));
            } else {
                line.push_str(between);
                line.push_str(part);
            }
        }
        lines.push(line);
        for line in lines {
            writeln!(self.io.out, "{}{line}", " ".repeat(indent))?;
        }
        Ok(())
    }

    fn head(&mut self, title: &str, words: &str) -> Result<(), Failure> {
        let (bold, plain) = if self.colour {
            ("\u{1b}[1m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        writeln!(self.io.out)?;
        let words = self.width.map_or_else(
            || words.to_owned(),
            |width| crate::cli::board::cut(words, width.saturating_sub(title.len() + 2)),
        );
        let line = format!("{bold}{title}{plain}  {words}");
        Ok(writeln!(self.io.out, "{}", line.trim_end())?)
    }

    fn more(&mut self, more: usize, indent: usize) -> Result<(), Failure> {
        if more > 0 {
            self.rows(&[vec![format!("… and {more} more")]], indent)?;
        }
        Ok(())
    }

    fn log(&mut self, title: &str, log: &Changelog) -> Result<(), Failure> {
        self.head(title, &log.summary())?;
        // All of them in one table, so that the columns of all kinds stand in line.
        let entries = log.groups.iter().flat_map(|group| &group.entries);
        let rows: Vec<Vec<String>> = entries.map(entry).collect();
        let mut rows = aligned(rows).into_iter();
        for group in &log.groups {
            let heading = group.kind.heading();
            let heading = match group.count - group.entries.len() {
                0 => heading.to_owned(),
                more => format!("{heading} ({}, {more} not listed)", group.count),
            };
            self.rows(&[vec![heading]], 2)?;
            let of_group: Vec<_> = rows.by_ref().take(group.entries.len()).collect();
            self.rows(&of_group, 4)?;
        }
        let (listed, all) = log.listed();
        if listed < all {
            self.rows(
                &[vec![format!("… {listed} of {all} listed; --limit lists more")]],
                2,
            )?;
        }
        Ok(())
    }

    fn files(&mut self, files: &FilesDiff) -> Result<(), Failure> {
        self.head("FILES", &files.summary())?;
        let shown = files.listed.iter().take(FILES.min(self.limit));
        let rows: Vec<_> = shown
            .map(|file| {
                let lines = match (file.added, file.removed) {
                    (0, 0) => String::new(),
                    (added, removed) => format!("+{added} −{removed}"),
                };
                vec![file.kind.symbol().to_owned(), file.path.to_string(), lines]
            })
            .collect();
        self.rows(&rows, 2)?;
        self.more(files.count - rows.len(), 2)
    }

    fn image(&mut self, image: &ImageDiff) -> Result<(), Failure> {
        self.head("IMAGE", &image.size_words())?;
        let mut rows = Vec::new();
        for layers in &image.layers {
            let platform = layers
                .platform
                .as_ref()
                .map_or_else(|| "layers".to_owned(), ToString::to_string);
            let kept = format!("{} kept {}", layers.kept, bytes(layers.kept_bytes));
            let new = format!("{} new {}", layers.new.len(), bytes(layers.new_bytes()));
            let gone = format!("{} gone {}", layers.gone.len(), bytes(layers.gone_bytes()));
            rows.push(vec![format!("{platform}:"), kept, new, gone]);
        }
        for (word, platforms) in [
            ("added", &image.platforms_added),
            ("removed", &image.platforms_removed),
        ] {
            rows.extend(
                platforms
                    .iter()
                    .map(|platform| vec![format!("{platform}:"), word.to_owned()]),
            );
        }
        self.rows(&rows, 2)?;
        let settings = image.settings.iter().map(|change| {
            let value =
                |value: &Option<Clean>| value.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
            let platforms: Vec<_> = change.only_on.iter().map(ToString::to_string).collect();
            let only = if platforms.is_empty() {
                String::new()
            } else {
                format!("on {}", platforms.join(", "))
            };
            vec![
                change.setting.to_string(),
                value(&change.from),
                "→".to_owned(),
                value(&change.to),
                only,
            ]
        });
        self.rows(&settings.collect::<Vec<_>>(), 2)
    }

    fn packages(&mut self, packages: &PackageDiff) -> Result<(), Failure> {
        let counts = match packages.counts() {
            counts if counts.is_empty() => format!("no difference in {}", packages.same),
            counts => counts.join(", "),
        };
        self.head("PACKAGES", &format!("{counts}; by {}", packages.to))?;
        let rows: Vec<_> = packages
            .changes
            .iter()
            .take(self.limit)
            .map(|package| {
                let versions = |all: &[Clean]| all.iter().map(Clean::as_str).collect::<Vec<_>>().join(", ");
                let arrow = if package.from.is_empty() || package.to.is_empty() {
                    ""
                } else {
                    "→"
                };
                vec![
                    format!("{} {}", package.change.symbol(), package.change.word()),
                    package.name.to_string(),
                    versions(&package.from),
                    arrow.to_owned(),
                    versions(&package.to),
                    package.kind.to_string(),
                ]
            })
            .collect();
        self.rows(&rows, 2)?;
        self.more(packages.changes.len() - rows.len(), 2)
    }

    fn findings(&mut self, findings: &FindingsDiff) -> Result<(), Failure> {
        let words = match findings.counts() {
            counts if counts.is_empty() => format!("no difference; {} on both sides", findings.same),
            counts => format!("{}; {} on both sides", counts.join(", "), findings.same),
        };
        self.head("VULNERABILITIES", &words)?;
        let row = |word: &str, change: &Change| {
            let finding = &change.finding;
            vec![
                word.to_owned(),
                finding.severity.to_string(),
                finding.id.clone(),
                format!("{} {}", finding.package, finding.installed),
                change.cause.words().to_owned(),
            ]
        };
        let introduced = findings
            .introduced
            .iter()
            .map(|change| row("✗ introduced", change));
        let fixed = findings.fixed.iter().map(|change| row("✓ fixed", change));
        let rows: Vec<_> = introduced.chain(fixed).take(self.limit).collect();
        self.rows(&rows, 2)?;
        self.more(findings.introduced.len() + findings.fixed.len() - rows.len(), 2)
    }

    fn unknown(&mut self, comparison: &Comparison) -> Result<(), Failure> {
        if !comparison.unknown.is_empty() {
            self.head("NOT KNOWN", "")?;
            for unknown in &comparison.unknown {
                let of = unknown
                    .side
                    .as_ref()
                    .map_or_else(String::new, |side| format!(" of {side}"));
                let words = format!("? {}{of}: {}", unknown.part.word(), unknown.why);
                self.wrapped(&words, " ", 2)?;
            }
        }
        if !comparison.notes.is_empty() {
            self.head("NOTES", "")?;
            for note in &comparison.notes {
                self.wrapped(&format!("! {note}"), " ", 2)?;
            }
        }
        Ok(())
    }
}

/// Commit, what it is about, and what it came by.
fn entry(entry: &Entry) -> Vec<String> {
    vec![entry.commit.short().to_owned(), entry.words(), entry.references()]
}

/// The same rows with the column of the description filled up, so that several tables stand in line.
fn aligned(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    use unicode_width::UnicodeWidthStr as _;
    let widest = rows
        .iter()
        .filter_map(|row| row.get(1))
        .map(|cell| cell.width())
        .max()
        .unwrap_or(0);
    for cell in rows.iter_mut().filter_map(|row| row.get_mut(1)) {
        let blanks = widest.saturating_sub(cell.width());
        cell.push_str(&" ".repeat(blanks));
    }
    rows
}

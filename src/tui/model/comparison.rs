//! A comparison as a page shows it: what changes in one line, then each part of it.

use super::page::{Ink, PageLine};
use crate::domain::{
    Change, Changelog, Clean, Comparison, FilesDiff, FindingsDiff, ImageDiff, PackageDiff, Side, bytes,
};

/// Files and settings that are named; the others are counted.
const FILES: usize = 40;

/// The lines of a comparison.
pub fn of_comparison(comparison: &Comparison) -> Vec<PageLine> {
    let mut page = Page(Vec::new());
    page.line(Ink::Plain, 2, &side("from", &comparison.from));
    page.line(Ink::Plain, 2, &side("to", &comparison.to));
    page.gap();
    page.line(Ink::Head, 0, &comparison.headline());
    for unknown in &comparison.unknown {
        let of = unknown
            .side
            .as_ref()
            .map_or_else(String::new, |side| format!(" of {side}"));
        page.line(
            Ink::Attention,
            2,
            &format!("? {}{of} unknown: {}", unknown.part.word(), unknown.why),
        );
    }
    for note in &comparison.notes {
        page.line(Ink::Attention, 2, &format!("! {note}"));
    }
    if let Some(changes) = comparison.changes.as_ref().filter(|changes| !changes.is_empty()) {
        page.log("Commits", changes);
    }
    if let Some(back) = &comparison.taken_back {
        page.log("Reverted", back);
    }
    if comparison.elsewhere > 0 {
        let more = crate::domain::count(comparison.elsewhere, "commit");
        page.line(
            Ink::Quiet,
            2,
            &format!("  and {more} outside the service's folder"),
        );
    }
    if let Some(files) = comparison.files.as_ref().filter(|files| files.count > 0) {
        page.files(files);
    }
    if let Some(image) = comparison.image.as_ref().filter(|image| !image.same) {
        page.image(image);
    }
    let differ = !comparison.is_same_image();
    if let Some(packages) = comparison.packages.as_ref().filter(|_| differ) {
        page.packages(packages);
    }
    if let Some(findings) = comparison.vulnerabilities.as_ref().filter(|_| differ) {
        page.findings(findings);
    }
    page.0
}

/// Name, commit, digest and subject.
fn side(word: &str, side: &Side) -> String {
    let commit = side.commit.as_ref().map_or("?", |commit| commit.short());
    let image = side
        .image
        .as_ref()
        .map_or_else(|| "no image".to_owned(), |image| image.digest.short());
    let subject = side.subject.as_ref().map_or("", Clean::as_str);
    format!("{word:<5} {}  {commit}  {image}  {subject}", side.name)
}

struct Page(Vec<PageLine>);

impl Page {
    fn line(&mut self, ink: Ink, indent: usize, text: &str) {
        self.0.push(PageLine::new(ink, indent, text.trim_end()));
    }

    fn gap(&mut self) {
        self.line(Ink::Plain, 0, "");
    }

    fn head(&mut self, title: &str, words: &str) {
        self.gap();
        self.line(Ink::Head, 2, &format!("{title}  {words}"));
    }

    fn log(&mut self, title: &str, log: &Changelog) {
        self.head(title, &log.summary());
        for group in &log.groups {
            self.line(
                Ink::Quiet,
                2,
                &format!("  {} ({})", group.kind.heading(), group.count),
            );
            for entry in &group.entries {
                let text = format!(
                    "    {}  {} {}",
                    entry.commit.short(),
                    entry.words(),
                    entry.references()
                );
                let text = text.trim_end();
                self.line(Ink::Plain, 13, text);
            }
            let more = group.count - group.entries.len();
            if more > 0 {
                self.line(Ink::Quiet, 4, &format!("    and {more} more"));
            }
        }
    }

    fn files(&mut self, files: &FilesDiff) {
        self.head("Files", &files.summary());
        for file in files.listed.iter().take(FILES) {
            let lines = match (file.added, file.removed) {
                (0, 0) => String::new(),
                (added, removed) => format!("  +{added} −{removed}"),
            };
            self.line(
                Ink::Plain,
                4,
                &format!("  {} {}{lines}", file.kind.symbol(), file.path),
            );
        }
        let more = files.count.saturating_sub(files.listed.len().min(FILES));
        if more > 0 {
            self.line(Ink::Quiet, 2, &format!("  and {more} more"));
        }
    }

    fn image(&mut self, image: &ImageDiff) {
        self.head("Image", &image.size_words());
        for layers in &image.layers {
            let platform = layers.platform.as_ref();
            let platform = platform.map_or_else(|| "layers".to_owned(), ToString::to_string);
            let text = format!(
                "  {platform}: {} kept {}, {} new {}, {} gone {}",
                layers.kept,
                bytes(layers.kept_bytes),
                layers.new.len(),
                bytes(layers.new_bytes()),
                layers.gone.len(),
                bytes(layers.gone_bytes())
            );
            self.line(Ink::Plain, 4, &text);
        }
        for platform in &image.platforms_added {
            self.line(Ink::Good, 4, &format!("  {platform}: added"));
        }
        for platform in &image.platforms_removed {
            self.line(Ink::Bad, 4, &format!("  {platform}: removed"));
        }
        for change in &image.settings {
            let value =
                |value: &Option<Clean>| value.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
            let (from, to) = (value(&change.from), value(&change.to));
            self.line(Ink::Plain, 4, &format!("  {}: {from} → {to}", change.setting));
        }
    }

    fn packages(&mut self, packages: &PackageDiff) {
        let counts = match packages.counts() {
            counts if counts.is_empty() => format!("no difference in {}", packages.same),
            counts => counts.join(", "),
        };
        self.head("Packages", &format!("{counts}; by {}", packages.to));
        for package in &packages.changes {
            let versions = |all: &[Clean]| all.iter().map(Clean::as_str).collect::<Vec<_>>().join(", ");
            let (from, to) = (versions(&package.from), versions(&package.to));
            let arrow = if from.is_empty() || to.is_empty() {
                ""
            } else {
                " → "
            };
            let text = format!(
                "  {} {:<8} {}  {from}{arrow}{to}",
                package.change.symbol(),
                package.change.word(),
                package.name
            );
            self.line(Ink::Plain, 13, &text);
        }
    }

    fn findings(&mut self, findings: &FindingsDiff) {
        let words = match findings.counts() {
            counts if counts.is_empty() => format!("no difference; {} on both sides", findings.same),
            counts => format!("{}; {} on both sides", counts.join(", "), findings.same),
        };
        self.head("Vulnerabilities", &words);
        let text = |word: &str, change: &Change| {
            let finding = &change.finding;
            format!(
                "  {word}  {:<8}  {}  {} {}  {}",
                finding.severity.word(),
                finding.id,
                finding.package,
                finding.installed,
                change.cause.words()
            )
        };
        for change in &findings.introduced {
            self.line(Ink::Bad, 16, &text("✗ introduced", change));
        }
        for change in &findings.fixed {
            self.line(Ink::Good, 16, &text("✓ fixed     ", change));
        }
    }
}

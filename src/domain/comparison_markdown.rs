//! A comparison as Markdown, for a change ticket.

use std::fmt::Write as _;

use super::{
    Change, Changelog, Clean, Comparison, FilesDiff, FindingsDiff, ImageDiff, PackageDiff, Side, TicketUrl,
    bytes, count, markdown_escape,
};

/// How many files are named.
const FILES: usize = 20;

impl Comparison {
    /// The comparison as Markdown. Whatever was committed, labelled or listed elsewhere is shown as text and obeyed
    /// nowhere.
    pub fn markdown(&self, tickets: Option<&TicketUrl>) -> String {
        let mut out = format!(
            "## {}: {} → {}\n\n",
            self.service,
            text(&self.from.name),
            text(&self.to.name)
        );
        self.sides(&mut out);
        let _ = writeln!(out, "\n**{}**", markdown_escape(&self.headline()));
        if let Some(changes) = &self.changes {
            log(&mut out, "Changes", changes, tickets);
        }
        if let Some(back) = &self.taken_back {
            log(&mut out, "Reverted", back, tickets);
        }
        if self.elsewhere > 0 {
            let _ = writeln!(
                out,
                "\n{} more outside the folder of the service.",
                count(self.elsewhere, "commit")
            );
        }
        if let Some(files) = self.files.as_ref().filter(|files| files.count > 0) {
            files_of(&mut out, files);
        }
        if let Some(image) = self.image.as_ref().filter(|image| !image.same) {
            image_of(&mut out, image);
        }
        if let Some(packages) = self.packages.as_ref().filter(|_| !self.is_same_image()) {
            packages_of(&mut out, packages);
        }
        if let Some(findings) = self.vulnerabilities.as_ref().filter(|_| !self.is_same_image()) {
            findings_of(&mut out, findings);
        }
        if !self.unknown.is_empty() {
            heading(&mut out, "Unknown");
            for unknown in &self.unknown {
                let of = unknown
                    .side
                    .as_ref()
                    .map_or_else(String::new, |side| format!(" of {}", text(side)));
                let _ = writeln!(out, "- {}{of}: {}", unknown.part.word(), text(&unknown.why));
            }
        }
        if !self.notes.is_empty() {
            heading(&mut out, "Notes");
            for note in &self.notes {
                let _ = writeln!(out, "- {}", text(note));
            }
        }
        out
    }

    fn sides(&self, out: &mut String) {
        let (from, to) = (&self.from, &self.to);
        let _ = writeln!(
            out,
            "| | {} | {} |\n|---|---|---|",
            text(&from.name),
            text(&to.name)
        );
        let commit = |side: &Side| match (&side.commit, &side.subject) {
            (Some(commit), Some(subject)) => format!("{} {}", commit.short(), text(subject)),
            (Some(commit), None) => commit.to_string(),
            (None, _) => "–".to_owned(),
        };
        let image = |side: &Side| {
            let image = side.image.as_ref();
            image.map_or_else(|| "–".to_owned(), |image| format!("`{}`", image.reference))
        };
        let _ = writeln!(out, "| commit | {} | {} |", commit(from), commit(to));
        let _ = writeln!(out, "| image | {} | {} |", image(from), image(to));
    }
}

fn text(clean: &Clean) -> String {
    markdown_escape(clean.as_str())
}

fn heading(out: &mut String, words: &str) {
    let _ = writeln!(out, "\n### {words}\n");
}

fn log(out: &mut String, title: &str, changes: &Changelog, tickets: Option<&TicketUrl>) {
    heading(out, title);
    let _ = writeln!(out, "{}.", changes.summary());
    if !changes.is_empty() {
        let _ = write!(out, "\n{}", changes.markdown(4, tickets));
    }
}

fn files_of(out: &mut String, files: &FilesDiff) {
    heading(out, "Files");
    let _ = writeln!(out, "{}.\n", files.summary());
    for file in files.listed.iter().take(FILES) {
        let _ = writeln!(
            out,
            "- {} {}",
            file.kind.symbol().replace('-', "−").replace('+', "\\+"),
            text(&file.path)
        );
    }
    if files.count > FILES.min(files.listed.len()) {
        let _ = writeln!(
            out,
            "- … and {} more",
            files.count - FILES.min(files.listed.len())
        );
    }
}

fn image_of(out: &mut String, image: &ImageDiff) {
    heading(out, "Image");
    let _ = writeln!(out, "- size: {}", image.size_words());
    for (word, platforms) in [
        ("added", &image.platforms_added),
        ("removed", &image.platforms_removed),
    ] {
        for platform in platforms {
            let _ = writeln!(
                out,
                "- platform {word}: {}",
                markdown_escape(&platform.to_string())
            );
        }
    }
    for layers in &image.layers {
        let platform = layers
            .platform
            .as_ref()
            .map_or_else(String::new, |platform| format!(" of {platform}"));
        let _ = writeln!(
            out,
            "- layers{}: {} kept, {} new ({}), {} gone ({})",
            markdown_escape(&platform),
            layers.kept,
            layers.new.len(),
            bytes(layers.new_bytes()),
            layers.gone.len(),
            bytes(layers.gone_bytes()),
        );
    }
    if !image.settings.is_empty() {
        let _ = writeln!(out, "\n| setting | from | to |\n|---|---|---|");
        for change in &image.settings {
            let value = |value: &Option<Clean>| value.as_ref().map_or_else(|| "–".to_owned(), text);
            let (from, to) = (value(&change.from), value(&change.to));
            let _ = writeln!(out, "| {} | {from} | {to} |", text(&change.setting));
        }
    }
}

fn packages_of(out: &mut String, packages: &PackageDiff) {
    heading(out, "Packages");
    if packages.is_empty() {
        let _ = writeln!(out, "No difference among {}.", count(packages.same, "package"));
        return;
    }
    let _ = writeln!(
        out,
        "{}; by {}.\n",
        packages.counts().join(", "),
        markdown_escape(&packages.to.to_string())
    );
    let _ = writeln!(out, "| | package | from | to |\n|---|---|---|---|");
    for package in &packages.changes {
        let versions = |all: &[Clean]| all.iter().map(text).collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            package.change.word(),
            text(&package.name),
            versions(&package.from),
            versions(&package.to),
        );
    }
}

fn findings_of(out: &mut String, findings: &FindingsDiff) {
    heading(out, "Vulnerabilities");
    if findings.is_empty() {
        let _ = writeln!(out, "No difference; {} on both sides.", findings.same);
        return;
    }
    let _ = writeln!(
        out,
        "| | severity | vulnerability | package | why |\n|---|---|---|---|---|"
    );
    let mut rows = |word: &str, changes: &[Change]| {
        for change in changes {
            let finding = &change.finding;
            let _ = writeln!(
                out,
                "| {word} | {} | {} | {} {} | {} |",
                finding.severity,
                markdown_escape(&finding.id),
                markdown_escape(&finding.package),
                markdown_escape(&finding.installed),
                change.cause.words(),
            );
        }
    };
    rows("introduced", &findings.introduced);
    rows("fixed", &findings.fixed);
}

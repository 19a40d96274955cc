//! A comparison as a document: which parts it has, in which order, and in which words.

use jiff::Timestamp;

use super::document::{Block, Cell, Document, Remark, RemarkKind, Row, Section, Table};
use super::state::State;
use crate::domain::{
    Change, Changelog, Clean, Comparison, FilesDiff, FindingsDiff, ImageDiff, PackageDiff, Side, age, bytes,
    count,
};

/// How many rows are listed; all are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files.
    pub files: usize,
    /// Packages and vulnerabilities.
    pub rows: usize,
}

/// The comparison, with ages counted at `now`.
pub fn of_comparison(comparison: &Comparison, limits: Limits, now: Timestamp) -> Document {
    let (from, to) = (&comparison.from, &comparison.to);
    Document {
        title: format!(
            "{}: changes from {} to {}",
            comparison.service, from.name, to.name
        ),
        subjects: Table {
            columns: vec!["", "commit", "image", "where", "subject"],
            rows: vec![side("from", from, now), side("to", to, now)],
            ..Table::default()
        },
        headline: comparison.headline().split(" · ").map(str::to_owned).collect(),
        sections: sections(comparison, limits),
        remarks: remarks(comparison),
    }
}

fn sections(comparison: &Comparison, limits: Limits) -> Vec<Section> {
    let differs = !comparison.is_same_image();
    let mut sections = Vec::new();
    let changes = comparison.changes.as_ref().filter(|changes| !changes.is_empty());
    sections.extend(changes.map(|changes| commits("Commits", changes)));
    sections.extend(
        comparison
            .taken_back
            .as_ref()
            .map(|back| commits("Reverted", back)),
    );
    if comparison.elsewhere > 0 {
        let more = count(comparison.elsewhere, "commit");
        sections.push(Section {
            title: "",
            summary: String::new(),
            blocks: vec![Block::Aside(format!("and {more} outside the service's folder"))],
        });
    }
    let files = comparison.files.as_ref().filter(|files| files.count > 0);
    sections.extend(files.map(|files| files_section(files, limits.files)));
    let image = comparison.image.as_ref().filter(|image| !image.same);
    sections.extend(image.map(image_section));
    let packages = comparison.packages.as_ref().filter(|_| differs);
    sections.extend(packages.map(|packages| packages_section(packages, limits.rows)));
    let findings = comparison.vulnerabilities.as_ref().filter(|_| differs);
    sections.extend(findings.map(|findings| findings_section(findings, limits.rows)));
    sections
}

fn remarks(comparison: &Comparison) -> Vec<Remark> {
    let unknown = comparison.unknown.iter().map(|unknown| {
        let side = unknown.side.as_ref();
        let of = side.map_or_else(String::new, |side| format!(" of {side}"));
        Remark {
            kind: RemarkKind::Unknown,
            words: format!("{}{of}: {}", unknown.part.word(), unknown.why),
        }
    });
    let notes = comparison.notes.iter().map(|note| Remark {
        kind: RemarkKind::Note,
        words: note.to_string(),
    });
    unknown.chain(notes).collect()
}

/// Name, commit, image, where it is, and subject.
fn side(word: &'static str, side: &Side, now: Timestamp) -> Row {
    let commit = side.commit.as_ref();
    let image = side.image.as_ref();
    let place = image.map(|image| match image.since {
        Some(since) => Cell {
            short: format!("deployed since {}", age(now.as_second() - since.as_second())),
            full: Some(format!("since {}", since.strftime("%Y-%m-%d %H:%M UTC"))),
            is_code: false,
        },
        None => format!("in {}", image.environment).into(),
    });
    let mut row = Row::new([]).marked("", word);
    row.cells = vec![
        side.name.to_string().into(),
        commit
            .map_or_else(|| "?".to_owned(), |commit| commit.short().to_owned())
            .into(),
        Cell {
            short: image.map_or_else(|| "– no image".to_owned(), |image| image.digest.short()),
            full: image.map(|image| image.reference.to_string()),
            is_code: image.is_some(),
        },
        place.unwrap_or_else(|| String::new().into()),
        side.subject
            .as_ref()
            .map_or_else(String::new, ToString::to_string)
            .into(),
    ];
    row
}

fn commits(title: &'static str, log: &Changelog) -> Section {
    Section {
        title,
        summary: log.summary(),
        blocks: vec![Block::Changes(log.clone())],
    }
}

fn files_section(files: &FilesDiff, limit: usize) -> Section {
    let rows = files.listed.iter().take(limit).map(|file| {
        let lines = match (file.added, file.removed) {
            (0, 0) => String::new(),
            (added, removed) => format!("+{added} −{removed}"),
        };
        Row::new([file.path.to_string(), lines]).marked(file.kind.symbol(), "")
    });
    let rows: Vec<_> = rows.collect();
    Section {
        title: "Files",
        summary: files.summary(),
        blocks: vec![Block::Table(Table {
            columns: vec!["file", "lines"],
            more: files.count - rows.len(),
            rows,
            ..Table::default()
        })],
    }
}

fn image_section(image: &ImageDiff) -> Section {
    let mut rows = Vec::new();
    for layers in &image.layers {
        let platform = layers.platform.as_ref();
        rows.push(Row::new([
            platform.map_or_else(|| "layers".to_owned(), ToString::to_string),
            format!("{} kept {}", layers.kept, bytes(layers.kept_bytes)),
            format!("{} new {}", layers.new.len(), bytes(layers.new_bytes())),
            format!("{} gone {}", layers.gone.len(), bytes(layers.gone_bytes())),
        ]));
    }
    let platform = |platform: &crate::domain::Platform, word: &str, state| {
        Row::new([
            platform.to_string(),
            word.to_owned(),
            String::new(),
            String::new(),
        ])
        .in_state(state)
    };
    let added = image.platforms_added.iter();
    rows.extend(added.map(|one| platform(one, "added", State::Ok)));
    let removed = image.platforms_removed.iter();
    rows.extend(removed.map(|one| platform(one, "removed", State::Bad)));
    let value = |value: &Option<Clean>| value.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
    let settings = image.settings.iter().map(|change| {
        let platforms: Vec<_> = change.only_on.iter().map(ToString::to_string).collect();
        let only = if platforms.is_empty() {
            String::new()
        } else {
            format!("on {}", platforms.join(", "))
        };
        Row::new([
            change.setting.to_string(),
            value(&change.from),
            value(&change.to),
            only,
        ])
    });
    Section {
        title: "Image",
        summary: image.size_words(),
        blocks: vec![
            Block::Table(Table {
                columns: vec!["platform", "layers", "", ""],
                rows,
                ..Table::default()
            }),
            Block::Table(Table {
                columns: vec!["setting", "from", "to", ""],
                change: Some(1),
                rows: settings.collect(),
                ..Table::default()
            }),
        ],
    }
}

fn packages_section(packages: &PackageDiff, limit: usize) -> Section {
    let counts = match packages.counts() {
        counts if counts.is_empty() => format!("no difference in {}", packages.same),
        counts => counts.join(", "),
    };
    let versions = |all: &[Clean]| all.iter().map(Clean::as_str).collect::<Vec<_>>().join(", ");
    let rows = packages.changes.iter().take(limit).map(|package| {
        Row::new([
            package.name.to_string(),
            versions(&package.from),
            versions(&package.to),
            package.kind.to_string(),
        ])
        .marked(package.change.symbol(), package.change.word())
    });
    let rows: Vec<_> = rows.collect();
    Section {
        title: "Packages",
        summary: format!("{counts}; by {}", packages.to),
        blocks: vec![Block::Table(Table {
            columns: vec!["package", "from", "to", "kind"],
            change: Some(1),
            more: packages.changes.len() - rows.len(),
            rows,
            ..Table::default()
        })],
    }
}

fn findings_section(findings: &FindingsDiff, limit: usize) -> Section {
    let counts = match findings.counts() {
        counts if counts.is_empty() => "no difference".to_owned(),
        counts => counts.join(", "),
    };
    let row = |change: &Change| {
        let finding = &change.finding;
        Row::new([
            finding.severity.to_string(),
            finding.id.clone(),
            format!("{} {}", finding.package, finding.installed),
            change.cause.words().to_owned(),
        ])
    };
    let introduced = findings.introduced.iter().map(|change| {
        row(change)
            .marked(State::Bad.symbol(), "introduced")
            .in_state(State::Bad)
    });
    let fixed = findings.fixed.iter().map(|change| {
        row(change)
            .marked(State::Ok.symbol(), "fixed")
            .in_state(State::Ok)
    });
    let rows: Vec<_> = introduced.chain(fixed).take(limit).collect();
    Section {
        title: "Vulnerabilities",
        summary: format!("{counts}; {} on both sides", findings.same),
        blocks: vec![Block::Table(Table {
            columns: vec!["severity", "vulnerability", "package", "cause"],
            more: findings.introduced.len() + findings.fixed.len() - rows.len(),
            rows,
            ..Table::default()
        })],
    }
}

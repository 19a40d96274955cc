//! Two states of a service compared: what the second would change against the first.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Changelog, Clean, CommitSha, Digest, EnvironmentName, FindingsDiff, ImageDiff, ImageReference,
    PackageDiff, ServiceName, count,
};

/// What kind of thing a side of a comparison was named as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SideKind {
    /// An environment: what is deployed there now.
    Environment,
    /// A release or a hotfix, by its branch or its version.
    Release,
    /// A commit.
    Commit,
    /// An image tag.
    Tag,
    /// A digest.
    Digest,
}

impl SideKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Release => "release",
            Self::Commit => "commit",
            Self::Tag => "tag",
            Self::Digest => "digest",
        }
    }
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// What was named.
    pub name: Clean,
    /// What it was named as.
    pub kind: SideKind,
    /// The commit: the one that was named, or that the image says it was built from.
    pub commit: Option<CommitSha>,
    /// The subject of the commit, if it is here.
    pub subject: Option<Clean>,
    /// The image, if there is one.
    pub image: Option<SideImage>,
}

/// The image of a side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SideImage {
    /// The environment that it was found in.
    pub environment: EnvironmentName,
    /// The image there, by digest.
    pub reference: ImageReference,
    /// Its digest.
    pub digest: Digest,
    /// Since when it runs, for an environment that tells.
    pub since: Option<Timestamp>,
}

/// What can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What was committed.
    Commits,
    /// The files of the source.
    Files,
    /// The image: layers, sizes, settings.
    Image,
    /// What is in the image.
    Packages,
    /// What scans found in it.
    Vulnerabilities,
}

impl Part {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commits => "commits",
            Self::Files => "files",
            Self::Image => "image",
            Self::Packages => "packages",
            Self::Vulnerabilities => "vulnerabilities",
        }
    }
}

/// What could not be found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// The part that is missing for it.
    pub part: Part,
    /// The side that it is missing of, by its name; none where it is both.
    pub side: Option<Clean>,
    /// Why.
    #[serde(rename = "reason")]
    pub why: Clean,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileDifferenceKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its content, its mode or what it is changed.
    Changed,
    /// It has another path.
    Renamed,
}

impl FileDifferenceKind {
    /// The symbol for it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Removed => "-",
            Self::Changed => "~",
            Self::Renamed => "→",
        }
    }
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileDifference {
    /// Its path.
    pub path: Clean,
    /// What became of it.
    pub kind: FileDifferenceKind,
    /// How many lines came.
    pub added: usize,
    /// How many lines went.
    pub removed: usize,
}

/// The files of the source that differ.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FilesDiff {
    /// How many.
    pub count: usize,
    /// How many lines came in all; none where there are so many files that lines were not counted.
    pub added: Option<usize>,
    /// How many lines went in all, or none.
    pub removed: Option<usize>,
    /// The files, those with the most lines first; not all, where there are many.
    pub listed: Vec<FileDifference>,
}

impl FilesDiff {
    /// The differences as they are, at most `limit` of them listed.
    pub fn of(mut files: Vec<FileDifference>, is_counted: bool, limit: usize) -> Self {
        let sum = |lines: fn(&FileDifference) -> usize| is_counted.then(|| files.iter().map(lines).sum());
        let (count, added, removed) = (files.len(), sum(|file| file.added), sum(|file| file.removed));
        files.sort_by(|a, b| {
            let lines = |file: &FileDifference| file.added + file.removed;
            lines(b).cmp(&lines(a)).then_with(|| a.path.cmp(&b.path))
        });
        files.truncate(limit);
        Self {
            count,
            added,
            removed,
            listed: files,
        }
    }

    /// `12 files, +40 −3 lines`.
    pub fn summary(&self) -> String {
        let lines = match (self.added, self.removed) {
            (Some(added), Some(removed)) => format!(", +{added} −{removed} lines"),
            _ => String::new(),
        };
        format!("{}{lines}", count(self.count, "file"))
    }
}

/// What the second of two states of a service would change against the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The service.
    pub service: ServiceName,
    /// The first: as a rule what is there.
    pub from: Side,
    /// The second: what would come.
    pub to: Side,
    /// What the second has and the first does not; none if that could not be found out.
    pub changes: Option<Changelog>,
    /// What the first has and the second does not: what would be taken back.
    #[serde(rename = "reverted")]
    pub taken_back: Option<Changelog>,
    /// How many commits of both lists are left out because they touch nothing in the folder of the service.
    #[serde(rename = "unrelated_commits")]
    pub elsewhere: usize,
    /// The files of the service that differ.
    pub files: Option<FilesDiff>,
    /// What is different about the image.
    pub image: Option<ImageDiff>,
    /// What is different about what is in it.
    pub packages: Option<PackageDiff>,
    /// What is different about its vulnerabilities.
    pub vulnerabilities: Option<FindingsDiff>,
    /// What could not be found out, and why.
    pub unknown: Vec<Unknown>,
    /// What a person should know besides.
    pub notes: Vec<Clean>,
}

impl Comparison {
    /// Whether both sides are the same image.
    pub fn is_same_image(&self) -> bool {
        self.image.as_ref().is_some_and(|image| image.same)
    }

    /// The same with at most `limit` commits and `limit` files listed; all are still counted.
    #[must_use]
    pub fn limited(mut self, limit: usize) -> Self {
        self.changes = self.changes.map(|log| log.limited(limit));
        self.taken_back = self.taken_back.map(|log| log.limited(limit));
        if let Some(files) = &mut self.files {
            files.listed.truncate(limit);
        }
        self
    }

    /// What changes, in one line: `14 commits · 6 pull requests · 3 packages up · 2 CVEs fixed`.
    pub fn headline(&self) -> String {
        let mut parts = Vec::new();
        if let Some(changes) = self.changes.as_ref().filter(|changes| !changes.is_empty()) {
            parts.extend(changes.counts());
        }
        if let Some(back) = &self.taken_back {
            parts.push(format!("{} reverted", count(back.commits, "commit")));
        }
        parts.extend(self.packages.iter().flat_map(PackageDiff::counts));
        parts.extend(self.vulnerabilities.iter().flat_map(FindingsDiff::counts));
        let settings = self.image.as_ref().map_or(0, |image| image.settings.len());
        if settings > 0 {
            parts.push(format!("{} changed", count(settings, "setting")));
        }
        if !parts.is_empty() {
            parts.join(" · ")
        } else if self.is_same_image() {
            "the same image".to_owned()
        } else if self.unknown.is_empty() {
            "no difference except the build".to_owned()
        } else {
            "no difference found in what could be compared".to_owned()
        }
    }

    /// What changes, in a few lines: the headline, the size, and what could not be found out.
    pub fn summary(&self) -> Vec<String> {
        let mut lines = vec![self.headline()];
        if let Some(image) = self.image.as_ref().filter(|image| !image.same) {
            lines.push(image.size_words());
        }
        for part in [
            Part::Commits,
            Part::Files,
            Part::Image,
            Part::Packages,
            Part::Vulnerabilities,
        ] {
            let first = self.unknown.iter().find(|unknown| unknown.part == part);
            lines.extend(first.map(|unknown| format!("{} unknown: {}", part.word(), unknown.why)));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_by_how_much_of_them_changed() {
        let file = |path: &str, added, removed| FileDifference {
            path: Clean::line(path),
            kind: FileDifferenceKind::Changed,
            added,
            removed,
        };
        let files = FilesDiff::of(vec![file("a", 1, 0), file("b", 5, 5), file("c", 0, 1)], true, 2);
        assert_eq!(files.summary(), "3 files, +6 −6 lines");
        let paths: Vec<_> = files.listed.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["b", "a"]);
        assert_eq!(FilesDiff::of(vec![file("a", 0, 0)], false, 9).summary(), "1 file");
    }
}

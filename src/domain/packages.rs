//! The packages of two images, compared.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::{Clean, Platform, compare_versions, count};

/// The kind of an operating system, beside the types of package URLs.
pub const OPERATING_SYSTEM: &str = "os";

/// A package that is in an image. Its texts are harmless.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct InstalledPackage {
    /// The type of its package URL, `apk`, `deb`, `npm`; empty where it is not known.
    pub kind: Clean,
    /// Its name, with the group or scope that it has: `@babel/core`, `org.slf4j:slf4j-api`.
    pub name: Clean,
    /// The version.
    pub version: Clean,
}

/// Where a list of packages comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "source", rename_all = "kebab-case")]
pub enum PackageSource {
    /// SBOMs that are attached to the image.
    Sbom {
        /// `CycloneDX` or `SPDX`.
        format: &'static str,
    },
    /// Scan reports that are attached to the image; they do not say of what kind a package is.
    Report {
        /// `Trivy 0.74.0`, if it is known.
        scanner: Option<String>,
    },
}

impl fmt::Display for PackageSource {
    /// `its SBOM (CycloneDX)`, `its scan report (Trivy 0.74.0)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sbom { format } => write!(f, "its SBOM ({format})"),
            Self::Report {
                scanner: Some(scanner),
            } => write!(f, "its scan report ({scanner})"),
            Self::Report { scanner: None } => f.write_str("its scan report"),
        }
    }
}

/// All packages of an image that its platforms have, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageList {
    /// Where it comes from.
    pub source: PackageSource,
    /// The platforms whose list is missing, though others have one.
    pub missing: Vec<Platform>,
    /// The packages.
    pub packages: BTreeSet<InstalledPackage>,
}

/// What became of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageChange {
    /// It is another version, and which is the later one cannot be told.
    Changed,
    /// It is an earlier version now.
    #[serde(rename = "downgraded")]
    Down,
    /// It is a later version now.
    #[serde(rename = "upgraded")]
    Up,
    /// It is there now.
    Added,
    /// It is gone.
    Removed,
}

impl PackageChange {
    /// All of them, those to look at first first.
    pub const ALL: [Self; 5] = [Self::Down, Self::Changed, Self::Up, Self::Added, Self::Removed];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Down => "down",
            Self::Up => "up",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }

    /// The symbol for it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Changed => "~",
            Self::Down => "↓",
            Self::Up => "↑",
            Self::Added => "+",
            Self::Removed => "-",
        }
    }
}

/// A package that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PackageDifference {
    /// The kind; empty where it is not known.
    pub kind: Clean,
    /// The name.
    pub name: Clean,
    /// What became of it.
    pub change: PackageChange,
    /// The versions that only the first side has.
    pub from: Vec<Clean>,
    /// The versions that only the second side has.
    pub to: Vec<Clean>,
}

/// What packages two images do not have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageDiff {
    /// Who says what is in the first.
    pub from: PackageSource,
    /// Who says what is in the second.
    pub to: PackageSource,
    /// How many packages are the same on both sides.
    pub same: usize,
    /// The others, by kind and name.
    pub changes: Vec<PackageDifference>,
}

type Versions<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<&'a Clean>>;

impl PackageDiff {
    /// What differs from `old` to `new`. Where only one of them knows of what kind its packages are, they are compared by
    /// name alone.
    pub fn between(old: &PackageList, new: &PackageList) -> Self {
        let has_kinds = |list: &PackageList| matches!(list.source, PackageSource::Sbom { .. });
        let by_kind = has_kinds(old) == has_kinds(new);
        let (before, after) = (versions(old, by_kind), versions(new, by_kind));
        let nothing = BTreeSet::new();
        let mut same = 0;
        let mut changes = Vec::new();
        let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let (kind, name) = *key;
            let (old, new) = (
                before.get(key).unwrap_or(&nothing),
                after.get(key).unwrap_or(&nothing),
            );
            let from: Vec<Clean> = old.difference(new).map(|version| (*version).clone()).collect();
            let to: Vec<Clean> = new.difference(old).map(|version| (*version).clone()).collect();
            same += old.intersection(new).count();
            let Some(change) = change(kind, &from, &to) else {
                continue;
            };
            changes.push(PackageDifference {
                kind: Clean::line(kind),
                name: Clean::line(name),
                change,
                from,
                to,
            });
        }
        Self {
            from: old.source.clone(),
            to: new.source.clone(),
            same,
            changes,
        }
    }

    /// Whether nothing differs.
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The packages that this became of.
    pub fn of(&self, change: PackageChange) -> impl Iterator<Item = &PackageDifference> {
        self.changes
            .iter()
            .filter(move |package| package.change == change)
    }

    /// `3 packages up`, `1 added`; nothing where nothing differs.
    pub fn counts(&self) -> Vec<String> {
        let counted = PackageChange::ALL.map(|change| (self.of(change).count(), change));
        let counted = counted.into_iter().filter(|(n, _)| *n > 0).enumerate();
        counted
            .map(|(nth, (n, change))| match nth {
                0 => format!("{} {}", count(n, "package"), change.word()),
                _ => format!("{n} {}", change.word()),
            })
            .collect()
    }
}

fn versions(list: &PackageList, by_kind: bool) -> Versions<'_> {
    let mut found = Versions::new();
    // A report lists no operating system among its packages.
    let is_listed = |package: &&InstalledPackage| by_kind || package.kind.as_str() != OPERATING_SYSTEM;
    for package in list.packages.iter().filter(is_listed) {
        let kind = if by_kind { package.kind.as_str() } else { "" };
        let key = (kind, package.name.as_str());
        found.entry(key).or_default().insert(&package.version);
    }
    found
}

/// What became of a package whose versions are no longer the same. Of several on a side the latest counts.
fn change(kind: &str, from: &[Clean], to: &[Clean]) -> Option<PackageChange> {
    match (latest(kind, from), latest(kind, to)) {
        _ if from.is_empty() && to.is_empty() => None,
        _ if from.is_empty() => Some(PackageChange::Added),
        _ if to.is_empty() => Some(PackageChange::Removed),
        (Some(old), Some(new)) => Some(match compare_versions(kind, old, new) {
            Some(Ordering::Less) => PackageChange::Up,
            Some(Ordering::Greater) => PackageChange::Down,
            Some(Ordering::Equal) | None => PackageChange::Changed,
        }),
        _ => Some(PackageChange::Changed),
    }
}

/// The latest version of a side, if all of them have an order.
fn latest<'a>(kind: &str, versions: &'a [Clean]) -> Option<&'a str> {
    let mut all = versions.iter().map(Clean::as_str);
    let first = all.next()?;
    all.try_fold(first, |best, version| {
        compare_versions(kind, best, version).map(|order| if order.is_lt() { version } else { best })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sbom(packages: &[(&str, &str, &str)]) -> PackageList {
        PackageList {
            source: PackageSource::Sbom { format: "CycloneDX" },
            missing: Vec::new(),
            packages: packages
                .iter()
                .map(|(kind, name, version)| InstalledPackage {
                    kind: Clean::line(kind),
                    name: Clean::line(name),
                    version: Clean::line(version),
                })
                .collect(),
        }
    }

    fn words(diff: &PackageDiff) -> Vec<String> {
        let join = |versions: &[Clean]| versions.iter().map(Clean::as_str).collect::<Vec<_>>().join(",");
        diff.changes
            .iter()
            .map(|d| {
                format!(
                    "{} {} {} {}",
                    d.change.symbol(),
                    d.name,
                    join(&d.from),
                    join(&d.to)
                )
            })
            .collect()
    }

    #[test]
    fn says_what_came_went_and_moved() {
        let old = sbom(&[
            ("apk", "busybox", "1.36.1-r29"),
            ("apk", "musl", "1.2.5-r0"),
            ("apk", "zlib", "1.3.1-r2"),
            ("os", "alpine", "3.20.3"),
            ("", "odd", "abc"),
            ("npm", "left", "1.0.0"),
            ("npm", "left", "2.0.0"),
        ]);
        let new = sbom(&[
            ("apk", "busybox", "1.36.1-r31"),
            ("apk", "musl", "1.2.4-r9"),
            ("apk", "curl", "8.9.0-r0"),
            ("os", "alpine", "3.20.4"),
            ("", "odd", "def"),
            ("npm", "left", "2.0.0"),
            ("npm", "left", "3.0.0"),
        ]);
        let diff = PackageDiff::between(&old, &new);
        assert_eq!(
            words(&diff),
            [
                "~ odd abc def",
                "↑ busybox 1.36.1-r29 1.36.1-r31",
                "+ curl  8.9.0-r0",
                "↓ musl 1.2.5-r0 1.2.4-r9",
                "- zlib 1.3.1-r2 ",
                "↑ left 1.0.0 3.0.0",
                "↑ alpine 3.20.3 3.20.4",
            ]
        );
        assert_eq!(diff.same, 1);
        assert_eq!(
            diff.counts(),
            ["1 package down", "1 changed", "3 up", "1 added", "1 removed"]
        );
    }

    #[test]
    fn the_same_name_of_another_kind_is_another_package() {
        let (apk, npm) = (sbom(&[("apk", "a", "1.0-r0")]), sbom(&[("npm", "a", "1.0.0")]));
        assert_eq!(
            words(&PackageDiff::between(&apk, &npm)),
            ["- a 1.0-r0 ", "+ a  1.0.0"]
        );
        // A report does not say of what kind a package is.
        let report = PackageList {
            source: PackageSource::Report { scanner: None },
            ..sbom(&[("", "a", "1.0-r0")])
        };
        assert!(PackageDiff::between(&apk, &report).is_empty());
        let with_system = sbom(&[("apk", "a", "1.0-r0"), ("os", "alpine", "3.20.3")]);
        assert!(PackageDiff::between(&report, &with_system).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself_and_going_back_undoes(
            old in proptest::collection::vec(("apk|npm|", "[ab]", "[0-2](\\.[0-2])?(-r1)?"), 0..8),
            new in proptest::collection::vec(("apk|npm|", "[ab]", "[0-2](\\.[0-2])?(-r1)?"), 0..8),
        ) {
            let list = |all: &[(String, String, String)]| {
                sbom(&all.iter().map(|(k, n, v)| (k.as_str(), n.as_str(), v.as_str())).collect::<Vec<_>>())
            };
            let (old, new) = (list(&old), list(&new));
            prop_assert!(PackageDiff::between(&old, &old).is_empty());
            let there = PackageDiff::between(&old, &new);
            let back = PackageDiff::between(&new, &old);
            prop_assert_eq!(there.same, back.same);
            prop_assert_eq!(there.changes.len(), back.changes.len());
            for (one, other) in there.changes.iter().zip(&back.changes) {
                let opposite = match one.change {
                    PackageChange::Changed => PackageChange::Changed,
                    PackageChange::Down => PackageChange::Up,
                    PackageChange::Up => PackageChange::Down,
                    PackageChange::Added => PackageChange::Removed,
                    PackageChange::Removed => PackageChange::Added,
                };
                prop_assert_eq!(other.change, opposite);
                prop_assert_eq!((&one.from, &one.to), (&other.to, &other.from));
            }
        }
    }
}

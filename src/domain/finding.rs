//! What a scan finds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How grave a finding is, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Critical.
    Critical,
    /// High.
    High,
    /// Medium.
    Medium,
    /// Low.
    Low,
    /// The scanner does not know.
    Unknown,
}

impl Severity {
    /// All, gravest first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Unknown];

    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Severity {
    type Err = std::convert::Infallible;

    /// In any case; what no scanner is known to say is unknown.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" => Self::High,
            "medium" => Self::Medium,
            "low" => Self::Low,
            _ => Self::Unknown,
        })
    }
}

/// What a finding is of. Each kind has limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A vulnerability in a package.
    #[default]
    Vulnerability,
    /// A password, a key or a token in a file of the image.
    Secret,
    /// A setting that is not safe.
    Misconfiguration,
    /// The licence of a package.
    Licence,
}

impl FindingKind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Vulnerability,
        Self::Secret,
        Self::Misconfiguration,
        Self::Licence,
    ];

    /// The word for one of them in a sentence on a severity: `2 critical findings`, `1 high secret`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Vulnerability => "finding",
            Self::Secret => "secret",
            Self::Misconfiguration => "misconfiguration",
            Self::Licence => "licence",
        }
    }
}

/// One vulnerability in one package, or something else that a scanner found. All text is harmless to a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is of.
    #[serde(default)]
    pub kind: FindingKind,
    /// `CVE-2026-12345`; of anything else than a vulnerability the scanner's rule.
    pub id: String,
    /// Other names of the same vulnerability: `GHSA-…`, a distribution's advisory.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// How grave.
    pub severity: Severity,
    /// The package; of a secret or a misconfiguration the file.
    pub package: String,
    /// The package as a package URL, which waivers name, if the scanner knows it.
    pub purl: Option<String>,
    /// The version that is installed; of a secret or a misconfiguration the line.
    pub installed: String,
    /// The version that mends it, if there is one.
    pub fixed: Option<String>,
    /// One line on it.
    pub title: String,
    /// Where to read on.
    pub url: Option<String>,
}

impl Finding {
    /// Whether it is the vulnerability called `id`, by its own name or another one, in any case.
    pub fn is_called(&self, id: &str) -> bool {
        let mut names = self.aliases.iter().chain([&self.id]);
        names.any(|name| name.eq_ignore_ascii_case(id))
    }
}

impl fmt::Display for Finding {
    /// `CVE-2026-1 in openssl 3.1.1 (fixed in 3.1.2)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != FindingKind::Vulnerability {
            let place = [self.package.as_str(), self.installed.as_str()];
            return write!(f, "{} in {}", self.id, place.join(" ").trim());
        }
        write!(f, "{} in {} {} ", self.id, self.package, self.installed)?;
        match &self.fixed {
            Some(version) => write!(f, "(fixed in {version})"),
            None => f.write_str("(no fix yet)"),
        }
    }
}

/// Something for each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BySeverity<T> {
    /// For critical.
    pub critical: T,
    /// For high.
    pub high: T,
    /// For medium.
    pub medium: T,
    /// For low.
    pub low: T,
    /// For a severity that the scanner does not know.
    pub unknown: T,
}

/// How many findings there are of each severity.
pub type Counts = BySeverity<u64>;

/// The highest accepted number of findings of each severity; no limit where there is none.
pub type Limits = BySeverity<Option<u64>>;

impl<T: Copy> BySeverity<T> {
    /// What there is for `severity`.
    pub const fn get(&self, severity: Severity) -> T {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Unknown => self.unknown,
        }
    }

    const fn slot(&mut self, severity: Severity) -> &mut T {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Unknown => &mut self.unknown,
        }
    }
}

impl Counts {
    /// Counts `findings`.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            *counts.slot(finding.severity) += 1;
        }
        counts
    }

    /// The gravest severity found, and how many; none if nothing was found.
    pub fn worst(&self) -> Option<(Severity, u64)> {
        Severity::ALL
            .into_iter()
            .map(|severity| (severity, self.get(severity)))
            .find(|(_, count)| *count > 0)
    }
}

impl fmt::Display for Counts {
    /// `2 critical, 1 low`, or `clean`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = Severity::ALL
            .into_iter()
            .filter(|severity| self.get(*severity) > 0)
            .map(|severity| format!("{} {severity}", self.get(severity)))
            .collect();
        if words.is_empty() {
            f.pad("clean")
        } else {
            f.pad(&words.join(", "))
        }
    }
}

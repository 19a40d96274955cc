//! The rule for scan reports carried out: evidence in, verdict out, with what became of each finding.

mod doubts;
#[cfg(test)]
mod examined_tests;
mod notes;
#[cfg(test)]
mod properties;
mod rules;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;

use super::{
    Counts, EnvironmentName, Finding, FindingKind, Platform, Repository, Tag, Verdict, VexStatement, Waiver,
};

/// What people have decided about single vulnerabilities, and where it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Exceptions<'a> {
    /// The environment whose gate asks.
    pub environment: &'a EnvironmentName,
    /// All waivers.
    pub waivers: &'a [Waiver],
    /// All VEX statements, the later ones of equal age last.
    pub vex: &'a [VexStatement],
    /// The vulnerabilities that are known to be exploited, in capitals.
    pub exploited: &'a BTreeSet<String>,
    /// Every repository that the image may be in.
    pub repositories: &'a [Repository],
    /// The tags that it is known by.
    pub tags: &'a [Tag],
}

impl<'a> Exceptions<'a> {
    /// None at all, in `environment`.
    pub const fn none(environment: &'a EnvironmentName) -> Self {
        static NOTHING: BTreeSet<String> = BTreeSet::new();
        Self {
            environment,
            waivers: &[],
            vex: &[],
            exploited: &NOTHING,
            repositories: &[],
            tags: &[],
        }
    }
}

/// What a gate makes of the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The verdict, with every reason.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Every finding, once, gravest first.
    pub findings: Vec<Judged>,
    /// What a person should know besides: expired and unmatched waivers, platforms that are left out.
    pub notes: Vec<String>,
}

/// A finding and what it means to the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The finding; of several platforms the gravest.
    #[serde(flatten)]
    pub finding: Finding,
    /// The platforms that have it, where not every one does.
    pub only_on: Vec<Platform>,
    /// Whether it is known to be exploited.
    pub exploited: bool,
    /// What it means.
    #[serde(flatten)]
    pub standing: Standing,
}

/// What a finding means to a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Standing {
    /// It counts against the limit of its severity, or stops the gate by itself.
    Counts {
        /// The day on which a waiver of it ended, if there was one.
        waived_until: Option<Date>,
    },
    /// The policy does not ask for it, and why.
    Passes {
        /// Why: `no fix yet`, `no limit for low`.
        #[serde(rename = "reason")]
        why: String,
    },
    /// Somebody decided that it does not count.
    Suppressed {
        /// Who and why.
        by: Suppression,
    },
}

/// A decision that a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Suppression {
    /// A waiver.
    Waiver {
        /// Why.
        reason: String,
        /// Who answers for it.
        owner: String,
        /// Its last day.
        expires: Date,
    },
    /// A VEX statement.
    Vex {
        /// What it says.
        status: String,
        /// Why.
        #[serde(rename = "reason")]
        why: String,
        /// The document.
        document: String,
    },
}

impl Suppression {
    /// `waived by ana until 2026-12-31: not reachable`.
    pub fn words(&self) -> String {
        match self {
            Self::Waiver {
                reason,
                owner,
                expires,
            } => format!("waived by {owner} until {expires}: {reason}"),
            Self::Vex {
                status,
                why,
                document,
            } if why.is_empty() => format!("{status}, says {document}"),
            Self::Vex {
                status,
                why,
                document,
            } => format!("{status}, says {document}: {why}"),
        }
    }
}

impl Judged {
    /// Whether it counts.
    pub const fn counts(&self) -> bool {
        matches!(self.standing, Standing::Counts { .. })
    }

    /// The decision that it does not count, if there is one.
    pub const fn suppression(&self) -> Option<&Suppression> {
        match &self.standing {
            Standing::Suppressed { by } => Some(by),
            Standing::Counts { .. } | Standing::Passes { .. } => None,
        }
    }

    /// Whether somebody decided that it does not count.
    pub const fn is_suppressed(&self) -> bool {
        self.suppression().is_some()
    }
}

impl Judgement {
    /// How many findings of `kind` and each severity nobody has decided about.
    fn open_of(&self, kind: FindingKind) -> Counts {
        let open = |judged: &&Judged| !judged.is_suppressed() && judged.finding.kind == kind;
        Counts::of(self.findings.iter().filter(open).map(|judged| &judged.finding))
    }

    /// How many findings of each severity nobody has decided about.
    pub fn open(&self) -> Counts {
        Counts::of(
            self.findings
                .iter()
                .filter(|judged| !judged.is_suppressed())
                .map(|judged| &judged.finding),
        )
    }

    /// How many findings are suppressed.
    pub fn suppressed(&self) -> usize {
        self.findings
            .iter()
            .filter(|judged| judged.is_suppressed())
            .count()
    }
}

//! What a check tells, on its way and at its end.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::build::{LintFinding, StructureTest};
use crate::domain::{EnvironmentName, Exit, Judgement, ServiceName};

/// A step of a check, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStep {
    /// Hadolint looks at the Dockerfile.
    Lint,
    /// The image is built.
    Image,
    /// What is in it is listed.
    Sbom,
    /// It is scanned and judged.
    Scan,
    /// Its structure is tested.
    Test,
}

impl CheckStep {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Lint, Self::Image, Self::Sbom, Self::Scan, Self::Test];

    /// One word, as people see it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Image => "image",
            Self::Sbom => "sbom",
            Self::Scan => "scan",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for CheckStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// All is well; with a word on what was looked at.
    Passed {
        /// What was looked at.
        #[serde(rename = "summary")]
        what: String,
    },
    /// Something is wrong with what was checked.
    #[serde(rename = "findings")]
    Found {
        /// What.
        #[serde(rename = "summary")]
        what: String,
    },
    /// The tool is missing or broke: nothing is known of what was to be checked.
    #[serde(rename = "error")]
    Broken {
        /// Why.
        #[serde(rename = "reason")]
        why: String,
        /// What to do now.
        hint: Option<String>,
    },
    /// It needs something that is not there, or was not reached.
    NotRun {
        /// What.
        #[serde(rename = "reason")]
        why: String,
    },
    /// It is switched off.
    #[serde(rename = "disabled")]
    Off {
        /// By what.
        #[serde(rename = "reason")]
        why: String,
    },
}

impl CheckOutcome {
    /// Whether nothing speaks against what was checked.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Passed { .. } | Self::Off { .. })
    }

    /// One word, as people see it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Passed { .. } => "passed",
            Self::Found { .. } => "findings",
            Self::Broken { .. } => "broken",
            Self::NotRun { .. } => "not run",
            Self::Off { .. } => "off",
        }
    }

    /// The sentence to that word.
    pub fn what(&self) -> &str {
        match self {
            Self::Passed { what } | Self::Found { what } => what,
            Self::Broken { why, .. } | Self::NotRun { why } | Self::Off { why } => why,
        }
    }
}

/// A step that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Which.
    pub step: CheckStep,
    /// What it came to.
    #[serde(flatten)]
    pub outcome: CheckOutcome,
    /// How long it took.
    pub milliseconds: u64,
}

/// Something that happens in a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum CheckEvent {
    /// A step begins.
    Started {
        /// Which.
        step: CheckStep,
    },
    /// A line of a step's log, harmless to a terminal.
    Log {
        /// Which step.
        step: CheckStep,
        /// The line.
        line: String,
    },
    /// A step has ended.
    Ended(Checked),
}

/// All that a check found.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// The service.
    pub service: ServiceName,
    /// The Dockerfile, from the root of the repository.
    pub dockerfile: PathBuf,
    /// Every step, in order.
    pub steps: Vec<Checked>,
    /// What hadolint found.
    pub lint: Vec<LintFinding>,
    /// Whose rules judged the scan; none if no environment has any.
    pub environment: Option<EnvironmentName>,
    /// What they make of it; none if nothing was scanned.
    pub judgement: Option<Judgement>,
    /// What container-structure-test found.
    pub tests: Vec<StructureTest>,
    /// The folder that holds SBOMs and reports.
    pub artifacts: PathBuf,
}

impl CheckReport {
    /// The exit code: [`Exit::Failed`] where a tool broke, even if another found something, since nobody may think that
    /// this was all; [`Exit::Refused`] where something was found.
    pub fn exit(&self) -> Exit {
        let any = |wanted: fn(&CheckOutcome) -> bool| self.steps.iter().any(|step| wanted(&step.outcome));
        if any(|outcome| matches!(outcome, CheckOutcome::Broken { .. })) {
            Exit::Failed
        } else if any(|outcome| !outcome.passes()) {
            Exit::Refused
        } else {
            Exit::Done
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: &[CheckOutcome]) -> CheckReport {
        let steps = CheckStep::ALL.into_iter().zip(outcomes);
        CheckReport {
            service: "app".parse().unwrap(),
            dockerfile: "Dockerfile".into(),
            steps: steps
                .map(|(step, outcome)| Checked {
                    step,
                    outcome: outcome.clone(),
                    milliseconds: 1,
                })
                .collect(),
            lint: Vec::new(),
            environment: None,
            judgement: None,
            tests: Vec::new(),
            artifacts: "artifacts".into(),
        }
    }

    #[test]
    fn a_tool_that_broke_weighs_more_than_a_finding() {
        let what = || "x".to_owned();
        let passed = CheckOutcome::Passed { what: what() };
        let found = CheckOutcome::Found { what: what() };
        let off = CheckOutcome::Off { why: what() };
        let broken = CheckOutcome::Broken {
            why: what(),
            hint: None,
        };
        assert_eq!(report(&[passed.clone(), off]).exit(), Exit::Done);
        assert_eq!(report(&[passed, found.clone()]).exit(), Exit::Refused);
        assert_eq!(report(&[found, broken]).exit(), Exit::Failed);
    }
}

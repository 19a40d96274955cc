//! What is asked after a deployment, before it counts.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Endpoint, ProgramLine, VariablePattern, clean_line, span};

/// One of the checks after a deployment, as windlass.toml describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeSettings {
    /// What is asked.
    pub kind: ProbeKind,
    /// How often, and for how long.
    pub repetition: Repetition,
    /// Whether the environment is taken back to what was deployed before if it fails.
    pub rollback: bool,
}

/// What a check asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeKind {
    /// An address.
    Http {
        /// The address.
        url: Endpoint,
        /// The status that it must answer with.
        status: u16,
        /// What its answer must contain; anything if none is named.
        contains: Option<String>,
    },
    /// A program, by its exit code.
    Command {
        /// The program.
        command: ProgramLine,
        /// The variables of windlass's own environment that it is given.
        env: Vec<VariablePattern>,
    },
    /// Prometheus, by an instant query.
    Prometheus {
        /// The address of the server.
        url: Endpoint,
        /// The query.
        query: String,
        /// What every value of its answer must meet.
        expect: Condition,
    },
}

/// How often a check is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repetition {
    /// How often in a row it must succeed.
    pub successes: u32,
    /// The time between two questions.
    pub every: SignedDuration,
    /// How long all of it may take.
    pub timeout: SignedDuration,
}

/// A check after a deployment, as the plan pins it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeTarget {
    /// What is asked.
    #[serde(flatten)]
    pub kind: ProbeTargetKind,
    /// How often, and for how long.
    #[serde(flatten)]
    pub repetition: Repetition,
    /// Whether the environment is taken back to what was deployed before if it fails.
    pub rollback: bool,
}

/// What is asked, as the plan pins it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ProbeTargetKind {
    /// An address.
    Http {
        /// The address.
        url: String,
        /// The status that it must answer with.
        status: u16,
        /// What its answer must contain, if anything.
        contains: Option<String>,
    },
    /// A program.
    Command {
        /// The program and its arguments.
        #[serde(flatten)]
        command: ProgramLine,
    },
    /// Prometheus.
    Prometheus {
        /// The address of the server.
        url: String,
        /// The query.
        query: String,
        /// What every value of its answer must meet.
        expect: Condition,
    },
}

impl ProbeTarget {
    /// What is asked, in a few words.
    pub fn name(&self) -> String {
        match &self.kind {
            ProbeTargetKind::Http { url, .. } => format!("GET {}", clean_line(url)),
            ProbeTargetKind::Command { command } => format!("`{}`", command.words()),
            ProbeTargetKind::Prometheus { query, expect, .. } => {
                format!("{} {expect}", clean_line(query))
            }
        }
    }

    /// What is asked and how often, in one line.
    pub fn words(&self) -> String {
        let Repetition {
            successes,
            every,
            timeout,
        } = self.repetition;
        let often = match (&self.kind, successes) {
            (ProbeTargetKind::Command { .. }, _) => format!("within {}", span(timeout)),
            (_, 1) => format!("once within {}", span(timeout)),
            (_, n) => format!(
                "{n} times in a row, every {}, within {}",
                span(every),
                span(timeout)
            ),
        };
        let back = if self.rollback { ", or roll back" } else { "" };
        format!("check {} ({often}){back}", self.name())
    }
}

/// A comparison with a number: `< 0.01`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Condition {
    comparison: Comparison,
    // As it is written: numbers of this kind have no equality.
    number: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// Why a text is no comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a comparison such as `< 0.01` or `>= 99.5`")]
pub struct ConditionError;

impl Condition {
    const SIGNS: [(&'static str, Comparison); 4] = [
        ("<=", Comparison::AtMost),
        ("<", Comparison::Below),
        (">=", Comparison::AtLeast),
        (">", Comparison::Above),
    ];

    /// Whether a value meets it. What is not a number does not.
    pub fn is_met(&self, value: f64) -> bool {
        let Ok(limit) = self.number.parse::<f64>() else {
            return false;
        };
        match self.comparison {
            Comparison::Below => value < limit,
            Comparison::AtMost => value <= limit,
            Comparison::Above => value > limit,
            Comparison::AtLeast => value >= limit,
        }
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let text = text.trim();
        let found = Self::SIGNS
            .iter()
            .find_map(|(sign, comparison)| Some((*comparison, text.strip_prefix(sign)?.trim())));
        let (comparison, number) = found.ok_or(ConditionError)?;
        let finite = number.parse::<f64>().is_ok_and(f64::is_finite);
        finite
            .then(|| Self {
                comparison,
                number: number.to_owned(),
            })
            .ok_or(ConditionError)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = Self::SIGNS
            .iter()
            .find(|(_, comparison)| *comparison == self.comparison);
        write!(f, "{} {}", sign.map_or("", |(sign, _)| sign), self.number)
    }
}

impl TryFrom<String> for Condition {
    type Error = ConditionError;

    fn try_from(text: String) -> Result<Self, ConditionError> {
        text.parse()
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> Self {
        condition.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_compares_and_what_is_not_a_number_never_meets_it() {
        let met = |text: &str, value| text.parse::<Condition>().unwrap().is_met(value);
        assert!(met("< 0.01", 0.009) && !met("< 0.01", 0.01) && met("<= 0.01", 0.01));
        assert!(met(">99.5", 99.6) && !met("> 99.5", 99.5) && met(">= 99.5", 99.5));
        assert!(!met("< 1", f64::NAN) && !met("> 1", f64::NAN));
        for bad in ["", "0.01", "< ", "= 1", "< one", "< nan", "< inf", "!= 1"] {
            assert_eq!(bad.parse::<Condition>(), Err(ConditionError), "{bad}");
        }
    }

    #[test]
    fn a_pinned_check_is_read_back_as_it_was_and_told_in_one_line() {
        let target = ProbeTarget {
            kind: ProbeTargetKind::Prometheus {
                url: "https://prometheus.example.com/".to_owned(),
                query: "error_rate".to_owned(),
                expect: "< 0.01".parse().unwrap(),
            },
            repetition: Repetition {
                successes: 3,
                every: SignedDuration::from_secs(5),
                timeout: SignedDuration::from_mins(2),
            },
            rollback: true,
        };
        assert_eq!(
            target.words(),
            "check error_rate < 0.01 (3 times in a row, every 5 s, within 2 min), or roll back"
        );
        let json = serde_json::to_value(&target).unwrap();
        assert_eq!(
            (&json["kind"], &json["expect"]),
            (&"prometheus".into(), &"< 0.01".into())
        );
        assert_eq!(serde_json::from_value::<ProbeTarget>(json).unwrap(), target);
    }
}

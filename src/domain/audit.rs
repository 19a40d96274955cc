//! What an audit finds: journals, records, signatures and registries that do not agree, or cannot be read.

use serde::{Deserialize, Serialize};

use super::{Clean, Digest, EnvironmentName};

/// What does not hold, or is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditFinding {
    /// Which kind it is of.
    pub kind: AuditFault,
    /// The environment, where it is about one.
    pub environment: Option<EnvironmentName>,
    /// The image, where it is about one.
    pub digest: Option<Digest>,
    /// The run, where it is about one.
    pub run: Option<Clean>,
    /// What it is, in a sentence.
    pub what: Clean,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditFault {
    /// A line of a journal does not follow from the one before it.
    JournalAltered,
    /// A run of this machine that a record names has no journal here, and is younger than journals are kept.
    JournalMissing,
    /// An image that was deployed is not in the registry any more, or is not what its digest says.
    ImageMissing,
    /// An image is not signed as its environment requires.
    Signature,
    /// An image was deployed without a promotion record of its environment before it.
    RecordMissing,
    /// A promotion record is missing, altered, of another image or place, or out of order.
    Chain,
    /// A journal says that an image was promoted, and no record where it was promoted to does.
    RunUnrecorded,
    /// It could not be read, so that nobody can say.
    Unknown,
}

impl AuditFault {
    /// The name, as `--json` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JournalAltered => "journal-altered",
            Self::JournalMissing => "journal-missing",
            Self::ImageMissing => "image-missing",
            Self::Signature => "signature",
            Self::RecordMissing => "record-missing",
            Self::Chain => "chain",
            Self::RunUnrecorded => "run-unrecorded",
            Self::Unknown => "unknown",
        }
    }
}

/// How much was looked at in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuditedEnvironment {
    /// How often something was deployed there.
    pub deployments: usize,
    /// How many images that were.
    pub images: usize,
    /// How many promotion records of them were verified.
    pub records: usize,
}

/// An audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many journals were read.
    pub journals: usize,
    /// What was looked at in each environment.
    pub environments: Vec<(EnvironmentName, AuditedEnvironment)>,
    /// What does not hold.
    pub findings: Vec<AuditFinding>,
}

impl Audit {
    /// How many findings say that something is wrong.
    pub fn wrong(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.kind != AuditFault::Unknown)
            .count()
    }

    /// How many say that nobody can say.
    pub fn unknown(&self) -> usize {
        self.findings.len() - self.wrong()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_wrong_and_not_right() {
        let finding = |kind| AuditFinding {
            kind,
            environment: None,
            digest: None,
            run: None,
            what: Clean::line("x"),
        };
        let audit = Audit {
            findings: vec![finding(AuditFault::Unknown), finding(AuditFault::Chain)],
            ..Audit::default()
        };
        assert_eq!((audit.wrong(), audit.unknown()), (1, 1));
    }

    #[test]
    fn a_fault_has_one_name() {
        for fault in [
            AuditFault::JournalAltered,
            AuditFault::RunUnrecorded,
            AuditFault::Unknown,
        ] {
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.name());
        }
    }
}

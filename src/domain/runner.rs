//! Where the promotions to an environment run: on the machine that asks for them, or as a workflow on GitHub.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{BranchName, RepositoryName, clean_line};

/// The file name of a workflow in `.github/workflows`: `promote-prod.yml`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WorkflowFile(String);

/// Why a text is not the file name of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a workflow file such as `promote-prod.yml`")]
pub struct WorkflowFileError(String);

impl WorkflowFile {
    /// The file name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WorkflowFile {
    type Err = WorkflowFileError;

    fn from_str(text: &str) -> Result<Self, WorkflowFileError> {
        let stem = text.strip_suffix(".yml").or_else(|| text.strip_suffix(".yaml"));
        let is_plain = |stem: &str| {
            let mut bytes = stem.bytes();
            !stem.is_empty() && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        if stem.is_some_and(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(WorkflowFileError(clean_line(text).chars().take(80).collect()))
        }
    }
}

impl fmt::Display for WorkflowFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

super::serde_as_text!(WorkflowFile);

/// A workflow at a branch of a repository, as a plan pins it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowTarget {
    /// The repository on GitHub.
    pub repository: RepositoryName,
    /// The workflow.
    pub workflow: WorkflowFile,
    /// The branch whose version of the workflow runs.
    #[serde(rename = "ref")]
    pub branch: BranchName,
}

impl WorkflowTarget {
    /// In one line: `promote-prod.yml of acme/app at develop`.
    pub fn words(&self) -> String {
        format!("{} of {} at {}", self.workflow, self.repository, self.branch)
    }
}

/// What a promotion tells the workflow that carries it out, and what the title of its run is to repeat: the correlation
/// id, by which the run is found, the digest and the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunTitle {
    /// The correlation id: 32 hexadecimal digits.
    pub correlation: Option<String>,
    /// The digest that is promoted.
    pub digest: Option<super::Digest>,
    /// The hash of the plan.
    pub plan: Option<String>,
}

impl RunTitle {
    /// What the title of a run says, in whatever words around it.
    pub fn parse(title: &str) -> Self {
        let mut found = Self::default();
        let words = title.split(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '-');
        for word in words {
            let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
            if let Ok(digest) = word.parse() {
                found.digest.get_or_insert(digest);
            } else if word.len() == 32 && is_hex(word) {
                found.correlation.get_or_insert(word.to_ascii_lowercase());
            } else if let Some((left, right)) = word.split_once('-')
                && (left.len(), right.len()) == (4, 4)
                && is_hex(left)
                && is_hex(right)
            {
                found.plan.get_or_insert(word.to_ascii_lowercase());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_file_name_is_a_workflow() {
        for name in ["promote-prod.yml", "a.yaml", "promote_x.2.yml"] {
            assert!(name.parse::<WorkflowFile>().is_ok(), "{name}");
        }
        for name in [
            "",
            ".yml",
            "promote-prod",
            "../x.yml",
            "a b.yml",
            "x.yml/../../y.yml",
            "a\n.yml",
        ] {
            assert!(name.parse::<WorkflowFile>().is_err(), "{name}");
        }
    }

    #[test]
    fn the_title_of_a_run_says_digest_plan_and_correlation_in_any_order() {
        let digest = super::super::Digest::of(b"image");
        let id = "0190f3a1c0de7000800000000000beef";
        let title = format!("Promote {digest} to prod (plan 7c1d-42ab, {id})");
        let found = RunTitle::parse(&title);
        assert_eq!(found.correlation.as_deref(), Some(id));
        assert_eq!(found.digest, Some(digest));
        assert_eq!(found.plan.as_deref(), Some("7c1d-42ab"));
        assert_eq!(
            RunTitle::parse("promote sha-2b2e927 to prod"),
            RunTitle::default()
        );
    }
}

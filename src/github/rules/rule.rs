//! A rule that a branch has to obey.

use regex::Regex;

use crate::domain::clean_line;

/// One rule over a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchRule {
    /// Changes come by pull request.
    PullRequest {
        /// How many must approve it.
        approvals: u64,
    },
    /// These checks must have passed on what is pushed.
    RequiredChecks {
        /// Their names.
        checks: Vec<String>,
        /// Whether they must have passed on top of the branch as it is.
        strict: bool,
        /// Whether that holds for a new branch too.
        on_creation: bool,
    },
    /// Nobody creates it.
    Creation,
    /// Nobody pushes to it.
    Update,
    /// Nobody deletes it.
    Deletion,
    /// Nobody pushes over its past.
    NonFastForward,
    /// Commits are signed.
    Signatures,
    /// No merge commits.
    LinearHistory,
    /// Changes come by the merge queue.
    MergeQueue,
    /// A name or a message has a form.
    Pattern(Pattern),
    /// A rule that says nothing about the pushes of a release, by its name.
    Other(String),
}

/// A form that something must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What has it.
    pub of: PatternOf,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub pattern: String,
    /// Whether it must not have that form.
    pub negate: bool,
}

/// What has a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternOf {
    /// The name of the branch.
    BranchName,
    /// The message of each commit.
    CommitMessage,
}

/// How a text is compared with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// It begins with it.
    StartsWith,
    /// It ends with it.
    EndsWith,
    /// It contains it.
    Contains,
    /// It matches it as a regular expression.
    Regex,
}

impl Pattern {
    /// Whether `text` has the form; none where the pattern cannot be understood here.
    pub fn holds(&self, text: &str) -> Option<bool> {
        let matches = match self.operator {
            Operator::StartsWith => text.starts_with(&self.pattern),
            Operator::EndsWith => text.ends_with(&self.pattern),
            Operator::Contains => text.contains(&self.pattern),
            Operator::Regex => Regex::new(&self.pattern).ok()?.is_match(text),
        };
        Some(matches != self.negate)
    }

    /// The form in words: `begin with release/`.
    pub(super) fn words(&self) -> String {
        let verb = match self.operator {
            Operator::StartsWith => "begin with",
            Operator::EndsWith => "end with",
            Operator::Contains => "contain",
            Operator::Regex => "match",
        };
        let not = if self.negate { "not " } else { "" };
        format!("{not}{verb} `{}`", clean_line(&self.pattern))
    }
}

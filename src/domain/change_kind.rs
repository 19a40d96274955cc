//! What kind of change a commit is.

use serde::Serialize;

/// What kind of change a commit is, by the conventional type that its subject has, in the order of a changelog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It breaks what others rely on, whatever its type.
    Breaking,
    /// `feat`
    Feature,
    /// `fix`
    Fix,
    /// `perf`
    Performance,
    /// `revert`, and what `git revert` writes.
    Revert,
    /// `refactor`
    Refactoring,
    /// `docs`
    Documentation,
    /// `test`
    Test,
    /// `build` and `ci`
    Build,
    /// `chore` and `style`
    Chore,
    /// Any other type, and none.
    Other,
    /// A merge whose subject says no more than that it is one.
    Merge,
}

impl ChangeKind {
    /// The heading of such changes.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Breaking => "Breaking changes",
            Self::Feature => "Features",
            Self::Fix => "Fixes",
            Self::Performance => "Performance",
            Self::Revert => "Reverts",
            Self::Refactoring => "Refactoring",
            Self::Documentation => "Documentation",
            Self::Test => "Tests",
            Self::Build => "Build and CI",
            Self::Chore => "Chores",
            Self::Other => "Other",
            Self::Merge => "Merges",
        }
    }

    pub(super) fn of_type(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "feat" | "feature" => Self::Feature,
            "fix" | "bugfix" => Self::Fix,
            "perf" => Self::Performance,
            "revert" => Self::Revert,
            "refactor" => Self::Refactoring,
            "docs" | "doc" => Self::Documentation,
            "test" | "tests" => Self::Test,
            "build" | "ci" => Self::Build,
            "chore" | "style" => Self::Chore,
            _ => Self::Other,
        }
    }
}

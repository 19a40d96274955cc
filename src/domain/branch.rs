//! Branch names, by the rules of git.

use std::fmt;
use std::str::FromStr;

/// A branch name that git takes (`git check-ref-format --branch`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BranchName(String);

/// Why git would refuse a branch name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid branch name `{name}`: {why}")]
pub struct BranchNameError {
    name: String,
    why: &'static str,
}

impl BranchNameError {
    /// The reason alone, as for a tag, whose name follows the same rules.
    pub const fn why(&self) -> &'static str {
        self.why
    }
}

impl BranchName {
    /// `develop`.
    pub fn develop() -> Self {
        Self("develop".to_owned())
    }

    /// `main`.
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// The name, without `refs/heads/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The full name of the ref.
    pub fn reference(&self) -> String {
        format!("refs/heads/{}", self.0)
    }

    /// Whether git cannot have a branch `other` beside this one: `release` beside `release/v1.4.0`, because a ref is
    /// stored as a file or as a folder of others.
    pub fn excludes(&self, other: &str) -> bool {
        let is_within = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        is_within(&self.0, other) || is_within(other, &self.0)
    }
}

impl FromStr for BranchName {
    type Err = BranchNameError;

    fn from_str(name: &str) -> Result<Self, BranchNameError> {
        let why = if name.is_empty() {
            "it is empty"
        } else if name.len() > 200 {
            "it is longer than 200 bytes"
        } else if name.starts_with('-') {
            "it begins with `-`"
        } else if name == "@" || name == "HEAD" || name.contains("@{") {
            "`@`, `HEAD` and `@{` have a special meaning in git"
        } else if name.contains("..") {
            "it contains `..`"
        } else if name.contains(|c: char| c.is_control() || c.is_whitespace()) {
            "it contains spaces or control characters"
        } else if super::clean_line(name) != name {
            // git takes them, but two names that look the same are a trap.
            "it contains invisible characters"
        } else if name.contains(['~', '^', ':', '?', '*', '[', '\\']) {
            "it contains one of `~ ^ : ? * [ \\`"
        } else if name.starts_with('/') || name.ends_with('/') || name.contains("//") {
            "a `/` must separate two names"
        } else if name.ends_with('.') {
            "it ends with `.`"
        } else if name
            .split('/')
            .any(|part| part.starts_with('.') || part.strip_suffix(".lock").is_some())
        {
            "a part of it begins with `.` or ends with `.lock`"
        } else {
            return Ok(Self(name.to_owned()));
        };
        Err(BranchNameError {
            name: super::clean_line(name).chars().take(80).collect(),
            why,
        })
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

super::serde_as_text!(BranchName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_git_refuses_are_refused_with_the_reason() {
        for bad in [
            "",
            "-x",
            "a\u{202e}b",
            "a..b",
            "a b",
            "a~1",
            "/a",
            "a/",
            "a//b",
            "a.lock",
            ".a/b",
            "a/.b",
            "HEAD",
            "x@{1}",
            "a.",
        ] {
            assert!(bad.parse::<BranchName>().is_err(), "{bad:?}");
        }
        assert!("release/v1.2.0-sha-2b2e927".parse::<BranchName>().is_ok());
    }

    #[test]
    fn a_branch_excludes_its_own_folder_and_what_would_lie_in_it() {
        let name: BranchName = "release/v1.4.0".parse().unwrap();
        for other in ["release", "release/v1.4.0/fix"] {
            assert!(name.excludes(other), "{other}");
        }
        for other in ["release/v1.4.0", "release/v1.4", "release/v1.4.0-rc", "rel"] {
            assert!(!name.excludes(other), "{other}");
        }
    }
}

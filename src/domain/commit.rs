//! Commit identifiers.

use std::fmt;
use std::str::FromStr;

/// A full git object name of a commit: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommitSha(String);

/// Why a text is not a full commit name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a full commit id of 40 or 64 hexadecimal characters")]
pub struct CommitShaError(String);

impl CommitSha {
    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven characters, as tags and branch names carry them.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl FromStr for CommitSha {
    type Err = CommitShaError;

    fn from_str(text: &str) -> Result<Self, CommitShaError> {
        let hex = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(CommitShaError(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

super::serde_as_text!(CommitSha);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_full_lower_case_names() {
        let full = "2b2e927c0ffee0123456789abcdef0123456789a";
        assert_eq!(full.parse::<CommitSha>().unwrap().short(), "2b2e927");
        for bad in ["2b2e927", "HEAD", &full.to_uppercase(), &format!("{full}0")] {
            assert!(bad.parse::<CommitSha>().is_err(), "{bad}");
        }
    }
}

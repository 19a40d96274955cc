//! The next version, proposed from what was committed since the last one.

use semver::Version;

/// A version, and why it is this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The version.
    pub version: Version,
    /// Why: `2 features since v1.3.2`.
    pub why: String,
}

/// The version of a tag such as `v1.3.2` or `1.3.2`; none for any other tag.
pub fn version_of_tag(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}

/// Proposes the version after `last` from the messages of the commits since then (conventional commits 1.0, semantic
/// versioning 2.0): a breaking change the next major one, a feature the next minor one, anything else a patch. Below 1.0 a
/// breaking change is the next minor one. Messages that follow no convention count as a patch.
pub fn propose_next<'a>(last: Option<&Version>, messages: impl IntoIterator<Item = &'a str>) -> Proposal {
    let Some(last) = last else {
        return Proposal {
            version: Version::new(0, 1, 0),
            why: "the first release".to_owned(),
        };
    };
    let (mut breaking, mut features, mut others) = (0_usize, 0_usize, 0_usize);
    for message in messages {
        match git_conventional::Commit::parse(message.trim()) {
            Ok(commit) if commit.breaking() => breaking += 1,
            Ok(commit) if commit.type_() == git_conventional::Type::FEAT => features += 1,
            _ => others += 1,
        }
    }
    let counted = |n, what| format!("{} since v{last}", super::count(n, what));
    if breaking > 0 && last.major > 0 {
        Proposal {
            version: Version::new(last.major + 1, 0, 0),
            why: counted(breaking, "breaking change"),
        }
    } else if breaking > 0 {
        Proposal {
            version: Version::new(0, last.minor + 1, 0),
            why: counted(breaking, "breaking change"),
        }
    } else if features > 0 {
        Proposal {
            version: Version::new(last.major, last.minor + 1, 0),
            why: counted(features, "feature"),
        }
    } else {
        let version = Version::new(last.major, last.minor, last.patch + 1);
        Proposal {
            version,
            why: format!("no feature among {}", counted(others, "commit")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(last: &str, messages: &[&str]) -> String {
        propose_next(Some(&last.parse().unwrap()), messages.iter().copied())
            .version
            .to_string()
    }

    #[test]
    fn the_gravest_change_decides() {
        assert_eq!(next("1.3.2", &["fix: a", "chore: b", "who knows"]), "1.3.3");
        assert_eq!(next("1.3.2", &["fix: a", "feat(api): b (#7)"]), "1.4.0");
        assert_eq!(next("1.3.2", &["feat!: a", "feat: b"]), "2.0.0");
        assert_eq!(next("1.3.2", &["fix: a\n\nBREAKING CHANGE: b"]), "2.0.0");
        assert_eq!(next("0.3.2", &["feat!: a"]), "0.4.0");
        assert_eq!(propose_next(None, []).version.to_string(), "0.1.0");
    }

    #[test]
    fn tags_are_read_with_and_without_their_letter() {
        assert_eq!(version_of_tag("v1.3.2").unwrap(), Version::new(1, 3, 2));
        assert_eq!(version_of_tag("1.3.2").unwrap(), Version::new(1, 3, 2));
        assert!(version_of_tag("v1.3").is_none());
    }
}

//! The next version, proposed from what was committed since the last one.

use semver::Version;

use super::{ChangeKind, ReleaseTagReading, ReleaseTagTemplate};

/// A version, and why it is this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The version.
    pub version: Version,
    /// Why: `2 features since v1.3.2`.
    pub why: String,
}

/// The version of a tag such as `v1.3.2`, `1.3.2` or `2026.08.0`; none for any other tag.
pub fn version_of_tag(tag: &str) -> Option<Version> {
    match ReleaseTagTemplate::default().read(tag) {
        ReleaseTagReading::Version(version, _) => Some(version),
        ReleaseTagReading::Unreadable(_) | ReleaseTagReading::Other => None,
    }
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
        match ChangeKind::of_message(message) {
            ChangeKind::Breaking => breaking += 1,
            ChangeKind::Feature => features += 1,
            _ => others += 1,
        }
    }
    let (change, count, what) = if breaking > 0 {
        (Change::Breaking, breaking, "breaking change")
    } else if features > 0 {
        (Change::Feature, features, "feature")
    } else {
        (Change::Other, others, "commit")
    };
    let counted = super::count(count, what);
    Proposal {
        version: after(last, change),
        why: match change {
            Change::Other => format!("no feature among {counted} since v{last}"),
            _ => format!("{counted} since v{last}"),
        },
    }
}

/// What the gravest of some commits changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Breaking,
    Feature,
    Other,
}

/// The version after `last`. A pre-release comes before its release, which is the next one already if it is high enough:
/// after 1.4.0-rc.1 comes 1.4.0, unless something broke.
fn after(last: &Version, change: Change) -> Version {
    let (major, minor, patch) = (last.major, last.minor, last.patch);
    let is_before = !last.pre.is_empty();
    let change = match change {
        Change::Breaking if major == 0 => Change::Feature,
        change => change,
    };
    // A tag may hold any number.
    let next = |n: u64, has_come: bool| if has_come { n } else { n.saturating_add(1) };
    match change {
        Change::Breaking => Version::new(next(major, is_before && minor == 0 && patch == 0), 0, 0),
        Change::Feature => Version::new(major, next(minor, is_before && patch == 0), 0),
        Change::Other => Version::new(major, minor, next(patch, is_before)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        assert_eq!(next("1.3.2", &["feature: a"]), "1.4.0");
        assert_eq!(next("1.3.2", &["fix: a\n\ntext\nBREAKING CHANGE: b"]), "2.0.0");
        assert_eq!(next("1.3.2", &["fix: a\n\nBREAKING CHANGE: b"]), "2.0.0");
        assert_eq!(next("0.3.2", &["feat!: a"]), "0.4.0");
        assert_eq!(next("0.3.2", &["feat: a"]), "0.4.0");
        assert_eq!(propose_next(None, []).version.to_string(), "0.1.0");
    }

    #[test]
    fn a_pre_release_is_followed_by_its_release_unless_more_changed() {
        assert_eq!(next("1.4.0-rc.1", &["fix: a"]), "1.4.0");
        assert_eq!(next("1.4.0-rc.1", &["feat: a"]), "1.4.0");
        assert_eq!(next("1.4.0-rc.1", &["feat!: a"]), "2.0.0");
        assert_eq!(next("1.4.1-rc.1", &["feat: a"]), "1.5.0");
        assert_eq!(next("2.0.0-rc.1", &["feat!: a"]), "2.0.0");
    }

    #[test]
    fn the_reason_counts_what_decided() {
        let why =
            |messages: &[&str]| propose_next(Some(&Version::new(1, 3, 2)), messages.iter().copied()).why;
        assert_eq!(why(&["feat: a", "feat: b", "fix: c"]), "2 features since v1.3.2");
        assert_eq!(why(&["fix: c"]), "no feature among 1 commit since v1.3.2");
    }

    proptest! {
        #[test]
        fn the_next_version_is_always_a_higher_release(
            last in "[0-9]|(0|[1-9][0-9]{0,2})",
            pre in "(-rc\\.[1-9])?",
            messages in proptest::collection::vec("(feat|fix|feat!|chore|what)(: .{0,20})?", 0..5),
        ) {
            let last: Version = format!("{last}.4.2{pre}").parse().unwrap();
            let next = propose_next(Some(&last), messages.iter().map(String::as_str)).version;
            prop_assert!(next > last);
            prop_assert!(next.pre.is_empty() && next.build.is_empty());
        }
    }

    #[test]
    fn a_version_at_the_end_of_all_numbers_does_no_harm() {
        let last = Version::new(1, u64::MAX, 0);
        assert_eq!(propose_next(Some(&last), ["feat: a"]).version, last);
    }

    #[test]
    fn tags_are_read_with_and_without_their_letter() {
        assert_eq!(version_of_tag("v1.3.2").unwrap(), Version::new(1, 3, 2));
        assert_eq!(version_of_tag("1.3.2").unwrap(), Version::new(1, 3, 2));
        assert_eq!(version_of_tag("2026.08.0").unwrap(), Version::new(2026, 8, 0));
        assert!(version_of_tag("v1.3.2.1").is_none());
    }
}

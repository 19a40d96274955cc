//! Conventional commits, read in one way for everybody who asks what a commit is.

use super::change_kind::ChangeKind;

/// What a message says by the convention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conventional {
    /// The kind: breaking, whatever its type, where it breaks something.
    pub(super) kind: ChangeKind,
    /// `api` of `feat(api): …`.
    pub(super) scope: Option<String>,
    /// The subject without type and scope.
    pub(super) description: String,
    /// What breaks, where the message tells it apart from the description.
    pub(super) breaks: Option<String>,
}

impl Conventional {
    /// Reads a message; none where its subject follows no convention and it names no breaking change. A message that is
    /// conventional in its first line only is taken by that.
    pub(super) fn read(message: &str, subject: &str) -> Option<Self> {
        let parsed =
            git_conventional::Commit::parse(message).or_else(|_| git_conventional::Commit::parse(subject));
        let footer = breaking_footer(message);
        let Ok(parsed) = parsed else {
            return footer.map(|breaks| Self {
                kind: ChangeKind::Breaking,
                scope: None,
                description: subject.to_owned(),
                breaks: Some(breaks),
            });
        };
        let described = parsed.breaking_description().map(str::to_owned);
        let breaks = described.or(footer);
        let kind = if breaks.is_some() || parsed.breaking() {
            ChangeKind::Breaking
        } else {
            ChangeKind::of_type(parsed.type_().as_str())
        };
        Some(Self {
            kind,
            scope: parsed.scope().map(|scope| scope.as_str().to_owned()),
            breaks: breaks.filter(|breaks| breaks != parsed.description()),
            description: parsed.description().to_owned(),
        })
    }
}

/// What stands after `BREAKING CHANGE:` at the beginning of a line of the body. The specification asks for a blank line
/// before the footers; people leave it out.
fn breaking_footer(message: &str) -> Option<String> {
    message.lines().skip(1).find_map(|line| {
        let rest = line
            .strip_prefix("BREAKING CHANGE: ")
            .or_else(|| line.strip_prefix("BREAKING-CHANGE: "))?;
        let rest = rest.trim();
        (!rest.is_empty()).then(|| rest.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breaking_change_is_read_wherever_its_line_stands() {
        for message in [
            "fix: a\n\nBREAKING CHANGE: b",
            "fix: a\n\nsome text\nBREAKING CHANGE: b",
            "fix: a\nBREAKING-CHANGE: b",
            "a\n\nBREAKING CHANGE: b",
            "feat!: b",
        ] {
            assert_eq!(
                ChangeKind::of_message(message),
                ChangeKind::Breaking,
                "{message:?}"
            );
        }
        for message in ["fix: a\n\nno BREAKING CHANGE: b", "fix: a\n\nBREAKING CHANGE:"] {
            assert_eq!(ChangeKind::of_message(message), ChangeKind::Fix, "{message:?}");
        }
    }

    #[test]
    fn a_type_has_one_meaning_for_notes_and_versions() {
        assert_eq!(ChangeKind::of_message("feature: a"), ChangeKind::Feature);
        assert_eq!(ChangeKind::of_message("Feat(api): a"), ChangeKind::Feature);
        assert_eq!(ChangeKind::of_message("bugfix: a"), ChangeKind::Fix);
        assert_eq!(ChangeKind::of_message("Revert \"feat: a\""), ChangeKind::Revert);
        assert_eq!(ChangeKind::of_message("what"), ChangeKind::Other);
    }
}

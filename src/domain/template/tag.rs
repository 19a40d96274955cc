//! Templates of image tags: text around the name of a commit.

use std::fmt;
use std::str::FromStr;

use super::{Field, TemplateError};
use crate::domain::{CommitSha, ImageError, Tag};

/// A template of image tags: text around the first seven characters of a commit or its whole name, as `sha-{short}` or
/// `sha-{sha}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagTemplate {
    before: String,
    commit: &'static str,
    after: String,
}

/// What stands before the tag of an image that was built anew for a release.
const REBUILT: &str = "rebuilt-";
const SHORT: &str = "{short}";
const WHOLE: &str = "{sha}";

impl Default for TagTemplate {
    /// `sha-{short}`.
    fn default() -> Self {
        Self {
            before: "sha-".to_owned(),
            commit: SHORT,
            after: String::new(),
        }
    }
}

impl TagTemplate {
    /// The tag of a commit; none if it would be longer than a tag may be.
    pub fn render(&self, commit: &CommitSha) -> Option<Tag> {
        let name = if self.commit == WHOLE {
            commit.as_str()
        } else {
            commit.short()
        };
        format!("{}{name}{}", self.before, self.after).parse().ok()
    }

    /// The tag of an image that was built anew from this commit of a release branch: `rebuilt-sha-2b2e927`.
    pub fn render_rebuilt(&self, commit: &CommitSha) -> Option<Tag> {
        format!("{REBUILT}{}", self.render(commit)?).parse().ok()
    }

    /// Whether a tag is of an image that was built anew for a release.
    pub fn is_rebuilt(&self, tag: &Tag) -> bool {
        tag.as_str().starts_with(REBUILT) && self.parse_back(tag).is_some()
    }

    /// The name of the commit, short or whole, in a tag that this template made; none for any other tag.
    pub fn parse_back<'a>(&self, tag: &'a Tag) -> Option<&'a str> {
        let text = tag.as_str();
        let name = text
            .strip_prefix(REBUILT)
            .unwrap_or(text)
            .strip_prefix(&self.before)?
            .strip_suffix(&self.after)?;
        let is_name = if self.commit == WHOLE {
            name.parse::<CommitSha>().is_ok()
        } else {
            Field::Short.takes(name)
        };
        is_name.then_some(name)
    }
}

impl FromStr for TagTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let split = |commit| {
            text.split_once(commit)
                .map(|(before, after)| (before, commit, after))
        };
        let (before, commit, after) = split(SHORT).or_else(|| split(WHOLE)).ok_or_else(|| {
            TemplateError::Name("a tag template requires {short} or {sha}, as in sha-{short}".to_owned())
        })?;
        let name = |error: ImageError| TemplateError::Name(error.to_string());
        format!("{before}2b2e927{after}").parse::<Tag>().map_err(name)?;
        Ok(Self {
            before: before.to_owned(),
            commit,
            after: after.to_owned(),
        })
    }
}

impl fmt::Display for TagTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.before, self.commit, self.after)
    }
}

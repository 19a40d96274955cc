//! What is deployed to an environment, told by its registry alone.
//!
//! An environment that promotions reach is marked by *deployment tags*: after each deployment the digest gets one more
//! tag, `deployed-20261123T221500Z`. Such a tag never moves, so registries with immutable tags and protected
//! environments take it; the lexically last one is what is deployed now, those before it are the history to roll back to.
//! A listing that begins after `deployed-` reads nothing else. The entrance of the graph, which builds push to, may
//! have none; there the mutable tag `latest` says what is deployed.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Tag;

/// The tag that a deployment leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeploymentTag(Timestamp);

impl DeploymentTag {
    /// Where a listing of deployment tags begins (`?last=` of the tags API).
    pub const PREFIX: &'static str = "deployed-";

    const FORM: &'static str = "%Y%m%dT%H%M%SZ";

    /// The tag of a deployment at `at`, to the second.
    pub const fn at(at: Timestamp) -> Self {
        Self(at)
    }

    /// When the deployment was done.
    pub const fn time(self) -> Timestamp {
        self.0
    }

    /// Reads a tag; none if it is another kind of tag.
    pub fn parse(tag: &Tag) -> Option<Self> {
        let text = tag.as_str().strip_prefix(Self::PREFIX)?;
        let civil = DateTime::strptime(Self::FORM, text).ok()?;
        Some(Self(TimeZone::UTC.to_timestamp(civil).ok()?))
    }

    /// The newest deployment among `tags`: what is deployed now.
    pub fn newest<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> Option<(Self, &'a Tag)> {
        tags.into_iter()
            .filter_map(|tag| Some((Self::parse(tag)?, tag)))
            .max_by_key(|(at, _)| *at)
    }

    /// The tag itself.
    pub fn tag(self) -> Option<Tag> {
        self.0
            .strftime(&format!("{}{}", Self::PREFIX, Self::FORM))
            .to_string()
            .parse()
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_deployment_tag_is_what_runs_now() {
        let tags: Vec<Tag> = [
            "sha-2b2e927",
            "deployed-20261101T080000Z",
            "deployed-20261123T221500Z",
            "latest",
            "deployed-x",
        ]
        .iter()
        .map(|t| t.parse().unwrap())
        .collect();
        let (deployment, tag) = DeploymentTag::newest(&tags).unwrap();
        assert_eq!(tag.as_str(), "deployed-20261123T221500Z");
        assert_eq!(deployment.tag().unwrap(), *tag);
        assert_eq!(deployment.time().to_string(), "2026-11-23T22:15:00Z");
    }
}

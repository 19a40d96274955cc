//! What was released: the tags of versions as the remote has them, joined with those that are only here. Cut, hotfix,
//! finish, notes, comparisons and the console read them in this one place.

use std::collections::BTreeMap;

use semver::Version;

use crate::domain::{CommitSha, Padding, ReleaseTagReading, ReleaseTagTemplate};
use crate::git::TagAt;

/// A released version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReleaseTag {
    pub(super) version: Version,
    /// The tag as it is called: `v1.4.0`, `2026.08.0`.
    pub(super) name: String,
    pub(super) at: TagAt,
    /// Whether the remote does not have it.
    pub(super) is_only_here: bool,
}

/// A tag that looks like that of a version and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unreadable {
    name: String,
    numbers: Vec<u64>,
    commit: CommitSha,
}

/// All released versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Released {
    /// The highest first; of equal ones, that of the remote first.
    tags: Vec<ReleaseTag>,
    unreadable: Vec<Unreadable>,
    template: ReleaseTagTemplate,
    padding: Padding,
}

impl Released {
    /// Joins the tags of the remote with those of this machine. Of a tag that is at different commits the remote's counts.
    /// Without a template tags are called as those that exist.
    pub(super) fn join(
        remote: &BTreeMap<String, TagAt>,
        local: &BTreeMap<String, TagAt>,
        template: Option<&ReleaseTagTemplate>,
    ) -> Self {
        let only_here = local.iter().filter(|(name, _)| !remote.contains_key(*name));
        let all = remote
            .iter()
            .map(|tag| (tag, false))
            .chain(only_here.map(|tag| (tag, true)));
        let names = all.clone().map(|((name, _), _)| name.as_str());
        let template = template
            .cloned()
            .unwrap_or_else(|| ReleaseTagTemplate::of_tags(names));
        let mut released = Self {
            template,
            ..Self::default()
        };
        for ((name, at), is_only_here) in all {
            match released.template.read(name) {
                ReleaseTagReading::Version(version, padding) => {
                    released.padding = released.padding.or(padding);
                    released.tags.push(ReleaseTag {
                        version,
                        name: name.clone(),
                        at: at.clone(),
                        is_only_here,
                    });
                }
                ReleaseTagReading::Unreadable(numbers) => released.unreadable.push(Unreadable {
                    name: name.clone(),
                    numbers,
                    commit: at.commit.clone(),
                }),
                ReleaseTagReading::Other => {}
            }
        }
        released
            .tags
            .sort_by(|a, b| (&b.version, a.is_only_here).cmp(&(&a.version, b.is_only_here)));
        released
    }

    /// The tag of a version: the one that exists, in whichever form, or as it would be called.
    pub(super) fn name_of(&self, version: &Version) -> String {
        self.find(version).map_or_else(
            || self.template.render(version, self.padding),
            |tag| tag.name.clone(),
        )
    }

    /// How versions are written here.
    pub(super) const fn padding(&self) -> Padding {
        self.padding
    }

    /// The tag of a version, in whichever form.
    pub(super) fn find(&self, version: &Version) -> Option<&ReleaseTag> {
        self.tags.iter().find(|tag| tag.version == *version)
    }

    /// The version that a text names, as a tag or by itself.
    pub(super) fn version_named(&self, text: &str) -> Option<Version> {
        match self.template.read(text) {
            ReleaseTagReading::Version(version, _) => Some(version),
            _ => Padding::read(text.strip_prefix('v').unwrap_or(text)).map(|(version, _)| version),
        }
    }

    /// All of them, the highest first.
    pub(super) fn tags(&self) -> &[ReleaseTag] {
        &self.tags
    }

    /// The highest one that is no pre-release.
    pub(super) fn highest(&self) -> Option<&ReleaseTag> {
        self.tags.iter().find(|tag| tag.version.pre.is_empty())
    }

    /// The versions with their commits, the highest first; pre-releases among them.
    pub(super) fn commits(&self) -> Vec<(Version, CommitSha)> {
        let tags = self.tags.iter();
        tags.map(|tag| (tag.version.clone(), tag.at.commit.clone()))
            .collect()
    }

    /// A tag that cannot be read and seems to be of a newer version than `last`: what comes next cannot be told then.
    pub(super) fn unreadable_after(&self, last: Option<&Version>) -> Option<&str> {
        let last = last.map_or_else(Vec::new, |last| vec![last.major, last.minor, last.patch]);
        let newer = self.unreadable.iter().filter(|tag| tag.numbers > last);
        newer
            .max_by(|a, b| a.numbers.cmp(&b.numbers))
            .map(|tag| tag.name.as_str())
    }

    /// A tag that cannot be read at `commit`.
    pub(super) fn unreadable_at(&self, commit: &CommitSha) -> Option<&str> {
        let mut at = self.unreadable.iter().filter(|tag| tag.commit == *commit);
        at.next().map(|tag| tag.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(letter: char) -> CommitSha {
        letter.to_string().repeat(40).parse().unwrap()
    }

    fn tags(names: &[(&str, char)]) -> BTreeMap<String, TagAt> {
        let at = |letter| TagAt {
            object: (&sha(letter)).into(),
            commit: sha(letter),
        };
        names
            .iter()
            .map(|(name, letter)| ((*name).to_owned(), at(*letter)))
            .collect()
    }

    #[test]
    fn the_tags_of_the_remote_decide_and_those_that_are_only_here_count_too() {
        let remote = tags(&[("v1.4.0", 'a'), ("1.2.0", 'b'), ("latest", 'c')]);
        let local = tags(&[("v1.4.0", 'd'), ("v1.5.0", 'e')]);
        let released = Released::join(&remote, &local, None);
        let names: Vec<_> = released.tags().iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(names, ["v1.5.0", "v1.4.0", "1.2.0"]);
        assert!(released.tags()[0].is_only_here);
        assert_eq!(released.tags()[1].at.commit, sha('a'));
        assert!(released.find(&Version::new(1, 2, 0)).is_some());
    }

    #[test]
    fn tags_are_called_as_those_that_exist() {
        let name = |names: &[(&str, char)], version: &str| {
            let released = Released::join(&tags(names), &BTreeMap::new(), None);
            released.name_of(&version.parse().unwrap())
        };
        assert_eq!(name(&[("1.12.3", 'a')], "1.12.4"), "1.12.4");
        assert_eq!(name(&[("v1.12.3", 'a')], "1.12.4"), "v1.12.4");
        assert_eq!(
            name(&[("2025.12.3", 'a'), ("2026.08.0", 'b')], "2026.9.0"),
            "2026.09.0"
        );
        assert_eq!(name(&[("app-1.2.3", 'a')], "1.2.4"), "app-1.2.4");
        // Either form is that version.
        assert_eq!(name(&[("v1.0.0", 'a'), ("1.2.3", 'b')], "1.0.0"), "v1.0.0");
    }

    #[test]
    fn a_tag_that_cannot_be_read_is_named_where_it_seems_to_be_the_newest() {
        let released = Released::join(
            &tags(&[("v1.4.0", 'a'), ("v1.5.0.1", 'b'), ("v1", 'c')]),
            &BTreeMap::new(),
            None,
        );
        assert_eq!(
            released.unreadable_after(Some(&Version::new(1, 4, 0))),
            Some("v1.5.0.1")
        );
        assert_eq!(released.unreadable_after(Some(&Version::new(1, 6, 0))), None);
        assert_eq!(released.unreadable_at(&sha('b')), Some("v1.5.0.1"));
    }
}

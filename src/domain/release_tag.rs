//! Tags of releases in the forms that projects really use: with and without `v`, behind a name of their own, calendar
//! versions with leading zeros.

use std::fmt;
use std::str::FromStr;

use semver::{BuildMetadata, Prerelease, Version};

use super::{BranchName, TemplateError, clean_line};

/// A major version from here on is a year.
const FIRST_YEAR: u64 = 1990;

/// Which numbers of a version are written with two digits, as the month of `2026.08.0` is. Semantic versions have none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Padding {
    minor: bool,
    patch: bool,
}

impl Padding {
    /// What either of them pads.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            minor: self.minor || other.minor,
            patch: self.patch || other.patch,
        }
    }

    /// `version` as people say it: `v1.4.0`; a calendar version as `2026.08.0`.
    pub fn name(self, version: &Version) -> String {
        version_name(&self.render(version))
    }

    /// The text of `version`.
    pub fn render(self, version: &Version) -> String {
        let two = |number: u64, is_padded: bool| {
            if is_padded {
                format!("{number:02}")
            } else {
                number.to_string()
            }
        };
        let mut text = format!(
            "{}.{}.{}",
            version.major,
            two(version.minor, self.minor),
            two(version.patch, self.patch)
        );
        if !version.pre.is_empty() {
            text.push('-');
            text.push_str(&version.pre);
        }
        if !version.build.is_empty() {
            text.push('+');
            text.push_str(&version.build);
        }
        text
    }

    /// Reads `1.4.0` and `2026.08.0`; what is read is written the same again.
    pub fn read(text: &str) -> Option<(Version, Self)> {
        if let Ok(version) = Version::parse(text) {
            return Some((version, Self::default()));
        }
        let (core, _) = split_core(text);
        let [major, minor, patch] = core.split('.').collect::<Vec<_>>().try_into().ok()?;
        let is_padded = |number: &str| number.len() == 2 && number.starts_with('0');
        let padding = Self {
            minor: is_padded(minor),
            patch: is_padded(patch),
        };
        let number = |text: &str| text.parse::<u64>().ok();
        let core = format!("{}.{}.{}", number(major)?, number(minor)?, number(patch)?);
        let rest = &text[split_core(text).0.len()..];
        let version = Version::parse(&format!("{core}{rest}")).ok()?;
        (padding.render(&version) == text).then_some((version, padding))
    }
}

/// The text of a version as people say it: with a `v`, unless it begins with a year.
pub fn version_name(text: &str) -> String {
    let year = text.split('.').next().and_then(|major| major.parse::<u64>().ok());
    if year.is_some_and(|year| year >= FIRST_YEAR) {
        text.to_owned()
    } else {
        format!("v{text}")
    }
}

/// The part before `-` or `+`, and the rest.
fn split_core(text: &str) -> (&str, &str) {
    text.split_at(text.find(['-', '+']).unwrap_or(text.len()))
}

/// How the tags of releases are called: a text, and the version at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseTagTemplate {
    before: String,
}

/// What a tag is to a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseTagReading {
    /// The tag of a version.
    Version(Version, Padding),
    /// It looks like the tag of a version, and cannot be read as one; its numbers, to tell whether it is a newer one.
    Unreadable(Vec<u64>),
    /// Another tag.
    Other,
}

const PLACEHOLDER: &str = "{version}";
const SERVICE: &str = "{service}";

impl Default for ReleaseTagTemplate {
    /// `v{version}`.
    fn default() -> Self {
        Self {
            before: "v".to_owned(),
        }
    }
}

impl ReleaseTagTemplate {
    /// The tag of a version.
    pub fn render(&self, version: &Version, padding: Padding) -> String {
        format!("{}{}", self.before, padding.render(version))
    }

    /// The same for one service, whose name stands where `{service}` is.
    #[must_use]
    pub fn for_service(&self, service: &str) -> Self {
        Self {
            before: self.before.replace(SERVICE, service),
        }
    }

    /// Whether the tags of services are told apart.
    pub fn has_service(&self) -> bool {
        self.before.contains(SERVICE)
    }

    /// What `tag` is. A `v` before the version may be there or not, whatever the template says: both forms count.
    pub fn read(&self, tag: &str) -> ReleaseTagReading {
        let Some(rest) = tag.strip_prefix(self.bare()) else {
            return ReleaseTagReading::Other;
        };
        let text = rest.strip_prefix('v').unwrap_or(rest);
        if let Some((version, padding)) = Padding::read(text).or_else(|| loose(text)) {
            return ReleaseTagReading::Version(version, padding);
        }
        match numbers(text) {
            Some(numbers) if numbers.len() > 1 || rest.starts_with('v') => {
                ReleaseTagReading::Unreadable(numbers)
            }
            _ => ReleaseTagReading::Other,
        }
    }

    /// The text before the version without its `v`.
    fn bare(&self) -> &str {
        self.before.strip_suffix('v').unwrap_or(&self.before)
    }

    /// The form of some tags: that of the highest version among those with and without `v`; where there are none, the text
    /// that all others have before their versions. The usual form if there is no tag of a version at all.
    pub fn of_tags<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut highest, mut other): (Option<(Version, Self)>, Option<String>) = (None, None);
        let mut is_one = true;
        for tag in tags {
            let before = if tag.starts_with('v') { "v" } else { "" };
            match Self::default().read(tag) {
                ReleaseTagReading::Version(version, _) => {
                    if highest.as_ref().is_none_or(|(known, _)| version > *known) {
                        let before = before.to_owned();
                        highest = Some((version, Self { before }));
                    }
                }
                ReleaseTagReading::Unreadable(_) => {}
                ReleaseTagReading::Other => {
                    if let Some(before) = before_version(tag) {
                        is_one &= other.as_deref().is_none_or(|known| known == before);
                        other.get_or_insert_with(|| before.to_owned());
                    }
                }
            }
        }
        match (highest, other) {
            (Some((_, form)), _) => form,
            (None, Some(before)) if is_one => Self { before },
            _ => Self::default(),
        }
    }
}

/// What stands before the version of `app-1.2.3` or `release/v1.2.3`.
fn before_version(tag: &str) -> Option<&str> {
    let starts = tag.match_indices(|c: char| c.is_ascii_digit());
    let mut starts = starts.filter(|(at, _)| *at > 0 && !tag[..*at].ends_with(|c: char| c.is_ascii_digit()));
    let (at, _) = starts.find(|(at, _)| Padding::read(&tag[*at..]).is_some())?;
    Some(&tag[..at])
}

/// Two forms that are near enough: `1.9`, which is 1.9.0, and `1.2.3rc1`, which comes before 1.2.3.
fn loose(text: &str) -> Option<(Version, Padding)> {
    if let Some(read) = Padding::read(&format!("{text}.0")).filter(|(version, _)| version.pre.is_empty()) {
        return Some(read);
    }
    let end = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (core, suffix) = text.split_at(end);
    let name: String = suffix.chars().take_while(char::is_ascii_alphabetic).collect();
    if !["rc", "a", "b", "alpha", "beta", "dev", "pre"].contains(&name.as_str()) {
        return None;
    }
    let (mut version, padding) = Padding::read(core)?;
    version.pre = Prerelease::new(suffix).ok()?;
    version.build = BuildMetadata::EMPTY;
    Some((version, padding))
}

/// The numbers at the beginning of a text, which dots divide.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let numbers = text[..end].split('.').filter(|part| !part.is_empty());
    let numbers: Vec<_> = numbers.map(|part| part.parse().unwrap_or(u64::MAX)).collect();
    (!numbers.is_empty() && text.starts_with(|c: char| c.is_ascii_digit())).then_some(numbers)
}

impl FromStr for ReleaseTagTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let before = text.strip_suffix(PLACEHOLDER).ok_or_else(|| {
            TemplateError::Name("a release tag template must end with {version}, as in v{version}".to_owned())
        })?;
        let template = Self {
            before: before.to_owned(),
        };
        let sample = template
            .for_service("a")
            .render(&Version::new(1, 2, 3), Padding::default());
        if let Some(open) = sample.find(['{', '}']) {
            return Err(TemplateError::Unknown(
                clean_line(&sample[open..]).replace(['{', '}'], ""),
            ));
        }
        // A tag follows the same rules as a branch.
        sample
            .parse::<BranchName>()
            .map_err(|error| TemplateError::Name(error.to_string()))?;
        Ok(template)
    }
}

impl fmt::Display for ReleaseTagTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{PLACEHOLDER}", self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_version_is_said_as_it_is_written_and_others_with_a_v() {
        let name = |text: &str| {
            let (version, padding) = Padding::read(text).unwrap();
            padding.name(&version)
        };
        assert_eq!(name("2026.08.0"), "2026.08.0");
        assert_eq!(name("2026.8.0"), "2026.8.0");
        assert_eq!(name("1.4.0"), "v1.4.0");
        assert_eq!(name("19.4.0-rc.1"), "v19.4.0-rc.1");
    }

    fn read(template: &str, tag: &str) -> Option<String> {
        match template.parse::<ReleaseTagTemplate>().unwrap().read(tag) {
            ReleaseTagReading::Version(version, padding) => Some(padding.render(&version)),
            ReleaseTagReading::Unreadable(numbers) => Some(format!("unreadable {numbers:?}")),
            ReleaseTagReading::Other => None,
        }
    }

    #[test]
    fn versions_are_read_in_the_forms_that_projects_use() {
        for (tag, version) in [
            ("v1.3.2", "1.3.2"),
            ("1.3.2", "1.3.2"),
            ("2026.08.0", "2026.08.0"),
            ("v2026.8.01", "2026.8.01"),
            ("1.9", "1.9.0"),
            ("24.04", "24.04.0"),
            ("v1.2.0-rc.1", "1.2.0-rc.1"),
            ("1.2.0rc1", "1.2.0-rc1"),
        ] {
            assert_eq!(read("v{version}", tag).as_deref(), Some(version), "{tag}");
            assert_eq!(read("{version}", tag).as_deref(), Some(version), "{tag}");
        }
    }

    #[test]
    fn what_looks_like_a_version_and_is_none_is_named() {
        for (tag, numbers) in [
            ("v1.2.3.4", "[1, 2, 3, 4]"),
            ("2026.123.01.RELEASE", "[2026, 123, 1]"),
            ("v255", "[255]"),
            ("1.002.3", "[1, 2, 3]"),
        ] {
            assert_eq!(
                read("v{version}", tag),
                Some(format!("unreadable {numbers}")),
                "{tag}"
            );
        }
        for other in ["latest", "nightly-2026", "7", "vendor", "app-1.2.3"] {
            assert_eq!(read("v{version}", other), None, "{other}");
        }
    }

    #[test]
    fn a_template_of_ones_own_reads_its_tags_only() {
        assert_eq!(read("app/v{version}", "app/v1.2.3").as_deref(), Some("1.2.3"));
        assert_eq!(read("app/v{version}", "app/1.2.3").as_deref(), Some("1.2.3"));
        assert_eq!(read("app/v{version}", "v1.2.3"), None);
        let template: ReleaseTagTemplate = "{service}-v{version}".parse().unwrap();
        let of_api = template.for_service("api");
        assert_eq!(
            of_api.render(&Version::new(1, 2, 3), Padding::default()),
            "api-v1.2.3"
        );
        for bad in ["v", "v{version}.x", "{x}{version}", "a b{version}"] {
            assert!(bad.parse::<ReleaseTagTemplate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_form_is_that_of_the_tags_that_exist() {
        for (tags, form) in [
            (&["v1.0.0", "v1.1.0"][..], "v{version}"),
            (&["v1.0.0", "1.1.0"], "{version}"),
            (&["app-1.0.0", "app-1.1.0"], "app-{version}"),
            (&["app-1.0.0", "web-1.1.0"], "v{version}"),
            (&["latest"], "v{version}"),
            (&[], "v{version}"),
        ] {
            let found = ReleaseTagTemplate::of_tags(tags.iter().copied());
            assert_eq!(found.to_string(), form, "{tags:?}");
        }
    }

    #[test]
    fn a_padded_version_is_written_as_it_was_read() {
        let (version, padding) = Padding::read("2026.08.0").unwrap();
        assert_eq!(version, Version::new(2026, 8, 0));
        assert_eq!(padding.render(&Version::new(2026, 9, 0)), "2026.09.0");
        assert_eq!(padding.render(&Version::new(2026, 10, 1)), "2026.10.1");
        assert!(Padding::read("02026.8.0").is_none());
        assert!(Padding::read("1.008.0").is_none());
    }
}

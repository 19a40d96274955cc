//! Names of branches and image tags by template, written and read back strictly.

use std::fmt;
use std::str::FromStr;

use super::{CommitSha, Tag};

/// A branch name that git takes (`git check-ref-format --branch`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BranchName(String);

/// Why git would refuse a branch name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot be a branch: {why}")]
pub struct BranchNameError {
    name: String,
    why: &'static str,
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
            "`@`, `HEAD` and `@{` mean something else to git"
        } else if name.contains("..") {
            "it contains `..`"
        } else if name.contains(|c: char| c.is_control() || c.is_whitespace()) {
            "it contains blanks or control characters"
        } else if name.contains(['~', '^', ':', '?', '*', '[', '\\']) {
            "it contains one of `~ ^ : ? * [ \\`"
        } else if name.starts_with('/') || name.ends_with('/') || name.contains("//") {
            "a `/` must stand between two names"
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

/// What can stand in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Version,
    Short,
    Sprint,
    Date,
}

impl Field {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Version, "version"),
        (Self::Short, "short"),
        (Self::Sprint, "sprint"),
        (Self::Date, "date"),
    ];

    /// Whether `text` can be the value of this field.
    fn takes(self, text: &str) -> bool {
        match self {
            Self::Version => semver::Version::parse(text).is_ok(),
            Self::Short => text.len() == 7 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
            Self::Sprint => !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()),
            Self::Date => text.parse::<jiff::civil::Date>().is_ok(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder that does not exist.
    #[error("`{{{0}}}` is not known in a template: use {{version}}, {{short}}, {{sprint}} or {{date}}")]
    Unknown(String),
    /// A brace without its other half.
    #[error("a `{{` without its `}}`")]
    Open,
    /// Two placeholders with nothing between them could not be read back.
    #[error("two placeholders need a text between them")]
    Adjacent,
    /// Without a placeholder all names would be the same.
    #[error("a template needs a placeholder")]
    Constant,
    /// What it makes would not be a name.
    #[error("{0}")]
    Name(String),
}

/// What fills a template, or was read back with one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// The version.
    pub version: Option<semver::Version>,
    /// The first seven characters of the commit.
    pub short: Option<String>,
    /// The number of the sprint.
    pub sprint: Option<String>,
    /// The day, `2026-11-23`.
    pub date: Option<String>,
}

impl Values {
    fn get(&self, field: Field) -> Option<String> {
        match field {
            Field::Version => self.version.as_ref().map(ToString::to_string),
            Field::Short => self.short.clone(),
            Field::Sprint => self.sprint.clone(),
            Field::Date => self.date.clone(),
        }
    }

    fn set(&mut self, field: Field, text: &str) {
        match field {
            Field::Version => self.version = semver::Version::parse(text).ok(),
            Field::Short => self.short = Some(text.to_owned()),
            Field::Sprint => self.sprint = Some(text.to_owned()),
            Field::Date => self.date = Some(text.to_owned()),
        }
    }
}

/// A template of branch names: `release/v{version}-sha-{short}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchTemplate(Vec<Part>);

impl BranchTemplate {
    /// `release/v{version}-sha-{short}`: the usual one for releases.
    pub fn release() -> Self {
        let text = |text: &str| Part::Text(text.to_owned());
        Self(vec![
            text("release/v"),
            Part::Field(Field::Version),
            text("-sha-"),
            Part::Field(Field::Short),
        ])
    }

    /// `hotfix/v{version}`: the usual one for hotfixes.
    pub fn hotfix() -> Self {
        Self(vec![
            Part::Text("hotfix/v".to_owned()),
            Part::Field(Field::Version),
        ])
    }

    /// Whether names carry a version.
    pub fn has_version(&self) -> bool {
        self.0.contains(&Part::Field(Field::Version))
    }

    /// The name that `values` make; the error names what is missing.
    pub fn render(&self, values: &Values) -> Result<BranchName, TemplateError> {
        let mut name = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Field(field) => name.push_str(&values.get(*field).ok_or_else(|| {
                    TemplateError::Name(format!("a branch by this template needs a {}", word(*field)))
                })?),
            }
        }
        name.parse()
            .map_err(|error: BranchNameError| TemplateError::Name(error.to_string()))
    }

    /// The values of a name that this template made; none for any other name.
    pub fn parse_back(&self, name: &str) -> Option<Values> {
        let mut values = Values::default();
        read_back(&self.0, name, &mut values).then_some(values)
    }
}

/// Reads `rest` by `parts`, trying the longest value of a field first, so that `1.2.0-sha-x` is not cut short.
fn read_back(parts: &[Part], rest: &str, values: &mut Values) -> bool {
    match parts {
        [] => rest.is_empty(),
        [Part::Text(text), tail @ ..] => rest
            .strip_prefix(text.as_str())
            .is_some_and(|r| read_back(tail, r, values)),
        [Part::Field(field), tail @ ..] => {
            (1..=rest.len())
                .filter(|end| rest.is_char_boundary(*end))
                .any(|end| {
                    let (value, rest) = rest.split_at(end);
                    if field.takes(value) && read_back(tail, rest, values) {
                        values.set(*field, value);
                        return true;
                    }
                    false
                })
        }
    }
}

fn word(field: Field) -> &'static str {
    Field::ALL
        .iter()
        .find(|(known, _)| *known == field)
        .map_or("value", |(_, word)| word)
}

fn parts(text: &str) -> Result<Vec<Part>, TemplateError> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        if !before.is_empty() {
            found.push(Part::Text(before.to_owned()));
        } else if matches!(found.last(), Some(Part::Field(_))) {
            return Err(TemplateError::Adjacent);
        }
        let close = after.find('}').ok_or(TemplateError::Open)?;
        let name = &after[1..close];
        let field = Field::ALL.iter().find(|(_, word)| *word == name);
        found.push(Part::Field(
            field
                .ok_or_else(|| TemplateError::Unknown(super::clean_line(name)))?
                .0,
        ));
        rest = &after[close + 1..];
    }
    if rest.contains('}') {
        return Err(TemplateError::Open);
    }
    if !rest.is_empty() {
        found.push(Part::Text(rest.to_owned()));
    }
    if found.iter().any(|part| matches!(part, Part::Field(_))) {
        Ok(found)
    } else {
        Err(TemplateError::Constant)
    }
}

impl FromStr for BranchTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let template = Self(parts(text)?);
        template.render(&Values {
            version: Some(semver::Version::new(1, 2, 3)),
            short: Some("2b2e927".to_owned()),
            sprint: Some("7".to_owned()),
            date: Some("2026-11-23".to_owned()),
        })?;
        Ok(template)
    }
}

impl fmt::Display for BranchTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Field(field) => write!(f, "{{{}}}", word(*field))?,
            }
        }
        Ok(())
    }
}

/// A template of image tags: text around `{short}`, as `sha-{short}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagTemplate {
    before: String,
    after: String,
}

impl Default for TagTemplate {
    /// `sha-{short}`.
    fn default() -> Self {
        Self {
            before: "sha-".to_owned(),
            after: String::new(),
        }
    }
}

impl TagTemplate {
    /// The tag of a commit; none never happens for a template that was parsed.
    pub fn render(&self, commit: &CommitSha) -> Option<Tag> {
        format!("{}{}{}", self.before, commit.short(), self.after)
            .parse()
            .ok()
    }

    /// The short commit name in a tag that this template made; none for any other tag.
    pub fn parse_back<'a>(&self, tag: &'a Tag) -> Option<&'a str> {
        let short = tag
            .as_str()
            .strip_prefix(&self.before)?
            .strip_suffix(&self.after)?;
        Field::Short.takes(short).then_some(short)
    }
}

impl FromStr for TagTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let (before, after) = text.split_once("{short}").ok_or_else(|| {
            TemplateError::Name("a tag template needs {short}, as sha-{short} has".to_owned())
        })?;
        let name = |error: super::ImageError| TemplateError::Name(error.to_string());
        format!("{before}2b2e927{after}").parse::<Tag>().map_err(name)?;
        Ok(Self {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }
}

impl fmt::Display for TagTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{short}}{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_release_branch_is_written_and_read_back() {
        let template: BranchTemplate = "release/v{version}-sha-{short}".parse().unwrap();
        let values = Values {
            version: Some("1.2.0-rc.1".parse().unwrap()),
            short: Some("2b2e927".into()),
            ..Values::default()
        };
        let name = template.render(&values).unwrap();
        assert_eq!(name.as_str(), "release/v1.2.0-rc.1-sha-2b2e927");
        assert_eq!(template.parse_back(name.as_str()), Some(values));
        for other in [
            "release/v1.2.0",
            "release/v1.2-sha-2b2e927",
            "release/v1.2.0-sha-2B2E927",
            "main",
        ] {
            assert_eq!(template.parse_back(other), None, "{other}");
        }
    }

    #[test]
    fn a_template_that_could_not_be_read_back_or_makes_no_name_is_refused() {
        for (text, why) in [
            ("release/v{verison}", "{verison}"),
            ("release/{version}{short}", "between them"),
            ("release/{version", "without its"),
            ("release", "needs a placeholder"),
            ("release/{version}.lock", ".lock"),
            ("re lease/{version}", "blanks"),
        ] {
            let error = text.parse::<BranchTemplate>().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn names_that_git_refuses_are_refused_with_the_reason() {
        for bad in [
            "", "-x", "a..b", "a b", "a~1", "/a", "a/", "a//b", "a.lock", ".a/b", "a/.b", "HEAD", "x@{1}",
            "a.",
        ] {
            assert!(bad.parse::<BranchName>().is_err(), "{bad:?}");
        }
        assert!("release/v1.2.0-sha-2b2e927".parse::<BranchName>().is_ok());
    }

    #[test]
    fn the_usual_templates_are_what_their_texts_say() {
        assert_eq!(
            BranchTemplate::release(),
            "release/v{version}-sha-{short}".parse().unwrap()
        );
        assert_eq!(BranchTemplate::hotfix(), "hotfix/v{version}".parse().unwrap());
        assert_eq!(TagTemplate::default(), "sha-{short}".parse().unwrap());
    }

    #[test]
    fn a_tag_tells_its_commit() {
        let template: TagTemplate = "sha-{short}".parse().unwrap();
        let commit: CommitSha = "2b2e927c0ffee0123456789abcdef0123456789a".parse().unwrap();
        let tag = template.render(&commit).unwrap();
        assert_eq!(tag.as_str(), "sha-2b2e927");
        assert_eq!(template.parse_back(&tag), Some("2b2e927"));
        assert_eq!(template.parse_back(&"sha-latest".parse().unwrap()), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(major in 0u64..99, minor in 0u64..99, patch in 0u64..99, short in "[0-9a-f]{7}") {
            let template: BranchTemplate = "release/v{version}-sha-{short}".parse().unwrap();
            let values = Values {
                version: Some(semver::Version::new(major, minor, patch)),
                short: Some(short),
                ..Values::default()
            };
            let name = template.render(&values).unwrap();
            prop_assert_eq!(template.parse_back(name.as_str()), Some(values));
        }
    }
}

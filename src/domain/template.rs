//! Names of branches and image tags by template, written and read back strictly.

use std::fmt;
use std::str::FromStr;

use super::{BranchName, BranchNameError, CommitSha, Tag};

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
            // Read and written again, because other forms of a date are read as well.
            Self::Date => text
                .parse::<jiff::civil::Date>()
                .is_ok_and(|date| date.to_string() == text),
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
    /// The same placeholder again.
    #[error("`{{{0}}}` stands twice")]
    Twice(&'static str),
    /// Two placeholders with nothing between them could not be read back.
    #[error("two placeholders need a text between them")]
    Adjacent,
    /// Without a placeholder all names would be the same.
    #[error("a template needs a placeholder")]
    Constant,
    /// No value for a placeholder.
    #[error("its template needs a {0}")]
    Missing(&'static str),
    /// A value that could not be read back.
    #[error("`{text}` is no {field}")]
    Value {
        /// The value.
        text: String,
        /// The placeholder.
        field: &'static str,
    },
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

    /// Whether names carry the number of a sprint.
    pub fn has_sprint(&self) -> bool {
        self.0.contains(&Part::Field(Field::Sprint))
    }

    /// The name that `values` make; the error names what is missing.
    pub fn render(&self, values: &Values) -> Result<BranchName, TemplateError> {
        let mut name = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Field(field) => {
                    let value = values.get(*field).ok_or(TemplateError::Missing(word(*field)))?;
                    if !field.takes(&value) {
                        let text = super::clean_line(&value);
                        return Err(TemplateError::Value {
                            text,
                            field: word(*field),
                        });
                    }
                    name.push_str(&value);
                }
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
        [Part::Field(field), tail @ ..] => (1..=rest.len())
            .rev()
            .filter(|end| rest.is_char_boundary(*end))
            .any(|end| {
                let (value, rest) = rest.split_at(end);
                if field.takes(value) && read_back(tail, rest, values) {
                    values.set(*field, value);
                    return true;
                }
                false
            }),
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
        let (field, word) = Field::ALL
            .iter()
            .find(|(_, word)| *word == name)
            .ok_or_else(|| TemplateError::Unknown(super::clean_line(name)))?;
        if found.contains(&Part::Field(*field)) {
            return Err(TemplateError::Twice(word));
        }
        found.push(Part::Field(*field));
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
            TemplateError::Name("a tag template needs {short} or {sha}, as sha-{short} has".to_owned())
        })?;
        let name = |error: super::ImageError| TemplateError::Name(error.to_string());
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
            ("release/{version}/{version}", "twice"),
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
    fn sprints_and_days_are_read_back_only_as_they_are_written() {
        let sprint: BranchTemplate = "release/sprint-{sprint}".parse().unwrap();
        assert_eq!(
            sprint.parse_back("release/sprint-42").unwrap().sprint.as_deref(),
            Some("42")
        );
        assert_eq!(sprint.parse_back("release/sprint-42b"), None);
        let day: BranchTemplate = "release/{date}".parse().unwrap();
        assert!(day.parse_back("release/2026-11-23").is_some());
        for other in [
            "release/20261123",
            "release/2026-11-31",
            "release/2026-11-23T10:00",
        ] {
            assert_eq!(day.parse_back(other), None, "{other}");
        }
    }

    #[test]
    fn a_value_that_is_missing_or_could_not_be_read_back_makes_no_name() {
        let template: BranchTemplate = "release/sprint-{sprint}".parse().unwrap();
        let error = template.render(&Values::default()).unwrap_err();
        assert_eq!(error, TemplateError::Missing("sprint"));
        let values = Values {
            sprint: Some("42b".to_owned()),
            ..Values::default()
        };
        assert_eq!(
            template.render(&values).unwrap_err().to_string(),
            "`42b` is no sprint"
        );
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
        let rebuilt = template.render_rebuilt(&commit).unwrap();
        assert_eq!(rebuilt.as_str(), "rebuilt-sha-2b2e927");
        assert_eq!(template.parse_back(&rebuilt), Some("2b2e927"));
        assert!(template.is_rebuilt(&rebuilt) && !template.is_rebuilt(&tag));
        assert!(!template.is_rebuilt(&"rebuilt-latest".parse().unwrap()));
        let whole: TagTemplate = "{sha}-ci".parse().unwrap();
        let tag = whole.render(&commit).unwrap();
        assert_eq!(tag.as_str(), format!("{commit}-ci"));
        assert_eq!(whole.parse_back(&tag), Some(commit.as_str()));
        assert_eq!(whole.parse_back(&"2b2e927-ci".parse().unwrap()), None);
        for bad in ["latest", "sha-{short}-{x}", "{short}/x"] {
            assert!(bad.parse::<TagTemplate>().is_err(), "{bad}");
        }
    }

    /// Any version at all, pre-releases and build metadata included.
    fn versions() -> impl Strategy<Value = semver::Version> {
        let text = "(0|[1-9][0-9]{0,3})\\.(0|[1-9][0-9]?)\\.(0|[1-9][0-9]?)(-(rc|sha|x-1)(\\.[1-9]){0,2}(-2026-11-23)?)?(\\+b[0-9a-f]{7})?";
        text.prop_map(|text| text.parse().unwrap())
    }

    /// Templates of all four placeholders, in any number and order, with what people put between them.
    fn templates() -> impl Strategy<Value = BranchTemplate> {
        let words = Just(Field::ALL.map(|(_, word)| word).to_vec()).prop_shuffle();
        let between = proptest::sample::select(vec!["-", "/", ".", "-sha-", "/v", "_"]);
        (
            words,
            1_usize..=4,
            proptest::collection::vec(between, 4),
            "(release/v?|hotfix-|)",
        )
            .prop_map(|(words, count, between, front)| {
                let mut text = front;
                for (word, between) in words.iter().zip(between).take(count) {
                    if text.ends_with('}') {
                        text.push_str(between);
                    }
                    text.extend(["{", word, "}"]);
                }
                text
            })
            .prop_filter_map("makes names", |text| text.parse().ok())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            template in templates(), version in versions(), short in "[0-9a-f]{7}", sprint in "[0-9]{1,4}",
            day in 1_i8..29, month in 1_i8..13,
        ) {
            let values = Values {
                version: Some(version),
                short: Some(short),
                sprint: Some(sprint),
                date: Some(jiff::civil::date(2026, month, day).to_string()),
            };
            let name = template.render(&values).unwrap();
            let read = template.parse_back(name.as_str()).unwrap();
            prop_assert_eq!(template.render(&read).unwrap(), name);
            prop_assert_eq!(template.to_string().parse::<BranchTemplate>().unwrap(), template);
        }

        #[test]
        fn what_is_read_back_is_written_the_same(name in "release/v[0-9.a-f-]{5,20}(-sha-[0-9a-f]{7})?") {
            let template = BranchTemplate::release();
            if let Some(values) = template.parse_back(&name) {
                let written = template.render(&values).unwrap();
                prop_assert_eq!(written.as_str(), name);
            }
        }
    }
}

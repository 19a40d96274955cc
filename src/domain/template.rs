//! Names of branches and image tags by template, written and read back strictly.

mod branch;
mod tag;
#[cfg(test)]
mod tests;

use super::{Padding, ServiceName};

pub use branch::BranchTemplate;
pub use tag::TagTemplate;

/// What can stand in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Version,
    Major,
    Minor,
    Service,
    Short,
    Sprint,
    Date,
}

impl Field {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Version, "version"),
        (Self::Major, "major"),
        (Self::Minor, "minor"),
        (Self::Service, "service"),
        (Self::Short, "short"),
        (Self::Sprint, "sprint"),
        (Self::Date, "date"),
    ];

    /// Whether `text` can be the value of this field.
    fn takes(self, text: &str) -> bool {
        match self {
            Self::Version => Padding::read(text).is_some(),
            Self::Major | Self::Minor => text.parse::<u64>().is_ok_and(|number| number.to_string() == text),
            Self::Service => text.parse::<ServiceName>().is_ok(),
            Self::Short => text.len() == 7 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
            Self::Sprint => !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()),
            // Read and written again, because other forms of a date are read as well.
            Self::Date => text
                .parse::<jiff::civil::Date>()
                .is_ok_and(|date| date.to_string() == text),
        }
    }
}

/// What a field is called in a template.
fn word(field: Field) -> &'static str {
    Field::ALL
        .iter()
        .find(|(known, _)| *known == field)
        .map_or("value", |(_, word)| word)
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder that does not exist.
    #[error(
        "unknown placeholder `{{{0}}}` in a template: use {{version}}, {{major}}, {{minor}}, {{service}}, \
         {{short}}, {{sprint}} or {{date}}"
    )]
    Unknown(String),
    /// A brace without its other half.
    #[error("a `{{` without a closing `}}`")]
    Open,
    /// The same placeholder again.
    #[error("`{{{0}}}` is used twice")]
    Twice(&'static str),
    /// Two placeholders with nothing between them could not be read back.
    #[error("two placeholders require text between them")]
    Adjacent,
    /// Without a placeholder all names would be the same.
    #[error("a template requires a placeholder")]
    Constant,
    /// No value for a placeholder.
    #[error("its template requires a {0}")]
    Missing(&'static str),
    /// A value that could not be read back.
    #[error("`{text}` is not a valid {field}")]
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
    /// Which of its numbers are written with two digits.
    pub padding: Padding,
    /// The series of versions that a long-lived release branch is for: `1.9` of `release-1.9`.
    pub series: Series,
    /// The service, where several of one repository are released apart.
    pub service: Option<String>,
    /// The first seven characters of the commit.
    pub short: Option<String>,
    /// The number of the sprint.
    pub sprint: Option<String>,
    /// The day, `2026-11-23`.
    pub date: Option<String>,
}

/// The numbers that all versions of a series begin with; `1` and `9` of `1.9`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Series {
    /// The first.
    pub major: Option<u64>,
    /// The second.
    pub minor: Option<u64>,
}

impl Series {
    /// Whether the name tells a series at all.
    pub const fn is_known(self) -> bool {
        self.major.is_some()
    }

    /// Whether `version` belongs to it.
    pub fn has(self, version: &semver::Version) -> bool {
        self.major == Some(version.major) && self.minor.is_none_or(|minor| minor == version.minor)
    }
}

impl Values {
    fn number(&self, said: Option<u64>, of: impl Fn(&semver::Version) -> u64) -> Option<String> {
        said.or_else(|| self.version.as_ref().map(of))
            .map(|number| number.to_string())
    }

    fn get(&self, field: Field) -> Option<String> {
        match field {
            Field::Version => {
                let version = self.version.as_ref();
                version.map(|version| self.padding.render(version))
            }
            Field::Major => self.number(self.series.major, |version| version.major),
            Field::Minor => self.number(self.series.minor, |version| version.minor),
            Field::Service => self.service.clone(),
            Field::Short => self.short.clone(),
            Field::Sprint => self.sprint.clone(),
            Field::Date => self.date.clone(),
        }
    }

    fn set(&mut self, field: Field, text: &str) {
        match field {
            Field::Version => {
                if let Some((version, padding)) = Padding::read(text) {
                    (self.version, self.padding) = (Some(version), padding);
                }
            }
            Field::Major => self.series.major = text.parse().ok(),
            Field::Minor => self.series.minor = text.parse().ok(),
            Field::Service => self.service = Some(text.to_owned()),
            Field::Short => self.short = Some(text.to_owned()),
            Field::Sprint => self.sprint = Some(text.to_owned()),
            Field::Date => self.date = Some(text.to_owned()),
        }
    }
}

//! Names of branches and image tags by template, written and read back strictly.

mod branch;
mod tag;
#[cfg(test)]
mod tests;

pub use branch::BranchTemplate;
pub use tag::TagTemplate;

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

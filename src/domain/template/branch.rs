//! Templates of branch names: text and placeholders, in any order.

use std::fmt;
use std::str::FromStr;

use super::{Field, TemplateError, Values, word};
use crate::domain::{BranchName, BranchNameError, clean_line};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
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

    /// Whether names carry a version, or the beginning of one.
    pub fn has_version(&self) -> bool {
        self.0.contains(&Part::Field(Field::Version)) || self.has_series()
    }

    /// Whether names carry the beginning of a version only, as the long-lived `release-{major}.{minor}` does.
    pub fn has_series(&self) -> bool {
        self.0.contains(&Part::Field(Field::Major))
    }

    /// Whether the branches of services are told apart.
    pub fn has_service(&self) -> bool {
        self.0.contains(&Part::Field(Field::Service))
    }

    /// The same for one service, whose name stands where `{service}` is.
    #[must_use]
    pub fn for_service(&self, service: &str) -> Self {
        let parts = self.0.iter().map(|part| match part {
            Part::Field(Field::Service) => Part::Text(service.to_owned()),
            part => part.clone(),
        });
        Self(parts.collect())
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
                        let text = clean_line(&value);
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
            .ok_or_else(|| TemplateError::Unknown(clean_line(name)))?;
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
            service: Some("a".to_owned()),
            short: Some("2b2e927".to_owned()),
            sprint: Some("7".to_owned()),
            date: Some("2026-11-23".to_owned()),
            ..Values::default()
        })?;
        let has = |field| template.0.contains(&Part::Field(field));
        if has(Field::Minor) && !has(Field::Major) {
            return Err(TemplateError::Missing("major"));
        }
        if has(Field::Major) && has(Field::Version) {
            return Err(TemplateError::Twice("version"));
        }
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

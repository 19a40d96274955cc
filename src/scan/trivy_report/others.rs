//! What Trivy finds besides vulnerabilities: secrets, misconfigurations and licences.

use std::borrow::Cow;

use serde::Deserialize;

use crate::domain::{Finding, FindingKind, Severity, clean_line};
use crate::scan::json::or_default;

/// A secret in a file. The secret itself Trivy masks; it is not read here all the same.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Secret<'a> {
    #[serde(borrow, rename = "RuleID", default, deserialize_with = "or_default")]
    id: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    severity: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    title: Cow<'a, str>,
    #[serde(default, deserialize_with = "or_default")]
    start_line: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Misconfiguration<'a> {
    #[serde(borrow, rename = "ID", default, deserialize_with = "or_default")]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "AVDID", default, deserialize_with = "or_default")]
    alias: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    severity: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    title: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    status: Cow<'a, str>,
    #[serde(borrow, rename = "PrimaryURL", default, deserialize_with = "or_default")]
    url: Cow<'a, str>,
    #[serde(default, deserialize_with = "or_default")]
    cause_metadata: Cause,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Cause {
    #[serde(default, deserialize_with = "or_default")]
    start_line: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct License<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    severity: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    name: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pkg_name: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    file_path: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    category: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    link: Cow<'a, str>,
}

fn severity(text: &str) -> Severity {
    text.parse().unwrap_or(Severity::Unknown)
}

fn filled(text: &str) -> Option<String> {
    Some(clean_line(text)).filter(|text| !text.is_empty())
}

/// `line 3`, or nothing where it is not known.
fn line(number: u64) -> String {
    match number {
        0 => String::new(),
        number => format!("line {number}"),
    }
}

impl Secret<'_> {
    pub(super) fn into_finding(self, target: &str) -> Finding {
        Finding {
            kind: FindingKind::Secret,
            id: filled(&self.id).unwrap_or_else(|| "secret".to_owned()),
            aliases: Vec::new(),
            severity: severity(&self.severity),
            package: clean_line(target),
            purl: None,
            installed: line(self.start_line),
            fixed: None,
            title: clean_line(&self.title),
            url: None,
        }
    }
}

impl Misconfiguration<'_> {
    /// Trivy lists checks that pass as well, where it is asked to.
    pub(super) fn has_failed(&self) -> bool {
        self.status != "PASS"
    }

    pub(super) fn into_finding(self, target: &str) -> Finding {
        Finding {
            kind: FindingKind::Misconfiguration,
            id: filled(&self.id).unwrap_or_else(|| "misconfiguration".to_owned()),
            aliases: filled(&self.alias).into_iter().collect(),
            severity: severity(&self.severity),
            package: clean_line(target),
            purl: None,
            installed: line(self.cause_metadata.start_line),
            fixed: None,
            title: clean_line(&self.title),
            url: filled(&self.url),
        }
    }
}

impl License<'_> {
    pub(super) fn into_finding(self) -> Finding {
        let place = filled(&self.pkg_name).or_else(|| filled(&self.file_path));
        Finding {
            kind: FindingKind::Licence,
            id: filled(&self.name).unwrap_or_else(|| "licence".to_owned()),
            aliases: Vec::new(),
            severity: severity(&self.severity),
            package: place.unwrap_or_default(),
            purl: None,
            installed: String::new(),
            fixed: None,
            title: clean_line(&self.category),
            url: filled(&self.link),
        }
    }
}

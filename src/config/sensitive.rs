//! The settings of a repository's file that decide where secrets go or what runs on this machine. They count only once a
//! person trusts them, and what a person trusts is exactly their text: [`SensitiveSettings::hash`].

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Keys};
use crate::domain::{Digest, clean_line};

/// One sensitive setting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SensitiveSetting {
    /// Where it stands: `registry."registry.example.com".proxy`.
    pub key: String,
    /// What is written there, on one harmless line.
    pub value: String,
}

/// The sensitive settings of a file that the user's own file does not replace, in the order of their keys, with the hash
/// of all there are: what the user's own file says does not change what was trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensitiveSettings {
    settings: Vec<SensitiveSetting>,
    hash: TrustHash,
}

impl Default for SensitiveSettings {
    fn default() -> Self {
        Self {
            settings: Vec::new(),
            hash: hash_of(&[]),
        }
    }
}

/// What a person trusts: the SHA-256 of the sensitive settings of a file, and of nothing else in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TrustHash(String);

/// Why a text is not such a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a hash as printed by `windlass trust --dry-run`: 64 hexadecimal digits")]
pub struct TrustHashError;

impl TrustHash {
    /// The hash in hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrustHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TrustHash {
    type Err = TrustHashError;

    fn from_str(text: &str) -> Result<Self, TrustHashError> {
        let text = text.trim().to_ascii_lowercase();
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text))
        } else {
            Err(TrustHashError)
        }
    }
}

impl SensitiveSettings {
    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, SensitiveSetting> {
        self.settings.iter()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.settings.len()
    }

    /// What trusting them remembers.
    pub const fn hash(&self) -> &TrustHash {
        &self.hash
    }
}

fn hash_of(settings: &[SensitiveSetting]) -> TrustHash {
    let mut text = String::from("windlass sensitive settings 1\n");
    for setting in settings {
        // Keys and values are quoted, so that no line can pass for two.
        text.extend([&*setting.key, " = ", &*setting.value, "\n"]);
    }
    TrustHash(Digest::of(text.as_bytes()).hex().to_owned())
}

impl<'a> IntoIterator for &'a SensitiveSettings {
    type Item = &'a SensitiveSetting;
    type IntoIter = std::slice::Iter<'a, SensitiveSetting>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The sensitive settings of `table`, a file of a repository, without those that the user's own file replaces: `own`, and
/// `project`, what it says of this repository alone.
pub(super) fn settings(
    table: &DeTable<'_>,
    own: Option<&DeTable<'_>>,
    project: Option<&DeTable<'_>>,
) -> SensitiveSettings {
    let mut found = Vec::new();
    for (section, keys) in [
        ("github", keys::GITHUB),
        ("check", keys::CHECK),
        ("build", keys::BUILD),
        ("scanner", keys::SCANNER),
        ("approve", keys::APPROVE),
    ] {
        of_table(
            sub(table, section),
            sub_of(own, section),
            keys,
            section,
            &mut found,
        );
    }
    let hosts = sub(table, "registry");
    let own_hosts = sub_of(own, "registry");
    for (host, value) in hosts.into_iter().flatten() {
        let host = host.get_ref().as_ref();
        let path = format!("registry.{}", quoted(host));
        of_table(
            value.get_ref().as_table(),
            sub_of(own_hosts, host),
            keys::REGISTRY,
            &path,
            &mut found,
        );
    }
    let environments = table
        .get("environment")
        .and_then(|value| value.get_ref().as_array());
    let own_environments = sub_of(project, "environment");
    for (at, value) in environments.into_iter().flatten().enumerate() {
        let Some(environment) = value.get_ref().as_table() else {
            continue;
        };
        let name = environment.get("name").and_then(|name| name.get_ref().as_str());
        let path = format!(
            "environment.{}",
            name.map_or_else(|| at.to_string(), bare_or_quoted)
        );
        let own = name.and_then(|name| sub_of(own_environments, name));
        of_table(Some(environment), own, keys::ENVIRONMENT, &path, &mut found);
    }
    let webhooks = table.get("notify").and_then(|value| value.get_ref().as_array());
    for (at, value) in webhooks.into_iter().flatten().enumerate() {
        of_table(
            value.get_ref().as_table(),
            None,
            keys::NOTIFY,
            &format!("notify.{at}"),
            &mut found,
        );
    }
    let mut all: Vec<_> = found.iter().map(|found| found.setting.clone()).collect();
    all.sort_unstable();
    let mut settings: Vec<_> = found
        .into_iter()
        .filter(|found| !found.is_replaced)
        .map(|found| found.setting)
        .collect();
    settings.sort_unstable();
    SensitiveSettings {
        settings,
        hash: hash_of(&all),
    }
}

/// One setting, and whether the user's own file has another in its place.
struct Found {
    setting: SensitiveSetting,
    is_replaced: bool,
}

fn sub<'a>(table: &'a DeTable<'a>, key: &str) -> Option<&'a DeTable<'a>> {
    table.get(key)?.get_ref().as_table()
}

fn sub_of<'a>(table: Option<&'a DeTable<'a>>, key: &str) -> Option<&'a DeTable<'a>> {
    sub(table?, key)
}

fn of_table(
    table: Option<&DeTable<'_>>,
    own: Option<&DeTable<'_>>,
    keys: Keys,
    path: &str,
    found: &mut Vec<Found>,
) {
    for (key, value) in table.into_iter().flatten() {
        let key = key.get_ref().as_ref();
        let is_replaced = own.is_some_and(|own| own.contains_key(key));
        if keys.until_trusted(key).is_some() {
            let from = found.len();
            flatten(format!("{path}.{}", bare_or_quoted(key)), value.get_ref(), found);
            found[from..]
                .iter_mut()
                .for_each(|found| found.is_replaced = is_replaced);
        }
    }
}

/// A table is told by its leaves, so that a person reads one thing on each line.
fn flatten(key: String, value: &DeValue<'_>, found: &mut Vec<Found>) {
    match value.as_table() {
        Some(table) if !table.is_empty() => {
            for (name, value) in table {
                let name = bare_or_quoted(name.get_ref().as_ref());
                flatten(format!("{key}.{name}"), value.get_ref(), found);
            }
        }
        _ => found.push(Found {
            setting: SensitiveSetting {
                key,
                value: written(value),
            },
            is_replaced: false,
        }),
    }
}

/// A value in one form, whatever form the file has: two files that mean the same have the same hash.
pub(super) fn written(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| written(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Table(table) => {
            let mut fields: Vec<_> = table
                .iter()
                .map(|(key, value)| {
                    let key = bare_or_quoted(key.get_ref().as_ref());
                    format!("{key} = {}", written(value.get_ref()))
                })
                .collect();
            fields.sort_unstable();
            format!("{{ {} }}", fields.join(", "))
        }
    }
}

fn bare_or_quoted(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !name.is_empty() && name.bytes().all(is_bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// In quotes, with every character escaped that is not plainly visible: nothing hides in what a person is asked to trust.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let plain = clean_line(c.encode_utf8(&mut [0; 4])).chars().eq([c]);
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if plain => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    out.push('"');
    out
}

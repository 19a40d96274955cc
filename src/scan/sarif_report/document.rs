//! SARIF 2.1.0, as far as findings stand in it.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use serde::{Deserialize, Deserializer};

use crate::scan::json::or_default;

#[derive(Deserialize)]
pub(super) struct Document {
    pub version: String,
    #[serde(deserialize_with = "or_default")]
    pub runs: Vec<Run>,
}

#[derive(Deserialize)]
pub(super) struct Run {
    pub tool: Tool,
    /// Absent or null where the tool did not look, or could not (3.14.23).
    pub results: Option<Vec<Entry>>,
    #[serde(default, deserialize_with = "or_default")]
    pub invocations: Vec<Invocation>,
    #[serde(default, deserialize_with = "or_default")]
    pub properties: Properties,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub start_time_utc: Option<String>,
    pub end_time_utc: Option<String>,
    pub execution_successful: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Properties {
    #[serde(default, deserialize_with = "or_default")]
    pub repo_digests: Vec<String>,
    #[serde(rename = "imageID")]
    pub image_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Tool {
    pub driver: Component,
    #[serde(default, deserialize_with = "or_default")]
    pub extensions: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    pub name: String,
    pub version: Option<String>,
    pub semantic_version: Option<String>,
    pub guid: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub id: String,
    pub help_uri: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub help: Text,
    pub short_description: Option<Text>,
    #[serde(default, deserialize_with = "or_default")]
    pub default_configuration: Configuration,
    #[serde(default, deserialize_with = "or_default")]
    pub properties: Scores,
}

#[derive(Deserialize, Default)]
pub(super) struct Configuration {
    pub level: Option<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct Scores {
    #[serde(rename = "security-severity", default, deserialize_with = "score")]
    pub severity: Option<f64>,
    #[serde(default, deserialize_with = "or_default")]
    pub tags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub rule_id: Option<String>,
    pub rule_index: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub rule: Reference,
    pub kind: Option<String>,
    pub level: Option<String>,
    pub baseline_state: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub message: Text,
    #[serde(default, deserialize_with = "or_default")]
    pub suppressions: Vec<Suppression>,
    #[serde(default, deserialize_with = "or_default")]
    pub properties: Scores,
}

/// Which rule a result is of (3.52).
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    pub id: Option<String>,
    pub index: Option<i64>,
    pub tool_component: Option<ComponentReference>,
}

#[derive(Deserialize)]
pub(super) struct ComponentReference {
    pub name: Option<String>,
    pub guid: Option<String>,
    pub index: Option<i64>,
}

#[derive(Deserialize, Default)]
pub(super) struct Text {
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
}

#[derive(Deserialize)]
pub(super) struct Suppression {
    pub justification: Option<String>,
    pub status: Option<String>,
}

/// A number, or one in a text.
fn score<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())))
}

impl Tool {
    /// The rule that a result is of: by its place in the component that it names, or by its name. A result of a
    /// hierarchical rule, `CVE-1/sub`, is of `CVE-1` where only that is defined (3.27.5).
    pub(super) fn rule_of(&self, entry: &Entry) -> Option<&Rule> {
        let named = entry.rule.id.as_deref().or(entry.rule_id.as_deref());
        let component = entry.rule.tool_component.as_ref();
        let rules = component.map_or(Some(&self.driver), |named| self.component(named));
        let index = entry.rule.index.or(entry.rule_index);
        let index = index.and_then(|index| usize::try_from(index).ok());
        let at_index = rules
            .zip(index)
            .and_then(|(component, index)| component.rules.get(index));
        let is_of = |rule: &&Rule| named.is_none_or(|named| is_or_is_under(named, &rule.id));
        at_index
            .filter(is_of)
            .or_else(|| self.called(named?))
            .or(at_index)
    }

    fn component(&self, named: &ComponentReference) -> Option<&Component> {
        if let Some(index) = named.index.and_then(|index| usize::try_from(index).ok()) {
            return self.extensions.get(index);
        }
        let is_it = |component: &&Component| {
            (named.guid.is_some() && named.guid == component.guid)
                || named.name.as_ref() == Some(&component.name)
        };
        std::iter::once(&self.driver).chain(&self.extensions).find(is_it)
    }

    /// The rule of that name, or else the nearest one above it.
    fn called(&self, name: &str) -> Option<&Rule> {
        let components = std::iter::once(&self.driver).chain(&self.extensions);
        let rules = components.flat_map(|component| &component.rules);
        rules
            .filter(|rule| is_or_is_under(name, &rule.id))
            .max_by_key(|rule| rule.id.len())
    }
}

fn is_or_is_under(name: &str, id: &str) -> bool {
    name.strip_prefix(id)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

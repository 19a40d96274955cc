//! The webhooks that are told of runs, approval requests and drift.

use super::section::Section;
use super::value::Value;
use super::{ConfigError, keys};
use crate::domain::{Endpoint, EnvironmentName, NotificationForm, NotificationKind, NotifySettings};

/// What a webhook is told of, unless it is said otherwise.
const ALL_KINDS: [NotificationKind; 3] = [
    NotificationKind::Run,
    NotificationKind::Approval,
    NotificationKind::Drift,
];

/// Each `[[notify]]`; one whose address nobody has trusted is left out.
pub(super) fn webhooks(
    root: &Section<'_>,
    environments: &[EnvironmentName],
) -> Result<Vec<NotifySettings>, ConfigError> {
    let list = root.get("notify").map_or(Ok(Vec::new()), |value| value.list())?;
    let webhooks = list.iter().map(|value| webhook(value, environments));
    Ok(webhooks
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

fn webhook(
    value: &Value<'_>,
    environments: &[EnvironmentName],
) -> Result<Option<NotifySettings>, ConfigError> {
    let section = value.section(keys::NOTIFY)?;
    let url = section
        .require_trusted("url")?
        .map(|url| address(&url))
        .transpose()?;
    let secret_file = section.sensitive_path("secret_file")?;
    let form = section.get("form").map_or(Ok(NotificationForm::Json), |form| {
        form.choice(&[
            ("json", NotificationForm::Json),
            ("slack", NotificationForm::Slack),
            ("teams", NotificationForm::Teams),
        ])
    })?;
    let on = section
        .get("on")
        .map_or(Ok(ALL_KINDS.to_vec()), |on| kinds(&on))?;
    let only = section.get("environments");
    let only = only.map(|list| names(&list, environments)).transpose()?;
    Ok(url.map(|url| NotifySettings {
        url,
        secret_file,
        form,
        on,
        environments: only,
    }))
}

/// Not every run is of one environment.
fn address(value: &Value<'_>) -> Result<Endpoint, ConfigError> {
    let url: Endpoint = value.parse()?;
    if url.has_environment() {
        return Err(value.advise(
            "must not hold {environment}: not every run is of one environment",
            Some("add a [[notify]] with `environments` for each".to_owned()),
        ));
    }
    Ok(url)
}

fn kinds(value: &Value<'_>) -> Result<Vec<NotificationKind>, ConfigError> {
    let list = not_empty(value)?;
    let words = [
        ("run", NotificationKind::Run),
        ("approval", NotificationKind::Approval),
        ("drift", NotificationKind::Drift),
    ];
    list.iter().map(|word| word.choice(&words)).collect()
}

fn names(value: &Value<'_>, known: &[EnvironmentName]) -> Result<Vec<EnvironmentName>, ConfigError> {
    let mut names = Vec::new();
    for value in not_empty(value)? {
        let name: EnvironmentName = value.parse()?;
        if !known.contains(&name) {
            return Err(value.advise(
                format_args!("no environment named `{name}`"),
                keys::nearest(name.as_str(), known.iter().map(EnvironmentName::as_str))
                    .map(|near| format!("did you mean `{near}`?")),
            ));
        }
        names.push(name);
    }
    Ok(names)
}

/// An empty list would silence the webhook.
fn not_empty<'a>(value: &Value<'a>) -> Result<Vec<Value<'a>>, ConfigError> {
    let list = value.list()?;
    if list.is_empty() {
        return Err(value.mistake("is an empty list: the webhook would be told of nothing"));
    }
    Ok(list)
}

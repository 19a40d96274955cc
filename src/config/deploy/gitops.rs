//! A deployer that commits to a repository of configuration.

use super::waiting::observe_for;
use crate::config::section::Section;
use crate::config::value::Value;
use crate::config::{ConfigError, keys};
use crate::domain::{
    BranchName, ChangeMethod, DeployerSettings, GitopsSettings, ImagePlace, Reconciler, ReconcilerKind,
    YamlFormat,
};

/// The words of `format`.
const FORMATS: &[(&str, YamlFormat)] = &[
    ("kustomize", YamlFormat::Kustomize),
    ("helm", YamlFormat::Helm),
    ("manifest", YamlFormat::Manifest),
    ("argocd", YamlFormat::Argocd),
];

/// The words of `method`.
const METHODS: &[(&str, ChangeMethod)] = &[
    ("push", ChangeMethod::Push),
    ("pull-request", ChangeMethod::PullRequest),
];

/// The words of `wait_for.kind`.
const RECONCILERS: &[(&str, ReconcilerKind)] =
    &[("flux", ReconcilerKind::Flux), ("argocd", ReconcilerKind::Argocd)];

pub(super) fn read(table: &Section<'_>) -> Result<DeployerSettings, ConfigError> {
    let text = |key: &str| -> Result<Option<String>, ConfigError> {
        table
            .get(key)
            .map(|value| value.plain().map(str::to_owned))
            .transpose()
    };
    Ok(DeployerSettings::Gitops(Box::new(GitopsSettings {
        remote: remote(&table.require("remote")?)?,
        branch: table.require("branch")?.parse::<BranchName>()?,
        file: file(&table.require("file")?)?,
        place: ImagePlace {
            format: table
                .get("format")
                .map(|value| value.choice(FORMATS))
                .transpose()?,
            object: table.get("object").map(|value| object(&value)).transpose()?,
            image: text("image")?,
            container: text("container")?,
            digest_key: text("digest_key")?,
            tag_key: text("tag_key")?,
            image_key: text("image_key")?,
        },
        method: table
            .get("method")
            .map_or(Ok(ChangeMethod::Push), |value| value.choice(METHODS))?,
        wait_for: table
            .get("wait_for")
            .map(|value| reconciler(&value.section(keys::DEPLOY_WAIT_FOR)?))
            .transpose()?,
        observe_for: observe_for(table)?,
    })))
}

/// The object that carries commits out; Flux and Argo CD each have a usual namespace.
fn reconciler(table: &Section<'_>) -> Result<Reconciler, ConfigError> {
    let kind = table.require("kind")?.choice(RECONCILERS)?;
    let usual = match kind {
        ReconcilerKind::Flux => "flux-system",
        ReconcilerKind::Argocd => "argocd",
    };
    Ok(Reconciler {
        kind,
        namespace: table.text("namespace")?.unwrap_or_else(|| usual.to_owned()),
        name: table.require("name")?.text()?,
        context: table.text("context")?,
        kubeconfig: table.sensitive_path("kubeconfig")?,
    })
}

/// An address, or a path from the folder of windlass.toml on.
fn remote(value: &Value<'_>) -> Result<String, ConfigError> {
    let text = value.plain()?;
    if text.trim().is_empty() || text.starts_with('-') {
        return Err(value.mistake("is not the address of a repository"));
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return if matches!(scheme, "https" | "http" | "ssh" | "git" | "file") {
            Ok(text.to_owned())
        } else {
            Err(value.advise(
                format_args!("unknown scheme `{scheme}`"),
                Some("use https, ssh, git@host:path, or a path".to_owned()),
            ))
        };
    }
    // `git@host:path`, as git reads it: a colon before the first slash.
    let first = text.split('/').next().unwrap_or(text);
    if first.contains("::") {
        return Err(value.mistake("is not the address of a repository"));
    }
    if first.contains(':') {
        return Ok(text.to_owned());
    }
    Ok(value.sensitive_path()?.to_string_lossy().into_owned())
}

/// A path inside of the other repository.
fn file(value: &Value<'_>) -> Result<String, ConfigError> {
    let text = value.plain()?;
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git");
    if text.split('/').all(is_part) {
        Ok(text.to_owned())
    } else {
        Err(value.advise(
            "is not a path inside of a repository",
            Some("use a form such as `apps/{service}/prod/kustomization.yaml`".to_owned()),
        ))
    }
}

fn object(value: &Value<'_>) -> Result<String, ConfigError> {
    let text = value.plain()?;
    match text.split_once('/') {
        Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(text.to_owned()),
        _ => Err(value.advise(
            "names no object",
            Some("use a form such as `Deployment/app`".to_owned()),
        )),
    }
}

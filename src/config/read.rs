//! From the tables of windlass.toml to a [`Config`]: defaults, meaning, and what must fit together.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::DeTable;

use super::document::{Document, Origin};
use super::section::{OwnTable, Section};
use super::sensitive::{self, SensitiveSettings};
use super::user::{UserFile, project_key};
use super::value::Value;
use super::{
    CheckRule, Config, ConfigError, GitHubSettings, GitSettings, ReleaseSettings, RevisionSource, Service,
    SignSettings, confined, environments, keys, notify, programs,
};
use crate::domain::{
    BranchName, EnvironmentName, GitHubApp, HostSettings, ReleaseTagTemplate, Repository, clean_line,
};

/// Reads the file of a repository, with the settings of the user's own file before its own.
///
/// # Errors
/// At the first place of either file that cannot be meant.
pub(super) fn config(
    text: &str,
    path: &Path,
    is_trusted: bool,
    user: Option<&UserFile>,
) -> Result<Config, ConfigError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let root_folder = confined::root_of(folder);
    let origin = Origin::Repository {
        root: &root_folder,
        is_trusted,
    };
    let document = Document { path, text, origin };
    let table = DeTable::parse(text).map_err(|error| document.syntax(&error))?;
    let own_table = user.map(UserFile::table).transpose()?;
    let own = user.zip(own_table.as_ref()).map(|(user, table)| OwnTable {
        document: user.document(),
        table: table.get_ref(),
    });
    let project = own.and_then(|own| own.table("project")?.table(&project_key(folder)));
    let sensitive = sensitive::settings(
        table.get_ref(),
        own.map(|own| own.table),
        project.map(|own| own.table),
    );
    let root = Section::new(document, keys::ROOT, 0..0, table.get_ref())?.with_own(own);
    let git = git(&root)?;
    let services = services(&root)?;
    let (graph, environments) = environments::environments(&root, project, &services)?;
    told_apart(&root, &git, services.len())?;
    let graph_names: Vec<_> = graph
        .all()
        .iter()
        .map(|environment| environment.name.clone())
        .collect();
    let has_rules = |name: &&EnvironmentName| environments.get(*name).is_some_and(|said| said.scan.is_some());
    let with_rules: Vec<_> = graph_names.iter().filter(has_rules).cloned().collect();
    Ok(Config {
        path: path.to_owned(),
        withheld: if is_trusted {
            SensitiveSettings::default()
        } else {
            sensitive
        },
        git,
        github: github(&root)?,
        services,
        graph,
        environments,
        registries: registries(&root)?,
        check: programs::check(&root, folder, &graph_names, &with_rules)?,
        build: programs::build(&root)?,
        release: ReleaseSettings {
            rebuild: root.table("release", keys::RELEASE)?.flag("rebuild")?,
        },
        scanner: programs::scanner(&root)?,
        notify: notify::webhooks(&root, &graph_names)?,
        approve: approve(&root)?,
    })
}

/// `[approve]`: the key of who approves, which they say in their own file as a rule.
fn approve(root: &Section<'_>) -> Result<Option<SignSettings>, ConfigError> {
    let section = root.table("approve", keys::APPROVE)?;
    let password_file = section.sensitive_path("password_file")?;
    let key = section.sensitive_path("key")?;
    Ok(key.map(|key| SignSettings { key, password_file }))
}

fn git(root: &Section<'_>) -> Result<GitSettings, ConfigError> {
    let section = root.table("git", keys::GIT)?;
    let usual = GitSettings::default();
    let git = GitSettings {
        remote: section
            .get("remote")
            .map_or(Ok(usual.remote), |value| remote(&value))?,
        develop: section.parse_or("develop", usual.develop)?,
        main: section.parse_or("main", usual.main)?,
        release_branch: section.parse_or("release_branch", usual.release_branch)?,
        hotfix_branch: section.parse_or("hotfix_branch", usual.hotfix_branch)?,
        release_tag: section
            .get("release_tag")
            .map(|value| value.parse())
            .transpose()?,
        image_tag: section.parse_or("image_tag", usual.image_tag)?,
        image_revision: match section.get("image_revision") {
            None => usual.image_revision,
            Some(value) => value.choice(&[("label", RevisionSource::Label), ("tag", RevisionSource::Tag)])?,
        },
        tickets: section.parse_or("tickets", usual.tickets)?,
        tickets_url: section
            .get("tickets_url")
            .map(|value| value.parse())
            .transpose()?,
        lock: section.flag_or("lock", usual.lock)?,
        lock_for: section
            .get("lock_for")
            .map_or(Ok(usual.lock_for), |value| value.duration())?,
    };
    match section.get("hotfix_branch") {
        Some(value) if !git.hotfix_branch.has_version() => {
            Err(value.mistake("a hotfix branch is recognised by its {version}, so the template requires it"))
        }
        _ => Ok(git),
    }
}

/// Several services of one repository are released apart: a branch or a tag that names none of them could be of any.
fn told_apart(root: &Section<'_>, git: &GitSettings, services: usize) -> Result<(), ConfigError> {
    if services < 2 {
        return Ok(());
    }
    let section = root.table("git", keys::GIT)?;
    let tag = git.release_tag.as_ref();
    for (key, has_service, example) in [
        (
            "release_branch",
            git.release_branch.has_service(),
            "release/{service}-v{version}-sha-{short}",
        ),
        (
            "hotfix_branch",
            git.hotfix_branch.has_service(),
            "hotfix/{service}-v{version}",
        ),
        (
            "release_tag",
            tag.is_some_and(ReleaseTagTemplate::has_service),
            "{service}-v{version}",
        ),
    ] {
        if has_service {
            continue;
        }
        let hint = Some(format!("set git.{key} to a form such as {example:?}"));
        let message = format!("{services} services share this repository, so git.{key} requires {{service}}");
        return Err(match section.get(key) {
            Some(value) => value.advise(message, hint),
            None => root.require("service")?.advise(message, hint),
        });
    }
    Ok(())
}

fn github(root: &Section<'_>) -> Result<GitHubSettings, ConfigError> {
    let section = root.table("github", keys::GITHUB)?;
    Ok(GitHubSettings {
        repository: section.get("repository").map(|value| value.parse()).transpose()?,
        api: section.get("api").map(|value| value.parse()).transpose()?,
        checks: match section.get("checks") {
            None => CheckRule::default(),
            Some(value) => value.choice(&[("required", CheckRule::Required), ("off", CheckRule::Off)])?,
        },
        token_file: section.sensitive_path("token_file")?,
        app: section.get("app").map(|value| github_app(&value)).transpose()?,
        poll: section.get("poll").map(|value| value.duration()).transpose()?,
    })
}

fn github_app(value: &Value<'_>) -> Result<GitHubApp, ConfigError> {
    let section = value.section(keys::GITHUB_APP)?;
    Ok(GitHubApp {
        id: section.require("id")?.text()?,
        installation: section
            .get("installation")
            .map(|value| value.number())
            .transpose()?,
        key_file: section.require("key_file")?.sensitive_path()?,
    })
}

/// The name of a remote is handed to the `git` program and must not be taken for an option, nor be an address: what
/// is known of a remote stands in the configuration of git.
fn remote(value: &Value<'_>) -> Result<String, ConfigError> {
    let name = value.text()?;
    if name.parse::<BranchName>().is_ok() {
        Ok(name)
    } else {
        Err(value.advise(
            format_args!("`{name}` is not a valid remote name"),
            Some("run `git remote` to list the remotes".to_owned()),
        ))
    }
}

fn services(root: &Section<'_>) -> Result<Vec<Service>, ConfigError> {
    let mut services: Vec<Service> = Vec::new();
    for value in root.require("service")?.list()? {
        let section = value.section(keys::SERVICE)?;
        let name = section.require("name")?;
        let folder = section
            .get("path")
            .map_or_else(|| Ok(".".into()), |value| value.path_in(Path::new("")))?;
        let service = Service {
            name: name.parse()?,
            dockerfile: section
                .get("dockerfile")
                .map_or_else(|| Ok("Dockerfile".into()), |value| value.path_in(&folder))?,
            structure_tests: match section.get("structure_test") {
                Some(value) => value
                    .one_or_many()?
                    .iter()
                    .map(|file| file.path_in(&folder))
                    .collect::<Result<_, _>>()?,
                None => Vec::new(),
            },
            path: folder,
        };
        if services.iter().any(|other| other.name == service.name) {
            return Err(name.mistake(format_args!("service `{}` is defined twice", service.name)));
        }
        services.push(service);
    }
    if services.is_empty() {
        return Err(root.mistake("no [[service]] is defined"));
    }
    Ok(services)
}

pub(super) fn registries(root: &Section<'_>) -> Result<BTreeMap<String, HostSettings>, ConfigError> {
    let mut registries = BTreeMap::new();
    for (host, section) in root.tables("registry", keys::REGISTRY)? {
        if format!("{host}/x").parse::<Repository>().is_err() {
            return Err(section.advise(
                format_args!("`{}` is not a valid registry host", clean_line(host)),
                Some(
                    "use the host as it appears in image names: [registry.\"registry.example.com:5000\"]"
                        .to_owned(),
                ),
            ));
        }
        let client_cert = section.sensitive_path("client_cert")?;
        let client_key = section.sensitive_path("client_key")?;
        if client_key.is_some() && client_cert.is_none() {
            return Err(section
                .require("client_key")?
                .mistake("requires `client_cert`: it is the key of a certificate"));
        }
        registries.insert(
            host.to_owned(),
            HostSettings {
                plain_http: section.flag("plain_http")?,
                ca_file: section.sensitive_path("ca_file")?,
                client_cert,
                client_key,
                proxy: section.get("proxy").map(|value| value.parse()).transpose()?,
                requests_per_second: section.positive("requests_per_second")?,
                concurrency: section.positive("concurrency")?.map(|number| number as usize),
            },
        );
    }
    Ok(registries)
}

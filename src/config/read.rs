//! From the tables of windlass.toml to a [`Config`]: defaults, meaning, and what must fit together.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::SignedDuration;
use toml::de::DeTable;

use super::section::{Document, Origin, OwnTable, Section, Value};
use super::sensitive::{self, SensitiveSettings};
use super::user::{UserFile, project_key};
use super::{
    CheckRule, Config, ConfigError, DeploySettings, EnvironmentSettings, GitHubSettings, GitSettings,
    HotfixSettings, ReleaseSettings, RevisionSource, Service, SignSettings, confined, keys, programs, values,
};
use crate::domain::{
    BranchName, Environment, EnvironmentGraph, EnvironmentName, GateKind, GraphError, HostSettings,
    HotfixSkip, ImageTemplate, LeftOut, Limits, ReleaseTagTemplate, Repository, Rule, ScanPolicy, SoakPolicy,
    clean_line,
};

/// What the lock of releases is called beside those of environments, see [`crate::domain::LockPart`].
const LOCK_OF_RELEASES: &str = "releases";

/// The longest time that candidates can be asked to soak: beyond it, a slip of the unit is more likely than an intention.
const MAX_SOAK: SignedDuration = SignedDuration::from_hours(365 * 24);

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
    let (graph, environments) = environments(&root, project, &services)?;
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
    })
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
            .map_or(Ok(usual.lock_for), |value| values::duration(&value))?,
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

type Environments = (EnvironmentGraph, BTreeMap<EnvironmentName, EnvironmentSettings>);

fn environments(
    root: &Section<'_>,
    project: Option<OwnTable<'_>>,
    services: &[Service],
) -> Result<Environments, ConfigError> {
    // Where an image is says which environment it is in, so no two may have the same place.
    let meet = |one: &Environment, other: &Environment| {
        let place =
            |environment: &Environment, service: &Service| environment.image.repository(&service.name).ok();
        services
            .iter()
            .any(|service| place(one, service) == place(other, service))
    };
    let mut settings = BTreeMap::new();
    let mut list: Vec<Environment> = Vec::new();
    let mut sections = Vec::new();
    for value in root.require("environment")?.list()? {
        let section = value.section(keys::ENVIRONMENT)?;
        let environment = environment(&section, services.len() > 1)?;
        let own = project.and_then(|project| project.table("environment"));
        let section = section.with_own(own.and_then(|own| own.table(environment.name.as_str())));
        if let Some(twin) = list.iter().find(|other| meet(other, &environment)) {
            return Err(section.require("image")?.mistake(format_args!(
                "is already the location of `{}`; each environment requires its own",
                twin.name
            )));
        }
        settings.insert(environment.name.clone(), environment_settings(&section)?);
        list.push(environment);
        sections.push(section);
    }
    let names: Vec<_> = list.iter().map(|environment| environment.name.clone()).collect();
    let graph = EnvironmentGraph::new(list).map_err(|error| {
        let (name, key) = match &error {
            GraphError::Twice(name) => (name, "name"),
            GraphError::UnknownSource { environment, .. } => (environment, "from"),
            GraphError::Circle(name) => (name, "from"),
            GraphError::NoEntrance => return root.mistake(error.to_string()),
        };
        let hint = match &error {
            GraphError::UnknownSource { from, .. } => {
                keys::nearest(from.as_str(), names.iter().map(EnvironmentName::as_str))
                    .map(|near| format!("did you mean `{near}`?"))
            }
            _ => None,
        };
        // Of twins, the second is the one too many.
        let place = names
            .iter()
            .rposition(|other| other == name)
            .and_then(|at| sections[at].get(key));
        match place {
            Some(value) => value.advise(&error, hint),
            None => root.mistake(error.to_string()),
        }
    })?;
    for (section, name) in sections.iter().zip(&names) {
        hotfix_way(section, name, &graph)?;
        soak_environment(section, name, &graph, &settings)?;
    }
    Ok((graph, settings))
}

/// That the short way of a hotfix leads from another environment to this one, and not backwards.
fn hotfix_way(
    section: &Section<'_>,
    name: &EnvironmentName,
    graph: &EnvironmentGraph,
) -> Result<(), ConfigError> {
    let Some(value) = section.get("hotfix") else {
        return Ok(());
    };
    if graph
        .get(name)
        .is_some_and(|environment| environment.from.is_empty())
    {
        return Err(value.mistake(format_args!(
            "`{name}` receives builds, so nothing is promoted there"
        )));
    }
    let from = value.section(keys::HOTFIX)?.require("from")?;
    let source = known_environment(&from, graph)?.name.clone();
    if source == *name {
        return Err(from.mistake(format_args!("`{source}` is this environment itself")));
    }
    if graph.leads_to(name, &source) {
        return Err(from.mistake(format_args!("`{source}` comes after `{name}`, not before it")));
    }
    Ok(())
}

/// The environment that a value names.
fn known_environment<'g>(
    value: &Value<'_>,
    graph: &'g EnvironmentGraph,
) -> Result<&'g Environment, ConfigError> {
    let name: EnvironmentName = value.parse()?;
    graph.get(&name).ok_or_else(|| {
        let names = graph.all().iter().map(|environment| environment.name.as_str());
        value.advise(
            format_args!("no environment named `{name}`"),
            keys::nearest(name.as_str(), names).map(|near| format!("did you mean `{near}`?")),
        )
    })
}

/// That candidates soak in an environment that comes before this one, and that deployments to it are recorded.
fn soak_environment(
    section: &Section<'_>,
    name: &EnvironmentName,
    graph: &EnvironmentGraph,
    settings: &BTreeMap<EnvironmentName, EnvironmentSettings>,
) -> Result<(), ConfigError> {
    let gate = section
        .get("gate")
        .map(|value| value.section(keys::GATE))
        .transpose()?;
    let Some(soak) = gate.as_ref().and_then(|gate| gate.get("soak")) else {
        return Ok(());
    };
    if graph
        .get(name)
        .is_some_and(|environment| environment.from.is_empty())
    {
        return Err(soak.mistake(format_args!(
            "`{name}` receives builds, so nothing is promoted there"
        )));
    }
    let place = soak.section(keys::SOAK)?.require("in")?;
    let environment = known_environment(&place, graph)?;
    let other = &environment.name;
    if other == name {
        return Err(place.mistake(format_args!("`{other}` is this environment itself")));
    }
    if !graph.leads_to(other, name) {
        return Err(place.mistake(format_args!("`{other}` does not come before `{name}`")));
    }
    let deploys = settings
        .get(other)
        .is_some_and(|settings| settings.deploy.is_some());
    if environment.from.is_empty() && !deploys {
        return Err(place.mistake(format_args!(
            "`{other}` receives builds and has no `deploy`, so no deployment is ever recorded there"
        )));
    }
    Ok(())
}

fn soak(value: &Value<'_>) -> Result<SoakPolicy, ConfigError> {
    let section = value.section(keys::SOAK)?;
    let time = section.require("time")?;
    let soak = SoakPolicy {
        environment: section.require("in")?.parse()?,
        time: values::duration(&time)?,
    };
    if soak.time > MAX_SOAK {
        return Err(time.mistake(format_args!(
            "`{}` is longer than a year",
            clean_line(time.string()?)
        )));
    }
    Ok(soak)
}

fn hotfix(value: &Value<'_>) -> Result<HotfixSettings, ConfigError> {
    let section = value.section(keys::HOTFIX)?;
    let list = section.get("skip").map_or(Ok(Vec::new()), |value| value.list())?;
    Ok(HotfixSettings {
        from: section.require("from")?.parse()?,
        skip: list.iter().map(skipped_gate).collect::<Result<_, _>>()?,
    })
}

/// A gate that the hotfix path skips.
fn skipped_gate(value: &Value<'_>) -> Result<GateKind, ConfigError> {
    let word = value.string()?;
    if keys::GATE.reserved.contains(&word) {
        return Err(value.mistake(format_args!("the gate `{word}` is not supported yet")));
    }
    if let Ok(kind) = word.parse::<GateKind>() {
        match kind.hotfix_skip() {
            HotfixSkip::Allowed => return Ok(kind),
            HotfixSkip::Never(why) => {
                return Err(value.mistake(format_args!("the gate `{kind}` cannot be skipped: {why}")));
            }
            HotfixSkip::NotAsked => {}
        }
    }
    let skippable = GateKind::ALL.iter().filter(|kind| kind.skippable());
    let names: Vec<_> = skippable.map(GateKind::name).collect();
    Err(value.advise(
        format_args!("`{}` is not a gate that can be skipped", clean_line(word)),
        Some(format!("these can be skipped: {}", names.join(", "))),
    ))
}

fn environment(section: &Section<'_>, many_services: bool) -> Result<Environment, ConfigError> {
    let from = section
        .get("from")
        .map_or(Ok(Vec::new()), Value::one_or_many)?
        .iter()
        .map(Value::parse)
        .collect::<Result<_, _>>()?;
    let image = section.require("image")?;
    if many_services && !image.string()?.contains("{service}") {
        return Err(image.mistake("requires `{service}`: several services cannot share one location"));
    }
    let name = section.require("name")?;
    if name.string()? == LOCK_OF_RELEASES {
        return Err(name.mistake("is reserved for the release lock; choose another name for the environment"));
    }
    Ok(Environment {
        name: name.parse()?,
        image: image.parse::<ImageTemplate>()?,
        from,
        protected: section.flag("protected")?,
    })
}

fn environment_settings(section: &Section<'_>) -> Result<EnvironmentSettings, ConfigError> {
    let gate = section
        .get("gate")
        .map(|value| value.section(keys::GATE))
        .transpose()?;
    let scan = gate.as_ref().and_then(|gate| gate.get("scan"));
    let soaking = gate.as_ref().and_then(|gate| gate.get("soak"));
    let sign = section.get("sign").map(|value| sign(&value)).transpose()?;
    let verify_key = match section.get("verify") {
        Some(value) => Some(value.section(keys::VERIFY)?.require("key")?.path()?),
        None => sign.as_ref().map(|sign| sign.key.with_extension("pub")),
    };
    Ok(EnvironmentSettings {
        scan: scan.map(|value| scan_gate(&value)).transpose()?,
        soak: soaking.map(|value| soak(&value)).transpose()?,
        sign,
        verify_key,
        deploy: section.get("deploy").map(|value| deploy(&value)).transpose()?,
        hotfix: section.get("hotfix").map(|value| hotfix(&value)).transpose()?,
    })
}

fn scan_gate(value: &Value<'_>) -> Result<ScanPolicy, ConfigError> {
    let section = value.section(keys::SCAN)?;
    let span = |key| section.get(key).map(|value| values::duration(&value)).transpose();
    let rule = |key| match section.get(key) {
        None => Ok(Rule::default()),
        Some(value) => value.choice(&[("refuse", Rule::Refuse), ("allow", Rule::Allow)]),
    };
    let fail_on = limits(&section.require("fail_on")?, keys::FAIL_ON)?;
    if fail_on == Limits::default() {
        let limits = section.require("fail_on")?.section(keys::FAIL_ON)?;
        return Err(limits.mistake("gate.scan.fail_on sets no limit, so no report could ever fail"));
    }
    let others = |key, keys| section.get(key).map(|value| limits(&value, keys)).transpose();
    let fail_on_misconfigurations = others("fail_on_misconfigurations", keys::FAIL_ON_MISCONFIGURATIONS)?;
    let fail_on_licences = others("fail_on_licences", keys::FAIL_ON_LICENCES)?;
    Ok(ScanPolicy {
        fail_on,
        fail_on_secrets: others("fail_on_secrets", keys::FAIL_ON_SECRETS)?,
        fail_on_misconfigurations: fail_on_misconfigurations.unwrap_or_default(),
        fail_on_licences: fail_on_licences.unwrap_or_default(),
        fixable_only: section.flag("fixable_only")?,
        max_age: span("max_age")?,
        max_database_age: span("max_database_age")?,
        exploited: section.path("exploited")?,
        end_of_life: rule("end_of_life")?,
        no_packages: rule("no_packages")?,
        filtered: rule("filtered")?,
        leave_out: left_out(&section)?,
        at_admission: section.flag("at_admission")?,
        signed_by: section.path("signed_by")?,
    })
}

/// How many findings of each severity are accepted.
fn limits(value: &Value<'_>, keys: keys::Keys) -> Result<Limits, ConfigError> {
    let limits = value.section(keys)?;
    let limit = |key| limits.get(key).map(|value| value.number()).transpose();
    Ok(Limits {
        critical: limit("critical")?,
        high: limit("high")?,
        medium: limit("medium")?,
        low: limit("low")?,
        unknown: limit("unknown")?,
    })
}

fn left_out(section: &Section<'_>) -> Result<Vec<LeftOut>, ConfigError> {
    let list = section
        .get("leave_out")
        .map_or(Ok(Vec::new()), |value| value.list())?;
    let one = |value: &Value<'_>| {
        let section = value.section(keys::LEAVE_OUT)?;
        Ok(LeftOut {
            platform: section.require("platform")?.parse()?,
            reason: section.require("reason")?.text()?,
        })
    };
    list.iter().map(one).collect()
}

fn sign(value: &Value<'_>) -> Result<SignSettings, ConfigError> {
    let section = value.section(keys::SIGN)?;
    Ok(SignSettings {
        key: section.require("key")?.sensitive_path()?,
        password_file: section.sensitive_path("password_file")?,
    })
}

fn deploy(value: &Value<'_>) -> Result<DeploySettings, ConfigError> {
    let table = value.section(keys::DEPLOY)?;
    let kind = table.require("kind")?;
    let word = kind.string()?;
    match keys::DEPLOY_KINDS.iter().find(|(known, _)| *known == word) {
        Some((_, true)) => Ok(DeploySettings::Command {
            program: table.require("program")?.text()?,
            args: table.strings("args")?,
            env: table
                .get("env")
                .map_or(Ok(Vec::new()), |value| value.list())?
                .iter()
                .map(Value::parse)
                .collect::<Result<_, _>>()?,
        }),
        Some((_, false)) => Err(kind.advise(
            format_args!("`{word}` is not supported yet"),
            Some("use `command`, which runs your own program".to_owned()),
        )),
        None => Err(kind.advise(
            format_args!("unknown deployer kind `{word}`"),
            keys::nearest(word, keys::DEPLOY_KINDS.iter().map(|(known, _)| *known))
                .or(Some("command"))
                .map(|near| format!("did you mean `{near}`?")),
        )),
    }
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

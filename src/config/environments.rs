//! The environments of windlass.toml: where their images are, what leads to them, and what they require.

use std::collections::BTreeMap;

use super::section::{OwnTable, Section};
use super::value::Value;
use super::{
    ConfigError, EnvironmentSettings, HaltSettings, HotfixSettings, Service, SignSettings, approvals, gates,
    keys, retain, runner, signing,
};
use crate::domain::{
    Environment, EnvironmentGraph, EnvironmentName, GateKind, GraphError, HotfixSkip, ImageTemplate,
    clean_line,
};

/// What the lock of releases is called beside those of environments, see [`crate::domain::LockPart`].
const LOCK_OF_RELEASES: &str = "releases";

type Environments = (EnvironmentGraph, BTreeMap<EnvironmentName, EnvironmentSettings>);

pub(super) fn environments(
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
    let receives_builds = graph
        .get(name)
        .is_some_and(|environment| environment.from.is_empty());
    if let Some(approvals) = gate
        .as_ref()
        .and_then(|gate| gate.get("approvals"))
        .filter(|_| receives_builds)
    {
        return Err(approvals.mistake(format_args!(
            "`{name}` receives builds, so nothing is promoted there"
        )));
    }
    let Some(soak) = gate.as_ref().and_then(|gate| gate.get("soak")) else {
        return Ok(());
    };
    if receives_builds {
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
        .is_some_and(|settings| !settings.deploy.is_empty());
    if environment.from.is_empty() && !deploys {
        return Err(place.mistake(format_args!(
            "`{other}` receives builds and has no `deploy`, so no deployment is ever recorded there"
        )));
    }
    Ok(())
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
    let of_gate = |key| gate.as_ref().and_then(|gate| gate.get(key));
    let (sign, verify) = signing::signing(section)?;
    let after = section.get("after");
    if let Some(value) = after.as_ref().filter(|_| section.get("deploy").is_none()) {
        return Err(value.mistake("requires `deploy`: checks run after a deployment"));
    }
    Ok(EnvironmentSettings {
        after: after.map_or(Ok(Vec::new()), super::deploy::probes)?,
        scan: of_gate("scan").map(|value| gates::scan(&value)).transpose()?,
        soak: of_gate("soak").map(|value| gates::soak(&value)).transpose()?,
        min_age: of_gate("age").map(|value| gates::age(&value)).transpose()?,
        approvals: of_gate("approvals")
            .map(|value| approvals::approvals(&value))
            .transpose()?,
        rules: rules(section),
        freezes: of_gate("freeze").map_or(Ok(Vec::new()), |value| gates::freezes(&value))?,
        signatures: signing::signatures(section)?,
        sign,
        verify,
        deploy: section
            .get("deploy")
            .map_or(Ok(Vec::new()), super::deploy::deployers)?,
        hotfix: section.get("hotfix").map(|value| hotfix(&value)).transpose()?,
        halt: section
            .get("halt")
            .map_or(Ok(HaltSettings::default()), |value| halt(&value))?,
        retain: retain::retention(section)?,
        runner: runner::runner(section)?,
    })
}

/// What decides about promotions to an environment, as it is written. What only says where or how is not in it, nor what the user's own
/// file may say: it is the same for everybody.
fn rules(section: &Section<'_>) -> String {
    let keys = ["from", "protected", "gate", "verifiers", "hotfix"].into_iter();
    let said = keys.filter_map(|key| Some(format!("{key} = {}\n", section.get(key)?.canonical())));
    said.collect()
}

fn halt(value: &Value<'_>) -> Result<HaltSettings, ConfigError> {
    let section = value.section(keys::HALT)?;
    let password_file = section.sensitive_path("password_file")?;
    let sign = section
        .sensitive_path("key")?
        .map(|key| SignSettings { key, password_file });
    let trusted = section
        .get("trusted")
        .map_or(Ok(Vec::new()), Value::one_or_many)?;
    Ok(HaltSettings {
        sign,
        trusted: trusted.iter().map(Value::path).collect::<Result<_, _>>()?,
    })
}

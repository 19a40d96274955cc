//! Which image is scanned, and by whose rules it is judged.

use std::sync::Arc;

use super::args::ScanArgs;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::cli::{World, image, world};
use crate::config::Config;
use crate::domain::{Environment, EnvironmentName, Exit, ImageReference, Target};
use crate::project;
use crate::registry::{Descriptor, ImageSummary, Registries};
use crate::scan::Trivy;

/// An image, resolved once.
pub(super) struct Subject {
    /// The image, by digest.
    pub image: ImageReference,
    /// Its manifest or index.
    pub descriptor: Descriptor,
    /// What it says of itself.
    pub summary: ImageSummary,
    /// The environment whose rules judge; none where nobody asks for a verdict.
    pub policy: Option<EnvironmentName>,
    /// The configuration, opened, where it is needed.
    pub world: Option<World>,
    /// The configuration, where there is one.
    pub config: Option<Arc<Config>>,
    /// All registries.
    pub registries: Registries,
    /// The scanner.
    pub trivy: Trivy,
}

impl Subject {
    /// Finds what the arguments name.
    pub async fn find(args: &ScanArgs, global: &Global) -> Result<Self, Failure> {
        let policy = args.policy.as_deref().map(environment_name).transpose()?;
        let Some(text) = args.image.as_deref() else {
            let name = environment_name(args.env.as_deref().unwrap_or_default())?;
            return deployed(World::open(global)?, name, policy).await;
        };
        if text.contains('/') && text.parse::<ImageReference>().is_ok() {
            return named(text, policy, global).await;
        }
        let world = World::open(global)?;
        match world.engine.first_with(&world.service, text).await {
            Ok((candidate, environment)) => {
                let policy = policy.or_else(|| next_with_rules(&world, &environment));
                Ok(of_world(
                    world,
                    candidate.repository.at(candidate.image.digest.clone()),
                    candidate.image,
                    candidate.summary,
                    policy,
                ))
            }
            // `registry.example.com/app` without a tag, for instance: say what an image needs.
            Err(_) if text.contains('/') && text.contains(['.', ':']) => {
                Err(image::parse(text).err().unwrap_or_else(|| {
                    Failure::usage(
                        format!("`{text}` is not an image"),
                        "write host/path:tag or host/path@sha256:…",
                    )
                }))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn environment_name(text: &str) -> Result<EnvironmentName, Failure> {
    text.parse().map_err(|error: crate::domain::NameError| {
        Failure::usage(
            error.to_string(),
            "run `windlass status` to list the environments",
        )
    })
}

/// An image by its name; it needs no configuration unless somebody's rules are asked.
async fn named(text: &str, policy: Option<EnvironmentName>, global: &Global) -> Result<Subject, Failure> {
    let image = image::parse(text)?;
    let opened = if policy.is_some() {
        Some(World::open(global)?)
    } else {
        None
    };
    let config = match &opened {
        Some(world) => Some(Arc::clone(world.engine.config())),
        None => world::configuration_if_any(global)?.map(Arc::new),
    };
    let registries = match &opened {
        Some(world) => world.registries.clone(),
        None => world::registries(config.as_deref())?,
    };
    let reader = registries.reader(&image.repository);
    let descriptor = image::resolve(&reader, &image.target).await?;
    Ok(Subject {
        image: image.repository.at(descriptor.digest.clone()),
        summary: reader.image(&descriptor.digest).await?,
        descriptor,
        policy,
        trivy: project::scanner(config.as_deref(), &registries),
        world: opened,
        config,
        registries,
    })
}

/// What is deployed to an environment, judged by its own rules unless others are named.
async fn deployed(
    world: World,
    name: EnvironmentName,
    policy: Option<EnvironmentName>,
) -> Result<Subject, Failure> {
    let environment = world.engine.environment(&name)?.clone();
    let there = world.service.environment(&environment);
    let repository = there.repository().map_err(crate::engine::EngineError::from)?;
    let reader = world.registries.reader(&repository);
    let Some(deployed) = there.deployed(&reader).await? else {
        return Err(Failure {
            exit: Exit::NotFound,
            hint: Some("run `windlass status` to see what is deployed where".to_owned()),
            report: color_eyre::eyre::eyre!("nothing is deployed to {name}"),
        });
    };
    let descriptor = image::resolve(&reader, &Target::Digest(deployed.digest)).await?;
    let summary = reader.image(&descriptor.digest).await?;
    let own = has_rules(&world, &name).then_some(name);
    Ok(of_world(
        world,
        repository.at(descriptor.digest.clone()),
        descriptor,
        summary,
        policy.or(own),
    ))
}

fn of_world(
    world: World,
    image: ImageReference,
    descriptor: Descriptor,
    summary: ImageSummary,
    policy: Option<EnvironmentName>,
) -> Subject {
    let registries = world.registries.clone();
    Subject {
        image,
        descriptor,
        summary,
        policy,
        trivy: world.engine.project().trivy().clone(),
        config: Some(Arc::clone(world.engine.config())),
        world: Some(world),
        registries,
    }
}

/// The first environment after `from` that has rules for scans.
fn next_with_rules(world: &World, from: &Environment) -> Option<EnvironmentName> {
    let graph = &world.engine.config().graph;
    let mut targets = graph.targets_of(&from.name);
    targets
        .find(|target| has_rules(world, &target.name))
        .map(|target| target.name.clone())
}

fn has_rules(world: &World, name: &EnvironmentName) -> bool {
    let settings = world.engine.config().environments.get(name);
    settings.is_some_and(|settings| settings.scan.is_some())
}

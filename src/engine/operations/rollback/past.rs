//! What an environment ran before, and whether it could run it again.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{
    CommitSha, Deployed, Digest, Environment, EnvironmentName, Gate, Padding, PinRecord, Tag, earlier,
    returned_from, stands_for,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::gates::{self, DigestQuestion, Moment, Question};
use crate::engine::operations::pin;
use crate::engine::present::present;
use crate::project::Service;
use crate::registry::{ImageSummary, Reader};

/// Deployments that are looked at, and digests that are offered.
const LOOKED_AT: usize = 50;
const OFFERED: usize = 10;

/// A digest that ran in an environment before.
#[derive(Debug, Clone, Serialize)]
pub struct Earlier {
    /// The digest.
    pub digest: Digest,
    /// When it was deployed last.
    #[serde(rename = "deployed_at")]
    pub deployed: Timestamp,
    /// The commit that it says it was built from.
    pub commit: Option<CommitSha>,
    /// The immutable tag of that commit.
    pub tag: Option<Tag>,
    /// The version that git or the image itself gives it.
    pub version: Option<String>,
    /// When it says that it was built.
    #[serde(rename = "built_at")]
    pub built: Option<Timestamp>,
    /// When the environment was rolled back from it, if it was.
    #[serde(rename = "rolled_back_at")]
    pub rolled_back: Option<Timestamp>,
    /// Whether it could run again, by rule; empty where that was not asked.
    pub gates: Vec<Gate>,
}

impl Earlier {
    /// Whether nothing stops it from being deployed again.
    pub fn is_ready(&self) -> bool {
        self.gates.iter().all(|gate| gate.verdict.allows())
    }

    /// Whether its last deployment ended with a rollback. One that was deployed again since has been tried again since.
    pub fn was_left(&self) -> bool {
        self.rolled_back.is_some_and(|at| at >= self.deployed)
    }

    /// Whether this is what a person calls so: a digest, a version, a tag, or a commit.
    fn is_called(&self, text: &str) -> bool {
        let bare = text.strip_prefix('v').unwrap_or(text);
        let is_commit = |commit: &CommitSha| text.len() >= 7 && commit.as_str().starts_with(text);
        self.digest.to_string() == text
            || self.version.as_deref() == Some(bare)
            || self.tag.as_ref().is_some_and(|tag| tag.as_str() == text)
            || self.commit.as_ref().is_some_and(is_commit)
    }
}

/// What an environment ran, and runs.
#[derive(Debug, Clone)]
pub struct Past {
    /// What is there now: what runs, where that can be observed and is known here, or else what is deployed.
    pub deployed: Option<Earlier>,
    /// What a person should know where what runs is not what is deployed, or nobody can say what runs.
    pub note: Option<String>,
    /// What ran before, newest first, each digest once.
    pub earlier: Vec<Earlier>,
    /// Every deployment that was looked at, newest first.
    pub(super) history: Vec<Deployed>,
    /// Every record of a pin on one of them.
    pub(super) pins: Vec<PinRecord>,
}

impl Past {
    /// What was called so.
    pub(super) fn called(&self, text: &str) -> Option<&Earlier> {
        self.earlier
            .iter()
            .chain(&self.deployed)
            .find(|one| one.is_called(text))
    }

    /// What is deployed now, if it came back by a rollback that was broken off before it could pin: the environment came back to
    /// it, and no record of a pin is newer than the deployment that it came back from. What was itself rolled back from
    /// came back by a promotion.
    pub(super) fn unfinished(&self) -> Option<&Earlier> {
        let from = returned_from(&self.history)?;
        let deployed = self.deployed.as_ref()?;
        let is_settled = self.pins.iter().any(|pin| {
            let is_pinned = pin.digest == deployed.digest && pin.at >= from.at;
            is_pinned || pin.from.as_ref() == Some(&deployed.digest)
        });
        (!is_settled).then_some(deployed)
    }

    /// What was deployed before the present one came back, if it did.
    pub(super) fn came_from(&self) -> Option<&Digest> {
        returned_from(&self.history).map(|from| &from.digest)
    }
}

impl Engine {
    /// What `environment` ran before, newest first, each with its readiness under the rules of now.
    pub async fn past(&self, service: &Service, environment: &EnvironmentName) -> Result<Past, EngineError> {
        let environment = pin::reached(self, environment)?;
        let reader = service.environment(environment).reader()?;
        let mut past = read(self, service, environment).await?;
        let asking = past
            .earlier
            .iter()
            .map(|one| readiness(self, service, environment, &reader, &one.digest));
        let gates = join_all(asking).await;
        for (one, gates) in past.earlier.iter_mut().zip(gates) {
            one.gates = gates?;
        }
        Ok(past)
    }
}

/// What is known of the past of `environment` before any readiness is asked.
pub(super) async fn read(
    engine: &Engine,
    service: &Service,
    environment: &Environment,
) -> Result<Past, EngineError> {
    let reader = service.environment(environment).reader()?;
    let (mut history, present) = tokio::try_join!(
        async { Ok(reader.deployments(LOOKED_AT).await?) },
        present(service.environment(environment), &reader),
    )?;
    let (note, is_drift) = present
        .as_ref()
        .map_or((None, false), |now| (now.note.clone(), now.is_drift));
    if let (Some(present), true) = (present, is_drift) {
        // As if it had been deployed: what a person did by hand is part of what the environment ran.
        history.insert(0, present.as_deployed());
    }
    let digests: BTreeSet<_> = history.iter().map(|deployed| deployed.digest.clone()).collect();
    let pins = pin::pins_of(&reader, environment, digests).await?;
    let versions = versions(engine).await;
    let facts = |deployed: &Deployed| {
        let (deployed, reader) = (deployed.clone(), reader.clone());
        let rolled_back = pins
            .iter()
            .filter(|pin| pin.from.as_ref() == Some(&deployed.digest))
            .map(|pin| pin.at)
            .max();
        let versions = &versions;
        async move {
            // An image that is not whole any more says little of itself; its readiness tells that.
            let summary = reader.image(&deployed.digest).await.ok();
            of(engine, deployed, summary.as_ref(), versions, rolled_back)
        }
    };
    let deployed = match history.first() {
        Some(deployed) => Some(facts(deployed).await),
        None => None,
    };
    let offered = earlier(&history).into_iter().take(OFFERED);
    let earlier = join_all(offered.map(facts)).await;
    Ok(Past {
        deployed,
        note,
        earlier,
        history,
        pins,
    })
}

fn of(
    engine: &Engine,
    deployed: Deployed,
    summary: Option<&ImageSummary>,
    (versions, padding): &(Vec<(semver::Version, String)>, Padding),
    rolled_back: Option<Timestamp>,
) -> Earlier {
    let commit = summary.and_then(ImageSummary::commit);
    let stood_for = summary.and_then(|known| stands_for(&known.labels));
    let shorts = [stood_for.as_ref(), commit.as_ref()];
    let by_git = versions
        .iter()
        .filter(|(_, short)| shorts.iter().flatten().any(|commit| commit.short() == short))
        .map(|(version, _)| version)
        .max();
    let by_label = || {
        let label = summary?.labels.get("org.opencontainers.image.version")?;
        crate::domain::version_of_tag(label)
    };
    let version = by_git.cloned().or_else(by_label);
    let tag = commit.as_ref().and_then(|commit| match &stood_for {
        Some(_) => engine.rebuilt_tag_of(commit).ok(),
        None => engine.tag_of(commit).ok(),
    });
    Earlier {
        digest: deployed.digest,
        deployed: deployed.at,
        tag,
        commit,
        version: version.map(|version| padding.render(&version)),
        built: summary.and_then(|known| known.created),
        rolled_back,
        gates: Vec::new(),
    }
}

/// Versions are a help to find something by; without a repository there are none.
async fn versions(engine: &Engine) -> (Vec<(semver::Version, String)>, Padding) {
    let names = engine.names();
    let reading = async {
        let released = engine.released().await?;
        let (padding, commits) = (released.padding(), released.commits());
        let asking = engine.git(move |repository| repository.versions(&names, &commits));
        Ok::<_, EngineError>((asking.await?, padding))
    };
    reading.await.unwrap_or_default()
}

/// Whether `digest` could run in `environment` again, rule by rule.
pub(super) async fn readiness(
    engine: &Engine,
    service: &Service,
    environment: &Environment,
    reader: &Reader,
    digest: &Digest,
) -> Result<Vec<Gate>, EngineError> {
    let subject = DigestQuestion {
        engine,
        service,
        environment,
        reader,
        digest,
    };
    let question = Question::of_environment(engine, environment, Moment::RollbackRun, vec![subject.into()])?;
    Ok(gates::ask(&question).await.gates)
}

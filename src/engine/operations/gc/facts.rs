//! What has to stay, whatever the rule of an environment says: what is deployed, running, pinned, released or promoted on.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::domain::{CommitSha, Environment, EnvironmentName, KeepReason, KeptBecause, Needed, Observed};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::remote_state::Upstream;
use crate::project::Service;

/// What has to stay, and what could not be read of it.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) needed: Needed,
    pub(super) unread: Vec<String>,
}

/// What of it concerns one environment.
type Part = Result<Vec<Need>, String>;

/// One thing that has to stay.
enum Need {
    Digest(crate::domain::Digest, KeptBecause),
    Tag(crate::domain::Tag, KeptBecause),
    Commit(CommitSha, KeptBecause),
}

impl Facts {
    /// Asks every environment, the remote, and the environments that promotions from `of` lead to.
    pub(super) async fn read(engine: &Engine, service: &Service, of: &Environment) -> Self {
        let environments = engine.config().graph.all().iter();
        let used = environments.map(|environment| used(engine, service, environment));
        let downstream = downstream(engine, &of.name)
            .into_iter()
            .map(|environment| tagged(engine, service, environment));
        let (used, downstream, released) =
            tokio::join!(join_all(used), join_all(downstream), released(engine, service));
        let mut facts = Self::default();
        for part in used.into_iter().chain(downstream).chain([released]) {
            match part {
                Ok(needs) => facts.add(needs),
                Err(why) => facts.unread.push(why),
            }
        }
        facts
    }

    fn add(&mut self, needs: Vec<Need>) {
        for need in needs {
            match need {
                Need::Digest(digest, because) => self.needed.digest(digest, because),
                Need::Tag(tag, because) => self.needed.tag(tag, because),
                Need::Commit(commit, because) => self.needed.commit(commit, because),
            }
        }
    }
}

/// The environments that promotions from `name` lead to, by the usual way or that of hotfixes, through others or not.
pub(super) fn downstream<'e>(engine: &'e Engine, name: &EnvironmentName) -> Vec<&'e Environment> {
    let config = engine.config();
    let mut reached: BTreeSet<&EnvironmentName> = BTreeSet::from([name]);
    loop {
        let more: Vec<_> = config
            .graph
            .all()
            .iter()
            .filter(|environment| !reached.contains(&environment.name))
            .filter(|environment| {
                let settings = config.environments.get(&environment.name);
                let hotfix = settings.and_then(|settings| settings.hotfix.as_ref());
                let sources = environment.from.iter().chain(hotfix.map(|hotfix| &hotfix.from));
                sources.into_iter().any(|source| reached.contains(source))
            })
            .map(|environment| &environment.name)
            .collect();
        if more.is_empty() {
            break;
        }
        reached.extend(more);
    }
    let others = config.graph.all().iter();
    others
        .filter(|environment| environment.name != *name && reached.contains(&environment.name))
        .collect()
}

/// What is deployed to an environment, what runs there by the word of each platform, and what it is pinned to.
async fn used(engine: &Engine, service: &Service, environment: &Environment) -> Part {
    let name = &environment.name;
    let there = service.environment(environment);
    let unread = |what: &str, why: &str| format!("{what} {name} is unknown ({why})");
    let reading = async {
        let reader = there.reader()?;
        Ok::<_, EngineError>(there.deployed(&reader).await?)
    };
    let deployed = reading
        .await
        .map_err(|error| unread("what is deployed to", &error.brief()))?;
    let mut needs = Vec::new();
    if let Some(deployed) = &deployed {
        let because = KeptBecause::new(KeepReason::Deployed, format!("deployed to {name}"));
        needs.push(Need::Digest(deployed.digest.clone(), because));
    }
    let digests: BTreeSet<_> = deployed.into_iter().map(|deployed| deployed.digest).collect();
    for observed in there.running_each(&digests, &CancellationToken::new()).await {
        match observed {
            Observed::Running(running) => {
                let because = KeptBecause::new(KeepReason::Running, format!("running in {name}"));
                needs.push(Need::Digest(running.digest, because));
            }
            Observed::Unknown(why) => return Err(unread("what runs in", &why)),
        }
    }
    let pin = if environment.from.is_empty() {
        None
    } else {
        let pin = engine.pin(service, name).await;
        pin.map_err(|error| unread("the pin of", &error.brief()))?
    };
    if let Some(pin) = pin {
        let because = KeptBecause::new(KeepReason::Pinned, format!("{name} is pinned to it"));
        needs.push(Need::Digest(pin.digest, because));
    }
    Ok(needs)
}

/// What an environment that promotions lead to has, by the tags of commits there.
async fn tagged(engine: &Engine, service: &Service, environment: &Environment) -> Part {
    let name = &environment.name;
    let unread = |why: String| format!("what {name} has is unknown ({why})");
    let reader = service
        .environment(environment)
        .reader()
        .map_err(|error| unread(error.to_string()))?;
    let tags = reader.tags().await.map_err(|error| unread(error.to_string()))?;
    let template = &engine.config().git.image_tag;
    let of_commits = tags.into_iter().filter(|tag| template.parse_back(tag).is_some());
    let needs = of_commits.map(|tag| Need::Tag(tag, held(name)));
    Ok(needs.collect())
}

/// That an environment downstream has it.
pub(super) fn held(environment: &EnvironmentName) -> KeptBecause {
    KeptBecause::new(KeepReason::Downstream, format!("{environment} has it"))
}

/// What is released, and what the open release and hotfix branches are about, by the word of the remote.
async fn released(engine: &Engine, service: &Service) -> Part {
    let upstream = engine
        .upstream_for(service)
        .await
        .map_err(|error| format!("the open releases are unknown ({})", error.brief()))?;
    let mut needs = Vec::new();
    let git = engine.config().git.for_service(service.name());
    for branch in [&git.develop, &git.main] {
        if let Some(head) = upstream.branch(branch) {
            let because = KeptBecause::new(KeepReason::BranchHead, format!("of the head of {branch}"));
            needs.push(Need::Commit(head.clone(), because));
        }
    }
    let commits = of_branches(engine, &upstream, &git).await;
    let commits = commits.map_err(|error| format!("the open releases are unknown ({})", error.brief()))?;
    needs.extend(
        commits
            .into_iter()
            .map(|(commit, because)| Need::Commit(commit, because)),
    );
    Ok(needs)
}

/// The commits of released versions and of open branches.
async fn of_branches(
    engine: &Engine,
    upstream: &Upstream,
    git: &crate::config::GitSettings,
) -> Result<Vec<(CommitSha, KeptBecause)>, EngineError> {
    let tags: Vec<_> = upstream
        .released
        .tags()
        .iter()
        .map(|tag| (tag.name.clone(), tag.at.commit.clone()))
        .collect();
    let trunk = upstream
        .branch(&git.develop)
        .or_else(|| upstream.branch(&git.main))
        .cloned();
    let lines = upstream.lines(git);
    engine
        .git(move |repository| {
            let mut found = Vec::new();
            for (name, commit) in &tags {
                let because = KeptBecause::new(KeepReason::Released, format!("released as {name}"));
                // Where a tag is on the merge into main, the image is that of the branch that was merged.
                let merged = repository.commit(&format!("{commit}^2"));
                let both = std::iter::once(commit.clone()).chain(merged.ok().map(|merged| merged.sha));
                found.extend(both.map(|commit| (commit, because.clone())));
            }
            let released: Vec<_> = tags.into_iter().map(|(_, commit)| commit).collect();
            for line in lines {
                let words = format!("of {}", line.branch);
                let because = KeptBecause::new(KeepReason::OpenRelease, words);
                let cut_at = line.values.short.as_deref();
                let cut_at = cut_at.and_then(|short| repository.commit(short).ok());
                let commits = match &trunk {
                    Some(trunk) => repository.commits_of_branch(&line.head, trunk, &released)?,
                    None => vec![line.head.clone()],
                };
                let all = commits.into_iter().chain(cut_at.map(|commit| commit.sha));
                found.extend(all.map(|commit| (commit, because.clone())));
            }
            Ok(found)
        })
        .await
}

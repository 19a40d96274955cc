//! From what git and the registries tell to releases with their debts.

use futures_util::future::join_all;

use super::facts::Facts;
use super::survey::{InMain, Survey, Surveyed};
use crate::catalog;
use crate::domain::{
    Bound, CommitSha, Debt, DebtState, DeployedIn, Due, EnvironmentName, Production, Release, ReleaseKind,
    Tag, Target, count,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::git::Reach;
use crate::project::Service;

/// All of them, with what they owe and whether they have still to come to production.
pub(super) async fn releases(
    engine: &Engine,
    service: &Service,
    survey: Survey,
    facts: &Facts,
) -> Vec<Release> {
    let in_production: Vec<_> = survey
        .lines
        .iter()
        .map(|one| production(engine, one, facts))
        .collect();
    let looking = survey
        .lines
        .iter()
        .zip(&in_production)
        .map(|(one, production)| release(engine, service, &survey, one, facts, production));
    let mut releases = join_all(looking).await;
    waiting(engine, facts, &mut releases, &in_production).await;
    releases
}

/// Marks the finished ones that production has still to get: not what it had, and not what it has passed by, because it
/// had a later version or runs a commit that has them in its past.
async fn waiting(engine: &Engine, facts: &Facts, releases: &mut [Release], in_production: &[Production]) {
    let production = &engine.production().name;
    let had = |at: &usize| in_production[*at] == Production::Has;
    let newest = (0..releases.len())
        .filter(had)
        .filter_map(|at| releases[at].version.clone())
        .max();
    let heads = releases.iter().map(|release| release.head.clone()).collect();
    let passed_by = passed_by(engine, facts, heads).await;
    for (at, release) in releases.iter_mut().enumerate() {
        let is_older = newest
            .as_ref()
            .is_some_and(|newest| release.version.as_ref().is_some_and(|version| version < newest));
        let is_over = is_older || passed_by.get(at).is_some_and(|passed| *passed);
        if in_production[at] == Production::HasNot && release.is_finished() && !is_over {
            release.waits_for = Some(production.clone());
        }
    }
}

/// Which of some commits what is deployed to production has in its past; nothing where that is not to be found out.
async fn passed_by(engine: &Engine, facts: &Facts, heads: Vec<CommitSha>) -> Vec<bool> {
    let production = &engine.production().name;
    let mut deployed = facts.deployed.iter();
    let Some((_, deployed, _)) = deployed.find(|(environment, ..)| environment == production) else {
        return Vec::new();
    };
    let deployed = deployed.clone();
    let asking = engine.git(move |repository| repository.within(&heads, &deployed));
    asking.await.unwrap_or_default()
}

async fn release(
    engine: &Engine,
    service: &Service,
    survey: &Survey,
    one: &Surveyed,
    facts: &Facts,
    production: &Production,
) -> Release {
    let line = &one.line;
    let mut debts = git_debts(engine, survey, one, production);
    debts.extend(review_debts(one, facts));
    let deployed = facts.deployed.iter().filter(|(_, commit, _)| is_of(one, commit));
    Release {
        kind: line.kind,
        branch: line.branch.clone(),
        version: line.values.version.clone(),
        padding: line.values.padding,
        head: line.head.clone(),
        subject: one.subject.clone(),
        origin: one.origin.clone(),
        fixes: one.own.len(),
        trouble: one.trouble.clone(),
        candidate: bound(engine, service, &line.head).await,
        deployed: deployed
            .map(|(environment, commit, _)| DeployedIn {
                environment: environment.clone(),
                commit: commit.clone(),
                is_head: *commit == line.head,
            })
            .collect(),
        debts,
        waits_for: None,
    }
}

/// Whether `commit` was made on the branch; for a release, what it was cut from counts too.
fn is_of(one: &Surveyed, commit: &CommitSha) -> bool {
    let began = one.line.kind == ReleaseKind::Release && one.origin.as_ref() == Some(commit);
    began || one.line.head == *commit && one.line.kind == ReleaseKind::Release || one.own.contains(commit)
}

/// Whether production has, or had, an image of this branch.
fn production(engine: &Engine, one: &Surveyed, facts: &Facts) -> Production {
    let tags = match &facts.production {
        Ok(tags) => tags,
        Err(why) => return Production::Unknown(why.clone()),
    };
    let began = one
        .origin
        .iter()
        .filter(|_| one.line.kind == ReleaseKind::Release);
    let has = |tag: Result<Tag, EngineError>| tag.is_ok_and(|tag| tags.contains(&tag));
    let had = one
        .own
        .iter()
        .chain(began)
        .any(|commit| has(engine.tag_of(commit)) || has(engine.rebuilt_tag_of(commit)));
    if had { Production::Has } else { Production::HasNot }
}

fn git_debts(engine: &Engine, survey: &Survey, one: &Surveyed, production: &Production) -> Vec<Debt> {
    let git = &engine.config().git;
    let mut debts = Vec::new();
    let mut owe = |what, reach: &Reach| {
        let state = of_reach(reach, production);
        debts.push(Debt { what, state });
    };
    let not_merged = match &one.main {
        Some(InMain::Fixes(reach)) => {
            owe(Due::Main(git.main.clone()), reach);
            false
        }
        main => main.is_some(),
    };
    if let Some(reach) = &one.develop {
        owe(Due::Develop(git.develop.clone()), reach);
    }
    for (other, reach) in &one.others {
        owe(Due::Release(survey.lines[*other].line.branch.clone()), reach);
    }
    if let Some(why) = &one.unknown {
        for what in [Due::Main(git.main.clone()), Due::Develop(git.develop.clone())] {
            let state = DebtState::Unknown(why.clone());
            debts.push(Debt { what, state });
        }
    }
    if not_merged {
        let why = format!("{} is not merged", one.line.head.short());
        let main = Debt {
            what: Due::Main(git.main.clone()),
            state: DebtState::missing(why, production),
        };
        debts.insert(0, main);
    }
    if let Some(tag) = &one.tag_name {
        let state = match &one.tag {
            Some(at) if at.commit == one.line.head => DebtState::Paid(format!("at {}", at.commit.short())),
            // Commits that came after the tag are the business of the next version.
            Some(at) => DebtState::Paid(format!("at {}, not at the head of the branch", at.commit.short())),
            None => DebtState::missing(format!("{} has no such tag", git.remote), production),
        };
        let what = Due::Tag(tag.clone());
        debts.push(Debt { what, state });
    }
    debts
}

/// The reviews of what this branch brought somewhere by a shortened way. One that was held is no debt any more, and is
/// kept with the image.
fn review_debts(one: &Surveyed, facts: &Facts) -> Vec<Debt> {
    let debt = |environment: &EnvironmentName, state| Debt {
        what: Due::Review(environment.clone()),
        state,
    };
    let mut debts = Vec::new();
    for (environment, reviews) in &facts.reviews {
        match reviews {
            Ok(owed) => {
                let of_this = owed
                    .iter()
                    .filter(|owed| owed.commit.as_ref().is_some_and(|commit| is_of(one, commit)));
                debts.extend(of_this.map(|owed| debt(environment, DebtState::Owed(owed.what.clone()))));
            }
            // Of a branch that brings nothing of its own nothing can have been passed over.
            Err(why) if one.line.kind == ReleaseKind::Hotfix && !one.own.is_empty() => {
                debts.push(debt(environment, DebtState::Unknown(why.clone())));
            }
            Err(_) => {}
        }
    }
    debts
}

fn of_reach(reach: &Reach, production: &Production) -> DebtState {
    match reach {
        Reach::Ancestor => DebtState::Paid("merged".to_owned()),
        Reach::SamePatches => DebtState::Paid("merged by its patches".to_owned()),
        Reach::AsOne(commit) => DebtState::Paid(format!("squashed into {}", commit.short())),
        Reach::SameContent(commit) => DebtState::Paid(format!("merged by content, in {}", commit.short())),
        Reach::Reverted { commits, by } => {
            let why = format!("{} reverted by {}", are(commits.len()), by.short());
            DebtState::missing(why, production)
        }
        Reach::Missing(commits) => {
            let newest = commits
                .first()
                .map(|commit| format!(", {} the newest", commit.short()));
            let why = format!("{} missing{}", are(commits.len()), newest.unwrap_or_default());
            DebtState::missing(why, production)
        }
    }
}

fn are(commits: usize) -> String {
    let verb = if commits == 1 { "is" } else { "are" };
    format!("{} {verb}", count(commits, "commit"))
}

/// The image of the head.
async fn bound(engine: &Engine, service: &Service, head: &CommitSha) -> Bound {
    let unknown = |error: EngineError| Bound::Unknown { why: error.brief() };
    let tag = match catalog::head_tag(engine.config(), head) {
        Ok(tag) => tag,
        Err(error) => return unknown(error.into()),
    };
    let found = async {
        let targets = [Target::Tag(tag.clone())];
        Ok::<_, EngineError>(catalog::find(service, &targets, [engine.config().graph.entrance()]).await?)
    };
    match found.await {
        Ok(Some(found)) => Bound::There {
            tag,
            digest: found.image.digest,
        },
        Ok(None) => Bound::NoImage { tag },
        Err(error) => unknown(error),
    }
}

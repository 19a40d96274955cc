//! Waits until Flux or Argo CD has carried a commit out: its object is watched, and asked to look at once.

mod argocd;
mod cluster;
mod flux;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use kube::core::DynamicObject;
use kube::runtime::{WatchStreamExt as _, watcher};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::cluster::Objects;
use self::verdict::{Verdict, commit_in, text};
use super::mirror::Mirror;
use crate::deploy::error::DeployError;
use crate::deploy::progress::{DeployProgress, Tell};
use crate::domain::{CommitSha, Reconciler, ReconcilerKind, span};

/// Where an object says which commits it knows.
const REVISIONS: [&str; 4] = [
    "/status/lastAppliedRevision",
    "/status/lastAttemptedRevision",
    "/status/sync/revision",
    "/status/operationState/syncResult/revision",
];
/// Where an object with several sources says it.
const LISTS: [&str; 2] = [
    "/status/sync/revisions",
    "/status/operationState/syncResult/revisions",
];

/// How long a source is given to be fetched before the one that has to look at it is asked again.
const SOURCE_PAUSE: Duration = Duration::from_secs(1);

/// The commit that was deployed, in the mirror of its repository.
pub(super) struct Deployed<'a> {
    pub mirror: &'a Mirror,
    pub commit: &'a CommitSha,
}

impl Deployed<'_> {
    /// Whether it is `found` or in the past of that, by what the remote has now.
    async fn is_in(&self, found: &CommitSha) -> Result<bool, DeployError> {
        if found == self.commit {
            return Ok(true);
        }
        self.mirror.fetch().await?;
        Ok(self.mirror.contains(found, self.commit))
    }
}

/// Waits until `reconciler` has applied a commit that has the `deployed` one, and says at which revision it is.
///
/// # Errors
/// When it failed, does not exist, may not be read, or is not done within `limit`.
pub(super) async fn wait(
    reconciler: &Reconciler,
    limit: SignedDuration,
    deployed: &Deployed<'_>,
    tell: Tell<'_>,
    cancel: &CancellationToken,
) -> Result<String, DeployError> {
    let words = reconciler.words();
    let mut last = "it has not answered".to_owned();
    let end = Instant::now() + limit.unsigned_abs();
    let done = tokio::select! {
        () = cancel.cancelled() => return Err(DeployError::Interrupted),
        () = tokio::time::sleep_until(end) => None,
        done = follow(reconciler, deployed, tell, &mut last) => Some(done),
    };
    done.unwrap_or_else(|| {
        Err(DeployError::Unsure {
            target: words,
            why: format!("after {} {last}", span(limit)),
        })
    })
}

async fn follow(
    reconciler: &Reconciler,
    deployed: &Deployed<'_>,
    tell: Tell<'_>,
    last: &mut String,
) -> Result<String, DeployError> {
    let objects = Objects::connect(reconciler).await?;
    let object = objects.get().await?;
    let mut asked = hurry(&objects, &value(&object), tell).await;
    let mut known = BTreeMap::new();
    let mut seen = argocd::Seen::default();
    let only = watcher::Config::default().fields(&format!("metadata.name={}", reconciler.name));
    let stream = watcher(objects.api.clone(), only)
        .default_backoff()
        .applied_objects();
    let mut stream = pin!(stream);
    loop {
        let object = match stream.try_next().await {
            Ok(Some(object)) => value(&object),
            Ok(None) => return Err(objects.unreachable("the watch ended")),
            // The watch begins again by itself.
            Err(error) => {
                let why = format!("the watch was broken off: {error}");
                if *last != why {
                    tell(DeployProgress::Line(why.clone()));
                    *last = why;
                }
                continue;
            }
        };
        let of_source = asked.as_ref().and_then(|asked| asked.source.clone());
        for commit in commits(&object).into_iter().chain(of_source.clone()) {
            if let std::collections::btree_map::Entry::Vacant(entry) = known.entry(commit) {
                let is_in = deployed.is_in(entry.key()).await?;
                entry.insert(is_in);
            }
        }
        let has = |commit: &CommitSha| known.get(commit) == Some(&true);
        let verdict = match reconciler.kind {
            ReconcilerKind::Flux => flux::judge(&object, &has),
            ReconcilerKind::Argocd => argocd::judge(&object, &mut seen, &has),
        };
        let state = match verdict {
            Verdict::Done(revision) => return Ok(revision),
            Verdict::Failed(why) => {
                return Err(DeployError::NotUp {
                    target: reconciler.words(),
                    why,
                });
            }
            Verdict::Waiting(why) => why,
            Verdict::Stale(why) => {
                asked = hurry(&objects, &object, tell).await;
                why
            }
            Verdict::NoPath { asked: at, why } => {
                let is_ours = asked.as_ref().is_some_and(|asked| asked.at == at);
                if is_ours && of_source.is_some_and(|commit| has(&commit)) {
                    return Err(DeployError::NotUp {
                        target: reconciler.words(),
                        why,
                    });
                }
                if is_ours {
                    // Its source is fetched meanwhile.
                    tokio::time::sleep(SOURCE_PAUSE).await;
                    asked = hurry(&objects, &object, tell).await;
                }
                why
            }
        };
        if *last != state {
            tell(DeployProgress::Line(format!(
                "waiting for {}: {state}",
                reconciler.words()
            )));
            *last = state;
        }
    }
}

fn value(object: &DynamicObject) -> Value {
    // What was read from JSON can be written as JSON.
    serde_json::to_value(object).unwrap_or_default()
}

/// The commits that an object speaks of.
fn commits(object: &Value) -> Vec<CommitSha> {
    let lists = LISTS
        .iter()
        .filter_map(|path| object.pointer(path).and_then(Value::as_array));
    let several = lists.flatten().filter_map(Value::as_str).filter_map(commit_in);
    REVISIONS
        .iter()
        .filter_map(|path| commit_in(&text(object, path)))
        .chain(several)
        .collect()
}

/// That it was asked to look.
struct Asked {
    /// When: what the object says once it has looked.
    at: String,
    /// The commit that its source had then, as far as it says.
    source: Option<CommitSha>,
}

/// Asks it to look now and not when its interval is over. Where that is not allowed, it takes longer.
async fn hurry(objects: &Objects<'_>, object: &Value, tell: Tell<'_>) -> Option<Asked> {
    let now = Timestamp::now().to_string();
    let result = match objects.reconciler.kind {
        ReconcilerKind::Argocd => {
            let asked = objects.annotate("argocd.argoproj.io/refresh", "hard").await;
            asked.map(|()| None)
        }
        ReconcilerKind::Flux => {
            let field = |name: &str| text(object, &format!("/spec/sourceRef/{name}"));
            let namespace = Some(field("namespace")).filter(|namespace| !namespace.is_empty());
            let source = (field("kind"), field("name"), namespace);
            match objects.annotate_source(source, &now).await {
                Ok(source) => {
                    let asked = objects.annotate(cluster::REQUESTED_AT, &now).await;
                    asked.map(|()| commit_in(&text(&value(&source), "/status/artifact/revision")))
                }
                Err(error) => Err(error),
            }
        }
    };
    match result {
        Ok(source) => Some(Asked { at: now, source }),
        Err(why) => {
            tell(DeployProgress::Warning(format!(
                "{} could not be asked to look at once, so that it looks when its interval is over: {why}",
                objects.reconciler.words()
            )));
            None
        }
    }
}

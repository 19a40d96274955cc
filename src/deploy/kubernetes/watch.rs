//! A workload, its pods, replica sets and warnings, kept up to date by watches. A watch that breaks is begun again from where it
//! was; where the API no longer knows that point (410 Gone), everything is listed once more.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use futures_util::stream::{BoxStream, SelectAll, select_all};
use futures_util::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{Event as Happening, Pod};
use kube::core::{DynamicObject, Selector};
use kube::runtime::WatchStreamExt;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::cluster::Cluster;
use super::error::error_of;
use super::rollout::{View, Warning};
use super::workload::Workload;
use crate::deploy::error::DeployError;
use crate::domain::{WorkloadKind, clean_line};

/// The time before a broken watch is begun again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest such time.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long one watch lasts before it is begun again, in seconds: a connection that died without a word is found out by then.
const WATCH_SECONDS: u32 = 120;
/// How many warnings are kept.
const MAX_WARNINGS: usize = 200;

const PODS: &str = "pods";
const REPLICA_SETS: &str = "replicasets";
const EVENTS: &str = "events";

/// What a watch reports.
enum Change {
    Workload(Event<DynamicObject>),
    Pod(Event<Pod>),
    ReplicaSet(Event<ReplicaSet>),
    Warning(Event<Happening>),
    /// A watch broke; it is begun again.
    Broken(&'static str, watcher::Error),
    /// Warnings cannot be watched.
    NoWarnings(watcher::Error),
}

/// What a change means for who follows.
pub(super) enum Seen {
    /// Something is new.
    Change,
    /// The watch of these objects broke.
    Broken(&'static str, watcher::Error),
    /// No warnings are seen.
    NoWarnings(String),
}

/// Everything about a workload, as the API shows it.
pub(super) struct Watch {
    changes: SelectAll<BoxStream<'static, Change>>,
    kind: WorkloadKind,
    workloads: Objects<DynamicObject>,
    workload: Option<Workload>,
    pods: Objects<Pod>,
    replica_sets: Objects<ReplicaSet>,
    warnings: Vec<Warning>,
    // Those that are there when it begins are of an earlier rollout.
    knows_warnings: bool,
}

impl Watch {
    /// Begins to watch a workload whose pods have the labels of `selector`.
    pub fn start(cluster: &Cluster, kind: WorkloadKind, name: &str, selector: Option<&Selector>) -> Self {
        let usual = || watcher::Config::default().timeout(WATCH_SECONDS);
        let by_name = usual().fields(&format!("metadata.name={name}"));
        let mut changes = vec![stream(
            cluster.objects(kind),
            by_name,
            kind.as_str(),
            Change::Workload,
        )];
        let (mut pods, mut replica_sets) = (Objects::listed(), Objects::listed());
        let mut knows_warnings = true;
        if let Some(selector) = selector {
            let labelled = || usual().labels_from(selector);
            changes.push(stream(cluster.api(), labelled(), PODS, Change::Pod));
            pods = Objects::default();
            if kind == WorkloadKind::Deployment {
                changes.push(stream(
                    cluster.api(),
                    labelled(),
                    REPLICA_SETS,
                    Change::ReplicaSet,
                ));
                replica_sets = Objects::default();
            }
            let warnings = stream(
                cluster.api(),
                usual().fields("type=Warning"),
                EVENTS,
                Change::Warning,
            );
            changes.push(without_right(warnings));
            knows_warnings = false;
        }
        Self {
            changes: select_all(changes),
            kind,
            workloads: Objects::default(),
            workload: None,
            pods,
            replica_sets,
            warnings: Vec::new(),
            knows_warnings,
        }
    }

    /// Waits for the next change.
    pub async fn next(&mut self) -> Seen {
        let Some(change) = self.changes.next().await else {
            // All watches go on for ever.
            return std::future::pending().await;
        };
        match change {
            Change::Workload(event) => {
                self.workloads.apply(event);
                let newest = self.workloads.now.values().next().cloned();
                self.workload = newest.and_then(|object| Workload::read(self.kind, object).ok());
            }
            Change::Pod(event) => self.pods.apply(event),
            Change::ReplicaSet(event) => self.replica_sets.apply(event),
            Change::Warning(event) => self.warn(event),
            Change::Broken(what, error) => {
                // A list that broke off is begun anew.
                match what {
                    PODS => self.pods.listing.clear(),
                    REPLICA_SETS => self.replica_sets.listing.clear(),
                    EVENTS => {}
                    _ => self.workloads.listing.clear(),
                }
                return Seen::Broken(what, error);
            }
            Change::NoWarnings(error) => {
                self.knows_warnings = true;
                return Seen::NoWarnings(clean_line(&error.to_string()));
            }
        }
        Seen::Change
    }

    fn warn(&mut self, event: Event<Happening>) {
        let happening = match event {
            Event::Apply(happening) => happening,
            Event::InitApply(happening) if self.knows_warnings => happening,
            Event::InitDone => {
                self.knows_warnings = true;
                return;
            }
            Event::Init | Event::InitApply(_) | Event::Delete(_) => return,
        };
        if self.warnings.len() >= MAX_WARNINGS {
            self.warnings.remove(0);
        }
        self.warnings.push(Warning {
            uid: happening.involved_object.uid.unwrap_or_default(),
            reason: happening.reason.unwrap_or_default(),
            message: clean_line(&happening.message.unwrap_or_default()),
        });
    }

    /// Whether everything has been listed once.
    pub const fn is_complete(&self) -> bool {
        self.workloads.is_listed && self.pods.is_listed && self.replica_sets.is_listed && self.knows_warnings
    }

    /// The workload, if it is there.
    pub const fn workload(&self) -> Option<&Workload> {
        self.workload.as_ref()
    }

    /// Its pods.
    pub fn pods(&self) -> impl Iterator<Item = &Pod> {
        self.pods.now.values()
    }

    /// All of it.
    pub fn view(&self) -> View<'_> {
        View {
            workload: self.workload(),
            pods: self.pods().collect(),
            replica_sets: self.replica_sets.now.values().collect(),
            warnings: &self.warnings,
        }
    }
}

fn stream<K>(
    api: Api<K>,
    config: watcher::Config,
    what: &'static str,
    change: fn(Event<K>) -> Change,
) -> BoxStream<'static, Change>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    // That a list begins is no sign that the API answers: it must not end the pauses.
    let events = watcher(api, config).try_filter(|event| std::future::ready(!matches!(event, Event::Init)));
    let events = events.boxed().backoff(Pauses::default());
    events
        .map(move |event| match event {
            // Only those of the workload are of use, and they are large.
            Ok(event) if matches!(what, PODS | REPLICA_SETS | EVENTS) => {
                change(event.modify(|object| object.managed_fields_mut().clear()))
            }
            Ok(event) => change(event),
            Err(error) => Change::Broken(what, error),
        })
        .boxed()
}

/// A watch that only helps: where the right to it is missing, it ends.
fn without_right(changes: BoxStream<'static, Change>) -> BoxStream<'static, Change> {
    changes
        .scan(false, |is_over, change| {
            let next = match change {
                _ if *is_over => None,
                Change::Broken(_, error) if is_forbidden(&error) => {
                    *is_over = true;
                    Some(Change::NoWarnings(error))
                }
                other => Some(other),
            };
            std::future::ready(next)
        })
        .boxed()
}

/// Whether the API does not allow it.
fn is_forbidden(error: &watcher::Error) -> bool {
    cause(error).is_some_and(|error| matches!(error, kube::Error::Api(status) if status.code == 403))
}

/// What it means that the watch of `what` broke.
pub(super) fn error_of_watch(cluster: &Cluster, what: &str, error: &watcher::Error) -> DeployError {
    let asked = cluster.asked("watch", what);
    match cause(error) {
        Some(error) => error_of(error, &asked),
        None => DeployError::Unreachable {
            target: cluster.address.clone(),
            why: clean_line(&error.to_string()),
        },
    }
}

/// The failure of the call behind a broken watch.
const fn cause(error: &watcher::Error) -> Option<&kube::Error> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => Some(error),
        watcher::Error::WatchError(_) | watcher::Error::NoResourceVersion => None,
    }
}

/// Objects of one type by their names.
struct Objects<K> {
    now: BTreeMap<String, K>,
    listing: BTreeMap<String, K>,
    is_listed: bool,
}

impl<K> Default for Objects<K> {
    fn default() -> Self {
        Self {
            now: BTreeMap::new(),
            listing: BTreeMap::new(),
            is_listed: false,
        }
    }
}

impl<K> Objects<K> {
    /// None, and none to come.
    fn listed() -> Self {
        Self {
            is_listed: true,
            ..Self::default()
        }
    }
}

impl<K: ResourceExt> Objects<K> {
    fn apply(&mut self, event: Event<K>) {
        match event {
            Event::Init => {}
            Event::InitApply(object) => {
                self.listing.insert(object.name_any(), object);
            }
            // What is not in the new list is gone.
            Event::InitDone => {
                self.now = std::mem::take(&mut self.listing);
                self.is_listed = true;
            }
            Event::Apply(object) => {
                self.now.insert(object.name_any(), object);
            }
            Event::Delete(object) => {
                self.now.remove(&object.name_any());
            }
        }
    }
}

/// The times between attempts.
#[derive(Default)]
struct Pauses {
    tried: u32,
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.tried));
        self.tried = self.tried.saturating_add(1);
        Some(pause.min(LONGEST_PAUSE))
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        self.tried = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str) -> Pod {
        let mut pod = Pod::default();
        pod.metadata.name = Some(name.to_owned());
        pod
    }

    fn names(objects: &Objects<Pod>) -> Vec<&str> {
        objects.now.keys().map(String::as_str).collect()
    }

    #[test]
    fn what_is_not_in_the_new_list_after_a_broken_watch_is_gone_and_until_then_the_old_one_stands() {
        let mut objects = Objects::default();
        objects.apply(Event::InitApply(pod("a")));
        assert!(!objects.is_listed && objects.now.is_empty());
        objects.apply(Event::InitDone);
        objects.apply(Event::Apply(pod("b")));
        assert_eq!(names(&objects), ["a", "b"]);
        objects.apply(Event::InitApply(pod("b")));
        assert_eq!(names(&objects), ["a", "b"]);
        objects.apply(Event::InitDone);
        objects.apply(Event::Apply(pod("c")));
        objects.apply(Event::Delete(pod("b")));
        assert_eq!(names(&objects), ["c"]);
    }

    #[test]
    fn a_broken_watch_is_begun_again_soon_and_then_less_often() {
        let mut pauses = Pauses::default();
        let first: Vec<_> = pauses.by_ref().take(7).map(|pause| pause.as_millis()).collect();
        assert_eq!(first, [200, 400, 800, 1600, 3200, 5000, 5000]);
        pauses.reset();
        assert_eq!(pauses.next(), Some(FIRST_PAUSE));
    }
}

//! Follows a rollout until it has come up, cannot, or its time is over.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cluster::Cluster;
use super::rollout::{Goal, LogSource, State, Trouble, judge};
use super::watch::{Seen, Watch, error_of_watch};
use crate::deploy::error::DeployError;
use crate::deploy::progress::{DeployProgress, Tell};
use crate::domain::{clean_line, span};

/// How a rollout ended.
#[derive(Debug)]
pub(super) enum End {
    /// So many replicas are up.
    Up(u64),
    /// It cannot come up, or did not in time; a log may say more.
    Failed(String, Option<LogSource>),
    /// Somebody else decides now what is deployed.
    Overtaken(String),
    /// The API did not answer when its time was over.
    Lost(String),
    /// Ctrl-C; and what was left.
    Interrupted(String),
    /// The API does not allow to follow it.
    Refused(DeployError),
}

/// Follows one rollout.
pub(super) struct Follower<'a> {
    pub cluster: &'a Cluster,
    pub watch: &'a mut Watch,
    pub goal: &'a Goal,
    /// How long it may take, and its end.
    pub timeout: Duration,
    pub end: Instant,
    pub told: Telling<'a>,
    pub cancel: &'a CancellationToken,
}

impl Follower<'_> {
    pub async fn follow(mut self) -> End {
        let mut held_up: Option<HeldUp> = None;
        let mut broken: Option<String> = None;
        let mut last = "nothing is known yet".to_owned();
        loop {
            if self.watch.is_complete() {
                match judge(&self.watch.view(), self.goal) {
                    State::Up { replicas } => {
                        self.told.replicas(replicas, replicas);
                        return End::Up(replicas);
                    }
                    State::Failed(why) => return End::Failed(why, None),
                    State::Overtaken(why) => return End::Overtaken(why),
                    State::Coming {
                        up,
                        of,
                        waiting,
                        trouble,
                    } => {
                        last = progress_words(up, of, &waiting);
                        self.told.coming(up, of, &waiting);
                        held_up = trouble.map(|trouble| HeldUp::new(trouble, up, held_up));
                    }
                }
            }
            if let Some(held_up) = &held_up
                && held_up.ends() <= Instant::now()
            {
                return End::Failed(held_up.trouble.why.clone(), held_up.trouble.log.clone());
            }
            let wake = held_up
                .as_ref()
                .map_or(self.end, |held| held.ends().min(self.end));
            tokio::select! {
                () = self.cancel.cancelled() => return End::Interrupted(last),
                seen = self.watch.next() => match self.see(seen, &mut broken) {
                    Ok(()) => {}
                    Err(refused) => return End::Refused(refused),
                },
                () = tokio::time::sleep_until(wake) => {
                    if Instant::now() >= self.end {
                        return self.out_of_time(broken, &last);
                    }
                }
            }
        }
    }

    fn out_of_time(&self, broken: Option<String>, last: &str) -> End {
        let waited = span(jiff::SignedDuration::try_from(self.timeout).unwrap_or_default());
        match broken {
            Some(why) => End::Lost(format!("{why}; after {waited}; last: {last}")),
            None => End::Failed(format!("not up after {waited}: {last}"), None),
        }
    }

    /// Takes in what a watch reports.
    fn see(&self, seen: Seen, broken: &mut Option<String>) -> Result<(), DeployError> {
        match seen {
            Seen::Change => {
                if broken.take().is_some() {
                    self.told.line("the API answers again");
                }
            }
            Seen::NoWarnings(why) => {
                self.told.line(&format!(
                    "events are not read, so that reasons may be missing: {why}"
                ));
            }
            Seen::Broken(what, error) => {
                let error = error_of_watch(self.cluster, what, &error);
                if matches!(error, DeployError::NotAllowed { .. }) {
                    return Err(error);
                }
                if broken.is_none() {
                    self.told
                        .line(&format!("the watch broke, and is begun again: {error}"));
                }
                *broken = Some(error.to_string());
            }
        }
        Ok(())
    }
}

/// How far it was, in words: `2 of 5 replicas, waiting: …`.
fn progress_words(up: u64, of: u64, waiting: &str) -> String {
    if waiting.is_empty() {
        format!("{up} of {of} replicas")
    } else {
        format!("{up} of {of} replicas; {waiting}")
    }
}

/// Trouble, and since when it lasts.
struct HeldUp {
    trouble: Trouble,
    up: u64,
    since: Instant,
}

impl HeldUp {
    /// The same kind of trouble goes on, unless replicas came up in between.
    fn new(trouble: Trouble, up: u64, before: Option<Self>) -> Self {
        let is_same = |before: &Self| (before.trouble.kind, before.up) == (trouble.kind, up);
        let since = before
            .filter(is_same)
            .map_or_else(Instant::now, |before| before.since);
        Self { trouble, up, since }
    }

    fn ends(&self) -> Instant {
        self.since + self.trouble.kind.grace()
    }
}

/// Tells how a rollout goes, each thing once.
pub(super) struct Telling<'a> {
    item: String,
    label: String,
    tell: Tell<'a>,
    of: Option<u64>,
    up: Option<u64>,
    waiting: String,
}

impl<'a> Telling<'a> {
    pub const fn new(item: String, label: String, tell: Tell<'a>) -> Self {
        Self {
            item,
            label,
            tell,
            of: None,
            up: None,
            waiting: String::new(),
        }
    }

    fn line(&self, text: &str) {
        (self.tell)(DeployProgress::Line(clean_line(&format!(
            "{}: {text}",
            self.label
        ))));
    }

    fn coming(&mut self, up: u64, of: u64, waiting: &str) {
        self.replicas(up, of);
        if waiting != self.waiting && !waiting.is_empty() {
            self.line(&format!("waiting: {waiting}"));
            waiting.clone_into(&mut self.waiting);
        }
    }

    fn replicas(&mut self, up: u64, of: u64) {
        if self.of != Some(of) {
            (self.tell)(DeployProgress::Started {
                item: self.item.clone(),
                label: self.label.clone(),
                total: of,
            });
            (self.of, self.up) = (Some(of), None);
        }
        if self.up != Some(up) {
            (self.tell)(DeployProgress::Moved {
                item: self.item.clone(),
                done: up,
            });
            self.up = Some(up);
        }
    }
}

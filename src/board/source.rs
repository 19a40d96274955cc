//! Where the board's facts come from: git for the commits, registries for all else. Every answer stands for itself; one
//! that fails says so in its own cell.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::cell::Cell;
use super::row::{EnvironmentNow, Facts, Image, Place, RunningImage, Scan};
use crate::config::Config;
use crate::domain::{
    CommitSha, Counts, Digest, Environment, EnvironmentName, Repository, ServiceName, Severity, Tag, Target,
};
use crate::git::GitRepository;
use crate::registry::{Descriptor, ImageSummary, Reader, Registries};

/// The sources of one service's board. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    pub(super) config: Arc<Config>,
    pub(super) repository: Arc<GitRepository>,
    registries: Registries,
    pub(super) service: ServiceName,
    /// What images say of themselves never changes, so it is asked once for a digest.
    images: Arc<Mutex<HashMap<Digest, ImageSummary>>>,
}

impl Source {
    /// The sources of `service`.
    pub fn new(
        config: Arc<Config>,
        repository: Arc<GitRepository>,
        registries: Registries,
        service: ServiceName,
    ) -> Self {
        Self {
            config,
            repository,
            registries,
            service,
            images: Arc::default(),
        }
    }

    /// The tag of a commit's image; none if the template makes none.
    pub fn tag(&self, commit: &CommitSha) -> Option<Tag> {
        self.config.git.image_tag.render(commit)
    }

    /// Finds out all facts of one commit's image, telling them as they come, the whole each time. Returns the last state.
    pub async fn facts(
        &self,
        commit: &CommitSha,
        now: Timestamp,
        tell: &(dyn Fn(&Facts) + Send + Sync),
    ) -> Facts {
        let mut facts = Facts {
            places: self.empty_places(),
            ..Facts::default()
        };
        let entrance = self.config.graph.entrance();
        let found = self.image(commit, entrance).await;
        let Ok((reader, descriptor, image)) = found else {
            let missing = found.err().unwrap_or(Cell::Loading);
            facts.scan = Cell::None("no image".to_owned());
            for place in &mut facts.places {
                place.there = Cell::None("no image".to_owned());
                place.signed = Cell::None("no image".to_owned());
            }
            facts.image = missing;
            tell(&facts);
            return facts;
        };
        facts.image = Cell::Ready(image);
        tell(&facts);
        let scanning = self.scan(&reader, &descriptor.digest, now);
        let placing = futures_util::future::join_all(
            self.config
                .graph
                .all()
                .iter()
                .map(|environment| self.place(environment, &descriptor.digest)),
        );
        let (scan, places) = tokio::join!(scanning, placing);
        facts.scan = scan;
        facts.places = places;
        tell(&facts);
        facts
    }

    /// What runs in each environment, in the order of the graph.
    pub async fn environments(&self) -> Vec<EnvironmentNow> {
        let asking = self.config.graph.all().iter().map(|environment| async {
            EnvironmentNow {
                environment: environment.name.clone(),
                protected: environment.protected,
                running: self.running(environment).await,
            }
        });
        futures_util::future::join_all(asking).await
    }

    /// The environments before anything is known of them.
    pub fn unknown_environments(&self) -> Vec<EnvironmentNow> {
        let all = self.config.graph.all().iter();
        all.map(|environment| EnvironmentNow {
            environment: environment.name.clone(),
            protected: environment.protected,
            running: Cell::Loading,
        })
        .collect()
    }

    /// The release of each short commit name, by the release branches that the template reads back.
    pub fn releases(&self) -> HashMap<String, String> {
        let branches = self.repository.branches().unwrap_or_default();
        let template = &self.config.git.release_branch;
        branches
            .iter()
            .filter_map(|(name, _)| template.parse_back(name))
            .filter_map(|values| Some((values.short?, format!("v{}", values.version?))))
            .collect()
    }

    fn repository_of(&self, environment: &Environment) -> Result<Repository, String> {
        environment
            .image
            .repository(&self.service)
            .map_err(|error| error.to_string())
    }

    fn reader(&self, environment: &Environment) -> Result<Reader, String> {
        Ok(self.registries.reader(&self.repository_of(environment)?))
    }

    fn has_key(&self, environment: &EnvironmentName) -> bool {
        self.config
            .environments
            .get(environment)
            .is_some_and(|settings| settings.verify_key.is_some())
    }

    fn empty_places(&self) -> Vec<Place> {
        let all = self.config.graph.all().iter();
        all.map(|e| Place {
            environment: e.name.clone(),
            there: Cell::Loading,
            signed: Cell::Loading,
        })
        .collect()
    }

    /// The image of a commit, or the cell that says why there is none.
    async fn image(
        &self,
        commit: &CommitSha,
        entrance: &Environment,
    ) -> Result<(Reader, Descriptor, Image), Cell<Image>> {
        let tag = self
            .tag(commit)
            .ok_or_else(|| Cell::Failed("the tag template makes no tag".to_owned()))?;
        let reader = self.reader(entrance).map_err(Cell::Failed)?;
        let found = reader.resolve(&Target::Tag(tag.clone())).await;
        let descriptor = found
            .map_err(|error| Cell::Failed(error.to_string()))?
            .ok_or_else(|| Cell::None(format!("no image {tag}")))?;
        let summary = self
            .summary(&reader, &descriptor.digest)
            .await
            .map_err(|error| Cell::Failed(error.to_string()))?;
        let moved = match summary.revision {
            Some(revision) if revision != commit.as_str() => Some(revision.chars().take(7).collect()),
            _ => None,
        };
        let image = Image {
            tag: tag.to_string(),
            digest: descriptor.digest.clone(),
            platforms: summary.platforms,
            size: summary.size,
            created: summary.created,
            moved,
        };
        Ok((reader, descriptor, image))
    }

    async fn summary(
        &self,
        reader: &Reader,
        digest: &Digest,
    ) -> Result<ImageSummary, crate::registry::RegistryError> {
        let known = self
            .images
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(digest)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let summary = reader.image(digest).await?;
        self.images
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(digest.clone(), summary.clone());
        Ok(summary)
    }

    async fn scan(&self, reader: &Reader, digest: &Digest, now: Timestamp) -> Cell<Scan> {
        let reports = match crate::scan::summaries(reader, digest).await {
            Ok(reports) if reports.is_empty() => return Cell::None("no report".to_owned()),
            Ok(reports) => reports,
            Err(error) => return Cell::Failed(error.to_string()),
        };
        let made = reports.iter().map(|report| report.made).min().flatten();
        let scan = Scan {
            counts: worst(reports.iter().map(|report| report.counts)),
            made,
        };
        if self.is_stale(made, now) {
            Cell::Stale(scan)
        } else {
            Cell::Ready(scan)
        }
    }

    /// Whether a report is older than the strictest rule of any environment allows.
    fn is_stale(&self, made: Option<Timestamp>, now: Timestamp) -> bool {
        let limits = self
            .config
            .environments
            .values()
            .filter_map(|settings| settings.scan.as_ref()?.max_age);
        match (limits.min(), made) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(limit), Some(made)) => now.as_second() - made.as_second() > limit.as_secs(),
        }
    }

    async fn place(&self, environment: &Environment, digest: &Digest) -> Place {
        let name = environment.name.clone();
        let reader = match self.reader(environment) {
            Ok(reader) => reader,
            Err(why) => {
                return Place {
                    environment: name,
                    there: Cell::Failed(why.clone()),
                    signed: Cell::Failed(why),
                };
            }
        };
        match reader.resolve(&Target::Digest(digest.clone())).await {
            Ok(None) => Place {
                environment: name,
                there: Cell::Ready(false),
                signed: Cell::None("not there".to_owned()),
            },
            Ok(Some(_)) => {
                let signed = self.signed(&reader, environment, digest).await;
                Place {
                    environment: name,
                    there: Cell::Ready(true),
                    signed,
                }
            }
            Err(error) => {
                let why = error.to_string();
                Place {
                    environment: name,
                    there: Cell::Failed(why.clone()),
                    signed: Cell::Failed(why),
                }
            }
        }
    }

    /// Whether a signature is attached; verification is a gate's and `windlass verify`'s business.
    async fn signed(&self, reader: &Reader, environment: &Environment, digest: &Digest) -> Cell<bool> {
        if !self.has_key(&environment.name) {
            return Cell::None("no key is configured".to_owned());
        }
        match crate::sign::signatures_of(reader, digest).await {
            Ok(signatures) => Cell::Ready(!signatures.is_empty()),
            Err(error) => Cell::Failed(error.to_string()),
        }
    }

    async fn running(&self, environment: &Environment) -> Cell<RunningImage> {
        let reader = match self.reader(environment) {
            Ok(reader) => reader,
            Err(why) => return Cell::Failed(why),
        };
        let running = match reader.running(environment.from.is_empty()).await {
            Ok(Some(running)) => running,
            Ok(None) => return Cell::None("nothing deployed yet".to_owned()),
            Err(error) => return Cell::Failed(error.to_string()),
        };
        let summary = match self.summary(&reader, &running.digest).await {
            Ok(summary) => summary,
            Err(error) => return Cell::Failed(error.to_string()),
        };
        let short: Option<String> = summary
            .revision
            .map(|revision| revision.chars().take(7).collect());
        let signed = self.signed(&reader, environment, &running.digest).await;
        Cell::Ready(RunningImage {
            digest: running.digest,
            since: running.since,
            release: short.as_ref().and_then(|short| self.releases().remove(short)),
            short,
            signed: signed.value().copied(),
        })
    }
}

/// The gravest report of several platforms speaks for the image.
fn worst(counts: impl Iterator<Item = Counts>) -> Counts {
    let rank = |counts: &Counts| Severity::ALL.map(|severity| counts.get(severity));
    counts.max_by_key(rank).unwrap_or_default()
}

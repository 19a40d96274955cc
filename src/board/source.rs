//! Where the board's facts come from: git for the commits, registries for all else. Every answer stands for itself; one
//! that fails says so in its own cell.

use std::path::{Component, Path};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use jiff::Timestamp;

use super::cell::Cell;
use super::row::{Facts, Image, Place, Scan};
use crate::catalog::{self, ImageTag};
use crate::domain::{CommitSha, Digest, Environment, Tag, Target, stands_for};
use crate::git::{Commit, GitError, GitRepository, History};
use crate::project::Service;
use crate::registry::{ImageCache, ImageSummary, Reader, RegistryError};

/// The sources of one service's board. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    pub(super) service: Service,
    pub(super) repository: Arc<GitRepository>,
    pub(super) images: ImageCache,
}

/// An image, and where it was found.
struct Found {
    reader: Reader,
    image: Image,
}

impl Source {
    /// The sources of `service`, whose history is in `repository`.
    pub fn new(service: Service, repository: Arc<GitRepository>) -> Self {
        Self {
            service,
            repository,
            images: ImageCache::default(),
        }
    }

    /// The history of the branch that candidates come from, nothing of it read yet.
    ///
    /// # Errors
    /// When the branch cannot be read, or has no folder where the service has its source.
    pub fn history(&self) -> Result<History, GitError> {
        let git = &self.service.config().git;
        let history = self.repository.history(git.develop.as_str(), &git.remote)?;
        if let Some(folder) = self.folder()
            && let Some(head) = history.head()
            && !self.repository.has_folder(head, folder)?
        {
            return Err(GitError::NoFolder {
                folder: folder.to_owned(),
                branch: git.develop.to_string(),
                service: self.service.name().to_string(),
            });
        }
        Ok(history)
    }

    /// The next commits that changed the source of the service: those among the next `count` of the branch, and among as many
    /// more as it takes to have `least`; fewer at the end.
    pub fn next_commits(
        &self,
        history: &mut History,
        count: usize,
        least: usize,
    ) -> Result<Vec<Commit>, GitError> {
        let mut found = Vec::new();
        while found.len() < least.max(1) && !history.is_at_end() {
            let page = history.next_page(&self.repository, count)?;
            let Some(folder) = self.folder() else {
                return Ok(page);
            };
            let names: Vec<_> = page.iter().map(|commit| commit.sha.clone()).collect();
            let changed = self.repository.changing(&names, folder)?;
            let page = page.into_iter().zip(changed);
            found.extend(page.filter(|(_, changed)| *changed).map(|(commit, _)| commit));
        }
        Ok(found)
    }

    /// The folder of the service's source; none where that is the whole repository.
    fn folder(&self) -> Option<&Path> {
        let service = self.service.config().service(self.service.name())?;
        let is_all = service.path.components().all(|part| part == Component::CurDir);
        (!is_all).then_some(&*service.path)
    }

    /// The tag of a commit's image; none if the template makes none.
    pub fn tag(&self, commit: &CommitSha) -> Option<Tag> {
        catalog::own_tag(self.service.config(), commit).ok()
    }

    /// Finds out all facts of one commit's image, telling them as they come, the whole each time. Returns the last state.
    pub async fn facts(
        &self,
        commit: &CommitSha,
        now: Timestamp,
        tell: &(dyn Fn(&Facts) + Send + Sync),
    ) -> Facts {
        let Found { reader, image } = match self.image(commit).await {
            Ok(found) => found,
            Err(cell) => {
                let facts = self.without_image(cell);
                tell(&facts);
                return facts;
            }
        };
        let digest = image.digest.clone();
        let home = image.environment.clone();
        let facts = Mutex::new(Facts {
            image: Cell::Ready(image),
            scan: Cell::Loading,
            places: self.places(&Cell::Loading, &Cell::Loading),
        });
        let learn = |change: &dyn Fn(&mut Facts)| {
            let mut facts = locked(&facts);
            change(&mut facts);
            tell(&facts);
        };
        learn(&|_| ());
        let scanning = async {
            let scan = self.scan(&reader, &digest, now).await;
            learn(&|facts| facts.scan = scan.clone());
        };
        let environments = self.service.config().graph.all().iter();
        let placing = join_all(environments.enumerate().map(|(nth, environment)| {
            let (learn, digest, home) = (&learn, &digest, &home);
            async move {
                let place = self.place(environment, digest, environment.name == *home).await;
                learn(&|facts| facts.places[nth] = place.clone());
            }
        }));
        tokio::join!(scanning, placing);
        facts.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The facts of a commit whose image is missing, or could not be looked up.
    fn without_image(&self, image: Cell<Image>) -> Facts {
        fn follows<T>(image: &Cell<Image>) -> Cell<T> {
            match image {
                Cell::Failed(_) => Cell::Failed("the image could not be resolved".to_owned()),
                _ => Cell::None("no image".to_owned()),
            }
        }
        Facts {
            scan: follows(&image),
            places: self.places(&follows(&image), &follows(&image)),
            image,
        }
    }

    fn places(&self, there: &Cell<bool>, signed: &Cell<bool>) -> Vec<Place> {
        let all = self.service.config().graph.all().iter();
        all.map(|environment| Place {
            environment: environment.name.clone(),
            there: there.clone(),
            signed: signed.clone(),
        })
        .collect()
    }

    pub(super) fn reader(&self, environment: &Environment) -> Result<Reader, String> {
        let reader = self.service.environment(environment).reader();
        reader.map_err(|error| error.to_string())
    }

    /// The image of a commit, or the cell that says why there is none. The environments that are built into forget old
    /// images as a rule; what was promoted lives on in the others, under the same tag.
    async fn image(&self, commit: &CommitSha) -> Result<Found, Cell<Image>> {
        let failed = |error: String| Cell::Failed(error);
        let tags = self.tags(commit).await.map_err(failed)?;
        let targets: Vec<_> = tags.iter().map(|one| Target::Tag(one.tag.clone())).collect();
        let environments = self.service.config().graph.all();
        let found = catalog::find(&self.service, &targets, environments).await;
        let Some(found) = found.map_err(|error| failed(error.to_string()))? else {
            let own = tags.last().map(|own| own.tag.to_string()).unwrap_or_default();
            return Err(Cell::None(format!("no image {own}")));
        };
        let is_found = |one: &ImageTag| Target::Tag(one.tag.clone()) == found.target;
        let tag = tags.into_iter().find(is_found);
        let tag = tag.ok_or_else(|| failed("no tag".to_owned()))?;
        let summary = self.summary(&found.reader, &found.image.digest).await;
        let summary = summary.map_err(|error| failed(error.to_string()))?;
        let image = described(&found, commit, &tag, summary).map_err(failed)?;
        Ok(Found {
            reader: found.reader,
            image,
        })
    }

    /// The tags that the image of a commit may have.
    async fn tags(&self, commit: &CommitSha) -> Result<Vec<ImageTag>, String> {
        let (service, repository) = (self.service.clone(), Arc::clone(&self.repository));
        let commit = commit.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let config = service.config();
            let heads = catalog::heads_of(config, &repository, &commit).map_err(|error| error.to_string())?;
            catalog::image_tags(config, &commit, &heads)
                .map_err(|_| "the tag template does not make a valid tag of this commit".to_owned())
        });
        reading.await.map_err(|error| error.to_string())?
    }

    pub(super) async fn summary(
        &self,
        reader: &Reader,
        digest: &Digest,
    ) -> Result<ImageSummary, RegistryError> {
        self.images.image(reader, digest).await
    }

    async fn scan(&self, reader: &Reader, digest: &Digest, now: Timestamp) -> Cell<Scan> {
        let image = match self.summary(reader, digest).await {
            Ok(image) => image,
            Err(error) => return Cell::Failed(error.to_string()),
        };
        let scan = match crate::scan::summary(reader, digest, &image).await {
            Ok(None) => return Cell::None("no report".to_owned()),
            Ok(Some(found)) => Scan {
                counts: found.counts,
                made: found.made,
                gaps: found.gaps,
            },
            Err(error) => return Cell::Failed(error.to_string()),
        };
        if self.is_stale(scan.made, now) {
            Cell::Stale(scan)
        } else {
            Cell::Ready(scan)
        }
    }

    /// Whether a report is older than the strictest rule of any environment allows.
    fn is_stale(&self, made: Option<Timestamp>, now: Timestamp) -> bool {
        let limits = self
            .service
            .config()
            .environments
            .values()
            .filter_map(|settings| settings.scan.as_ref()?.max_age);
        match (limits.min(), made) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(limit), Some(made)) => now.as_second() - made.as_second() > limit.as_secs(),
        }
    }

    /// Whether `digest` is in `environment`; it needs no question where it was just found.
    async fn place(&self, environment: &Environment, digest: &Digest, is_there: bool) -> Place {
        let (there, signed) = match self.presence(environment, digest, is_there).await {
            Ok(Some(signed)) => (Cell::Ready(true), signed),
            Ok(None) => (Cell::Ready(false), Cell::None("missing".to_owned())),
            Err(why) => (Cell::Failed(why.clone()), Cell::Failed(why)),
        };
        Place {
            environment: environment.name.clone(),
            there,
            signed,
        }
    }

    async fn presence(
        &self,
        environment: &Environment,
        digest: &Digest,
        is_there: bool,
    ) -> Result<Option<Cell<bool>>, String> {
        let reader = self.reader(environment)?;
        if !is_there {
            let found = reader.resolve(&Target::Digest(digest.clone())).await;
            if found.map_err(|error| error.to_string())?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(self.signed(&reader, environment, digest).await))
    }

    /// Whether a signature is attached; verification is a gate's and `windlass verify`'s business.
    pub(super) async fn signed(
        &self,
        reader: &Reader,
        environment: &Environment,
        digest: &Digest,
    ) -> Cell<bool> {
        let settings = self.service.config().environments.get(&environment.name);
        if settings.is_none_or(|settings| settings.verify.is_none()) {
            return Cell::None("no key configured".to_owned());
        }
        match crate::sign::signatures_of(reader, digest).await {
            Ok(signatures) => Cell::Ready(!signatures.is_empty()),
            Err(error) => Cell::Failed(error.to_string()),
        }
    }
}

/// What is shown of the image of `commit` that was found under `tag`: its own, or the one that was built anew from another
/// to stand for it.
fn described(
    found: &catalog::Found,
    commit: &CommitSha,
    tag: &ImageTag,
    summary: ImageSummary,
) -> Result<Image, String> {
    if let Some(disagreement) = &summary.disagreement {
        return Err(format!(
            "the platforms of {} name different commits: {disagreement}",
            tag.tag
        ));
    }
    let built_from = tag.built_from.as_ref();
    let revision = summary.commit();
    let label = stands_for(&summary.labels).filter(|_| built_from.is_some());
    let moved = revision
        .filter(|revision| revision != built_from.unwrap_or(commit))
        .or_else(|| label.filter(|label| label != commit && Some(label) != built_from));
    Ok(Image {
        environment: found.environment.clone(),
        tag: tag.tag.to_string(),
        digest: found.image.digest.clone(),
        platforms: summary.platforms,
        size: summary.size,
        created: summary.created,
        moved,
        rebuilt: tag.built_from.clone(),
    })
}

/// The value behind a lock. Nothing here panics half-way through a change, so a poisoned lock guards a whole value.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What an environment has, image by image, and which of it may go.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::facts::{self, Facts};
use super::leftovers;
use crate::domain::operation::{KeptImage, RemovedImage};
use crate::domain::{
    CommitSha, DeploymentTag, Digest, Environment, ExceptionRecord, ImageOrigin, KeepReason, KeptBecause,
    Needed, Retention, StoredImage, Tag, Target, clean_line, keep,
};
use crate::engine::error::EngineError;
use crate::engine::exception::owed;
use crate::engine::{Engine, records};
use crate::project::Service;
use crate::registry::{GoesWith, Reader, RegistryError, StoredManifest, attached_to};

/// Images that are looked at more closely at the same time.
const AT_ONCE: usize = 8;
/// More tags than a repository may have for all of them to be looked at.
const MAX_TAGS: usize = 50_000;
/// Images that one run deletes; the next deletes more. The journal keeps the whole plan.
const MAX_IMAGES: usize = 1_000;
/// How deep indexes may be nested.
const MAX_DEPTH: usize = 8;

/// What an environment has, and which of it may go.
pub(super) struct Survey {
    /// What may go, the oldest first; nothing where something that decides is unknown.
    pub(super) images: Vec<RemovedImage>,
    pub(super) kept: Vec<KeptImage>,
    /// The bytes of what may go.
    pub(super) bytes: u64,
    /// How many more may go than one run deletes.
    pub(super) more: usize,
    /// What could not be read.
    pub(super) unread: Vec<String>,
    /// The requests to the repository.
    pub(super) requests: u64,
    /// The newest tag of a deployment.
    pub(super) last_deployment: Option<Tag>,
}

/// An image that may go as far as its tags tell, looked at more closely.
struct Closer {
    digest: Digest,
    goes_with: GoesWith,
    /// The latest of the times that it and what is attached to it name.
    time: Option<Timestamp>,
    /// Why it stays after all.
    because: Option<KeptBecause>,
}

/// The tags of a repository, and what each points to.
struct Stored {
    tags: HashSet<Tag>,
    by_digest: BTreeMap<Digest, (StoredManifest, Vec<Tag>)>,
    /// The manifests that each names beyond those that it names itself.
    nested: BTreeMap<Digest, BTreeSet<Digest>>,
    unread: Vec<String>,
}

impl Survey {
    /// Looks at all that `environment` has. One request for each tag, and for each manifest that may go three more and one for
    /// each environment downstream.
    pub(super) async fn new(
        engine: &Engine,
        service: &Service,
        environment: &Environment,
        rule: &Retention,
    ) -> Result<Self, EngineError> {
        let reader = service.environment(environment).reader()?;
        let (facts, stored) = tokio::join!(Facts::read(engine, service, environment), Stored::read(&reader));
        let (
            Facts {
                mut needed,
                mut unread,
            },
            stored,
        ) = (facts, stored?);
        unread.extend(stored.unread.iter().cloned());
        let mut images = images(engine, &stored).await?;
        let now = Timestamp::now();
        keep_other_tags(engine, &images, &mut needed);
        let mut kept = keep(&images, rule, &needed, now, BTreeMap::new());
        let mut closer = BTreeMap::new();
        let (going, more) = first(&images, &kept);
        if unread.is_empty() {
            let looking = Looking {
                engine,
                service,
                environment,
                reader: &reader,
                stored: &stored,
                stays: &stored.stays(&images, &going),
            };
            let candidates = images.iter().filter(|image| going.contains(&image.digest));
            let candidates: Vec<_> = candidates.map(|image| looking.look(image)).collect();
            let looked: Vec<_> = stream::iter(candidates).buffered(AT_ONCE).try_collect().await?;
            for found in looked {
                match found {
                    Ok(found) => {
                        closer.insert(found.digest.clone(), found);
                    }
                    Err(why) => unread.push(why),
                }
            }
            refine(&mut images, &closer, &mut needed);
            kept = keep(&images, rule, &needed, now, kept);
        }
        let last = stored
            .tags
            .iter()
            .filter(|tag| DeploymentTag::parse(tag).is_some())
            .max();
        let last_deployment = last.cloned();
        let mut survey = Self {
            images: Vec::new(),
            bytes: 0,
            kept: shown(&images, &kept),
            more,
            requests: 0,
            last_deployment,
            unread,
        };
        if survey.unread.is_empty() {
            closer.retain(|digest, _| !kept.contains_key(digest));
            let going = closer.keys().cloned().collect();
            let stays = stored.stays(&images, &going);
            survey.remove(&images, &kept, &closer, &stored, &stays);
            let left = leftovers::read(engine, service, environment, &reader, &stays).await?;
            survey.images.splice(0..0, left);
        }
        survey.requests = reader.requests();
        Ok(survey)
    }

    /// Lists what may go.
    fn remove(
        &mut self,
        images: &[StoredImage],
        kept: &BTreeMap<Digest, KeptBecause>,
        closer: &BTreeMap<Digest, Closer>,
        stored: &Stored,
        stays: &BTreeSet<Digest>,
    ) {
        let mut sizes: BTreeMap<&Digest, (u64, usize)> = BTreeMap::new();
        let staying = kept.keys().filter_map(|digest| stored.by_digest.get(digest));
        let shared: BTreeSet<&Digest> = staying
            .flat_map(|(manifest, _)| manifest.blobs.iter().map(|(blob, _)| blob))
            .collect();
        let mut blobs_of: Vec<BTreeSet<&Digest>> = Vec::new();
        for image in images {
            let (Some(found), ImageOrigin::Ours(commits)) = (closer.get(&image.digest), &image.origin) else {
                continue;
            };
            let root = stored.by_digest.get(&image.digest).map(|(manifest, _)| manifest);
            let parts = found.goes_with.manifests.iter();
            let parts: Vec<_> = parts.filter(|part| !stays.contains(&part.digest)).collect();
            let manifests: Vec<_> = parts.iter().map(|part| part.digest.clone()).collect();
            let mut own = BTreeSet::new();
            for (blob, size) in parts.into_iter().chain(root).flat_map(|manifest| &manifest.blobs) {
                if !shared.contains(blob) && own.insert(blob) {
                    sizes.entry(blob).or_insert((*size, 0)).1 += 1;
                }
            }
            blobs_of.push(own);
            self.images.push(RemovedImage {
                digest: image.digest.clone(),
                tags: image.tags.clone(),
                commits: commits.iter().cloned().collect(),
                time: image.time,
                manifests,
                attached_tags: found.goes_with.tags.clone(),
                bytes: 0,
            });
        }
        for (image, blobs) in self.images.iter_mut().zip(blobs_of) {
            let alone = blobs.into_iter().filter_map(|blob| sizes.get(blob));
            let alone = alone.filter(|(_, users)| *users == 1).map(|(size, _)| *size);
            image.bytes = alone.fold(0, u64::saturating_add);
        }
        let all = sizes.values().map(|(size, _)| *size);
        self.bytes = all.fold(0, u64::saturating_add);
        self.images
            .sort_by(|a, b| (a.time, &a.digest).cmp(&(b.time, &b.digest)));
    }
}

/// What may go of the images with the tags, the oldest first, as much of it as one run deletes; and how many more.
fn first(images: &[StoredImage], kept: &BTreeMap<Digest, KeptBecause>) -> (BTreeSet<Digest>, usize) {
    let mut all: Vec<_> = images
        .iter()
        .filter(|image| !kept.contains_key(&image.digest))
        .collect();
    all.sort_by_key(|image| (image.time, &image.digest));
    let more = all.len().saturating_sub(MAX_IMAGES);
    all.truncate(MAX_IMAGES);
    (all.into_iter().map(|image| image.digest.clone()).collect(), more)
}

/// What stays, with its reasons, the gravest first.
fn shown(images: &[StoredImage], kept: &BTreeMap<Digest, KeptBecause>) -> Vec<KeptImage> {
    let mut shown: Vec<_> = images
        .iter()
        .filter_map(|image| {
            let because = kept.get(&image.digest)?;
            Some(KeptImage {
                digest: image.digest.clone(),
                tags: image.tags.clone(),
                reason: because.reason,
                because: because.words.clone(),
            })
        })
        .collect();
    shown.sort_by(|a, b| (a.reason, &a.tags).cmp(&(b.reason, &b.tags)));
    shown
}

/// Takes over what a closer look has shown.
fn refine(images: &mut [StoredImage], closer: &BTreeMap<Digest, Closer>, needed: &mut Needed) {
    for image in images {
        let Some(found) = closer.get(&image.digest) else {
            continue;
        };
        image.time = image.time.max(found.time.unwrap_or(image.time));
        let parts = found.goes_with.manifests.iter();
        let own = parts.filter(|part| part.subject.is_none());
        image.configs.extend(
            own.clone()
                .filter_map(|part| part.config.as_ref())
                .map(|config| config.digest.clone()),
        );
        image.children.extend(own.map(|part| part.digest.clone()));
        if let Some(because) = &found.because {
            needed.digest(image.digest.clone(), because.clone());
        }
    }
}

/// What is in the repository, with what git knows of it.
async fn images(engine: &Engine, stored: &Stored) -> Result<Vec<StoredImage>, EngineError> {
    let commits = commits(engine, stored.by_digest.values().flat_map(|(_, tags)| tags)).await?;
    let images = stored.by_digest.values().map(|(manifest, tags)| {
        let deployed = tags
            .iter()
            .filter_map(DeploymentTag::parse)
            .map(DeploymentTag::time)
            .max();
        let built = tags
            .iter()
            .filter_map(|tag| commits.get(tag))
            .map(|(_, time)| *time)
            .max();
        let nested = stored.nested.get(&manifest.digest);
        let children = manifest.children.iter().map(|child| &child.digest);
        StoredImage {
            digest: manifest.digest.clone(),
            origin: origin(engine, tags, &commits),
            time: built.max(deployed).unwrap_or(Timestamp::UNIX_EPOCH),
            deployed,
            children: children.chain(nested.into_iter().flatten()).cloned().collect(),
            configs: manifest
                .config
                .iter()
                .map(|config| config.digest.clone())
                .collect(),
            subject: manifest.subject.clone(),
            tags: tags.clone(),
        }
    });
    Ok(images.collect())
}

/// Whose an image with these tags is: ours if windlass made all of them, for commits of this repository.
fn origin(engine: &Engine, tags: &[Tag], commits: &HashMap<Tag, (CommitSha, Timestamp)>) -> ImageOrigin {
    let template = &engine.config().git.image_tag;
    let foreign = |reason, words: String| ImageOrigin::Foreign(KeptBecause::new(reason, words));
    let named = tags.iter().filter(|tag| template.parse_back(tag).is_some());
    let is_known = named.clone().all(|tag| commits.contains_key(tag));
    let count = named.count();
    if let (0, Some(because)) = (count, other_tag(engine, tags)) {
        return ImageOrigin::Foreign(because.1);
    }
    if count == 0 || !is_known {
        return foreign(
            KeepReason::UnknownCommit,
            "has no tag of a commit, or one of a commit that this repository does not have".to_owned(),
        );
    }
    let of_tags = tags.iter().filter_map(|tag| commits.get(tag));
    ImageOrigin::Ours(of_tags.map(|(commit, _)| commit.clone()).collect())
}

/// A tag that is neither of a commit nor of a deployment, and why its image stays.
fn other_tag(engine: &Engine, tags: &[Tag]) -> Option<(Tag, KeptBecause)> {
    let template = &engine.config().git.image_tag;
    let is_ours = |tag: &&Tag| template.parse_back(tag).is_some() || DeploymentTag::parse(tag).is_some();
    let other = tags.iter().find(|tag| !is_ours(tag))?;
    let because = KeptBecause::new(KeepReason::OtherTag, format!("has the tag {other}"));
    Some((other.clone(), because))
}

/// An image of ours with another tag, as `latest`, stays. It is one of the builds all the same: else an older one would count as
/// the newest in its place.
fn keep_other_tags(engine: &Engine, images: &[StoredImage], needed: &mut Needed) {
    for image in images {
        if let Some((tag, because)) = other_tag(engine, &image.tags) {
            needed.tag(tag, because);
        }
    }
}

/// The commit of each tag that names one of this repository, with its time.
async fn commits<'t>(
    engine: &Engine,
    tags: impl Iterator<Item = &'t Tag>,
) -> Result<HashMap<Tag, (CommitSha, Timestamp)>, EngineError> {
    let template = &engine.config().git.image_tag;
    let named: Vec<_> = tags
        .filter_map(|tag| Some((tag.clone(), template.parse_back(tag)?.to_owned())))
        .collect();
    if named.is_empty() || engine.repository().is_none() {
        return Ok(HashMap::new());
    }
    engine
        .git(move |repository| {
            let found = named.into_iter().filter_map(|(tag, name)| {
                // A branch may be called as a commit is; that is another one.
                let commit = repository.commit(&name).ok()?;
                commit
                    .sha
                    .as_str()
                    .starts_with(&name)
                    .then_some((tag, (commit.sha, commit.time)))
            });
            Ok(found.collect())
        })
        .await
}

impl Stored {
    /// Reads every tag but those that only say what is attached to a digest.
    async fn read(reader: &Reader) -> Result<Self, EngineError> {
        let tags = reader.tags().await?;
        if tags.len() > MAX_TAGS {
            return Err(EngineError::Internal(format!(
                "{} has more than {MAX_TAGS} tags",
                reader.repository()
            )));
        }
        let looked: Vec<_> = tags
            .iter()
            .filter(|tag| attached_to(tag).is_none())
            .cloned()
            .collect();
        let targets = looked.iter().cloned().map(Target::Tag).collect();
        let mut stored = Self {
            by_digest: BTreeMap::new(),
            nested: BTreeMap::new(),
            unread: Vec::new(),
            tags: tags.into_iter().collect(),
        };
        for (tag, found) in looked.into_iter().zip(reader.stored_all(targets).await?) {
            match found {
                Ok(Some(manifest)) => {
                    let entry = stored.by_digest.entry(manifest.digest.clone());
                    entry.or_insert_with(|| (manifest, Vec::new())).1.push(tag);
                }
                // Deleted in the meantime.
                Ok(None) => {}
                Err(error) => stored.unread.push(unread(&tag.to_string(), &error)),
            }
        }
        stored.read_nested(reader).await?;
        Ok(stored)
    }

    /// Reads the indexes that indexes name.
    async fn read_nested(&mut self, reader: &Reader) -> Result<(), EngineError> {
        let mut open: Vec<(Digest, Digest)> = Vec::new();
        for (root, (manifest, _)) in &self.by_digest {
            let indexes = manifest.children.iter().filter(|child| !child.is_image());
            open.extend(indexes.map(|child| (root.clone(), child.digest.clone())));
        }
        let mut seen: HashSet<(Digest, Digest)> = HashSet::new();
        for _ in 0..MAX_DEPTH {
            open.retain(|pair| seen.insert(pair.clone()));
            if open.is_empty() {
                return Ok(());
            }
            let targets = open
                .iter()
                .map(|(_, index)| Target::Digest(index.clone()))
                .collect();
            let found = reader.stored_all(targets).await?;
            let mut next = Vec::new();
            for ((root, index), found) in std::mem::take(&mut open).into_iter().zip(found) {
                match found {
                    Ok(Some(manifest)) => {
                        let nested = self.nested.entry(root.clone()).or_default();
                        nested.extend(manifest.children.iter().map(|child| child.digest.clone()));
                        let indexes = manifest.children.iter().filter(|child| !child.is_image());
                        next.extend(indexes.map(|child| (root.clone(), child.digest.clone())));
                    }
                    Ok(None) => {}
                    Err(error) => self.unread.push(unread(&index.short(), &error)),
                }
            }
            open = next;
        }
        self.unread.push(format!(
            "{} has indexes nested more than {MAX_DEPTH} deep",
            reader.repository()
        ));
        Ok(())
    }

    /// What nothing that goes may take along: what has a tag of its own, and the parts of all but what is `going`.
    fn stays(&self, images: &[StoredImage], going: &BTreeSet<Digest>) -> BTreeSet<Digest> {
        let staying = images.iter().filter(|image| !going.contains(&image.digest));
        let parts = staying.flat_map(|image| &image.children);
        self.by_digest.keys().chain(parts).cloned().collect()
    }
}

fn unread(what: &str, error: &RegistryError) -> String {
    clean_line(&format!("{what} cannot be read ({error})"))
}

/// A closer look at images that may go as far as their tags tell.
struct Looking<'a> {
    engine: &'a Engine,
    service: &'a Service,
    environment: &'a Environment,
    reader: &'a Reader,
    stored: &'a Stored,
    stays: &'a BTreeSet<Digest>,
}

impl Looking<'_> {
    /// What goes with an image, how old it is, and whether it stays after all. The inner error says what could not be read.
    async fn look(&self, image: &StoredImage) -> Result<Result<Closer, String>, EngineError> {
        let nothing = Closer {
            digest: image.digest.clone(),
            goes_with: GoesWith::default(),
            time: None,
            because: None,
        };
        match self.downstream(image).await {
            Ok(None) => {}
            Ok(because) => return Ok(Ok(Closer { because, ..nothing })),
            Err(why) => return Ok(Err(why)),
        }
        let Some((root, _)) = self.stored.by_digest.get(&image.digest) else {
            return Ok(Ok(nothing));
        };
        let looked = async {
            let goes_with = self.reader.goes_with(root, &self.stored.tags, self.stays).await?;
            let built = self.reader.built_as(goes_with.image_config(root)).await?;
            Ok((goes_with, built))
        };
        let (goes_with, built) = match looked.await {
            Ok(looked) => looked,
            Err(error) if RegistryError::is_of_one_manifest(&error) => {
                return Ok(Err(unread(&image.digest.short(), &error)));
            }
            Err(error) => return Err(error.into()),
        };
        // Of what is attached the first counts: it came with the image, and others may come at any time.
        let attached = goes_with.manifests.iter().filter(|part| part.subject.is_some());
        let attached = attached.filter_map(|part| part.created).min();
        let because = match other_commit(image, built.revision.as_deref()) {
            None => self.review_due(image, &goes_with).await?,
            because => because,
        };
        Ok(Ok(Closer {
            time: built.created.max(attached),
            goes_with,
            because,
            ..nothing
        }))
    }

    /// Whether an environment that promotions lead to has the very digest, under whatever name.
    async fn downstream(&self, image: &StoredImage) -> Result<Option<KeptBecause>, String> {
        for environment in facts::downstream(self.engine, &self.environment.name) {
            let name = &environment.name;
            let asking = async {
                let reader = self.service.environment(environment).reader()?;
                let target = Target::Digest(image.digest.clone());
                Ok::<_, EngineError>(reader.resolve(&target).await?)
            };
            match asking.await {
                Ok(None) => {}
                Ok(Some(_)) => return Ok(Some(facts::held(name))),
                Err(error) => return Err(format!("what {name} has is unknown ({})", error.brief())),
            }
        }
        Ok(None)
    }

    /// Whether it went through an exception that nobody has reviewed.
    async fn review_due(
        &self,
        image: &StoredImage,
        goes_with: &GoesWith,
    ) -> Result<Option<KeptBecause>, EngineError> {
        let kind = Some(<ExceptionRecord as records::Record>::TYPE);
        if !goes_with
            .manifests
            .iter()
            .any(|part| part.artifact_type.as_deref() == kind)
        {
            return Ok(None);
        }
        let due = owed(self.reader, &image.digest, self.environment).await?;
        let words = |exception: &ExceptionRecord| format!("a review is due: {}", exception.words());
        Ok(due
            .first()
            .map(|exception| KeptBecause::new(KeepReason::ReviewDue, words(exception))))
    }
}

/// That an image says it was built from another commit than its tag names.
fn other_commit(image: &StoredImage, revision: Option<&str>) -> Option<KeptBecause> {
    let ImageOrigin::Ours(commits) = &image.origin else {
        return None;
    };
    let revision: CommitSha = revision?.parse().ok()?;
    (!commits.contains(&revision)).then(|| {
        let words = format!("says that it was built from {}", revision.short());
        KeptBecause::new(KeepReason::UnknownCommit, words)
    })
}

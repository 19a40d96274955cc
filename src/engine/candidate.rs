//! From what a person names (a commit, a tag, a digest, a release branch) to one digest at one place.

use std::sync::Arc;

use crate::catalog::{self, FindError, NoTag};
use crate::config::RevisionSource;
use crate::domain::{CommitSha, Digest, Environment, ImageError, Repository, Tag, Target};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::project::Service;
use crate::registry::{Descriptor, ImageSummary};

/// A commit together with the image built from it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The service that it is an image of.
    pub service: Service,
    /// Where the image is.
    pub repository: Repository,
    /// The manifest or index, by digest.
    pub image: Descriptor,
    /// What the image says of itself.
    pub summary: ImageSummary,
    /// The immutable tag that belongs to the commit.
    pub tag: Tag,
    /// The commit that was named, or that the image says it was built from.
    pub commit: Option<CommitSha>,
    /// The commit that the image's revision label names, or its tag where that may stand for the label.
    pub revision: Option<CommitSha>,
}

impl Engine {
    /// Resolves `text` to a candidate of `service` in `environment`.
    pub async fn candidate(
        &self,
        service: &Service,
        text: &str,
        environment: &Environment,
    ) -> Result<Candidate, EngineError> {
        let reader = service.environment(environment).reader()?;
        let (target, named) = self.point(text).await?;
        let targets = match (target, &named) {
            (Some(target), _) => vec![target],
            (None, Some(commit)) => self.tags_of(commit).await?.into_iter().map(Target::Tag).collect(),
            (None, None) => return Err(no_candidate(text, "unknown to git and to the registry")),
        };
        let (target, image) = self.first_there(service, targets, environment).await?;
        let summary = reader.image(&image.digest).await?;
        let revision = match (summary.commit(), &target) {
            (None, Target::Tag(tag)) if self.may_go_by_tag(&summary) => self.commit_of_tag(tag).await,
            (revision, _) => revision,
        };
        let commit = match (named, &target) {
            (Some(_), Target::Tag(tag)) if self.config().git.image_tag.is_rebuilt(tag) => {
                self.commit_of_tag(tag).await.or_else(|| revision.clone())
            }
            (Some(commit), _) => Some(commit),
            (None, Target::Tag(tag)) => self.commit_of_tag(tag).await.or_else(|| revision.clone()),
            (None, Target::Digest(_)) => revision.clone(),
        };
        let tag = match (target, &commit) {
            (Target::Tag(tag), _) => tag,
            (Target::Digest(_), Some(commit)) => self.tag_of(commit)?,
            (Target::Digest(_), None) => {
                return Err(no_candidate(
                    text,
                    "its image has no revision label, so its tag is unknown",
                ));
            }
        };
        Ok(Candidate {
            service: service.clone(),
            repository: reader.repository().clone(),
            image,
            summary,
            tag,
            commit,
            revision,
        })
    }

    /// Whether the tag of an image may say which commit it was built from: the image says nothing, and the configuration
    /// allows it.
    fn may_go_by_tag(&self, summary: &ImageSummary) -> bool {
        self.config().git.image_revision == RevisionSource::Tag
            && summary.revision.is_none()
            && summary.disagreement.is_none()
    }

    /// The first of `targets` that is there.
    async fn first_there(
        &self,
        service: &Service,
        mut targets: Vec<Target>,
        environment: &Environment,
    ) -> Result<(Target, Descriptor), EngineError> {
        if let Some(found) = catalog::find(service, &targets, [environment]).await? {
            return Ok((found.target, found.image));
        }
        let repository = service.environment(environment).repository()?;
        let image = match targets.pop() {
            Some(Target::Tag(tag)) => repository.tagged(tag),
            Some(Target::Digest(digest)) => repository.at(digest),
            None => return Err(EngineError::Internal("a candidate without a name".to_owned())),
        };
        Err(EngineError::NoImage {
            environment: environment.name.clone(),
            image,
            by_promotion: !environment.from.is_empty(),
        })
    }

    /// The tags that the image of a commit may have, the first that is there counts: where releases are built anew, those
    /// of the releases that stand for it, then its own.
    pub(super) async fn tags_of(&self, commit: &CommitSha) -> Result<Vec<Tag>, EngineError> {
        let heads = if self.config().release.rebuild {
            let (config, named) = (Arc::clone(self.config()), commit.clone());
            let reading = self.git(move |repository| catalog::heads_of(&config, repository, &named));
            reading.await?
        } else {
            Vec::new()
        };
        let tags = catalog::image_tags(self.config(), commit, &heads)?;
        Ok(tags.into_iter().map(|one| one.tag).collect())
    }

    /// The tag of the image that is built anew from a commit of a release branch.
    pub(crate) fn rebuilt_tag_of(&self, commit: &CommitSha) -> Result<Tag, EngineError> {
        Ok(catalog::rebuilt_tag(self.config(), commit)?)
    }

    /// The image tag of a commit.
    pub fn tag_of(&self, commit: &CommitSha) -> Result<Tag, EngineError> {
        Ok(catalog::own_tag(self.config(), commit)?)
    }

    /// The commit that a tag's short name stands for, if git knows it.
    async fn commit_of_tag(&self, tag: &Tag) -> Option<CommitSha> {
        let short = self.config().git.image_tag.parse_back(tag)?.to_owned();
        self.commit(&short).await.ok()
    }

    /// What a text points at: directly at an image, or at a commit.
    async fn point(&self, text: &str) -> Result<(Option<Target>, Option<CommitSha>), EngineError> {
        if let Ok(digest) = text.parse::<Digest>() {
            return Ok((Some(Target::Digest(digest)), None));
        }
        if let Ok(tag) = text.parse::<Tag>()
            && self.config().git.image_tag.parse_back(&tag).is_some()
        {
            return Ok((Some(Target::Tag(tag)), None));
        }
        let commit = self.commit(text).await?;
        Ok((None, Some(commit)))
    }
}

impl From<NoTag> for EngineError {
    fn from(error: NoTag) -> Self {
        no_candidate(error.commit.as_str(), &error.to_string())
    }
}

impl From<ImageError> for EngineError {
    fn from(error: ImageError) -> Self {
        no_candidate("an image", &error.to_string())
    }
}

impl From<FindError> for EngineError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Image(error) => error.into(),
            FindError::Registry(error) => error.into(),
        }
    }
}

fn no_candidate(text: &str, why: &str) -> EngineError {
    EngineError::NoCandidate {
        text: crate::domain::clean_line(text),
        why: why.to_owned(),
    }
}

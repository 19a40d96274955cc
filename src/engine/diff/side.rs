//! What people name as a side of a comparison, resolved: an environment, a digest, an image tag, a release, a commit.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use semver::Version;

use crate::catalog;
use crate::domain::{
    Clean, CommitSha, Digest, EnvironmentName, ImageFacts, Side, SideImage, SideKind, Tag, Target,
    clean_line, stands_for,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::git::GitError;
use crate::project::Service;
use crate::registry::{ImageSummary, Reader};

/// How many names of a kind a hint lists.
const NAMED: usize = 6;

/// A side, resolved.
pub(super) struct Found {
    pub(super) side: Side,
    /// The image; the reason where it should be there and could not be read, none where there is none.
    pub(super) image: Option<Result<Known, Clean>>,
    /// What a person should know about it.
    pub(super) note: Option<Clean>,
}

/// An image that was looked at.
pub(super) struct Known {
    pub(super) reader: Reader,
    pub(super) summary: ImageSummary,
    pub(super) facts: ImageFacts,
}

/// Where an image was found.
struct Place {
    reader: Reader,
    image: SideImage,
}

/// What a text names.
struct Named {
    kind: SideKind,
    commit: Option<CommitSha>,
    /// The image, where it is; the reason where that could not be found out.
    place: Result<Option<Place>, Clean>,
}

impl Found {
    pub(super) fn facts(&self) -> Result<&ImageFacts, Clean> {
        match &self.image {
            Some(Ok(known)) => Ok(&known.facts),
            Some(Err(why)) => Err(why.clone()),
            None => Err(no_image(&self.side)),
        }
    }
}

impl Engine {
    /// The side that `text` names.
    pub(super) async fn side(&self, service: &Service, text: &str) -> Result<Found, EngineError> {
        let Some(named) = self.named(service, text).await? else {
            return Err(self.nothing_named(text, None).await);
        };
        let mut side = Side {
            name: Clean::line(text),
            kind: named.kind,
            commit: named.commit.clone(),
            subject: None,
            image: None,
        };
        let mut note = None;
        let image = match named.place {
            Ok(Some(place)) => {
                let digest = place.image.digest.clone();
                side.image = Some(place.image);
                let read = place.reader.facts(&digest).await;
                Some(match read {
                    Ok((summary, facts)) => {
                        note = self.built_from(&mut side, &summary).await;
                        Ok(Known {
                            reader: place.reader,
                            summary,
                            facts,
                        })
                    }
                    Err(error) => Err(Clean::line(&error.to_string())),
                })
            }
            Ok(None) => None,
            Err(why) => Some(Err(why)),
        };
        if let Some(commit) = &side.commit {
            side.subject = self
                .resolve(commit.as_str())
                .await
                .ok()
                .map(|commit| commit.subject);
        }
        Ok(Found { side, image, note })
    }

    /// Fills in the commit that an image says it was built from; says so where another one was named.
    async fn built_from(&self, side: &mut Side, summary: &ImageSummary) -> Option<Clean> {
        let revision = summary.commit();
        let stands_for = stands_for(&summary.labels);
        match (&side.commit, revision) {
            (None, revision) => {
                // An image that was built anew may be of a commit that is not here, and stand for one that is.
                let mut known = revision.clone();
                if let (Some(of), Some(instead)) = (&revision, stands_for)
                    && self.resolve(of.as_str()).await.is_err()
                {
                    known = Some(instead);
                }
                side.commit = known;
                None
            }
            (Some(named), Some(revision)) if *named != revision && stands_for.as_ref() != Some(named) => {
                Some(Clean::line(&format!(
                    "the image of {} was built from {}, not from {}",
                    side.name,
                    revision.short(),
                    named.short()
                )))
            }
            _ => None,
        }
    }

    async fn named(&self, service: &Service, text: &str) -> Result<Option<Named>, EngineError> {
        if let Ok(name) = text.parse::<EnvironmentName>()
            && self.config().graph.get(&name).is_some()
        {
            return self.deployed_in(service, &name).await.map(Some);
        }
        if let Ok(digest) = text.parse::<Digest>() {
            let found = self.somewhere(service, &[Target::Digest(digest)]).await?;
            return Ok(found.map(|place| Named {
                kind: SideKind::Digest,
                commit: None,
                place: Ok(Some(place)),
            }));
        }
        let template = &self.config().git.image_tag;
        let tag = text.parse::<Tag>().ok();
        if let Some(tag) = &tag
            && let Some(short) = template.parse_back(tag)
        {
            let commit = self.commit(short).await.ok();
            let place = self.somewhere(service, &[Target::Tag(tag.clone())]).await;
            return Ok(match place {
                Ok(None) if commit.is_none() => None,
                place => Some(Named {
                    kind: SideKind::Tag,
                    commit,
                    place: place.map_err(|error| Clean::line(&error.brief())),
                }),
            });
        }
        if let Some(commit) = self.release(text).await? {
            let named = self.of_commit(service, SideKind::Release, commit).await;
            return Ok(Some(self.merged_release(service, named).await));
        }
        match self.commit(text).await {
            Ok(commit) => return Ok(Some(self.of_commit(service, SideKind::Commit, commit).await)),
            // Without a repository there are images all the same.
            Err(
                EngineError::Git(GitError::NoCommit { .. } | GitError::NoBranch { .. } | GitError::Unborn)
                | EngineError::NoCandidate { .. },
            ) => {}
            Err(error) => return Err(error),
        }
        let Some(tag) = tag else { return Ok(None) };
        // Git knows no such name: that a registry does not answer is only the second half of it.
        let found = match self.somewhere(service, &[Target::Tag(tag)]).await {
            Ok(found) => found,
            Err(error) => return Err(self.nothing_named(text, Some(error.brief())).await),
        };
        Ok(found.map(|place| Named {
            kind: SideKind::Tag,
            commit: None,
            place: Ok(Some(place)),
        }))
    }

    /// A finished release is tagged at the merge into main, which is never built: what it released is what was merged.
    async fn merged_release(&self, service: &Service, named: Named) -> Named {
        let (Ok(None), Some(merge)) = (&named.place, &named.commit) else {
            return named;
        };
        match self.commit(&format!("{merge}^2")).await {
            Ok(merged) => {
                let merged = self.of_commit(service, named.kind, merged).await;
                if matches!(merged.place, Ok(Some(_))) {
                    merged
                } else {
                    named
                }
            }
            Err(_) => named,
        }
    }

    /// What is deployed to an environment now.
    async fn deployed_in(&self, service: &Service, name: &EnvironmentName) -> Result<Named, EngineError> {
        let environment = self.environment(name)?;
        let there = service.environment(environment);
        let reader = there.reader()?;
        let deployed = there.deployed(&reader).await?;
        let deployed = deployed.ok_or_else(|| EngineError::NoCandidate {
            text: name.to_string(),
            why: "nothing has been deployed to that environment yet".to_owned(),
        })?;
        Ok(Named {
            kind: SideKind::Environment,
            commit: None,
            place: Ok(Some(Place {
                image: SideImage {
                    environment: name.clone(),
                    reference: reader.repository().at(deployed.digest.clone()),
                    digest: deployed.digest,
                    since: deployed.since,
                },
                reader,
            })),
        })
    }

    /// The image of a commit, if it has one.
    async fn of_commit(&self, service: &Service, kind: SideKind, commit: CommitSha) -> Named {
        let place = async {
            let tags = self.tags_of(&commit).await?;
            let targets: Vec<_> = tags.into_iter().map(Target::Tag).collect();
            self.somewhere(service, &targets).await
        };
        Named {
            kind,
            place: place.await.map_err(|error| Clean::line(&error.brief())),
            commit: Some(commit),
        }
    }

    /// The first environment that has one of `targets`. A registry that cannot be asked is an error only where no other
    /// one has it.
    async fn somewhere(&self, service: &Service, targets: &[Target]) -> Result<Option<Place>, EngineError> {
        let found = catalog::find(service, targets, self.config().graph.all()).await?;
        Ok(found.map(|found| Place {
            image: SideImage {
                environment: found.environment,
                reference: found.reader.repository().at(found.image.digest.clone()),
                digest: found.image.digest,
                since: None,
            },
            reader: found.reader,
        }))
    }

    /// The commit of a release or a hotfix.
    async fn release(&self, text: &str) -> Result<Option<CommitSha>, EngineError> {
        let (name, names) = (text.to_owned(), self.names());
        let found = async {
            let released = self.released_if_named(text).await?;
            let asking = self.git(move |repository| repository.release_named(&name, &names, &released));
            asking.await
        };
        let found = found.await;
        match found {
            // Without a repository there are images all the same.
            Err(EngineError::NoCandidate { .. }) => Ok(None),
            found => found,
        }
    }

    /// That `text` names nothing, and what there is.
    async fn nothing_named(&self, text: &str, unasked: Option<String>) -> EngineError {
        let git = self.config().git.clone();
        let environments = self.config().graph.all().iter();
        let environments: Vec<String> = environments.map(|one| one.name.to_string()).collect();
        let released = self.released().await.unwrap_or_default();
        let padding = released.padding();
        let last = released.highest().map(|tag| tag.version.clone());
        let known = self
            .git(move |repository| {
                let branches = repository.branches(&git.remote)?;
                let mut versions: BTreeSet<Version> = branches
                    .iter()
                    .filter_map(|(branch, _)| git.release_branch.parse_back(branch)?.version)
                    .collect();
                versions.extend(last);
                Ok(versions)
            })
            .await
            .unwrap_or_default();
        let known: Vec<String> = known
            .iter()
            .rev()
            .take(NAMED)
            .map(|version| padding.name(version))
            .collect();
        let near = nearest(text, environments.iter().chain(&known));
        let mut hint = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        // Writing to a String does not fail.
        let _ = write!(hint, "environments: {}", environments.join(", "));
        if !known.is_empty() {
            let _ = write!(hint, "; releases: {}", known.join(", "));
        }
        hint.push_str("; or any commit, image tag or digest (see `windlass board`)");
        EngineError::NothingNamed {
            text: clean_line(text),
            unasked,
            hint,
        }
    }
}

/// The words for a side that has nothing at all.
pub(super) fn no_image(side: &Side) -> Clean {
    Clean::line(&format!("{} has no image", side.name))
}

/// The one of `known` that was probably meant.
fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    known
        .map(|name| (strsim::damerau_levenshtein(text, name), name.as_str()))
        .filter(|(distance, name)| *distance <= name.len().div_ceil(3))
        .min()
        .map(|(_, name)| name)
}

//! Taking away: a tag alone, or a manifest (OCI distribution 1.1, "Deleting tags" and "Deleting Manifests").

use std::collections::BTreeSet;

use reqwest::Method;

use super::auth::Scope;
use super::concurrency::together;
use super::error::RegistryError;
use super::manifest::Descriptor;
use super::reader::Reader;
use super::writer::Writer;
use crate::domain::{Digest, Tag, Target};

impl Reader {
    /// What each of `tags` is now, in their order; none for one that is not there (any more). One HEAD each.
    pub async fn resolve_all(&self, tags: &[Tag]) -> Result<Vec<Option<Descriptor>>, RegistryError> {
        let asking = tags.iter().cloned();
        let asking = asking.map(|tag| async move { self.resolve(&tag.into()).await });
        together(asking.collect()).await
    }

    /// All tags that name `digest` now. One HEAD for each tag of the repository, as registries have no way back.
    pub async fn tags_of(&self, digest: &Digest) -> Result<Vec<Tag>, RegistryError> {
        let tags = self.tags().await?;
        let found = self.resolve_all(&tags).await?;
        let is_it = |found: &Option<Descriptor>| found.as_ref().is_some_and(|one| one.digest == *digest);
        let named = tags.into_iter().zip(&found).filter(|(_, found)| is_it(found));
        Ok(named.map(|(tag, _)| tag).collect())
    }
}

impl Writer {
    /// Deletes what `target` names, and only that: a tag alone, or a manifest, with which registries delete its tags or
    /// refuse while it has some. Whether there was anything to delete.
    ///
    /// # Errors
    /// [`RegistryError::NotDeleted`] where the registry does not do this. Nothing else is tried then.
    pub async fn delete(&self, target: &Target) -> Result<bool, RegistryError> {
        let mut call = self.call(Method::DELETE, &format!("manifests/{target}"));
        call.scopes = BTreeSet::from([Scope {
            delete: true,
            ..Scope::pull(self.repository().path())
        }]);
        let answer = self.send(call).await?;
        match answer.status() {
            200 | 202 | 204 => Ok(true),
            404 if !answer.is_html() => Ok(false),
            400 | 405 | 501 => Err(match answer.into_error(&self.name(target)).await {
                RegistryError::Status {
                    host,
                    status,
                    message,
                    ..
                } => RegistryError::NotDeleted {
                    host,
                    what: match target {
                        Target::Tag(tag) => format!("only the tag {tag}"),
                        Target::Digest(digest) => format!("the manifest {digest}"),
                    },
                    is_tag: matches!(target, Target::Tag(_)),
                    status,
                    message,
                },
                other => other,
            }),
            _ => Err(answer.into_error(&self.name(target)).await),
        }
    }

    /// That manifests can be deleted here, as far as the registry tells: asked for one that nobody has.
    ///
    /// # Errors
    /// [`RegistryError::NotDeleted`] where it deletes none, and whatever else would keep a deletion from succeeding.
    pub async fn check_deletion(&self, nobodys: &Digest) -> Result<(), RegistryError> {
        match self.delete(&Target::Digest(nobodys.clone())).await {
            Err(RegistryError::NotDeleted {
                host,
                status: status @ (405 | 501),
                message,
                ..
            }) => Err(RegistryError::NotDeleted {
                host,
                what: format!("manifests of {}", self.repository()),
                is_tag: false,
                status,
                message,
            }),
            // Some do not like a digest that they do not know.
            Ok(_) | Err(RegistryError::NotDeleted { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes a manifest by its digest. If it has a `subject`, and the registry does not keep track of referrers itself,
    /// its entry is taken out of the subject's fallback index first, and put back if the manifest stays: broken off in
    /// between, the same can be done again. Whether it was there.
    pub async fn delete_manifest(&self, digest: &Digest) -> Result<bool, RegistryError> {
        let target = Target::Digest(digest.clone());
        let subject = match self.manifest(&target).await {
            Ok(manifest) => manifest.subject().cloned(),
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error),
        };
        let Some(subject) = subject else {
            return self.delete(&target).await;
        };
        let taken_out = if self.by_api(&subject).await?.is_none() {
            self.unlist_in_fallback(&subject, digest).await?
        } else {
            None
        };
        let deleted = self.delete(&target).await;
        if let (Err(_), Some(entry)) = (&deleted, taken_out)
            && let Err(error) = self.list_in_fallback(&subject, &[entry]).await
        {
            tracing::warn!(%error, %digest, "a manifest stays, but not its entry in the list of referrers");
        }
        deleted
    }
}

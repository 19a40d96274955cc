//! What is deployed to the environment behind a repository, as far as its tags tell.

use jiff::Timestamp;

use super::concurrency::together;
use super::error::RegistryError;
use super::manifest::Descriptor;
use super::reader::Reader;
use crate::domain::{
    Clean, Deployed, DeployedBy, DeploymentRecord, DeploymentTag, Digest, EnvironmentName, Tag, Target,
};

/// The annotation with the time of what is attached (OCI image specification, "Pre-Defined Annotation Keys").
const CREATED: &str = "org.opencontainers.image.created";
/// How many deployment tags are resolved at the same time where a certain one is looked for.
const DEPLOYMENTS_AT_ONCE: usize = 16;

/// A digest that is deployed somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentDeployment {
    /// What is deployed.
    pub digest: Digest,
    /// Since when; none where only `latest` tells, which has no time.
    pub since: Option<Timestamp>,
}

impl Reader {
    /// What is deployed here: the newest deployment tag, or for the environment that builds push to, `latest`. Two requests.
    pub async fn deployed(&self, is_entrance: bool) -> Result<Option<CurrentDeployment>, RegistryError> {
        let tags = self.tags_after(DeploymentTag::PREFIX).await?;
        let (tag, since) = match DeploymentTag::newest(&tags) {
            Some((deployment, tag)) => (Some(tag.clone()), Some(deployment.time())),
            None if is_entrance => ("latest".parse::<Tag>().ok(), None),
            None => (None, None),
        };
        let Some(tag) = tag else { return Ok(None) };
        let found = self.resolve(&Target::Tag(tag)).await?;
        Ok(found.map(|found| CurrentDeployment {
            digest: found.digest,
            since,
        }))
    }

    /// By which run `current` was deployed to `environment`, whose images are here; none where nobody recorded it. One request,
    /// two of a registry without the referrers API.
    pub async fn deployed_by(
        &self,
        current: &CurrentDeployment,
        environment: &EnvironmentName,
    ) -> Result<Option<DeployedBy>, RegistryError> {
        let Some(since) = current.since else {
            return Ok(None);
        };
        let listed = self
            .referrers(&current.digest, Some(DeploymentRecord::TYPE))
            .await?;
        let of_it = |entry: &&Descriptor| {
            let annotation = |key: &str| entry.annotations.get(key).map(String::as_str);
            let created = annotation(CREATED).and_then(|text| text.parse::<Timestamp>().ok());
            created == Some(since) && annotation(DeploymentRecord::ENVIRONMENT) == Some(environment.as_str())
        };
        Ok(listed.iter().find(of_it).and_then(|entry| {
            let text = |key| Some(Clean::line(entry.annotations.get(key)?));
            Some(DeployedBy {
                run: text(DeploymentRecord::RUN)?,
                by: text(DeploymentRecord::BY)?,
            })
        }))
    }

    /// When `digest` was last deployed here, as the deployment tags say it: now, or earlier. A tag is left only by
    /// a deployment that succeeded. One request for the list, then as many as it takes to find it, the newest first.
    pub async fn last_deployed(&self, digest: &Digest) -> Result<Option<Deployed>, RegistryError> {
        let tags = self.deployment_tags().await?;
        for some in tags.chunks(DEPLOYMENTS_AT_ONCE) {
            let found = self.resolved(some.to_vec()).await?;
            if let Some(found) = found.into_iter().find(|one| one.digest == *digest) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The newest deployments here, at most `most`, the newest first, as the tags tell them. One request for the list, and
    /// one for each of them. A tag that went meanwhile is left out.
    pub async fn deployments(&self, most: usize) -> Result<Vec<Deployed>, RegistryError> {
        let mut tags = self.deployment_tags().await?;
        tags.truncate(most);
        self.resolved(tags).await
    }

    /// The newest deployments until `at`, at most `most`, and the one after them, the newest first. Requests as
    /// [`Reader::deployments`].
    pub async fn deployments_around(
        &self,
        at: Option<Timestamp>,
        most: usize,
    ) -> Result<Vec<Deployed>, RegistryError> {
        let tags = self.deployment_tags().await?;
        let first = at.map_or(0, |at| tags.iter().take_while(|(tag, _)| tag.time() > at).count());
        let from = first.saturating_sub(1);
        let wanted = tags.into_iter().skip(from).take(first - from + most);
        self.resolved(wanted.collect()).await
    }

    /// The newest deployments here, the newest first, down to the one before the last time that `digest` was deployed without a
    /// break; all of them where it was never deployed, or nothing before it. One request for the list, then as many as it takes.
    pub async fn deployments_down_to(&self, digest: &Digest) -> Result<Vec<Deployed>, RegistryError> {
        let tags = self.deployment_tags().await?;
        let mut history: Vec<Deployed> = Vec::new();
        for some in tags.chunks(DEPLOYMENTS_AT_ONCE) {
            history.extend(self.resolved(some.to_vec()).await?);
            let newest = history.iter().position(|deployed| deployed.digest == *digest);
            let before = newest.and_then(|newest| {
                let mut older = history[newest..].iter();
                older
                    .position(|deployed| deployed.digest != *digest)
                    .map(|count| newest + count)
            });
            if let Some(before) = before {
                history.truncate(before + 1);
                break;
            }
        }
        Ok(history)
    }

    /// The deployment tags, the newest first.
    async fn deployment_tags(&self) -> Result<Vec<(DeploymentTag, Tag)>, RegistryError> {
        let tags = self.tags_after(DeploymentTag::PREFIX).await?;
        let mut tags: Vec<_> = tags
            .into_iter()
            .filter_map(|tag| Some((DeploymentTag::parse(&tag)?, tag)))
            .collect();
        tags.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Ok(tags)
    }

    /// What these tags are of, in their order; without those that went meanwhile.
    async fn resolved(&self, tags: Vec<(DeploymentTag, Tag)>) -> Result<Vec<Deployed>, RegistryError> {
        let asking = tags.into_iter().map(|(deployment, tag)| async move {
            let found = self.resolve(&Target::Tag(tag)).await?;
            Ok(found.map(|found| Deployed {
                at: deployment.time(),
                digest: found.digest,
            }))
        });
        Ok(together(asking.collect()).await?.into_iter().flatten().collect())
    }
}

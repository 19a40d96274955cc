//! The pipeline of the sample world: what is pushed to its remote gets an image, as a CI service would see to it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::{World, WorldError, images};
use crate::domain::{CommitSha, Digest, Target, WriteAccess};
use crate::engine::{Engine, EngineError};
use crate::git::{GitError, GitRepository};

/// How often the remote is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// The pipeline at work. Dropped, it stops.
pub struct Pipeline(JoinHandle<()>);

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl World {
    /// Builds, scans and tags the image of one commit of the remote, unless dev has it.
    pub async fn build_image(&self, commit: &CommitSha) -> Result<Digest, WorldError> {
        let engine = self.engine()?;
        build(&engine, self.origin(), commit, self.access).await
    }

    /// The folder of the bare repository that plays the remote.
    pub fn origin(&self) -> PathBuf {
        self.folder().join("origin.git")
    }

    /// Starts the pipeline: every new head of develop, of a release and of a hotfix gets its image within a second or two.
    pub fn pipeline(&self) -> Result<Pipeline, WorldError> {
        let (engine, origin, access) = (self.engine()?, self.origin(), self.access);
        let watching = async move {
            let mut seen = HashSet::new();
            loop {
                // What cannot be read or built this time is tried again the next time.
                if let Ok(heads) = heads(&engine, &origin).await {
                    for head in heads {
                        if !seen.contains(&head)
                            && build(&engine, origin.clone(), &head, access).await.is_ok()
                        {
                            seen.insert(head);
                        }
                    }
                }
                tokio::time::sleep(INTERVAL).await;
            }
        };
        Ok(Pipeline(tokio::spawn(watching)))
    }
}

/// The heads of the branches that images are built of.
async fn heads(engine: &Arc<Engine>, origin: &Path) -> Result<Vec<CommitSha>, WorldError> {
    let (engine, origin) = (Arc::clone(engine), origin.to_owned());
    let reading = tokio::task::spawn_blocking(move || {
        let git = &engine.config().git;
        let is_built = |name: &str| {
            name == git.develop.as_str()
                || git.release_branch.parse_back(name).is_some()
                || git.hotfix_branch.parse_back(name).is_some()
        };
        let branches = GitRepository::discover(&origin)?.branches("origin")?;
        let heads = branches.into_iter().filter(|(name, _)| is_built(name));
        Ok::<_, GitError>(heads.map(|(_, head)| head).collect())
    });
    let read = reading.await;
    Ok(read.map_err(|error| EngineError::Internal(error.to_string()))??)
}

async fn build(
    engine: &Engine,
    origin: PathBuf,
    commit: &CommitSha,
    access: WriteAccess,
) -> Result<Digest, WorldError> {
    let service = &engine.config().services[0].name;
    let repository = engine.repository_of(service, engine.config().graph.entrance())?;
    let tag = engine.tag_of(commit)?;
    let reader = engine.registries().reader(&repository);
    if let Some(there) = reader.resolve(&Target::Tag(tag)).await? {
        return Ok(there.digest);
    }
    let sha = commit.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let origin = GitRepository::discover(&origin)?;
        let is_develop = origin
            .branches("origin")?
            .iter()
            .any(|(name, head)| name == "develop" && *head == sha);
        Ok::<_, GitError>((origin.commit(sha.as_str())?.time, is_develop))
    });
    let read = reading.await;
    let (time, is_develop) = read.map_err(|error| EngineError::Internal(error.to_string()))??;
    images::build_one(engine, commit, time, is_develop, Timestamp::now(), access).await
}

//! The people and the pipeline of the sample world: what is pushed to its remote gets an image, as a CI service would see
//! to it, and a release or a hotfix that is begun gets its fix from somebody of the team.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::error::WorldError;
use super::{World, images};
use crate::domain::{BranchName, CommitSha, Digest, Target, WriteAccess};
use crate::engine::{Engine, EngineError};
use crate::git::{self, GitError, GitRepository, Pushed};

/// How often the remote is looked at.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long somebody looks for the cause before the fix is there.
const THINKING: Duration = Duration::from_secs(2);

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

    /// Somebody of the team pushes a fix to a branch of the remote.
    pub fn push_fix(&self, branch: &BranchName) -> Result<CommitSha, WorldError> {
        push_fix(&self.origin(), branch)
    }

    /// Starts the pipeline: every new head of develop, of a release and of a hotfix gets its image within a second or two.
    /// A release or a hotfix that is begun while it runs gets a fix.
    pub fn pipeline(&self) -> Result<Pipeline, WorldError> {
        let (engine, origin, access) = (self.engine()?, self.origin(), self.access);
        let watching = async move {
            let mut built = HashSet::new();
            let mut known: Option<HashSet<String>> = None;
            loop {
                // What cannot be read or built this time is tried again the next time.
                if let Ok(heads) = heads(&engine, &origin).await {
                    let names = heads.iter().map(|(name, _)| name.clone()).collect();
                    let begun = known
                        .replace(names)
                        .map_or_else(Vec::new, |known| begun(&heads, &known));
                    for branch in begun {
                        tokio::time::sleep(THINKING).await;
                        let origin = origin.clone();
                        let _ = tokio::task::spawn_blocking(move || push_fix(&origin, &branch)).await;
                    }
                    for (_, head) in heads {
                        if !built.contains(&head)
                            && build(&engine, origin.clone(), &head, access).await.is_ok()
                        {
                            built.insert(head);
                        }
                    }
                }
                tokio::time::sleep(INTERVAL).await;
            }
        };
        Ok(Pipeline(tokio::spawn(watching)))
    }
}

/// The branches that were not there the last time.
fn begun(heads: &[(String, CommitSha)], known: &HashSet<String>) -> Vec<BranchName> {
    let new = heads.iter().filter(|(name, _)| !known.contains(name));
    new.filter_map(|(name, _)| name.parse().ok()).collect()
}

fn push_fix(origin: &Path, branch: &BranchName) -> Result<CommitSha, WorldError> {
    let name = branch.as_str().replace('/', "-");
    let pushed = Pushed {
        branch,
        author: "Freya Lindqvist <freya.lindqvist@example.com>",
        time: Timestamp::now(),
        message: "fix: a refund that is paid out twice",
        file: (&format!("src/fix-{name}.txt"), "paid out once\n"),
    };
    Ok(git::push_into(origin, &pushed)?)
}

/// The heads of the branches that images are built of.
async fn heads(engine: &Arc<Engine>, origin: &Path) -> Result<Vec<(String, CommitSha)>, WorldError> {
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
        Ok::<_, GitError>(heads.collect())
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
    let repository = engine
        .service(service)?
        .environment(engine.config().graph.entrance())
        .repository()
        .map_err(EngineError::from)?;
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

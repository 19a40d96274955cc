//! What the registry holds: repositories with their blobs, manifests and tags, and the content they share.
//!
//! All that happens to it is a [`Change`]. In a folder, the changes go to a log, so that one line makes a manifest and
//! its tags true together, and reading the log makes the same state again.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use super::content::{Content, Incoming, Whole};
use super::folder::Folder;
use super::repository::{Change, Entry, Manifest, Repository};
use super::route::Name;
use crate::demo::locked::locked;
use crate::domain::{Algorithm, Digest, Tag, Target};

/// All repositories and the content that they share.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) repositories: BTreeMap<Name, Repository>,
    contents: HashMap<Digest, Content>,
    folder: Option<Folder>,
}

impl State {
    /// The content of a blob or manifest that some repository holds.
    pub(super) fn content(&self, digest: &Digest) -> Option<Content> {
        self.contents.get(digest).cloned()
    }

    fn apply(&mut self, entry: Entry) {
        let repository = self.repositories.entry(entry.repository).or_default();
        for change in entry.changes {
            repository.apply(change);
        }
    }

    /// Makes changes in one repository true: all of them, or none if the log cannot take them.
    fn record(&mut self, repository: &Name, changes: Vec<Change>) -> io::Result<()> {
        let entry = Entry {
            repository: repository.clone(),
            changes,
        };
        if let Some(folder) = &mut self.folder {
            folder.append(&entry)?;
        }
        self.apply(entry);
        Ok(())
    }

    fn keep(&mut self, digest: &Digest, whole: Whole) -> io::Result<()> {
        if !self.contents.contains_key(digest) {
            let path = self.folder.as_ref().map(|folder| folder.path_of(digest));
            self.contents.insert(digest.clone(), whole.keep(path)?);
        }
        Ok(())
    }

    /// Lets go of content that no repository holds any more.
    fn release(&mut self, digest: &Digest) -> io::Result<()> {
        if self
            .repositories
            .values()
            .any(|repository| repository.holds(digest))
        {
            return Ok(());
        }
        match self.contents.remove(digest) {
            Some(Content::File { path, .. }) => std::fs::remove_file(path),
            _ => Ok(()),
        }
    }
}

/// The state behind a lock. What is done under it is short: look up, append a line, rename a file.
#[derive(Debug)]
pub(super) struct Store {
    state: Mutex<State>,
    /// Where uploads are kept until they are whole, if in files.
    staging: Option<PathBuf>,
}

impl Store {
    /// An empty store in memory.
    pub(super) fn in_memory() -> Self {
        Self {
            state: Mutex::default(),
            staging: None,
        }
    }

    /// The store that this folder holds.
    pub(super) fn in_folder(mut folder: Folder) -> io::Result<Self> {
        let staging = folder.staging();
        let mut state = State::default();
        folder.replay(|entry| state.apply(entry))?;
        let State {
            repositories,
            contents,
            ..
        } = &mut state;
        for (name, repository) in repositories {
            let mut there = |digest: &Digest| {
                let Some(content) = folder.content(digest) else {
                    tracing::warn!(%name, %digest, "content is missing from the registry's folder");
                    return false;
                };
                contents.insert(digest.clone(), content);
                true
            };
            repository.blobs.retain(&mut there);
            repository.manifests.retain(|digest, _| there(digest));
            let manifests = &repository.manifests;
            repository.tags.retain(|_, digest| manifests.contains_key(digest));
        }
        state.folder = Some(folder);
        Ok(Self {
            state: Mutex::new(state),
            staging: Some(staging),
        })
    }

    /// Frees the folder for another registry. What still comes is refused.
    pub(super) fn close(&self) {
        *locked(&self.state) = State::default();
    }

    /// Looks something up.
    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&locked(&self.state))
    }

    /// A place for content on its way in.
    pub(super) fn incoming(&self, algorithm: Algorithm) -> io::Result<Incoming> {
        Incoming::new(self.staging.as_deref(), algorithm)
    }

    /// Adds a blob. One that is there already stays as it is.
    pub(super) fn add_blob(&self, name: &Name, digest: &Digest, whole: Whole) -> io::Result<()> {
        let mut state = locked(&self.state);
        state.keep(digest, whole)?;
        let digest = digest.clone();
        state.record(name, vec![Change::BlobAdded { digest }])
    }

    /// Adds a blob that this repository or one of those that `from` accepts holds already; whether one does.
    pub(super) fn mount(
        &self,
        name: &Name,
        digest: &Digest,
        from: impl Fn(&Name) -> bool,
    ) -> io::Result<bool> {
        let mut state = locked(&self.state);
        let holds = |repository: &Repository| repository.blobs.contains(digest);
        if state.repositories.get(name).is_some_and(holds) {
            return Ok(true);
        }
        let elsewhere = state
            .repositories
            .iter()
            .any(|(other, repository)| holds(repository) && from(other));
        if elsewhere {
            let digest = digest.clone();
            state.record(name, vec![Change::BlobAdded { digest }])?;
        }
        Ok(elsewhere)
    }

    /// Adds a manifest and points tags at it, both at once.
    pub(super) fn add_manifest(
        &self,
        name: &Name,
        digest: &Digest,
        manifest: Manifest,
        whole: Whole,
        tags: &[Tag],
    ) -> io::Result<()> {
        let mut state = locked(&self.state);
        state.keep(digest, whole)?;
        let added = Change::ManifestAdded {
            digest: digest.clone(),
            manifest,
        };
        let tagged = tags.iter().map(|tag| Change::Tagged {
            tag: tag.clone(),
            digest: digest.clone(),
        });
        state.record(name, std::iter::once(added).chain(tagged).collect())
    }

    /// Removes a blob; whether it was there.
    pub(super) fn remove_blob(&self, name: &Name, digest: &Digest) -> io::Result<bool> {
        let mut state = locked(&self.state);
        let holds = |repository: &Repository| repository.blobs.contains(digest);
        if !state.repositories.get(name).is_some_and(holds) {
            return Ok(false);
        }
        let removed = digest.clone();
        state.record(name, vec![Change::BlobRemoved { digest: removed }])?;
        state.release(digest)?;
        Ok(true)
    }

    /// Removes a tag alone, or a manifest with all its tags; whether it was there.
    pub(super) fn remove_manifest(&self, name: &Name, target: &Target) -> io::Result<bool> {
        let mut state = locked(&self.state);
        let resolve = |repository: &Repository| repository.resolve(target);
        let Some(digest) = state.repositories.get(name).and_then(resolve) else {
            return Ok(false);
        };
        match target {
            Target::Tag(tag) => state.record(name, vec![Change::Untagged { tag: tag.clone() }])?,
            Target::Digest(_) => {
                let removed = digest.clone();
                state.record(name, vec![Change::ManifestRemoved { digest: removed }])?;
                state.release(&digest)?;
            }
        }
        Ok(true)
    }
}

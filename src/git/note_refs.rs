//! Notes as refs of the remote: each points at a commit without files, whose message is the note. The remote itself sees to
//! it that of two who move the same ref one is refused.

use std::sync::Arc;

use jiff::Timestamp;

use super::error::GitError;
use super::push::ObjectId;
use super::remote::{ASKING, Remote};
use super::repository::GitRepository;

/// No note is near as long, in bytes; what is longer is not even read.
const LONGEST: usize = 64 * 1024;
/// How often the refs are looked at again because one of them was removed while it was fetched.
const LOOKS: usize = 4;

/// A ref of a remote, the commit that it names, and the message of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoteAt {
    /// The full name of the ref.
    pub(super) reference: String,
    /// The commit.
    pub(super) object: ObjectId,
    /// Its parents.
    pub(super) parents: Vec<ObjectId>,
    /// Its message; none where the ref names no commit, one that is too long, or no text.
    pub(super) message: Option<String>,
}

impl Remote {
    /// The notes on all refs that `pattern` finds and `wanted` wants, in the order of their names.
    pub(super) async fn notes(
        &self,
        pattern: &str,
        wanted: impl Fn(&str) -> bool,
        repository: &Arc<GitRepository>,
    ) -> Result<Vec<NoteAt>, GitError> {
        let mut looks = 0;
        loop {
            let mut found = self.references(&[pattern.to_owned()]).await?;
            found.retain(|(reference, _)| wanted(reference));
            let (there, all) = (Arc::clone(repository), found.clone());
            let missing: Vec<_> = off_the_threads(move || {
                let missing = all.into_iter().filter(|(_, object)| !there.has(object));
                missing.map(|(reference, _)| reference).collect()
            })
            .await?;
            looks += 1;
            if !missing.is_empty() && !self.bring(&missing).await? && looks < LOOKS {
                continue;
            }
            let there = Arc::clone(repository);
            return off_the_threads(move || {
                let read = |(reference, object): (String, ObjectId)| {
                    let (parents, message) = there.note(&object).unwrap_or_default();
                    NoteAt {
                        reference,
                        object,
                        parents,
                        message,
                    }
                };
                found.into_iter().map(read).collect()
            })
            .await;
        }
    }

    /// Brings the notes of refs here, under no name: git sweeps them out again by itself. `false` if one of them was removed
    /// meanwhile.
    async fn bring(&self, references: &[String]) -> Result<bool, GitError> {
        let mut arguments = vec![
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            // Whatever is set to be fetched besides is not.
            "--refmap=",
            "--",
            self.name(),
        ];
        arguments.extend(references.iter().map(String::as_str));
        let answer = self.git("fetch", &arguments, ASKING).await?;
        if answer.success {
            Ok(true)
        } else if answer.err.contains("couldn't find remote ref") {
            Ok(false)
        } else {
            Err(self.failure(&answer.err))
        }
    }
}

async fn off_the_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GitError> {
    let working = tokio::task::spawn_blocking(work);
    working.await.map_err(|error| GitError::Library {
        action: "read a note",
        why: error.to_string(),
    })
}

impl GitRepository {
    /// Writes a note as an object that nothing here names: a commit of windlass itself, whatever the user is called in git.
    pub(super) fn write_note(
        &self,
        message: &str,
        at: Timestamp,
        parent: Option<&ObjectId>,
    ) -> Result<ObjectId, GitError> {
        self.write(|git| {
            let fail = GitError::library("write a note");
            let time = git2::Time::new(at.as_second(), 0);
            let signature = git2::Signature::new("windlass", "windlass@localhost", &time).map_err(&fail)?;
            let tree = git.treebuilder(None).and_then(|empty| empty.write());
            let tree = tree.and_then(|tree| git.find_tree(tree)).map_err(&fail)?;
            let parent = parent.map(|parent| git2::Oid::from_str(parent.as_str()));
            let parent = parent.transpose().map_err(&fail)?;
            let parent = parent.map(|id| git.find_commit(id)).transpose().map_err(&fail)?;
            let parents: Vec<_> = parent.iter().collect();
            let commit = git.commit(None, &signature, &signature, message, &tree, &parents);
            Ok(ObjectId::new(commit.map_err(&fail)?.to_string()))
        })
    }

    fn has(&self, object: &ObjectId) -> bool {
        let id = git2::Oid::from_str(object.as_str());
        self.with(|git| Ok(id.is_ok_and(|id| git.odb().is_ok_and(|odb| odb.exists(id)))))
            .unwrap_or(false)
    }

    /// The parents and the message of a commit; none if it is none, or is not here.
    fn note(&self, object: &ObjectId) -> Option<(Vec<ObjectId>, Option<String>)> {
        let id = git2::Oid::from_str(object.as_str()).ok()?;
        let read = self.with(|git| {
            let fail = GitError::library("read a note");
            let (size, kind) = git.odb().and_then(|odb| odb.read_header(id)).map_err(&fail)?;
            if kind != git2::ObjectType::Commit || size > LONGEST {
                return Ok(None);
            }
            let commit = git.find_commit(id).map_err(&fail)?;
            let parents = commit.parent_ids().map(|id| ObjectId::new(id.to_string()));
            let message = String::from_utf8(commit.message_bytes().to_vec()).ok();
            Ok(Some((parents.collect(), message)))
        });
        read.ok()?
    }
}

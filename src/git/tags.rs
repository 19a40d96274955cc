//! Annotated tags, made by the `git` program: whose they are, and whether and how they are signed, is as the user's git has
//! it.

use super::error::GitError;
use super::merge::SIGNING;
use super::program::{self, Asked};
use super::push::ObjectId;
use super::remote_refs::TagAt;
use super::repository::GitRepository;
use crate::domain::{BranchName, CommitSha, WriteAccess, clean_line};

impl GitRepository {
    /// Makes an annotated tag here, and tells whether it is new: an annotated tag of that name on that commit, whoever made
    /// it, is taken as it is. One on another commit is never moved, and a lightweight one never pushed in its stead.
    pub async fn create_tag(
        &self,
        name: &str,
        commit: &CommitSha,
        message: &str,
        access: WriteAccess,
    ) -> Result<(ObjectId, bool), GitError> {
        if let Err(why) = name.parse::<BranchName>() {
            return Err(GitError::BadTag {
                tag: clean_line(name).chars().take(80).collect(),
                why: why.why(),
            });
        }
        if let Some(there) = self.tag(name)? {
            return reused(name, commit, there);
        }
        // Not `-a`: that would overrule tag.forceSignAnnotated. A message makes it an annotated tag as well. Lines that
        // begin with `#` are headings of the notes, no comments.
        let arguments = [
            "tag",
            "--cleanup=whitespace",
            "-F",
            "-",
            "--",
            name,
            commit.as_str(),
        ];
        let asked = Asked {
            action: "tag",
            patience: SIGNING,
            input: Some(message),
        };
        let signs = self.setting("tag.gpgSign").await? || self.setting("tag.forceSignAnnotated").await?;
        let answer = program::ask(program::git_with_hooks(self.root()), &arguments, asked).await?;
        match self.tag(name)? {
            Some(made) if answer.success && made.commit == *commit => {
                // Some versions of git make the tag all the same where a key of ssh fails.
                if signs && !self.is_signed(&made.object)? {
                    self.take_back_tag(name, &made.object, access)?;
                    return Err(GitError::of_writing("tag", &answer.err, true));
                }
                Ok((made.object, true))
            }
            // Someone was faster.
            Some(there) => reused(name, commit, there),
            None => Err(GitError::of_writing("tag", &answer.err, signs)),
        }
    }

    /// Takes back a tag that was just made, as after a refused push: only if it is still that object. Whether it was
    /// removed is told.
    pub fn take_back_tag(
        &self,
        name: &str,
        object: &ObjectId,
        _access: WriteAccess,
    ) -> Result<bool, GitError> {
        self.write(|git| {
            let Ok(mut found) = git.find_reference(&reference(name)) else {
                return Ok(false);
            };
            let is_that = found.target().is_some_and(|id| id.to_string() == object.as_str());
            // libgit2 looks once more that it is still there, with the reference locked.
            Ok(is_that && found.delete().is_ok())
        })
    }

    /// Whether a tag carries a signature; whose, and whether it is right, is another question.
    fn is_signed(&self, tag: &ObjectId) -> Result<bool, GitError> {
        self.with(|git| {
            let fail = GitError::library("read a tag");
            let id = git2::Oid::from_str(tag.as_str()).map_err(&fail)?;
            let odb = git.odb().map_err(&fail)?;
            let object = odb.read(id).map_err(&fail)?;
            let text = String::from_utf8_lossy(object.data());
            Ok(SIGNATURES.iter().any(|begin| text.contains(begin)))
        })
    }

    /// Where a tag of that name is here.
    pub fn tag(&self, name: &str) -> Result<Option<TagAt>, GitError> {
        self.with(|git| {
            let mut id = match git.refname_to_id(&reference(name)) {
                Ok(id) => id,
                Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
                Err(error) => return Err(GitError::library("read a tag")(error)),
            };
            let object = ObjectId::new(id.to_string());
            // A tag may be on a tag; and in a shallow clone what it is on need not be there.
            while let Ok(tag) = git.find_tag(id) {
                id = tag.target_id();
            }
            Ok(Some(TagAt {
                object,
                commit: super::commit::name(id)?,
            }))
        })
    }
}

/// How the signatures of PGP, X.509 and ssh begin.
const SIGNATURES: [&str; 4] = [
    "\n-----BEGIN PGP SIGNATURE-----",
    "\n-----BEGIN PGP MESSAGE-----",
    "\n-----BEGIN SIGNED MESSAGE-----",
    "\n-----BEGIN SSH SIGNATURE-----",
];

fn reference(name: &str) -> String {
    format!("refs/tags/{name}")
}

fn reused(name: &str, commit: &CommitSha, there: TagAt) -> Result<(ObjectId, bool), GitError> {
    if there.commit == *commit && there.object.as_str() == commit.as_str() {
        return Err(GitError::LightweightTag {
            tag: clean_line(name),
        });
    }
    if there.commit == *commit {
        return Ok((there.object, false));
    }
    Err(GitError::TagTaken {
        tag: clean_line(name),
        place: "here".to_owned(),
        found: there.commit.short().to_owned(),
    })
}

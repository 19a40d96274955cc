//! The tags that the image of a commit may have.

use crate::config::Config;
use crate::domain::{CommitSha, Tag};
use crate::git::{GitError, GitRepository};

/// A tag that the image of a commit may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTag {
    /// The tag.
    pub tag: Tag,
    /// The head of a release branch that this image was built anew from, to stand for the commit; none for the commit's own
    /// image.
    pub built_from: Option<CommitSha>,
}

/// The template of image tags makes no tag of a commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the image tag template does not make a valid tag of it")]
pub struct NoTag {
    /// The commit.
    pub commit: CommitSha,
}

/// The tag of the image that is built from a commit of the branch that candidates come from.
///
/// # Errors
/// When the template makes none.
pub fn own_tag(config: &Config, commit: &CommitSha) -> Result<Tag, NoTag> {
    let tag = config.git.image_tag.render(commit);
    tag.ok_or_else(|| NoTag {
        commit: commit.clone(),
    })
}

/// The tag of the image that is built anew from a commit of a release branch.
///
/// # Errors
/// When the template makes none.
pub fn rebuilt_tag(config: &Config, commit: &CommitSha) -> Result<Tag, NoTag> {
    let tag = config.git.image_tag.render_rebuilt(commit);
    tag.ok_or_else(|| NoTag {
        commit: commit.clone(),
    })
}

/// The tag that the head of a release or hotfix branch is built under.
///
/// # Errors
/// When the template makes none.
pub fn head_tag(config: &Config, head: &CommitSha) -> Result<Tag, NoTag> {
    if config.release.rebuild {
        rebuilt_tag(config, head)
    } else {
        own_tag(config, head)
    }
}

/// The tags of the images that are built from just this commit, the one that counts first.
///
/// # Errors
/// When the template makes none.
pub fn commit_tags(config: &Config, commit: &CommitSha) -> Result<Vec<Tag>, NoTag> {
    let rebuilt = config.release.rebuild.then(|| rebuilt_tag(config, commit));
    rebuilt.into_iter().chain([own_tag(config, commit)]).collect()
}

/// The heads of the releases that stand for `commit`, the one that counts first; none where releases are not built anew.
///
/// # Errors
/// When the branches cannot be read.
pub fn heads_of(
    config: &Config,
    repository: &GitRepository,
    commit: &CommitSha,
) -> Result<Vec<CommitSha>, GitError> {
    if !config.release.rebuild {
        return Ok(Vec::new());
    }
    repository.release_heads(&config.git.release_branch, &config.git.remote, commit)
}

/// The tags that the image of `commit` may have, the first that is there counts: those of the releases that stand for it,
/// then its own. `heads` are those of [`heads_of`].
///
/// # Errors
/// When the template makes no tag of the commit itself.
pub fn image_tags(config: &Config, commit: &CommitSha, heads: &[CommitSha]) -> Result<Vec<ImageTag>, NoTag> {
    let own = ImageTag {
        tag: own_tag(config, commit)?,
        built_from: None,
    };
    let anew = heads.iter().filter_map(|head| {
        Some(ImageTag {
            tag: rebuilt_tag(config, head).ok()?,
            built_from: Some(head.clone()),
        })
    });
    Ok(anew.chain([own]).collect())
}

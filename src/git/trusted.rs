//! Repositories that git trusts and libgit2 does not: git knows more ways of saying `safe.directory` (the environment, files
//! that are included, those of the system). What git says counts.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::program;

/// A second entrance to the objects, references and settings of a repository, which belongs to this user: as a linked
/// worktree has one.
pub(super) struct Entrance {
    pub(super) git: git2::Repository,
    pub(super) folder: TempDir,
}

/// Opens the repository that `path` is in, if the `git` program trusts it.
pub(super) fn open(path: &Path) -> Option<Entrance> {
    let common = path.join(answer(path, "--git-common-dir")?);
    let own = PathBuf::from(answer(path, "--absolute-git-dir")?);
    let top = answer(path, "--show-toplevel").map(PathBuf::from);
    enter(&common.canonicalize().ok()?, &own, top.as_deref())
}

/// What `git rev-parse` says; none where it refuses.
fn answer(path: &Path, question: &str) -> Option<String> {
    let output = program::git(path).args(["rev-parse", question]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim_end_matches('\n');
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}

fn enter(common: &Path, own: &Path, top: Option<&Path>) -> Option<Entrance> {
    let folder = tempfile::tempdir().ok()?;
    let place = folder.path();
    std::fs::write(place.join("commondir"), format!("{}\n", common.display())).ok()?;
    for name in ["HEAD", "index"] {
        let target = own.join(name);
        if target.exists() {
            std::os::unix::fs::symlink(target, place.join(name)).ok()?;
        }
    }
    let shallow = common.join("shallow");
    if shallow.exists() {
        std::os::unix::fs::symlink(shallow, place.join("shallow")).ok()?;
    }
    let git = super::repository::open_bare(place).ok()?;
    if let Some(top) = top {
        git.set_workdir(top, false).ok()?;
    }
    Some(Entrance { git, folder })
}

#[cfg(test)]
mod tests {
    use super::super::tests::Sample;
    use super::*;

    #[test]
    fn a_second_entrance_shows_the_same_repository() {
        let sample = Sample::new();
        let found = open(&sample.work()).unwrap();
        let git = found.git;
        let head = git.head().unwrap().peel_to_commit().unwrap().id();
        assert_eq!(head.to_string(), sample.sha("develop").to_string());
        assert_eq!(git.workdir().unwrap(), sample.work().canonicalize().unwrap());
        assert!(git.find_remote("origin").is_ok());
        assert!(git.find_reference("refs/tags/v1.3.2").is_ok());
        std::fs::write(sample.work().join("new"), "x").unwrap();
        let mut options = git2::StatusOptions::new();
        options.include_untracked(true);
        assert_eq!(git.statuses(Some(&mut options)).unwrap().len(), 1);
        let bare = open(&sample.origin()).unwrap();
        assert!(bare.git.is_bare());
        assert!(open(Path::new("/")).is_none());
    }
}

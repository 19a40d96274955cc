//! Repositories that git trusts and libgit2 does not: git knows more ways of saying `safe.directory` (the environment, files
//! that are included, those of the system). What git says counts.

use std::path::{Path, PathBuf};
use std::process::Command;

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
    open_by(path, &program::git)
}

/// The same by the word of another `git`.
fn open_by(path: &Path, git: &dyn Fn(&Path) -> Command) -> Option<Entrance> {
    let ask = |question| answer(git(path), question);
    let common = path.join(ask("--git-common-dir")?);
    let own = PathBuf::from(ask("--absolute-git-dir")?);
    let top = ask("--show-toplevel").map(PathBuf::from);
    enter(&common.canonicalize().ok()?, &own, top.as_deref())
}

/// Opens a repository without its working tree and index. Unlike `open_bare` of git2 this reads where a shallow clone ends.
pub(super) fn open_bare(place: &Path) -> Result<git2::Repository, git2::Error> {
    let flags = git2::RepositoryOpenFlags::BARE | git2::RepositoryOpenFlags::NO_SEARCH;
    git2::Repository::open_ext(place, flags, &[] as &[&std::ffi::OsStr])
}

/// What `git rev-parse` says; none where it refuses.
fn answer(mut git: Command, question: &str) -> Option<String> {
    let output = git.args(["rev-parse", question]).output().ok()?;
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
    let git = open_bare(place).ok()?;
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

    #[test]
    fn what_git_says_of_safe_directories_counts_also_where_its_environment_says_it() {
        let sample = Sample::new();
        // As if the repository belonged to somebody else.
        let stranger = |folder: &Path| {
            let mut git = program::git(folder);
            git.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
            git
        };
        assert!(open_by(&sample.work(), &stranger).is_none());
        let told = |folder: &Path| {
            let mut git = stranger(folder);
            git.env("GIT_CONFIG_COUNT", "1")
                .env("GIT_CONFIG_KEY_0", "safe.directory")
                .env("GIT_CONFIG_VALUE_0", "*");
            git
        };
        assert!(open_by(&sample.work(), &told).is_some());
        // The variables reach git as the user has set them.
        assert!(crate::program::Audience::Git.sees("GIT_CONFIG_VALUE_0"));
    }
}

//! The network, by the `git` program: credentials, ssh configuration, hardware keys and proxies work as they do for the user.

use std::path::PathBuf;
use std::time::Duration;

use super::branch_state::BranchState;
use super::complaint::words;
use super::error::GitError;
use super::program::{self, Answer, Asked};
use crate::domain::{BranchName, CommitSha, clean_line};

/// Longer than a question takes, shorter than a person's patience.
pub(super) const ASKING: Duration = Duration::from_mins(1);

/// A remote of the repository. Each call starts `git`, which ends with the call: a call that is dropped is broken off.
#[derive(Debug, Clone)]
pub struct Remote {
    name: String,
    folder: PathBuf,
    has_ssh_command: bool,
    runs_hooks: bool,
}

impl Remote {
    /// The remote `name` of the repository in `folder`; `has_ssh_command` where the user has set `core.sshCommand`.
    pub(super) const fn new(name: String, folder: PathBuf, has_ssh_command: bool) -> Self {
        Self {
            name,
            folder,
            has_ssh_command,
            runs_hooks: true,
        }
    }

    /// The same, whose pushes run none of the user's hooks: those are about the user's own clones.
    #[must_use]
    pub fn without_hooks(mut self) -> Self {
        self.runs_hooks = false;
        self
    }

    /// Its name in the configuration of git.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands there where a branch is to be.
    pub async fn branch_state(&self, branch: &BranchName) -> Result<BranchState, GitError> {
        let name = branch.as_str();
        let mut patterns = vec![format!("refs/heads/{name}"), format!("refs/heads/{name}/*")];
        // `release` would be in the way of `release/v1.4.0`.
        let folders = name.match_indices('/').map(|(at, _)| &name[..at]);
        patterns.extend(folders.map(|folder| format!("refs/heads/{folder}")));
        let mut state = BranchState::Free;
        for (sha, found) in self.heads(&patterns).await? {
            if found == name {
                return Ok(BranchState::At(sha));
            } else if branch.excludes(&found) {
                state = BranchState::Blocked(clean_line(&found));
            }
        }
        Ok(state)
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<(), GitError> {
        self.heads(&["refs/heads/HEAD".to_owned()]).await.map(drop)
    }

    /// The branches there whose references match one of the patterns.
    async fn heads(&self, patterns: &[String]) -> Result<Vec<(CommitSha, String)>, GitError> {
        let mut arguments = vec!["ls-remote", "--heads", "--", &self.name];
        arguments.extend(patterns.iter().map(String::as_str));
        let answer = self.git("ls-remote", &arguments, ASKING).await?;
        if !answer.success {
            return Err(self.failure(&answer.err));
        }
        let heads = answer.out.lines().filter_map(|line| {
            let (sha, reference) = line.split_once('\t')?;
            let name = reference.strip_prefix("refs/heads/")?;
            Some((sha.parse().ok()?, name.to_owned()))
        });
        Ok(heads.collect())
    }

    pub(super) async fn git(
        &self,
        action: &'static str,
        arguments: &[&str],
        patience: Duration,
    ) -> Result<Answer, GitError> {
        let mut command = if action == "push" && self.runs_hooks {
            program::git_with_hooks(&self.folder)
        } else {
            program::git(&self.folder)
        };
        // ssh asks on the terminal even where it is told nothing to read. Whoever has said how ssh is to be started, or
        // what is to ask in its stead, is left alone.
        let is_set = |variable| std::env::var_os(variable).is_some();
        if !(self.has_ssh_command
            || ["GIT_SSH_COMMAND", "GIT_SSH", "SSH_ASKPASS"]
                .into_iter()
                .any(is_set))
        {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        let asked = Asked {
            action,
            patience,
            input: None,
        };
        program::ask(command, arguments, asked).await
    }

    pub(super) fn failure(&self, err: &str) -> GitError {
        let remote = self.name.clone();
        let why = words(err);
        if DENIALS.iter().any(|sign| err.contains(sign)) {
            GitError::NotAuthorised { remote, why }
        } else {
            GitError::Unreachable { remote, why }
        }
    }
}

/// How git, ssh and the usual hosts say that someone may not come in.
const DENIALS: [&str; 7] = [
    "Permission denied",
    "Permission to ",
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "returned error: 401",
    "returned error: 403",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_come_in_is_told_from_who_is_not_there() {
        let remote = Remote::new("origin".to_owned(), PathBuf::new(), false);
        let exit = |err| remote.failure(err).exit();
        assert_eq!(
            exit("fatal: unable to access 'https://h/': The requested URL returned error: 403"),
            crate::domain::Exit::NotAuthorised
        );
        assert_eq!(
            exit("fatal: '/srv/403/401.git' does not appear to be a git repository"),
            crate::domain::Exit::Failed
        );
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_in_time_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        // A pipe that nobody writes to: git waits for it for as long as it is let.
        let pipe = folder.path().join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let remote = Remote::new("origin".to_owned(), folder.path().to_owned(), false);
        let asking = ["hash-object", pipe.to_str().unwrap()];
        let asked = remote.git("ls-remote", &asking, Duration::from_millis(50)).await;
        assert!(matches!(
            asked,
            Err(GitError::Slow {
                action: "ls-remote",
                ..
            })
        ));
    }
}

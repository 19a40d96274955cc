//! The network, by the `git` program: credentials, ssh configuration, hardware keys and proxies work as they do for the user.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::error::GitError;
use crate::domain::{BranchName, CommitSha, WriteAccess, clean_line};

/// Longer than any answer takes, shorter than a person's patience.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A remote of the repository.
#[derive(Debug, Clone)]
pub struct Remote {
    name: String,
    folder: PathBuf,
}

/// What a push came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome {
    /// The branch is there now.
    Created,
    /// It was there before, at the same commit.
    AlreadyThere,
}

struct Answer {
    success: bool,
    out: String,
    err: String,
}

impl Remote {
    pub(super) const fn new(name: String, folder: PathBuf) -> Self {
        Self { name, folder }
    }

    /// Its name in the configuration of git.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where a branch is there; none if it does not exist.
    pub async fn branch(&self, branch: &BranchName) -> Result<Option<CommitSha>, GitError> {
        let reference = branch.reference();
        let answer = self
            .git("ls-remote", &["ls-remote", "--", &self.name, &reference])
            .await?;
        if !answer.success {
            return Err(self.failure(&answer.err));
        }
        let line = answer
            .out
            .lines()
            .find(|line| line.ends_with(&format!("\t{reference}")));
        Ok(line
            .and_then(|line| line.split('\t').next())
            .and_then(|sha| sha.parse().ok()))
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<(), GitError> {
        let answer = self
            .git("ls-remote", &["ls-remote", "--heads", "--", &self.name])
            .await?;
        if answer.success {
            Ok(())
        } else {
            Err(self.failure(&answer.err))
        }
    }

    /// Pushes `commit` as a new branch. An existing branch is never moved: the lease expects that there is none.
    pub async fn push_new(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        _access: WriteAccess,
    ) -> Result<PushOutcome, GitError> {
        let reference = branch.reference();
        let lease = format!("--force-with-lease={reference}:");
        let refspec = format!("{commit}:{reference}");
        let push = [
            "push",
            "--porcelain",
            "--atomic",
            "--no-follow-tags",
            &lease,
            "--",
            &self.name,
            &refspec,
        ];
        let answer = self.git("push", &push).await?;
        if answer.success {
            let is_new = answer.out.lines().any(|line| line.starts_with('*'));
            return Ok(if is_new {
                PushOutcome::Created
            } else {
                PushOutcome::AlreadyThere
            });
        }
        // Porcelain lines: `!`, the refspec, and the reason in brackets.
        let Some(refused) = answer.out.lines().find(|line| line.starts_with('!')) else {
            return Err(self.failure(&answer.err));
        };
        if refused.contains("stale info") || refused.contains("already exists") {
            return match self.branch(branch).await? {
                Some(found) if found == *commit => Ok(PushOutcome::AlreadyThere),
                found => Err(GitError::BranchTaken {
                    branch: branch.clone(),
                    place: format!("on {}", self.name),
                    found: found.map_or_else(|| "an unknown commit".to_owned(), |sha| sha.short().to_owned()),
                }),
            };
        }
        Err(GitError::Rejected {
            remote: self.name.clone(),
            branch: branch.clone(),
            why: words_of_remote(&answer.err, refused),
        })
    }

    async fn git(&self, action: &'static str, args: &[&str]) -> Result<Answer, GitError> {
        let running = Command::new("git")
            .args(args)
            .current_dir(&self.folder)
            .env("LC_ALL", "C")
            // A question on the terminal would be drawn over by the console, and CI has nobody to answer it.
            .env("GIT_TERMINAL_PROMPT", "0")
            .env_remove("COSIGN_PASSWORD")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(TIMEOUT, running)
            .await
            .map_err(|_| GitError::Slow {
                action,
                seconds: TIMEOUT.as_secs(),
            })?
            .map_err(GitError::NoProgram)?;
        Ok(Answer {
            success: output.status.success(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn failure(&self, err: &str) -> GitError {
        let remote = self.name.clone();
        let why = words(err);
        let denied = [
            "Permission denied",
            "Authentication failed",
            "could not read Username",
            "403",
            "401",
        ];
        if denied.iter().any(|sign| err.contains(sign)) {
            GitError::NotAuthorised { remote, why }
        } else {
            GitError::Unreachable { remote, why }
        }
    }
}

/// git's last complaint, without the credentials that an address may carry.
fn words(err: &str) -> String {
    let complaint = |line| str::strip_prefix(line, "fatal: ").or_else(|| str::strip_prefix(line, "error: "));
    let line = err
        .lines()
        .find_map(complaint)
        .or_else(|| err.lines().next())
        .unwrap_or("git did not say why");
    without_secrets(&clean_line(line))
}

/// What a hook or a rule of the remote said, else the reason in git's own line.
fn words_of_remote(err: &str, refused: &str) -> String {
    let said: Vec<_> = err
        .lines()
        .filter_map(|line| line.strip_prefix("remote: "))
        .map(|line| clean_line(line).trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    if !said.is_empty() {
        return without_secrets(&said.join(" ")).chars().take(400).collect();
    }
    let reason = refused.rsplit_once('\t').map_or(refused, |(_, reason)| reason);
    without_secrets(&clean_line(reason))
}

/// `https://user:secret@host` without the part that nobody may see.
fn without_secrets(text: &str) -> String {
    text.split(' ')
        .map(|word| match (word.find("://"), word.find('@')) {
            (Some(scheme), Some(at)) if at > scheme => format!("{}{}", &word[..scheme + 3], &word[at + 1..]),
            _ => word.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_an_address_is_told() {
        let err = "fatal: unable to access 'https://ana:hunter2@git.example.com/x/': nope";
        assert_eq!(words(err), "unable to access 'https://git.example.com/x/': nope");
    }

    #[test]
    fn the_words_of_a_hook_are_passed_on() {
        let err = "remote: branches are closed        \nremote: ask Ana\nTo /x\nerror: failed to push";
        assert_eq!(
            words_of_remote(err, "!\ta:b\t[remote rejected]"),
            "branches are closed ask Ana"
        );
        assert_eq!(
            words_of_remote("", "!\ta:b\t[remote rejected] (x)"),
            "[remote rejected] (x)"
        );
    }
}

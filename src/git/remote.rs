//! The network, by the `git` program: credentials, ssh configuration, hardware keys and proxies work as they do for the user.

use std::path::PathBuf;
use std::time::Duration;

use super::branches::BranchState;
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
}

impl Remote {
    /// The remote `name` of the repository in `folder`; `has_ssh_command` where the user has set `core.sshCommand`.
    pub(super) const fn new(name: String, folder: PathBuf, has_ssh_command: bool) -> Self {
        Self {
            name,
            folder,
            has_ssh_command,
        }
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
        let mut command = if action == "push" {
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

/// Advice that git gives with every failure of ssh; ours stands in the hint.
const ADVICE: [&str; 5] = [
    "warning: ",
    "hint: ",
    "Please make sure you have the correct access rights",
    "and the repository exists.",
    "Could not read from remote repository.",
];

/// git's complaint, without the credentials that an address may carry. What stands before the last line is often the real
/// reason: what ssh or the remote has to say.
pub(super) fn words(err: &str) -> String {
    let complaints: Vec<_> = err
        .lines()
        .map(|line| {
            ["fatal: ", "error: ", "remote: "]
                .iter()
                .find_map(|prefix| line.strip_prefix(prefix))
                .unwrap_or(line)
        })
        .map(|line| clean_line(line).trim().to_owned())
        .filter(|line| !line.is_empty() && !ADVICE.iter().any(|advice| line.starts_with(advice)))
        .collect();
    if complaints.is_empty() {
        return "git gave no reason".to_owned();
    }
    without_secrets(&complaints.join("; "))
        .chars()
        .take(400)
        .collect()
}

/// What a hook or a rule of the remote said, else the reason in git's own line.
pub(super) fn words_of_remote(err: &str, refused: &str) -> String {
    let said: Vec<_> = err
        .lines()
        .filter_map(|line| line.strip_prefix("remote: "))
        .map(|line| line.strip_prefix("error: ").unwrap_or(line))
        .map(|line| clean_line(line).trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    if !said.is_empty() {
        return without_secrets(&said.join(" ")).chars().take(400).collect();
    }
    let reason = refused.rsplit_once('\t').map_or(refused, |(_, reason)| reason);
    without_secrets(&clean_line(reason))
}

/// `https://user:secret@host` without the part that nobody may see; a secret may hold an `@` itself.
fn without_secrets(text: &str) -> String {
    text.split(' ')
        .map(|word| {
            let Some((scheme, rest)) = word.split_once("://") else {
                return word.to_owned();
            };
            format!(
                "{scheme}://{}",
                rest.rsplit_once('@').map_or(rest, |(_, host)| host)
            )
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
        assert_eq!(without_secrets("https://ana:p@/ss@h/a"), "https://h/a");
        assert_eq!(
            without_secrets("ssh://git@h:22/x git@h:x"),
            "ssh://h:22/x git@h:x"
        );
    }

    #[test]
    fn the_reason_is_told_and_the_advice_that_comes_with_it_is_not() {
        let err = "git@example.com: Permission denied (publickey).\nfatal: Could not read from remote repository.\n\n\
                   Please make sure you have the correct access rights\nand the repository exists.\n";
        assert_eq!(words(err), "git@example.com: Permission denied (publickey).");
        let err = "remote: Invalid username or token.\nfatal: Authentication failed for 'https://h/x/'\n";
        assert_eq!(
            words(err),
            "Invalid username or token.; Authentication failed for 'https://h/x/'"
        );
        assert_eq!(words(""), "git gave no reason");
    }

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

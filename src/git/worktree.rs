//! The working tree: what in it is not committed, and where its source is published.

use std::path::Path;

use super::error::GitError;
use super::repository::GitRepository;
use crate::domain::{CommitSha, clean_line};

impl GitRepository {
    /// What differs from the last commit: changed, new and removed files, by their paths. What git ignores does not
    /// count.
    pub fn uncommitted(&self) -> Result<Vec<String>, GitError> {
        self.with(|git| {
            let mut options = git2::StatusOptions::new();
            options.include_untracked(true).include_ignored(false);
            let statuses = git
                .statuses(Some(&mut options))
                .map_err(GitError::library("compare the working tree"))?;
            Ok(statuses
                .iter()
                .map(|entry| clean_line(&String::from_utf8_lossy(entry.path_bytes())))
                .collect())
        })
    }

    /// The commit that is checked out, and the text that the file at `path` has in it; none where it has none.
    pub fn committed_text(&self, path: &Path) -> Result<Option<(CommitSha, String)>, GitError> {
        let root = self.root().canonicalize();
        let path = path.canonicalize();
        let (Ok(root), Ok(path)) = (root, path) else {
            return Ok(None);
        };
        let Ok(inner) = path.strip_prefix(root) else {
            return Ok(None);
        };
        self.with(|git| {
            let read = GitError::library("read the commit that is checked out");
            let commit = git.head().and_then(|head| head.peel_to_commit()).map_err(read)?;
            let found = commit.tree().and_then(|tree| tree.get_path(inner));
            let blob = match found.and_then(|entry| entry.to_object(git)) {
                Ok(object) => object.into_blob().ok(),
                Err(error) if error.code() == git2::ErrorCode::NotFound => None,
                Err(error) => return Err(GitError::library("read a file of it")(error)),
            };
            let text = blob.and_then(|blob| String::from_utf8(blob.content().to_vec()).ok());
            Ok(text.and_then(|text| Some((commit.id().to_string().parse().ok()?, text))))
        })
    }

    /// The address of whoever commits here, as git has it; none where nothing says it.
    pub fn identity(&self) -> Option<String> {
        let email = self.with(|git| {
            let signature = git.signature().map_err(GitError::library("read the identity"))?;
            Ok(clean_line(&String::from_utf8_lossy(signature.email_bytes())))
        });
        email.ok().filter(|email| !email.is_empty())
    }

    /// The address of a remote as people open it, without credentials; none if it has no such address.
    pub fn source_of(&self, remote: &str) -> Result<Option<String>, GitError> {
        self.with(|git| {
            let found = git
                .find_remote(remote)
                .map_err(|_| GitError::NoRemote(clean_line(remote)))?;
            Ok(source(&String::from_utf8_lossy(found.url_bytes())))
        })
    }

    /// The address of a remote, the same however it is written, and without credentials; none if there is no such remote.
    pub fn address_of(&self, remote: &str) -> Option<String> {
        self.with(|git| {
            let found = git
                .find_remote(remote)
                .map_err(|_| GitError::NoRemote(clean_line(remote)))?;
            Ok(same_address(&String::from_utf8_lossy(found.url_bytes())))
        })
        .ok()
    }
}

/// One text for all forms of an address: `git@example.com:team/app.git` is `https://example.com/team/app`, and the case of
/// the host does not matter. The path of a folder stays as it is.
pub fn same_address(address: &str) -> String {
    let Some(page) = source(address) else {
        let path = address.strip_prefix("file://").unwrap_or(address);
        return clean_line(path.trim_end_matches('/').trim_end_matches(".git"));
    };
    let rest = page.strip_prefix("https://").unwrap_or(&page);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    format!("https://{}/{path}", host.to_ascii_lowercase())
}

/// An address as it was written, with its scheme and its port, and without a password.
pub fn shown_address(address: &str) -> String {
    let shown = match address.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
            // The user of ssh is part of the address; the one of HTTP may be a token.
            let user = user
                .split(':')
                .next()
                .filter(|user| scheme == "ssh" && !user.is_empty());
            let user = user.map_or_else(String::new, |user| format!("{user}@"));
            format!("{scheme}://{user}{host}/{path}")
        }
        None => address.to_owned(),
    };
    clean_line(&shown)
}

/// `git@example.com:team/app.git` and `ssh://git@example.com/team/app.git` as `https://example.com/team/app`.
fn source(address: &str) -> Option<String> {
    let (host, path) = if let Some((scheme, rest)) = address.split_once("://") {
        if !matches!(scheme, "https" | "http" | "ssh" | "git") {
            return None;
        }
        let (authority, path) = rest.split_once('/')?;
        let host = authority.rsplit('@').next()?;
        // The port of ssh is not the one of the pages.
        let host = if matches!(scheme, "ssh" | "git") {
            host.split(':').next()?
        } else {
            host
        };
        (host, path)
    } else {
        // git's short form of ssh: a colon before any slash.
        let (authority, path) = address.split_once(':')?;
        if authority.contains('/') {
            return None;
        }
        (authority.rsplit('@').next()?, path)
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (!host.is_empty() && !path.is_empty()).then(|| clean_line(&format!("https://{host}/{path}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_an_address_are_the_same_one() {
        for address in [
            "git@example.com:team/app.git",
            "ssh://git@Example.com/team/app",
            "https://me:secret@example.com/team/app/",
        ] {
            assert_eq!(same_address(address), "https://example.com/team/app", "{address}");
        }
        for address in ["/srv/git/app.git", "/srv/git/app/", "file:///srv/git/app.git"] {
            assert_eq!(same_address(address), "/srv/git/app", "{address}");
        }
    }

    #[test]
    fn a_shown_address_keeps_scheme_and_port_and_loses_every_password() {
        for (address, shown) in [
            (
                "http://git.example.com/team/app.git",
                "http://git.example.com/team/app.git",
            ),
            (
                "https://token@example.com:8443/app",
                "https://example.com:8443/app",
            ),
            ("https://me:secret@example.com/app", "https://example.com/app"),
            (
                "ssh://git:secret@example.com:2222/app.git",
                "ssh://git@example.com:2222/app.git",
            ),
            ("git@example.com:team/app.git", "git@example.com:team/app.git"),
            ("/srv/git/app.git", "/srv/git/app.git"),
            ("file:///srv/git/app.git", "file:///srv/git/app.git"),
        ] {
            assert_eq!(shown_address(address), shown);
        }
    }

    #[test]
    fn addresses_become_pages_without_credentials() {
        for (address, page) in [
            (
                "git@example.com:team/app.git",
                Some("https://example.com/team/app"),
            ),
            (
                "ssh://git@example.com:2222/team/app.git",
                Some("https://example.com/team/app"),
            ),
            (
                "https://me:secret@example.com/team/app.git",
                Some("https://example.com/team/app"),
            ),
            (
                "https://example.com:8443/team/app/",
                Some("https://example.com:8443/team/app"),
            ),
            ("/srv/git/app.git", None),
            ("./a:b", None),
            ("file:///srv/git/app.git", None),
        ] {
            assert_eq!(source(address).as_deref(), page, "{address}");
        }
    }
}

//! A commit, as people look at it.

use jiff::Timestamp;

use super::error::GitError;
use crate::domain::{Clean, CommitSha, clean_line, clean_text};

/// One commit; its texts are harmless to a terminal, whatever was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub sha: CommitSha,
    /// How many parents it has; two or more for a merge.
    pub parents: usize,
    /// Who wrote it.
    pub author: Clean,
    /// When it was committed, by the committer's clock.
    pub time: Timestamp,
    /// The committer's offset from UTC, in minutes.
    pub offset: i32,
    /// The first line of the message.
    pub subject: Clean,
}

impl Commit {
    pub(super) fn of(commit: &git2::Commit<'_>) -> Result<Self, GitError> {
        let sha = name(commit.id())?;
        let time = commit.time();
        Ok(Self {
            time: Timestamp::from_second(time.seconds()).unwrap_or(Timestamp::UNIX_EPOCH),
            offset: time.offset_minutes(),
            parents: commit.parent_count(),
            author: Clean::line(&decoded(commit, commit.author().name_bytes())),
            subject: Clean::line(&decoded(commit, commit.summary_bytes().unwrap_or_default())),
            sha,
        })
    }

    /// The addresses of who wrote a commit: its author, and those whom its message names as co-authors, as GitHub reads them.
    pub(super) fn addresses(commit: &git2::Commit<'_>) -> Vec<String> {
        let author = decoded(commit, commit.author().email_bytes());
        let message = Self::message(commit);
        let co_authors = message.lines().filter_map(|line| {
            let (key, who) = line.trim().split_once(':')?;
            let (_, address) = who.split_once('<')?;
            let (address, _) = address.split_once('>')?;
            key.eq_ignore_ascii_case("co-authored-by").then_some(address)
        });
        let all = std::iter::once(author.as_str()).chain(co_authors);
        all.map(|address| clean_line(address.trim())).collect()
    }

    /// The whole message of a commit, harmless.
    pub(super) fn message(commit: &git2::Commit<'_>) -> String {
        clean_text(&decoded(commit, commit.message_bytes()))
    }
}

/// The text of a commit in the encoding that it names. Latin-1 is read, by its bytes; git writes UTF-8 unless told
/// otherwise, and a text in neither keeps what can be read of it.
fn decoded(commit: &git2::Commit<'_>, bytes: &[u8]) -> String {
    const LATIN: [&str; 5] = ["iso-8859-1", "iso8859-1", "latin1", "latin-1", "iso-8859-15"];
    let encoding = commit.message_encoding().ok().flatten().unwrap_or_default();
    let is_latin = LATIN.iter().any(|name| encoding.eq_ignore_ascii_case(name));
    // Whoever names Latin-1 and writes UTF-8 is believed by what was written.
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if is_latin => bytes.iter().copied().map(char::from).collect(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// libgit2's name of an object as ours.
pub(super) fn name(id: git2::Oid) -> Result<CommitSha, GitError> {
    id.to_string()
        .parse()
        .map_err(|error: crate::domain::CommitShaError| GitError::Library {
            action: "name a commit",
            why: error.to_string(),
        })
}

//! One generated file: what its first lines say, whether somebody has edited it, and how it is written.

use std::io::{self, Write as _};
use std::path::Path;

use crate::cli::failure::Failure;
use crate::domain::Digest;
use crate::git;

/// What stands before the checksum in the first lines.
const CHECKSUM: &str = "# checksum: ";

/// A file as this version writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GeneratedFile {
    /// Its path in the repository, with `/`.
    pub path: String,
    text: String,
}

/// How a file stands to what is there. Differences are in unified form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing is there.
    New,
    /// The same is there.
    Same,
    /// What an earlier version or other settings wrote is there, and is replaced.
    Changed(String),
    /// It was edited, and is kept.
    Edited(String),
    /// It was edited, and is replaced because that was asked for.
    Replaced(String),
}

impl Outcome {
    /// Whether the file is written.
    pub(super) const fn writes(&self) -> bool {
        matches!(self, Self::New | Self::Changed(_) | Self::Replaced(_))
    }
}

impl GeneratedFile {
    /// The file at `path` with `body` below the first lines.
    pub(super) fn new(path: String, body: &str) -> Self {
        let body = &format!("{}\n", body.trim_end());
        let text = format!(
            "# Written by `windlass init --github` from windlass.toml. Run it again after a change there: it keeps a file \
             that was edited.\n{CHECKSUM}{}\n{body}",
            checksum(body)
        );
        Self { path, text }
    }

    /// The whole text.
    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Compares it with what is in the repository at `root`.
    pub(super) fn compare(&self, root: &Path, force: bool) -> Result<Outcome, Failure> {
        let there = match std::fs::read_to_string(root.join(&self.path)) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Outcome::New),
            Err(error) => {
                return Err(Failure::usage(
                    format!("could not read {}: {error}", self.path),
                    "move it away, then run the command again",
                ));
            }
        };
        if there == self.text {
            return Ok(Outcome::Same);
        }
        let difference = git::unified_diff(below(&there), below(&self.text), &self.path)?;
        Ok(if is_untouched(&there) {
            Outcome::Changed(difference)
        } else if force {
            Outcome::Replaced(difference)
        } else {
            Outcome::Edited(difference)
        })
    }

    /// Writes it whole or not at all.
    pub(super) fn write(&self, root: &Path) -> Result<(), Failure> {
        let path = root.join(&self.path);
        let folder = path.parent().unwrap_or(root);
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(self.text.as_bytes())?;
        readable_by_all(file.as_file())?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// As a checkout would have it: temporary files are for their owner alone.
fn readable_by_all(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

/// The first half of the SHA-256 of what stands below the first lines.
fn checksum(body: &str) -> String {
    let digest = Digest::of(body.as_bytes());
    digest.hex().chars().take(32).collect()
}

/// The checksum that a file says it has, and what stands below that.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once('\n')?;
    let (line, body) = rest.split_once('\n')?;
    Some((line.strip_prefix(CHECKSUM)?, body))
}

/// What stands below the first lines; of a file without them all of it.
fn below(text: &str) -> &str {
    parts(text).map_or(text, |(_, body)| body)
}

/// Whether it is as some version of windlass wrote it.
fn is_untouched(text: &str) -> bool {
    parts(text).is_some_and(|(said, body)| said == checksum(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(body: &str) -> GeneratedFile {
        GeneratedFile::new("a/b.yml".to_owned(), body)
    }

    #[test]
    fn a_file_that_nobody_edited_is_brought_up_to_date_and_shown() {
        let root = tempfile::tempdir().unwrap();
        let first = file("name: first\n");
        assert_eq!(first.compare(root.path(), false).unwrap(), Outcome::New);
        first.write(root.path()).unwrap();
        assert_eq!(first.compare(root.path(), false).unwrap(), Outcome::Same);
        let Outcome::Changed(difference) = file("name: second\n").compare(root.path(), false).unwrap() else {
            panic!("it was not edited");
        };
        assert!(
            difference.contains("-name: first\n+name: second\n"),
            "{difference}"
        );
    }

    #[test]
    fn a_file_that_somebody_edited_is_kept_unless_it_is_to_be_replaced() {
        let root = tempfile::tempdir().unwrap();
        let first = file("name: first\n");
        first.write(root.path()).unwrap();
        let path = root.path().join("a/b.yml");
        std::fs::write(&path, first.text().replace("first", "mine")).unwrap();
        let second = file("name: second\n");
        let kept = second.compare(root.path(), false).unwrap();
        assert!(
            matches!(&kept, Outcome::Edited(difference) if difference.contains("-name: mine")),
            "{kept:?}"
        );
        assert!(!kept.writes());
        assert!(matches!(
            second.compare(root.path(), true).unwrap(),
            Outcome::Replaced(_)
        ));
        // Neither is one that was never ours.
        std::fs::write(&path, "name: theirs\n").unwrap();
        assert!(matches!(
            second.compare(root.path(), false).unwrap(),
            Outcome::Edited(_)
        ));
    }
}

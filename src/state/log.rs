//! The log of the program itself: what it noticed and could go on without. One file and the one before it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::private;

const NAME: &str = "windlass.log";
/// A log larger than this becomes the one before it, in bytes.
const MAX_LOG_SIZE: u64 = 2 * 1024 * 1024;

/// Opens the log in the state folder for appending; one that has grown too large is kept as `windlass.log.1`.
///
/// # Errors
/// When the folder or the file cannot be created.
pub fn open_log(folder: &Path) -> io::Result<File> {
    private::create_folder(folder)?;
    let path = folder.join(NAME);
    if path
        .symlink_metadata()
        .is_ok_and(|found| found.len() > MAX_LOG_SIZE)
    {
        std::fs::rename(&path, previous(folder))?;
    }
    private::append(&path)
}

fn previous(folder: &Path) -> PathBuf {
    folder.join(format!("{NAME}.1"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_log_goes_on_where_it_was_until_it_is_too_large() {
        let folder = tempfile::tempdir().unwrap();
        for line in ["one\n", "two\n"] {
            open_log(folder.path())
                .unwrap()
                .write_all(line.as_bytes())
                .unwrap();
        }
        let path = folder.path().join(NAME);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(MAX_LOG_SIZE + 1)
            .unwrap();
        open_log(folder.path()).unwrap().write_all(b"three\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "three\n");
        assert_eq!(
            previous(folder.path()).metadata().unwrap().len(),
            MAX_LOG_SIZE + 1
        );
    }
}

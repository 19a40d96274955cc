//! Files of mode 0600 in folders of mode 0700, opened without following a symbolic link in their last component.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// Makes the folder at `path` and those above it that are missing, for this user alone. One that is there already loses
/// the rights of others.
///
/// # Errors
/// When that is not possible, or a symbolic link or a file is in its place.
pub fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)?;
    let found = path.symlink_metadata()?;
    if !found.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            "it is a symbolic link, which someone else may have created",
        ));
    }
    if found.mode() & 0o077 != 0 && found.uid() == rustix::process::geteuid().as_raw() {
        std::fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))?;
    }
    Ok(())
}

/// Opens a file that must not be there yet.
///
/// # Errors
/// When it is there, or cannot be made.
pub fn create_new(path: &Path) -> io::Result<File> {
    options().create_new(true).append(true).open(path)
}

/// Opens a file to add to it, made if it is missing.
///
/// # Errors
/// When it is a symbolic link, or cannot be opened.
pub(super) fn append(path: &Path) -> io::Result<File> {
    options().create(true).append(true).open(path)
}

/// Opens a file to be locked: read and written, made if it is missing.
///
/// # Errors
/// When it is a symbolic link, or cannot be opened.
pub fn open_locked(path: &Path) -> io::Result<File> {
    options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
}

/// Puts a file with these bytes at `path`, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Temporary files have the mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// The bytes of a file, at most `limit` of them; none if it is not there.
///
/// # Errors
/// When it is a symbolic link, is larger, or cannot be read.
pub fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match options().read(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {limit} bytes"),
        ));
    }
    Ok(Some(bytes))
}

/// Removes the files of `folder` that nobody has written to for so long.
pub fn sweep(folder: &Path, age: Duration) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let written = entry.metadata().and_then(|entry| entry.modified());
        if written.is_ok_and(|time| time.elapsed().is_ok_and(|found| found > age)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .mode(FILE_MODE)
        .custom_flags(i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default());
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    #[test]
    fn folders_and_files_are_for_their_user_alone() {
        let world = tempfile::tempdir().unwrap();
        let folder = world.path().join("a/b");
        create_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&world.path().join("a")), 0o700);
        create_new(&folder.join("new")).unwrap();
        open_locked(&folder.join("lock")).unwrap();
        replace(&folder.join("whole"), b"x").unwrap();
        for file in ["new", "lock", "whole"] {
            assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
        }
        assert_eq!(
            read(&folder.join("whole"), 1).unwrap().as_deref(),
            Some(&b"x"[..])
        );
        assert!(read(&folder.join("none"), 1).unwrap().is_none());
        assert!(read(&folder.join("whole"), 0).is_err());
    }

    #[test]
    fn what_an_earlier_version_left_open_to_others_is_closed() {
        let world = tempfile::tempdir().unwrap();
        let folder = world.path().join("runs");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        create_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn a_symbolic_link_is_not_followed() {
        let world = tempfile::tempdir().unwrap();
        let (target, link) = (world.path().join("target"), world.path().join("link"));
        std::fs::write(&target, "mine").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        for opened in [
            open_locked(&link).map(drop),
            read(&link, 9).map(drop),
            create_new(&link).map(drop),
        ] {
            assert!(opened.is_err());
        }
        std::os::unix::fs::symlink(world.path(), world.path().join("folder")).unwrap();
        assert!(create_folder(&world.path().join("folder")).is_err());
        replace(&link, b"other").unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
    }

    #[test]
    fn only_what_is_old_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        let week = Duration::from_hours(7 * 24);
        let week_ago = std::time::SystemTime::now() - week - Duration::from_mins(1);
        File::create(&old).unwrap().set_modified(week_ago).unwrap();
        File::create(&new).unwrap();
        sweep(folder.path(), week);
        assert!(!old.exists() && new.exists());
    }
}

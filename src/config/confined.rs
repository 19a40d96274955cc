//! Whether a path stays in a folder.

use std::path::{Component, Path, PathBuf};

/// Whether `path` is `root` or below it: as it is written, and, as far as it exists, with its symbolic links followed.
pub(super) fn is_below(path: &Path, root: &Path) -> bool {
    let (Some(path), Some(root)) = (normal(path), normal(root)) else {
        return false;
    };
    if !path.starts_with(&root) {
        return false;
    }
    let Ok(root) = root.canonicalize() else {
        // Nothing is there yet that could lead elsewhere.
        return true;
    };
    // Of a path that does not exist, the folder that does decides: whoever makes the rest makes it there.
    let existing = path.ancestors().find(|path| path.symlink_metadata().is_ok());
    existing.is_none_or(|existing| existing.canonicalize().is_ok_and(|real| real.starts_with(&root)))
}

/// The absolute path without `.` and `..`; none if `..` leads above the root.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for component in absolute(path)?.components() {
        match component {
            Component::ParentDir if !normal.pop() => return None,
            Component::CurDir | Component::ParentDir => {}
            other => normal.push(other),
        }
    }
    Some(normal)
}

/// The empty path is the current folder, as `Path::parent` gives it.
fn absolute(path: &Path) -> Option<PathBuf> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    std::path::absolute(path).ok()
}

/// The folder that the paths of a configuration in `folder` stay below: the nearest one that holds a `.git`, else `folder`.
pub(super) fn root_of(folder: &Path) -> PathBuf {
    let folder = absolute(folder).unwrap_or_else(|| folder.to_owned());
    let found = folder
        .ancestors()
        .find(|folder| folder.join(".git").symlink_metadata().is_ok());
    found.unwrap_or(&folder).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_its_root_as_written_and_through_its_links() {
        let world = tempfile::tempdir().unwrap();
        let root = world.path().join("root");
        std::fs::create_dir_all(root.join("keys")).unwrap();
        std::fs::write(world.path().join("outside"), "").unwrap();
        std::os::unix::fs::symlink("../outside", root.join("link")).unwrap();
        std::os::unix::fs::symlink("keys", root.join("inner")).unwrap();
        std::os::unix::fs::symlink("../missing", root.join("dangling")).unwrap();
        for inside in [
            "keys",
            "keys/none.pub",
            "keys/../keys/a",
            ".",
            "inner/a",
            "none/at/all",
        ] {
            assert!(is_below(&root.join(inside), &root), "{inside}");
        }
        for outside in [
            "..",
            "../outside",
            "keys/../../outside",
            "/etc/passwd",
            "link",
            "dangling",
        ] {
            assert!(!is_below(&root.join(outside), &root), "{outside}");
        }
    }
}

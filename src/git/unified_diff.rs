//! The difference of two texts, as `git diff` shows it.

use super::error::GitError;

/// The difference from `old` to `new`, two states of the file at `path`, in unified form; empty where there is none.
pub fn unified_diff(old: &str, new: &str, path: &str) -> Result<String, GitError> {
    let fail = GitError::library("compare two texts");
    let file = std::path::Path::new(path);
    let mut difference =
        git2::Patch::from_buffers(old.as_bytes(), Some(file), new.as_bytes(), Some(file), None)
            .map_err(&fail)?;
    let text = difference.to_buf().map_err(&fail)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

//! What tells projects and their services apart.

use std::fmt;

use super::{Digest, ServiceName};

/// The identity of a project: the address of its git remote and the folder of its windlass.toml. Two clones of one
/// repository are one project; two repositories with a service of the same name are two.
///
/// It is safe as the name of a folder, and short enough to be read: `payments-3f9c2b71`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct ProjectId(String);

impl ProjectId {
    /// The identity of the project at `address`, whose windlass.toml is in `folder` below the root of the repository; an
    /// empty text is the root itself.
    pub fn new(address: &str, folder: &str) -> Self {
        let last = |text: &str| text.trim_end_matches('/').rsplit('/').next().map(str::to_owned);
        let name = if folder.is_empty() {
            last(address)
        } else {
            last(folder)
        };
        let name: String = name
            .unwrap_or_default()
            .trim_end_matches(".git")
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .take(MAX_NAME)
            .collect();
        let hash = Digest::of(format!("{address}\n{folder}").as_bytes());
        let hash: String = hash.hex().chars().take(HASH_LENGTH).collect();
        Self(
            format!("{}-{hash}", name.to_ascii_lowercase())
                .trim_start_matches('-')
                .to_owned(),
        )
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters of the readable part.
const MAX_NAME: usize = 40;
/// Hexadecimal digits of the part that tells projects of one name apart.
const HASH_LENGTH: usize = 8;

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The identity of a service among all projects.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct ServiceId {
    /// The project.
    pub project: ProjectId,
    /// The service, by its name in that project.
    pub service: ServiceName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_begins_with_the_name_of_the_repository_and_is_safe_as_a_folder() {
        let id = ProjectId::new("https://example.com/team/Pay Ments.git", "");
        assert!(id.as_str().starts_with("payments-"), "{id}");
        let id = ProjectId::new("/../../", "");
        assert!(id.as_str().bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
    }

    #[test]
    fn repositories_of_one_name_and_folders_of_one_repository_are_told_apart() {
        let id = ProjectId::new;
        assert_ne!(
            id("https://one.example/app", ""),
            id("https://two.example/app", "")
        );
        assert_ne!(
            id("https://one.example/app", "api"),
            id("https://one.example/app", "web")
        );
        assert_eq!(
            id("https://one.example/app", "api"),
            id("https://one.example/app", "api")
        );
    }
}

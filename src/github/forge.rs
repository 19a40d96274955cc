//! Which program answers at the address of the API: Gitea has GitHub's paths for most of what is asked, and is not asked
//! for what it lacks.

use super::error::GitHubError;
use crate::domain::ApiAddress;

/// Which program answers at the address of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forge {
    /// github.com, or GitHub Enterprise Server.
    GitHub,
    /// Gitea: <https://docs.gitea.com/api/1.26/>.
    Gitea,
}

impl Forge {
    /// By the path of the API: `/api/v1` is Gitea's, `/api/v3` that of GitHub Enterprise Server.
    pub(super) fn from_api(api: &ApiAddress) -> Self {
        if api.url().path().trim_end_matches('/').ends_with("/api/v1") {
            Self::Gitea
        } else {
            Self::GitHub
        }
    }

    /// What it lacks of what is used of GitHub, and what follows; none where it lacks nothing.
    pub const fn lacks(self) -> Option<&'static str> {
        match self {
            Self::GitHub => None,
            Self::Gitea => Some(
                "Gitea has no environments, check runs or rulesets: no run waits for an approval, checks are commit \
                 statuses, and logs are complete when their job ends",
            ),
        }
    }

    /// The parameter for the size of a page.
    pub(super) const fn page_size(self) -> &'static str {
        match self {
            Self::GitHub => "per_page=100",
            // More is not given, unless its settings allow it.
            Self::Gitea => "limit=50",
        }
    }

    /// An error where it is Gitea, which has no `what`.
    pub(super) fn requires_github(self, what: &str) -> Result<(), GitHubError> {
        match self {
            Self::GitHub => Ok(()),
            Self::Gitea => Err(GitHubError::Lacking(what.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gitea_is_known_by_the_path_of_its_api() {
        let forge = |api: &str| Forge::from_api(&api.parse().unwrap());
        assert_eq!(forge("https://git.example.com/api/v1/"), Forge::Gitea);
        assert_eq!(forge("https://example.com/gitea/api/v1"), Forge::Gitea);
        assert_eq!(forge("https://api.github.com"), Forge::GitHub);
        assert_eq!(forge("https://ghe.example.com/api/v3"), Forge::GitHub);
    }
}

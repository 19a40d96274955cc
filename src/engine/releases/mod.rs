//! Open releases and hotfixes: where each stands, what is deployed of it, and what it still owes.

mod debts;
mod facts;
mod survey;

use serde::Serialize;

pub use survey::Depth;

use self::facts::Facts;
use self::survey::{Gaps, Survey};
use super::Engine;
use super::error::EngineError;
use crate::domain::{Environment, Release};
use crate::git::GitError;
use crate::project::Service;

/// All releases and hotfixes that somebody should know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Releases {
    /// They, the highest version first.
    pub list: Vec<Release>,
    /// How many older ones, each with its tag, were not looked at.
    pub older: usize,
    /// Why this is what was last fetched, where the remote could not be asked.
    pub stale: Option<String>,
}

impl Releases {
    /// Whether anything is owed now.
    pub fn has_debt(&self) -> bool {
        self.list
            .iter()
            .any(|release| release.open_debts().next().is_some())
    }
}

impl Engine {
    /// The releases and hotfixes of `service`, with their debts. Asks the remote, the production registry for its tags, each
    /// environment for what is deployed there, and the entrance for the image of each unfinished head.
    pub async fn releases(&self, service: &Service, depth: Depth) -> Result<Releases, EngineError> {
        let upstream = self.upstream_or_last_for(service).await?;
        let stale = upstream.stale.clone();
        let settings = self.config().git.for_service(service.name());
        let look = |gaps: Gaps| {
            let (upstream, settings, depth) = (upstream.clone(), settings.clone(), depth.clone());
            self.git(move |repository| Survey::of(repository, &upstream, &settings, &depth, &gaps))
        };
        let looking = async {
            match look(Gaps::Fetch).await {
                Err(EngineError::Git(GitError::Partial { why, .. })) => look(Gaps::Accept(why)).await,
                other => other,
            }
        };
        let (survey, facts) = tokio::join!(looking, Facts::of(self, service));
        let survey = survey?;
        let older = survey.older;
        let mut list = debts::releases(self, service, survey, &facts).await;
        list.sort_by(|a, b| (&b.version, &b.branch).cmp(&(&a.version, &a.branch)));
        Ok(Releases { list, older, stale })
    }

    /// The environment that releases are for: the last protected one of the graph, or the last of all.
    pub fn production(&self) -> &Environment {
        self.config().graph.production()
    }
}

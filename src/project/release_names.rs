//! Which release a commit belongs to, by the branches in the repository.

use std::collections::HashMap;

use crate::config::Config;
use crate::domain::BranchTemplate;
use crate::git::GitRepository;

/// The releases by the short name of their commit: by the release branches that the template reads back: `v1.4.0`, or the branch where its name has no version; both the
/// commit in its name and the one that it is at, which has its fixes, belong to it. Of several versions of a commit the
/// highest counts. A hotfix counts where no release has the commit: one that was only begun has none of its own.
pub fn release_names(config: &Config, repository: &GitRepository) -> HashMap<String, String> {
    let branches = repository.branches(&config.git.remote).unwrap_or_default();
    let of = |template: &BranchTemplate| {
        let mut found: Vec<_> = branches
            .iter()
            .filter_map(|(name, head)| {
                let values = template.parse_back(name)?;
                let release = values
                    .version
                    .as_ref()
                    .map_or_else(|| name.clone(), |version| values.padding.name(version));
                let commits = values.short.into_iter().chain([head.short().to_owned()]);
                Some(commits.map(move |short| (values.version.clone(), short, release.clone())))
            })
            .flatten()
            .collect();
        found.sort();
        found.into_iter().map(|(_, short, release)| (short, release))
    };
    let mut all: HashMap<_, _> = of(&config.git.release_branch).collect();
    for (short, hotfix) in of(&config.git.hotfix_branch) {
        all.entry(short).or_insert(hotfix);
    }
    all
}

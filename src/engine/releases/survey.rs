//! What git alone tells of releases: where each began, what was made on it, and where that has arrived.

use std::collections::HashMap;

use crate::config::GitSettings;
use crate::domain::{Clean, CommitSha, ReleaseKind, clean_line};
use crate::engine::upstream::{Line, Upstream};
use crate::git::{Fix, GitError, GitRepository, Reach, TagAt};

use super::Depth;

/// Tagged releases that are looked at besides those without a tag.
const RECENT: usize = 20;
/// Commits of one branch that are told apart.
const OWN: usize = 1_000;

/// Releases and hotfixes, as git knows them.
pub(super) struct Survey {
    pub(super) lines: Vec<Surveyed>,
    /// How many older ones were left out.
    pub(super) older: usize,
}

/// One release or hotfix.
pub(super) struct Surveyed {
    pub(super) line: Line,
    pub(super) subject: Clean,
    /// The commit that the branch began at.
    pub(super) origin: Option<CommitSha>,
    /// The commits that were made on it, newest first.
    pub(super) own: Vec<CommitSha>,
    pub(super) trouble: Option<String>,
    /// Its tag at the remote.
    pub(super) tag: Option<TagAt>,
    /// What `main` has of it; none where there is no such branch.
    pub(super) main: Option<Reach>,
    /// What `develop` has of it; none where there is no such branch, or it is `main`.
    pub(super) develop: Option<Reach>,
    /// What other open releases have of it, by their place in the survey.
    pub(super) others: Vec<(usize, Reach)>,
}

impl Surveyed {
    /// Whether it has come to its end, by git alone.
    fn is_finished(&self) -> bool {
        let in_main = self.main.as_ref().is_none_or(Reach::is_there);
        in_main && (self.tag.is_some() || self.line.values.version.is_none())
    }

    /// Whether its commits are owed to the open release `other`: those of a hotfix to every one, those of a release to
    /// the ones after it.
    fn owes(&self, other: &Self) -> bool {
        let is_open_release = other.line.kind == ReleaseKind::Release && !other.is_finished();
        let comes_after = match (
            self.line.kind,
            &self.line.values.version,
            &other.line.values.version,
        ) {
            (ReleaseKind::Hotfix, ..) => true,
            (ReleaseKind::Release, Some(version), Some(other)) => version < other,
            (ReleaseKind::Release, ..) => false,
        };
        self.line.branch != other.line.branch && is_open_release && comes_after && !self.own.is_empty()
    }
}

impl Survey {
    /// Looks at the releases of the remote.
    pub(super) fn of(
        repository: &GitRepository,
        upstream: &Upstream,
        settings: &GitSettings,
        depth: &Depth,
    ) -> Result<Self, GitError> {
        let (lines, older) = chosen(upstream, settings, depth);
        let develop = upstream.branch(&settings.develop);
        let main = upstream.branch(&settings.main);
        let mut surveyed = Vec::with_capacity(lines.len());
        for line in lines {
            surveyed.push(one(repository, upstream, line, develop.or(main))?);
        }
        let whole: Vec<_> = surveyed.iter().map(Surveyed::whole).collect();
        if let Some(main) = main {
            let reached = repository.reach(&whole, main)?;
            for (one, reach) in surveyed.iter_mut().zip(reached) {
                one.main = Some(reach);
            }
        }
        if let Some(develop) = develop.filter(|_| settings.develop != settings.main) {
            let own: Vec<_> = surveyed.iter().map(Surveyed::fix).collect();
            let reached = repository.reach(&own, develop)?;
            for (one, reach) in surveyed.iter_mut().zip(reached) {
                one.develop = Some(reach);
            }
        }
        reach_others(repository, &mut surveyed)?;
        Ok(Self {
            lines: surveyed,
            older,
        })
    }
}

impl Surveyed {
    /// What was made on it.
    fn fix(&self) -> Fix {
        Fix {
            head: self.line.head.clone(),
            base: self.origin.clone(),
        }
    }

    /// What `main` must have of it: all of a release; of a hotfix what was made on it, because what it began at is the
    /// debt of the release that brought it.
    fn whole(&self) -> Fix {
        match self.line.kind {
            ReleaseKind::Hotfix => self.fix(),
            ReleaseKind::Release => Fix {
                head: self.line.head.clone(),
                base: None,
            },
        }
    }
}

/// Those that are looked at, and how many are not: all without a tag, and the newest of the others.
fn chosen(upstream: &Upstream, settings: &GitSettings, depth: &Depth) -> (Vec<Line>, usize) {
    let all = upstream.lines(settings);
    let is_tagged = |line: &Line| tag_of(upstream, line).is_some();
    let (mut tagged, mut chosen): (Vec<_>, Vec<_>) = all.into_iter().partition(is_tagged);
    let older = match depth {
        Depth::All => 0,
        Depth::Recent => tagged.len().saturating_sub(RECENT),
        Depth::One(branch) => {
            tagged.retain(|line| line.branch == *branch);
            0
        }
    };
    chosen.extend(tagged.split_off(older));
    (chosen, older)
}

fn tag_of<'a>(upstream: &'a Upstream, line: &Line) -> Option<&'a TagAt> {
    let version = line.values.version.as_ref()?;
    let tags = &upstream.view.tags;
    tags.get(&format!("v{version}"))
        .or_else(|| tags.get(&version.to_string()))
}

fn one(
    repository: &GitRepository,
    upstream: &Upstream,
    line: Line,
    develop: Option<&CommitSha>,
) -> Result<Surveyed, GitError> {
    let subject = repository.commit(line.head.as_str())?.subject;
    let (origin, trouble) = origin(repository, &line, develop)?;
    let own = match &origin {
        Some(origin) => made_on(repository, origin, &line.head)?,
        None => Vec::new(),
    };
    Ok(Surveyed {
        tag: tag_of(upstream, &line).cloned(),
        line,
        subject,
        origin,
        own,
        trouble,
        main: None,
        develop: None,
        others: Vec::new(),
    })
}

/// The commits that were made on a branch: not those that were merged into it, as a hotfix is.
fn made_on(
    repository: &GitRepository,
    origin: &CommitSha,
    head: &CommitSha,
) -> Result<Vec<CommitSha>, GitError> {
    if let Some(made) = repository.made_since(origin, head)? {
        return Ok(made);
    }
    let (changes, _) = repository.changes(origin, head, OWN)?;
    Ok(changes.into_iter().map(|change| change.commit.sha).collect())
}

/// Where a branch began: at the commit in its name, or else where it left develop; and what is wrong with its name.
pub(in crate::engine) fn origin(
    repository: &GitRepository,
    line: &Line,
    develop: Option<&CommitSha>,
) -> Result<(Option<CommitSha>, Option<String>), GitError> {
    let fork = |trouble| {
        let fork = develop
            .map(|develop| repository.fork(&line.head, develop))
            .transpose()?;
        Ok((fork.flatten(), trouble))
    };
    let Some(short) = &line.values.short else {
        return fork(None);
    };
    let named = match repository.commit(short) {
        Ok(named) => named.sha,
        Err(error) => {
            return fork(Some(clean_line(&format!("it is called after {short}: {error}"))));
        }
    };
    if repository.contains(&line.head, &named)? {
        Ok((Some(named), None))
    } else {
        fork(Some(format!(
            "it is called after {short}, which is not in its past"
        )))
    }
}

/// What each open release has of the fixes of the others. Each release is asked once, for all that is owed to it.
fn reach_others(repository: &GitRepository, surveyed: &mut [Surveyed]) -> Result<(), GitError> {
    let mut found: HashMap<usize, Vec<(usize, Reach)>> = HashMap::new();
    for (at, other) in surveyed.iter().enumerate() {
        let owing: Vec<_> = (0..surveyed.len())
            .filter(|index| surveyed[*index].owes(other))
            .collect();
        if owing.is_empty() {
            continue;
        }
        let fixes: Vec<_> = owing.iter().map(|index| surveyed[*index].fix()).collect();
        let reached = repository.reach(&fixes, &other.line.head)?;
        for (index, reach) in owing.into_iter().zip(reached) {
            found.entry(index).or_default().push((at, reach));
        }
    }
    for (index, others) in found {
        surveyed[index].others = others;
    }
    Ok(())
}

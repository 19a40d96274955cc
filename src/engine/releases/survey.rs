//! What git alone tells of releases: where each began, what was made on it, and where that has arrived.

use crate::config::GitSettings;
use crate::domain::{BranchName, Clean, CommitSha, ReleaseKind, clean_line};
use crate::engine::remote_state::{Line, Upstream};
use crate::git::{Fix, GitError, GitRepository, Question, Reach, TagAt};

/// How far back releases are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Depth {
    /// Those without a tag, and some of the newest of the others.
    Recent,
    /// Every one.
    All,
    /// This one, and the open ones that it may owe something to.
    One(BranchName),
}

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

/// What is done about an object that a partial clone left out.
#[derive(Debug, Clone)]
pub(super) enum Gaps {
    /// It is an error, so that it can be fetched.
    Fetch,
    /// It could not be fetched, for a reason that may be known: the releases that it concerns are unknown, as with an object
    /// that is lost.
    Accept(Option<String>),
}

impl Gaps {
    /// Why a release cannot be read, with the command that helps where the clone is partial.
    fn explain(&self, error: GitError) -> String {
        let error = match self {
            Self::Accept(Some(why)) => error.not_fetched(why.clone()),
            _ => error,
        };
        let hint = match &error {
            GitError::Partial { .. } => error.hint(),
            _ => None,
        };
        let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
        clean_line(&format!("{error}{hint}"))
    }
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
    /// Why nothing else is known of it, where its history cannot be read.
    pub(super) unknown: Option<String>,
    /// Its tag at the remote.
    pub(super) tag: Option<TagAt>,
    /// What that tag is called, or would be.
    pub(super) tag_name: Option<String>,
    /// What `main` has of it; none where there is no such branch.
    pub(super) main: Option<InMain>,
    /// What `develop` has of it; none where there is no such branch, or it is `main`.
    pub(super) develop: Option<Reach>,
    /// What other open releases have of it, by their place in the survey.
    pub(super) others: Vec<(usize, Reach)>,
}

impl Surveyed {
    /// Whether it has come to its end, by git alone.
    fn is_finished(&self) -> bool {
        if self.unknown.is_some() {
            return false;
        }
        let in_main = self.main.as_ref().is_none_or(InMain::is_there);
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
        gaps: &Gaps,
    ) -> Result<Self, GitError> {
        let (lines, older) = chosen(upstream, settings, depth);
        let (develop, main) = (
            upstream.branch(&settings.develop),
            upstream.branch(&settings.main),
        );
        let ask = |lines: Vec<Line>| -> Result<Vec<Surveyed>, GitError> {
            let mut lines = begun(repository, upstream, settings, lines, develop.or(main))?;
            arrived(
                repository,
                &mut lines,
                main,
                develop.filter(|_| settings.develop != settings.main),
            )?;
            reach_others(repository, &mut lines)?;
            Ok(lines)
        };
        let error = match ask(lines.clone()) {
            Ok(lines) => return Ok(Self { lines, older }),
            Err(error) => error,
        };
        // What a partial clone left out may still be fetched.
        if error.missing_object().is_some() && matches!(gaps, Gaps::Fetch) {
            return Err(error);
        }
        // One that cannot be read leaves the others as they are.
        let (mut good, mut bad) = readable(lines, |_, part| ask(part.to_vec()).map(drop));
        let mut asked = ask(good.clone());
        if asked.is_err() {
            // Two that are readable alone may still not compare with each other.
            let (compared, not_compared) = readable(good, |good, part| ask([good, part].concat()).map(drop));
            bad.extend(not_compared);
            good = compared;
            asked = ask(good.clone());
        }
        if good.is_empty() {
            return Err(error);
        }
        let mut lines = asked?;
        lines.extend(
            bad.into_iter()
                .map(|(line, why)| Surveyed::unreadable(upstream, line, gaps.explain(why))),
        );
        Ok(Self { lines, older })
    }
}

/// Those that can be read, as `read` says of some of them beside those that are known to be readable, and the others with
/// the reason. Halves are tried, so that one among many costs little more than reading all of them.
fn readable(
    lines: Vec<Line>,
    read: impl Fn(&[Line], &[Line]) -> Result<(), GitError>,
) -> (Vec<Line>, Vec<(Line, GitError)>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let mut waiting = vec![lines];
    while let Some(mut part) = waiting.pop() {
        match read(&good, &part) {
            Ok(()) => good.extend(part),
            Err(_) if part.len() > 1 => {
                let second = part.split_off(part.len() / 2);
                waiting.extend([second, part]);
            }
            Err(why) => bad.extend(part.pop().map(|line| (line, why))),
        }
    }
    (good, bad)
}

/// What main and develop have of each, asked together.
fn arrived(
    repository: &GitRepository,
    lines: &mut [Surveyed],
    main: Option<&CommitSha>,
    develop: Option<&CommitSha>,
) -> Result<(), GitError> {
    let fixes: Vec<_> = lines.iter().map(Surveyed::fix).collect();
    let questions: Vec<_> = [main, develop]
        .into_iter()
        .flatten()
        .map(|into| Question {
            fixes: fixes.clone(),
            into: into.clone(),
        })
        .collect();
    let mut answers = repository.reach_each(&questions)?.into_iter();
    if let (Some(main), Some(reached)) = (main, main.and_then(|_| answers.next())) {
        let began: Vec<_> = lines.iter().map(Surveyed::began_at).collect();
        let began_there = repository.within(&began, main)?;
        for ((one, reach), began_there) in lines.iter_mut().zip(reached).zip(began_there) {
            one.main = Some(one.in_main(reach, began_there));
        }
    }
    if let Some(reached) = answers.next() {
        for (one, reach) in lines.iter_mut().zip(reached) {
            one.develop = Some(reach);
        }
    }
    Ok(())
}

impl Surveyed {
    /// One whose history cannot be read.
    fn unreadable(upstream: &Upstream, line: Line, why: String) -> Self {
        Self {
            subject: Clean::line(""),
            tag: tag_of(upstream, &line).cloned(),
            tag_name: line
                .values
                .version
                .as_ref()
                .map(|version| upstream.released.name_of(version)),
            origin: None,
            own: Vec::new(),
            trouble: None,
            unknown: Some(why),
            main: None,
            develop: None,
            others: Vec::new(),
            line,
        }
    }

    /// What was made on it.
    fn fix(&self) -> Fix {
        Fix {
            head: self.line.head.clone(),
            base: self.origin.clone(),
        }
    }

    fn began_at(&self) -> CommitSha {
        self.origin.clone().unwrap_or_else(|| self.line.head.clone())
    }

    /// What `main` has of it, by what it has of its fixes. A release must be there from where it began; what a hotfix began
    /// at is the debt of the release that brought it.
    fn in_main(&self, fixes: Reach, began_there: bool) -> InMain {
        let has_all = matches!(
            fixes,
            Reach::Ancestor | Reach::SameContent(_) | Reach::Reverted { .. }
        );
        let needs_all = self.line.kind == ReleaseKind::Release && !has_all;
        if needs_all && !began_there {
            InMain::NotMerged
        } else {
            InMain::Fixes(fixes)
        }
    }
}

/// What `main` has of a release or a hotfix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InMain {
    /// So much of what was made on it.
    Fixes(Reach),
    /// Not even what it began at.
    NotMerged,
}

impl InMain {
    const fn is_there(&self) -> bool {
        matches!(self, Self::Fixes(reach) if reach.is_there())
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
    let found = upstream.released.find(line.values.version.as_ref()?)?;
    // A tag that is only here has yet to be pushed.
    (!found.is_only_here).then_some(&found.at)
}

/// Each of them with where it began. Those whose name does not tell are asked together.
fn begun(
    repository: &GitRepository,
    upstream: &Upstream,
    settings: &GitSettings,
    lines: Vec<Line>,
    trunk: Option<&CommitSha>,
) -> Result<Vec<Surveyed>, GitError> {
    let mut named = Vec::with_capacity(lines.len());
    for line in &lines {
        named.push(named_origin(repository, line)?);
    }
    let unnamed = lines.iter().zip(&named).filter(|(_, named)| named.0.is_none());
    let heads: Vec<_> = unnamed.map(|(line, _)| line.head.clone()).collect();
    let mut forks = match trunk {
        Some(trunk) => repository.origins(&heads, trunk)?.into_iter(),
        None => Vec::new().into_iter(),
    };
    let mut found = Vec::with_capacity(lines.len());
    for (line, (origin, trouble)) in lines.into_iter().zip(named) {
        let mut origin = origin.or_else(|| forks.next().flatten());
        if line.kind == ReleaseKind::Hotfix && origin.as_ref() == Some(&line.head) {
            origin = after_release(repository, upstream, settings, &line)?.or(origin);
        }
        let own = match &origin {
            Some(origin) if *origin != line.head => made_on(repository, origin, &line.head)?,
            _ => Vec::new(),
        };
        found.push(Surveyed {
            subject: repository.commit(line.head.as_str())?.subject,
            tag: tag_of(upstream, &line).cloned(),
            tag_name: line
                .values
                .version
                .as_ref()
                .map(|version| upstream.released.name_of(version)),
            line,
            origin,
            own,
            trouble,
            unknown: None,
            main: None,
            develop: None,
            others: Vec::new(),
        });
    }
    Ok(found)
}

/// Where a hotfix left the release before it. Where develop was moved on to a hotfix, without a merge, the two have one line,
/// and that tells nothing; without such a release that is known here, nothing does.
fn after_release(
    repository: &GitRepository,
    upstream: &Upstream,
    settings: &GitSettings,
    hotfix: &Line,
) -> Result<Option<CommitSha>, GitError> {
    let tags = upstream.released.tags().iter();
    let tags = tags.map(|tag| (tag.version.clone(), &tag.at.commit));
    let lines = upstream.lines(settings);
    let heads = lines
        .iter()
        .filter_map(|line| Some((line.values.version.clone()?, &line.head)));
    let before = tags
        .chain(heads)
        .filter(|(version, _)| Some(version) < hotfix.values.version.as_ref())
        .max_by(|(one, _), (other, _)| one.cmp(other));
    match before {
        // A tag may be on a commit that was never fetched.
        Some((_, before)) if repository.commit(before.as_str()).is_ok() => {
            let origins = repository.origins(std::slice::from_ref(&hotfix.head), before)?;
            Ok(origins.into_iter().flatten().next())
        }
        _ => Ok(None),
    }
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

/// The commit that a branch is called after, or what is wrong with its name.
fn named_origin(
    repository: &GitRepository,
    line: &Line,
) -> Result<(Option<CommitSha>, Option<String>), GitError> {
    let Some(short) = &line.values.short else {
        return Ok((None, None));
    };
    let named = match repository.commit(short) {
        Ok(named) => named.sha,
        Err(error) => {
            let trouble = clean_line(&format!("it is named after {short}: {error}"));
            return Ok((None, Some(trouble)));
        }
    };
    if repository.contains(&line.head, &named)? {
        Ok((Some(named), None))
    } else {
        let trouble = format!("it is named after {short}, which is not an ancestor of it");
        Ok((None, Some(trouble)))
    }
}

/// What each open release has of the fixes of the others. Each release is asked once, for all that is owed to it.
fn reach_others(repository: &GitRepository, surveyed: &mut [Surveyed]) -> Result<(), GitError> {
    let mut owing = Vec::new();
    let mut questions = Vec::new();
    for (at, other) in surveyed.iter().enumerate() {
        let debtors: Vec<_> = (0..surveyed.len())
            .filter(|index| surveyed[*index].owes(other))
            .collect();
        if !debtors.is_empty() {
            questions.push(Question {
                fixes: debtors.iter().map(|index| surveyed[*index].fix()).collect(),
                into: other.line.head.clone(),
            });
            owing.push((at, debtors));
        }
    }
    let answers = repository.reach_each(&questions)?;
    for ((at, debtors), reached) in owing.into_iter().zip(answers) {
        for (index, reach) in debtors.into_iter().zip(reached) {
            surveyed[index].others.push((at, reach));
        }
    }
    Ok(())
}

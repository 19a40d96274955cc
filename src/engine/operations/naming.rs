//! What a release branch is called: as it was begun, as it is given, or by the version that follows from what was
//! released before and what was committed since.

use jiff::Timestamp;
use semver::Version;

use crate::config::GitSettings;
use crate::domain::{CommitSha, Padding, ReleaseKind, TicketPattern, Values, propose_next};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::gates;
use crate::engine::notes::{self, Since};
use crate::engine::released::Released;
use crate::engine::remote_state::{Line, Upstream};
use crate::git::Change;
use crate::project::Service;

/// What a person may say of a cut; the rest is proposed.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::engine) struct Given<'a> {
    pub(in crate::engine) version: Option<&'a str>,
    pub(in crate::engine) sprint: Option<&'a str>,
}

/// What a release branch is called.
pub(in crate::engine) struct Naming {
    /// What fills the template.
    pub(in crate::engine) values: Values,
    /// Why that.
    pub(in crate::engine) why: String,
    /// What was committed since the last release. It decides nothing: a history that cannot be read is the gates' to tell.
    pub(in crate::engine) brings: Option<String>,
}

/// The release that comes before a cut.
struct Base {
    version: Version,
    name: String,
    commit: CommitSha,
}

/// What was committed since the last release.
struct SinceLast {
    last: Option<(Version, String)>,
    /// All of it; of the first release, the newest.
    changes: Vec<Change>,
    all: usize,
}

impl SinceLast {
    fn words(&self, tickets: &TicketPattern) -> String {
        let from = self.last.as_ref().map(|(_, name)| name.clone());
        Since::of(&self.changes, self.all, from, tickets).words()
    }
}

pub(in crate::engine) fn parse_version(text: &str) -> Result<(Version, Padding), EngineError> {
    let bare = text.strip_prefix('v').unwrap_or(text);
    Padding::read(bare).ok_or_else(|| EngineError::NoVersion {
        text: crate::domain::clean_line(text),
        why: Version::parse(bare).map_or_else(|error| error.to_string(), |_| String::new()),
    })
}

/// The day in UTC, wherever the clock of this machine stands.
pub(in crate::engine) fn today() -> String {
    Timestamp::now().strftime("%Y-%m-%d").to_string()
}

/// How the release branch at `commit` is called. A commit that has its release branch already keeps that name unless
/// another one is given: the cut was begun before.
pub(in crate::engine) async fn naming(
    engine: &Engine,
    service: &Service,
    upstream: &Upstream,
    commit: &CommitSha,
    given: Given<'_>,
) -> Result<Naming, EngineError> {
    let git = engine.config().git.for_service(service.name());
    let released = &*upstream.released;
    let local = engine.git(gates::local).await?;
    let lines = gates::lines(upstream, &local, &git);
    let version = given.version.map(parse_version).transpose()?;
    let mut values = Values {
        short: Some(commit.short().to_owned()),
        date: Some(today()),
        sprint: given.sprint.map(str::to_owned),
        padding: version
            .as_ref()
            .map_or(released.padding(), |(_, padding)| *padding),
        version: version.map(|(version, _)| version),
        service: Some(service.name().to_string()),
        ..Values::default()
    };
    let begun = lines.iter().find(|line| is_begun(line, commit));
    let asks = values.version.is_none() && values.sprint.is_none();
    if let Some(begun) = begun.filter(|_| asks) {
        let others = lines.iter().filter(|line| line.branch != begun.branch);
        let base = base(released, others, begun.values.version.as_ref());
        let since = since(engine, released, base, commit).await;
        let named = git.release_branch.parse_back(begun.branch.as_str());
        return Ok(Naming {
            values: named.unwrap_or(values),
            why: format!("{} was started before", begun.branch),
            brings: since.ok().map(|since| since.words(&git.tickets)),
        });
    }
    let since = since(engine, released, base(released, lines.iter(), None), commit).await;
    let mut why = "as given".to_owned();
    let brings = if git.release_branch.has_version() && values.version.is_none() {
        let since = since?;
        let last = since.last.as_ref().map(|(version, _)| version);
        if let Some(tag) = released.unreadable_after(last) {
            return Err(EngineError::NoProposal {
                tag: crate::domain::clean_line(tag),
            });
        }
        let (version, because) = propose(&git, released, &lines, &since);
        (values.version, why) = (Some(version), because);
        Some(since.words(&git.tickets))
    } else {
        since.ok().map(|since| since.words(&git.tickets))
    };
    if git.release_branch.has_sprint() && values.sprint.is_none() {
        let (sprint, because) = next_sprint(&lines);
        (values.sprint, why) = (Some(sprint), because);
    }
    Ok(Naming { values, why, brings })
}

/// Whether a release branch is that of `commit`. It may have got fixes since.
fn is_begun(line: &Line, commit: &CommitSha) -> bool {
    let is_of_it = line.head == *commit || line.values.short.as_deref() == Some(commit.short());
    // A long-lived branch may be where it is for any reason.
    line.kind == ReleaseKind::Release && is_of_it && !line.values.series.is_known()
}

/// The highest release below `below`, tagged or still a branch; a pre-release is the base of its own version only.
fn base<'a>(
    released: &Released,
    lines: impl Iterator<Item = &'a Line>,
    below: Option<&Version>,
) -> Option<Base> {
    let is_below = |version: &Version| version.pre.is_empty() && below.is_none_or(|below| version < below);
    let tagged = released
        .tags()
        .iter()
        .filter(|tag| is_below(&tag.version))
        .map(|tag| Base {
            version: tag.version.clone(),
            name: tag.name.clone(),
            commit: tag.at.commit.clone(),
        });
    let open = lines.filter_map(|line| {
        let version = line.values.version.clone().filter(is_below)?;
        // The next version of a long-lived branch is not begun as long as nobody has tagged it.
        let counts = line.kind == ReleaseKind::Release
            && !line.values.series.is_known()
            && released.find(&version).is_none();
        counts.then(|| Base {
            name: released.name_of(&version),
            version,
            commit: line.head.clone(),
        })
    });
    tagged.chain(open).max_by(|a, b| a.version.cmp(&b.version))
}

/// What was committed since `base`: all that it does not have in its past, so that of a release on a branch of its own
/// everything counts since that branch left.
async fn since(
    engine: &Engine,
    released: &Released,
    base: Option<Base>,
    commit: &CommitSha,
) -> Result<SinceLast, EngineError> {
    let from = match &base {
        Some(base) => match released.find(&base.version) {
            Some(tag) => Some(engine.commit_of_release(tag).await?),
            None => Some(base.commit.clone()),
        },
        None => None,
    };
    let until = commit.clone();
    let reading = engine.git(move |repository| match &from {
        Some(from) => repository.changes(from, &until, usize::MAX),
        None => repository.all_changes(&until, notes::MOST),
    });
    let (changes, all) = reading.await?;
    Ok(SinceLast {
        last: base.map(|base| (base.version, base.name)),
        changes,
        all,
    })
}

/// The next version, above everything that was released, and free.
fn propose(git: &GitSettings, released: &Released, lines: &[Line], since: &SinceLast) -> (Version, String) {
    let last = since.last.as_ref().map(|(version, _)| version);
    let messages = since.changes.iter().map(|change| change.message.as_str());
    let proposal = propose_next(last, messages);
    let (mut version, mut why) = (proposal.version, proposal.why);
    if let Some((plain, name)) = since
        .last
        .as_ref()
        .map(|(last, name)| (format!("v{last}"), name.clone()))
    {
        why = why.replace(&plain, &name);
    }
    // A pre-release says which version comes next.
    let before = released.tags().iter().find(|tag| !tag.version.pre.is_empty());
    if let Some(before) = before {
        let own = Version::new(before.version.major, before.version.minor, before.version.patch);
        if own > version && last.is_none_or(|last| own > *last) {
            (version, why) = (own, format!("the release of {}", before.name));
        }
    }
    // A long-lived branch carries the beginning of its version only: a patch of the last one has a branch already.
    if git.release_branch.has_series()
        && let Some(last) = last
        && (version.major, version.minor) == (last.major, last.minor)
    {
        version = Version::new(last.major, last.minor.saturating_add(1), 0);
    }
    let is_taken = |version: &Version| {
        released.find(version).is_some()
            || lines
                .iter()
                .any(|line| line.values.version.as_ref() == Some(version))
    };
    while is_taken(&version) && version.patch < u64::MAX {
        version.patch += 1;
    }
    (version, why)
}

fn next_sprint(lines: &[Line]) -> (String, String) {
    let releases = lines.iter().filter(|line| line.kind == ReleaseKind::Release);
    let last = releases
        .filter_map(|line| line.values.sprint.as_ref()?.parse::<u64>().ok())
        .max();
    match last {
        Some(last) => (last.saturating_add(1).to_string(), format!("after sprint {last}")),
        None => ("1".to_owned(), "the first sprint".to_owned()),
    }
}

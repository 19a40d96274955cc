//! The parts of a comparison, each read for itself: what was committed, and what is in an image.

use std::path::Path;

use jiff::Timestamp;

use super::side::{Found, no_image};
use crate::domain::{
    Changelog, Clean, CommitSha, Committed, Exceptions, FileDifference, FileDifferenceKind, FilesDiff,
    GateRecord, PackageList, Part, ScanPolicy, Side, TicketPattern, Unknown,
};
use crate::engine::Engine;
use crate::git::{Change, FileChangeKind, Files, GitError, GitRepository};
use crate::project::Service;
use crate::scan;

/// How many files are kept by name.
const FILES: usize = 1_000;

/// What git tells of two sides.
#[derive(Default)]
pub(super) struct Past {
    pub(super) changes: Option<Changelog>,
    pub(super) taken_back: Option<Changelog>,
    pub(super) elsewhere: usize,
    pub(super) files: Option<FilesDiff>,
    pub(super) unknown: Vec<Unknown>,
}

impl Past {
    /// That nothing is known of it.
    fn unknown(side: Option<&Side>, why: &str) -> Self {
        let missing = |part| Unknown {
            part,
            side: side.map(|side| side.name.clone()),
            why: Clean::line(why),
        };
        Self {
            unknown: vec![missing(Part::Commits), missing(Part::Files)],
            ..Self::default()
        }
    }
}

/// What is known of what is in an image, or why it is not.
pub(super) struct Contents {
    packages: Result<PackageList, Clean>,
    findings: Result<GateRecord, Clean>,
}

impl Contents {
    pub(super) fn packages(&self) -> Result<&PackageList, Clean> {
        self.packages.as_ref().map_err(Clone::clone)
    }

    pub(super) fn findings(&self) -> Result<&GateRecord, Clean> {
        self.findings.as_ref().map_err(Clone::clone)
    }
}

impl Engine {
    /// What was committed between two sides, in the folder of the service.
    pub(super) async fn lineage(&self, service: &Service, from: &Side, to: &Side) -> Past {
        let (old, new) = match (&from.commit, &to.commit) {
            (Some(old), Some(new)) => (old.clone(), new.clone()),
            (None, _) => {
                return Past::unknown(Some(from), "its image does not name the commit it was built from");
            }
            (_, None) => {
                return Past::unknown(Some(to), "its image does not name the commit it was built from");
            }
        };
        for side in [from, to] {
            if side.subject.is_none() {
                let commit = side.commit.as_ref().map_or("", CommitSha::short);
                let why = format!("commit {commit} is not in this repository; try `git fetch`");
                return Past::unknown(Some(side), &why);
            }
        }
        let folder = self
            .config()
            .service(service.name())
            .map(|service| service.path.clone());
        let tickets = self.config().git.tickets.clone();
        let reading = self.git(move |repository| read(repository, &old, &new, folder.as_deref(), &tickets));
        reading
            .await
            .unwrap_or_else(|error| Past::unknown(None, &error.brief()))
    }

    /// What is in the image of a side, by what is attached to it.
    pub(super) async fn contents(&self, found: &Found) -> Contents {
        let known = match found.image() {
            Ok(known) => known,
            Err(why) => {
                return Contents {
                    packages: Err(why.clone()),
                    findings: Err(why),
                };
            }
        };
        let digest = &known.facts.digest;
        let platforms = known.summary.platforms.iter();
        let platforms: Vec<_> = platforms.map(|(platform, _)| platform.clone()).collect();
        let (listed, evidence) = tokio::join!(
            scan::sbom_packages(&known.reader, digest, &platforms),
            self.attached(&known.reader, digest, &known.summary, None),
        );
        let reported = evidence.as_ref().ok().and_then(scan::report_packages);
        let packages = match (listed, reported) {
            (Ok(Some(list)), _) | (Ok(None) | Err(_), Some(list)) => Ok(list),
            (Ok(None), None) => Err(Clean::line(
                "no SBOM and no scan report with packages is attached",
            )),
            (Err(error), None) => Err(Clean::line(&error.to_string())),
        };
        let findings = match evidence {
            Ok(evidence) if evidence.reports.is_empty() => Err(Clean::line("no scan report is attached")),
            // What was not examined may have any finding: to call it the same or fixed would be a guess.
            Ok(evidence) if !evidence.gaps().is_empty() => Err(Clean::line(&evidence.gaps().join(", "))),
            Ok(evidence) => {
                let environment = &self.config().graph.entrance().name;
                let now = Timestamp::now();
                let judgement = ScanPolicy::default().judge(&evidence, &Exceptions::none(environment), now);
                Ok(GateRecord::of(&judgement, &evidence, environment, now))
            }
            Err(error) => Err(Clean::line(&error.brief())),
        };
        Contents { packages, findings }
    }
}

impl Found {
    /// The image of the side, or why there is none.
    pub(super) fn image(&self) -> Result<&super::side::Known, Clean> {
        match &self.image {
            Some(Ok(known)) => Ok(known),
            Some(Err(why)) => Err(why.clone()),
            None => Err(no_image(&self.side)),
        }
    }
}

fn read(
    repository: &GitRepository,
    from: &CommitSha,
    to: &CommitSha,
    folder: Option<&Path>,
    tickets: &TicketPattern,
) -> Result<Past, GitError> {
    // The whole repository needs no looking into each commit.
    let folder = folder.filter(|folder| !matches!(folder.to_str(), Some("" | "." | "./")));
    let mut elsewhere = 0;
    let mut log = |from, to| -> Result<Changelog, GitError> {
        let (changes, _) = repository.changes(from, to, usize::MAX)?;
        let (here, left_out) = within(repository, changes, folder)?;
        elsewhere += left_out;
        Ok(Changelog::of(here.iter().map(committed), tickets))
    };
    let (changes, back) = (log(from, to)?, log(to, from)?);
    let folders: Vec<String> = folder
        .and_then(Path::to_str)
        .map(str::to_owned)
        .into_iter()
        .collect();
    let files = repository.files(from, to, &folders)?;
    Ok(Past {
        changes: Some(changes),
        taken_back: Some(back).filter(|back| !back.is_empty()),
        elsewhere,
        files: Some(files_diff(files)),
        unknown: Vec::new(),
    })
}

/// The changes that touch the folder of the service, and how many do not.
fn within(
    repository: &GitRepository,
    changes: Vec<Change>,
    folder: Option<&Path>,
) -> Result<(Vec<Change>, usize), GitError> {
    let Some(folder) = folder else {
        return Ok((changes, 0));
    };
    let names: Vec<_> = changes.iter().map(|change| change.commit.sha.clone()).collect();
    let touching = repository.touching(&names, folder)?;
    let all = changes.len();
    let here: Vec<_> = changes
        .into_iter()
        .zip(touching)
        .filter_map(|(change, touches)| touches.then_some(change))
        .collect();
    let elsewhere = all - here.len();
    Ok((here, elsewhere))
}

fn committed(change: &Change) -> Committed<'_> {
    Committed {
        commit: &change.commit.sha,
        is_merge: change.commit.parents > 1,
        message: &change.message,
    }
}

fn files_diff(files: Files) -> FilesDiff {
    let all = files.changes.into_iter().map(|file| FileDifference {
        path: Clean::line(&file.path),
        kind: match file.kind {
            FileChangeKind::Added => FileDifferenceKind::Added,
            FileChangeKind::Removed => FileDifferenceKind::Removed,
            FileChangeKind::Renamed => FileDifferenceKind::Renamed,
            FileChangeKind::Changed
            | FileChangeKind::Mode
            | FileChangeKind::Type
            | FileChangeKind::Submodule => FileDifferenceKind::Changed,
        },
        added: file.added,
        removed: file.removed,
    });
    FilesDiff::of(all.collect(), files.is_counted, FILES)
}

//! What a copy came to: a line for each image, the sum for a list, or JSON.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde::Serialize;

use super::list::Pair;
use super::progress::Progress;
use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::domain::{Digest, Exit, bytes, count};
use crate::registry::RegistryError;
use crate::registry::copy::{BlobState, CopyOutcome, CopyPlan};

/// A copy that was planned, and carried out unless it was a dry run.
pub(super) struct Copied {
    pub(super) plan: CopyPlan,
    pub(super) outcome: Option<CopyOutcome>,
    /// Why the record of it could not be left.
    pub(super) unrecorded: Option<String>,
}

impl Copied {
    /// Whether the destination did not have it as it is now.
    pub(super) fn is_new(&self) -> bool {
        self.missing() > 0 || self.plan.tag.as_ref().is_some_and(|tag| !tag.present)
    }

    /// How many manifests the destination did not have.
    fn missing(&self) -> usize {
        let manifests = self.plan.manifests.iter();
        manifests.filter(|manifest| !manifest.present).count()
    }

    /// What came of it, for the journal.
    pub(super) fn words(&self) -> String {
        let bytes = bytes(self.outcome.as_ref().map_or(0, |outcome| outcome.bytes));
        format!("{}, {bytes} copied", self.plan.root)
    }
}

/// Gathers the copies of a command.
pub(super) struct Report {
    json: bool,
    dry_run: bool,
    copies: Vec<Entry>,
    requests: Figure,
    bytes: Figure,
    done: usize,
    /// How often each kind of failure came.
    failed: BTreeMap<&'static str, usize>,
    worst: Option<Failure>,
}

impl Report {
    pub(super) fn new(json: bool, dry_run: bool) -> Self {
        Self {
            json,
            dry_run,
            copies: Vec::new(),
            requests: Figure {
                expected: 0,
                actual: 0,
            },
            bytes: Figure {
                expected: 0,
                actual: 0,
            },
            done: 0,
            failed: BTreeMap::new(),
            worst: None,
        }
    }

    /// One more, done or failed.
    pub(super) fn add(
        &mut self,
        pair: &Pair,
        result: Result<Copied, RegistryError>,
        progress: &Progress,
        io: &mut Output,
    ) -> Result<(), Failure> {
        for note in progress.notes() {
            writeln!(io.err, "! {note}")?;
        }
        let copied = match result {
            Ok(copied) => copied,
            Err(error) => {
                *self.failed.entry(kind(&error)).or_default() += 1;
                let moves = matches!(error, RegistryError::TagTaken { .. });
                let mut failure = Failure::from(error);
                if moves {
                    failure.hint = Some("find out who pushed that tag; --force moves it".to_owned());
                }
                progress.aside(|| {
                    writeln!(
                        io.err,
                        "✗ {} was not copied to {}",
                        pair.source,
                        pair.destination()
                    )
                })?;
                match &self.worst {
                    // One broken host fails many images: its own words are said once, at the end.
                    Some(first) if first.report.to_string() == failure.report.to_string() => {}
                    Some(_) => progress.aside(|| writeln!(io.err, "  {}", failure.report))?,
                    None => self.worst = Some(failure),
                }
                return Ok(());
            }
        };
        self.done += 1;
        progress.image_done();
        if let Some(why) = &copied.unrecorded {
            progress.aside(|| writeln!(io.err, "! {why}"))?;
        }
        let (plan, outcome) = (&copied.plan, copied.outcome.unwrap_or_default());
        self.requests
            .add(plan.asked + plan.requests, plan.asked + outcome.requests);
        self.bytes.add(plan.bytes, outcome.bytes);
        if self.json {
            self.copies.push(Entry::new(pair, copied));
        } else {
            progress.aside(|| lines(pair, &copied, self.dry_run, io))?;
        }
        Ok(())
    }

    /// The sum, with what was expected beside what it took. The first failure ends the command.
    pub(super) fn end(self, io: &mut Output) -> Result<Exit, Failure> {
        if self.json {
            io.document(&Document {
                copies: self.copies,
                failed: self.failed.values().sum(),
                requests: self.requests,
                bytes: self.bytes,
            })?;
        } else if !self.dry_run && self.done > 0 {
            let Figure { expected, actual } = self.requests;
            writeln!(
                io.out,
                "  {} ({expected} expected), {} copied ({} expected)",
                requests(actual),
                bytes(self.bytes.actual),
                bytes(self.bytes.expected),
            )?;
        }
        let failed: usize = self.failed.values().sum();
        let Some(mut worst) = self.worst else {
            return Ok(Exit::Done);
        };
        if failed + self.done > 1 {
            let kinds = self
                .failed
                .iter()
                .map(|(kind, number)| format!("{number} {kind}"));
            writeln!(
                io.err,
                "✗ {failed} of {} were not copied: {}",
                failed + self.done,
                kinds.collect::<Vec<_>>().join(", ")
            )?;
        }
        // What failed for several reasons, or in part, is not told by the first of them: the rest can be brought.
        if self.failed.len() > 1 {
            worst.exit = Exit::Incomplete;
        }
        Err(worst)
    }
}

/// What an image did not arrive for, in a word or two.
const fn kind(error: &RegistryError) -> &'static str {
    match error {
        RegistryError::Status {
            status: 429 | 503, ..
        } => "busy",
        RegistryError::NotFound { .. } => "not found",
        RegistryError::Unauthorised { .. } | RegistryError::Credentials { .. } => "not authorised",
        RegistryError::TagTaken { .. } => "tag taken",
        RegistryError::Unreachable { .. } | RegistryError::Slow { .. } => "unreachable",
        RegistryError::Broken { .. } | RegistryError::Incomplete { .. } => "incomplete",
        RegistryError::Unlisted { .. } => "referrers not listed",
        RegistryError::Interrupted => "interrupted",
        _ => "failed",
    }
}

/// What was expected, and what it came to.
#[derive(Serialize)]
struct Figure {
    expected: u64,
    actual: u64,
}

impl Figure {
    fn add(&mut self, expected: u64, actual: u64) {
        self.expected += expected;
        self.actual += actual;
    }
}

fn requests(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "request")
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document {
    copies: Vec<Entry>,
    failed: usize,
    requests: Figure,
    bytes: Figure,
}

/// One image that was copied.
#[derive(Serialize)]
struct Entry {
    source: String,
    destination: String,
    digest: Digest,
    plan: CopyPlan,
    outcome: Option<CopyOutcome>,
}

impl Entry {
    fn new(pair: &Pair, copied: Copied) -> Self {
        Self {
            source: pair.source.to_string(),
            destination: pair.destination(),
            digest: copied.plan.root.clone(),
            plan: copied.plan,
            outcome: copied.outcome,
        }
    }
}

fn lines(pair: &Pair, copied: &Copied, dry_run: bool, io: &mut Output) -> Result<(), Failure> {
    let plan = &copied.plan;
    let image = pair.destination();
    if let Some(whole) = &plan.part_of {
        writeln!(
            io.out,
            "! only some platforms of {}: the copy is {}, a different digest",
            whole.short(),
            plan.root.short()
        )?;
    }
    if let Some(replaced) = plan.tag.as_ref().and_then(|tag| tag.replaces.as_ref()) {
        let verb = if dry_run { "would move" } else { "moved" };
        writeln!(io.out, "! {image} {verb} from {}", replaced.short())?;
    }
    let missing = copied.missing();
    if !dry_run {
        let verb = if copied.is_new() { "is" } else { "was already" };
        writeln!(io.out, "✓ {image} {verb} {}, with {}", plan.root, plan.evidence())?;
        return Ok(());
    }
    let there = plan
        .blobs
        .iter()
        .filter(|blob| blob.state == BlobState::Present)
        .count();
    let mounted = plan
        .blobs
        .iter()
        .filter(|blob| blob.mountable && blob.state != BlobState::Present)
        .count();
    writeln!(io.out, "{} → {image}", pair.source)?;
    writeln!(io.out, "  digest     {}", plan.root)?;
    writeln!(
        io.out,
        "  manifests  {missing} to push, {} present; {} among them",
        plan.manifests.len() - missing,
        count(plan.referrers.len(), "referrer")
    )?;
    writeln!(
        io.out,
        "  blobs      {} to upload, {mounted} to mount, {there} present",
        plan.blobs.len() - there - mounted
    )?;
    writeln!(
        io.out,
        "  to copy    {} in about {}",
        bytes(plan.bytes),
        requests(plan.requests)
    )?;
    Ok(())
}

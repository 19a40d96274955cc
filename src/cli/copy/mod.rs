//! `windlass copy`.

mod list;
mod progress;
mod report;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use futures_util::stream::{self, StreamExt as _};
use tokio_util::sync::CancellationToken;

use super::Output;
use super::failure::Failure;
use super::global::Global;
use super::recording::{self, Recording};
use super::{protected, world};
use crate::config::Config;
use crate::domain::operation::{CopiedImage, Copy};
use crate::domain::{
    Exit, ImageReference, PlannedStep, Platform, StepId, StepKind, StepList, StepTarget, Tag, WriteAccess,
};
use crate::engine::{RecordedRun, StepOutcome};
use crate::program::cancel_on_signal;
use crate::registry::copy::{self, CopyOptions, Look, ReferrerChoice};
use crate::registry::{Registries, RegistryError, TagRule};
use list::Pair;
use progress::Progress;
use report::Copied;

/// Images of a list that are under way at once.
const AT_ONCE: usize = 8;

/// Arguments of `copy`.
#[derive(Debug, Args)]
#[command(
    after_help = "The digest is copied unchanged, with its signatures and other referrers; the tag is set last. An \
         interrupted copy resumes when the same command is run again.\n\
         \n\
         Examples:\n  \
         windlass copy registry.example.com/dev/app:sha-2b2e927 mirror.example.com/app\n  \
         windlass copy registry.example.com/dev/app@sha256:… mirror.example.com/app:v1.2.0 --deep\n  \
         windlass copy --list images.txt"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub struct CopyArgs {
    /// The source: host/path:tag or host/path@digest
    #[arg(required_unless_present = "list")]
    pub source: Option<ImageReference>,
    /// The destination: host/path, host/path:tag or host/path@digest [default tag: the source's]
    #[arg(required_unless_present = "list")]
    pub destination: Option<String>,
    /// Copy every `SOURCE DESTINATION` line of a file; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "destination"])]
    pub list: Option<PathBuf>,
    /// Do not copy signatures, reports and other referrers
    #[arg(long)]
    pub no_referrers: bool,
    /// Copy only referrers of this artifact type or layer media type; repeatable
    #[arg(long, value_name = "TYPE", conflicts_with = "no_referrers")]
    pub referrer_type: Vec<String>,
    /// Copy only this platform of an index, as os/architecture[/variant]; the digest changes
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Vec<Platform>,
    /// Verify every blob at the destination, even for manifests already present
    #[arg(long)]
    pub deep: bool,
    /// Copy foreign layers as well, if the source has them
    #[arg(long)]
    pub foreign_layers: bool,
    /// Move a destination tag that points to another digest (`latest` always moves)
    #[arg(short, long)]
    pub force: bool,
    /// Print what would be copied, without copying
    #[arg(long)]
    pub dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// What all copies of one command share.
struct Job {
    config: Option<Config>,
    registries: Registries,
    options: CopyOptions,
    force: bool,
    /// None for a dry run.
    access: Option<WriteAccess>,
    /// The run that is recorded; none for a dry run.
    run: Option<RecordedRun>,
    progress: Progress,
    cancel: CancellationToken,
}

/// Copies one image, or each of a list. All of the list are tried; the first failure decides the exit code.
pub async fn run(args: CopyArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let pairs = match (&args.list, args.source, &args.destination) {
        (Some(path), _, _) => list::read(path)?,
        (None, Some(source), Some(destination)) => vec![Pair::new(source, destination)?],
        _ => Vec::new(),
    };
    let config = world::configuration_if_any(global)?;
    let access = (!args.dry_run)
        .then(|| world::access(global, config.as_ref()))
        .transpose()?;
    for pair in &pairs {
        if let Some(environment) = protected::environment(config.as_ref(), &pair.target) {
            return Err(protected::refusal(
                &pair.target,
                environment,
                "images get there only by `windlass promote`",
                format!("promote it with `windlass promote … --to {environment}`"),
            ));
        }
    }
    let registries = world::registries(config.as_ref())?;
    let (images, steps) = planned(&pairs);
    let ids: Vec<_> = steps.iter().map(|step| step.id).collect();
    let recording = match (access, pairs.first()) {
        (Some(access), Some(first)) => {
            let service = recording::service_of(&first.target)?;
            let plan = recording::plan(Copy { images }, service, None, steps);
            let journals = recording::journals_of_no_project();
            Some(Recording::begin(&journals, &plan, access, config.as_ref())?)
        }
        // A dry run copies nothing, and an empty list neither.
        _ => None,
    };
    let job = Arc::new(Job {
        run: recording.as_ref().map(|recording| recording.run.clone()),
        config,
        registries,
        options: CopyOptions {
            referrers: match args.referrer_type {
                _ if args.no_referrers => ReferrerChoice::None,
                types if types.is_empty() => ReferrerChoice::All,
                types => ReferrerChoice::Types(types),
            },
            platforms: args.platform,
            foreign_layers: args.foreign_layers,
            deep: args.deep,
            tag: None,
            look: if args.dry_run { Look::Exact } else { Look::Quick },
        },
        force: args.force,
        access,
        progress: Progress::new(io.err_is_terminal, io.ascii(), pairs.len()),
        cancel: CancellationToken::new(),
    });
    let handling = cancel_on_signal(&job.cancel);
    let mut copying = stream::iter(pairs.into_iter().zip(ids))
        .map(|(pair, step)| {
            let job = Arc::clone(&job);
            // Tasks, so that several images hash on several cores.
            tokio::spawn(async move {
                let result = job.recorded(&pair, step).await;
                (pair, result)
            })
        })
        .buffered(AT_ONCE);
    let mut report = report::Report::new(args.json, args.dry_run);
    while let Some(done) = copying.next().await {
        let (pair, result) = done.map_err(|error| Failure::from(color_eyre::Report::new(error)))?;
        report.add(&pair, result, &job.progress, io)?;
    }
    drop(handling);
    job.progress.end();
    let ended = report.end(io);
    if let Some(recording) = recording {
        let exit = ended.as_ref().map_or_else(|failure| failure.exit, |exit| *exit);
        let failure = ended.as_ref().err();
        let why = failure.map(|failure| failure.report.to_string());
        let hint = failure.and_then(|failure| failure.hint.clone());
        recording.end(exit, why.as_deref(), hint, io).await?;
    }
    ended
}

/// The copies, and a step for each.
fn planned(pairs: &[Pair]) -> (Vec<CopiedImage>, Vec<PlannedStep>) {
    let mut list = StepList::default();
    let images = pairs.iter().map(|pair| {
        let image = CopiedImage {
            source: pair.source.clone(),
            target: pair.target.clone(),
            tag: pair.tag.clone(),
        };
        let target = match &image.tag {
            Some(tag) => StepTarget::Image(image.target.tagged(tag.clone())),
            None => StepTarget::Repository(image.target.clone()),
        };
        list.add_on(StepKind::Copy, image.words(), target);
        image
    });
    let images = images.collect();
    (images, list.into())
}

impl Job {
    /// Copies, and keeps in the journal what came of it.
    async fn recorded(&self, pair: &Pair, step: StepId) -> Result<Copied, RegistryError> {
        if let Some(run) = &self.run {
            run.step_started(step);
        }
        let mut result = self.copy(pair).await;
        if let Some(run) = &self.run {
            if let Ok(copied) = &mut result {
                copied.unrecorded = self.leave_record(run, step, pair, copied).await;
            }
            let outcome = match &result {
                Ok(copied) => StepOutcome::Done(copied.words()),
                Err(RegistryError::Interrupted) => StepOutcome::Interrupted,
                Err(error) => StepOutcome::Failed(error.to_string()),
            };
            if let Err(error) = run.step_ended(step, outcome) {
                tracing::warn!(%error, "the journal of this copy is not complete");
            }
        }
        result
    }

    /// Leaves with the copy by which run it came, where it is in an environment. Why it could not be left.
    async fn leave_record(
        &self,
        run: &RecordedRun,
        step: StepId,
        pair: &Pair,
        copied: &Copied,
    ) -> Option<String> {
        let access = self.access.filter(|_| copied.is_new())?;
        let writer = self.registries.writer(&pair.target, access);
        let tag = pair
            .tag
            .as_ref()
            .map_or_else(String::new, |tag| format!(" as {tag}"));
        let change = format!("copied from {}{tag}", pair.source);
        let config = self.config.as_ref();
        recording::leave_record(run, step, config, &writer, &copied.plan.root, &change).await
    }

    async fn copy(&self, pair: &Pair) -> Result<Copied, RegistryError> {
        let source = self.registries.reader(&pair.source.repository);
        let target = self.registries.reader(&pair.target);
        let options = CopyOptions {
            tag: pair.tag.clone().map(|tag| (tag.clone(), self.rule(&tag))),
            ..self.options.clone()
        };
        let planning = copy::plan(&source, &target, &pair.source.target, &options);
        let plan = tokio::select! {
            plan = planning => plan?,
            () = self.cancel.cancelled() => return Err(RegistryError::Interrupted),
        };
        if let Some(wanted) = pair.digest.as_ref().filter(|wanted| **wanted != plan.root) {
            return Err(RegistryError::DigestMismatch {
                host: pair.source.repository.host().to_owned(),
                what: format!("{}, expected {wanted}", pair.source),
                found: plan.root.to_string(),
            });
        }
        let outcome = match self.access {
            Some(access) => {
                let writer = self.registries.writer(&pair.target, access);
                self.progress.expect(plan.bytes);
                let tell = |one| self.progress.tell(one);
                Some(copy::run(&plan, &source, &writer, &tell, &self.cancel).await?)
            }
            None => None,
        };
        Ok(Copied {
            plan,
            outcome,
            unrecorded: None,
        })
    }

    fn rule(&self, tag: &Tag) -> TagRule {
        if self.force || tag.as_str() == "latest" {
            TagRule::Mutable
        } else {
            TagRule::Immutable
        }
    }
}

//! `windlass scan`: an image scanned, or its reports read, and judged by the rules of an environment.

mod args;
mod document;
mod print;
mod shown;
mod subject;

use std::io::Write as _;

use jiff::Timestamp;

use self::document::Document;
use self::subject::Subject;
use super::failure::Failure;
use super::global::Global;
use super::recording::{self, Recording};
use super::{Output, operation, password, report, world};
pub use args::ScanArgs;

use crate::domain::operation::AttachScan;
use crate::domain::{
    Digest, EnvironmentName, Exceptions, Exit, Judgement, Plan, ScanEvidence, ScanPolicy, SignatureForms,
    StepId, StepKind, StepList, StepTarget, WriteAccess, count,
};
use crate::engine::{self, Journals, RunId};
use crate::scan::{self, FreshScan};
use crate::sign::Signer;
use shown::Shown;

/// Resolves, scans each platform or reads what is there, attaches, judges, and shows.
pub async fn run(args: ScanArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let subject = Subject::find(&args, global).await?;
    if let Some(world) = &subject.world
        && args.report.is_none()
        && !args.attached
    {
        engine::must_be_trusted(world.engine.config())?;
    }
    if args.dry_run {
        let (plan, _, _) = attachment(&args, &subject)?;
        operation::show_recorded(&plan, args.json, io)?;
        return Ok(Exit::Done);
    }
    let config = subject.config.as_deref();
    let access = args.attach.then(|| world::access(global, config)).transpose()?;
    let found = look(&args, &subject, io).await?;
    let attached = match access {
        Some(access) => record_attach(&args, &subject, &found, access, io).await?,
        None => Vec::new(),
    };
    let now = Timestamp::now();
    let judgement = judge(&subject, &found.evidence, now)?;
    let shown = Shown {
        subject: &subject,
        evidence: &found.evidence,
        judgement: &judgement,
        attached: &attached,
    };
    if args.json {
        io.document(&Document::new(&shown))?;
    } else if args.sarif {
        let uri = subject.image.repository.path();
        let log = report::sarif::log([report::sarif::of_scan(&judgement.findings, uri)]);
        io.json(&serde_json::to_string_pretty(&log)?)?;
    } else {
        print::table(&shown, now, io)?;
    }
    let refused = subject.policy.is_some() && !judgement.verdict.allows();
    Ok(if refused { Exit::Refused } else { Exit::Done })
}

/// What is attached to what, as a plan with its one step, and the journals of such runs.
fn attachment(args: &ScanArgs, subject: &Subject) -> Result<(Plan, StepId, Journals), Failure> {
    let image = subject.image.repository.at(subject.descriptor.digest.clone());
    let mut steps = StepList::default();
    let title = "a scan report of each platform";
    let step = steps.add_on(StepKind::Attach, title, StepTarget::Image(image.clone()));
    let (service, journals) = match &subject.world {
        Some(world) => (world.service.name().clone(), world.engine.journals()),
        None => (
            recording::service_of(&image.repository)?,
            recording::journals_of_no_project(),
        ),
    };
    let signed = args.key.is_some();
    let digest = Some(subject.descriptor.digest.clone());
    let plan = recording::plan(AttachScan { image, signed }, service, digest, steps.into());
    Ok((plan, step, journals))
}

/// Attaches the reports, as a run with a journal.
async fn record_attach(
    args: &ScanArgs,
    subject: &Subject,
    found: &FreshScan,
    access: WriteAccess,
    io: &mut Output,
) -> Result<Vec<Digest>, Failure> {
    let (plan, step, journals) = attachment(args, subject)?;
    let config = subject.config.as_deref();
    let recording = Recording::begin(&journals, &plan, access, config)?;
    recording.run.step_started(step);
    let id = recording.run.id().clone();
    let result = attach(args, subject, found, access, &id, io).await;
    let done = format!("attached {}", count(found.reports.len(), "scan report"));
    if result.is_ok() {
        let writer = subject.registries.writer(&subject.image.repository, access);
        let digest = &subject.descriptor.digest;
        let unrecorded = recording::leave_record(&recording.run, step, config, &writer, digest, &done).await;
        if let Some(why) = unrecorded {
            writeln!(io.err, "! {why}")?;
        }
    }
    recording.end_with(step, &done, result, io).await
}

/// Leaves each report with the image, and says so under the key where one is named; the referrers with the reports.
async fn attach(
    args: &ScanArgs,
    subject: &Subject,
    found: &FreshScan,
    access: WriteAccess,
    run: &RunId,
    io: &Output,
) -> Result<Vec<Digest>, Failure> {
    let signer = match &args.key {
        Some(path) => {
            let key = engine::load_key(path.clone(), password::of_key(io)?).await?;
            Some(Signer::from(key))
        }
        None => None,
    };
    let writer = subject.registries.writer(&subject.image.repository, access);
    let invocation = engine::invocation(run);
    let mut attached = Vec::new();
    for (bytes, context) in &found.reports {
        let image = &subject.descriptor;
        attached.push(
            scan::attach_report(&writer, image, bytes.clone(), context)
                .await?
                .digest,
        );
        if let Some(signer) = &signer {
            scan::attest(
                &writer,
                image,
                bytes,
                context,
                &invocation,
                (signer, SignatureForms::Bundle),
            )
            .await?;
        }
    }
    Ok(attached)
}

/// The evidence: a new scan, the report of a file, or what is attached.
async fn look(args: &ScanArgs, subject: &Subject, io: &mut Output) -> Result<FreshScan, Failure> {
    let digest = &subject.descriptor.digest;
    let reader = subject.registries.reader(&subject.image.repository);
    if args.attached {
        let evidence = match &subject.world {
            Some(world) => {
                let rules = subject.policy.as_ref();
                world
                    .engine
                    .attached(&reader, digest, &subject.summary, rules)
                    .await?
            }
            None => scan::evidence(&reader, digest, &subject.summary).await?,
        };
        return Ok(FreshScan {
            evidence,
            reports: Vec::new(),
        });
    }
    let Some(path) = &args.report else {
        let (repository, images) = (&subject.image.repository, &subject.summary.images);
        return Ok(scan::scan_now(&subject.trivy, repository, digest, images, &|_| ()).await?);
    };
    let (found, says_so) = scan::from_file(digest, &subject.summary, path)?;
    if !says_so {
        let image = &subject.image;
        writeln!(
            io.err,
            "the report does not name a digest; assuming it describes {image}"
        )?;
    }
    Ok(found)
}

/// What the rules make of it; without rules every finding is listed, and nothing is said of the whole.
fn judge(subject: &Subject, evidence: &ScanEvidence, now: Timestamp) -> Result<Judgement, Failure> {
    let (Some(world), Some(environment)) = (&subject.world, &subject.policy) else {
        let nowhere: EnvironmentName = "nowhere"
            .parse()
            .map_err(|error: crate::domain::NameError| Failure::from(color_eyre::eyre::Report::new(error)))?;
        return Ok(ScanPolicy::default().judge(evidence, &Exceptions::none(&nowhere), now));
    };
    Ok(world.engine.judged(&world.service, environment, evidence, now)?)
}

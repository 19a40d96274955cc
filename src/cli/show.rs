//! `windlass show`: all that is known of one candidate, and what each gate says.

use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::board::{Candidate, repository, source};
use super::failure::Failure;
use super::global::Global;
use super::{Output, World, plan, table, words};
use crate::board::{Cell, Details, Facts, ReportDetails};
use crate::domain::{ChangeRecord, CommitSha, Digest, EnvironmentName, Exit, Gate, Tag, bytes};
use crate::engine::EngineError;
use crate::git::Commit;

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass show 2b2e927\n  \
         windlass show release/v1.4.0-sha-2b2e927 --json\n\
         Exits with 1 if something could not be determined; everything else is still printed.")]
pub struct ShowArgs {
    /// A commit, an image tag, a digest or a release branch
    pub candidate: String,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// What the gates of one environment say.
#[derive(Serialize)]
struct EnvironmentGates {
    #[serde(rename = "environment")]
    to: EnvironmentName,
    gates: Vec<Gate>,
    /// Why no plan could be made at all.
    error: Option<String>,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    candidate: Candidate<'a>,
    details: Option<&'a Details>,
    changes: Option<&'a Cell<Vec<ChangeRecord>>>,
    gates: &'a [EnvironmentGates],
}

/// Shows the candidate.
pub async fn run(args: &ShowArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let source = source(&world, repository(&world)?);
    let commit = commit(&world, &args.candidate).await?;
    let now = Timestamp::now();
    let (facts, ways) = tokio::join!(source.facts(&commit.sha, now, &|_| ()), ways(&world, &commit.sha));
    let (details, changes) = match facts.image.value() {
        Some(image) => {
            let known = tokio::join!(source.details(image), changes(&world, &image.digest));
            (Some(known.0), Some(known.1))
        }
        None => (None, None),
    };
    if let (Ok(asked), Some(image)) = (args.candidate.parse::<Digest>(), facts.image.value())
        && asked != image.digest
    {
        writeln!(
            io.err,
            "! {} now points to a different image than the one requested: {}",
            image.tag, image.digest
        )?;
    }
    if args.json {
        io.document(&Document {
            candidate: Candidate::new(&commit, &facts),
            details: details.as_ref(),
            changes: changes.as_ref(),
            gates: &ways,
        })?;
    } else {
        print(&commit, &facts, now, io)?;
        if let Some(details) = &details {
            print_details(details, now, io)?;
        }
        if let Some(changes) = &changes {
            print_changes(changes, now, io)?;
        }
        print_ways(&ways, io)?;
    }
    let details_failed =
        details.is_some_and(|known| known.labels.failure().or(known.reports.failure()).is_some());
    let changes_failed = changes.is_some_and(|changes| changes.failure().is_some());
    Ok(
        if details_failed || changes_failed || !facts.failures().is_empty() {
            Exit::Failed
        } else {
            Exit::Done
        },
    )
}

fn print(commit: &Commit, facts: &Facts, now: Timestamp, io: &mut Output) -> Result<(), Failure> {
    writeln!(io.out, "{}  {}", commit.sha.short(), commit.subject)?;
    let mut rows = vec![
        ("commit", commit.sha.to_string()),
        ("author", format!("{}, {}", commit.author, commit.time)),
        ("image", words::image(&facts.image)),
    ];
    if let Some(image) = facts.image.value() {
        let platforms = image.platforms.iter();
        let platforms = platforms.map(|(platform, size)| format!("{platform} {}", bytes(*size)));
        rows.push(("tag", format!("{} in {}", image.tag, image.environment)));
        rows.push(("digest", image.digest.to_string()));
        rows.push(("platforms", platforms.collect::<Vec<_>>().join(", ")));
        rows.extend(image.created.map(|created| ("built", created.to_string())));
    }
    rows.push(("scan", words::scan(&facts.scan, now)));
    rows.push(("where", words::places(facts)));
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(name, value)| vec![format!("  {name}"), value])
        .collect();
    table::print(&rows, None, &mut io.out)?;
    for why in facts.failures() {
        writeln!(io.out, "✗ failed: {why}")?;
    }
    Ok(())
}

fn print_details(details: &Details, now: Timestamp, io: &mut Output) -> Result<(), Failure> {
    match &details.labels {
        Cell::Ready(labels) => {
            writeln!(io.out, "labels")?;
            let rows: Vec<_> = labels
                .iter()
                .map(|(key, value)| vec![format!("  {key}"), value.clone()])
                .collect();
            table::print(&rows, None, &mut io.out)?;
        }
        other => writeln!(io.out, "labels {}", words::cell(other, |_| String::new()))?,
    }
    match &details.reports {
        Cell::Ready(reports) => {
            for report in reports {
                print_report(report, now, io)?;
            }
        }
        other => writeln!(io.out, "findings {}", words::cell(other, |_| String::new()))?,
    }
    Ok(())
}

fn print_report(report: &ReportDetails, now: Timestamp, io: &mut Output) -> Result<(), Failure> {
    let platform = report.platform.as_ref().map(|platform| format!(" on {platform}"));
    let counts = match crate::domain::Counts::of(&report.findings) {
        counts if !report.examined && counts.worst().is_none() => "? nothing was examined".to_owned(),
        counts => words::counts(counts),
    };
    let ago = words::ago(report.made, now);
    writeln!(
        io.out,
        "findings{}: {counts}, scanned {ago}",
        platform.unwrap_or_default()
    )?;
    let rows: Vec<_> = report
        .findings
        .iter()
        .map(|finding| {
            let fixed = finding.fixed.as_ref();
            vec![
                format!("  {}", finding.severity),
                finding.id.clone(),
                format!("{} {}", finding.package, finding.installed),
                fixed.map_or_else(
                    || "no fix yet".to_owned(),
                    |version| format!("fixed in {version}"),
                ),
                finding.title.clone(),
            ]
        })
        .collect();
    Ok(table::print(&rows, io.columns(), &mut io.out)?)
}

/// What was changed of `digest` besides deploying it.
async fn changes(world: &World, digest: &Digest) -> Cell<Vec<ChangeRecord>> {
    match world.engine.changes(&world.service, digest).await {
        Ok(changes) => Cell::Ready(changes),
        Err(error) => Cell::Failed(error.to_string()),
    }
}

fn print_changes(changes: &Cell<Vec<ChangeRecord>>, now: Timestamp, io: &mut Output) -> Result<(), Failure> {
    match changes {
        Cell::Ready(changes) if changes.is_empty() => {}
        Cell::Ready(changes) => {
            writeln!(io.out, "changed without a promotion")?;
            let rows: Vec<_> = changes
                .iter()
                .map(|change| {
                    let (environment, ago) =
                        (change.environment.to_string(), words::ago(Some(change.at), now));
                    vec![format!("  {environment}"), change.words(), ago]
                })
                .collect();
            table::print(&rows, io.columns(), &mut io.out)?;
        }
        other => writeln!(io.out, "changes {}", words::cell(other, |_| String::new()))?,
    }
    Ok(())
}

fn print_ways(ways: &[EnvironmentGates], io: &mut Output) -> Result<(), Failure> {
    for way in ways {
        writeln!(io.out, "to {}", way.to)?;
        let gates = way.gates.iter().map(|gate| {
            vec![
                format!("  {}", plan::symbol(&gate.verdict)),
                gate.kind.to_string(),
                gate.verdict.reason().to_owned(),
            ]
        });
        table::print(&gates.collect::<Vec<_>>(), None, &mut io.out)?;
        if let Some(error) = &way.error {
            writeln!(io.out, "  ✗ no plan: {error}")?;
        }
    }
    Ok(())
}

/// The commit that `text` names: itself, or by its image.
async fn commit(world: &World, text: &str) -> Result<Commit, Failure> {
    let engine = &world.engine;
    let unknown = match engine.resolve(text).await {
        Ok(commit) => return Ok(commit),
        Err(error) => error,
    };
    let tag = text.parse::<Tag>().ok();
    if let Some(short) = tag.and_then(|tag| engine.config().git.image_tag.parse_back(&tag).map(str::to_owned))
    {
        return Ok(engine.resolve(&short).await?);
    }
    let Ok(digest) = text.parse::<Digest>() else {
        return Err(unknown.into());
    };
    let revision = revision(world, &digest).await?;
    Ok(engine.resolve(revision.as_str()).await?)
}

/// The commit that an image says it was built from, wherever it is.
async fn revision(world: &World, digest: &Digest) -> Result<CommitSha, Failure> {
    let no_candidate = |why: &str| EngineError::NoCandidate {
        text: digest.to_string(),
        why: why.to_owned(),
    };
    let places = world.engine.places(&world.service, digest).await?;
    let Some(place) = places.first() else {
        return Err(no_candidate("it is in no environment").into());
    };
    let reader = world.registries.reader(&place.image.repository);
    let revision = reader.image(digest).await?.revision;
    let revision = revision.and_then(|revision| revision.parse().ok());
    Ok(revision.ok_or_else(|| no_candidate("its image does not name the commit it was built from"))?)
}

/// Each promotion that could come, with its gates.
async fn ways(world: &World, commit: &CommitSha) -> Vec<EnvironmentGates> {
    let environments = world.engine.config().graph.all().iter();
    let asking = environments
        .filter(|environment| !environment.from.is_empty())
        .map(|environment| async {
            let asked = async {
                let to = &environment.name;
                world.engine.preview(&world.service, commit.as_str(), to).await
            };
            let (gates, error) = match asked.await {
                Ok(gates) => (gates, None),
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
            EnvironmentGates {
                to: environment.name.clone(),
                gates,
                error,
            }
        });
    futures_util::future::join_all(asking).await
}

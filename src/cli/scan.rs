//! `windlass scan`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Args;

use super::Output;
use super::args::Global;
use super::failure::Failure;
use super::{image, world};
use crate::domain::{Counts, Exit, ImageReference, Platform};
use crate::engine;
use crate::scan::{self, Report, ReportContext, Trivy};

/// Arguments of `scan`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  windlass scan registry.example.com/dev/app:sha-2b2e927 --attach\n  \
    windlass scan registry.example.com/dev/app:sha-2b2e927 --report trivy.json --attach"
)]
pub struct ScanArgs {
    /// The image, host/path:tag or host/path@digest
    pub image: String,
    /// Attach the reports to the digest, where the scan gate of a promotion reads them
    #[arg(long)]
    pub attach: bool,
    /// A report that `trivy image --format json` wrote, instead of a new scan
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Resolves, scans each platform, and attaches. Findings do not make it fail: the gate of a promotion judges them.
pub async fn run(args: ScanArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let image = image::parse(&args.image)?;
    let access = args.attach.then(|| world::access(global)).transpose()?;
    let config = world::configuration_if_any(global)?;
    let registries = world::registries(config.as_ref())?;
    let reader = registries.reader(&image.repository);
    let found = image::resolve(&reader, &image.target).await?;
    let image = image.repository.at(found.digest.clone());
    let (reports, context) = if let Some(path) = &args.report {
        (vec![written(path)?], ReportContext::default())
    } else {
        let trivy = engine::scanner(config.as_ref(), &registries);
        let platforms = reader.image(&found.digest).await?.platforms;
        let platforms = platforms.into_iter().map(|(platform, _)| platform).collect();
        (scan(&trivy, &image, platforms).await?, trivy.context().await)
    };
    let mut entries = Vec::new();
    for Scanned { platform, bytes } in reports {
        let report = Report::parse(&bytes).map_err(|why| {
            Failure::usage(
                why,
                "a report is what `trivy image --format json` writes to standard output",
            )
        })?;
        let counts = Counts::of(&report.findings);
        let attached = match access {
            Some(access) => {
                let context = ReportContext {
                    platform: platform.clone(),
                    ..context.clone()
                };
                let writer = registries.writer(&image.repository, access);
                Some(
                    scan::attach_report(&writer, &found, bytes, &context)
                        .await?
                        .digest,
                )
            }
            None => None,
        };
        let platform = report.platform.or(platform).map(|platform| platform.to_string());
        if !args.json {
            writeln!(io.out, "{:<14} {counts}", platform.as_deref().unwrap_or("image"))?;
        }
        entries.push(serde_json::json!({ "platform": platform, "counts": counts, "attached": attached }));
    }
    if args.json {
        let document = serde_json::json!({ "version": 1, "image": image.to_string(), "reports": entries });
        serde_json::to_writer_pretty(&mut io.out, &document)?;
        writeln!(io.out)?;
    } else if args.attach {
        writeln!(io.out, "✓ attached to {image}")?;
    }
    Ok(Exit::Done)
}

/// A report's bytes, and the platform that was asked for.
struct Scanned {
    platform: Option<Platform>,
    bytes: Bytes,
}

/// A report that is there already.
fn written(path: &Path) -> Result<Scanned, Failure> {
    let bytes = std::fs::read(path).map_err(|error| {
        Failure::usage(
            format!("could not read {}: {error}", path.display()),
            "name a report that `trivy image --format json` wrote",
        )
    })?;
    Ok(Scanned {
        platform: None,
        bytes: bytes.into(),
    })
}

/// A new report for each platform, or one of an image that names none.
async fn scan(
    trivy: &Trivy,
    image: &ImageReference,
    platforms: Vec<Platform>,
) -> Result<Vec<Scanned>, Failure> {
    let mut platforms: Vec<_> = platforms.into_iter().map(Some).collect();
    if platforms.is_empty() {
        platforms.push(None);
    }
    let mut reports = Vec::new();
    for platform in platforms {
        let bytes = trivy.scan(image, platform.as_ref()).await?;
        reports.push(Scanned { platform, bytes });
    }
    Ok(reports)
}

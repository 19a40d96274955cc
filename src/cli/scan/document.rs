//! A scan as JSON.

use jiff::Timestamp;
use serde::Serialize;

use super::shown::Shown;
use crate::domain::{Counts, Digest, EnvironmentName, ImageReference, Judged, Origin, Platform, ScanReport};

/// The form of `--json`.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    image: &'a ImageReference,
    reports: Vec<Report<'a>>,
    not_scanned: Vec<&'a Digest>,
    unreadable: &'a [String],
    judgement: Option<Policy<'a>>,
    findings: &'a [Judged],
}

/// One report.
#[derive(Serialize)]
struct Report<'a> {
    image: Option<&'a Digest>,
    platform: Option<&'a Platform>,
    created: Option<Timestamp>,
    database: Option<Timestamp>,
    scanner: Option<&'a str>,
    origin: Origin,
    examined: bool,
    counts: Counts,
    attached: Option<&'a Digest>,
}

/// What the policy of an environment makes of it.
#[derive(Serialize)]
struct Policy<'a> {
    environment: &'a EnvironmentName,
    verdict: &'static str,
    reason: &'a str,
    notes: &'a [String],
}

impl<'a> Document<'a> {
    pub(super) fn new(shown: &'a Shown<'a>) -> Self {
        let (evidence, judgement) = (shown.evidence, shown.judgement);
        let mut attached = shown.attached.iter();
        let report = |report: &'a ScanReport| Report {
            image: report.image.as_ref(),
            platform: evidence.platform_of(report),
            created: report.made,
            database: report.database,
            scanner: report.scanner.as_deref(),
            origin: report.origin,
            examined: report.has_examined(),
            counts: report.counts(),
            attached: attached.next(),
        };
        Self {
            image: &shown.subject.image,
            reports: evidence.reports.iter().map(report).collect(),
            not_scanned: evidence.uncovered().map(|image| &image.digest).collect(),
            unreadable: &evidence.unreadable,
            judgement: shown.environment().map(|environment| Policy {
                environment,
                verdict: judgement.verdict.word(),
                reason: judgement.verdict.reason(),
                notes: &judgement.notes,
            }),
            findings: &judgement.findings,
        }
    }
}

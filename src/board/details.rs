//! What is known of one image beyond its row: asked for one at a time, when someone looks closer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::cell::Cell;
use super::row::Image;
use super::source::Source;
use crate::domain::{EnvironmentName, Finding, Platform};
use crate::registry::Reader;
use crate::scan::ScanError;

/// What an image says of itself, and what scans found in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Details {
    /// The labels of its first platform; harmless text.
    pub labels: Cell<BTreeMap<String, String>>,
    /// The newest report of each platform.
    pub reports: Cell<Vec<ReportDetails>>,
}

/// One scan report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportDetails {
    /// The platform, if the report says which.
    pub platform: Option<Platform>,
    /// When it was made, if that is known.
    #[serde(rename = "created")]
    pub made: Option<Timestamp>,
    /// Whether the scanner examined anything, so that no finding means something.
    pub examined: bool,
    /// What it found, gravest first, that which the scanner hid included.
    pub findings: Vec<Finding>,
}

impl Source {
    /// The details of `image`, from the environment that it was found in.
    pub async fn details(&self, image: &Image) -> Details {
        let reader = match self.reader_in(&image.environment) {
            Ok(reader) => reader,
            Err(why) => {
                return Details {
                    labels: Cell::Failed(why.clone()),
                    reports: Cell::Failed(why),
                };
            }
        };
        let labels = match self.summary(&reader, &image.digest).await {
            Ok(summary) if summary.labels.is_empty() => Cell::None("no labels".to_owned()),
            Ok(summary) => Cell::Ready(summary.labels),
            Err(error) => Cell::Failed(error.to_string()),
        };
        let reports = match self.reports(&reader, image).await {
            Ok(reports) if reports.is_empty() => Cell::None("no report".to_owned()),
            Ok(reports) => Cell::Ready(reports),
            Err(error) => Cell::Failed(error.to_string()),
        };
        Details { labels, reports }
    }

    fn reader_in(&self, environment: &EnvironmentName) -> Result<Reader, String> {
        let known = self.service.config().graph.get(environment);
        self.reader(known.ok_or_else(|| format!("no environment {environment}"))?)
    }

    async fn reports(&self, reader: &Reader, image: &Image) -> Result<Vec<ReportDetails>, ScanError> {
        let summary = self.summary(reader, &image.digest).await?;
        let evidence = crate::scan::evidence(reader, &image.digest, &summary).await?;
        let reports = evidence.reports.into_iter().map(|report| {
            let examined = report.has_examined();
            let hidden = report.hidden.into_iter().map(|(finding, _)| finding);
            let mut findings: Vec<_> = report.findings.into_iter().chain(hidden).collect();
            findings.sort_by_key(|finding| finding.severity);
            ReportDetails {
                platform: report.platform,
                made: report.made,
                examined,
                findings,
            }
        });
        Ok(reports.collect())
    }
}

//! Scan reports into findings: made by Trivy, attached to an image as referrers, read back, and handed to the domain as
//! evidence.

mod attached;
mod error;
mod trivy;
mod trivy_report;

pub use attached::{REPORT_TYPE, ReportContext, ReportSummary, attach_report, evidence, summaries};
pub use error::ScanError;
pub use trivy::Trivy;
pub use trivy_report::Report;

/// Larger reports are refused rather than read into memory, in bytes.
const REPORT_LIMIT: u64 = 256 * 1024 * 1024;

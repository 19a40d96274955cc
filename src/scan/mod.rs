//! Scan reports into findings: made by Trivy, attached to an image as referrers, read back, and handed to the domain as
//! evidence.

mod arguments;
mod attached;
mod attestation;
mod error;
mod evidence;
mod exploited;
mod file;
mod grype_report;
mod json;
mod on_demand;
mod openvex;
mod package_lists;
mod packages;
mod sarif_report;
mod sbom;
mod scan_dir;
mod subject;
mod trivy;
mod trivy_report;

pub use attached::{REPORT_TYPE, ReportContext, attach_report};
pub use attestation::{Invocation, VULNERABILITIES, attest};
pub use error::ScanError;
pub use evidence::{ScanSummary, attached_reports, evidence, signed_evidence, summary};
pub use exploited::exploited;
pub use file::from_file;
pub use on_demand::{FreshScan, scan_now};
pub use openvex::openvex;
pub use package_lists::{report_packages, sbom_packages};
pub use sbom::{SbomFormat, attach_sbom};
pub use trivy::{Line, Trivy, TrivyOptions};
pub use trivy_report::Report;

/// Larger reports are refused rather than read into memory, in bytes. One of 30,000 findings has 20 MB.
const REPORT_LIMIT: u64 = 100_000_000;

/// The bytes of a file that a person named, if they are no more than a report may have.
fn read_file(path: &std::path::Path) -> Result<Vec<u8>, ScanError> {
    use std::io::Read as _;
    let unreadable = |source| ScanError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(REPORT_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > REPORT_LIMIT {
        return Err(ScanError::Malformed {
            what: crate::domain::clean_line(&path.to_string_lossy()),
            why: format!("it has more than {} MB", REPORT_LIMIT / 1_000_000),
        });
    }
    Ok(bytes)
}

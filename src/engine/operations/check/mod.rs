//! The pull request check: the Dockerfile linted, the image built, listed, scanned and tested. Nothing is pushed.
//!
//! Every step runs, whatever became of those before it, unless it needs the image and there is none. A tool that is not
//! there or breaks is never a pass.

mod report;
mod steps;

use std::collections::BTreeSet;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

pub use report::{CheckEvent, CheckOutcome, CheckReport, CheckStep, Checked};

use crate::project::Service;

use crate::engine::Engine;
use crate::engine::error::EngineError;
use steps::{Bench, Broken};

/// How a check is run.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// Whether the first step that does not pass ends it.
    pub fail_fast: bool,
    /// Steps that are left out this time, beside those that windlass.toml switches off.
    pub skip: BTreeSet<CheckStep>,
}

impl Engine {
    /// Checks the Dockerfile and the image of `service`, as the working tree has them. What happens is told as it happens;
    /// SBOMs and Trivy's report are left in the folder of artifacts.
    ///
    /// # Errors
    /// When somebody cancels, and when no step could even begin. What a step finds, and that its tool is missing or
    /// breaks, is in the report.
    pub async fn check(
        &self,
        service: &Service,
        options: &CheckOptions,
        tell: &(dyn Fn(CheckEvent) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<CheckReport, EngineError> {
        let mut bench = Bench::new(self, service, tell, cancel)?;
        let mut failed = false;
        for step in CheckStep::ALL {
            tell(CheckEvent::Started { step });
            let began = Instant::now();
            let outcome = if let Some(why) = self.off(step, options) {
                CheckOutcome::Off { why }
            } else if failed && options.fail_fast {
                CheckOutcome::NotRun {
                    why: "an earlier step did not pass".to_owned(),
                }
            } else {
                match bench.run(step).await {
                    Ok(outcome) => outcome,
                    Err(Broken::Interrupted) => return Err(EngineError::Interrupted),
                    Err(Broken::Tool { why, hint }) => CheckOutcome::Broken { why, hint },
                }
            };
            failed |= !outcome.passes();
            let milliseconds = began.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
            let checked = Checked {
                step,
                outcome,
                milliseconds,
            };
            tell(CheckEvent::Ended(checked.clone()));
            bench.report.steps.push(checked);
        }
        Ok(bench.report)
    }

    /// Why a step is switched off.
    fn off(&self, step: CheckStep, options: &CheckOptions) -> Option<String> {
        let said = &self.config().check;
        let (on, key) = match step {
            CheckStep::Lint => (said.lint, "check.lint"),
            CheckStep::Image => (said.image, "check.image"),
            CheckStep::Sbom => (said.sbom, "check.sbom"),
            CheckStep::Scan => (said.scan, "check.scan"),
            CheckStep::Test => (said.test, "check.test"),
        };
        if !on {
            return Some(format!("`{key} = false` in windlass.toml"));
        }
        options.skip.contains(&step).then(|| format!("--skip {step}"))
    }
}

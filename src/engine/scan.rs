//! The scan gate: evidence, waivers, VEX and lists of exploited vulnerabilities brought together and judged.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Engine;
use super::error::EngineError;
use crate::domain::{
    EnvironmentName, Exceptions, Judgement, Repository, ScanEvidence, ScanPolicy, ServiceName, VexStatement,
    Waiver,
};
use crate::{config, scan};

/// What people have decided about single vulnerabilities, as it stands in files at the moment of the question.
pub(super) struct Decisions {
    waivers: Vec<Waiver>,
    vex: Vec<VexStatement>,
    exploited: BTreeSet<String>,
    repositories: Vec<Repository>,
}

impl Engine {
    /// Reads all decisions that count for `policy`. A file that cannot be read is an error: without it the verdict would
    /// rest on an assumption.
    pub(super) fn decisions(
        &self,
        service: &ServiceName,
        policy: &ScanPolicy,
    ) -> Result<Decisions, EngineError> {
        let settings = &self.config().scanner;
        let waivers = settings.waivers.as_deref().map(config::waivers).transpose()?;
        let mut vex = Vec::new();
        for path in &settings.vex {
            vex.append(&mut scan::openvex(path)?);
        }
        let exploited = policy.exploited.as_deref().map(scan::exploited).transpose()?;
        let environments = self.config().graph.all().iter();
        Ok(Decisions {
            waivers: waivers.unwrap_or_default(),
            vex,
            exploited: exploited.unwrap_or_default(),
            repositories: environments
                .map(|environment| self.repository_of(service, environment))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Decisions {
    /// What `policy` makes of `evidence` in `environment` at this moment.
    pub(super) fn judge(
        &self,
        policy: &ScanPolicy,
        evidence: &ScanEvidence,
        environment: &EnvironmentName,
        now: Timestamp,
    ) -> Judgement {
        let exceptions = Exceptions {
            environment,
            waivers: &self.waivers,
            vex: &self.vex,
            exploited: &self.exploited,
            repositories: &self.repositories,
        };
        policy.judge(evidence, &exceptions, now)
    }
}

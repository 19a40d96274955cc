//! The scan gate: evidence, waivers, VEX and lists of exploited vulnerabilities brought together and judged.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::config;
use crate::domain::{
    Delta, Digest, Environment, EnvironmentName, Exceptions, GateRecord, Judgement, Repository,
    RunnableImage, ScanEvidence, ScanPolicy, Tag, Verdict, VexStatement, Waiver,
};
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::{Engine, records};
use crate::project::Service;
use crate::registry::{ImageSummary, Reader};
use crate::scan::{self, FreshScan, Trivy};
use crate::sign::{PublicKey, TrustedSigner};

/// What is attached to an image, judged.
#[derive(Debug)]
pub struct Examined {
    /// The reports.
    pub evidence: ScanEvidence,
    /// Whose rules judged; none where there are none.
    pub environment: Option<EnvironmentName>,
    /// What they make of it.
    pub judgement: Judgement,
}

/// Whether a gate that asks for a scan at the moment of the promotion makes it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It does: somebody is about to promote.
    Scan,
    /// It does not: somebody only looks.
    Preview,
}

/// What the scan gate found out.
pub(super) struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// What a person should know besides.
    pub notes: Vec<String>,
    /// What the verdict rests on; to be compared, and kept.
    pub record: GateRecord,
    /// The scan that was made for it, if one was.
    pub fresh: Option<FreshScan>,
}

impl Engine {
    /// Trivy, as it is configured.
    pub(super) fn trivy(&self) -> &Trivy {
        self.project().trivy()
    }

    /// What the scan rules of `environment` make of `evidence`.
    ///
    /// # Errors
    /// When the environment has no rules for scans, or a file of decisions cannot be read.
    pub fn judged(
        &self,
        service: &Service,
        environment: &EnvironmentName,
        evidence: &ScanEvidence,
        now: Timestamp,
    ) -> Result<Judgement, EngineError> {
        let policy = self.settings(environment)?.scan.as_ref();
        let policy = policy.ok_or_else(|| EngineError::NoScanRules(environment.clone()))?;
        Ok(self
            .decisions(service, policy)?
            .judge(policy, evidence, environment, now))
    }

    /// What is attached to a candidate, in the first environment of the graph that has it, and what the rules of
    /// `environment` make of it; without rules every finding is listed and nothing said of the whole.
    pub async fn examined(
        &self,
        service: &Service,
        candidate: &str,
        environment: Option<&EnvironmentName>,
        now: Timestamp,
    ) -> Result<Examined, EngineError> {
        let (candidate, _) = self.first_with(service, candidate).await?;
        let has_rules = |name: &&EnvironmentName| self.settings(name).is_ok_and(|said| said.scan.is_some());
        let environment = environment.filter(has_rules).cloned();
        let reader = self.registries().reader(&candidate.repository);
        let digest = &candidate.image.digest;
        let evidence = self
            .attached(&reader, digest, &candidate.summary, environment.as_ref())
            .await?;
        let judgement = match &environment {
            Some(environment) => self.judged(service, environment, &evidence, now)?,
            None => ScanPolicy::default().judge(
                &evidence,
                &Exceptions::none(&self.config().graph.entrance().name),
                now,
            ),
        };
        Ok(Examined {
            evidence,
            environment,
            judgement,
        })
    }

    /// What is attached to an image, as far as the rules of `environment` believe it; without one, as far as it is of
    /// this image.
    pub async fn attached(
        &self,
        reader: &Reader,
        digest: &Digest,
        image: &ImageSummary,
        environment: Option<&EnvironmentName>,
    ) -> Result<ScanEvidence, EngineError> {
        let policy = environment.map(|name| self.settings(name)).transpose()?;
        let signed_by = policy.and_then(|said| said.scan.as_ref()?.signed_by.as_deref());
        Ok(match signed_by {
            Some(path) => {
                let key = TrustedSigner::Key(PublicKey::load(path)?);
                scan::signed_evidence(reader, digest, image, &key, path.display().to_string()).await?
            }
            None => scan::evidence(reader, digest, image).await?,
        })
    }

    /// The candidate, in the first environment of the graph that has it.
    pub async fn first_with(
        &self,
        service: &Service,
        text: &str,
    ) -> Result<(Candidate, Environment), EngineError> {
        let mut missing = None;
        for environment in self.config().graph.all() {
            match self.candidate(service, text, environment).await {
                Ok(candidate) => return Ok((candidate, environment.clone())),
                Err(error @ EngineError::NoImage { .. }) => missing = missing.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(missing.unwrap_or_else(|| EngineError::Internal("a graph without an environment".to_owned())))
    }

    /// What the scan rules of `target` make of `candidate`.
    pub(super) async fn judge(
        &self,
        policy: &ScanPolicy,
        candidate: &Candidate,
        target: &EnvironmentName,
        admission: Admission,
    ) -> Result<Judged, EngineError> {
        let decisions = self.decisions(&candidate.service, policy)?.of(&candidate.tag);
        let digest = &candidate.image.digest;
        let mut notes = Vec::new();
        let fresh = match (policy.at_admission, admission) {
            (true, Admission::Scan) => {
                let images = asked(policy, candidate);
                let repository = &candidate.repository;
                let (mut fresh, word) = self.scan_at_admission(repository, digest, &images).await?;
                notes.extend(word);
                fresh.evidence.images.clone_from(&candidate.summary.images);
                Some(fresh)
            }
            (true, Admission::Preview) => {
                notes.push("the promotion scans again in any case".to_owned());
                None
            }
            (false, _) => None,
        };
        let evidence = if let Some(fresh) = &fresh {
            fresh.evidence.clone()
        } else {
            let reader = self.registries().reader(&candidate.repository);
            self.attached(&reader, digest, &candidate.summary, Some(target))
                .await?
        };
        let now = Timestamp::now();
        let judgement = decisions.judge(policy, &evidence, target, now);
        let record = GateRecord::of(&judgement, &evidence, target, now);
        notes.extend(judgement.notes);
        Ok(Judged {
            verdict: judgement.verdict,
            notes,
            record,
            fresh,
        })
    }

    /// What changed since the last gate that this digest passed, and against what is deployed to `target` now (`deployed`), each
    /// in one line. A comparison that cannot be made says why: it decides nothing, so it stops nothing.
    pub(super) async fn compared(
        &self,
        record: &GateRecord,
        candidate: &Candidate,
        target: &Environment,
        deployed: Option<&Digest>,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        let source = self.registries().reader(&candidate.repository);
        match records::newest::<GateRecord>(&source, &record.digest).await {
            Ok(Some(last)) => lines.push(format!(
                "since the gate of {} on {}: {}",
                last.environment,
                last.at.strftime("%Y-%m-%d"),
                Delta::between(&last, record)
            )),
            Ok(None) => {}
            Err(error) => lines.push(format!(
                "could not read the findings of the last gate: {}",
                error.brief()
            )),
        }
        if let Some(deployed) = deployed.filter(|deployed| **deployed != record.digest) {
            let line = match self.of_deployed(candidate, target, deployed).await {
                Ok(Some(there)) => format!(
                    "compared with {}, deployed to {}: {}",
                    deployed.short(),
                    target.name,
                    Delta::between(&there, record)
                ),
                Ok(None) => format!(
                    "{} is deployed to {} and has no scan to compare with",
                    deployed.short(),
                    target.name
                ),
                Err(error) => format!(
                    "could not compare with what is deployed to {}: {}",
                    target.name,
                    error.brief()
                ),
            };
            lines.push(line);
        }
        lines
    }

    /// What a gate found in the image that is deployed to `target`: as it was kept, or else by the reports that are attached.
    async fn of_deployed(
        &self,
        candidate: &Candidate,
        target: &Environment,
        deployed: &Digest,
    ) -> Result<Option<GateRecord>, EngineError> {
        let reader = candidate.service.environment(target).reader()?;
        if let Some(record) = records::newest::<GateRecord>(&reader, deployed).await? {
            return Ok(Some(record));
        }
        let Some(policy) = &self.settings(&target.name)?.scan else {
            return Ok(None);
        };
        let summary = reader.image(deployed).await?;
        let evidence = self
            .attached(&reader, deployed, &summary, Some(&target.name))
            .await?;
        if evidence.reports.is_empty() {
            return Ok(None);
        }
        let now = Timestamp::now();
        let judgement =
            self.decisions(&candidate.service, policy)?
                .judge(policy, &evidence, &target.name, now);
        Ok(Some(GateRecord::of(&judgement, &evidence, &target.name, now)))
    }
}

/// The images of a candidate that `policy` asks about.
fn asked(policy: &ScanPolicy, candidate: &Candidate) -> Vec<RunnableImage> {
    let is_left_out = |image: &RunnableImage| {
        let mut left = policy.leave_out.iter();
        left.any(|left| Some(&left.platform) == image.platform.as_ref())
    };
    let mut images = candidate.summary.images.clone();
    images.retain(|image| !is_left_out(image));
    images
}

/// What people have decided about single vulnerabilities, as it stands in files at the moment of the question.
pub(super) struct Decisions {
    waivers: Vec<Waiver>,
    vex: Vec<VexStatement>,
    exploited: BTreeSet<String>,
    repositories: Vec<Repository>,
    tags: Vec<Tag>,
}

impl Engine {
    /// Reads all decisions that count for `policy`. A file that cannot be read is an error: without it the verdict would
    /// rest on an assumption.
    pub(super) fn decisions(&self, service: &Service, policy: &ScanPolicy) -> Result<Decisions, EngineError> {
        let settings = &self.config().scanner;
        let names: Vec<_> = self.config().graph.all().iter().map(|one| &one.name).collect();
        let waivers = settings.waivers.as_deref();
        let waivers = waivers.map(|path| config::waivers(path, &names)).transpose()?;
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
                .map(|environment| service.environment(environment).repository())
                .collect::<Result<_, _>>()?,
            tags: Vec::new(),
        })
    }
}

impl Decisions {
    /// The same for an image that is known by `tag`.
    fn of(mut self, tag: &Tag) -> Self {
        self.tags.push(tag.clone());
        self
    }

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
            tags: &self.tags,
        };
        policy.judge(evidence, &exceptions, now)
    }
}

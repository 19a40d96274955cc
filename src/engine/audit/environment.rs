//! One environment: every image that it deployed, or that a journal says it got.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::journals::JournaledRuns;
use crate::domain::{
    AuditFault, AuditFinding, AuditedEnvironment, ChainLink, Clean, Digest, EnvironmentName,
};
use crate::engine::Engine;
use crate::engine::chain::ChainGround;
use crate::engine::error::EngineError;
use crate::project::ServiceEnvironment;
use crate::registry::Reader;
use crate::sign::{self, SignError, TrustedSigner};

/// How many images are looked at at the same time; the registry has its own bound.
const AT_ONCE: usize = 32;

/// What one image of an environment is asked about.
struct Image {
    digest: Digest,
    /// When it was deployed.
    deployed: Vec<Timestamp>,
    /// The runs that promoted it, as their journals say.
    runs: Vec<String>,
}

/// What all images of one environment are held to.
struct Auditor<'a> {
    environment: &'a EnvironmentName,
    reader: Reader,
    trusted: Option<TrustedSigner>,
    ground: &'a ChainGround,
    runs: &'a JournaledRuns,
    /// This machine, as records name it: `@host`.
    here: String,
}

pub(super) async fn audit(
    engine: &Engine,
    there: ServiceEnvironment<'_>,
    ground: &ChainGround,
    runs: &JournaledRuns,
    since: Option<Timestamp>,
) -> Result<(AuditedEnvironment, Vec<AuditFinding>), EngineError> {
    let name = &there.environment().name;
    let auditor = Auditor {
        environment: name,
        reader: there.reader()?,
        trusted: engine.trusted(name)?,
        ground,
        runs,
        here: format!("@{}", engine.actor().host),
    };
    let mut deployments = match auditor.reader.deployments(usize::MAX).await {
        Ok(deployments) => deployments,
        Err(error) => {
            let what = format!("what was deployed could not be read: {error}");
            let finding = auditor.finding(AuditFault::Unknown, None, &what);
            return Ok((AuditedEnvironment::default(), vec![finding]));
        }
    };
    deployments.retain(|deployed| since.is_none_or(|since| deployed.at >= since));
    let count = deployments.len();
    let images = images(
        deployments
            .into_iter()
            .map(|deployed| (deployed.digest, deployed.at)),
        runs.promotions
            .iter()
            .filter(|promotion| promotion.environment == *name)
            .map(|promotion| (promotion.digest.clone(), promotion.run.clone())),
    );
    let looked_at = images.len();
    let each = images.into_iter().map(|image| auditor.image(image));
    let found: Vec<_> = stream::iter(each).buffered(AT_ONCE).collect().await;
    let audited = AuditedEnvironment {
        deployments: count,
        images: looked_at,
        records: found.iter().map(|(records, _)| records).sum(),
    };
    Ok((
        audited,
        found.into_iter().flat_map(|(_, findings)| findings).collect(),
    ))
}

fn images(
    deployed: impl Iterator<Item = (Digest, Timestamp)>,
    promoted: impl Iterator<Item = (Digest, String)>,
) -> Vec<Image> {
    let mut all: BTreeMap<Digest, (Vec<Timestamp>, Vec<String>)> = BTreeMap::new();
    for (digest, at) in deployed {
        all.entry(digest).or_default().0.push(at);
    }
    for (digest, run) in promoted {
        all.entry(digest).or_default().1.push(run);
    }
    let image = |(digest, (deployed, runs))| Image {
        digest,
        deployed,
        runs,
    };
    all.into_iter().map(image).collect()
}

impl Auditor<'_> {
    fn finding(&self, kind: AuditFault, digest: Option<&Digest>, what: &str) -> AuditFinding {
        AuditFinding {
            kind,
            environment: Some(self.environment.clone()),
            digest: digest.cloned(),
            run: None,
            what: Clean::line(what),
        }
    }

    /// How many records of it were verified, and what does not hold.
    async fn image(&self, image: Image) -> (usize, Vec<AuditFinding>) {
        let digest = &image.digest;
        let mut findings = Vec::new();
        // Its bytes are held to its digest as they are read.
        match self.reader.manifest(&digest.clone().into()).await {
            Ok(_) => {}
            Err(error) if error.is_not_found() => {
                let what = "it was deployed, and is not in the registry any more";
                return (
                    0,
                    vec![self.finding(AuditFault::ImageMissing, Some(digest), what)],
                );
            }
            Err(error) if error.is_of_one_manifest() => {
                let what = format!("it is not what its digest says: {error}");
                return (
                    0,
                    vec![self.finding(AuditFault::ImageMissing, Some(digest), &what)],
                );
            }
            Err(error) => {
                return (
                    0,
                    vec![self.finding(AuditFault::Unknown, Some(digest), &error.to_string())],
                );
            }
        }
        let Some(trusted) = &self.trusted else {
            return (0, findings);
        };
        let (signature, links) = tokio::join!(
            sign::verify(&self.reader, digest, trusted),
            self.ground.links(&self.reader, digest)
        );
        findings.extend(self.signature(digest, signature.err().as_ref()));
        let links = match links {
            Ok(links) => links,
            Err(error) => {
                findings.push(self.finding(AuditFault::Unknown, Some(digest), &error.to_string()));
                return (0, findings);
            }
        };
        if !self.ground.signs(self.environment) {
            return (0, findings);
        }
        let records = match self.ground.chain(&links, digest, self.environment) {
            Ok(links) => links.len(),
            Err(fault) => {
                findings.push(self.finding(AuditFault::Chain, Some(digest), &fault.to_string()));
                0
            }
        };
        let own: Vec<_> = links
            .iter()
            .filter(|link| link.is_signed && link.record.windlass.environment == *self.environment)
            .collect();
        findings.extend(self.deployments(&image, &own));
        findings.extend(self.journals(&image, &own));
        (records, findings)
    }

    fn signature(&self, digest: &Digest, error: Option<&SignError>) -> Option<AuditFinding> {
        let kind = match error {
            Some(SignError::Registry(_)) => AuditFault::Unknown,
            _ => AuditFault::Signature,
        };
        error.map(|error| self.finding(kind, Some(digest), &error.to_string()))
    }

    /// That each deployment comes after a promotion record.
    fn deployments(&self, image: &Image, records: &[&ChainLink]) -> Vec<AuditFinding> {
        let first = records.iter().map(|link| link.record.timestamp).min();
        let without = image
            .deployed
            .iter()
            .filter(|at| first.is_none_or(|first| first > **at));
        without
            .map(|at| {
                let what = format!("it was deployed at {at}, and no promotion record is as old as that");
                self.finding(AuditFault::RecordMissing, Some(&image.digest), &what)
            })
            .collect()
    }

    /// That journals and records know of each other.
    fn journals(&self, image: &Image, records: &[&ChainLink]) -> Vec<AuditFinding> {
        let of_run = |kind, run: &str, what: &str| AuditFinding {
            run: Some(Clean::line(run)),
            ..self.finding(kind, Some(&image.digest), what)
        };
        let mut findings = Vec::new();
        if records.is_empty() {
            let what = "its journal says that it promoted the image, and no record says so";
            findings.extend(
                image
                    .runs
                    .iter()
                    .map(|run| of_run(AuditFault::RunUnrecorded, run, what)),
            );
        }
        for link in records {
            let details = &link.record.windlass;
            let is_of_here = details.by.as_str().ends_with(&self.here);
            if is_of_here && self.runs.has_lost(details.run.as_str(), link.record.timestamp) {
                let what = "a record says that it ran on this machine, and its journal is gone";
                findings.push(of_run(AuditFault::JournalMissing, details.run.as_str(), what));
            }
        }
        findings
    }
}

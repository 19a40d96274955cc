//! The promotion records of a digest: read where they are, and checked as a chain from an environment back to the build.

use jiff::Timestamp;

use crate::domain::{
    ChainFault, ChainLink, ChainPlace, Clean, Digest, EnvironmentName, Gate, PromotionRecord, RecordDetails,
    RecordedOperation, Repository, Tag, chain,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::run::Context;
use crate::project::Service;
use crate::registry::Reader;
use crate::scan::FreshScan;
use crate::sign::{self, Attestation, SignError, TrustedSigner};

/// A chain that was checked.
#[derive(Debug, Clone)]
pub struct CheckedChain {
    /// Its records, from the environment back to the build.
    pub links: Vec<ChainLink>,
    /// What is wrong with it, if something is.
    pub fault: Option<ChainFault>,
}

impl Engine {
    /// Checks the chain of promotion records of `digest`, as they are attached where `environment` has its images.
    ///
    /// # Errors
    /// When the registry fails, or what signatures are verified with cannot be read. What is wrong with the chain is no error.
    pub async fn chain(
        &self,
        service: &Service,
        digest: &Digest,
        environment: &EnvironmentName,
    ) -> Result<CheckedChain, EngineError> {
        let reader = service.environment(self.environment(environment)?).reader()?;
        let mut places = Vec::new();
        let mut links = Vec::new();
        let all = claimed(&reader, digest).await?;
        for there in service.environments() {
            let name = &there.environment().name;
            let trusted = self.trusted(name)?;
            places.push(ChainPlace {
                environment: name.clone(),
                repository: there.repository()?.to_string(),
                signs: self.settings(name)?.sign.is_some(),
            });
            let signed = match &trusted {
                Some(trusted) => records(&reader, digest, Some(trusted)).await?,
                None => Vec::new(),
            };
            let of_it = all
                .iter()
                .filter(|link| link.record.windlass.environment == *name);
            links.extend(of_it.map(|link| ChainLink {
                is_signed: signed.iter().any(|signed| signed.statement == link.statement),
                ..link.clone()
            }));
        }
        let checked = chain(&links, digest, environment, &places);
        let (found, fault) = match checked {
            Ok(found) => (found.into_iter().cloned().collect(), None),
            Err(fault) => (links, Some(fault)),
        };
        Ok(CheckedChain { links: found, fault })
    }

    /// The statement that a record of a promotion from `source` follows: the newest of that environment about the image, signed
    /// as it has to be; none where it leaves none.
    pub(super) async fn statement_before(
        &self,
        service: &Service,
        digest: &Digest,
        source: &EnvironmentName,
    ) -> Result<Option<Digest>, EngineError> {
        let Some(trusted) = self.trusted(source)? else {
            return Ok(None);
        };
        let reader = service.environment(self.environment(source)?).reader()?;
        let found = records(&reader, digest, Some(&trusted)).await?.into_iter();
        let of_it = found.filter(|link| link.record.windlass.environment == *source);
        let newest = of_it.max_by_key(|link| link.record.timestamp);
        Ok(newest.map(|link| link.statement))
    }

    /// Makes the record of a promotion or a build that `context` carries out.
    pub(super) async fn promotion_record(
        &self,
        context: &Context<'_>,
        image: RecordedImage<'_>,
        mut details: RecordDetails,
    ) -> Result<PromotionRecord, EngineError> {
        if let Some(from) = &details.from {
            details.follows = self.statement_before(context.service, image.digest, from).await?;
        }
        Ok(PromotionRecord::new(
            image.digest,
            image.source,
            image.destination,
            image.tags,
            Timestamp::now(),
            details,
        ))
    }
}

/// The image of a record, and where it goes.
#[derive(Clone, Copy)]
pub(super) struct RecordedImage<'a> {
    pub(super) digest: &'a Digest,
    pub(super) source: Option<&'a Repository>,
    pub(super) destination: &'a Repository,
    pub(super) tags: &'a [Tag],
}

/// What every record says of the run that `context` carries out. What it follows is found when the record is made.
pub(super) fn details(
    context: &Context<'_>,
    operation: RecordedOperation,
    environment: &EnvironmentName,
    gates: &[Gate],
    fresh: Option<&FreshScan>,
) -> RecordDetails {
    let reports = fresh.into_iter().flat_map(|fresh| &fresh.reports);
    RecordDetails {
        operation,
        service: context.service.name().clone(),
        environment: environment.clone(),
        from: None,
        commit: context.plan.commit.clone(),
        plan: Clean::line(context.plan.hash().as_str()),
        run: Clean::line(context.recorder.run().as_str()),
        by: Clean::line(&context.engine.actor().to_string()),
        reason: None,
        hotfix: false,
        gates: gates.to_vec(),
        previous_digest: None,
        approvals: Vec::new(),
        evidence: reports.map(|(bytes, _)| Digest::of(bytes)).collect(),
        follows: None,
    }
}

/// All that claims to be a record of `digest`; nothing is verified. What cannot be understood claims nothing.
async fn claimed(reader: &Reader, digest: &Digest) -> Result<Vec<ChainLink>, EngineError> {
    match records(reader, digest, None).await {
        Err(EngineError::Sign(SignError::Malformed { .. })) => Ok(Vec::new()),
        found => found,
    }
}

/// The records that who is trusted signed, or where nobody is named all that claim to be some.
pub(super) async fn records(
    reader: &Reader,
    digest: &Digest,
    trusted: Option<&TrustedSigner>,
) -> Result<Vec<ChainLink>, EngineError> {
    let found = sign::attestations(reader, digest, PromotionRecord::TYPE, trusted).await?;
    let link = |attestation: Attestation| {
        Some(ChainLink {
            record: serde_json::from_str(attestation.predicate.get()).ok()?,
            statement: attestation.statement,
            subjects: attestation.subjects,
            is_signed: trusted.is_some(),
        })
    };
    Ok(found.into_iter().filter_map(link).collect())
}

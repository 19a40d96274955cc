//! The promotion records of a digest: read where they are, and checked as a chain from an environment back to the build.

use std::collections::BTreeMap;

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
use crate::sign::{self, Attestation, Claim, TrustedSigner};

/// A chain that was checked.
#[derive(Debug, Clone)]
pub struct CheckedChain {
    /// Its records, from the environment back to the build.
    pub links: Vec<ChainLink>,
    /// What is wrong with it, if something is.
    pub fault: Option<ChainFault>,
}

/// Where the environments of a service have their images, and who has to have signed their records.
pub(super) struct ChainGround {
    places: Vec<ChainPlace>,
    trusted: BTreeMap<EnvironmentName, TrustedSigner>,
}

impl ChainGround {
    /// That of `service`.
    ///
    /// # Errors
    /// When what signatures are verified with cannot be read.
    pub(super) fn of(engine: &Engine, service: &Service) -> Result<Self, EngineError> {
        let mut ground = Self {
            places: Vec::new(),
            trusted: BTreeMap::new(),
        };
        for there in service.environments() {
            let name = &there.environment().name;
            ground.places.push(ChainPlace {
                environment: name.clone(),
                repository: there.repository()?.to_string(),
                signs: engine.settings(name)?.sign.is_some(),
            });
            if let Some(trusted) = engine.trusted(name)? {
                ground.trusted.insert(name.clone(), trusted);
            }
        }
        Ok(ground)
    }

    /// Whether `environment` leaves records.
    pub(super) fn signs(&self, environment: &EnvironmentName) -> bool {
        let mut places = self.places.iter();
        places.any(|place| place.environment == *environment && place.signs)
    }

    /// The records that are attached to `digest` where `reader` reads, each read once.
    pub(super) async fn links(
        &self,
        reader: &Reader,
        digest: &Digest,
    ) -> Result<Vec<ChainLink>, EngineError> {
        let claims = sign::claims(reader, digest, PromotionRecord::TYPE).await?;
        let link = |claim: Claim| {
            let attestation = &claim.attestation;
            let record: PromotionRecord = serde_json::from_str(attestation.predicate.get()).ok()?;
            let trusted = self.trusted.get(&record.windlass.environment);
            Some(ChainLink {
                statement: attestation.statement.clone(),
                subjects: attestation.subjects.clone(),
                is_signed: trusted.is_some_and(|trusted| claim.is_signed_by(trusted)),
                record,
            })
        };
        Ok(claims.into_iter().filter_map(link).collect())
    }

    /// The links from `environment` back to the build.
    pub(super) fn chain<'l>(
        &self,
        links: &'l [ChainLink],
        digest: &Digest,
        environment: &EnvironmentName,
    ) -> Result<Vec<&'l ChainLink>, ChainFault> {
        chain(links, digest, environment, &self.places)
    }
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
        let ground = ChainGround::of(self, service)?;
        let links = ground.links(&reader, digest).await?;
        let (found, fault) = match ground.chain(&links, digest, environment) {
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
        let found = records(&reader, digest, &trusted).await?.into_iter();
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

/// The records that who is trusted signed.
pub(super) async fn records(
    reader: &Reader,
    digest: &Digest,
    trusted: &TrustedSigner,
) -> Result<Vec<ChainLink>, EngineError> {
    let found = sign::attestations(reader, digest, PromotionRecord::TYPE, Some(trusted)).await?;
    let link = |attestation: Attestation| {
        Some(ChainLink {
            record: serde_json::from_str(attestation.predicate.get()).ok()?,
            statement: attestation.statement,
            subjects: attestation.subjects,
            is_signed: true,
        })
    };
    Ok(found.into_iter().filter_map(link).collect())
}

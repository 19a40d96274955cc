//! What the verifiers of an environment will make of an image that is promoted there, before it is.

use crate::config::{EnvironmentSettings, SignerSettings};
use crate::domain::{
    AttachedSignatures, Digest, Environment, EnvironmentName, SignatureForms, SignedBy, Verifier, forms_for,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::project::Service;
use crate::registry::Reader;
use crate::sign;

/// What is predicted of an image at a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// The image.
    pub digest: Digest,
    /// How it will be signed there; none where the target does not sign.
    pub signed: Option<AttachedSignatures>,
    /// Whether the form follows from the verifiers, as it is not configured.
    pub is_chosen: bool,
    /// What each verifier will say, in the order of the configuration.
    pub verifiers: Vec<Prediction>,
}

/// What one verifier will say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// The verifier.
    pub verifier: Verifier,
    /// Why it does not admit the image by its signatures; none where it does.
    pub signature: Option<String>,
    /// Why it would not, if its policy asks for an attestation too.
    pub attestation: Option<String>,
    /// What has to be set for it.
    pub setup: &'static str,
    /// Where that is known from.
    pub source: &'static str,
}

impl Engine {
    /// What the verifiers of `to` will make of a candidate.
    pub async fn preflight(
        &self,
        service: &Service,
        candidate: &str,
        to: &EnvironmentName,
    ) -> Result<Preflight, EngineError> {
        let target = self.environment(to)?;
        let source = target
            .from
            .first()
            .map_or(Ok(target), |from| self.environment(from))?;
        let candidate = self.candidate(service, candidate, source).await?;
        let reader = service.environment(source).reader()?;
        self.predict(service, &reader, &candidate.image.digest, target)
            .await
    }

    /// What the verifiers of `target` will make of the image `digest` that `evidence` reads, with all that is attached to it.
    pub(super) async fn predict(
        &self,
        service: &Service,
        evidence: &Reader,
        digest: &Digest,
        target: &Environment,
    ) -> Result<Preflight, EngineError> {
        let settings = self.settings(&target.name)?;
        let there = service.environment(target).reader()?;
        let signed = match &settings.sign {
            Some(_) => Some(signatures(settings, evidence, &there, digest).await?),
            None => None,
        };
        let by = signed.map_or(SignedBy::Key, |signed| signed.by);
        let unsigned = || Some("nothing is signed there (environment.sign)".to_owned());
        let verifiers = settings.signatures.verifiers.iter().filter_map(|verifier| {
            let profile = verifier.profile()?;
            Some(Prediction {
                verifier: verifier.clone(),
                signature: signed.map_or_else(unsigned, |signed| profile.refusal(signed)),
                attestation: signed.map_or_else(unsigned, |signed| profile.refusal_attested(signed)),
                setup: profile.setup(by),
                source: profile.source(by),
            })
        });
        Ok(Preflight {
            digest: digest.clone(),
            is_chosen: settings.signatures.forms.is_none() && by == SignedBy::Key,
            verifiers: verifiers.collect(),
            signed,
        })
    }
}

/// How the image `digest` is signed at a target: in the form that is configured, else in the one that all verifiers admit. What
/// satisfies most of them, where none satisfies all, is for the gate to refuse. By an identity there is one form only.
pub(super) async fn signatures(
    settings: &EnvironmentSettings,
    evidence: &Reader,
    there: &Reader,
    digest: &Digest,
) -> Result<AttachedSignatures, EngineError> {
    let of = &settings.signatures;
    let attached = AttachedSignatures {
        forms: of.forms.unwrap_or_default(),
        by: match settings.sign {
            Some(SignerSettings::Keyless(_)) => SignedBy::Identity,
            Some(SignerSettings::Key(_)) | None => SignedBy::Key,
        },
        has_other_bundles: false,
        by_api: true,
        platforms: of.platforms,
    };
    if of.verifiers.is_empty() {
        return Ok(attached);
    }
    // Bundles that are there stay there, in whichever form is signed now.
    let (by_api, has_other_bundles) = tokio::try_join!(
        there.has_referrers_api(digest),
        sign::has_bundles(evidence, digest)
    )?;
    let attached = AttachedSignatures {
        has_other_bundles,
        by_api,
        ..attached
    };
    let forms = match of.forms {
        Some(forms) => forms,
        None if attached.by == SignedBy::Identity => SignatureForms::Bundle,
        None => forms_for(&of.verifiers, attached).unwrap_or(SignatureForms::Both),
    };
    Ok(AttachedSignatures { forms, ..attached })
}

//! Signing, as a step of a promotion or by itself, and the verification that follows.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::domain::{
    Confirmation, Costs, Digest, EnvironmentName, ImageReference, Operation, Plan, PlannedStep, ServiceName,
    StepKind, Target,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::run::Context;
use crate::engine::run::event::{RunId, StepOutcome};
use crate::registry::{Reader, Writer};
use crate::scan::{self, Invocation};
use crate::sign::{self, PublicKey, SigningKey};

/// Plans the signature of `image`, which must lie in an environment that signs.
pub(in crate::engine) async fn plan(
    engine: &Engine,
    service: &ServiceName,
    image: &ImageReference,
) -> Result<Plan, EngineError> {
    let environment = engine.environment_of(service, image)?;
    let key = key_path(engine, &environment)?;
    let reader = engine.registries().reader(&image.repository);
    let Some(found) = reader.resolve(&image.target).await? else {
        return Err(EngineError::NoImage {
            by_promotion: !engine.environment(&environment)?.from.is_empty(),
            environment,
            image: image.clone(),
        });
    };
    let pinned = image.repository.at(found.digest.clone());
    Ok(Plan {
        operation: Operation::Sign { image: pinned },
        service: service.clone(),
        commit: None,
        tag: match &image.target {
            Target::Tag(tag) => Some(tag.clone()),
            Target::Digest(_) => None,
        },
        digest: Some(found.digest),
        gates: Vec::new(),
        steps: vec![
            PlannedStep {
                kind: StepKind::Sign,
                what: format!("with {}", key.display()),
            },
            PlannedStep {
                kind: StepKind::Verify,
                what: "the signature, with the public key".to_owned(),
            },
        ],
        costs: Costs::default(),
        confirmation: Confirmation::Plain,
    })
}

/// Carries out one step of a signature by itself.
pub(in crate::engine) async fn step(
    context: &Context<'_>,
    step: StepKind,
) -> Result<StepOutcome, EngineError> {
    let (Operation::Sign { image }, Some(digest)) = (&context.plan.operation, &context.plan.digest) else {
        return Err(EngineError::Internal(
            "a signing plan without a digest".to_owned(),
        ));
    };
    let environment = context.engine.environment_of(&context.plan.service, image)?;
    let writer = context
        .engine
        .registries()
        .writer(&image.repository, context.access);
    match step {
        StepKind::Sign => sign_at(context, &writer, digest, &environment).await,
        _ => match verify_at(context.engine, &writer, digest, &environment).await? {
            Some(words) => Ok(StepOutcome::Done(words)),
            None => Err(EngineError::NoKey(environment.to_string())),
        },
    }
}

/// Signs `digest` where `writer` writes, with the key of `environment`, and with it the scan that was made in this run:
/// whoever has the public key can tell that the report is ours.
pub(in crate::engine) async fn sign_at(
    context: &Context<'_>,
    writer: &Writer,
    digest: &Digest,
    environment: &EnvironmentName,
) -> Result<StepOutcome, EngineError> {
    let path = key_path(context.engine, environment)?;
    let password = context.engine.signing_password(environment, context.secrets)?;
    let key = load_key(path, password).await?;
    let subject = writer
        .resolve(&Target::Digest(digest.clone()))
        .await?
        .ok_or_else(|| EngineError::NotProved {
            image: writer.repository().at(digest.clone()),
            why: "it does not exist".to_owned(),
        })?;
    let signed = sign::sign(writer, &subject, &key).await?;
    let fresh = context.to_leave().and_then(|proof| proof.fresh.as_ref());
    for (bytes, about) in fresh.iter().flat_map(|fresh| &fresh.reports) {
        let invocation = invocation(context.recorder.run());
        let attestation = scan::attest(writer, &subject, bytes, about, &invocation, &key).await?;
        let log = context.log(StepKind::Sign);
        log.info(format!(
            "signed the scan report: attestation {}",
            attestation.digest.short()
        ));
    }
    Ok(match signed {
        sign::Signed::New(signature) => StepOutcome::Done(format!("signature {}", signature.digest.short())),
        sign::Signed::Already => StepOutcome::Nothing("already signed with this key".to_owned()),
    })
}

/// The signing key of a file. Deriving it from the password takes about a tenth of a second of one core.
///
/// # Errors
/// When the file cannot be read, is no key in cosign's encrypted form, or the password is another.
pub async fn load_key(path: PathBuf, password: SecretString) -> Result<SigningKey, EngineError> {
    tokio::task::spawn_blocking(move || SigningKey::load(&path, &password))
        .await
        .map_err(|error| EngineError::Internal(error.to_string()))?
        .map_err(EngineError::from)
}

/// How an attestation names the run that made it: by its page where it is a job of GitHub Actions.
pub fn invocation(run: &RunId) -> Invocation {
    let said = |variable| std::env::var(variable).ok().filter(|value| !value.is_empty());
    let job = || {
        let (server, repository) = (said("GITHUB_SERVER_URL")?, said("GITHUB_REPOSITORY")?);
        Some(format!(
            "{server}/{repository}/actions/runs/{}",
            said("GITHUB_RUN_ID")?
        ))
    };
    Invocation {
        uri: job().unwrap_or_else(|| format!("urn:windlass:run:{run}")),
        event_id: run.to_string(),
        builder: concat!("windlass/", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// Verifies the signature that `environment` asks for; none if it asks for none.
pub(in crate::engine) async fn verify_at(
    engine: &Engine,
    reader: &Reader,
    digest: &Digest,
    environment: &EnvironmentName,
) -> Result<Option<String>, EngineError> {
    let Some(path) = engine.settings(environment)?.verify_key.clone() else {
        return Ok(None);
    };
    let key = PublicKey::load(&path)?;
    sign::verify(reader, digest, &key).await?;
    Ok(Some(format!("signed with {}, verified", path.display())))
}

fn key_path(engine: &Engine, environment: &EnvironmentName) -> Result<PathBuf, EngineError> {
    let sign = engine.settings(environment)?.sign.as_ref();
    sign.map(|sign| sign.key.clone())
        .ok_or_else(|| EngineError::NoKey(environment.to_string()))
}

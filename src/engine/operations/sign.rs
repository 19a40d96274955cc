//! Signing, as a step of a promotion or by itself, and the verification that follows.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::operation::{Operation, OperationRun, PlanRequest, Work};
use crate::config::{EnvironmentSettings, KeylessSettings, SignSettings, SignerSettings, VerifySettings};
use crate::domain::operation::Sign;
use crate::domain::{
    Confirmation, Costs, Digest, Endpoint, EnvironmentName, ImageReference, LockPart, Plan, PromotionRecord,
    ServiceName, SignatureForms, StepKind, StepList, StepTarget, Target, VerificationSummary, count,
};
use crate::engine::Engine;
use crate::engine::core::environment_of;
use crate::engine::error::EngineError;
use crate::engine::run::event::{RunId, StepOutcome};
use crate::engine::run::{Context, Secrets, Step};
use crate::engine::trusted::trusted_signer;
use crate::engine::verifiers;
use crate::project::Service;
use crate::registry::{Descriptor, Reader, Writer};
use crate::scan::{self, FreshScan, Invocation};
use crate::sign::{
    self, Attestation, KeylessServices, KeylessSigner, NewStatement, Signer, SigningKey, TokenSource,
};

/// A request to sign an image where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignRequest {
    /// What is signed.
    pub image: SignSubject,
}

/// What is to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignSubject {
    /// An image; a tag is resolved once.
    Image(ImageReference),
    /// A digest, where an environment has its images.
    Digest {
        /// The digest.
        digest: Digest,
        /// The environment.
        environment: EnvironmentName,
    },
}

impl SignSubject {
    fn image(&self, engine: &Engine, service: &Service) -> Result<ImageReference, EngineError> {
        match self {
            Self::Image(image) => Ok(image.clone()),
            Self::Digest { digest, environment } => {
                let environment = engine.environment(environment)?;
                let repository = service.environment(environment).repository()?;
                Ok(repository.at(digest.clone()))
            }
        }
    }
}

impl PlanRequest for SignRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let image = &self.image.image(engine, service)?;
        let environment = environment_of(service, image)?;
        let settings = engine.settings(&environment)?;
        let Some(sign) = &settings.sign else {
            return Err(EngineError::NoKey(environment.to_string()));
        };
        let reader = engine.registries().reader(&image.repository);
        let Some(found) = reader.resolve(&image.target).await? else {
            return Err(EngineError::NoImage {
                by_promotion: !engine.environment(&environment)?.from.is_empty(),
                environment,
                image: image.clone(),
            });
        };
        let mut steps = StepList::default();
        let signed = || StepTarget::Image(image.repository.at(found.digest.clone()));
        steps.add_on(StepKind::Sign, sign.words(), signed());
        let verified = format!("the signature, {}", verified_by(settings));
        steps.add_on(StepKind::Verify, verified, signed());
        Ok(Plan {
            operation: Sign {
                image: image.repository.at(found.digest.clone()),
            }
            .into(),
            service: service.name().clone(),
            commit: None,
            tag: match &image.target {
                Target::Tag(tag) => Some(tag.clone()),
                Target::Digest(_) => None,
            },
            digest: Some(found.digest),
            gates: Vec::new(),
            steps: steps.into(),
            costs: Costs::default(),
            confirmation: Confirmation::Plain,
        })
    }
}

impl Operation for Sign {
    fn lock(&self) -> Option<LockPart> {
        None
    }

    fn local_lock(&self, _plan: &Plan) -> String {
        format!("signatures in {}", self.image.repository)
    }

    fn signs_with(&self, engine: &Engine, plan: &Plan) -> Option<SignerSettings> {
        let environment = environment_of(&engine.service(&plan.service).ok()?, &self.image).ok()?;
        engine.sign_settings(&environment)
    }

    fn is_read_back(&self) -> bool {
        true
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let engine = context.engine;
        Ok(Box::new(Signing {
            environment: environment_of(context.service, &self.image)?,
            digest: context.digest()?,
            writer: engine.registries().writer(&self.image.repository, context.access),
        }))
    }
}

/// A run that signs.
struct Signing<'a> {
    environment: EnvironmentName,
    digest: &'a Digest,
    writer: Writer,
}

impl OperationRun for Signing<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        Some(match step.kind() {
            StepKind::Sign => Work::new(sign_at(
                step,
                &self.writer,
                self.digest,
                &self.environment,
                Statements::default(),
            )),
            StepKind::Verify => Work::new(self.verify(step)),
            _ => return None,
        })
    }
}

impl Signing<'_> {
    async fn verify(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let engine = step.context.engine;
        let verified = verify_at(engine, &self.writer, self.digest, &self.environment).await?;
        verified
            .map(StepOutcome::Done)
            .ok_or_else(|| EngineError::NoKey(self.environment.to_string()))
    }
}

/// What is signed with an image, so that whoever has the public key can tell that it is ours.
#[derive(Clone, Copy, Default)]
pub(in crate::engine) struct Statements<'a> {
    /// The scan that was made in this run.
    pub(in crate::engine) fresh: Option<&'a FreshScan>,
    /// By what the image came here.
    pub(in crate::engine) record: Option<&'a PromotionRecord>,
    /// That it was held to the rules of the environment.
    pub(in crate::engine) summary: Option<&'a VerificationSummary>,
}

/// Signs `digest` where `writer` writes, as `environment` signs, and with it the scan that was made in this run: whoever can verify
/// the one can tell that the other is ours.
pub(in crate::engine) async fn sign_at(
    step: &Step<'_>,
    writer: &Writer,
    digest: &Digest,
    environment: &EnvironmentName,
    statements: Statements<'_>,
) -> Result<StepOutcome, EngineError> {
    let context = step.context;
    let signer = signer(context, environment).await?;
    let subject = writer
        .resolve(&Target::Digest(digest.clone()))
        .await?
        .ok_or_else(|| EngineError::NotProved {
            image: writer.repository().at(digest.clone()),
            why: "it does not exist".to_owned(),
        })?;
    let forms = verifiers::signatures(context.engine.settings(environment)?, writer, writer, digest).await?;
    let mut new = Vec::new();
    for image in to_sign(writer, subject.clone(), forms.platforms).await? {
        if let sign::Signed::New(signatures) = sign::sign(writer, &image, &signer, forms.forms).await? {
            new.extend(signatures);
        }
    }
    let reports = statements.fresh.iter().flat_map(|fresh| &fresh.reports);
    for (bytes, about) in reports {
        let invocation = invocation(context.recorder.run());
        let by = (&signer, forms.forms);
        let attestation = scan::attest(writer, &subject, bytes, about, &invocation, by).await?;
        step.log().info(format!(
            "signed the scan report: attestation {}",
            attestation.digest.short()
        ));
    }
    if let Some(record) = statements.record {
        let new = (PromotionRecord::TYPE, record);
        let left = leave(writer, &subject, new, environment, (&signer, forms.forms)).await?;
        step.log()
            .info(format!("signed the promotion record: statement {}", left.short()));
    }
    if let Some(summary) = statements.summary {
        let new = (VerificationSummary::TYPE, summary);
        let left = leave(writer, &subject, new, environment, (&signer, forms.forms)).await?;
        step.log().info(format!(
            "signed the verification summary: statement {}",
            left.short()
        ));
    }
    Ok(match new.as_slice() {
        [] if signer.is_keyless() => StepOutcome::Nothing("already signed by this identity".to_owned()),
        [] => StepOutcome::Nothing("already signed with this key".to_owned()),
        [one] => StepOutcome::Done(format!("signature {}", one.digest.short())),
        several => StepOutcome::Done(format!(
            "{}, {}",
            count(several.len(), "signature"),
            forms.forms.words()
        )),
    })
}

/// Leaves a statement of an environment, and reads it back: what nobody finds is no evidence. The statement that was signed.
pub(in crate::engine) async fn leave<P: Serialize + DeserializeOwned + PartialEq + Sync>(
    writer: &Writer,
    subject: &Descriptor,
    (predicate_type, predicate): (&str, &P),
    environment: &EnvironmentName,
    (signer, forms): (&Signer, SignatureForms),
) -> Result<Digest, EngineError> {
    let new = NewStatement {
        predicate_type,
        predicate,
        about: environment.to_string(),
        statement: None,
    };
    sign::attest(writer, subject, new, signer, forms).await?;
    let found = sign::attestations(writer, &subject.digest, predicate_type, Some(signer.trusted())).await?;
    let is_ours = |attestation: &&Attestation| {
        let said = serde_json::from_str::<P>(attestation.predicate.get());
        said.is_ok_and(|said| said == *predicate)
    };
    let ours = found
        .iter()
        .find(is_ours)
        .map(|attestation| attestation.statement.clone());
    ours.ok_or_else(|| EngineError::NotProved {
        image: writer.repository().at(subject.digest.clone()),
        why: format!("the statement of the type {predicate_type} that was left there is not found"),
    })
}

/// What is signed: the image, and where the platforms are signed too, the manifest of each.
async fn to_sign(
    writer: &Writer,
    subject: Descriptor,
    platforms: bool,
) -> Result<Vec<Descriptor>, EngineError> {
    let mut all = vec![subject];
    if !platforms {
        return Ok(all);
    }
    for image in writer.image(&all[0].digest).await?.images {
        let found = writer.resolve(&Target::Digest(image.digest)).await?;
        all.extend(found.filter(|found| found.digest != all[0].digest));
    }
    Ok(all)
}

/// The password of a key: what was typed, `COSIGN_PASSWORD`, or a file.
pub(in crate::engine) fn signing_password(
    sign: &SignSettings,
    secrets: &Secrets,
) -> Result<SecretString, EngineError> {
    if let Some(password) = &secrets.signing_password {
        return Ok(password.clone());
    }
    if let Some(password) = sign::password_variable() {
        return Ok(password);
    }
    let Some(file) = &sign.password_file else {
        return Err(EngineError::NoPassword);
    };
    let text = std::fs::read_to_string(file).map_err(|source| EngineError::PasswordFile {
        path: file.clone(),
        source,
    })?;
    Ok(SecretString::from(text.trim_end_matches(['\n', '\r'])))
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
    let Some(wanted) = &engine.settings(environment)?.verify else {
        return Ok(None);
    };
    sign::verify(reader, digest, &trusted_signer(wanted)?).await?;
    Ok(Some(format!("signed {}, verified", wanted.words())))
}

/// What signs in `environment`.
pub(in crate::engine) async fn signer(
    context: &Context<'_>,
    environment: &EnvironmentName,
) -> Result<Signer, EngineError> {
    let engine = context.engine;
    let no_key = || EngineError::NoKey(environment.to_string());
    match engine.sign_settings(environment).ok_or_else(no_key)? {
        SignerSettings::Key(sign) => {
            let password = signing_password(&sign, context.secrets)?;
            Ok(load_key(sign.key, password).await?.into())
        }
        SignerSettings::Keyless(keyless) => {
            let trusted = engine.trusted(environment)?.ok_or_else(no_key)?;
            let services = services(&keyless, context.service.name(), environment)?;
            let signer = KeylessSigner::new(services, TokenSource::ambient()?, trusted);
            Ok(Signer::Keyless(Box::new(signer)))
        }
    }
}

/// The services of Sigstore that an environment names.
fn services(
    keyless: &KeylessSettings,
    service: &ServiceName,
    environment: &EnvironmentName,
) -> Result<KeylessServices, EngineError> {
    let url = |endpoint: &Endpoint| {
        endpoint
            .url(service, environment)
            .map_err(|error| EngineError::Internal(error.to_string()))
    };
    Ok(KeylessServices {
        fulcio: url(&keyless.fulcio)?,
        timestamp: url(&keyless.timestamp)?,
        rekor: keyless.rekor.as_ref().map(url).transpose()?,
        audience: keyless.audience.clone(),
    })
}

/// For a plan: what a signature is verified with.
pub(in crate::engine) fn verified_by(settings: &EnvironmentSettings) -> String {
    match &settings.verify {
        Some(VerifySettings::Identity { identity, .. }) => format!("by {identity}"),
        Some(VerifySettings::Key(_)) | None => "with the public key".to_owned(),
    }
}

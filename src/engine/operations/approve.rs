//! Approving a promotion: a signed statement about the image, left where it is promoted from. It starts nothing.

use std::path::PathBuf;

use jiff::Timestamp;

use super::operation::{Operation, OperationRun, PlanRequest, Work};
use super::pin::term;
use super::place::reason;
use super::sign::{load_key, signing_password};
use crate::config::{SignSettings, SignerSettings};
use crate::domain::operation::ApproveCandidate;
use crate::domain::{
    Approval, ApprovalPolicy, Asked, Clean, Confirmation, Costs, Digest, EnvironmentName, LockPart, Plan,
    RoleName, SignedApproval, StepKind, StepList, StepTarget, Target, Term,
};
use crate::engine::Engine;
use crate::engine::approval_error::ApprovalError;
use crate::engine::approvals::{Promoted, trusted_keys};
use crate::engine::error::EngineError;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::project::Service;
use crate::registry::Writer;
use crate::sign::{self, NewStatement, Signer, SigningKey};

/// A request to approve the promotion of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproveRequest {
    /// A commit, an image tag, a digest or a release branch.
    pub candidate: String,
    /// Where it is promoted to.
    pub to: EnvironmentName,
    /// Where from, for an environment with several sources or for its hotfix path.
    pub from: Option<EnvironmentName>,
    /// As what, if not only as somebody.
    pub role: Option<RoleName>,
    /// Why.
    pub reason: Option<String>,
    /// Until when it counts.
    pub expires: Option<String>,
    /// The key that signs it; that of `approve` unless one is named.
    pub key: Option<PathBuf>,
}

impl PlanRequest for ApproveRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let target = engine.environment(&self.to)?;
        let policy = engine.approval_policy(&self.to)?;
        let source = engine.approved_from(target, self.from.as_ref())?;
        if let Some(role) = &self.role {
            must_be_known(role, policy, &self.to)?;
        }
        let configured = engine.config().approve.as_ref().map(|approve| &approve.key);
        let key = self.key.as_ref().or(configured).ok_or(ApprovalError::NoKey)?;
        let reason = self.reason.as_deref().map(|text| reason(text, "this approval"));
        let expires = term(self.expires.as_deref(), Timestamp::now())?;
        engine.catch_up().await;
        let candidate = engine.candidate(service, &self.candidate, source).await?;
        let reader = engine.registries().reader(&candidate.repository);
        let promoted = Promoted::new(&candidate, &reader, source, target);
        let subject = engine.approval_subject(&promoted).await?;
        let image = candidate.repository.at(candidate.image.digest.clone());
        let mut steps = StepList::default();
        steps.add_on(
            StepKind::Attach,
            format!("the approval, signed with {}", key.display()),
            StepTarget::Image(image.clone()),
        );
        Ok(Plan {
            operation: ApproveCandidate {
                subject,
                image,
                role: self.role.clone(),
                reason: reason.transpose()?,
                expires,
                key: key.clone(),
            }
            .into(),
            service: service.name().clone(),
            commit: candidate.commit,
            tag: Some(candidate.tag),
            digest: Some(candidate.image.digest),
            gates: Vec::new(),
            steps: steps.into(),
            costs: Costs::default(),
            confirmation: Confirmation::Plain,
        })
    }
}

fn must_be_known(
    role: &RoleName,
    policy: &ApprovalPolicy,
    to: &EnvironmentName,
) -> Result<(), ApprovalError> {
    let mut known: Vec<_> = policy
        .trusted
        .iter()
        .flat_map(|trusted| &trusted.roles)
        .cloned()
        .collect();
    if known.contains(role) {
        return Ok(());
    }
    known.sort();
    known.dedup();
    Err(ApprovalError::UnknownRole {
        environment: to.clone(),
        role: role.clone(),
        known,
    })
}

impl Operation for ApproveCandidate {
    fn lock(&self) -> Option<LockPart> {
        None
    }

    fn local_lock(&self, _plan: &Plan) -> String {
        format!("approvals in {}", self.image.repository)
    }

    fn signs_with(&self, engine: &Engine, _plan: &Plan) -> Option<SignerSettings> {
        Some(SignerSettings::Key(sign_settings(engine, self)))
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let engine = context.engine;
        Ok(Box::new(Approving {
            approve: self,
            policy: engine.approval_policy(&self.subject.to)?,
            writer: engine.registries().writer(&self.image.repository, context.access),
        }))
    }
}

/// How it is signed: the password file that the configuration has for that very key counts for it.
fn sign_settings(engine: &Engine, approve: &ApproveCandidate) -> SignSettings {
    let configured = engine.config().approve.as_ref();
    let same = configured.filter(|sign| sign.key == approve.key).cloned();
    same.unwrap_or_else(|| SignSettings {
        key: approve.key.clone(),
        password_file: None,
    })
}

/// A run that approves.
struct Approving<'a> {
    approve: &'a ApproveCandidate,
    policy: &'a ApprovalPolicy,
    writer: Writer,
}

impl OperationRun for Approving<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        match step.kind() {
            StepKind::Attach => Some(Work::new(self.approve(step))),
            _ => None,
        }
    }
}

impl Approving<'_> {
    async fn approve(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let (engine, subject) = (step.context.engine, &self.approve.subject);
        let settings = sign_settings(engine, self.approve);
        let password = signing_password(&settings, step.context.secrets)?;
        let key = load_key(settings.key, password).await?;
        let signer = self.signer(&key)?;
        let summary = self.writer.image(&subject.digest).await?;
        let promoted = Promoted {
            service: step.context.service,
            reader: &self.writer,
            digest: &subject.digest,
            summary: &summary,
            commit: step.context.plan.commit.as_ref(),
            source: engine.environment(&subject.from)?,
            target: engine.environment(&subject.to)?,
        };
        let before = engine.approval_status(&promoted, self.policy, None).await?;
        if before.subject != *subject {
            return Err(ApprovalError::Changed {
                image: self.approve.image.clone(),
                environment: subject.to.clone(),
            }
            .into());
        }
        let approval = self.statement(engine);
        let authors = engine.authors(&promoted, self.policy).await?;
        self.must_count(&approval, signer, &authors)?;
        if before.counts(|counted| counted.signer == signer && counted.approval.role == approval.role) {
            let said = before.approvals.verdict();
            return Ok(StepOutcome::Nothing(format!(
                "already approved with this key; {}",
                said.reason()
            )));
        }
        let referrer = self.leave(engine, &approval, &key.into()).await?;
        // What nobody finds is no approval.
        let after = engine.approval_status(&promoted, self.policy, None).await?;
        if !after.counts(|counted| counted.approval == approval) {
            return Err(EngineError::NotProved {
                image: self.approve.image.clone(),
                why: "the approval that was left there is not found".to_owned(),
            });
        }
        step.log().info(format!("attached {}", referrer.short()));
        Ok(StepOutcome::Done(after.approvals.verdict().reason().to_owned()))
    }

    /// Whose key it is.
    fn signer(&self, key: &SigningKey) -> Result<usize, EngineError> {
        let keys = trusted_keys(self.policy)?;
        let signer = keys
            .iter()
            .position(|trusted| trusted.hint() == key.public().hint());
        let other = || ApprovalError::OtherKey {
            environment: self.approve.subject.to.clone(),
            key: self.approve.key.clone(),
        };
        Ok(signer.ok_or_else(other)?)
    }

    fn statement(&self, engine: &Engine) -> Approval {
        let approve = self.approve;
        let now = Timestamp::now();
        Approval::new(
            approve.subject.clone(),
            (approve.role.clone(), approve.reason.clone()),
            Clean::line(&engine.actor().to_string()),
            now,
            approve.expires.as_ref().map(|expires: &Term| expires.end(now)),
        )
    }

    /// Nobody is to believe that they have approved something when they have not.
    fn must_count(&self, approval: &Approval, signer: usize, authors: &[String]) -> Result<(), EngineError> {
        let ours = SignedApproval {
            statement: approval.digest.clone(),
            subjects: vec![approval.digest.clone()],
            signer,
            approval: Some(approval.clone()),
        };
        let asked = Asked {
            subject: &self.approve.subject,
            authors,
            promoter: None,
            now: approval.at,
        };
        match self.policy.judge(&asked, &[ours]).uncounted.pop() {
            None => Ok(()),
            Some(uncounted) => Err(ApprovalError::WouldNotCount {
                name: uncounted.name,
                environment: self.approve.subject.to.clone(),
                why: uncounted.why,
            }
            .into()),
        }
    }

    async fn leave(
        &self,
        engine: &Engine,
        approval: &Approval,
        signer: &Signer,
    ) -> Result<Digest, EngineError> {
        let target = Target::Digest(approval.digest.clone());
        let subject = self.writer.resolve(&target).await?;
        let subject = subject.ok_or_else(|| EngineError::NotProved {
            image: self.approve.image.clone(),
            why: "it does not exist".to_owned(),
        })?;
        let role = approval.role.as_ref().map_or("", RoleName::as_str);
        let new = NewStatement {
            predicate_type: Approval::TYPE,
            predicate: approval,
            about: format!("{} {role}", approval.to),
            statement: None,
        };
        // In the form that whatever verifies images at the target reads.
        let forms = engine
            .settings(&approval.to)?
            .signatures
            .forms
            .unwrap_or_default();
        Ok(sign::attest(&self.writer, &subject, new, signer, forms)
            .await?
            .digest)
    }
}

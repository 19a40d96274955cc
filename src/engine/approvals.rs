//! The approvals of a promotion: read where the image is promoted from, and judged by what its target requires.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;

use crate::config::{ConfigError, VerifySettings};
use crate::domain::{
    Approval, ApprovalPolicy, ApprovalSubject, Approvals, Asked, Clean, CommitSha, CountedApproval, Digest,
    Environment, EnvironmentName, Gate, GateKind, RecordedApproval, SignedApproval, count,
};
use crate::engine::Engine;
use crate::engine::approval_error::ApprovalError;
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::project::Service;
use crate::registry::{ImageSummary, Reader};
use crate::scan;
use crate::sign::{self, PublicKey, TrustedSigner};

/// More than an approval has, in bytes.
const LIMIT: u64 = 64 * 1024;
/// More approvals than an image has, whoever signed them. Where there are more, somebody hides one.
const MOST: usize = 500;

/// How a promotion stands by its approvals.
#[derive(Debug, Clone)]
pub struct ApprovalStatus {
    /// The promotion.
    pub subject: ApprovalSubject,
    /// What they come to.
    pub approvals: Approvals,
    /// How many are attached that no trusted key signed.
    pub others: usize,
    keys: Vec<String>,
}

/// An image that is to be promoted, where it is.
#[derive(Clone, Copy)]
pub(super) struct Promoted<'a> {
    pub(super) service: &'a Service,
    pub(super) reader: &'a Reader,
    pub(super) digest: &'a Digest,
    pub(super) summary: &'a ImageSummary,
    pub(super) commit: Option<&'a CommitSha>,
    pub(super) source: &'a Environment,
    pub(super) target: &'a Environment,
}

impl<'a> Promoted<'a> {
    pub(super) const fn new(
        candidate: &'a Candidate,
        reader: &'a Reader,
        source: &'a Environment,
        target: &'a Environment,
    ) -> Self {
        Self {
            service: &candidate.service,
            reader,
            digest: &candidate.image.digest,
            summary: &candidate.summary,
            commit: candidate.commit.as_ref(),
            source,
            target,
        }
    }
}

impl Engine {
    /// How the promotion of a candidate stands by its approvals, whoever promotes it.
    ///
    /// # Errors
    /// When nobody has to approve it, or what is attached cannot be read.
    pub async fn approvals(
        &self,
        service: &Service,
        candidate: &str,
        to: &EnvironmentName,
        from: Option<&EnvironmentName>,
    ) -> Result<ApprovalStatus, EngineError> {
        let target = self.environment(to)?;
        let policy = self.approval_policy(to)?;
        let source = self.approved_from(target, from)?;
        let candidate = self.candidate(service, candidate, source).await?;
        let reader = self.registries().reader(&candidate.repository);
        let image = Promoted::new(&candidate, &reader, source, target);
        self.approval_status(&image, policy, None).await
    }

    /// What `environment` requires of approvals.
    pub(super) fn approval_policy(
        &self,
        environment: &EnvironmentName,
    ) -> Result<&ApprovalPolicy, EngineError> {
        let policy = self.settings(environment)?.approvals.as_ref();
        policy.ok_or_else(|| ApprovalError::NotRequired(environment.clone()).into())
    }

    /// The environment that an approved promotion to `target` comes from: the one that is named, which may be that of the hotfix path,
    /// or the usual one.
    pub(super) fn approved_from(
        &self,
        target: &Environment,
        from: Option<&EnvironmentName>,
    ) -> Result<&Environment, EngineError> {
        let hotfix = self
            .settings(&target.name)?
            .hotfix
            .as_ref()
            .map(|hotfix| &hotfix.from);
        let usual = target.from.first();
        match from.or(usual) {
            Some(from) if target.from.contains(from) || hotfix == Some(from) => self.environment(from),
            from => Err(EngineError::NoSuchPromotion {
                from: from.unwrap_or(&target.name).clone(),
                to: target.name.clone(),
                sources: crate::domain::first(target.from.iter().chain(hotfix).collect::<Vec<_>>().iter(), 9),
            }),
        }
    }

    /// How a promotion stands by its approvals, if `promoter` carries it out.
    pub(super) async fn approval_status(
        &self,
        image: &Promoted<'_>,
        policy: &ApprovalPolicy,
        promoter: Option<&str>,
    ) -> Result<ApprovalStatus, EngineError> {
        let keys = trusted_keys(policy)?;
        let signers: Vec<_> = keys.iter().cloned().map(TrustedSigner::Key).collect();
        let limits = (LIMIT, MOST);
        let (subject, found, authors) = tokio::try_join!(
            self.approval_subject(image),
            async {
                let found =
                    sign::attestations_by(image.reader, image.digest, Approval::TYPE, &signers, limits);
                Ok(found.await?)
            },
            self.authors(image, policy)
        )?;
        let signed = found
            .signed
            .into_iter()
            .map(|(signer, attestation)| SignedApproval {
                approval: serde_json::from_str(attestation.predicate.get()).ok(),
                statement: attestation.statement,
                subjects: attestation.subjects,
                signer,
            });
        let asked = Asked {
            subject: &subject,
            authors: &authors,
            promoter,
            now: Timestamp::now(),
        };
        let approvals = policy.judge(&asked, &signed.collect::<Vec<_>>());
        Ok(ApprovalStatus {
            subject,
            approvals,
            others: found.others,
            keys: keys.iter().map(|key| key.hint().to_owned()).collect(),
        })
    }

    /// What an approval of a promotion is of, as everything is now.
    pub(super) async fn approval_subject(
        &self,
        image: &Promoted<'_>,
    ) -> Result<ApprovalSubject, EngineError> {
        let Promoted {
            service,
            reader,
            digest,
            summary,
            source,
            target,
            ..
        } = *image;
        let (mut evidence, record) = tokio::try_join!(
            async { Ok(scan::attached_reports(reader, digest, summary).await?) },
            self.statement_before(service, digest, &source.name)
        )?;
        evidence.extend(record);
        Ok(ApprovalSubject {
            service: service.name().clone(),
            digest: digest.clone(),
            from: source.name.clone(),
            to: target.name.clone(),
            policy: self.rules_of(source, target)?,
            evidence,
        })
    }

    /// What the gates of a promotion require, as a digest: the rules of the target as they are written, the keys that they believe, and
    /// the files in which findings are waived. The time and lists from elsewhere are not in it: those change by themselves.
    pub(super) fn rules_of(&self, source: &Environment, target: &Environment) -> Result<Digest, EngineError> {
        let settings = self.settings(&target.name)?;
        let mut text = format!("windlass rules 1\n{}", settings.rules);
        let mut add = |what: &str, value: &str| {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{what} {value}");
        };
        let approvers = settings.approvals.as_ref().map(trusted_keys).transpose()?;
        for key in approvers.iter().flatten() {
            add("approver", key.hint());
        }
        match &self.settings(&source.name)?.verify {
            None => {}
            Some(VerifySettings::Key(path)) => add("signature", PublicKey::load(path)?.hint()),
            Some(VerifySettings::Identity { identity, root }) => {
                add("subject", identity.subject().unwrap_or_default());
                add("subjects", &identity.subject_pattern().unwrap_or_default());
                add("issuer", identity.issuer());
                if let Some(path) = root {
                    add("trusted root", &digest_of_file(path)?.to_string());
                }
            }
        }
        if let Some(path) = settings.scan.as_ref().and_then(|scan| scan.signed_by.as_ref()) {
            add("reports", PublicKey::load(path)?.hint());
        }
        let scanner = &self.config().scanner;
        for path in scanner.waivers.iter().chain(&scanner.vex) {
            add("waivers", &digest_of_file(path)?.to_string());
        }
        Ok(Digest::of(text.as_bytes()))
    }

    /// The addresses of who wrote the commit of an image, where that matters.
    pub(super) async fn authors(
        &self,
        image: &Promoted<'_>,
        policy: &ApprovalPolicy,
    ) -> Result<Vec<String>, EngineError> {
        if !policy.exclude_author {
            return Ok(Vec::new());
        }
        let Some(commit) = image.commit.cloned() else {
            let image = image.reader.repository().at(image.digest.clone());
            return Err(ApprovalError::NoCommit(image).into());
        };
        self.git(move |repository| repository.addresses(&commit)).await
    }
}

impl ApprovalStatus {
    /// The verdict of the gate, with what to do where it refuses.
    pub(super) fn gate(&self) -> Gate {
        let verdict = self.approvals.verdict();
        let mut notes = Vec::new();
        if self.others > 0 && !verdict.allows() {
            let others = count(self.others, "more approval");
            notes.push(format!("{others} that no trusted key signed"));
        }
        if !verdict.allows() {
            let (digest, to) = (&self.subject.digest, &self.subject.to);
            notes.push(format!("approve with `windlass approve {digest} --to {to}`"));
        }
        Gate::new(GateKind::Approvals, verdict)
            .with_notes(notes)
            .or_by_reason()
    }

    /// Whether one that counts is such a one.
    pub(super) fn counts(&self, is_it: impl Fn(&CountedApproval) -> bool) -> bool {
        let mut approvers = self.approvals.approvers.iter();
        approvers.any(|approver| approver.approvals.iter().any(&is_it))
    }

    /// The approvals that count, as the promotion record names them.
    pub(super) fn recorded(&self) -> Vec<RecordedApproval> {
        let approvers = self.approvals.approvers.iter();
        let all = approvers.flat_map(|approver| {
            approver.approvals.iter().map(|counted| RecordedApproval {
                by: approver.name.clone(),
                role: counted.approval.role.clone(),
                key: Clean::line(self.keys.get(counted.signer).map_or("", String::as_str)),
                statement: counted.statement.clone(),
                at: counted.approval.at,
            })
        });
        all.collect()
    }
}

/// The keys of those whose approvals count, in the order of the policy. Nobody has the key of another.
pub(super) fn trusted_keys(policy: &ApprovalPolicy) -> Result<Vec<PublicKey>, EngineError> {
    let mut keys: Vec<PublicKey> = Vec::new();
    for (at, trusted) in policy.trusted.iter().enumerate() {
        let key = PublicKey::load(&trusted.key)?;
        let same = keys.iter().position(|known| known.hint() == key.hint());
        if let Some(other) = same
            .map(|at| &policy.trusted[at])
            .filter(|other| other.name != trusted.name)
        {
            return Err(ApprovalError::SharedKey {
                one: other.name.clone(),
                other: policy.trusted[at].name.clone(),
            }
            .into());
        }
        keys.push(key);
    }
    Ok(keys)
}

fn digest_of_file(path: &Path) -> Result<Digest, EngineError> {
    let bytes = std::fs::read(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(Digest::of(&bytes))
}

//! Which approvals count, who approved, and who is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::policy::{ApprovalPolicy, TrustedApprover};
use super::statement::{Approval, ApprovalSubject};
use crate::domain::{Clean, Digest, RoleName, Verdict, first};

/// Clocks of two machines may differ by so much.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// How many approvals that do not count, or people who could approve, are named in words.
const NAMED: usize = 4;

/// A statement that a trusted key signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedApproval {
    /// The SHA-256 of what was signed.
    pub statement: Digest,
    /// What it says it is about.
    pub subjects: Vec<Digest>,
    /// Whose key signed it: the entry of the policy.
    pub signer: usize,
    /// What it says; none where it is not understood.
    pub approval: Option<Approval>,
}

/// What is asked about: which promotion, by whom, of whose commit, and when.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The promotion.
    pub subject: &'a ApprovalSubject,
    /// The addresses of who wrote the commit.
    pub authors: &'a [String],
    /// Who promotes, as a user; none where nobody does yet.
    pub promoter: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
}

/// What the approvals of a promotion come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// How many people have to approve.
    pub required: u32,
    /// Who approved, in the order in which they did.
    pub approvers: Vec<Approver>,
    /// As what somebody has to approve still, and how many.
    pub missing_roles: BTreeMap<RoleName, u32>,
    /// Who could approve and has not.
    pub candidates: Vec<Clean>,
    /// Approvals of this promotion that do not count, of people who have no other that does.
    pub uncounted: Vec<UncountedApproval>,
}

/// Somebody who approved, in a way that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver {
    /// Who.
    pub name: Clean,
    /// As what.
    pub roles: BTreeSet<RoleName>,
    /// Each approval of theirs that counts, the oldest first.
    pub approvals: Vec<CountedApproval>,
}

/// An approval that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedApproval {
    /// The SHA-256 of what was signed.
    pub statement: Digest,
    /// Whose key signed it: the entry of the policy.
    pub signer: usize,
    /// What it says.
    pub approval: Approval,
}

/// An approval that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncountedApproval {
    /// Whose it is.
    pub name: Clean,
    /// When it was made; none where it is not understood.
    pub at: Option<Timestamp>,
    /// Why it does not count.
    pub why: String,
}

impl ApprovalPolicy {
    /// Which of the approvals that were `found` count for what is `asked`.
    pub fn judge(&self, asked: &Asked<'_>, found: &[SignedApproval]) -> Approvals {
        let mut by_name: BTreeMap<&Clean, Approver> = BTreeMap::new();
        let mut uncounted = Vec::new();
        for signed in found {
            let Some(trusted) = self.trusted.get(signed.signer) else {
                continue;
            };
            // One for another environment came along with the image, and is none of this promotion.
            let approval = signed.approval.as_ref();
            if approval.is_some_and(|approval| approval.to != asked.subject.to) {
                continue;
            }
            match self.flaw(asked, signed, trusted) {
                Ok(approval) => {
                    let approver = by_name.entry(&trusted.name).or_insert_with(|| Approver {
                        name: trusted.name.clone(),
                        roles: BTreeSet::new(),
                        approvals: Vec::new(),
                    });
                    approver.roles.extend(approval.role.clone());
                    approver.approvals.push(CountedApproval {
                        statement: signed.statement.clone(),
                        signer: signed.signer,
                        approval: approval.clone(),
                    });
                }
                Err(why) => uncounted.push(UncountedApproval {
                    name: trusted.name.clone(),
                    at: approval.map(|approval| approval.at),
                    why,
                }),
            }
        }
        uncounted.retain(|one| !by_name.contains_key(&one.name));
        let mut approvers: Vec<_> = by_name.into_values().collect();
        for approver in &mut approvers {
            approver.approvals.sort_by_key(|counted| counted.approval.at);
        }
        approvers.sort_by_key(|approver| approver.approvals.first().map(|counted| counted.approval.at));
        Approvals {
            required: self.required,
            missing_roles: self.missing_roles(&approvers),
            candidates: self.candidates(asked, &approvers),
            approvers,
            uncounted,
        }
    }

    /// The approval, or why it does not count.
    fn flaw<'s>(
        &self,
        asked: &Asked<'_>,
        signed: &'s SignedApproval,
        trusted: &TrustedApprover,
    ) -> Result<&'s Approval, String> {
        let wanted = asked.subject;
        let Some(approval) = &signed.approval else {
            return Err("is not understood by this version of windlass".to_owned());
        };
        if signed.subjects != [wanted.digest.clone()] || approval.digest != wanted.digest {
            return Err(format!("is of {}", approval.digest.short()));
        }
        if approval.service != wanted.service {
            return Err(format!("is of {}", approval.service));
        }
        if approval.from != wanted.from {
            return Err(format!("is of a promotion from {}", approval.from));
        }
        if approval.policy != wanted.policy {
            return Err(format!("was made before the gates of {} changed", wanted.to));
        }
        if approval.evidence != wanted.evidence {
            return Err("was made before the scan reports or records of the image changed".to_owned());
        }
        self.untimely(approval, trusted, asked.now)?;
        if let Some(role) = approval
            .role
            .as_ref()
            .filter(|role| !trusted.roles.contains(*role))
        {
            return Err(format!("is as {role}, which they are not"));
        }
        self.excluded(trusted, asked)?;
        Ok(approval)
    }

    /// That it is made neither too early nor too long ago. A key that does not count any more vouches for nothing, whatever the time
    /// that a statement of it gives.
    fn untimely(&self, approval: &Approval, trusted: &TrustedApprover, now: Timestamp) -> Result<(), String> {
        let ends = self.max_age.and_then(|age| approval.at.checked_add(age).ok());
        let expires = approval.expires.into_iter().chain(ends).min();
        if let Some(until) = trusted.until.filter(|until| *until <= now) {
            return Err(format!("is signed with a key that ended on {}", minute(until)));
        }
        if let Some(from) = trusted.from.filter(|from| *from > approval.at) {
            return Err(format!("is signed with a key that began on {}", minute(from)));
        }
        if let Some(expired) = expires.filter(|expires| *expires <= now) {
            return Err(format!("expired on {}", minute(expired)));
        }
        if approval.at.duration_since(now) > CLOCK_SKEW {
            return Err(format!("is of {}: a clock is wrong", minute(approval.at)));
        }
        Ok(())
    }

    /// That they are not the one who wrote the commit, nor the one who promotes, where these may not approve.
    fn excluded(&self, trusted: &TrustedApprover, asked: &Asked<'_>) -> Result<(), String> {
        if self.exclude_author
            && self.any_of(trusted, |entry| {
                TrustedApprover::is_one_of(&entry.emails, asked.authors)
            })
        {
            return Err("is by who wrote the commit".to_owned());
        }
        let promoter: Vec<_> = asked.promoter.map(str::to_owned).into_iter().collect();
        if self.exclude_promoter
            && self.any_of(trusted, |entry| {
                TrustedApprover::is_one_of(&entry.users, &promoter)
            })
        {
            return Err("is by who promotes".to_owned());
        }
        Ok(())
    }

    /// Whether something holds of an entry, or of another one of the same person.
    fn any_of(&self, trusted: &TrustedApprover, holds: impl Fn(&TrustedApprover) -> bool) -> bool {
        let mut entries = self.trusted.iter().filter(|entry| entry.name == trusted.name);
        entries.any(holds)
    }

    fn missing_roles(&self, approvers: &[Approver]) -> BTreeMap<RoleName, u32> {
        let missing = self.roles.iter().map(|(role, required)| {
            let has = approvers.iter().filter(|approver| approver.roles.contains(role));
            let has = u32::try_from(has.count()).unwrap_or(u32::MAX);
            (role.clone(), required.saturating_sub(has))
        });
        missing.filter(|(_, missing)| *missing > 0).collect()
    }

    /// Who could approve still: whose key counts now, and who neither has approved nor is excluded.
    fn candidates(&self, asked: &Asked<'_>, approvers: &[Approver]) -> Vec<Clean> {
        let mut names = Vec::new();
        for trusted in &self.trusted {
            let counts = trusted.until.is_none_or(|until| until > asked.now)
                && trusted.from.is_none_or(|from| from <= asked.now);
            let has = approvers.iter().any(|approver| approver.name == trusted.name);
            if counts && !has && !names.contains(&trusted.name) && self.excluded(trusted, asked).is_ok() {
                names.push(trusted.name.clone());
            }
        }
        names
    }
}

impl Approvals {
    /// Whether all that is required is there.
    pub fn suffice(&self) -> bool {
        self.missing() == 0 && self.missing_roles.is_empty()
    }

    /// How many people have to approve still.
    pub fn missing(&self) -> u32 {
        let has = u32::try_from(self.approvers.len()).unwrap_or(u32::MAX);
        self.required.saturating_sub(has)
    }

    /// What a gate says of them.
    pub fn verdict(&self) -> Verdict {
        if self.suffice() {
            return Verdict::Allowed(format!(
                "approved by {} ({} required)",
                self.names(),
                self.required
            ));
        }
        let mut said = match (self.missing(), self.approvers.len()) {
            (0, _) => format!("approved by {}", self.names()),
            (_, 0) => format!("0 of {} approvals", self.required),
            (_, has) => format!("{has} of {} approvals ({})", self.required, self.names()),
        };
        if !self.missing_roles.is_empty() {
            let roles = self
                .missing_roles
                .iter()
                .map(|(role, missing)| format!("{missing} as {role}"));
            said = format!("{said}; missing: {}", first(roles, NAMED));
        }
        if !self.candidates.is_empty() {
            said = format!("{said}; may approve: {}", first(self.candidates.iter(), NAMED));
        }
        if !self.uncounted.is_empty() {
            said = format!("{said}; does not count: {}", first(self.uncounted.iter(), NAMED));
        }
        Verdict::Refused(said)
    }

    fn names(&self) -> String {
        first(self.approvers.iter(), usize::MAX)
    }
}

impl fmt::Display for Approver {
    /// `Ana Ruiz (qa)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if !self.roles.is_empty() {
            let roles: Vec<_> = self.roles.iter().map(RoleName::as_str).collect();
            write!(f, " as {}", roles.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for UncountedApproval {
    /// `that of Ana Ruiz expired on 2026-11-27 10:00 UTC`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "that of {} {}", self.name, self.why)
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

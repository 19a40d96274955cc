//! `gate.approvals`: who has to approve what is promoted to an environment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::gates::at_most_a_year;
use super::section::Section;
use super::value::Value;
use super::{ConfigError, keys};
use crate::domain::{ApprovalPolicy, Clean, RoleName, Term, TrustedApprover};

pub(super) fn approvals(value: &Value<'_>) -> Result<ApprovalPolicy, ConfigError> {
    let section = value.section(keys::APPROVALS)?;
    let list = section.require("trusted")?;
    let entries = list.list()?;
    let policy = ApprovalPolicy {
        required: section.positive("required")?.unwrap_or(1),
        roles: section
            .get("roles")
            .map_or(Ok(BTreeMap::new()), |value| roles(&value))?,
        exclude_author: section.flag("exclude_author")?,
        exclude_promoter: section.flag("exclude_promoter")?,
        max_age: section
            .get("max_age")
            .map(|value| at_most_a_year(&value))
            .transpose()?,
        trusted: entries.iter().map(trusted).collect::<Result<_, _>>()?,
    };
    fulfillable(&policy, &section)?;
    for (entry, value) in policy.trusted.iter().zip(&entries) {
        known(&policy, entry, value)?;
    }
    Ok(policy)
}

/// How many people have to approve as what.
fn roles(value: &Value<'_>) -> Result<BTreeMap<RoleName, u32>, ConfigError> {
    let role = |(name, value): (&str, Value<'_>)| {
        let role = name.parse().map_err(|error| value.mistake(error))?;
        match value.number()? {
            0 => Err(value.mistake("must be at least 1")),
            number => Ok((role, number)),
        }
    };
    value.entries()?.into_iter().map(role).collect()
}

fn trusted(value: &Value<'_>) -> Result<TrustedApprover, ConfigError> {
    let section = value.section(keys::APPROVER)?;
    let day = |key| section.get(key).map(|value| value.date()).transpose();
    Ok(TrustedApprover {
        name: Clean::line(&section.require("name")?.text()?),
        key: section.require("key")?.path()?,
        roles: section.parsed("roles")?.into_iter().collect(),
        emails: section.strings("emails")?,
        users: section.strings("users")?,
        from: day("from")?.map(Term::begin_of),
        until: day("until")?.map(|day| Term::Day(day).end(Timestamp::MIN)),
    })
}

/// That enough people are trusted for what is required: a gate that nobody can pass is a mistake.
fn fulfillable(policy: &ApprovalPolicy, section: &Section<'_>) -> Result<(), ConfigError> {
    let people = |role: Option<&RoleName>| {
        let trusted = policy.trusted.iter();
        let of_role = trusted.filter(|one| role.is_none_or(|role| one.roles.contains(role)));
        let names: BTreeSet<_> = of_role.map(|one| &one.name).collect();
        u32::try_from(names.len()).unwrap_or(u32::MAX)
    };
    let has = people(None);
    if policy.required > has {
        let place = section
            .get("required")
            .map_or_else(|| section.require("trusted"), Ok)?;
        return Err(place.mistake(format_args!(
            "{} people have to approve, and {has} are trusted",
            policy.required
        )));
    }
    for (role, required) in &policy.roles {
        let has = people(Some(role));
        if *required > has {
            let message =
                format_args!("{required} have to approve as {role}, and {has} of the trusted have that role");
            return Err(section.require("roles")?.mistake(message));
        }
    }
    Ok(())
}

/// That it can be told who wrote the commit, or who promotes, where these may not approve; and that nobody has the key of another.
fn known(policy: &ApprovalPolicy, entry: &TrustedApprover, value: &Value<'_>) -> Result<(), ConfigError> {
    let own: Vec<_> = policy
        .trusted
        .iter()
        .filter(|other| other.name == entry.name)
        .collect();
    if policy.exclude_author && own.iter().all(|one| one.emails.is_empty()) {
        return Err(
            value.mistake("`exclude_author` requires `emails`: who wrote a commit is known by their address")
        );
    }
    if policy.exclude_promoter && own.iter().all(|one| one.users.is_empty()) {
        return Err(value
            .mistake("`exclude_promoter` requires `users`: who promotes is known by their name as a user"));
    }
    let twin = policy
        .trusted
        .iter()
        .find(|other| other.key == entry.key && other.name != entry.name);
    match twin {
        Some(twin) => Err(value.mistake(format_args!("has the same key as {}", twin.name))),
        None => Ok(()),
    }
}

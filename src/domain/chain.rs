//! The chain of promotion records: from an environment back to the build, each record names the statement before it.

use super::{Digest, EnvironmentName, PromotionRecord, RecordedOperation};

/// A record that is attached to a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLink {
    /// The SHA-256 of the statement that was signed.
    pub statement: Digest,
    /// What the statement is about.
    pub subjects: Vec<Digest>,
    /// What it says.
    pub record: PromotionRecord,
    /// Whether the key of the environment that it names signed it.
    pub is_signed: bool,
}

/// What is wrong with a chain, and at which environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// There is no record.
    #[error("the record of {0} is missing")]
    Missing(EnvironmentName),
    /// There is one, and the key of its environment did not sign it.
    #[error("the record of {0} is altered, or signed with another key")]
    Altered(EnvironmentName),
    /// It is of another image or another place.
    #[error("the record of {environment} is of {found}, not of {wanted}")]
    Transplanted {
        /// The environment that it names.
        environment: EnvironmentName,
        /// What it is of.
        found: String,
        /// What it is looked for.
        wanted: String,
    },
    /// It does not come before the one that names it.
    #[error("the record of {later} names one of {earlier} that does not come before it")]
    Reordered {
        /// The environment of the record that names the other.
        later: EnvironmentName,
        /// The environment of the other.
        earlier: EnvironmentName,
    },
}

/// Where the images of an environment are, and whether it leaves records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainPlace {
    /// The environment.
    pub environment: EnvironmentName,
    /// Its repository.
    pub repository: String,
    /// Whether it signs: one that does not leaves no record.
    pub signs: bool,
}

/// The records of `digest` from `environment` back to the build, in this order. It may begin after the build, where the
/// environments before leave no records.
///
/// # Errors
/// The first link from `environment` on that is missing, altered, transplanted or out of order.
pub fn chain<'l>(
    links: &'l [ChainLink],
    digest: &Digest,
    environment: &EnvironmentName,
    places: &[ChainPlace],
) -> Result<Vec<&'l ChainLink>, ChainFault> {
    let of = |name: &EnvironmentName| {
        let mut claiming = links
            .iter()
            .filter(|link| link.record.windlass.environment == *name);
        if claiming.any(|link| !link.is_signed) {
            ChainFault::Altered(name.clone())
        } else {
            ChainFault::Missing(name.clone())
        }
    };
    let signed = || links.iter().filter(|link| link.is_signed);
    let newest = signed()
        .filter(|link| link.record.windlass.environment == *environment)
        .max_by_key(|link| link.record.timestamp);
    let mut link = newest.ok_or_else(|| of(environment))?;
    let mut found = Vec::new();
    loop {
        is_at_its_place(link, digest, places)?;
        found.push(link);
        let details = &link.record.windlass;
        let Some(from) = &details.from else {
            return Ok(found);
        };
        let Some(wanted) = &details.follows else {
            let leaves_none = places
                .iter()
                .any(|place| place.environment == *from && !place.signs);
            return if leaves_none { Ok(found) } else { Err(of(from)) };
        };
        let before = signed()
            .find(|before| before.statement == *wanted)
            .ok_or_else(|| of(from))?;
        let earlier = &before.record.windlass;
        let comes_before = earlier.environment == *from
            && before.record.timestamp <= link.record.timestamp
            && !found.iter().any(|known| known.statement == before.statement);
        if !comes_before {
            return Err(ChainFault::Reordered {
                later: details.environment.clone(),
                earlier: earlier.environment.clone(),
            });
        }
        link = before;
    }
}

/// That a record is about this image, in the repository of the environment that it names.
fn is_at_its_place(link: &ChainLink, digest: &Digest, places: &[ChainPlace]) -> Result<(), ChainFault> {
    let (record, details) = (&link.record, &link.record.windlass);
    let transplanted = |found: String, wanted: String| ChainFault::Transplanted {
        environment: details.environment.clone(),
        found,
        wanted,
    };
    if record.digest != *digest || !link.subjects.contains(digest) {
        return Err(transplanted(record.digest.short(), digest.short()));
    }
    let place = places
        .iter()
        .find(|place| place.environment == details.environment);
    let Some(place) = place else {
        return Err(transplanted(
            format!("an environment `{}`", details.environment),
            "one in windlass.toml".to_owned(),
        ));
    };
    if record.dst_ref.as_str() != place.repository {
        return Err(transplanted(record.dst_ref.to_string(), place.repository.clone()));
    }
    let is_whole = match details.operation {
        RecordedOperation::Build => details.from.is_none(),
        RecordedOperation::Promote => {
            details.from.is_some() && details.from.as_ref() != Some(&details.environment)
        }
        RecordedOperation::Rollback => details.from.as_ref() == Some(&details.environment),
    };
    if is_whole {
        Ok(())
    } else {
        Err(ChainFault::Altered(details.environment.clone()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::{Clean, RecordDetails};

    fn digest(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    fn places() -> Vec<ChainPlace> {
        ["dev", "stage", "prod"]
            .map(|name| ChainPlace {
                environment: name.parse().unwrap(),
                repository: format!("{name}.example.com/app"),
                signs: true,
            })
            .to_vec()
    }

    fn link(name: &str, from: Option<&str>, second: i64) -> ChainLink {
        let details = RecordDetails {
            operation: if from.is_some() {
                RecordedOperation::Promote
            } else {
                RecordedOperation::Build
            },
            service: "app".parse().unwrap(),
            environment: name.parse().unwrap(),
            from: from.map(|from| from.parse().unwrap()),
            commit: None,
            plan: Clean::line("ab12"),
            run: Clean::line("r1"),
            by: Clean::line("ana@desk"),
            reason: None,
            hotfix: false,
            gates: Vec::new(),
            previous_digest: None,
            approvals: Vec::new(),
            evidence: Vec::new(),
            follows: from.map(digest),
        };
        let repository = format!("{name}.example.com/app").parse().unwrap();
        let at = Timestamp::from_second(second).unwrap();
        ChainLink {
            statement: digest(name),
            subjects: vec![digest("image")],
            record: PromotionRecord::new(&digest("image"), None, &repository, &[], at, details),
            is_signed: true,
        }
    }

    fn whole() -> Vec<ChainLink> {
        vec![
            link("prod", Some("stage"), 30),
            link("dev", None, 10),
            link("stage", Some("dev"), 20),
        ]
    }

    fn said(links: &[ChainLink]) -> String {
        match chain(links, &digest("image"), &"prod".parse().unwrap(), &places()) {
            Ok(found) => {
                let names = found.iter().map(|link| link.record.windlass.environment.as_str());
                names.collect::<Vec<_>>().join(" ")
            }
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn a_whole_chain_leads_from_production_to_the_build() {
        assert_eq!(said(&whole()), "prod stage dev");
    }

    #[test]
    fn a_link_that_is_gone_is_named() {
        for (at, name) in [(0, "prod"), (1, "dev"), (2, "stage")] {
            let mut links = whole();
            links.remove(at);
            assert_eq!(said(&links), format!("the record of {name} is missing"));
        }
    }

    #[test]
    fn a_link_that_its_environment_did_not_sign_is_named() {
        for (at, name) in [(0, "prod"), (1, "dev"), (2, "stage")] {
            let mut links = whole();
            links[at].is_signed = false;
            assert_eq!(
                said(&links),
                format!("the record of {name} is altered, or signed with another key")
            );
        }
    }

    #[test]
    fn a_record_of_another_image_or_place_does_not_count_here() {
        let mut links = whole();
        links[2].subjects = vec![digest("another")];
        assert!(
            said(&links).starts_with("the record of stage is of "),
            "{}",
            said(&links)
        );
        let mut links = whole();
        links[0].record.dst_ref = Clean::line("elsewhere.example.com/app");
        assert_eq!(
            said(&links),
            "the record of prod is of elsewhere.example.com/app, not of prod.example.com/app"
        );
    }

    #[test]
    fn records_out_of_order_are_no_chain() {
        let mut links = whole();
        links[1].record.timestamp = Timestamp::from_second(25).unwrap();
        assert_eq!(
            said(&links),
            "the record of stage names one of dev that does not come before it"
        );
        let mut links = whole();
        links[0].record.windlass.follows = Some(digest("dev"));
        assert_eq!(
            said(&links),
            "the record of prod names one of dev that does not come before it"
        );
        let mut links = whole();
        links[2].record.windlass.follows = Some(digest("stage"));
        assert_eq!(
            said(&links),
            "the record of stage names one of stage that does not come before it"
        );
    }

    #[test]
    fn a_chain_begins_where_the_environments_before_leave_no_records() {
        let mut links = whole();
        links.remove(1);
        links[1].record.windlass.follows = None;
        let mut places = places();
        places[0].signs = false;
        let found = chain(&links, &digest("image"), &"prod".parse().unwrap(), &places).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(said(&links), "the record of dev is missing");
    }
}

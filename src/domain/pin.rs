//! Pins: an environment that is held at a digest until someone lifts it, or its term is over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Clean, Digest, EnvironmentName};

/// That an environment was pinned at a digest, or that the pin was lifted. It is attached to the digest, in the
/// environment's own repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinRecord {
    /// The digest that the environment is held at.
    pub digest: Digest,
    /// The environment. A copy of the digest carries its referrers along: the record says nothing of where it went.
    pub environment: EnvironmentName,
    /// Whether it is held from now on; false where a pin was lifted.
    #[serde(rename = "pinned", alias = "held")]
    pub held: bool,
    /// Why.
    pub reason: Clean,
    /// Who did it: user and host.
    pub by: Clean,
    /// When.
    pub at: Timestamp,
    /// When the pin is over by itself; none where someone has to lift it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What ran before, where the pin came with a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(rename = "rolled_back_from", alias = "from")]
    pub from: Option<Digest>,
}

impl PinRecord {
    /// Whether it holds the environment at `now`: its term includes the moment before its end, and not the end.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.held && self.until.is_none_or(|until| now < until)
    }

    /// `pinned at 3f2a91c04e77 by ana@desk on 2026-11-23, until 2026-12-01: …`
    pub fn words(&self) -> String {
        let until = self.until.map_or_else(
            || "until it is lifted".to_owned(),
            |until| format!("until {}", until.strftime("%Y-%m-%d %H:%M UTC")),
        );
        format!(
            "pinned to {} by {} on {}, {until}: {}",
            self.digest.short(),
            self.by,
            self.at.strftime("%Y-%m-%d"),
            self.reason
        )
    }
}

/// The pin that holds `environment` at `now`, by all records that are known of it: the newest of them decides, whatever
/// digest it is attached to. Of a pin and an unpin in the same moment the pin counts, and of two pins the longer one:
/// held too long is a question to a person, let go too early is an accident.
pub fn pin_state<'a>(
    records: impl IntoIterator<Item = &'a PinRecord>,
    environment: &EnvironmentName,
    now: Timestamp,
) -> Option<&'a PinRecord> {
    newest_pin(records, environment).filter(|newest| newest.holds(now))
}

/// The record that decides about `environment`, whether it holds it or not.
pub fn newest_pin<'a>(
    records: impl IntoIterator<Item = &'a PinRecord>,
    environment: &EnvironmentName,
) -> Option<&'a PinRecord> {
    records
        .into_iter()
        .filter(|record| record.environment == *environment)
        .max_by(|one, other| {
            let key = |record: &PinRecord| (record.at, record.held, record.until.unwrap_or(Timestamp::MAX));
            // Whatever the order of the records, the answer is the same.
            key(one)
                .cmp(&key(other))
                .then_with(|| one.digest.cmp(&other.digest))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn record(environment: &str, held: bool, at: i64, until: Option<i64>) -> PinRecord {
        PinRecord {
            digest: Digest::of(b"image"),
            environment: environment.parse().unwrap(),
            held,
            reason: Clean::line("the payouts are wrong"),
            by: Clean::line("ana@desk"),
            at: time(at),
            until: until.map(time),
            from: None,
        }
    }

    #[test]
    fn a_pin_whose_record_was_left_before_its_keys_were_renamed_still_holds() {
        let digest = Digest::of(b"image");
        let before = Digest::of(b"before");
        let old = format!(
            r#"{{"digest":"{digest}","environment":"prod","held":true,"reason":"the payouts are wrong","by":"ana@desk",
            "at":"1970-01-01T00:00:10Z","from":"{before}"}}"#
        );
        let pin: PinRecord = serde_json::from_str(&old).unwrap();
        assert_eq!(pin.from, Some(before));
        assert_eq!(state(std::slice::from_ref(&pin), 50), Some(10));
        let now = serde_json::to_value(&pin).unwrap();
        assert!(now["pinned"] == true && now.get("held").is_none(), "{now}");
    }

    fn state(records: &[PinRecord], now: i64) -> Option<i64> {
        let pin = pin_state(records, &"prod".parse().unwrap(), time(now));
        pin.map(|pin| pin.at.as_second())
    }

    #[test]
    fn the_newest_record_of_this_environment_decides() {
        let pinned = record("prod", true, 10, None);
        assert_eq!(state(&[], 50), None);
        assert_eq!(state(std::slice::from_ref(&pinned), 50), Some(10));
        let lifted = record("prod", false, 20, None);
        assert_eq!(state(&[lifted.clone(), pinned.clone()], 50), None);
        let again = record("prod", true, 30, None);
        assert_eq!(state(&[pinned.clone(), again, lifted], 50), Some(30));
        // The stage it was copied from was let go; that is nothing to prod.
        assert_eq!(state(&[pinned, record("stage", false, 40, None)], 50), Some(10));
    }

    #[test]
    fn a_pin_ends_with_its_term_and_does_not_uncover_an_older_one() {
        let records = [record("prod", true, 10, None), record("prod", true, 20, Some(30))];
        assert_eq!(state(&records, 29), Some(20));
        assert_eq!(state(&records, 30), None);
    }

    #[test]
    fn in_the_same_second_held_counts_and_the_longer_term() {
        let (held, lifted) = (
            record("prod", true, 10, Some(30)),
            record("prod", false, 10, None),
        );
        for records in [[held.clone(), lifted.clone()], [lifted, held.clone()]] {
            assert_eq!(state(&records, 20), Some(10));
        }
        let longer = record("prod", true, 10, None);
        for records in [[held.clone(), longer.clone()], [longer, held]] {
            assert_eq!(state(&records, 40), Some(10));
        }
    }

    #[test]
    fn what_others_wrote_is_harmless_and_unknown_keys_are_passed_over() {
        let text = r#"{"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "environment":"prod","pinned":true,"reason":"\u001b[31mred\nline","by":"ana","at":"2026-11-23T12:00:00Z",
            "ticket":7}"#;
        let record: PinRecord = serde_json::from_str(text).unwrap();
        assert_eq!(record.reason.as_str(), "red line");
        assert!(record.holds(Timestamp::MAX));
    }

    proptest! {
        #[test]
        fn the_order_of_the_records_never_matters(
            list in proptest::collection::vec((any::<bool>(), 0..4_i64, proptest::option::of(0..8_i64), 0..3_u8), 0..6),
            now in 0..8_i64,
            seed in any::<usize>(),
        ) {
            let records: Vec<_> = list
                .iter()
                .map(|(held, at, until, image)| PinRecord {
                    digest: Digest::of(&[*image]),
                    ..record("prod", *held, *at, *until)
                })
                .collect();
            let mut turned = records.clone();
            if !turned.is_empty() {
                let by = seed % turned.len();
                turned.rotate_left(by);
            }
            let prod = "prod".parse().unwrap();
            prop_assert_eq!(pin_state(&records, &prod, time(now)), pin_state(&turned, &prod, time(now)));
            if let Some(pin) = pin_state(&records, &prod, time(now)) {
                prop_assert!(pin.holds(time(now)));
                prop_assert!(records.iter().all(|other| other.at <= pin.at));
            }
        }
    }
}

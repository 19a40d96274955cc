//! What ran in an environment before, and how it came back: the history that a rollback chooses from.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Serialize;

use super::Digest;

/// That a digest was deployed at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deployed {
    /// When.
    pub at: Timestamp,
    /// What.
    pub digest: Digest,
}

/// What ran before, newest first, each digest once and at its last time, without what is deployed now. `history` has the newest
/// first.
pub fn earlier(history: &[Deployed]) -> Vec<&Deployed> {
    let mut known: HashSet<_> = history.iter().take(1).map(|now| &now.digest).collect();
    history
        .iter()
        .filter(|deployed| known.insert(&deployed.digest))
        .collect()
}

/// The deployment that what is deployed now has replaced, where what is deployed now had run before it: then it came back. A digest
/// that is only deployed again has replaced nothing.
pub fn returned_from(history: &[Deployed]) -> Option<&Deployed> {
    let now = &history.first()?.digest;
    let between = history.iter().position(|deployed| deployed.digest != *now)?;
    let came_back = history[between..].iter().any(|deployed| deployed.digest == *now);
    came_back.then(|| &history[between])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `cba`: c runs now, a was the first.
    fn history(images: &str) -> Vec<Deployed> {
        let count = i64::try_from(images.len()).unwrap();
        images
            .chars()
            .zip(0..)
            .map(|(image, nth)| Deployed {
                at: Timestamp::from_second(count - nth).unwrap(),
                digest: Digest::of(image.to_string().as_bytes()),
            })
            .collect()
    }

    fn earlier_in(images: &str) -> Vec<i64> {
        let history = history(images);
        earlier(&history).iter().map(|one| one.at.as_second()).collect()
    }

    #[test]
    fn each_digest_stands_once_at_its_last_time_and_what_runs_now_not_at_all() {
        assert_eq!(earlier_in("cba"), [2, 1]);
        assert_eq!(earlier_in("bcba"), [3, 1]);
        assert_eq!(earlier_in("ccba"), [2, 1]);
        assert!(earlier_in("a").is_empty() && earlier_in("").is_empty());
    }

    #[test]
    fn what_came_back_is_told_from_what_is_new_or_only_deployed_again() {
        let from = |images: &str| returned_from(&history(images)).map(|one| one.at.as_second());
        assert_eq!(from("bcba"), Some(3));
        assert_eq!(from("bbcba"), Some(3));
        assert_eq!(from("cba"), None);
        assert_eq!(from("ccba"), None);
        assert_eq!(from(""), None);
    }
}

//! What a program says of what runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::{Clean, Digest, Running, clean_line};

/// How long one question of what runs may take.
pub(super) const OBSERVE_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of an answer that cannot be read is shown.
const SHOWN_CHARACTERS: usize = 80;

/// What a program may print.
#[derive(Deserialize)]
struct Report {
    digest: String,
    #[serde(default)]
    since: Option<Timestamp>,
    #[serde(default)]
    healthy: Option<bool>,
    #[serde(default)]
    note: Option<String>,
}

/// Reads what a program printed, or a service answered (`verb`): a digest, a reference that ends in one, or JSON with one. Keys that it does not know are no
/// mistake.
///
/// # Errors
/// In words, when it is neither.
pub(super) fn read_running(output: &str, verb: &str) -> Result<Running, String> {
    let text = output.trim();
    if text.is_empty() {
        return Err(format!("it {verb} nothing"));
    }
    if text.starts_with('{') {
        let report: Report = serde_json::from_str(text).map_err(|error| {
            format!(
                "it {verb} JSON that cannot be read: {}",
                clean_line(&error.to_string())
            )
        })?;
        return Ok(Running {
            digest: digest(&report.digest, verb)?,
            since: report.since,
            healthy: report.healthy,
            note: report
                .note
                .filter(|note| !note.trim().is_empty())
                .map(|note| Clean::line(&note)),
        });
    }
    Ok(Running {
        digest: digest(text, verb)?,
        since: None,
        healthy: None,
        note: None,
    })
}

fn digest(text: &str, verb: &str) -> Result<Digest, String> {
    let last = text.rsplit('@').next().unwrap_or(text);
    last.parse().map_err(|_| {
        let shown: String = clean_line(text).chars().take(SHOWN_CHARACTERS).collect();
        format!("it {verb} `{shown}`, which is not a digest")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_a_reference_and_json_say_what_runs() {
        let digest = Digest::of(b"image");
        for text in [
            format!("{digest}\n"),
            format!("registry.example.com/prod/app@{digest}"),
            format!(r#"{{"digest": "{digest}"}}"#),
        ] {
            let running = read_running(&text, "printed").unwrap();
            assert_eq!(
                (running.digest, running.healthy),
                (digest.clone(), None),
                "{text}"
            );
        }
        let json = format!(
            r#"{{"digest": "{digest}", "since": "2026-11-23T22:15:00Z", "healthy": false, "note": "1 of \u001b[31m3", "more": 1}}"#
        );
        let running = read_running(&json, "printed").unwrap();
        assert_eq!(running.since.unwrap().to_string(), "2026-11-23T22:15:00Z");
        assert_eq!(running.health_words().unwrap(), "not healthy: 1 of 3");
    }

    #[test]
    fn anything_else_is_unknown_and_says_why() {
        let digest = Digest::of(b"image");
        for (text, why) in [
            ("", "it printed nothing"),
            ("running", "it printed `running`, which is not a digest"),
            ("sha256:12", "it printed `sha256:12`, which is not a digest"),
            (&format!("{digest} {digest}"), "which is not a digest"),
            (
                "{}",
                "it printed JSON that cannot be read: missing field `digest`",
            ),
            (r#"{"digest": null}"#, "it printed JSON that cannot be read"),
            ("\u{1b}[31mred", "it printed `red`"),
        ] {
            let error = read_running(text, "printed").unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

//! Notifications: what webhooks are told of runs, approval requests and drift, and in which forms.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{ApprovalRequest, Digest, Drift, Endpoint, EnvironmentName, Exit, ServiceName, span};

/// The version of the JSON form.
const VERSION: u32 = 1;
/// How many characters of the name of a run are shown, the last ones.
const SHORT_RUN: usize = 8;

/// A webhook, and what it is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifySettings {
    /// Where notifications are posted to.
    pub url: Endpoint,
    /// The file with the secret that signs them; they are not signed without one.
    pub secret_file: Option<PathBuf>,
    /// The form of what is posted.
    pub form: NotificationForm,
    /// What it is told of.
    pub on: Vec<NotificationKind>,
    /// The environments that it is told of; all, and what is of no environment, if there is none.
    pub environments: Option<Vec<EnvironmentName>>,
}

/// The form of what is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationForm {
    /// The document of `assets/schemas/notification.v1.json`.
    Json,
    /// A message of an incoming webhook of Slack.
    Slack,
    /// A message with an Adaptive Card, as workflows of Microsoft Teams take it.
    Teams,
}

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationKind {
    /// The end of a run.
    Run,
    /// A run that waits for an approval.
    Approval,
    /// Drift that begins or ends.
    Drift,
}

impl NotifySettings {
    /// Whether this webhook is told of `notification`.
    pub fn covers(&self, notification: &Notification) -> bool {
        let (kind, environment) = match notification {
            Notification::Run(run) => (NotificationKind::Run, run.environment.as_ref()),
            Notification::Approval(request) => (NotificationKind::Approval, request.environment.as_ref()),
            Notification::Drift(change) => (NotificationKind::Drift, Some(&change.environment)),
        };
        let is_of_one = |names: &Vec<_>| environment.is_some_and(|name| names.contains(name));
        self.on.contains(&kind) && self.environments.as_ref().is_none_or(is_of_one)
    }
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Notification {
    /// A run ended.
    Run(RunOutcome),
    /// A run waits for an approval.
    Approval(ApprovalRequest),
    /// Drift began or ended.
    Drift(DriftChange),
}

/// How a run ended. It has nothing that the journal does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunOutcome {
    /// The run.
    pub run: String,
    /// One word for what was done: `promote`.
    pub operation: String,
    /// The service.
    pub service: ServiceName,
    /// The environment, for what is done to one.
    pub environment: Option<EnvironmentName>,
    /// The digest, where there is one.
    pub digest: Option<Digest>,
    /// How it ended.
    pub outcome: Exit,
    /// One sentence.
    pub summary: String,
    /// What to do now, where something is to be done.
    pub hint: Option<String>,
    /// Who ran it: user and host.
    pub actor: String,
    /// When it began.
    pub started: Timestamp,
    /// How long it took.
    pub duration_seconds: i64,
}

/// What is wrong with an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// What runs differs from what is deployed.
    Drift(Drift),
    /// What is deployed or runs could not be found out.
    Unknown(String),
}

impl Trouble {
    fn words(&self) -> String {
        match self {
            Self::Drift(drift) => format!("drift: {}", drift.words()),
            Self::Unknown(why) => format!("unknown: {why}"),
        }
    }
}

/// A trouble that began or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DriftChange {
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: EnvironmentName,
    /// When it was seen.
    pub at: Timestamp,
    /// Whether it is over.
    pub ended: bool,
    /// What is wrong.
    pub trouble: Trouble,
}

impl DriftChange {
    /// Whether it is good news, and the news in words.
    pub fn words(&self) -> (bool, String) {
        let over = if self.ended { "over: " } else { "" };
        (self.ended, format!("{over}{}", self.trouble.words()))
    }
}

impl Notification {
    /// The service that it is of.
    pub const fn service(&self) -> &ServiceName {
        match self {
            Self::Run(run) => &run.service,
            Self::Approval(request) => &request.service,
            Self::Drift(change) => &change.service,
        }
    }

    /// What is posted, in one of the forms.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn document(&self, form: NotificationForm) -> Result<Vec<u8>, serde_json::Error> {
        let document = match form {
            NotificationForm::Json => {
                let mut document = serde_json::to_value(self)?;
                if let Value::Object(keys) = &mut document {
                    keys.insert("version".to_owned(), VERSION.into());
                }
                document
            }
            NotificationForm::Slack => json!({ "text": slack_escape(&self.lines().join("\n")) }),
            NotificationForm::Teams => self.card(),
        };
        serde_json::to_vec(&document)
    }

    /// It in words, the news first.
    fn lines(&self) -> Vec<String> {
        match self {
            Self::Run(run) => {
                let mark = if run.outcome == Exit::Done { '✓' } else { '✗' };
                let mut facts = Vec::new();
                facts.extend(run.digest.as_ref().map(Digest::short));
                facts.push(format!("by {}", run.actor));
                facts.push(format!("run {}", short_run(&run.run)));
                facts.push(span(jiff::SignedDuration::from_secs(run.duration_seconds)));
                let mut lines = vec![
                    format!("{mark} {}: {}", run.service, run.summary),
                    facts.join(" · "),
                ];
                lines.extend(run.hint.as_ref().map(|hint| format!("hint: {hint}")));
                lines
            }
            Self::Approval(request) => {
                let mut facts = Vec::new();
                facts.extend(request.digest.as_ref().map(Digest::short));
                facts.extend(request.release.clone());
                facts.push(format!("by {}", request.actor));
                facts.push(format!("run {}", short_run(&request.run)));
                vec![
                    format!("• {}: {}", request.service, request.words()),
                    facts.join(" · "),
                    request.url.clone(),
                    format!("hint: {}", request.hint),
                ]
            }
            Self::Drift(change) => {
                let (is_good, words) = change.words();
                let mark = if is_good { '✓' } else { '✗' };
                vec![format!(
                    "{mark} {} {}: {words}",
                    change.service, change.environment
                )]
            }
        }
    }

    /// Text runs, unlike text blocks, do not read Markdown: no branch or error becomes a link.
    fn card(&self) -> Value {
        let blocks: Vec<_> = self
            .lines()
            .into_iter()
            .enumerate()
            .map(|(nth, line)| {
                let weight = if nth == 0 { "Bolder" } else { "Default" };
                json!({
                    "type": "RichTextBlock",
                    "inlines": [{ "type": "TextRun", "text": line, "weight": weight }],
                })
            })
            .collect();
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.2",
                    "body": blocks,
                },
            }],
        })
    }
}

/// The end of the name of a run.
fn short_run(run: &str) -> &str {
    let hidden = run.len().saturating_sub(SHORT_RUN);
    run.get(hidden..).unwrap_or_default()
}

/// Text in which nothing is a link or a mention (<https://docs.slack.dev/messaging/formatting-message-text>).
fn slack_escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(environment: Option<&str>, summary: &str) -> Notification {
        Notification::Run(RunOutcome {
            run: "0199f0c0a1b27c3d8e4f5a6b1f9a2b3c".to_owned(),
            operation: "promote".to_owned(),
            service: "app".parse().unwrap(),
            environment: environment.map(|name| name.parse().unwrap()),
            digest: None,
            outcome: Exit::Failed,
            summary: summary.to_owned(),
            hint: Some("try <again>".to_owned()),
            actor: "ana@desk".to_owned(),
            started: Timestamp::UNIX_EPOCH,
            duration_seconds: 75,
        })
    }

    fn posted(notification: &Notification, form: NotificationForm) -> Value {
        serde_json::from_slice(&notification.document(form).unwrap()).unwrap()
    }

    #[test]
    fn in_a_message_for_slack_nothing_is_a_link_or_a_mention() {
        let document = posted(
            &outcome(None, "stopped: <!channel> & co"),
            NotificationForm::Slack,
        );
        let expected = "✗ app: stopped: &lt;!channel&gt; &amp; co\nby ana@desk · run 1f9a2b3c · 1 min 15 s\nhint: try \
                        &lt;again&gt;";
        assert_eq!(document, json!({ "text": expected }));
    }

    #[test]
    fn a_message_for_teams_is_an_adaptive_card_that_reads_no_markdown() {
        let document = posted(
            &outcome(None, "stopped: [x](https://e.example)"),
            NotificationForm::Teams,
        );
        assert_eq!(document["type"], "message");
        let card = &document["attachments"][0];
        assert_eq!(card["contentType"], "application/vnd.microsoft.card.adaptive");
        let blocks = card["content"]["body"].as_array().unwrap();
        assert!(
            blocks.iter().all(|block| block["type"] == "RichTextBlock"),
            "{card}"
        );
        assert_eq!(
            blocks[0]["inlines"][0]["text"],
            "✗ app: stopped: [x](https://e.example)"
        );
    }

    #[test]
    fn a_webhook_of_some_environments_is_told_of_nothing_else() {
        let settings = |on: &[NotificationKind], environments: Option<&str>| NotifySettings {
            url: "https://hooks.example.com".parse().unwrap(),
            secret_file: None,
            form: NotificationForm::Json,
            on: on.to_vec(),
            environments: environments.map(|name| vec![name.parse().unwrap()]),
        };
        let run = [NotificationKind::Run];
        for (settings, environment, expected) in [
            (settings(&run, None), None, true),
            (settings(&run, Some("prod")), Some("prod"), true),
            (settings(&run, Some("prod")), Some("stage"), false),
            (settings(&run, Some("prod")), None, false),
            (settings(&[NotificationKind::Drift], None), Some("prod"), false),
        ] {
            let covers = settings.covers(&outcome(environment, ""));
            assert_eq!(covers, expected, "{settings:?} {environment:?}");
        }
    }
}

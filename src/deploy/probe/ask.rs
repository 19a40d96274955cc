//! One question to an address, a program or a metric.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Probe;
use crate::deploy::deployment::Deployment;
use crate::deploy::progress::{DeployProgress, Tell};
use crate::domain::{Condition, ProbeKind, ProbeTarget, ProbeTargetKind, clean_line};
use crate::http::{Answer, Attempts, Client, Request};
use crate::program::Call;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What one question found.
pub(super) enum Verdict {
    /// It is as it has to be.
    Passed(String),
    /// It is not.
    Failed(String),
    /// Nobody can say.
    Inconclusive(String),
}

impl Probe {
    pub(super) async fn ask(
        &self,
        target: &ProbeTarget,
        deployment: &Deployment,
        end: Instant,
        tell: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Verdict {
        match &target.kind {
            ProbeTargetKind::Http {
                url,
                status,
                contains,
            } => match get(url, None, end, cancel).await {
                Ok(answer) => judge(&answer, *status, contains.as_deref()),
                // Whoever does not answer is not well.
                Err(why) => Verdict::Failed(why),
            },
            ProbeTargetKind::Command { .. } => self.run_program(target, deployment, tell, cancel).await,
            ProbeTargetKind::Prometheus { url, query, expect } => {
                match get(url, Some(query), end, cancel).await {
                    Ok(answer) if answer.is_success() => measured(&answer, expect),
                    Ok(answer) => Verdict::Inconclusive(format!("it answers with {}", answer.words())),
                    Err(why) => Verdict::Inconclusive(why),
                }
            }
        }
    }

    async fn run_program(
        &self,
        target: &ProbeTarget,
        deployment: &Deployment,
        tell: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Verdict {
        let ProbeKind::Command { command, env } = &self.settings.kind else {
            return Verdict::Inconclusive("it is no program".to_owned());
        };
        let mut call = Call::new(&command.program)
            .args(&command.args)
            .folder(&self.folder)
            .inherit_patterns(env)
            .limit(target.repetition.timeout.unsigned_abs());
        for (name, value) in deployment.variables() {
            call = call.variable(name, value);
        }
        match call.run(&|line| tell(DeployProgress::Line(line)), cancel).await {
            Ok(ended) if ended.status.success() => Verdict::Passed("it succeeded".to_owned()),
            Ok(ended) => Verdict::Failed(format!("it failed with {}", ended.in_words())),
            Err(error) => Verdict::Inconclusive(error.to_string()),
        }
    }
}

/// Asks an address, or Prometheus below it.
async fn get(
    url: &str,
    query: Option<&String>,
    end: Instant,
    cancel: &CancellationToken,
) -> Result<Answer, String> {
    let mut url: Url = url.parse().map_err(|_| "its URL is not valid".to_owned())?;
    if let Some(query) = query {
        let below = format!("{}/api/v1/query", url.path().trim_end_matches('/'));
        url.set_path(&below);
        url.query_pairs_mut().append_pair("query", query);
    }
    let left = end.saturating_duration_since(Instant::now());
    let client = Client::new(&url)?;
    let request = Request::get(url, REQUEST_TIMEOUT.min(left.max(Duration::from_secs(1))));
    let sent = client.send(&request, Attempts::ONCE, cancel).await;
    sent.map_err(|error| error.to_string())
}

fn judge(answer: &Answer, status: u16, contains: Option<&str>) -> Verdict {
    if answer.status != status {
        return Verdict::Failed(format!("it answers with {}, not {status}", answer.words()));
    }
    match contains.filter(|text| !answer.text().contains(*text)) {
        None => Verdict::Passed(format!("status {status}")),
        Some(text) => Verdict::Failed(format!("its answer does not contain `{}`", clean_line(text))),
    }
}

/// An answer of Prometheus, as far as it is read.
#[derive(Deserialize)]
struct Queried {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Sample {
    #[serde(default)]
    metric: serde_json::Map<String, serde_json::Value>,
    /// The time, and the value as text.
    value: Option<(f64, String)>,
}

fn measured(answer: &Answer, expect: &Condition) -> Verdict {
    let unknown = |why: &str| Verdict::Inconclusive(why.to_owned());
    let Ok(queried) = serde_json::from_slice::<Queried>(&answer.body) else {
        return unknown("its answer cannot be read");
    };
    let Data { kind, result } = queried.data;
    let samples: Result<Vec<_>, _> = match kind.as_str() {
        "scalar" => {
            serde_json::from_value(result).map(|(_, value): (f64, String)| vec![(String::new(), value)])
        }
        "vector" => serde_json::from_value(result).map(|samples: Vec<Sample>| {
            let told = |sample: Sample| {
                (
                    labels(&sample),
                    sample.value.map_or_else(String::new, |(_, value)| value),
                )
            };
            samples.into_iter().map(told).collect()
        }),
        _ => return unknown("the query gives no instant vector"),
    };
    let Ok(samples) = samples else {
        return unknown("its answer cannot be read");
    };
    if samples.is_empty() {
        return unknown("the query has no data");
    }
    let mut shown = String::new();
    for (labels, text) in samples {
        let value = text.parse().unwrap_or(f64::NAN);
        shown = format!("{}{labels}", clean_line(&text));
        if value.is_nan() {
            return Verdict::Inconclusive(format!("the value is {shown}, which is not a number"));
        }
        if !expect.is_met(value) {
            return Verdict::Failed(format!("the value is {shown}, not {expect}"));
        }
    }
    Verdict::Passed(format!("the value is {shown}"))
}

/// ` of pod=a, zone=b`; nothing where a sample has no labels.
fn labels(sample: &Sample) -> String {
    let labels: Vec<_> = sample
        .metric
        .iter()
        .map(|(name, value)| {
            format!(
                "{}={}",
                clean_line(name),
                clean_line(value.as_str().unwrap_or_default())
            )
        })
        .collect();
    if labels.is_empty() {
        String::new()
    } else {
        format!(" of {}", labels.join(", "))
    }
}

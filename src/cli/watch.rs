//! `windlass watch`: tells each drift once, and its end.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::board::{repository, source};
use super::failure::Failure;
use super::global::Global;
use super::watch_webhook::Webhook;
use super::{Output, World};
use crate::board::EnvironmentNow;
use crate::domain::{
    DriftChange, Endpoint, EnvironmentName, Exit, NotificationKind, NotifySettings, ServiceName, Trouble,
};
use crate::program::cancel_on_signal;

/// Arguments of `watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass watch\n  \
         windlass watch --interval 5m --json\n  \
         windlass watch --webhook https://hooks.example.com/drift --webhook-secret-file secret\n  \
         windlass watch --once")]
pub struct WatchArgs {
    /// The time between two looks, such as 30s or 5m
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = interval)]
    pub interval: Duration,
    /// Print each change as a line of JSON
    #[arg(long)]
    pub json: bool,
    /// Post each change to this URL, as one JSON document; one that cannot be delivered is posted again after the next look
    #[arg(long, value_name = "URL")]
    pub webhook: Option<Endpoint>,
    /// A file with the secret that signs what is posted (X-Windlass-Signature-256)
    #[arg(long, value_name = "FILE", requires = "webhook")]
    pub webhook_secret_file: Option<PathBuf>,
    /// Look once and stop
    #[arg(long)]
    pub once: bool,
}

/// The shortest interval: every look asks registries and platforms.
const SHORTEST: Duration = Duration::from_secs(1);

fn interval(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "give a time such as 30s or 5m".to_owned())?;
    let time = Duration::try_from(span).unwrap_or_default();
    if time < SHORTEST {
        return Err("give at least 1s".to_owned());
    }
    Ok(time)
}

/// Looks again and again until a signal comes.
pub async fn run(args: &WatchArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let source = source(&world, repository(&world)?);
    let mut webhooks = webhooks(args, &world.engine.config().notify)?;
    let ended = CancellationToken::new();
    let _handling = cancel_on_signal(&ended);
    let mut known = BTreeMap::new();
    loop {
        let environments = tokio::select! {
            () = ended.cancelled() => return Ok(Exit::Interrupted),
            environments = source.environments() => environments,
        };
        let changes = changes(&mut known, world.service.name(), &environments, Timestamp::now());
        for change in &changes {
            if args.json {
                io.json_line(change)?;
            } else {
                writeln!(io.out, "{}", words(change))?;
            }
        }
        io.out.flush()?;
        for webhook in &mut webhooks {
            for change in &changes {
                webhook.add(change)?;
            }
        }
        let delivering = webhooks.iter_mut().map(|webhook| webhook.deliver(&ended));
        for why in join_all(delivering).await.into_iter().filter_map(Result::err) {
            writeln!(io.err, "warning: {why}")?;
        }
        if args.once {
            return Ok(if known.values().all(Vec::is_empty) {
                Exit::Done
            } else {
                Exit::Refused
            });
        }
        tokio::select! {
            () = ended.cancelled() => return Ok(Exit::Interrupted),
            () = tokio::time::sleep(args.interval) => {}
        }
    }
}

/// The webhook of the arguments, and those that windlass.toml has for drift.
fn webhooks(args: &WatchArgs, configured: &[NotifySettings]) -> Result<Vec<Webhook>, Failure> {
    let secret = args.webhook_secret_file.as_deref();
    let given = args.webhook.iter().map(|url| Webhook::new(url, secret));
    let of_drift = |settings: &&NotifySettings| settings.on.contains(&NotificationKind::Drift);
    let configured = configured.iter().filter(of_drift);
    given.chain(configured.map(Webhook::configured)).collect()
}

fn words(change: &DriftChange) -> String {
    let (is_good, words) = change.words();
    format!(
        "{} {} {} {}: {words}",
        if is_good { "✓" } else { "✗" },
        change.at.strftime("%Y-%m-%d %H:%M:%S"),
        change.service,
        change.environment,
    )
}

/// What began and what ended since the last look, which is then the one of now. That what runs is unknown ends no drift.
fn changes(
    known: &mut BTreeMap<EnvironmentName, Vec<Trouble>>,
    service: &ServiceName,
    environments: &[EnvironmentNow],
    now: Timestamp,
) -> Vec<DriftChange> {
    let mut changes = Vec::new();
    for there in environments {
        let before = known.remove(&there.environment).unwrap_or_default();
        let failure = there.failure().map(|why| Trouble::Unknown(why.to_owned()));
        let is_unknown = failure.is_some();
        let mut present: Vec<_> = there
            .drift
            .iter()
            .cloned()
            .map(Trouble::Drift)
            .chain(failure)
            .collect();
        let mut change = |trouble: &Trouble, ended| {
            changes.push(DriftChange {
                service: service.clone(),
                environment: there.environment.clone(),
                at: now,
                ended,
                trouble: trouble.clone(),
            });
        };
        let was_unknown = before
            .iter()
            .any(|trouble| matches!(trouble, Trouble::Unknown(_)));
        for trouble in &present {
            // The words of a failure may change while it lasts.
            let is_told = match trouble {
                Trouble::Drift(_) => before.contains(trouble),
                Trouble::Unknown(_) => was_unknown,
            };
            if !is_told {
                change(trouble, false);
            }
        }
        for trouble in before {
            match trouble {
                told if present.contains(&told) => {}
                Trouble::Drift(_) if is_unknown => present.push(trouble),
                Trouble::Unknown(_) if is_unknown => {}
                over => change(&over, true),
            }
        }
        known.insert(there.environment.clone(), present);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Cell;
    use crate::domain::{Digest, Drift};

    fn drift(name: &str) -> Drift {
        Drift::NeverDeployed {
            running: Digest::of(name.as_bytes()),
            deployed: None,
        }
    }

    fn there(drift: &[Drift], failure: Option<&str>) -> EnvironmentNow {
        EnvironmentNow {
            environment: "prod".parse().unwrap(),
            protected: true,
            deployed: Cell::None("nothing deployed yet".to_owned()),
            running: failure.map_or(Cell::Loading, |why| Cell::Failed(why.to_owned())),
            drift: drift.to_vec(),
        }
    }

    #[test]
    fn each_drift_is_told_once_and_its_end_and_what_is_unknown_ends_none() {
        let mut known = BTreeMap::new();
        let service: ServiceName = "app".parse().unwrap();
        let (a, b) = (drift("a"), drift("b"));
        let looks = [
            (there(std::slice::from_ref(&a), None), vec!["drift a"]),
            (there(std::slice::from_ref(&a), None), vec![]),
            (there(&[], Some("no answer")), vec!["unknown"]),
            (there(&[], Some("no answer, again")), vec![]),
            (there(std::slice::from_ref(&a), None), vec!["over unknown"]),
            (
                there(std::slice::from_ref(&b), None),
                vec!["drift b", "over drift a"],
            ),
            (there(&[], None), vec!["over drift b"]),
            (there(&[], None), vec![]),
        ];
        for (nth, (look, expected)) in looks.into_iter().enumerate() {
            let changes = changes(&mut known, &service, &[look], Timestamp::UNIX_EPOCH);
            let told: Vec<_> = changes
                .iter()
                .map(|change| {
                    let over = if change.ended { "over " } else { "" };
                    match &change.trouble {
                        Trouble::Unknown(_) => format!("{over}unknown"),
                        Trouble::Drift(drift) if *drift == a => format!("{over}drift a"),
                        Trouble::Drift(_) => format!("{over}drift b"),
                    }
                })
                .collect();
            assert_eq!(told, expected, "look {nth}");
        }
    }
}

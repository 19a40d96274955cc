//! What happens while a run is begun or followed: limits, a network that is gone for a while, a log that ends early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use windlass::domain::Exit;
use windlass::engine::{Ending, EventKind, FollowOptions, Level, LogLength};
use windlass::github::{Conclusion, GitHub, GitHubSettings};

use super::actions::{FIRST, Log};
use super::fake::{Fake, Fault, TOKEN};
use super::github;
use super::limit::within;
use super::promote::start;
use super::run::{carry_out, last};

const POLL: Duration = Duration::from_millis(10);

/// The run on the fake, which is under way.
async fn with_run() -> Fake {
    let fake = Fake::start().await;
    fake.store().actions.begin("Promote x to stage");
    fake.change_run(FIRST, &[("status", json!("in_progress"))]);
    fake
}

/// The repository at `address`, where a question may take so long.
fn open(address: &str, patience: Duration) -> GitHub {
    let settings = GitHubSettings {
        api: Some(address.parse().unwrap()),
        repository: Some("acme/app".parse().unwrap()),
        own_run: None,
        patience,
    };
    let token = secrecy::SecretString::from(TOKEN);
    GitHub::open(&settings, None, Some(token)).unwrap().unwrap()
}

/// Follows the run to its end; `hear` is told everything.
async fn follow(github: &GitHub, hear: impl FnMut(&EventKind) + Send) -> (Ending, Vec<EventKind>) {
    let options = FollowOptions {
        poll: POLL,
        logs: LogLength::Whole,
    };
    let mut hear = hear;
    let mut told = Vec::new();
    let mut tell = |kind: EventKind| {
        hear(&kind);
        told.push(kind);
    };
    let cancel = CancellationToken::new();
    let following = windlass::engine::follow(github, FIRST, Vec::new(), &options, &mut tell, &cancel);
    let followed = within("the end of the run", following).await;
    (followed.ending, told)
}

fn lines(told: &[EventKind], wanted: Level) -> Vec<String> {
    let lines = told.iter().filter_map(|kind| match kind {
        EventKind::Log { level, line, .. } if *level == wanted => Some(line.clone()),
        _ => None,
    });
    lines.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secondary_limit_on_a_dispatch_begins_no_run_and_is_not_sent_again() {
    let started = start().await;
    let busy = vec![("retry-after", "60".to_owned())];
    let body = json!({"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."});
    started
        .fake
        .fault("POST", "/dispatches", usize::MAX, Fault::Answer(403, busy, body));
    let (exit, events) = within(
        "the end of the promotion",
        carry_out(&started.engine, started.plan.clone()),
    )
    .await;
    let (_, summary, hint) = last(&events);
    assert_eq!(exit, Exit::Failed, "{summary}");
    assert!(summary.contains("rate limit exceeded until"), "{summary}");
    assert!(hint.unwrap().contains("again then"));
    assert_eq!(started.fake.count("POST", "/dispatches"), 1);
    assert!(started.fake.store().actions.runs.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_while_a_run_is_followed_is_waited_out_and_said() {
    let fake = with_run().await;
    let ends = Timestamp::now().as_second() + 3;
    let spent = vec![
        ("x-ratelimit-remaining", "0".to_owned()),
        ("x-ratelimit-reset", ends.to_string()),
    ];
    let body = json!({"message": "API rate limit exceeded"});
    fake.fault("GET", "/actions/runs/5001", 1, Fault::Answer(403, spent, body));
    fake.end_run(FIRST, "success");
    // It ends later than a question may take.
    let github = open(&fake.address, Duration::from_secs(1));
    let (ending, told) = follow(&github, |_| ()).await;
    assert!(
        matches!(ending, Ending::Concluded(Conclusion::Success)),
        "{ending:?}"
    );
    assert!(Timestamp::now().as_second() >= ends, "it was waited for");
    let warnings = lines(&told, Level::Warning);
    assert!(
        warnings[0].contains("the run goes on, and is followed again then"),
        "{warnings:?}"
    );
}

/// The way to a server, which can be cut.
struct Cable {
    address: String,
    is_cut: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Cable {
    async fn to(server: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = server.strip_prefix("http://").unwrap().to_owned();
        let (is_cut, refused) = (Arc::new(AtomicBool::new(false)), Arc::<AtomicUsize>::default());
        let (cut, count) = (Arc::clone(&is_cut), Arc::clone(&refused));
        let task = tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                if cut.load(Ordering::SeqCst) {
                    count.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                let mut server = TcpStream::connect(&server).await.unwrap();
                let cut = Arc::clone(&cut);
                tokio::spawn(async move {
                    let is_cut = async {
                        while !cut.load(Ordering::SeqCst) {
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        () = is_cut => {}
                    }
                });
            }
        });
        Self {
            address,
            is_cut,
            refused,
            task,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_followed_on_when_the_network_was_gone_for_twenty_questions() {
    const QUESTIONS: usize = 20;
    let fake = with_run().await;
    let cable = Cable::to(&fake.address).await;
    let github = open(&cable.address, Duration::from_secs(10));
    let following = follow(&github, |kind| {
        if matches!(kind, EventKind::WorkflowRun { .. }) {
            cable.is_cut.store(true, Ordering::SeqCst);
        }
    });
    let repairing = async {
        while cable.refused.load(Ordering::SeqCst) < QUESTIONS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        fake.end_run(FIRST, "success");
        cable.is_cut.store(false, Ordering::SeqCst);
    };
    let both = within(
        "the end of the outage",
        futures_util::future::join(following, repairing),
    );
    let ((ending, told), ()) = both.await;
    assert!(
        matches!(ending, Ending::Concluded(Conclusion::Success)),
        "{ending:?}"
    );
    let warnings = lines(&told, Level::Warning);
    assert!(
        warnings[0].contains("the run goes on, trying again"),
        "{warnings:?}"
    );
    assert_eq!(warnings.len(), 1, "it is said once: {warnings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_log_that_ends_early_is_told_what_came_and_that_there_is_more() {
    let fake = with_run().await;
    let job = fake.job((FIRST, 1), "promote", "success", &[("Promote", "success")]);
    let log = Log::Cut("2026-11-01T10:00:00.1234567Z copied 11 blobs\n".to_owned());
    fake.store().actions.logs.insert(job, log);
    fake.end_run(FIRST, "success");
    let (ending, told) = follow(&github(&fake), |_| ()).await;
    assert!(
        matches!(ending, Ending::Concluded(Conclusion::Success)),
        "{ending:?}"
    );
    assert_eq!(lines(&told, Level::Info), ["copied 11 blobs"]);
    let warnings = lines(&told, Level::Warning);
    assert!(
        warnings[0].starts_with("the log ends early: could not reach GitHub at 127.0.0.1"),
        "{warnings:?}"
    );
}

//! How the client behaves towards a registry that has enough to do, or little to give.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::Options;
use windlass::domain::Digest;
use windlass::registry::{HostSettings, Registries, Settings};

use crate::raw::RawServer;
use crate::world::{access, registries, registry, repository, settings};

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 10)]
async fn a_registry_with_too_much_to_do_is_sent_less_at_once() {
    let (asked, under_way, peak) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        Arc::new(AtomicUsize::new(0)),
    );
    let most = Arc::clone(&peak);
    let server = RawServer::start(move |_| {
        if asked.fetch_add(1, Ordering::Relaxed) == 0 {
            return (503, String::new(), Vec::new());
        }
        most.fetch_max(under_way.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        // Long enough for all that may come at once to be here.
        std::thread::sleep(Duration::from_millis(50));
        under_way.fetch_sub(1, Ordering::Relaxed);
        (200, JSON.to_owned(), br#"{"tags":["v1"]}"#.to_vec())
    })
    .await;
    let eight = HostSettings {
        concurrency: Some(8),
        ..HostSettings::default()
    };
    let settings = Settings {
        hosts: [(server.host.clone(), eight)].into(),
        ..settings()
    };
    let reader = Registries::new(settings)
        .unwrap()
        .reader(&repository(&server.host, "app"));
    reader.tags().await.unwrap();
    let asking = (0..8).map(|_| reader.tags());
    futures_util::future::try_join_all(asking).await.unwrap();
    // Half of eight, and one more after as many good answers.
    let peak = peak.load(Ordering::Relaxed);
    assert!((2..=5).contains(&peak), "{peak} at once");
}

#[tokio::test]
async fn a_quota_that_is_used_up_for_hours_is_told_and_not_waited_for() {
    let server = RawServer::start(|_| {
        let headers = "ratelimit-remaining: 0;w=21600\r\nratelimit-reset: 7200\r\n";
        (429, headers.to_owned(), Vec::new())
    })
    .await;
    let reader = registries().reader(&repository(&server.host, "app"));
    let error = reader.tags().await.unwrap_err();
    assert!(error.to_string().contains("come back in 7200 s"), "{error}");
    assert_eq!(server.seen().matches("GET ").count(), 1, "not asked again");
}

#[tokio::test]
async fn what_a_good_answer_said_of_the_quota_explains_a_later_refusal() {
    let asked = AtomicUsize::new(0);
    let server = RawServer::start(move |_| {
        if asked.fetch_add(1, Ordering::Relaxed) == 0 {
            let headers = format!("{JSON}x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 5000\r\n");
            return (200, headers, br#"{"tags":["v1"]}"#.to_vec());
        }
        (429, "retry-after: \r\n".to_owned(), Vec::new())
    })
    .await;
    let reader = registries().reader(&repository(&server.host, "app"));
    assert_eq!(reader.tags().await.unwrap().len(), 1);
    let error = reader.tags().await.unwrap_err();
    let when = error.to_string();
    assert!(
        when.contains("come back in 49"),
        "some of the 5000 s have passed: {when}"
    );
}

#[tokio::test]
async fn a_short_wait_for_new_quota_is_kept() {
    let asked = AtomicUsize::new(0);
    let server = RawServer::start(move |_| {
        if asked.fetch_add(1, Ordering::Relaxed) == 0 {
            let headers = "ratelimit-remaining: 0\r\nratelimit-reset: 1\r\n";
            return (429, headers.to_owned(), Vec::new());
        }
        (200, JSON.to_owned(), br#"{"tags":["v1"]}"#.to_vec())
    })
    .await;
    let reader = registries().reader(&repository(&server.host, "app"));
    assert_eq!(reader.tags().await.unwrap().len(), 1);
    assert_eq!(server.seen().matches("GET ").count(), 2);
}

#[tokio::test]
async fn large_content_arrives_whole_in_pieces_also_after_a_refusal() {
    let server = registry(Options::default()).await;
    let busy = Effect::Answer {
        status: 503,
        retry_after: None,
    };
    server.inject(Fault::new(busy).on_method("PUT").on_path("/blobs/uploads/"));
    let writer = registries().writer(&repository(&server.host(), "app"), access());
    let content: Vec<u8> = (0..500_001_u32).map(|n| n.to_le_bytes()[0]).collect();
    let blob = writer.put_blob(Bytes::from(content.clone())).await.unwrap();
    assert_eq!(blob.digest, Digest::of(&content));
    assert_eq!(writer.blob(&blob.digest, 1 << 20).await.unwrap(), content);
}

//! How the client behaves towards a registry that has enough to do, or little to give.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::Options;
use windlass::domain::{Digest, HostSettings};
use windlass::registry::{Registries, RegistryError, Settings};

use crate::raw::RawServer;
use crate::world::{access, hasty, registries, registry, repository, settings};

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
    assert!(error.to_string().contains("retry after 7200 s"), "{error}");
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
        when.contains("retry after 49"),
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

/// Takes one upload, and answers it long after it has got it, as one that hashes everything first.
async fn thoughtful(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            loop {
                let (mut first, mut length) = (String::new(), 0_usize);
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).await.unwrap() == 0 {
                        return;
                    }
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line == "\r\n" {
                        break;
                    }
                    if first.is_empty() {
                        first = line;
                    }
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await.unwrap();
                let answer = if first.starts_with("PUT") {
                    tokio::time::sleep(Duration::from_millis(900)).await;
                    "HTTP/1.1 201 X\r\ncontent-length: 0\r\n\r\n"
                } else if first.starts_with("HEAD") {
                    "HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n"
                } else {
                    "HTTP/1.1 202 X\r\nlocation: /v2/app/blobs/uploads/1\r\ncontent-length: 0\r\n\r\n"
                };
                stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
            }
        });
    }
}

#[tokio::test]
async fn a_registry_may_think_long_about_much_content_but_not_about_little() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(thoughtful(listener));
    let all = Registries::new(hasty()).unwrap();
    let writer = all.writer(&repository(&host, "app"), access());
    writer.put_blob(Bytes::from(vec![1; 60_000_000])).await.unwrap();
    let error = writer.put_blob(Bytes::from_static(b"little")).await.unwrap_err();
    assert!(matches!(error, RegistryError::Slow { .. }), "{error:?}");
    server.abort();
}

//! A client against a service on loopback that answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::*;

/// An answer that is told: status, headers, body.
pub type Told = (u16, &'static [(&'static str, &'static str)], String);

/// A request that was received.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Clone, Default)]
pub struct Service {
    answers: Arc<Mutex<VecDeque<Told>>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Service {
    /// A service that gives these answers in turn, the last one again and again; its address.
    pub async fn start(answers: impl IntoIterator<Item = Told>) -> (Self, Url) {
        let service = Self::default();
        service.answers.lock().unwrap().extend(answers);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (service, url.parse().unwrap())
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn answer(
    State(service): State<Service>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, String) {
    service.received.lock().unwrap().push(Received {
        method,
        path: uri.path().to_owned(),
        headers,
        body,
    });
    let mut answers = service.answers.lock().unwrap();
    let (status, headers, body) = match answers.len() {
        1 => answers[0].clone(),
        _ => answers.pop_front().unwrap(),
    };
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    (StatusCode::from_u16(status).unwrap(), headers.collect(), body)
}

pub fn told(status: u16, body: &str) -> Told {
    (status, &[], body.to_owned())
}

/// An answer that leads elsewhere.
pub fn leading(status: u16, location: &'static [(&'static str, &'static str)]) -> Told {
    (status, location, String::new())
}

const QUICK: Attempts = Attempts {
    most: 3,
    first_wait: Duration::from_millis(1),
};

async fn send(url: &Url) -> Result<Answer, HttpError> {
    let request = Request::get(url.clone(), Duration::from_secs(20));
    let client = Client::new(url).unwrap();
    client.send(&request, QUICK, &CancellationToken::new()).await
}

#[tokio::test]
async fn what_may_succeed_later_is_sent_again_and_nothing_else() {
    for (answers, status, times) in [
        (vec![told(500, ""), told(429, ""), told(204, "")], 204, 3),
        (vec![told(503, "")], 503, 3),
        (vec![told(404, ""), told(200, "")], 404, 1),
        (vec![leading(302, &[("location", "http://127.0.0.1:9/")])], 302, 1),
        (
            vec![leading(503, &[("retry-after", "3600")]), told(200, "")],
            503,
            1,
        ),
        (vec![leading(503, &[("retry-after", "0")]), told(200, "")], 200, 2),
    ] {
        let (service, url) = Service::start(answers.clone()).await;
        let answer = send(&url).await.unwrap();
        assert_eq!(
            (answer.status, service.received().len()),
            (status, times),
            "{answers:?}"
        );
    }
}

#[tokio::test]
async fn who_cannot_be_reached_is_named_without_the_path() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}/services/T0/hidden").parse().unwrap();
    let error = send(&url).await.unwrap_err();
    assert!(matches!(error, HttpError::Unreachable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains(&address.to_string()) && !text.contains("hidden"),
        "{text}"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let (_, url) = Service::start([told(200, &"x".repeat(2 * 1024 * 1024))]).await;
    let error = send(&url).await.unwrap_err();
    assert!(matches!(error, HttpError::TooMuch { .. }), "{error:?}");
}

#[test]
fn a_signature_is_the_one_that_github_documents() {
    let secret = "It's a Secret to Everybody".to_owned().into();
    assert_eq!(
        signature(&secret, b"Hello, World!"),
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    );
}

#[test]
fn a_secret_is_read_without_its_line_end_and_never_shown() {
    use secrecy::ExposeSecret as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "hidden words\r\n").unwrap();
    let secret = read_secret(&path).unwrap();
    assert_eq!(secret.expose_secret(), "hidden words");
    assert!(!format!("{secret:?}").contains("hidden"));
    std::fs::write(&path, "\n").unwrap();
    assert!(read_secret(&path).unwrap_err().ends_with("it is empty"));
    std::fs::remove_file(&path).unwrap();
    assert!(read_secret(&path).unwrap_err().contains("cannot read"));
}

#[test]
fn retry_after_is_read_in_both_forms() {
    let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    let read = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(reqwest::header::RETRY_AFTER, text.parse().unwrap());
        retry_after(&headers, now)
    };
    assert_eq!(read("7"), Some(Duration::from_secs(7)));
    assert_eq!(
        read("Mon, 23 Nov 2026 10:00:09 GMT"),
        Some(Duration::from_secs(9))
    );
    assert_eq!(read("Mon, 23 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
    assert_eq!(read("soon"), None);
}

#[test]
fn a_date_is_compared_with_the_hosts_own_clock() {
    let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    let mut headers = HeaderMap::new();
    let date = |text: &str| text.parse().unwrap();
    headers.insert(
        reqwest::header::RETRY_AFTER,
        date("Mon, 23 Nov 2026 11:00:09 GMT"),
    );
    headers.insert(reqwest::header::DATE, date("Mon, 23 Nov 2026 11:00:00 GMT"));
    assert_eq!(retry_after(&headers, now), Some(Duration::from_secs(9)));
}

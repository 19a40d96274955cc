//! A server that answers what a test says: for what no registry should do.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

type Heads = Arc<Mutex<Vec<String>>>;

/// It ends when it is dropped.
pub struct RawServer {
    pub host: String,
    heads: Heads,
    task: JoinHandle<()>,
}

impl RawServer {
    /// Answers each request with what `answer` makes of its first line: status, headers and body.
    pub async fn start<A>(answer: A) -> Self
    where
        A: Fn(&str) -> (u16, String, Vec<u8>) + Send + Sync + 'static,
    {
        Self::start_with_head(move |line, _| answer(line)).await
    }

    /// The same, for an answer that depends on the headers too.
    pub async fn start_with_head<A>(answer: A) -> Self
    where
        A: Fn(&str, &str) -> (u16, String, Vec<u8>) + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let heads = Heads::default();
        let seen = Arc::clone(&heads);
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&answer)));
            }
        });
        Self { host, heads, task }
    }

    /// All that was sent so far: heads, each with what came of the body at once.
    pub fn seen(&self) -> String {
        self.heads.lock().unwrap().join("\n")
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<A>(mut stream: TcpStream, heads: Heads, answer: Arc<A>)
where
    A: Fn(&str, &str) -> (u16, String, Vec<u8>),
{
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(n) if n > 0 => head.extend_from_slice(&piece[..n]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default().to_owned();
    let (status, headers, body) = answer(&line, &head);
    heads.lock().unwrap().push(head);
    let length = body.len();
    let text =
        format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
    // The client may have heard enough.
    let _ = stream.write_all(text.as_bytes()).await;
    if !line.starts_with("HEAD") {
        let _ = stream.write_all(&body).await;
    }
}

//! Asking a service of the demo.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::place::Serving;

/// How long an answer may take. It comes from this machine.
const LIMIT: Duration = Duration::from_secs(2);
/// The longest answer, in bytes.
const LONGEST: u64 = 16 * 1024;

/// What is served at a port of 127.0.0.1; none where nothing of the demo is.
pub(super) async fn identity(port: u16) -> Option<Serving> {
    let answer = request(port, "GET / HTTP/1.0").await?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

/// Has the service at a port end.
pub(super) async fn stop(port: u16) {
    request(port, "POST /stop HTTP/1.0").await;
}

/// The whole answer to a request without a body. HTTP/1.0: the answer ends with the connection.
async fn request(port: u16, line: &str) -> Option<String> {
    let asking = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
        stream
            .write_all(format!("{line}\r\n\r\n").as_bytes())
            .await
            .ok()?;
        let mut answer = String::new();
        stream.take(LONGEST).read_to_string(&mut answer).await.ok()?;
        Some(answer)
    };
    tokio::time::timeout(LIMIT, asking).await.ok().flatten()
}

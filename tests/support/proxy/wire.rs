//! HTTP/1.1 as bytes on a socket: heads, and bodies piece by piece.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

/// The bytes that are read at first.
const FIRST: usize = 4 * 1024;
/// The most bytes that are read at once.
const PIECE: usize = 128 * 1024;
/// More than any head has.
const LONGEST_HEAD: usize = 256 * 1024;

/// A connection, and what was read of it beyond what was asked for.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    ahead: BytesMut,
}

/// The side of a [`Wire`] that is read.
#[derive(Debug)]
pub struct Inlet<'a> {
    half: ReadHalf<'a>,
    ahead: &'a mut BytesMut,
}

impl Wire {
    pub fn new(stream: TcpStream) -> Self {
        // Heads and bodies are written apart; they must not wait for each other.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            ahead: BytesMut::new(),
        }
    }

    pub fn split(&mut self) -> (Inlet<'_>, WriteHalf<'_>) {
        let (half, out) = self.stream.split();
        let ahead = &mut self.ahead;
        (Inlet { half, ahead }, out)
    }

    /// Whether the other side has not closed it, or said something that nobody asked for.
    pub fn is_fresh(&self) -> bool {
        let found = self.stream.try_read(&mut [0]);
        found.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) && self.ahead.is_empty()
    }

    /// Ends it with a reset.
    pub fn reset(self) {
        let _ = self.stream.set_zero_linger();
    }

    /// Ends it so that all that was written arrives: bytes that nobody reads would turn the end into a reset.
    pub async fn close(mut self) {
        let _ = self.stream.shutdown().await;
        let (mut inlet, _) = self.split();
        inlet.until_closed().await;
    }
}

impl Inlet<'_> {
    async fn more(&mut self) -> io::Result<usize> {
        // Room for a head; for a body that goes on, more with each piece.
        let room = if self.ahead.capacity() == 0 { FIRST } else { PIECE };
        if self.ahead.capacity() - self.ahead.len() < FIRST {
            self.ahead.reserve(room);
        }
        self.half.read_buf(self.ahead).await
    }

    /// Reads and drops whatever comes, until the other side closes.
    pub async fn until_closed(&mut self) {
        self.ahead.clear();
        while self.more().await.is_ok_and(|read| read > 0) {
            self.ahead.clear();
        }
    }

    /// The next line, without its end; none where the other side has closed before it.
    async fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let line = self.ahead.split_to(end + 1);
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            if self.ahead.len() > LONGEST_HEAD {
                return Err(io::Error::other("a head without an end"));
            }
            if self.more().await? == 0 {
                let whole = self.ahead.is_empty();
                return whole.then_some(None).ok_or(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// The next head; none where the other side has closed.
    pub async fn head(&mut self) -> io::Result<Option<Head>> {
        let Some(first) = self.line().await? else {
            return Ok(None);
        };
        let mut headers = Vec::new();
        loop {
            let line = self.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line.is_empty() {
                return Ok(Some(Head { first, headers }));
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| io::Error::other(format!("no header: {line}")))?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// The next piece of a body; none at its end.
    pub async fn piece(&mut self, framing: &mut Framing) -> io::Result<Option<BytesMut>> {
        let left = match framing {
            Framing::Length(0) => return Ok(None),
            Framing::Length(left) => left,
            Framing::UntilClosed => {
                let nothing = self.ahead.is_empty() && self.more().await? == 0;
                return Ok((!nothing).then(|| self.ahead.split()));
            }
            Framing::Chunked(left) => {
                if *left == 0 {
                    *left = self.chunk().await?;
                }
                if *left == 0 {
                    // Trailers, which registries do not use, and an empty line.
                    while self.line().await?.is_some_and(|line| !line.is_empty()) {}
                    *framing = Framing::Length(0);
                    return Ok(None);
                }
                left
            }
        };
        if self.ahead.is_empty() && self.more().await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let length = usize::try_from(*left).unwrap_or(usize::MAX).min(self.ahead.len());
        *left -= length as u64;
        let piece = self.ahead.split_to(length);
        if matches!(framing, Framing::Chunked(0)) {
            self.line().await?;
        }
        Ok(Some(piece))
    }

    /// The length of the next chunk.
    async fn chunk(&mut self) -> io::Result<u64> {
        let line = self.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let length = line.split(';').next().unwrap_or_default().trim();
        u64::from_str_radix(length, 16).map_err(io::Error::other)
    }
}

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After so many more bytes.
    Length(u64),
    /// By chunks; so many bytes are left of this one.
    Chunked(u64),
    /// When the connection ends.
    UntilClosed,
}

impl Framing {
    /// Writes a piece.
    pub async fn write(self, out: &mut WriteHalf<'_>, piece: &[u8]) -> io::Result<()> {
        if matches!(self, Self::Chunked(_)) {
            out.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
            out.write_all(piece).await?;
            return out.write_all(b"\r\n").await;
        }
        out.write_all(piece).await
    }

    /// Writes the end.
    pub async fn finish(self, out: &mut WriteHalf<'_>) -> io::Result<()> {
        match self {
            Self::Chunked(_) => out.write_all(b"0\r\n\r\n").await,
            Self::Length(_) | Self::UntilClosed => Ok(()),
        }
    }

    /// The place of the middle byte, or of the first where the length is not known; none where there is no body.
    pub const fn middle(self) -> Option<u64> {
        match self {
            Self::Length(0) => None,
            Self::Length(length) => Some(length / 2),
            Self::Chunked(_) | Self::UntilClosed => Some(0),
        }
    }
}

/// The first line and the headers of a request or an answer.
#[derive(Debug, Clone)]
pub struct Head {
    pub first: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// An answer that has no headers yet.
    pub fn answer(status: u16) -> Self {
        Self {
            first: format!("HTTP/1.1 {status} X"),
            headers: Vec::new(),
        }
    }

    /// The word of the first line at this place: of a request the method (0) and the path (1), of an answer the
    /// status (1).
    pub fn word(&self, place: usize) -> &str {
        self.first.split(' ').nth(place).unwrap_or_default()
    }

    /// The status of an answer.
    pub fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or_default()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn set(&mut self, name: &str, value: String) {
        self.remove(name);
        self.headers.push((name.to_owned(), value));
    }

    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    /// Changes the value of a header, where there is one.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&str) -> String) {
        if let Some(value) = self.get(name).map(change) {
            self.set(name, value);
        }
    }

    /// Keeps the parameters of the request's query whose names it is asked to, and adds one.
    pub fn change_query(&mut self, keep: impl Fn(&str) -> bool, add: Option<String>) {
        let path = self.word(1);
        let (before, query) = path.split_once('?').unwrap_or((path, ""));
        let kept = query.split('&').filter(|one| !one.is_empty());
        let kept = kept.filter(|one| keep(one.split('=').next().unwrap_or_default()));
        let query: Vec<_> = kept.map(str::to_owned).chain(add).collect();
        let joint = if query.is_empty() { "" } else { "?" };
        self.first = format!("{} {before}{joint}{} HTTP/1.1", self.word(0), query.join("&"));
    }

    pub fn bytes(&self) -> Bytes {
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        text.into()
    }

    /// How the body of this request ends.
    pub fn framing_of_request(&self) -> Framing {
        self.framing().unwrap_or(Framing::Length(0))
    }

    /// How the body of this answer to a request of `method` ends.
    pub fn framing_of_answer(&self, method: &str) -> Framing {
        match self.status() {
            100..200 | 204 | 304 => Framing::Length(0),
            _ if method == "HEAD" => Framing::Length(0),
            _ => self.framing().unwrap_or(Framing::UntilClosed),
        }
    }

    fn framing(&self) -> Option<Framing> {
        let chunked = |value: &str| value.to_ascii_lowercase().contains("chunked");
        if self.get("transfer-encoding").is_some_and(chunked) {
            return Some(Framing::Chunked(0));
        }
        let length = self.get("content-length")?;
        length.parse().ok().map(Framing::Length)
    }

    /// Whether the connection serves on after this message.
    pub fn keeps_alive(&self) -> bool {
        let close = |value: &str| value.eq_ignore_ascii_case("close");
        !self.get("connection").is_some_and(close) && !self.first.contains("HTTP/1.0")
    }
}

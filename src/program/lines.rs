//! What a program says, line by line.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

use crate::domain::{bytes as in_words, clean_line};

/// Where the lines of a program go, harmless.
pub type Line<'a> = &'a (dyn Fn(String) + Send + Sync);

/// A line without an end is cut here, in bytes, so that a program cannot fill the memory.
const MAX_LINE: u64 = 64 * 1024;
/// How much one program may say before the middle of it is dropped, in bytes.
const MAX_TOLD: usize = 8 * 1024 * 1024;
/// How many of its last lines are told in spite of that: why a program failed stands at the end.
const LAST_LINES: usize = 200;

/// Passes lines on until they are too many, then keeps the last ones. Shared by the streams of one program.
pub(super) struct Teller<'a> {
    line: Line<'a>,
    state: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    bytes: usize,
    last: VecDeque<String>,
    dropped: u64,
}

impl<'a> Teller<'a> {
    pub(super) fn new(line: Line<'a>) -> Self {
        Self {
            line,
            state: Mutex::default(),
        }
    }

    fn tell(&self, line: String) {
        let Ok(mut told) = self.state.lock() else { return };
        if told.bytes <= MAX_TOLD {
            told.bytes += line.len() + 1;
            drop(told);
            (self.line)(line);
            return;
        }
        told.last.push_back(line);
        if told.last.len() > LAST_LINES
            && let Some(first) = told.last.pop_front()
        {
            told.dropped += first.len() as u64 + 1;
        }
    }

    /// Tells what was kept back, and how much was dropped before it.
    pub(super) fn finish(self) {
        let Ok(told) = self.state.into_inner() else { return };
        if told.dropped > 0 {
            (self.line)(format!("… {} of output dropped …", in_words(told.dropped)));
        }
        told.last.into_iter().for_each(self.line);
    }
}

/// Tells every line of `stream` until it ends.
pub(super) async fn follow(stream: Option<impl AsyncRead + Unpin>, teller: &Teller<'_>) {
    let Some(stream) = stream else { return };
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while matches!(
        (&mut reader).take(MAX_LINE).read_until(b'\n', &mut bytes).await,
        Ok(1..)
    ) {
        teller.tell(clean_line(last_state(&String::from_utf8_lossy(&bytes))));
        bytes.clear();
    }
}

/// What a terminal would show of a line in the end: a progress bar draws over itself with carriage returns.
fn last_state(line: &str) -> &str {
    let line = line.trim_end_matches(['\n', '\r']);
    line.rsplit('\r').next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(said: &str) -> Vec<String> {
        let lines = Mutex::new(Vec::new());
        let tell = |line| lines.lock().unwrap().push(line);
        let teller = Teller::new(&tell);
        follow(Some(said.as_bytes()), &teller).await;
        teller.finish();
        lines.into_inner().unwrap()
    }

    #[tokio::test]
    async fn of_a_progress_bar_the_last_state_stays() {
        assert_eq!(told("10 %\r20 %\r100 %\r\ndone").await, ["100 %", "done"]);
    }

    #[tokio::test]
    async fn of_endless_output_the_beginning_and_the_end_are_told() {
        let line = "x".repeat(1023);
        let lines: Vec<_> = (0..20_000).map(|number| format!("{number} {line}")).collect();
        let said = lines.join("\n");
        let lines = told(&said).await;
        assert!(lines[0].starts_with("0 "));
        assert!(lines.last().unwrap().starts_with("19999 "));
        let dropped = lines.len() - LAST_LINES - 1;
        assert!(
            lines[dropped].starts_with("… ") && lines[dropped].ends_with("of output dropped …"),
            "{}",
            lines[dropped]
        );
        assert!(lines.iter().map(String::len).sum::<usize>() < MAX_TOLD + 300 * 1024);
    }
}

//! What a program says, line by line.

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

use crate::domain::clean_line;

/// Where the lines of a program go, harmless.
pub type Line<'a> = &'a (dyn Fn(String) + Send + Sync);

/// A line without an end is cut here, in bytes, so that a program cannot fill the memory.
const LONGEST: u64 = 64 * 1024;

/// Tells every line of `stream` until it ends.
pub async fn follow(stream: Option<impl AsyncRead + Unpin>, line: Line<'_>) {
    let Some(stream) = stream else { return };
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while matches!(
        (&mut reader).take(LONGEST).read_until(b'\n', &mut bytes).await,
        Ok(1..)
    ) {
        line(clean_line(
            String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']),
        ));
        bytes.clear();
    }
}

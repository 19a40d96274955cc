//! The log of a job, cut into lines as it comes, without the time that begins each.

/// The longest line that is told; the rest of a longer one is left out.
const MAX_LINE_BYTES: usize = 8 * 1024;

/// Cuts what comes into lines, and keeps no more than one of them.
#[derive(Default)]
pub(super) struct LogLines {
    line: Vec<u8>,
    /// Whether what comes first is the rest of a line that nobody wants.
    skips: bool,
}

impl LogLines {
    /// Of a text that begins within a line, which is left out.
    pub(super) const fn from_the_middle() -> Self {
        Self {
            line: Vec::new(),
            skips: true,
        }
    }

    /// Tells the lines that end in `bytes`.
    pub(super) fn feed(&mut self, bytes: &[u8], tell: &mut (dyn FnMut(&str) + Send)) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            if self.skips {
                self.skips = false;
            } else {
                self.add(&rest[..end]);
                self.end(tell);
            }
            rest = &rest[end + 1..];
        }
        if !self.skips {
            self.add(rest);
        }
    }

    /// Tells the line that is left over.
    pub(super) fn end(&mut self, tell: &mut (dyn FnMut(&str) + Send)) {
        if !self.line.is_empty() {
            let text = String::from_utf8_lossy(&self.line);
            tell(without_time(
                text.trim_start_matches('\u{feff}').trim_end_matches('\r'),
            ));
            self.line.clear();
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = MAX_LINE_BYTES.saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// A line of a log without the time that GitHub puts before it: `2026-11-01T10:00:00.1234567Z `.
fn without_time(line: &str) -> &str {
    match line.split_once(' ') {
        Some((time, rest))
            if time.len() >= 20 && time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok() =>
        {
            rest
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_cut_into_lines_wherever_its_parts_end_and_loses_only_its_times() {
        let text = "\u{feff}2026-11-01T10:00:00.1234567Z one\r\n2026-11-01T10:00:01Z two 2026-11-01T10:00:00Z\nthree Z\n\
                    2026-13-01T10:00:00.0000000Z four";
        for size in 1..text.len() {
            let mut told = Vec::new();
            let mut lines = LogLines::default();
            let tell = &mut |line: &str| told.push(line.to_owned());
            for part in text.as_bytes().chunks(size) {
                lines.feed(part, tell);
            }
            lines.end(tell);
            assert_eq!(
                told,
                [
                    "one",
                    "two 2026-11-01T10:00:00Z",
                    "three Z",
                    "2026-13-01T10:00:00.0000000Z four"
                ]
            );
        }
    }

    #[test]
    fn a_line_without_an_end_is_cut_and_takes_no_memory() {
        let mut lines = LogLines::default();
        let mut told = Vec::new();
        let tell = &mut |line: &str| told.push(line.len());
        for _ in 0..1000 {
            lines.feed(&[b'x'; 1000], tell);
        }
        assert!(lines.line.capacity() <= 2 * MAX_LINE_BYTES);
        lines.feed(b"\nnext\n", tell);
        assert_eq!(told, [MAX_LINE_BYTES, 4]);
    }
}

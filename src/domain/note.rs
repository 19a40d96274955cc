//! Notes that windlass leaves as the messages of commits on refs of its own: a line for people, then `key: value` lines.

use std::fmt::Write as _;

use super::clean_line;

/// More than a note ever has, in bytes: what is longer was not written by windlass.
const LONGEST: usize = 16 * 1024;
/// The longest value, in characters.
pub(super) const LONGEST_VALUE: usize = 300;

/// The message with that title and these values, in order.
pub(super) fn message(title: &str, values: &[(&str, &str)]) -> String {
    let mut text = format!("{title}\n\n");
    for (key, value) in values {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key}: {value}");
    }
    text
}

/// The values of `keys` in a message, in their order; none for one that is missing. No note at all is a message with a value
/// that is there twice or has no known name, or one with characters that a terminal would obey.
pub(super) fn values<'m, const N: usize>(message: &'m str, keys: [&str; N]) -> Option<[Option<&'m str>; N]> {
    if message.len() > LONGEST {
        return None;
    }
    let (_, body) = message.split_once("\n\n")?;
    let mut values: [Option<&str>; N] = [None; N];
    for line in body.trim_end_matches('\n').split('\n') {
        let (key, value) = line.split_once(": ")?;
        let at = keys.iter().position(|known| *known == key)?;
        let fine = !value.is_empty()
            && value.trim() == value
            && value.chars().count() <= LONGEST_VALUE
            && clean_line(value) == value;
        if !fine || values[at].replace(value).is_some() {
            return None;
        }
    }
    Some(values)
}

/// Makes a text fit for a value: one harmless line that is not too long, and says something.
pub(super) fn fit(text: &str) -> String {
    let line: String = clean_line(text).trim().chars().take(LONGEST_VALUE).collect();
    match line.trim_end() {
        "" => "unknown".to_owned(),
        line => line.to_owned(),
    }
}

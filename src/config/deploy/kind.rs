//! What the kinds of deployers and checks have in common.

use crate::config::ConfigError;
use crate::config::keys::{self, Keys};
use crate::config::section::Section;
use crate::config::value::Value;

/// The table with the keys of its `kind`, and what reads it.
pub(super) fn of_kind<'a, R: Copy>(
    value: &Value<'a>,
    what: &str,
    kinds: &[(&str, Keys, R)],
) -> Result<(Section<'a>, R), ConfigError> {
    let Some(kind) = value.entry("kind")? else {
        return Err(value.mistake("requires `kind`"));
    };
    let word = kind.string()?;
    if let Some((_, keys, read)) = kinds.iter().find(|(known, ..)| *known == word) {
        return Ok((value.section(*keys)?, *read));
    }
    let known = || kinds.iter().map(|(known, ..)| *known);
    let hint = match keys::nearest(word, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("kinds: {}", known().collect::<Vec<_>>().join(", ")),
    };
    Err(kind.advise(format_args!("unknown {what} kind `{word}`"), Some(hint)))
}

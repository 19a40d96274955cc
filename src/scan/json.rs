//! Reading JSON that programs in Go write: a list or a map that is empty is `null` there.

use serde::de::{Deserialize, Deserializer, IgnoredAny};

/// `null` is what the type is without a value: an empty list, an empty text.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether a key is there, whatever its value.
pub(super) fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer)?;
    Ok(true)
}

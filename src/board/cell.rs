//! What is known of one thing: loading, none, failed, stale and ready never look alike.

use serde::Serialize;

/// The state of a fact that comes from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(tag = "state", content = "value", rename_all = "kebab-case")]
pub enum Cell<T> {
    /// Not known yet.
    #[default]
    Loading,
    /// It is known that there is none, and in which words.
    None(String),
    /// It could not be found out, and why.
    Failed(String),
    /// Known.
    Ready(T),
    /// Known, but too old to be relied upon.
    Stale(T),
}

impl<T> Cell<T> {
    /// The value, fresh or stale.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Ready(value) | Self::Stale(value) => Some(value),
            Self::Loading | Self::None(_) | Self::Failed(_) => None,
        }
    }

    /// Why it could not be found out, where that is so.
    pub fn failure(&self) -> Option<&str> {
        match self {
            Self::Failed(why) => Some(why),
            Self::Loading | Self::None(_) | Self::Ready(_) | Self::Stale(_) => None,
        }
    }

    /// Whether nothing is known yet.
    pub const fn is_loading(&self) -> bool {
        matches!(self, Self::Loading)
    }
}

//! Who hears what happens in a run on GitHub.

use crate::engine::run::event::EventKind;

/// Hears events.
pub(super) type Tell<'a> = &'a mut (dyn FnMut(EventKind) + Send);

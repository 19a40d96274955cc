//! The permission to write, as a value.

/// Whoever holds this may write to registries, remotes and journals. It is made once, at the edge of the program,
/// unless read-only mode was asked for; every function that writes asks to see it. Read-only mode therefore
/// cannot reach a write: there is no value to reach it with.
#[derive(Debug, Clone, Copy)]
pub struct WriteAccess(());

impl WriteAccess {
    /// Grants writing, unless the program was started read-only.
    pub const fn unless_read_only(read_only: bool) -> Option<Self> {
        if read_only { None } else { Some(Self(())) }
    }
}

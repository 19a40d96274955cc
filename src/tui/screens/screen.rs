//! The names of the screens of a session.

/// The screens that one can be on, in the order of the help; each has its line at that place of the
/// [table](super::table::SCREENS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// The candidates of the service.
    Board,
    /// Releases and environments.
    Releases,
    /// A run.
    Run,
    /// The runs.
    Runs,
    /// The findings of a candidate.
    Findings,
    /// A text.
    Page,
}

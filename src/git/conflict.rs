//! A file that two histories contradict each other in, in words.

/// A file that a person has to decide about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// Its path, harmless to a terminal.
    pub path: String,
    /// What both sides did with it.
    pub kind: ConflictKind,
}

/// How two sides contradict each other. `ours` is the side that is merged into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConflictKind {
    /// Both changed the same lines, or whether it is a program or a link.
    BothChanged,
    /// Both changed it, and it is no text.
    BothChangedBinary,
    /// Both added it, each in its own way.
    BothAdded,
    /// Both moved the submodule on, to different commits.
    Submodule,
    /// Ours removed it, theirs changed it.
    RemovedInOurs,
    /// Theirs removed it, ours changed it.
    RemovedInTheirs,
    /// It has another name in each, or none.
    Renamed {
        /// Its name in ours; none if it is not there any more.
        ours: Option<String>,
        /// Its name in theirs.
        theirs: Option<String>,
    },
    /// Ours has it, and theirs has something else in its place.
    OnlyInOurs,
    /// Theirs has it, and ours has something else in its place.
    OnlyInTheirs,
    /// Another kind, by git's own name: `file location`.
    Other(String),
}

impl Conflict {
    /// `src/a.rs: both changed it`, with the two sides called by the names that people know them by.
    pub fn words(&self, ours: &str, theirs: &str) -> String {
        let went = |name: &Option<String>, side: &str| match name {
            Some(name) => format!("renamed to {name} in {side}"),
            None => format!("removed in {side}"),
        };
        let what = match &self.kind {
            ConflictKind::BothChanged => "both changed it".to_owned(),
            ConflictKind::BothChangedBinary => "both changed it, and it is binary".to_owned(),
            ConflictKind::BothAdded => "both added it".to_owned(),
            ConflictKind::Submodule => "both moved the submodule".to_owned(),
            ConflictKind::RemovedInOurs => format!("removed in {ours}, changed in {theirs}"),
            ConflictKind::RemovedInTheirs => format!("changed in {ours}, removed in {theirs}"),
            ConflictKind::Renamed { ours: a, theirs: b } => format!("{}, {}", went(a, ours), went(b, theirs)),
            ConflictKind::OnlyInOurs => format!("{ours} has it where {theirs} has something else"),
            ConflictKind::OnlyInTheirs => format!("{theirs} has it where {ours} has something else"),
            ConflictKind::Other(kind) if kind == "file location" || kind == "directory rename suggested" => {
                "added in a folder that the other side renamed (file location)".to_owned()
            }
            ConflictKind::Other(kind) => format!("git reports a conflict ({kind})"),
        };
        format!("{}: {what}", self.path)
    }
}

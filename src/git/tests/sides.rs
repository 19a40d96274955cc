//! Two branches that went apart, to be merged.

use super::*;
use crate::domain::CommitSha;

/// Both sides of a merge begin with the same commit: `main` is what is merged into, `release` what is merged.
pub(super) struct Sides {
    pub(super) sample: Sample,
}

impl Sides {
    /// `begin`, `ours` and `theirs` change the working tree, each on its own branch.
    pub(super) fn of(begin: impl Fn(&Sample), ours: impl Fn(&Sample), theirs: impl Fn(&Sample)) -> Self {
        let sample = Sample::new();
        let commit = |message: &str| {
            sample.git(&["add", "-A"]);
            sample.git(&["commit", "-q", "--allow-empty", "-m", message]);
        };
        begin(&sample);
        commit("feat: base");
        sample.git(&["checkout", "-q", "-b", "release"]);
        theirs(&sample);
        commit("fix: theirs");
        sample.git(&["checkout", "-q", "-b", "main", "develop"]);
        ours(&sample);
        commit("fix: ours");
        sample.git(&["checkout", "-q", "develop"]);
        Self { sample }
    }

    pub(super) fn shas(&self) -> (CommitSha, CommitSha) {
        (self.sample.sha("main"), self.sample.sha("release"))
    }

    /// What the merge comes to, in words; no words if it goes through.
    pub(super) fn words(&self) -> Vec<String> {
        let (ours, theirs) = self.shas();
        match self.sample.repository.try_merge(&ours, &theirs).unwrap() {
            Merge::Clean => Vec::new(),
            Merge::Conflicts(conflicts) => {
                let words = conflicts.iter().map(|conflict| conflict.words("main", "release"));
                words.collect()
            }
            Merge::Already => panic!("there is something to merge"),
        }
    }

    pub(super) async fn commit(&self) -> Result<CommitSha, GitError> {
        let (ours, theirs) = self.shas();
        let repository = &self.sample.repository;
        repository
            .merge_commit(&ours, &theirs, "release: 1.4.0", access())
            .await
    }

    /// A file of the merge as it was made, and that git itself would have made the same.
    pub(super) async fn merged(&self, path: &str) -> String {
        let merge = self.commit().await.unwrap();
        let sample = &self.sample;
        sample.git(&["checkout", "-q", "--detach", "main"]);
        sample.git(&["merge", "-q", "--no-ff", "-m", "x", "release"]);
        let tree = |of: &str| sample.git(&["rev-parse", &format!("{of}^{{tree}}")]);
        assert_eq!(tree(merge.as_str()), tree("HEAD"));
        sample.git(&["cat-file", "-p", &format!("{merge}:{path}")])
    }
}

pub(super) fn nothing(_: &Sample) {}

pub(super) fn write(sample: &Sample, path: &str, bytes: impl AsRef<[u8]>) {
    let path = sample.work().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A text that is long enough to be known again under another name, with one line of its own.
pub(super) fn text(line: &str) -> String {
    let lines: Vec<_> = (1..20).map(|number| format!("line {number}")).collect();
    format!("{}\n{line}\n{}\n", lines.join("\n"), lines.join("\n"))
}

/// All objects of the repository, and its references.
pub(super) fn stored(sample: &Sample) -> (String, String) {
    (
        sample.git(&["cat-file", "--batch-all-objects", "--batch-check", "--unordered"]),
        sample.git(&["for-each-ref"]),
    )
}

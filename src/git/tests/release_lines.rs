//! Which branch a commit lies on.

use super::*;
use crate::domain::BranchTemplate;

fn names(release: &str) -> Names {
    Names {
        remote: "origin".to_owned(),
        develop: BranchName::develop(),
        main: BranchName::main(),
        release: release.parse().unwrap(),
        hotfix: BranchTemplate::hotfix(),
    }
}

impl Sample {
    /// A commit on top of what is checked out.
    fn commits(&self, message: &str) -> crate::domain::CommitSha {
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.sha("HEAD")
    }

    fn releases(&self, commit: &str, names: &Names) -> Vec<(String, usize)> {
        let lines = self
            .repository
            .open_releases_of(&self.sha(commit), names)
            .unwrap();
        lines
            .into_iter()
            .map(|line| (line.branch, line.newer.len()))
            .collect()
    }
}

#[test]
fn a_commit_lies_on_a_release_from_its_cut_to_its_head_and_not_before() {
    let sample = Sample::new();
    let cut = sample.sha("develop~1");
    let branch = format!("release/v1.4.0-sha-{}", cut.short());
    sample.git(&["checkout", "-q", "-b", &branch, "develop~1"]);
    let by_short = names("release/v{version}-sha-{short}");
    let on = |count: usize| vec![(branch.clone(), count)];
    assert_eq!(sample.releases("develop~1", &by_short), on(0));
    sample.commits("fix: one");
    let newest = sample.commits("fix: two");
    assert_eq!(sample.releases("develop~1", &by_short), on(2));
    assert_eq!(sample.releases("HEAD~1", &by_short), on(1));
    assert_eq!(sample.releases("HEAD", &by_short), on(0));
    for elsewhere in ["develop", "develop~2"] {
        assert_eq!(sample.releases(elsewhere, &by_short), [], "{elsewhere}");
    }
    let line = sample.repository.open_releases_of(&cut, &by_short).unwrap();
    assert_eq!(line[0].newer[0], newest);

    // Where the name has no commit in it, develop tells where the release was cut.
    sample.git(&["branch", "-q", "-m", "release/v1.4.0"]);
    let plain = names("release/v{version}");
    assert_eq!(
        sample.releases("develop~1", &plain),
        [("release/v1.4.0".to_owned(), 2)]
    );
    assert_eq!(sample.releases("develop~2", &plain), []);
    // Merged back into develop it is the same release, until it is in main.
    sample.git(&["checkout", "-q", "develop"]);
    sample.git(&["merge", "-q", "--no-ff", "-m", "back", "release/v1.4.0"]);
    assert_eq!(sample.releases("release/v1.4.0~1", &plain).len(), 1);
    sample.git(&["branch", "-q", "main", "release/v1.4.0"]);
    assert_eq!(sample.releases("release/v1.4.0~1", &plain), []);
}

#[test]
fn where_branches_left_the_trunk_is_found_for_all_of_them_at_once() {
    let sample = Sample::new();
    let cut = sample.sha("develop~1");
    sample.git(&["checkout", "-q", "-b", "fixed", "develop~1"]);
    let fix = sample.commits("fix: one");
    sample.git(&["checkout", "-q", "--orphan", "elsewhere"]);
    let elsewhere = sample.commits("feat: another root");
    let develop = sample.sha("develop");
    let heads = [fix.clone(), cut.clone(), elsewhere.clone(), develop.clone()];
    let origins = sample.repository.origins(&heads, &develop).unwrap();
    assert_eq!(
        origins,
        [Some(cut.clone()), Some(cut), None, Some(develop.clone())]
    );
    let within = sample.repository.within(&heads, &develop).unwrap();
    assert_eq!(within, [false, true, false, true]);
    let made = |head| sample.repository.made_since(&heads[1], head).unwrap();
    assert_eq!(made(&fix), Some(vec![fix.clone()]));
    assert_eq!(made(&elsewhere), None);
}

#[test]
fn a_branch_that_was_merged_left_the_trunk_where_it_did_before() {
    let sample = Sample::new();
    let cut = sample.sha("develop~1");
    sample.git(&["checkout", "-q", "-b", "hotfix/v1.3.3", "develop~1"]);
    let fix = sample.commits("fix: one");
    let origin = |trunk: &str| {
        let heads = [fix.clone()];
        let mut origins = sample.repository.origins(&heads, &sample.sha(trunk)).unwrap();
        origins.pop().unwrap().unwrap()
    };
    assert_eq!(origin("develop"), cut);
    sample.git(&["checkout", "-q", "-b", "main", "develop~1"]);
    sample.git(&["merge", "-q", "--no-ff", "-m", "hotfix", "hotfix/v1.3.3"]);
    sample.git(&["checkout", "-q", "develop"]);
    sample.git(&["merge", "-q", "--no-ff", "-m", "back", "hotfix/v1.3.3"]);
    assert_eq!(origin("develop"), cut);
    // It came into develop with main, too.
    sample.git(&["merge", "-q", "--no-ff", "-m", "main", "main"]);
    assert_eq!(origin("develop"), cut);
    assert_eq!(origin("main"), cut);
}

#[test]
fn fixes_that_only_the_remote_has_count_too() {
    let sample = Sample::new();
    let cut = sample.sha("develop");
    let branch = format!("release/v1.4.0-sha-{}", cut.short());
    sample.git(&["checkout", "-q", "-b", &branch]);
    sample.commits("fix: by somebody else");
    sample.git(&["update-ref", &format!("refs/remotes/origin/{branch}"), "HEAD"]);
    sample.git(&["reset", "-q", "--soft", "HEAD~1"]);
    let by_short = names("release/v{version}-sha-{short}");
    let found = sample.releases("develop", &by_short);
    assert_eq!(found, [(branch.clone(), 0), (branch, 1)]);
}

#[test]
fn a_hotfix_is_what_was_made_on_its_branch_and_stays_one_when_it_is_merged() {
    let sample = Sample::new();
    let names = names("release/v{version}-sha-{short}");
    let hotfix = |commit: &str| {
        let released = sample.released();
        sample
            .repository
            .hotfix_of(&sample.sha(commit), &names, &released)
            .unwrap()
    };
    sample.git(&["checkout", "-q", "-b", "hotfix/v1.3.3", "v1.3.2"]);
    assert_eq!(hotfix("HEAD"), None, "nothing was made on it yet");
    let fix = sample.commits("fix: payouts fail");
    for commit in ["hotfix/v1.3.3", fix.as_str()] {
        assert_eq!(hotfix(commit).as_deref(), Some("hotfix/v1.3.3"));
    }
    for commit in ["v1.3.2", "develop", "develop~2"] {
        assert_eq!(hotfix(commit), None, "{commit}");
    }
    // What production ran before was made elsewhere, also where its own branch is gone.
    sample.git(&["checkout", "-q", "-b", "was-a-release", "v1.3.2"]);
    sample.commits("fix: of a release");
    sample.git(&["tag", "v1.3.5"]);
    sample.git(&["checkout", "-q", "-b", "hotfix/v1.3.6"]);
    sample.git(&["branch", "-q", "-D", "was-a-release"]);
    let later = sample.commits("fix: on top of it");
    assert_eq!(hotfix("v1.3.5"), None);
    assert_eq!(hotfix(later.as_str()).as_deref(), Some("hotfix/v1.3.6"));
    sample.git(&["checkout", "-q", "develop"]);
    sample.git(&["merge", "-q", "--no-ff", "-m", "back", "hotfix/v1.3.3"]);
    assert_eq!(hotfix("hotfix/v1.3.3").as_deref(), Some("hotfix/v1.3.3"));
    assert_eq!(hotfix("develop"), None);
}

#[test]
fn versions_are_told_by_branches_and_by_tags_also_on_a_merge() {
    let sample = Sample::new();
    let names = names("release/v{version}-sha-{short}");
    let cut = sample.sha("develop");
    let branch = format!("release/v1.4.0-sha-{}", cut.short());
    sample.git(&["checkout", "-q", "-b", &branch]);
    let fix = sample.commits("fix: one");
    sample.git(&["checkout", "-q", "-b", "main", "v1.3.2"]);
    sample.git(&["merge", "-q", "--no-ff", "-m", "release", &branch]);
    sample.git(&["tag", "v1.4.0"]);
    sample.git(&["branch", "-q", "-D", &branch]);
    let versions = sample.repository.versions(&names, &sample.released()).unwrap();
    let of = |commit: &crate::domain::CommitSha| {
        let found = versions.iter().find(|(_, short)| short == commit.short());
        found.map(|(version, _)| version.to_string())
    };
    assert_eq!(of(&fix).as_deref(), Some("1.4.0"));
    assert_eq!(of(&sample.sha("v1.3.2")).as_deref(), Some("1.3.2"));
    assert_eq!(of(&cut), None);
}

#[test]
fn a_release_is_named_by_its_branch_or_its_version_and_stands_for_what_was_built() {
    let sample = Sample::new();
    let templates = names("release/v{version}");
    let named = |text: &str| {
        let released = sample.released();
        sample
            .repository
            .release_named(text, &templates, &released)
            .unwrap()
    };
    sample.git(&["branch", "main", "develop~2"]);
    sample.git(&["checkout", "-q", "-b", "release/v1.4.0", "develop~1"]);
    let head = sample.commits("fix: one");
    for text in ["release/v1.4.0", "v1.4.0", "1.4.0"] {
        assert_eq!(named(text), Some(head.clone()), "{text}");
    }
    // Tagged where it was built, later commits of the branch belong to the next version.
    sample.git(&["tag", "v1.4.0"]);
    let later = sample.commits("fix: late");
    assert_eq!(named("v1.4.0"), Some(head));
    assert_eq!(named("release/v1.4.0"), Some(later.clone()));
    // Tagged on the merge, as others do it, it is still what was merged.
    sample.git(&["checkout", "-q", "main"]);
    sample.git(&["merge", "-q", "--no-ff", "-m", "merge", "release/v1.4.0"]);
    sample.git(&["tag", "-f", "v1.4.0"]);
    assert_eq!(named("v1.4.0"), Some(later));
    for text in ["develop", "v9.9.9", "release/x"] {
        assert_eq!(named(text), None, "{text}");
    }
}

#[test]
fn what_was_merged_into_a_branch_was_not_made_on_it() {
    let sample = Sample::new();
    let cut = sample.sha("develop~1");
    sample.git(&["checkout", "-q", "-b", "hotfix/v1.3.3", "develop~1"]);
    sample.commits("fix: hot");
    sample.git(&["checkout", "-q", "-b", "release/v1.4.0", "develop~1"]);
    let own = sample.commits("fix: own");
    sample.git(&["merge", "-q", "--no-ff", "-m", "merge", "hotfix/v1.3.3"]);
    let merge = sample.sha("HEAD");
    let made = |origin: &crate::domain::CommitSha| sample.repository.made_since(origin, &merge).unwrap();
    assert_eq!(made(&cut), Some(vec![merge.clone(), own]));
    assert_eq!(made(&sample.sha("develop")), None, "it does not lie on that line");
}

//! What a changelog makes of commits.

use proptest::prelude::*;

use super::*;

fn sha(n: usize) -> CommitSha {
    format!("{n:040x}").parse().unwrap()
}

/// The changelog of these messages; one that begins with `^` is that of a merge.
fn log(messages: &[&str]) -> Changelog {
    let names: Vec<_> = (0..messages.len()).map(sha).collect();
    let changes = messages.iter().zip(&names).map(|(message, commit)| Committed {
        commit,
        is_merge: message.starts_with('^'),
        message: message.trim_start_matches('^'),
    });
    Changelog::of(changes, &TicketPattern::default())
}

fn kinds(log: &Changelog) -> Vec<(ChangeKind, usize)> {
    log.groups.iter().map(|group| (group.kind, group.count)).collect()
}

#[test]
fn groups_by_type_what_breaks_first() {
    let log = log(&[
        "chore: a",
        "fix(api): b (#7)",
        "feat: c",
        "who knows",
        "feat(api)!: d",
        "fix: e\n\nbody\n\nBREAKING CHANGE: the port is another",
        "perf: f",
        "Revert \"feat: g (#3)\" (#9)\n\nThis reverts commit 0.",
        "wip: h",
        "fix: i\nmore of the subject",
    ]);
    assert_eq!(
        kinds(&log),
        [
            (ChangeKind::Breaking, 2),
            (ChangeKind::Feature, 1),
            (ChangeKind::Fix, 2),
            (ChangeKind::Performance, 1),
            (ChangeKind::Revert, 1),
            (ChangeKind::Chore, 1),
            (ChangeKind::Other, 2),
        ]
    );
    assert_eq!(log.commits, 10);
    // The number that a revert quotes is not its own.
    assert_eq!(log.pull_requests, BTreeSet::from([7, 9]));
    let breaking = &log.groups[0].entries;
    assert_eq!(breaking[0].breaks, None);
    assert_eq!(breaking[1].breaks, Some(Clean::line("the port is another")));
    assert_eq!(log.groups[2].entries[0].scope, Some(Clean::line("api")));
    assert_eq!(log.groups[2].entries[0].description, Clean::line("b"));
}

#[test]
fn pull_requests_are_found_as_every_forge_writes_them() {
    for (message, numbers) in [
        ("fix: a (#482)", vec![482]),
        ("fix: a (#1) (#2)", vec![1, 2]),
        ("fix: a (#1, #2)", vec![1, 2]),
        ("fix: a (!7)", vec![7]),
        ("^Merge pull request #482 from team/branch\n\nfix: a", vec![482]),
        (
            "^Merge branch 'x' into 'main'\n\na\n\nSee merge request group/project!31",
            vec![31],
        ),
        ("^Merged in x (pull request #12)", vec![12]),
        ("^Merged PR 77: a", vec![77]),
        ("fix: a #5", vec![]),
        ("fix: a (b)", vec![]),
        ("(#5)", vec![]),
        ("fix: a (#99999999999999999999999)", vec![]),
    ] {
        let log = log(&[message]);
        assert_eq!(Vec::from_iter(log.pull_requests), numbers, "{message}");
    }
}

#[test]
fn a_merge_in_the_words_of_what_it_merges_is_the_same_change() {
    let log = log(&[
        "^feat(api): a (#3)",
        "feat(api): a",
        "wip: half",
        "^Merge branch 'x'",
    ]);
    assert_eq!(
        kinds(&log),
        [
            (ChangeKind::Feature, 1),
            (ChangeKind::Other, 1),
            (ChangeKind::Merge, 1)
        ]
    );
    assert_eq!(log.commits, 4);
    // Two changes that only sound alike are two.
    let twice = self::log(&["chore: bump (#2)", "chore: bump (#1)"]);
    assert_eq!(kinds(&twice), [(ChangeKind::Chore, 2)]);
}

#[test]
fn the_summary_leaves_out_what_there_is_none_of() {
    assert_eq!(log(&[]).summary(), "0 commits");
    assert_eq!(log(&["fix: a"]).summary(), "1 commit");
    assert_eq!(
        log(&["fix: PAY-1 (#2)", "feat: b\n\nRefs: PAY-1, OPS-2"]).summary(),
        "2 commits, 1 pull request, 2 tickets"
    );
}

#[test]
fn only_so_many_are_listed_and_all_are_counted() {
    let log = log(&["fix: a", "fix: b", "feat: c", "docs: d"]).limited(2);
    assert_eq!(log.listed(), (2, 4));
    assert_eq!(log.commits, 4);
    assert!(
        log.markdown(3, None)
            .contains("### Fixes\n\n- a (0000000)\n- … and 1 more\n")
    );
}

#[test]
fn markdown_names_pull_requests_and_leads_to_tickets() {
    let log = log(&[
        "fix(api): PAY-1 rounding (#2)",
        "feat: a\n\nRefs PAY-2",
        "^Merge branch 'x'",
    ]);
    insta::assert_snapshot!(log.markdown(3, Some(&"https://t.example.com/{ticket}".parse().unwrap())), @r"
    ### Features

    - a ([PAY-2](https://t.example.com/PAY-2))

    ### Fixes

    - **api:** PAY-1 rounding (#2, [PAY-1](https://t.example.com/PAY-1))
    ");
    assert!(log.markdown(2, None).contains("- **api:** PAY-1 rounding (#2)\n"));
    assert_eq!(self::log(&[]).markdown(3, None), "No changes.\n");
}

#[test]
fn a_subject_cannot_write_markdown() {
    let log = log(&[
        "feat: [x](http://evil) <img src=x> @all # b",
        "# heading",
        "fix(*b*): \u{1b}[31mred\u{1b}[0m \u{202e}back",
        "feat!: a\n\nBREAKING CHANGE: <script>\n# c",
    ]);
    let text = log.markdown(3, None);
    for bad in [
        "http://", " [x](", "<img", "<script", "\n# ", "- # ", " @all", "\u{1b}", "\u{202e}", "(*b",
    ] {
        assert!(!text.contains(bad), "{bad:?} in {text}");
    }
}

proptest! {
    #[test]
    fn every_commit_is_counted_and_none_listed_twice(messages in proptest::collection::vec("\\^?(feat|fix|feat!|x)?:? ?[a-c]{0,2}( \\(#[1-3]\\))?", 0..12)) {
        let texts: Vec<&str> = messages.iter().map(String::as_str).collect();
        let log = log(&texts);
        prop_assert_eq!(log.commits, texts.len());
        let (listed, counted) = log.listed();
        prop_assert_eq!(listed, counted);
        prop_assert!(listed <= texts.len());
        let names: BTreeSet<_> = log.groups.iter().flat_map(|g| &g.entries).map(|e| &e.commit).collect();
        prop_assert_eq!(names.len(), listed);
    }

    #[test]
    fn no_message_makes_it_panic(message in "(?s).{0,80}") {
        let log = log(&[&message]);
        prop_assert_eq!(log.commits, 1);
        log.markdown(3, None);
    }
}

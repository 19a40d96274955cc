//! A repository that has lost an object: what depends on it is unknown, everything else is listed.

use windlass::domain::{CommitSha, DebtState};

use crate::world::Stage;

/// The world with 24 open releases of two commits each, all of them fetched here as single objects.
async fn with_many_releases() -> Stage {
    let stage = Stage::set().await;
    stage.here(&["config", "fetch.unpackLimit", "100000"]);
    for number in 10..34 {
        let branch = format!("release/v1.{number}.0-sha-{}", stage.at("develop").short());
        stage.colleague(&[
            "push",
            "-q",
            "origin",
            &format!("origin/develop:refs/heads/{branch}"),
        ]);
        for fix in ["first", "second"] {
            stage.commit(
                &branch,
                &format!("src/{number}.txt"),
                fix,
                &format!("fix: {fix} of {number}"),
            );
        }
    }
    stage.here(&["fetch", "-q", "origin"]);
    stage
}

fn head(stage: &Stage, version: &str) -> CommitSha {
    stage
        .remote(&[
            "for-each-ref",
            "--format=%(objectname)",
            &format!("refs/heads/release/{version}-*"),
        ])
        .parse()
        .unwrap()
}

fn lose(stage: &Stage, object: &str) {
    let id = stage.here(&["rev-parse", object]);
    let (folder, file) = id.split_at(2);
    let path = stage
        .world
        .repository()
        .join(".git/objects")
        .join(folder)
        .join(file);
    std::fs::remove_file(path).unwrap();
}

async fn only_that_release_is_unknown(stage: Stage, version: &str) {
    let stage = stage.reopened();
    let list = stage.releases().await;
    // The two of the sample, and these.
    assert_eq!(list.len(), 26);
    for release in &list {
        let unknown: Vec<_> = release
            .debts
            .iter()
            .filter_map(|debt| match &debt.state {
                DebtState::Unknown(why) => Some(why.as_str()),
                _ => None,
            })
            .collect();
        if release.name() == version {
            assert!(!unknown.is_empty(), "{release:?}");
            assert!(unknown.iter().all(|why| why.contains("could not")), "{unknown:?}");
        } else {
            assert!(unknown.is_empty(), "{}: {unknown:?}", release.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_commit_of_one_release_among_many_leaves_the_others_known() {
    let stage = with_many_releases().await;
    let first = format!("{}^", head(&stage, "v1.20.0"));
    lose(&stage, &first);
    only_that_release_is_unknown(stage, "v1.20.0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_folder_of_one_release_among_many_leaves_the_others_known() {
    let stage = with_many_releases().await;
    let tree = format!("{}^{{tree}}", head(&stage, "v1.33.0"));
    lose(&stage, &tree);
    only_that_release_is_unknown(stage, "v1.33.0").await;
}

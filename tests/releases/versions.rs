//! Versions: the remote's tags decide, whatever this clone has; forms and histories as projects really have them.

use std::path::Path;
use std::process::Command as Program;
use std::sync::Arc;

use windlass::domain::{CommitSha, Exit, Override, Plan};
use windlass::engine::{Engine, Request};
use windlass::git::GitRepository;
use windlass::project::Project;

use crate::sample::access;
use crate::world::{Stage, cut, debt, finish, hotfix, introduce};

/// Windlass in a clone of the remote without tags and of develop only, after somebody has removed the branches of
/// releases there.
fn in_a_poor_clone(stage: &mut Stage, folder: &Path) {
    for branch in stage
        .remote(&["for-each-ref", "--format=%(refname:short)", "refs/heads/release"])
        .lines()
    {
        stage.remote(&["branch", "-q", "-D", branch]);
    }
    let origin = format!("file://{}", stage.world.origin().display());
    let clone = [
        "clone",
        "-q",
        "--no-tags",
        "--single-branch",
        "-b",
        "develop",
        &origin,
        "clone",
    ];
    assert!(
        Program::new("git")
            .args(clone)
            .current_dir(folder)
            .status()
            .unwrap()
            .success()
    );
    let config = Arc::clone(stage.engine.config());
    let repository = Arc::new(GitRepository::discover(&folder.join("clone")).unwrap());
    let place = folder.join("state");
    let project = Project::alone(config, Some(repository), place).unwrap();
    stage.engine = Arc::new(Engine::new(project).fetching(Some(access())));
}

fn gate(plan: &Plan, name: &str) -> (&'static str, String, Option<Override>) {
    let gate = plan.gates.iter().find(|gate| gate.kind.name() == name).unwrap();
    (
        gate.verdict.word(),
        gate.verdict.reason().to_owned(),
        gate.way_out.clone(),
    )
}

/// The same cut for a reason.
fn because(command: &Request, why: &str) -> Request {
    let mut command = command.clone();
    match &mut command {
        Request::Cut(request) => request.reason = Some(why.to_owned()),
        other => panic!("{other:?} is no cut"),
    }
    command
}

/// A commit at the remote beside everything else, with a tag.
fn tag_beside(stage: &Stage, parent: &str, tag: &str) -> CommitSha {
    let tree = format!("{parent}^{{tree}}");
    let sha = stage.remote(&[
        "commit-tree",
        &tree,
        "-p",
        parent,
        "-m",
        "fix: on the branch of a release",
    ]);
    stage.remote(&["tag", tag, &sha]);
    sha.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_without_tags_cuts_fixes_and_notes_by_what_the_remote_has() {
    let mut stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    in_a_poor_clone(&mut stage, folder.path());
    let plan = stage.plan(&cut("develop", None)).await.unwrap();
    let title = plan.operation.title();
    assert!(title.starts_with("cut release/v1.4.0-"), "{title}");
    let steps = format!("{:?}", plan.steps);
    assert!(steps.contains("since v1.3.2"), "{steps}");
    let plan = stage.plan(&hotfix(None)).await.unwrap();
    assert_eq!(plan.operation.title(), "start hotfix/v1.3.3");
    let notes = stage
        .engine
        .notes(&stage.service(), "develop", None)
        .await
        .unwrap();
    assert!(notes.contains("since v1.3.2"), "{notes}");
    // The text of a tag is made of the same.
    assert_eq!(stage.run(&cut("develop", Some("1.4.0"))).await.0, Exit::Done);
    let notes = stage
        .engine
        .notes(&stage.service(), "v1.4.0", None)
        .await
        .unwrap();
    assert!(notes.contains("since v1.3.2"), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_exists_anywhere_is_not_cut_again() {
    let stage = Stage::set().await;
    tag_beside(&stage, "main", "v1.5.0");
    let plan = stage.plan(&cut("develop", None)).await.unwrap();
    let title = plan.operation.title();
    assert!(title.starts_with("cut release/v1.6.0-"), "{title}");
    // Without its letter it is the same version, and so is one that is only here.
    tag_beside(&stage, "main", "1.7.0");
    stage.here(&["tag", "v1.8.0", "develop~2"]);
    for version in ["1.5.0", "1.7.0", "1.8.0"] {
        let plan = stage.plan(&cut("develop", Some(version))).await.unwrap();
        let (verdict, why, way_out) = gate(&plan, "version");
        assert!(verdict == "refused" && why.contains("exists"), "{why}");
        assert_eq!(way_out, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_below_the_last_release_asks_for_a_reason() {
    let stage = Stage::set().await;
    let command = cut("develop", Some("0.1.0"));
    let plan = stage.plan(&command).await.unwrap();
    let (verdict, why, way_out) = gate(&plan, "version");
    assert!(verdict == "refused" && why.contains("below v1.3.2"), "{why}");
    assert_eq!(way_out, Some(Override::Reason));
    assert_eq!(stage.carry_out(plan).await.0, Exit::Refused);
    let plan = stage
        .plan(&because(&command, "the old line goes on"))
        .await
        .unwrap();
    assert!(plan.allowed(), "{:?}", plan.gates);
    let (exit, summary) = stage.carry_out(plan).await;
    assert_eq!(exit, Exit::Done, "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_that_are_tagged_on_branches_of_their_own_are_the_base_of_the_next() {
    let stage = Stage::set().await;
    // Develop's own past has a pre-release only.
    stage.remote(&["tag", "v2.4.0-rc1", "develop~2"]);
    tag_beside(&stage, "develop~2", "v2.5.0");
    tag_beside(&stage, "develop~1", "v2.15.0");
    let plan = stage.plan(&cut("develop", None)).await.unwrap();
    let title = plan.operation.title();
    assert!(
        ["v2.15.1", "v2.16.0", "v3.0.0"]
            .iter()
            .any(|version| title.contains(version)),
        "{title}"
    );
    let steps = format!("{:?}", plan.steps);
    assert!(
        steps.contains("1 commit") && steps.contains("since v2.15.0"),
        "{steps}"
    );
    let notes = stage
        .engine
        .notes(&stage.service(), "develop", None)
        .await
        .unwrap();
    assert!(notes.contains("since v2.15.0"), "{notes}");
    let notes = stage
        .engine
        .notes(&stage.service(), "v2.15.0", None)
        .await
        .unwrap();
    assert!(notes.contains("since v2.5.0"), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calendar_versions_and_tags_without_a_letter_are_read_and_written_as_they_are() {
    let stage = Stage::set().await;
    let deployed = stage.at("v1.3.2");
    stage.remote(&["tag", "2025.12.3", "develop~20"]);
    stage.remote(&["tag", "2026.08.0", deployed.as_str()]);
    let plan = stage.plan(&hotfix(None)).await.unwrap();
    assert_eq!(plan.operation.title(), "start hotfix/v2026.08.1");
    assert!(
        gate(&plan, "version").1.contains("2026.08.1 is available"),
        "{:?}",
        plan.gates
    );
    // What cannot be read is named, and no version is proposed where it is the newest.
    stage.remote(&["tag", "2026.09.1.4", deployed.as_str()]);
    for command in [hotfix(None), cut("develop", None)] {
        let error = stage.plan(&command).await.unwrap_err();
        assert!(error.to_string().contains("2026.09.1.4"), "{error}");
        assert!(error.hint().unwrap().contains("--release"));
    }
    assert!(stage.plan(&hotfix(Some("2026.09.2"))).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_tagged_in_the_form_of_the_others() {
    let stage = Stage::set().await;
    introduce(&stage);
    for tag in stage.remote(&["tag", "--list", "v*"]).lines() {
        let bare = tag.trim_start_matches('v');
        stage.remote(&["tag", bare, &format!("{tag}^{{}}")]);
        stage.remote(&["tag", "-d", tag]);
        stage.here(&["tag", "-d", tag]);
    }
    let plan = stage.plan(&finish("v1.4.0", &[])).await.unwrap();
    let facts = format!("{:?}", plan.operation.facts());
    assert!(facts.contains("\"1.4.0, annotated"), "{facts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lightweight_tag_that_is_only_here_is_told_and_not_pushed() {
    let stage = Stage::set().await;
    introduce(&stage);
    let head = stage.release("v1.4.0").await.head;
    stage.here(&["tag", "v1.4.0", head.as_str()]);
    let plan = stage.plan(&finish("v1.4.0", &[])).await.unwrap();
    let (verdict, why, _) = gate(&plan, "tag");
    assert!(verdict == "refused" && why.contains("git tag -d v1.4.0"), "{why}");
    stage.here(&["tag", "-f", "-a", "-m", "manually", "v1.4.0", head.as_str()]);
    let plan = stage.plan(&finish("v1.4.0", &[])).await.unwrap();
    let (verdict, why, _) = gate(&plan, "tag");
    assert!(verdict == "allowed" && why.contains("as it is"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_at_a_commit_that_is_not_on_develop_asks_for_a_reason() {
    let stage = Stage::set().await;
    let plan = stage.plan(&cut("develop", None)).await.unwrap();
    assert_eq!(gate(&plan, "develop").0, "allowed");
    let beside = tag_beside(&stage, "develop~1", "beside");
    stage.remote(&["branch", "feature/x", beside.as_str()]);
    stage.here(&["fetch", "-q"]);
    let command = cut(beside.as_str(), None);
    let plan = stage.plan(&command).await.unwrap();
    let (verdict, why, way_out) = gate(&plan, "develop");
    assert_eq!(verdict, "refused");
    assert!(
        why.contains("not on origin/develop: it is ahead by 1 commit"),
        "{why}"
    );
    assert_eq!(way_out, Some(Override::Reason));
    stage.world.build_image(&beside).await.unwrap();
    let plan = stage.plan(&because(&command, "a customer waits")).await.unwrap();
    assert_eq!(gate(&plan, "develop").0, "allowed");
    let steps: Vec<_> = plan.steps.iter().map(|step| step.kind.word()).collect();
    assert_eq!(steps.last(), Some(&"attach"));
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lived_release_branches_carry_the_beginning_of_their_versions() {
    let stage = Stage::set().await;
    let path = stage.world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = format!("[git]\nrelease_branch = \"release-{{major}}.{{minor}}\"\n\n{text}");
    std::fs::write(&path, text).unwrap();
    let stage = stage.reopened();
    stage.remote(&["branch", "release-1.3", "v1.3.2"]);
    let names = async || -> Vec<String> {
        let releases = stage.releases().await;
        releases.iter().map(windlass::domain::Release::name).collect()
    };
    assert!(
        names().await.contains(&"v1.3.2".to_owned()),
        "{:?}",
        names().await
    );
    stage.commit("release-1.3", "src/late.txt", "late\n", "fix: late");
    assert!(
        names().await.contains(&"v1.3.3".to_owned()),
        "{:?}",
        names().await
    );
    let plan = stage.plan(&cut("develop", None)).await.unwrap();
    assert_eq!(plan.operation.title(), "cut release-1.4");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_main_has_reverted_is_outstanding_and_a_merge_does_not_bring_it_back() {
    let stage = Stage::set().await;
    introduce(&stage);
    assert_eq!(stage.run(&hotfix(None)).await.0, Exit::Done);
    let fix = stage.commit("hotfix/v1.3.3", "src/hot.txt", "hot\n", "fix: hot");
    stage.world.build_image(&fix).await.unwrap();
    let on_main = |args: &[&str]| {
        stage.colleague(&["fetch", "-q", "origin"]);
        stage.colleague(&["checkout", "-q", "-B", "main", "origin/main"]);
        stage.colleague(args);
        stage.colleague(&["push", "-q", "origin", "main"]);
    };
    // Picked and taken back: a merge brings it.
    on_main(&["cherry-pick", "origin/hotfix/v1.3.3"]);
    on_main(&["revert", "--no-edit", "HEAD"]);
    let release = stage.release("v1.3.3").await;
    let why = debt(&release, "into main").state.why().to_owned();
    assert!(!debt(&release, "into main").state.is_paid(), "{why}");
    assert!(why.contains("reverted by"), "{why}");
    let plan = stage.plan(&finish("v1.3.3", &["main"])).await.unwrap();
    let (verdict, why, _) = gate(&plan, "into main");
    assert!(verdict == "allowed" && why.contains("merges without"), "{why}");
    // Merged and taken back: it does not.
    on_main(&["merge", "-q", "--no-ff", "-m", "merge", "origin/hotfix/v1.3.3"]);
    on_main(&["revert", "--no-edit", "-m", "1", "HEAD"]);
    let plan = stage.plan(&finish("v1.3.3", &["main"])).await.unwrap();
    let (verdict, why, way_out) = gate(&plan, "into main");
    assert!(verdict == "refused" && why.contains("revert the revert"), "{why}");
    assert_eq!(way_out, Some(Override::LeaveOut));
}

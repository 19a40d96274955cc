//! How much is asked of a registry with many images.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use windlass::domain::Exit;

use crate::ground::{Ground, gc};
use crate::run::carry_out;

/// As many as a busy service builds in half a year.
const IMAGES: i64 = 500;
/// Those that the rule keeps.
const KEPT: i64 = 50;

/// A commit for each image, the oldest first, on develop.
fn history(ground: &mut Ground) {
    let mut stream = String::new();
    for n in 0..IMAGES {
        let time = ground.hour(n).as_second();
        let message = format!("change {n}");
        writeln!(
            stream,
            "commit refs/heads/develop\nmark :{}\ncommitter Ana <ana@example.com> {time} +0000",
            n + 1
        )
        .unwrap();
        writeln!(stream, "data {}\n{message}", message.len()).unwrap();
    }
    let mut git = Command::new("git")
        .args(["fast-import", "--quiet", "--force"])
        .current_dir(ground.repository())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut git.stdin.take().unwrap(), stream.as_bytes()).unwrap();
    assert!(git.wait().unwrap().success());
    ground.git(&["push", "-q", "--force", "origin", "develop"]);
    let commits = ground.git(&["rev-list", "--reverse", "develop"]);
    let commits = commits.lines().map(|line| line.parse().unwrap());
    ground.commits = (0..).zip(commits).map(|(n, commit)| (-n, commit)).collect();
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_images_take_one_request_each_and_five_for_each_that_goes() {
    let mut ground = Ground::new().await;
    history(&mut ground);
    let rule = format!("{{ builds = {KEPT} }}");
    ground.configure("", &rule, "", "");
    for n in 0..IMAGES {
        ground.build("dev", -n).await;
    }
    ground.registry.forget_requests();
    let plan = ground.plan("dev").await;
    let gone = IMAGES - KEPT;
    assert_eq!(i64::try_from(gc(&plan).images.len()).unwrap(), gone);
    let planned = ground.registry.requests().len();
    // Of each image: its manifest; of one that goes also its configuration, what is attached to it, and stage and prod. The rest
    // are lists of tags, of what is deployed and of pins.
    let expected = IMAGES + 4 * gone;
    assert!(i64::try_from(planned).unwrap() <= expected + 40, "{planned}");

    ground.registry.forget_requests();
    let (exit, _) = carry_out(&ground.engine(), plan).await;
    assert_eq!(exit, Exit::Done);
    let run = ground.registry.requests().len();
    // The same again; and of each that goes its tag, deployments since, stage and prod, and the deletion.
    let expected = expected + 5 * gone;
    assert!(i64::try_from(run).unwrap() <= expected + 60, "{run}");
    assert_eq!(i64::try_from(ground.tags("dev").await.len()).unwrap(), KEPT);
    println!("{planned} requests to plan, {run} to run");
}

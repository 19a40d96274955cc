//! What `windlass check` finds, what breaks it, and what it leaves.

use std::process::{Output, Stdio};
use std::time::Duration;

use super::{World, said};

async fn check(world: &World, more: &[&str]) -> Output {
    world.windlass(&[&["check"], more].concat()).await
}

/// The row of a step in the table.
fn row(output: &Output, step: &str) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = text.lines().find(|line| line.starts_with(step));
    row.unwrap_or_else(|| panic!("no row of {step} in\n{text}"))
        .to_owned()
}

#[tokio::test]
async fn a_service_that_is_well_passes_and_its_tree_stays_clean() {
    let world = World::new().await;
    let output = check(&world, &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for step in ["lint", "image", "sbom", "scan", "test"] {
        assert!(row(&output, step).contains("✓ passed"), "{}", said(&output));
    }
    for name in [
        "sbom.cdx.json",
        "sbom.spdx.json",
        "trivy.json",
        "check.json",
        "check.sarif",
        "structure-test.junit.xml",
    ] {
        assert!(world.path("artifacts").join(name).exists(), "{name}");
    }
    assert_eq!(world.git(&["status", "--short"]), "");
    assert!(
        world.reader().tags().await.unwrap().is_empty(),
        "nothing is pushed"
    );
}

#[tokio::test]
async fn a_finding_ends_with_three_and_all_other_steps_run_all_the_same() {
    let world = World::new().await;
    world.write("Dockerfile", "# finding\nFROM scratch\nADD app /app\n");
    let output = check(&world, &[]).await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(row(&output, "lint").contains("✗ findings"));
    assert!(row(&output, "test").contains("✓ passed"));
    assert!(
        said(&output).contains("Dockerfile:3 error DL3020: Use COPY"),
        "{}",
        said(&output)
    );

    world.write("fails", "");
    let output = check(&world, &["--fail-fast"]).await;
    assert!(row(&output, "image").contains("not run"), "{}", said(&output));
    let output = check(&world, &["--skip", "lint"]).await;
    assert_eq!(output.status.code(), Some(3));
    assert!(row(&output, "lint").contains("off"), "{}", said(&output));
    assert!(
        row(&output, "test").contains("1 of 1 test failed: app is there"),
        "{}",
        said(&output)
    );
}

#[tokio::test]
async fn a_tool_that_is_missing_or_breaks_is_never_a_pass() {
    let world = World::new().await;
    for begin in ["# rubbish", "# silent"] {
        world.write("Dockerfile", &format!("{begin}\nFROM scratch\n"));
        let output = check(&world, &[]).await;
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(row(&output, "lint").contains("✗ broken"), "{}", said(&output));
    }
    let text = std::fs::read_to_string(world.path("windlass.toml")).unwrap();
    world.write("windlass.toml", &text.replace("check/hadolint", "check/gone"));
    let output = check(&world, &[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("lint: install hadolint"),
        "{}",
        said(&output)
    );
}

#[tokio::test]
async fn an_image_that_cannot_be_built_is_told_and_nothing_is_said_of_it() {
    let world = World::new().await;
    assert_eq!(check(&world, &[]).await.status.code(), Some(0));
    world.write("Dockerfile", "BREAK\n");
    let output = check(&world, &[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        row(&output, "image").contains("unknown instruction: BREAK"),
        "{}",
        said(&output)
    );
    for step in ["sbom", "scan", "test"] {
        assert!(row(&output, step).contains("not run"), "{}", said(&output));
    }
    // What the check before found would be taken for what this one did.
    assert!(!world.path("artifacts").join("trivy.json").exists());
}

#[tokio::test]
async fn events_and_result_are_lines_of_json() {
    let world = World::new().await;
    let output = check(&world, &["--json"]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ended = lines.iter().filter(|line| line["event"] == "ended").count();
    assert_eq!(ended, 5);
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["exit"]), (&"finished".into(), &0.into()));
    assert_eq!(last["report"]["steps"][0]["outcome"], "passed");
}

#[tokio::test]
async fn a_check_leaves_a_journal_with_the_outcome_of_each_step_and_a_dry_run_does_not() {
    let world = World::new().await;
    let dry = check(&world, &["--dry-run"]).await;
    assert_eq!(dry.status.code(), Some(0), "{}", said(&dry));
    assert!(said(&dry).contains("1. lint "), "{}", said(&dry));
    let listed = world.windlass(&["runs", "--json"]).await.stdout;
    assert_eq!(crate::runs::newest(&listed), (String::new(), String::new()));
    let checked = check(&world, &[]).await;
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    let newest = crate::runs::newest(&world.windlass(&["runs", "--json"]).await.stdout);
    assert_eq!(newest, ("check Dockerfile".to_owned(), "done".to_owned()));
    world.write("Dockerfile", "BREAK\n");
    let failed = check(&world, &[]).await;
    assert!(!failed.status.success());
    let newest = crate::runs::newest(&world.windlass(&["runs", "--json"]).await.stdout);
    assert_ne!(newest.1, "done");
}

#[tokio::test]
async fn ctrl_c_stops_the_tool_that_is_at_work() {
    let world = World::new().await;
    world.write("Dockerfile", "# hangs\nFROM scratch\n");
    let mut child = world
        .command(&["check"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let pid = until(|| {
        let pid = std::fs::read_to_string(world.path("hangs.pid")).ok()?;
        pid.ends_with('\n').then(|| pid.trim().to_owned())
    })
    .await;
    signal("-INT", &child.id().unwrap().to_string());
    assert_eq!(child.wait().await.unwrap().code(), Some(130));
    until(|| (!signal("-0", &pid)).then_some(())).await;
}

/// Whether the process could be sent it.
fn signal(signal: &str, pid: &str) -> bool {
    let mut kill = std::process::Command::new("kill");
    kill.args([signal, pid])
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

/// What `condition` gives, as soon as it gives something; fails where it never does.
async fn until<T>(condition: impl Fn() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = condition() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_dockerfile_that_was_not_read_to_its_end_is_no_pass() {
    let world = World::new().await;
    world.write("Dockerfile", "# unread\nFROM scratch\nADD app /app\n");
    let output = check(&world, &[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        row(&output, "lint").contains("Dockerfile could not be parsed from line 3 on: unexpected RUNN"),
        "{}",
        said(&output)
    );
}

#[tokio::test]
async fn tests_that_were_declared_and_not_run_are_no_pass() {
    let world = World::new().await;
    let two = "fileExistenceTests: [{name: app is there, path: /app}, {name: more, path: /more}]\n";
    world.write("structure.yaml", two);
    let output = check(&world, &[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        row(&output, "test").contains("1 of 2 tests declared in its files was run"),
        "{}",
        said(&output)
    );
    world.write("structure.yaml", "fileExistenceTests: [");
    let output = check(&world, &[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        row(&output, "test").contains("structure.yaml: "),
        "{}",
        said(&output)
    );
}

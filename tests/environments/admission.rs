//! The scan that a gate makes when a promotion is admitted.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::plan::planned;

/// A scanner with a database of that day, which finds nothing and leaves a line for each scan.
pub fn scanner(world: &World, database: &str) -> PathBuf {
    let works = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scanner/works");
    let path = world.folder().join("trivy");
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = version ] && \
         {{ echo '{{\"Version\": \"0.0.0\", \"VulnerabilityDB\": {{\"UpdatedAt\": \"{database}\"}}}}'; exit; }}\n\
         echo scan >>'{}'\nexec '{}' \"$@\"\n",
        scans(world).display(),
        works.display()
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn scans(world: &World) -> PathBuf {
    world.folder().join("scans")
}

/// How many scans were made since it was asked last.
fn made(world: &World) -> usize {
    let text = std::fs::read_to_string(scans(world)).unwrap_or_default();
    let _ = std::fs::remove_file(scans(world));
    text.lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_at_admission_is_made_once_for_a_plan_and_its_run_while_the_database_stays() {
    let (world, _) = world().await;
    let trivy = scanner(&world, "2026-11-27T00:00:00Z");
    let scanner_section = format!("[scanner]\ntrivy = \"{}\"\n\n[[service]]", trivy.display());
    changed(&world, "[[service]]", &scanner_section);
    let engine = changed(&world, "max_age = \"24h\"", "at_admission = true");
    let command = promote("develop", "stage", None, false);

    let plan = planned(&engine, &command).await.unwrap();
    assert!(plan.allowed(), "{:#?}", plan.gates);
    let scanned = made(&world);
    assert!(scanned > 0);
    let (exit, events) = carry_out(&engine, plan).await;
    assert_eq!(exit, Exit::Done, "{:?}", events.last());
    assert_eq!(made(&world), 0);
    assert!(
        format!("{events:?}").contains("with the same database"),
        "{events:?}"
    );
    assert!(
        format!("{events:?}").contains("attached scan report"),
        "{events:?}"
    );

    let plan = planned(&engine, &promote("develop~1", "stage", None, false))
        .await
        .unwrap();
    assert_eq!(made(&world), scanned);
    scanner(&world, "2026-11-28T00:00:00Z");
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Done);
    assert_eq!(made(&world), scanned, "a newer database may know more");

    // Another process knows nothing of the scan.
    let plan = planned(&engine, &promote("develop~3", "prod", None, false))
        .await
        .unwrap();
    assert_eq!(made(&world), scanned);
    let (exit, events) = carry_out(&world.engine().unwrap(), plan).await;
    assert_eq!(exit, Exit::Done, "{:?}", events.last());
    assert_eq!(made(&world), scanned);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_are_attached_by_hand_leave_a_journal_and_a_dry_run_scans_nothing() {
    let (world, _) = world().await;
    let trivy = scanner(&world, "2026-11-27T00:00:00Z");
    let section = format!("[scanner]\ntrivy = \"{}\"\n\n[[service]]", trivy.display());
    changed(&world, "[[service]]", &section);
    let folder = world.repository();
    let run = async |args: &[&str]| {
        let mut program = call::program(&folder, &folder.join("state"), args);
        program.output().await.unwrap()
    };
    let dry = run(&["scan", "develop~1", "--attach", "--dry-run"]).await;
    assert_eq!(dry.status.code(), Some(0), "{}", call::text(&dry.stderr));
    assert!(call::text(&dry.stdout).contains("attach scan reports to "));
    assert_eq!(made(&world), 0, "nothing is scanned for a dry run");
    let scanned = run(&["scan", "develop~1", "--attach"]).await;
    let told = call::text(&scanned.stderr);
    let (operation, exit) = runs::newest(&run(&["runs", "--json"]).await.stdout);
    assert!(
        operation.starts_with("attach scan reports to "),
        "{operation} {told}"
    );
    assert_eq!(exit, "done", "{told}");
}

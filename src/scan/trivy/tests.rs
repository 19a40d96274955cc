//! What becomes of what a scanner does, well or badly: programs that behave as Trivy might.

use std::process::Stdio;

use super::*;
use crate::registry::Settings;

/// A program that behaves as Trivy might.
fn scanner(name: &str) -> Trivy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scanner");
    let options = TrivyOptions {
        program: folder.join(name),
        ..TrivyOptions::default()
    };
    Trivy::new(options, Registries::new(Settings::default()).unwrap())
}

fn image() -> ImageReference {
    let digest = crate::domain::Digest::of(b"image");
    format!("127.0.0.1:1/app@{digest}").parse().unwrap()
}

async fn complaint_of(name: &str) -> String {
    let amd64 = "linux/amd64".parse().unwrap();
    let error = scanner(name)
        .scan(&image(), Some(&amd64), &|_| ())
        .await
        .unwrap_err();
    error.to_string()
}

#[tokio::test]
async fn a_scanner_that_fails_is_quoted_whole_and_on_one_line() {
    let said = complaint_of("fails").await;
    assert!(
        said.ends_with("FATAL no database: 1 error occurred: * no route to host"),
        "{said}"
    );
}

#[tokio::test]
async fn rubbish_is_no_report() {
    let said = complaint_of("prints-rubbish").await;
    assert!(said.contains("not a Trivy report"), "{said}");
}

#[tokio::test]
async fn a_scanner_that_writes_nothing_has_not_found_nothing() {
    let said = complaint_of("writes-nothing").await;
    assert!(
        said.contains("it wrote none; it failed with exit code 0"),
        "{said}"
    );
}

#[tokio::test]
async fn a_report_of_another_image_or_platform_is_refused() {
    let said = complaint_of("another-image").await;
    assert!(said.contains("its report is not for sha256:"), "{said}");
    let said = complaint_of("another-platform").await;
    assert!(
        said.ends_with("its report is for linux/arm64, but linux/amd64 was requested"),
        "{said}"
    );
}

#[tokio::test]
async fn an_exit_code_does_not_make_a_report_worthless() {
    assert!(scanner("finds").scan(&image(), None, &|_| ()).await.is_ok());
}

#[tokio::test]
async fn a_scanner_that_is_not_there_is_named_with_how_to_get_it() {
    let error = scanner("nowhere")
        .scan(&image(), None, &|_| ())
        .await
        .unwrap_err();
    assert!(error.to_string().ends_with("scanner/nowhere`"), "{error}");
    assert!(error.hint().unwrap().contains("install Trivy"));
    assert!(scanner("nowhere").context().await.scanner.is_none());
}

#[tokio::test]
async fn a_scanner_that_hangs_is_stopped() {
    let impatient = Trivy {
        patience: Duration::from_millis(50),
        ..scanner("hangs")
    };
    let error = impatient.scan(&image(), None, &|_| ()).await.unwrap_err();
    assert!(matches!(error, ScanError::Slow { .. }), "{error}");
}

#[tokio::test]
async fn a_scan_that_nobody_waits_for_any_more_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let mut trivy = scanner("hangs");
    trivy.options.args = vec![pid_file.display().to_string()];
    let (image, started) = (
        image(),
        until(|| {
            std::fs::read_to_string(&pid_file)
                .ok()
                .filter(|pid| pid.ends_with('\n'))
        }),
    );
    let pid = tokio::select! {
        ended = trivy.scan(&image, None, &|_| ()) => panic!("{ended:?}"),
        pid = started => pid,
    };
    let lives = || {
        let mut kill = std::process::Command::new("kill");
        kill.args(["-0", pid.trim()])
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    };
    until(|| (!lives()).then_some(())).await;
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
async fn rules_of_the_working_folder_do_not_reach_it() {
    let (bytes, _) = scanner("tells").scan(&image(), None, &|_| ()).await.unwrap();
    let told = String::from_utf8_lossy(&bytes);
    for wanted in ["--ignorefile", "--config", "--show-suppressed", "--timeout 600s"] {
        assert!(told.contains(wanted), "{told}");
    }
}

#[tokio::test]
async fn a_server_gets_its_token_by_the_environment_and_not_as_an_argument() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "open sesame\n").unwrap();
    let mut trivy = scanner("tells");
    trivy.options.server = Some("http://127.0.0.1:4954".into());
    trivy.options.token_file = Some(token);
    trivy.options.database = Some("127.0.0.1:1/trivy-db:2".into());
    let (bytes, _) = trivy.scan(&image(), None, &|_| ()).await.unwrap();
    let told = String::from_utf8_lossy(&bytes);
    assert!(told.contains("--server http://127.0.0.1:4954"), "{told}");
    assert!(told.contains("TRIVY_TOKEN=open sesame"), "{told}");
    assert_eq!(told.matches("open sesame").count(), 1, "{told}");
    assert!(
        !told.contains("trivy-db"),
        "the server has databases of its own: {told}"
    );
}

#[tokio::test]
async fn credentials_are_in_a_file_that_nobody_else_can_read_and_that_is_gone_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    let auths = r#"{"auths": {"127.0.0.1:1": {"auth": "bWU6c2VjcmV0"}, "elsewhere.example.com": {"auth": "bWU6b3RoZXI="}}}"#;
    std::fs::write(&config, auths).unwrap();
    let settings = Settings {
        docker_config: Some(config),
        ..Settings::default()
    };
    let trivy = Trivy {
        registries: Registries::new(settings).unwrap(),
        ..scanner("tells")
    };
    let (bytes, _) = trivy.scan(&image(), None, &|_| ()).await.unwrap();
    let told = String::from_utf8_lossy(&bytes);
    assert!(
        told.contains("bWU6c2VjcmV0") && told.contains("mode 600"),
        "{told}"
    );
    assert!(!told.contains("elsewhere"), "only what this scan needs: {told}");
    let path = told
        .split("DOCKER_CONFIG=")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(
        path.contains("windlass-scan-") && !Path::new(path).exists(),
        "{path}"
    );
}

#[tokio::test]
async fn it_runs_in_an_empty_folder_of_its_own() {
    let (bytes, _) = scanner("tells").scan(&image(), None, &|_| ()).await.unwrap();
    let told = String::from_utf8_lossy(&bytes);
    assert!(
        told.contains("windlass-scan-") && told.contains("/empty holds []"),
        "{told}"
    );
}

#[tokio::test]
async fn what_it_says_is_told_line_by_line() {
    let lines = std::sync::Mutex::new(Vec::new());
    let tell = |line| lines.lock().unwrap().push(line);
    scanner("fails").scan(&image(), None, &tell).await.unwrap_err();
    let lines = lines.into_inner().unwrap();
    assert_eq!(lines[0], "INFO looking");
    assert_eq!(lines.len(), 3, "{lines:?}");
}

#[tokio::test]
async fn an_image_in_a_file_needs_no_digest_in_its_report() {
    let tar = Path::new("image.tar");
    let (bytes, _) = scanner("tells").scan_file(tar, &|_| ()).await.unwrap();
    let told = String::from_utf8_lossy(&bytes);
    let absolute = std::path::absolute(tar).unwrap();
    assert!(
        told.contains(&format!("--input {}", absolute.display())),
        "{told}"
    );
}

#[tokio::test]
async fn scans_at_once_share_no_cache_that_one_of_them_locks() {
    let mut trivy = scanner("tells");
    for (at_once, memory) in [(2, true), (1, false)] {
        trivy.options.at_once = at_once;
        let (bytes, _) = trivy.scan(&image(), None, &|_| ()).await.unwrap();
        let told = String::from_utf8_lossy(&bytes);
        assert_eq!(told.contains("--cache-backend memory"), memory, "{told}");
    }
}

#[tokio::test]
async fn a_report_that_never_stops_growing_is_stopped() {
    let said = complaint_of("never-stops").await;
    assert!(said.contains("its report has more than 100 MB"), "{said}");
}

#[tokio::test]
async fn a_report_that_is_too_large_is_refused_and_not_read() {
    let said = complaint_of("writes-200-megabytes").await;
    assert!(said.contains("its report has more than 100 MB"), "{said}");
}

#[tokio::test]
async fn a_scanner_that_gives_up_leaves_no_report() {
    for name in ["gives-up", "gives-up-late"] {
        let said = complaint_of(name).await;
        assert!(
            said.contains("it failed with exit code 1: FATAL the database is broken"),
            "{name}: {said}"
        );
    }
}

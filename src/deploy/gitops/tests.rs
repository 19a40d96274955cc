//! Commits to a repository of configuration that is a bare one on this machine.

mod formats;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::deploy::{
    Applied, DeployError, DeployProgress, Deployer, Deployment, GitHubAccess, GitopsDeployer,
};
use crate::domain::{
    ChangeMethod, DeployOutcome, DeployTarget, Digest, Exit, GitopsSettings, ImagePlace, WriteAccess,
};

const FILE: &str = "apps/payment-svc/prod/kustomization.yaml";
const NAME: &str = "registry.example.com/prod/payment-svc";

fn kustomization(digest: &Digest) -> String {
    format!("# prod\nimages:\n  - name: {NAME} # ours\n    digest: {digest}   # by windlass\n")
}

/// A bare repository with a Kustomization, and a clone of somebody else.
struct Sample {
    folder: tempfile::TempDir,
}

impl Sample {
    fn new() -> Self {
        let sample = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let work = sample.work();
        std::fs::create_dir(&work).unwrap();
        Sample::git(
            sample.folder.path(),
            &["init", "-q", "--bare", "-b", "main", "config.git"],
        );
        Sample::git(&work, &["init", "-q", "-b", "main"]);
        for (name, value) in [
            ("user.name", "Bo"),
            ("user.email", "bo@example.com"),
            ("commit.gpgSign", "false"),
        ] {
            Sample::git(&work, &["config", name, value]);
        }
        let origin = sample.origin();
        Sample::git(&work, &["remote", "add", "origin", origin.to_str().unwrap()]);
        sample.write(FILE, &kustomization(&Digest::of(b"old")));
        sample.write("README.md", "read me\n");
        Sample::git(&work, &["push", "-q", "origin", "main"]);
        sample
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn origin(&self) -> PathBuf {
        self.folder.path().join("config.git")
    }

    fn git(folder: &Path, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(folder)
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {err}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Commits a file in the clone of somebody else.
    fn write(&self, path: &str, text: &str) {
        let file = self.work().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        Self::git(&self.work(), &["add", "."]);
        Self::git(&self.work(), &["commit", "-q", "-m", "a change of somebody else"]);
    }

    fn head(&self) -> String {
        Self::git(&self.origin(), &["rev-parse", "main"])
    }

    fn text(&self, path: &str) -> String {
        Self::git(&self.origin(), &["show", &format!("main:{path}")])
    }

    fn hook(&self, name: &str, script: &str) {
        let path = self.origin().join("hooks").join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn deployer(&self) -> GitopsDeployer {
        GitopsDeployer {
            settings: GitopsSettings {
                remote: self.origin().to_str().unwrap().to_owned(),
                branch: "main".parse().unwrap(),
                file: "apps/{service}/prod/kustomization.yaml".to_owned(),
                place: ImagePlace {
                    image: Some("registry.example.com/prod/{service}".to_owned()),
                    ..ImagePlace::default()
                },
                method: ChangeMethod::Push,
                wait_for: None,
                observe_for: SignedDuration::from_secs(5),
            },
            // Who git is here is who commits.
            folder: self.work(),
            mirrors: self.folder.path().join("mirrors"),
            github: GitHubAccess::default(),
        }
    }

    async fn plan(&self, deployer: &GitopsDeployer) -> Result<DeployTarget, DeployError> {
        let deployer = Deployer::Gitops(Box::new(deployer.clone()));
        let subject = deployment().subject();
        deployer.resolve(&subject, &CancellationToken::new()).await
    }

    /// Deploys what was planned, and says what was told on the way.
    async fn apply(
        &self,
        deployer: &GitopsDeployer,
        target: &DeployTarget,
    ) -> (Result<Applied, DeployError>, Vec<DeployProgress>) {
        let told = Mutex::new(Vec::new());
        let tell = |progress| told.lock().unwrap().push(progress);
        let deployer = Deployer::Gitops(Box::new(deployer.clone()));
        let result = deployer
            .apply(target, &deployment(), &tell, &CancellationToken::new())
            .await;
        (result, told.into_inner().unwrap())
    }
}

fn deployment() -> Deployment {
    let digest = Digest::of(b"new");
    Deployment {
        service: "payment-svc".parse().unwrap(),
        environment: "prod".parse().unwrap(),
        image: format!("{NAME}@{digest}").parse().unwrap(),
        digest,
        tag: Some("sha-2b2e927".parse().unwrap()),
        commit: None,
        release: Some("v1.4.0".to_owned()),
        previous: Some(Digest::of(b"old")),
        key: "4711 deploy prod".to_owned(),
        access: WriteAccess::unless_read_only(false).unwrap(),
    }
}

#[tokio::test]
async fn a_deployment_commits_the_digest_alone_and_given_again_adds_nothing() {
    let sample = Sample::new();
    let deployer = sample.deployer();
    let target = sample.plan(&deployer).await.unwrap();
    let old = Digest::of(b"old");
    assert_eq!(
        target.words(),
        format!(
            "commit images[0].digest (now {old}) of {FILE} to main of {}",
            sample.origin().display()
        )
    );
    let applied = sample.apply(&deployer, &target).await.0.unwrap();
    assert_eq!(applied.outcome, DeployOutcome::Deployed);
    assert_eq!(sample.text(FILE), kustomization(&Digest::of(b"new")));
    let log = Sample::git(
        &sample.origin(),
        &[
            "log",
            "-1",
            "--format=%an <%ae>%n%B%(trailers:key=Windlass-Run)",
            "main",
        ],
    );
    for line in [
        "Bo <bo@example.com>",
        "deploy(prod): payment-svc v1.4.0",
        "Windlass-Service: payment-svc",
        &format!("Windlass-Digest: {}", Digest::of(b"new")),
    ] {
        assert!(log.lines().any(|found| found == line), "{line}: {log}");
    }
    // Once as a line of the message, and once as the trailer that git reads there.
    assert_eq!(
        log.matches("Windlass-Run: 4711 deploy prod\n").count(),
        2,
        "{log}"
    );
    let changed = Sample::git(&sample.origin(), &["diff", "--name-only", "main~1", "main"]);
    assert_eq!(changed.trim(), FILE);

    let head = sample.head();
    let again = sample.plan(&deployer).await.unwrap();
    let applied = sample.apply(&deployer, &again).await.0.unwrap();
    assert_eq!(applied.outcome, DeployOutcome::Unchanged);
    assert_eq!(sample.head(), head);
    let deployer = Deployer::Gitops(Box::new(deployer));
    assert!(!deployer.observes());
    let subject = deployment().subject();
    let running = deployer
        .running(&subject, &BTreeSet::new(), &CancellationToken::new())
        .await;
    assert_eq!(running, None);
}

#[tokio::test]
async fn a_push_that_loses_the_race_is_made_again_on_what_is_there_then() {
    let sample = Sample::new();
    let deployer = sample.deployer();
    let target = sample.plan(&deployer).await.unwrap();
    // While the first push is on its way, somebody else moves the branch on.
    sample.write("README.md", "read me again\n");
    Sample::git(&sample.work(), &["push", "-q", "origin", "main:refs/heads/other"]);
    sample.hook(
        "update",
        "if [ ! -e raced ]; then touch raced; git update-ref refs/heads/main refs/heads/other; fi",
    );
    let (applied, told) = sample.apply(&deployer, &target).await;
    assert_eq!(applied.unwrap().outcome, DeployOutcome::Deployed);
    assert!(format!("{told:?}").contains("moved in the meantime"), "{told:?}");
    assert_eq!(sample.text(FILE), kustomization(&Digest::of(b"new")));
    assert_eq!(sample.text("README.md"), "read me again\n");
    // Nothing was forced: the commit of somebody else is right before ours.
    let other = Sample::git(&sample.origin(), &["rev-parse", "other"]);
    assert_eq!(Sample::git(&sample.origin(), &["rev-parse", "main~1"]), other);
}

#[tokio::test]
async fn a_value_that_somebody_else_has_changed_since_the_plan_is_not_overwritten() {
    let sample = Sample::new();
    let deployer = sample.deployer();
    let target = sample.plan(&deployer).await.unwrap();
    sample.write(FILE, &kustomization(&Digest::of(b"other")));
    Sample::git(&sample.work(), &["push", "-q", "origin", "main:refs/heads/other"]);
    // In the race that the push loses, so that no look before it sees it.
    sample.hook(
        "update",
        "if [ ! -e raced ]; then touch raced; git update-ref refs/heads/main refs/heads/other; fi",
    );
    let error = sample.apply(&deployer, &target).await.0.unwrap_err();
    assert!(matches!(error, DeployError::Changed { .. }), "{error}");
    assert_eq!(error.exit(), Exit::Conflict);
    assert_eq!(sample.text(FILE), kustomization(&Digest::of(b"other")));
}

#[tokio::test]
async fn what_cannot_be_changed_safely_is_refused_in_the_plan_with_its_place() {
    let sample = Sample::new();
    let text = format!("images:\n  - name: {NAME}\n    digest: &pinned sha256:1\n");
    sample.write(FILE, &text);
    Sample::git(&sample.work(), &["push", "-q", "origin", "main"]);
    let head = sample.head();
    let error = sample.plan(&sample.deployer()).await.unwrap_err();
    let words = error.to_string();
    assert!(
        words.starts_with(&format!("cannot deploy to {FILE} of ")),
        "{words}"
    );
    assert!(
        words.contains("line 3, column 13: images[0].digest is an anchor or a tag"),
        "{words}"
    );
    assert_eq!((error.exit(), sample.head()), (Exit::Usage, head));

    let mut deployer = sample.deployer();
    deployer.settings.file = "apps/{service}/none.yaml".to_owned();
    let error = sample.plan(&deployer).await.unwrap_err();
    assert!(error.to_string().contains("has no such file"), "{error}");
    deployer.settings.branch = "gone".parse().unwrap();
    let error = sample.plan(&deployer).await.unwrap_err();
    assert!(error.to_string().contains("there is no such branch"), "{error}");
}

#[tokio::test]
async fn a_remote_that_is_gone_and_a_push_that_a_rule_refuses_are_told_apart() {
    let sample = Sample::new();
    let deployer = sample.deployer();
    let target = sample.plan(&deployer).await.unwrap();
    sample.hook("pre-receive", "echo only pull requests here >&2; exit 1");
    let head = sample.head();
    let error = sample.apply(&deployer, &target).await.0.unwrap_err();
    assert!(error.to_string().contains("only pull requests here"), "{error}");
    assert_eq!((error.exit(), sample.head()), (Exit::NotAuthorised, head));
    std::fs::remove_dir_all(sample.origin()).unwrap();
    let error = sample.plan(&deployer).await.unwrap_err();
    assert!(matches!(error, DeployError::Unreachable { .. }), "{error}");
}

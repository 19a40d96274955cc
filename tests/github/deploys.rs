//! Deployments by pull request: the run ends when it is merged, and fails when it is closed.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tokio_util::sync::CancellationToken;
use windlass::deploy::{
    Applied, DeployError, DeployProgress, Deployer, Deployment, GitHubAccess, GitopsDeployer,
};
use windlass::domain::{
    ChangeMethod, DeployOutcome, DeployTarget, Digest, Exit, GitopsSettings, ImagePlace, WriteAccess,
};

use super::fake::{Fake, OWNER, TOKEN};

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args([
            "-c",
            "user.name=Bo",
            "-c",
            "user.email=bo@example.com",
            "-c",
            "commit.gpgSign=false",
        ])
        .args(arguments)
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {err}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

struct World {
    folder: tempfile::TempDir,
    fake: Fake,
}

impl World {
    /// A repository whose values have an old digest.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        std::fs::create_dir(&work).unwrap();
        git(&work, &["init", "-q", "-b", "main"]);
        git(&work, &["config", "user.name", "Bo"]);
        git(&work, &["config", "user.email", "bo@example.com"]);
        git(&work, &["config", "commit.gpgSign", "false"]);
        std::fs::write(work.join("values.yaml"), "image:\n  digest: sha256:1 # now\n").unwrap();
        git(&work, &["add", "."]);
        git(&work, &["commit", "-q", "-m", "values"]);
        git(folder.path(), &["clone", "-q", "--bare", "work", "config.git"]);
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        Self {
            folder,
            fake: Fake::start().await,
        }
    }

    fn origin(&self) -> PathBuf {
        self.folder.path().join("config.git")
    }

    /// Deploys, and does `then` once the pull request is waited for.
    async fn deploy(&self, then: &(dyn Fn() + Sync)) -> Result<Applied, DeployError> {
        self.deploy_as(|_, _| None, then).await
    }

    /// The same as `planned` says, or else as the deployer resolves it.
    async fn deploy_as(
        &self,
        planned: impl FnOnce(&Deployer, &Deployment) -> Option<DeployTarget>,
        then: &(dyn Fn() + Sync),
    ) -> Result<Applied, DeployError> {
        let deployer = Deployer::Gitops(Box::new(GitopsDeployer {
            settings: GitopsSettings {
                remote: self.origin().to_str().unwrap().to_owned(),
                branch: "main".parse().unwrap(),
                file: "values.yaml".to_owned(),
                place: ImagePlace::default(),
                method: ChangeMethod::PullRequest,
                wait_for: None,
                observe_for: jiff::SignedDuration::from_secs(20),
            },
            folder: self.folder.path().join("work"),
            mirrors: self.folder.path().join("mirrors"),
            github: GitHubAccess {
                api: Some(self.fake.address.parse().unwrap()),
                repository: Some(format!("{OWNER}/app").parse().unwrap()),
                token_file: Some(self.folder.path().join("token")),
                app: None,
            },
        }));
        let digest = Digest::of(b"new");
        let deployment = Deployment {
            service: "payment-svc".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            image: format!("registry.example.com/prod/app@{digest}").parse().unwrap(),
            digest,
            tag: None,
            commit: None,
            release: None,
            previous: None,
            key: "key".to_owned(),
            access: WriteAccess::unless_read_only(false).unwrap(),
        };
        let cancel = CancellationToken::new();
        let target = match planned(&deployer, &deployment) {
            Some(planned) => planned,
            None => deployer.resolve(&deployment.subject(), &cancel).await.unwrap(),
        };
        let tell = |progress| {
            if matches!(&progress, DeployProgress::Line(line) if line.starts_with("waiting until pull request #"))
            {
                then();
            }
        };
        deployer.apply(&target, &deployment, &tell, &cancel).await
    }

    /// Merges the only pull request.
    fn merge(&self) {
        let branch = self.proposed();
        git(&self.origin(), &["update-ref", "refs/heads/main", &branch]);
        let mut store = self.fake.store();
        store.pulls[0]["state"] = json!("closed");
        store.pulls[0]["merged_at"] = json!("2026-11-02T10:00:00Z");
    }

    /// The branch of the only pull request.
    fn proposed(&self) -> String {
        let branches = git(
            &self.origin(),
            &["branch", "--list", "windlass/*", "--format=%(refname:short)"],
        );
        assert_eq!(branches.lines().count(), 1, "{branches}");
        branches
    }
}

#[tokio::test]
async fn a_deployment_by_pull_request_ends_when_somebody_merges_it() {
    let world = World::new().await;
    let merge = || world.merge();
    let applied = world.deploy(&merge).await.unwrap();
    assert_eq!(applied.outcome, DeployOutcome::Deployed);
    let text = git(&world.origin(), &["show", "main:values.yaml"]);
    assert_eq!(text, format!("image:\n  digest: {} # now", Digest::of(b"new")));
    let store = world.fake.store();
    let (head, base) = (&store.pulls[0]["head"]["ref"], &store.pulls[0]["base"]["ref"]);
    assert_eq!((head, base), (&json!(world.proposed()), &json!("main")));
    let title = store.pulls[0]["title"].as_str().unwrap();
    assert!(title.starts_with("deploy(prod): payment-svc "), "{title}");
}

#[tokio::test]
async fn a_pull_request_that_is_closed_fails_the_deployment_and_given_again_makes_no_second_one() {
    let world = World::new().await;
    let close = || world.fake.store().pulls[0]["state"] = json!("closed");
    for _ in 0..2 {
        let error = world.deploy(&close).await.unwrap_err();
        assert!(error.to_string().contains("was closed and not merged"), "{error}");
        assert_eq!(error.exit(), Exit::Failed);
        assert_eq!(world.fake.count("POST", "/pulls"), 1);
        let text = git(&world.origin(), &["show", "main:values.yaml"]);
        assert_eq!(text, "image:\n  digest: sha256:1 # now");
    }
    world.proposed();
}

#[tokio::test]
async fn what_only_the_runner_asks_for_is_resolved_when_it_deploys() {
    let world = World::new().await;
    let merge = || world.merge();
    let declared = |deployer: &Deployer, deployment: &Deployment| {
        let target = deployer.declared(&deployment.subject()).unwrap();
        let words = target.words();
        assert!(words.contains("the image in values.yaml to main of"), "{words}");
        Some(target)
    };
    let applied = world.deploy_as(declared, &merge).await.unwrap();
    assert_eq!(applied.outcome, DeployOutcome::Deployed);
    let text = git(&world.origin(), &["show", "main:values.yaml"]);
    assert_eq!(text, format!("image:\n  digest: {} # now", Digest::of(b"new")));
}

#[tokio::test]
async fn a_plan_for_another_place_than_the_settings_have_is_not_carried_out_by_the_runner() {
    let world = World::new().await;
    let other = |_: &Deployer, _: &Deployment| {
        Some(DeployTarget::OnRunner {
            place: "commit the image in values.yaml to main of another repository".to_owned(),
        })
    };
    let error = world.deploy_as(other, &|| ()).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict);
    assert_eq!(world.fake.count("POST", "/pulls"), 0);
}

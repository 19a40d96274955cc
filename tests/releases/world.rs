//! The sample world, the people who work in it, and what they look at.

use std::path::PathBuf;
use std::process::Command as Program;
use std::sync::Arc;

use jiff::Timestamp;
use windlass::demo::World;
use windlass::domain::{CommitSha, Debt, Digest, Exit, Plan, Release};
use windlass::engine::{
    CutRequest, Depth, Engine, EngineError, FinishRequest, HotfixRequest, PromoteRequest, Request,
};
use windlass::project::Service;

use crate::place::reader;
use crate::run::{carry_out, last};
use crate::sample::world_at;

/// The world, its engine, and a colleague's clone of the remote.
pub struct Stage {
    pub world: World,
    pub engine: Arc<Engine>,
    colleague: tempfile::TempDir,
}

impl Stage {
    pub async fn set() -> Self {
        let world = world_at(Timestamp::now()).await;
        let engine = world.engine().unwrap();
        let colleague = tempfile::tempdir().unwrap();
        let stage = Self {
            world,
            engine,
            colleague,
        };
        let origin = stage.world.origin();
        let clone = ["clone", "-q", origin.to_str().unwrap(), "clone"];
        git(stage.colleague.path().to_owned(), &clone);
        stage
    }

    /// The same with the configuration as it stands now.
    pub fn reopened(mut self) -> Self {
        self.engine = self.world.engine().unwrap();
        self
    }

    /// Git in the colleague's clone.
    pub fn colleague(&self, args: &[&str]) -> String {
        git(self.colleague.path().join("clone"), args)
    }

    /// Git in the repository that windlass works in.
    pub fn here(&self, args: &[&str]) -> String {
        git(self.world.repository(), args)
    }

    /// Git in the remote.
    pub fn remote(&self, args: &[&str]) -> String {
        git(self.world.origin(), args)
    }

    /// The colleague writes `text` into `file` on a branch of the remote, and pushes it.
    pub fn commit(&self, branch: &str, file: &str, text: &str, message: &str) -> CommitSha {
        self.colleague(&["fetch", "-q", "origin"]);
        self.colleague(&["checkout", "-q", "-B", branch, &format!("origin/{branch}")]);
        let path = self.colleague.path().join("clone").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self.colleague(&["add", "."]);
        self.colleague(&["commit", "-q", "-m", message]);
        self.colleague(&["push", "-q", "origin", branch]);
        self.colleague(&["rev-parse", "HEAD"]).parse().unwrap()
    }

    /// Where a branch or tag of the remote is; `v1.4.0^{}` for what an annotated tag is on.
    pub fn at(&self, reference: &str) -> CommitSha {
        self.remote(&["rev-parse", reference]).parse().unwrap()
    }

    /// All references of the remote, to be compared.
    pub fn references(&self) -> String {
        self.remote(&["for-each-ref", "--format=%(refname) %(objectname)"])
    }

    /// What a person would notice in the repository that windlass works in.
    pub fn untouched(&self) -> (String, String, Vec<u8>) {
        (
            self.here(&["status", "--porcelain", "-b", "--no-ahead-behind"]),
            std::fs::read_to_string(self.world.repository().join(".git/HEAD")).unwrap(),
            std::fs::read(self.world.repository().join(".git/index")).unwrap(),
        )
    }

    /// The service that is released.
    pub fn service(&self) -> Service {
        self.engine.service(&"payment-svc".parse().unwrap()).unwrap()
    }

    pub async fn plan(&self, command: &Request) -> Result<Plan, EngineError> {
        self.engine.plan(&self.service(), command).await
    }

    /// Plans and carries out.
    pub async fn run(&self, command: &Request) -> (Exit, String) {
        let plan = self.plan(command).await.unwrap();
        self.carry_out(plan).await
    }

    /// Carries a plan out; the exit code and the sentence at the end.
    pub async fn carry_out(&self, plan: Plan) -> (Exit, String) {
        let (exit, events) = carry_out(&self.engine, plan).await;
        (exit, last(&events).1)
    }

    /// What an environment runs.
    pub async fn deployed(&self, environment: &str) -> Digest {
        let found = reader(&self.engine, environment).deployed(false).await;
        found.unwrap().unwrap().digest
    }

    pub async fn releases(&self) -> Vec<Release> {
        let releases = self.engine.releases(&self.service(), Depth::All).await.unwrap();
        assert_eq!(releases.stale, None);
        releases.list
    }

    pub async fn release(&self, name: &str) -> Release {
        let list = self.releases().await;
        let names: Vec<_> = list.iter().map(Release::name).collect();
        let found = list.into_iter().find(|release| release.name() == name);
        found.unwrap_or_else(|| panic!("there is no {name} among {names:?}"))
    }
}

/// The debt of that name.
pub fn debt<'a>(release: &'a Release, words: &str) -> &'a Debt {
    let names: Vec<_> = release.debts.iter().map(|debt| debt.what.words()).collect();
    let found = release.debts.iter().find(|debt| debt.what.words() == words);
    found.unwrap_or_else(|| panic!("no debt `{words}` among {names:?}"))
}

pub fn cut(commit: &str, version: Option<&str>) -> Request {
    CutRequest {
        commit: commit.to_owned(),
        version: version.map(str::to_owned),
        sprint: None,
        reason: None,
    }
    .into()
}

pub fn finish(release: &str, into: &[&str]) -> Request {
    FinishRequest {
        release: release.to_owned(),
        into: into.iter().map(|branch| (*branch).to_owned()).collect(),
    }
    .into()
}

pub fn promote(candidate: &str, to: &str) -> Request {
    PromoteRequest {
        candidate: candidate.to_owned(),
        to: to.parse().unwrap(),
        from: None,
        reason: None,
        hotfix: false,
    }
    .into()
}

/// The same promotion with a reason.
pub fn because(promotion: &Request, why: &str) -> Request {
    let mut command = promotion.clone();
    match &mut command {
        Request::Promote(request) => request.reason = Some(why.to_owned()),
        other => panic!("{other:?} is no promotion"),
    }
    command
}

/// A promotion by the path that the configuration allows hotfixes.
pub fn short_way(candidate: &str, to: &str, reason: &str) -> Request {
    PromoteRequest {
        candidate: candidate.to_owned(),
        to: to.parse().unwrap(),
        from: None,
        reason: Some(reason.to_owned()),
        hotfix: true,
    }
    .into()
}

pub fn hotfix(version: Option<&str>) -> Request {
    HotfixRequest {
        environment: None,
        version: version.map(str::to_owned),
    }
    .into()
}

fn git(folder: PathBuf, args: &[&str]) -> String {
    let output = Program::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .envs([
            ("GIT_AUTHOR_NAME", "Li Wei"),
            ("GIT_COMMITTER_NAME", "Li Wei"),
            ("GIT_AUTHOR_EMAIL", "li.wei@example.com"),
            ("GIT_COMMITTER_EMAIL", "li.wei@example.com"),
        ])
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {err}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Gives a repository a person, as the user's own configuration would.
pub fn introduce(stage: &Stage) {
    stage.here(&["config", "user.name", "Ana Ruiz"]);
    stage.here(&["config", "user.email", "ana.ruiz@example.com"]);
}

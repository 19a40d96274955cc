//! `windlass.toml` made into domain values, with errors that point at the line.

mod approvals;
mod confined;
mod deploy;
mod document;
mod environments;
mod error;
mod fleet;
mod gates;
mod keys;
mod load;
mod notify;
mod programs;
mod read;
mod retain;
mod runner;
mod section;
mod sensitive;
mod signing;
mod trust;
mod user;
mod value;
mod waivers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;

use crate::domain::{
    ApiAddress, ApprovalPolicy, BranchName, BranchTemplate, DeployerSettings, Environment, EnvironmentGraph,
    EnvironmentName, Freeze, GateKind, GitHubApp, HostSettings, NotifySettings, Platform, ProbeSettings,
    ReleaseTagTemplate, Repository, RepositoryName, Retention, ScanPolicy, ServiceName, SignatureForms,
    SoakPolicy, TagTemplate, TicketPattern, TicketUrl, Verifier, WorkflowFile,
};

pub use error::{ConfigError, Mistake};
pub use fleet::{FLEET_FILE_NAME, FleetConfig, FleetProject, ProjectSource};
pub use keys::{ALL as ALL_KEYS, Keys, OF_FLEET as FLEET_KEYS, UntilTrusted};
pub use sensitive::{SensitiveSetting, SensitiveSettings, TrustHash, TrustHashError};
pub use signing::{KeylessSettings, SignerSettings, VerifySettings};
pub use trust::{Trust, TrustStore};
pub use user::UserFile;
pub use waivers::waivers;

/// The name of the file.
pub const FILE_NAME: &str = "windlass.toml";

/// All that windlass.toml says. Paths in it are absolute or begin at the folder of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file that it was read from.
    pub path: PathBuf,
    /// The sensitive settings of the file that nobody has trusted: they do not count, and nothing is written or started
    /// as long as there are any.
    pub withheld: SensitiveSettings,
    /// Branches, remote and tags.
    pub git: GitSettings,
    /// How GitHub is asked.
    pub github: GitHubSettings,
    /// The services, at least one, in the order of the file.
    pub services: Vec<Service>,
    /// The environments and where each gets its images from.
    pub graph: EnvironmentGraph,
    /// What each environment asks for beyond its place in the graph; each environment of the graph has an entry.
    pub environments: BTreeMap<EnvironmentName, EnvironmentSettings>,
    /// What is said of registry hosts, by host (with its port, if any).
    pub registries: BTreeMap<String, HostSettings>,
    /// What is checked before a change is taken in.
    pub check: CheckSettings,
    /// How images are built.
    pub build: BuildSettings,
    /// What is special about releases.
    pub release: ReleaseSettings,
    /// How images are scanned.
    pub scanner: ScannerSettings,
    /// The webhooks that are told of runs and drift, in the order of the file.
    pub notify: Vec<NotifySettings>,
    /// The key that approvals are signed with, unless another is named; none if there is none.
    pub approve: Option<SignSettings>,
}

/// What is special about releases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReleaseSettings {
    /// Whether releases are built anew from their branch, instead of carrying the image of the develop commit.
    pub rebuild: bool,
}

/// How GitHub is asked, where the remote or `repository` says that there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitHubSettings {
    /// The repository; by the address of the remote if none is named.
    pub repository: Option<RepositoryName>,
    /// The address of the API; `https://api.github.com` if none is named.
    pub api: Option<ApiAddress>,
    /// What a cut asks of the checks of its commit.
    pub checks: CheckRule,
    /// The file with the token.
    pub token_file: Option<PathBuf>,
    /// The GitHub App; without one, and without a file, `GH_TOKEN` or `GITHUB_TOKEN`, or the login of `gh`.
    pub app: Option<GitHubApp>,
    /// How often GitHub is asked at most while a run there is followed; every 3 s unless said otherwise.
    pub poll: Option<SignedDuration>,
}

/// What a cut asks of the checks of its commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CheckRule {
    /// They have passed.
    #[default]
    Required,
    /// Nothing: GitHub is not asked about them.
    Off,
}

/// Names in git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSettings {
    /// The remote that release branches are pushed to; `origin` unless said otherwise.
    pub remote: String,
    /// The branch that candidates come from; `develop` unless said otherwise.
    pub develop: BranchName,
    /// The branch that releases end in; `main` unless said otherwise.
    pub main: BranchName,
    /// The template of release branches; `release/v{version}-sha-{short}` unless said otherwise.
    pub release_branch: BranchTemplate,
    /// The template of hotfix branches; `hotfix/v{version}` unless said otherwise.
    pub hotfix_branch: BranchTemplate,
    /// The template of the tags of releases; none if they are called as those that exist, or else `v{version}`.
    pub release_tag: Option<ReleaseTagTemplate>,
    /// The template of the tag that a commit's image has; `sha-{short}` unless said otherwise.
    pub image_tag: TagTemplate,
    /// What ties an image to its commit; its label unless said otherwise.
    pub image_revision: RevisionSource,
    /// By which form tickets are found in commit messages; `[A-Z][A-Z0-9]+-[0-9]+` unless said otherwise.
    pub tickets: TicketPattern,
    /// Where a person finds a ticket; none if they are only named.
    pub tickets_url: Option<TicketUrl>,
    /// Whether a run locks what it works on at the remote, so that machines keep out of each other's way; it does unless
    /// said otherwise.
    pub lock: bool,
    /// How long such a lock holds if it is not renewed; an hour unless said otherwise.
    pub lock_for: SignedDuration,
}

impl GitSettings {
    /// The same for one service: its name stands wherever a template has `{service}`.
    #[must_use]
    pub fn for_service(&self, service: &ServiceName) -> Self {
        let name = service.as_str();
        Self {
            release_branch: self.release_branch.for_service(name),
            hotfix_branch: self.hotfix_branch.for_service(name),
            release_tag: self.release_tag.as_ref().map(|tag| tag.for_service(name)),
            ..self.clone()
        }
    }
}

impl Default for GitSettings {
    fn default() -> Self {
        Self {
            remote: "origin".to_owned(),
            develop: BranchName::develop(),
            main: BranchName::main(),
            release_branch: BranchTemplate::release(),
            hotfix_branch: BranchTemplate::hotfix(),
            release_tag: None,
            image_tag: TagTemplate::default(),
            image_revision: RevisionSource::default(),
            tickets: TicketPattern::default(),
            tickets_url: None,
            lock: true,
            lock_for: SignedDuration::from_hours(1),
        }
    }
}

/// What ties an image to the commit that it was built from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RevisionSource {
    /// Its label `org.opencontainers.image.revision`, which its digest covers.
    #[default]
    Label,
    /// The label, or its tag where it has none: for images of a pipeline that sets no labels. Whoever may push the tag
    /// decides.
    Tag,
}

/// One deployable image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name, which fills `{service}` in image locations.
    pub name: ServiceName,
    /// The folder of its source in the repository, relative to the repository's root; `.` for all of it.
    pub path: PathBuf,
    /// The Dockerfile, in that folder; `Dockerfile` unless said otherwise.
    pub dockerfile: PathBuf,
    /// The files of container-structure-test for its image, in that folder; none if it has no such tests.
    pub structure_tests: Vec<PathBuf>,
}

impl Service {
    /// The Dockerfile from the root of the repository, as a code host calls it: without `./`.
    pub fn dockerfile_in_repository(&self) -> PathBuf {
        let path = self.path.join(&self.dockerfile);
        let parts = path.components();
        parts.filter(|part| part.as_os_str() != ".").collect()
    }
}

/// What is checked before a change is taken in: which steps, by which programs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate switch")]
pub struct CheckSettings {
    /// Whether hadolint looks at the Dockerfile.
    pub lint: bool,
    /// Whether the image is built; the steps after it need it.
    pub image: bool,
    /// Whether SBOMs are made.
    pub sbom: bool,
    /// Whether the image is scanned.
    pub scan: bool,
    /// Whether its structure is tested.
    pub test: bool,
    /// The environment whose scan gate judges; the first of the graph that has one if none is named.
    pub policy: Option<EnvironmentName>,
    /// The folder that reports are written to; `artifacts` unless said otherwise.
    pub artifacts: PathBuf,
    /// The hadolint program.
    pub hadolint: PathBuf,
    /// The container-structure-test program.
    pub structure_test: PathBuf,
}

/// How images are built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSettings {
    /// The builder.
    pub builder: BuilderChoice,
    /// Further arguments of the builder.
    pub builder_args: Vec<String>,
    /// The platforms of the develop build, at least one; `linux/amd64` and `linux/arm64` unless said otherwise.
    pub platforms: Vec<Platform>,
    /// Build arguments, in the order of the file.
    pub args: Vec<(String, String)>,
    /// Whether foreign platforms need emulation.
    pub emulation: Emulation,
    /// Whether `latest` follows the newest build.
    pub latest: bool,
}

/// Which builder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuilderChoice {
    /// `docker buildx` where a daemon answers, else buildah, else podman.
    Auto,
    /// `docker buildx`.
    Buildx,
    /// `buildah`.
    Buildah,
    /// `podman`.
    Podman,
}

/// Whether building for a foreign platform runs its programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emulation {
    /// It does, so that nothing is built where this machine cannot run them.
    Required,
    /// The Dockerfile runs nothing on the target platform: it cross-compiles, or only copies files.
    Unneeded,
}

/// What an environment asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvironmentSettings {
    /// The rule for scan reports; none if the environment does not ask.
    pub scan: Option<ScanPolicy>,
    /// Where candidates soak before they are promoted here; none if they need not.
    pub soak: Option<SoakPolicy>,
    /// How long ago an image must have been built before it is promoted here; none if it need not.
    pub min_age: Option<SignedDuration>,
    /// Who has to approve what is promoted here; none if nobody has to.
    pub approvals: Option<ApprovalPolicy>,
    /// What its gates are told, in one form: what an approval is of.
    pub rules: String,
    /// When nothing is promoted here.
    pub freezes: Vec<Freeze>,
    /// What signs what is promoted here; none if nothing is to be signed.
    pub sign: Option<SignerSettings>,
    /// Whose signatures count here: `verify`, or beside `sign.key` the same name with the ending `.pub`. None if neither is
    /// written.
    pub verify: Option<VerifySettings>,
    /// In which form signatures are left, and who verifies them.
    pub signatures: SignatureSettings,
    /// What deploys here, in this order; empty if the promotion ends with the image.
    pub deploy: Vec<DeployerSettings>,
    /// What is checked after a deployment, in this order; a deployment counts once all of it has passed.
    pub after: Vec<ProbeSettings>,
    /// The short way that hotfixes may take here; none if there is none.
    pub hotfix: Option<HotfixSettings>,
    /// How the line is stopped, and who may let it go on.
    pub halt: HaltSettings,
    /// What it keeps of its images; everything, if there is no rule.
    pub retain: Option<Retention>,
    /// The workflow on GitHub that promotions to it run in; none if they run where they are asked for.
    pub runner: Option<WorkflowSettings>,
}

/// The workflow that promotions to an environment run in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowSettings {
    /// The workflow; `promote-ENVIRONMENT.yml` unless said otherwise.
    pub workflow: WorkflowFile,
    /// The workflow of promotions by the hotfix path; `hotfix.yml` unless said otherwise.
    pub hotfix: WorkflowFile,
    /// The branch whose version of the workflow runs; that of develop unless said otherwise.
    pub branch: Option<BranchName>,
}

/// The short way of a hotfix to an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotfixSettings {
    /// The environment that it comes from, which need not be one that the graph leads from.
    pub from: EnvironmentName,
    /// The gates that do not stop it.
    pub skip: Vec<GateKind>,
}

/// A key that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignSettings {
    /// The private key, in cosign's encrypted form.
    pub key: PathBuf,
    /// The file that holds the key's password; `COSIGN_PASSWORD` or a question if there is none.
    pub password_file: Option<PathBuf>,
}

/// In which form the signatures of an environment are left, and who verifies them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignatureSettings {
    /// The forms; those that all verifiers admit if none are named.
    pub forms: Option<SignatureForms>,
    /// Whether the manifests of the platforms are signed too.
    pub platforms: bool,
    /// The programs that verify images there.
    pub verifiers: Vec<Verifier>,
}

/// How promotions to an environment are halted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HaltSettings {
    /// The key that signs the notes; none if they are not signed.
    pub sign: Option<SignSettings>,
    /// The public keys of those who may lift a halt; anyone who may push may, if there are none.
    pub trusted: Vec<PathBuf>,
}

/// How images are scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerSettings {
    /// The Trivy program: a path, or a name that is looked up in `PATH`; `trivy` unless said otherwise.
    pub trivy: PathBuf,
    /// Further arguments for `trivy image`.
    pub args: Vec<String>,
    /// The address of a Trivy server that does the scanning; none if Trivy does it here.
    pub server: Option<String>,
    /// The file with the token of that server.
    pub token_file: Option<PathBuf>,
    /// The repository of the vulnerability database; Trivy's own choice if none is named.
    pub database: Option<String>,
    /// The repository of the database of Java packages; Trivy's own choice if none is named.
    pub java_database: Option<String>,
    /// How long one scan may take; 10 minutes unless said otherwise.
    pub timeout: Duration,
    /// How many scans run at once; 2 unless said otherwise.
    pub at_once: usize,
    /// The file of waivers; none if there are none.
    pub waivers: Option<PathBuf>,
    /// OpenVEX documents that count.
    pub vex: Vec<PathBuf>,
}

impl Config {
    /// Whether all of it counts.
    pub const fn is_trusted(&self) -> bool {
        self.withheld.is_empty()
    }

    /// The folder of windlass.toml, in which configured programs are started.
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// The environments that have the images of any service in `repository`.
    pub fn environments_in<'a>(&'a self, repository: &Repository) -> impl Iterator<Item = &'a Environment> {
        self.graph.all().iter().filter(move |environment| {
            let is_its = |service: &Service| {
                let its = environment.image.repository(&service.name);
                its.is_ok_and(|its| its == *repository)
            };
            self.services.iter().any(is_its)
        })
    }

    /// The service of that name.
    pub fn service(&self, name: &ServiceName) -> Option<&Service> {
        self.services.iter().find(|service| service.name == *name)
    }
}

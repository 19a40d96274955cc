//! What doctor looks at, one function each.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::finding::Finding;
use crate::build::Builder;
use crate::config::{CheckRule, Config, GitSettings, KeylessSettings, SignerSettings, VerifySettings};
use crate::deploy::{DeployCheck, Deployer, Subject};
use crate::domain::{BranchTemplate, EnvironmentName, Exit, LockStanding, ServiceName};
use crate::engine::{self, trusted_signer};
use crate::git::{GitError, GitRepository, LockAt, Remote};
use crate::github::Standing;
use crate::program::Call;
use crate::project;
use crate::sign::{SignError, SigningKey, TokenSource, password_variable};

/// How long a tool may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// No answer to `--version` is longer, in bytes.
const MAX_VERSION_SIZE: u64 = 64 * 1024;

pub(super) fn configuration(config: &Config) -> Finding {
    let names = |list: Vec<&str>| list.join(", ");
    let services = names(config.services.iter().map(|s| s.name.as_str()).collect());
    let environments = names(config.graph.all().iter().map(|e| e.name.as_str()).collect());
    Finding::ok(
        "configuration",
        format!("{}: {services}; {environments}", config.path.display()),
    )
}

/// Branches that look like releases and fit no template: `releases` would say that nothing is open. And templates that
/// several services share, whose releases at one commit would have one branch.
fn release_branches(config: &Config, repository: &GitRepository) -> Vec<Finding> {
    const NAMED: usize = 3;
    let git = &config.git;
    let mut findings = Vec::new();
    let branches = repository.branches(&git.remote).unwrap_or_default();
    let fits = |name: &str| {
        git.release_branch.parse_back(name).is_some() || git.hotfix_branch.parse_back(name).is_some()
    };
    let looks_so = |name: &str| {
        (name.starts_with("release") || name.starts_with("rel/") || name.starts_with("hotfix"))
            && name.contains(|c: char| c.is_ascii_digit())
    };
    let strange: Vec<_> = branches
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| looks_so(name) && !fits(name))
        .collect();
    if !strange.is_empty()
        && !branches
            .iter()
            .any(|(name, _)| git.release_branch.parse_back(name).is_some())
    {
        let named: Vec<_> = strange
            .iter()
            .take(NAMED)
            .map(|name| crate::domain::clean_line(name))
            .collect();
        let text = format!(
            "no branch matches {}; existing branches: {}",
            git.release_branch,
            named.join(", ")
        );
        let fitting = fitting_template(&strange).unwrap_or_else(|| "release-{major}.{minor}".to_owned());
        findings.push(Finding::warning("releases", text).advise(format!(
            "set git.release_branch in windlass.toml to the form of your release branches, for instance {fitting:?}"
        )));
    }
    findings
}

/// The template that fits the most of these names: their text up to the first number, then a version or its beginning.
fn fitting_template(names: &[&str]) -> Option<String> {
    let template = |name: &&str| {
        let (prefix, number) = name.split_at(name.find(|c: char| c.is_ascii_digit())?);
        let field = match number.split('.').count() {
            1 => "{major}",
            2 => "{major}.{minor}",
            _ => "{version}",
        };
        let text = format!("{prefix}{field}");
        let template: BranchTemplate = text.parse().ok()?;
        let fits = names.iter().filter(|name| template.parse_back(name).is_some());
        Some((fits.count(), text))
    };
    let found = names.iter().filter_map(template).filter(|(fits, _)| *fits > 0);
    found
        .max_by(|(fits, one), (others, other)| fits.cmp(others).then_with(|| other.cmp(one)))
        .map(|(_, text)| crate::domain::clean_line(&text))
}

pub(super) async fn repository(config: &Config) -> Vec<Finding> {
    let problem = |subject, error: &GitError| {
        Finding::problem(subject, error.exit(), error.to_string()).advise(error.hint())
    };
    let repository = match GitRepository::discover(config.folder()) {
        Ok(repository) => repository,
        Err(error) => return vec![problem("repository", &error)],
    };
    let root = repository.root().display().to_string();
    let mut findings = vec![if repository.is_shallow() {
        Finding::warning(
            "repository",
            format!("{root} is a shallow clone: the last release may be missing"),
        )
        .advise("git fetch --unshallow".to_owned())
    } else {
        Finding::ok("repository", root)
    }];
    let GitSettings {
        remote,
        develop,
        main,
        ..
    } = &config.git;
    findings.push(match repository.branch(develop.as_str(), remote) {
        Ok(at) => Finding::ok("branch", format!("{} is at {}", at.found_as, at.commit.short())),
        Err(error) => problem("branch", &error),
    });
    // Cutting and promoting do without it.
    findings.push(match repository.branch(main.as_str(), remote) {
        Ok(at) => Finding::ok("branch", format!("{} is at {}", at.found_as, at.commit.short())),
        Err(error) => Finding::warning("branch", error.to_string()).advise(
            "fetch it, or set git.main in windlass.toml to the branch that releases are merged into"
                .to_owned(),
        ),
    });
    findings.extend(release_branches(config, &repository));
    let answering = match repository.remote(remote) {
        Ok(remote) => remote.ping().await.map(|()| remote),
        Err(error) => Err(error),
    };
    match answering {
        Ok(answering) => {
            findings.push(Finding::ok("remote", format!("{remote} is reachable")));
            if config.git.lock {
                findings.extend(locks(&answering, &Arc::new(repository)).await);
            }
        }
        Err(error) => findings.push(problem("remote", &error)),
    }
    findings
}

/// Locks that a run left behind stop every run after it, until somebody breaks them.
async fn locks(remote: &Remote, repository: &Arc<GitRepository>) -> Vec<Finding> {
    let now = Timestamp::now();
    let found = match remote.locks(repository).await {
        Ok(found) => found,
        Err(error) => return vec![Finding::warning("lock", error.to_string()).advise(error.hint())],
    };
    let told = found.iter().map(|LockAt { lock, .. }| {
        let what = format!("{}, {}", lock.subject, lock.words(now));
        let of_service = lock.subject.service();
        let of_service = of_service.map_or_else(String::new, |service| format!(" --service {service}"));
        match lock.standing(now) {
            LockStanding::Held => Finding::ok("lock", what),
            LockStanding::Stale { .. } => Finding::warning("lock", what).advise(format!(
                "if that run is dead, `windlass unlock {}{of_service} --reason …`",
                lock.subject.part()
            )),
        }
    });
    told.collect()
}

pub(super) async fn registries(config: &Config) -> Vec<Finding> {
    let registries = match super::super::world::registries(Some(config)) {
        Ok(registries) => registries,
        Err(error) => {
            return vec![Finding::problem("registry", error.exit(), error.to_string()).advise(error.hint())];
        }
    };
    let hosts: BTreeSet<String> = config
        .graph
        .all()
        .iter()
        .flat_map(|environment| config.services.iter().map(move |service| (environment, service)))
        .filter_map(|(environment, service)| environment.image.repository(&service.name).ok())
        .map(|repository| repository.host().to_owned())
        .collect();
    join_all(hosts.into_iter().map(|host| {
        let registries = registries.clone();
        async move {
            match registries.ping(&host).await {
                Ok(()) => Finding::ok("registry", format!("{host} reachable, login OK")),
                Err(error) => {
                    Finding::problem("registry", error.exit(), error.to_string()).advise(error.hint())
                }
            }
        }
    }))
    .await
}

/// Nothing where the repository is not on GitHub. A cut does without it only where it is told to.
pub(super) async fn github(config: &Config) -> Vec<Finding> {
    let wrong = |exit, what: String, advice: Option<String>| {
        let finding = match config.github.checks {
            CheckRule::Required => Finding::problem("github", exit, what),
            CheckRule::Off => Finding::warning("github", what),
        };
        vec![finding.advise(advice)]
    };
    let github = match engine::github_of(config, GitRepository::discover(config.folder()).ok().as_ref()) {
        Ok(None) => return Vec::new(),
        Ok(Some(github)) => github,
        Err(error) => return wrong(error.exit(), error.to_string(), error.hint()),
    };
    let shown = format!("{} at {}", github.repository(), github.host());
    let left = match github.standing().await {
        Err(error) => return wrong(error.exit(), error.to_string(), error.hint()),
        Ok(Standing { limit: None }) => "no request limit".to_owned(),
        Ok(Standing { limit: Some(limit) }) => {
            format!("{} of {} requests left this hour", limit.remaining, limit.limit)
        }
    };
    let mut findings = vec![if github.has_token() {
        Finding::ok("github", format!("{shown}, {left}"))
    } else {
        Finding::warning("github", format!("{shown}, without a token, {left}"))
            .advise("set GH_TOKEN or GITHUB_TOKEN; it is required for pull requests".to_owned())
    }];
    findings.extend(github.forge().lacks().map(|lacks| Finding::ok("github", lacks)));
    findings
}

pub(super) fn keys(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for environment in config.graph.all() {
        let name = &environment.name;
        let settings = &config.environments[name];
        if let Some(SignerSettings::Keyless(keyless)) = &settings.sign {
            findings.push(identity(keyless));
        }
        if let Some(sign) = settings.sign.as_ref().and_then(SignerSettings::key) {
            findings.push(private_key(&sign.key));
            findings.extend(mode_of_key(&sign.key));
            let password = known_password(sign.password_file.as_deref());
            findings.extend(password.and_then(|password| wrong_password(&sign.key, &password)));
            findings.push(match &sign.password_file {
                Some(file) => readable("password", file),
                None if password_variable().is_some() => Finding::ok("password", "COSIGN_PASSWORD is set"),
                None => Finding::ok(
                    "password",
                    "no password set; windlass will ask for it (or set COSIGN_PASSWORD or `password_file`)",
                ),
            });
        }
        let signed_by = settings.scan.as_ref().and_then(|rules| rules.signed_by.as_ref());
        let signed_by = signed_by.map(|path| VerifySettings::Key(path.clone()));
        for wanted in settings.verify.iter().chain(&signed_by) {
            let (topic, words) = match wanted {
                VerifySettings::Key(path) => ("public key", path.display().to_string()),
                VerifySettings::Identity { .. } => ("trusted identity", wanted.words()),
            };
            findings.push(match trusted_signer(wanted) {
                Ok(_) => Finding::ok(topic, words),
                Err(error) => Finding::problem(topic, error.exit(), error.to_string()).advise(error.hint()),
            });
        }
    }
    findings
}

/// Whether somebody vouches for whoever runs this, so that it could sign here.
fn identity(keyless: &KeylessSettings) -> Finding {
    let fulcio = &keyless.fulcio;
    match TokenSource::ambient() {
        Ok(source) => Finding::ok("identity", format!("{source:?} gives an ID token for {fulcio}")),
        Err(_) => Finding::ok(
            "identity",
            format!("none here: what {fulcio} certifies is signed in a job with `id-token: write`"),
        ),
    }
}

/// The password of a signing key, where nobody has to be asked for it.
fn known_password(file: Option<&Path>) -> Option<SecretString> {
    if let Some(password) = password_variable() {
        return Some(password);
    }
    let text = std::fs::read_to_string(file?).ok()?;
    Some(text.trim_end_matches(['\n', '\r']).to_owned().into())
}

/// Tries the password, which takes a tenth of a second by design.
fn wrong_password(key: &Path, password: &SecretString) -> Option<Finding> {
    match SigningKey::load(key, password) {
        Ok(_) => None,
        // That it is no key at all is said of the key.
        Err(error) => matches!(error, SignError::WrongPassword(_))
            .then(|| Finding::problem("password", error.exit(), error.to_string()).advise(error.hint())),
    }
}

/// A private key that others may read is as safe as its password.
fn mode_of_key(path: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        Finding::warning(
            "signing key",
            format!("{} is readable by others (mode {mode:04o})", path.display()),
        )
        .advise(format!("chmod 600 {}", path.display()))
    })
}

fn private_key(path: &Path) -> Finding {
    match std::fs::read(path) {
        Ok(bytes) => match crate::sign::why_no_private_key(&bytes) {
            None => Finding::ok("signing key", path.display().to_string()),
            Some(why) => Finding::problem(
                "signing key",
                Exit::Usage,
                format!("{} cannot be used for signing: {why}", path.display()),
            )
            .advise("create one with `windlass keygen`".to_owned()),
        },
        Err(error) => Finding::problem(
            "signing key",
            Exit::Usage,
            format!("could not read {}: {error}", path.display()),
        )
        .advise("create a key pair with `windlass keygen`".to_owned()),
    }
}

fn readable(subject: &'static str, path: &Path) -> Finding {
    match std::fs::File::open(path) {
        Ok(_) => Finding::ok(subject, format!("{} is readable", path.display())),
        Err(error) => Finding::problem(
            subject,
            Exit::Usage,
            format!("could not read {}: {error}", path.display()),
        )
        .advise("write the password of the key to it, with mode 0600".to_owned()),
    }
}

/// Whether each environment can be deployed to, and whether what runs there can be observed.
///
/// What is the same for several services is told once.
pub(super) async fn deployers(config: &Config) -> Vec<Finding> {
    let cancel = CancellationToken::new();
    let environments = config.graph.all().iter().map(|environment| &environment.name);
    let checks = environments.flat_map(|name| {
        let services = config.services.iter().map(|service| &service.name);
        services.map(|service| check_all(config, service, name, &cancel))
    });
    let mut all: Vec<(EnvironmentName, DeployCheck)> = Vec::new();
    for (name, checks) in join_all(checks).await {
        for check in checks {
            if !all.iter().any(|(there, same)| there == name && *same == check) {
                all.push((name.clone(), check));
            }
        }
    }
    all.iter().map(|(name, check)| deployer(name, check)).collect()
}

async fn check_all<'a>(
    config: &Config,
    service: &ServiceName,
    name: &'a EnvironmentName,
    cancel: &CancellationToken,
) -> (&'a EnvironmentName, Vec<DeployCheck>) {
    let subject = Subject {
        service: service.clone(),
        environment: name.clone(),
    };
    let deployers = project::deployers(config, name, None, &crate::state::cache_of_user());
    if !config.is_trusted() && deployers.iter().any(Deployer::asks_platform) {
        return (name, vec![untrusted()]);
    }
    (
        name,
        join_all(deployers.iter().map(|deployer| deployer.check(&subject, cancel))).await,
    )
}

/// A file that nobody has trusted decides on no platform that is asked.
fn untrusted() -> DeployCheck {
    DeployCheck {
        deploys: Err("not checked, because windlass.toml is not trusted".to_owned()),
        observes: None,
        hint: "run `windlass trust`".to_owned(),
    }
}

fn deployer(name: &EnvironmentName, check: &DeployCheck) -> Finding {
    let observes = match &check.observes {
        None => "what runs is not observed".to_owned(),
        Some(Ok(what)) => format!("observed with {what}"),
        Some(Err(why)) => return missing(name, why, &check.hint),
    };
    match &check.deploys {
        Ok(what) => Finding::ok("deploy", format!("{name}: {what}; {observes}")),
        Err(why) => missing(name, why, &check.hint),
    }
}

fn missing(name: &EnvironmentName, why: &str, hint: &str) -> Finding {
    Finding::problem("deploy", Exit::Usage, format!("{name}: {why}")).advise(hint.to_owned())
}

/// Asks a tool for its version; its first line is the answer.
pub(super) async fn tool(name: &'static str, program: &Path, needed: bool) -> Finding {
    let call = Call::new(program)
        .arg("--version")
        .limit(PATIENCE)
        .keep(MAX_VERSION_SIZE);
    let why = match call.run(&|_| (), &CancellationToken::new()).await {
        Ok(answer) if answer.status.success() => {
            let text = String::from_utf8_lossy(&answer.output);
            return Finding::ok(name, text.lines().next().unwrap_or_default());
        }
        Ok(answer) => format!(
            "`{} --version` failed with {}",
            program.display(),
            answer.in_words()
        ),
        Err(error) => error.to_string(),
    };
    if needed {
        Finding::problem(name, Exit::Failed, why).advise(format!("install {name}"))
    } else {
        let (section, without) = if name == "trivy" {
            ("[scanner]", "it is not required for attached reports")
        } else {
            ("[check]", "it is only required by `windlass check`")
        };
        Finding::warning(name, why).advise(format!("install {name}, or set its path in {section}; {without}"))
    }
}

/// What images are built with here.
pub(super) async fn builder(config: &Config) -> Finding {
    let asked = engine::builder_of(config);
    match Builder::find(asked, &CancellationToken::new()).await {
        Ok(builder) => Finding::ok("builder", builder.name()),
        Err(error) => Finding::warning("builder", error.to_string()).advise(error.hint()),
    }
}

#[cfg(test)]
mod tests;

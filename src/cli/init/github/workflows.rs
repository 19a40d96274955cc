//! Which workflows a windlass.toml asks for, and their texts, from the templates in `assets/workflows`.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment as Templates, context};

use super::args::GitHubArgs;
use super::file::GeneratedFile;
use super::registry::{Kind, Login};
use crate::cli::failure::Failure;
use crate::config::{Config, EnvironmentSettings, SignerSettings};
use crate::domain::{Environment, EnvironmentName};

/// The actions that the workflows use, each by the commit of a release.
const PINS: &[(&str, &str)] = &[
    (
        "checkout",
        "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
    ),
    (
        "upload",
        "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2",
    ),
    (
        "qemu",
        "docker/setup-qemu-action@29109295f81e9208d7d86ff1c6c12d2833863392 # v3.6.0",
    ),
    (
        "buildx",
        "docker/setup-buildx-action@e468171a9de216ec08956ac3ada2f0791b6bd435 # v3.11.1",
    ),
    (
        "login",
        "docker/login-action@184bdaa0721073962dff0199f1fb9940f07167d1 # v3.5.0",
    ),
    (
        "aws",
        "aws-actions/configure-aws-credentials@7474bc4690e29a8392af63c5b98e7449536d5c3a # v4.3.1",
    ),
    (
        "ecr",
        "aws-actions/amazon-ecr-login@062b18b96a7aff071d4dc91bc00c4c1a7945b076 # v2.0.1",
    ),
    (
        "google",
        "google-github-actions/auth@7c6bc770dae815cd3e89ee6cdf493a5fab2cc093 # v3.0.0",
    ),
    (
        "azure",
        "azure/login@a457da9ea143d694b1b9c7c869ebb04ebe844ef5 # v2.3.0",
    ),
];

const TEMPLATES: &[(&str, &str)] = &[
    (
        "parts.yml",
        include_str!("../../../../assets/workflows/parts.yml"),
    ),
    (
        "action.yml",
        include_str!("../../../../assets/workflows/action.yml"),
    ),
    (
        "pr-check.yml",
        include_str!("../../../../assets/workflows/pr-check.yml"),
    ),
    (
        "build.yml",
        include_str!("../../../../assets/workflows/build.yml"),
    ),
    (
        "promote.yml",
        include_str!("../../../../assets/workflows/promote.yml"),
    ),
    (
        "fleet.yml",
        include_str!("../../../../assets/workflows/fleet.yml"),
    ),
    ("gc.yml", include_str!("../../../../assets/workflows/gc.yml")),
];

/// The environments that promotions to `environment` come from, the hotfix path included.
fn sources<'a>(
    config: &'a Config,
    environment: &'a Environment,
) -> impl Iterator<Item = &'a EnvironmentName> {
    let hotfix = config.environments[&environment.name].hotfix.as_ref();
    environment.from.iter().chain(hotfix.map(|hotfix| &hotfix.from))
}

/// The hosts of the registries that the jobs of `environment` read from or write to, its own first.
pub(super) fn all_hosts(config: &Config, environment: &Environment) -> Vec<String> {
    hosts(config, environment, sources(config, environment))
}

/// The hosts of the registry of `environment` and of those of `sources`, its own first.
fn hosts<'a>(
    config: &Config,
    environment: &Environment,
    sources: impl Iterator<Item = &'a EnvironmentName>,
) -> Vec<String> {
    let images = sources
        .filter_map(|name| config.graph.get(name))
        .map(|source| &source.image);
    let mut hosts: Vec<String> = Vec::new();
    for image in std::iter::once(&environment.image).chain(images) {
        // An image template is a host and a path.
        let text = image.to_string();
        let host = text.split('/').next().unwrap_or_default().to_owned();
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// All files for `config`.
pub(super) fn of(config: &Config, args: &GitHubArgs) -> Result<Vec<GeneratedFile>, Failure> {
    let workflows = Workflows::new(config)?;
    let mut files = vec![
        GeneratedFile::new(
            ".github/actions/windlass/action.yml".to_owned(),
            &workflows.render("action.yml", context! {})?,
        ),
        workflows.pr_check()?,
    ];
    for environment in config.graph.all() {
        if environment.from.is_empty() {
            files.push(workflows.build(environment)?);
            continue;
        }
        files.push(workflows.promote(environment, args)?);
        if workflows.settings(environment).hotfix.is_some() {
            files.push(workflows.hotfix(environment)?);
        }
    }
    files.push(workflows.fleet()?);
    files.extend(workflows.gc()?);
    match files
        .iter()
        .enumerate()
        .find(|(at, file)| files[..*at].iter().any(|other| other.path == file.path))
    {
        Some((_, file)) => Err(Failure::usage(
            format!("two workflows are to be {}", file.path),
            "name another in `github` of one of their environments in windlass.toml",
        )),
        None => Ok(files),
    }
}

/// What the templates are filled from.
struct Workflows<'a> {
    config: &'a Config,
    templates: Templates<'static>,
}

impl<'a> Workflows<'a> {
    fn new(config: &'a Config) -> Result<Self, Failure> {
        let mut templates = Templates::new();
        // GitHub's own expressions have the usual braces.
        let syntax = SyntaxConfig::builder()
            .block_delimiters("<%", "%>")
            .variable_delimiters("<<", ">>")
            .comment_delimiters("<#", "#>")
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .map_err(|error| internal(&error))?;
        templates.set_syntax(syntax);
        templates.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        templates.add_filter("json", |value: Value| {
            serde_json::to_string(&value).unwrap_or_default()
        });
        for (name, text) in TEMPLATES {
            templates
                .add_template(name, text)
                .map_err(|error| internal(&error))?;
        }
        let services = config.services.iter().map(|service| service.name.as_str());
        templates.add_global(
            "pins",
            Value::from_pairs(PINS.iter().map(|(name, pin)| (*name, *pin))),
        );
        templates.add_global("services", services.collect::<Value>());
        templates.add_global("emulation", config.build.platforms.len() > 1);
        Ok(Self { config, templates })
    }

    fn render(&self, template: &str, values: Value) -> Result<String, Failure> {
        let template = self
            .templates
            .get_template(template)
            .map_err(|error| internal(&error))?;
        template.render(values).map_err(|error| internal(&error))
    }

    fn settings(&self, environment: &Environment) -> &'a EnvironmentSettings {
        &self.config.environments[&environment.name]
    }

    fn workflow(&self, file: &str, template: &str, values: Value) -> Result<GeneratedFile, Failure> {
        let path = format!(".github/workflows/{file}");
        Ok(GeneratedFile::new(path, &self.render(template, values)?))
    }

    /// What a job of `environment` may do and where it logs in.
    fn access<'e>(
        &self,
        environment: &Environment,
        sources: impl Iterator<Item = &'e EnvironmentName>,
    ) -> Value {
        let hosts = hosts(self.config, environment, sources);
        let registries: Vec<_> = hosts.iter().map(|host| Login::of(host)).collect();
        let any = |which: fn(Kind) -> bool| registries.iter().any(|registry| which(registry.kind));
        context! {
            environment => environment.name.as_str(),
            // A lock is a ref on the remote.
            contents => if self.config.git.lock { "write" } else { "read" },
            packages => any(|kind| kind == Kind::GitHub).then_some("write"),
            oidc => any(Kind::uses_oidc),
            registries => registries.iter().map(Login::value).collect::<Value>(),
            signs => matches!(&self.settings(environment).sign, Some(SignerSettings::Key(_))),
            keyless => matches!(&self.settings(environment).sign, Some(SignerSettings::Keyless(_))),
        }
    }

    fn pr_check(&self) -> Result<GeneratedFile, Failure> {
        let values = context! {
            develop => self.config.git.develop.as_str(),
            artifacts => self.config.check.artifacts.to_string_lossy(),
        };
        self.workflow("pr-check.yml", "pr-check.yml", values)
    }

    fn build(&self, environment: &Environment) -> Result<GeneratedFile, Failure> {
        let git = &self.config.git;
        let mut branches = vec![git.develop.to_string(), pattern(&git.hotfix_branch.to_string())];
        if self.config.release.rebuild {
            branches.push(pattern(&git.release_branch.to_string()));
        }
        let values = context! { branches => branches, ..self.access(environment, std::iter::empty()) };
        self.workflow(&format!("build-{}.yml", environment.name), "build.yml", values)
    }

    fn promote(&self, environment: &Environment, args: &GitHubArgs) -> Result<GeneratedFile, Failure> {
        let is_meant = |name: &Option<EnvironmentName>| name.as_ref() == Some(&environment.name);
        let git = &self.config.git;
        let mut push = Vec::new();
        let mut pushed = "";
        if is_meant(&args.on_release) {
            push.push(pattern(&git.release_branch.to_string()));
            pushed = "github.ref_name";
        }
        if is_meant(&args.on_main) {
            push.push(git.main.to_string());
            // What was merged: the second parent of the merge.
            pushed = if push.len() == 1 {
                "format('{0}^2', github.sha)"
            } else {
                "github.ref_name"
            };
        }
        let values = context! {
            name => format!("promote-{}", environment.name),
            hotfix => false,
            from => environment.from.iter().map(ToString::to_string).collect::<Vec<_>>(),
            push => push,
            pushed => pushed,
            tools => self.tools(environment),
            ..self.access(environment, environment.from.iter())
        };
        let usual = format!("promote-{}.yml", environment.name);
        let runner = self.settings(environment).runner.as_ref();
        let file = runner.map_or(&*usual, |runner| runner.workflow.as_str());
        self.workflow(file, "promote.yml", values)
    }

    fn hotfix(&self, environment: &Environment) -> Result<GeneratedFile, Failure> {
        let only = self
            .config
            .environments
            .values()
            .filter(|settings| settings.hotfix.is_some())
            .count()
            == 1;
        let name = if only {
            "hotfix".to_owned()
        } else {
            format!("hotfix-{}", environment.name)
        };
        let values = context! {
            name => name.as_str(),
            hotfix => true,
            from => Vec::<String>::new(),
            push => Vec::<String>::new(),
            pushed => "",
            tools => self.tools(environment),
            ..self.access(environment, self.settings(environment).hotfix.iter().map(|hotfix| &hotfix.from))
        };
        let usual = format!("{name}.yml");
        let runner = self.settings(environment).runner.as_ref();
        let file = runner.map_or(&*usual, |runner| runner.hotfix.as_str());
        self.workflow(file, "promote.yml", values)
    }

    fn fleet(&self) -> Result<GeneratedFile, Failure> {
        self.workflow("fleet.yml", "fleet.yml", self.everywhere())
    }

    /// None where nothing is ever deleted.
    fn gc(&self) -> Result<Option<GeneratedFile>, Failure> {
        let environments = self.config.graph.all().iter();
        let cleaned = environments.filter(|environment| self.settings(environment).retain.is_some());
        let places: Vec<_> = cleaned
            .flat_map(|environment| {
                self.config
                    .services
                    .iter()
                    .map(move |service| (environment, service))
            })
            .map(|(environment, service)| {
                // What is called so in a workflow has no dots.
                let id = match self.config.services.len() {
                    1 => environment.name.to_string(),
                    _ => format!("{}-{}", environment.name, service.name),
                };
                context! {
                    id => id.replace('.', "_"),
                    environment => environment.name.as_str(),
                    service => service.name.as_str(),
                }
            })
            .collect();
        if places.is_empty() {
            return Ok(None);
        }
        let values = context! {
            places => places,
            contents => if self.config.git.lock { "write" } else { "read" },
            ..self.everywhere()
        };
        self.workflow("gc.yml", "gc.yml", values).map(Some)
    }

    /// What a job may do and where it logs in that reads from every environment.
    fn everywhere(&self) -> Value {
        let mut registries: Vec<Login> = Vec::new();
        for environment in self.config.graph.all() {
            for host in all_hosts(self.config, environment) {
                if registries.iter().all(|registry| registry.host != host) {
                    registries.push(Login::of(&host));
                }
            }
        }
        context! {
            packages => registries.iter().any(|registry| registry.kind == Kind::GitHub),
            oidc => registries.iter().any(|registry| registry.kind.uses_oidc()),
            registries => registries.iter().map(Login::value).collect::<Value>(),
        }
    }

    /// The tools that a promotion calls.
    fn tools(&self, environment: &Environment) -> &'static str {
        let scan = self.settings(environment).scan.as_ref();
        if scan.is_some_and(|scan| scan.at_admission) {
            "trivy"
        } else {
            ""
        }
    }
}

/// A template of branch names as a pattern of GitHub's: `release/v{version}-sha-{short}` is `release/v*-sha-*`.
fn pattern(template: &str) -> String {
    let mut pattern = String::new();
    let mut inside = false;
    for c in template.chars() {
        match c {
            '{' => {
                inside = true;
                pattern.push('*');
            }
            '}' => inside = false,
            _ if inside => {}
            _ => pattern.push(c),
        }
    }
    pattern
}

/// The templates are ours: what is wrong with them is no fault of who runs this.
fn internal(error: &minijinja::Error) -> Failure {
    Failure::from(color_eyre::eyre::eyre!("a workflow template is wrong: {error:#}"))
}

#[cfg(test)]
mod tests;

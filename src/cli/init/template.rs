//! The text of a first windlass.toml.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::domain::{BranchName, EnvironmentName, ImageError, Repository, ServiceName};

/// What the file is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    pub service: ServiceName,
    pub remote: String,
    pub develop: BranchName,
    pub main: BranchName,
    pub environments: Vec<EnvironmentName>,
    pub registry: Location,
    pub prod_registry: Location,
    pub key: Option<PathBuf>,
}

/// A registry, or a path in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location(String);

impl FromStr for Location {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        // As it is copied from a browser.
        let text = text.trim();
        let text = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .unwrap_or(text)
            .trim_end_matches('/');
        format!("{text}/service").parse::<Repository>()?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text of windlass.toml.
pub(super) fn render(answers: &Answers) -> String {
    let Answers {
        service,
        remote,
        develop,
        main,
        ..
    } = answers;
    let mut text = format!(
        "# Release configuration of {service}. All keys are documented in config.example.toml of windlass; \
         check this file with\n# `windlass doctor`.\n\n[git]\nremote = {}\n# Each commit on this branch is \
         a candidate.\ndevelop = {}\nmain = {}\nrelease_branch = \"release/v{{version}}-sha-{{short}}\"\n# \
         The tag that the build gives to the image of a commit.\nimage_tag = \
         \"sha-{{short}}\"\n\n[[service]]\nname = {}\n# The folder of its source in the repository.\npath \
         = \".\"\n",
        quoted(remote),
        quoted(develop.as_str()),
        quoted(main.as_str()),
        quoted(service.as_str()),
    );
    for at in 0..answers.environments.len() {
        text.push('\n');
        text.push_str(&environment(answers, at));
    }
    text
}

fn environment(answers: &Answers, at: usize) -> String {
    let name = &answers.environments[at];
    let last = at > 0 && at + 1 == answers.environments.len();
    // In a registry of its own, the last environment needs no path to be told apart.
    let image = if last && answers.prod_registry != answers.registry {
        format!("{}/{{service}}", answers.prod_registry)
    } else {
        format!("{}/{name}/{{service}}", answers.registry)
    };
    let mut lines = vec![
        "[[environment]]".to_owned(),
        format!("name = {}", quoted(name.as_str())),
    ];
    let mut line = |text: &str| lines.push(text.to_owned());
    if at > 0 {
        line(&format!(
            "from = {}",
            quoted(answers.environments[at - 1].as_str())
        ));
    }
    line(&format!("image = {}", quoted(&image)));
    if last {
        line("# Requires typed confirmation; no mutable tags.");
        line("protected = true");
    }
    if at > 0 {
        line("# A scan report must be attached to the digest: `windlass scan IMAGE --attach`.");
        line("gate.scan = { fail_on = { critical = 0, high = 0 }, fixable_only = true, max_age = \"7d\" }");
    }
    match &answers.key {
        Some(key) if last => line(&format!("sign = {{ key = {} }}", quoted(&key.to_string_lossy()))),
        None if last => {
            line("# Create a key with `windlass keygen`.");
            line("# sign = { key = \"cosign.key\" }");
        }
        _ => {}
    }
    if at > 0 {
        line("# Runs with the digest in WINDLASS_DIGEST and the image in WINDLASS_IMAGE.");
        line("# deploy = { kind = \"command\", program = \"./deploy.sh\" }");
    }
    lines.join("\n") + "\n"
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

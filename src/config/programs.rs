//! The tables about programs that windlass runs: what checks, builds and scans.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::section::Section;
use super::{BuildSettings, BuilderChoice, CheckSettings, ConfigError, Emulation, ScannerSettings, keys};
use crate::domain::{EnvironmentName, Platform};

/// How long one scan may take, unless it is said otherwise.
const SCAN_TIMEOUT: Duration = Duration::from_mins(10);
/// How many scans run at once, unless it is said otherwise.
const SCANS_AT_ONCE: u32 = 2;

pub(super) fn check(
    root: &Section<'_>,
    folder: &Path,
    environments: &[EnvironmentName],
    with_rules: &[EnvironmentName],
) -> Result<CheckSettings, ConfigError> {
    let section = root.table("check", keys::CHECK)?;
    let policy = match section.get("policy") {
        None => None,
        Some(value) => {
            let name: EnvironmentName = value.parse()?;
            if !environments.contains(&name) {
                return Err(value.advise(
                    format_args!("no environment named `{name}`"),
                    keys::nearest(name.as_str(), environments.iter().map(EnvironmentName::as_str))
                        .map(|near| format!("did you mean `{near}`?")),
                ));
            }
            if !with_rules.contains(&name) {
                return Err(value.advise(
                    format_args!("`{name}` has no scan policy"),
                    Some(format!(
                        "set `gate.scan` for `{name}`, or name an environment that has one"
                    )),
                ));
            }
            Some(name)
        }
    };
    Ok(CheckSettings {
        lint: section.flag_or("lint", true)?,
        image: section.flag_or("image", true)?,
        sbom: section.flag_or("sbom", true)?,
        scan: section.flag_or("scan", true)?,
        test: section.flag_or("test", true)?,
        policy,
        artifacts: section
            .path("artifacts")?
            .unwrap_or_else(|| folder.join("artifacts")),
        hadolint: program(&section, "hadolint", "hadolint")?,
        structure_test: program(&section, "container_structure_test", "container-structure-test")?,
    })
}

pub(super) fn build(root: &Section<'_>) -> Result<BuildSettings, ConfigError> {
    let section = root.table("build", keys::BUILD)?;
    let builder = match section.get("builder") {
        None => BuilderChoice::Auto,
        Some(value) => value.choice(&[
            ("auto", BuilderChoice::Auto),
            ("buildx", BuilderChoice::Buildx),
            ("buildah", BuilderChoice::Buildah),
            ("podman", BuilderChoice::Podman),
        ])?,
    };
    let platforms = match section.get("platforms") {
        None => ["amd64", "arm64"].map(Platform::linux).to_vec(),
        Some(value) => {
            let platforms: Vec<Platform> = value
                .list()?
                .iter()
                .map(super::value::Value::parse)
                .collect::<Result<_, _>>()?;
            if platforms.is_empty() {
                return Err(value.mistake("lists no platform"));
            }
            if let Some(twice) = platforms
                .iter()
                .enumerate()
                .find(|(at, one)| platforms[..*at].contains(one))
            {
                return Err(value.mistake(format_args!("lists {} twice", twice.1)));
            }
            platforms
        }
    };
    let args = section
        .get("args")
        .map_or(Ok(Vec::new()), |value| value.entries())?;
    Ok(BuildSettings {
        builder,
        builder_args: section.strings("builder_args")?,
        platforms,
        args: args
            .into_iter()
            .map(|(key, value)| Ok((key.to_owned(), value.string()?.to_owned())))
            .collect::<Result<_, ConfigError>>()?,
        emulation: match section.get("emulation") {
            None => Emulation::Required,
            Some(value) => value.choice(&[
                ("required", Emulation::Required),
                ("unneeded", Emulation::Unneeded),
            ])?,
        },
        latest: section.flag_or("latest", true)?,
    })
}

pub(super) fn scanner(root: &Section<'_>) -> Result<ScannerSettings, ConfigError> {
    let section = root.table("scanner", keys::SCANNER)?;
    let timeout = section.get("timeout").map(|value| value.duration()).transpose()?;
    let token_file = section.sensitive_path("token_file")?;
    if token_file.is_some() && section.get("server").is_none() {
        return Err(section
            .require("token_file")?
            .mistake("requires `server`: it is the token of a server"));
    }
    Ok(ScannerSettings {
        trivy: program(&section, "trivy", "trivy")?,
        args: section.strings("args")?,
        server: section.get("server").map(|value| address(&value)).transpose()?,
        token_file,
        database: section.text("database")?,
        java_database: section.text("java_database")?,
        timeout: timeout.map_or(SCAN_TIMEOUT, jiff::SignedDuration::unsigned_abs),
        at_once: section.positive("at_once")?.unwrap_or(SCANS_AT_ONCE) as usize,
        waivers: section.path("waivers")?,
        vex: match section.get("vex") {
            None => Vec::new(),
            Some(value) => value
                .list()?
                .iter()
                .map(super::value::Value::path)
                .collect::<Result<_, _>>()?,
        },
    })
}

/// The address of a server.
fn address(value: &super::value::Value<'_>) -> Result<String, ConfigError> {
    let text = value.text()?;
    let parsed = url::Url::parse(&text);
    if parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.username().is_empty()) {
        Ok(text)
    } else {
        Err(value.advise(
            "is not a server URL",
            Some("use the form `https://trivy.example.com:4954`; put a token into `token_file`".to_owned()),
        ))
    }
}

/// A program, by its usual name unless another is named.
fn program(section: &Section<'_>, key: &str, usual: &str) -> Result<PathBuf, ConfigError> {
    section
        .get(key)
        .map_or_else(|| Ok(usual.into()), |value| value.program())
}

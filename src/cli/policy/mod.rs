//! `windlass policy`: what a cluster or a person needs to check images without windlass.

mod kind;
mod templates;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::failure::Failure;
use super::global::Global;
use super::pin::environment;
use super::{Output, world::World};
use crate::config::VerifySettings;
use crate::domain::{EnvironmentName, Exit};
use crate::engine::trusted_signer;
use crate::sign::TrustedSigner;
use kind::PolicyKind;
use templates::{Facts, File, PolicySigner};

/// The subcommands of `policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Write the admission policy of an environment: signed with its key, and promoted to it
    Emit(EmitArgs),
}

/// Arguments of `policy emit`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass policy emit --for kyverno --env prod | kubectl apply -f -\n  \
         windlass policy emit --for cosign --env prod --output verify-prod")]
pub struct EmitArgs {
    /// What verifies the images
    #[arg(long = "for", value_name = "VERIFIER")]
    pub verifier: PolicyKind,
    /// The environment
    #[arg(long, value_name = "ENV")]
    pub env: String,
    /// Write the files to this folder; required where there are several
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
}

/// Carries out a subcommand.
pub fn run(command: &PolicyCommand, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let PolicyCommand::Emit(args) = command;
    let name = environment(&args.env)?;
    let world = World::open(global)?;
    let facts = facts(&world, &name, args.verifier)?;
    let files = templates::files(args.verifier, &facts)?;
    match (&args.output, files.as_slice()) {
        (Some(folder), files) => write(&super::world::folder(global)?.join(folder), files, io)?,
        (None, [only]) => io.out.write_all(only.text.as_bytes())?,
        (None, files) => {
            let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
            return Err(Failure::usage(
                format!("this policy has several files: {}", names.join(", ")),
                "name a folder for them with --output",
            ));
        }
    }
    Ok(Exit::Done)
}

/// Whose signatures the policy counts.
fn signer(
    name: &EnvironmentName,
    wanted: &VerifySettings,
    kind: PolicyKind,
) -> Result<PolicySigner, Failure> {
    let trusted = trusted_signer(wanted)?;
    let text = wanted.file().map(std::fs::read_to_string).transpose()?;
    match (trusted, wanted) {
        (TrustedSigner::Identity(trusted), VerifySettings::Identity { identity, .. })
            if kind == PolicyKind::Cosign =>
        {
            Ok(PolicySigner::Identity {
                identity: identity.clone(),
                root: text,
                has_log: trusted.has_log(),
                has_certificate_log: trusted.has_certificate_log(),
            })
        }
        (TrustedSigner::Identity(_), _) => Err(Failure::usage(
            format!("{name} trusts an identity, and policies of this kind are written for keys only"),
            "write the one for cosign, with `--for cosign`",
        )),
        (TrustedSigner::Key(_), _) => Ok(PolicySigner::Key(
            text.unwrap_or_default().trim().replace("\r\n", "\n"),
        )),
    }
}

/// What the policies say of an environment.
fn facts(world: &World, name: &EnvironmentName, kind: PolicyKind) -> Result<Facts, Failure> {
    let engine = &world.engine;
    let found = engine.environment(name)?;
    let settings = engine.settings(name)?;
    let signer = match &settings.verify {
        Some(wanted) => signer(name, wanted, kind)?,
        None => {
            return Err(Failure::usage(
                format!("{name} does not say whose signatures count"),
                "set `sign` or `verify` of the environment in windlass.toml",
            ));
        }
    };
    let services = engine.config().services.iter();
    let repositories = services.map(|service| found.image.repository(&service.name));
    let repositories = repositories
        .map(|repository| {
            Ok(repository
                .map_err(|error| Failure::usage(error.to_string(), "change `image` in windlass.toml"))?
                .to_string())
        })
        .collect::<Result<_, Failure>>()?;
    Ok(Facts {
        environment: name.to_string(),
        repositories,
        signer,
        forms: settings.signatures.forms.unwrap_or_default(),
    })
}

/// Writes the files; never over one that is there with another content.
fn write(folder: &Path, files: &[File], io: &mut Output) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    for file in files {
        let path = folder.join(&file.name);
        match std::fs::read_to_string(&path) {
            Ok(there) if there == file.text => {}
            Ok(_) => {
                return Err(Failure::usage(
                    format!("{} is there already and differs", path.display()),
                    "move it away, or choose another folder with --output",
                ));
            }
            Err(_) => std::fs::write(&path, &file.text)?,
        }
        writeln!(io.out, "✓ {}", path.display())?;
    }
    Ok(())
}

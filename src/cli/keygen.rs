//! `windlass keygen`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;

use super::Output;
use super::failure::Failure;
use super::global::Global;
use crate::domain::Exit;
use crate::sign::{SigningKey, password_variable};

/// Arguments of `keygen`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass keygen\n  \
         windlass keygen --output keys/prod --password-file ./password\n\
         The private key is encrypted with COSIGN_PASSWORD, the password file, or a password typed at the prompt.")]
pub struct KeygenArgs {
    /// Write PREFIX.key and PREFIX.pub
    #[arg(long, default_value = "cosign", value_name = "PREFIX")]
    pub output: PathBuf,
    /// Read the password from this file
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// Makes the pair; never overwrites one.
pub fn run(args: &KeygenArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    super::world::access_to_state(global)?;
    let base = super::world::folder(global)?.join(&args.output);
    let private = base.with_added_extension("key");
    let public = base.with_added_extension("pub");
    for path in [&private, &public] {
        if path.exists() {
            return Err(Failure::usage(
                format!(
                    "{} already exists, and keys are never overwritten",
                    path.display()
                ),
                "choose another path with --output",
            ));
        }
    }
    let password = password(args.password_file.as_deref(), io)?;
    let pair = SigningKey::generate(&password)?;
    write_private(&private, pair.private_pem.as_bytes())?;
    std::fs::write(&public, &pair.public_pem)?;
    writeln!(
        io.out,
        "✓ {} (private key, encrypted; keep it safe)",
        private.display()
    )?;
    writeln!(io.out, "✓ {} (public key, for verification)", public.display())?;
    Ok(Exit::Done)
}

fn password(file: Option<&Path>, io: &Output) -> Result<SecretString, Failure> {
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(
                format!("could not read {}: {error}", path.display()),
                "make the password file readable",
            )
        })?;
        return Ok(SecretString::from(text.trim_end_matches(['\n', '\r'])));
    }
    if let Some(password) = password_variable() {
        return Ok(password);
    }
    if !io.can_ask() {
        return Err(Failure::usage(
            "cannot ask for a password: not running in a terminal",
            "set COSIGN_PASSWORD, or use --password-file",
        ));
    }
    let password = rpassword::prompt_password("Password for the new key: ")?;
    if rpassword::prompt_password("Again: ")? != password {
        return Err(Failure::usage(
            "the two passwords differ",
            "try again; nothing was written",
        ));
    }
    Ok(SecretString::from(password))
}

/// Writes a new file that only its owner can read.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

//! `windlass trust`: what a repository's configuration would decide about secrets and programs, and whether it may.

use std::io::{self, Write as _};
use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::failure::Failure;
use super::global::Global;
use super::{Output, plan, world};
use crate::config::{Config, SensitiveSetting, SensitiveSettings, TrustHash, TrustStore, UserFile};
use crate::domain::{Exit, WriteAccess, count};
use crate::state;

/// Arguments of `trust`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass trust\n  \
         windlass trust --dry-run\n  \
         WINDLASS_TRUST=HASH windlass promote sha-2b2e927 --to stage\n\
         The windlass.toml of a repository describes what is released: branches, environments, gates. Settings \
         that decide where secrets go or which programs run on this machine (programs, proxies, plain HTTP, \
         keys, API URLs) take effect only once they are trusted. Trust covers exactly these settings and ends \
         when one of them changes. Your own settings belong in $XDG_CONFIG_HOME/windlass/config.toml and require \
         no trust.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate switch")]
pub struct TrustArgs {
    /// Trust without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Show the settings and their hash without trusting them
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Revoke the trust in this file
    #[arg(long, conflicts_with_all = ["yes", "dry_run"])]
    pub revoke: bool,
    /// Print the settings and their hash as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    file: &'a Path,
    trusted: bool,
    hash: &'a TrustHash,
    settings: Vec<&'a SensitiveSetting>,
}

/// Shows the sensitive settings, asks, and remembers the answer.
pub fn run(args: &TrustArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let path = world::config_path(global)?;
    let store = TrustStore::in_state(&state::folder_of_user());
    if args.revoke {
        let was = store.revoke(&path, world::access_to_state(global)?)?;
        let said = if was {
            "no longer trusted"
        } else {
            "was not trusted"
        };
        writeln!(io.out, "{}: {said}", path.display())?;
        return Ok(Exit::Done);
    }
    // Read as nobody trusts it, so that all of its settings are shown.
    let untrusted = Config::open(
        &path,
        UserFile::of_user()?.as_ref(),
        &crate::config::Trust::default(),
    )?;
    let is_trusted = world::configuration(global)??.is_trusted();
    let settings = &untrusted.withheld;
    if args.json {
        io.document(&Document {
            file: &path,
            trusted: is_trusted,
            hash: settings.hash(),
            settings: settings.iter().collect(),
        })?;
    } else {
        show(&untrusted, settings, &mut io.out)?;
    }
    if settings.is_empty() || args.dry_run {
        return Ok(Exit::Done);
    }
    if is_trusted {
        writeln!(io.err, "already trusted")?;
        return Ok(Exit::Done);
    }
    let access = world::access_to_state(global)?;
    if !args.yes {
        if !io.can_ask() {
            return Err(Failure::usage(
                "cannot ask for confirmation: not running in a terminal",
                format!(
                    "review the settings above, then add --yes, or set WINDLASS_TRUST={}",
                    settings.hash()
                ),
            ));
        }
        io.out.flush()?;
        if !plan::ask_yes_or_no("Trust these settings? [y/N] ", io)? {
            writeln!(io.err, "not trusted; nothing was changed")?;
            return Ok(Exit::Failed);
        }
    }
    remember(&untrusted, access)?;
    writeln!(io.err, "trusted")?;
    Ok(Exit::Done)
}

/// Asks whether the settings that `config` withholds are trusted, and remembers a yes.
pub fn ask(config: &Config, global: &Global, io: &mut Output) -> Result<bool, Failure> {
    show(config, &config.withheld, &mut io.err)?;
    writeln!(
        io.err,
        "Without trust the console opens read-only, and these settings have no effect."
    )?;
    let agreed = plan::ask_yes_or_no("Trust these settings? [y/N] ", io)?;
    if agreed {
        remember(config, world::access_to_state(global)?)?;
    }
    Ok(agreed)
}

fn remember(config: &Config, access: WriteAccess) -> io::Result<()> {
    TrustStore::in_state(&state::folder_of_user()).add(
        &config.path,
        config.withheld.hash(),
        Timestamp::now(),
        access,
    )
}

/// One setting a line, as it is written, below the file that it stands in.
fn show(config: &Config, settings: &SensitiveSettings, out: &mut dyn io::Write) -> io::Result<()> {
    if settings.is_empty() {
        return writeln!(
            out,
            "{}: no settings require trust: none decides where secrets go or which programs run",
            config.path.display()
        );
    }
    writeln!(
        out,
        "{}: {} where secrets go or which programs run:",
        config.path.display(),
        match settings.len() {
            1 => "1 setting decides".to_owned(),
            many => format!("{} decide", count(many, "setting")),
        }
    )?;
    for setting in settings {
        writeln!(out, "  {} = {}", setting.key, setting.value)?;
    }
    writeln!(out, "hash {}", settings.hash())
}

//! `windlass init --github`: the workflows of GitHub Actions in which the same commands run as on a person's machine.

mod args;
mod file;
mod registry;
mod settings;
mod workflows;

use std::io::Write as _;
use std::path::Path;

pub use self::args::GitHubArgs;
use self::file::{GeneratedFile, Outcome};
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::cli::{Output, world};
use crate::config::Config;
use crate::domain::{EnvironmentName, Exit};

/// Writes the workflows that are missing, brings those up to date that nobody has edited, and keeps the others; shows every
/// difference. `force` replaces edited files too.
pub fn run(args: &GitHubArgs, force: bool, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    world::access_to_state(global)?;
    let config = world::configuration(global)??;
    check_environment(&config, args.on_release.as_ref(), "--on-release")?;
    check_environment(&config, args.on_main.as_ref(), "--on-main")?;
    let root = config.path.parent().unwrap_or(Path::new("."));
    let files = workflows::of(&config, args)?;
    let mut kept = false;
    for file in &files {
        let outcome = file.compare(root, force)?;
        kept |= matches!(outcome, Outcome::Edited(_));
        tell(file, &outcome, io)?;
        if !args.dry_run && outcome.writes() {
            file.write(root)?;
        }
    }
    if kept {
        writeln!(
            io.out,
            "files that were edited are kept; take over what you want of the changes shown, or replace the files with --force"
        )?;
    }
    if args.dry_run {
        writeln!(io.out, "nothing was written")?;
    } else {
        settings::tell(&config, &mut io.out)?;
    }
    Ok(Exit::Done)
}

/// An environment that promotions can go to.
fn check_environment(config: &Config, name: Option<&EnvironmentName>, option: &str) -> Result<(), Failure> {
    let Some(name) = name else { return Ok(()) };
    match config.graph.get(name) {
        Some(environment) if !environment.from.is_empty() => Ok(()),
        Some(_) => Err(Failure::usage(
            format!("{option}: {name} receives builds, and no promotions"),
            "name an environment that has `from` in windlass.toml",
        )),
        None => Err(Failure::usage(
            format!("{option}: there is no environment {name}"),
            "name one of windlass.toml",
        )),
    }
}

fn tell(file: &GeneratedFile, outcome: &Outcome, io: &mut Output) -> Result<(), Failure> {
    let path = &file.path;
    let (line, difference) = match outcome {
        Outcome::New => (format!("✓ {path}: new"), None),
        Outcome::Same => (format!("✓ {path}: up to date"), None),
        Outcome::Changed(difference) => (format!("✓ {path}: brought up to date"), Some(difference)),
        Outcome::Replaced(difference) => (format!("! {path}: replaced, with its edits"), Some(difference)),
        Outcome::Edited(difference) => (format!("! {path}: edited, and kept"), Some(difference)),
    };
    writeln!(io.out, "{line}")?;
    if let Some(difference) = difference {
        write!(io.out, "{difference}")?;
    }
    Ok(())
}

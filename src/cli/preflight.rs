//! `windlass preflight`: what will verify an image where it is promoted to, and whether it will be admitted.

use std::io::Write as _;

use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::global::Global;
use super::pin::environment;
use super::{Output, table, world::World};
use crate::domain::{Digest, EnvironmentName, Exit, Verifier};
use crate::engine::{Prediction, Preflight};

/// Arguments of `preflight`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
         windlass preflight sha-2b2e927 --to prod")]
pub struct PreflightArgs {
    /// A commit, a tag, a digest or a release branch
    pub candidate: String,
    /// The environment that it would be promoted to
    #[arg(long, value_name = "ENV")]
    pub to: String,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    digest: &'a Digest,
    environment: &'a EnvironmentName,
    /// `bundle`, `tag` or `both`; null where the environment does not sign.
    format: Option<&'static str>,
    /// Whether the manifests of the platforms are signed too.
    platforms: bool,
    /// Whether the registry lists referrers by its API.
    referrers_api: bool,
    verifiers: Vec<Entry<'a>>,
}

/// What one verifier will say.
#[derive(Serialize)]
struct Entry<'a> {
    verifier: &'a Verifier,
    admits: bool,
    finds_attestations: bool,
    /// Why not, where it does not.
    reason: Option<&'a str>,
    setup: &'a str,
    source: &'a str,
}

impl<'a> Entry<'a> {
    fn new(prediction: &'a Prediction) -> Self {
        let reason = prediction.signature.as_ref().or(prediction.attestation.as_ref());
        Self {
            verifier: &prediction.verifier,
            admits: prediction.signature.is_none(),
            finds_attestations: prediction.attestation.is_none(),
            reason: reason.map(String::as_str),
            setup: prediction.setup,
            source: prediction.source,
        }
    }
}

/// Predicts; exit 3 if a verifier will not admit the image.
pub async fn run(args: &PreflightArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let to = environment(&args.to)?;
    let world = World::open(global)?;
    let preflight = world
        .engine
        .preflight(&world.service, &args.candidate, &to)
        .await?;
    if args.json {
        io.document(&Document {
            digest: &preflight.digest,
            environment: &to,
            format: preflight.signed.map(|signed| signed.forms.name()),
            platforms: preflight.signed.is_some_and(|signed| signed.platforms),
            referrers_api: preflight.signed.is_none_or(|signed| signed.by_api),
            verifiers: preflight.verifiers.iter().map(Entry::new).collect(),
        })?;
    } else {
        print(&preflight, &to, io)?;
    }
    let admits = preflight.verifiers.iter().all(|one| one.signature.is_none());
    Ok(if admits { Exit::Done } else { Exit::Refused })
}

fn print(preflight: &Preflight, to: &EnvironmentName, io: &mut Output) -> std::io::Result<()> {
    let signed = match preflight.signed {
        None => format!("not signed in {to}"),
        Some(signed) => {
            let platforms = if signed.platforms {
                ", with each platform"
            } else {
                ""
            };
            let chosen = if preflight.is_chosen && !preflight.verifiers.is_empty() {
                ", which follows from the verifiers"
            } else {
                ""
            };
            format!("signed in {to} {}{platforms}{chosen}", signed.forms.words())
        }
    };
    writeln!(io.out, "{}  {signed}", preflight.digest.short())?;
    if preflight.verifiers.is_empty() {
        return writeln!(io.out, "  – {to} names no verifiers (environment.verifiers)");
    }
    let rows: Vec<_> = preflight.verifiers.iter().map(row).collect();
    table::print(&rows, io.columns(), &mut io.out)
}

fn row(prediction: &Prediction) -> Vec<String> {
    let (admits, words) = match (&prediction.signature, &prediction.attestation) {
        (Some(why), _) => ("✗ refuses", why.as_str()),
        (None, Some(why)) => ("! admits", why.as_str()),
        (None, None) => ("✓ admits", prediction.setup),
    };
    let words = if prediction.signature.is_none() && prediction.attestation.is_some() {
        format!("without attestations: {words}")
    } else {
        words.to_owned()
    };
    vec![
        format!("  {}", prediction.verifier),
        admits.to_owned(),
        words,
        prediction.source.to_owned(),
    ]
}

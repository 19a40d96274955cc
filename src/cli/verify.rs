//! `windlass verify`.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::Output;
use super::failure::Failure;
use super::global::Global;
use super::image;
use super::world::{self, World};
use crate::domain::{
    ChainLink, Clean, Digest, EnvironmentName, Exit, ImageReference, SignerIdentity, Target,
};
use crate::engine::EngineError;
use crate::sign::{self, PublicKey, TrustedIdentity, TrustedSigner};

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Verifies signatures made by windlass or cosign: v0.3 bundles attached as referrers, and the form of cosign 2 \
         under the tag sha256-DIGEST.sig.\n\nExample:\n  \
         windlass verify registry.example.com/prod/app:v1.4.0 --key cosign.pub\n  \
         windlass verify registry.example.com/prod/app:v1.4.0 \\\n    \
         --identity https://github.com/acme/app/.github/workflows/promote-prod.yml@refs/heads/main \\\n    \
         --issuer https://token.actions.githubusercontent.com"
)]
pub struct VerifyArgs {
    /// The image, host/path:tag or host/path@digest
    pub image: String,
    /// The public key, PEM [default: whom the environment the image is in trusts]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Require a signature by this identity, the whole subject of the signer's certificate (requires --issuer)
    #[arg(long, value_name = "IDENTITY", conflicts_with = "key", requires = "issuer")]
    pub identity: Option<String>,
    /// As --identity, by a regular expression that the whole subject has to match
    #[arg(long, value_name = "REGEXP", conflicts_with_all = ["key", "identity"], requires = "issuer")]
    pub identity_regexp: Option<String>,
    /// The OIDC issuer that vouches for the identity
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// The root that certificates come from, as cosign writes it in JSON [default: the root of the public Sigstore]
    #[arg(long, value_name = "FILE", requires = "issuer")]
    pub trusted_root: Option<PathBuf>,
    /// Verify the chain of promotion records too, from the environment of the image back to the build
    #[arg(long)]
    pub chain: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`; a refusal has none.
#[derive(Serialize)]
struct Document<'a> {
    image: ImageReference,
    verified: bool,
    signatures: &'a [Digest],
    /// The promotion records, from the environment of the image back to the build; null where they were not asked for.
    chain: Option<Vec<Record<'a>>>,
}

/// A promotion record of a chain that holds.
#[derive(Serialize)]
struct Record<'a> {
    environment: &'a EnvironmentName,
    statement: &'a Digest,
    at: Timestamp,
    by: &'a Clean,
    run: &'a Clean,
    plan: &'a Clean,
    gates: usize,
}

impl<'a> Record<'a> {
    fn new(link: &'a ChainLink) -> Self {
        let details = &link.record.windlass;
        Self {
            environment: &details.environment,
            statement: &link.statement,
            at: link.record.timestamp,
            by: &details.by,
            run: &details.run,
            plan: &details.plan,
            gates: details.gates.len(),
        }
    }
}

/// Resolves and verifies; exit 3 where no signature holds.
pub async fn run(args: VerifyArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let image = image::parse(&args.image)?;
    if args.chain && (args.key.is_some() || args.issuer.is_some()) {
        return Err(Failure::usage(
            "--chain goes by whom each environment trusts, so neither --key nor an identity can be used with it",
            "leave them out; the environments of windlass.toml name their keys and identities",
        ));
    }
    let world = World::open(global);
    let chain = if args.chain {
        Some(chain(&image, &world).await?)
    } else {
        None
    };
    let (registries, trusted) = match (named(&args)?, world) {
        (Some(trusted), Ok(world)) => (world.registries, trusted),
        // Where it is named who is trusted, no windlass.toml is needed; one that was named must be right, though.
        (Some(trusted), Err(_)) if global.config.is_none() => (world::registries(None)?, trusted),
        (None, Ok(world)) => {
            let trusted = world.engine.trusted_for(&world.service, &image)?;
            (world.registries, trusted)
        }
        (_, Err(failure)) => return Err(failure),
    };
    let reader = registries.reader(&image.repository);
    let found = image::resolve(&reader, &image.target).await?;
    let verified = sign::verify(&reader, &found.digest, &trusted).await?;
    if args.json {
        io.document(&Document {
            image: image.repository.at(found.digest),
            verified: true,
            signatures: &verified.signatures,
            chain: chain
                .as_ref()
                .map(|links| links.iter().map(Record::new).collect()),
        })?;
    } else {
        if matches!(image.target, Target::Tag(_)) {
            writeln!(io.out, "{image} is {}", found.digest)?;
        }
        writeln!(
            io.out,
            "✓ verified: {} is signed {}",
            image.repository.at(found.digest),
            match &trusted {
                TrustedSigner::Key(_) => "with this key".to_owned(),
                TrustedSigner::Identity(identity) => format!("by {}", identity.identity()),
            }
        )?;
        for link in chain.iter().flatten() {
            writeln!(
                io.out,
                "  ✓ {}: {}",
                link.record.windlass.environment,
                link.record.words()
            )?;
        }
    }
    Ok(Exit::Done)
}

/// Who is trusted by the arguments, if they name somebody.
fn named(args: &VerifyArgs) -> Result<Option<TrustedSigner>, Failure> {
    if let Some(key) = &args.key {
        return Ok(Some(TrustedSigner::Key(PublicKey::load(key)?)));
    }
    let Some(issuer) = args.issuer.clone() else {
        return Ok(None);
    };
    let identity = match (&args.identity, &args.identity_regexp) {
        (Some(exact), _) => SignerIdentity::exact(exact.clone(), issuer),
        (None, Some(pattern)) => SignerIdentity::matching(pattern, issuer).map_err(|why| {
            Failure::usage(
                format!("--identity-regexp is not a regular expression: {why}"),
                "quote it for the shell, and check its brackets",
            )
        })?,
        (None, None) => {
            return Err(Failure::usage(
                "--issuer says who vouches, and not for whom",
                "add --identity, or --identity-regexp",
            ));
        }
    };
    let trusted = TrustedIdentity::load(identity, args.trusted_root.as_deref())?;
    Ok(Some(TrustedSigner::Identity(Box::new(trusted))))
}

/// The chain of promotion records of the image; a failure with exit 3 where it does not hold.
async fn chain(image: &ImageReference, world: &Result<World, Failure>) -> Result<Vec<ChainLink>, Failure> {
    let Ok(world) = world else {
        return Err(Failure::usage(
            "--chain requires a windlass.toml, whose environments say what the chain leads through",
            "run it in the repository of the service, or name the file with --config",
        ));
    };
    let environment = world.engine.environment_of(&world.service, image)?;
    let reader = world.registries.reader(&image.repository);
    let found = image::resolve(&reader, &image.target).await?;
    let checked = world
        .engine
        .chain(&world.service, &found.digest, &environment)
        .await?;
    match checked.fault {
        None => Ok(checked.links),
        Some(fault) => Err(EngineError::Chain {
            image: image.repository.at(found.digest),
            fault,
        }
        .into()),
    }
}
